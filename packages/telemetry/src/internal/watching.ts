import * as AgentEvent from "@volley/core/AgentEvent"
import type { AgentWatcher, Watch } from "@volley/core/AgentWatcher"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FileSystem from "effect/FileSystem"
import type { PlatformError } from "effect/PlatformError"
import * as Scope from "effect/Scope"
import * as Writing from "./writing.ts"

/** Makes a watcher that has a file for every agent; that of the first one is open from the beginning. */
export const make = Effect.fnUntraced(function*(
  options: Writing.Options
): Effect.fn.Return<AgentWatcher, PlatformError, FileSystem.FileSystem | Scope.Scope> {
  const fs = yield* FileSystem.FileSystem
  const first = yield* Writing.open(options)
  let runs = 0
  return {
    watch: Effect.suspend(() => {
      const number = ++runs
      const next = { ...options, file: numbered(options.file, number) }
      const opened = number === 1
        ? Effect.succeed(first)
        : Effect.provideService(Writing.open(next), FileSystem.FileSystem, fs)
      return watch(opened, next.file)
    })
  }
})

const watch = Effect.fnUntraced(function*(
  opened: Effect.Effect<Writing.Opened, PlatformError, Scope.Scope>,
  file: string
): Effect.fn.Return<Watch> {
  const scope = yield* Scope.make()
  const writer = yield* Effect.flatMap(opened, Writing.begin).pipe(
    Effect.catchTag(
      "PlatformError",
      (error) => Effect.as(Effect.logError(`The run is not recorded: ${file} cannot be opened`, error), none)
    ),
    Scope.provide(scope)
  )
  return {
    tell: (event) => writer.write(AgentEvent.encode(event)),
    end: (exit, at) =>
      Effect.andThen(
        Exit.isFailure(exit) ? writer.write(AgentEvent.failed(exit.cause, at)) : Effect.void,
        Scope.close(scope, Exit.void)
      )
  }
})

const none: Writing.Writer = { write: () => Effect.void }

/** The first has the name itself. */
const numbered = (file: string, number: number): string =>
  number === 1 ? file : file.replace(/(\.[^./\\]+)?$/, (extension) => `.${number}${extension}`)

import type { AgentEvent } from "@volley/core/AgentEvent"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FileSystem from "effect/FileSystem"
import type { PlatformError } from "effect/PlatformError"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import type { Head } from "./head.ts"

/**
 * What is recorded, and where.
 *
 * - `file`: what it has is replaced; a new one can be read by its owner alone
 * - `redact`: gives what is written of an event, or undefined for nothing; every event is written as it is where left out
 */
export interface Options {
  readonly file: string
  readonly name?: string | undefined
  readonly redact?: ((event: AgentEvent) => AgentEvent | undefined) | undefined
}

/** Takes the events of a run for its file; does not wait until they are there. */
export interface Writer {
  readonly write: (event: AgentEvent) => Effect.Effect<void>
}

/** A file that has nothing yet. */
export interface Opened {
  readonly file: FileSystem.File
  readonly options: Options
}

export const lineOf = (line: Head | AgentEvent): string => `${JSON.stringify(line)}\n`

/** Opens a file until the scope closes. */
export const open = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Opened, PlatformError, FileSystem.FileSystem | Scope.Scope> {
  const fs = yield* FileSystem.FileSystem
  return { file: yield* fs.open(options.file, { flag: "w", mode: 0o600 }), options }
})

/** Writes the head, and then what there is whenever the file is free; when the scope closes, all that there still is. */
export const begin = Effect.fnUntraced(function*(
  { file, options }: Opened
): Effect.fn.Return<Writer, never, Scope.Scope> {
  const { name, redact = (event: AgentEvent) => event } = options
  const queue = yield* Queue.unbounded<string, Cause.Done>()
  const at = yield* Clock.currentTimeMillis
  Queue.offerUnsafe(queue, lineOf({ volley: "run", version: 1, at, ...(name !== undefined && { name }) }))
  const writing = yield* Effect.forkDetach(drain(queue, file, options.file))
  yield* Effect.addFinalizer(() => Effect.andThen(Queue.end(queue), Fiber.await(writing)))
  return {
    write: (event) =>
      Effect.sync(() => {
        const written = redact(event)
        if (written !== undefined) Queue.offerUnsafe(queue, lineOf(written))
      })
  }
})

const drain = (queue: Queue.Queue<string, Cause.Done>, file: FileSystem.File, name: string): Effect.Effect<void> =>
  Queue.takeAll(queue).pipe(
    Effect.flatMap((lines) => file.writeAll(encoder.encode(lines.join("")))),
    Effect.forever({ disableYield: true }),
    Effect.catchTag("PlatformError", (error) =>
      Effect.andThen(
        Effect.logError(`The run cannot be recorded in ${name} any more`, error),
        Queue.shutdown(queue)
      )),
    Effect.catchCause((cause) =>
      Cause.hasDies(cause) ? Effect.logError(`The run cannot be recorded in ${name} any more`, cause) : Effect.void
    )
  )

const encoder = new TextEncoder()

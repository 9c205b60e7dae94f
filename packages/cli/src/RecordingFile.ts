/**
 * Recordings on disk.
 */
import * as Recording from "@volley/simulator/Recording"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import { closeSync, openSync, readFileSync, writeSync } from "node:fs"
import * as ModuleFile from "./ModuleFile.ts"
import { UserError, whyOf } from "./UserError.ts"

/**
 * What writes a recording.
 *
 * - `record`: has an exchange on disk when it is done; nothing where there is no file
 * - `failed`: fails when the file takes nothing more
 */
export interface Recorder {
  readonly record: ((exchange: Recording.Exchange) => Effect.Effect<void>) | undefined
  readonly failed: Effect.Effect<never, UserError>
}

/** Opens a file for a recording, in place of what it has, until the scope closes. */
export const open = Effect.fnUntraced(function*(
  file: string | undefined
): Effect.fn.Return<Recorder, UserError, Scope.Scope> {
  if (file === undefined) return { record: undefined, failed: Effect.never }
  const descriptor = yield* Effect.acquireRelease(
    attempt(2, `cannot write to ${file}`, () => openSync(file, "w")),
    (descriptor) => Effect.sync(() => closeSync(descriptor))
  )
  const failed = yield* Deferred.make<never, UserError>()
  return {
    failed: Deferred.await(failed),
    record: (exchange) =>
      attempt(1, `cannot write to ${file} any more`, () => writeSync(descriptor, Recording.toLine(exchange))).pipe(
        Effect.catch((error) => Deferred.fail(failed, error)),
        Effect.asVoid
      )
  }
})

/** Reads a recording. */
export const read = Effect.fnUntraced(
  function*(file: string): Effect.fn.Return<ReadonlyArray<Recording.Exchange>, UserError> {
    const path = yield* ModuleFile.pathOf(file, { flag: "--replay", what: "recording" })
    const text = yield* attempt(2, `cannot read ${file}`, () => readFileSync(path, "utf8"))
    const exchanges = Recording.parse(text)
    if (Result.isFailure(exchanges)) {
      const { line, message } = exchanges.failure
      return yield* unusable(`${file}:${line} is nothing that --record wrote: ${message}`)
    }
    return exchanges.success.length === 0
      ? yield* unusable(`${file} is empty: record something with --record first`)
      : exchanges.success
  }
)

const attempt = <A>(exitCode: 1 | 2, what: string, run: () => A): Effect.Effect<A, UserError> =>
  Effect.try({
    try: run,
    catch: (error) => new UserError({ message: `${what}: ${whyOf(error)}`, exitCode })
  })

const unusable = (message: string) => new UserError({ message, exitCode: 2 })

/**
 * What is wrong with what the user asked for, in one line that says what to do.
 */
import * as Console from "effect/Console"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"

/** Ends a command with one line on standard error; `exitCode` is 2 for unusable input, 1 for what failed on the way. */
export class UserError extends Data.TaggedError("UserError")<{
  readonly message: string
  readonly exitCode: 1 | 2
}> {}

/** Says what is wrong on standard error, and sets the exit code. */
export const report = <A, R>(command: string, effect: Effect.Effect<A, UserError, R>): Effect.Effect<void, never, R> =>
  Effect.matchEffect(effect, {
    onSuccess: () => Effect.void,
    onFailure: ({ exitCode, message }) =>
      Effect.andThen(Console.error(oneLine(`${command}: ${message}`)), exitWith(exitCode))
  })

/** Folds a text into one line. */
export const oneLine = (text: string): string =>
  text.split("\n").map((line) => line.trim()).filter((line) => line !== "").join(" ")

const reasons: Readonly<Record<string, string>> = {
  EACCES: "it belongs to another user; name another file",
  EISDIR: "it is a folder; name a file",
  ENOENT: "there is no such folder; make it first",
  EPIPE: "its reader is gone",
  ENOSPC: "the disk is full"
}

/** Why the system did not do something, in words where there are some. */
export const whyOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return ("code" in error && typeof error.code === "string" ? reasons[error.code] : undefined) ?? error.message
}

/** Has the process end with this code. */
export const exitWith = (code: number): Effect.Effect<void> =>
  Effect.sync(() => {
    process.exitCode = code
  })

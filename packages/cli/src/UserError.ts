/**
 * What is wrong with what the user asked for, in one line that says what to do.
 */
import * as Data from "effect/Data"

/** Ends the command with this line on standard error; `exitCode` is 2 for unusable input, 1 for what failed on the way. */
export class UserError extends Data.TaggedError("UserError")<{
  readonly message: string
  readonly exitCode: 1 | 2
}> {}

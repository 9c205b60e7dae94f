/**
 * Why a text is no recorded run.
 */
import * as Data from "effect/Data"

/** What is wrong with a recorded run, and in which line of it, counted from 1. */
export class RunError extends Data.TaggedError("RunError")<{
  readonly line: number
  readonly problem: string
}> {
  override get message(): string {
    return `Line ${this.line} of the recorded run: ${this.problem}.`
  }
}

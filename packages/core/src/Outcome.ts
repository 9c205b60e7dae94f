/**
 * How one call of a batch ended.
 */
import * as Result from "effect/Result"
import type { CallError, ToolFailure } from "./CallError.ts"
import type { Media } from "./Content.ts"
import type * as Tool from "./Tool.ts"
import type { ToolCall } from "./ToolCall.ts"

/**
 * One settled call.
 *
 * - `encoded`: what the model is shown, JSON text, cut with a visible mark where it was too long
 * - `media`: the images and documents that it is shown besides; there only where a tool's `content` gave some
 * - `startedAt`, `endedAt`: milliseconds since the epoch; their difference is monotonic
 * - `attempts`: how often the tool was started; 0 when it never was
 */
export interface Settled<out Name extends string | undefined, out A, out E> {
  readonly name: Name
  readonly call: ToolCall
  readonly result: Result.Result<A, E>
  readonly encoded: string
  readonly media?: ReadonlyArray<Media>
  readonly startedAt: number
  readonly endedAt: number
  readonly attempts: number
}

/** The outcome of a call to a tool that the toolkit does not have; the name it asked for is `call.name`. */
export interface Unknown extends Settled<undefined, never, CallError> {}

/** The outcome of a call to tool `T`. A union of tools gives a union of outcomes, told apart by `name`. */
export type Of<T extends Tool.Any> = T extends Tool.Any
  ? Settled<T["name"], T["success"]["Type"], CallError | ToolFailure<T["failure"]["Type"]>>
  : never

/** The outcome of a call to a toolkit of tools `T`; narrow it on `name`. */
export type Outcome<T extends Tool.Any = Tool.Any> = Of<T> | Unknown

/** True when nobody has decided yet whether the call may run. */
export const isUndecided = ({ result }: Outcome): boolean =>
  Result.isFailure(result) && result.failure._tag === "CallError" && result.failure.reason._tag === "Undecided"

/** True when the provider must be told that the call failed. */
export const isFailure = (outcome: Outcome): boolean => Result.isFailure(outcome.result)

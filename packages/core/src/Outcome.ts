/**
 * How one call of a batch ended.
 */
import * as Result from "effect/Result"
import type { CallError, ToolFailure } from "./CallError.ts"
import type { Settled } from "./internal/tool/settled.ts"
import type * as Tool from "./Tool.ts"

export type { Settled } from "./internal/tool/settled.ts"

/** The outcome of a call to a tool that the toolkit does not have; the name it asked for is `call.name`. */
export interface Unknown extends Settled<undefined, never, CallError> {}

/** The outcome of a call to tool `T`. A union of tools gives a union of outcomes, told apart by `name`. */
export type Of<T extends Tool.Any> = T extends Tool.Any
  ? Settled<T["name"], T["success"]["Type"], CallError | ToolFailure<T["failure"]["Type"]>>
  : never

/** The outcome of a call to a toolkit of tools `T`; narrow it on `name`. */
export type Outcome<T extends Tool.Any = Tool.Any> = Of<T> | Unknown

/**
 * True if the call still waits for a decision.
 *
 * @example
 * ```ts
 * import { Batch, Outcome, Tool, ToolCall, Toolkit } from "@volley/core"
 *
 * const pay = Tool.fromFunction("pay", {
 *   description: "Pays a bill.",
 *   parameters: { type: "object" },
 *   approval: "always", // and no approver decides here
 *   execute: async () => "paid"
 * })
 * const { outcomes } = await Batch.runPromise(Toolkit.make(pay), [ToolCall.make({ id: "call_1", name: "pay" })])
 * console.log(outcomes.map(Outcome.isUndecided)) // => [ true ]
 * ```
 */
export const isUndecided = ({ result }: Outcome): boolean =>
  Result.isFailure(result) && result.failure._tag === "CallError" && result.failure.reason._tag === "Undecided"

/**
 * True when the provider must be told that the call failed.
 *
 * @example
 * ```ts
 * import { Batch, Outcome, ToolCall, Toolkit } from "@volley/core"
 *
 * const { outcomes } = await Batch.runPromise(Toolkit.make(), [ToolCall.make({ id: "call_1", name: "no_such_tool" })])
 * console.log(outcomes.map(Outcome.isFailure)) // => [ true ]
 * ```
 */
export const isFailure = (outcome: Outcome): boolean => Result.isFailure(outcome.result)

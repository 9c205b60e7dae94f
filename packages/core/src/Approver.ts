/**
 * Who says whether a call may run, where its tool asks for approval.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schema from "effect/Schema"
import type { ToolCall } from "./ToolCall.ts"

/**
 * What is to be decided: whether this call, with these decoded parameters, may run.
 *
 * - `key`: the call's idempotency key, the same whenever the same call is asked about
 * - `path`: the calls inside which it is asked, such as those of agents, the outermost first; left out where there is none
 */
export interface Question {
  readonly call: ToolCall
  readonly tool: string
  readonly parameters: unknown
  readonly key: string
  readonly path?: ReadonlyArray<Step>
}

/** A call inside which something happens, and its tool. */
export interface Step {
  readonly tool: string
  readonly callId: string
}

/**
 * What was decided.
 *
 * - `"denied"`, `{ denied }`: the call does not run, and the model is told so, with the reason where there is one
 * - `{ allowed }`: it runs with these arguments in place of its own, as JSON, and the model is told so; where they do not fit
 *   the tool, that is logged, and nothing is decided
 * - `"undecided"`: the call does not run yet; it is `pending`, and can be run once somebody has decided
 */
export type Decision =
  | "allowed"
  | "denied"
  | { readonly denied: string }
  | { readonly allowed: Schema.Json }
  | "undecided"

/**
 * Decides; nothing is decided where a program has no approver of its own.
 *
 * - all calls of a batch that need a decision are asked about at once, when their turn is complete
 * - while a decision is waited for, the call holds nothing, and only the deadline of its batch ends that
 */
export const Approver = Context.Reference<{
  readonly decide: (question: Question) => Effect.Effect<Decision>
}>("@volley/core/Approver", { defaultValue: () => ({ decide: () => Effect.succeed("undecided") }) })

/**
 * Decides by a function.
 *
 * @example
 * ```ts
 * import { Approver, Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Effect, Schema } from "effect"
 *
 * const pay = Tool.make("pay", {
 *   description: "Pays a bill. `euros` comes from the user.",
 *   parameters: Schema.Struct({ euros: Schema.Finite }),
 *   success: Schema.String,
 *   approval: ({ euros }) => euros > 100,
 *   execute: () => Effect.succeed("paid")
 * })
 *
 * const approver = Approver.layer(() => Effect.succeed({ denied: "That is too much." }))
 * const calls = [5, 500].map((euros, index) => ToolCall.make({ id: `call_${index}`, name: "pay", arguments: { euros } }))
 * const batch = Effect.provide(Batch.run(Toolkit.make(pay), calls), approver)
 * for (const { encoded } of (await Effect.runPromise(batch)).outcomes) console.log(encoded)
 * // => "paid"
 * // => {"error":{"type":"Denied","message":"The call was not allowed; it did not run. Do not ask for the same again. Why: That is too much.","safeToRepeat":false,"data":{}}}
 * ```
 */
export const layer = (decide: (question: Question) => Effect.Effect<Decision>): Layer.Layer<never> =>
  Layer.succeed(Approver, { decide })

/** Allows everything. */
export const allow: Layer.Layer<never> = layer(() => Effect.succeed("allowed"))

/** Denies everything. */
export const deny: Layer.Layer<never> = layer(() => Effect.succeed("denied"))

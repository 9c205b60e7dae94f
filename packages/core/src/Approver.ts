/**
 * Decides whether a call may run, if its tool asks for approval.
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
 * - `path`: the calls around this one, such as those of agents, the outermost first; left out if there is none
 */
export interface Question {
  readonly call: ToolCall
  readonly tool: string
  readonly parameters: unknown
  readonly key: string
  readonly path?: ReadonlyArray<Step>
}

/** A call around another one, and its tool. */
export interface Step {
  readonly tool: string
  readonly callId: string
}

/**
 * What was decided.
 *
 * - `"denied"`, `{ denied }`: the call does not run, and the model is told so, with the reason if there is one
 * - `{ allowed }`: the call runs with these arguments in place of its own, as JSON, and the model is told so; if they
 *   do not fit the tool, that is logged, and the call stays undecided
 * - `"undecided"`: the call does not run yet; it is `pending`, and can run after a decision
 */
export type Decision =
  | "allowed"
  | "denied"
  | { readonly denied: string }
  | { readonly allowed: Schema.Json }
  | "undecided"

/**
 * The approver of the program; without one, calls that need approval stay undecided.
 *
 * - all calls of a batch that need a decision are asked about at once, when their turn is complete
 * - a call that waits for a decision takes no slot, and only the deadline of its batch ends the waiting
 */
export const Approver = Context.Reference<{
  readonly decide: (question: Question) => Effect.Effect<Decision>
}>("@volley/core/Approver", { defaultValue: () => ({ decide: () => Effect.succeed("undecided") }) })

/**
 * Provides an approver that is a function.
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

/** Provides an approver that allows every call. */
export const allow: Layer.Layer<never> = layer(() => Effect.succeed("allowed"))

/** Provides an approver that denies every call. */
export const deny: Layer.Layer<never> = layer(() => Effect.succeed("denied"))

import type * as Schema from "effect/Schema"
import type { ToolFailure } from "../../CallError.ts"
import type { Why } from "../../CallObserver.ts"
import type { Outcome } from "../../Outcome.ts"
import type { ToolCall } from "../../ToolCall.ts"

/**
 * What happens to a call; the steps of a plan are calls of their own.
 *
 * - `at`: when, in milliseconds since the epoch
 * - `parent`: the id of the plan that the call is a step of
 * - `behind`: the id of a call that one waits for which touches the same
 * - `attempt`, `reason`: which attempt begins, and what the one before failed with
 * - `CallHedged`: a second attempt begins beside the first, by `Tool.hedge`
 * - `sameAs`: the id of an equal call whose outcome this one shares, by `Tool.coalesce`
 * - a call that never started is settled all the same; after that, nothing is told of it
 */
export type CallEvent =
  & (
    | Called<"CallWaiting", { readonly why: Why; readonly behind?: string }>
    | Called<"CallStarted", unknown>
    | Called<"CallProgress", { readonly progress: Schema.Json }>
    | Called<"CallHedged", unknown>
    | Called<"CallRetried", { readonly attempt: number; readonly reason: ToolFailure<unknown> }>
    | { readonly _tag: "CallSettled"; readonly outcome: Outcome; readonly sameAs?: string }
  )
  & { readonly at: number; readonly parent?: string }

type Called<Tag extends string, More> = { readonly _tag: Tag; readonly call: ToolCall } & More

import type * as Schema from "effect/Schema"
import type { Outcome } from "../../Outcome.ts"
import type { ToolCall } from "../../ToolCall.ts"

/**
 * What happens to a call; the steps of a plan are calls of their own.
 *
 * - `at`: when, in milliseconds since the epoch
 * - a call that never started is settled all the same
 */
export type CallEvent =
  | { readonly _tag: "CallStarted"; readonly call: ToolCall; readonly at: number }
  | { readonly _tag: "CallProgress"; readonly call: ToolCall; readonly at: number; readonly progress: Schema.Json }
  | { readonly _tag: "CallSettled"; readonly outcome: Outcome }

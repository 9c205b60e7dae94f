import type * as Schema from "effect/Schema"
import type { ToolFailure } from "../../CallError.ts"
import type { Why } from "../../CallObserver.ts"
import type { Outcome } from "../../Outcome.ts"
import type { ToolCall } from "../../ToolCall.ts"

/**
 * What happens to a call; the steps of a plan are calls of their own.
 *
 * - `at`: when, in milliseconds since the epoch
 * - `behind`: the id of a call that one waits for which touches the same
 * - `attempt`, `reason`: which attempt begins, and what the one before failed with
 * - a call that never started is settled all the same; after that, nothing is told of it
 */
export type CallEvent =
  | {
    readonly _tag: "CallWaiting"
    readonly call: ToolCall
    readonly at: number
    readonly why: Why
    readonly behind?: string
  }
  | { readonly _tag: "CallStarted"; readonly call: ToolCall; readonly at: number }
  | { readonly _tag: "CallProgress"; readonly call: ToolCall; readonly at: number; readonly progress: Schema.Json }
  | {
    readonly _tag: "CallRetried"
    readonly call: ToolCall
    readonly at: number
    readonly attempt: number
    readonly reason: ToolFailure<unknown>
  }
  | { readonly _tag: "CallSettled"; readonly outcome: Outcome; readonly at: number }

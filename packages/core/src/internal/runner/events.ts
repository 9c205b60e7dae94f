import type * as Schema from "effect/Schema"
import type { ToolFailure } from "../../CallError.ts"
import type { Why } from "../../CallObserver.ts"
import type { Outcome } from "../../Outcome.ts"
import type { ToolCall } from "../../ToolCall.ts"

/**
 * What happens to a call; the steps of a plan are calls of their own.
 *
 * - `CallHedged`: a second attempt begins beside the first, by `Tool.hedge`
 * - a call that never started is settled all the same; after that, nothing is told of it
 */
export type CallEvent =
  & (
    | Called<"CallWaiting", {
      /** What it waits for. */
      readonly why: Why
      /** The id of the call that it waits for, because both touch the same. */
      readonly behind?: string
    }>
    | Called<"CallStarted", unknown>
    | Called<"CallProgress", {
      /** What the tool gave to `call.progress`. */
      readonly progress: Schema.Json
    }>
    | Called<"CallHedged", unknown>
    | Called<"CallRetried", {
      /** Which attempt begins; 2 is the first that is told. */
      readonly attempt: number
      /** What the attempt before it failed with. */
      readonly reason: ToolFailure<unknown>
    }>
    | {
      readonly _tag: "CallSettled"
      /** How the call ended. */
      readonly outcome: Outcome
      /** The id of an equal call whose outcome this one shares, by `Tool.coalesce`. */
      readonly sameAs?: string
    }
  )
  & {
    /** When, in milliseconds since 1970; never before the event that was told before it. */
    readonly at: number
    /** The id of the plan that the call is a step of. */
    readonly parent?: string
  }

type Called<Tag extends string, More> = {
  readonly _tag: Tag
  /** The call that it happens to. */
  readonly call: ToolCall
} & More

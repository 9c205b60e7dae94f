/**
 * What follows calls from outside; `@volley/telemetry` makes spans and metrics of it.
 */
import * as Context from "effect/Context"
import type { ToolFailure } from "./CallError.ts"
import type { Outcome } from "./Outcome.ts"
import type * as Tool from "./Tool.ts"
import type { ToolCall } from "./ToolCall.ts"

/**
 * Why a call waits.
 *
 * - `slot`: for room in its batch, or in the runner of several; `limit`: for room under a limit of its tool or of a key
 * - `rate`: for a start under a rate; `access`: for an earlier call that touches the same; `approval`: for a decision
 * - `turn`: for the end of the turn that is still being written
 */
export type Why = "slot" | "limit" | "rate" | "access" | "approval" | "turn"

/** A wait of a call; it lasts until the next one begins, or the call starts or is settled. */
export interface Wait {
  readonly why: Why
  readonly at: number
  readonly behind: string | undefined
}

/**
 * A call as those see it who follow it.
 *
 * - `args`: as JSON, once they were read
 * - `knownAt`, `startedAt`: when it was asked for, and when it started, in milliseconds since the epoch; 0 before it has
 */
export interface Call {
  readonly call: ToolCall
  readonly tool: Tool.Any | undefined
  readonly args: unknown
  readonly knownAt: number
  readonly startedAt: number
  readonly waits: ReadonlyArray<Wait>
}

/**
 * Follows the calls of a run.
 *
 * - `waiting`: so many calls more wait for this, or fewer where it is negative
 * - `starts`: a call, or the plan that one is, starts; gives what follows it until it is settled
 * - `refused`: a call is settled that never started here; `sharedWith` is the id of the equal call whose outcome it has. One
 *   that has attempts all the same was run before this run, and its end was recorded
 * - `context`: what the handler of the call runs in, but for what a follower adds
 */
export interface Calls {
  readonly waiting: (why: Why, more: number) => void
  readonly starts: (call: Call, context: Context.Context<unknown>) => Started
  readonly refused: (
    call: Call,
    context: Context.Context<unknown>,
    outcome: Outcome,
    sharedWith: string | undefined
  ) => void
}

/**
 * Follows a call that has started, all attempts together.
 *
 * - `context`: what its handler runs in
 * - `hedged`: its tool was asked a second time, since there was no answer after a while
 * - `settled`: it has its outcome; its tool may still be at work
 */
export interface Started {
  readonly context: Context.Context<unknown>
  readonly retried: (attempt: number, reason: ToolFailure<unknown>) => void
  readonly hedged: () => void
  readonly settled: (outcome: Outcome) => void
}

/**
 * Begins to follow the calls of a run, given the context of that run; none where a program has none.
 *
 * - what it throws over calls is dropped; it has to be quick, since calls wait for it
 */
export const CallObserver = Context.Reference<((context: Context.Context<unknown>) => Calls) | undefined>(
  "@volley/core/CallObserver",
  { defaultValue: () => undefined }
)

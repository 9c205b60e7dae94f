/**
 * What the oracle is asked to do.
 */
import type { CallError } from "@volley/core"
import type * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type { OnCall } from "./telling.ts"
import type { Claims } from "./world.ts"

export type Decision = "allowed" | "denied" | "undecided"

/**
 * A call, with all that is to be known of it.
 *
 * - `tool`: none where nobody has one of that name
 * - `same`: what is equal of equal calls, where they are to be one
 * - `decision`: whether it may run, where that has to be asked
 * - `attempt`: what its tool does, once
 */
export interface Asked<out R> {
  readonly id: string
  readonly tool: Tool | undefined
  readonly isTruncated: boolean
  readonly fits: boolean
  readonly claims: Claims
  readonly same: string | undefined
  readonly decision: Effect.Effect<Decision, never, R> | undefined
  readonly attempt: (now: Attempt) => Effect.Effect<unknown, string, R>
}

export interface Tool {
  readonly name: string
  readonly readOnly: boolean
  readonly idempotent: boolean
  readonly timeout: number | undefined
}

export interface Attempt {
  readonly id: string
  readonly attempt: number
  readonly progress: (progress: number) => Effect.Effect<void>
}

/** How a run is bounded; in milliseconds, and `Infinity` where it is not. */
export interface Options {
  readonly concurrency: number
  readonly timeout: number
  readonly deadline: number
  readonly maxCalls: number
  readonly failFast: boolean
  readonly retry: Schedule.Schedule<unknown, CallError.ToolFailure<unknown>> | undefined
  readonly onCall: OnCall | undefined
}

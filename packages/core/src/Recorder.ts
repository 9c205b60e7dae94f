/**
 * Keeps how calls and turns ended, so that a run which is begun again goes on from what is known.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Result from "effect/Result"
import type { Reason, ToolFailure } from "./CallError.ts"
import type { Any } from "./internal/tool/any.ts"
import type { Answer } from "./internal/tool/handler.ts"
import type { ToolCall } from "./ToolCall.ts"

/** A call that is about to start; `key` is its idempotency key. */
export interface Ready {
  readonly key: string
  readonly call: ToolCall
  readonly tool: Any
}

/** How a call ended, before it is written down for the model. */
export type End = Result.Result<Answer<unknown>, Reason | ToolFailure<unknown>>

/** How and when a call ended; `strays` where its tool still went on. */
export interface Ended {
  readonly end: End
  readonly startedAt: number
  readonly endedAt: number
  readonly attempts: number
  readonly strays: boolean
}

/**
 * What a recorder is asked.
 *
 * - `known`: how a call ended, where that is recorded; asked before anything else is, and without waiting
 * - `call`: runs a call and records how it ended; around all of its attempts and its timeout, inside its slots
 * - `turn`: takes a model turn and records it; `n` counts the turns of a conversation's run from 0
 */
export interface Recorder {
  readonly known: (key: string) => Ended | undefined
  readonly call: (ready: Ready, run: Effect.Effect<Ended>) => Effect.Effect<Ended>
  readonly turn: <A, E, R>(n: number, take: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

/** The recorder of the program; there is none unless somebody provides it, and nothing is looked up then. */
export const Recorder = Context.Reference<Recorder | undefined>("@volley/core/Recorder", {
  defaultValue: () => undefined
})

/**
 * What follows agents from outside; `@volley/telemetry` makes spans and metrics of it.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AgentError } from "./AgentError.ts"
import type { About } from "./ChatModel.ts"
import type { ChatModelError } from "./ChatModelError.ts"
import type { Ended } from "./internal/agent/event.ts"
import type { Pricing } from "./Pricing.ts"
import type * as Tool from "./Tool.ts"

/** How an agent ends. */
export type Ending<R> = Effect.Effect<Ended<Tool.Any, unknown>, ChatModelError | AgentError, R>

/**
 * What is known of an agent before it begins.
 *
 * - `isInner`: it is a call of another one, whose cost has its own in it
 * - `pricing`: what its turns cost, if that is known
 */
export interface Agent {
  readonly name: string | undefined
  readonly conversationId: string
  readonly about: About | undefined
  readonly isInner: boolean
  readonly pricing: Pricing | undefined
}

/** Is given an agent before it begins, and gives it back followed. */
export type Follow = <R>(agent: Agent, ending: Ending<R>) => Ending<R>

/** Follows the agents of a program, where one was provided. */
export const AgentObserver = Context.Reference<Follow | undefined>("@volley/core/AgentObserver", {
  defaultValue: () => undefined
})

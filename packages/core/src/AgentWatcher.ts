/**
 * Gets the events of all agents of a program.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { AgentError } from "./AgentError.ts"
import type { ChatModelError } from "./ChatModelError.ts"
import type { Ended, Event } from "./internal/agent/event.ts"
import type * as Tool from "./Tool.ts"

/**
 * Gets the events of one agent, and as `Nested` those of its inner agents.
 *
 * - `tell`: gets every event, the answer included, one after the other; the agent waits for it
 * - `end`: gets how the agent ended, and when, in milliseconds since the epoch; the agent ends after it
 */
export interface Watch {
  readonly tell: (event: Event<Tool.Any, unknown>) => Effect.Effect<void>
  readonly end: (
    exit: Exit.Exit<Ended<Tool.Any, unknown>, AgentError | ChatModelError>,
    at: number
  ) => Effect.Effect<void>
}

/** Watches agents; `watch` begins to watch an agent that is not inside another one. */
export interface AgentWatcher {
  readonly watch: Effect.Effect<Watch>
}

/** The watcher of the program's agents; there is none unless the program provides it. */
export const AgentWatcher = Context.Reference<AgentWatcher | undefined>("@volley/core/AgentWatcher", {
  defaultValue: () => undefined
})

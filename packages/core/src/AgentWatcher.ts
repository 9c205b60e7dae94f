/**
 * Gets the events of all agents of a program.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Agent from "./Agent.ts"
import type { AgentError } from "./AgentError.ts"
import type { ChatModelError } from "./ChatModelError.ts"
import type * as Tool from "./Tool.ts"

/**
 * Gets the events of one agent, and as `Nested` those of its inner agents.
 *
 * - `tell`: gets every event, the answer included, one after the other; the agent waits for it
 * - `end`: gets how the agent ended, and when, in milliseconds since the epoch; the agent ends after it
 */
export interface Watch {
  readonly tell: (event: Agent.Event<Tool.Any, unknown>) => Effect.Effect<void>
  readonly end: (
    exit: Exit.Exit<Agent.Ended<Tool.Any, unknown>, AgentError | ChatModelError>,
    at: number
  ) => Effect.Effect<void>
}

/** Begins to watch an agent that is not inside another one. */
export type AgentWatcher = Effect.Effect<Watch>

/** The watcher of the program's agents; there is none unless the program provides it. */
export const AgentWatcher = Context.Reference<AgentWatcher | undefined>("@volley/core/AgentWatcher", {
  defaultValue: () => undefined
})

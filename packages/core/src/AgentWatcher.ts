/**
 * Sees all that happens to the agents of a program, however they are run.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Agent from "./Agent.ts"
import type { AgentError } from "./AgentError.ts"
import type { ChatModelError } from "./ChatModelError.ts"
import type * as Tool from "./Tool.ts"

/**
 * What sees one agent, and as `Nested` those inside of it.
 *
 * - `tell`: is given every event, its answer included, one after the other; the agent waits for it
 * - `end`: is given how the agent ended, and when, in milliseconds since the epoch; the agent is over when this is done
 */
export interface Watch {
  readonly tell: (event: Agent.Event<Tool.Any, unknown>) => Effect.Effect<void>
  readonly end: (
    exit: Exit.Exit<Agent.Ended<Tool.Any, unknown>, AgentError | ChatModelError>,
    at: number
  ) => Effect.Effect<void>
}

/** Watches agents; `watch` begins with one that is inside of no other. */
export interface AgentWatcher {
  readonly watch: Effect.Effect<Watch>
}

/** The watcher of the program's agents; there is none unless the program provides it. */
export const AgentWatcher = Context.Reference<AgentWatcher | undefined>("@volley/core/AgentWatcher", {
  defaultValue: () => undefined
})

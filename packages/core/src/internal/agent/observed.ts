import type { Ending } from "../../AgentObserver.ts"
import type { Agent } from "./agent.ts"

/** Has an agent followed, where the program has an observer. */
export const observed = <R>(agent: Agent, ending: Ending<R>): Ending<R> => {
  const { model: { about }, observer, options: { name, pricing }, outer, standing } = agent
  if (observer === undefined) return ending
  const { runId: conversationId } = standing.state.conversation
  return observer({ name, conversationId, about, isInner: outer !== undefined, pricing }, ending)
}

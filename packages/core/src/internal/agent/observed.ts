import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Agents, Ending } from "../../AgentObserver.ts"
import type { ChatModel } from "../../ChatModel.ts"
import { Followed } from "../followed.ts"
import type { Agent } from "./agent.ts"

/** Has an agent followed, where the program has an observer. */
export const observed = <R>(agent: Agent, ending: Ending<R>): Ending<R> => {
  const { model: { about }, observer, options: { name }, outer, standing } = agent
  if (observer === undefined) return ending
  const { runId: conversationId } = standing.state.conversation
  return observer.agent({ name, conversationId, about, isInner: outer !== undefined }, ending)
}

type Model = ChatModel["Service"]

/** Has the turns of a model followed, which then makes no spans of its own. */
export const observedModel = (model: Model, observer: Agents | undefined): Model =>
  observer === undefined ? model : observer.model({
    ...(model.about && { about: model.about }),
    generate: (request) => Effect.provideService(model.generate(request), Followed, true),
    stream: (request) => Stream.provideService(model.stream(request), Followed, true)
  })

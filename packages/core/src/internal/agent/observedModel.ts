import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { Agents } from "../../AgentObserver.ts"
import type { ChatModel } from "../../ChatModel.ts"
import { Followed } from "../followed.ts"

type Model = ChatModel["Service"]

/** Has the turns of a model followed, which then makes no spans of its own. */
export const observedModel = (model: Model, observer: Agents | undefined): Model =>
  observer === undefined ? model : observer.model({
    ...(model.about && { about: model.about }),
    generate: (request) => Effect.provideService(model.generate(request), Followed, true),
    stream: (request) => Stream.provideService(model.stream(request), Followed, true)
  })

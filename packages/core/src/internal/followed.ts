import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { AgentObserver, type Agents } from "../AgentObserver.ts"
import type { ChatModel } from "../ChatModel.ts"

type Model = ChatModel["Service"]

/** True for a model whose turn is followed already. */
const Followed = Context.Reference<boolean>("@volley/core/internal/Followed", { defaultValue: () => false })

/** Has the turns of a model followed, which then makes no spans of its own. */
export const observedModel = (model: Model, observer: Agents | undefined): Model =>
  observer === undefined ? model : observer.model({
    ...(model.about && { about: model.about }),
    generate: (request) => Effect.provideService(model.generate(request), Followed, true),
    stream: (request) => Stream.provideService(model.stream(request), Followed, true)
  })

/** Has the turns of a model followed that no agent has asked for; where nothing follows them, they have spans of these names. */
export const followed = (wire: string, model: Model): Model => ({
  ...model,
  generate: (request) =>
    Effect.contextWith((context: Context.Context<never>) => {
      if (Context.get(context, Followed)) return model.generate(request)
      const observer = Context.get(context, AgentObserver)
      return observer === undefined
        ? Effect.withSpan(model.generate(request), `${wire}.generate`)
        : observedModel(model, observer).generate(request)
    }),
  stream: (request) =>
    Stream.unwrap(Effect.contextWith((context: Context.Context<never>) => {
      if (Context.get(context, Followed)) return Effect.succeed(model.stream(request))
      const observer = Context.get(context, AgentObserver)
      return Effect.succeed(
        observer === undefined
          ? Stream.withSpan(model.stream(request), `${wire}.stream`)
          : observedModel(model, observer).stream(request)
      )
    }))
})

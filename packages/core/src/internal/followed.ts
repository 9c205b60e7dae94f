import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { About } from "./provider.ts"

/** A model, as far as following its turns goes. */
interface Model<Q, A, P, E> {
  readonly about?: About | undefined
  readonly generate: (request: Q) => Effect.Effect<A, E>
  readonly stream: (request: Q) => Stream.Stream<P, E>
}

/** Gives a model whose turns are followed; undefined where nothing follows them. */
type Observer<M> = ((model: M) => M) | undefined

/** True for a model whose turn is followed already. */
const Followed = Context.Reference<boolean>("@volley/core/internal/Followed", { defaultValue: () => false })

/** Has the turns of a model followed, which then makes no spans of its own. */
export const observedModel = <Q, A, P, E>(
  model: Model<Q, A, P, E>,
  observer: Observer<Model<Q, A, P, E>>
): Model<Q, A, P, E> =>
  observer === undefined ? model : observer({
    ...(model.about && { about: model.about }),
    generate: (request) => Effect.provideService(model.generate(request), Followed, true),
    stream: (request) => Stream.provideService(model.stream(request), Followed, true)
  })

/** Has the turns of a model followed that no agent has asked for; where nothing follows them, they have spans of these names. */
export const followed = <Q, A, P, E>(
  wire: string,
  model: Model<Q, A, P, E>,
  observers: Context.Reference<Observer<Model<Q, A, P, E>>>
): Model<Q, A, P, E> => ({
  ...model,
  generate: (request) =>
    Effect.contextWith((context: Context.Context<never>) => {
      if (Context.get(context, Followed)) return model.generate(request)
      const observer = Context.get(context, observers)
      return observer === undefined
        ? Effect.withSpan(model.generate(request), `${wire}.generate`)
        : observedModel(model, observer).generate(request)
    }),
  stream: (request) =>
    Stream.unwrap(Effect.contextWith((context: Context.Context<never>) => {
      if (Context.get(context, Followed)) return Effect.succeed(model.stream(request))
      const observer = Context.get(context, observers)
      return Effect.succeed(
        observer === undefined
          ? Stream.withSpan(model.stream(request), `${wire}.stream`)
          : observedModel(model, observer).stream(request)
      )
    }))
})

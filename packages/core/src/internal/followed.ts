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

/** The place in the sources is the same for all turns, and to look for it costs as much as a call. */
const untraced = { captureStackTrace: false }

/** Has the turns of a model followed that no agent has asked for; where nothing follows them, they have spans of these names. */
export const followed = <Q, A, P, E>(
  wire: string,
  model: Model<Q, A, P, E>,
  observers: Context.Reference<Observer<Model<Q, A, P, E>>>
): Model<Q, A, P, E> => {
  const spanned: Model<Q, A, P, E> = {
    generate: (request) => Effect.withSpan(model.generate(request), `${wire}.generate`, untraced),
    stream: (request) => Stream.withSpan(model.stream(request), `${wire}.stream`, untraced)
  }
  const seenFrom = (context: Context.Context<never>): Model<Q, A, P, E> => {
    if (Context.get(context, Followed)) return model
    const observer = Context.get(context, observers)
    return observer === undefined ? spanned : observedModel(model, observer)
  }
  return {
    ...model,
    generate: (request) => Effect.contextWith((context: Context.Context<never>) => seenFrom(context).generate(request)),
    stream: (request) => Stream.unwrap(Effect.map(Effect.context(), (context) => seenFrom(context).stream(request)))
  }
}

import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/** True for a model whose turn is followed already: it makes no span of its own. */
export const Followed = Context.Reference<boolean>("@volley/core/internal/Followed", { defaultValue: () => false })

/** Gives an effect a span of this name, unless it is followed already. */
export const spanned = (name: string) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(Followed, (is) => is ? effect : Effect.withSpan(effect, name))

/** The same for a stream. */
export const streamSpanned = (name: string) => <A, E, R>(stream: Stream.Stream<A, E, R>): Stream.Stream<A, E, R> =>
  Stream.unwrap(Effect.map(Followed, (is) => is ? stream : Stream.withSpan(stream, name)))

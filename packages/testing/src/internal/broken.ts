import * as Data from "effect/Data"
import * as Effect from "effect/Effect"

/**
 * A law that does not hold, and how one can tell.
 *
 * - `timeline`: what happened, as text
 */
export class Broken extends Data.TaggedError("Broken")<{ readonly message: string; readonly timeline?: string }> {}

/** Fails unless what has to be so is so. */
export const must = (holds: boolean, message: () => string, timeline: () => string): Effect.Effect<void, Broken> =>
  holds ? Effect.void : Effect.fail(new Broken({ message: message(), timeline: timeline() }))

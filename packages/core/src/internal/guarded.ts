import * as Effect from "effect/Effect"

/** Makes an effect; what is thrown meanwhile is its defect. */
export const guarded = <A, E, R>(make: () => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  try {
    return make()
  } catch (defect) {
    return Effect.die(defect)
  }
}

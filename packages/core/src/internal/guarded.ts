import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** Makes an effect; what is thrown meanwhile is its defect. */
export const guarded = <A, E, R>(make: () => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  try {
    return make()
  } catch (defect) {
    return Effect.die(defect)
  }
}

/** The same of a function of the program's, which in plain JavaScript may give something else than an effect. */
export const effectOf = <A, E, R>(make: () => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  guarded(() => {
    const made = make()
    return Effect.isEffect(made)
      ? made
      : Effect.die(new Error(`no Effect was given, but ${Object.prototype.toString.call(made)}`))
  })

/** Does what can harm nothing else: undefined where it throws. */
export const safely = <A>(act: () => A): A | undefined => Option.getOrUndefined(Option.liftThrowable(act)())

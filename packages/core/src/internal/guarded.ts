import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** Makes an effect; what is thrown meanwhile, or given in its place in plain JavaScript, is its defect. */
export const guarded = <A, E, R>(make: () => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> => {
  try {
    const made = make()
    return Effect.isEffect(made)
      ? made
      : Effect.die(new Error(`no Effect was given, but ${Object.prototype.toString.call(made)}`))
  } catch (defect) {
    return Effect.die(defect)
  }
}

/** Does what can harm nothing else: undefined where it throws. */
export const safely = <A>(act: () => A): A | undefined => Option.getOrUndefined(Option.liftThrowable(act)())

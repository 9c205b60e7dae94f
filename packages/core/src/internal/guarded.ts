import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { isOver } from "./exit.ts"

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

/**
 * Does something on a fiber of its own: where that meets what is no effect, in plain JavaScript, it ends without a word, and
 * that is a defect here.
 */
export const apart = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  isOver(effect) ? effect : Effect.flatMap(
    Effect.forkChild(effect, { startImmediately: true }),
    (fiber) => Effect.onInterrupt(Fiber.join(fiber), () => Fiber.interrupt(fiber))
  )

/** Does what can harm nothing else: undefined where it throws. */
export const safely = <A>(act: () => A): A | undefined => Option.getOrUndefined(Option.liftThrowable(act)())

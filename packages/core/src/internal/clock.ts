import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/** A program that says nothing of its clock has Effect's own, which can be read and slept by for less than Effect does. */
const isOwn = (context: Context.Context<never>): boolean => !context.mapUnsafe.has(Clock.Clock.key)

/** Reads the wall clock once and goes on from there by the monotonic one: milliseconds since the epoch that never jump. */
export const stopwatch = (context: Context.Context<never>): () => number => {
  const clock = Context.get(context, Clock.Clock)
  if (isOwn(context)) {
    // The same as Effect's own clock reads, without its detour through big integers; looked up once, as it is a getter of Node's.
    const monotonic = performance
    const epoch = clock.currentTimeMillisUnsafe() - monotonic.now()
    return () => epoch + monotonic.now()
  }
  const epoch = clock.currentTimeMillisUnsafe() - Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  return () => epoch + Number(clock.monotonicTimeNanosUnsafe()) / 1e6
}

/**
 * The same for what outlives a run: all that are made by one clock show the same, though somebody may set the wall clock
 * meanwhile.
 */
export const steady = (context: Context.Context<never>): () => number => {
  const clock = isOwn(context) ? performance : Context.get(context, Clock.Clock)
  const known = steadies.get(clock)
  if (known !== undefined) return known
  const made = stopwatch(context)
  steadies.set(clock, made)
  return made
}

const steadies = new WeakMap<object, () => number>()

/** Wakes somebody in so many milliseconds; gives what takes that back. */
export type Sleep = (millis: number, wake: () => void) => () => void

/**
 * Sleeps by the clock of the program.
 *
 * - by a timer where that is Effect's own clock, which sleeps by one as well, and for each sleep by a fiber besides
 */
export const sleeper = (context: Context.Context<never>): Sleep => {
  const sleep: Sleep = (millis, wake) => {
    const fiber = Effect.runForkWith(context)(Effect.andThen(Effect.sleep(millis), Effect.sync(wake)))
    return () => fiber.interruptUnsafe()
  }
  if (!isOwn(context)) return sleep
  return (millis, wake) => {
    if (millis <= 0 || millis > longest) return sleep(millis, wake)
    const timer = setTimeout(wake, millis)
    return () => clearTimeout(timer)
  }
}

/** Milliseconds of the longest timer that there is. */
const longest = 2 ** 31 - 1

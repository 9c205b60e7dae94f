import * as Clock from "effect/Clock"
import * as Context from "effect/Context"

/** Reads the wall clock once and goes on from there by the monotonic one: milliseconds since the epoch that never jump. */
export const stopwatch = (context: Context.Context<never>): () => number => {
  const clock = Context.get(context, Clock.Clock)
  if (!context.mapUnsafe.has(Clock.Clock.key)) {
    // The same as Effect's own clock reads, without its detour through big integers.
    const epoch = clock.currentTimeMillisUnsafe() - performance.now()
    return () => epoch + performance.now()
  }
  const epoch = clock.currentTimeMillisUnsafe() - Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  return () => epoch + Number(clock.monotonicTimeNanosUnsafe()) / 1e6
}

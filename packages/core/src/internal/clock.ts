import * as Clock from "effect/Clock"
import * as Context from "effect/Context"

/** Reads the wall clock once and goes on from there by the monotonic one: milliseconds since the epoch that never jump. */
export const stopwatch = (context: Context.Context<never>): () => number => {
  const clock = Context.get(context, Clock.Clock)
  if (!context.mapUnsafe.has(Clock.Clock.key)) {
    // The same as Effect's own clock reads, without its detour through big integers; looked up once, as it is a getter of Node's.
    const monotonic = performance
    const epoch = clock.currentTimeMillisUnsafe() - monotonic.now()
    return () => epoch + monotonic.now()
  }
  const epoch = clock.currentTimeMillisUnsafe() - Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  return () => epoch + Number(clock.monotonicTimeNanosUnsafe()) / 1e6
}

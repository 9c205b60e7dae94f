import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"

/**
 * Runs an effect as a promise.
 *
 * - an abort interrupts the effect, waits for its finalizers, and rejects with the signal's reason
 * - what is thrown while the effect is made, such as options that make no sense, rejects too
 */
export const toPromise = async <A, E>(
  make: () => Effect.Effect<A, E>,
  signal: AbortSignal | undefined
): Promise<A> => {
  stopIfAborted(signal)
  try {
    return await Effect.runPromise(make(), { signal })
  } finally {
    stopIfAborted(signal)
  }
}

/** True for a signal of any realm; plain JavaScript may give something else. */
export const isSignal = (value: unknown): value is AbortSignal =>
  Predicate.hasProperty(value, "aborted") && Predicate.hasProperty(value, "addEventListener")

const stopIfAborted = (signal: AbortSignal | undefined): void => {
  if (isSignal(signal)) signal.throwIfAborted()
}

/** Fails with the reason of a signal, once that is aborted. */
export const abortOf = (signal: AbortSignal): Effect.Effect<never, unknown> =>
  Effect.callback((resume) => {
    const abort = () => resume(Effect.fail(signal.reason))
    if (signal.aborted) return abort()
    signal.addEventListener("abort", abort, { once: true })
    return Effect.sync(() => signal.removeEventListener("abort", abort))
  })

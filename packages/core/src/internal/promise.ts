import * as Effect from "effect/Effect"

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
  signal?.throwIfAborted()
  try {
    return await Effect.runPromise(make(), { signal })
  } finally {
    signal?.throwIfAborted()
  }
}

/** Fails with the reason of a signal, once that is aborted. */
export const abortOf = (signal: AbortSignal): Effect.Effect<never, unknown> =>
  Effect.callback((resume) => {
    const abort = () => resume(Effect.fail(signal.reason))
    if (signal.aborted) return abort()
    signal.addEventListener("abort", abort, { once: true })
    return Effect.sync(() => signal.removeEventListener("abort", abort))
  })

import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"

/** How an effect stood when its limit was met: ended with an exit, or still going on, and why that is too late. */
export type Ended<A, E, L> =
  | { readonly _tag: "Exit"; readonly exit: Exit.Exit<A, E> }
  | { readonly _tag: "Late"; readonly fiber: Fiber.Fiber<A, E>; readonly limit: L }

/**
 * Runs an effect on a fiber of its own and waits for its exit, or until `limit` ends.
 *
 * - a late fiber is asked to stop and not waited for, unlike with `Effect.timeout`; so work that ignores interruption
 *   cannot hold up the caller
 * - interrupting the caller interrupts the fiber and waits for its finalizers
 * - what the effect does to its own fiber, interrupting it included, stays with that fiber
 */
export const within = <A, E, R, L>(
  self: Effect.Effect<A, E, R>,
  limit: Effect.Effect<L>
): Effect.Effect<Ended<A, E, L>, never, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkDetach(self, { startImmediately: true, uninterruptible: false }), (fiber) => {
      const exit = fiber.pollUnsafe()
      if (exit !== undefined) return Effect.succeed<Ended<A, E, L>>({ _tag: "Exit", exit })
      const ended = Effect.map(Fiber.await(fiber), (exit): Ended<A, E, L> => ({ _tag: "Exit", exit }))
      const late = Effect.map(limit, (limit): Ended<A, E, L> => ({ _tag: "Late", fiber, limit }))
      return restore(Effect.raceFirst(ended, late)).pipe(
        Effect.onInterrupt(() => Fiber.interrupt(fiber)),
        Effect.tap(({ _tag }) => _tag === "Late" ? Effect.sync(() => fiber.interruptUnsafe()) : Effect.void)
      )
    })
  )

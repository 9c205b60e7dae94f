import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"

/** How an effect stood when its time was over: its exit, or the fiber that still goes on. */
export type Ended<A, E> =
  | { readonly _tag: "Exit"; readonly exit: Exit.Exit<A, E> }
  | { readonly _tag: "Late"; readonly fiber: Fiber.Fiber<A, E> }

/**
 * Runs an effect on a fiber of its own and waits for its exit, `millis` at most.
 *
 * - a late fiber is asked to stop and not waited for, unlike with `Effect.timeout`; so work that ignores interruption
 *   cannot hold up the caller
 * - interrupting the caller interrupts the fiber and waits for its finalizers
 * - what the effect does to its own fiber, interrupting it included, stays with that fiber
 */
export const within = <A, E, R>(self: Effect.Effect<A, E, R>, millis: number): Effect.Effect<Ended<A, E>, never, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkDetach(self, { startImmediately: true, uninterruptible: false }), (fiber) => {
      const exit = fiber.pollUnsafe()
      if (exit !== undefined) return Effect.succeed<Ended<A, E>>({ _tag: "Exit", exit })
      const wait = millis === Infinity
        ? Effect.asSome(Fiber.await(fiber))
        : Effect.timeoutOption(Fiber.await(fiber), millis)
      return restore(wait).pipe(
        Effect.onInterrupt(() => Fiber.interrupt(fiber)),
        Effect.map((exit): Ended<A, E> => {
          if (Option.isSome(exit)) return { _tag: "Exit", exit: exit.value }
          fiber.interruptUnsafe()
          return { _tag: "Late", fiber }
        })
      )
    })
  )

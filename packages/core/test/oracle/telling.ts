/**
 * Tells what happens to calls, one thing after the other, while the calls go on.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"

/** What happened to a call, and when; why a call waits is told by the library alone. */
export interface Told {
  readonly tag: "Started" | "Progress" | "Hedged" | "Retried" | "Settled" | "Waiting"
  readonly id: string
  readonly at: number
  readonly why?: string
  readonly behind?: string | undefined
}

export type OnCall = (told: Told) => Effect.Effect<void>

/**
 * Somebody who tells.
 *
 * - `tell`: has something told, in its turn
 * - `done`: all was told, and nothing more will be
 * - `stop`: tells nothing more
 */
export interface Teller {
  readonly tell: (told: Told) => void
  readonly done: Effect.Effect<void>
  readonly stop: Effect.Effect<void>
}

const silent: Teller = { tell: () => {}, done: Effect.void, stop: Effect.void }

export const make = (onCall: OnCall | undefined): Effect.Effect<Teller> =>
  onCall === undefined ? Effect.succeed(silent) : Effect.gen(function*() {
    const queue = yield* Queue.unbounded<Told, Cause.Done>()
    const one = Effect.flatMap(
      Queue.take(queue),
      (told) => Effect.catchCause(Effect.suspend(() => onCall(told)), crashed)
    )
    const fiber = yield* Effect.forkDetach(Effect.ignore(Effect.forever(one)), { startImmediately: true })
    return {
      tell: (told) => void Queue.offerUnsafe(queue, told),
      done: Effect.suspend(() => {
        Queue.endUnsafe(queue)
        return Effect.asVoid(Fiber.await(fiber))
      }),
      stop: Fiber.interrupt(fiber)
    }
  })

/** Whoever is told cannot harm the calls. */
const crashed = (cause: Cause.Cause<never>): Effect.Effect<void> =>
  Cause.hasInterruptsOnly(cause) ? Effect.interrupt : Effect.logError("`onCall` crashed", cause)

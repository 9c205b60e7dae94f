import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

/**
 * How the calls of a turn that is still being written come in.
 *
 * - `whole`: done when no more calls come; false where the turn broke off
 * - `deadline`, `expiresAt`: `Infinity` until then, since the deadline of a batch begins with the whole turn
 * - `end`: gives them, as of now
 */
export interface Arrival {
  readonly whole: Deferred.Deferred<boolean>
  readonly end: () => { readonly deadline: number; readonly expiresAt: number }
  deadline: number
  expiresAt: number
}

/** - `deadline`: milliseconds that the batch may take from the whole turn on */
export const make = (now: () => number, deadline: () => number): Arrival => ({
  whole: Deferred.makeUnsafe(),
  end: () => {
    const millis = deadline()
    return { deadline: millis, expiresAt: now() + millis }
  },
  deadline: Infinity,
  expiresAt: Infinity
})

export const isOver = ({ whole }: Arrival): boolean => Deferred.isDoneUnsafe(whole)

/** No more calls come. */
export const arrived = (arrival: Arrival, whole: boolean): Effect.Effect<void> =>
  Effect.sync(() => {
    Object.assign(arrival, arrival.end())
    Deferred.doneUnsafe(arrival.whole, Effect.succeed(whole))
  })

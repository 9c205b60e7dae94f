import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"

/**
 * How the calls of a turn that is still being written come in.
 *
 * - `whole`: done when no more calls come; false where the turn broke off
 * - `expiresAt`: `Infinity` until then, since the deadline of a batch begins with the whole turn
 */
export interface Arrival {
  readonly whole: Deferred.Deferred<boolean>
  readonly start: () => number
  expiresAt: number
}

/** - `start`: gives when the batch has to be settled, if its time begins now */
export const make = (start: () => number): Arrival => ({ whole: Deferred.makeUnsafe(), start, expiresAt: Infinity })

export const isOver = ({ whole }: Arrival): boolean => Deferred.isDoneUnsafe(whole)

/** No more calls come. */
export const arrived = (arrival: Arrival, whole: boolean): Effect.Effect<void> =>
  Effect.sync(() => {
    arrival.expiresAt = arrival.start()
    Deferred.doneUnsafe(arrival.whole, Effect.succeed(whole))
  })

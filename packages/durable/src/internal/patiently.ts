/**
 * Statements that wait until their database can do them.
 */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { passing } from "./failure.ts"

/** For a database that restarts, and one that is gone for hours: from a tenth of a second to five, for as long as it takes. */
export const backOff = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("5 seconds")])

/**
 * Repeats statements that fail for what may pass, a full disk or a database that is gone, until they are done; others fail at
 * once. Where a connection breaks they may have been done, so they have to be such as do no harm when they are done twice.
 *
 * - `isOver`: whether there is no more time to wait
 */
export const patiently = <A, E, R>(
  statements: Effect.Effect<A, E, R>,
  isOver: () => boolean = () => false
): Effect.Effect<A, E, R> => {
  const waits = (error: unknown) => !isOver() && passing(error) !== undefined
  return Effect.catchIf(
    statements,
    waits,
    (error) =>
      Effect.logWarning(`Runs wait for their store: ${passing(error)?.message}`).pipe(
        Effect.andThen(Effect.retry(statements, { schedule: backOff, while: waits })),
        Effect.tap(Effect.logInfo("The store of the runs works again"))
      )
  )
}

/**
 * How long calls have to end, when a program ends or its runs move to another one.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"

/**
 * When a run stops in this process, how long its running writes have to end: such as `"5 seconds"`, or a number
 * of milliseconds. 5 seconds by default.
 *
 * - no other call begins meanwhile; the run stops once no write is running
 * - a write that has not ended then is interrupted, and its outcome is reported as unknown
 */
export const Grace = Context.Reference<Duration.Input>("@volley/durable/Grace", {
  defaultValue: () => Duration.seconds(5)
})

/**
 * How long calls have to end, when a program ends or its runs move to another one.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"

/**
 * How long the calls that may not run twice, and have begun, have to end once their run stops here; 5 seconds.
 *
 * - nothing else begins meanwhile: a run is left once none of them is in flight
 * - what has not ended then is interrupted, and its outcome is said to be unknown
 */
export const Grace = Context.Reference<Duration.Input>("@volley/durable/Grace", {
  defaultValue: () => Duration.seconds(5)
})

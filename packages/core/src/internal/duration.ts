import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import { seen } from "./seen.ts"

/**
 * A duration, which every option that takes one takes as `Duration.Input` too.
 *
 * - `_Such`: how to write one, which the compiler shows with the name of this type where it refuses a text
 */
export interface Time<_Such extends string = "such as `5 seconds`, or a number of milliseconds">
  extends Duration.Duration
{}

/** Reads a duration; throws where it makes no sense, as a negative one does, and says what is so long and what else it could be. */
export const read = (value: Duration.Input, what: string, instead = ""): Duration.Duration => {
  const duration = Duration.fromInput(value)
  if (Option.isSome(duration) && !Number.isNaN(value) && !Duration.isNegative(duration.value)) return duration.value
  throw new RangeError(`${what} is ${seen(value)}: give a duration such as "2 seconds"${instead}.`)
}

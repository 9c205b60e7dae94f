import * as Duration from "effect/Duration"
import * as Option from "effect/Option"

/** Reads a duration; throws where it makes no sense, as a negative one does, and says what is so long and what else it could be. */
export const read = (value: Duration.Input, what: string, instead = ""): Duration.Duration => {
  const duration = Duration.fromInput(value)
  if (Option.isSome(duration) && !Number.isNaN(value) && !Duration.isNegative(duration.value)) return duration.value
  throw new RangeError(`${what} is ${String(value)}: give a duration such as "2 seconds"${instead}.`)
}

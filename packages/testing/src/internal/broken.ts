import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import { format } from "effect/Formatter"

/**
 * A law that does not hold, and how one can tell.
 *
 * - `timeline`: what happened, as text
 */
export class Broken extends Data.TaggedError("Broken")<{ readonly message: string; readonly timeline?: string }> {}

/** Throws unless what has to be so is so; for `judge`. */
export function ok(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what)
}

/** Throws unless two values are equal; for `judge`. */
export const equal = (actual: unknown, expected: unknown, what: string): void => {
  if (!Equal.equals(actual, expected)) throw new Error(`${what}: ${brief(actual)} instead of ${brief(expected)}`)
}

const brief = (value: unknown): string => {
  const text = format(value)
  return text.length > 500 ? `${text.slice(0, 500)}…` : text
}

/** Makes what a check throws the way in which a law is broken. */
export const judge = (check: () => void, timeline: () => string = () => ""): Effect.Effect<void, Broken> =>
  Effect.try({
    try: check,
    catch: (error) => new Broken({ message: error instanceof Error ? error.message : "", timeline: timeline() })
  })

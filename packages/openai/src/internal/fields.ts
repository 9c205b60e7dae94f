/**
 * What both OpenAI wires have of a kind.
 */
import * as Schema from "effect/Schema"

/** A field that servers leave out, or send as `null`. */
export const nullable = <S extends Schema.Constraint>(schema: S) => Schema.optional(Schema.NullOr(schema))

/** JSON of which a function says what is wrong. */
export const checked = (problemOf: (json: unknown) => string | undefined) =>
  Schema.Unknown.check(Schema.makeFilter(problemOf))

/** The input of a call of a custom tool. */
export const textOf = (input: unknown): string =>
  typeof input === "string" ? input : input === undefined || input === null ? "" : JSON.stringify(input)

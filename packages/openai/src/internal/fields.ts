/**
 * What both OpenAI wires have of a kind.
 */
import * as Schema from "effect/Schema"

/** An object of JSON. */
export type Fields = Readonly<Record<string, unknown>>

/** What a piece says: of a field that it leaves out, or that is `null` or an empty text in it, it says nothing. */
export const present = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== null && value !== "")
  )

/** A field that servers leave out, or send as `null`. */
export const nullable = <S extends Schema.Constraint>(schema: S) => Schema.optional(Schema.NullOr(schema))

/** JSON of which a function says what is wrong. */
export const checked = (problemOf: (json: unknown) => string | undefined) =>
  Schema.Unknown.check(Schema.makeFilter(problemOf))

/** The input of a call of a custom tool. */
export const textOf = (input: unknown): string =>
  typeof input === "string" ? input : input === undefined || input === null ? "" : JSON.stringify(input)

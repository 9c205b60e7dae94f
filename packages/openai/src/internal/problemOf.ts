import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** What is wrong with a value that is not of a schema. */
export const problemOf = (schema: Schema.ConstraintDecoder<unknown>, value: unknown): string =>
  Result.match(Schema.decodeUnknownResult(schema)(value), {
    onFailure: ({ message }) => message,
    onSuccess: () => "nothing"
  })

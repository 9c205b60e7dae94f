import * as Schema from "effect/Schema"

/**
 * The first line of a file.
 *
 * - `at`: when it began, in milliseconds since the epoch
 */
export const Head = Schema.Struct({
  volley: Schema.Literal("run"),
  version: Schema.Literal(1),
  at: Schema.Finite,
  name: Schema.optionalKey(Schema.String)
})
export type Head = typeof Head.Type

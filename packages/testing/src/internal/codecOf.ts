import * as Schema from "effect/Schema"

/** The JSON form of a schema whose types are not known; a schema that needs services dies when it is used. */
export function codecOf(schema: Schema.Constraint): Schema.Codec<unknown, Schema.Json>
export function codecOf(schema: Schema.Constraint): Schema.Codec<unknown, Schema.Json, unknown, unknown> {
  return Schema.toCodecJson(schema)
}

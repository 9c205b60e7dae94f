import * as Effect from "effect/Effect"
import type * as JsonSchema from "effect/JsonSchema"
import * as Schema from "effect/Schema"
import type * as ChatModel from "../../ChatModel.ts"
import { jsonSchemaOf } from "../schema/jsonSchema.ts"
import * as Standard from "../schema/standardSchema.ts"

/** What an answer has to be: as the provider is asked for it, and as it is read. */
export interface Output {
  readonly request: ChatModel.Output
  readonly read: (text: string) => Effect.Effect<unknown, string, unknown>
}

/** Makes the output of a schema; what is no object goes under a key of its own, since providers take only objects. */
export const make = (schema: Standard.AnySchema): Output => {
  const isForeign = Standard.isForeign(schema)
  const { codec, jsonSchema }: Form = isForeign
    ? Standard.readingOf("`output`", schema, "give a schema of Effect")
    : { codec: schema, jsonSchema: jsonSchemaOf(schema) }
  if (jsonSchema["type"] === "object") {
    return { request: { name: "answer", jsonSchema }, read: reader(codec, (value) => value) }
  }
  const wrapped = Schema.Struct({ answer: codec })
  const under = isForeign ? underKey(jsonSchema) : jsonSchemaOf(wrapped)
  return { request: { name: "answer", jsonSchema: under }, read: reader(wrapped, ({ answer }) => answer) }
}

interface Form {
  readonly codec: Schema.Constraint
  readonly jsonSchema: JsonSchema.JsonSchema
}

/** A JSON Schema under a key; one that refers to its root is a definition, since providers take references to those alone. */
const underKey = (jsonSchema: JsonSchema.JsonSchema): JsonSchema.JsonSchema => {
  const text = JSON.stringify(jsonSchema)
  const own: JsonSchema.JsonSchema = JSON.parse(text.replaceAll(toRoot, () => `"$ref":"#/$defs/whole"`))
  const { $defs, ...rest } = own
  return text.includes(toRoot)
    ? { ...answering({ $ref: "#/$defs/whole" }), $defs: { ...Object($defs), whole: rest } }
    : { ...answering(rest), ...($defs !== undefined && { $defs }) }
}

const toRoot = `"$ref":"#"`

const answering = (answer: JsonSchema.JsonSchema): JsonSchema.JsonSchema => ({
  type: "object",
  properties: { answer },
  required: ["answer"],
  additionalProperties: false
})

const reader = <S extends Schema.Constraint>(schema: S, valueOf: (value: S["Type"]) => unknown): Output["read"] => {
  const decode = Schema.decodeUnknownEffect(Schema.fromJsonString(Schema.toCodecJson(schema)), { errors: "all" })
  return (text) => Effect.mapBoth(decode(unfenced(text)), { onFailure: ({ message }) => message, onSuccess: valueOf })
}

/** Models that are only told in words write JSON as they do in a chat: inside a fence. */
const unfenced = (text: string): string => {
  const whole = text.trim()
  const start = whole.indexOf("\n")
  const end = whole.lastIndexOf("\n")
  const isFenced = start < end && fences.has(whole.slice(0, start).trimEnd().toLowerCase())
    && whole.slice(end).trimStart() === "```"
  return isFenced ? whole.slice(start, end) : text
}

const fences = new Set(["```", "```json"])

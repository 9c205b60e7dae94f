import type * as ChatModel from "@volley/core/ChatModel"
import * as StrictSchema from "@volley/core/StrictSchema"
import type * as Toolkit from "@volley/core/Toolkit"
import * as OpenAiStructuredOutput from "effect/ai/OpenAiStructuredOutput"

/** OpenAI's strict mode, which knows no value of any type at all, and no property that may be absent. */
export const strictMode: Toolkit.StrictMode = {
  write: OpenAiStructuredOutput.toCodecOpenAI,
  close: (jsonSchema) => StrictSchema.closed(jsonSchema, rules()),
  refuse: (jsonSchema) =>
    jsonSchema["type"] === "object" ? StrictSchema.refusal(jsonSchema, rules()) : "its root is no object"
}

const rules = (): StrictSchema.Rules => ({ keywords, formats, required: true, typed: true, recursive: true })

/** How the text of a turn is asked for to be JSON of a schema, strictly where strict mode takes that as it is. */
export const formatOf = ({ jsonSchema, name }: ChatModel.Output) => ({
  name,
  schema: jsonSchema,
  strict: strictMode.refuse(jsonSchema) === undefined
})

const keywords: ReadonlySet<string> = new Set([
  "type",
  "title",
  "description",
  "enum",
  "const",
  "anyOf",
  "$ref",
  "$defs",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "minItems",
  "maxItems",
  "pattern",
  "format",
  "multipleOf",
  "minimum",
  "exclusiveMinimum",
  "maximum",
  "exclusiveMaximum"
])

const formats: ReadonlySet<string> = new Set([
  "date-time",
  "time",
  "date",
  "duration",
  "email",
  "hostname",
  "ipv4",
  "ipv6",
  "uuid"
])

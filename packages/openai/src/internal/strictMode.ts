import type * as ChatModel from "@volley/core/ChatModel"
import * as StrictSchema from "@volley/core/StrictSchema"
import type * as Toolkit from "@volley/core/Toolkit"
import * as OpenAiStructuredOutput from "effect/ai/OpenAiStructuredOutput"

/** OpenAI's strict mode, which knows no value of any type at all, and no property that may be absent. */
export const strictMode: Toolkit.StrictMode = {
  write: OpenAiStructuredOutput.toCodecOpenAI,
  refuse: (jsonSchema) =>
    jsonSchema["type"] === "object"
      ? StrictSchema.refusal(jsonSchema, { keywords, required: true, typed: true, recursive: true })
      : "its root is no object"
}

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

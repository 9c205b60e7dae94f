import type * as Toolkit from "@volley/core/Toolkit"
import * as OpenAiStructuredOutput from "effect/ai/OpenAiStructuredOutput"
import type * as JsonSchema from "effect/JsonSchema"

/** OpenAI's strict mode, which knows no value of any type at all. */
export const strictMode: Toolkit.StrictMode = {
  write: OpenAiStructuredOutput.toCodecOpenAI,
  refuse: (jsonSchema) => {
    const path = untyped(jsonSchema)
    return path === undefined ? undefined : `"${path.join(".")}" has no type`
  }
}

const untyped = (
  schema: JsonSchema.JsonSchema,
  path: ReadonlyArray<string> = []
): ReadonlyArray<string> | undefined => {
  if (!["type", "$ref", "anyOf", "enum"].some((key) => key in schema)) return path
  const inside = [
    ...entries(schema["properties"]),
    ...entries(schema["$defs"]),
    ...entries(schema["anyOf"]),
    ...entries({ items: schema["items"] })
  ]
  for (const [key, value] of inside) {
    const found = untyped(value, [...path, key])
    if (found !== undefined) return found
  }
  return undefined
}

const entries = (value: unknown): ReadonlyArray<readonly [string, JsonSchema.JsonSchema]> =>
  Object.entries(value ?? {}).filter((entry): entry is [string, JsonSchema.JsonSchema] =>
    typeof entry[1] === "object" && entry[1] !== null
  )

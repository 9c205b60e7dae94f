import * as StrictSchema from "@volley/core/StrictSchema"
import type * as Toolkit from "@volley/core/Toolkit"
import * as AnthropicStructuredOutput from "effect/ai/AnthropicStructuredOutput"

/** What one request takes, from Anthropic's documentation of structured outputs. */
const maxTools = 20
const maxUnions = 16

/** Anthropic's strict mode, for the tools of one request. */
export const strictMode = (): Toolkit.StrictMode => {
  let tools = 0
  let unions = 0
  return {
    write: AnthropicStructuredOutput.toCodecAnthropic,
    refuse: (jsonSchema) => {
      const own = JSON.stringify(jsonSchema).split("\"anyOf\":").length - 1
      if (jsonSchema["type"] !== "object") return "its root is no object"
      const problem = StrictSchema.refusal(jsonSchema, { keywords, required: true, typed: false, recursive: false })
      if (problem !== undefined) return problem
      if (tools === maxTools) return `a request takes ${maxTools} strict tools`
      if (unions + own > maxUnions) return `a request takes ${maxUnions} unions and optional parameters`
      tools += 1
      unions += own
      return undefined
    }
  }
}

const keywords: ReadonlySet<string> = new Set([
  "type",
  "title",
  "description",
  "enum",
  "const",
  "anyOf",
  "allOf",
  "$ref",
  "$defs",
  "properties",
  "required",
  "additionalProperties",
  "items",
  "pattern",
  "format"
])

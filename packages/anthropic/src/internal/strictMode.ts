import * as StrictSchema from "@volley/core/StrictSchema"
import type * as Toolkit from "@volley/core/Toolkit"
import * as AnthropicStructuredOutput from "effect/ai/AnthropicStructuredOutput"

/** What one request takes, from Anthropic's documentation of structured outputs. */
const maxTools = 20
const maxUnions = 16
const maxOptional = 24

/** Anthropic's strict mode, for the tools of one request. */
export const strictMode = (): Toolkit.StrictMode => {
  let tools = 0
  let unions = 0
  let optional = 0
  return {
    write: AnthropicStructuredOutput.toCodecAnthropic,
    close: (jsonSchema) => StrictSchema.closed(jsonSchema, rules()),
    refuse: (jsonSchema) => {
      const own = unionsIn(jsonSchema)
      const absent = StrictSchema.optionalIn(jsonSchema)
      if (jsonSchema["type"] !== "object") return "its root is no object"
      const problem = StrictSchema.refusal(jsonSchema, rules())
      if (problem !== undefined) return problem
      if (tools === maxTools) return `a request takes ${maxTools} strict tools`
      if (unions + own > maxUnions) return `a request takes ${maxUnions} unions and optional parameters`
      if (optional + absent > maxOptional) return `a request takes ${maxOptional} optional parameters`
      tools += 1
      optional += absent
      unions += own
      return undefined
    }
  }
}

const rules = (): StrictSchema.Rules => ({ keywords, formats, required: false, typed: false, recursive: false })

/** Forms and types that a value may have several of. */
const unionsIn = (jsonSchema: unknown): number => JSON.stringify(jsonSchema).match(/"anyOf":\[|"type":\[/g)?.length ?? 0

const formats: ReadonlySet<string> = new Set([
  "date-time",
  "time",
  "date",
  "duration",
  "email",
  "hostname",
  "uri",
  "ipv4",
  "ipv6",
  "uuid"
])

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

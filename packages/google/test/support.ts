/**
 * What the tests of the codec and of the Layer arrange.
 */
import type { Content, FunctionCall, Part } from "@google/genai"
import { Tool, Toolkit } from "@volley/core"
import type * as GeminiContent from "@volley/google/GeminiContent"
import { Effect, Schema } from "effect"

const weather = Tool.make("weather", {
  description: "Current weather of a city.",
  parameters: Schema.Struct({ city: Schema.String }),
  success: Schema.String,
  failure: Schema.String,
  readOnly: true,
  execute: ({ city }) => city === "Atlantis" ? Effect.fail(`no city ${city}`) : Effect.succeed(`fine in ${city}`)
})

const readFile = Tool.make("files.read", {
  description: "Reads a file.",
  parameters: Schema.Struct({ path: Schema.String, whole: Schema.optionalKey(Schema.Boolean) }),
  success: Schema.String,
  execute: ({ path }) => Effect.succeed(`contents of ${path}`)
})

/** Tools of which one fails for Atlantis, and one has a name that the wire does not take. */
export const toolkit = Toolkit.make(weather, readFile)

/** What takes the place of a signature that nobody has. */
export const skip = "skip_thought_signature_validator"

/** A call as Gemini 3 sends it; without an id, as models before it do. */
export const call = (id?: string, args: Record<string, unknown> = { city: "Oslo" }, name = "weather"): Part => ({
  functionCall: { ...(id !== undefined && { id }), name, args }
})

/** Parts that are none of a caller's business, and have to come back as they are. */
export const opaque: ReadonlyArray<Part> = [
  { text: "Let me think.", thought: true, thoughtSignature: "CoMDAX" },
  { executableCode: { id: "code_1", code: "1 + 1" } },
  { text: "", thoughtSignature: "CoMDAY" }
]

/** A response with these parts, as it goes over the wire. */
export const body = (parts: ReadonlyArray<Part>, finishReason = "STOP", more: object = {}): unknown => ({
  candidates: [{ index: 0, content: { role: "model", parts }, finishReason, ...more }],
  usageMetadata: {
    promptTokenCount: 90,
    cachedContentTokenCount: 60,
    candidatesTokenCount: 20,
    thoughtsTokenCount: 40,
    toolUsePromptTokenCount: 5,
    totalTokenCount: 155
  },
  modelVersion: "gemini-3.8-flash",
  responseId: "response_1"
})

/** The same, for the codec. */
export const response = (parts: ReadonlyArray<Part>, finishReason = "STOP"): GeminiContent.Response =>
  unlike(body(parts, finishReason))

/** What a server sends that does not keep to the API's types. */
export const unlike = <A>(body: unknown): A => body as A

/** The calls of a content. */
export const callsOf = ({ parts = [] }: Content): ReadonlyArray<FunctionCall> =>
  parts.flatMap(({ functionCall }) => functionCall ? [functionCall] : [])

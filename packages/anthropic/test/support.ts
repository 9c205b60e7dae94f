/**
 * What the tests of the codec and of the Layer arrange.
 */
import type Anthropic from "@anthropic-ai/sdk"
import { Tool, Toolkit } from "@volley/core"
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

/** A call as the API sends it. */
export const call = (id: string, input: unknown = { city: "Oslo" }, name = "weather"): Anthropic.ToolUseBlock => ({
  type: "tool_use",
  id,
  name,
  input,
  caller: { type: "direct" }
})

/** Text as the API sends it. */
export const text = (text: string): Anthropic.TextBlock => ({ type: "text", text, citations: null })

/** Blocks that are none of a caller's business, and have to come back as they are. */
export const opaque: ReadonlyArray<Anthropic.ContentBlock> = [
  { type: "thinking", thinking: "", signature: "Eo8" },
  { type: "redacted_thinking", data: "ZGF0YQ==" },
  { type: "server_tool_use", id: "srvtoolu_1", name: "web_search", input: { query: "x" }, caller: { type: "direct" } },
  { type: "web_search_tool_result", tool_use_id: "srvtoolu_1", content: [], caller: { type: "direct" } }
]

/** A response with this content. */
export const response = (
  content: ReadonlyArray<Anthropic.ContentBlock>,
  stop: Anthropic.Message["stop_reason"] = content.some(({ type }) => type === "tool_use") ? "tool_use" : "end_turn"
): Anthropic.Message => ({
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "claude-haiku-4-5",
  content: [...content],
  stop_reason: stop,
  stop_sequence: null,
  stop_details: null,
  container: null,
  diagnostics: null,
  usage: {
    input_tokens: 90,
    output_tokens: 60,
    cache_creation_input_tokens: 5,
    cache_read_input_tokens: 700,
    cache_creation: null,
    output_tokens_details: null,
    server_tool_use: null,
    service_tier: "standard",
    inference_geo: null,
    speed: null
  }
})

/** What a server sends that does not keep to the API's types. */
export const unlike = <A>(body: unknown): A => body as A

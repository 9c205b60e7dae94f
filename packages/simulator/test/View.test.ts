/**
 * What a script sees of the same conversation on every wire.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { View } from "../src/Script.ts"
import * as Simulator from "../src/Simulator.ts"
import { twoCities } from "./harness.ts"

const parameters = { type: "object", properties: { city: { type: "string" } } }
const tool = { name: "weather", description: "Weather of a city." }
const schema = { type: "object", properties: { n: { type: "integer" } } }
const args = { city: "Oslo" }

const headers = { authorization: "Bearer key", "anthropic-version": "2026-10-21", "x-goog-api-key": "key" }

/** Two messages of a user, a call with its result between them, and a format of the answer. */
const requests = [
  ["openai", "/v1/chat/completions", {
    model: "gpt-4.1",
    messages: [
      { role: "user", content: "Weather?" },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ id: "call_1", type: "function", function: { name: "weather", arguments: JSON.stringify(args) } }]
      },
      { role: "tool", tool_call_id: "call_1", content: "3" },
      { role: "user", content: [{ type: "text", text: "And " }, { type: "text", text: "now?" }] }
    ],
    tools: [{ type: "function", function: { ...tool, parameters } }],
    response_format: { type: "json_schema", json_schema: { name: "out", schema } }
  }],
  ["openai-responses", "/v1/responses", {
    model: "gpt-4.1",
    input: [
      { role: "user", content: "Weather?" },
      { type: "function_call", call_id: "call_1", name: "weather", arguments: JSON.stringify(args) },
      { type: "function_call_output", call_id: "call_1", output: "3" },
      { role: "user", content: [{ type: "input_text", text: "And now?" }] }
    ],
    tools: [{ type: "function", ...tool, parameters, strict: false }],
    text: { format: { type: "json_schema", name: "out", schema } }
  }],
  ["anthropic", "/v1/messages", {
    model: "claude-opus-5-5",
    max_tokens: 1024,
    messages: [
      { role: "user", content: "Weather?" },
      { role: "assistant", content: [{ type: "tool_use", id: "toolu_1", name: "weather", input: args }] },
      { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "3" }] },
      { role: "assistant", content: "It is 3." },
      { role: "user", content: "And now?" }
    ],
    tools: [{ ...tool, input_schema: parameters }],
    output_config: { format: { type: "json_schema", schema: { ...schema, additionalProperties: false } } }
  }],
  ["google", "/v1/models/gemini-3-pro:generateContent", {
    contents: [
      { role: "user", parts: [{ text: "Weather?" }] },
      {
        role: "model",
        parts: [{
          functionCall: { id: "1", name: "weather", args },
          thoughtSignature: "skip_thought_signature_validator"
        }]
      },
      { role: "user", parts: [{ functionResponse: { id: "1", name: "weather", response: { output: 3 } } }] },
      { role: "model", parts: [{ text: "It is 3." }] },
      { role: "user", parts: [{ text: "And now?" }] }
    ],
    tools: [{ functionDeclarations: [{ ...tool, parametersJsonSchema: parameters }] }],
    generationConfig: { responseMimeType: "application/json", responseJsonSchema: schema }
  }]
] as const

describe("A script sees", () => {
  it.effect.each(requests)(
    "all messages of the user and all that is said of tools on %s",
    ([, path, body]) =>
      Effect.gen(function*() {
        const views: Array<View> = []
        const { app } = yield* Simulator.make({
          script: (view) => {
            views.push(view)
            return twoCities
          }
        })
        const fetch = yield* Simulator.fetch(app)
        const init = { method: "POST", headers, body: JSON.stringify(body) }
        const response = yield* Effect.promise(() => fetch(`http://simulator.test${path}`, init))
        assert.strictEqual(response.status, 200, yield* Effect.promise(() => response.text()))
        const [view] = views
        assert.deepInclude(view, {
          prompt: "Weather?",
          users: ["Weather?", "And now?"],
          tools: ["weather"],
          offered: [{ ...tool, parameters }]
        })
        assert.deepStrictEqual(view?.format?.["properties"], schema.properties)
        assert.deepStrictEqual(view?.calls.map(({ name, result }) => [name, result]), [["weather", "3"]])
      })
  )
})

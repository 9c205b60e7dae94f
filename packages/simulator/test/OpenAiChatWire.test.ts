import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import { post } from "./harness.ts"

const key = { authorization: "Bearer key" }

const send = (body: unknown, headers: Record<string, string> = key) => post("/v1/chat/completions", headers, body)

const user = { role: "user", content: "How is the weather in Oslo and Rome?" }
const call = (id: string, args: Schema.Json = "{\"city\":\"Oslo\"}") => ({
  id,
  type: "function",
  function: { name: "weather", arguments: args }
})
const calls = (...ids: ReadonlyArray<string>) => ({
  role: "assistant",
  content: null,
  tool_calls: ids.map((id) => call(id))
})
const result = (id: string, content: unknown = "3") => ({ role: "tool", tool_call_id: id, content })
const image = (type: string) => ({ type: "image_url", image_url: { url: `data:${type};base64,AAAA` } })
const file = (type: string) => ({ type: "file", file: { filename: "r", file_data: `data:${type};base64,AAAA` } })
const tool = (more: object = {}) => ({ type: "function", function: { name: "weather", ...more } })
const request = (more: object = {}) => ({ model: "gpt-4.1", messages: [user], tools: [tool()], ...more })
const conversation = (...messages: ReadonlyArray<object>) => request({ messages: [user, ...messages] })
/** A part in the turn with the call, in its result, or in what the user says behind both. */
const shows = (at: number, part: object) =>
  conversation(
    ...[calls("call_a"), result("call_a"), user].map((message, index) =>
      index + 1 === at ? { ...message, content: [part] } : message
    )
  )
const city = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false
}
const strict = (parameters: object) => request({ tools: [tool({ strict: true, parameters })] })
const format = (schema: object, strict: boolean) => ({
  response_format: { type: "json_schema", json_schema: { name: "answer", schema, strict } }
})

interface Case {
  readonly row: string
  readonly title: string
  readonly bad: unknown
  readonly good: unknown
  readonly status?: number
  readonly code?: string
  readonly param?: string | null
  readonly says?: ReadonlyArray<string>
}

const cases: ReadonlyArray<Case> = [
  {
    row: "C1",
    title: "a turn whose call is not answered",
    bad: conversation(calls("call_a", "call_b", "call_c"), result("call_b"), user),
    good: conversation(calls("call_a", "call_b", "call_c"), result("call_c"), result("call_b"), result("call_a"), user),
    param: "messages.[3].role",
    says: [
      "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
      + "The following tool_call_ids did not have response messages: call_a, call_c"
    ]
  },
  {
    row: "C1",
    title: "a message between the results of a turn",
    bad: conversation(calls("call_a", "call_b"), result("call_a"), user, result("call_b")),
    good: conversation(calls("call_a", "call_b"), result("call_a"), result("call_b"), user),
    says: ["call_b"]
  },
  {
    row: "C1",
    title: "a conversation that ends with calls",
    bad: conversation(calls("call_a")),
    good: conversation(calls("call_a"), result("call_a")),
    param: "messages",
    says: ["call_a"]
  },
  {
    row: "C2",
    title: "a tool message that follows no calls",
    bad: conversation(result("call_a")),
    good: conversation(calls("call_a"), result("call_a")),
    param: "messages.[1].role",
    says: ["must be a response to a preceeding message with 'tool_calls'"]
  },
  {
    row: "C3",
    title: "a result of a call that the turn did not make",
    bad: conversation(calls("call_a"), result("call_a"), result("call_x")),
    good: conversation(calls("call_a", "call_x"), result("call_a"), result("call_x")),
    says: ["call_x"]
  },
  {
    row: "C4",
    title: "two results of one call",
    bad: conversation(calls("call_a"), result("call_a"), result("call_a")),
    good: conversation(calls("call_a"), result("call_a")),
    says: ["call_a"]
  },
  {
    row: "C4",
    title: "two calls of one id",
    bad: conversation(calls("call_a", "call_a"), result("call_a")),
    good: conversation(calls("call_a", "call_b"), result("call_a"), result("call_b")),
    says: ["call_a"]
  },
  {
    row: "C5",
    title: "a function name with a dot",
    bad: request({ tools: [tool(), tool({ name: "get.weather" })] }),
    good: request({ tools: [tool(), tool({ name: "get_weather-1" })] }),
    code: "invalid_value",
    param: "tools[1].function.name",
    says: ["Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."]
  },
  {
    row: "C6",
    title: "a function name of more than 64 characters",
    bad: request({ tools: [tool({ name: "n".repeat(65) })] }),
    good: request({ tools: [tool({ name: "n".repeat(64) })] }),
    code: "string_above_max_length",
    param: "tools[0].function.name"
  },
  {
    row: "C7",
    title: "more than 128 tools",
    bad: request({ tools: Array.from({ length: 129 }, (_, at) => tool({ name: `tool_${at}` })) }),
    good: request({ tools: Array.from({ length: 128 }, (_, at) => tool({ name: `tool_${at}` })) }),
    code: "array_above_max_length",
    param: "tools"
  },
  {
    row: "C8",
    title: "a call id of more than 40 characters",
    bad: conversation(calls("i".repeat(41)), result("i".repeat(41))),
    good: conversation(calls("i".repeat(40)), result("i".repeat(40))),
    code: "string_above_max_length",
    param: "messages[1].tool_calls[0].id"
  },
  {
    row: "C9",
    title: "an empty list of calls",
    bad: conversation({ role: "assistant", content: "Hm.", tool_calls: [] }),
    good: conversation({ role: "assistant", content: "Hm." }),
    code: "empty_array",
    param: "messages[1].tool_calls"
  },
  {
    row: "C10",
    title: "an assistant without content and calls",
    bad: conversation({ role: "assistant", content: null }),
    good: conversation({ role: "assistant", content: "Hm." }),
    param: "messages.[1].content"
  },
  {
    row: "C11",
    title: "the parallel switch without tools",
    bad: request({ tools: undefined, parallel_tool_calls: true }),
    good: request({ parallel_tool_calls: true }),
    param: "parallel_tool_calls"
  },
  {
    row: "C12",
    title: "a tool choice without tools",
    bad: request({ tools: undefined, tool_choice: "none" }),
    good: request({ tool_choice: "none" }),
    param: "tool_choice"
  },
  {
    row: "C13",
    title: "the parallel switch on o-series models",
    bad: request({ model: "o3-mini", parallel_tool_calls: false }),
    good: request({ model: "o3-mini" }),
    code: "unsupported_parameter",
    param: "parallel_tool_calls"
  },
  {
    row: "C14",
    title: "function tools with reasoning on gpt-5.4 and later",
    bad: request({ model: "gpt-6-mini", reasoning_effort: "low" }),
    good: request({ model: "gpt-6-mini", reasoning_effort: "none" }),
    param: "reasoning_effort"
  },
  {
    row: "C15",
    title: "a strict schema that is open",
    bad: strict({ ...city, properties: { city: { ...city, additionalProperties: true } } }),
    good: strict({ ...city, properties: { city } }),
    code: "invalid_function_parameters",
    param: "tools[0].function.parameters",
    says: [
      "Invalid schema for function 'weather': In context=('properties', 'city'), 'additionalProperties' is required"
    ]
  },
  {
    row: "C15",
    title: "a strict format of the answer that is open",
    bad: request(format({ ...city, additionalProperties: true }, true)),
    good: request(format({ ...city, additionalProperties: true }, false)),
    param: "response_format",
    says: ["Invalid schema for response_format 'answer': In context=(), 'additionalProperties' is required"]
  },
  {
    row: "C16",
    title: "a strict schema with an optional property",
    bad: strict({ ...city, required: [] }),
    good: strict(city),
    code: "invalid_function_parameters",
    says: ["context=()", "'city'"]
  },
  {
    row: "C17",
    title: "a strict schema with an untyped property",
    bad: strict({ ...city, properties: { city: {} } }),
    good: strict({ ...city, properties: { city: { type: ["string", "null"] } } }),
    code: "invalid_function_parameters",
    says: ["In context=('properties', 'city'), schema must have a 'type' key."]
  },
  {
    row: "1a",
    title: "a strict schema with allOf",
    bad: strict({ ...city, properties: { city: { type: "object", allOf: [city] } } }),
    good: strict({ ...city, properties: { city: { anyOf: [city, { type: "null" }] } } }),
    code: "invalid_function_parameters"
  },
  {
    row: "1a",
    title: "parameters that are no object",
    bad: request({ tools: [tool({ parameters: { type: "string" } })] }),
    good: request({ tools: [tool({ parameters: { type: "object", properties: {} } })] }),
    code: "invalid_function_parameters"
  },
  {
    row: "1c",
    title: "an image in a tool message",
    bad: conversation(calls("call_a"), result("call_a", [{ type: "image_url", image_url: { url: "data:," } }])),
    good: conversation(calls("call_a"), result("call_a", [{ type: "text", text: "3" }])),
    code: "invalid_value"
  },
  ...[
    { title: "an image before the results", at: 1, part: image("image/png") },
    { title: "a file in a tool message", at: 2, part: file("application/pdf") }
  ].map(({ at, part, title }) => ({
    row: "1c",
    title,
    bad: shows(at, part),
    good: shows(3, part),
    code: "invalid_value"
  })),
  {
    row: "1c",
    title: "an image of a type that it does not know",
    bad: shows(3, image("image/svg+xml")),
    good: shows(3, image("image/webp")),
    code: "invalid_value",
    param: "messages[3].content[0].image_url.url",
    says: ["but got unsupported MIME type 'image/svg+xml'"]
  },
  {
    row: "1c",
    title: "an image that is no URL",
    bad: shows(3, { type: "image_url", image_url: { url: "AAAA" } }),
    good: shows(3, { type: "image_url", image_url: { url: "https://a.test/b.png" } }),
    code: "invalid_value",
    says: ["but got an invalid base64-encoded value"]
  },
  {
    row: "1c",
    title: "a file that is no PDF",
    bad: shows(3, file("text/markdown")),
    good: shows(3, file("application/pdf")),
    code: "invalid_value",
    param: "messages[3].content[0].file.file_data",
    says: ["but got unsupported MIME type 'text/markdown'"]
  },
  {
    row: "1e",
    title: "a forced function that is not listed",
    bad: request({ tool_choice: { type: "function", function: { name: "traffic" } } }),
    good: request({ tool_choice: { type: "function", function: { name: "weather" } } }),
    param: "tool_choice"
  },
  {
    row: "C18",
    title: "a tool without a name",
    bad: request({ tools: [{ type: "function", function: {} }] }),
    good: request(),
    code: "missing_required_parameter",
    param: "tools[0].function.name",
    says: ["Missing required parameter: 'tools[0].function.name'."]
  },
  {
    row: "C18",
    title: "a tool message without the id of its call",
    bad: conversation(calls("call_a"), { role: "tool", content: "3" }),
    good: conversation(calls("call_a"), result("call_a")),
    code: "missing_required_parameter",
    param: "messages[2].tool_call_id"
  },
  {
    row: "C19",
    title: "more than the model's context",
    bad: request({ messages: [{ role: "user", content: "a".repeat(600_000) }] }),
    good: request({ messages: [{ role: "user", content: "a".repeat(500_000) }] }),
    code: "context_length_exceeded",
    param: "messages"
  },
  {
    row: "C20",
    title: "a content string that is too long",
    bad: request({ messages: [{ role: "user", content: "a".repeat(1_048_577) }] }),
    good: request(),
    code: "string_above_max_length",
    param: "messages[0].content"
  },
  {
    row: "C21",
    title: "a limit below one token",
    bad: request({ max_tokens: -1 }),
    good: request({ max_tokens: 1 }),
    code: "integer_below_min_value",
    param: "max_tokens",
    says: ["Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got -1 instead."]
  },
  {
    row: "404",
    title: "a model that does not exist",
    bad: request({ model: "no-such-model" }),
    good: request(),
    status: 404,
    code: "model_not_found"
  },
  {
    row: "stream",
    title: "options of a stream without one",
    bad: request({ stream_options: { include_usage: true } }),
    good: request({ stream: false, stream_options: null }),
    param: "stream_options"
  },
  {
    row: "schema",
    title: "arguments that are not text",
    bad: conversation({ role: "assistant", tool_calls: [call("call_a", { city: "Oslo" })] }, result("call_a")),
    good: conversation({ role: "assistant", tool_calls: [call("call_a")] }, result("call_a")),
    code: "invalid_type",
    param: "messages[1].tool_calls[0].function.arguments"
  },
  { row: "JSON", title: "a body that is no JSON", bad: "{", good: request() }
]

describe("OpenAiChatWire.check", () => {
  for (const { bad, code, good, param, row, says = [], status = 400, title } of cases) {
    it.effect(`${row} rejects ${title}`, () =>
      Effect.gen(function*() {
        const refused = yield* send(bad)
        assert.deepInclude(refused.entry, { row, status, calls: [] })
        assert.strictEqual(refused.status, status)
        assert.hasAllKeys(refused.body, ["error"])
        const error = refused.body["error"]
        assert.hasAllKeys(error, ["message", "type", "param", "code"])
        assert.deepInclude(error, { type: "invalid_request_error", code: code ?? null })
        if (param !== undefined) assert.deepInclude(error, { param })
        for (const text of says) assert.include(JSON.stringify(error).replaceAll("\\\"", "\""), text)
        assert.strictEqual((yield* send(good)).status, 200)
        if (typeof bad === "object" && row !== "stream") {
          const { body, entry } = yield* send({ ...bad, stream: true })
          assert.deepStrictEqual([body, entry?.row, entry?.streamed], [refused.body, row, false])
        }
      }))
  }

  for (
    const [title, authorization] of [["no key", ""], ["an empty key", "Bearer "], ["a wrong key", "Bearer invalid"]]
  ) {
    it.effect(`answers 401 to ${title}, before it looks at the body`, () =>
      Effect.gen(function*() {
        const { body, status } = yield* send("{", authorization === "" ? {} : { authorization: authorization ?? "" })
        assert.strictEqual(status, 401)
        assert.deepInclude(body["error"], { code: "invalid_api_key", type: "invalid_request_error" })
      }))
  }

  it.effect("answers 404 to a path that it does not know", () =>
    Effect.gen(function*() {
      const { body, status } = yield* post("/v1/embeddings", key, request())
      assert.strictEqual(status, 404)
      assert.deepInclude(body["error"], { type: "invalid_request_error" })
    }))

  const accepted = {
    "names in the history that are no tools any more": {
      ...conversation(calls("call_a"), result("call_a")),
      tools: [tool({ name: "traffic" })]
    },
    "a history of calls without tools": { model: "gpt-4.1", messages: [user, calls("call_a"), result("call_a")] },
    "results that are empty": conversation(calls("call_a"), result("call_a", "")),
    "arguments that are no JSON": conversation(
      { role: "assistant", tool_calls: [call("call_a", "{\"city\":")] },
      result("call_a")
    ),
    "results in any order": conversation(calls("call_a", "call_b"), result("call_b"), result("call_a")),
    "custom calls and their results": conversation(
      { role: "assistant", tool_calls: [{ id: "call_a", type: "custom", custom: { name: "sql", input: "select 1" } }] },
      result("call_a")
    ),
    "reasoning on gpt-5.4 without tools": { model: "gpt-5.4", reasoning_effort: "high", messages: [user] },
    "fields that it does not know": request({ store: false, user: "u" })
  }
  for (const [title, body] of Object.entries(accepted)) {
    it.effect(`accepts ${title}`, () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* send(body)).status, 200)
      }))
  }
})

describe("OpenAiChatWire.render", () => {
  it.effect("asks for all missing calls at once and says so", () =>
    Effect.gen(function*() {
      const { body, entry } = yield* send(request())
      assert.deepInclude(body, { id: "chatcmpl-1", object: "chat.completion", model: "gpt-4.1" })
      assert.deepStrictEqual(body["choices"], [{
        index: 0,
        finish_reason: "tool_calls",
        logprobs: null,
        message: {
          role: "assistant",
          content: null,
          refusal: null,
          tool_calls: [call("call_1"), call("call_2", "{\"city\":\"Rome\"}")]
        }
      }])
      assert.deepStrictEqual(entry?.calls, ["call_1", "call_2"])
    }))

  it.effect("numbers calls and responses on from the conversation", () =>
    Effect.gen(function*() {
      const { body, entry } = yield* send({
        ...conversation(calls("call_1"), result("call_1")),
        parallel_tool_calls: false
      })
      assert.strictEqual(body["id"], "chatcmpl-2")
      assert.deepStrictEqual(entry?.calls, ["call_2"])
    }))

  it.effect("counts four characters of JSON as one token", () =>
    Effect.gen(function*() {
      const { body, entry } = yield* send(request({ tool_choice: "none" }))
      const input = Math.ceil((JSON.stringify([user]).length + JSON.stringify([tool()]).length) / 4)
      const output = Math.ceil(JSON.stringify({ role: "assistant", content: "I saw: ", refusal: null }).length / 4)
      assert.deepInclude(body["usage"], {
        prompt_tokens: input,
        completion_tokens: output,
        total_tokens: input + output
      })
      assert.deepInclude(entry, { inputTokens: input, outputTokens: output })
    }))
})

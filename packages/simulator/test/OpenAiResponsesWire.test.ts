import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import { continuedRules, rules } from "../src/OpenAiResponsesWire.ts"
import { post } from "./harness.ts"

const key = { authorization: "Bearer key" }

const send = (body: unknown, headers: Record<string, string> = key) => post("/v1/responses", headers, body)

const user = { role: "user", content: "How is the weather in Oslo and Rome?" }
const call = (id: string, more: object = {}) => ({
  type: "function_call",
  call_id: id,
  name: "weather",
  arguments: "{\"city\":\"Oslo\"}",
  ...more
})
const custom = (id: string) => ({ type: "custom_tool_call", call_id: id, name: "sql", input: "select 1" })
const output = (id: string | null, result: unknown = "3") => ({
  type: "function_call_output",
  call_id: id,
  output: result
})
const customOutput = (id: string) => ({ type: "custom_tool_call_output", call_id: id, output: "3" })
const reasoning = (n: number, more: object = {}) => ({
  type: "reasoning",
  id: `rs_${n}`,
  summary: [],
  encrypted_content: btoa(`sim:rs_${n}`),
  ...more
})
const said = (id: string) => ({
  type: "message",
  id,
  role: "assistant",
  content: [{ type: "output_text", text: "Hm." }]
})
const image = (type: string, length = 4) => ({
  type: "input_image",
  image_url: `data:${type};base64,${"A".repeat(length)}`
})
const tool = (more: object = {}) => ({ type: "function", name: "weather", ...more })
const request = (more: object = {}) => ({ model: "gpt-5.4", input: [user], tools: [tool()], ...more })
const input = (...items: ReadonlyArray<object>) => request({ input: [user, ...items] })
const city = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false
}
const strict = (parameters: object) => request({ tools: [tool({ strict: true, parameters })] })
const after = "fc_1_rs_1"
const format = (schema: object, strict: boolean) => ({
  text: { format: { type: "json_schema", name: "answer", schema, strict } }
})

interface Case {
  readonly row: string
  readonly title: string
  readonly bad: unknown
  readonly good: unknown
  readonly status?: number
  readonly code?: string
  readonly param?: string | null
  readonly says?: string
}

const cases: ReadonlyArray<Case> = [
  {
    row: "R1",
    title: "a call without an output",
    bad: input(call("call_a"), call("call_b"), output("call_a"), user),
    good: input(call("call_a"), call("call_b"), output("call_b"), user, output("call_a")),
    param: "input",
    says: "No tool output found for function call call_b."
  },
  {
    row: "R1",
    title: "a call of a custom tool with the output of a function",
    bad: input(custom("call_a"), output("call_a")),
    good: input(custom("call_a"), customOutput("call_a")),
    param: "input",
    says: "call_a"
  },
  {
    row: "R2",
    title: "an output of no call",
    bad: input(call("call_a"), output("call_a"), output("call_x")),
    good: input(call("call_a"), call("call_x"), output("call_a"), output("call_x")),
    param: "input",
    says: "No tool call found for function call output with call_id call_x."
  },
  {
    row: "R2",
    title: "an output before its call",
    bad: input(output("call_a"), call("call_a")),
    good: input(call("call_a"), output("call_a")),
    param: "input",
    says: "call_a"
  },
  {
    row: "R2",
    title: "a custom output of no call",
    bad: input(customOutput("call_a")),
    good: input(custom("call_a"), customOutput("call_a")),
    param: "input",
    says: "call_a"
  },
  {
    row: "2c",
    title: "an image of a type that it does not know",
    bad: input(call("call_a"), output("call_a", [image("application/pdf")])),
    good: input(call("call_a"), output("call_a", [image("image/png")])),
    code: "invalid_value",
    param: "input[2].output[0].image_url",
    says: "but got unsupported MIME type 'application/pdf'"
  },
  {
    row: "2c",
    title: "an image that is too large",
    bad: input(call("call_a"), output("call_a", [image("image/png", 20_971_520)])),
    good: input(call("call_a"), output("call_a", [image("image/png")])),
    code: "string_above_max_length",
    param: "input[2].output[0].image_url"
  },
  {
    row: "2c",
    title: "a file that is no data URL",
    bad: input(call("call_a"), output("call_a", [{ type: "input_file", filename: "r.pdf", file_data: "AAAA" }])),
    good: input(
      call("call_a"),
      output("call_a", [{ type: "input_file", filename: "r.pdf", file_data: "data:application/pdf;base64,AAAA" }])
    ),
    code: "invalid_value",
    param: "input[2].output[0].file_data"
  },
  {
    row: "schema",
    title: "a part in an output that only a model writes",
    bad: input(call("call_a"), output("call_a", [{ type: "output_text", text: "3" }])),
    good: input(call("call_a"), output("call_a", [{ type: "input_text", text: "3" }])),
    code: "invalid_type"
  },
  {
    row: "R3",
    title: "a call without the reasoning before it",
    bad: input(call("call_a", { id: after }), output("call_a")),
    good: input(reasoning(1), call("call_a", { id: after }), output("call_a")),
    param: "input",
    says: "Item 'fc_1_rs_1' of type 'function_call' was provided without its required 'reasoning' item: 'rs_1'."
  },
  {
    row: "R3",
    title: "an answer without the reasoning before it",
    bad: input(said("msg_1_rs_1"), reasoning(1), said("msg_2")),
    good: input(reasoning(1), said("msg_1_rs_1")),
    param: "input",
    says: "'message'"
  },
  {
    row: "R4",
    title: "reasoning that nothing follows",
    bad: input(reasoning(1)),
    good: input(reasoning(1), said("msg_1")),
    param: "input",
    says: "Item 'rs_1' of type 'reasoning' was provided without its required following item."
  },
  {
    row: "R4",
    title: "reasoning that a user follows",
    bad: input(reasoning(1), user),
    good: input(reasoning(1), said("msg_1"), user),
    param: "input",
    says: "rs_1"
  },
  {
    row: "R4",
    title: "reasoning whose calls were left out, before other reasoning",
    bad: input(reasoning(1), reasoning(2), call("call_b", { id: "fc_2_rs_2" }), output("call_b")),
    good: input(reasoning(2), call("call_b", { id: "fc_2_rs_2" }), output("call_b")),
    param: "input",
    says: "rs_1"
  },
  {
    row: "R5",
    title: "an item that stands there twice",
    bad: input(said("msg_1"), user, said("msg_1")),
    good: input(said("msg_1"), user, said("msg_2")),
    param: "input",
    says: "Duplicate item found with id msg_1."
  },
  {
    row: "R6",
    title: "the call_id in place of the id",
    bad: input(call("call_a", { id: "call_a" }), output("call_a")),
    good: input(call("call_a", { id: "fc_a" }), output("call_a")),
    code: "invalid_value",
    param: "input[1].id",
    says: "Invalid 'input[1].id': 'call_a'. Expected an ID that begins with 'fc'."
  },
  {
    row: "R6",
    title: "the id of another kind of item",
    bad: input(said("item_1")),
    good: input(said("msg_1")),
    code: "invalid_value",
    says: "'msg'"
  },
  {
    row: "R6",
    title: "an id of other characters",
    bad: input(said("msg:1")),
    good: input(said("msg-1")),
    code: "invalid_value",
    param: "input[1].id"
  },
  {
    row: "R6",
    title: "an id of more than 64 characters",
    bad: input(said(`msg_${"i".repeat(61)}`)),
    good: input(said(`msg_${"i".repeat(60)}`)),
    code: "string_above_max_length",
    param: "input[1].id"
  },
  {
    row: "R7",
    title: "a call_id of more than 64 characters",
    bad: input(call("i".repeat(65)), output("i".repeat(65))),
    good: input(call("i".repeat(64)), output("i".repeat(64))),
    code: "string_above_max_length",
    param: "input[1].call_id",
    says: "Expected a string with maximum length 64, but got a string with length 65 instead."
  },
  {
    row: "R7",
    title: "an empty call_id",
    bad: input(call(""), output("")),
    good: input(call("a"), output("a")),
    code: "empty_string",
    param: "input[1].call_id"
  },
  {
    row: "R8",
    title: "a previous response that is not kept",
    bad: request({ previous_response_id: "resp_1" }),
    good: request({ previous_response_id: null }),
    code: "previous_response_not_found",
    param: "previous_response_id",
    says: "Previous response with id 'resp_1' not found."
  },
  {
    row: "R9",
    title: "reasoning that somebody else encrypted",
    bad: input(reasoning(1, { encrypted_content: "gAAA" }), said("msg_1")),
    good: input(reasoning(1), said("msg_1")),
    code: "invalid_encrypted_content",
    param: null,
    says: "The encrypted content for item rs_1 could not be verified."
  },
  {
    row: "R10",
    title: "reasoning by its id alone",
    bad: input(reasoning(1, { encrypted_content: null }), said("msg_1")),
    good: input(reasoning(1), said("msg_1")),
    status: 404,
    says: "rs_1"
  },
  {
    row: "R10",
    title: "an item by its id alone",
    bad: input({ type: "item_reference", id: "msg_1" }),
    good: input(said("msg_1")),
    status: 404,
    says: "msg_1"
  },
  {
    row: "R11",
    title: "a tool in the shape of chat completions",
    bad: request({ tools: [{ type: "function", function: { name: "weather" } }] }),
    good: request(),
    code: "missing_required_parameter",
    param: "tools[0].name",
    says: "Missing required parameter: 'tools[0].name'."
  },
  {
    row: "R11",
    title: "messages in place of input",
    bad: { model: "gpt-5.4", messages: [user] },
    good: { model: "gpt-5.4", input: [user] },
    code: "missing_required_parameter",
    param: "input"
  },
  {
    row: "R11",
    title: "a call without a call_id",
    bad: input({ ...call("call_a"), call_id: undefined }),
    good: input(call("call_a"), output("call_a")),
    code: "missing_required_parameter",
    param: "input[1].call_id"
  },
  {
    row: "R12",
    title: "a strict schema that is open",
    bad: strict({ ...city, properties: { city: { ...city, additionalProperties: true } } }),
    good: strict({ ...city, properties: { city } }),
    code: "invalid_function_parameters",
    param: "tools[0].parameters",
    says: "In context=('properties', 'city'), 'additionalProperties' is required"
  },
  {
    row: "R12",
    title: "a strict format of the answer that is open",
    bad: request(format({ ...city, additionalProperties: true }, true)),
    good: request(format({ ...city, additionalProperties: true }, false)),
    param: "text.format.schema",
    says: "In context=(), 'additionalProperties' is required"
  },
  {
    row: "R12",
    title: "a strict schema with an optional property",
    bad: strict({ ...city, required: [] }),
    good: request({ tools: [tool({ parameters: { ...city, required: [] } })] }),
    code: "invalid_function_parameters",
    says: "'city'"
  },
  {
    row: "R12",
    title: "a strict schema with an untyped property",
    bad: strict({ ...city, properties: { city: {} } }),
    good: strict(city),
    code: "invalid_function_parameters"
  },
  {
    row: "R12",
    title: "a strict schema with allOf",
    bad: strict({ ...city, properties: { city: { type: "object", allOf: [city] } } }),
    good: strict({ ...city, properties: { city: { anyOf: [city, { type: "null" }] } } }),
    code: "invalid_function_parameters"
  },
  {
    row: "R13",
    title: "more than the model's context",
    bad: request({ input: "a".repeat(600_000) }),
    good: request({ input: "a".repeat(600_000), truncation: "auto" }),
    code: "context_length_exceeded"
  },
  {
    row: "2a",
    title: "a function name with a dot",
    bad: request({ tools: [tool(), tool({ name: "get.weather" })] }),
    good: request({ tools: [tool(), tool({ name: "get_weather-1" })] }),
    code: "invalid_value",
    param: "tools[1].name"
  },
  {
    row: "2a",
    title: "parameters that are no object",
    bad: request({ tools: [tool({ parameters: { type: "string" } })] }),
    good: request({ tools: [tool({ parameters: null })] }),
    code: "invalid_function_parameters"
  },
  {
    row: "2e",
    title: "a forced function that is not listed",
    bad: request({ tool_choice: { type: "function", name: "traffic" } }),
    good: request({ tool_choice: { type: "function", name: "weather" } }),
    param: "tool_choice"
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
    bad: input(call("call_a", { arguments: { city: "Oslo" } }), output("call_a")),
    good: input(call("call_a"), output("call_a")),
    code: "invalid_type",
    param: "input[1].arguments"
  },
  { row: "JSON", title: "a body that is no JSON", bad: "{", good: request() }
]

describe("OpenAiResponsesWire.check", () => {
  for (const { bad, code, good, param, row, says = "", status = 400, title } of cases) {
    it.effect(`${row} rejects ${title}`, () =>
      Effect.gen(function*() {
        const refused = yield* send(bad)
        assert.deepInclude(refused.entry, { wire: "openai-responses", row, status, calls: [] })
        assert.strictEqual(refused.status, status)
        assert.hasAllKeys(refused.body, ["error"])
        const error = refused.body["error"]
        assert.hasAllKeys(error, ["message", "type", "param", "code"])
        assert.deepInclude(error, { type: "invalid_request_error", code: code ?? null })
        if (param !== undefined) assert.deepInclude(error, { param })
        assert.include(JSON.stringify(error).replaceAll("\\\"", "\""), says)
        assert.strictEqual((yield* send(good)).status, 200)
        if (typeof bad === "object" && row !== "stream") {
          const { body, entry } = yield* send({ ...bad, stream: true })
          assert.deepStrictEqual([body, entry?.row, entry?.streamed], [refused.body, row, false])
        }
      }))
  }

  it("has a case for every row", () => {
    const tried = cases.map(({ row }) => row)
    const rows = [...continuedRules, ...rules].map(({ row }) => row)
    assert.deepStrictEqual(rows.filter((row) => !tried.includes(row)), [])
  })

  it.effect.each([["no key", {}], ["a wrong key", { authorization: "Bearer invalid" }]] as const)(
    "answers 401 to %s, before it looks at the body",
    ([, headers]) =>
      Effect.gen(function*() {
        const { body, status } = yield* send("{", headers)
        assert.strictEqual(status, 401)
        assert.deepInclude(body["error"], { code: "invalid_api_key", type: "invalid_request_error" })
      })
  )

  const accepted = {
    "a text alone": request({ input: "Go." }),
    "outputs in any order, and other items between": input(
      call("call_a"),
      call("call_b"),
      user,
      output("call_b"),
      said("msg_1"),
      output("call_a", [{ type: "input_text", text: "3" }, image("image/png")])
    ),
    "an output without a call_id": input(output(null)),
    "a call that runs beside the conversation": input(call("call_a", { async: true })),
    "a history of calls without tools": { model: "gpt-5.4", input: [user, call("call_a"), output("call_a")] },
    "two calls after one reasoning": input(
      reasoning(1),
      call("call_a", { id: "fc_1_rs_1" }),
      call("call_b", { id: "fc_2_rs_1" }),
      output("call_a"),
      output("call_b")
    ),
    "items without ids after reasoning": input(reasoning(1), call("call_a"), output("call_a")),
    "older reasoning left out together with the ids of what followed it": input(call("call_a"), output("call_a")),
    "tools and items of OpenAI's own": request({
      tools: [tool(), { type: "web_search" }],
      input: [user, { type: "web_search_call", id: "ws_1", status: "completed" }]
    }),
    "fields that it does not know": request({ store: false, include: ["reasoning.encrypted_content"], user: "u" })
  }
  for (const [title, body] of Object.entries(accepted)) {
    it.effect(`accepts ${title}`, () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* send(body)).status, 200)
      }))
  }
})

describe("OpenAiResponsesWire.render", () => {
  const asked = (n: number, name: string, id = `fc_${n}`) => ({
    type: "function_call",
    id,
    call_id: `call_${n}`,
    name: "weather",
    arguments: JSON.stringify({ city: name }),
    status: "completed"
  })

  it.effect("asks for all missing calls at once, in a response that is completed", () =>
    Effect.gen(function*() {
      const { body, entry } = yield* send(request())
      assert.deepInclude(body, { id: "resp_1", object: "response", status: "completed", model: "gpt-5.4" })
      assert.deepStrictEqual(body["output"], [asked(1, "Oslo"), asked(2, "Rome")])
      assert.deepStrictEqual(entry?.calls, ["call_1", "call_2"])
    }))

  it.effect("numbers calls on from the conversation", () =>
    Effect.gen(function*() {
      const more = { ...input(call("call_1"), output("call_1")), parallel_tool_calls: false }
      const { body, entry } = yield* send(more)
      assert.deepInclude(body, { parallel_tool_calls: false })
      assert.deepStrictEqual(body["output"], [asked(2, "Rome")])
      assert.deepStrictEqual(entry?.calls, ["call_2"])
    }))

  it.effect("answers in a message, and repeats the text of outputs", () =>
    Effect.gen(function*() {
      const parts = [{ type: "input_text", text: "2" }, { type: "input_text", text: "1" }]
      const rome = call("call_b", { arguments: "{\"city\":\"Rome\"}" })
      const { body } = yield* send(input(call("call_a"), rome, output("call_b", parts), output("call_a")))
      assert.deepStrictEqual(body["output"], [{
        type: "message",
        id: "msg_1",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: "I saw: 3, 21", annotations: [], logprobs: [] }]
      }])
    }))

  it.effect("puts reasoning before the calls where it is asked for, and knows it again", () =>
    Effect.gen(function*() {
      const reasons = { reasoning: { effort: "low" } }
      const first = yield* send(request(reasons))
      const turn: ReadonlyArray<Schema.Json> = [
        reasoning(1),
        asked(1, "Oslo", "fc_1_rs_1"),
        asked(2, "Rome", "fc_2_rs_1")
      ]
      assert.deepStrictEqual<unknown>(first.body["output"], turn)
      const outputs = [output("call_1"), output("call_2")]
      const second = yield* send(request({ ...reasons, input: [user, ...turn, ...outputs] }))
      assert.strictEqual(second.status, 200)
      assert.match(JSON.stringify(second.body["output"]), /"rs_2".*"msg_1_rs_2"/)
      const without = yield* send(request({ ...reasons, input: [user, ...turn.slice(1), ...outputs] }))
      assert.strictEqual(without.entry?.row, "R3")
      const alone = yield* send(request({ ...reasons, input: [user, ...turn.slice(0, 1)] }))
      assert.strictEqual(alone.entry?.row, "R4")
    }))

  it.effect("does not reason with no effort, and sums its reasoning up where that is asked for", () =>
    Effect.gen(function*() {
      const none = yield* send(request({ reasoning: { effort: "none" } }))
      assert.deepStrictEqual(none.body["output"], [asked(1, "Oslo"), asked(2, "Rome")])
      const { body } = yield* send(request({ reasoning: { summary: "auto" } }))
      assert.include(
        JSON.stringify(body["output"]),
        "{\"type\":\"summary_text\",\"text\":\"I need weather, weather.\"}"
      )
    }))

  it.effect("counts four characters of JSON as one token", () =>
    Effect.gen(function*() {
      const { body, entry } = yield* send(request({ tool_choice: "none", instructions: "Be brief." }))
      const count = (...parts: ReadonlyArray<unknown>) =>
        Math.ceil(parts.reduce<number>((sum, part) => sum + JSON.stringify(part).length, 0) / 4)
      const inputTokens = count([user], "Be brief.", [tool()])
      const outputTokens = count(body["output"])
      assert.deepInclude(body["usage"], {
        input_tokens: inputTokens,
        output_tokens: outputTokens,
        total_tokens: inputTokens + outputTokens
      })
      assert.deepInclude(entry, { inputTokens, outputTokens })
    }))
})

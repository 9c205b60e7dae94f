import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { post } from "./harness.ts"

const headers = { "anthropic-version": "2026-10-21", authorization: "Bearer key" }
const older = { "anthropic-version": "2023-06-01", "x-api-key": "key" }

const send = (body: unknown, sent: Record<string, string> = headers) => post("/v1/messages", sent, body)

const user = { role: "user", content: "How is the weather in Oslo and Rome?" }
const text = (text: string) => ({ type: "text", text })
const use = (id: string) => ({ type: "tool_use", id, name: "weather", input: { city: "Oslo" } })
const uses = (...ids: ReadonlyArray<string>) => ({ role: "assistant", content: ids.map(use) })
const result = (id: string, more: object = {}) => ({ type: "tool_result", tool_use_id: id, content: "3", ...more })
const said = (...content: ReadonlyArray<object>) => ({ role: "user", content })
const results = (...ids: ReadonlyArray<string>) => said(...ids.map((id) => result(id)))
const tool = (more: object = {}) => ({ name: "weather", input_schema: { type: "object", properties: {} }, ...more })
const request = (more: object = {}) => ({
  model: "claude-opus-4-6",
  max_tokens: 1024,
  messages: [user],
  tools: [tool()],
  ...more
})
const conversation = (...messages: ReadonlyArray<object>) => request({ messages: [user, ...messages] })
const report = { type: "document", source: { type: "text", media_type: "text/plain", data: "Fine." }, title: "r.txt" }
const image = { type: "image", source: { type: "base64", media_type: "image/png", data: "aaaa" } }
const sized = (length: number) => ({ ...image, source: { ...image.source, data: "a".repeat(length) } })
const enabled = { thinking: { type: "enabled", budget_tokens: 1024 } }
const adaptive = { thinking: { type: "adaptive" } }
const marked = (count: number) =>
  conversation(said(...Array.from({ length: count }, () => ({ ...text("Hm."), cache_control: { type: "ephemeral" } }))))

interface Case {
  readonly row: string
  readonly title: string
  readonly bad: unknown
  readonly good: unknown
  readonly status?: number
  readonly type?: string
  readonly says?: ReadonlyArray<string>
}

const cases: ReadonlyArray<Case> = [
  {
    row: "A1",
    title: "a turn whose calls are not answered",
    bad: conversation(uses("toolu_a", "toolu_b", "toolu_c"), results("toolu_b")),
    good: conversation(uses("toolu_a", "toolu_b", "toolu_c"), results("toolu_c", "toolu_b", "toolu_a")),
    says: [
      "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_a, toolu_c. "
      + "Each `tool_use` block must have a corresponding `tool_result` block in the next message."
    ]
  },
  {
    row: "A1",
    title: "a message between a call and its result",
    bad: conversation(uses("toolu_a"), user, results("toolu_a")),
    good: conversation(uses("toolu_a"), results("toolu_a"), user),
    says: ["toolu_a"]
  },
  {
    row: "A1",
    title: "results that are split over two messages",
    bad: conversation(uses("toolu_a", "toolu_b"), results("toolu_a"), results("toolu_b")),
    good: conversation(uses("toolu_a", "toolu_b"), results("toolu_a", "toolu_b")),
    says: ["toolu_b"]
  },
  {
    row: "A2",
    title: "a result of a call that the turn did not make",
    bad: conversation(uses("toolu_a"), results("toolu_a", "toolu_x")),
    good: conversation(uses("toolu_a", "toolu_x"), results("toolu_a", "toolu_x")),
    says: ["messages.2.content.1: unexpected `tool_use_id` found in `tool_result` blocks: toolu_x."]
  },
  {
    row: "A3",
    title: "one id for two calls of the conversation",
    bad: conversation(uses("toolu_a"), results("toolu_a"), uses("toolu_a"), results("toolu_a")),
    good: conversation(uses("toolu_a"), results("toolu_a"), uses("toolu_b"), results("toolu_b")),
    says: ["messages.3.content.0: `tool_use` ids must be unique"]
  },
  {
    row: "A4",
    title: "two results of one call",
    bad: conversation(uses("toolu_a"), results("toolu_a", "toolu_a")),
    good: conversation(uses("toolu_a"), results("toolu_a")),
    says: ["Found multiple `tool_result` blocks with id: toolu_a"]
  },
  {
    row: "A5",
    title: "text before a result",
    bad: conversation(uses("toolu_a"), said(text("Here:"), result("toolu_a"))),
    good: conversation(uses("toolu_a"), said(result("toolu_a"), text("There.")))
  },
  {
    row: "A6",
    title: "a document in a result that is an error",
    bad: conversation(uses("toolu_a"), said(result("toolu_a", { content: [report], is_error: true }))),
    good: conversation(uses("toolu_a"), said(result("toolu_a", { content: [report], is_error: false })))
  },
  {
    row: "3c",
    title: "an image of more than 5 MB in a result",
    bad: conversation(uses("toolu_a"), said(result("toolu_a", { content: [sized(5_242_884)] }))),
    good: conversation(uses("toolu_a"), said(result("toolu_a", { content: [image] }))),
    says: ["messages.2.content.0.tool_result.content.0.image.source.base64: image exceeds 5 MB maximum"]
  },
  {
    row: "A24",
    title: "an image of a type that it does not know",
    bad: conversation(
      uses("toolu_a"),
      said(result("toolu_a", { content: [{ ...image, source: { ...image.source, media_type: "image/svg+xml" } }] }))
    ),
    good: conversation(uses("toolu_a"), said(result("toolu_a", { content: [image] })))
  },
  {
    row: "A24",
    title: "an image whose data are no base64",
    bad: conversation(
      uses("toolu_a"),
      said(result("toolu_a", { content: [{ ...image, source: { ...image.source, data: "data:,x" } }] }))
    ),
    good: conversation(uses("toolu_a"), said(result("toolu_a", { content: [image] })))
  },
  {
    row: "A6",
    title: "an image in a result that is an error",
    bad: conversation(uses("toolu_a"), said(result("toolu_a", { content: [image], is_error: true }))),
    good: conversation(uses("toolu_a"), said(result("toolu_a", { content: [image] }))),
    says: ["messages.2.content.0.tool_result: all content must be type `text` if `is_error` is true"]
  },
  {
    row: "A7",
    title: "a call in a user message",
    bad: conversation(said(use("toolu_a"))),
    good: conversation(uses("toolu_a"), results("toolu_a")),
    says: ["messages.1: `tool_use` blocks can only be in `assistant` messages"]
  },
  {
    row: "A7",
    title: "a result in an assistant message",
    bad: conversation({ role: "assistant", content: [result("toolu_a")] }),
    good: conversation(uses("toolu_a"), results("toolu_a")),
    says: ["messages.1: `tool_result` blocks can only be in `user` messages"]
  },
  {
    row: "A8",
    title: "a tool name with a dot",
    bad: request({ tools: [tool({ name: "get.weather" })] }),
    good: request({ tools: [tool({ name: "n".repeat(128) })] }),
    says: ["tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"]
  },
  {
    row: "A9",
    title: "two tools of one name",
    bad: request({ tools: [tool(), tool()] }),
    good: request({ tools: [tool(), tool({ name: "traffic" })] }),
    says: ["tools: Tool names must be unique."]
  },
  {
    row: "A10",
    title: "a call id with a dot",
    bad: conversation(uses("toolu.a"), results("toolu.a")),
    good: conversation(uses("toolu-a_1"), results("toolu-a_1")),
    says: ["messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"]
  },
  {
    row: "A11",
    title: "an empty text block",
    bad: conversation(said(text(""))),
    good: conversation(said(text("Hm."))),
    says: ["messages: text content blocks must be non-empty"]
  },
  {
    row: "A12",
    title: "an empty message in the middle",
    bad: conversation({ role: "assistant", content: [] }, user),
    good: conversation({ role: "assistant", content: "Hm." }, user),
    says: ["messages.1"]
  },
  {
    row: "A13",
    title: "a tool choice without tools",
    bad: request({ tools: undefined, tool_choice: { type: "none" } }),
    good: request({ tool_choice: { type: "none" } })
  },
  {
    row: "A14",
    title: "a forced tool that is not listed",
    bad: request({ tool_choice: { type: "tool", name: "traffic" } }),
    good: request({ tool_choice: { type: "tool", name: "weather" } }),
    says: ["Tool 'traffic' not found in provided tools"]
  },
  {
    row: "A15",
    title: "forced tools while thinking",
    bad: request({ ...adaptive, tool_choice: { type: "any" } }),
    good: request({ ...adaptive, tool_choice: { type: "auto" } }),
    says: ["Thinking may not be enabled when tool_choice forces tool use."]
  },
  {
    row: "A16",
    title: "forced tools on the newest models",
    bad: request({ model: "claude-opus-5-5", tool_choice: { type: "any" } }),
    good: request({ model: "claude-opus-5", tool_choice: { type: "any" } })
  },
  {
    row: "A17",
    title: "a turn without its thinking while extended thinking is on",
    bad: { ...conversation(uses("toolu_a"), results("toolu_a")), ...enabled },
    good: conversation(uses("toolu_a"), results("toolu_a")),
    says: ["messages.1.content.0.type", "but found `tool_use`"]
  },
  {
    row: "A18",
    title: "a turn of its own without its thinking while thinking is adaptive",
    bad: { ...conversation(uses("toolu_1"), results("toolu_1")), ...adaptive },
    good: { ...conversation(uses("toolu_a"), results("toolu_a")), ...adaptive }
  },
  {
    row: "A19",
    title: "a signature that it never wrote",
    bad: conversation({
      role: "assistant",
      content: [{ type: "thinking", thinking: "", signature: "Eo8" }, text("Hm.")]
    }, user),
    good: conversation({ role: "assistant", content: [{ type: "redacted_thinking", data: "Eo8" }, text("Hm.")] }, user)
  },
  {
    row: "A21",
    title: "extended thinking on models that only think adaptively",
    bad: request({ model: "claude-sonnet-5", ...enabled }),
    good: request({ model: "claude-sonnet-5", ...adaptive })
  },
  {
    row: "A21",
    title: "adaptive thinking on models that only think extendedly",
    bad: request({ model: "claude-haiku-4-5", ...adaptive }),
    good: request({ model: "claude-haiku-4-5", ...enabled })
  },
  {
    row: "A21",
    title: "thinking off on models that always think",
    bad: request({ model: "claude-opus-5-5", thinking: { type: "disabled" } }),
    good: request({ model: "claude-opus-4-6", thinking: { type: "disabled" } })
  },
  {
    row: "A22",
    title: "a conversation that ends with the assistant",
    bad: conversation({ role: "assistant", content: "It is" }),
    good: { ...conversation({ role: "assistant", content: "It is" }), model: "claude-haiku-4-5" },
    says: ["This model does not support assistant message prefill. The conversation must end with a user message."]
  },
  {
    row: "A23",
    title: "a strict schema that is open",
    bad: request({ tools: [tool({ strict: true })] }),
    good: request({ tools: [tool({ strict: true, input_schema: { type: "object", additionalProperties: false } })] }),
    says: ["For 'object' type, 'additionalProperties' must be explicitly set to false"]
  },
  {
    row: "A23",
    title: "a format of the answer that is open",
    bad: request({ output_config: { format: { type: "json_schema", schema: { type: "object" } } } }),
    good: request({
      output_config: { format: { type: "json_schema", schema: { type: "object", additionalProperties: false } } }
    }),
    says: ["output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false"]
  },
  {
    row: "A24",
    title: "a tool without a name",
    bad: request({ tools: [{ input_schema: { type: "object" } }] }),
    good: request(),
    says: ["tools.0.custom.name: Field required"]
  },
  {
    row: "A24",
    title: "a request without max_tokens",
    bad: request({ max_tokens: undefined }),
    good: request(),
    says: ["max_tokens: Field required"]
  },
  {
    row: "A24",
    title: "a field that it does not know",
    bad: request({ parallel_tool_calls: false }),
    good: request({ tool_choice: { type: "auto", disable_parallel_tool_use: true } }),
    says: ["parallel_tool_calls: Extra inputs are not permitted"]
  },
  {
    row: "A24",
    title: "a result with a field too many",
    bad: conversation(uses("toolu_a"), said(result("toolu_a", { name: "weather" }))),
    good: conversation(uses("toolu_a"), said(result("toolu_a", { cache_control: { type: "ephemeral" } }))),
    says: ["messages.2.content.0.tool_result.name: Extra inputs are not permitted"]
  },
  {
    row: "A24",
    title: "a result that is an object",
    bad: conversation(uses("toolu_a"), said(result("toolu_a", { content: { degrees: 3 } }))),
    good: conversation(uses("toolu_a"), said(result("toolu_a", { content: [text("3")] })))
  },
  {
    row: "A24",
    title: "arguments that are text",
    bad: conversation({ role: "assistant", content: [{ ...use("toolu_a"), input: "{}" }] }, results("toolu_a")),
    good: conversation(uses("toolu_a"), results("toolu_a"))
  },
  {
    row: "A24",
    title: "a role other than user and assistant",
    bad: conversation({ role: "tool", content: "3" }),
    good: conversation(user),
    says: ["messages.1.role"]
  },
  { row: "A24", title: "no messages", bad: request({ messages: [] }), good: request() },
  {
    row: "A26",
    title: "sampling parameters",
    bad: request({ temperature: 1 }),
    good: request()
  },
  {
    row: "A27",
    title: "more than four cache marks",
    bad: marked(5),
    good: marked(4),
    says: ["A maximum of 4 blocks with cache_control may be provided. Found 5."]
  },
  {
    row: "A28",
    title: "more output than the model has",
    bad: request({ max_tokens: 128_001 }),
    good: request({ max_tokens: 128_000 }),
    says: ["max_tokens: 128001 > 128000"]
  },
  {
    row: "A29",
    title: "a prompt that is too long",
    bad: request({ messages: [{ role: "user", content: "a".repeat(800_000) }] }),
    good: request({ messages: [{ role: "user", content: "a".repeat(790_000) }] }),
    says: ["prompt is too long"]
  },
  {
    row: "3.0",
    title: "a document in an assistant message",
    bad: conversation({ role: "assistant", content: [report] }, user),
    good: conversation(said(report))
  },
  {
    row: "404",
    title: "a model that does not exist",
    bad: request({ model: "no-such-model" }),
    good: request(),
    status: 404,
    type: "not_found_error"
  },
  { row: "JSON", title: "a body that is no JSON", bad: "{", good: request() }
]

describe("AnthropicMessagesWire.check", () => {
  for (const { bad, good, row, says = [], status = 400, title, type = "invalid_request_error" } of cases) {
    it.effect(`${row} rejects ${title}`, () =>
      Effect.gen(function*() {
        const refused = yield* send(bad)
        assert.deepInclude(refused.entry, { row, status, calls: [] })
        assert.strictEqual(refused.status, status)
        assert.deepInclude(refused.body, { type: "error", request_id: "req_1" })
        const error = refused.body["error"]
        assert.hasAllKeys(error, ["message", "type"])
        assert.deepInclude(error, { type })
        for (const text of says) assert.include(JSON.stringify(error), text)
        assert.strictEqual((yield* send(good)).status, 200)
        if (typeof bad === "object") {
          const { body, entry } = yield* send({ ...bad, stream: true })
          assert.deepStrictEqual([body, entry?.row, entry?.streamed], [refused.body, row, false])
        }
      }))
  }

  const keys: ReadonlyArray<readonly [string, Record<string, string>]> = [
    ["no key", {}],
    ["an empty key", { "x-api-key": "" }],
    ["a wrong bearer key", { authorization: "Bearer invalid" }],
    ["a wrong key", { "x-api-key": "invalid" }]
  ]
  for (const [title, sent] of keys) {
    it.effect(`answers 401 to ${title}, before it looks at the body`, () =>
      Effect.gen(function*() {
        const { body, status } = yield* send("{", sent)
        assert.strictEqual(status, 401)
        assert.deepInclude(body["error"], { type: "authentication_error" })
      }))
  }

  it.effect("A25 rejects a request without a version", () =>
    Effect.gen(function*() {
      const { body, entry, status } = yield* send(request(), { authorization: "Bearer key" })
      assert.strictEqual(status, 400)
      assert.strictEqual(entry?.row, "A25")
      assert.deepInclude(body["error"], { message: "anthropic-version: header is required" })
    }))

  it.effect("takes sampling parameters and x-api-key in the older version", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* send(request({ temperature: 1, top_p: 1, top_k: 5 }), older)).status, 200)
    }))

  it.effect("answers 404 to a path that it does not know", () =>
    Effect.gen(function*() {
      const { body, status } = yield* post("/v1/complete", headers, request())
      assert.strictEqual(status, 404)
      assert.deepInclude(body["error"], { type: "not_found_error" })
    }))

  const accepted = {
    "text after results": conversation(uses("toolu_a"), said(result("toolu_a"), text("Go on."))),
    "a result without content": conversation(uses("toolu_a"), said({ type: "tool_result", tool_use_id: "toolu_a" })),
    "results in any order": conversation(uses("toolu_a", "toolu_b"), results("toolu_b", "toolu_a")),
    "names in the history that are no tools any more": {
      ...conversation(uses("toolu_a"), results("toolu_a")),
      tools: [tool({ name: "traffic" })]
    },
    "calls before text": conversation(
      { role: "assistant", content: [text("Let me see."), use("toolu_a"), text("And then?")] },
      results("toolu_a")
    ),
    "an error in text": conversation(uses("toolu_a"), said(result("toolu_a", { is_error: true }))),
    "an empty message at the end": {
      ...conversation({ role: "assistant", content: [] }),
      model: "claude-haiku-4-5"
    }
  }
  for (const [title, body] of Object.entries(accepted)) {
    it.effect(`accepts ${title}`, () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* send(body)).status, 200)
      }))
  }
})

describe("AnthropicMessagesWire thinking", () => {
  const played = Effect.fnUntraced(function*(model: string, thinking: object) {
    const asked = { ...request({ model }), ...thinking }
    const { body } = yield* send(asked)
    const content = Array.isArray(body["content"]) ? body["content"] : []
    return { asked, content, thought: content[0], calls: content.slice(1) }
  })
  const followUp = (asked: object, content: unknown, more: object = {}) => ({
    ...asked,
    messages: [user, { role: "assistant", content }, results("toolu_1", "toolu_2")],
    ...more
  })

  for (const [model, thinking] of [["claude-opus-4-6", enabled], ["claude-opus-5-5", adaptive]] as const) {
    it.effect(`comes first on ${model} and is taken back unchanged`, () =>
      Effect.gen(function*() {
        const { asked, content, thought } = yield* played(model, thinking)
        assert.deepInclude(thought, { type: "thinking" })
        assert.strictEqual((yield* send(followUp(asked, content))).status, 200)
      }))

    it.effect(`A18 may not be edited on ${model}`, () =>
      Effect.gen(function*() {
        const { asked, calls, thought } = yield* played(model, thinking)
        const edited = [{ ...Object(thought), thinking: "Something else." }, ...calls]
        const { entry, status } = yield* send(followUp(asked, edited))
        assert.deepStrictEqual([entry?.row, status], ["A18", 400])
      }))
  }

  it.effect("A18 may not be dropped while thinking is adaptive", () =>
    Effect.gen(function*() {
      const { asked, calls } = yield* played("claude-opus-5-5", adaptive)
      const { entry, status } = yield* send(followUp(asked, calls))
      assert.deepStrictEqual([entry?.row, status], ["A18", 400])
    }))

  it.effect("A20 is bound to what stands before it, on the newest models", () =>
    Effect.gen(function*() {
      for (const [model, expected] of [["claude-opus-5-5", 400], ["claude-opus-4-6", 200]] as const) {
        const { asked, content } = yield* played(model, adaptive)
        const { status } = yield* send(followUp(asked, content, { system: "Be brief." }))
        assert.strictEqual(status, expected)
      }
    }))

  it.effect("may be left out of older turns, and cache marks may move", () =>
    Effect.gen(function*() {
      const { asked, calls, content } = yield* played("claude-opus-5-5", adaptive)
      const asAnswered = followUp(asked, content)
      const { body } = yield* send(asAnswered)
      const messages = [
        user,
        { role: "assistant", content: calls },
        said(result("toolu_1", { cache_control: { type: "ephemeral" } }), result("toolu_2")),
        { role: "assistant", content: body["content"] },
        user
      ]
      assert.strictEqual((yield* send({ ...asAnswered, messages })).status, 200)
    }))
})

describe("AnthropicMessagesWire.render", () => {
  it.effect("asks for all missing calls at once and says so", () =>
    Effect.gen(function*() {
      const { body, entry } = yield* send(request())
      assert.deepInclude(body, { id: "msg_1", type: "message", role: "assistant", stop_reason: "tool_use" })
      assert.deepStrictEqual(body["content"], [
        { type: "tool_use", id: "toolu_1", name: "weather", input: { city: "Oslo" }, caller: { type: "direct" } },
        { type: "tool_use", id: "toolu_2", name: "weather", input: { city: "Rome" }, caller: { type: "direct" } }
      ])
      assert.deepStrictEqual(entry?.calls, ["toolu_1", "toolu_2"])
    }))

  it.effect("numbers calls on from the conversation", () =>
    Effect.gen(function*() {
      const { entry } = yield* send({
        ...conversation(uses("toolu_1"), results("toolu_1")),
        tool_choice: { type: "auto", disable_parallel_tool_use: true }
      })
      assert.deepStrictEqual(entry?.calls, ["toolu_2"])
    }))

  it.effect("counts four characters of JSON as one token", () =>
    Effect.gen(function*() {
      const { body } = yield* send(request({ system: "Be brief.", tool_choice: { type: "none" } }))
      const input = [[user], "Be brief.", [tool()]].reduce<number>((sum, part) => sum + JSON.stringify(part).length, 0)
      const output = JSON.stringify({
        role: "assistant",
        content: [{ type: "text", text: "I saw: ", citations: null }]
      }).length
      assert.deepInclude(body["usage"], {
        input_tokens: Math.ceil(input / 4),
        output_tokens: Math.ceil(output / 4)
      })
    }))
})

import { assert, describe, it } from "@effect/vitest"
import { Batch } from "@volley/core"
import * as OpenAiChat from "@volley/openai/OpenAiChat"
import * as OpenAiChatWire from "@volley/simulator/OpenAiChatWire"
import { Effect, Result, Schema } from "effect"
import OpenAI from "openai"
import { simulated, toolkit as cities } from "../../simulator/test/ChatModelSuite.ts"
import { answers, conversation, turnsOf } from "../../simulator/test/conversations.ts"
import { call, calling, customCall, response, said, toolkit, unlike } from "./support.ts"

/** Runs the calls of a response and puts together what has to be appended. */
const followUp = Effect.fnUntraced(function*(response: OpenAI.ChatCompletion) {
  const settled = yield* Batch.run(toolkit, OpenAiChat.toolCalls(response))
  return OpenAiChat.followUp(response, settled)
})

const user = { role: "user", content: "Go." } as const

/** Holds messages to the simulator's rules, as they are once they were sent. */
const assertAccepted = (messages: ReadonlyArray<OpenAI.ChatCompletionMessageParam>): void => {
  const body = { model: "gpt-4.1", messages, tools: OpenAiChat.tools(toolkit) }
  const checked = OpenAiChatWire.check(JSON.parse(JSON.stringify(body)), { authorization: "Bearer key" })
  assert.isTrue(Result.isSuccess(checked), Result.isFailure(checked) ? checked.failure.message : "")
}

const idsOf = (messages: ReadonlyArray<OpenAI.ChatCompletionMessageParam>) =>
  messages.map((message) =>
    message.role === "tool"
      ? message.tool_call_id
      : message.role === "assistant"
      ? message.tool_calls?.map(({ id }) => id)
      : undefined
  )

describe("OpenAiChat.tools", () => {
  it("gives each tool its wire name, its description and its JSON schema", () => {
    assert.deepStrictEqual(OpenAiChat.tools(toolkit).slice(0, 2), [
      {
        type: "function",
        function: {
          name: "weather",
          description: "Current weather of a city.",
          parameters: {
            type: "object",
            properties: { city: { type: "string" } },
            required: ["city"],
            additionalProperties: false
          }
        }
      },
      {
        type: "function",
        function: {
          name: "files_read",
          description: "Reads a file.",
          parameters: {
            type: "object",
            properties: { path: { type: "string" }, whole: { type: "boolean" } },
            required: ["path"],
            additionalProperties: false
          }
        }
      }
    ])
  })

  it("gives tools that the API accepts", () => assertAccepted([user]))
})

describe("OpenAiChat.toolCalls", () => {
  it("gives the calls in call order, with their arguments as they came", () => {
    const calls = OpenAiChat.toolCalls(calling(call("b"), call("a", "{\"city\":", "files_read")))
    assert.deepStrictEqual(calls, [
      { id: "b", name: "weather", arguments: "{\"city\":\"Oslo\"}", index: 0, status: "complete" },
      { id: "a", name: "files_read", arguments: "{\"city\":", index: 1, status: "complete" }
    ])
  })

  it.each(["", "{\"city\":", "Oslo", "{} {}", "null", "{\"city\": \"Oslo\"}\n", "{\"n\":1e999}"])(
    "leaves the text of the arguments alone: %j",
    (args) => {
      assert.deepStrictEqual(OpenAiChat.toolCalls(calling(call("a", args))).map((call) => call.arguments), [args])
    }
  )

  it("tells calls apart whose ids repeat or are missing", () => {
    const missing = [{ ...call("x"), id: undefined }, { ...call("x"), id: null }, call("")]
    const calls = [call("a"), call("a", "{}"), call("a", "{}", "sql"), ...missing]
    const ids = OpenAiChat.toolCalls(calling(...unlike<Array<OpenAI.ChatCompletionMessageToolCall>>(calls)))
      .map(({ id }) => id)
    assert.deepStrictEqual(ids, ["a", "a_2", "a_3", "call_4", "call_5", "call_6"])
  })

  it("drops exact repeats", () => {
    const calls = OpenAiChat.toolCalls(calling(call("a"), call("b"), call("a"), call("b"), call("b", "{}")))
    assert.deepStrictEqual(calls.map(({ id, index }) => [id, index]), [["a", 0], ["b", 1], ["b_2", 2]])
  })

  it("reads calls of custom tools, whose input is any text", () => {
    const calls = OpenAiChat.toolCalls(calling(customCall("a", "select 1"), call("b"), customCall("a", "select 2")))
    assert.deepStrictEqual(calls.map(({ arguments: args, id, name }) => [id, name, args]), [
      ["a", "sql", "select 1"],
      ["b", "weather", "{\"city\":\"Oslo\"}"],
      ["a_2", "sql", "select 2"]
    ])
  })

  it.each(
    [
      ["tool_calls", "complete"],
      ["stop", "complete"],
      ["function_call", "complete"],
      ["length", "truncated"],
      ["content_filter", "truncated"]
    ] as const
  )("holds the calls of a turn that ended with %s for %s", (finish, status) => {
    const calls = OpenAiChat.toolCalls(response(said({ tool_calls: [call("a"), call("b")] }), finish))
    assert.deepStrictEqual(calls.map((call) => call.status), [status, status])
  })

  it.each([
    ["an answer", response(said({ content: "Fine." }))],
    ["an empty list of calls", calling()],
    ["calls that are null", response(unlike({ ...said(), tool_calls: null }))],
    ["no choices", { ...calling(), choices: [] }]
  ])("gives none for %s", (_, body) => {
    assert.deepStrictEqual(OpenAiChat.toolCalls(body), [])
  })
})

describe("OpenAiChat.parse", () => {
  it("takes a whole response as it is", () => {
    const body: unknown = JSON.parse(JSON.stringify(calling(call("a"), customCall("b", "select 1"))))
    assert.strictEqual<unknown>(Result.getOrThrow(OpenAiChat.parse(body)), body)
  })

  it("takes an assistant message alone, whose calls count as complete", () => {
    const taken = Result.getOrThrow(OpenAiChat.parse({ role: "assistant", tool_calls: [{ ...call("a"), id: null }] }))
    assert.deepStrictEqual(OpenAiChat.toolCalls(taken).map(({ id, status }) => [id, status]), [["call_1", "complete"]])
  })

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["a text", "text"],
    ["an object that is neither", {}],
    ["a response without choices", { choices: [] }],
    ["a choice without a message", { choices: [{}] }],
    ["a message of somebody else", { role: "user", content: "Go." }],
    ["a call without a function", { role: "assistant", tool_calls: [{ id: "a", type: "function" }] }],
    ["a call that is no object", { role: "assistant", tool_calls: ["a"] }],
    ["content that is a number", { role: "assistant", content: 7 }]
  ])("says what is wrong with %s", (_, json) => {
    const parsed = OpenAiChat.parse(json)
    assert(Result.isFailure(parsed))
    assert.notStrictEqual(parsed.failure, "")
  })

  it.each([
    ["without a type", { id: "a", custom: { name: "sql", input: "select 1" } }],
    ["of one type with the fields of the other", { ...call("a"), type: "custom" }]
  ])("takes nothing that the codec cannot read: a call %s", (_, call) => {
    const parsed = OpenAiChat.parse({ role: "assistant", tool_calls: [call] })
    assert.doesNotThrow(() => Result.map(parsed, OpenAiChat.toolCalls))
  })
})

describe("OpenAiChat.results", () => {
  it.effect("answers each call in a message of its own, in call order, failures and all", () =>
    Effect.gen(function*() {
      const body = calling(call("b"), call("a", "{\"city\":\"Atlantis\"}"), call("c", "{"), call("d", "{}", "parallel"))
      const settled = yield* Batch.run(toolkit, OpenAiChat.toolCalls(body))
      const results = OpenAiChat.results(settled)
      assert.deepStrictEqual(results.map((message) => [message.role, idsOf([message])[0]]), [
        ["tool", "b"],
        ["tool", "a"],
        ["tool", "c"],
        ["tool", "d"]
      ])
      assert.deepStrictEqual(results.map(({ content }) => content), settled.outcomes.map(({ encoded }) => encoded))
      assert.strictEqual(results[0]?.content, "\"fine in Oslo\"")
      assert.deepStrictEqual(results.slice(1).map(({ content }) => errorType(content)), [
        "ToolFailure",
        "InvalidArguments",
        "UnknownTool"
      ])
      for (const message of results) assert.hasAllKeys(message, ["role", "tool_call_id", "content"])
    }))

  it.effect("are none where there were no calls", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(OpenAiChat.results(yield* Batch.run(toolkit, [])), [])
    }))
})

const Shown = Schema.fromJsonString(Schema.Struct({ error: Schema.Struct({ type: Schema.String }) }))

const errorType = (content: unknown) => Schema.decodeUnknownSync(Shown)(content).error.type

describe("OpenAiChat.followUp", () => {
  it.effect("echoes the turn as it came and puts the results right behind it", () =>
    Effect.gen(function*() {
      const message = said({
        content: null,
        refusal: null,
        annotations: [],
        tool_calls: [call("b"), customCall("a", "{}")]
      })
      const before = structuredClone(message)
      const appended = yield* followUp(response(message))
      assert.deepStrictEqual(message, before)
      assert.deepStrictEqual(appended, [
        before,
        { role: "tool", tool_call_id: "b", content: "\"fine in Oslo\"" },
        { role: "tool", tool_call_id: "a", content: "\"1 row\"" }
      ])
      assertAccepted([user, ...appended])
    }))

  it.effect("keeps the text beside the calls", () =>
    Effect.gen(function*() {
      const [turn] = yield* followUp(response(said({ content: "", tool_calls: [call("a")] })))
      assert.deepInclude(turn, { content: "" })
    }))

  it.effect("answers under the ids of toolCalls, which stand in the echoed turn as well", () =>
    Effect.gen(function*() {
      const body = calling(call("a"), call("", "{}"), call("a", "{"), call("a"), customCall("", "select 1"))
      const ids = OpenAiChat.toolCalls(body).map(({ id }) => id)
      const appended = yield* followUp(body)
      assert.deepStrictEqual(idsOf(appended), [ids, ...ids])
      assert.strictEqual(ids.length, 4)
      assertAccepted([user, ...appended])
    }))

  it.effect("answers calls that were cut off, though they did not run", () =>
    Effect.gen(function*() {
      const appended = yield* followUp(response(said({ tool_calls: [call("a"), call("b", "{\"ci")] }), "length"))
      assert.deepStrictEqual(appended.slice(1).map(({ content }) => errorType(content)), ["Truncated", "Truncated"])
      assertAccepted([user, ...appended])
    }))

  it.effect("is the turn alone where there were no calls", () =>
    Effect.gen(function*() {
      const message = said({ content: "Fine." })
      assert.deepStrictEqual(yield* followUp(response(message)), [message])
    }))

  it.effect("is nothing where there was no turn", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* followUp({ ...calling(), choices: [] }), [])
    }))

  // C9: servers that speak this wire send an empty list of calls with an answer, and OpenAI does not take it back.
  it.effect("leaves out an empty list of calls, which the API does not take back", () =>
    Effect.gen(function*() {
      assertAccepted([user, ...yield* followUp(response(said({ content: "Fine.", tool_calls: [] })))])
    }))

  // C10: `content: null` is taken only beside calls.
  it.effect("gives a turn without content, as one that was cut off in its reasoning, in a form that is taken", () =>
    Effect.gen(function*() {
      assertAccepted([user, ...yield* followUp(response(said(), "length"))])
    }))

  // C10 as well; whether OpenAI minds beside a refusal is not documented.
  it.effect("gives a refusal in a form that is taken", () =>
    Effect.gen(function*() {
      assertAccepted([user, ...yield* followUp(response(said({ refusal: "No." })))])
    }))

  const Turn = Schema.Struct({
    content: Schema.NullOr(Schema.String),
    refusal: Schema.NullOr(Schema.String),
    finish: Schema.Literals(["tool_calls", "stop", "length", "content_filter"]),
    calls: Schema.Array(Schema.Struct({
      id: Schema.UndefinedOr(
        Schema.NullOr(Schema.Literals(["", "a", "b", "a_2", "call_1", "call_2", "call_1_2", "ü:1", "x".repeat(40)]))
      ),
      custom: Schema.Boolean,
      name: Schema.Union([
        Schema.Literals(["weather", "files_read", "files.read", "sql", "multi_tool_use.parallel", "toString", ""]),
        Schema.String
      ]),
      arguments: Schema.Union([
        Schema.Literals(["", "{}", "{\"city\":\"Oslo\"}", "{\"city\":\"Atlantis\"}", "{\"city\":", "null"]),
        Schema.String
      ])
    })).check(Schema.isMinLength(1))
  })

  const bodyOf = ({ calls, content, finish, refusal }: typeof Turn.Type): OpenAI.ChatCompletion => {
    const written = calls.map(({ arguments: args, custom, id, name }) =>
      custom ? { id, type: "custom", custom: { name, input: args } } : { ...call("", args, name), id }
    )
    return response(said({ content, refusal, tool_calls: unlike(written) }), finish)
  }

  it.effect.prop(
    "is accepted by the API whatever the turn is: every id answered once, in call order",
    { turn: Turn },
    ({ turn }) =>
      Effect.gen(function*() {
        const body = bodyOf(turn)
        const ids = OpenAiChat.toolCalls(body).map(({ id }) => id)
        const appended = yield* followUp(body)
        assert.deepStrictEqual(idsOf(appended), [ids.length === 0 ? undefined : ids, ...ids])
        assert.strictEqual(new Set(ids).size, ids.length)
        assertAccepted([user, ...appended, user])
      }),
    { arbitrary: { runs: 300 } }
  )
})

describe("OpenAiChat.messages", () => {
  const turn = turnsOf("toolu", {})

  it("writes every role where it stands", () => {
    const written = OpenAiChat.messages(conversation(
      { role: "system", text: "Be brief." },
      { role: "user", text: "Go." },
      turn([{ arguments: { city: "Oslo" } }, { arguments: { city: "Rome" } }], "Let me see."),
      {
        role: "tool",
        results: [
          { callId: "toolu_1", name: "weather", text: "3", isError: false },
          { callId: "toolu_2", name: "weather", text: "{\"error\":{}}", isError: true }
        ]
      },
      { role: "system", text: "Be briefer." },
      turn([], "Fine.")
    ))
    assert.deepStrictEqual(written, [
      { role: "system", content: "Be brief." },
      { role: "user", content: "Go." },
      {
        role: "assistant",
        content: "Let me see.",
        tool_calls: [call("toolu_1", "{\"city\":\"Oslo\"}"), call("toolu_2", "{\"city\":\"Rome\"}")]
      },
      { role: "tool", tool_call_id: "toolu_1", content: "3" },
      { role: "tool", tool_call_id: "toolu_2", content: "{\"error\":{}}" },
      { role: "system", content: "Be briefer." },
      { role: "assistant", content: "Fine." }
    ])
    assertAccepted(written)
  })

  it("echoes a turn that came from this wire as it came", () => {
    const message = said({ content: null, annotations: [], tool_calls: [call("a"), customCall("b", "select 1")] })
    const native = { wire: OpenAiChat.wire, message }
    const [echoed] = OpenAiChat.messages(conversation({ ...turn([{}], "another text"), native }))
    assert.strictEqual(echoed, message)
  })

  it("spells out a turn that came from another wire, its arguments as text", () => {
    const native = { wire: "anthropic", message: [{ role: "assistant", content: [{ type: "text", text: "secret" }] }] }
    const calls = [{ arguments: { city: "Oslo" } }, { arguments: "{\"city\":" }, { arguments: [] }, { arguments: null }]
    const written = OpenAiChat.messages(conversation({ ...turn(calls), native }))
    assert.deepStrictEqual(written, [{
      role: "assistant",
      content: null,
      tool_calls: [
        call("toolu_1", "{\"city\":\"Oslo\"}"),
        call("toolu_2", "{\"unreadable\":\"{\\\"city\\\":\"}"),
        call("toolu_3", "{\"unreadable\":[]}"),
        call("toolu_4", "{}")
      ]
    }])
  })

  it("writes an empty turn with empty text, because null is taken only beside calls", () => {
    const written = OpenAiChat.messages(conversation({ role: "user", text: "Go." }, turn([])))
    assert.deepStrictEqual(written[1], { role: "assistant", content: "" })
    assertAccepted(written)
  })

  it.prop(
    "writes turns of another wire so that they are accepted",
    {
      text: Schema.String,
      calls: Schema.Array(Schema.Union([Schema.Record(Schema.String, Schema.Json), Schema.String]))
    },
    ({ calls, text }) => {
      const foreign = turn(calls.map((args) => ({ arguments: args })), text)
      const results = calls.length === 0 ? [] : [answers(...foreign.calls.map(({ id }) => id))]
      assertAccepted(OpenAiChat.messages(conversation({ role: "user", text: "Go." }, foreign, ...results)))
    },
    { arbitrary: { runs: 200 } }
  )

  // C8: this wire takes ids of 40 characters, others longer ones; the same holds for servers of this wire that give
  // longer ids, when the conversation moves on to OpenAI itself.
  it("shortens ids of another wire that are too long here, in the turn and in its results", () => {
    const id = `toolu_${"x".repeat(35)}`
    assertAccepted(
      OpenAiChat.messages(conversation({ role: "user", text: "Go." }, turn([{ id }]), answers(id)))
    )
  })

  it("writes a call without arguments", () => {
    assertAccepted(
      OpenAiChat.messages(
        conversation({ role: "user", text: "Go." }, turn([{ arguments: undefined }]), answers("toolu_1"))
      )
    )
  })
})

describe("OpenAiChat in a loop of one's own", () => {
  it.effect("takes three lines beside the official client", () =>
    Effect.gen(function*() {
      const { fetch, requests } = yield* simulated()
      const client = new OpenAI({ apiKey: "key", fetch })
      const messages: Array<OpenAI.ChatCompletionMessageParam> = [user]
      const ask = Effect.promise(() =>
        client.chat.completions.create({ model: "gpt-4.1", messages, tools: OpenAiChat.tools(cities) })
      )
      const response = yield* ask
      const settled = yield* Batch.run(cities, OpenAiChat.toolCalls(response))
      messages.push(...OpenAiChat.followUp(response, settled))
      assert.strictEqual((yield* ask).choices[0]?.message.content, "I saw: 3, 21")
      assert.deepStrictEqual((yield* requests).map(({ status }) => status), [200, 200])
    }))
})

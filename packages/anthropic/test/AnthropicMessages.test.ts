import Anthropic from "@anthropic-ai/sdk"
import { assert, describe, it } from "@effect/vitest"
import * as AnthropicMessages from "@volley/anthropic/AnthropicMessages"
import { Batch } from "@volley/core"
import * as AnthropicMessagesWire from "@volley/simulator/AnthropicMessagesWire"
import { Effect, Result, Schema } from "effect"
import { simulated, toolkit as cities } from "../../simulator/test/ChatModelSuite.ts"
import { answers, conversation, turnsOf } from "../../simulator/test/conversations.ts"
import { call, opaque, response, text, toolkit, unlike } from "./support.ts"

/** Runs the calls of a response and puts together what has to be appended. */
const followUp = Effect.fnUntraced(function*(response: Anthropic.Message) {
  const settled = yield* Batch.run(toolkit, AnthropicMessages.toolCalls(response))
  return AnthropicMessages.followUp(response, settled)
})

const user = { role: "user", content: "Go." } as const

const headers = { authorization: "Bearer key", "anthropic-version": "2026-10-21" }

/** What the simulator's rules say of messages, as they are once they were sent. */
const check = (messages: ReadonlyArray<Anthropic.MessageParam>, more: object = {}) => {
  const body = { model: "claude-haiku-4-5", max_tokens: 100, messages, tools: AnthropicMessages.tools(toolkit) }
  return AnthropicMessagesWire.check(JSON.parse(JSON.stringify({ ...body, ...more })), headers)
}

const assertAccepted = (messages: ReadonlyArray<Anthropic.MessageParam>, more: object = {}): void => {
  const checked = check(messages, more)
  assert.isTrue(Result.isSuccess(checked), Result.isFailure(checked) ? checked.failure.message : "")
}

/** The ids of the calls and of the results of each message. */
const idsOf = (messages: ReadonlyArray<Anthropic.MessageParam>) =>
  messages.map(({ content }) =>
    typeof content === "string"
      ? []
      : content.flatMap((block) =>
        block.type === "tool_use" ? [block.id] : block.type === "tool_result" ? [block.tool_use_id] : []
      )
  )

describe("AnthropicMessages.tools", () => {
  it("gives each tool its wire name, its description and its JSON schema", () => {
    assert.deepStrictEqual(AnthropicMessages.tools(toolkit), [
      {
        name: "weather",
        description: "Current weather of a city.",
        input_schema: {
          type: "object",
          properties: { city: { type: "string" } },
          required: ["city"],
          additionalProperties: false
        }
      },
      {
        name: "files_read",
        description: "Reads a file.",
        input_schema: {
          type: "object",
          properties: { path: { type: "string" }, whole: { type: "boolean" } },
          required: ["path"],
          additionalProperties: false
        }
      }
    ])
  })

  it("gives tools that the API accepts", () => assertAccepted([user]))
})

describe("AnthropicMessages.toolCalls", () => {
  it("gives the calls in call order, with their arguments as they came, and nothing else of the turn", () => {
    const body = response([text("Well"), call("b"), ...opaque, call("a", { path: "x", more: [1, null] }, "files_read")])
    assert.deepStrictEqual(AnthropicMessages.toolCalls(body), [
      { id: "b", name: "weather", arguments: { city: "Oslo" }, index: 0, status: "complete" },
      { id: "a", name: "files_read", arguments: { path: "x", more: [1, null] }, index: 1, status: "complete" }
    ])
  })

  it.each(["", "{\"city\":", "{\"city\":\"Oslo\"}", 3, [], true])(
    "leaves arguments alone that are no object: %j",
    (input) => {
      const body = response([{ ...call("a"), input }])
      assert.deepStrictEqual(AnthropicMessages.toolCalls(body).map((call) => call.arguments), [input])
    }
  )

  it("takes no arguments for none, be they null or left out", () => {
    const { input: _, ...none } = call("b")
    const body = response(unlike([{ ...call("a"), input: null }, none]))
    assert.deepStrictEqual(AnthropicMessages.toolCalls(body).map((call) => call.arguments), [{}, {}])
  })

  it("tells calls apart whose ids repeat or are missing", () => {
    const missing = [{ ...call("x"), id: undefined }, { ...call("x"), id: null }, call("")]
    const blocks = [call("a"), call("a", {}), text("Well"), call("a", {}, "sql"), ...missing]
    const calls = AnthropicMessages.toolCalls(response(unlike<Array<Anthropic.ContentBlock>>(blocks)))
    assert.deepStrictEqual(calls.map(({ id }) => id), ["a", "a_2", "a_3", "call_4", "call_5", "call_6"])
  })

  it("drops exact repeats", () => {
    const calls = AnthropicMessages.toolCalls(response([call("a"), call("b"), call("a"), call("b"), call("b", {})]))
    assert.deepStrictEqual(calls.map(({ id, index }) => [id, index]), [["a", 0], ["b", 1], ["b_2", 2]])
  })

  it.each(
    [
      ["tool_use", "complete"],
      ["end_turn", "complete"],
      ["stop_sequence", "complete"],
      ["pause_turn", "complete"],
      ["max_tokens", "truncated"],
      ["refusal", "truncated"],
      ["model_context_window_exceeded", "truncated"]
    ] as const
  )("holds the calls of a turn that ended with %s for %s", (stop, status) => {
    const calls = AnthropicMessages.toolCalls(response([call("a"), call("b")], stop))
    assert.deepStrictEqual(calls.map((call) => call.status), [status, status])
  })

  it.each([
    ["an answer", response([text("Fine.")])],
    ["no content", response([])],
    ["calls that the provider itself runs", response(opaque)]
  ])("gives none for %s", (_, body) => {
    assert.deepStrictEqual(AnthropicMessages.toolCalls(body), [])
  })
})

describe("AnthropicMessages.parse", () => {
  it("takes a whole response as it is", () => {
    const body: unknown = JSON.parse(JSON.stringify(response([text("Well"), ...opaque, call("a")])))
    assert.strictEqual<unknown>(Result.getOrThrow(AnthropicMessages.parse(body)), body)
  })

  it("takes an assistant message alone, whose calls count as complete", () => {
    const message = { role: "assistant", content: [{ type: "tool_use", name: "weather", input: {} }] }
    const taken = Result.getOrThrow(AnthropicMessages.parse(message))
    assert.deepStrictEqual(AnthropicMessages.toolCalls(taken).map(({ id, status }) => [id, status]), [
      ["call_1", "complete"]
    ])
  })

  it.each([
    ["nothing", undefined],
    ["null", null],
    ["a text", "text"],
    ["an object that is none", {}],
    ["a message of somebody else", { role: "user", content: [] }],
    ["content that is no list", { role: "assistant", content: {} }],
    ["a block that is none", { role: "assistant", content: [null] }],
    ["a call without a name", { role: "assistant", content: [{ type: "tool_use", id: "a", input: {} }] }]
  ])("says what is wrong with %s", (_, json) => {
    const parsed = AnthropicMessages.parse(json)
    assert(Result.isFailure(parsed))
    assert.notStrictEqual(parsed.failure, "")
  })
})

describe("AnthropicMessages.results", () => {
  it.effect("answers all calls in one user message, in call order, and marks the failures alone", () =>
    Effect.gen(function*() {
      const body = response([call("b"), call("a", { city: "Atlantis" }), call("c", {}), call("d", {}, "parallel")])
      const settled = yield* Batch.run(toolkit, AnthropicMessages.toolCalls(body))
      const [b, a, c, d] = settled.outcomes.map(({ encoded }) => encoded)
      assert.strictEqual(b, "\"fine in Oslo\"")
      assert.deepStrictEqual<unknown>(AnthropicMessages.results(settled), [{
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "b", content: b },
          { type: "tool_result", tool_use_id: "a", content: a, is_error: true },
          { type: "tool_result", tool_use_id: "c", content: c, is_error: true },
          { type: "tool_result", tool_use_id: "d", content: d, is_error: true }
        ]
      }])
    }))

  it.effect("are none where there were no calls", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(AnthropicMessages.results(yield* Batch.run(toolkit, [])), [])
    }))
})

describe("AnthropicMessages.followUp", () => {
  it.effect("echoes the turn as it came, block for block, and puts one message with the results behind it", () =>
    Effect.gen(function*() {
      const [thinking, ...others] = opaque
      const content = [...(thinking ? [thinking] : []), text("Well"), call("b"), ...others, call("a", { city: "Rome" })]
      const before = structuredClone(content)
      const appended = yield* followUp(response(content))
      assert.deepStrictEqual(content, before)
      assert.deepStrictEqual<unknown>(appended, [{ role: "assistant", content: before }, {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "b", content: "\"fine in Oslo\"" },
          { type: "tool_result", tool_use_id: "a", content: "\"fine in Rome\"" }
        ]
      }])
    }))

  it.effect("answers under the ids of toolCalls, which stand in the echoed turn as well", () =>
    Effect.gen(function*() {
      const body = response([call("a"), text("Well"), call("", {}), call("a", {}), call("a")])
      const ids = AnthropicMessages.toolCalls(body).map(({ id }) => id)
      const appended = yield* followUp(body)
      assert.deepStrictEqual(idsOf(appended), [ids, ids])
      assert.strictEqual(ids.length, 3)
      assertAccepted([user, ...appended])
    }))

  it.effect("keeps a thinking turn so that its signature still holds", () =>
    Effect.gen(function*() {
      const thinking = { thinking: { type: "adaptive" }, model: "claude-opus-5-5" }
      const asked = yield* Effect.fromResult(check([user], thinking))
      const calls = [{ name: "weather", arguments: { city: "Oslo" } }]
      const { body } = AnthropicMessagesWire.render(asked, { _tag: "Calls", calls }, 1)
      assert.deepStrictEqual(body.content.map(({ type }) => type), ["thinking", "tool_use"])
      assertAccepted([user, ...yield* followUp(body)], thinking)
    }))

  it.effect("answers calls that were cut off, though they did not run", () =>
    Effect.gen(function*() {
      const appended = yield* followUp(response([call("a"), call("b", {})], "max_tokens"))
      assert.deepStrictEqual(idsOf(appended), [["a", "b"], ["a", "b"]])
      const [result] = appended[1]?.content ?? []
      assert.deepInclude(result, { is_error: true })
      assertAccepted([user, ...appended])
    }))

  it.effect("is the turn alone where there were no calls", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual<unknown>(yield* followUp(response([text("Fine.")])), [
        { role: "assistant", content: [text("Fine.")] }
      ])
    }))

  it.effect("is nothing where the turn was empty, because the API takes no message without content", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* followUp(response([])), [])
    }))

  // A11: the API takes no empty text, though it may have written it itself.
  it.effect("leaves out empty text, which the API does not take back", () =>
    Effect.gen(function*() {
      assertAccepted([user, ...yield* followUp(response([text(""), call("a")]))])
    }))

  // 3c: a call of a toolset names it, and so has to its result.
  it.effect("names the toolset of a call in its result", () =>
    Effect.gen(function*() {
      const [, answers] = yield* followUp(response([{ ...call("a"), toolset_name: "cities" }]))
      const [result] = answers?.content ?? []
      assert.deepInclude(result, { toolset_name: "cities" })
    }))

  const Turn = Schema.Struct({
    stop: Schema.NullOr(Schema.Literals(["tool_use", "end_turn", "max_tokens", "refusal", "pause_turn"])),
    blocks: Schema.Array(Schema.Union([
      Schema.Struct({ type: Schema.Literal("text"), text: Schema.String.check(Schema.isMinLength(1)) }),
      Schema.Struct({ type: Schema.Literal("redacted_thinking"), data: Schema.String }),
      Schema.Struct({
        type: Schema.Literal("tool_use"),
        id: Schema.UndefinedOr(
          Schema.NullOr(Schema.Literals(["", "a", "b", "a_2", "call_1", "call_2", "call_1_2", "x".repeat(64)]))
        ),
        name: Schema.Union([Schema.Literals(["weather", "files_read", "files.read", "parallel", ""]), Schema.String]),
        input: Schema.Union([
          Schema.Struct({ city: Schema.Literals(["Oslo", "Atlantis"]) }),
          Schema.Record(Schema.String, Schema.Json)
        ])
      })
    ])).check(Schema.isMinLength(1))
  })

  it.effect.prop(
    "is accepted by the API whatever the turn is: every id answered once, in call order",
    { turn: Turn },
    ({ turn }) =>
      Effect.gen(function*() {
        const body = response(unlike(turn.blocks), turn.stop)
        const ids = AnthropicMessages.toolCalls(body).map(({ id }) => id)
        const appended = yield* followUp(body)
        const echoed = body.content.some((block) => block.type !== "tool_use")
        assert.deepStrictEqual(idsOf(appended), ids.length > 0 ? [ids, ids] : echoed ? [[]] : [])
        assert.strictEqual(new Set(ids).size, ids.length)
        assertAccepted([user, ...appended, user])
      }),
    { arbitrary: { runs: 300 } }
  )
})

describe("AnthropicMessages.messages", () => {
  const turn = turnsOf("call", "{}")

  const go = { role: "user", text: "Go." } as const

  it("writes every role where it stands, but for the system prompt", () => {
    const written = AnthropicMessages.messages(conversation(
      { role: "system", text: "Be brief." },
      go,
      turn([{ arguments: "{\"city\":\"Oslo\"}" }, { arguments: "{\"city\":\"Rome\"}" }], "Let me see."),
      {
        role: "tool",
        results: [
          { callId: "call_1", name: "weather", text: "3", isError: false },
          { callId: "call_2", name: "weather", text: "{\"error\":{}}", isError: true }
        ]
      },
      { role: "system", text: "Be briefer." },
      turn([], "Fine.")
    ))
    assert.deepStrictEqual<unknown>(written, [
      { role: "user", content: "Go." },
      {
        role: "assistant",
        content: [
          { type: "text", text: "Let me see." },
          { type: "tool_use", id: "call_1", name: "weather", input: { city: "Oslo" } },
          { type: "tool_use", id: "call_2", name: "weather", input: { city: "Rome" } }
        ]
      },
      {
        role: "user",
        content: [
          { type: "tool_result", tool_use_id: "call_1", content: "3" },
          { type: "tool_result", tool_use_id: "call_2", content: "{\"error\":{}}", is_error: true }
        ]
      },
      { role: "assistant", content: [{ type: "text", text: "Fine." }] }
    ])
    assertAccepted(written)
  })

  it("echoes a turn that came from this wire as it came", () => {
    const message = [{ role: "assistant" as const, content: [...opaque, call("a"), text("Well")] }]
    const native = { wire: AnthropicMessages.wire, message }
    const [echoed] = AnthropicMessages.messages(conversation({ ...turn([{}], "another text"), native }))
    assert.strictEqual<unknown>(echoed, message[0])
  })

  it("spells out a turn that came from another wire, its arguments as objects", () => {
    const native = { wire: "openai-chat", message: { role: "assistant", content: "secret" } }
    const calls = [{ arguments: "{\"city\":\"Oslo\"}" }, { arguments: { city: "Rome" } }, { arguments: "{\"city\":" }]
    assert.deepStrictEqual<unknown>(AnthropicMessages.messages(conversation({ ...turn(calls), native })), [{
      role: "assistant",
      content: [
        { type: "tool_use", id: "call_1", name: "weather", input: { city: "Oslo" } },
        { type: "tool_use", id: "call_2", name: "weather", input: { city: "Rome" } },
        { type: "tool_use", id: "call_3", name: "weather", input: { unreadable: "{\"city\":" } }
      ]
    }])
  })

  it("leaves out an empty turn, because the API takes no message without content", () => {
    const native = { wire: AnthropicMessages.wire, message: [] }
    const written = AnthropicMessages.messages(conversation(go, turn([]), go, { ...turn([]), native }, go))
    assert.deepStrictEqual(written, [user, user, user])
    assertAccepted(written)
  })

  it("writes no message for no results", () => {
    assert.deepStrictEqual(AnthropicMessages.messages(conversation(go, { role: "tool", results: [] })), [user])
  })

  it.prop(
    "writes turns of another wire so that they are accepted",
    {
      text: Schema.String,
      calls: Schema.Array(Schema.Union([
        Schema.Record(Schema.String, Schema.Json),
        Schema.fromJsonString(Schema.Record(Schema.String, Schema.Json)),
        Schema.String.check(Schema.makeFilter((text) => text === "{" || !isJson(text)))
      ]))
    },
    ({ calls, text }) => {
      const foreign = turn(calls.map((args) => ({ arguments: args })), text)
      const results = calls.length === 0 ? [] : [answers(...foreign.calls.map(({ id }) => id))]
      assertAccepted(AnthropicMessages.messages(conversation(go, foreign, ...results)))
    },
    { arbitrary: { runs: 200 } }
  )

  it.each(["3", "null", "[1]", "\"Oslo\"", "true"])("writes arguments as an object that are none: %s", (args) => {
    assertAccepted(AnthropicMessages.messages(conversation(go, turn([{ arguments: args }]), answers("call_1"))))
  })

  it("writes an empty text as no arguments", () => {
    const [written] = AnthropicMessages.messages(conversation(turn([{ arguments: "" }])))
    const [block] = written?.content ?? []
    assert.deepInclude(block, { input: {} })
  })

  // A10: other wires take any id, as `functions.weather:0` of some servers.
  it("spells ids of another wire so that this one takes them, in the turn and in its results", () => {
    const id = "functions.weather:0"
    assertAccepted(AnthropicMessages.messages(conversation(go, turn([{ id }]), answers(id))))
  })

  // A3: some servers of other wires begin to count anew in each turn, and this one wants ids unique in the conversation.
  it("tells ids of another wire apart that repeat from turn to turn", () => {
    const round = [turn([{}]), answers("call_1")]
    assertAccepted(AnthropicMessages.messages(conversation(go, ...round, ...round)))
  })
})

const isJson = (text: string): boolean =>
  Result.isSuccess(Schema.decodeResult(Schema.fromJsonString(Schema.Json))(text))

describe("AnthropicMessages in a loop of one's own", () => {
  it.effect("takes three lines beside the official client", () =>
    Effect.gen(function*() {
      const { fetch, requests } = yield* simulated()
      const client = new Anthropic({ apiKey: "key", fetch })
      const messages: Array<Anthropic.MessageParam> = [user]
      const ask = Effect.promise(() =>
        client.messages.create({
          model: "claude-haiku-4-5",
          max_tokens: 100,
          messages,
          tools: AnthropicMessages.tools(cities)
        })
      )
      const response = yield* ask
      const settled = yield* Batch.run(cities, AnthropicMessages.toolCalls(response))
      messages.push(...AnthropicMessages.followUp(response, settled))
      assert.deepStrictEqual((yield* ask).content, [text("I saw: 3, 21")])
      assert.deepStrictEqual((yield* requests).map(({ status }) => status), [200, 200])
    }))
})

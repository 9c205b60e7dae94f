/**
 * Chat Completions as other servers write it: one meaning is taken, two are refused, none is guessed.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch, Conversation } from "@volley/core"
import * as OpenAiChat from "@volley/openai/OpenAiChat"
import * as OpenAiChatWire from "@volley/simulator/OpenAiChatWire"
import { Effect, Result } from "effect"
import type OpenAI from "openai"
import { eventsOf, reasonOf, wholeOf } from "../../simulator/test/streams.ts"
import { short, shortCall, streamed, whole } from "./field.ts"
import { toolkit, unlike } from "./support.ts"

const oslo = "{\"city\":\"Oslo\"}"
const rome = "{\"city\":\"Rome\"}"

const body = (message: object, finish: unknown = "tool_calls", more: object = {}) => ({
  id: "chatcmpl-1",
  model: "m",
  choices: [{ index: 0, finish_reason: finish, message: { role: "assistant", content: null, ...message } }],
  ...more
})

const calling = (...calls: ReadonlyArray<unknown>) => body({ tool_calls: calls })
const fn = (name: unknown, args: unknown) => ({ type: "function", function: { name, arguments: args } })
const call = (id: unknown, name: unknown, args: unknown) => ({ id, ...fn(name, args) })

const chunk = (delta: unknown, finish: unknown = null, more: object = {}) => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more
})
const fragment = (fields: object, finish: unknown = null) => chunk({ tool_calls: [fields] }, finish)
const end = chunk({}, "tool_calls")

const codec = (json: unknown) => OpenAiChat.toolCalls(unlike(json)).map(shortCall)
const followUp = Effect.fnUntraced(function*(json: unknown) {
  const response = unlike<OpenAI.ChatCompletion>(json)
  return OpenAiChat.followUp(response, yield* Batch.run(toolkit, OpenAiChat.toolCalls(response)))
})
const parts = (events: ReadonlyArray<unknown>) =>
  OpenAiChat.parts(unlike<AsyncIterable<OpenAI.ChatCompletionChunk>>(eventsOf(events)))

/** What is sent back is what the strict simulator takes. */
const assertAccepted = (messages: ReadonlyArray<unknown>): void => {
  const sent = {
    model: "m",
    messages: [{ role: "user", content: "Go." }, ...messages],
    tools: OpenAiChat.tools(toolkit)
  }
  const checked = OpenAiChatWire.check(JSON.parse(JSON.stringify(sent)), { authorization: "Bearer key" })
  assert.isTrue(Result.isSuccess(checked), Result.isFailure(checked) ? checked.failure.message : "")
}

/** The codec and the Layer read these calls of a body, and the echo is taken back. */
const assertWhole = Effect.fnUntraced(function*(json: unknown, calls: ReadonlyArray<string>, text = "") {
  assert.deepStrictEqual(codec(json), calls)
  assert.isTrue(Result.isSuccess(OpenAiChat.parse(json)))
  assert.deepStrictEqual<unknown>(short(yield* whole(OpenAiChat.layer, json)), { finish: "tool-calls", text, calls })
  assertAccepted(yield* followUp(json))
})

/** A client of one's own and the Layer read these calls of a stream, and the echo is taken back. */
const assertStreamed = Effect.fnUntraced(function*(
  events: ReadonlyArray<unknown>,
  calls: ReadonlyArray<string>,
  text = ""
) {
  const { response, turn } = yield* wholeOf(parts(events))
  assert.deepStrictEqual<unknown>(short(Result.succeed(turn)), { finish: "tool-calls", text, calls })
  assert.deepStrictEqual<unknown>(short(yield* streamed(OpenAiChat.layer, events)), {
    finish: "tool-calls",
    text,
    calls
  })
  assert.deepStrictEqual(codec(response), calls)
  assertAccepted(yield* followUp(response))
})

const assertUnusable = Effect.fnUntraced(function*(events: ReadonlyArray<unknown>) {
  const own = yield* reasonOf(parts(events))
  assert.deepStrictEqual([own.reason, own.isRetryable], ["UnusableResponse", false])
  assert.isFalse(own.parts.some(({ _tag }) => _tag === "Call"))
  assert.deepInclude<unknown>(short(yield* streamed(OpenAiChat.layer, events)), { reason: "UnusableResponse" })
})

type Row = readonly [what: string, events: ReadonlyArray<unknown>, calls: ReadonlyArray<string>]
type Bad = readonly [what: string, events: ReadonlyArray<unknown>]

describe("OpenAiChat: calls under one index", () => {
  const a = fragment({ index: 0, ...call("a", "weather", "") })
  const text = (text: string, more: object = {}) => fragment({ index: 0, ...more, function: { arguments: text } })

  it.effect.each<Row>([
    ["whole ones", [
      fragment({ index: 0, ...call("a", "weather", oslo) }),
      fragment({ index: 0, ...call("b", "sql", "{}") })
    ], [
      `a weather ${oslo}`,
      "b sql {}"
    ]],
    ["one name twice", [a, text(oslo), fragment({ index: 0, ...call("b", "weather", "") }), text(rome)], [
      `a weather ${oslo}`,
      `b weather ${rome}`
    ]],
    ["a first one without arguments", [a, fragment({ index: 0, ...call("b", "sql", "") }), text("{\"q\":1}")], [
      "a weather ",
      "b sql {\"q\":1}"
    ]],
    ["three, the last without an id", [
      fragment({ index: 0, ...call("a", "weather", { city: "Oslo" }) }),
      fragment({ index: 0, ...call("b", "weather", rome) }),
      fragment({ index: 1, ...fn("sql", "{}") })
    ], [`a weather ${oslo}`, `b weather ${rome}`, "call_3 sql {}"]],
    ["the first one goes on by its id", [
      a,
      fragment({ index: 0, ...call("b", "weather", rome) }),
      text(oslo, { id: "a" })
    ], [`a weather ${oslo}`, `b weather ${rome}`]],
    ["a whole call that comes twice is one", [
      fragment({ index: 0, ...call("a", "weather", oslo) }),
      fragment({ index: 0, ...call("a", "weather", oslo) })
    ], [`a weather ${oslo}`]]
  ])("are told apart: %s", ([, events, calls]) => assertStreamed([...events, end], calls))

  it.effect.each<Bad>([
    ["a new id without a name", [a, text("{}", { id: "b" })]],
    ["a new id and a name while arguments are written", [
      a,
      text("{\"ci"),
      fragment({ index: 0, ...call("b", "sql", "{}") })
    ]],
    ["another name under the same id", [a, fragment({ index: 0, ...call("a", "sql", "{}") })]],
    ["another name without an id", [a, fragment({ index: 0, ...fn("sql", "{}") })]],
    ["a late id beside the same name", [
      fragment({ index: 0, ...fn("weather", "") }),
      fragment({ index: 0, ...call("a", "weather", oslo) })
    ]]
  ])("have two meanings with %s", ([, events]) => assertUnusable([...events, end]))
})

describe("OpenAiChat: calls without an index", () => {
  it.effect.each<Row>([
    ["by id", [
      fragment(call("a", "weather", "{\"city\"")),
      fragment(call("b", "sql", "{}")),
      fragment({
        id: "a",
        function: { arguments: ":\"Oslo\"}" }
      })
    ], [`a weather ${oslo}`, "b sql {}"]],
    ["by order of appearance", [
      fragment({ ...call("a", "weather", ""), index: null }),
      fragment({ function: { arguments: oslo }, index: null }),
      fragment({ ...call("b", "sql", ""), index: null }),
      fragment({ function: { arguments: "{}" }, index: null })
    ], [`a weather ${oslo}`, "b sql {}"]],
    ["without ids", [fragment(fn("weather", oslo)), fragment(fn("weather", oslo)), fragment(fn("sql", "{}"))], [
      `call_1 weather ${oslo}`,
      `call_2 weather ${oslo}`,
      "call_3 sql {}"
    ]],
    ["all in one chunk", [chunk({ tool_calls: [call("a", "weather", oslo), call("b", "weather", rome)] })], [
      `a weather ${oslo}`,
      `b weather ${rome}`
    ]],
    ["where the index comes and goes", [
      fragment({ index: 0, ...call("a", "weather", "") }),
      fragment({ function: { arguments: oslo } })
    ], [`a weather ${oslo}`]]
  ])("are told apart %s", ([, events, calls]) => assertStreamed([...events, end], calls))

  it.effect.each<Bad>([
    ["one name twice, the first without arguments and both without ids", [
      fragment(fn("weather", "")),
      fragment(fn("weather", oslo))
    ]],
    ["another name while arguments are written", [fragment(fn("weather", "{\"ci")), fragment(fn("sql", "{}"))]],
    ["arguments of no call", [fragment({ function: { arguments: oslo } })]]
  ])("have two meanings with %s", ([, events]) => assertUnusable([...events, end]))
})

describe("OpenAiChat: calls oddly written", () => {
  const shapes: ReadonlyArray<readonly [string, ReadonlyArray<object>, ReadonlyArray<string>]> = [
    ["no type", [{ id: "a", function: { name: "weather", arguments: oslo } }], [`a weather ${oslo}`]],
    ["a type that is null, empty or another", [
      { ...call("a", "weather", oslo), type: null },
      { ...call("b", "weather", oslo), type: "" },
      { ...call("c", "weather", oslo), type: "tool" }
    ], ["a", "b", "c"].map((id) => `${id} weather ${oslo}`)],
    ["no type, and the input of a custom tool", [{ id: "a", custom: { name: "sql", input: "select 1" } }], [
      "a sql select 1"
    ]],
    ["arguments that are an object", [call("a", "weather", { city: "Oslo" })], [`a weather ${oslo}`]],
    ["arguments that are null", [call("a", "weather", null)], ["a weather {}"]],
    ["no arguments", [{ id: "a", type: "function", function: { name: "weather" } }], ["a weather {}"]],
    ["arguments that are a list, a number, a truth", [
      call("a", "weather", ["Oslo"]),
      call("b", "weather", 7),
      call("c", "weather", true)
    ], ["a weather [\"Oslo\"]", "b weather 7", "c weather true"]],
    ["a blank one behind them", [call("a", "weather", oslo), call("", "", "")], [`a weather ${oslo}`]],
    ["blank ones of all sorts", [
      call(null, null, "{}"),
      call("a", "weather", oslo),
      { id: "", type: "function", function: null },
      { id: "", function: { name: "", arguments: {} } }
    ], [`a weather ${oslo}`]],
    ["an empty name", [call("a", "", oslo), call("b", "weather", oslo)], [`a  ${oslo}`, `b weather ${oslo}`]],
    ["arguments that are no JSON", [call("a", "weather", "{\"city\":"), call("b", "weather", oslo)], [
      "a weather {\"city\":",
      `b weather ${oslo}`
    ]]
  ]

  it.effect.each(shapes)(
    "are read, and sent back as servers take them: %s",
    ([, calls, expected]) =>
      Effect.gen(function*() {
        yield* assertWhole(calling(...calls), expected)
        yield* assertStreamed([...calls.map((call, index) => fragment({ index, ...call })), end], expected)
        yield* assertStreamed([...calls.map((call) => fragment(call)), end], expected)
      })
  )

  it.effect("give every call its own outcome, whatever is wrong with one", () =>
    Effect.gen(function*() {
      const json = calling(
        call("a", "weather", "{"),
        call("b", "$x.y", {}),
        call("c", "weather", 7),
        call("d", "weather", oslo)
      )
      const { outcomes } = yield* Batch.run(toolkit, OpenAiChat.toolCalls(unlike(json)))
      assert.deepStrictEqual(Conversation.results(outcomes).map(({ isError }) => isError), [true, true, true, false])
    }))

  it.effect("in the legacy form are calls like others", () =>
    Effect.gen(function*() {
      const legacy = { function_call: { name: "weather", arguments: oslo } }
      yield* assertWhole(body(legacy, "function_call"), [`call_1 weather ${oslo}`])
      const begun = { function_call: { name: "weather", arguments: "{\"city\"" } }
      const events = [chunk(begun), chunk({ function_call: { arguments: ":\"Oslo\"}" } }), chunk({}, "function_call")]
      yield* assertStreamed(events, [`call_1 weather ${oslo}`])
    }))

  it.effect("are echoed with their type, their arguments as text of an object, and a name that servers take", () =>
    Effect.gen(function*() {
      const json = calling(
        { id: "a", function: { name: "$x.y", arguments: "{\"ci" } },
        call("b", "weather", { city: "Oslo" })
      )
      const [turn] = yield* followUp(json)
      assert.deepInclude<unknown>(turn, {
        tool_calls: [call("a", "_x_y", "{\"unreadable\":\"{\\\"ci\"}"), call("b", "weather", oslo)]
      })
    }))

  it.effect.each([
    ["two objects", { city: "Oslo" }, { city: "Rome" }],
    ["a text and an object", "{\"ci", { city: "Rome" }]
  ])("have two meanings where arguments come as %s", ([, first, second]) =>
    assertUnusable([
      fragment({ index: 0, ...call("a", "weather", first) }),
      fragment({ index: 0, function: { arguments: second } }),
      end
    ]))

  it.effect("are repaired in a conversation that was stored before they were", () =>
    Effect.sync(() => {
      const message = { role: "assistant", content: null, tool_calls: [call("a", "$x", "{")] }
      const stored = {
        role: "assistant",
        text: "",
        calls: [{ id: "a", name: "$x", arguments: "{", index: 0, status: "complete" }],
        native: { wire: OpenAiChat.wire, message }
      } as const
      const results = [{ callId: "a", name: "$x", text: "no", isError: true }]
      const messages = OpenAiChat.messages({ runId: "r", messages: [stored, { role: "tool", results }] })
      assert.deepInclude<unknown>(messages[0], { tool_calls: [call("a", "_x", "{\"unreadable\":\"{\"}")] })
      assertAccepted(messages)
    }))
})

describe("OpenAiChat: multi_tool_use.parallel", () => {
  const uses = {
    tool_uses: [
      { recipient_name: "functions.weather", parameters: { city: "Oslo" } },
      { recipient_name: "functions.weather", parameters: { city: "Oslo" } },
      { recipient_name: "sql", parameters: {} }
    ]
  }
  const inside = [`a_1 weather ${oslo}`, `a_2 weather ${oslo}`, "a_3 sql {}"]

  it.effect("gives way to the calls inside, in the echo as well", () =>
    Effect.gen(function*() {
      const several = call("a", "multi_tool_use.parallel", JSON.stringify(uses))
      const expected = [...inside, `b weather ${rome}`]
      yield* assertWhole(calling(several, call("b", "weather", rome)), expected)
      yield* assertStreamed([
        fragment({ index: 0, ...several }),
        fragment({ index: 1, ...call("b", "weather", rome) }),
        end
      ], expected)
    }))

  it.effect("keeps ids apart, whatever the others are", () =>
    assertWhole(
      calling(call("", "multi_tool_use.parallel", uses), call("call_1_1", "weather", rome)),
      [`call_1_1 weather ${oslo}`, `call_1_2 weather ${oslo}`, "call_1_3 sql {}", `call_1_1_2 weather ${rome}`]
    ))

  it.effect("is a tool that nobody knows where it can't be read, and is answered under a name that servers take", () =>
    Effect.gen(function*() {
      const json = calling(call("a", "multi_tool_use.parallel", "{\"tool_uses\":["))
      const [turn] = yield* followUp(json)
      assert.include(JSON.stringify(turn), "\"name\":\"multi_tool_use_parallel\"")
      assertAccepted(yield* followUp(json))
    }))
})

describe("OpenAiChat: content in parts", () => {
  const thinking = { type: "thinking", thinking: [{ type: "text", text: "Hm, " }] }
  const thought = { type: "thinking", thinking: [{ type: "text", text: "Hm, well." }] }
  const said = [thought, { type: "text", text: "It is " }, { type: "text", text: "fine." }]

  it.effect("has its texts joined, and goes back as it came", () =>
    Effect.gen(function*() {
      const json = body({ content: said }, "stop")
      assert.deepStrictEqual<unknown>(short(yield* whole(OpenAiChat.layer, json)), {
        finish: "stop",
        text: "It is fine.",
        calls: []
      })
      assert.deepInclude<unknown>((yield* followUp(json))[0], { content: said })
    }))

  it.effect("is put together from texts and parts alike", () =>
    Effect.gen(function*() {
      const events = [
        chunk({ role: "assistant", content: "" }),
        chunk({ content: [thinking] }),
        chunk({ content: [{ type: "thinking", thinking: [{ type: "text", text: "well." }] }] }),
        chunk({ content: [{ type: "text", text: "It is " }] }),
        chunk({ content: "fine." }),
        chunk({}, "stop")
      ]
      const { response, turn } = yield* wholeOf(parts(events))
      assert.strictEqual(turn.message.text, "It is fine.")
      assert.deepStrictEqual(
        response.choices[0]?.message.content,
        unlike([thought, { type: "text", text: "It is fine." }])
      )
      assert.deepInclude<unknown>(short(yield* streamed(OpenAiChat.layer, events)), { text: "It is fine." })
    }))

  it.effect("has a refusal among them as one, which no call survives", () =>
    Effect.gen(function*() {
      const json = body({ content: [{ type: "refusal", refusal: "No." }], tool_calls: [call("a", "weather", oslo)] })
      const refused = { finish: "refusal", text: "No.", calls: [`a weather ${oslo} truncated`] }
      assert.deepStrictEqual<unknown>(short(yield* whole(OpenAiChat.layer, json)), refused)
      assert.deepStrictEqual(codec(json), refused.calls)
    }))
})

describe("OpenAiChat: chunks that say nothing new", () => {
  const a = fragment({ index: 0, ...call("a", "weather", oslo) })

  it.effect.each<readonly [string, ReadonlyArray<unknown>]>([
    ["choices that are null", [a, { id: "c", choices: null }, end]],
    ["no choices", [a, end, { id: "c", object: "chat.completion.chunk", usage: { prompt_tokens: 1 } }]],
    ["no choices at all", [{ choices: [], prompt_filter_results: [] }, a, end]],
    ["a delta that is null or missing", [chunk(null), a, { choices: [{ index: 0 }] }, chunk(null, "tool_calls")]],
    ["an event of another kind", [{ type: "ping" }, a, end]],
    ["the end again", [a, end, chunk({ content: "" }, "tool_calls", { usage: null })]],
    ["the end again in another good word", [a, end, chunk({}, "stop")]],
    ["an end in every chunk", [
      fragment({ index: 0, ...call("a", "weather", "{\"city\":") }, "tool_calls"),
      fragment({ index: 0, function: { arguments: "\"Oslo\"}" } }, "tool_calls")
    ]],
    ["an end that is empty in every chunk", [chunk({ content: "" }, ""), a, end]],
    ["eos", [a, chunk({}, "eos")]],
    ["all of it in one message", [{
      choices: [{ index: 0, message: { tool_calls: [call("a", "weather", oslo)] }, finish_reason: "tool_calls" }]
    }]],
    ["all of it in a message once more", [a, {
      choices: [{ index: 0, message: { tool_calls: [call("a", "weather", oslo)] }, finish_reason: "tool_calls" }]
    }]]
  ])("are passed over: %s", ([, events]) => assertStreamed(events, [`a weather ${oslo}`]))

  it.effect("keep what else a fragment has", () =>
    Effect.gen(function*() {
      const { response } = yield* wholeOf(parts([a, fragment({ index: 0, extra_content: { signature: "s" } }), end]))
      assert.deepInclude<unknown>(
        response.choices[0]?.message.tool_calls?.[0],
        unlike({ extra_content: { signature: "s" } })
      )
    }))

  it.effect("keep their usage", () =>
    Effect.gen(function*() {
      const { turn } = yield* wholeOf(
        parts([a, end, { choices: null, usage: { prompt_tokens: 3, completion_tokens: 2 } }])
      )
      assert.deepStrictEqual(turn.usage, { input: 3, output: 2 })
    }))
})

describe("OpenAiChat: an error in place of a turn", () => {
  const errors: ReadonlyArray<readonly [unknown, string, boolean, string]> = [
    [{ error: { code: 429, message: "Slow down." } }, "RateLimited", true, "Slow down."],
    [{ error: { code: "429", message: "Slow down." } }, "RateLimited", true, "Slow down."],
    [{ error: { code: "502", message: "Bad gateway." } }, "ProviderFailed", true, "Bad gateway."],
    [{ error: { message: "Overloaded.", type: "overloaded_error" } }, "ProviderFailed", true, "Overloaded."],
    [{ error: { message: "No.", code: "context_length_exceeded" } }, "InvalidRequest", false, "No."],
    [{ error: { message: "Pay.", type: "insufficient_quota" } }, "QuotaExhausted", false, "Pay."],
    [{ error: { message: "Who?", code: 401 } }, "Unauthorized", false, "Who?"],
    [{ error: "model is loading" }, "ProviderFailed", true, "model is loading"],
    [{ error: { code: 503 }, choices: [] }, "ProviderFailed", true, "503"],
    [{ error: { code: 500, message: "Oh." }, choices: null }, "ProviderFailed", true, "Oh."],
    [{ object: "error", message: "Bad model.", code: 404 }, "InvalidRequest", false, "Bad model."]
  ]

  it.effect.each(errors)(
    "is what the provider said: %j",
    ([json, reason, isRetryable, said]) =>
      Effect.gen(function*() {
        const failed = short(yield* whole(OpenAiChat.layer, json))
        assert.deepInclude<unknown>(failed, { reason, isRetryable })
        assert.include(JSON.stringify(failed), said)
        assert.deepStrictEqual(codec(json), [])
        assert.deepStrictEqual(yield* followUp(json), [])
        assert.include(Result.merge(OpenAiChat.parse(json)), said)
        const own = yield* reasonOf(parts([chunk({ content: "We" }), json]))
        assert.deepInclude<unknown>(own, { reason, isRetryable })
        assert.include(own.message, said)
        assert.deepInclude<unknown>(short(yield* streamed(OpenAiChat.layer, [chunk({ content: "We" }), json])), {
          reason,
          isRetryable
        })
      })
  )

  it.effect.each([undefined, null, "text", 7, [], {}, { choices: "x" }, { choices: [null] }, {
    choices: [{ message: 1 }]
  }])(
    "or of anything else gives the codec nothing: %j",
    (json) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(codec(json), [])
        assert.deepStrictEqual(yield* followUp(json), [])
      })
  )
})

describe("OpenAiChat: ends that prove nothing", () => {
  const a = call("a", "weather", oslo)

  it.effect.each(["abort", "error", "max_tokens", "STOP", "network_error"])(
    "fail, and are named, and no call of theirs is complete: %s",
    (finish) =>
      Effect.gen(function*() {
        for (const message of [{ content: "Half a" }, { tool_calls: [a] }]) {
          const reason = finish === "error" ? "ProviderFailed" : "UnusableResponse"
          const json = body(message, finish)
          const failed = short(yield* whole(OpenAiChat.layer, json))
          assert.deepInclude<unknown>(failed, { reason })
          assert.include(JSON.stringify(failed), finish)
          for (const call of codec(json)) assert.include(call, "truncated")
          const events = [
            chunk("tool_calls" in message ? { tool_calls: [{ index: 0, ...a }] } : message),
            chunk({}, finish)
          ]
          const own = yield* reasonOf(parts(events))
          assert.strictEqual(own.reason, reason)
          assert.include(own.message, finish)
          assert.isFalse(own.parts.some(({ _tag }) => _tag === "Call"))
          assert.deepInclude<unknown>(short(yield* streamed(OpenAiChat.layer, events)), { reason })
        }
      })
  )

  it.effect("are the provider's error where the choice has one", () =>
    Effect.gen(function*() {
      const error = { code: 502, message: "Upstream broke." }
      const json = {
        choices: [{ index: 0, finish_reason: "error", error, message: { role: "assistant", content: "We" } }]
      }
      const failed = short(yield* whole(OpenAiChat.layer, json))
      assert.deepInclude<unknown>(failed, { reason: "ProviderFailed", isRetryable: true })
      assert.match(JSON.stringify(failed), /Upstream broke.*error/)
      const events = [{ choices: [{ index: 0, finish_reason: "error", error, delta: { content: "" } }] }]
      assert.deepInclude<unknown>(yield* reasonOf(parts(events)), { reason: "ProviderFailed" })
      assert.deepInclude<unknown>(short(yield* streamed(OpenAiChat.layer, events)), { reason: "ProviderFailed" })
    }))

  it.effect("are taken back by a turn that was cut off or filtered, streamed too", () =>
    Effect.gen(function*() {
      for (const [finish, expected] of [["length", "length"], ["content_filter", "refusal"]] as const) {
        const turn = { finish: expected, text: "", calls: [`a weather ${oslo} truncated`] }
        assert.deepStrictEqual<unknown>(short(yield* whole(OpenAiChat.layer, body({ tool_calls: [a] }, finish))), turn)
        assert.deepStrictEqual(
          short(yield* streamed(OpenAiChat.layer, [fragment({ index: 0, ...a }), chunk({}, finish)])),
          turn
        )
      }
    }))

  it.effect("leave nothing to answer with where calls are told of and none came", () =>
    Effect.gen(function*() {
      const nothing = { finish: "malformed", text: "", calls: [] }
      for (const json of [body({}), body({ tool_calls: [] }), calling(call("", "", ""))]) {
        assert.deepStrictEqual<unknown>(short(yield* whole(OpenAiChat.layer, json)), nothing)
      }
      assert.deepStrictEqual<unknown>(short(yield* streamed(OpenAiChat.layer, [chunk({ content: "" }), end])), nothing)
    }))
})

describe("OpenAiChat: no finish_reason", () => {
  const events = [
    fragment({ index: 0, ...call("a", "weather", oslo) }),
    fragment({ index: 1, ...call("b", "weather", "{\"ci") }),
    fragment({ index: 2, ...call("c", "weather", "") }),
    fragment({ index: 3, ...call("d", "sql", {}) })
  ]
  const calls = [`a weather ${oslo}`, "b weather {\"ci truncated", "c weather  truncated", "d sql {}"]

  it.effect("is an end where the server says [DONE], for calls whose arguments are whole", () =>
    Effect.gen(function*() {
      assert.deepInclude<unknown>(short(yield* streamed(OpenAiChat.layer, events)), { finish: "tool-calls", calls })
      const { turn } = yield* wholeOf(parts([...events, "[DONE]"]))
      assert.deepInclude<unknown>(short(Result.succeed(turn)), { calls })
    }))

  it.effect("is the same in one piece", () =>
    Effect.gen(function*() {
      for (const finish of [null, ""]) {
        const json = body({
          tool_calls: [
            call("a", "weather", oslo),
            call("b", "weather", "{\"ci"),
            call("c", "weather", ""),
            call("d", "sql", {})
          ]
        }, finish)
        assert.deepInclude<unknown>(short(yield* whole(OpenAiChat.layer, json)), { finish: "tool-calls", calls })
        assert.deepStrictEqual(codec(json), calls)
      }
    }))

  it.effect.each([
    "",
    ": done\n\n",
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"data: [DONE]\"}}]}\n\n"
  ])(
    "is a connection that broke without [DONE]: %j",
    (end) =>
      Effect.gen(function*() {
        const broken = { reason: "Unreachable", isRetryable: true }
        assert.deepInclude<unknown>(short(yield* streamed(OpenAiChat.layer, events, end)), broken)
        assert.deepInclude<unknown>(yield* reasonOf(parts(events)), broken)
      })
  )

  it.effect("proves no text", () =>
    Effect.gen(function*() {
      const unusable = { reason: "UnusableResponse", isRetryable: false }
      assert.deepInclude<unknown>(short(yield* streamed(OpenAiChat.layer, [chunk({ content: "Half a" })])), unusable)
      assert.deepInclude<unknown>(short(yield* whole(OpenAiChat.layer, body({ content: "Half a" }, null))), unusable)
    }))
})

describe("A function_call of nothing", () => {
  it.effect.each([{ name: "", arguments: "" }, { name: null, arguments: null }, {}])(
    "asks for nothing: %j",
    (nothing) =>
      Effect.gen(function*() {
        const json = body({ content: "Sunny.", function_call: nothing, tool_calls: [] }, "stop")
        assert.deepStrictEqual(codec(json), [])
        assert.deepStrictEqual<unknown>(short(yield* whole(OpenAiChat.layer, json)), {
          finish: "stop",
          text: "Sunny.",
          calls: []
        })
        const chunks = [chunk({ content: "Sunny.", function_call: nothing }), chunk({}, "stop")]
        assert.deepInclude<unknown>(short(yield* streamed(OpenAiChat.layer, chunks)), { text: "Sunny.", calls: [] })
      })
  )
})

/**
 * What odd servers send, which has one right outcome: whole and streamed, by the codec and by the Layer.
 */
import Anthropic from "@anthropic-ai/sdk"
import { assert, describe, it } from "@effect/vitest"
import * as AnthropicMessages from "@volley/anthropic/AnthropicMessages"
import { Batch, ChatModel, Content, Conversation } from "@volley/core"
import * as AnthropicMessagesWire from "@volley/simulator/AnthropicMessagesWire"
import { Effect, Result, Stream } from "effect"
import { answering, bodySent, generate, question, reach } from "../../simulator/test/ChatModelSuite.ts"
import { conversation, turnsOf } from "../../simulator/test/conversations.ts"
import { assertSame, collect, reasonOf, summary, wholeOf } from "../../simulator/test/streams.ts"
import { block, delta, ending, eventsFor, json, messageDelta, messageStart, parts, start, stopped } from "./events.ts"
import { call, response, text, toolkit, unlike } from "./support.ts"

const layerOf = (body: unknown, init?: ResponseInit) =>
  AnthropicMessages.layer({ ...reach, maxRetries: 0, fetch: answering(body, init).fetch })

/** The turn that a body becomes. */
const turnOf = (body: unknown) => Effect.provide(generate(), layerOf(body))

const events = { headers: { "content-type": "text/event-stream" } }

/** The parts of a turn whose events come from a server. */
const streamed = (events_: ReadonlyArray<object>) => {
  const sse = events_.map((event) => `event: ${"type" in event ? event.type : "x"}\ndata: ${JSON.stringify(event)}\n\n`)
  return Stream.unwrap(
    ChatModel.ChatModel.useSync((model) => model.stream({ conversation: question, toolkit }))
  ).pipe(Stream.provide(layerOf(sse.join(""), events)))
}

/** The calls of a body, the same by the codec, whole by the Layer, in parts, and streamed by the Layer. */
const callsOf = Effect.fnUntraced(function*(body: unknown, stream: ReadonlyArray<object>) {
  const turn = yield* turnOf(body)
  const read = yield* Effect.fromResult(AnthropicMessages.parse(body))
  assert.deepStrictEqual(AnthropicMessages.toolCalls(read), turn.message.calls)
  yield* assertSame(parts(stream), turn)
  yield* assertSame(streamed(stream), turn)
  return turn.message.calls
})

const headers = { authorization: "Bearer key", "anthropic-version": "2026-10-21" }

/** What goes back after a turn, which the API has to take. */
const followUp = Effect.fnUntraced(function*(body: Anthropic.Message) {
  const settled = yield* Batch.run(toolkit, AnthropicMessages.toolCalls(body))
  const appended = AnthropicMessages.followUp(body, settled)
  const messages = [{ role: "user", content: "Go." }, ...appended, { role: "user", content: "Go on." }]
  const request = { model: "claude-opus-5-5", max_tokens: 10, messages, tools: AnthropicMessages.tools(toolkit) }
  const checked = AnthropicMessagesWire.check(JSON.parse(JSON.stringify(request)), headers)
  assert.isTrue(Result.isSuccess(checked), Result.isFailure(checked) ? checked.failure.message : "")
  return appended
})

const [oslo, rome] = [call("a"), call("b", { city: "Rome" })]
const two = response([oslo, rome])
const asked = [["a", { city: "Oslo" }], ["b", { city: "Rome" }]]
const idAndArguments = (calls: ReadonlyArray<ChatModel.Call["call"]>) => calls.map((call) => [call.id, call.arguments])

/** The same events, without the place of their blocks. */
const unplaced = (events: ReadonlyArray<object>): ReadonlyArray<object> =>
  events.map((event) => ({ ...event, ...("index" in event && { index: undefined }) }))

describe("blocks of Anthropic at the wrong place", () => {
  const atZero = [block(oslo, 0), block(rome, 0)].flat()
  const whole = (blocks: ReadonlyArray<object>) => [messageStart, ...blocks, ...ending("tool_use")]

  const oddly: ReadonlyArray<readonly [string, ReadonlyArray<object>]> = [
    ["all at the first one", atZero],
    ["at none", unplaced([block(oslo, 0), block(rome, 1)].flat())],
    ["first at none, then at one", [...unplaced(block(oslo, 0)), ...block(rome, 1)]]
  ]

  it.effect.each(oddly)("are told apart by their order: %s", ([, blocks]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(idAndArguments(yield* callsOf(two, whole(blocks))), asked)
    }))

  const doubtful: ReadonlyArray<readonly [string, ReadonlyArray<object>]> = [
    ["a second one at the same place, where the first is open", [start(0, oslo), start(0, rome)]],
    ["one at none, where another is open", [start(0, oslo), ...unplaced([start(0, rome)])]],
    ["a piece at none, where two are open", [start(0, oslo), start(1, rome), ...unplaced([json(0, "{}")])]],
    ["a piece behind the end of its block", [...block(oslo, 0), json(0, "{}")]],
    ["a place left out", [...block(oslo, 0), start(2, rome)]],
    ["two inputs", [
      { ...start(0, oslo), content_block: oslo },
      json(0, "{\"city\":\"Rome\"}"),
      stopped(0)
    ]]
  ]

  it.effect.each(doubtful)(
    "are no turn where they could be taken in two ways: %s",
    ([, blocks]) =>
      Effect.gen(function*() {
        const { parts: told, reason } = yield* reasonOf(parts(whole(blocks)))
        assert.strictEqual(reason, "UnusableResponse")
        assert.deepStrictEqual(told.filter((part) => part._tag === "Call" && part.call.id === "b"), [])
      })
  )

  it.effect("say their input twice where both are the same", () =>
    Effect.gen(function*() {
      const twice = [{ ...start(0, oslo), content_block: oslo }, ...block(oslo, 0).slice(1), ...block(rome, 1)]
      assert.deepStrictEqual(idAndArguments(yield* callsOf(two, whole(twice))), asked)
    }))
})

describe("events of Anthropic that say nothing new", () => {
  const plain = eventsFor(two)
  const [began = {}, ping = {}, ...rest] = plain

  const repeats: ReadonlyArray<readonly [string, ReadonlyArray<object>]> = [
    ["the same message_start twice", [began, began, ...rest]],
    ["a message_start of the same id later on", [began, ...rest.slice(0, 3), {
      type: "message_start",
      message: { id: "msg_1" }
    }, ...rest.slice(3)]],
    [
      "a block that stops twice",
      plain.flatMap((event) =>
        "type" in event && event.type === "content_block_stop"
          ? [event, event]
          : [event]
      )
    ],
    ["an end in the beginning already", [{
      ...messageStart,
      message: { ...messageStart.message, stop_reason: "end_turn" }
    }, ...plain.slice(1)]],
    ["pings anywhere", plain.flatMap((event) => [ping, event, ping])],
    ["a message_delta twice, and one without a reason", [
      ...plain.slice(0, -1),
      messageDelta("tool_use"),
      {
        type: "message_delta",
        usage: { output_tokens: 60 }
      },
      messageDelta(null),
      ...plain.slice(-1)
    ]],
    ["the end twice", [...plain, ...plain.slice(-2)]],
    ["deltas of no known type", plain.flatMap((event) => [event, delta(0, { type: "news_delta", news: [1] })])],
    ["events of no known type", plain.flatMap((event) => [{ type: "news", index: 7, delta: 3 }, event])]
  ]

  it.effect.each(repeats)("are passed over: %s", ([, stream]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(idAndArguments(yield* callsOf(two, stream)), asked)
    }))

  it.effect("are passed over where they belong to a block of no known type, which goes back as it began", () =>
    Effect.gen(function*() {
      const news = unlike<Anthropic.ContentBlock>({ type: "news", id: "n" })
      const body = response([news, oslo])
      const said = [start(0, news), delta(0, { type: "text_delta", text: "x" }), json(0, "{"), stopped(0)]
      yield* callsOf(body, [messageStart, ...said, ...block(oslo, 1), ...ending("tool_use")])
      assert.deepStrictEqual(AnthropicMessages.followUp(body, yield* Batch.run(toolkit, []))[0]?.content, [news, oslo])
    }))

  it.effect("begin blocks without what is empty", () =>
    Effect.gen(function*() {
      const thinking = unlike<Anthropic.ContentBlock>({ type: "thinking", thinking: "Hm", signature: "Eo8" })
      const begun = (index: number, content_block: object) => ({ type: "content_block_start", index, content_block })
      const stream = [
        messageStart,
        begun(0, { type: "thinking" }),
        delta(0, { type: "thinking_delta", thinking: "Hm" }),
        delta(0, { type: "signature_delta", signature: "Eo8" }),
        stopped(0),
        begun(1, { type: "text" }),
        delta(1, { type: "text_delta", text: "Well" }),
        stopped(1),
        begun(2, { type: "tool_use", id: "a", name: "weather", caller: { type: "direct" } }),
        json(2, "{\"city\":\"Oslo\"}"),
        stopped(2),
        ...ending("tool_use")
      ]
      const body = response([thinking, unlike({ type: "text", text: "Well" }), oslo])
      assert.deepStrictEqual(idAndArguments(yield* callsOf(body, stream)), asked.slice(0, 1))
    }))
})

describe("a call of Anthropic that is oddly written", () => {
  const streamedAs = (content_block: object, pieces: ReadonlyArray<string>) => [
    messageStart,
    { type: "content_block_start", index: 0, content_block },
    ...pieces.map((piece) => json(0, piece)),
    stopped(0),
    ...block(rome, 1),
    ...ending("tool_use")
  ]
  const { input: _, ...none } = oslo

  it.effect.each([
    ["null", null, {}, {}],
    ["a text of JSON", "{\"city\":\"Oslo\"}", "{\"city\":\"Oslo\"}", { city: "Oslo" }],
    ["an empty text", "", "", {}],
    ["a text that is no JSON", "{\"city\":", "{\"city\":", { unreadable: "{\"city\":" }],
    ["a list", ["Oslo"], ["Oslo"], { unreadable: ["Oslo"] }],
    ["a number", 3, 3, { unreadable: 3 }]
  ])(
    "is a call of its own, and goes back with an object: input that is %s",
    ([, input, args, back]) =>
      Effect.gen(function*() {
        const body = response([{ ...oslo, input }, rome])
        const calls = yield* callsOf(body, streamedAs({ ...oslo, input }, []))
        assert.deepStrictEqual(idAndArguments(calls), [["a", args], ["b", { city: "Rome" }]])
        const [turn] = yield* followUp(body)
        assert.deepStrictEqual(turn?.content, [{ ...oslo, input: back }, rome])
      })
  )

  it.effect("has no arguments where there is no input", () =>
    Effect.gen(function*() {
      const body = response(unlike([none, rome]))
      const calls = yield* callsOf(body, streamedAs(none, []))
      assert.deepStrictEqual(idAndArguments(calls), [["a", {}], ["b", { city: "Rome" }]])
      assert.deepStrictEqual((yield* followUp(body))[0]?.content, [{ ...oslo, input: {} }, rome])
    }))

  it.effect("is dropped where it asks for nothing", () =>
    Effect.gen(function*() {
      const empty = { ...oslo, id: "", name: "", input: {} }
      const body = response([oslo, rome, empty])
      const stream = [messageStart, ...[oslo, rome, empty].flatMap(block), ...ending("tool_use")]
      assert.deepStrictEqual(idAndArguments(yield* callsOf(body, stream)), asked)
      assert.deepStrictEqual((yield* followUp(body))[0]?.content, [oslo, rome])
    }))

  it.effect("has its type where it does not say it", () =>
    Effect.gen(function*() {
      const untyped = { ...oslo, type: null }
      const body = response(unlike([untyped, rome]))
      const stream = streamedAs({ ...untyped, input: {} }, ["{\"city\":\"Oslo\"}"])
      assert.deepStrictEqual(idAndArguments(yield* callsOf(body, stream)), asked)
      const read = yield* Effect.fromResult(AnthropicMessages.parse(body))
      assert.deepStrictEqual((yield* followUp(read))[0]?.content, [oslo, rome])
    }))

  it.effect.each(["multi_tool_use.run", "$x.y", "", "a b", "x".repeat(80)])(
    "is answered under its name, and goes back under one that is taken: %j",
    (name) =>
      Effect.gen(function*() {
        const body = response([call("a", { n: 1 }, name)])
        const [odd] = yield* callsOf(body, [messageStart, ...body.content.flatMap(block), ...ending("tool_use")])
        assert.strictEqual(odd?.name, name)
        const [turn] = yield* followUp(body)
        const [written] = turn?.content ?? []
        assert(typeof written === "object" && written.type === "tool_use")
        assert.match(written.name, /^[a-zA-Z0-9_-]{1,64}$/)
      })
  )

  it.effect("is the calls inside where it stands for several, with ids of their own", () =>
    Effect.gen(function*() {
      const tool_uses = [
        { recipient_name: "functions.weather", parameters: { city: "Oslo" } },
        { recipient_name: "functions.weather", parameters: { city: "Oslo" } },
        { recipient_name: "functions.files_read", parameters: { path: "x" } }
      ]
      const body = response([text("Well"), call("m", { tool_uses }, "multi_tool_use.parallel"), rome])
      const calls = yield* callsOf(body, [messageStart, ...body.content.flatMap(block), ...ending("tool_use")])
      assert.deepStrictEqual(calls.map(({ arguments: args, id, name }) => [id, name, args]), [
        ["m_1", "weather", { city: "Oslo" }],
        ["m_2", "weather", { city: "Oslo" }],
        ["m_3", "files_read", { path: "x" }],
        ["b", "weather", { city: "Rome" }]
      ])
      const [turn, results] = yield* followUp(body)
      assert.deepStrictEqual(turn?.content, [
        text("Well"),
        { ...oslo, id: "m_1" },
        { ...oslo, id: "m_2" },
        { ...oslo, id: "m_3", name: "files_read", input: { path: "x" } },
        rome
      ])
      assert.lengthOf(results?.content ?? [], 4)
    }))
})

describe("an end of Anthropic", () => {
  it.effect.each(["error", "abort", "tool_calls", ""])(
    "that is not known proves nothing complete, and is named: %j",
    (stop) =>
      Effect.gen(function*() {
        const body = response([text("Half"), oslo], unlike(stop))
        assert.deepStrictEqual(AnthropicMessages.toolCalls(body).map(({ status }) => status), ["truncated"])
        yield* followUp(body)
        const plain = yield* Effect.flip(turnOf(body))
        for (const stream of [parts(eventsFor(body)), streamed(eventsFor(body))]) {
          const { message, parts: told, reason } = yield* reasonOf(stream)
          assert.deepStrictEqual([reason, message], [plain.reason._tag, plain.message])
          assert.deepStrictEqual(summary(told), ["Half"])
        }
        assert.strictEqual(plain.reason._tag, "UnusableResponse")
        assert.include(plain.message, JSON.stringify(stop))
      })
  )

  it.effect.each(["refusal", "max_tokens", "model_context_window_exceeded"] as const)(
    "with %s behind calls revokes those that were told",
    (stop) =>
      Effect.gen(function*() {
        const body = response([oslo, rome], stop)
        const calls = yield* callsOf(body, eventsFor(body))
        assert.deepStrictEqual(calls.map(({ status }) => status), ["truncated", "truncated"])
        const { parts: told } = yield* collect(parts(eventsFor(body)))
        assert.deepStrictEqual(summary(told), [["a", "complete"], ["a", "truncated"], ["b", "truncated"], "end"])
      })
  )

  it.effect("with tool_use and nothing else is asked for again", () =>
    Effect.gen(function*() {
      const body = response([call("", {}, "")], "tool_use")
      const turn = yield* turnOf(body)
      assert.strictEqual(turn.finish, "malformed")
      assert.include(turn.problem, "tool_use")
      yield* assertSame(parts(eventsFor(body)), turn)
    }))

  it.effect("in the middle of a thought leaves nothing of it to go back, since it has no signature", () =>
    Effect.gen(function*() {
      const thought = unlike<Anthropic.ContentBlock>({ type: "thinking", thinking: "Let me", signature: "" })
      const body = response([text("Well"), thought], "max_tokens")
      assert.deepStrictEqual((yield* followUp(body))[0]?.content, [text("Well")])
    }))
})

describe("an error of Anthropic in place of an answer", () => {
  it("is an error however deep it is nested", () => {
    let deep: unknown = {}
    for (let depth = 0; depth < 20_000; depth++) deep = { deep }
    assert.match(
      Result.getOrThrow(Result.flip(AnthropicMessages.parse({ error: { deep } }))),
      /500 an error of no known form/
    )
  })

  it("is an error though its status is an object that has no text", () => {
    const code = { toString: 1, valueOf: 1 }
    assert.match(
      Result.getOrThrow(Result.flip(AnthropicMessages.parse({ error: { code, message: "No." } }))),
      /500 No\./
    )
  })

  const error = (error: unknown) => ({ type: "error", error })

  const bodies: ReadonlyArray<readonly [string, object, string, boolean]> = [
    ["as the API writes it", error({ type: "overloaded_error", message: "Busy." }), "ProviderFailed", true],
    ["of a limit", error({ type: "rate_limit_error", message: "Busy." }), "RateLimited", true],
    ["of a key", error({ type: "authentication_error", message: "Busy." }), "Unauthorized", false],
    ["with a code", { error: { code: 429, message: "Busy." } }, "RateLimited", true],
    ["with a code as text", { error: { code: "402", message: "Busy." } }, "QuotaExhausted", false],
    ["with a code of its own", { error: { code: "odd", message: "Busy." } }, "ProviderFailed", true],
    ["as a text", { error: "Busy." }, "ProviderFailed", true]
  ]

  it.effect.each(bodies)(
    "is the provider's error, by all ways of asking: %s",
    ([, body, tag, isRetryable]) =>
      Effect.gen(function*() {
        const whole = yield* Effect.flip(turnOf(body))
        const inPlace = Stream.unwrap(
          ChatModel.ChatModel.useSync((model) => model.stream({ conversation: question }))
        ).pipe(Stream.provide(layerOf(body)))
        const found = [{ reason: whole.reason._tag, isRetryable: whole.isRetryable, message: whole.message }]
        for (
          const stream of [inPlace, parts([messageStart, body]), streamed([messageStart, { ...body, type: "error" }])]
        ) {
          found.push(yield* reasonOf(stream))
        }
        for (const { isRetryable: is, message, reason } of found) {
          assert.deepStrictEqual([reason, is], [tag, isRetryable])
          assert.include(message, "Busy.")
          assert.notInclude(message, "{")
        }
      })
  )

  it.effect("has no calls and no turn for the codec, which says what the provider said", () =>
    Effect.gen(function*() {
      for (const [, body] of bodies) {
        assert.deepStrictEqual(AnthropicMessages.toolCalls(unlike(body)), [])
        assert.deepStrictEqual(AnthropicMessages.followUp(unlike(body), yield* Batch.run(toolkit, [])), [])
        const parsed = AnthropicMessages.parse(body)
        assert(Result.isFailure(parsed))
        assert.include(parsed.failure, "Busy.")
      }
    }))
})

describe("a conversation that comes from another server of Anthropic's kind", () => {
  const thinking = unlike<Anthropic.ContentBlock>({ type: "thinking", thinking: "Hm", signature: "Eo8" })
  const body = response([thinking, text("Well"), call("call.of:another server")])
  const from = (baseUrl?: string) =>
    Effect.provide(
      generate(),
      AnthropicMessages.layer({ ...reach, ...(baseUrl && { baseUrl }), fetch: answering(body).fetch })
    )

  it.effect("remembers where its turns are from, whole and streamed", () =>
    Effect.gen(function*() {
      const origins = [
        (yield* from()).message.native?.origin,
        (yield* from("https://api.anthropic.com")).message.native?.origin,
        (yield* from("https://other.test/v2/")).message.native?.origin,
        (yield* wholeOf(streamed(eventsFor(response([oslo]))))).turn.message.native?.origin,
        (yield* wholeOf(parts(eventsFor(response([oslo]))))).turn.message.native?.origin,
        (yield* wholeOf(parts(eventsFor(response([oslo])), undefined, "mine"))).turn.message.native?.origin
      ]
      assert.deepStrictEqual(origins, ["official", "official", "https://other.test/v2", "official", undefined, "mine"])
    }))

  it.effect("is spelled from its text and calls there, and echoed as it came where it is from", () =>
    Effect.gen(function*() {
      const { message } = yield* from("https://other.test")
      const told = conversation({ role: "user", text: "Go." }, message, {
        role: "tool",
        results: [{ callId: "call.of:another server", name: "weather", text: "3", isError: false }]
      })
      const [, echoed] = AnthropicMessages.messages(told, { origin: "https://other.test" })
      assert.strictEqual<unknown>(echoed?.content, message.native && Object(message.native.message)[0].content)
      assert.deepStrictEqual(
        AnthropicMessages.messages(told),
        AnthropicMessages.messages(told, {
          origin: "https://other.test"
        })
      )
      const tool_use = { type: "tool_use", id: "call_1", name: "weather", input: { city: "Oslo" } } as const
      assert.deepStrictEqual<unknown>(AnthropicMessages.messages(told, { origin: "official" }), [
        { role: "user", content: "Go." },
        { role: "assistant", content: [{ type: "text", text: "Well" }, tool_use] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "call_1", content: "3" }] }
      ])
    }))

  it("gets ids that the server takes", () => {
    const turn = turnsOf("toolu", {})([{}, {}])
    const acceptsId = (id: string) => /^[a-zA-Z0-9]{9}$/.test(id)
    const [written] = AnthropicMessages.messages(conversation(turn), { acceptsId })
    const ids = (typeof written?.content === "string" ? [] : written?.content ?? []).map((block) =>
      block.type === "tool_use" ? block.id : ""
    )
    assert.deepStrictEqual(ids, ["call00001", "call00002"])
  })

  it.effect("is not sent where no id can be made that the server takes", () =>
    Effect.gen(function*() {
      const { fetch, requests } = answering(body)
      const layer = AnthropicMessages.layer({ ...reach, fetch, acceptsId: () => false })
      const told = Conversation.append(question, turnsOf("toolu", {})([{}]))
      const error = yield* Effect.flip(Effect.provide(generate({ conversation: told }), layer))
      assert.strictEqual(error.reason._tag, "InvalidRequest")
      assert.lengthOf(requests, 0)
    }))
})

describe("a body of Anthropic that leaves out what is not needed", () => {
  it.effect("goes back whole by the codec alone: a text in place of blocks, blocks without a type", () =>
    Effect.gen(function*() {
      const said = { ...response([]), content: "Well" }
      assert.deepStrictEqual<unknown>(yield* followUp(unlike(said)), [
        { role: "assistant", content: [{ type: "text", text: "Well" }] }
      ])
      const untyped = response(unlike([{ type: "", text: "Well" }, { ...oslo, type: undefined }]))
      const [turn, results] = yield* followUp(untyped)
      assert.deepStrictEqual<unknown>(turn?.content, [{ type: "text", text: "Well" }, oslo])
      assert.lengthOf(results?.content ?? [], 1)
    }))

  it.effect("is the turn that it has", () =>
    Effect.gen(function*() {
      const turn = yield* turnOf({
        content: [{ type: "text" }, { type: "text", text: "Well" }],
        usage: null,
        model: null
      })
      assert.deepInclude(turn, { finish: "stop", usage: { input: 0, output: 0 }, model: undefined })
      assert.strictEqual(turn.message.text, "Well")
      assert.deepStrictEqual<unknown>(turn.message.native?.message, [
        { role: "assistant", content: [{ type: "text", text: "Well" }] }
      ])
    }))
})

describe("what a person shows to Anthropic", () => {
  it.effect("is taken by the API", () =>
    Effect.gen(function*() {
      const said = [
        Content.text("Look:"),
        Content.image("image/png", "AAAA"),
        Content.document("application/pdf", "AAAA")
      ]
      const body = yield* bodySent(AnthropicMessages.layer, { conversation: Conversation.make(said) })
      assert.lengthOf(Object(body).messages[0].content, 3)
    }))

  it.effect("stands in its order, and what is not taken is said in words", () =>
    Effect.gen(function*() {
      const said = [
        Content.text("Look:"),
        Content.image("image/png", "AAAA"),
        Content.image("image/tiff", "AAAA"),
        Content.text(""),
        Content.document("text/plain", "R3LDvMOfZQ==", "notes.txt")
      ]
      const [message] = AnthropicMessages.messages(Conversation.make(said))
      assert.deepStrictEqual<unknown>(message?.content, [
        { type: "text", text: "Look:" },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
        {
          type: "text",
          text: "[image/tiff is left out: Anthropic takes images of image/png, image/jpeg, image/gif and image/webp]"
        },
        { type: "document", source: { type: "text", media_type: "text/plain", data: "Grüße" }, title: "notes.txt" }
      ])
      const [alone] = AnthropicMessages.messages(Conversation.make([Content.text("")]))
      assert.strictEqual(alone?.content, "[nothing]")
    }))
})

describe("A body of any shape", () => {
  it.effect.each<unknown>([null, "text", [], { content: {} }, { content: [null] }, {
    content: [{ type: "tool_use", name: 1 }]
  }])(
    "has no calls, and nothing to go back: %j",
    (json) =>
      Effect.gen(function*() {
        const body = unlike<Anthropic.Message>(json)
        assert.deepStrictEqual(AnthropicMessages.toolCalls(body), [])
        assert.deepStrictEqual(AnthropicMessages.followUp(body, yield* Batch.run(toolkit, [])), [])
      })
  )

  it.effect.each<unknown>([{ content: [] }, { content: [{ type: "text", text: "" }], stop_reason: null }])(
    "is no answer where nothing is in it, and no end: %j",
    (json) =>
      Effect.gen(function*() {
        const { reason } = yield* Effect.flip(turnOf(json))
        assert.strictEqual(reason._tag, "UnusableResponse")
      })
  )

  it.effect("that is an error, and that a client gives in place of events, is sorted as such", () =>
    Effect.gen(function*() {
      const error = { type: "error", error: { type: "rate_limit_error", message: "slow down" } }
      const layer = AnthropicMessages.layerClient({ client: { messages: { create: async () => error } }, model: "m" })
      const stream = Stream.unwrap(ChatModel.ChatModel.useSync((model) => model.stream({ conversation: question })))
      assert.strictEqual((yield* reasonOf(Stream.provide(stream, layer))).reason, "RateLimited")
    }))
})

describe("A turn that was stored long ago", () => {
  it("is mended where the API would refuse it for ever, and is else the very same", () => {
    const stored = (block: object) => {
      const message = [{ role: "assistant", content: [{ type: "text", text: "So:" }, block] }]
      const native = { wire: AnthropicMessages.wire, message }
      const turn = Conversation.append(question, { role: "assistant", text: "So:", calls: [], native })
      return { message, written: AnthropicMessages.messages(turn).slice(1) }
    }
    const odd = stored({ type: "tool_use", id: "a", name: "$x.y", input: "{" })
    assert.deepStrictEqual<unknown>(odd.written[0]?.content, [
      { type: "text", text: "So:" },
      { type: "tool_use", id: "a", name: "_x_y", input: { unreadable: "{" } }
    ])
    const plain = stored({ type: "tool_use", id: "a", name: "weather", input: {} })
    assert.strictEqual<unknown>(plain.written[0], plain.message[0])
  })
})

describe("A stream that counts nothing at its end", () => {
  it.effect("keeps what was counted at its beginning", () =>
    Effect.gen(function*() {
      const begun = { input_tokens: 100, cache_read_input_tokens: 20, output_tokens: 1 }
      const ended = { input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 5 }
      const events = [
        { type: "message_start", message: { role: "assistant", content: [], usage: begun } },
        { type: "content_block_start", index: 0, content_block: { type: "text", text: "Hi" } },
        { type: "content_block_stop", index: 0 },
        { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: ended },
        { type: "message_stop" }
      ]
      const { turn } = yield* wholeOf(parts(events))
      assert.deepStrictEqual(turn.usage, { input: 120, output: 5, cached: 20 })
    }))
})

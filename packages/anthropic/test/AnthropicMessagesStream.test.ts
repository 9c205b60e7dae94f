import Anthropic, { APIError } from "@anthropic-ai/sdk"
import { assert, describe, it } from "@effect/vitest"
import * as AnthropicMessages from "@volley/anthropic/AnthropicMessages"
import { Batch } from "@volley/core"
import { Effect, Schema } from "effect"
import {
  answering,
  generate,
  reach,
  simulated,
  statuses,
  toolkit as cities
} from "../../simulator/test/ChatModelSuite.ts"
import {
  assertSame,
  Choices,
  collect,
  dispatched,
  interleave,
  reasonOf,
  sent,
  summary,
  wholeOf
} from "../../simulator/test/streams.ts"
import {
  type Block,
  block,
  delta,
  ending,
  eventsFor,
  json,
  messageDelta,
  messageStart,
  parts,
  rest,
  start,
  stopped
} from "./events.ts"
import { call, opaque, response, text, toolkit, unlike } from "./support.ts"

const broken = (text: string) => [start(0, call("a")), json(0, text), stopped(0)]

describe("AnthropicMessages.parts", () => {
  it.effect("tells text as it comes, and each call once what comes next proves it complete", () =>
    Effect.gen(function*() {
      const events = eventsFor(response([text("Well then"), call("a"), call("b", { city: "Rome" })]))
      const told = (count: number) => Effect.map(collect(parts(events.slice(0, count))), ({ parts }) => summary(parts))
      const nextStart = events.findLastIndex((event) => "content_block" in event)
      assert.deepStrictEqual(yield* told(nextStart), ["Well ", "then"])
      assert.deepStrictEqual(yield* told(nextStart + 1), ["Well ", "then", ["a", "complete"]])
      assert.deepStrictEqual(yield* told(events.length - 2), ["Well ", "then", ["a", "complete"]])
      const all = ["Well ", "then", ["a", "complete"], ["b", "complete"]]
      assert.deepStrictEqual(yield* told(events.length - 1), all)
      assert.deepStrictEqual(yield* told(events.length), [...all, "end"])
    }))

  it.effect("ends with the response that is the same when it is not streamed", () =>
    Effect.gen(function*() {
      const thinking = unlike<Block>({ type: "thinking", thinking: "Let me think.", signature: "Eo8" })
      const body = response([thinking, ...opaque, text("Well."), call("a"), call("b", {})])
      const { response: whole, turn } = yield* wholeOf(parts(eventsFor(body)))
      assert.deepStrictEqual(whole, body)
      assert.deepInclude(turn, {
        finish: "tool-calls",
        usage: { input: 795, output: 60, cached: 700, cacheWrite: 5 }
      })
      const settled = yield* Batch.run(toolkit, turn.message.calls)
      assert.deepStrictEqual(AnthropicMessages.followUp(whole, settled)[0]?.content, body.content)
    }))

  it.effect("gathers citations", () =>
    Effect.gen(function*() {
      const cited = (cited_text: string) => delta(0, { type: "citations_delta", citation: { cited_text } })
      const events = [messageStart, start(0, text("")), cited("a"), cited("b"), stopped(0), ...ending("end_turn")]
      const { response: whole } = yield* wholeOf(parts(events))
      assert.deepStrictEqual(
        whole.content,
        unlike([{ ...text(""), citations: [{ cited_text: "a" }, { cited_text: "b" }] }])
      )
    }))

  it.effect.each(["", " "])(
    "takes the input that a block starts with where no more comes: %j",
    (nothing) =>
      Effect.gen(function*() {
        const { turn } = yield* wholeOf(parts([messageStart, ...broken(nothing), ...ending("tool_use")]))
        assert.deepStrictEqual(turn.message.calls.map((call) => call.arguments), [{}])
      })
  )

  it.effect.each(["{\"city\":", "Oslo", "{} {}", "{\"city\":\"Oslo\",}"])(
    "keeps input that is no JSON as a text, which no tool runs on and which goes back as an object: %j",
    (input) =>
      Effect.gen(function*() {
        const { response: whole, turn } = yield* wholeOf(parts([messageStart, ...broken(input), ...ending("tool_use")]))
        assert.deepStrictEqual(turn.message.calls.map((call) => call.arguments), [input])
        const settled = yield* Batch.run(toolkit, turn.message.calls)
        const [turnBack, results] = AnthropicMessages.followUp(whole, settled)
        assert.deepStrictEqual(turnBack?.content, [call("a", { unreadable: input })])
        assert.include(JSON.stringify(results), "InvalidArguments")
      })
  )

  it.effect("gives an object as the input of what others run, where it is no JSON", () =>
    Effect.gen(function*() {
      const server = opaque.filter(({ type }) => type === "server_tool_use")
      const events = [
        messageStart,
        ...server.map((block) => start(0, block)),
        json(0, "{"),
        stopped(0),
        ...ending("end_turn")
      ]
      const { response: whole } = yield* wholeOf(parts(events))
      assert.deepStrictEqual(whole.content, unlike(server.map((block) => ({ ...block, input: { unreadable: "{" } }))))
    }))

  it.effect.each(
    [
      ["max_tokens", "length"],
      ["model_context_window_exceeded", "length"],
      ["refusal", "refusal"]
    ] as const
  )(
    "tells calls before the one at which %s cut the turn off, and at its end that none of them may run",
    ([stop, finish]) =>
      Effect.gen(function*() {
        const last = [start(1, call("b")), json(1, "{\"city\":\"Ro"), stopped(1)]
        const { calls, turn } = yield* wholeOf(parts([messageStart, ...block(call("a"), 0), ...last, ...ending(stop)]))
        assert.strictEqual(turn.finish, finish)
        assert.deepStrictEqual(calls.map(({ arguments: args, status }) => [args, status]), [
          [{ city: "Oslo" }, "truncated"],
          ["{\"city\":\"Ro", "truncated"]
        ])
      })
  )

  it.effect("puts blocks together that come into each other, and keeps their calls in order", () =>
    Effect.gen(function*() {
      const [a, b] = [call("a"), call("b", { city: "Rome" })]
      const events = [start(0, a), start(1, b), ...interleave([rest(b, 1), rest(a, 0)], [0, 1, 1, 0, 0, 1])]
      const { turn } = yield* wholeOf(parts([messageStart, ...events, ...ending("tool_use")]))
      assert.deepStrictEqual(turn.message.calls.map(({ arguments: args, id }) => [id, args]), [
        ["a", { city: "Oslo" }],
        ["b", { city: "Rome" }]
      ])
    }))

  it.effect("proves nothing by a block that started before another stopped", () =>
    Effect.gen(function*() {
      const events = [messageStart, start(0, call("a")), start(1, text("")), stopped(0), stopped(1)]
      assert.deepStrictEqual((yield* collect(parts(events))).parts, [])
    }))

  it.effect("tells no call before those that stand before it", () =>
    Effect.gen(function*() {
      const [a, b] = [call("a"), call("b", { city: "Rome" })]
      const events = [messageStart, start(0, a), start(1, b), ...rest(b, 1), start(2, text("")), ...rest(a, 0)]
      assert.deepStrictEqual(summary((yield* collect(parts([...events, stopped(2)]))).parts), [])
      const { calls } = yield* wholeOf(parts([...events, stopped(2), ...ending("tool_use")]))
      assert.deepStrictEqual(calls.map(({ id, index }) => [id, index]), [["a", 0], ["b", 1]])
    }))

  it.effect("tells a call at the end whose id is missing or another's, and the same call once", () =>
    Effect.gen(function*() {
      const body = response([call("a"), call("a"), call("a", {}), call(""), call("b")])
      const { parts: told } = yield* collect(parts(eventsFor(body)))
      const ids = told.flatMap((part) => part._tag === "Call" ? [[part.call.id, part.call.index]] : [])
      assert.deepStrictEqual(ids, [["a", 0], ["b", 3], ["a_2", 1], ["call_4", 2]])
    }))

  it.effect("pauses where the provider does", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* wholeOf(parts(eventsFor(response(opaque, "pause_turn"))))).turn.finish, "pause")
    }))

  it.effect("lets events of other types pass", () =>
    Effect.gen(function*() {
      const events = eventsFor(response([call("a")])).flatMap((event) => [{ type: "news", index: 7 }, event])
      assert.lengthOf((yield* wholeOf(parts(events))).calls, 1)
    }))
})

describe("AnthropicMessages.parts: a bad stream", () => {
  const events = eventsFor(response([text("Well then"), call("a"), call("b", { city: "Rome" })]))

  it.effect("that ends before message_stop is a connection that broke, wherever that is", () =>
    Effect.gen(function*() {
      for (let count = 0; count < events.length; count++) {
        const { isRetryable, message, reason } = yield* reasonOf(parts(events.slice(0, count)))
        assert.deepStrictEqual([reason, isRetryable], ["Unreachable", true])
        assert.match(message, /stop_reason|message_stop/)
      }
    }))

  it.effect("that ends without a stop_reason is a connection that broke", () =>
    Effect.gen(function*() {
      const { message, reason } = yield* reasonOf(parts([messageStart, ...block(call("a"), 0), ...ending(null)]))
      assert.strictEqual(reason, "Unreachable")
      assert.include(message, "stop_reason")
    }))

  const unusable = (events: ReadonlyArray<unknown>) =>
    Effect.gen(function*() {
      const { message, reason } = yield* reasonOf(parts(events))
      assert.strictEqual(reason, "UnusableResponse")
      assert.match(message, /not (an event|a response): ./)
      return message
    })

  it.effect.each([
    ["text", "text"],
    ["null", null],
    ["an object without a type", {}],
    ["a start without a message", { type: "message_start" }],
    ["a block without a place", { type: "content_block_start", content_block: text("") }],
    ["a delta of no kind", delta(0, {})],
    ["a delta without its text", delta(0, { type: "text_delta" })],
    ["a delta of the message that is none", { type: "message_delta", delta: "text" }]
  ])(
    "with an event of another shape is unusable: %s",
    ([, event]) =>
      unusable(
        event && typeof event === "object" && "message" in event ? [event] : [messageStart, start(0, text("")), event]
      )
  )

  const opened = [messageStart, start(0, text(""))]

  it.effect.each(
    [
      ["does not begin with message_start", "before message_start", [start(0, text(""))]],
      ["begins twice", "twice", [messageStart, { ...messageStart, message: { ...messageStart.message, id: "msg_2" } }]],
      ["starts a block twice", "block 0 starts", [...opened, start(0, text(""))]],
      ["leaves a block out", "block 2 starts", [...opened, start(2, text(""))]],
      ["has a delta of a block that has not started", "not open", [...opened, json(1, "{")]],
      ["has a delta of a block that is stopped", "not open", [...opened, stopped(0), json(0, "{")]],
      ["stops a block that never started", "not open", [...opened, stopped(0), stopped(1)]],
      ["has a delta for a block of another kind", "takes no", [...opened, json(0, "{")]],
      ["has text for a call", "takes no", [
        messageStart,
        start(0, call("a")),
        delta(0, { type: "text_delta", text: "x" })
      ]],
      ["goes on after the stop_reason", "after the stop_reason", [
        ...opened,
        stopped(0),
        messageDelta("end_turn"),
        stopped(0)
      ]],
      ["goes on after the end", "after the end", [messageStart, ...ending("end_turn"), start(0, text(""))]],
      ["ends twice, in two ways", "a second stop_reason", [
        messageStart,
        messageDelta("end_turn"),
        messageDelta("refusal")
      ]],
      ["never stops a block", "never stopped", [...opened, ...ending("end_turn")]],
      ["has a call without a name", "name", [
        messageStart,
        start(0, unlike({ type: "tool_use", id: "a", input: {} })),
        stopped(0),
        start(1, text(""))
      ]]
    ] as const
  )("that %s is unusable", ([, problem, events]) =>
    Effect.gen(function*() {
      assert.include(yield* unusable(events), problem)
    }))

  it.effect.each(
    [
      ["overloaded_error", "ProviderFailed"],
      ["api_error", "ProviderFailed"],
      ["timeout_error", "ProviderFailed"],
      ["rate_limit_error", "RateLimited"],
      ["billing_error", "QuotaExhausted"],
      ["authentication_error", "Unauthorized"],
      ["invalid_request_error", "InvalidRequest"],
      ["news_error", "ProviderFailed"]
    ] as const
  )("that breaks off with %s is sorted by it, however the error comes", ([type, expected]) =>
    Effect.gen(function*() {
      const event = { type: "error", error: { type, message: "It broke." } }
      const thrown = new APIError(undefined, event, undefined, new Headers(), unlike(type))
      for (const stream of [parts([messageStart, event]), parts([messageStart], thrown)]) {
        const { message, reason } = yield* reasonOf(stream)
        assert.strictEqual(reason, expected)
        assert.include(message, "It broke.")
      }
    }))

  it.effect.each(
    [
      ["a socket that was closed", new TypeError("terminated"), "Unreachable"],
      ["an event that is not JSON", new SyntaxError("Unexpected token"), "UnusableResponse"]
    ] as const
  )(
    "that breaks off with another error of the client is sorted by it: %s",
    ([, error, expected]) =>
      Effect.gen(function*() {
        const { parts: told, reason } = yield* reasonOf(parts(events.slice(0, 5), error))
        assert.strictEqual(reason, expected)
        assert.deepStrictEqual(summary(told), ["Well "])
      })
  )
})

describe("a turn of Anthropic in fragments", () => {
  const Turn = Schema.Struct({
    blocks: Schema.Array(Schema.Struct({
      kind: Schema.Literals(["call", "call", "text", "thinking", "opaque"]),
      id: Schema.Literals(["", "a", "b", "a_2", "call_1", "call_2"]),
      text: Schema.String,
      input: Schema.Union([Schema.Record(Schema.String, Schema.Json), Schema.Json])
    })),
    stop: Schema.Literals(["tool_use", "end_turn", "max_tokens", "refusal", "pause_turn"]),
    interleaved: Schema.Boolean,
    sizes: Choices,
    order: Choices
  })

  const blockOf = ({ id, input, kind, text: said }: (typeof Turn.Type)["blocks"][number]): Block => {
    switch (kind) {
      case "call":
        return call(id, input)
      case "text":
        return text(said)
      case "thinking":
        return { type: "thinking", thinking: said, signature: `Eo${id}` }
      case "opaque":
        return { type: "redacted_thinking", data: said }
    }
  }

  it.effect.prop(
    "is the same turn as in one piece",
    { turn: Turn },
    ({ turn: { blocks, interleaved, order, sizes, stop } }) =>
      Effect.gen(function*() {
        const body = sent(response(blocks.map(blockOf), stop))
        const layer = AnthropicMessages.layer({ ...reach, fetch: answering(body).fetch })
        const plain = yield* Effect.provide(generate(), layer)
        const starts = body.content.map((block, at) => start(at, block))
        const pieces = body.content.map((block, at) => rest(block, at, sizes))
        const events = interleaved
          ? [...starts, ...interleave(pieces, order)]
          : starts.flatMap((start, at) => [start, ...pieces[at] ?? []])
        const whole = yield* assertSame(parts([messageStart, ...events, ...ending(stop)]), plain)
        assert.deepStrictEqual(whole.response, body)
      }),
    { arbitrary: { runs: 200 } }
  )
})

describe("AnthropicMessages.parts in a loop of one's own", () => {
  it.effect("runs the calls of a stream of the official client, and gives what to append", () =>
    Effect.gen(function*() {
      const { fetch, requests } = yield* simulated()
      const client = new Anthropic({ apiKey: "key", fetch })
      const messages: Array<Anthropic.MessageParam> = [{ role: "user", content: "Go." }]
      const tools = AnthropicMessages.tools(cities)
      const request = { model: "claude-opus-5-5", max_tokens: 1024, messages, tools, stream: true } as const
      const ask = Effect.promise(() => client.messages.create(request))
      const { response, settled } = yield* dispatched(cities, AnthropicMessages.parts(yield* ask))
      messages.push(...AnthropicMessages.followUp(response, settled))
      assert.strictEqual((yield* wholeOf(AnthropicMessages.parts(yield* ask))).turn.message.text, "I saw: 3, 21")
      assert.deepStrictEqual(statuses(yield* requests), [200, 200])
    }))
})

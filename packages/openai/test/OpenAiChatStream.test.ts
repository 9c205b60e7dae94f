import { assert, describe, it } from "@effect/vitest"
import { Batch } from "@volley/core"
import * as OpenAiChat from "@volley/openai/OpenAiChat"
import { Effect, Schema } from "effect"
import OpenAI, { APIError } from "openai"
import {
  answering,
  generate,
  reach,
  simulated,
  statuses,
  toolkit as cities
} from "../../simulator/test/ChatModelSuite.ts"
import {
  Choices,
  collect,
  cut,
  dispatched,
  eventsOf,
  interleave,
  reasonOf,
  summary,
  wholeOf
} from "../../simulator/test/streams.ts"
import { call, calling, customCall, response, said, toolkit, unlike } from "./support.ts"

const chunk = (delta: object, finish: string | null = null): object => ({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1_763_600_000,
  model: "gpt-4.1",
  choices: [{ index: 0, delta, finish_reason: finish }],
  usage: null,
  obfuscation: "x8Ks"
})

const usage = { prompt_tokens: 80, completion_tokens: 40, total_tokens: 120 }
const usageChunk = { ...chunk({}), choices: [], usage }

const fragment = (index: number, more: object) => chunk({ tool_calls: [{ index, ...more }] })
const opening = (index: number, id: string, args = "") =>
  fragment(index, { id, type: "function", function: { name: "weather", arguments: args } })
const args = (index: number, text: string) => fragment(index, { function: { arguments: text } })
const stop = chunk({}, "stop")
const toolCalls = chunk({}, "tool_calls")

const parts = (events: ReadonlyArray<unknown>, error?: unknown, origin?: string) =>
  OpenAiChat.parts(unlike<AsyncIterable<OpenAI.ChatCompletionChunk>>(eventsOf(events, error)), { origin })

const messageOf = (body: OpenAI.ChatCompletion) => body.choices[0]?.message

describe("OpenAiChat.parts", () => {
  it.effect("tells text as it comes, and the calls once finish_reason proves that there is no more of them", () =>
    Effect.gen(function*() {
      const events = [
        chunk({ role: "assistant", content: "" }),
        chunk({ content: "Let " }),
        chunk({ content: "me see." })
      ]
      const calls = [opening(0, "a"), args(0, "{\"city\":"), opening(1, "b", "{}"), args(0, "\"Oslo\"}")]
      const { parts: told } = yield* collect(parts([...events, ...calls, toolCalls, usageChunk]))
      assert.deepStrictEqual(summary(told), ["Let ", "me see.", ["a", "complete"], ["b", "complete"], "end"])
    }))

  it.effect("ends with the response that is the same when it is not streamed", () =>
    Effect.gen(function*() {
      const { response: whole, turn } = yield* wholeOf(
        parts([
          chunk({ role: "assistant", content: null, refusal: null }),
          opening(0, "a"),
          args(0, "{\"city\":"),
          args(0, "\"Oslo\"}"),
          opening(1, "b", "{\"city\":\"Oslo\"}"),
          toolCalls,
          usageChunk
        ])
      )
      assert.deepStrictEqual(whole, calling(call("a"), call("b")))
      assert.deepStrictEqual(turn.usage, { input: 80, output: 40 })
      assert.strictEqual(turn.finish, "tool-calls")
      const settled = yield* Batch.run(toolkit, turn.message.calls)
      assert.lengthOf(OpenAiChat.followUp(whole, settled), 3)
    }))

  it.effect("puts fragments together by their index, in whatever order they come", () =>
    Effect.gen(function*() {
      const events = [
        opening(1, "b", "{"),
        opening(0, "a", "{\"a\""),
        args(1, "}"),
        args(0, ":1"),
        args(0, "}"),
        toolCalls
      ]
      const { turn } = yield* wholeOf(parts(events))
      assert.deepStrictEqual(turn.message.calls.map(({ arguments: args, id }) => [id, args]), [
        ["a", "{\"a\":1}"],
        ["b", "{}"]
      ])
    }))

  it.effect("takes id and name again, and empty ones for none", () =>
    Effect.gen(function*() {
      const again = { id: "a", type: "function", function: { name: "weather", arguments: "{" } }
      const empty = { id: "", type: null, function: { name: "", arguments: "}" } }
      const { response: whole } = yield* wholeOf(
        parts([opening(0, "a"), fragment(0, again), fragment(0, empty), toolCalls])
      )
      assert.deepStrictEqual(messageOf(whole)?.tool_calls, [call("a", "{}")])
    }))

  it.effect("puts the input of custom tools together as well", () =>
    Effect.gen(function*() {
      const { response: whole } = yield* wholeOf(parts([
        fragment(0, { id: "a", type: "custom", custom: { name: "sql", input: "select " } }),
        fragment(0, { custom: { input: "1" } }),
        toolCalls
      ]))
      assert.deepStrictEqual(messageOf(whole)?.tool_calls, [customCall("a", "select 1")])
    }))

  it.effect("gives a call whose arguments never came none", () =>
    Effect.gen(function*() {
      const { turn } = yield* wholeOf(parts([fragment(0, { id: "a", function: { name: "weather" } }), toolCalls]))
      assert.deepStrictEqual(turn.message.calls.map((call) => call.arguments), [{}])
    }))

  it.effect("keeps what other servers of this wire send beside", () =>
    Effect.gen(function*() {
      const signed = { google: { thought_signature: "CoMDAX" } }
      const { parts: told } = yield* collect(parts([
        chunk({ role: "assistant", content: "", reasoning_content: "I should " }),
        chunk({ role: "assistant", reasoning_content: "look.", reasoning_details: [{ index: 0 }] }),
        chunk({ reasoning_details: [{ index: 1 }] }),
        fragment(0, {
          id: "a",
          type: "function",
          function: { name: "weather", arguments: "{}" },
          extra_content: signed
        }),
        toolCalls
      ]))
      const whole = told.at(-1)
      assert(whole?._tag === "Turn")
      assert.deepStrictEqual(summary(told), [["a", "complete"], "end"])
      assert.deepStrictEqual(
        messageOf(whole.response),
        unlike({
          role: "assistant",
          content: "",
          reasoning_content: "I should look.",
          reasoning_details: [{ index: 0 }, { index: 1 }],
          tool_calls: [{ ...call("a", "{}"), extra_content: signed }]
        })
      )
    }))

  const details = (more: object) => ({ reasoning_details: [{ type: "reasoning.text", index: 0, ...more }] })
  const thought = (thinking: string, signature = "") => ({ type: "thinking", thinking, signature })
  it.effect.each<readonly [string, ReadonlyArray<object>, object]>([
    ["pieces of one index, and its signature at last", [
      details({ format: "anthropic-claude-v1" }),
      details({ text: "Let" }),
      details({ text: " me ", signature: null }),
      details({ text: "see." }),
      details({ signature: "c2ln" }),
      details({ index: 1, text: "So." })
    ], {
      reasoning_details: [
        { type: "reasoning.text", index: 0, text: "Let me see.", format: "anthropic-claude-v1", signature: "c2ln" },
        { type: "reasoning.text", index: 1, text: "So." }
      ]
    }],
    ["pieces that take turns", [
      details({ text: "a" }),
      details({ index: 1, type: "reasoning.summary", summary: "c" }),
      details({ text: "b" }),
      details({ index: 1, type: "reasoning.summary", summary: "d" })
    ], {
      reasoning_details: [
        { type: "reasoning.text", index: 0, text: "ab" },
        { type: "reasoning.summary", index: 1, summary: "cd" }
      ]
    }],
    ["pieces without an index, until they are signed", [
      { thinking_blocks: [thought("Step 1. ")] },
      { thinking_blocks: [thought("Step 2.")] },
      { thinking_blocks: [thought("", "c2ln")] },
      { thinking_blocks: [{ type: "redacted_thinking", data: "x" }] },
      { thinking_blocks: [{ type: "redacted_thinking", data: "y" }] },
      { thinking_blocks: [thought("Step 3.", "b24=")] },
      { thinking_blocks: [thought("Step 4.", "dHdv")] }
    ], {
      thinking_blocks: [
        thought("Step 1. Step 2.", "c2ln"),
        { type: "redacted_thinking", data: "x" },
        { type: "redacted_thinking", data: "y" },
        thought("Step 3.", "b24="),
        thought("Step 4.", "dHdv")
      ]
    }],
    ["those that have a signature and no words, as some servers leave them out", [
      { thinking_blocks: [thought("", "b25l")] },
      { thinking_blocks: [thought("", "dHdv")] },
      details({ text: "", signature: "b25l" }),
      details({ signature: "dHdv" })
    ], {
      thinking_blocks: [thought("", "b25l"), thought("", "dHdv")],
      reasoning_details: [
        { type: "reasoning.text", index: 0, text: "", signature: "b25l" },
        { type: "reasoning.text", index: 0, signature: "dHdv" }
      ]
    }],
    ["one that comes whole", [
      details({ type: "reasoning.encrypted", data: "ab", id: "tool_1" }),
      details({ type: "reasoning.encrypted", data: "cd", id: "tool_2" }),
      details({ text: "a", id: "one" }),
      details({ text: "b", id: "other" })
    ], {
      reasoning_details: [
        { type: "reasoning.encrypted", index: 0, data: "ab", id: "tool_1" },
        { type: "reasoning.encrypted", index: 0, data: "cd", id: "tool_2" },
        { type: "reasoning.text", index: 0, text: "a", id: "one" },
        { type: "reasoning.text", index: 0, text: "b", id: "other" }
      ]
    }],
    ["those in a field of the server", [
      { provider_specific_fields: { thinking_blocks: [thought("Let ")] } },
      { provider_specific_fields: { thinking_blocks: [thought("me see.", "c2ln")] } }
    ], { provider_specific_fields: { thinking_blocks: [thought("Let me see.", "c2ln")] } }],
    ["those among the content", [
      { content: [thought("Let ")] },
      { content: [thought("me see.", "c2ln")] },
      { content: [thought("", "")] },
      { content: [thought("So.", "b24=")] },
      { content: [{ type: "reasoning", summary: [{ type: "summary_text", text: "Fi" }] }] },
      { content: [{ type: "reasoning", summary: [{ type: "summary_text", text: "ne." }] }] }
    ], {
      content: [
        thought("Let me see.", "c2ln"),
        thought("So.", "b24="),
        { type: "reasoning", summary: [{ type: "summary_text", text: "Fine." }] }
      ]
    }],
    ["what is no thought, as it came", [
      { annotations: [{ type: "file_citation", text: "a", index: 0 }] },
      { annotations: [{ type: "file_citation", text: "a", index: 0 }] }
    ], {
      annotations: [{ type: "file_citation", text: "a", index: 0 }, { type: "file_citation", text: "a", index: 0 }]
    }]
  ])("keeps a thought whole, which its signature is for: %s", ([, deltas, expected]) =>
    Effect.gen(function*() {
      const { turn } = yield* wholeOf(parts([...deltas.map((delta) => chunk(delta)), opening(0, "a", "{}"), toolCalls]))
      assert.deepStrictEqual(turn.message.native?.message, {
        role: "assistant",
        content: null,
        ...expected,
        tool_calls: [call("a", "{}")]
      })
    }))

  it.effect.each<readonly [string, object]>([
    ["in the choice", { choices: [{ index: 0, delta: {}, finish_reason: "stop", usage }] }],
    ["in a field of the server", { x_groq: { id: "req_1", usage } }],
    ["in the chunk, which counts for more than another", {
      usage,
      choices: [{ index: 0, delta: {}, finish_reason: "stop", usage: { prompt_tokens: 1, completion_tokens: 1 } }]
    }]
  ])("counts tokens wherever a server says them: %s", ([, more]) =>
    Effect.gen(function*() {
      const { turn } = yield* wholeOf(parts([chunk({ content: "Fine." }), { ...stop, ...more }]))
      assert.deepStrictEqual(turn.usage, { input: 80, output: 40 })
    }))

  it.effect("takes an empty finish_reason for none, as some servers send it all along", () =>
    Effect.gen(function*() {
      const { turn } = yield* wholeOf(parts([chunk({ content: "Fi" }, ""), chunk({ content: "ne." }, ""), stop]))
      assert.strictEqual(turn.message.text, "Fine.")
    }))

  it.effect("tells a refusal as text", () =>
    Effect.gen(function*() {
      const events = [
        chunk({ role: "assistant", content: "" }),
        chunk({ refusal: "I " }),
        chunk({ refusal: "won't." }),
        stop
      ]
      const { turn } = yield* wholeOf(parts(events))
      assert.deepInclude(turn, { finish: "refusal" })
      assert.strictEqual(turn.message.text, "I won't.")
    }))

  it.effect("gathers what was asked for of the tokens' probabilities", () =>
    Effect.gen(function*() {
      const said = (token: string) => ({
        ...chunk({}),
        choices: [{ index: 0, delta: { content: token }, logprobs: { content: [{ token }], refusal: null } }]
      })
      const { response: whole } = yield* wholeOf(parts([said("a"), said("b"), stop]))
      assert.deepStrictEqual(
        whole.choices[0]?.logprobs,
        unlike({ content: [{ token: "a" }, { token: "b" }], refusal: null })
      )
    }))

  it.effect.each(
    [["length", "length"], ["content_filter", "refusal"]] as const
  )("holds calls of a turn that ended with %s for cut off", ([finish, expected]) =>
    Effect.gen(function*() {
      const { calls, turn } = yield* wholeOf(parts([opening(0, "a", "{\"ci"), chunk({}, finish)]))
      assert.strictEqual(turn.finish, expected)
      assert.deepStrictEqual(calls.map(({ status }) => status), ["truncated"])
    }))

  it.effect("takes the end again, as some servers say it beside the usage, and looks at the first choice alone", () =>
    Effect.gen(function*() {
      const second = { ...chunk({}), choices: [{ index: 1, delta: { content: "Other." }, finish_reason: null }] }
      const again = { ...chunk({ role: "assistant", content: "" }, "stop"), usage }
      const { turn } = yield* wholeOf(parts([chunk({ content: "Fine." }), second, stop, again]))
      assert.deepInclude(turn, { finish: "stop", usage: { input: 80, output: 40 } })
      assert.strictEqual(turn.message.text, "Fine.")
    }))

  it.effect("tells calls with ids of their own where ids are missing or repeated, and the same call once", () =>
    Effect.gen(function*() {
      const events = [
        opening(0, "a", "{}"),
        opening(1, "a", "{"),
        opening(2, "", "{}"),
        opening(3, "a", "{}"),
        toolCalls
      ]
      const { calls } = yield* wholeOf(parts(events))
      assert.deepStrictEqual(calls.map(({ id }) => id), ["a", "a_2", "call_3"])
    }))
})

describe("OpenAiChat.parts: a bad stream", () => {
  const broken: ReadonlyArray<readonly [string, ReadonlyArray<object>]> = [
    ["of nothing", []],
    ["with calls that look complete", [opening(0, "a", "{}"), opening(1, "b", "{}")]],
    ["with the usage alone behind it", [chunk({ content: "Fine." }), usageChunk]]
  ]

  it.effect.each(broken)(
    "that ends before finish_reason is a connection that broke: %s",
    ([, events]) =>
      Effect.gen(function*() {
        const { isRetryable, message, parts: told, reason } = yield* reasonOf(parts(events))
        assert.deepStrictEqual([reason, isRetryable], ["Unreachable", true])
        assert.include(message, "finish_reason")
        assert.isFalse(told.some(({ _tag }) => _tag === "Call"))
      })
  )

  it.effect.each([
    ["text", "text"],
    ["null", null],
    ["an object of another shape", {}],
    ["choices that are none", { choices: "text" }],
    ["a fragment whose index is none", fragment(0, { index: "0" })],
    ["a fragment that is none", chunk({ tool_calls: ["a"] })],
    ["content that is no text", chunk({ content: 1 })]
  ])("with an event that is no chunk is unusable: %s", ([, event]) =>
    Effect.gen(function*() {
      const { message, reason } = yield* reasonOf(parts([chunk({ content: "We" }), event, stop]))
      assert.strictEqual(reason, "UnusableResponse")
      assert.match(message, /not an event: ./)
    }))

  it.effect.each([
    ["text", chunk({ content: "more" })],
    ["a fragment", args(0, "}")],
    ["another end", chunk({}, "length")]
  ])("that goes on after its end is unusable: %s", ([, event]) =>
    Effect.gen(function*() {
      const { message, reason } = yield* reasonOf(parts([opening(0, "a", "{}"), toolCalls, event]))
      assert.strictEqual(reason, "UnusableResponse")
      assert.include(message, "after finish_reason")
    }))

  it.effect("with a call that never gets a name is unusable", () =>
    Effect.gen(function*() {
      const { message, parts: told, reason } = yield* reasonOf(parts([args(0, "{}"), toolCalls]))
      assert.strictEqual(reason, "UnusableResponse")
      assert.include(message, "name")
      assert.deepStrictEqual(told, [])
    }))

  const inStream = (error: object) => new APIError(undefined, error, undefined, new Headers())

  it.effect.each(
    [
      ["a provider that failed", inStream({ message: "Oh.", type: "server_error", code: null }), "ProviderFailed"],
      ["a rate limit", inStream({ message: "Oh.", type: "tokens", code: "rate_limit_exceeded" }), "RateLimited"],
      ["an error without a code", inStream({ message: "Oh." }), "ProviderFailed"],
      ["a status as its code", inStream({ message: "Oh.", code: 502 }), "ProviderFailed"],
      ["a request that is refused", inStream({ message: "Oh.", code: "context_length_exceeded" }), "InvalidRequest"],
      ["the quota", inStream({ message: "Oh.", code: "insufficient_quota" }), "QuotaExhausted"],
      ["a socket that was closed", new TypeError("terminated"), "Unreachable"],
      ["an event that is not JSON", new SyntaxError("malformed"), "UnusableResponse"]
    ] as const
  )("that breaks off with an error of the client is sorted by it: %s", ([, error, expected]) =>
    Effect.gen(function*() {
      const { parts: told, reason } = yield* reasonOf(parts([chunk({ content: "We" })], error))
      assert.strictEqual(reason, expected)
      assert.deepStrictEqual(summary(told), ["We"])
    }))
})

describe("a turn of OpenAI Chat in fragments", () => {
  const Turn = Schema.Struct({
    content: Schema.NullOr(Schema.String),
    refusal: Schema.NullOr(Schema.String),
    finish: Schema.Literals(["tool_calls", "stop", "length", "content_filter"]),
    calls: Schema.Array(Schema.Struct({
      id: Schema.Literals(["", "a", "b", "a_2", "call_1", "call_2"]),
      custom: Schema.Boolean,
      name: Schema.Literals(["weather", "sql"]),
      arguments: Schema.Union([Schema.Literals(["", "{}", "{\"city\":\"Oslo\"}", "{\"city\":"]), Schema.String])
    })),
    sizes: Choices,
    order: Choices
  })

  const bodyOf = ({ calls, content, finish, refusal }: typeof Turn.Type): OpenAI.ChatCompletion =>
    response(
      said({
        content: refusal ? content || null : content,
        refusal,
        ...(calls.length > 0 && {
          tool_calls: calls.map(({ arguments: args, custom, id, name }) =>
            custom ? { ...customCall(id, args), custom: { name, input: args } } : call(id, args, name)
          )
        })
      }),
      finish
    )

  const fragmentsOf = (call: OpenAI.ChatCompletionMessageToolCall, index: number, sizes: typeof Choices.Type) =>
    call.type === "custom"
      ? cut(call.custom.input, sizes).map((input, at) =>
        fragment(index, at === 0 ? { ...call, custom: { name: call.custom.name, input } } : { custom: { input } })
      )
      : cut(call.function.arguments, sizes).map((text, at) =>
        at === 0
          ? fragment(index, { ...call, function: { name: call.function.name, arguments: text } })
          : args(index, text)
      )

  const eventsFor = (body: OpenAI.ChatCompletion, { order, sizes }: typeof Turn.Type): ReadonlyArray<object> => {
    const { content = null, refusal = null, tool_calls = [] } = messageOf(body) ?? {}
    return [
      chunk({ role: "assistant", content: content === null ? null : "", refusal: null }),
      ...content === null ? [] : cut(content, sizes).map((content) => chunk({ content })),
      ...refusal === null ? [] : cut(refusal, sizes).map((refusal) => chunk({ refusal })),
      ...interleave(tool_calls.map((call, at) => fragmentsOf(call, at, sizes)), order),
      chunk({}, body.choices[0]?.finish_reason),
      usageChunk
    ]
  }

  it.effect.prop(
    "is the same turn as in one piece",
    { turn: Turn },
    ({ turn }) =>
      Effect.gen(function*() {
        const body = bodyOf(turn)
        const layer = OpenAiChat.layer({ ...reach, fetch: answering(body).fetch })
        const plain = yield* Effect.provide(generate(), layer)
        const whole = yield* wholeOf(parts(eventsFor(body, turn), undefined, "official"))
        assert.deepStrictEqual(whole.turn, plain)
        assert.deepStrictEqual(whole.calls, plain.message.calls)
      }),
    { arbitrary: { runs: 200 } }
  )
})

describe("OpenAiChat.parts in a loop of one's own", () => {
  it.effect("runs the calls of a stream of the official client, and gives what to append", () =>
    Effect.gen(function*() {
      const { fetch, requests } = yield* simulated()
      const { completions } = new OpenAI({ apiKey: "key", fetch }).chat
      const messages: Array<OpenAI.ChatCompletionMessageParam> = [{ role: "user", content: "Go." }]
      const request = { model: "gpt-4.1", messages, tools: OpenAiChat.tools(cities), stream: true } as const
      const ask = Effect.promise(() => completions.create(request))
      const { response, settled } = yield* dispatched(cities, OpenAiChat.parts(yield* ask))
      messages.push(...OpenAiChat.followUp(response, settled))
      assert.strictEqual((yield* wholeOf(OpenAiChat.parts(yield* ask))).turn.message.text, "I saw: 3, 21")
      assert.deepStrictEqual(statuses(yield* requests), [200, 200])
    }))
})

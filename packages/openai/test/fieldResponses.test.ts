/**
 * Responses as other servers write it: one meaning is taken, two are refused, none is guessed.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch } from "@volley/core"
import * as OpenAiResponses from "@volley/openai/OpenAiResponses"
import * as OpenAiResponsesWire from "@volley/simulator/OpenAiResponsesWire"
import { Effect, Result } from "effect"
import type { Response, ResponseStreamEvent } from "openai/resources/responses/responses"
import { collect, eventsOf, reasonOf } from "../../simulator/test/streams.ts"
import { short, shortCall, streamed, whole } from "./field.ts"
import { toolkit, unlike } from "./support.ts"

const oslo = "{\"city\":\"Oslo\"}"
const rome = "{\"city\":\"Rome\"}"

const call = (id: unknown, name: unknown, args: unknown, more: object = {}): object => ({
  type: "function_call",
  id: `fc_${String(id)}`,
  call_id: id,
  name,
  arguments: args,
  ...more
})

const message = (content: unknown) => ({ type: "message", id: "msg_1", role: "assistant", content })
const text = (text: string) => ({ type: "output_text", text, annotations: [] })

const body = (output: ReadonlyArray<unknown>, more: object = {}) => ({
  id: "resp_1",
  object: "response",
  status: "completed",
  model: "m",
  output,
  ...more
})

const added = (item: object, output_index: number) => ({ type: "response.output_item.added", output_index, item })
const done = (item: object, output_index: number) => ({ type: "response.output_item.done", output_index, item })
const ended = (response: object, type = "response.completed") => ({ type, response })

/** The events of a response whose items come in one piece each. */
const eventsFor = (output: ReadonlyArray<object>, more: object = {}) => [
  { type: "response.created", response: body([], { status: "in_progress" }) },
  ...output.flatMap((item, at) => [added(item, at), done(item, at)]),
  ended(body(output, more))
]

const codec = (json: unknown) => OpenAiResponses.toolCalls(unlike(json)).map(shortCall)

const followUp = Effect.fnUntraced(function*(json: unknown) {
  const response = unlike<Response>(json)
  return OpenAiResponses.followUp(response, yield* Batch.run(toolkit, OpenAiResponses.toolCalls(response)))
})

const parts = (events: ReadonlyArray<unknown>) =>
  OpenAiResponses.parts(unlike<AsyncIterable<ResponseStreamEvent>>(eventsOf(events)))

/** What is sent back is what the strict simulator takes. */
const assertAccepted = (input: ReadonlyArray<unknown>): void => {
  const sent = {
    model: "m",
    input: [{ role: "user", content: "Go." }, ...input],
    tools: OpenAiResponses.tools(toolkit)
  }
  const checked = OpenAiResponsesWire.check(JSON.parse(JSON.stringify(sent)), { authorization: "Bearer key" })
  assert.isTrue(Result.isSuccess(checked), Result.isFailure(checked) ? checked.failure.message : "")
}

const told = Effect.fnUntraced(function*(events: ReadonlyArray<unknown>) {
  const { error, parts: all } = yield* collect(parts(events))
  assert.isUndefined(error)
  const last = all.at(-1)
  assert(last?._tag === "Turn")
  return { ...last, told: all.flatMap((part) => part._tag === "Call" ? [shortCall(part.call)] : []) }
})

/** The codec and the Layer read these calls, whole and streamed, and the echo is taken back. */
const assertCalls = Effect.fnUntraced(function*(output: ReadonlyArray<object>, calls: ReadonlyArray<string>) {
  const json = body(output)
  const turn = { finish: "tool-calls", text: "", calls }
  assert.deepStrictEqual(codec(json), calls)
  assert.isTrue(Result.isSuccess(OpenAiResponses.parse(json)))
  assert.deepStrictEqual<unknown>(short(yield* whole(OpenAiResponses.layer, json)), turn)
  assert.deepStrictEqual<unknown>(short(yield* streamed(OpenAiResponses.layer, eventsFor(output))), turn)
  const own = yield* told(eventsFor(output))
  assert.deepStrictEqual<unknown>(short(Result.succeed(own.turn)), turn)
  assert.sameMembers(own.told, [...calls])
  assertAccepted(yield* followUp(json))
})

type Row = readonly [what: string, output: ReadonlyArray<object>, calls: ReadonlyArray<string>]

describe("OpenAiResponses: calls oddly written", () => {
  it.effect.each<Row>([
    ["arguments that are an object", [call("a", "weather", { city: "Oslo" })], [`a weather ${oslo}`]],
    ["arguments that are null or missing", [call("a", "weather", null), call("b", "weather", undefined)], [
      "a weather {}",
      "b weather {}"
    ]],
    ["arguments that are a list and a number", [call("a", "weather", []), call("b", "weather", 7)], [
      "a weather []",
      "b weather 7"
    ]],
    ["arguments that are no JSON", [call("a", "weather", "{\"ci"), call("b", "weather", oslo)], [
      "a weather {\"ci",
      `b weather ${oslo}`
    ]],
    ["a blank one behind them", [call("a", "weather", oslo), call("", "", "")], [`a weather ${oslo}`]],
    ["a name that the model made up", [call("a", "$x.y", "{}")], ["a $x.y {}"]],
    ["several in one", [
      call("a", "multi_tool_use.parallel", {
        tool_uses: [
          { recipient_name: "functions.weather", parameters: { city: "Oslo" } },
          { recipient_name: "functions.weather", parameters: { city: "Oslo" } }
        ]
      }),
      call("b", "weather", rome)
    ], [`a_1 weather ${oslo}`, `a_2 weather ${oslo}`, `b weather ${rome}`]],
    ["several in one without an id", [
      call("", "multi_tool_use.parallel", { tool_uses: [{ recipient_name: "weather", parameters: { city: "Oslo" } }] }),
      call("call_1", "weather", rome)
    ], [`call_1_2_1 weather ${oslo}`, `call_1 weather ${rome}`]]
  ])("are read, and sent back as servers take them: %s", ([, output, calls]) => assertCalls(output, calls))

  it.effect("are echoed as text of an object, under a name that servers take", () =>
    Effect.gen(function*() {
      const [first, second] = yield* followUp(
        body([call("a", "$x.y", "{\"ci"), call("b", "weather", { city: "Oslo" })])
      )
      assert.deepInclude<unknown>(first, { name: "_x_y", arguments: "{\"unreadable\":\"{\\\"ci\"}" })
      assert.deepInclude<unknown>(second, { name: "weather", arguments: oslo })
    }))

  it.effect("have the arguments that came before the item was done, where that leaves them out", () =>
    Effect.gen(function*() {
      const delta = (delta: string) => ({ type: "response.function_call_arguments.delta", output_index: 0, delta })
      for (const left of [undefined, null, ""]) {
        const item = call("a", "weather", left)
        const events = [added(item, 0), delta("{\"city\":"), delta("\"Oslo\"}"), done(item, 0), ended(body([item]))]
        const turn = { finish: "tool-calls", text: "", calls: [`a weather ${oslo}`] }
        assert.deepStrictEqual<unknown>(short(Result.succeed((yield* told(events)).turn)), turn)
        assert.deepStrictEqual<unknown>(short(yield* streamed(OpenAiResponses.layer, events)), turn)
      }
    }))

  it.effect("are repaired in a conversation that was stored before they were", () =>
    Effect.sync(() => {
      const stored = {
        role: "assistant",
        text: "",
        calls: [{ id: "a", name: "$x", arguments: "{", index: 0, status: "complete" }],
        native: { wire: OpenAiResponses.wire, message: { items: [call("a", "$x", "{")] } }
      } as const
      const results = [{ callId: "a", name: "$x", text: "no", isError: true }]
      const items = OpenAiResponses.messages({ runId: "r", messages: [stored, { role: "tool", results }] })
      assert.deepInclude<unknown>(items[0], { name: "_x", arguments: "{\"unreadable\":\"{\"}" })
      assertAccepted(items)
    }))
})

describe("OpenAiResponses: items with another id in every event", () => {
  const events = (ids: ReadonlyArray<string>) => {
    const item = (id: string | undefined, n: string, args: string) => ({ ...call(n, "weather", args), id })
    const delta = (item_id: string | undefined, output_index: number, delta: string) => ({
      type: "response.function_call_arguments.delta",
      item_id,
      output_index,
      delta
    })
    return [
      added(item(ids[0], "a", ""), 0),
      added(item(ids[1], "b", ""), 1),
      delta(ids[2], 1, rome),
      delta(ids[3], 0, oslo),
      done(item(ids[4], "b", rome), 1),
      done(item(ids[5], "a", oslo), 0),
      ended(body([item(ids[6], "a", oslo), item(ids[7], "b", rome)]))
    ]
  }

  it.effect("are told apart by their place, and the last event has the last word", () =>
    Effect.gen(function*() {
      const all = events(["1", "2", "3", "4", "5", "6", "7", "8"])
      const own = yield* told(all)
      assert.deepStrictEqual(own.told, [`a weather ${oslo}`, `b weather ${rome}`])
      assert.deepStrictEqual<unknown>(own.response.output.map(({ id }) => id), ["7", "8"])
      const turn = { finish: "tool-calls", text: "", calls: own.told }
      assert.deepStrictEqual<unknown>(short(yield* streamed(OpenAiResponses.layer, all)), turn)
    }))
})

describe("OpenAiResponses: items under one index", () => {
  it.effect("are told apart where one is done before the next begins", () =>
    Effect.gen(function*() {
      const [a, b] = [call("a", "weather", oslo), call("b", "weather", rome)]
      const events = [added(a, 0), done(a, 0), added(b, 0), done(b, 0), ended(body([a, b]))]
      const turn = { finish: "tool-calls", text: "", calls: [`a weather ${oslo}`, `b weather ${rome}`] }
      assert.deepStrictEqual<unknown>(short(Result.succeed((yield* told(events)).turn)), turn)
      assert.deepStrictEqual<unknown>(short(yield* streamed(OpenAiResponses.layer, events)), turn)
    }))
})

describe("OpenAiResponses: content oddly written", () => {
  it.effect.each<readonly [unknown, string]>([
    ["It is fine.", "It is fine."],
    [[{ type: "text", text: "It is " }, text("fine.")], "It is fine."],
    [[{ type: "reasoning_text", text: "Hm." }, text("It is fine.")], "It is fine."],
    [[], ""]
  ])("has its texts joined: %j", ([content, expected]) =>
    Effect.gen(function*() {
      const turn = { finish: "stop", text: expected, calls: [] }
      assert.deepStrictEqual<unknown>(short(yield* whole(OpenAiResponses.layer, body([message(content)]))), turn)
      const events = eventsFor([message(content)])
      assert.deepStrictEqual<unknown>(short(Result.succeed((yield* told(events)).turn)), turn)
    }))
})

describe("OpenAiResponses: an error in place of a turn", () => {
  const errors: ReadonlyArray<readonly [unknown, string, boolean, string]> = [
    [{ error: { code: 429, message: "Slow down." } }, "RateLimited", true, "Slow down."],
    [{ error: { code: "503", message: "Later." } }, "ProviderFailed", true, "Later."],
    [{ error: { code: "invalid_prompt", message: "No." } }, "InvalidRequest", false, "No."],
    [{ error: "model is loading" }, "ProviderFailed", true, "model is loading"],
    [
      body([call("a", "weather", oslo)], { error: { code: "server_error", message: "Oh." } }),
      "ProviderFailed",
      true,
      "Oh."
    ]
  ]

  it.effect.each(errors)(
    "is what the provider said: %j",
    ([json, reason, isRetryable, said]) =>
      Effect.gen(function*() {
        const failed = short(yield* whole(OpenAiResponses.layer, json))
        assert.deepInclude<unknown>(failed, { reason, isRetryable })
        assert.include(JSON.stringify(failed), said)
        for (const call of codec(json)) assert.include(call, "truncated")
        assert.include(Result.merge(OpenAiResponses.parse(json)), said)
        assert.deepInclude<unknown>(yield* reasonOf(parts([json])), { reason, isRetryable })
      })
  )

  it.effect.each([
    { type: "error", error: { code: "rate_limit_exceeded", message: "Slow down." } },
    { type: "error", code: "429", message: "Slow down." },
    { type: "response.failed", response: { status: "failed", error: { code: "429", message: "Slow down." } } }
  ])("is the same in the middle of a stream: %j", (event) =>
    Effect.gen(function*() {
      const events = [added(call("a", "weather", ""), 0), event]
      assert.deepInclude<unknown>(yield* reasonOf(parts(events)), { reason: "RateLimited" })
      assert.deepInclude<unknown>(short(yield* streamed(OpenAiResponses.layer, events)), { reason: "RateLimited" })
    }))

  it.effect.each([undefined, null, "text", 7, [], {}, { output: "x" }, { output: [null, 7, {}] }])(
    "or of anything else gives the codec nothing: %j",
    (json) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(codec(json), [])
        assert.deepStrictEqual(yield* followUp(json), [])
      })
  )
})

describe("OpenAiResponses: ends that prove nothing", () => {
  const items = [call("a", "weather", oslo)]
  const truncated = [`a weather ${oslo} truncated`]

  it.effect.each(["cancelled", "queued", "in_progress", "failed", "aborted"])(
    "fail, and are named, and no call of theirs is complete: %s",
    (status) =>
      Effect.gen(function*() {
        const reason = status === "failed" ? "ProviderFailed" : "UnusableResponse"
        const failed = short(yield* whole(OpenAiResponses.layer, body(items, { status })))
        assert.deepInclude<unknown>(failed, { reason })
        assert.include(JSON.stringify(failed), status)
        assert.deepStrictEqual(codec(body(items, { status })), truncated)
        assert.deepInclude<unknown>(yield* reasonOf(parts(eventsFor(items, { status }))), { reason })
        assert.deepInclude<unknown>(short(yield* streamed(OpenAiResponses.layer, eventsFor(items, { status }))), {
          reason
        })
      })
  )

  it.effect.each<readonly [string, ReadonlyArray<object>, object, string]>([
    ["cut off", items, { status: "incomplete" }, "length"],
    [
      "cut off, though it says that it is complete",
      items,
      { incomplete_details: { reason: "max_output_tokens" } },
      "length"
    ],
    ["filtered", items, { status: "incomplete", incomplete_details: { reason: "content_filter" } }, "refusal"],
    ["refused", [...items, message([{ type: "refusal", refusal: "No." }])], {}, "refusal"]
  ])("take back the calls of a turn that was %s", ([, output, more, finish]) =>
    Effect.gen(function*() {
      const json = body(output, more)
      assert.deepStrictEqual(codec(json), truncated)
      assert.deepInclude<unknown>(short(yield* whole(OpenAiResponses.layer, json)), { finish, calls: truncated })
      const events = eventsFor(output, more)
      assert.deepInclude<unknown>(short(yield* streamed(OpenAiResponses.layer, events)), { finish, calls: truncated })
      assert.deepStrictEqual((yield* told(events)).told, [`a weather ${oslo}`, ...truncated])
    }))

  it.effect("are cut off where the event says so and the response does not", () =>
    Effect.gen(function*() {
      const events = [...eventsFor(items).slice(0, -1), ended(body(items), "response.incomplete")]
      assert.deepInclude<unknown>(short(yield* streamed(OpenAiResponses.layer, events)), {
        finish: "length",
        calls: truncated
      })
    }))
})

describe("Calls that nobody can read", () => {
  it.effect.each<object>([
    call("a", null, oslo),
    call("a", { name: "weather" }, oslo),
    call(["a"], "weather", oslo),
    { type: "custom_tool_call", call_id: "a", name: 1, input: "x" }
  ])("are none to the codec, and do not go back: %j", (odd) =>
    Effect.gen(function*() {
      const response = unlike<Response>(body([odd]))
      assert.deepStrictEqual(OpenAiResponses.toolCalls(response), [])
      assert.deepStrictEqual(OpenAiResponses.followUp(response, yield* Batch.run(toolkit, [])), [])
      assert.deepInclude<unknown>(short(yield* whole(OpenAiResponses.layer, response)), { reason: "UnusableResponse" })
    }))
})

import { assert, describe, it } from "@effect/vitest"
import { Batch } from "@volley/core"
import * as OpenAiResponses from "@volley/openai/OpenAiResponses"
import { Effect, Schema } from "effect"
import OpenAI, { APIError } from "openai"
import type { ResponseInputItem, ResponseStreamEvent } from "openai/resources/responses/responses"
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
  cut,
  dispatched,
  eventsOf,
  interleave,
  reasonOf,
  summary,
  wholeOf
} from "../../simulator/test/streams.ts"
import { toolkit, unlike } from "./support.ts"

type Item = { readonly type: string; readonly id?: string } & Readonly<Record<string, unknown>>

const call = (n: number, more: object = {}): Item => ({
  type: "function_call",
  id: `fc_${n}`,
  call_id: `call_${n}`,
  name: "weather",
  arguments: "{\"city\":\"Oslo\"}",
  status: "completed",
  ...more
})

const message = (text: string, type = "output_text"): Item => ({
  type: "message",
  id: "msg_1",
  role: "assistant",
  content: [{ type, [type === "refusal" ? "refusal" : "text"]: text }]
})

const reasoning: Item = { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "gAAA" }

const response = (output: ReadonlyArray<object>, more: object = {}) => ({
  id: "resp_1",
  object: "response",
  status: "completed",
  output,
  usage: { input_tokens: 80, output_tokens: 40, total_tokens: 120 },
  ...more
})

const incomplete = (reason = "max_output_tokens") => ({ status: "incomplete", incomplete_details: { reason } })

const created = { type: "response.created", response: response([], { status: "in_progress", usage: null }) }

/** The text of an item that comes in pieces, and the item before any of it came. */
const unwritten = (item: Item) => {
  const { content: _content, encrypted_content: _encrypted, ...rest } = item
  return {
    ...rest,
    ...("arguments" in item && { arguments: "" }),
    ...("input" in item && { input: "" }),
    status: "in_progress"
  }
}

const kinds: Readonly<Record<string, readonly [field: string, event: string]>> = {
  function_call: ["arguments", "response.function_call_arguments.delta"],
  custom_tool_call: ["input", "response.custom_tool_call_input.delta"],
  output_text: ["text", "response.output_text.delta"],
  refusal: ["refusal", "response.refusal.delta"]
}

const Part = Schema.Struct({ content: Schema.Tuple([Schema.Record(Schema.String, Schema.Unknown)]) })

const begun = (item: object, at: number) => ({ type: "response.output_item.added", output_index: at, item })
const done = (item: object, at: number) => ({ type: "response.output_item.done", output_index: at, item })

const deltas = (item: Item, at: number, sizes: typeof Choices.Type) => {
  const source = Schema.is(Part)(item) ? item.content[0] : item
  const [field, type] = kinds[String(source["type"])] ?? ["", ""]
  const head = { type, item_id: item.id, output_index: at }
  return type === "" ? [] : cut(String(source[field]), sizes).map((delta) => ({ ...head, delta }))
}

const itemEvents = (item: Item, at: number, sizes: typeof Choices.Type = [3]) => [
  begun(unwritten(item), at),
  ...deltas(item, at, sizes),
  done(item, at)
]

const numbered = (events: ReadonlyArray<object>) =>
  events.map((event, sequence_number) => ({ ...event, sequence_number }))

const ended = (body: { readonly status?: string; readonly output?: unknown }) => ({
  type: `response.${body.status ?? "completed"}`,
  response: body
})

/** All events of a response whose items come one behind the other. */
const eventsFor = (output: ReadonlyArray<Item>, more: object = {}) =>
  numbered([created, ...output.flatMap((item, at) => itemEvents(item, at)), ended(response(output, more))])

const parts = (events: ReadonlyArray<unknown>, error?: unknown, origin?: string) =>
  OpenAiResponses.parts(unlike<AsyncIterable<ResponseStreamEvent>>(eventsOf(events, error)), { origin })

describe("OpenAiResponses.parts", () => {
  it.effect("tells text as it comes, and each call once its item is done", () =>
    Effect.gen(function*() {
      const output = [reasoning, message("Well then"), call(1), call(2)]
      const { parts: told } = yield* collect(parts(eventsFor(output)))
      assert.deepStrictEqual(summary(told), ["Wel", "l then", ["call_1", "complete"], ["call_2", "complete"], "end"])
      const events = eventsFor(output)
      const before = yield* collect(
        parts(events.slice(0, events.findIndex((event) => "item" in event && event.item === output[2])))
      )
      assert.deepStrictEqual(summary(before.parts), ["Wel", "l then"])
    }))

  it.effect("ends with the response that is the same when it is not streamed", () =>
    Effect.gen(function*() {
      const body = response([reasoning, call(1), message("Well."), call(2)])
      const { response: whole, turn } = yield* wholeOf(
        parts(eventsFor([reasoning, call(1), message("Well."), call(2)]))
      )
      assert.deepStrictEqual(whole, unlike(body))
      assert.deepInclude(turn, { finish: "tool-calls", usage: { input: 80, output: 40 } })
      const settled = yield* Batch.run(toolkit, turn.message.calls)
      assert.lengthOf(OpenAiResponses.followUp(whole, settled), 6)
    }))

  it.effect("tells calls of custom tools, and those whose status is left out", () =>
    Effect.gen(function*() {
      const custom = { type: "custom_tool_call", id: "ctc_1", call_id: "call_3", name: "sql", input: "select 1" }
      const { calls } = yield* wholeOf(parts(eventsFor([custom, call(1, { status: undefined })])))
      assert.deepStrictEqual(calls.map(({ arguments: args, id }) => [id, args]), [
        ["call_3", "select 1"],
        ["call_1", "{\"city\":\"Oslo\"}"]
      ])
    }))

  it.effect("keeps calls in order that are done in another", () =>
    Effect.gen(function*() {
      const [one, two] = [call(1), call(2)]
      const events = [begun(unwritten(one), 0), begun(unwritten(two), 1), done(two, 1), done(one, 0)]
      const { calls } = yield* wholeOf(parts([created, ...events, ended(response([one, two]))]))
      assert.deepStrictEqual(calls.map(({ id, index }) => [id, index]), [["call_1", 0], ["call_2", 1]])
    }))

  it.effect("tells calls that were done before the turn was cut off, and takes them back at its end", () =>
    Effect.gen(function*() {
      const output = [call(1), call(2, { arguments: "{\"ci", status: "incomplete" })]
      const { parts: told } = yield* collect(parts(eventsFor(output, incomplete())))
      assert.deepStrictEqual(summary(told), [
        ["call_1", "complete"],
        ["call_1", "truncated"],
        ["call_2", "truncated"],
        "end"
      ])
      assert.strictEqual((yield* wholeOf(parts(eventsFor(output, incomplete())))).turn.finish, "length")
    }))

  it.effect("tells a call at the end whose id is missing or another's, and the same call once", () =>
    Effect.gen(function*() {
      const output = [call(1), { ...call(2), call_id: "call_1" }, { ...call(3), call_id: "call_1", arguments: "{" }, {
        ...call(4),
        call_id: ""
      }, call(5)]
      const { parts: told } = yield* collect(parts(eventsFor(output)))
      const ids = told.flatMap((part) => part._tag === "Call" ? [[part.call.id, part.call.index]] : [])
      assert.deepStrictEqual(ids, [["call_1", 0], ["call_5", 3], ["call_1_2", 1], ["call_4", 2]])
    }))

  it.effect("tells a refusal as text", () =>
    Effect.gen(function*() {
      const { turn } = yield* wholeOf(parts(eventsFor([message("I won't.", "refusal")])))
      assert.strictEqual(turn.finish, "refusal")
    }))

  it.effect.each([[[]], [null], [undefined]])(
    "takes the items that are done where the last event leaves them out: %j",
    ([output]) =>
      Effect.gen(function*() {
        const events = [created, ...itemEvents(message("Hm."), 0), ...itemEvents(call(1), 1)]
        const { response: whole, turn } = yield* wholeOf(
          parts([...events, ended({ ...response([]), ...unlike({ output }) })])
        )
        assert.deepStrictEqual(whole.output, unlike([message("Hm."), call(1)]))
        assert.strictEqual(turn.message.text, "Hm.")
      })
  )

  it.effect("takes the status from the event where the response has none", () =>
    Effect.gen(function*() {
      const events = [...itemEvents(message("We"), 0), {
        type: "response.incomplete",
        response: response([message("We")], { status: undefined })
      }]
      assert.strictEqual((yield* wholeOf(parts(events))).turn.finish, "length")
    }))

  it.effect.each<readonly [string, (number: number, count: number) => number | null]>([
    ["0 all along", () => 0],
    ["null", () => null],
    ["0 for the last one", (number, count) => number === count - 1 ? 0 : number + 1]
  ])("takes a number of an event that says nothing: %s", ([, numberOf]) =>
    Effect.gen(function*() {
      const known = eventsFor([message("ha ha ha ha "), call(1)])
      const events = known.map((event, at) => ({ ...event, sequence_number: numberOf(at, known.length) }))
      assert.deepStrictEqual(yield* collect(parts(events)), yield* collect(parts(known)))
    }))

  it.effect("says what an error is whose event has 0 as its number, and no place", () =>
    Effect.gen(function*() {
      const failed = {
        type: "response.failed",
        sequence_number: 0,
        output_index: null,
        response: response([], { status: "failed", error: { code: "server_error", message: "out of order" } })
      }
      const [one, two] = eventsFor([message("Well then")])
      const { message: told, reason } = yield* reasonOf(parts([one, two, failed]))
      assert.strictEqual(reason, "ProviderFailed")
      assert.include(told, "out of order")
    }))

  it.effect("lets pass what it does not know, keep-alives, and an event that comes twice in a row", () =>
    Effect.gen(function*() {
      const known = eventsFor([message("Well then"), call(1)])
      const strange = [{ type: "keepalive", sequence_number: 3 }, { type: "response.news", detail: 1 }, {
        type: "other"
      }]
      const events = known.flatMap((event) => [event, event, ...strange]).slice(0, -strange.length)
      const { parts: told } = yield* collect(parts(events.slice(0, -1)))
      assert.deepStrictEqual(summary(told), ["Wel", "l then", ["call_1", "complete"], "end"])
    }))
})

describe("OpenAiResponses.parts: a bad stream", () => {
  const events = eventsFor([message("Well then"), call(1), call(2)])

  it.effect("that ends before its last event is a connection that broke, wherever that is", () =>
    Effect.gen(function*() {
      for (let count = 0; count < events.length; count++) {
        const { isRetryable, message, reason } = yield* reasonOf(parts(events.slice(0, count)))
        assert.deepStrictEqual([reason, isRetryable], ["Unreachable", true])
        assert.include(message, "response.completed")
      }
    }))

  const unusable = (events: ReadonlyArray<unknown>) =>
    Effect.gen(function*() {
      const { message, reason } = yield* reasonOf(parts(events))
      assert.strictEqual(reason, "UnusableResponse")
      assert.match(message, /not (an event|a response): ./)
      return message
    })

  const delta = { type: "response.output_text.delta", output_index: 0, item_id: "msg_1", delta: "x" }
  const opened = begun(unwritten(message("")), 0)

  it.effect.each([
    ["text", "text"],
    ["null", null],
    ["an object without a type", {}],
    ["a number that is none", { ...created, sequence_number: "1" }],
    ["an item that is none", begun({}, 0)],
    ["an item without a place", { type: "response.output_item.done", item: call(1) }],
    ["a last event without a response", { type: "response.completed" }]
  ])("with an event of another shape is unusable: %s", ([, event]) => unusable([event]))

  it.effect.each(
    [
      ["begins an item where another should", "item 1 begins", [begun(call(1), 1)]],
      ["begins an item twice", "item 0 begins", [opened, opened]],
      ["has a delta of an item that has not begun", "has not begun", [delta]],
      ["has a delta that is no text", "delta", [opened, { ...delta, delta: 1 }]],
      ["has a delta of an item that is done", "is done", [...itemEvents(message("a"), 0), delta]],
      ["is done with an item that has not begun", "has not begun", [done(call(1), 0)]],
      ["is done with an item twice", "is done", [...itemEvents(call(1), 0), done(call(1), 0)]],
      ["is done with a call without a name", "name", [opened, done({ type: "function_call", arguments: "{}" }, 0)]],
      ["is never done with an item", "never done", [opened, ended(response([]))]],
      ["goes on after the end", "after the end", [ended(response([])), opened]],
      ["ends twice", "after the end", [ended(response([])), ended(response([]))]]
    ] as const
  )("that %s is unusable", ([, problem, events]) =>
    Effect.gen(function*() {
      assert.include(yield* unusable(events), problem)
    }))

  it.effect("whose numbers go back, or are given to another event, is unusable", () =>
    Effect.gen(function*() {
      const [one, two] = [{ ...created, sequence_number: 4 }, { ...opened, sequence_number: 3 }]
      assert.include(yield* unusable([one, two]), "sequence number 3 comes after 4")
      assert.include(yield* unusable([one, { ...two, sequence_number: 4 }]), "sequence number 4 comes after 4")
    }))

  it.effect("whose last event has another call than the one that was done is unusable", () =>
    Effect.gen(function*() {
      const other = call(1, { arguments: "{}" })
      const { message, reason } = yield* reasonOf(parts([...itemEvents(call(1), 0), ended(response([other]))]))
      assert.strictEqual(reason, "UnusableResponse")
      assert.include(message, "changed")
    }))

  it.effect.each(
    [
      ["server_error", "ProviderFailed"],
      ["rate_limit_exceeded", "RateLimited"],
      ["insufficient_quota", "QuotaExhausted"],
      ["invalid_prompt", "InvalidRequest"],
      [null, "ProviderFailed"]
    ] as const
  )(
    "that fails with the code %s is sorted by it, however the failure comes",
    ([code, expected]) =>
      Effect.gen(function*() {
        const error = { code, message: "It broke." }
        const failed = { type: "response.failed", response: response([], { status: "failed", error }) }
        const thrown = new APIError(undefined, { type: "error", ...error }, undefined, new Headers())
        const all = [
          parts([created, failed]),
          parts([created, { type: "error", ...error, param: null }]),
          parts([created], thrown)
        ]
        for (const stream of all) {
          const { message, reason } = yield* reasonOf(stream)
          assert.strictEqual(reason, expected)
          assert.include(message, "It broke.")
        }
      })
  )

  it.effect("that fails without a word is the provider's failure", () =>
    Effect.gen(function*() {
      const failed = { type: "response.failed", response: response([], { status: "failed", error: null }) }
      assert.strictEqual((yield* reasonOf(parts([created, failed]))).reason, "ProviderFailed")
    }))
})

describe("a turn of OpenAI Responses in fragments", () => {
  const Text = Schema.Union([Schema.Literals(["", "{}", "{\"city\":\"Oslo\"}", "{\"city\":"]), Schema.String])

  const Turn = Schema.Struct({
    items: Schema.Array(Schema.Struct({
      kind: Schema.Literals(["function", "custom", "message", "reasoning", "refusal"]),
      id: Schema.Literals(["", "a", "b", "a_2", "call_1", "call_2"]),
      text: Text
    })),
    complete: Schema.Boolean,
    leftOut: Schema.Boolean,
    sizes: Choices,
    order: Choices
  })

  const itemOf = ({ id, kind, text }: (typeof Turn.Type)["items"][number], at: number): Item => {
    switch (kind) {
      case "function":
        return call(at, { call_id: id, arguments: text })
      case "custom":
        return { type: "custom_tool_call", id: `ctc_${at}`, call_id: id, name: "sql", input: text }
      case "reasoning":
        return { ...reasoning, id: `rs_${at}` }
      default:
        return { ...message(text, kind === "refusal" ? "refusal" : "output_text"), id: `msg_${at}` }
    }
  }

  it.effect.prop(
    "is the same turn as in one piece",
    { turn: Turn },
    ({ turn }) =>
      Effect.gen(function*() {
        const { complete, items, leftOut, order, sizes } = turn
        const output = items.map(itemOf)
        const body = response(output, complete ? {} : incomplete())
        const layer = OpenAiResponses.layer({ ...reach, fetch: answering(body).fetch })
        const plain = yield* Effect.provide(generate(), layer)
        const events = [
          created,
          ...output.map((item, at) => begun(unwritten(item), at)),
          ...interleave(output.map((item, at) => itemEvents(item, at, sizes).slice(1)), order),
          ended({ ...body, output: leftOut ? [] : output })
        ]
        yield* assertSame(parts(numbered(events), undefined, "official"), plain)
      }),
    { arbitrary: { runs: 200 } }
  )
})

describe("OpenAiResponses.parts in a loop of one's own", () => {
  it.effect("runs the calls of a stream of the official client, and gives what to append", () =>
    Effect.gen(function*() {
      const { fetch, requests } = yield* simulated()
      const { responses } = new OpenAI({ apiKey: "key", fetch })
      const input: Array<ResponseInputItem> = [{ role: "user", content: "Go." }]
      const request = { model: "gpt-5.4", input, tools: OpenAiResponses.tools(cities), stream: true } as const
      const ask = Effect.promise(() => responses.create(request))
      const { response, settled } = yield* dispatched(cities, OpenAiResponses.parts(yield* ask))
      input.push(...OpenAiResponses.followUp(response, settled))
      assert.strictEqual((yield* wholeOf(OpenAiResponses.parts(yield* ask))).turn.message.text, "I saw: 3, 21")
      assert.deepStrictEqual(statuses(yield* requests), [200, 200])
    }))
})

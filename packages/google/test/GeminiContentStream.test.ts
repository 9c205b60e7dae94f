import { assert, describe, it } from "@effect/vitest"
import { ApiError, type Content, GoogleGenAI, type Part } from "@google/genai"
import { Batch } from "@volley/core"
import * as GeminiContent from "@volley/google/GeminiContent"
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
  cut,
  dispatched,
  reasonOf,
  sent,
  summary,
  wholeOf
} from "../../simulator/test/streams.ts"
import { chunk, parts, stop, usageMetadata } from "./events.ts"
import { body, call, opaque, toolkit, unlike } from "./support.ts"

describe("GeminiContent.parts", () => {
  it.effect("tells text and calls as they come, but no thoughts", () =>
    Effect.gen(function*() {
      const thought = { text: "Let me think.", thought: true }
      const events = [chunk([thought, { text: "Well " }]), chunk([{ text: "then" }, call("a")]), chunk([call("b")])]
      const { parts: told } = yield* collect(parts(events))
      assert.deepStrictEqual(summary(told), ["Well ", "then", ["a", "complete"], ["b", "complete"]])
      assert.strictEqual(summary((yield* collect(parts([...events, stop()]))).parts).at(-1), "end")
    }))

  it.effect("ends with the response that is the same when it is not streamed", () =>
    Effect.gen(function*() {
      const all = [...opaque, { text: "Well then." }, { ...call("a"), thoughtSignature: "CoMDAZ" }, call("b")]
      const events = all.map((part) => chunk([part]))
      const { response: whole, turn } = yield* wholeOf(parts([...events, stop()]))
      assert.deepStrictEqual(whole, unlike(body(all)))
      assert.deepInclude(turn, {
        finish: "tool-calls",
        usage: { input: 95, output: 60, cached: 60, reasoning: 40 }
      })
      const settled = yield* Batch.run(toolkit, turn.message.calls)
      assert.deepStrictEqual(GeminiContent.followUp(whole, settled)[0]?.parts, all)
    }))

  it.effect("joins plain text that goes on, and nothing that has a signature", () =>
    Effect.gen(function*() {
      const thought = (text: string) => ({ text, thought: true })
      const signed = { text: "", thoughtSignature: "CoMDAY" }
      const events = [[thought("a")], [thought("b")], [{ text: "c" }], [{ text: "d" }], [signed], [{ text: "e" }], [{
        text: "f"
      }]]
      const { response: whole } = yield* wholeOf(parts([...events.map((parts) => chunk(parts)), stop()]))
      assert.deepStrictEqual(
        whole.candidates?.[0]?.content?.parts,
        [thought("ab"), { text: "cd" }, signed, { text: "ef" }]
      )
    }))

  it.effect("tells calls without ids at once, since their place alone decides what they go by", () =>
    Effect.gen(function*() {
      const { parts: told } = yield* collect(parts([chunk([call(), call()]), chunk([call()])]))
      assert.deepStrictEqual(summary(told), [["noid_1", "complete"], ["noid_2", "complete"], ["noid_3", "complete"]])
    }))

  it.effect("tells a call at the end whose id is another's, and the same call once", () =>
    Effect.gen(function*() {
      const events = [call("a"), call("a"), call("a", {}), call("b")].map((part) => chunk([part]))
      const { parts: told } = yield* collect(parts([...events, stop()]))
      const ids = told.flatMap((part) => part._tag === "Call" ? [[part.call.id, part.call.index]] : [])
      assert.deepStrictEqual(ids, [["a", 0], ["b", 2], ["a_2", 1]])
    }))

  it.effect.each(
    [["MAX_TOKENS", "length"], ["MALFORMED_FUNCTION_CALL", "malformed"], ["SAFETY", "refusal"]] as const
  )("ends a turn with %s as it ends one that is not streamed", ([reason, finish]) =>
    Effect.gen(function*() {
      const { calls, turn } = yield* wholeOf(parts([chunk([call("a")]), stop(reason)]))
      assert.strictEqual(turn.finish, finish)
      assert.deepStrictEqual(turn.message.calls.map(({ status }) => status), ["truncated"])
      assert.deepStrictEqual(calls.map(({ status }) => status), ["truncated"])
    }))

  it.effect("takes a candidate without content, and a prompt that was blocked", () =>
    Effect.gen(function*() {
      const none = yield* wholeOf(parts([stop("MALFORMED_FUNCTION_CALL")]))
      assert.deepInclude(none.turn, { finish: "malformed", problem: "MALFORMED_FUNCTION_CALL" })
      const blocked = yield* wholeOf(parts([{ promptFeedback: { blockReason: "SAFETY" }, usageMetadata }]))
      assert.deepInclude(blocked.turn, {
        finish: "refusal",
        usage: { input: 95, output: 60, cached: 60, reasoning: 40 }
      })
    }))

  it.effect("goes on after CONTINUATION, as the SDK does of itself, and looks at the first candidate alone", () =>
    Effect.gen(function*() {
      const second = { candidates: [{ index: 1, content: { role: "model", parts: [{ text: "Other." }] } }] }
      const events = [
        stop("CONTINUATION", [{ text: "Well " }]),
        second,
        stop("STOP", [{ text: "then." }]),
        stop("STOP", [{ text: "" }])
      ]
      const { turn } = yield* wholeOf(parts([...events, { usageMetadata }]))
      assert.strictEqual(turn.message.text, "Well then.")
      assert.strictEqual(turn.finish, "stop")
    }))
})

describe("GeminiContent.parts: a bad stream", () => {
  const broken: ReadonlyArray<readonly [string, ReadonlyArray<object>]> = [
    ["of nothing", []],
    ["with calls that look complete", [chunk([call("a")]), chunk([call("b")])]],
    ["with the usage alone behind it", [chunk([{ text: "Fine." }]), { usageMetadata }]]
  ]

  it.effect.each(broken)(
    "that ends before finishReason is a connection that broke: %s",
    ([, events]) =>
      Effect.gen(function*() {
        const { isRetryable, message, reason } = yield* reasonOf(parts(events))
        assert.deepStrictEqual([reason, isRetryable], ["Unreachable", true])
        assert.include(message, "finishReason")
      })
  )

  it.effect.each([
    ["text", "text"],
    ["null", null],
    ["candidates that are none", { candidates: "text" }],
    ["a call without a name", chunk([{ functionCall: { args: {} } }])],
    ["a name that is none", chunk([{ functionCall: { name: 7, args: {} } }])],
    ["text that is none", chunk([{ text: 1 }])],
    ["a turn of somebody else", { candidates: [{ content: { role: "user", parts: [] } }] }],
    ["a call in pieces", chunk([{ functionCall: { name: "weather", willContinue: true } }])],
    ["a piece of a call", chunk([{ functionCall: { name: "weather", partialArgs: [] } }])]
  ])("with an event that is no chunk is unusable: %s", ([, event]) =>
    Effect.gen(function*() {
      const { message, parts: told, reason } = yield* reasonOf(parts([chunk([{ text: "We" }]), event, stop()]))
      assert.strictEqual(reason, "UnusableResponse")
      assert.match(message, /not an event: ./)
      assert.deepStrictEqual(summary(told), ["We"])
    }))

  it.effect.each([
    ["text", chunk([{ text: "more" }])],
    ["a call", chunk([call("b")])],
    ["another end", stop("MAX_TOKENS")]
  ])("that goes on after its end is unusable: %s", ([, event]) =>
    Effect.gen(function*() {
      const { message, reason } = yield* reasonOf(parts([chunk([call("a")]), stop(), event]))
      assert.strictEqual(reason, "UnusableResponse")
      assert.include(message, "after finishReason")
    }))

  const retry = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "2s" }]

  it.effect.each(
    [
      [500, "INTERNAL", "ProviderFailed"],
      [503, "UNAVAILABLE", "ProviderFailed"],
      [429, "RESOURCE_EXHAUSTED", "RateLimited"],
      [400, "INVALID_ARGUMENT", "InvalidRequest"]
    ] as const
  )(
    "that breaks off with %s %s is sorted by it, however the error comes",
    ([code, status, expected]) =>
      Effect.gen(function*() {
        const event = { error: { code, status, message: "It broke.", details: retry } }
        const thrown = new ApiError({ message: `got status: ${status}. ${JSON.stringify(event)}`, status: code })
        for (const stream of [parts([chunk([{ text: "We" }]), event]), parts([chunk([{ text: "We" }])], thrown)]) {
          const { message, reason } = yield* reasonOf(stream)
          assert.strictEqual(reason, expected)
          assert.include(message, `${code} It broke.`)
          assert.notInclude(message, "{")
        }
      })
  )

  it.effect.each(
    [
      ["a socket that was closed", new TypeError("terminated"), "Unreachable"],
      ["an event that is not whole", new Error("Incomplete JSON segment at the end"), "Unreachable"],
      ["an event that is not JSON", new SyntaxError("Unexpected token"), "UnusableResponse"]
    ] as const
  )(
    "that breaks off with another error of the client is sorted by it: %s",
    ([, error, expected]) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* reasonOf(parts([chunk([{ text: "We" }])], error))).reason, expected)
      })
  )
})

describe("a turn of Gemini in fragments", () => {
  const Turn = Schema.Struct({
    parts: Schema.Array(Schema.Struct({
      kind: Schema.Literals(["call", "text", "thought", "signed", "opaque"]),
      id: Schema.UndefinedOr(Schema.Literals(["", "a", "b", "a_2", "noid_1"])),
      text: Schema.String,
      args: Schema.Record(Schema.String, Schema.Json)
    })),
    finish: Schema.Literals(["STOP", "MAX_TOKENS", "SAFETY"]),
    sizes: Choices,
    together: Choices
  })

  const partOf = ({ args, id, kind, text }: (typeof Turn.Type)["parts"][number]): Part => {
    switch (kind) {
      case "call":
        return call(id, args)
      case "text":
        return { text }
      case "thought":
        return { text, thought: true }
      case "signed":
        return { text, thoughtSignature: "CoMDAX" }
      case "opaque":
        return { executableCode: { code: text } }
    }
  }

  const isPlain = (part: Part) => part.text !== undefined && part.thoughtSignature === undefined

  /** Two plain texts in a row of the same kind are one. */
  const apart = (parts: ReadonlyArray<Part>) =>
    parts.filter((part, at) => {
      const before = parts[at - 1]
      return !(before && isPlain(before) && isPlain(part) && before.thought === part.thought)
    })

  const pieces = (part: Part, sizes: typeof Choices.Type): ReadonlyArray<Part> =>
    isPlain(part) ? cut(part.text ?? "", sizes).map((text) => ({ ...part, text })) : [part]

  const chunksOf = (parts: ReadonlyArray<Part>, together: typeof Choices.Type): ReadonlyArray<object> => {
    const left = [...parts]
    const chunks = together.map((count) => chunk(left.splice(0, count)))
    return [...chunks, chunk(left)]
  }

  it.effect.prop(
    "is the same turn as in one piece",
    { turn: Turn },
    ({ turn: { finish, parts: written, sizes, together } }) =>
      Effect.gen(function*() {
        const all = sent(apart(written.map(partOf)))
        const answer = body(all, finish)
        const layer = GeminiContent.layer({ ...reach, fetch: answering(answer).fetch })
        const plain = yield* Effect.provide(generate(), layer)
        const chunks = chunksOf(all.flatMap((part) => pieces(part, sizes)), together)
        yield* assertSame(parts([...chunks, stop(finish)]), plain)
      }),
    { arbitrary: { runs: 200 } }
  )
})

describe("GeminiContent.parts in a loop of one's own", () => {
  it.effect("runs the calls of a stream of the official client, and gives what to append", () =>
    Effect.gen(function*() {
      const { fetch, requests } = yield* simulated()
      const { models } = new GoogleGenAI({ apiKey: "key", vertexai: false, httpOptions: { fetch } })
      const contents: Array<Content> = [{ role: "user", parts: [{ text: "Go." }] }]
      const request = { model: "gemini-3.8-flash", contents, config: { tools: GeminiContent.tools(cities) } }
      const ask = Effect.promise(() => models.generateContentStream(request))
      const { response, settled } = yield* dispatched(cities, GeminiContent.parts(yield* ask))
      contents.push(...GeminiContent.followUp(response, settled))
      assert.strictEqual((yield* wholeOf(GeminiContent.parts(yield* ask))).turn.message.text, "I saw: 3, 21")
      assert.deepStrictEqual(statuses(yield* requests), [200, 200])
    }))
})

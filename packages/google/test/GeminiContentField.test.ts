/**
 * What odd servers send, which has one right outcome: whole and streamed, by the codec and by the Layer.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Part } from "@google/genai"
import { Agent, Batch, ChatModel, Content, Conversation } from "@volley/core"
import * as GeminiContent from "@volley/google/GeminiContent"
import * as GeminiContentWire from "@volley/simulator/GeminiContentWire"
import { Effect, Result, Stream } from "effect"
import { answering, bodySent, canned, generate, question, reach as base } from "../../simulator/test/ChatModelSuite.ts"
import { conversation, turnsOf } from "../../simulator/test/conversations.ts"
import { assertSame, collect, reasonOf, summary, wholeOf } from "../../simulator/test/streams.ts"
import { chunk, parts, stop } from "./events.ts"
import { body, call, response, skip, toolkit, unlike } from "./support.ts"

const newer = "gemini-3.8-flash"
const reach = { ...base, model: newer, maxRetries: 0 }

const layerOf = (body: unknown, init?: ResponseInit) =>
  GeminiContent.layer({ ...reach, fetch: answering(body, init).fetch })

/** The turn that a body becomes. */
const turnOf = (body: unknown) => Effect.provide(generate(), layerOf(body))

const stream = Stream.unwrap(
  ChatModel.ChatModel.useSync((model) => model.stream({ conversation: question, toolkit }))
)

const events = { headers: { "content-type": "text/event-stream" } }

const sse = (chunks: ReadonlyArray<unknown>): string =>
  chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\r\n\r\n`).join("")

/** The parts of a turn whose chunks come from a server. */
const streamed = (chunks: ReadonlyArray<unknown>) => Stream.provide(stream, layerOf(sse(chunks), events))

/** A turn, the same by the codec, whole by the Layer, in parts, and streamed by the Layer. */
const everywhere = Effect.fnUntraced(function*(body: unknown, chunks: ReadonlyArray<object>) {
  const turn = yield* turnOf(body)
  const read = yield* Effect.fromResult(GeminiContent.parse(body))
  assert.deepStrictEqual(GeminiContent.toolCalls(read), turn.message.calls)
  yield* assertSame(parts(chunks), turn)
  yield* assertSame(streamed(chunks), turn)
  return turn
})

/** What goes back after a turn, which the API has to take. */
const followUp = Effect.fnUntraced(function*(body: GeminiContent.Response) {
  const settled = yield* Batch.run(toolkit, GeminiContent.toolCalls(body))
  const appended = GeminiContent.followUp(body, settled)
  const user = { role: "user", parts: [{ text: "Go." }] }
  const request = { contents: [user, ...appended], tools: GeminiContent.tools(toolkit) }
  const checked = GeminiContentWire.check(
    JSON.parse(JSON.stringify(request)),
    { "x-goog-api-key": "key" },
    `/v1/models/${newer}:generateContent`
  )
  assert.isTrue(Result.isSuccess(checked), Result.isFailure(checked) ? checked.failure.message : "")
  return appended
})

const signed = (part: Part): Part => ({ ...part, thoughtSignature: skip })
const [oslo, rome] = [signed(call("a")), call("b", { city: "Rome" })]
const idAndArguments = (calls: ReadonlyArray<ChatModel.Call["call"]>) => calls.map((call) => [call.id, call.arguments])
const asked = [["a", { city: "Oslo" }], ["b", { city: "Rome" }]]

describe("a turn of Gemini that its provider could not read", () => {
  const thought = { text: "Let me think.", thought: true }
  const shapes: ReadonlyArray<readonly [string, ReadonlyArray<Part>]> = [
    ["nothing", []],
    ["a thought", [thought]],
    ["a part that is but a signature", [{ text: "", thoughtSignature: "CoMDAY" }]],
    ["narration", [{ text: "I will look." }]],
    ["calls", [oslo, rome]]
  ]
  const reasons = ["MALFORMED_FUNCTION_CALL", "MALFORMED_RESPONSE", "UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS"]
  const more = { finishMessage: "Malformed function call: print(x)" }

  it.effect.each(reasons.flatMap((reason) => shapes.map(([what, written]) => [reason, what, written] as const)))(
    "is malformed, and says why: %s with %s",
    ([reason, , written]) =>
      Effect.gen(function*() {
        const turn = yield* everywhere(body(written, reason, more), [
          ...written.map((part) => chunk([part])),
          {
            ...stop(),
            ...Object(chunk([], { finishReason: reason, ...more })),
            usageMetadata: Object(body([])).usageMetadata
          }
        ])
        assert.deepInclude(turn, { finish: "malformed", problem: `${reason}: ${more.finishMessage}` })
        assert.isTrue(turn.message.calls.every(({ status }) => status === "truncated"))
        assert.strictEqual((yield* turnOf(body(written, reason))).problem, reason)
      })
  )

  it.effect("is asked for again by an agent, and fails with what the provider said once its rounds are over", () =>
    Effect.gen(function*() {
      const answers = [body([thought], reasons[0], more), body([{ text: "Fine." }])]
      const { fetch, requests } = canned(() => Response.json(answers[requests.length - 1] ?? answers[0]))
      const ended = yield* Agent.run({ toolkit, prompt: "Go." }).pipe(
        Effect.provide(GeminiContent.layer({ ...reach, fetch }))
      )
      assert.strictEqual(ended.answer, "Fine.")
      const failed = yield* Agent.run({ toolkit, prompt: "Go.", maxRounds: 2 }).pipe(
        Effect.provide(layerOf(answers[0])),
        Effect.flip
      )
      assert.include(failed.message, more.finishMessage)
    }))
})

describe("an end of Gemini", () => {
  it.effect.each([
    "OTHER",
    "MISSING_THOUGHT_SIGNATURE",
    "FINISH_REASON_UNSPECIFIED",
    "NO_IMAGE",
    "IMAGE_OTHER",
    "NEWS"
  ])(
    "that is not known proves nothing complete, and is named: %s",
    (finishReason) =>
      Effect.gen(function*() {
        const more = { finishReason, finishMessage: "It ended." }
        const whole = body([{ text: "Half" }, oslo], finishReason, more)
        const read = yield* Effect.fromResult(GeminiContent.parse(whole))
        assert.deepStrictEqual(GeminiContent.toolCalls(read).map(({ status }) => status), ["truncated"])
        yield* followUp(read)
        const plain = yield* Effect.flip(turnOf(whole))
        assert.strictEqual(plain.reason._tag, "UnusableResponse")
        assert.include(plain.message, `${finishReason}: It ended.`)
        const chunks = [chunk([{ text: "Half" }, oslo]), chunk([], more)]
        for (const stream of [parts(chunks), streamed(chunks)]) {
          const { message, reason } = yield* reasonOf(stream)
          assert.deepStrictEqual([reason, message], [plain.reason._tag, plain.message])
        }
      })
  )

  it.effect.each(["SAFETY", "RECITATION", "MODEL_ARMOR", "MAX_TOKENS"])(
    "with %s behind calls revokes those that were told",
    (reason) =>
      Effect.gen(function*() {
        const chunks = [chunk([oslo]), chunk([rome]), stop(reason)]
        const turn = yield* everywhere(body([oslo, rome], reason), chunks)
        assert.deepStrictEqual(turn.message.calls.map(({ status }) => status), ["truncated", "truncated"])
        const { parts: told } = yield* collect(parts(chunks))
        assert.deepStrictEqual(summary(told).slice(0, 4), [
          ["a", "complete"],
          ["b", "complete"],
          ["b", "truncated"],
          ["a", "truncated"]
        ])
      })
  )

  it.effect("that blocks the prompt behind calls is a refusal, and revokes them", () =>
    Effect.gen(function*() {
      const blocked = { promptFeedback: { blockReason: "PROHIBITED_CONTENT" } }
      const whole = { ...Object(body([oslo])), ...blocked }
      for (const chunks of [[chunk([oslo]), blocked], [chunk([oslo]), { ...stop(), ...blocked }]]) {
        const { turn } = yield* wholeOf(parts(chunks))
        assert.strictEqual(turn.finish, "refusal")
        assert.deepStrictEqual(turn.message.calls.map(({ status }) => status), ["truncated"])
      }
      assert.deepInclude(yield* turnOf(whole), { finish: "refusal" })
    }))

  const everyChunk: ReadonlyArray<readonly [string, ReadonlyArray<object>]> = [
    ["the end in every chunk", [stop("STOP", [oslo]), stop("STOP", [rome]), stop()]],
    ["no end yet in every chunk", [
      chunk([oslo], { finishReason: "FINISH_REASON_UNSPECIFIED" }),
      chunk([rome], { finishReason: "" }),
      stop("STOP", []),
      stop("FINISH_REASON_UNSPECIFIED")
    ]],
    ["no candidates, or nothing of them, in some", [
      { candidates: null },
      chunk([oslo], { finishReason: null }),
      { candidates: [] },
      { candidates: [{ index: 0, content: null }] },
      { candidates: [{ content: { role: "model", parts: null } }] },
      stop("STOP", [rome])
    ]],
    ["the end twice", [chunk([oslo, rome]), stop(), stop()]]
  ]

  it.effect.each(everyChunk)("is passed over where it says nothing new: %s", ([, chunks]) =>
    Effect.gen(function*() {
      const turn = yield* everywhere(body([oslo, rome]), chunks)
      assert.deepStrictEqual(idAndArguments(turn.message.calls), asked)
    }))
})

describe("a call of Gemini that is oddly written", () => {
  const odd = (args: unknown) =>
    unlike<Part>({ functionCall: { id: "a", name: "weather", args }, thoughtSignature: skip })

  it.effect.each([
    ["null", null, {}, {}],
    ["a text of JSON", "{\"city\":\"Oslo\"}", "{\"city\":\"Oslo\"}", { city: "Oslo" }],
    ["an empty text", "", "", {}],
    ["a text that is no JSON", "{\"city\":", "{\"city\":", { unreadable: "{\"city\":" }],
    ["a list", ["Oslo"], ["Oslo"], { unreadable: ["Oslo"] }],
    ["a number", 3, 3, { unreadable: 3 }]
  ])(
    "is a call of its own, and goes back with an object: args that are %s",
    ([, args, told, back]) =>
      Effect.gen(function*() {
        const whole = response([odd(args), rome])
        const turn = yield* everywhere(whole, [chunk([odd(args)]), chunk([rome]), stop()])
        assert.deepStrictEqual(idAndArguments(turn.message.calls), [["a", told], ["b", { city: "Rome" }]])
        const [echo] = yield* followUp(whole)
        assert.deepStrictEqual(
          echo?.parts?.map(({ functionCall }) => functionCall?.args),
          unlike([back, { city: "Rome" }])
        )
      })
  )

  it.effect("is dropped where it asks for nothing", () =>
    Effect.gen(function*() {
      for (const functionCall of [{ name: "" }, { id: "", name: "", args: {} }, { id: null, name: "", args: null }]) {
        const empty = unlike<Part>({ functionCall })
        const whole = response([oslo, rome, empty])
        const turn = yield* everywhere(whole, [chunk([oslo, rome]), chunk([empty]), stop()])
        assert.deepStrictEqual(idAndArguments(turn.message.calls), asked)
        assert.deepStrictEqual((yield* followUp(whole))[0]?.parts, [oslo, rome])
      }
    }))

  it.effect.each(["multi_tool_use.run", "$x.y", "a b", "x".repeat(80)])(
    "is answered under its name, and goes back under one that is taken, in its result too: %j",
    (name) =>
      Effect.gen(function*() {
        const part = { ...call("a", { n: 1 }, name), thoughtSignature: "CoMDAZ" }
        const whole = response([part])
        const turn = yield* everywhere(whole, [chunk([part]), stop()])
        assert.strictEqual(turn.message.calls[0]?.name, name)
        const [echo, results] = yield* followUp(whole)
        const written = echo?.parts?.[0]
        assert.match(written?.functionCall?.name ?? "", /^[a-zA-Z0-9_-]{1,64}$/)
        assert.strictEqual(written?.thoughtSignature, skip)
        assert.strictEqual(results?.parts?.[0]?.functionResponse?.name, written?.functionCall?.name)
      })
  )

  it.effect.each([["m", ["m_1", "m_2"]], [undefined, ["noid_1", "noid_2"]]] as const)(
    "is the calls inside where it stands for several, with ids of their own: %s",
    ([id, ids]) =>
      Effect.gen(function*() {
        const tool_uses = [
          { recipient_name: "functions.weather", parameters: { city: "Oslo" } },
          { recipient_name: "functions.files_read", parameters: { path: "x" } }
        ]
        const part = { ...call(id, { tool_uses }, "multi_tool_use.parallel"), thoughtSignature: "CoMDAZ" }
        const whole = response([part, rome])
        const turn = yield* everywhere(whole, [chunk([part]), chunk([rome]), stop()])
        assert.deepStrictEqual(turn.message.calls.map(({ arguments: args, id, name }) => [id, name, args]), [
          [ids[0], "weather", { city: "Oslo" }],
          [ids[1], "files_read", { path: "x" }],
          ["b", "weather", { city: "Rome" }]
        ])
        const own = (at: number) => id === undefined ? {} : { id: ids[at] ?? "" }
        const [echo, results] = yield* followUp(whole)
        assert.deepStrictEqual<unknown>(echo?.parts, [
          signed({ functionCall: { ...own(0), name: "weather", args: { city: "Oslo" } } }),
          { functionCall: { ...own(1), name: "files_read", args: { path: "x" } } },
          rome
        ])
        assert.lengthOf(results?.parts ?? [], 3)
      })
  )
})

describe("a part of Gemini with nothing in it", () => {
  it.effect("does not go back, unless it has a signature", () =>
    Effect.gen(function*() {
      const kept: ReadonlyArray<Part> = [
        { text: "Let me think.", thought: true },
        { text: "", thoughtSignature: "CoMDAY" },
        { text: "Well" },
        oslo
      ]
      const empty = unlike<ReadonlyArray<Part>>([{ text: "" }, { text: "", thought: true }, {}, { text: null }])
      const [a, b, c, d] = kept
      const whole = response(unlike([empty[0], a, empty[1], b, empty[2], c, empty[3], d]))
      assert.deepStrictEqual((yield* followUp(whole))[0]?.parts, [...kept])
      assert.deepStrictEqual(yield* followUp(response(empty)), [])
      const turn = yield* turnOf(whole)
      assert.deepStrictEqual<unknown>(turn.message.native?.message, [{ role: "model", parts: kept }])
    }))
})

describe("an error of Gemini in place of an answer", () => {
  it("is an error though its status is an object that has no text", () => {
    const code = { toString: 1, valueOf: 1 }
    assert.match(
      Result.getOrThrow(Result.flip(GeminiContent.parse({ error: { code, message: "No." } }))),
      /500 No\./
    )
  })

  it("is an error however deep it is nested", () => {
    let deep: unknown = {}
    for (let depth = 0; depth < 20_000; depth++) deep = { deep }
    assert.match(
      Result.getOrThrow(Result.flip(GeminiContent.parse({ error: { deep } }))),
      /500 an error of no known form/
    )
  })

  const error = (error: unknown) => ({ error })
  const busy = "Busy."
  const retry = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "2s" }]

  const bodies: ReadonlyArray<readonly [string, unknown, string, boolean]> = [
    ["as the API writes it", error({ code: 503, message: busy, status: "UNAVAILABLE" }), "ProviderFailed", true],
    ["of a limit", error({ code: 429, message: busy, details: retry }), "RateLimited", true],
    ["in a list", [error({ code: 429, message: busy, status: "RESOURCE_EXHAUSTED" })], "RateLimited", true],
    ["with a code as text", error({ code: "403", message: busy }), "Unauthorized", false],
    ["with a name alone", error({ status: "INVALID_ARGUMENT", message: busy }), "InvalidRequest", false],
    ["without a code", error({ message: busy }), "ProviderFailed", true],
    ["as a text", error(busy), "ProviderFailed", true]
  ]

  it.effect("is the provider's error though its type is another", () =>
    Effect.gen(function*() {
      const text = JSON.stringify({ error: { code: 429, message: busy } })
      const layer = layerOf(text, { headers: { "content-type": "text/plain" } })
      assert.deepInclude((yield* Effect.flip(Effect.provide(generate(), layer))).reason, {
        _tag: "RateLimited",
        message: "429 Busy."
      })
    }))

  it.effect.each(bodies)(
    "is the provider's error, by all ways of asking: %s",
    ([, body, tag, isRetryable]) =>
      Effect.gen(function*() {
        const whole = yield* Effect.flip(turnOf(body))
        const found = [{ reason: whole.reason._tag, isRetryable: whole.isRetryable, message: whole.message }]
        const begun = chunk([{ text: "We" }])
        for (const asked of [Stream.provide(stream, layerOf(body)), parts([begun, body]), streamed([begun, body])]) {
          found.push(yield* reasonOf(asked))
        }
        for (const { isRetryable: is, message, reason } of found) {
          assert.deepStrictEqual([reason, is], [tag, isRetryable], message)
          assert.include(message, busy)
          assert.notInclude(message, "{")
        }
      })
  )

  it.effect("is sent again by the SDK where its status is one that may pass", () =>
    Effect.gen(function*() {
      const answers = [error({ code: 503, message: busy }), body([{ text: "Fine." }])]
      const { fetch, requests } = canned(() => Response.json(answers[requests.length - 1]))
      const layer = GeminiContent.layer({ ...reach, fetch, maxRetries: 1 })
      const turn = yield* Effect.provide(generate(), layer)
      assert.strictEqual(turn.message.text, "Fine.")
      assert.lengthOf(requests, 2)
    }))

  it.effect("has no calls and no turn for the codec, which says what the provider said", () =>
    Effect.gen(function*() {
      for (const [, body] of bodies) {
        assert.deepStrictEqual(GeminiContent.toolCalls(unlike(body)), [])
        assert.deepStrictEqual(GeminiContent.followUp(unlike(body), yield* Batch.run(toolkit, [])), [])
        const parsed = GeminiContent.parse(body)
        assert(Result.isFailure(parsed))
        assert.include(parsed.failure, busy)
      }
    }))
})

describe("a conversation that comes from another server of Gemini's kind", () => {
  const whole = body([{ text: "Hm", thought: true }, { text: "Well" }, { ...call("a"), thoughtSignature: "CoMDAZ" }])
  const from = (baseUrl?: string) =>
    Effect.provide(
      generate(),
      GeminiContent.layer({ ...reach, ...(baseUrl && { baseUrl }), fetch: answering(whole).fetch })
    )

  it.effect("remembers where its turns are from, whole and streamed", () =>
    Effect.gen(function*() {
      const chunks = [chunk([oslo]), stop()]
      const origins = [
        (yield* from()).message.native?.origin,
        (yield* from("https://generativelanguage.googleapis.com/")).message.native?.origin,
        (yield* from("https://other.test/v2/")).message.native?.origin,
        (yield* wholeOf(streamed(chunks))).turn.message.native?.origin,
        (yield* wholeOf(parts(chunks))).turn.message.native?.origin,
        (yield* wholeOf(parts(chunks, undefined, "mine"))).turn.message.native?.origin
      ]
      assert.deepStrictEqual(origins, ["official", "official", "https://other.test/v2", "official", undefined, "mine"])
    }))

  it.effect("is spelled from its text and calls there, and echoed as it came where it is from", () =>
    Effect.gen(function*() {
      const { message } = yield* from("https://other.test")
      const told = conversation({ role: "user", text: "Go." }, message)
      const [, echoed] = GeminiContent.messages(told, newer, { origin: "https://other.test" })
      assert.deepStrictEqual<unknown>([echoed], message.native?.message)
      const [, spelled] = GeminiContent.messages(told, newer, { origin: "official" })
      assert.deepStrictEqual<unknown>(spelled, { role: "model", parts: [{ text: "Well" }, signed(call("a"))] })
    }))

  it("gets ids that the server takes", () => {
    const acceptsId = (id: string) => /^[a-zA-Z0-9]{9}$/.test(id)
    const [written] = GeminiContent.messages(conversation(turnsOf("call", {})([{}, {}])), newer, { acceptsId })
    assert.deepStrictEqual(written?.parts?.map(({ functionCall }) => functionCall?.id), ["call00001", "call00002"])
  })

  it.effect("is not sent where no id can be made that the server takes", () =>
    Effect.gen(function*() {
      const { fetch, requests } = answering(whole)
      const layer = GeminiContent.layer({ ...reach, fetch, acceptsId: () => false })
      const told = Conversation.append(question, turnsOf("call", {})([{}]))
      const error = yield* Effect.flip(Effect.provide(generate({ conversation: told }), layer))
      assert.strictEqual(error.reason._tag, "InvalidRequest")
      assert.lengthOf(requests, 0)
    }))
})

describe("what a person shows to Gemini", () => {
  it.effect.each([newer, "gemini-2.5-flash"])("is taken by the API: %s", (model) =>
    Effect.gen(function*() {
      const said = [
        Content.text("Look:"),
        Content.image("image/png", "AAAA"),
        Content.document("application/pdf", "AAAA")
      ]
      const body = yield* bodySent(GeminiContent.layer, { conversation: Conversation.make(said) }, { model })
      assert.lengthOf(Object(body).contents[0].parts, 3)
    }))

  it("stands in its order, and what is not taken is said in words", () => {
    const said = [
      Content.text("Look:"),
      Content.image("image/png", "AAAA"),
      Content.image("image/gif", "AAAA"),
      Content.text(""),
      Content.document("text/markdown", "R3LDvMOfZQ==", "notes.md")
    ]
    const [message] = GeminiContent.messages(Conversation.make(said))
    assert.deepStrictEqual<unknown>(message?.parts, [
      { text: "Look:" },
      { inlineData: { mimeType: "image/png", data: "AAAA" } },
      { text: "[image/gif is left out: Gemini takes images of image/png, image/jpeg and image/webp]" },
      { inlineData: { mimeType: "text/plain", data: "R3LDvMOfZQ==" } }
    ])
    const [alone] = GeminiContent.messages(Conversation.make([Content.text("")]))
    assert.deepStrictEqual(alone?.parts, [{ text: "[nothing]" }])
  })
})

describe("A body of any shape", () => {
  it.effect.each<unknown>([
    null,
    "text",
    [],
    { candidates: {} },
    { candidates: [null] },
    {
      candidates: [{ content: { parts: {} } }, 1],
      modelVersion: 1
    },
    { candidates: [{ content: { parts: [null] } }] },
    { candidates: [{ content: { parts: [{ functionCall: { name: 1 } }] } }] }
  ])(
    "has no calls, and nothing to go back: %j",
    (json) =>
      Effect.gen(function*() {
        const response = unlike<GeminiContent.Response>(json)
        assert.deepStrictEqual(GeminiContent.toolCalls(response), [])
        assert.deepStrictEqual(GeminiContent.followUp(response, yield* Batch.run(toolkit, [])), [])
      })
  )

  it.effect.each([{ content: { role: "model", parts: [] } }, { content: { parts: [{ text: "" }] } }])(
    "is no answer where nothing is in it, and no end: %j",
    (candidate) =>
      Effect.gen(function*() {
        const { reason } = yield* Effect.flip(turnOf({ candidates: [candidate] }))
        assert.strictEqual(reason._tag, "UnusableResponse")
      })
  )

  it.effect.each([
    ["an error", { error: { code: 429, message: "slow down" } }, "RateLimited"],
    ["null", null, "UnusableResponse"],
    ["a body", { candidates: [] }, "UnusableResponse"]
  ])("fails with its reason where a client gives it in place of events: %s", ([, json, tag]) =>
    Effect.gen(function*() {
      const client = {
        models: {
          generateContent: async () => json,
          generateContentStream: async () => unlike<AsyncIterable<unknown>>(json)
        }
      }
      const layer = GeminiContent.layerClient({ client, model: newer })
      const { reason } = yield* reasonOf(Stream.provide(stream, layer))
      assert.strictEqual(reason, tag)
    }))
})

describe("A turn that was stored long ago", () => {
  it("is mended where the API would refuse it for ever, and is else the very same", () => {
    const stored = (functionCall: object) => {
      const message = [{ role: "model", parts: [{ text: "So:" }, { functionCall, thoughtSignature: "signed" }] }]
      const native = { wire: GeminiContent.wire, message }
      const turn = Conversation.append(question, { role: "assistant", text: "So:", calls: [], native })
      return { message, written: GeminiContent.messages(turn).slice(1) }
    }
    const odd = stored({ id: "a", name: "$x.y", args: "{" })
    assert.deepStrictEqual<unknown>(odd.written[0]?.parts?.[1]?.functionCall, {
      id: "a",
      name: "_x_y",
      args: { unreadable: "{" }
    })
    for (const call of [{ id: "a", name: "weather", args: {} }, { name: "weather", args: {} }]) {
      const plain = stored(call)
      assert.strictEqual<unknown>(plain.written[0], plain.message[0])
    }
  })
})

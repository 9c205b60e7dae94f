/**
 * Clients of one's own, and what else goes with a request.
 */
import { assert, describe, it, vi } from "@effect/vitest"
import { ApiError, GoogleGenAI } from "@google/genai"
import { Agent, ChatModel } from "@volley/core"
import * as GeminiContent from "@volley/google/GeminiContent"
import { Effect, Stream } from "effect"
import {
  answering,
  assertTwoTurns,
  bodySent,
  generate,
  question,
  reach as base,
  simulated,
  statuses,
  toolkit as cities,
  twoTurns
} from "../../simulator/test/ChatModelSuite.ts"
import { eventsOf, wholeOf } from "../../simulator/test/streams.ts"
import { chunk, stop } from "./events.ts"
import { body, call, toolkit } from "./support.ts"

const model = "gemini-3.8-flash"
const reach = { ...base, model }

const streamed = Stream.unwrap(
  ChatModel.ChatModel.useSync((model) => model.stream({ conversation: question, toolkit: cities }))
)

/** A client that is nothing but what is called of it. */
const bare: GeminiContent.Client = {
  models: {
    generateContent: async () => body([call("a")]),
    generateContentStream: async () => eventsOf([chunk([call("a")]), stop()])
  }
}

describe("GeminiContent.layerClient", () => {
  it.effect("speaks through the official client, whole and streamed", () =>
    Effect.gen(function*() {
      const { fetch, requests } = yield* simulated()
      const client = new GoogleGenAI({ apiKey: "key", vertexai: false, httpOptions: { fetch } })
      const layer = GeminiContent.layerClient({ client, model })
      assertTwoTurns(yield* Effect.provide(twoTurns, layer))
      const { turn } = yield* wholeOf(Stream.provide(streamed, layer))
      assert.strictEqual(turn.message.native?.origin, "official")
      const { answer } = yield* Agent.run({ toolkit: cities, prompt: "Go." }).pipe(Effect.provide(layer))
      assert.strictEqual(answer, "I saw: 3, 21")
      assert.deepStrictEqual(statuses(yield* requests), [200, 200, 200, 200, 200])
    }))

  it.effect("speaks through the official client for Vertex", () =>
    Effect.gen(function*() {
      const { fetch, requests } = answering(body([call("a")], "UNEXPECTED_TOOL_CALL", { finishMessage: "No." }))
      const client = new GoogleGenAI({ apiKey: "key", vertexai: true, httpOptions: { fetch } })
      const turn = yield* Effect.provide(generate(), GeminiContent.layerClient({ client, model }))
      assert.deepInclude(turn.message.native, { origin: "vertex" })
      assert.deepInclude(turn, { finish: "malformed", problem: "UNEXPECTED_TOOL_CALL: No." })
      assert.match(requests[0]?.url ?? "", /aiplatform.*publishers\/google\/models\/gemini-3.8-flash:generateContent$/)
    }))

  it.effect("takes any client that has what is called of it", () =>
    Effect.gen(function*() {
      const layer = GeminiContent.layerClient({ client: bare, model, origin: "mine" })
      const plain = yield* Effect.provide(generate(), layer)
      const { turn } = yield* wholeOf(Stream.provide(streamed, layer))
      assert.deepStrictEqual(turn, plain)
      assert.deepInclude(plain.message.native, { origin: "mine" })
    }))

  it.effect("sorts the errors of another copy of the SDK by what they say", () =>
    Effect.gen(function*() {
      class Other extends Error {
        override readonly name = "ApiError"
        readonly status = 429
      }
      const why = (error: Error) => {
        const fails = () => Promise.reject(error)
        const client = { models: { generateContent: fails, generateContentStream: fails } }
        return Effect.map(
          Effect.flip(Effect.provide(generate(), GeminiContent.layerClient({ client, model }))),
          ({ reason }) => reason
        )
      }
      const message = JSON.stringify({ error: { code: 429, message: "Slower." } })
      assert.deepInclude(yield* why(new Other(message)), { _tag: "RateLimited", message: "429 Slower." })
      assert.deepInclude(yield* why(new ApiError({ message: "Busy.", status: 503 })), {
        _tag: "ProviderFailed",
        message: "503 Busy."
      })
      assert.strictEqual((yield* why(new TypeError("fetch failed")))._tag, "Unreachable")
    }))
})

describe("GeminiContent: any other field of a request", () => {
  const fields: GeminiContent.Fields = { temperature: 0, stopSequences: ["."], thinkingConfig: { thinkingBudget: 7 } }
  const layerOf = (options: Parameters<typeof GeminiContent.layer>[0]) =>
    GeminiContent.layer({ ...options, model, maxTokens: 10, request: fields })

  it.effect("goes with each request of its Layer", () =>
    Effect.gen(function*() {
      assert.deepInclude(Object(yield* bodySent(layerOf, { toolkit })), {
        generationConfig: { maxOutputTokens: 10, ...fields },
        tools: GeminiContent.tools(toolkit)
      })
    }))

  it.effect("is another one where a run says so, whole and streamed", () =>
    Effect.gen(function*() {
      const { fetch, requests } = yield* simulated()
      const layer = layerOf({ ...reach, fetch })
      const own = { maxOutputTokens: 20, temperature: 1 }
      yield* Effect.andThen(generate(), Stream.runDrain(streamed)).pipe(
        Effect.provideService(GeminiContent.Request, own),
        Effect.provide(layer)
      )
      yield* Effect.provide(generate(), layer)
      const configs = (yield* requests).map(({ body }) => Object(body).generationConfig)
      assert.deepStrictEqual(configs, [
        { ...fields, ...own },
        { ...fields, ...own },
        { ...fields, maxOutputTokens: 10 }
      ])
    }))

  it.effect("adds tools that the provider runs to the toolkit, and leaves what the conversation decides", () =>
    Effect.gen(function*() {
      const { fetch, requests } = answering(body([{ text: "Well" }]))
      const layer = GeminiContent.layer({
        ...reach,
        fetch,
        request: { tools: [{ googleSearch: {} }], toolConfig: { retrievalConfig: { languageCode: "de" } } }
      })
      yield* Effect.provide(generate({ toolkit, toolChoice: "required" }), layer)
      yield* Effect.provide(generate({ toolkit: undefined }), layer)
      const bodies = yield* Effect.promise(() => Promise.all(requests.map((request) => request.json())))
      assert.deepInclude(bodies[0], {
        tools: [...GeminiContent.tools(toolkit), { googleSearch: {} }],
        toolConfig: { retrievalConfig: { languageCode: "de" }, functionCallingConfig: { mode: "ANY" } }
      })
      assert.deepInclude(bodies[1], { tools: [{ googleSearch: {} }] })
    }))

  it.effect("goes with headers, those of a run included", () =>
    Effect.gen(function*() {
      const { fetch, requests } = answering(body([{ text: "Well" }]))
      const layer = GeminiContent.layer({ ...reach, fetch, headers: { "x-team": "a", "x-more": "b" } })
      yield* generate().pipe(
        Effect.provideService(GeminiContent.Request, { httpOptions: { headers: { "x-team": "c" } } }),
        Effect.provide(layer)
      )
      assert.strictEqual(requests[0]?.headers.get("x-team"), "c")
      assert.strictEqual(requests[0]?.headers.get("x-more"), "b")
      yield* generate().pipe(
        Effect.provideService(ChatModel.Extras, { headers: { "x-more": "d" } }),
        Effect.provide(layer)
      )
      assert.deepStrictEqual([requests[1]?.headers.get("x-team"), requests[1]?.headers.get("x-more")], ["a", "d"])
    }))
})

describe("GeminiContent.layer without a fetch of one's own", () => {
  it.effect("waits for an answer as long as the SDK does", () =>
    Effect.gen(function*() {
      yield* Effect.addFinalizer(() => Effect.sync(() => vi.unstubAllGlobals()))
      const { fetch } = answering(body([{ text: "Well" }]))
      const given: Array<RequestInit | undefined> = []
      vi.stubGlobal("fetch", (input: string, init: RequestInit) => {
        given.push(init)
        return fetch(input, Object.assign({}, init, { dispatcher: undefined }))
      })
      yield* Effect.provide(generate(), GeminiContent.layer(reach))
      assert.property(given[0], "dispatcher")
    }))
})

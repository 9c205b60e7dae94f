/**
 * Layers on clients of one's own, and what else goes into their requests.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, ChatModel, ChatModelError, Conversation } from "@volley/core"
import * as OpenAiChat from "@volley/openai/OpenAiChat"
import * as OpenAiResponses from "@volley/openai/OpenAiResponses"
import { Effect, Layer, Stream } from "effect"
import OpenAI, { AzureOpenAI } from "openai"
import {
  answering,
  assertTwoTurns,
  canned,
  generate,
  question,
  reach,
  simulated,
  toolkit,
  twoTurns
} from "../../simulator/test/ChatModelSuite.ts"
import { collect } from "../../simulator/test/streams.ts"
import { streaming } from "./field.ts"
import { response, said, unlike } from "./support.ts"

type Model = Layer.Layer<ChatModel.ChatModel>

const fine = response(said({ content: "Fine." }))
const fineResponse = {
  id: "resp_1",
  object: "response",
  status: "completed",
  output: [{ type: "message", id: "msg_1", role: "assistant", content: [{ type: "output_text", text: "Fine." }] }]
}

const fetching = (fetch: typeof globalThis.fetch) => ({
  openai: new OpenAI({ apiKey: "key", fetch }),
  azure: new AzureOpenAI({
    apiKey: "key",
    endpoint: "https://mine.openai.azure.test",
    apiVersion: "2025-04-01-preview",
    deployment: "mine",
    fetch
  })
})

const model = "some-model"

const streamed = ChatModel.ChatModel.use((model) =>
  Effect.map(collect(model.stream({ conversation: question, toolkit })), ({ error, parts }) => error ?? parts.at(-1))
)

describe("a Layer on a client of one's own", () => {
  it.effect.each(["openai", "azure"] as const)(
    "goes through it, whole and streamed: %s",
    (name) =>
      Effect.gen(function*() {
        const { fetch, requests } = yield* simulated()
        const urls: Array<URL> = []
        // Azure has other paths and another header, behind which the same API is spoken.
        const rerouted: typeof fetch = (input, init) => {
          const url = new URL(String(input))
          urls.push(url)
          const path = url.pathname.replace(/^.*?\/(chat\/completions|responses)$/, "/v1/$1")
          const headers = new Headers(init?.headers)
          headers.set("authorization", "Bearer key")
          return fetch(`http://sim.test${path}`, { ...init, headers })
        }
        const client = fetching(rerouted)[name]
        for (
          const layer of [OpenAiChat.layerClient({ client, model }), OpenAiResponses.layerClient({ client, model })]
        ) {
          assertTwoTurns(yield* Effect.provide(twoTurns, layer))
          assert.deepInclude<unknown>(yield* Effect.provide(streamed, layer), { _tag: "Turn" })
        }
        assert.isTrue((yield* requests).every(({ status }) => status === 200))
        if (name === "azure") {
          assert.isTrue(
            urls.every((url) => url.host === "mine.openai.azure.test" && url.searchParams.has("api-version"))
          )
        }
      })
  )

  it.effect("takes one that has the called method alone, and promises no more than an answer", () =>
    Effect.gen(function*() {
      const { fetch } = yield* simulated()
      const { openai } = fetching(fetch)
      const asked: Array<string> = []
      const note = async <A>(what: string, answer: PromiseLike<A>): Promise<A> => {
        asked.push(what)
        return await answer
      }
      const chat: OpenAiChat.Client = {
        chat: {
          completions: { create: (body, sending) => note("chat", openai.chat.completions.create(body, sending)) }
        }
      }
      const responses: OpenAiResponses.Client = {
        responses: { create: (body, sending) => note("responses", openai.responses.create(body, sending)) }
      }
      for (
        const layer of [
          OpenAiChat.layerClient({ client: chat, model }),
          OpenAiResponses.layerClient({ client: responses, model })
        ]
      ) {
        assertTwoTurns(yield* Effect.provide(twoTurns, layer))
        assert.deepInclude<unknown>(yield* Effect.provide(streamed, layer), { _tag: "Turn" })
      }
      assert.deepStrictEqual(asked, ["chat", "chat", "chat", "responses", "responses", "responses"])
    }))

  it.effect.each(["text", null, { choices: [] }])(
    "says what came in place of events: %j",
    (answer) =>
      Effect.gen(function*() {
        const client: OpenAiChat.Client = { chat: { completions: { create: async () => answer } } }
        const error = yield* Effect.provide(streamed, OpenAiChat.layerClient({ client, model }))
        assert.match(String(error), /in place of events/)
      })
  )

  it.effect("gives the error that came in place of events", () =>
    Effect.gen(function*() {
      const answer = { error: { code: 429, message: "Slow down." } }
      const client: OpenAiChat.Client = { chat: { completions: { create: async () => answer } } }
      const { fetch } = answering(answer)
      const layers = [
        OpenAiChat.layerClient({ client, model }),
        OpenAiChat.layer({ ...reach, fetch }),
        OpenAiResponses.layer({ ...reach, fetch })
      ]
      for (const layer of layers) {
        assert.deepInclude<unknown>(yield* Effect.provide(streamed, layer), {
          reason: new ChatModelError.RateLimited({ message: "429 Slow down." })
        })
      }
    }))

  it.effect.each([
    { by: "status", beside: { status: 429, headers: { "retry-after": "1" } } },
    { by: "code, as in a stream", beside: { status: undefined, code: 429, error: { code: 429, message: "slow down" } } }
  ])("sorts what another copy of the SDK throws by its $by", ({ beside }) =>
    Effect.gen(function*() {
      const refused = Object.assign(new Error("429 slow down"), beside)
      const client: OpenAiChat.Client = { chat: { completions: { create: () => Promise.reject(refused) } } }
      const error = yield* Effect.flip(Effect.provide(generate(), OpenAiChat.layerClient({ client, model })))
      assert.strictEqual(error.reason._tag, "RateLimited")
    }))
})

describe("the origin of a turn", () => {
  const originOf = (layer: Model) =>
    Effect.map(Effect.provide(generate(), layer), ({ message }) => message.native?.origin)

  it.effect("is the base URL of its client, the same for every way to the official API", () =>
    Effect.gen(function*() {
      const { fetch } = answering(fine)
      const client = (baseURL?: string) =>
        new OpenAI({ apiKey: "key", fetch, ...(baseURL !== undefined && { baseURL }) })
      const layers: ReadonlyArray<readonly [Model, string]> = [
        [OpenAiChat.layer({ ...reach, fetch }), "official"],
        [OpenAiChat.layer({ ...reach, fetch, baseUrl: "https://api.openai.com/v1/" }), "official"],
        [OpenAiChat.layerClient({ client: client("https://api.openai.com/v1"), model }), "official"],
        [
          OpenAiChat.layer({ ...reach, fetch, baseUrl: "http://other.test/v1/?key=secret" }),
          "http://other.test/v1"
        ],
        [OpenAiChat.layerClient({ client: client("http://other.test/v1"), model }), "http://other.test/v1"],
        [OpenAiChat.layerClient({ client: client(), model, origin: "mine" }), "mine"]
      ]
      for (const [layer, origin] of layers) assert.strictEqual(yield* originOf(layer), origin)
      const streamedTurn = yield* Effect.provide(
        streamed,
        OpenAiChat.layer({
          ...reach,
          ...streaming([
            { choices: [{ index: 0, delta: { content: "Fine." }, finish_reason: "stop" }] }
          ]),
          origin: "mine"
        })
      )
      assert.include(JSON.stringify(streamedTurn), "\"origin\":\"mine\"")
    }))

  const signed = {
    role: "assistant",
    content: "",
    reasoning_content: "secret",
    tool_calls: [{
      id: "call_very_long_id_of_another_server",
      type: "function",
      function: { name: "weather", arguments: "{\"city\":\"Oslo\"}" },
      extra_content: { signature: "secret" }
    }]
  }

  const turn = (wire: string, message: object, origin?: string): Conversation.Assistant => ({
    role: "assistant",
    text: "",
    calls: [{
      id: "call_very_long_id_of_another_server",
      name: "weather",
      arguments: "{\"city\":\"Oslo\"}",
      index: 0,
      status: "complete"
    }],
    native: { wire, ...(origin !== undefined && { origin }), message }
  })

  const after = (assistant: Conversation.Assistant) =>
    Conversation.append(Conversation.make("Go.", { runId: "r" }), assistant, {
      role: "tool",
      results: [{ callId: "call_very_long_id_of_another_server", name: "weather", text: "3", isError: false }]
    })

  const items = {
    items: [
      { type: "reasoning", id: "rs_1", summary: [], encrypted_content: "secret" },
      {
        type: "function_call",
        id: "fc_1",
        call_id: "call_very_long_id_of_another_server",
        name: "weather",
        arguments: "{\"city\":\"Oslo\"}"
      }
    ],
    responseId: "resp_1"
  }

  it("has a turn echoed where it came from, and where nobody asks, and spelled elsewhere", () => {
    const conversation = after(turn(OpenAiChat.wire, signed, "a"))
    const secret = (options?: object) => JSON.stringify(OpenAiChat.messages(conversation, options)).includes("secret")
    assert.deepStrictEqual([secret(), secret({ origin: "a" }), secret({ origin: "b" })], [true, true, false])
    const unsaid = after(turn(OpenAiChat.wire, signed))
    assert.include(JSON.stringify(OpenAiChat.messages(unsaid, { origin: "b" })), "secret")
    const foreign = after(turn(OpenAiResponses.wire, items, "a"))
    const sent = (options?: object) => JSON.stringify(OpenAiResponses.messages(foreign, options)).includes("secret")
    assert.deepStrictEqual([sent(), sent({ origin: "a" }), sent({ origin: "b" })], [true, true, false])
  })

  it("has ids respelled that the other server does not take", () => {
    const acceptsId = (id: string) => /^[a-zA-Z0-9]{9}$/.test(id)
    const chat = OpenAiChat.messages(after(turn(OpenAiChat.wire, signed, "a")), { origin: "b", acceptsId })
    assert.deepStrictEqual<unknown>(chat.slice(1), [
      {
        role: "assistant",
        content: null,
        tool_calls: [{
          id: "call00001",
          type: "function",
          function: { name: "weather", arguments: "{\"city\":\"Oslo\"}" }
        }]
      },
      { role: "tool", tool_call_id: "call00001", content: "3" }
    ])
    const responses = OpenAiResponses.messages(after(turn(OpenAiResponses.wire, items, "a")), {
      origin: "b",
      acceptsId
    })
    assert.deepStrictEqual<unknown>(responses.slice(1), [
      { type: "function_call", call_id: "call00001", name: "weather", arguments: "{\"city\":\"Oslo\"}" },
      { type: "function_call_output", call_id: "call00001", output: "3" }
    ])
  })

  it.effect("is not echoed with ids that were made up and that its own server does not take", () =>
    Effect.gen(function*() {
      const acceptsId = (id: string) => /^[a-zA-Z0-9]{9}$/.test(id)
      const call = { type: "function", function: { name: "weather", arguments: "{}" } }
      const { fetch } = answering(response(said({ tool_calls: unlike([call, { ...call, id: "abcdefghi" }]) })))
      const { message } = yield* Effect.provide(generate(), OpenAiChat.layer({ ...reach, fetch, acceptsId }))
      const [, sent] = OpenAiChat.messages(Conversation.append(Conversation.make("Go."), message), { acceptsId })
      assert.deepInclude<unknown>(sent, {
        tool_calls: [{ ...call, id: "call00001" }, { ...call, id: "abcdefghi" }]
      })
    }))

  const sentBy = Effect.fnUntraced(function*(
    layerOf: (fetch: typeof globalThis.fetch) => Model,
    conversation: Conversation.Conversation
  ) {
    const { fetch, requests } = answering(fineResponse)
    yield* Effect.provide(generate({ conversation }), layerOf(fetch))
    return yield* Effect.promise(async (): Promise<unknown> => requests[0]?.json())
  })

  it.effect("decides whether a Layer goes on from a turn that its server keeps", () =>
    Effect.gen(function*() {
      const kept = (origin: string) => (fetch: typeof globalThis.fetch) =>
        OpenAiResponses.layer({ ...reach, fetch, origin, state: "previous-response" })
      const conversation = after(turn(OpenAiResponses.wire, items, "a"))
      assert.deepInclude<unknown>(yield* sentBy(kept("a"), conversation), { previous_response_id: "resp_1" })
      const elsewhere = yield* sentBy(kept("b"), conversation)
      assert.notProperty(elsewhere, "previous_response_id")
      assert.notInclude(JSON.stringify(elsewhere), "secret")
    }))

  it.effect("and an id rule that nothing meets are an invalid request, before anything is sent", () =>
    Effect.gen(function*() {
      const { fetch, requests } = answering(fine)
      const layer = OpenAiChat.layer({ ...reach, fetch, acceptsId: () => false, origin: "b" })
      const conversation = after(turn(OpenAiChat.wire, signed, "a"))
      const error = yield* Effect.flip(Effect.provide(generate({ conversation }), layer))
      assert.strictEqual(error.reason._tag, "InvalidRequest")
      assert.lengthOf(requests, 0)
    }))
})

describe("any other field of a request", () => {
  /** The bodies, URLs and headers of what a Layer sends, whole and streamed. */
  const sent = Effect.fnUntraced(function*(
    layerOf: (fetch: typeof globalThis.fetch) => Model,
    run: <A, E, R>(asked: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R> = (asked) => asked
  ) {
    const { fetch, requests } = canned(() => Response.json(fine))
    const layer = layerOf(fetch)
    yield* run(Effect.exit(generate())).pipe(Effect.provide(layer))
    yield* run(
      Effect.exit(ChatModel.ChatModel.use((model) => Stream.runDrain(model.stream({ conversation: question }))))
    ).pipe(
      Effect.provide(layer)
    )
    const bodies = yield* Effect.forEach(requests, (request) => Effect.promise((): Promise<unknown> => request.json()))
    return { bodies, requests }
  })

  it.effect("goes into each of them, with headers and query", () =>
    Effect.gen(function*() {
      const extras = { headers: { "x-team": "blue" }, query: { "api-version": "7" } }
      const request: OpenAiChat.Fields = {
        temperature: 0.5,
        stop: ["END"],
        seed: 7,
        reasoning_effort: "low",
        service_tier: "flex"
      }
      const chat = yield* sent((fetch) => OpenAiChat.layer({ ...reach, fetch, ...extras, request }))
      for (const body of chat.bodies) assert.deepInclude<unknown>(body, { ...request, model: "some-model" })
      const reasoning = { reasoning: { effort: "low" }, prompt_cache_key: "k", temperature: 0.5 } as const
      const responses = yield* sent((fetch) =>
        OpenAiResponses.layer({ ...reach, fetch, ...extras, request: reasoning })
      )
      for (const body of responses.bodies) assert.deepInclude<unknown>(body, reasoning)
      for (const { headers, url } of [...chat.requests, ...responses.requests]) {
        assert.strictEqual(headers.get("x-team"), "blue")
        assert.strictEqual(new URL(url).searchParams.get("api-version"), "7")
      }
    }))

  it.effect("goes with the headers and the query of a run, before those of the Layer", () =>
    Effect.gen(function*() {
      const extras = { headers: { "x-team": "blue", "x-more": "a" }, query: { "api-version": "7" } }
      const ofRun = { headers: { "x-team": "red" }, query: { trace: "1" } }
      for (const { layer } of [OpenAiChat, OpenAiResponses]) {
        const { requests } = yield* sent(
          (fetch) => layer({ ...reach, fetch, ...extras }),
          Effect.provideService(ChatModel.Extras, ofRun)
        )
        assert.strictEqual(requests.length, 2)
        for (const { headers, url } of requests) {
          assert.deepStrictEqual([headers.get("x-team"), headers.get("x-more")], ["red", "a"])
          assert.strictEqual(new URL(url).search, "?api-version=7&trace=1")
        }
      }
    }))

  it.effect("is another one in a run that says so", () =>
    Effect.gen(function*() {
      const chat = yield* sent(
        (fetch) => OpenAiChat.layer({ ...reach, fetch, maxTokens: 5, request: { temperature: 1, seed: 7 } }),
        Effect.provideService(OpenAiChat.Request, { temperature: 0, model: "other", max_completion_tokens: 9 })
      )
      for (const body of chat.bodies) {
        assert.deepInclude<unknown>(body, { temperature: 0, seed: 7, model: "other", max_completion_tokens: 9 })
      }
      const ours = { top_k: 20 }
      const responses = yield* sent(
        (fetch) => OpenAiResponses.layer({ ...reach, fetch, request: { temperature: 1, ...ours } }),
        Effect.provideService(OpenAiResponses.Request, { temperature: 0 })
      )
      for (const body of responses.bodies) assert.deepInclude<unknown>(body, { temperature: 0, top_k: 20 })
    }))

  it.effect("reaches every turn of an agent that it is provided to", () =>
    Effect.gen(function*() {
      const { fetch, requests } = yield* simulated()
      yield* Agent.run({ toolkit, prompt: question }).pipe(
        Effect.provideService(OpenAiChat.Request, { seed: 7 }),
        Effect.provide(OpenAiChat.layer({ ...reach, fetch }))
      )
      const bodies = (yield* requests).map(({ body }) => body)
      assert.lengthOf(bodies, 2)
      for (const body of bodies) assert.deepInclude<unknown>(body, { seed: 7 })
    }))

  it.effect("stands beside what the Layer writes", () =>
    Effect.gen(function*() {
      const chat = yield* sent((fetch) =>
        OpenAiChat.layer({ ...reach, fetch, request: { stream_options: { include_obfuscation: false } } })
      )
      assert.notProperty(chat.bodies[0], "stream_options")
      assert.deepInclude<unknown>(chat.bodies[1], {
        stream_options: { include_usage: true, include_obfuscation: false }
      })
      const { bodies: [body] } = yield* sent((fetch) =>
        OpenAiResponses.layer({
          ...reach,
          fetch,
          request: {
            tools: [{ type: "web_search" }],
            include: ["web_search_call.action.sources"],
            text: { verbosity: "low" }
          }
        })
      )
      assert.deepInclude<unknown>(body, {
        tools: [...OpenAiResponses.tools(toolkit), { type: "web_search" }],
        include: ["reasoning.encrypted_content", "web_search_call.action.sources"],
        text: { verbosity: "low" }
      })
    }))

  it.effect("does not replace what is asked for", () =>
    Effect.gen(function*() {
      const { fetch, requests } = answering(fine)
      const output = { name: "answer", jsonSchema: { type: "object", properties: {}, additionalProperties: false } }
      const layer = OpenAiChat.layer({
        ...reach,
        fetch,
        request: unlike({ messages: [], response_format: { type: "text" } })
      })
      yield* Effect.provide(generate({ output }), layer)
      const body: unknown = yield* Effect.promise(async () => requests[0]?.json())
      assert.deepInclude<unknown>(body, { messages: OpenAiChat.messages(question) })
      assert.include(JSON.stringify(body), "json_schema")
    }))
})

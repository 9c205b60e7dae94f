/**
 * Clients of one's own, and what else goes with a request.
 */
import Anthropic, { APIError } from "@anthropic-ai/sdk"
import { assert, describe, it } from "@effect/vitest"
import * as AnthropicMessages from "@volley/anthropic/AnthropicMessages"
import { Agent, ChatModel } from "@volley/core"
import { Effect, type Layer, Stream } from "effect"
import {
  answering,
  assertTwoTurns,
  bodySent,
  generate,
  question,
  reach,
  simulated,
  statuses,
  toolkit as cities,
  twoTurns
} from "../../simulator/test/ChatModelSuite.ts"
import { eventsOf, reasonOf, wholeOf } from "../../simulator/test/streams.ts"
import { eventsFor } from "./events.ts"
import { call, response, text, toolkit } from "./support.ts"

const model = "claude-opus-5-5"

const streamed = Stream.unwrap(
  ChatModel.ChatModel.useSync((model) => model.stream({ conversation: question, toolkit: cities }))
)

/** A client that is nothing but what is called of it. */
const bare = (whole: Anthropic.Message): AnthropicMessages.Client => ({
  messages: { create: async ({ stream }) => stream ? eventsOf(eventsFor(whole)) : whole }
})

describe("AnthropicMessages.layerClient", () => {
  it.effect("speaks through the official client, whole and streamed", () =>
    Effect.gen(function*() {
      const { fetch, requests } = yield* simulated()
      const client = new Anthropic({ apiKey: "key", fetch })
      const layer = AnthropicMessages.layerClient({ client, model })
      assertTwoTurns(yield* Effect.provide(twoTurns, layer))
      const { turn } = yield* wholeOf(Stream.provide(streamed, layer))
      assert.strictEqual(turn.message.native?.origin, "official")
      assert.deepStrictEqual(statuses(yield* requests), [200, 200, 200])
    }))

  it.effect("runs an agent", () =>
    Effect.gen(function*() {
      const { fetch } = yield* simulated()
      const client = new Anthropic({ apiKey: "key", fetch, baseURL: "https://proxy.test" })
      const ended = yield* Agent.run({ toolkit: cities, prompt: "How warm are Oslo and Rome?" }).pipe(
        Effect.provide(AnthropicMessages.layerClient({ client, model }))
      )
      assert.strictEqual(ended.answer, "I saw: 3, 21")
    }))

  it.effect("takes any client that has what is called of it", () =>
    Effect.gen(function*() {
      const whole = response([text("Well"), call("a")])
      const layer = AnthropicMessages.layerClient({ client: bare(whole), model, origin: "mine" })
      const plain = yield* Effect.provide(generate(), layer)
      const { turn } = yield* wholeOf(Stream.provide(streamed, layer))
      assert.deepStrictEqual(turn, plain)
      assert.deepInclude(plain.message.native, { origin: "mine" })
    }))

  it.effect("has no events where a client gives something else", () =>
    Effect.gen(function*() {
      const client: AnthropicMessages.Client = { messages: { create: async () => response([text("Well")]) } }
      const layer = AnthropicMessages.layerClient({ client, model })
      assert.strictEqual((yield* reasonOf(Stream.provide(streamed, layer))).reason, "UnusableResponse")
    }))

  it.effect("remembers where a client sends its requests", () =>
    Effect.gen(function*() {
      const { fetch } = answering(response([text("Well")]))
      const originOf = (client: AnthropicMessages.Client) =>
        Effect.provide(generate(), AnthropicMessages.layerClient({ client, model })).pipe(
          Effect.map(({ message }) => message.native?.origin)
        )
      const at = (baseURL: string) => originOf(new Anthropic({ apiKey: "key", fetch, baseURL }))
      assert.deepStrictEqual(
        yield* Effect.all([
          originOf(bare(response([text("Well")]))),
          at("https://api.anthropic.com"),
          at("https://eu.test/v2/")
        ]),
        ["official", "official", "https://eu.test/v2"]
      )
    }))

  it.effect("sorts the errors of another copy of the SDK by what they say", () =>
    Effect.gen(function*() {
      class Other extends Error {
        readonly status = 429
        readonly headers = new Headers({ "retry-after": "2" })
        readonly error = { type: "error", error: { type: "rate_limit_error", message: "Slower." } }
      }
      const failing = (error: Error): AnthropicMessages.Client => ({
        messages: { create: () => Promise.reject(error) }
      })
      const own = new APIError(529, { type: "error", error: { message: "Busy." } }, undefined, new Headers())
      const why = (error: Error) =>
        Effect.map(
          Effect.flip(Effect.provide(generate(), AnthropicMessages.layerClient({ client: failing(error), model }))),
          ({ reason }) => reason
        )
      assert.deepInclude(yield* why(new Other("429 {}")), {
        _tag: "RateLimited",
        message: "429 Slower.",
        retryAfterMillis: 2000
      })
      assert.deepInclude(yield* why(own), { _tag: "ProviderFailed", message: "529 Busy.", status: 529 })
      assert.strictEqual((yield* why(new TypeError("fetch failed")))._tag, "Unreachable")
    }))
})

describe("AnthropicMessages: any other field of a request", () => {
  const fields: AnthropicMessages.Fields = {
    inference_geo: "eu",
    stop_sequences: ["."],
    service_tier: "standard_only",
    cache_control: { type: "ephemeral" }
  }
  const layerOf = (options: Parameters<typeof AnthropicMessages.layer>[0]): Layer.Layer<ChatModel.ChatModel> =>
    AnthropicMessages.layer({ ...options, model: "claude-haiku-4-5", maxTokens: 10, request: fields })

  it.effect("goes with each request of its Layer", () =>
    Effect.gen(function*() {
      const plain = Object(yield* bodySent(AnthropicMessages.layer, { toolkit }, { model: "claude-haiku-4-5" }))
      assert.deepStrictEqual(yield* bodySent(layerOf, { toolkit }), { ...plain, max_tokens: 10, ...fields })
    }))

  it.effect("is another one where a run says so, whole and streamed", () =>
    Effect.gen(function*() {
      const { fetch, requests } = yield* simulated()
      const layer = layerOf({ ...reach, fetch })
      const thinking = { type: "enabled", budget_tokens: 1024 } as const
      const own = { max_tokens: 2000, stop_sequences: [], thinking }
      const asked = Effect.andThen(generate(), Stream.runDrain(streamed))
      yield* asked.pipe(Effect.provideService(AnthropicMessages.Request, own), Effect.provide(layer))
      yield* Effect.provide(generate(), layer)
      const [one, two, three] = (yield* requests).map(({ body }) => body)
      assert.deepInclude(one, { ...fields, ...own })
      assert.deepInclude(two, { ...fields, ...own, stream: true })
      assert.deepInclude(three, { ...fields, max_tokens: 10 })
      assert.notProperty(three, "thinking")
    }))

  it.effect("adds tools that the provider runs to the toolkit, and leaves what the conversation decides", () =>
    Effect.gen(function*() {
      const { fetch, requests } = answering(response([text("Well")]))
      const search = { type: "web_search_20250305", name: "web_search" } as const
      const layer = AnthropicMessages.layer({
        ...reach,
        fetch,
        request: { tools: [search], tool_choice: { type: "any" }, output_config: { effort: "low" } }
      })
      const jsonSchema = { type: "object", properties: {}, required: [], additionalProperties: false }
      const output = { name: "answer", jsonSchema }
      yield* Effect.provide(generate({ toolkit, output, toolChoice: "auto" }), layer)
      yield* Effect.provide(generate({ toolkit: undefined }), layer)
      const bodies = yield* Effect.promise(() => Promise.all(requests.map((request) => request.json())))
      assert.deepInclude(bodies[0], {
        tools: [...AnthropicMessages.tools(toolkit), search],
        tool_choice: { type: "auto" },
        output_config: { effort: "low", format: { type: "json_schema", schema: jsonSchema } }
      })
      assert.deepInclude(bodies[1], { tools: [search], tool_choice: { type: "any" } })
    }))

  it.effect("goes with headers and a query", () =>
    Effect.gen(function*() {
      const { fetch, requests } = answering(response([text("Well")]))
      const sent = { headers: { "anthropic-beta": "news-1" }, query: { beta: "true" } }
      yield* Effect.provide(generate(), AnthropicMessages.layer({ ...reach, fetch, ...sent }))
      assert.strictEqual(requests[0]?.headers.get("anthropic-beta"), "news-1")
      assert.strictEqual(requests[0]?.url, "https://api.anthropic.com/v1/messages?beta=true")
    }))

  it.effect("goes with the headers and the query of a run, before those of the Layer", () =>
    Effect.gen(function*() {
      const { fetch, requests } = answering(response([text("Well")]))
      const sent = { headers: { "x-team": "blue", "x-more": "a" }, query: { beta: "true" } }
      yield* generate().pipe(
        Effect.provideService(ChatModel.Extras, { headers: { "x-team": "red" }, query: { trace: "1" } }),
        Effect.provide(AnthropicMessages.layer({ ...reach, fetch, ...sent }))
      )
      assert.deepStrictEqual([requests[0]?.headers.get("x-team"), requests[0]?.headers.get("x-more")], ["red", "a"])
      assert.strictEqual(requests[0]?.url, "https://api.anthropic.com/v1/messages?beta=true&trace=1")
    }))
})

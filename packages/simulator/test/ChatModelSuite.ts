/**
 * What the `ChatModel` of every provider does, whichever wire it speaks, and what the tests of providers arrange.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, Batch, ChatModel, ChatModelError, Conversation, Tool, Toolkit, type Transport } from "@volley/core"
import {
  Config,
  ConfigProvider,
  Deferred,
  Effect,
  Fiber,
  Layer,
  Option,
  Redacted,
  Result,
  Schema,
  Stream
} from "effect"
import { TestClock } from "effect/testing"
import { createServer, type Socket } from "node:net"
import type * as Frame from "../src/Frame.ts"
import type { Script } from "../src/Script.ts"
import * as Simulator from "../src/Simulator.ts"
import { twoCities } from "./harness.ts"
import { collect, wholeOf } from "./streams.ts"

/** What the Layers of all providers take. */
export interface Options extends Transport.Options {
  readonly model: string
  readonly apiKey: string | Redacted.Redacted<string>
  readonly baseUrl?: string | undefined
  readonly maxTokens?: number | undefined
  readonly maxRetries?: number | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
}

/** The wires that the simulator speaks. */
export type Name = "openai-chat" | "openai-responses" | "anthropic" | "google"

/** Makes the Layer of a provider. */
export type LayerOf = (options: Options) => Layer.Layer<ChatModel.ChatModel>

/**
 * A provider by the name of its wire.
 *
 * - `key`: the header that the API key goes into, and what stands before it; `authorization` and `Bearer`
 * - `lacks`: a switch for parallel calls; an SDK that heeds what the headers of a refusal advise; an SDK that tells a body
 *   of something else from a stream that broke off
 */
export interface Provider {
  readonly name: Name
  readonly layerOf: LayerOf
  readonly model?: string
  readonly key?: readonly [header: string, before: string]
  readonly lacks?: ReadonlyArray<"parallel switch" | "advice in headers" | "check of streams">
}

/** The same provider, whose turns are all streamed. */
const streaming = (provider: Provider): Provider => ({
  ...provider,
  layerOf: (options) =>
    Layer.effect(
      ChatModel.ChatModel,
      ChatModel.ChatModel.useSync(({ stream }) => ({
        stream,
        generate: (request) => Effect.map(wholeOf(stream(request)), ({ turn }) => turn)
      }))
    ).pipe(Layer.provide(provider.layerOf(options)))
})

/** What every test reaches its model with; a test that looks at one of them says so itself. */
export const reach = { model: "some-model", apiKey: Redacted.make("key") }

const weather = Tool.make("weather", {
  description: "Current temperature of a city.",
  parameters: Schema.Struct({ city: Schema.Literals(["Oslo", "Rome"]) }),
  success: Schema.Finite,
  readOnly: true,
  execute: ({ city }) => Effect.succeed(city === "Oslo" ? 3 : 21)
})

const population = Tool.make("city.population", {
  description: "People who live in a city.",
  parameters: Schema.Struct({ city: Schema.String }),
  success: Schema.Int,
  execute: () => Effect.succeed(1)
})

/** Two tools, one of which has a name that no provider accepts. */
export const toolkit = Toolkit.make(weather, population)

/** The question that the simulator plays `twoCities` to. */
export const question = Conversation.make("How warm are Oslo and Rome?", { system: "Be brief." })

/** Asks the model that is provided. */
export const generate = (request: Partial<ChatModel.Request> = {}) =>
  ChatModel.ChatModel.use((model) => model.generate({ conversation: question, toolkit, ...request }))

/** A `fetch` that gives the same answer each time, and the requests that it got. */
export const canned = (answer: () => Response) => {
  const requests: Array<Request> = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    requests.push(new Request(input, init))
    return answer()
  }
  return { fetch, requests }
}

/** A `fetch` that answers each request with a body, JSON unless it says otherwise. */
export const answering = (body: unknown, init: ResponseInit = {}) => {
  const text = typeof body === "string" ? body : JSON.stringify(body)
  return canned(() => new Response(text, { headers: { "content-type": "application/json" }, ...init }))
}

/** A simulator, and a `fetch` that leads straight into it. */
export const simulated = Effect.fnUntraced(function*(options: Partial<Simulator.Options> = {}) {
  const simulator = yield* Simulator.make({ script: () => twoCities, ...options })
  const fetch = yield* Simulator.fetch(simulator.app)
  return { fetch, requests: simulator.requests }
})

/** Asks the simulator once, and gives the body that it was sent. */
export const bodySent = Effect.fnUntraced(function*(
  layerOf: LayerOf,
  request: Partial<ChatModel.Request> = {},
  options: Partial<Options> = {}
) {
  const { fetch, requests } = yield* simulated()
  yield* Effect.provide(generate(request), layerOf({ ...reach, ...options, fetch }))
  const [entry] = yield* requests
  assert.strictEqual(entry?.status, 200)
  return entry?.body
})

/** Puts a turn and the results of its calls behind a conversation. */
export const settle = Effect.fnUntraced(function*(conversation: Conversation.Conversation, turn: ChatModel.Turn) {
  const { outcomes } = yield* Batch.run(toolkit, turn.message.calls)
  return Conversation.append(conversation, turn.message, { role: "tool", results: Conversation.results(outcomes) })
})

/** A turn of two calls, their results, and the answer to them. */
export const twoTurns = Effect.gen(function*() {
  const first = yield* generate()
  const second = yield* generate({ conversation: yield* settle(question, first) })
  return { first, second }
})

/** Both calls were asked for at once, and answered. */
export const assertTwoTurns = ({ first, second }: Effect.Success<typeof twoTurns>): void => {
  assert.strictEqual(first.finish, "tool-calls")
  assert.deepStrictEqual(first.message.calls.map(({ index, name, status }) => [index, name, status]), [
    [0, "weather", "complete"],
    [1, "weather", "complete"]
  ])
  assert.strictEqual(new Set(first.message.calls.map(({ id }) => id)).size, 2)
  assert.deepInclude(second, { finish: "stop" })
  assert.deepInclude(second.message, { text: "I saw: 3, 21", calls: [] })
}

/** The status of each answer. */
export const statuses = (entries: ReadonlyArray<Simulator.Entry>) => entries.map(({ status }) => status)

const baseUrlOf = (name: Name, served: Simulator.Served): string =>
  name === "anthropic" || name === "google" ? served[name] : served.openai

/** A server on a free loopback port that does this with every connection; gives its base URL. */
const listen = Effect.fnUntraced(function*(onData: (socket: Socket) => void) {
  const server = createServer((socket) => socket.on("error", () => {}).once("data", () => onData(socket)))
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () => Effect.callback<void>((resume) => void server.close(() => resume(Effect.void)))
  )
  const address = server.address()
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : address}`
})

/** The contract of `ChatModel`, for turns in one piece and streamed ones alike. */
export const suite = (provider: Provider): void => {
  const { model, name } = provider
  both(`ChatModel on ${model ?? name}`, provider, turns)
  both(`ChatModel on ${name}`, provider, sending)
  both(`ChatModel on ${name}`, provider, failures)
  streams(provider)
}

/** What a turn has to be, for one more model of a provider. */
export const suiteOfTurns = (provider: Provider): void => both(`ChatModel on ${provider.model}`, provider, turns)

const both = (title: string, provider: Provider, tests: (title: string, provider: Provider) => void): void => {
  tests(title, provider)
  tests(`${title}, streamed`, streaming(provider))
}

const reachOf = ({ model }: Provider) => ({ ...reach, ...(model !== undefined && { model }) })

const turns = (title: string, provider: Provider): void => {
  const { lacks = [], layerOf, name } = provider
  const reach = reachOf(provider)

  describe(`${title}: a turn`, () => {
    it.effect("asks for two calls at once, and answers when it has both results", () =>
      Effect.gen(function*() {
        const { fetch, requests } = yield* simulated()
        assertTwoTurns(yield* Effect.provide(twoTurns, layerOf({ ...reach, fetch })))
        assert.deepStrictEqual(statuses(yield* requests), [200, 200])
      }))

    it.live("is the same over HTTP", () =>
      Effect.gen(function*() {
        const served = yield* Simulator.serve({ script: () => twoCities })
        assertTwoTurns(yield* Effect.provide(twoTurns, layerOf({ ...reach, baseUrl: baseUrlOf(name, served) })))
        assert.deepStrictEqual(statuses(yield* served.requests), [200, 200])
      }))

    if (!lacks.includes("parallel switch")) {
      it.effect(
        "has one call where parallel calls are switched off",
        () =>
          Effect.gen(function*() {
            const { fetch } = yield* simulated()
            const turn = yield* Effect.provide(generate({ parallelToolCalls: false }), layerOf({ ...reach, fetch }))
            assert.strictEqual(turn.message.calls.length, 1)
          })
      )
    }

    it.effect("is an answer where tools are switched off, though they stay listed", () =>
      Effect.gen(function*() {
        const { fetch, requests } = yield* simulated()
        const turn = yield* Effect.provide(generate({ toolChoice: "none" }), layerOf({ ...reach, fetch }))
        assert.deepInclude(turn, { finish: "stop" })
        assert.deepStrictEqual(turn.message.calls, [])
        const [entry] = yield* requests
        const { tools } = yield* Schema.decodeUnknownEffect(Listed)(entry?.body)
        assert.strictEqual(tools.flatMap(({ functionDeclarations = [{}] }) => functionDeclarations).length, 2)
      }))

    it.effect.each([undefined, Toolkit.make()])(
      "ignores the switches where there are no tools: %s",
      (toolkit) =>
        Effect.gen(function*() {
          const { fetch } = yield* simulated()
          const turn = yield* generate({ toolkit, toolChoice: "required", parallelToolCalls: false }).pipe(
            Effect.provide(layerOf({ ...reach, fetch }))
          )
          assert.strictEqual(turn.finish, "stop")
        })
    )

    it.effect("says what it cost", () =>
      Effect.gen(function*() {
        const { fetch, requests } = yield* simulated()
        const turn = yield* Effect.provide(generate(), layerOf({ ...reach, fetch }))
        const [entry] = yield* requests
        assert.deepInclude(turn.usage, { input: entry?.inputTokens ?? -1, output: entry?.outputTokens ?? -1 })
        assert.isAbove(turn.usage.input, 0)
      }))

    it.effect("goes on after the conversation was stored as JSON", () =>
      Effect.gen(function*() {
        const { fetch } = yield* simulated()
        const layer = layerOf({ ...reach, fetch })
        const codec = Schema.fromJsonString(Schema.toCodecJson(Conversation.Conversation))
        const first = yield* Effect.provide(generate(), layer)
        const stored = yield* Schema.encodeEffect(codec)(yield* settle(question, first))
        const conversation = yield* Schema.decodeEffect(codec)(stored)
        const second = yield* Effect.provide(generate({ conversation }), layer)
        assert.strictEqual(second.message.text, "I saw: 3, 21")
      }))

    it.effect("comes where the SDK's second attempt succeeds", () =>
      Effect.gen(function*() {
        const { fetch, requests } = yield* simulated()
        const busy = canned(() => new Response("busy", { status: 503, headers: { "retry-after-ms": "1" } }))
        const flaky: typeof fetch = (input, init) =>
          busy.requests.length === 0 ? busy.fetch(input, init) : fetch(input, init)
        const turn = yield* Effect.provide(generate(), layerOf({ ...reach, fetch: flaky }))
        assert.strictEqual(turn.message.calls.length, 2)
        assert.deepStrictEqual(statuses(yield* requests), [200])
      }))

    it.effect.each(
      [
        ["closed", { type: "object", properties: {}, required: [], additionalProperties: false }],
        ["open", { type: "object", properties: { city: { type: "string", minLength: 1 } } }]
      ] as const
    )(
      "is asked for as JSON in a form that the provider takes, whatever the schema: %s",
      ([what, jsonSchema]) =>
        Effect.gen(function*() {
          const output = { name: "answer", jsonSchema }
          yield* bodySent(layerOf, { output }, reach)
          const alone = yield* bodySent(layerOf, { output, toolkit: undefined }, reach)
          if (what === "closed") assert.match(JSON.stringify(alone), /schema/i)
        })
    )
  })
}

const sending = (title: string, provider: Provider): void => {
  const { key: [header, before] = ["authorization", "Bearer "], layerOf } = provider
  const reach = reachOf(provider)

  describe(`${title}: interruption`, () => {
    it.effect("aborts the request", () =>
      Effect.gen(function*() {
        const asked = yield* Deferred.make<void>()
        const script = (): Script => {
          Deferred.doneUnsafe(asked, Effect.void)
          return twoCities
        }
        const { fetch, requests } = yield* simulated({ script, latency: "1 hour" })
        const over = yield* Deferred.make<void>()
        const watched: typeof fetch = (input, init) =>
          fetch(input, init).finally(() => Deferred.doneUnsafe(over, Effect.void))
        const fiber = yield* Effect.forkChild(Effect.provide(generate(), layerOf({ ...reach, fetch: watched })))
        yield* Deferred.await(asked)
        yield* Fiber.interrupt(fiber)
        yield* Deferred.await(over)
        assert.deepStrictEqual(statuses(yield* requests), [499])
      }))
  })

  describe.each(["sk-very-secret", Redacted.make("sk-very-secret")])(`${title}: the API key, given as %s`, (apiKey) => {
    const secret = { ...reach, apiKey }

    const failing = (options: Partial<Options>) =>
      Effect.flip(generate()).pipe(Effect.provide(layerOf({ ...secret, maxRetries: 0, ...options })))

    it.effect("goes into its header", () =>
      Effect.gen(function*() {
        const { fetch, requests } = answering("{}")
        yield* failing({ fetch })
        assert.strictEqual(requests[0]?.headers.get(header), `${before}sk-very-secret`)
      }))

    it.effect.each(
      [
        ["a refusal", () => Response.json({ error: { type: "x", message: "no" } }, { status: 401 })],
        ["no answer", () => {
          throw new TypeError("fetch failed")
        }],
        ["an answer of another shape", () => Response.json({})]
      ] as const
    )("stands nowhere in the error that %s gives", ([, answer]) =>
      Effect.gen(function*() {
        const error = yield* failing(canned(answer))
        const all = [error.message, String(error), error.stack, JSON.stringify(error)].join("\n")
        assert.notInclude(all, "sk-very-secret")
      }))

    it.effect("stands nowhere in the error where the provider's refusal quotes it", () =>
      Effect.gen(function*() {
        const message = "Incorrect API key provided: sk-very-secret."
        const error = yield* failing(answering({ type: "error", error: { type: "x", message } }, { status: 401 }))
        assert.notInclude(error.message, "sk-very-secret")
      }))
  })
}

const Listed = Schema.Struct({
  tools: Schema.Array(Schema.Struct({ functionDeclarations: Schema.optional(Schema.Array(Schema.Unknown)) }))
})

/** What a provider's failure is sorted into, and how many requests it took. */
export interface Expected {
  readonly reason: ChatModelError.Reason["_tag"]
  readonly isRetryable: boolean
  readonly retryAfterMillis?: number
  readonly requests: number
}

/** Asks a model that cannot answer, and looks at why it gave no turn. */
export const assertFails = Effect.fnUntraced(function*(
  provider: Provider,
  answer: ReturnType<typeof canned>,
  expected: Expected,
  options: Partial<Options> = {}
) {
  const layer = provider.layerOf({ ...reach, ...options, fetch: answer.fetch })
  const error = yield* Effect.flip(Effect.provide(generate(), layer))
  assert.instanceOf(error, ChatModelError.ChatModelError)
  const { isRetryable, reason, wire } = error
  const after = reason._tag === "RateLimited" ? reason.retryAfterMillis : undefined
  assert.deepStrictEqual(
    { wire, reason: reason._tag, isRetryable, retryAfterMillis: after, requests: answer.requests.length },
    { wire: provider.name, retryAfterMillis: undefined, ...expected }
  )
  return error
})

/** Refusals that the SDK does not wait long for, so that its own retries can be counted. */
const soon = { "retry-after-ms": "1" }

const invalid = { reason: "InvalidRequest", isRetryable: false, requests: 1 } as const
const unauthorized = { reason: "Unauthorized", isRetryable: false, requests: 1 } as const
const failed = { reason: "ProviderFailed", isRetryable: true, requests: 3 } as const
const limited = { reason: "RateLimited", isRetryable: true, requests: 1 } as const
const unusable = { reason: "UnusableResponse", isRetryable: false, requests: 1 } as const
const unreachable = { reason: "Unreachable", isRetryable: true, requests: 1 } as const

const now = "2026-01-01T00:00:00Z"

const refusals: ReadonlyArray<{
  readonly status: number
  readonly headers?: Record<string, string>
  readonly maxRetries?: number
  readonly expected: Expected
}> = [
  { status: 400, expected: invalid },
  { status: 401, expected: unauthorized },
  { status: 402, expected: { reason: "QuotaExhausted", isRetryable: false, requests: 1 } },
  { status: 403, expected: unauthorized },
  { status: 404, expected: invalid },
  { status: 408, expected: failed },
  { status: 409, expected: failed },
  { status: 413, expected: invalid },
  { status: 422, expected: invalid },
  { status: 429, expected: { ...limited, requests: 3, retryAfterMillis: 1 } },
  { status: 500, expected: failed },
  { status: 503, expected: failed },
  { status: 504, expected: failed },
  { status: 529, expected: failed },
  { status: 500, maxRetries: 0, expected: { ...failed, requests: 1 } },
  { status: 500, maxRetries: 1, expected: { ...failed, requests: 2 } },
  { status: 429, headers: {}, maxRetries: 0, expected: limited },
  {
    status: 429,
    headers: { "retry-after-ms": "1500", "retry-after": "9" },
    maxRetries: 0,
    expected: { ...limited, retryAfterMillis: 1500 }
  },
  { status: 429, headers: { "retry-after": "2" }, maxRetries: 0, expected: { ...limited, retryAfterMillis: 2000 } },
  {
    status: 429,
    headers: { "retry-after": "Thu, 01 Jan 2026 00:00:10 GMT" },
    maxRetries: 0,
    expected: { ...limited, retryAfterMillis: 10_000 }
  },
  { status: 400, headers: { ...soon, "x-should-retry": "true" }, expected: { ...invalid, requests: 3 } },
  { status: 500, headers: { ...soon, "x-should-retry": "false" }, expected: { ...failed, requests: 1 } }
]

/** The same, sent without advice, and where the SDK would ask again of itself asked once, as it waits too long. */
const silent = refusals.filter(({ headers = {} }) => Object.keys(headers).length === 0).map((refusal) => {
  const { retryAfterMillis: _advice, ...expected } = refusal.expected
  return refusal.maxRetries === undefined
    ? { ...refusal, maxRetries: 0, headers: {}, expected: { ...expected, requests: 1 } }
    : refusal
})

const failures = (title: string, provider: Provider): void => {
  const { lacks = [] } = provider
  const heeds = !lacks.includes("advice in headers")
  const once = heeds ? {} : { maxRetries: 0 }
  const isStreamed = title.endsWith("streamed")

  describe(`${title}: a refusal`, () => {
    it.effect.each((heeds ? refusals : silent).map((refusal) => [refusal.status, refusal] as const))(
      "with status %s is sorted by its status, and asked again by the SDK alone: %o",
      ([status, { expected, headers = soon, maxRetries }]) =>
        Effect.gen(function*() {
          yield* TestClock.setTime(Date.parse(now))
          const body = JSON.stringify({ type: "error", error: { type: "x", message: "because" } })
          const answer = canned(() =>
            new Response(body, { status, headers: { "content-type": "application/json", ...headers } })
          )
          const error = yield* assertFails(provider, answer, expected, { maxRetries })
          assert.include(error.message, "because")
          assert.include(error.message, String(status))
        })
    )

    it.effect("is sorted by its status where its body is not JSON", () =>
      assertFails(
        provider,
        answering("<html>", { status: 502, headers: soon }),
        heeds ? failed : { ...failed, requests: 1 },
        once
      ))

    it.effect("is sorted by its status where it has no body", () =>
      assertFails(provider, canned(() => new Response(null, { status: 413 })), invalid))
  })

  describe(`${title}: no answer`, () => {
    it.live("comes from where nobody listens", () =>
      Effect.gen(function*() {
        const baseUrl = yield* Effect.scoped(listen((socket) => socket.destroy()))
        const answer = live()
        const error = yield* assertFails(provider, answer, unreachable, { baseUrl, maxRetries: 0 })
        assert(error.reason._tag === "Unreachable")
        assert.strictEqual(error.reason.url, baseUrl)
        assert.include(error.message, baseUrl)
      }))

    it.live("comes where the connection is reset before an answer", () =>
      Effect.gen(function*() {
        const baseUrl = yield* listen((socket) => socket.resetAndDestroy())
        yield* assertFails(provider, live(), unreachable, { baseUrl, maxRetries: 0 })
      }))

    it.live("comes where the connection is reset in the middle of an answer", () =>
      Effect.gen(function*() {
        const type = isStreamed ? "text/event-stream" : "application/json"
        const head = `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: 100\r\n\r\n{`
        const baseUrl = yield* listen((socket) => void socket.write(head, () => socket.resetAndDestroy()))
        yield* assertFails(provider, live(), unreachable, { baseUrl, maxRetries: 0 })
      }))
  })

  describe(`${title}: an answer that is not what the contract says`, () => {
    const expected = isStreamed && lacks.includes("check of streams") ? unreachable : unusable

    it.effect.each([
      ["a body that is not JSON", "{\"id\":"],
      ["a text", "\"text\""],
      ["null", "null"],
      ["an array", "[]"],
      ["an object that lacks all it needs", "{}"],
      ["an object whose lists are none", "{\"choices\":\"text\",\"content\":\"text\",\"candidates\":\"text\"}"]
    ])("is an error: %s", ([, body]) => assertFails(provider, answering(body), expected))

    it.effect("is an error: a page of HTML", () =>
      assertFails(provider, answering("<html>", { headers: { "content-type": "text/html" } }), expected))

    it.effect("is an error: no content, status 204", () =>
      assertFails(provider, canned(() => new Response(null, { status: 204 })), unusable))
  })
}

/** What else is true of turns that are streamed. */
const streams = (provider: Provider): void => {
  const { layerOf, name } = provider
  const stream = Stream.unwrap(
    ChatModel.ChatModel.useSync((model) => model.stream({ conversation: question, toolkit }))
  )

  describe(`ChatModel on ${name}: a stream`, () => {
    const provesEarly = name !== "openai-chat"

    /** A second call that the model takes an hour for; `open` is done once the stream is. */
    const slow = Effect.gen(function*() {
      const { fetch, requests } = yield* simulated({ pace: (call) => call === 1 ? "1 hour" : 0 })
      const open = yield* Deferred.make<void>()
      const watched: typeof fetch = (input, init) =>
        fetch(input, init).finally(() => Deferred.doneUnsafe(open, Effect.void))
      return { layer: layerOf({ ...reachOf(provider), fetch: watched, idle: "unbounded" }), open, requests }
    })

    if (provesEarly) {
      it.effect(
        "tells a call while the model still writes the next one",
        () =>
          Effect.gen(function*() {
            const { layer, requests } = yield* slow
            const first = yield* Stream.runHead(Stream.provide(stream, layer))
            assert(Option.isSome(first) && first.value._tag === "Call")
            assert.deepInclude(first.value.call, { name: "weather", index: 0, status: "complete" })
            assert.deepStrictEqual(statuses(yield* requests), [499])
          })
      )
    } else {
      it.effect("tells no call before the turn is over", () =>
        Effect.gen(function*() {
          const { layer, open } = yield* slow
          const fiber = yield* Effect.forkChild(collect(Stream.provide(stream, layer)))
          yield* Deferred.await(open)
          yield* TestClock.adjust("59 minutes")
          assert.isUndefined(fiber.pollUnsafe())
          yield* TestClock.adjust("1 minute")
          const { parts } = yield* Fiber.join(fiber)
          assert.deepStrictEqual(parts.map(({ _tag }) => _tag), ["Call", "Call", "Turn"])
        }))
    }

    const fragments: ReadonlyArray<Frame.Fragment> = [1, 1000, [3, 0, 7]]

    it.effect.each(fragments.map((fragment) => [fragment] as const))(
      "is the turn that comes in one piece otherwise, be it cut into fragments of %j",
      ([fragment]) =>
        Effect.gen(function*() {
          const asked = Effect.fnUntraced(function*({ layerOf }: Provider) {
            const { fetch } = yield* simulated({ fragment })
            return yield* Effect.provide(twoTurns, layerOf({ ...reachOf(provider), fetch }))
          })
          assert.deepStrictEqual(yield* asked(streaming(provider)), yield* asked(provider))
        })
    )

    it.effect("aborts the request when its reader is interrupted", () =>
      Effect.gen(function*() {
        const { layer, open, requests } = yield* slow
        const fiber = yield* Effect.forkChild(collect(Stream.provide(stream, layer)))
        yield* Deferred.await(open)
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(statuses(yield* requests), [499])
      }))

    const events = (text: string) => answering(text, { headers: { "content-type": "text/event-stream" } })

    /** Only one of the wires has names of events; another takes nothing but data. */
    const event = (data: string) => `${name === "anthropic" ? "event: message_start\n" : ""}data: ${data}\n\n`

    const badEvents: ReadonlyArray<readonly [string, string]> = [
      ["not JSON", event("{\"id\":")],
      ["of another shape", event("{\"type\":7,\"choices\":\"text\",\"candidates\":\"text\"}")]
    ]

    it.effect.each(badEvents)(
      "fails at an event that is %s",
      ([, text]) => assertFails(streaming(provider), events(text), unusable)
    )

    it.effect("fails at an event that is not JSON, though it has no name", () =>
      assertFails(streaming(provider), events("data: {\"id\":\n\n"), unusable))

    it.effect("fails with the error that came as JSON in place of events", () =>
      Effect.gen(function*() {
        const error = { type: "overloaded_error", code: 503, status: "UNAVAILABLE", message: "because" }
        const answer = events(JSON.stringify({ type: "error", error }, null, 2))
        const failed = { reason: "ProviderFailed", isRetryable: true, requests: 1 } as const
        assert.include((yield* assertFails(streaming(provider), answer, failed)).message, "because")
      }))

    it.effect("that has no event at all is a connection that broke", () =>
      assertFails(streaming(provider), events(""), unreachable))

    const forms: ReadonlyArray<readonly [string, (text: string) => string]> = [
      ["comments before events", (text) => text.replaceAll(/^(event|data):/gm, ": alive\n$1:")],
      ["comments between events", (text) => text.replaceAll("\n\n", "\n\n: alive\n\n")],
      ["fields of their own", (text) => text.replaceAll(/^data:/gm, "id: 7\nretry: 100\ndata:")],
      ["data behind a colon alone", (text) => text.replaceAll(/^data: /gm, "data:")],
      ["data of two lines", (text) => text.replaceAll(/^data: \{/gm, "data: {\ndata: ")],
      ["lines that end in CR LF", (text) => text.replaceAll(/\r?\n/g, "\r\n")],
      ["lines that end in CR", (text) => text.replaceAll(/\r?\n/g, "\r")],
      ["names without data", (text) => text.replaceAll("\n\n", "\n\nevent: keepalive\n\n")],
      ["data of nothing", (text) => text.replaceAll("\n\n", "\n\ndata:\n\n")],
      ["no names", (text) => text.replaceAll(/^event: .*\n/gm, "")],
      ["an end that is said", (text) => text.includes("[DONE]") ? text : `${text}data: [DONE]\n\n`],
      ["an end that has a name", (text) => `${text.replace("data: [DONE]\n\n", "")}event: done\ndata: [DONE]\n\n`],
      ["an end without an empty line", (text) => text.trimEnd()],
      ["a mark of the byte order", (text) => `\ufeff${text}`]
    ]

    it.effect.each(forms.flatMap(([what, form]) => [1, 7, 10_000].map((size) => [what, size, form] as const)))(
      "is the same turn in any form of its events: %s, in pieces of %i bytes",
      ([, size, form]) =>
        Effect.gen(function*() {
          const asked = Effect.fnUntraced(function*(form: (text: string) => string) {
            const { fetch } = yield* simulated()
            const formed: typeof fetch = async (input, init) => {
              const response = await fetch(input, init)
              const bytes = new TextEncoder().encode(form((await response.text()).replaceAll("\r\n", "\n")))
              const start = (controller: ReadableStreamDefaultController) => {
                for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.subarray(at, at + size))
                controller.close()
              }
              return new Response(new ReadableStream({ start }), response)
            }
            return yield* Effect.provide(Stream.runCollect(stream), layerOf({ ...reachOf(provider), fetch: formed }))
          })
          assert.deepStrictEqual(
            messageIn(yield* asked(form)),
            messageIn(
              yield* asked((text) => text)
            )
          )
        })
    )

    it.effect("that ends anywhere is a connection that broke, unless the turn is whole by then", () =>
      Effect.gen(function*() {
        const { fetch } = yield* simulated()
        const asked = (fetch: typeof globalThis.fetch) =>
          Effect.provide(Stream.runCollect(stream), layerOf({ ...reachOf(provider), maxRetries: 0, fetch }))
        let text = ""
        const whole = yield* asked(async (input, init) => {
          const response = await fetch(input, init)
          text = await response.text()
          return new Response(text, response)
        })
        const ends = yield* Effect.forEach(
          Array.from({ length: Math.floor(text.length / 13) }),
          (_, at) =>
            Effect.map(Effect.result(asked(events(text.slice(0, at * 13)).fetch)), (end) =>
              Result.match(end, {
                onFailure: ({ reason }) => reason._tag,
                onSuccess: (parts) =>
                  JSON.stringify(messageIn(parts)) === JSON.stringify(messageIn(whole)) ? "whole" : "another"
              }))
        )
        assert.deepStrictEqual(Array.from(new Set(ends)).filter((end) => end !== "whole"), ["Unreachable"])
      }))
  })
}

const messageIn = (parts: ReadonlyArray<ChatModel.Part>) =>
  parts.flatMap((part) => part._tag === "Turn" ? [part.turn.message] : [])

/** The global `fetch`, and the requests that it got. */
const live = (): ReturnType<typeof canned> => {
  const requests: Array<Request> = []
  return {
    requests,
    fetch: (input, init) => {
      requests.push(new Request(input, init))
      return globalThis.fetch(input, init)
    }
  }
}

/** What two providers have to do with each other. */
export const handover = (from: Provider, to: Provider): void => {
  describe(`from ${from.model ?? from.name} to ${to.model ?? to.name}`, () => {
    it.effect("a conversation goes on with the other provider, and back", () =>
      Effect.gen(function*() {
        const { fetch, requests } = yield* simulated()
        const here = from.layerOf({ ...reachOf(from), fetch })
        const there = to.layerOf({ ...reachOf(to), fetch })
        const asked = yield* settle(question, yield* Effect.provide(generate(), here))
        const answer = yield* Effect.provide(generate({ conversation: asked }), there)
        assert.strictEqual(answer.message.text, "I saw: 3, 21")
        const again = Conversation.append(asked, answer.message, { role: "user", text: "Are you sure?" })
        const back = yield* Effect.provide(generate({ conversation: again }), here)
        assert.strictEqual(back.message.text, "I saw: 3, 21")
        assert.deepStrictEqual(statuses(yield* requests), [200, 200, 200])
      }))

    it.effect("the same program runs on either: only the Layer is another", () =>
      Effect.gen(function*() {
        const program = Agent.run({ toolkit, prompt: "How warm are Oslo and Rome?", system: "Be brief." }).pipe(
          Effect.map(({ answer, finish, limited, rounds }) => ({
            answer,
            finish,
            limited,
            results: rounds.map(({ settled }) => settled.outcomes.map(({ encoded, name }) => [name, encoded]))
          }))
        )
        const { fetch } = yield* simulated()
        const here = yield* Effect.provide(program, from.layerOf({ ...reachOf(from), fetch }))
        assert.deepStrictEqual(yield* Effect.provide(program, to.layerOf({ ...reachOf(to), fetch })), here)
        assert.deepStrictEqual(here, {
          answer: "I saw: 3, 21",
          finish: "stop",
          limited: false,
          results: [[["weather", "3"], ["weather", "21"]]]
        })
      }))
  })
}

/**
 * A `layerConfig` of a provider.
 *
 * - `variable`: the one of its key, which is sent in `header`
 * - `answer`: a body that it can read
 * - `baseUrl`, `path`: where a request goes, in two parts
 */
export interface Configured {
  readonly layerConfig: ReturnType<typeof ChatModel.layerConfig>
  readonly variable: string
  readonly answer: unknown
  readonly baseUrl: string
  readonly path: string
  readonly header: readonly [name: string, scheme: string]
}

/** Where the key and the base URL of a provider come from. */
export const configuration = (
  name: string,
  { answer, baseUrl, header: [header, scheme], layerConfig, path, variable }: Configured
): void => {
  const config = (values: Record<string, string>) => ConfigProvider.layer(ConfigProvider.fromUnknown(values))

  const sent = Effect.fnUntraced(function*(
    options: Partial<Parameters<typeof layerConfig>[0]>,
    values: Record<string, string>
  ) {
    const { fetch, requests } = answering(answer)
    const layer = layerConfig({ model: reach.model, fetch, ...options })
    yield* Effect.provide(generate(), Layer.provide(layer, config(values)))
    return [requests[0]?.url, requests[0]?.headers.get(header)]
  })

  describe(`${name}.layerConfig`, () => {
    it.effect(`reads ${variable}`, () =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* sent({}, { [variable]: "sk-1" }), [`${baseUrl}${path}`, `${scheme}sk-1`])
      }))

    it.effect("takes another key and another base URL", () =>
      Effect.gen(function*() {
        const other = `http://other.test${new URL(baseUrl).pathname.replace(/\/$/, "")}`
        const options = { apiKey: Config.Redacted("OTHER_KEY"), baseUrl: other }
        assert.deepStrictEqual(yield* sent(options, { [variable]: "sk-1", OTHER_KEY: "sk-2" }), [
          `${other}${path}`,
          `${scheme}sk-2`
        ])
      }))

    it.effect.each([{}, { [variable]: "" }])(
      "fails with a ConfigError where the key is missing: %j",
      (values) =>
        Effect.gen(function*() {
          const layer = Layer.provide(layerConfig({ model: reach.model }), config(values))
          const error = yield* Effect.flip(Effect.provide(ChatModel.ChatModel.use(Effect.succeed), layer))
          assert.instanceOf(error, Config.ConfigError)
          assert.include(error.message, variable)
        })
    )
  })
}

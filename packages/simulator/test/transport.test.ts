/**
 * What a Layer does about servers that say nothing, too much, or that somebody else is to be asked: on every wire alike.
 */
import Anthropic from "@anthropic-ai/sdk"
import { assert, describe, it, vi } from "@effect/vitest"
import { GoogleGenAI } from "@google/genai"
import * as AnthropicMessages from "@volley/anthropic/AnthropicMessages"
import { ChatModel, ChatModelError, Transport } from "@volley/core"
import * as GeminiContent from "@volley/google/GeminiContent"
import * as OpenAiChat from "@volley/openai/OpenAiChat"
import * as OpenAiResponses from "@volley/openai/OpenAiResponses"
import { Cause, Effect, Fiber, Layer, Redacted, Schema } from "effect"
import { TestClock } from "effect/testing"
import { createServer, type IncomingMessage, type RequestListener } from "node:http"
import { inspect } from "node:util"
import OpenAI from "openai"
import { generate, type LayerOf, type Options, question, reach, simulated, toolkit } from "./ChatModelSuite.ts"
import { wires } from "./fieldWires.ts"
import { collect } from "./streams.ts"

type Ask = (layer: Layer.Layer<ChatModel.ChatModel>) => Effect.Effect<ChatModelError.ChatModelError | undefined>

/** What is written to the terminal; the SDKs keep the functions that are there when the first client is made. */
const written = (["debug", "info", "log", "warn", "error"] as const).map((name) => vi.spyOn(console, name))

/** Both ways to ask for a turn, and the error that comes in its place. */
const ways: Readonly<Record<"whole" | "streamed", Ask>> = {
  whole: (layer) =>
    Effect.provide(Effect.match(generate(), { onFailure: (error) => error, onSuccess: () => undefined }), layer),
  streamed: (layer) =>
    Effect.provide(
      Effect.map(
        ChatModel.ChatModel.use((model) => collect(model.stream({ conversation: question, toolkit }))),
        ({ error }) => error
      ),
      layer
    )
}

/** Each wire by each way. */
const cases = wires.flatMap(({ provider: { layerOf, name } }) =>
  [...["whole", "streamed"] as const].map((way) => ({ name, way, layerOf, ask: ways[way] }))
)

type Case = typeof cases[number]

/** What of a failure decides. */
const facts = (error: ChatModelError.ChatModelError | undefined) => {
  const { isRetryable, message: _, ...reason } = { message: "", isRetryable: undefined, ...error?.reason }
  return { ...reason, isRetryable }
}

/** A `fetch` that gives what `answer` does, which hears of the end of the request; `aborted` once that was aborted. */
const fetching = (answer: (signal: AbortSignal) => Response | Promise<Response>) => {
  const asked = Promise.withResolvers<void>()
  const aborted = Promise.withResolvers<void>()
  const requests: Array<Request> = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    requests.push(request)
    request.signal.addEventListener("abort", () => aborted.resolve())
    asked.resolve()
    return await answer(request.signal)
  }
  return { fetch, requests, asked: Effect.promise(() => asked.promise), aborted: Effect.promise(() => aborted.promise) }
}

/** Says nothing until it is aborted. */
const silent = (signal: AbortSignal): Promise<Response> =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))

const types = { whole: "application/json", streamed: "text/event-stream" }

/** A body that begins, `then` being what comes of it. */
const beginning = (way: Case["way"], then: (controller: ReadableStreamDefaultController<Uint8Array>) => void) => {
  const text = new TextEncoder()
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(text.encode(way === "whole" ? " " : ": one moment\n\n")),
    pull: then
  }, { highWaterMark: 0 })
  return new Response(body, { headers: { "content-type": types[way] } })
}

describe.each(cases)("a Layer of $name, asked for a $way turn", ({ ask, layerOf, name, way }) => {
  const model = (options: Partial<Options>) => layerOf({ ...reach, maxRetries: 0, ...options })

  it.effect("waits a minute for an answer to begin, or as long as it is told, and lets go of the request", () =>
    Effect.gen(function*() {
      for (const [firstByte, millis] of [[undefined, 60_000], ["5 seconds", 5000]] as const) {
        const { aborted, asked, fetch } = fetching(silent)
        const fiber = yield* Effect.forkChild(ask(model({ fetch, firstByte })))
        yield* asked
        yield* TestClock.adjust(millis - 1)
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust(1)
        const error = yield* Fiber.join(fiber)
        assert.deepStrictEqual(facts(error), { _tag: "TimedOut", limit: "firstByte", millis, isRetryable: true })
        yield* aborted
      }
    }))

  it.effect("waits a minute for an answer that stands still, or as long as it is told, and lets go of the request", () =>
    Effect.gen(function*() {
      for (const [idle, millis] of [[undefined, 60_000], ["5 seconds", 5000]] as const) {
        const still = Promise.withResolvers<void>()
        const { aborted, fetch } = fetching(() => beginning(way, () => still.resolve()))
        const fiber = yield* Effect.forkChild(ask(model({ fetch, idle })))
        yield* Effect.promise(() => still.promise)
        yield* TestClock.adjust(millis - 1)
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust(1)
        const error = yield* Fiber.join(fiber)
        assert.deepStrictEqual(facts(error), { _tag: "TimedOut", limit: "idle", millis, isRetryable: true })
        yield* aborted
      }
    }))

  it.effect("waits for ever where that is written", () =>
    Effect.gen(function*() {
      const { asked, fetch } = fetching(silent)
      const fiber = yield* Effect.forkChild(ask(model({ fetch, firstByte: "unbounded" })))
      yield* asked
      yield* TestClock.adjust("30 days")
      assert.isUndefined(fiber.pollUnsafe())
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("comes with an answer where the SDK's second attempt has one in time", () =>
    Effect.gen(function*() {
      const simulator = yield* simulated()
      const { asked, fetch, requests } = fetching(silent)
      const first: typeof fetch = (input, init) => (requests.length === 0 ? fetch : simulator.fetch)(input, init)
      const fiber = yield* Effect.forkChild(ask(model({ fetch: first, maxRetries: 1 })))
      yield* asked
      yield* TestClock.adjust("1 minute")
      assert.isUndefined(yield* Fiber.join(fiber))
    }))

  it.effect("reads no more of an answer than it may, and asks for it once", () =>
    Effect.gen(function*() {
      let sent = 0
      const filling = new TextEncoder().encode(way === "whole" ? " ".repeat(1000) : `:${" ".repeat(997)}\n\n`)
      const { aborted, fetch, requests } = fetching(() =>
        beginning(way, (controller) => {
          sent += filling.length
          controller.enqueue(filling)
        })
      )
      const error = yield* ask(model({ fetch, maxBytes: 10_000, maxRetries: 2 }))
      assert.deepStrictEqual(facts(error), { _tag: "TooLarge", maxBytes: 10_000, isRetryable: false })
      assert.isAtMost(sent, 11_000)
      assert.strictEqual(requests.length, 1)
      yield* aborted
    }))

  it.effect("reads what is just as large as it may be", () =>
    Effect.gen(function*() {
      const { fetch } = yield* simulated()
      let size = 0
      const measured: typeof fetch = async (input, init) => {
        const response = await fetch(input, init)
        const bytes = await response.arrayBuffer()
        size = bytes.byteLength
        return new Response(bytes, response)
      }
      assert.isUndefined(yield* ask(model({ fetch: measured, firstByte: "unbounded", idle: "unbounded" })))
      assert.isUndefined(yield* ask(model({ fetch, maxBytes: size })))
      assert.strictEqual((yield* ask(model({ fetch, maxBytes: size - 1 })))?.reason._tag, "TooLarge")
    }))

  it.effect("reads no more of a refusal than it may either, and keeps its status", () =>
    Effect.gen(function*() {
      for (const type of ["text/plain", "application/json"]) {
        const { fetch } = fetching(() => {
          const { body } = beginning(way, (controller) => controller.enqueue(new Uint8Array(1000).fill(32)))
          return new Response(body, { status: 401, headers: { "content-type": type } })
        })
        const error = yield* ask(model({ fetch, maxBytes: 10_000 }))
        assert.strictEqual(error?.reason._tag, "Unauthorized")
      }
    }))

  it.effect("cuts what a refusal says at 4 KiB", () =>
    Effect.gen(function*() {
      const message = `no: ${"ö".repeat(1_000_000)}`
      const { fetch } = fetching(() => Response.json({ error: { type: "x", message } }, { status: 400 }))
      const error = yield* ask(model({ fetch }))
      assert.include(error?.message, "no: ööö")
      assert.isAtMost(new TextEncoder().encode(error?.message).length, 4096 + 200)
      assert.include(error?.message, "[cut")
    }))

  it.effect("writes nothing of what a server sent to the terminal", () =>
    Effect.gen(function*() {
      for (const spy of written) spy.mockClear()
      const body = way === "whole" ? "{\u001b[31m" : "event: message_start\ndata: {\u001b[31m\n\n"
      const { fetch } = fetching(() => new Response(body, { headers: { "content-type": types[way] } }))
      assert.isDefined(yield* ask(model({ fetch })))
      for (const spy of written) assert.strictEqual(spy.mock.calls.length, 0)
    }))

  it.effect.each([{ firstByte: -1 }, { idle: Number.NaN }, { maxBytes: 0 }, { maxBytes: 1.5 }])(
    "fails as a bad request with limits that make no sense: %o",
    (options) =>
      Effect.gen(function*() {
        const error = yield* ask(model(options))
        assert.strictEqual(error?.wire, name)
        assert.strictEqual(error?.reason._tag, "InvalidRequest")
        assert.include(error?.message, Object.keys(options)[0])
      })
  )
})

type OwnLayer = (fetch: Transport.Fetch, limits?: Transport.Options) => Layer.Layer<ChatModel.ChatModel>

const [model, apiKey] = ["some-model", "key-of-ann"]
const maxRetries = 0

const clients: ReadonlyArray<readonly [string, OwnLayer]> = [
  [
    "openai-chat",
    (fetch, limits) => OpenAiChat.layerClient({ ...limits, client: new OpenAI({ apiKey, fetch, maxRetries }), model })
  ],
  [
    "openai-responses",
    (fetch, limits) =>
      OpenAiResponses.layerClient({ ...limits, client: new OpenAI({ apiKey, fetch, maxRetries }), model })
  ],
  [
    "anthropic",
    (fetch, limits) =>
      AnthropicMessages.layerClient({ ...limits, client: new Anthropic({ apiKey, fetch, maxRetries }), model })
  ],
  [
    "google",
    (fetch, limits) =>
      GeminiContent.layerClient({ ...limits, client: new GoogleGenAI({ apiKey, httpOptions: { fetch } }), model })
  ]
]

describe.each(clients)("a client of one's own, which keeps to no limits: %s", (_, layerOf) => {
  const waits = [[undefined, 60_000], ["5 seconds", 5000]] as const

  it.effect("is waited for a minute, or as long as it is told, and its request is let go", () =>
    Effect.gen(function*() {
      for (const ask of Object.values(ways)) {
        for (const [firstByte, millis] of waits) {
          const { aborted, asked, fetch } = fetching(silent)
          const fiber = yield* Effect.forkChild(ask(layerOf(fetch, { firstByte })))
          yield* asked
          yield* TestClock.adjust(millis - 1)
          assert.isUndefined(fiber.pollUnsafe())
          yield* TestClock.adjust(1)
          const error = yield* Fiber.join(fiber)
          assert.deepStrictEqual(facts(error), { _tag: "TimedOut", limit: "firstByte", millis, isRetryable: true })
          yield* aborted
        }
      }
    }))

  it.effect("is waited for a minute between its events, or as long as it is told, and its request is let go", () =>
    Effect.gen(function*() {
      for (const [idle, millis] of waits) {
        const still = Promise.withResolvers<void>()
        const { aborted, fetch } = fetching(() => beginning("streamed", () => still.resolve()))
        const fiber = yield* Effect.forkChild(ways.streamed(layerOf(fetch, { idle })))
        yield* Effect.promise(() => still.promise)
        yield* TestClock.adjust(millis - 1)
        assert.isUndefined(fiber.pollUnsafe())
        yield* TestClock.adjust(1)
        const error = yield* Fiber.join(fiber)
        assert.deepStrictEqual(facts(error), { _tag: "TimedOut", limit: "idle", millis, isRetryable: true })
        yield* aborted
      }
    }))

  it.effect("gives no more events than have so many bytes; a whole answer comes as the client read it", () =>
    Effect.gen(function*() {
      const { fetch } = yield* simulated()
      const failure = { _tag: "TooLarge", maxBytes: 10, isRetryable: false }
      assert.deepStrictEqual(facts(yield* ways.streamed(layerOf(fetch, { maxBytes: 10 }))), failure)
      assert.isUndefined(yield* ways.whole(layerOf(fetch, { maxBytes: 10 })))
      assert.isUndefined(yield* ways.streamed(layerOf(fetch, { maxBytes: "unbounded", idle: "unbounded" })))
    }))

  it.effect("dies with limits that make no sense", () =>
    Effect.gen(function*() {
      const { fetch } = fetching(silent)
      const exit = yield* Effect.exit(ways.whole(layerOf(fetch, { maxBytes: 0 })))
      assert.include(String(exit), "maxBytes is 0")
    }))
})

describe("a client of one's own, made with a limited fetch", () => {
  it.effect.each(clients)("has those limits, and their errors: %s", ([, layerOf]) =>
    Effect.gen(function*() {
      const limited = yield* Transport.within({ maxBytes: 10 })
      const { fetch } = yield* simulated()
      const failure = { _tag: "TooLarge", maxBytes: 10, isRetryable: false }
      for (const ask of Object.values(ways)) assert.deepStrictEqual(facts(yield* ask(layerOf(limited(fetch)))), failure)
    }))

  it.effect.each(clients)("has a key that stands in no error: %s", ([, layerOf]) =>
    Effect.gen(function*() {
      const fetch = async () => Response.json({ error: { type: "x", message: `no key ${apiKey}` } }, { status: 401 })
      for (const ask of Object.values(ways)) {
        const error = yield* ask(layerOf(fetch))
        assert.include(error?.message, "no key <hidden>")
        assert.notInclude(everything(error), apiKey)
      }
    }))
})

/** A real server, until the scope closes: its origin, and what it was sent. */
const serving = Effect.fnUntraced(function*(listener: RequestListener) {
  const requests: Array<Pick<IncomingMessage, "url" | "method" | "headers"> & { readonly body: string }> = []
  const server = createServer((request, response) => {
    let body = ""
    request.on("data", (chunk) => body += chunk).on("end", () => {
      const { headers, method, url } = request
      requests.push({ url, method, headers, body })
      listener(request, response)
    })
  })
  yield* Effect.acquireRelease(
    Effect.callback<void>((resume) => void server.listen(0, "127.0.0.1", () => resume(Effect.void))),
    () =>
      Effect.callback<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )
  const address = server.address()
  return { origin: `http://127.0.0.1:${typeof address === "object" ? address?.port : address}`, requests }
})

/** The path of a base URL, which one of the SDKs takes for granted. */
const pathOf = (name: string): string => name.startsWith("openai") ? "/v1" : ""

describe.each(cases)("a redirect of $name, asked for a $way turn", ({ ask, layerOf, name }) => {
  it.live.each([301, 302, 303, 307, 308])(
    "leads to no other server: %i",
    (status) =>
      Effect.gen(function*() {
        const other = yield* serving((_, response) => response.writeHead(500).end())
        const first = yield* serving((_, response) =>
          response.writeHead(status, { location: `${other.origin}/secret-path?secret-query=1` }).end()
        )
        const layer = layerOf({
          ...reach,
          baseUrl: `${first.origin}${pathOf(name)}`,
          apiKey: Redacted.make("sk-secret")
        })
        const error = yield* Effect.provideService(ask(layer), ChatModel.Extras, { headers: { "x-mine": "secret" } })
        assert.deepStrictEqual(facts(error), { _tag: "Redirected", status, to: other.origin, isRetryable: false })
        assert.include(error?.message, other.origin)
        assert.notInclude(everything(error), "secret")
        assert.deepStrictEqual(other.requests, [])
        assert.strictEqual(first.requests.length, 1)
        assert.strictEqual(first.requests[0]?.headers["x-mine"], "secret")
      })
  )

  it.live("leads on within a server where the request stays as it is, and not in circles", () =>
    Effect.gen(function*() {
      for (
        const [status, at, tag, count] of [[307, 2, "InvalidRequest", 2], [302, 2, "Redirected", 1], [
          308,
          99,
          "Redirected",
          6
        ]]
      ) {
        const { origin, requests } = yield* serving((_, response) =>
          requests.length >= Number(at)
            ? response.writeHead(400).end()
            : response.writeHead(Number(status), { location: `/elsewhere?at=${requests.length}` }).end()
        )
        const error = yield* ask(layerOf({ ...reach, baseUrl: `${origin}${pathOf(name)}` }))
        assert.strictEqual(error?.reason._tag, tag)
        assert.deepStrictEqual(new Set(requests.map(({ method }) => method)), new Set(["POST"]))
        assert.strictEqual(new Set(requests.map(({ body }) => body)).size, 1)
        assert.strictEqual(requests.length, count)
      }
    }).pipe(Effect.scoped))

  it.effect("is one too where the runtime tells neither status nor place", () =>
    Effect.gen(function*() {
      const { fetch, requests } = fetching(() => {
        const response = new Response(null)
        Reflect.defineProperty(response, "type", { value: "opaqueredirect" })
        Reflect.defineProperty(response, "status", { value: 0 })
        return response
      })
      const error = yield* ask(layerOf({ ...reach, fetch }))
      assert.deepInclude(facts(error), { _tag: "Redirected", status: 0, isRetryable: false })
      assert.deepStrictEqual(requests.map(({ redirect }) => redirect), ["manual"])
    }))
})

/** All that an error shows to whoever looks: its texts, its insides, its JSON. */
const everything = (error: ChatModelError.ChatModelError | undefined): string => {
  const cause = Cause.fail(error)
  return [
    error?.message,
    String(error),
    error?.stack,
    inspect(error, { depth: 20, showHidden: true }),
    JSON.stringify(error),
    JSON.stringify(Schema.encodeUnknownSync(Schema.toCodecJson(ChatModelError.ChatModelError))(error)),
    Cause.pretty(cause),
    inspect(cause, { depth: 20 }),
    inspect(Cause.squash(cause), { depth: 20 })
  ].join("\n")
}

describe.each(cases)("what is secret of an address of $name, asked for a $way turn", ({ ask, layerOf, name }) => {
  const secrets = ["ann-of-acme", "pass-of-ann", "token-of-ann", "pass of ann", "of-the-run"]
  const address = (place: string): string =>
    `http://ann-of-acme:pass-of-ann@${place}${pathOf(name)}?token=token-of-ann&more=pass%20of+ann#token-of-ann`
  const unreachable = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:9"), { code: "ECONNREFUSED" })

  const quoting = (status: number): LayerOf => (options) =>
    layerOf({
      ...options,
      fetch: async (input) =>
        Response.json({
          error: { type: "x", message: `no ${input}, pass of ann, token-of-ann, key of-the-run, proof-of-the-run` }
        }, { status })
    })

  const throwing = (error: (url: string) => unknown): LayerOf => (options) =>
    layerOf({ ...options, fetch: (input) => Promise.reject(error(String(input))) })

  const kinds: ReadonlyArray<readonly [string, LayerOf, string]> = [
    ["a refusal that quotes it", quoting(401), "gateway.test"],
    ["a server that fails and quotes it", quoting(500), "gateway.test"],
    ["an answer of another shape", quoting(200), "gateway.test"],
    [
      "a connection that is refused",
      throwing(() => new TypeError("fetch failed", { cause: unreachable })),
      "gateway.test"
    ],
    ["a name that nobody knows", throwing((url) => new TypeError(`getaddrinfo ENOTFOUND ${url}`)), "gateway.test"],
    [
      "an address that `fetch` does not take",
      throwing((url) => Effect.runSync(Effect.flip(Effect.try(() => new Request(url)))).cause),
      "gateway.test"
    ],
    ["no fetch of one's own", layerOf, "127.0.0.1:9"],
    [
      "a redirect",
      (options) =>
        layerOf({
          ...options,
          fetch: async (input) => Response.redirect(String(input).replace("gateway", "other"), 307)
        }),
      "gateway.test"
    ],
    ["a bad port", layerOf, "gateway.test:99999"],
    ["no host", layerOf, ""],
    [
      "a bad port, and a fetch of one's own",
      throwing((url) => new TypeError(`Failed to parse URL from ${url}`)),
      "gateway.test:x"
    ]
  ]

  it.effect.each(kinds)("stands in no error: %s", ([, layerOf, place]) =>
    Effect.gen(function*() {
      const layer = layerOf({ ...reach, maxRetries: 0, baseUrl: address(place) })
      const extras = { query: { key: "key of-the-run" }, headers: { authorization: "Bearer proof-of-the-run" } }
      const error = yield* Effect.provideService(ask(layer), ChatModel.Extras, extras)
      assert.isDefined(error)
      const all = everything(error)
      for (const secret of secrets) assert.notInclude(all, secret)
    }))
})

describe.each(cases)("a client of $name that cannot be made, asked for a $way turn", ({ ask, layerOf, name }) => {
  it.effect.each(
    [
      ["nowhere", "`baseUrl` is no URL"],
      ["ftp://files.test", "`baseUrl` does not begin with http:// or https://"],
      ["localhost:8080", "`baseUrl` does not begin with http:// or https://"],
      ["http://ann:pass@127.0.0.1:9", "give them as headers"]
    ] as const
  )("is a bad request, nothing that is tried again: %s", ([baseUrl, why]) =>
    Effect.gen(function*() {
      const error = yield* ask(layerOf({ ...reach, baseUrl }))
      assert.strictEqual(error?.wire, name)
      assert.deepInclude(facts(error), { _tag: "InvalidRequest", isRetryable: false })
      assert.include(error?.message, why)
    }))

  // The third SDK has no such guard.
  it.effect.skipIf(name === "google")(
    "is a bad request where the SDK refuses to be in a browser",
    () =>
      Effect.gen(function*() {
        yield* Effect.addFinalizer(() => Effect.sync(() => vi.unstubAllGlobals()))
        vi.stubGlobal("window", { document: {} })
        vi.stubGlobal("navigator", { userAgent: "a browser" })
        const error = yield* ask(layerOf(reach))
        assert.deepInclude(facts(error), { _tag: "InvalidRequest", isRetryable: false })
        assert.include(error?.message, "the client cannot be made: It looks like you're running in a browser")
      })
  )
})

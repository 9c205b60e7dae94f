/**
 * A server that speaks every wire and plays scripts instead of asking a model.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HttpEffect from "effect/http/HttpEffect"
import type * as HttpServerRequest from "effect/http/HttpServerRequest"
import * as Predicate from "effect/Predicate"
import * as Ref from "effect/Ref"
import * as Scope from "effect/Scope"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { type App, type Keeping, last, make as appOf, type Simulator } from "./internal/app.ts"
import { type Entry, exchange, type Play } from "./internal/exchange.ts"
import type { Tempo } from "./internal/playback.ts"
import type * as Wire from "./Wire.ts"

export type { App, Keeping, Simulator } from "./internal/app.ts"
export type { Entry } from "./internal/exchange.ts"

/**
 * How a simulator plays.
 *
 * - `script`: picks the script for a conversation; without one the request is refused with status 400
 * - `fragment`: how streamed texts are cut, 16 characters a fragment by default
 * - `faults`: which requests fail on purpose, and how; none by default
 * - `dialect`: how the server differs from its provider, by name or as data; not at all by default
 * - `latency`: how long the model takes before each answer, nothing by default; refusals come at once
 * - `pace`: how long it then takes before a call of the turn is whole, by its place in the turn from 0; nothing by
 *   default. An answer that is not streamed waits for all of them
 * - `remembered`: how many of the last turns are kept for requests that go on from one; all of them by default
 */
export interface Options extends Play, Tempo, Keeping {
  readonly remembered?: number | undefined
}

/**
 * Makes a simulator with an empty log.
 *
 * @example
 * ```ts
 * import { Simulator } from "@volley/simulator"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const simulator = yield* Simulator.make({ script: () => ({ wants: () => [], answer: () => "Hello." }) })
 *   const fetch = yield* Simulator.fetch(simulator.app) // no port: it leads straight into the app
 *   yield* Effect.promise(() => fetch("http://localhost/v1/chat/completions", { method: "POST", body: "no JSON" }))
 *   return yield* simulator.requests
 * })
 * console.log((await Effect.runPromise(program)).map(({ status }) => status)) // => [ 401 ]
 * ```
 */
export const make = Effect.fnUntraced(function*(options: Options): Effect.fn.Return<Simulator> {
  if (!Predicate.isFunction(options?.script)) throw new TypeError(noScript)
  const memory = yield* Ref.make<Wire.Memory>([])
  return yield* appOf((sent) =>
    Ref.modify(memory, (turns) => {
      const answer = exchange(sent, options, turns)
      return [answer, answer.turn === undefined ? turns : last(options.remembered, [...turns, answer.turn])]
    }), options)
})

const noScript =
  "Simulator: `script` is no function: write { script: () => ({ wants: () => [], answer: () => \"Hello.\" }) }."

/**
 * Requests and tokens of a log, added up.
 *
 * @example
 * ```ts
 * import { Simulator } from "@volley/simulator"
 * import OpenAI from "openai"
 *
 * await using simulator = await Simulator.start({ script: () => ({ wants: () => [], answer: () => "Hello." }) })
 * const client = new OpenAI({ apiKey: "simulated", baseURL: simulator.openai })
 * await client.chat.completions.create({ model: "gpt-4.1", messages: [{ role: "user", content: "Hello!" }] })
 * console.log(Simulator.totals(simulator.log()).requests) // => 1
 * ```
 */
export const totals = (entries: ReadonlyArray<Entry>): {
  readonly requests: number
  readonly inputTokens: number
  readonly outputTokens: number
} => ({
  requests: entries.length,
  inputTokens: entries.reduce((sum, entry) => sum + entry.inputTokens, 0),
  outputTokens: entries.reduce((sum, entry) => sum + entry.outputTokens, 0)
})

/** The server could not take its port. */
export class CannotListen extends Data.TaggedError("CannotListen")<{
  readonly port: number
  readonly cause: unknown
}> {
  override get message(): string {
    const why = this.cause instanceof Error ? this.cause.message : String(this.cause)
    return why.includes("EADDRINUSE")
      ? `127.0.0.1:${this.port} is in use; take another port, or 0 for a free one`
      : `cannot listen on 127.0.0.1:${this.port}: ${why}`
  }
}

/**
 * A simulator behind a loopback port.
 *
 * - `openai`, `anthropic`, `google`: the base URLs that the official clients take
 */
export interface Served {
  readonly openai: string
  readonly anthropic: string
  readonly google: string
  readonly port: number
  readonly requests: Simulator["requests"]
}

/**
 * Serves a simulator on 127.0.0.1 until the scope closes, which cuts off requests in flight.
 *
 * - `port`: a free one by default
 *
 * @example
 * ```ts
 * import { Simulator } from "@volley/simulator"
 * import { Effect } from "effect"
 * import OpenAI from "openai"
 *
 * const program = Effect.gen(function*() {
 *   const { openai } = yield* Simulator.serve({ script: () => ({ wants: () => [], answer: () => "Hello." }) })
 *   const client = new OpenAI({ apiKey: "simulated", baseURL: openai })
 *   const messages = [{ role: "user", content: "Hello!" }] as const
 *   return yield* Effect.promise(() => client.chat.completions.create({ model: "gpt-4.1", messages: [...messages] }))
 * })
 * const { choices } = await Effect.runPromise(Effect.scoped(program)) // the server ends with the scope
 * console.log(choices[0]?.message.content) // => Hello.
 * ```
 */
export const serve = (
  options: Options & { readonly port?: number | undefined }
): Effect.Effect<Served, CannotListen, Scope.Scope> =>
  Effect.flatMap(make(options), (simulator) => listen(simulator, options.port))

/**
 * A simulator that runs until it is closed.
 *
 * - `log`: what `requests` gives, without Effect
 */
export interface Started extends Served, AsyncDisposable {
  readonly log: () => ReadonlyArray<Entry>
  readonly close: () => Promise<void>
}

/**
 * Serves a simulator as `serve` does, for programs that are not written with Effect.
 *
 * @example
 * ```ts
 * import { Simulator } from "@volley/simulator"
 * import OpenAI from "openai"
 *
 * await using simulator = await Simulator.start({
 *   script: ({ prompt }) => ({ wants: () => [], answer: () => `You said: ${prompt}` })
 * })
 * const client = new OpenAI({ apiKey: "simulated", baseURL: simulator.openai })
 * const request = { model: "gpt-4.1", messages: [{ role: "user" as const, content: "Hello!" }] }
 * const { choices } = await client.chat.completions.create(request)
 * console.log(choices[0]?.message.content) // => You said: Hello!
 * console.log(simulator.log().map(({ status }) => status)) // => [ 200 ]
 * ```
 */
export const start = async (options: Parameters<typeof serve>[0]): Promise<Started> => {
  const scope = Scope.makeUnsafe()
  const served = await Effect.runPromise(Scope.provide(serve(options), scope))
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  const log = () => Effect.runSync(served.requests)
  return { ...served, close, log, [Symbol.asyncDispose]: close }
}

/**
 * Serves a simulator that you have made, as `serve` does.
 *
 * @example
 * ```ts
 * import { Simulator } from "@volley/simulator"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const simulator = yield* Simulator.make({ script: () => ({ wants: () => [], answer: () => "Hello." }) })
 *   const { openai } = yield* Simulator.listen(simulator, 0) // 0 is a free port
 *   return new URL(openai).hostname
 * })
 * console.log(await Effect.runPromise(Effect.scoped(program))) // => 127.0.0.1
 * ```
 */
export const listen = Effect.fnUntraced(function*(
  simulator: Simulator,
  wanted: number | undefined
): Effect.fn.Return<Served, CannotListen, Scope.Scope> {
  const { app, requests } = simulator
  const node = createServer()
  const server = yield* NodeHttpServer.make(() => node, { host: "127.0.0.1", port: wanted ?? 0 }).pipe(
    Effect.mapError(({ cause }) => new CannotListen({ port: wanted ?? 0, cause }))
  )
  yield* server.serve(app)
  yield* Effect.addFinalizer(() => stop(node))
  const port = portOf(node.address())
  const root = `http://127.0.0.1:${port}`
  return { openai: `${root}/v1`, anthropic: root, google: root, port, requests }
})

const portOf = (address: AddressInfo | string | null): number =>
  typeof address === "object" && address !== null ? address.port : 0

const stop = (server: Server): Effect.Effect<void> =>
  Effect.callback((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

/**
 * Makes a `fetch` that calls an app directly, without a socket, for clients that take a `fetch`.
 *
 * - runs in the caller's context, its clock included; the host of the URL does not matter
 * - aborting interrupts the app and rejects with the signal's reason
 *
 * @example
 * ```ts
 * import { Simulator } from "@volley/simulator"
 * import { Effect } from "effect"
 * import OpenAI from "openai"
 *
 * const program = Effect.gen(function*() {
 *   const { app } = yield* Simulator.make({ script: () => ({ wants: () => [], answer: () => "Hello." }) })
 *   const client = new OpenAI({ apiKey: "simulated", fetch: yield* Simulator.fetch(app) })
 *   const request = { model: "gpt-4.1", messages: [{ role: "user" as const, content: "Hello!" }] }
 *   return yield* Effect.promise(() => client.chat.completions.create(request))
 * })
 * console.log((await Effect.runPromise(program)).choices[0]?.message.content) // => Hello.
 * ```
 */
export const fetch = (app: App): Effect.Effect<typeof globalThis.fetch> =>
  Effect.map(Effect.context<never>(), (context) => {
    const handle = HttpEffect.toWebHandlerWith<never, HttpServerRequest.HttpServerRequest | Scope.Scope>(context)(app)
    return (input, init) => {
      const request = new Request(input, init)
      return request.signal.aborted
        ? Promise.reject(request.signal.reason)
        : handle(request).then((response) => request.signal.aborted ? Promise.reject(request.signal.reason) : response)
    }
  })

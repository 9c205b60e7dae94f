/**
 * A toolkit as an MCP server: its tools for every client of the protocol, over standard input and output or over HTTP.
 *
 * The calls of all requests and all clients run under the same limits, and in one order of what they touch.
 */
import type * as Tool from "@volley/core/Tool"
import type * as Toolkit from "@volley/core/Toolkit"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { factoryOf } from "./internal/serve/factory.ts"
import { guardOf, isLoopback } from "./internal/serve/guard.ts"
import type { NotListening } from "./internal/serve/notListening.ts"
import type { HttpOptions, Options, WebOptions } from "./internal/serve/options.ts"
import type { Streams } from "./internal/serve/stdio.ts"
import { web } from "./internal/serve/web.ts"

export { NotListening } from "./internal/serve/notListening.ts"
export type { HttpOptions, Options, WebOptions } from "./internal/serve/options.ts"
export type { Streams } from "./internal/serve/stdio.ts"

/** Options of a server that speaks over standard input and output, or over other streams in their place. */
export interface StdioOptions extends Options {
  readonly streams?: Streams | undefined
}

/**
 * Serves the client that started this process, until it is gone.
 *
 * - nothing but protocol goes to standard output; what tools print and log goes to standard error
 * - interruption: interrupts the calls in flight, as the end of the client does
 *
 * @example
 * ```ts
 * import { Tool, Toolkit } from "@volley/core"
 * import * as Server from "@volley/mcp/Server"
 * import { Effect, Schema } from "effect"
 * import { PassThrough } from "node:stream"
 *
 * const ping = Tool.make("ping", {
 *   description: "Answers.",
 *   parameters: Schema.Struct({}),
 *   success: Schema.String,
 *   execute: () => Effect.succeed("pong")
 * })
 *
 * // In a program, there are no `streams`: Effect.runPromise(Server.serveStdio(toolkit, { name: "shop" }))
 * const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "me", version: "1" } }
 * const [input, output] = [new PassThrough(), new PassThrough()]
 * input.write(`${JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params })}\n`)
 * output.once("data", (answer) => {
 *   console.log(JSON.parse(String(answer)).result.serverInfo.name)
 *   input.end() // the client is gone
 * })
 * await Effect.runPromise(Server.serveStdio(Toolkit.make(ping), { name: "shop", streams: { input, output } }))
 * // => shop
 * ```
 */
export const serveStdio = <T extends Tool.Any>(
  toolkit: Toolkit.Toolkit<T>,
  options: StdioOptions
): Effect.Effect<void, never, Tool.Requirements<T>> =>
  Effect.scoped(Effect.gen(function*() {
    const { untilGone } = yield* Effect.promise(() => import("./internal/serve/stdio.ts"))
    yield* untilGone(yield* factoryOf(toolkit, options), options.streams)
  }))

/**
 * Serves clients at a URL, which it gives, until the scope closes.
 *
 * - errors: dies if other machines could send requests without a token, unless `unsafe` is set
 *
 * @example
 * ```ts
 * import { Tool, Toolkit } from "@volley/core"
 * import { Mcp } from "@volley/mcp"
 * import * as Server from "@volley/mcp/Server"
 * import { Effect, Schema } from "effect"
 *
 * const ping = Tool.make("ping", {
 *   description: "Answers.",
 *   parameters: Schema.Struct({}),
 *   success: Schema.String,
 *   execute: () => Effect.succeed("pong")
 * })
 *
 * const program = Effect.gen(function*() {
 *   const { url } = yield* Server.serveHttp(Toolkit.make(ping), { name: "shop" }) // at a free port of this machine
 *   const { toolkit } = yield* Mcp.connect({ name: "shop", url }) // or any other MCP client
 *   return toolkit.tools.map(({ name }) => name)
 * })
 * console.log(await Effect.runPromise(Effect.scoped(program))) // => [ 'shop_ping' ]
 * ```
 */
export const serveHttp = Effect.fnUntraced(function*<T extends Tool.Any>(
  toolkit: Toolkit.Toolkit<T>,
  options: HttpOptions
): Effect.fn.Return<{ readonly url: string }, NotListening, Tool.Requirements<T> | Scope.Scope> {
  if (!Predicate.isObject(options)) throw new TypeError("Server: give options, such as { name: \"notes\" }.")
  const { host = "127.0.0.1", port = 0 } = options
  const path = `/${(options.path ?? "mcp").replace(/^\//, "")}`
  const name = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host
  const { allowedHosts = isLoopback(host) ? undefined : [...thisMachine, name] } = options
  const open = { ...options, allowedHosts }
  yield* closed(open, [host])
  const { listen } = yield* Effect.promise(() => import("./internal/serve/node.ts"))
  const fetch = yield* guarded(toolkit, open)
  const taken = yield* listen({ host, port, path, fetch })
  return { url: `http://${name}:${taken}${path}` }
})

/**
 * Makes a function that answers requests, for an HTTP server of your own; the same options protect it.
 *
 * - your server must abort the request's `signal` if the client is gone before the answer; otherwise the call goes on
 *
 * @example
 * ```ts
 * import { Tool, Toolkit } from "@volley/core"
 * import * as Server from "@volley/mcp/Server"
 * import { Effect, Schema } from "effect"
 *
 * const ping = Tool.make("ping", {
 *   description: "Answers.",
 *   parameters: Schema.Struct({}),
 *   success: Schema.String,
 *   execute: () => Effect.succeed("pong")
 * })
 *
 * const program = Effect.gen(function*() {
 *   const answer = yield* Server.handler(Toolkit.make(ping), { name: "shop" }) // for your own HTTP server
 *   const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "me", version: "1" } }
 *   const request = new Request("http://localhost/mcp", { // as a client sends it
 *     method: "POST",
 *     headers: { host: "localhost", accept: "application/json, text/event-stream", "content-type": "application/json" },
 *     body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "initialize", params })
 *   })
 *   return (yield* Effect.promise(() => answer(request))).status
 * })
 * console.log(await Effect.runPromise(Effect.scoped(program))) // => 200
 * ```
 */
export const handler = Effect.fnUntraced(function*<T extends Tool.Any>(
  toolkit: Toolkit.Toolkit<T>,
  options: WebOptions
): Effect.fn.Return<(request: Request) => Promise<Response>, never, Tool.Requirements<T> | Scope.Scope> {
  yield* closed(options, options.allowedHosts ?? [])
  return yield* guarded(toolkit, options)
})

const guarded = Effect.fnUntraced(function*<T extends Tool.Any>(toolkit: Toolkit.Toolkit<T>, options: WebOptions) {
  const guard = guardOf(options)
  const fetch = yield* web(yield* factoryOf(toolkit, options), options)
  return async (request: Request): Promise<Response> => await guard(request) ?? fetch(request)
})

const thisMachine = ["localhost", "127.0.0.1", "[::1]"]

/** Dies where a stranger would be let in. */
const closed = ({ token, unsafe = false }: WebOptions, hosts: ReadonlyArray<string>): Effect.Effect<void> => {
  if (token !== undefined && Redacted.value(token) === "") {
    return Effect.die(
      new Error("The token of the MCP server is empty: give one, or none where only this machine asks.")
    )
  }
  const host = hosts.find((host) => !isLoopback(host))
  if (host === undefined || token !== undefined || unsafe) return Effect.void
  return Effect.die(
    new Error(
      `Anybody who reaches "${host}" could call the tools: give the MCP server a \`token\`, or say \`unsafe: true\`.`
    )
  )
}

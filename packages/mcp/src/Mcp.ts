/**
 * The tools of MCP servers, as toolkits. A connection lives as long as its scope.
 */
import { start } from "#stdio"
import * as Toolkit from "@volley/core/Toolkit"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import { connectBy } from "./internal/connect.ts"
import { finishLogin } from "./internal/http.ts"
import type { McpTool, Options, Remote, Server } from "./internal/server.ts"
import * as Tools from "./internal/tools.ts"
import { McpError, NamesTaken, of as errorOf } from "./McpError.ts"

export type { Command, LeftOut, McpTool, Options, Remote, Server, State } from "./internal/server.ts"

/**
 * Several connected servers.
 *
 * - `toolkit`: the tools of all that could be reached
 * - `latest`: the same as they are now, as `Server.latest`; of tools that have come to one name, the first server's is there
 * - `failed`: the servers that could not be reached, by name
 */
export interface Servers {
  readonly toolkit: Toolkit.Toolkit<McpTool>
  readonly latest: Effect.Effect<Toolkit.Toolkit<McpTool>>
  readonly servers: ReadonlyArray<Server>
  readonly failed: ReadonlyArray<McpError>
}

/**
 * Connects to a server and lists its tools.
 *
 * - closing the scope ends the connection and the server's process; a server that is not ready in time is ended
 * - a call that is interrupted, as by its timeout, is cancelled at the server
 * - if the server is gone, the next call connects again; requests that were sent to it are not sent again
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Mcp } from "@volley/mcp"
 * import * as Server from "@volley/mcp/Server"
 * import { Effect, Schema } from "effect"
 *
 * const add = Tool.make("add", {
 *   description: "Adds two numbers.",
 *   parameters: Schema.Struct({ a: Schema.Int, b: Schema.Int }),
 *   success: Schema.Int,
 *   execute: ({ a, b }) => Effect.succeed(a + b)
 * })
 *
 * const program = Effect.gen(function*() {
 *   const { url } = yield* Server.serveHttp(Toolkit.make(add), { name: "sums" }) // stands in for somebody's server
 *   const { toolkit } = yield* Mcp.connect({ name: "sums", url }) // or { name, command: "npx", args: ["-y", "…"] }
 *   const call = ToolCall.make({ id: "call_1", name: "sums_add", arguments: { a: 1, b: 2 } })
 *   return (yield* Batch.run(toolkit, [call])).outcomes[0]?.encoded
 * })
 * console.log(await Effect.runPromise(Effect.scoped(program))) // => 3
 * ```
 */
export const connect: (options: Options) => Effect.Effect<Server, McpError, Scope.Scope> = connectBy(start)

/**
 * Gets the token of a server after a person has logged in, and gives it to the server's `authProvider`; then try again
 * what failed with `NeedsLogin`.
 *
 * - `callback`: the query of the address to which the login came back; check before that its `state` is that of the
 *   provider
 * - fails with `LoginFailed` if the authorization server gives no token, or another one answers than was asked
 *
 * @example
 * ```ts
 * import { Mcp } from "@volley/mcp"
 * import { Effect } from "effect"
 *
 * // In a program: where `Mcp.connect(server)` fails with `NeedsLogin`, send the person to the `url` of that error. They come
 * // back to an address of yours with a code behind the `?`.
 * const server = { name: "shop", url: "https://shop.example.org/mcp" } // and its `authProvider`, which is missing here
 * const callback = new URLSearchParams("code=abc")
 * const error = await Effect.runPromise(Effect.flip(Mcp.finishAuth(server, callback)))
 * console.log(error.reason._tag) // => LoginFailed
 * ```
 */
export const finishAuth = (server: Remote, callback: URLSearchParams): Effect.Effect<void, McpError> =>
  Effect.mapError(finishLogin(server, callback), (reason) => errorOf(server, reason))

/**
 * Connects to several servers at once, and goes on with those that could be reached.
 *
 * - takes as long as the slowest of them, and never longer than its `timeout`
 *
 * @example
 * ```ts
 * import { Mcp } from "@volley/mcp"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const { failed, toolkit } = yield* Mcp.connectAll([{ name: "absent", command: "no-such-server" }])
 *   console.log(toolkit.tools.length) // => 0
 *   for (const { message } of failed) console.log(message)
 *   // => MCP server "absent": it cannot be started: spawn no-such-server ENOENT
 * })
 * await Effect.runPromise(Effect.scoped(program)) // closing the scope ends the connections and the processes
 * ```
 */
export const connectAll = Effect.fnUntraced(function*(
  servers: ReadonlyArray<Options>
): Effect.fn.Return<Servers, never, Scope.Scope> {
  // They end at the same time too.
  const scope = yield* Scope.fork(yield* Effect.scope, "parallel")
  const ends = yield* Effect.forEach(servers, (server) => Effect.result(connect(server)), {
    concurrency: "unbounded"
  }).pipe(Scope.provide(scope))
  const all = ends.reduce(add, { toolkit: Toolkit.make(), servers: [], failed: [] })
  return { ...all, latest: latestOf(all.servers) }
})

const latestOf = (servers: ReadonlyArray<Server>): Servers["latest"] =>
  Effect.map(Effect.forEach(servers, ({ latest }) => latest, { concurrency: "unbounded" }), (toolkits) => {
    const tools = new Map<string, McpTool>()
    for (const tool of toolkits.flatMap(({ tools }) => tools)) if (!tools.has(tool.name)) tools.set(tool.name, tool)
    return Toolkit.make(...tools.values())
  })

type Found = Omit<Servers, "latest">

const add = (all: Found, end: Result.Result<Server, McpError>): Found => {
  if (Result.isFailure(end)) return { ...all, failed: [...all.failed, end.failure] }
  const server = end.success
  const names = Tools.repeated([...all.toolkit.tools, ...server.toolkit.tools])
  if (names.length > 0) {
    const error = new McpError({ server: server.name, reason: new NamesTaken({ names }) })
    return { ...all, failed: [...all.failed, error] }
  }
  return {
    ...all,
    toolkit: Toolkit.merge(all.toolkit, server.toolkit),
    servers: [...all.servers, server]
  }
}

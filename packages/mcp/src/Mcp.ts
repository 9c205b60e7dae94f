/**
 * The tools of MCP servers, as toolkits. A connection lives as long as its scope.
 */
import * as Toolkit from "@volley/core/Toolkit"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Scope from "effect/Scope"
import * as Connection from "./internal/connection.ts"
import type { McpTool, Options, Server } from "./internal/server.ts"
import * as Tools from "./internal/tools.ts"
import { McpError, NamesTaken, NotReady } from "./McpError.ts"

export type { Command, McpTool, Options, Remote, Server } from "./internal/server.ts"

/**
 * Servers that were connected together.
 *
 * - `toolkit`: the tools of all that are there
 * - `failed`: those that are not, each by its name
 */
export interface Servers {
  readonly toolkit: Toolkit.Toolkit<McpTool>
  readonly servers: ReadonlyArray<Server>
  readonly failed: ReadonlyArray<McpError>
}

/**
 * Connects to a server and lists its tools.
 *
 * - closing the scope ends the connection and the server's process; one that is not ready in time is ended then
 * - a call that is interrupted, as by its timeout, is cancelled at the server
 */
export const connect = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Server, McpError, Scope.Scope> {
  const timeout = Duration.fromInputUnsafe(options.timeout ?? "30 seconds")
  const scope = yield* Scope.fork(yield* Effect.scope)
  return yield* open(options).pipe(
    Effect.timeoutOrElse({
      duration: timeout,
      orElse: () => Effect.fail(new NotReady({ millis: Duration.toMillis(timeout) }))
    }),
    Effect.mapError((reason) => new McpError({ server: options.name, reason })),
    Scope.provide(scope),
    Effect.onError(() => Scope.close(scope, Exit.void))
  )
})

/**
 * Connects to several servers at once, and goes on with those that are there.
 *
 * - takes as long as the slowest of them, and never longer than its `timeout`
 */
export const connectAll = Effect.fnUntraced(function*(
  servers: ReadonlyArray<Options>
): Effect.fn.Return<Servers, never, Scope.Scope> {
  // They end at the same time too.
  const scope = yield* Scope.fork(yield* Effect.scope, "parallel")
  const ends = yield* Effect.forEach(servers, (server) => Effect.result(connect(server)), {
    concurrency: "unbounded"
  }).pipe(Scope.provide(scope))
  return ends.reduce(add, { toolkit: Toolkit.make(), servers: [], failed: [] })
})

const add = (all: Servers, end: Result.Result<Server, McpError>): Servers => {
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

const open = Effect.fnUntraced(function*(options: Options) {
  const connection = yield* Connection.open(options)
  const { leftOut, tools } = Tools.make(connection, options)
  const names = Tools.repeated(tools)
  if (names.length > 0) return yield* new NamesTaken({ names })
  const { instructions } = connection
  return { name: options.name, toolkit: Toolkit.make(...tools), instructions, leftOut } satisfies Server
})

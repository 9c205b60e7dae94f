/**
 * The tools of MCP servers, as toolkits. A connection lives as long as its scope.
 */
import type * as Tool from "@volley/core/Tool"
import * as Toolkit from "@volley/core/Toolkit"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Connection from "./internal/connection.ts"
import * as Tools from "./internal/tools.ts"
import { type Failure, McpError, NamesTaken, NotReady } from "./McpError.ts"

/** What is said of a server, wherever it is. */
interface Common {
  /** What the server is called in errors and, unless there is a `prefix`, in front of its tools. */
  readonly name: string
  /** What stands before the names of its tools, `""` for nothing; the server's name and `_` when left out. */
  readonly prefix?: string | undefined
  /** Believes the server's `readOnlyHint` and `idempotentHint`; false, since a server may say what it likes. */
  readonly trustHints?: boolean | undefined
  /** Which calls somebody has to allow before they run, by the server's own name of the tool; none when left out. */
  readonly approval?:
    | "always"
    | ((call: { readonly tool: string; readonly arguments: Schema.Json }) => boolean)
    | undefined
  /** How long the server may take to be ready, the listing of its tools included; 30 seconds. */
  readonly timeout?: Duration.Input | undefined
}

/** A server that is a program, spoken to over its standard input and output. */
export interface Command extends Common {
  readonly command: string
  readonly args?: ReadonlyArray<string> | undefined
  /** What the program finds in its environment besides the likes of `PATH` and `HOME`; nothing when left out. */
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly cwd?: string | undefined
  readonly url?: undefined
}

/** A server that is spoken to over streamable HTTP. */
export interface Remote extends Common {
  readonly url: string
  /** Goes with every request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly command?: undefined
}

/** Where a server is, and how to take it. */
export type Options = Command | Remote

/** A tool of an MCP server: arguments and results are JSON. */
export type McpTool = Tool.Tool<string, Schema.Codec<Schema.Json>, typeof Schema.Unknown, typeof Failure>

/**
 * A connected server.
 *
 * - `instructions`: what the server wants a model to know of it
 * - `leftOut`: the tools that are not in the toolkit, and why
 */
export interface Server {
  readonly name: string
  readonly toolkit: Toolkit.Toolkit<McpTool>
  readonly instructions: string | undefined
  readonly leftOut: ReadonlyArray<{ readonly tool: string; readonly why: string }>
}

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

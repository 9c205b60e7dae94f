/**
 * Where a server is, and what is there of it once it is connected.
 */
import type { Access } from "@volley/core/Access"
import type { Limit } from "@volley/core/Limits"
import type * as Tool from "@volley/core/Tool"
import type * as Toolkit from "@volley/core/Toolkit"
import type * as Transport from "@volley/core/Transport"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { Failure, McpError } from "../McpError.ts"
import type { Provider } from "./login.ts"

/** A call as the server is sent it: its own name of the tool, and the arguments. */
export interface Asked {
  readonly tool: string
  readonly arguments: Schema.Json
}

/** What is said of a server, wherever it is. */
interface Common {
  /** What the server is called in errors and, unless there is a `prefix`, in front of its tools. */
  readonly name: string
  /** What stands before the names of its tools, `""` for nothing; the server's name and `_` when left out. */
  readonly prefix?: string | undefined
  /** Has its calls run at the same time, whatever they do: no call of the server touches anything unless `access` says so. */
  readonly parallel?: boolean | undefined
  /**
   * What a call touches. When left out, and where it gives `undefined`, calls write a key that is the server's name, and those
   * of tools that the server says to be read-only read it, whether it is to be trusted or not.
   */
  readonly access?: ((call: Asked) => ReadonlyArray<Access> | undefined) | undefined
  /** How many calls may run at once, or start in a while; a limit without a key is the tool's own. None when left out. */
  readonly limits?: ReadonlyArray<Limit> | ((call: Asked) => ReadonlyArray<Limit>) | undefined
  /** Believes the server's `readOnlyHint` and `idempotentHint`; false, since a server may say what it likes. */
  readonly trustHints?: boolean | undefined
  /**
   * Takes patterns in the server's JSON Schemas that cannot be matched in linear time; false, since a server may write one
   * that holds the program up for ever. A tool with such a pattern is left out then.
   */
  readonly trustPatterns?: boolean | undefined
  /**
   * Which calls need approval before they run; none when left out.
   *
   * - `"writes"`: of those tools that the server does not say to be read-only, whether it is to be trusted or not
   * - a function goes by the server's own name of the tool
   */
  readonly approval?:
    | "always"
    | "writes"
    | ((call: Asked) => boolean)
    | undefined
  /**
   * Has progress extend a call's time: how long a call may tell none, from its start and from each progress on, in the place of
   * the batch's `timeout`: such as `"5 seconds"`, or a number of milliseconds. That timeout holds, and progress extends nothing, when left out.
   */
  readonly silence?: Duration.Input | undefined
  /**
   * How long the server may take to be ready, the listing of its tools included: such as `"5 seconds"`, or a number of
   * milliseconds. Being reached again has as long. 30 seconds.
   */
  readonly timeout?: Duration.Input | undefined
}

/** A server that is a program, spoken to over its standard input and output. */
export interface Command extends Common {
  readonly command: string
  readonly args?: ReadonlyArray<string> | undefined
  /** What the program finds in its environment besides the likes of `PATH` and `HOME`; nothing when left out. */
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly cwd?: string | undefined
  /** How long an answer may be; a longer one is its call's error. 32 MiB. */
  readonly maxBytes?: number | "unbounded" | undefined
  readonly url?: undefined
}

/**
 * A server that is spoken to over streamable HTTP.
 *
 * - `firstByte`, `idle`, `maxBytes`: of each answer, and so of each call's
 */
export interface Remote extends Common, Transport.Options {
  readonly url: string
  /** Goes with every request, such as `authorization`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /**
   * Who keeps the token that the server is shown: one of the official client's providers, or one of your own that is like them.
   *
   * - where it has no token, or none that can be refreshed, calls fail with `NeedsLogin`
   * - `headers` go to the server alone, never to where its tokens come from
   */
  readonly authProvider?: Provider | undefined
  readonly command?: undefined
}

/** Where a server is, and how to take it. */
export type Options = Command | Remote

/** A tool of an MCP server: arguments and results are JSON. */
export type McpTool = Tool.Tool<string, Schema.Codec<Schema.Json>, typeof Schema.Unknown, typeof Failure>

/**
 * How a connection is.
 *
 * - `"ready"`: requests go out at once
 * - `"lost"`: the server is gone; the next request has it reached again
 * - `"reconnecting"`: that is under way, and requests wait for it
 * - `"closed"`: its scope is closed
 */
export type State = "ready" | "lost" | "reconnecting" | "closed"

/**
 * A connected server.
 *
 * - `toolkit`: its tools, as they were at first
 * - `latest`: its tools as they are now, listed again where the server said that they are others, or was reached again;
 *   those known until then, where they cannot be listed. `Agent.run` asks it before each turn, given as its `toolkit`
 * - `state`: how the connection is, from now on, until it is closed; a server over HTTP is known to be gone once it is asked
 * - `instructions`: what the server wants a model to know of it
 * - `leftOut`: the tools that are not in `toolkit`, and why
 * - `ask`: asks it anything of the protocol, such as `resources/read`; what comes back is not checked
 */
export interface Server {
  readonly name: string
  readonly toolkit: Toolkit.Toolkit<McpTool>
  readonly latest: Effect.Effect<Toolkit.Toolkit<McpTool>>
  readonly state: Stream.Stream<State>
  readonly instructions: string | undefined
  readonly leftOut: ReadonlyArray<LeftOut>
  readonly ask: (method: string, params: Record<string, unknown>) => Effect.Effect<unknown, McpError>
}

/** A tool that is left out, and why. */
export interface LeftOut {
  readonly tool: string
  readonly why: string
}

/**
 * Where a server is, and what is there of it once it is connected.
 */
import type * as Tool from "@volley/core/Tool"
import type * as Toolkit from "@volley/core/Toolkit"
import type * as Transport from "@volley/core/Transport"
import type * as Duration from "effect/Duration"
import type * as Schema from "effect/Schema"
import type { Failure } from "../McpError.ts"

/** What is said of a server, wherever it is. */
interface Common {
  /** What the server is called in errors and, unless there is a `prefix`, in front of its tools. */
  readonly name: string
  /** What stands before the names of its tools, `""` for nothing; the server's name and `_` when left out. */
  readonly prefix?: string | undefined
  /** Believes the server's `readOnlyHint` and `idempotentHint`; false, since a server may say what it likes. */
  readonly trustHints?: boolean | undefined
  /**
   * Takes patterns in the server's JSON Schemas that cannot be matched in linear time; false, since a server may write one
   * that holds the program up for ever. A tool with such a pattern is left out then.
   */
  readonly trustPatterns?: boolean | undefined
  /**
   * Which calls somebody has to allow before they run; none when left out.
   *
   * - `"writes"`: of those tools that the server does not say to be read-only, whether it is to be trusted or not
   * - a function goes by the server's own name of the tool
   */
  readonly approval?:
    | "always"
    | "writes"
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

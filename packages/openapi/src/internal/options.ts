import type { Access } from "@volley/core/Access"
import type { Limit } from "@volley/core/Limits"
import type * as Tool from "@volley/core/Tool"
import type * as Transport from "@volley/core/Transport"
import type * as Schema from "effect/Schema"
import type { Failure } from "../OpenApiError.ts"
import type { Parse } from "./document.ts"
import type { Operation } from "./operations.ts"
import type { Auth } from "./security.ts"

/** A call of an operation, with its arguments as the tool takes them. */
export interface Call {
  readonly operation: Operation
  readonly arguments: Schema.Json
}

/** How a document becomes tools. Limits of time and size, as `Transport` has them, count for each answer. */
export interface Options extends Transport.Options {
  /** Where requests go; the first server of the document when left out. */
  readonly baseUrl?: string | undefined
  /** Where the document is from; servers that it names without a host are there. */
  readonly url?: string | undefined
  /**
   * Which operations become tools; all when left out, where there are not too many. Names are those of operations, or
   * `"GET /path"`, where `*` stands for anything.
   */
  readonly include?: ReadonlyArray<string> | ((operation: Operation) => boolean) | undefined
  /** How many tools a model can do with; 64. */
  readonly maxTools?: number | undefined
  /** What stands before the names of the tools; nothing when left out. */
  readonly prefix?: string | undefined
  /** What the security schemes of the document are given, by their names. No model is shown any of it. */
  readonly auth?: Auth | undefined
  /** Which calls need approval before they run; `"writes"`, all but those of GET, HEAD and OPTIONS, when left out. */
  readonly approval?: "writes" | "always" | "none" | ((call: Call) => boolean) | undefined
  /**
   * What a call touches. When left out, and where it gives `undefined`, that is its path with the values in it: GET, HEAD and
   * OPTIONS read it, and all else writes it.
   */
  readonly access?: ((call: Call) => ReadonlyArray<Access> | undefined) | undefined
  /** How many calls may run at once, or start in a while; a limit without a key is that of the host. None when left out. */
  readonly limits?: ReadonlyArray<Limit> | undefined
  /** Takes patterns that cannot be matched in linear time; false, since a document may have one that holds the program up. */
  readonly trustPatterns?: boolean | undefined
  /** Makes JSON of the text of a document; JSON and YAML are read when left out. */
  readonly parse?: Parse | undefined
}

/** An operation as a tool: arguments and results are JSON. */
export type OpenApiTool = Tool.Tool<string, Schema.Codec<Schema.Json>, typeof Schema.Unknown, typeof Failure>

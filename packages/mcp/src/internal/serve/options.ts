import type * as Batch from "@volley/core/Batch"
import type * as Duration from "effect/Duration"
import type * as Redacted from "effect/Redacted"

/** What every server is told, whatever it is reached by. */
export interface Options {
  /** What the server calls itself. */
  readonly name: string
  readonly version?: string | undefined
  /** What clients may tell their models of all tools together. */
  readonly instructions?: string | undefined
  /** How calls are bounded, those of all requests and clients together. */
  readonly batch?: Batch.Options | undefined
  /**
   * Who is asked where a tool wants approval: the program's `Approver` alone, or, where that leaves it undecided, the person
   * at the client as well (`"elicit"`); `"approver"`. A client answers for its person, and nothing proves that there is one.
   */
  readonly approval?: "approver" | "elicit" | undefined
}

/** Who is let in, and for how long. */
export interface WebOptions extends Options {
  /** What every request has to bring as `Authorization: Bearer …`; nothing where it is left out. */
  readonly token?: Redacted.Redacted | undefined
  /** Names that requests may ask for in `Host`, without ports; those of this machine where it is left out. */
  readonly allowedHosts?: ReadonlyArray<string> | undefined
  /** Hosts whose pages may ask, without scheme and port; those of this machine where it is left out. */
  readonly allowedOrigins?: ReadonlyArray<string> | undefined
  /** Lets everyone in who reaches it, also from other machines and without a token; false. */
  readonly unsafe?: boolean | undefined
  /** Bytes of one request; 4 MiB. */
  readonly maxBodyBytes?: number | undefined
  /**
   * How long a session of an older client lives on without a request or an open stream: such as `"5 minutes"`, or a number of
   * milliseconds. 30 minutes.
   */
  readonly sessionIdle?: Duration.Input | undefined
  /** Sessions of older clients at a time; one more ends the one that has been idle for longest. 4,096. */
  readonly maxSessions?: number | undefined
}

/** Where a server of its own listens. */
export interface HttpOptions extends WebOptions {
  /** A free one where it is left out. */
  readonly port?: number | undefined
  /** `127.0.0.1`. Anything beyond this machine wants a `token`. */
  readonly host?: string | undefined
  /** `/mcp`. */
  readonly path?: string | undefined
}

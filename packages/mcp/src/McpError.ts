/**
 * Why an MCP server did not do what it was asked: a tool that failed (`McpToolFailed`), or no usable answer (`McpError`).
 */
import * as Transport from "@volley/core/Transport"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { short } from "./internal/short.ts"

export { Redirected, TimedOut, TooLarge } from "@volley/core/Transport"

/** The command cannot be started, its process ended before it was ready, or no server listens at the URL: nothing was done. */
export class Unreachable extends Schema.TaggedError<Unreachable>()("Unreachable", {
  message: Schema.String
}) {}

/**
 * The server has not answered `initialize`, or listed its tools, in time.
 *
 * - `said`: what its process wrote that was no answer, where it wrote any
 */
export class NotReady extends Schema.TaggedError<NotReady>()("NotReady", {
  millis: Schema.Finite,
  said: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return `it was not ready within ${this.millis} ms; ${
      this.said === undefined
        ? "`timeout` gives it longer, and `env` what a command needs of your environment"
        : `what it wrote instead of an answer: ${this.said}`
    }`
  }
}

/**
 * The server speaks no version of the protocol that Volley speaks.
 *
 * - `versions`: those that it says it speaks
 * - `known`: those that Volley speaks with the official client that is installed
 */
export class UnsupportedVersion extends Schema.TaggedError<UnsupportedVersion>()("UnsupportedVersion", {
  versions: Schema.Array(Schema.String),
  known: Schema.Array(Schema.String)
}) {
  override get message(): string {
    const versions = this.versions.join(", ")
    if (this.versions.some((version) => this.known.includes(version))) {
      return `it says that it speaks version ${versions} of the protocol, and refuses that from Volley`
    }
    return `it speaks version "${versions}" of the protocol, and Volley speaks ${this.known.join(", ")}: ` +
      "install a version of the server that speaks one of these, or a newer @modelcontextprotocol/client"
  }
}

/**
 * The connection ended before the answer came: the process is gone, or the stream broke.
 *
 * - `sent`: the request had gone out, so that its outcome is unknown; false where it certainly did not run
 */
export class Closed extends Schema.TaggedError<Closed>()("Closed", {
  sent: Schema.Boolean
}) {
  override get message(): string {
    return this.sent
      ? "the connection ended before an answer came; what was asked for may have been done, or not"
      : "the connection had ended before anything was sent: it was not done"
  }
}

/** The call reported no progress for too long, and was given up. */
export class Silent extends Schema.TaggedError<Silent>()("Silent", {
  millis: Schema.Finite
}) {
  override get message(): string {
    return `the call was silent for ${this.millis} ms; what was asked for may have been done, or not`
  }
}

/** The server answered with an error of JSON-RPC. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", {
  code: Schema.Int,
  message: Schema.String
}) {}

/**
 * The server answered with an HTTP status that is no success.
 *
 * - `said`: why, where it says so in an error of JSON-RPC or in a few plain words, or where that is known without it
 */
export class HttpFailed extends Schema.TaggedError<HttpFailed>()("HttpFailed", {
  status: Schema.Int,
  said: Schema.optionalKey(Schema.String)
}) {
  override get message(): string {
    return `it answered with HTTP status ${this.status}${after(this.said, ": ")}`
  }
}

/** An answer came that does not follow the protocol, or the tool's own output schema. */
export class Unusable extends Schema.TaggedError<Unusable>()("Unusable", {
  message: Schema.String
}) {}

/** Tools of the server have names that are taken by its own or by another server's. */
export class NamesTaken extends Schema.TaggedError<NamesTaken>()("NamesTaken", {
  names: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `more than one tool is called ${this.names.join(", ")}; give each server a \`prefix\` of its own`
  }
}

/** An address with what is not to be seen behind its `?`; as JSON it is without that. */
const Address = Schema.String.pipe(Schema.decodeTo(
  Schema.Redacted(Schema.String),
  SchemaTransformation.transform({
    decode: (address: string) => Redacted.make(address),
    encode: (address) => Transport.withoutSecrets(Redacted.value(address))
  })
))

/**
 * A person has to log in before the server answers.
 *
 * - `url`: the address to open in a browser; pass the callback that comes back from there to `Mcp.finishAuth`
 */
export class NeedsLogin extends Schema.TaggedError<NeedsLogin>()("NeedsLogin", {
  url: Address
}) {
  override get message(): string {
    const where = Transport.withoutSecrets(Redacted.value(this.url))
    return `a person has to log in first, at ${where}: send them to the \`url\` of this error`
  }
}

/** There is no token for the server: the authorization server refused, or sent an invalid answer. */
export class LoginFailed extends Schema.TaggedError<LoginFailed>()("LoginFailed", {
  message: Schema.String
}) {}

/** Those that have in them what a server, or a client, said. */
const Worded = Schema.Union([Unreachable, Refused, Unusable, LoginFailed, NotReady, HttpFailed, UnsupportedVersion])

/** Why a server did not do what it was asked. */
export const Reason = Schema.Union([
  ...Worded.members,
  Closed,
  Silent,
  NamesTaken,
  NeedsLogin,
  ...Transport.Failure.members
])
export type Reason = typeof Reason.Type

/** A server gave no usable answer, and why; `Effect.catchReason` works on it. */
export class McpError extends Schema.TaggedError<McpError>()("McpError", {
  server: Schema.String,
  reason: Reason
}) {
  override get message(): string {
    return `MCP server "${this.server}": ${this.reason.message}`
  }
}

/** What a server is called, and how it is reached. */
interface Reached {
  readonly name: string
  readonly url?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/**
 * The error of a server, as it may be shown: without secrets of how it is reached, and with the words of others cut at 4 KiB.
 *
 * @example
 * ```ts
 * import { McpError } from "@volley/mcp"
 *
 * const server = { name: "shop", url: "https://shop.example.org/mcp?key=0123456789" }
 * console.log(McpError.of(server, new McpError.NotReady({ millis: 5000 })).message)
 * // => MCP server "shop": it was not ready within 5000 ms; `timeout` gives it longer, and `env` what a command needs of your environment
 * ```
 */
export const of = ({ headers = {}, name, url = "" }: Reached, reason: Reason): McpError => {
  const secrets = [...Transport.secretsOf(url), ...Transport.secretsOfHeaders(headers)]
  return new McpError({ server: name, reason: without(secrets, reason) })
}

/**
 * The same reason, with these texts hidden in what others said.
 *
 * @example
 * ```ts
 * import { McpError } from "@volley/mcp"
 *
 * const reason = new McpError.Unusable({ message: "no such token: 0123456789" })
 * console.log(McpError.without(["0123456789"], reason).message) // => no such token: <hidden>
 * ```
 */
export const without = (secrets: ReadonlyArray<string>, reason: Reason): Reason => {
  if (!isWorded(reason)) return reason
  const encoded = encode(reason)
  const shown = JSON.stringify(
    encoded,
    (key, value: unknown) => typeof value === "string" && key !== "_tag" ? Transport.quoted(value, secrets) : value
  )
  return shown === JSON.stringify(encoded) ? reason : decode(JSON.parse(shown))
}

const after = (said: string | undefined, before: string): string => said === undefined ? "" : `${before}${said}`

const isWorded = Schema.is(Worded)

const encode = Schema.encodeSync(Worded)

const decode = Schema.decodeUnknownSync(Worded)

/**
 * A tool ran, and says that it failed (`isError`).
 *
 * - `content`: its content, in the form in which a result without structured content goes to the model
 * - `structured`: its structured content, where it has some beside that
 */
export class McpToolFailed extends Schema.TaggedError<McpToolFailed>()("McpToolFailed", {
  content: Schema.Json,
  structured: Schema.optional(Schema.Json)
}) {
  override get message(): string {
    return short(typeof this.content === "string" ? this.content : JSON.stringify(this.content))
  }
}

/** How a call of a server's tool fails. */
export const Failure = Schema.Union([McpToolFailed, McpError])
export type Failure = typeof Failure.Type

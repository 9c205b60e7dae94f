/**
 * Why a document gives no tools, and how calls of its operations fail.
 */
import * as Transport from "@volley/core/Transport"
import * as Schema from "effect/Schema"

/** The text is neither JSON nor YAML, or no OpenAPI document. */
export class Unreadable extends Schema.TaggedError<Unreadable>()("Unreadable", { message: Schema.String }) {}

/** The document is of a version that is not known here. */
export class UnknownVersion extends Schema.TaggedError<UnknownVersion>()("UnknownVersion", {
  version: Schema.String
}) {
  override get message(): string {
    return `it is of version ${
      JSON.stringify(this.version)
    }; 3.0, 3.1 and, with @scalar/openapi-upgrader installed, Swagger 2.0 are read`
  }
}

/** The document refers to another one. */
export class ExternalReference extends Schema.TaggedError<ExternalReference>()("ExternalReference", {
  ref: Schema.String
}) {
  override get message(): string {
    return `it refers to ${
      JSON.stringify(this.ref)
    }, which is not in it, and nothing is fetched: bundle it into one document first`
  }
}

/** The document and the options name no server. */
export class NoServer extends Schema.TaggedError<NoServer>()("NoServer", { why: Schema.String }) {
  override get message(): string {
    return `${this.why}: say where its requests go by \`baseUrl\``
  }
}

/** The document has more operations than `maxTools`. */
export class TooMany extends Schema.TaggedError<TooMany>()("TooMany", {
  operations: Schema.Int,
  maxTools: Schema.Int
}) {
  override get message(): string {
    return `${this.operations} operations are too many to be tools, where \`maxTools\` is ${this.maxTools}: name those that are wanted in \`include\``
  }
}

/** No operation matches `include`. */
export class NotFound extends Schema.TaggedError<NotFound>()("NotFound", { names: Schema.Array(Schema.String) }) {
  override get message(): string {
    return `it has no operation ${
      this.names.map((name) => JSON.stringify(name)).join(", ")
    }; \`include\` takes names, "GET /path", and "*" for anything`
  }
}

/** `auth` is for schemes that the document does not have. */
export class UnknownSchemes extends Schema.TaggedError<UnknownSchemes>()("UnknownSchemes", {
  schemes: Schema.Array(Schema.String),
  known: Schema.Array(Schema.String)
}) {
  override get message(): string {
    const known = this.known.length === 0 ? "none" : this.known.join(", ")
    return `\`auth\` names ${this.schemes.join(", ")}; the security schemes of the document are: ${known}`
  }
}

/** Why a document gives no tools. */
export const Reason = Schema.Union([
  Unreadable,
  UnknownVersion,
  ExternalReference,
  NoServer,
  TooMany,
  NotFound,
  UnknownSchemes
])
export type Reason = typeof Reason.Type

/** A document gives no toolkit, and why; `Effect.catchReason` works on it. */
export class OpenApiError extends Schema.TaggedError<OpenApiError>()("OpenApiError", { reason: Reason }) {
  override get message(): string {
    return `OpenAPI document: ${this.reason.message}`
  }
}

/**
 * A server answered with a status that is no success.
 *
 * - `body`: what it said, cut at 4 KiB, and without secrets of the request
 * - `retryAfterMillis`: how long to wait, if the server says so
 */
export class HttpFailed extends Schema.TaggedError<HttpFailed>()("HttpFailed", {
  status: Schema.Int,
  body: Schema.Json,
  retryAfterMillis: Schema.optionalKey(Schema.Finite)
}) {
  override get message(): string {
    return `The server answered with status ${this.status}.`
  }
}

/** No request can be made of the arguments; nothing was sent. */
export class Unsendable extends Schema.TaggedError<Unsendable>()("Unsendable", {
  parameter: Schema.String,
  why: Schema.String
}) {
  override get message(): string {
    return `Nothing was sent: "${this.parameter}" ${this.why}.`
  }
}

/** The request got no answer. */
export class Unreachable extends Schema.TaggedError<Unreachable>()("Unreachable", { message: Schema.String }) {}

/** The answer does not fit its own media type. */
export class Unusable extends Schema.TaggedError<Unusable>()("Unusable", { message: Schema.String }) {}

/** The program gave no credentials for a security scheme; nothing was sent. The program's log says why. */
export class NoCredentials extends Schema.TaggedError<NoCredentials>()("NoCredentials", {
  scheme: Schema.String
}) {
  override get message(): string {
    return `Nothing was sent: there are no credentials for "${this.scheme}" at the moment.`
  }
}

/** How a call of an operation fails. */
export const Failure = Schema.Union([
  HttpFailed,
  Unsendable,
  Unreachable,
  Unusable,
  NoCredentials,
  ...Transport.Failure.members
])
export type Failure = typeof Failure.Type

/**
 * Why a model gave no turn.
 */
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Conversation } from "./Conversation.ts"
import * as Json from "./Json.ts"
import * as Thrown from "./Thrown.ts"
import * as Transport from "./Transport.ts"

export { Redirected, TimedOut, TooLarge } from "./Transport.ts"

/** The provider wants fewer requests; `retryAfterMillis` is its own advice, if it gave any. */
export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", {
  message: Schema.String,
  retryAfterMillis: Schema.optional(Schema.Finite)
}) {
  readonly isRetryable = true
}

/** The quota or the credit is used up; waiting does not help. */
export class QuotaExhausted extends Schema.TaggedError<QuotaExhausted>()("QuotaExhausted", {
  message: Schema.String
}) {
  readonly isRetryable = false
}

/** The provider failed, or is overloaded. */
export class ProviderFailed extends Schema.TaggedError<ProviderFailed>()("ProviderFailed", {
  message: Schema.String,
  status: Schema.optional(Schema.Int)
}) {
  readonly isRetryable = true
}

/** The API key is wrong, or may not do this. */
export class Unauthorized extends Schema.TaggedError<Unauthorized>()("Unauthorized", {
  message: Schema.String,
  status: Schema.Int
}) {
  readonly isRetryable = false
}

/** The provider refuses the request as it is: sending it again gives the same answer. */
export class InvalidRequest extends Schema.TaggedError<InvalidRequest>()("InvalidRequest", {
  message: Schema.String,
  status: Schema.optional(Schema.Int)
}) {
  readonly isRetryable = false
}

/** No answer came, or not the whole of it: no server listens there, or the connection broke. */
export class Unreachable extends Schema.TaggedError<Unreachable>()("Unreachable", {
  message: Schema.String,
  url: Schema.optional(Schema.String)
}) {
  readonly isRetryable = true
}

/** An answer came that does not follow the provider's contract. */
export class UnusableResponse extends Schema.TaggedError<UnusableResponse>()("UnusableResponse", {
  message: Schema.String
}) {
  readonly isRetryable = false
}

/** Those whose message is made of what a provider, or a client, said. */
const Worded = Schema.Union([
  RateLimited,
  QuotaExhausted,
  ProviderFailed,
  Unauthorized,
  InvalidRequest,
  Unreachable,
  UnusableResponse
])

/** Why a model gave no turn. */
export const Reason = Schema.Union([...Worded.members, ...Transport.Failure.members])
export type Reason = typeof Reason.Type

/**
 * A model gave no turn, and why; `Effect.catchReason` works on it.
 *
 * - `conversation`: how far an agent had come, if it had run calls; go on with it, so that none of them runs again
 */
export class ChatModelError extends Schema.TaggedError<ChatModelError>()("ChatModelError", {
  wire: Schema.String,
  reason: Reason,
  conversation: Schema.optional(Conversation)
}) {
  /** True if the same request may succeed later. */
  get isRetryable(): boolean {
    return this.reason.isRetryable
  }
  override get message(): string {
    return `${this.wire}: ${this.reason.message}`
  }
}

/**
 * Sorts an HTTP status into a reason; what is no status counts as 500.
 *
 * @example
 * ```ts
 * import { ChatModelError } from "@volley/core"
 *
 * const reason = ChatModelError.fromStatus({ status: 429, message: "slow down", retryAfterMillis: 2000 })
 * console.log(reason._tag, reason.isRetryable) // => RateLimited true
 * ```
 */
export const fromStatus = (response: {
  readonly status: number
  readonly message: string
  readonly retryAfterMillis?: number | undefined
}): Reason => {
  const { message, retryAfterMillis } = response
  const status = Number.isSafeInteger(response.status) ? response.status : 500
  if (status === 429) return new RateLimited({ message, retryAfterMillis })
  if (status === 402) return new QuotaExhausted({ message })
  if (status === 401 || status === 403) return new Unauthorized({ message, status })
  if (status >= 500 || status === 408 || status === 409) return new ProviderFailed({ message, status })
  return new InvalidRequest({ message, status })
}

/**
 * The HTTP status of an error, as a gateway's body says it: a number, or the text of one.
 *
 * @example
 * ```ts
 * import { ChatModelError } from "@volley/core"
 *
 * console.log(ChatModelError.statusOf("429"), ChatModelError.statusOf("rate_limited")) // => 429 undefined
 * ```
 */
export const statusOf = (code: unknown): number | undefined => {
  const status = typeof code === "number" || typeof code === "string" ? Number(code) : Number.NaN
  return Number.isInteger(status) && status >= 400 && status < 600 ? status : undefined
}

/**
 * Reads the `retry-after-ms` and `retry-after` headers (seconds, or an HTTP date), in milliseconds from `now`.
 *
 * @example
 * ```ts
 * import { ChatModelError } from "@volley/core"
 *
 * console.log(ChatModelError.retryAfterMillis(new Headers({ "retry-after": "3" }), Date.now())) // => 3000
 * ```
 */
export const retryAfterMillis = (headers: Thrown.HeadersLike | undefined, now: number): number | undefined => {
  const millis = numberIn(headers?.get("retry-after-ms"))
  if (millis !== undefined) return millis
  const after = headers?.get("retry-after") ?? ""
  const seconds = numberIn(after)
  if (seconds !== undefined) return seconds * 1000
  // `Date.parse` finds a day in nearly any words with a number; a date over HTTP has a time of day.
  const delay = /\d:\d\d:\d\d/.test(after) ? Date.parse(after) - now : Number.NaN
  return Number.isNaN(delay) ? undefined : Math.max(0, delay)
}

const numberIn = (text: string | null | undefined): number | undefined => {
  const number = text ? Number(text) : Number.NaN
  return number >= 0 && number < Infinity ? number : undefined
}

/**
 * Sorts what a provider's SDK threw.
 *
 * - `url`: where the client reaches the API, if that is known
 * - `refusal`: the response, where there was one
 * - `isOwn`: the SDK itself would not send the request
 * - a `RangeError` is ours: the conversation can't be written for this wire
 * - what `Transport` threw is found underneath what the SDK did
 *
 * @example
 * ```ts
 * import { ChatModelError } from "@volley/core"
 *
 * const thrown = new Error("Connection error.", { cause: Object.assign(new Error("refused"), { code: "ECONNREFUSED" }) })
 * const reason = ChatModelError.fromClient(thrown, { now: Date.now(), refusal: undefined, isOwn: false })
 * console.log(reason._tag, reason.isRetryable) // => Unreachable true
 * ```
 */
export const fromClient = (error: unknown, client: {
  readonly url?: string | undefined
  readonly now: number
  readonly refusal:
    | { readonly status: number; readonly message: string; readonly headers: Thrown.HeadersLike | undefined }
    | undefined
  readonly isOwn: boolean
}): Reason => {
  const { isOwn, now, refusal, url } = client
  const failure = Transport.failureIn(error)
  if (failure !== undefined) return failure
  if (refusal !== undefined) {
    const { headers, message, status } = refusal
    return fromStatus({ status, message, retryAfterMillis: retryAfterMillis(headers, now) })
  }
  const message = Thrown.told(error)
  if (Thrown.isNamed(error, "SyntaxError")) return new UnusableResponse({ message: `not a response: ${message}` })
  if (isOwn || Thrown.isNamed(error, "RangeError")) return new InvalidRequest({ message })
  const shown = url === undefined ? undefined : Transport.withoutSecrets(url)
  const said = url === undefined || shown === undefined ? message : message.replaceAll(url, shown)
  return new Unreachable({ message: `no answer from ${shown ?? "the provider"}: ${said}`, url: shown })
}

/**
 * A stream ended without what every turn ends with: the connection broke, and the same request may succeed.
 *
 * @example
 * ```ts
 * import { ChatModelError } from "@volley/core"
 *
 * const reason = ChatModelError.fromCutStream("`message_stop`")
 * console.log(reason.message) // => the connection broke: the stream ended without `message_stop`
 * ```
 */
export const fromCutStream = (missing: string): Reason =>
  new Unreachable({ message: `the connection broke: the stream ended without ${missing}` })

/**
 * Takes JSON of unknown origin for what `is` knows, or says what is wrong with it, as `schema` sees it.
 *
 * @example
 * ```ts
 * import { ChatModelError } from "@volley/core"
 * import { Result, Schema } from "effect"
 *
 * const Body = Schema.Struct({ id: Schema.String })
 * const read = ChatModelError.readWith(Schema.is(Body), Body)
 * console.log(Result.isSuccess(read({ id: "a" })), Result.isSuccess(read({ id: 1 }))) // => true false
 * ```
 */
export const readWith =
  <A>(is: (json: unknown) => json is A, schema: Schema.ConstraintDecoder<unknown>) =>
  (json: unknown): Result.Result<A, string> =>
    Result.flatMap(
      Json.within(json, Json.ofResponse),
      (json) => is(json) ? Result.succeed(json) : Result.fail(problemOf(schema, json))
    )

const problemOf = (schema: Schema.ConstraintDecoder<unknown>, value: unknown): string =>
  Result.match(Schema.decodeUnknownResult(schema)(value), {
    onFailure: ({ message }) => message,
    onSuccess: () => "nothing"
  })

/**
 * The same reason with a secret taken out of its message; one of a few letters hides nothing and is left.
 *
 * @example
 * ```ts
 * import { ChatModelError } from "@volley/core"
 * import { Redacted } from "effect"
 *
 * const reason = ChatModelError.fromStatus({ status: 401, message: "the key sk-0123456789 is unknown" })
 * console.log(ChatModelError.concealed(reason, Redacted.make("sk-0123456789")).message)
 * // => the key <the API key> is unknown
 * ```
 */
export const concealed = (reason: Reason, secret: Redacted.Redacted<string>): Reason => {
  const text = Redacted.value(secret)
  return text.length < 8 ? reason : reworded(reason, (message) => message.replaceAll(text, "<the API key>"))
}

/**
 * What no error shows: an API key, headers that are like one, and the user, password and query of an address.
 *
 * - `client`: the user's own, whose properties may have keys
 */
export interface Hidden {
  readonly secret?: Redacted.Redacted<string> | undefined
  readonly address?: string | undefined
  readonly query?: Readonly<Record<string, string>> | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly client?: object | undefined
}

/**
 * Makes of an error what may be shown: without what is hidden, and with the words of others cut at 4 KiB.
 *
 * @example
 * ```ts
 * import { ChatModelError } from "@volley/core"
 *
 * const show = ChatModelError.shown({ headers: { authorization: "Bearer 0123456789" } })
 * const reason = ChatModelError.fromStatus({ status: 401, message: "0123456789 is no token" })
 * console.log(show(new ChatModelError.ChatModelError({ wire: "parrot", reason })).message)
 * // => parrot: <hidden> is no token
 * ```
 */
export const shown = (
  { address = "", client = {}, headers = {}, query = {}, secret }: Hidden
): (error: ChatModelError) => ChatModelError => {
  const places = [address, `?${new URLSearchParams(query)}`]
  const secrets = [
    ...places.flatMap(Transport.secretsOf),
    ...[headers, textsOf(client)].flatMap(Transport.secretsOfHeaders)
  ]
  return ({ reason, wire }) => {
    const known = secret === undefined ? reason : concealed(reason, secret)
    return new ChatModelError({ wire, reason: reworded(known, (message) => Transport.quoted(message, secrets)) })
  }
}

/** The properties of a client that are texts. */
const textsOf = (client: object): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.keys(client).flatMap((name): ReadonlyArray<readonly [string, string]> => {
      const value = Thrown.get(client, name)
      return typeof value === "string" ? [[name, value]] : []
    })
  )

const reworded = (reason: Reason, words: (message: string) => string): Reason => {
  const message = words(reason.message)
  return message === reason.message || !isWorded(reason) ? reason : decode({ ...encode(reason), message })
}

const isWorded = Schema.is(Worded)

const encode = Schema.encodeSync(Worded)

const decode = Schema.decodeSync(Worded)

/**
 * The exchanges of a simulator and its clients, as JSON Lines: one exchange a line.
 */
import * as Json from "@volley/core/Json"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaFault from "./internal/schemaFault.ts"

const Headers = Schema.Record(Schema.String, Schema.String)

/**
 * A request as it arrived.
 *
 * - `path`: with its query, whose values are left out but for those that are known to be no secrets
 * - `headers`: those that are known to be no secrets
 * - `body`: where it was JSON; otherwise `text`, where there was any
 */
const Asked = Schema.Struct({
  method: Schema.String,
  path: Schema.String,
  headers: Headers,
  body: Schema.optionalKey(Schema.Json),
  text: Schema.optionalKey(Schema.String)
})

/** A part of a body that went out by itself, and the call of the turn, from 0, that is whole with it. */
const Event = Schema.Struct({ text: Schema.String, completes: Schema.optionalKey(Schema.Int) })

/**
 * What went back: a `body` in one piece, or `events`, one after the other.
 *
 * - all that was meant to go back, also where the client went away before
 */
const Answered = Schema.Struct({
  status: Schema.Int,
  headers: Headers,
  body: Schema.optionalKey(Schema.Json),
  events: Schema.optionalKey(Schema.Array(Event))
})

/** One exchange: the facts of an `Entry` of the log, in which what is `undefined` is left out, and both sides of it. */
const Exchange = Schema.Struct({
  number: Schema.Int,
  wire: Schema.Literals(["openai", "openai-responses", "anthropic", "google"]),
  status: Schema.Int,
  streamed: Schema.Boolean,
  row: Schema.optionalKey(Schema.String),
  model: Schema.optionalKey(Schema.String),
  inputTokens: Schema.Int,
  outputTokens: Schema.Int,
  calls: Schema.Array(Schema.String),
  fault: Schema.optionalKey(Schema.String),
  request: Asked,
  response: Answered
})

export type Asked = typeof Asked.Type
export type Event = typeof Event.Type
export type Answered = typeof Answered.Type
export type Exchange = typeof Exchange.Type

/** A line that is no exchange; lines count from 1. */
export interface Problem {
  readonly line: number
  readonly message: string
}

/**
 * Writes an exchange as a line, its end included.
 *
 * @example
 * ```ts
 * import { Recording } from "@volley/simulator"
 *
 * const exchange: Recording.Exchange = {
 *   number: 1,
 *   wire: "openai",
 *   status: 200,
 *   streamed: false,
 *   inputTokens: 3,
 *   outputTokens: 2,
 *   calls: [],
 *   request: { method: "POST", path: "/v1/chat/completions", headers: {} },
 *   response: { status: 200, headers: {} }
 * }
 * console.log(Recording.toLine(exchange).slice(0, 27)) // => {"number":1,"wire":"openai"
 * ```
 */
export const toLine = (exchange: Exchange): string => `${JSON.stringify(exchange)}\n`

/**
 * Reads the lines of a recording, in the order in which the requests arrived; empty ones are skipped.
 *
 * @example
 * ```ts
 * import { Recording } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const read = Recording.parse("\n{}")
 * console.log(Result.isFailure(read) && read.failure) // => { line: 2, message: 'Missing key at number' }
 * ```
 */
export const parse = (text: string): Result.Result<ReadonlyArray<Exchange>, Problem> => {
  const exchanges: Array<Exchange> = []
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() === "") continue
    const read = exchangeOf(line)
    if (Result.isFailure(read)) return Result.fail({ line: index + 1, message: read.failure })
    exchanges.push(read.success)
  }
  return Result.succeed(exchanges.toSorted((a, b) => a.number - b.number))
}

const decode = Schema.decodeUnknownResult(Exchange)

const exchangeOf = (line: string): Result.Result<Exchange, string> =>
  Result.flatMap(
    Json.parse(line, Json.ofResponse),
    (json) =>
      Result.mapError(decode(json), (error) => {
        const { message, path } = SchemaFault.fromError(error)
        return `${message}${path.length === 0 ? "" : ` at ${path.join(".")}`}`
      })
  )

const harmless =
  /^(?:(?:accept|anthropic-beta|anthropic-version|content-type|openai-beta|user-agent|x-goog-api-client)$|x-stainless-)/

/**
 * The headers of a request that may be kept.
 *
 * @example
 * ```ts
 * import { Recording } from "@volley/simulator"
 *
 * console.log(Recording.safeHeaders({ authorization: "Bearer key", "user-agent": "me" }))
 * // => { 'user-agent': 'me' }
 * ```
 */
export const safeHeaders = (headers: Readonly<Record<string, string | undefined>>): Asked["headers"] =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      harmless.test(name) && value !== undefined ? [[name, value]] : []
    )
  )

const open = new Set(["alt", "api-version", "beta"])

/**
 * A path with its query, of which the values may be secrets: Gemini takes keys there.
 *
 * @example
 * ```ts
 * import { Recording } from "@volley/simulator"
 *
 * console.log(Recording.safePath("/v1beta/models", "?alt=sse&key=0123456789"))
 * // => /v1beta/models?alt=sse&key=hidden
 * ```
 */
export const safePath = (pathname: string, search: string): string => {
  const query = Array.from(
    new URLSearchParams(search),
    ([name, value]) => `${encodeURIComponent(name)}=${open.has(name) ? encodeURIComponent(value) : "hidden"}`
  )
  return query.length === 0 ? pathname : `${pathname}?${query.join("&")}`
}

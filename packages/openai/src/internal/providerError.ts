import * as ChatModelError from "@volley/core/ChatModelError"
import * as Json from "@volley/core/Json"

/** What servers say of an error, in a body or in the middle of a stream. */
export interface ProviderError {
  readonly code?: unknown
  readonly status?: unknown
  readonly type?: unknown
  readonly message?: unknown
}

/**
 * The error that a body is, or has beside what else is in it; undefined where there is none.
 *
 * - an object or a text under `error`, `object: "error"`, or a list of one of these
 */
export const errorIn = (json: unknown): ProviderError | undefined => {
  const body: unknown = Array.isArray(json) && json.length === 1 ? json[0] : json
  if (!Json.isObject(body)) return undefined
  const { error, object } = body
  if (typeof error === "string" && error !== "") return { message: error }
  if (Json.isObject(error) && Object.keys(error).length > 0) return error
  return object === "error" ? body : undefined
}

/** Sorts such an error as a refusal of the same code is; `beside` is what else is known of it. */
export const reasonOfError = (error: ProviderError, beside = ""): ChatModelError.Reason => {
  const status = statusOf(error)
  const said = typeof error.message === "string" && error.message !== "" ?
    error.message
    : Json.textOr(error, unwritten)
  return ChatModelError.fromStatus({ status, message: `${status} ${said}${beside}` })
}

const unwritten = "an error of no known form"

/**
 * The HTTP status of an error. One that comes in a body, or in the middle of a stream, has none: its code says what it is.
 *
 * - a code that is not known here is about the request; where there is none, the provider failed
 */
export const statusOf = ({ code, status, type }: ProviderError): number => {
  if (code === "insufficient_quota" || type === "insufficient_quota") return 402
  const number = [status, code].map(numberOf).find((number) => number !== undefined)
  if (number !== undefined) return number
  const names = [code, type, status].filter((name) => typeof name === "string" && name !== "" && name !== "error")
  const known = names.map((name) => statuses.get(name)).find((status) => status !== undefined)
  return known ?? (names.length === 0 ? 500 : 400)
}

const numberOf = (code: unknown): number | undefined => {
  const number = typeof code === "string" && /^\d{3}$/.test(code) ? Number(code) : code
  return typeof number === "number" && number >= 400 && number < 600 ? number : undefined
}

const statuses: ReadonlyMap<unknown, number> = new Map([
  ["server_error", 500],
  ["internal_error", 500],
  ["internal_server_error", 500],
  ["api_error", 500],
  ["INTERNAL", 500],
  ["upstream_error", 502],
  ["overloaded", 503],
  ["overloaded_error", 503],
  ["service_unavailable", 503],
  ["UNAVAILABLE", 503],
  ["timeout", 504],
  ["timeout_error", 504],
  ["rate_limit_exceeded", 429],
  ["rate_limit_error", 429],
  ["rate_limited", 429],
  ["too_many_requests", 429],
  ["RESOURCE_EXHAUSTED", 429],
  ["tokens", 429],
  ["requests", 429],
  ["invalid_api_key", 401],
  ["authentication_error", 401],
  ["permission_error", 403]
])

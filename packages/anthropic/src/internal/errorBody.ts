import * as ChatModelError from "@volley/core/ChatModelError"
import * as Json from "@volley/core/Json"

/** What an error in place of a body, or of an event, says; undefined where there is none. */
export const saidIn = (json: unknown): { readonly status: number; readonly message: string } | undefined => {
  const error = Json.isObject(json) ? json["error"] : undefined
  if (typeof error === "string" && error !== "") return { status: 500, message: `500 ${error}` }
  if (!Json.isObject(error)) return undefined
  const status = statusIn(error)
  return { status, message: `${status} ${messageOf(error)}` }
}

/** The same as the reason that there is no turn. */
export const errorIn = (json: unknown): ChatModelError.Reason | undefined => {
  const said = saidIn(json)
  return said && ChatModelError.fromStatus(said)
}

const messageOf = (error: Readonly<Record<string, unknown>>): string =>
  typeof error["message"] === "string" ? error["message"] : Json.textOr(error, "an error of no known form")

/** Gateways say the status itself, as a number or as text of one. */
const statusIn = ({ code, type }: Readonly<Record<string, unknown>>): number =>
  ChatModelError.statusOf(code) ?? statuses.get(type) ?? 500

/** The HTTP statuses that errors come with when they do not come in the middle of a stream, by their types. */
const statuses: ReadonlyMap<unknown, number> = new Map([
  ["invalid_request_error", 400],
  ["authentication_error", 401],
  ["billing_error", 402],
  ["permission_error", 403],
  ["not_found_error", 404],
  ["conflict_error", 409],
  ["request_too_large", 413],
  ["rate_limit_error", 429],
  ["api_error", 500],
  ["timeout_error", 504],
  ["overloaded_error", 529]
])

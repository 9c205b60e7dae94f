import * as ChatModelError from "@volley/core/ChatModelError"
import * as Json from "@volley/core/Json"
import * as Result from "effect/Result"

type Fields = Readonly<Record<string, unknown>>

/** What a refusal says. */
export interface Refusal {
  readonly status: number
  readonly message: string
  readonly headers: Headers
  readonly isBadKey: boolean
}

/** The refusal that a body is, or an event; some servers put it into a list. Undefined where it is none. */
export const saidIn = (json: unknown, known?: number): Refusal | undefined => {
  const body: unknown = Array.isArray(json) && json.length === 1 ? json[0] : json
  const error = Json.isObject(body) ? body["error"] : undefined
  if (typeof error === "string" && error !== "") return refusalOf({ message: error }, known ?? 500)
  return Json.isObject(error) ? refusalOf(error, known ?? statusIn(error)) : undefined
}

/** The same as the reason that there is no turn. */
export const errorIn = (json: unknown): ChatModelError.Reason | undefined => {
  const said = saidIn(json)
  return said && reasonOf(said)
}

/** A wrong key comes with status 400. */
export const reasonOf = ({ headers, isBadKey, message, status }: Refusal): ChatModelError.Reason =>
  isBadKey
    ? new ChatModelError.Unauthorized({ message, status })
    : ChatModelError.fromStatus({ status, message, retryAfterMillis: ChatModelError.retryAfterMillis(headers, 0) })

/**
 * Reads a refusal that the SDK threw, which puts the whole body into the message of its error.
 *
 * - in the middle of a stream the SDK writes the status before the body
 */
export const read = ({ message, status }: { readonly message: string; readonly status: number }): Refusal =>
  saidIn(Result.getOrUndefined(Json.parse(message.replace(/^got status: \w*\. /, ""))), status)
    ?? refusalOf({ message }, status)

/** The delay that a refusal advises becomes the header that other providers use. */
const refusalOf = (error: Fields, status: number): Refusal => {
  const details = Array.isArray(error["details"]) ? error["details"].filter(Json.isObject) : []
  const delay = details.map(({ retryDelay }) => retryDelay).find((delay) => typeof delay === "string") ?? ""
  const seconds = Number.parseFloat(delay)
  const said = typeof error["message"] === "string"
    ? error["message"]
    : Json.textOr(error, "an error of no known form")
  return {
    status,
    message: `${status} ${said}`.trim(),
    headers: new Headers(seconds >= 0 ? { "retry-after-ms": String(seconds * 1000) } : {}),
    isBadKey: details.some(({ reason }) => reason === "API_KEY_INVALID")
  }
}

/** Gateways say the status as text, or by its name alone. */
const statusIn = ({ code, status }: Fields): number => ChatModelError.statusOf(code) ?? statuses.get(status) ?? 500

const statuses: ReadonlyMap<unknown, number> = new Map([
  ["INVALID_ARGUMENT", 400],
  ["FAILED_PRECONDITION", 400],
  ["UNAUTHENTICATED", 401],
  ["PERMISSION_DENIED", 403],
  ["NOT_FOUND", 404],
  ["ABORTED", 409],
  ["RESOURCE_EXHAUSTED", 429],
  ["INTERNAL", 500],
  ["UNAVAILABLE", 503],
  ["DEADLINE_EXCEEDED", 504]
])

import type { ApiError } from "@google/genai"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Struct({
  error: Schema.Struct({
    message: Schema.String,
    details: Schema.optional(Schema.Array(Schema.Struct({
      reason: Schema.optional(Schema.String),
      retryDelay: Schema.optional(Schema.String)
    })))
  })
})))

/** What a refusal says; the SDK puts the whole body into the message of its error. */
export interface Refusal {
  readonly status: number
  readonly message: string
  readonly headers: Headers
  readonly isBadKey: boolean
}

/**
 * Reads a refusal: its sentence, and the delay that it advises as the header that other providers use.
 *
 * - in the middle of a stream the SDK writes the status before the body
 */
export const read = ({ message, status }: ApiError): Refusal => {
  const error = Option.getOrUndefined(decode(message.replace(/^got status: \w*\. /, "")))?.error
  const details = error?.details ?? []
  const seconds = Number.parseFloat(details.find(({ retryDelay }) => retryDelay)?.retryDelay ?? "")
  return {
    status,
    message: `${status} ${error?.message ?? message}`.trim(),
    headers: new Headers(seconds >= 0 ? { "retry-after-ms": String(seconds * 1000) } : {}),
    isBadKey: details.some(({ reason }) => reason === "API_KEY_INVALID")
  }
}

import type * as ChatModel from "@volley/core/ChatModel"
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Redacted from "effect/Redacted"
import OpenAI, { APIConnectionError, APIError, OpenAIError } from "openai"

/** Makes the official client, which alone retries. */
export const clientOf = (options: ChatModel.ApiOptions): OpenAI =>
  new OpenAI({
    apiKey: Redacted.value(options.apiKey),
    baseURL: options.baseUrl ?? null,
    maxRetries: options.maxRetries ?? 2,
    ...(options.fetch && { fetch: options.fetch })
  })

/** Sorts what the client threw; `client` is none of ours where somebody else asked. */
export const reasonOf = (client: OpenAI | undefined, error: unknown, now: number): ChatModelError.Reason => {
  const refused = error instanceof APIError && (error.status ?? error.error) !== undefined ? error : undefined
  return ChatModelError.fromClient(error, {
    url: client?.baseURL,
    now,
    refusal: refused && {
      status: statusOf(refused),
      message: refused.message,
      headers: refused.headers
    },
    isOwn: error instanceof OpenAIError && !(error instanceof APIConnectionError)
  })
}

/**
 * The HTTP status of an error. One that comes in a body, or in the middle of a stream, has none: its code says what it is.
 *
 * - a code that is not known here is about the request; where there is none, the provider failed
 */
export const statusOf = ({ code, status, type }: {
  readonly code?: unknown
  readonly status?: number | undefined
  readonly type?: unknown
}): number => {
  if (code === "insufficient_quota") return 402
  if (status !== undefined) return status
  if (typeof code === "number" && code >= 400 && code < 600) return code
  const name = [code, type].find((name) => typeof name === "string" && name !== "" && name !== "error")
  return name === undefined ? 500 : statuses.get(name) ?? 400
}

const statuses: ReadonlyMap<unknown, number> = new Map([
  ["server_error", 500],
  ["overloaded_error", 503],
  ["rate_limit_exceeded", 429],
  ["tokens", 429],
  ["requests", 429]
])

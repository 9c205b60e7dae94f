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

/** Sorts what the client threw. */
export const reasonOf = (client: OpenAI, error: unknown, now: number): ChatModelError.Reason => {
  const refused = error instanceof APIError && error.status !== undefined ? error : undefined
  return ChatModelError.fromClient(error, {
    url: client.baseURL,
    secret: client.apiKey,
    now,
    refusal: refused && {
      status: refused.code === "insufficient_quota" ? 402 : refused.status ?? 0,
      message: refused.message,
      headers: refused.headers
    },
    isOwn: error instanceof OpenAIError && !(error instanceof APIConnectionError)
  })
}

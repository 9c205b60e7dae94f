import type { GenerateContentParameters } from "@google/genai"
import * as ChatModel from "@volley/core/ChatModel"
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Refusal from "./refusal.ts"

/**
 * What is called of a client: `GoogleGenAI`, for the Gemini API or for Vertex, or any other that does the same.
 *
 * - `vertexai`: which of the two; turns from there are remembered by it
 */
export interface Client {
  readonly models: {
    generateContent(params: GenerateContentParameters): PromiseLike<unknown>
    generateContentStream(params: GenerateContentParameters): PromiseLike<AsyncIterable<unknown>>
  }
  readonly vertexai?: boolean | undefined
}

export const officialUrl = "https://generativelanguage.googleapis.com"

/** What turns are remembered by; the official API is the same whether its address is given or not. */
export const originOf = (reached: Pick<ChatModel.ApiOptions, "baseUrl" | "origin">): string => {
  const origin = ChatModel.originOf(reached)
  return origin === officialUrl ? ChatModel.originOf({}) : origin
}

/** The events of an answer; where it is an error in place of them, that is the only one. */
export const eventsIn = (answer: unknown): AsyncIterable<unknown> => {
  if (isIterable(answer)) return answer
  if (Refusal.saidIn(answer) !== undefined) return only(answer)
  throw new SyntaxError("something else in place of events")
}

const isIterable = (answer: unknown): answer is AsyncIterable<unknown> =>
  typeof answer === "object" && answer !== null && Symbol.asyncIterator in answer

async function* only<A>(event: A): AsyncGenerator<A> {
  yield event
}

/** Sorts what a client threw, whichever copy of the SDK its errors are of. */
export const reasonOf = (url: string | undefined, error: unknown, now: number): ChatModelError.Reason => {
  const refusal = isRefused(error) ? Refusal.read(error) : undefined
  if (refusal?.isBadKey) return Refusal.reasonOf(refusal)
  if (isUnread(error)) {
    return new ChatModelError.UnusableResponse({ message: "not a response: its body is no object" })
  }
  const isOwn = error instanceof Error && ownRefusal.test(error.message)
  return ChatModelError.fromClient(error, { url, now, refusal, isOwn })
}

const isRefused = (error: unknown): error is Error & { readonly status: number } =>
  error instanceof Error && error.name === "ApiError" && "status" in error && typeof error.status === "number"

/** What the SDK itself will not send; its errors have no class of their own. */
const ownRefusal = /^(contents are required|model is required|invalid model parameter)/

/** The SDK writes the headers into the body that it read, which fails where that is `null` or a text, and misses the body of a stream. */
const isUnread = (error: unknown): boolean =>
  error instanceof Error && (error.message.includes("sdkHttpResponse") || error.message === "Response body is empty")

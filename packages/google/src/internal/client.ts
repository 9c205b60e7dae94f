import type { GenerateContentParameters } from "@google/genai"
import * as ChatModel from "@volley/core/ChatModel"
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

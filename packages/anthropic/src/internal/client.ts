import { AnthropicError, APIConnectionError } from "@anthropic-ai/sdk"
import type Anthropic from "@anthropic-ai/sdk"
import * as ChatModel from "@volley/core/ChatModel"
import * as ChatModelError from "@volley/core/ChatModelError"
import { errorIn, saidIn } from "./errorBody.ts"

/** What goes with a request besides its body; `timeout` in milliseconds. */
export interface Sending {
  readonly signal?: AbortSignal
  readonly timeout?: number
  readonly headers?: Record<string, string>
  readonly query?: Record<string, string>
}

/**
 * What is called of a client: that of the official SDK, of Bedrock or Vertex, or any other that does the same.
 *
 * - `baseURL`: what turns from there are remembered by
 * - `timeout`: its own, in milliseconds; without one the SDK refuses long answers that are not streamed
 */
export interface Client {
  readonly messages: {
    create(body: Anthropic.MessageCreateParams, options?: Sending): PromiseLike<unknown>
  }
  readonly baseURL?: string | undefined
  readonly timeout?: number | undefined
}

export const officialUrl = "https://api.anthropic.com"

/** What turns are remembered by; the official API is the same whether its address is given or not. */
export const originOf = (reached: Pick<ChatModel.ApiOptions, "baseUrl" | "origin">): string => {
  const origin = ChatModel.originOf(reached)
  return origin === officialUrl ? ChatModel.originOf({}) : origin
}

interface Answered {
  readonly withResponse: () => Promise<{ readonly data: unknown; readonly response: Response }>
}

/** The events of an answer; where the body is an error in place of them, that is the only one. */
export const eventsOf = async (asked: PromiseLike<unknown>): Promise<AsyncIterable<unknown>> => {
  if (!isAnswered(asked)) return iterable(await asked)
  const { data, response } = await asked.withResponse()
  const error = await errorBody(response)
  return error === undefined ? iterable(ChatModel.streamOf(data, response)) : only(error)
}

const isAnswered = <A>(asked: A): asked is A & Answered =>
  typeof asked === "object" && asked !== null && "withResponse" in asked && typeof asked.withResponse === "function"

const iterable = (events: unknown): AsyncIterable<unknown> => {
  if (isIterable(events)) return events
  if (errorIn(events) !== undefined) return only(events)
  throw new SyntaxError("something else in place of events")
}

const isIterable = (events: unknown): events is AsyncIterable<unknown> =>
  typeof events === "object" && events !== null && Symbol.asyncIterator in events

const errorBody = async (response: Response): Promise<unknown> => {
  if (!/json/.test(response.headers.get("content-type") ?? "")) return undefined
  const body: unknown = JSON.parse(await response.text())
  return errorIn(body) === undefined ? undefined : body
}

async function* only<A>(event: A): AsyncGenerator<A> {
  yield event
}

/** Sorts what a client threw, whichever copy of the SDK its errors are of. */
export const reasonOf = (url: string | undefined, error: unknown, now: number): ChatModelError.Reason =>
  ChatModelError.fromClient(error, {
    url,
    now,
    refusal: isRefused(error) ? refusalOf(error) : undefined,
    isOwn: error instanceof AnthropicError && !(error instanceof APIConnectionError)
  })

interface Refused extends Error {
  readonly status: unknown
  readonly error: unknown
}

const isRefused = (error: unknown): error is Refused =>
  error instanceof Error && "status" in error && "error" in error
  && (error.status !== undefined || error.error !== undefined)

/** An error in the middle of a stream has no status of its own, but a type. */
const refusalOf = (refused: Refused) => {
  const said = saidIn(refused.error)
  const status = typeof refused.status === "number" ? refused.status : said?.status ?? 500
  return {
    status,
    message: said === undefined ? refused.message : said.message.replace(/^\d+/, String(status)),
    headers: "headers" in refused && refused.headers instanceof Headers ? refused.headers : undefined
  }
}

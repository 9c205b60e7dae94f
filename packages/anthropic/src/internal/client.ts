import type Anthropic from "@anthropic-ai/sdk"
import * as ChatModel from "@volley/core/ChatModel"
import * as Json from "@volley/core/Json"
import * as Transport from "@volley/core/Transport"
import * as Result from "effect/Result"
import { errorIn } from "./errorBody.ts"

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
  if (error !== undefined) return only(error)
  Transport.changeEvents(response, (event) => event.isDone ? undefined : named(event))
  return iterable(ChatModel.streamOf(data, response))
}

/** The SDK passes over events without a name, which some gateways send; their data has it as its type. */
const named = (event: Transport.ServerEvent): Transport.ServerEvent => {
  if (event.name !== undefined) return event
  const data = Result.getOrUndefined(Json.parse(event.data, Json.ofResponse))
  return { ...event, name: Json.isObject(data) && typeof data["type"] === "string" ? data["type"] : "message" }
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

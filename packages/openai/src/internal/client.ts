import * as ChatModel from "@volley/core/ChatModel"
import * as Json from "@volley/core/Json"
import * as Transport from "@volley/core/Transport"
import type * as Context from "effect/Context"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import OpenAI from "openai"
import { errorIn } from "./providerError.ts"

/** What a call of a client's method gives: a promise, and the HTTP response where the client shows that. */
export interface Answer extends PromiseLike<unknown> {
  readonly withResponse?: () => Promise<{ readonly data: unknown; readonly response: Response }>
  readonly asResponse?: () => Promise<Response>
}

/** What a client is told beside the body of a request. */
export interface Sending {
  readonly signal: AbortSignal
  readonly headers?: Record<string, string>
  readonly query?: Record<string, string>
}

/** What else goes into each request of a Layer. */
export interface Extras<Fields> extends ChatModel.Extras {
  /** Any other field of a request; those of the module's `Request` come before them. */
  readonly request?: Fields | undefined
}

/** What a Layer on a client of one's own needs; `origin` is the client's `baseURL` when left out. */
export interface OwnClient<Client, Fields>
  extends Pick<ChatModel.ApiOptions, "model" | "maxTokens" | "origin" | "acceptsId">, Transport.Options, Extras<Fields>
{
  readonly client: Client
}

/**
 * Makes the official client, which alone retries; what sends its requests alone has a sense of time.
 *
 * - it logs nothing by itself: it would write what a server sent to the terminal as it came, and errors say what was wrong
 */
export const clientOf = (
  options: ChatModel.ApiOptions,
  apiKey: Redacted.Redacted<string>,
  fetch: Transport.Fetch
): OpenAI =>
  new OpenAI({
    apiKey: Redacted.value(apiKey),
    baseURL: options.baseUrl ?? null,
    maxRetries: options.maxRetries ?? 2,
    timeout: longest,
    logLevel: "off",
    fetch
  })

/** The longest that a timer can wait, in milliseconds. */
const longest = 2_147_483_647

/** What turns are remembered by, the same for every way to reach the official API. */
export const originOf = (
  client: { readonly baseURL?: string | undefined },
  { origin }: Pick<ChatModel.ApiOptions, "origin">
): string => {
  const url = client.baseURL?.replace(/\/$/, "")
  return ChatModel.originOf({ origin, baseUrl: url === "https://api.openai.com/v1" ? undefined : url })
}

/** What goes beside the body of each request. */
export const sendingOf = (own: ChatModel.Extras, signal: AbortSignal, context: Context.Context<never>): Sending => ({
  signal,
  ...ChatModel.extrasOf(own, context)
})

/** What follows the events of a stream whose server said `[DONE]`; clients keep that to themselves. */
export const done = "[DONE]"

/** The events of a stream, and `done` behind them where the server said so; or the error that came in their place, as one. */
export const eventsOf = async (answer: Answer): Promise<AsyncIterable<unknown>> => {
  if (answer.withResponse === undefined) return iterable(await answer)
  const { data, response } = await answer.withResponse()
  const body = await bodyIn(response)
  if (errorIn(body) !== undefined) return iterable(body)
  const seen = { isDone: false }
  Transport.changeEvents(response, (event) => {
    seen.isDone ||= event.isDone
    return event.isCut ? undefined : event
  })
  return withDone(iterable(ChatModel.streamOf(data, response)), seen)
}

/** The body of what says itself that it is JSON, where it is. */
const bodyIn = async (response: Response): Promise<unknown> => {
  if (response.bodyUsed || !/json/.test(response.headers.get("content-type") ?? "")) return undefined
  return Result.getOrUndefined(Json.parse(await response.text(), Json.ofResponse))
}

/** The client tells a stream that ended from one that broke off by nothing else, and does not pass that on. */
async function* withDone(
  events: AsyncIterable<unknown>,
  seen: { readonly isDone: boolean }
): AsyncGenerator<unknown> {
  yield* events
  if (seen.isDone) yield done
}

const iterable = (data: unknown): AsyncIterable<unknown> => {
  if (isIterable(data)) return data
  if (errorIn(data) !== undefined) return once(data)
  throw new SyntaxError(`${data === null ? "null" : typeof data} in place of events`)
}

async function* once(event: unknown): AsyncGenerator<unknown> {
  yield event
}

const isIterable = (data: unknown): data is AsyncIterable<unknown> =>
  typeof data === "object" && data !== null && Symbol.asyncIterator in data

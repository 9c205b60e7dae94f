/**
 * The model, as a service that a provider's Layer provides.
 */
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { ChatModelError, type Reason, UnusableResponse } from "./ChatModelError.ts"
import type { Assistant, Conversation } from "./Conversation.ts"
import * as Toolkit from "./Toolkit.ts"

/** Whether the model may, must or must not call tools. */
export type ToolChoice = "auto" | "none" | "required" | { readonly tool: string }

/**
 * What a model is asked.
 *
 * - `toolChoice`, `parallelToolCalls`: the provider's own default when left out; ignored without tools
 */
export interface Request {
  readonly conversation: Conversation
  readonly toolkit?: Toolkit.Any | undefined
  readonly toolChoice?: ToolChoice | undefined
  readonly parallelToolCalls?: boolean | undefined
}

/** Tokens as the provider counts them; `input` includes what came from its cache. */
export interface Usage {
  readonly input: number
  readonly output: number
}

/**
 * A model's turn.
 *
 * - `finish`: `"length"` when it was cut off, `"pause"` when the provider wants the same conversation sent again
 */
export interface Turn {
  readonly message: Assistant
  readonly finish: "stop" | "tool-calls" | "length" | "refusal" | "pause"
  readonly usage: Usage
}

/** Gives the next turn of a conversation. Interrupting it aborts the request. */
export class ChatModel extends Context.Service<ChatModel, {
  readonly generate: (request: Request) => Effect.Effect<Turn, ChatModelError>
}>()("@volley/core/ChatModel") {}

/** How a provider's API is reached; the Layers of all providers take it. */
export interface ApiOptions {
  readonly model: string
  readonly apiKey: Redacted.Redacted<string>
  /** Where the API is; the official one when left out. */
  readonly baseUrl?: string | undefined
  /** The most tokens of one turn, reasoning included; the provider's own limit when left out, where it has one. */
  readonly maxTokens?: number | undefined
  /** How often the SDK sends a request again after a status that may pass; 2. Nothing else retries. */
  readonly maxRetries?: number | undefined
  /** What sends the requests, in place of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined
}

/**
 * Makes the service of a provider's client.
 *
 * - `send`: asks for a turn; aborted when the caller is interrupted
 * - `read`: reads the body of a response, or says why it is none
 * - `reason`: sorts what `send` rejected with, at the time `now` in milliseconds since the epoch
 */
export const make = (client: {
  readonly wire: string
  readonly send: (request: Request, signal: AbortSignal) => Promise<unknown>
  readonly read: (body: unknown) => Result.Result<Turn, string>
  readonly reason: (error: unknown, now: number) => Reason
}): ChatModel["Service"] => {
  const warnOfLax = Toolkit.laxWarnings()
  const fail = (reason: Reason) => Effect.fail(new ChatModelError({ wire: client.wire, reason }))
  const generate = Effect.fn(`${client.wire}.generate`)(function*(request: Request) {
    if (request.toolkit) yield* warnOfLax(request.toolkit)
    const body = yield* Effect.tryPromise((signal) => client.send(request, signal)).pipe(
      Effect.catch(({ cause }) => Effect.flatMap(Clock.currentTimeMillis, (now) => fail(client.reason(cause, now))))
    )
    const turn = client.read(body)
    if (Result.isSuccess(turn)) return turn.success
    return yield* fail(new UnusableResponse({ message: `not a response: ${turn.failure}` }))
  })
  return { generate }
}

/** A layer whose API key comes from the configuration, from `variable` unless another is given. */
export const layerConfig = (layer: (options: ApiOptions) => Layer.Layer<ChatModel>, variable: string) =>
(
  options: Omit<ApiOptions, "apiKey"> & { readonly apiKey?: Config.Config<Redacted.Redacted<string>> | undefined }
): Layer.Layer<ChatModel, Config.ConfigError> =>
  Layer.unwrap(Effect.map(options.apiKey ?? Config.Redacted(variable), (apiKey) => layer({ ...options, apiKey })))

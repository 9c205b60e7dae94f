/**
 * Google Gemini's `generateContent`: a pure codec for a loop of your own, and the Layer that provides `ChatModel`.
 */
import { GoogleGenAI } from "@google/genai"
import type * as Batch from "@volley/core/Batch"
import * as ChatModel from "@volley/core/ChatModel"
import type * as ChatModelError from "@volley/core/ChatModelError"
import * as Conversation from "@volley/core/Conversation"
import * as Given from "@volley/core/Given"
import * as Json from "@volley/core/Json"
import type * as Tool from "@volley/core/Tool"
import type * as ToolCall from "@volley/core/ToolCall"
import type * as Toolkit from "@volley/core/Toolkit"
import type * as Transport from "@volley/core/Transport"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Stream from "effect/Stream"
import { idOf, isMadeUp, signed } from "./internal/callIds.ts"
import { type Client, eventsIn, officialUrl, originOf } from "./internal/client.ts"
import { isOld, resultContents, userParts } from "./internal/content.ts"
import * as GeminiStream from "./internal/geminiStream.ts"
import type { ApiTool, Content, Part, Response } from "./internal/read.ts"
import { errorIn } from "./internal/refusal.ts"
import * as Body from "./internal/request.ts"
import { reasonOf } from "./internal/thrown.ts"
import { mended, modelOf, read, wholeOf } from "./internal/turn.ts"
import { watched } from "./internal/watched.ts"
import { isTurn, readResponse } from "./internal/wholeResponse.ts"
import { wire } from "./internal/wire.ts"

export type { Client } from "./internal/client.ts"
export type {
  ApiTool,
  Blob,
  Candidate,
  Content,
  FunctionCall,
  FunctionResponse,
  Part,
  Response,
  Tokens
} from "./internal/read.ts"
export type { Fields } from "./internal/request.ts"
export { wire } from "./internal/wire.ts"

/**
 * The `tools` of a request, under names that every provider accepts; none for no tools.
 *
 * @example
 * ```ts
 * import { Tool, Toolkit } from "@volley/core"
 * import { GeminiContent } from "@volley/google"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: { type: "object" },
 *   execute: async () => "pong"
 * })
 * const tools = GeminiContent.tools(Toolkit.make(ping)) // for the `tools` of a request
 * console.log(tools[0]?.functionDeclarations?.[0]?.name) // => ping
 * ```
 */
export const tools: (toolkit: Toolkit.Any) => Array<ApiTool> = Body.tools

/**
 * The calls of a response, in call order, each with an id of its own.
 *
 * - models before Gemini 3 give no ids: those made up here begin with `noid_`, and never go back to the API
 * - if the turn did not end with `STOP`, its calls may be incomplete: all of them are `"truncated"`
 * - a body that is an error has no calls
 *
 * @example
 * ```ts
 * import { GeminiContent } from "@volley/google"
 *
 * // What `client.models.generateContent(request)` gives.
 * const functionCall = { id: "call_1", name: "ping", args: {} }
 * const response = { candidates: [{ finishReason: "STOP", content: { role: "model", parts: [{ functionCall }] } }] }
 *
 * console.log(JSON.stringify(GeminiContent.toolCalls(response)[0]))
 * // => {"id":"call_1","name":"ping","arguments":{},"index":0,"status":"complete"}
 * ```
 */
export const toolCalls = (response: Response): ReadonlyArray<ToolCall.ToolCall> =>
  read(Given.response("GeminiContent.toolCalls", response)).calls

/**
 * Takes JSON of unknown origin for a response: a whole body, or a model's `Content` alone, which counts as complete.
 *
 * - checks the fields that this codec reads, and says what is wrong; for an error, gives the provider's text
 *
 * @example
 * ```ts
 * import { GeminiContent } from "@volley/google"
 * import { Result } from "effect"
 *
 * const read = GeminiContent.parse({
 *   candidates: [{ finishReason: "STOP", content: { role: "model", parts: [{ text: "Hello." }] } }]
 * })
 * console.log(Result.isSuccess(read) && read.success.candidates?.length) // => 1
 * console.log(Result.isSuccess(GeminiContent.parse("<html>"))) // => false
 * ```
 */
export const parse = (json: unknown): Result.Result<Response, string> => {
  const error = errorIn(json)
  return error === undefined ? readResponse(json) : Result.fail(error.message)
}

/**
 * The results alone: one `user` content with one `functionResponse` part per call, in call order.
 *
 * - `model`: that they are for; Gemini 1 and 2 take no images and documents in results, and get them in a content behind
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { GeminiContent } from "@volley/google"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: { type: "object" },
 *   execute: async () => "pong"
 * })
 * const settled = await Batch.runPromise(Toolkit.make(ping), [ToolCall.make({ id: "call_1", name: "ping" })])
 * console.log(JSON.stringify(GeminiContent.results(settled)))
 * // => [{"role":"user","parts":[{"functionResponse":{"id":"call_1","name":"ping","response":{"output":"pong"}}}]}]
 * ```
 */
export const results = (settled: Batch.Settled<Tool.Any>, model = ""): Array<Content> =>
  resultContents(Conversation.results(Given.settled("GeminiContent.results", settled)), model)

/**
 * Gives what to append to the contents: the model's turn, with its thought signatures, and one `user` content with all
 * results. The turn is unchanged, except for what the API does not take back: repeated ids, names that the model made
 * up, arguments that are no object, empty parts.
 *
 * @example
 * ```ts
 * import { Batch, Tool, Toolkit } from "@volley/core"
 * import { GeminiContent } from "@volley/google"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: { type: "object" },
 *   execute: async () => "pong"
 * })
 *
 * // What `client.models.generateContent(request)` gives.
 * const functionCall = { id: "call_1", name: "ping", args: {} }
 * const response = { candidates: [{ finishReason: "STOP", content: { role: "model", parts: [{ functionCall }] } }] }
 *
 * const settled = await Batch.runPromise(Toolkit.make(ping), GeminiContent.toolCalls(response))
 * console.log(GeminiContent.followUp(response, settled).map((item) => item.role).join()) // => model,user
 * ```
 */
export const followUp = (response: Response, settled: Batch.Settled<Tool.Any>): Array<Content> => [
  ...read(Given.response("GeminiContent.followUp", response)).echo,
  ...results(settled, modelOf(response))
]

/**
 * Writes a conversation in the form of this wire, with system messages separate; turns of this wire are sent back as
 * they came.
 *
 * - Gemini 3 wants a thought signature on the first call of each turn. Where one is missing, because another wire or an
 *   older model made the call, the API's own mark goes in its place, which it documents to cost quality
 * - `model`: the model that it is for; Gemini 1 and 2 get no mark, and get media in a content after the results
 * - `origin`: the server that it is for; turns of another server are written anew from their text and calls
 * - `acceptsId`: which ids the server takes, within those that the API allows
 *
 * @example
 * ```ts
 * import { Conversation } from "@volley/core"
 * import { GeminiContent } from "@volley/google"
 *
 * const conversation = Conversation.make("Hello!", { system: "Be short." })
 * console.log(JSON.stringify(GeminiContent.messages(conversation)))
 * // => [{"role":"user","parts":[{"text":"Hello!"}]}]
 * ```
 */
export const messages = (
  conversation: Conversation.Conversation,
  model = "",
  { acceptsId = () => true, origin }: Pick<ChatModel.ApiOptions, "acceptsId" | "origin"> = {}
): Array<Content> => {
  const sign = isOld(model) ? (content: Content) => content : signed
  const accepts = (id: string) => id !== "" && !isMadeUp(id) && acceptsId(id)
  const contents = Conversation.respell(conversation, wire, accepts, origin).messages.flatMap((message) => {
    switch (message.role) {
      case "system":
        return []
      case "user":
        return [{ role: "user", parts: userParts(message) }]
      case "assistant": {
        const native = Conversation.nativeOf(message, wire, origin)
        return (isTurns(native) ? native.map(mended) : spell(message)).map(sign)
      }
      case "tool":
        return resultContents(message.results, model)
    }
  })
  return contents.reduce<Array<Content>>(joined, [])
}

/** Calls have to come right behind a message of another role: turns of the model behind one another are one. */
const joined = (before: Array<Content>, content: Content): Array<Content> => {
  const last = before.at(-1)
  if (last?.role !== "model" || content.role !== "model") return [...before, content]
  return [...before.slice(0, -1), { ...last, parts: [...last.parts ?? [], ...content.parts ?? []] }]
}

const isTurns = (json: unknown): json is Array<Content> => Array.isArray(json) && json.every(isTurn)

const spell = ({ calls, text }: Conversation.Assistant): Array<Content> => {
  const parts: Array<Part> = calls.map(({ arguments: args, id, name }) => ({
    functionCall: { ...idOf(id), name, args: Json.objectOf(args) }
  }))
  if (text !== "") parts.unshift({ text })
  return parts.length === 0 ? [] : [{ role: "model", parts }]
}

/**
 * Other fields of the `config` of one run's requests; they override those of its Layer:
 * `Effect.provideService(GeminiContent.Request, { temperature: 0 })`.
 */
export const Request = Context.Reference<Body.Fields>("@volley/google/GeminiContent/Request", {
  defaultValue: () => ({})
})

/** What goes with every request, besides what is asked. */
export interface Sent extends Pick<ChatModel.Extras, "headers"> {
  /** Other fields of the request's `config`; those of a run, from `Request`, override them. */
  readonly request?: Body.Fields | undefined
}

/** A client of your own, and its model. */
export interface ClientOptions
  extends Pick<ChatModel.ApiOptions, "model" | "maxTokens" | "origin" | "acceptsId">, Transport.Options, Sent
{
  readonly client: Client
}

/**
 * Provides `ChatModel` on a client of your own: `GoogleGenAI` for Vertex, a proxy or a client wrapped by a tracer.
 *
 * - a client does not say where it sends its requests: turns keep `origin`, which is `vertex` or `official` by default
 *
 * @example
 * ```ts
 * import { GoogleGenAI } from "@google/genai"
 * import { Agent, Toolkit } from "@volley/core"
 * import { GeminiContent } from "@volley/google"
 * import { Simulator } from "@volley/simulator"
 * import { Effect } from "effect"
 *
 * // The simulator stands in for the provider; your client may be any that has the same methods.
 * await using simulator = await Simulator.start({ script: () => ({ wants: () => [], answer: () => "Hello." }) })
 * const client = new GoogleGenAI({ apiKey: "simulated", httpOptions: { baseUrl: simulator.google } })
 * const model = GeminiContent.layerClient({ client, model: "gemini-3-pro" })
 * const agent = Agent.run({ toolkit: Toolkit.make(), prompt: "Hello!" })
 * console.log((await Effect.runPromise(Effect.provide(agent, model))).answer) // => Hello.
 * ```
 */
export const layerClient = (options: ClientOptions): Layer.Layer<ChatModel.ChatModel> => {
  const given = Given.client("GeminiContent.layerClient", options)
  return Layer.sync(ChatModel.ChatModel, () => makeModel(given, { limits: given }))
}

/**
 * Provides `ChatModel` on the official SDK, for the Gemini Developer API.
 *
 * @example
 * ```ts
 * import { Agent, Toolkit } from "@volley/core"
 * import { GeminiContent } from "@volley/google"
 * import { Simulator } from "@volley/simulator"
 * import { Effect } from "effect"
 *
 * // The simulator stands in for the provider; leave `baseUrl` out and the provider itself is asked.
 * await using simulator = await Simulator.start({ script: () => ({ wants: () => [], answer: () => "Hello." }) })
 * const model = GeminiContent.layer({ model: "gemini-3-pro", apiKey: "simulated", baseUrl: simulator.google })
 * const agent = Agent.run({ toolkit: Toolkit.make(), prompt: "Hello!" })
 * console.log((await Effect.runPromise(Effect.provide(agent, model))).answer) // => Hello.
 * ```
 */
export const layer = (options: ChatModel.ApiOptions & Sent): Layer.Layer<ChatModel.ChatModel> =>
  Layer.effect(
    ChatModel.ChatModel,
    ChatModel.reached(wire, options, (limited, secret) => {
      const url = options.baseUrl ?? officialUrl
      const client = new GoogleGenAI({
        apiKey: Redacted.value(secret),
        vertexai: false,
        apiVersion: "v1",
        httpOptions: {
          baseUrl: url,
          // The delays of the other providers' SDKs; this one's own begin at one second and go up to sixty.
          retryOptions: { attempts: 1 + (options.maxRetries ?? 2), initialDelay: 0.5, maxDelay: 8 }
        }
      })
      const sending = { ...options, client: watched(client, limited), origin: originOf(options) }
      return makeModel(sending, { secret }, url)
    })
  )

/**
 * Provides `ChatModel` with the API key from the configuration, `GEMINI_API_KEY` unless another is given.
 *
 * @example
 * ```ts
 * import { Agent, Toolkit } from "@volley/core"
 * import { GeminiContent } from "@volley/google"
 * import { Simulator } from "@volley/simulator"
 * import { ConfigProvider, Effect } from "effect"
 *
 * await using simulator = await Simulator.start({ script: () => ({ wants: () => [], answer: () => "Hello." }) })
 * const model = GeminiContent.layerConfig({ model: "gemini-3-pro", baseUrl: simulator.google })
 * const agent = Effect.provide(Agent.run({ toolkit: Toolkit.make(), prompt: "Hello!" }), model)
 *
 * // In a program, the key is in the environment, and this line is not there.
 * const config = ConfigProvider.layer(ConfigProvider.fromUnknown({ GEMINI_API_KEY: "simulated" }))
 * console.log((await Effect.runPromise(Effect.provide(agent, config))).answer) // => Hello.
 * ```
 */
export const layerConfig: (
  options: ChatModel.ConfigOptions<Sent>
) => Layer.Layer<ChatModel.ChatModel, Config.ConfigError> = ChatModel.layerConfig<Sent>(layer, "GEMINI_API_KEY")

const makeModel = (
  options: ClientOptions,
  how: ChatModel.Reached,
  url?: string
): ChatModel.ChatModel["Service"] => {
  const { acceptsId, client, headers, maxTokens, model, request: own } = options
  const origin = options.origin ?? (client.vertexai === true ? "vertex" : originOf({}))
  const bodyOf = (request: ChatModel.Request, signal: AbortSignal, context: Context.Context<never>) =>
    Body.bodyOf(
      {
        model,
        maxTokens,
        fields: { ...own, ...Context.get(context, Request) },
        headers: ChatModel.extrasOf({ headers }, context).headers ?? {},
        contents: messages(request.conversation, model, { origin, acceptsId })
      },
      request,
      signal
    )
  return ChatModel.make({
    wire,
    ...how,
    about: { provider: "gcp.gemini", model },
    address: url,
    client,
    headers,
    send: async (request, signal, context) => client.models.generateContent(bodyOf(request, signal, context)),
    read: (body) => Result.map(wholeOf(body, origin), ({ turn }) => turn),
    open: async (request, signal, context) =>
      eventsIn(await client.models.generateContentStream(bodyOf(request, signal, context))),
    fold: foldOf(origin),
    reason: (error, now) => reasonOf(url, error, now)
  })
}

/**
 * Gives the parts of a turn that your own client streams: its text as it arrives, each call at once, since calls come
 * whole, and at the end the response that `followUp` takes.
 *
 * - `origin`: the name of the server, if the conversation may go on with another server
 *
 * @example
 * ```ts
 * import { GeminiContent } from "@volley/google"
 * import { Effect, Stream } from "effect"
 *
 * const chunks = async function*() { // what `client.models.generateContentStream(request)` gives
 *   yield { candidates: [{ content: { role: "model", parts: [{ text: "Good " }] } }] }
 *   yield { candidates: [{ content: { role: "model", parts: [{ text: "morning." }] }, finishReason: "STOP" }] }
 * }
 *
 * // `ChatModel.split` gives the calls among them to `Batch.dispatch`.
 * const parts = await Effect.runPromise(Stream.runCollect(GeminiContent.parts(chunks())))
 * console.log(parts.map((part) => part._tag === "Text" ? part.text : part._tag).join("|"))
 * // => Good |morning.|Turn
 * ```
 */
export const parts = (
  chunks: AsyncIterable<Response>,
  { origin }: Pick<ChatModel.ApiOptions, "origin"> = {}
): Stream.Stream<ChatModel.Part<Response>, ChatModelError.ChatModelError> =>
  ChatModel.parts({ wire, fold: foldOf(origin), reason: (error, now) => reasonOf(undefined, error, now) }, chunks)

const foldOf = (origin: string | undefined): ChatModel.Fold<GeminiStream.State, Response> => ({
  initial: GeminiStream.initial,
  next: GeminiStream.next,
  end: (state) => Result.flatMap(GeminiStream.body(state), (body) => ChatModel.orUnusable(wholeOf(body, origin)))
})

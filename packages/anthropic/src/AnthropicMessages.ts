/**
 * Anthropic Messages: a pure codec for a loop of your own, and the Layer that provides `ChatModel`.
 */
import Anthropic from "@anthropic-ai/sdk"
import type * as Batch from "@volley/core/Batch"
import * as ChatModel from "@volley/core/ChatModel"
import type * as ChatModelError from "@volley/core/ChatModelError"
import * as Conversation from "@volley/core/Conversation"
import * as Given from "@volley/core/Given"
import * as Json from "@volley/core/Json"
import type * as Tool from "@volley/core/Tool"
import type * as ToolCall from "@volley/core/ToolCall"
import * as Toolkit from "@volley/core/Toolkit"
import type * as Transport from "@volley/core/Transport"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Stream from "effect/Stream"
import { type Client, eventsOf, originOf } from "./internal/client.ts"
import { resultContent, userContent } from "./internal/content.ts"
import { errorIn } from "./internal/errorBody.ts"
import { readMessage } from "./internal/messageBlocks.ts"
import * as MessageStream from "./internal/messageStream.ts"
import type { Event, Response, Whole } from "./internal/read.ts"
import * as Body from "./internal/request.ts"
import { strictMode } from "./internal/strictMode.ts"
import { reasonOf } from "./internal/thrown.ts"
import { echoOf, read, wholeOf } from "./internal/turn.ts"
import { wire } from "./internal/wire.ts"

export type { Client, Sending } from "./internal/client.ts"
export type { Event, Response, Tokens, Whole } from "./internal/read.ts"
export type { Fields } from "./internal/request.ts"
export { wire } from "./internal/wire.ts"

/** A tool as a request has it; a name of this package, so that programs can export what they got. */
export interface ApiTool extends Anthropic.Tool {}

/** A message of the user, or the results of calls. */
export interface UserMessage extends Anthropic.UserMessageParam {}

/** A turn of the model. */
export interface AssistantMessage extends Anthropic.AssistantMessageParam {}

/** A system message in the middle of a conversation. */
export interface SystemMessage extends Anthropic.SystemMessageParam {}

/** A message of a conversation. */
export type Message = UserMessage | AssistantMessage | SystemMessage

/**
 * The `tools` of a request, under names that every provider accepts.
 *
 * @example
 * ```ts
 * import { AnthropicMessages } from "@volley/anthropic"
 * import { Tool, Toolkit } from "@volley/core"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: { type: "object" },
 *   execute: async () => "pong"
 * })
 * const tools = AnthropicMessages.tools(Toolkit.make(ping)) // for the `tools` of a request
 * console.log(tools[0]?.name) // => ping
 * ```
 */
export const tools: (toolkit: Toolkit.Any) => Array<ApiTool> = Body.tools

/**
 * The same tools as Anthropic's strict mode wants them, for both `tools` and `Batch.run`: every key required, optional
 * ones nullable, records as lists of pairs. A tool that strict mode cannot take stays as it was, and is named in `lax`.
 *
 * @example
 * ```ts
 * import { AnthropicMessages } from "@volley/anthropic"
 * import { Tool, Toolkit } from "@volley/core"
 * import { Schema } from "effect"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: Schema.Struct({ times: Schema.Int }),
 *   execute: async ({ times }) => "pong ".repeat(times)
 * })
 * const strict = AnthropicMessages.strict(Toolkit.make(ping)) // give this one to `Batch.run` too
 * console.log(AnthropicMessages.tools(strict)[0]?.strict, strict.lax) // => true []
 * ```
 */
export const strict = <T extends Tool.Any>(toolkit: Toolkit.Toolkit<T>): Toolkit.Toolkit<T> =>
  Toolkit.strict(toolkit, strictMode())

/**
 * The calls of a response, in call order, each with an id of its own.
 *
 * - if the turn was cut off or refused, or ended for an unknown reason, its calls may be incomplete: all of them are
 *   `"truncated"`
 * - a body that is an error has no calls
 *
 * @example
 * ```ts
 * import { AnthropicMessages } from "@volley/anthropic"
 *
 * // What `client.messages.create(request)` gives.
 * const call = { type: "tool_use", id: "toolu_1", name: "ping", input: {} }
 * const response = { role: "assistant", stop_reason: "tool_use", content: [call] }
 *
 * console.log(JSON.stringify(AnthropicMessages.toolCalls(response)[0]))
 * // => {"id":"toolu_1","name":"ping","arguments":{},"index":0,"status":"complete"}
 * ```
 */
export const toolCalls = (response: Response): ReadonlyArray<ToolCall.ToolCall> =>
  read(Given.response("AnthropicMessages.toolCalls", response)).calls

/**
 * Takes JSON of unknown origin for a response: a whole body, or an assistant message alone, which counts as complete.
 *
 * - checks the fields that this codec reads, and says what is wrong; for an error, gives the provider's text
 *
 * @example
 * ```ts
 * import { AnthropicMessages } from "@volley/anthropic"
 * import { Result } from "effect"
 *
 * const read = AnthropicMessages.parse({
 *   role: "assistant",
 *   stop_reason: "end_turn",
 *   content: [{ type: "text", text: "Hello." }]
 * })
 * console.log(Result.isSuccess(read) && read.success.content.length) // => 1
 * console.log(Result.isSuccess(AnthropicMessages.parse("<html>"))) // => false
 * ```
 */
export const parse = (json: unknown): Result.Result<Whole, string> => {
  const error = errorIn(json)
  return error === undefined ? readMessage(json) : Result.fail(error.message)
}

/**
 * The results alone: one `user` message with one `tool_result` block per call, in call order.
 *
 * @example
 * ```ts
 * import { AnthropicMessages } from "@volley/anthropic"
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: { type: "object" },
 *   execute: async () => "pong"
 * })
 * const settled = await Batch.runPromise(Toolkit.make(ping), [ToolCall.make({ id: "call_1", name: "ping" })])
 * console.log(JSON.stringify(AnthropicMessages.results(settled)))
 * // => [{"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":"\"pong\""}]}]
 * ```
 */
export const results = (settled: Batch.Settled<Tool.Any>): Array<Message> =>
  resultMessages(Conversation.results(Given.settled("AnthropicMessages.results", settled)), [])

/**
 * Gives what to append to the messages: the assistant turn and one `user` message with all results. The turn is
 * unchanged, except for what the API does not take back: missing or repeated ids, names that the model made up, input
 * that is no object.
 *
 * @example
 * ```ts
 * import { AnthropicMessages } from "@volley/anthropic"
 * import { Batch, Tool, Toolkit } from "@volley/core"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: { type: "object" },
 *   execute: async () => "pong"
 * })
 *
 * // What `client.messages.create(request)` gives.
 * const call = { type: "tool_use", id: "toolu_1", name: "ping", input: {} }
 * const response = { role: "assistant", stop_reason: "tool_use", content: [call] }
 *
 * const settled = await Batch.runPromise(Toolkit.make(ping), AnthropicMessages.toolCalls(response))
 * console.log(AnthropicMessages.followUp(response, settled).map((item) => item.role).join()) // => assistant,user
 * ```
 */
export const followUp = (response: Response, settled: Batch.Settled<Tool.Any>): Array<Message> => {
  const { echo } = read(Given.response("AnthropicMessages.followUp", response))
  return [...echo, ...resultMessages(Conversation.results(Given.settled("AnthropicMessages.followUp", settled)), echo)]
}

/** The results of a turn; calls of a toolset want its name on their results. */
const resultMessages = (
  toolResults: ReadonlyArray<Conversation.ToolResult>,
  turn: ReadonlyArray<Message>
): Array<Message> => {
  const toolsets = toolsetsOf(turn)
  const content = toolResults.map((result): Anthropic.ToolResultBlockParam => {
    const block = { type: "tool_result", tool_use_id: result.callId, content: resultContent(result) } as const
    const toolset = toolsets.get(result.callId)
    if (!result.isError && toolset === undefined) return block
    return { ...block, ...(result.isError && { is_error: true }), ...(toolset && { toolset_name: toolset }) }
  })
  return content.length === 0 ? [] : [{ role: "user", content }]
}

/** The names of toolsets by the ids of the calls that they are of. */
const toolsetsOf = (turn: ReadonlyArray<Message>): ReadonlyMap<string, string> => {
  const toolsets = new Map<string, string>()
  for (const { content } of turn) {
    for (const block of typeof content === "string" ? [] : content) {
      if (block.type === "tool_use" && block.toolset_name) toolsets.set(block.id, block.toolset_name)
    }
  }
  return toolsets
}

/**
 * Writes a conversation in the form of this wire, with system messages separate; turns of this wire are sent back as
 * they came.
 *
 * - `origin`: the server that it is for; turns of another server are written anew from their text and calls
 * - `acceptsId`: which ids the server takes, within those that the API allows
 *
 * @example
 * ```ts
 * import { AnthropicMessages } from "@volley/anthropic"
 * import { Conversation } from "@volley/core"
 *
 * const conversation = Conversation.make("Hello!", { system: "Be short." })
 * console.log(JSON.stringify(AnthropicMessages.messages(conversation)))
 * // => [{"role":"user","content":"Hello!"}]
 * ```
 */
export const messages = (
  conversation: Conversation.Conversation,
  { acceptsId = () => true, origin }: Pick<ChatModel.ApiOptions, "acceptsId" | "origin"> = {}
): Array<Message> => {
  const accepts = (id: string) => /^[a-zA-Z0-9_-]+$/.test(id) && acceptsId(id)
  let turn: Array<Message> = []
  return Conversation.respell(conversation, wire, accepts, origin).messages.flatMap((message): Array<Message> => {
    switch (message.role) {
      case "system":
        return []
      case "user":
        return [{ role: "user", content: userContent(message) }]
      case "assistant": {
        turn = echoOf(Conversation.nativeOf(message, wire, origin)) ?? spell(message)
        return turn
      }
      case "tool":
        return resultMessages(message.results, turn)
    }
  })
}

const spell = ({ calls, text }: Conversation.Assistant): Array<Message> => {
  const content: Array<Anthropic.ContentBlockParam> = calls.map(({ arguments: args, id, name }) => ({
    type: "tool_use",
    id,
    name,
    input: Json.objectOf(args)
  }))
  if (text !== "") content.unshift({ type: "text", text })
  return content.length === 0 ? [] : [{ role: "assistant", content }]
}

/**
 * Other fields of the requests of one run; they override those of its Layer:
 * `Effect.provideService(AnthropicMessages.Request, { output_config: { effort: "low" } })`.
 */
export const Request = Context.Reference<Body.Fields>("@volley/anthropic/AnthropicMessages/Request", {
  defaultValue: () => ({})
})

/** What goes with every request, besides what is asked. */
export interface Sent extends ChatModel.Extras {
  /** Other fields of the request; those of a run, from `Request`, override them. */
  readonly request?: Body.Fields | undefined
}

/** A client of your own, and its model. */
export interface ClientOptions
  extends Pick<ChatModel.ApiOptions, "model" | "maxTokens" | "origin" | "acceptsId">, Transport.Options, Sent
{
  readonly client: Client
}

/**
 * Provides `ChatModel` on a client of your own: `AnthropicBedrock`, `AnthropicVertex`, a proxy or a client wrapped by a
 * tracer.
 *
 * - turns keep its `baseURL`, unless you give an `origin`
 *
 * @example
 * ```ts
 * import Anthropic from "@anthropic-ai/sdk"
 * import { AnthropicMessages } from "@volley/anthropic"
 * import { Agent, Toolkit } from "@volley/core"
 * import { Simulator } from "@volley/simulator"
 * import { Effect } from "effect"
 *
 * // The simulator stands in for the provider; your client may be any that has the same methods.
 * await using simulator = await Simulator.start({ script: () => ({ wants: () => [], answer: () => "Hello." }) })
 * const client = new Anthropic({ apiKey: "simulated", baseURL: simulator.anthropic })
 * const model = AnthropicMessages.layerClient({ client, model: "claude-sonnet-5" })
 * const agent = Agent.run({ toolkit: Toolkit.make(), prompt: "Hello!" })
 * console.log((await Effect.runPromise(Effect.provide(agent, model))).answer) // => Hello.
 * ```
 */
export const layerClient = (options: ClientOptions): Layer.Layer<ChatModel.ChatModel> => {
  const given = Given.client("AnthropicMessages.layerClient", options)
  return Layer.sync(ChatModel.ChatModel, () => makeModel(given, { limits: given }))
}

/**
 * Provides `ChatModel` on the official SDK. The API requires `maxTokens`; it is 8,192 by default.
 *
 * @example
 * ```ts
 * import { AnthropicMessages } from "@volley/anthropic"
 * import { Agent, Toolkit } from "@volley/core"
 * import { Simulator } from "@volley/simulator"
 * import { Effect } from "effect"
 *
 * // The simulator stands in for the provider; leave `baseUrl` out and the provider itself is asked.
 * await using simulator = await Simulator.start({ script: () => ({ wants: () => [], answer: () => "Hello." }) })
 * const model = AnthropicMessages.layer({ model: "claude-sonnet-5", apiKey: "simulated", baseUrl: simulator.anthropic })
 * const agent = Agent.run({ toolkit: Toolkit.make(), prompt: "Hello!" })
 * console.log((await Effect.runPromise(Effect.provide(agent, model))).answer) // => Hello.
 * ```
 */
export const layer = (options: ChatModel.ApiOptions & Sent): Layer.Layer<ChatModel.ChatModel> =>
  Layer.effect(
    ChatModel.ChatModel,
    ChatModel.reached(wire, options, (limited, secret) => {
      const client = new Anthropic({
        apiKey: Redacted.value(secret),
        authToken: null,
        baseURL: options.baseUrl ?? null,
        maxRetries: options.maxRetries ?? 2,
        timeout: longest,
        // It would write what a server sent to the terminal as it came; errors say what was wrong.
        logLevel: "off",
        fetch: limited()
      })
      return makeModel({ ...options, client, origin: originOf(options) }, { secret })
    })
  )

/** The longest that a timer can wait, in milliseconds; what sends the requests alone has a sense of time. */
const longest = 2_147_483_647

/**
 * Provides `ChatModel` with the API key from the configuration, `ANTHROPIC_API_KEY` unless another is given.
 *
 * @example
 * ```ts
 * import { AnthropicMessages } from "@volley/anthropic"
 * import { Agent, Toolkit } from "@volley/core"
 * import { Simulator } from "@volley/simulator"
 * import { ConfigProvider, Effect } from "effect"
 *
 * await using simulator = await Simulator.start({ script: () => ({ wants: () => [], answer: () => "Hello." }) })
 * const model = AnthropicMessages.layerConfig({ model: "claude-sonnet-5", baseUrl: simulator.anthropic })
 * const agent = Effect.provide(Agent.run({ toolkit: Toolkit.make(), prompt: "Hello!" }), model)
 *
 * // In a program, the key is in the environment, and this line is not there.
 * const config = ConfigProvider.layer(ConfigProvider.fromUnknown({ ANTHROPIC_API_KEY: "simulated" }))
 * console.log((await Effect.runPromise(Effect.provide(agent, config))).answer) // => Hello.
 * ```
 */
export const layerConfig: (
  options: ChatModel.ConfigOptions<Sent>
) => Layer.Layer<ChatModel.ChatModel, Config.ConfigError> = ChatModel.layerConfig<Sent>(layer, "ANTHROPIC_API_KEY")

const makeModel = (options: ClientOptions, how: ChatModel.Reached): ChatModel.ChatModel["Service"] => {
  const { acceptsId, client, maxTokens, model, request: own } = options
  const origin = originOf({ origin: options.origin, baseUrl: client.baseURL })
  const bodyOf = (request: ChatModel.Request, context: Context.Context<never>) =>
    Body.bodyOf({
      model,
      maxTokens,
      fields: { ...own, ...Context.get(context, Request) },
      messages: messages(request.conversation, { origin, acceptsId })
    }, request)
  const sending = (signal: AbortSignal, context: Context.Context<never>) => ({
    signal,
    ...ChatModel.extrasOf(options, context)
  })
  return ChatModel.make({
    wire,
    ...how,
    about: { provider: "anthropic", model },
    address: client.baseURL,
    client,
    query: options.query,
    headers: options.headers,
    send: async (request, signal, context) =>
      client.messages.create(bodyOf(request, context), {
        ...sending(signal, context),
        timeout: client.timeout ?? timeout
      }),
    read: (body) => Result.map(wholeOf(body, origin), ({ turn }) => turn),
    open: (request, signal, context) =>
      eventsOf(client.messages.create({ ...bodyOf(request, context), stream: true }, sending(signal, context))),
    fold: foldOf(origin),
    reason: (error, now) => reasonOf(client.baseURL, error, now)
  })
}

/** The SDK's own default, in milliseconds; without it said, the SDK refuses long answers that are not streamed. */
const timeout = 600_000

/**
 * Gives the parts of a turn that your own client streams: its text as it arrives, each call once it is known to be
 * complete, and at the end the response that `followUp` takes.
 *
 * - input that is no JSON stays a text: the call is answered with `InvalidArguments`
 * - `origin`: the name of the server, if the conversation may go on with another server
 *
 * @example
 * ```ts
 * import Anthropic from "@anthropic-ai/sdk"
 * import { AnthropicMessages } from "@volley/anthropic"
 * import { Simulator } from "@volley/simulator"
 * import { Effect, Stream } from "effect"
 *
 * await using simulator = await Simulator.start({ script: () => ({ wants: () => [], answer: () => "Hello." }) })
 * const client = new Anthropic({ apiKey: "simulated", baseURL: simulator.anthropic })
 * const events = await client.messages.create({
 *   model: "claude-sonnet-5",
 *   max_tokens: 100,
 *   messages: [{ role: "user", content: "Hello!" }],
 *   stream: true
 * })
 *
 * // `ChatModel.split` gives the calls among them to `Batch.dispatch`.
 * const parts = await Effect.runPromise(Stream.runCollect(AnthropicMessages.parts(events)))
 * console.log(parts.map((part) => part._tag === "Text" ? part.text : part._tag).join("|")) // => Hello.|Turn
 * ```
 */
export const parts = (
  events: AsyncIterable<Event>,
  { origin }: Pick<ChatModel.ApiOptions, "origin"> = {}
): Stream.Stream<ChatModel.Part<Whole>, ChatModelError.ChatModelError> =>
  ChatModel.parts({ wire, fold: foldOf(origin), reason: (error, now) => reasonOf(undefined, error, now) }, events)

const foldOf = (origin: string | undefined): ChatModel.Fold<MessageStream.State, Whole> => ({
  initial: MessageStream.initial,
  next: MessageStream.next,
  end: (state) => Result.flatMap(MessageStream.body(state), (body) => ChatModel.orUnusable(wholeOf(body, origin)))
})

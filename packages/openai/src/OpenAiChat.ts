/**
 * OpenAI Chat Completions: a pure codec for a loop of your own, and the Layer that provides `ChatModel`.
 */
import type * as Batch from "@volley/core/Batch"
import * as ChatModel from "@volley/core/ChatModel"
import type * as ChatModelError from "@volley/core/ChatModelError"
import * as Conversation from "@volley/core/Conversation"
import * as Given from "@volley/core/Given"
import * as Json from "@volley/core/Json"
import type * as Tool from "@volley/core/Tool"
import * as ToolCall from "@volley/core/ToolCall"
import * as Toolkit from "@volley/core/Toolkit"
import * as Usage from "@volley/core/Usage"
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Stream from "effect/Stream"
import type OpenAI from "openai"
import { refusalIn, textIn } from "./internal/chatContent.ts"
import { endOf, failureOf, provenBy, unprovenIn } from "./internal/chatEnd.ts"
import { resultMessages, userMessage } from "./internal/chatMedia.ts"
import * as ChatStream from "./internal/chatStream.ts"
import { choiceOf, distinctCalls, echo, echoOf, messageOf, read, readResponse, type Told } from "./internal/chatTurn.ts"
import {
  type Answer,
  clientOf,
  eventsOf,
  type Extras,
  originOf,
  type OwnClient,
  type Sending,
  sendingOf
} from "./internal/client.ts"
import type { Fields as Raw } from "./internal/fields.ts"
import { errorIn, reasonOfError } from "./internal/providerError.ts"
import { formatOf, strictMode } from "./internal/strictMode.ts"
import { reasonOf } from "./internal/thrown.ts"

/** The fields of a response that this codec reads, in any version of the SDK. */
export interface Response {
  readonly choices: ReadonlyArray<{
    readonly finish_reason?: string | null | undefined
    readonly message: {
      readonly content?: string | ReadonlyArray<object> | null | undefined
      readonly refusal?: string | null | undefined
      readonly tool_calls?: ReadonlyArray<object> | null | undefined
    }
  }>
  readonly model?: string | null | undefined
  readonly usage?: Tokens | null | undefined
}

/** A response that this codec gives; a name of this package, so that programs can export what they got. */
export interface Whole extends OpenAI.ChatCompletion {}

/** What a response says of its tokens. */
export interface Tokens {
  readonly prompt_tokens?: number | undefined
  readonly completion_tokens?: number | undefined
  readonly prompt_tokens_details?:
    | { readonly cached_tokens?: number | undefined; readonly cache_write_tokens?: number | undefined }
    | null
    | undefined
  readonly completion_tokens_details?: { readonly reasoning_tokens?: number | undefined } | null | undefined
}

/** A piece of a streamed response, as far as every one has it. */
export interface Chunk {
  readonly choices: ReadonlyArray<object>
}

/** A tool as a request has it. */
export interface FunctionTool extends OpenAI.ChatCompletionFunctionTool {}

/** What the system says, which goes first. */
export interface SystemMessage extends OpenAI.ChatCompletionSystemMessageParam {}

/** What the person says, or media of results. */
export interface UserMessage extends OpenAI.ChatCompletionUserMessageParam {}

/** A turn of the model. */
export interface AssistantMessage extends OpenAI.ChatCompletionAssistantMessageParam {}

/** The result of one call. */
export interface ToolMessage extends OpenAI.ChatCompletionToolMessageParam {}

/** A message of a conversation. */
export type Message = SystemMessage | UserMessage | AssistantMessage | ToolMessage

/** The name of this wire. */
export const wire = "openai-chat"

/**
 * The `tools` of a request, under names that every provider accepts.
 *
 * @example
 * ```ts
 * import { Tool, Toolkit } from "@volley/core"
 * import { OpenAiChat } from "@volley/openai"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: { type: "object" },
 *   execute: async () => "pong"
 * })
 * const tools = OpenAiChat.tools(Toolkit.make(ping)) // for the `tools` of a request
 * console.log(tools[0]?.function.name) // => ping
 * ```
 */
export const tools = (toolkit: Toolkit.Any): Array<FunctionTool> =>
  Given.toolkit("OpenAiChat.tools", toolkit).map((tool) => ({
    type: "function",
    function: {
      name: toolkit.wireNames.get(tool.name) ?? tool.name,
      description: tool.description,
      parameters: tool.jsonSchema,
      ...(tool.strict && { strict: true })
    }
  }))

/**
 * The same tools as OpenAI's strict mode wants them, for both `tools` and `Batch.run`: every key required, optional
 * ones nullable, records as lists of pairs. A tool that strict mode cannot take stays as it was, and is named in `lax`.
 *
 * @example
 * ```ts
 * import { Tool, Toolkit } from "@volley/core"
 * import { OpenAiChat } from "@volley/openai"
 * import { Schema } from "effect"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: Schema.Struct({ times: Schema.Int }),
 *   execute: async ({ times }) => "pong ".repeat(times)
 * })
 * const strict = OpenAiChat.strict(Toolkit.make(ping)) // give this one to `Batch.run` too
 * console.log(OpenAiChat.tools(strict)[0]?.function.strict, strict.lax) // => true []
 * ```
 */
export const strict = <T extends Tool.Any>(toolkit: Toolkit.Toolkit<T>): Toolkit.Toolkit<T> =>
  Toolkit.strict(toolkit, strictMode)

/**
 * The calls of a response, in call order, each with an id of its own; none of what is no response.
 *
 * - if the turn was cut off, filtered or refused, or ended for an unknown reason, its calls may be incomplete: all of
 *   them are `"truncated"`
 * - a call of `multi_tool_use.parallel`, which some models make up, is replaced by the calls inside
 *
 * @example
 * ```ts
 * import { OpenAiChat } from "@volley/openai"
 *
 * // What `client.chat.completions.create(request)` gives.
 * const call = { id: "call_1", type: "function", function: { name: "ping", arguments: "{}" } }
 * const response = { choices: [{ finish_reason: "tool_calls", message: { role: "assistant", tool_calls: [call] } }] }
 *
 * console.log(JSON.stringify(OpenAiChat.toolCalls(response)[0]))
 * // => {"id":"call_1","name":"ping","arguments":"{}","index":0,"status":"complete"}
 * ```
 */
export const toolCalls = (response: Response): ReadonlyArray<ToolCall.ToolCall> => {
  const choice = choiceOf(Given.response("OpenAiChat.toolCalls", response))
  return callsOf(response, choice, distinctCalls(messageOf(choice)))
}

const callsOf = (
  response: Response,
  choice: Raw | undefined,
  calls: ReadonlyArray<Told>
): ReadonlyArray<ToolCall.ToolCall> => {
  const proves = provenBy(response, choice)
  const told = calls.map(({ call: { arguments: args, call, name }, id }, index): ToolCall.ToolCall => ({
    id,
    name,
    arguments: args,
    index,
    status: proves(call) ? "complete" : "truncated"
  }))
  ToolCall.remember(told, calls.map(({ call }) => call.object))
  return told
}

/**
 * Takes JSON of unknown origin for a response: a whole body, or an assistant message alone, which counts as complete.
 *
 * - checks the fields that this codec reads; if the JSON is no turn, says what is wrong, or gives the provider's own
 *   error
 *
 * @example
 * ```ts
 * import { OpenAiChat } from "@volley/openai"
 * import { Result } from "effect"
 *
 * const read = OpenAiChat.parse({
 *   choices: [{ finish_reason: "stop", message: { role: "assistant", content: "Hello." } }]
 * })
 * console.log(Result.isSuccess(read) && read.success.choices[0]?.message.content) // => Hello.
 * console.log(Result.isSuccess(OpenAiChat.parse("<html>"))) // => false
 * ```
 */
export const parse = (json: unknown): Result.Result<Whole, string> => {
  const error = errorIn(json)
  if (error !== undefined) return Result.fail(`the provider failed: ${reasonOfError(error).message}`)
  const isAlone = Json.isObject(json) && json["role"] === "assistant" && !("choices" in json)
  return readResponse(isAlone ? { choices: [{ index: 0, message: json, finish_reason: "tool_calls" }] } : json)
}

/**
 * The results alone: one `tool` message per call, in call order.
 *
 * - such a message takes text alone: images and documents come after all of them, in one `user` message
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { OpenAiChat } from "@volley/openai"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: { type: "object" },
 *   execute: async () => "pong"
 * })
 * const settled = await Batch.runPromise(Toolkit.make(ping), [ToolCall.make({ id: "call_1", name: "ping" })])
 * console.log(JSON.stringify(OpenAiChat.results(settled)))
 * // => [{"role":"tool","tool_call_id":"call_1","content":"\"pong\""}]
 * ```
 */
export const results = (settled: Batch.Settled<Tool.Any>): Array<ToolMessage | UserMessage> =>
  resultMessages(Conversation.results(Given.settled("OpenAiChat.results", settled)))

/**
 * Gives what to append to the messages: the assistant turn, and right after it the results.
 *
 * - the turn is as it came, except for what servers refuse: missing or repeated ids, names that a model made up, and
 *   arguments that are no JSON object, which go under `unreadable`
 *
 * @example
 * ```ts
 * import { Batch, Tool, Toolkit } from "@volley/core"
 * import { OpenAiChat } from "@volley/openai"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: { type: "object" },
 *   execute: async () => "pong"
 * })
 *
 * // What `client.chat.completions.create(request)` gives.
 * const call = { id: "call_1", type: "function", function: { name: "ping", arguments: "{}" } }
 * const response = { choices: [{ finish_reason: "tool_calls", message: { role: "assistant", tool_calls: [call] } }] }
 *
 * const settled = await Batch.runPromise(Toolkit.make(ping), OpenAiChat.toolCalls(response))
 * console.log(OpenAiChat.followUp(response, settled).map((item) => item.role).join()) // => assistant,tool
 * ```
 */
export const followUp = (
  response: Response,
  settled: Batch.Settled<Tool.Any>
): Array<AssistantMessage | ToolMessage | UserMessage> => {
  const message = messageOf(choiceOf(Given.response("OpenAiChat.followUp", response)))
  return [...(message === undefined ? [] : [echo(message, distinctCalls(message))]), ...results(settled)]
}

/** Which server of this wire a conversation goes to, and which ids of calls that one takes. */
type Target = Pick<ChatModel.ApiOptions, "acceptsId" | "origin">

/**
 * A conversation as this wire writes it; turns that came from here are echoed as they came, others spelled from their text and
 * calls.
 *
 * - `origin`: which server of this wire it goes to; if left out, turns of all its servers are sent back as they came
 * - `acceptsId`: which ids of calls that server takes; calls with other ids get new ones
 *
 * @example
 * ```ts
 * import { Conversation } from "@volley/core"
 * import { OpenAiChat } from "@volley/openai"
 *
 * const conversation = Conversation.make("Hello!", { system: "Be short." })
 * console.log(JSON.stringify(OpenAiChat.messages(conversation)))
 * // => [{"role":"system","content":"Be short."},{"role":"user","content":"Hello!"}]
 * ```
 */
export const messages = (
  conversation: Conversation.Conversation,
  { acceptsId, origin }: Target = {}
): Array<Message> => {
  const accepts = (id: string): boolean => id.length <= 40 && (acceptsId?.(id) ?? true)
  return Conversation.respell(conversation, wire, accepts, origin).messages.flatMap((message): Array<Message> => {
    switch (message.role) {
      case "system":
        return [{ role: "system", content: message.text }]
      case "user":
        return [userMessage(message)]
      case "assistant": {
        return [echoOf(Conversation.nativeOf(message, wire, origin)) ?? spell(message)]
      }
      case "tool":
        return resultMessages(message.results)
    }
  })
}

const spell = ({ calls, text }: Conversation.Assistant): AssistantMessage =>
  echo(
    { content: text === "" && calls.length > 0 ? null : text },
    calls.map(({ arguments: args, id, name }) => ({ id, call: read({ function: { name, arguments: args } }) }))
  )

type Params = OpenAI.ChatCompletionCreateParamsNonStreaming

/** Fields of a request that the Layer does not write itself. */
export interface Fields extends
  Partial<
    Omit<
      Params,
      "messages" | "stream" | "tools" | "tool_choice" | "parallel_tool_calls" | "functions" | "function_call" | "n"
    >
  >
{}

/** Fields of the requests of one run; they override those of the Layer. */
export const Request = Context.Reference<Fields>("@volley/openai/OpenAiChat/Request", { defaultValue: () => ({}) })

/** The methods of a client that Volley calls: of the official one, Azure's, or a wrapper of these. */
export interface Client {
  readonly baseURL?: string
  readonly chat: {
    readonly completions: {
      create(body: OpenAI.ChatCompletionCreateParams, sending: Sending): Answer
    }
  }
}

/** How Chat Completions is reached. */
export type Options = ChatModel.ApiOptions & Extras<Fields>

/** A client of your own, and its model. */
export type ClientOptions = OwnClient<Client, Fields>

/**
 * Provides `ChatModel` on the official SDK.
 *
 * @example
 * ```ts
 * import { Agent, Toolkit } from "@volley/core"
 * import { OpenAiChat } from "@volley/openai"
 * import { Simulator } from "@volley/simulator"
 * import { Effect } from "effect"
 *
 * // The simulator stands in for the provider; leave `baseUrl` out and the provider itself is asked.
 * await using simulator = await Simulator.start({ script: () => ({ wants: () => [], answer: () => "Hello." }) })
 * const model = OpenAiChat.layer({ model: "gpt-4.1", apiKey: "simulated", baseUrl: simulator.openai })
 * const agent = Agent.run({ toolkit: Toolkit.make(), prompt: "Hello!" })
 * console.log((await Effect.runPromise(Effect.provide(agent, model))).answer) // => Hello.
 * ```
 */
export const layer = (options: Options): Layer.Layer<ChatModel.ChatModel> =>
  Layer.effect(
    ChatModel.ChatModel,
    ChatModel.reached(
      wire,
      options,
      (limited, secret) => modelOf({ ...options, client: clientOf(options, secret, limited()) }, { secret })
    )
  )

/**
 * Provides `ChatModel` with the API key from the configuration, `OPENAI_API_KEY` unless another is given.
 *
 * @example
 * ```ts
 * import { Agent, Toolkit } from "@volley/core"
 * import { OpenAiChat } from "@volley/openai"
 * import { Simulator } from "@volley/simulator"
 * import { ConfigProvider, Effect } from "effect"
 *
 * await using simulator = await Simulator.start({ script: () => ({ wants: () => [], answer: () => "Hello." }) })
 * const model = OpenAiChat.layerConfig({ model: "gpt-4.1", baseUrl: simulator.openai })
 * const agent = Effect.provide(Agent.run({ toolkit: Toolkit.make(), prompt: "Hello!" }), model)
 *
 * // In a program, the key is in the environment, and this line is not there.
 * const config = ConfigProvider.layer(ConfigProvider.fromUnknown({ OPENAI_API_KEY: "simulated" }))
 * console.log((await Effect.runPromise(Effect.provide(agent, config))).answer) // => Hello.
 * ```
 */
export const layerConfig: (
  options: ChatModel.ConfigOptions<Extras<Fields>>
) => Layer.Layer<ChatModel.ChatModel, Config.ConfigError> = ChatModel.layerConfig(layer, "OPENAI_API_KEY")

/**
 * Provides `ChatModel` on a client of your own, which knows where requests go and what they need.
 *
 * @example
 * ```ts
 * import { Agent, Toolkit } from "@volley/core"
 * import { OpenAiChat } from "@volley/openai"
 * import { Simulator } from "@volley/simulator"
 * import { Effect } from "effect"
 * import OpenAI from "openai"
 *
 * // The simulator stands in for the provider; your client may be any that has the same methods.
 * await using simulator = await Simulator.start({ script: () => ({ wants: () => [], answer: () => "Hello." }) })
 * const client = new OpenAI({ apiKey: "simulated", baseURL: simulator.openai })
 * const model = OpenAiChat.layerClient({ client, model: "gpt-4.1" })
 * const agent = Agent.run({ toolkit: Toolkit.make(), prompt: "Hello!" })
 * console.log((await Effect.runPromise(Effect.provide(agent, model))).answer) // => Hello.
 * ```
 */
export const layerClient = (options: ClientOptions): Layer.Layer<ChatModel.ChatModel> => {
  const given = Given.client("OpenAiChat.layerClient", options)
  return Layer.sync(ChatModel.ChatModel, () => modelOf(given, { limits: given }))
}

const modelOf = (
  options: ClientOptions,
  how: ChatModel.Reached
): ChatModel.ChatModel["Service"] => {
  const { client } = options
  const to = { ...options, origin: originOf(client, options) }
  return ChatModel.make({
    wire,
    ...how,
    about: { provider: "openai", model: options.model },
    address: client.baseURL,
    client,
    query: options.query,
    headers: options.headers,
    send: async (request, signal, context) => {
      const { stream_options: _streamed, ...body } = bodyOf(to, request, context)
      return await client.chat.completions.create(body, sendingOf(options, signal, context))
    },
    read: (body) => Result.map(wholeOf(body, to), ({ turn }) => turn),
    open: (request, signal, context) =>
      eventsOf(
        client.chat.completions.create(streamed(bodyOf(to, request, context)), sendingOf(options, signal, context))
      ),
    fold: foldOf(to),
    reason: (error, now) => reasonOf(client.baseURL, error, now)
  })
}

const streamed = (body: Params): OpenAI.ChatCompletionCreateParamsStreaming => ({
  ...body,
  stream: true,
  stream_options: { include_usage: true, ...body.stream_options }
})

const bodyOf = (
  options: ClientOptions,
  request: ChatModel.Request,
  context: Context.Context<never>
): Params => ({
  model: options.model,
  ...(options.maxTokens !== undefined && { max_completion_tokens: options.maxTokens }),
  ...options.request,
  ...Context.get(context, Request),
  messages: messages(request.conversation, options),
  ...(request.toolkit && request.toolkit.tools.length > 0 && {
    tools: tools(request.toolkit),
    ...(request.toolChoice !== undefined && { tool_choice: toolChoice(request.toolkit, request.toolChoice) }),
    ...(request.parallelToolCalls !== undefined && { parallel_tool_calls: request.parallelToolCalls })
  }),
  ...(request.output && { response_format: { type: "json_schema", json_schema: formatOf(request.output) } })
})

const toolChoice = (toolkit: Toolkit.Any, choice: ChatModel.ToolChoice): OpenAI.ChatCompletionToolChoiceOption =>
  typeof choice === "string"
    ? choice
    : { type: "function", function: { name: toolkit.wireNames.get(choice.tool) ?? choice.tool } }

/**
 * Gives the parts of a turn that your own client streams: its text as it arrives, and at its end the calls and the
 * response that `followUp` takes.
 *
 * - on this wire only the end of the turn shows that a call is complete
 * - wants `stream_options: { include_usage: true }` for the usage
 * - `origin`: the name of the server, if the conversation may go on with another server
 *
 * @example
 * ```ts
 * import { OpenAiChat } from "@volley/openai"
 * import { Effect, Stream } from "effect"
 *
 * const chunks = async function*() { // what `client.chat.completions.create({ ...request, stream: true })` gives
 *   yield { choices: [{ index: 0, delta: { role: "assistant", content: "Good " } }] }
 *   yield { choices: [{ index: 0, delta: { content: "morning." }, finish_reason: "stop" }] }
 * }
 *
 * // `ChatModel.split` gives the calls among them to `Batch.dispatch`.
 * const parts = await Effect.runPromise(Stream.runCollect(OpenAiChat.parts(chunks())))
 * console.log(parts.map((part) => part._tag === "Text" ? part.text : part._tag).join("|"))
 * // => Good |morning.|Turn
 * ```
 */
export const parts = (
  chunks: AsyncIterable<Chunk>,
  { origin }: Pick<ChatModel.ApiOptions, "origin"> = {}
): Stream.Stream<ChatModel.Part<Whole>, ChatModelError.ChatModelError> =>
  ChatModel.parts({ wire, fold: foldOf({ origin }), reason: (error, now) => reasonOf(undefined, error, now) }, chunks)

const foldOf = (target: Target): ChatModel.Fold<ChatStream.State, Whole> => ({
  initial: ChatStream.initial,
  next: ChatStream.next,
  end: (state) => Result.flatMap(ChatStream.body(state), (body) => ChatModel.orUnusable(wholeOf(body, target)))
})

type Ended = Omit<ChatModel.Whole<Whole>, "_tag">

const wholeOf = (
  body: unknown,
  target: Target
): Result.Result<Ended, string | ChatModelError.Reason> => {
  const failure = failureOf(body, choiceOf(body))
  if (failure !== undefined) return Result.fail(failure)
  return Result.flatMap(parse(body), (response) => {
    const turn = turnOf(response, choiceOf(response) ?? {}, target)
    const problem = unprovenIn(response, turn.message.calls.length)
    return problem === undefined ? Result.succeed({ response, turn }) : Result.fail(problem)
  })
}

const turnOf = (response: Response, choice: Raw, { acceptsId, origin }: Target): ChatModel.Turn => {
  const message = messageOf(choice) ?? {}
  const distinct = distinctCalls(message)
  const calls = callsOf(response, choice, distinct)
  const text = textIn(message["content"]) || refusalIn(message)
  const isTaken = calls.every(({ id }) => acceptsId?.(id) ?? true)
  const native = { wire, ...(origin !== undefined && { origin }), message: echo(message, distinct) }
  return {
    message: { role: "assistant", text, calls, ...(isTaken && { native }) },
    ...finishOf(response, choice, calls.length, text),
    usage: usageOf(response.usage),
    model: response.model ?? undefined
  }
}

const usageOf = (usage: Response["usage"]): Usage.Usage =>
  Usage.make({
    input: usage?.prompt_tokens,
    output: usage?.completion_tokens,
    cached: usage?.prompt_tokens_details?.cached_tokens,
    cacheWrite: usage?.prompt_tokens_details?.cache_write_tokens,
    reasoning: usage?.completion_tokens_details?.reasoning_tokens
  })

/**
 * A forced call may come with `"stop"`, so that there are calls counts for more than the reason given.
 *
 * - an end that speaks of calls where there are none, and no text either, is what is left of calls that could not be read
 */
const finishOf = (
  response: Response,
  choice: Raw,
  calls: number,
  text: string
): Pick<ChatModel.Turn, "finish" | "problem"> => {
  const end = endOf(response, choice)
  if (end === "length") return { finish: "length" }
  if (end === "filtered" || refusalIn(messageOf(choice) ?? {}) !== "") return { finish: "refusal" }
  if (calls > 0) return { finish: "tool-calls" }
  const { finish_reason: finish } = choice
  return text === "" && (finish === "tool_calls" || finish === "function_call")
    ? { finish: "malformed", problem: `finish_reason "${finish}" without a call` }
    : { finish: "stop" }
}

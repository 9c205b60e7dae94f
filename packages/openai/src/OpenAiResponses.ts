/**
 * OpenAI Responses: a pure codec for a loop of your own, and the Layer that provides `ChatModel`.
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
import type * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Stream from "effect/Stream"
import type {
  EasyInputMessage,
  FunctionTool as ApiTool,
  Response as ApiResponse,
  ResponseCreateParams,
  ResponseCreateParamsNonStreaming,
  ResponseIncludable,
  ResponseInputItem,
  ToolChoiceFunction,
  ToolChoiceOptions
} from "openai/resources/responses/responses"
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
import { errorIn, reasonOfError } from "./internal/providerError.ts"
import { failureOf, finishOf, isWhole, saidIn } from "./internal/responseEnd.ts"
import {
  calling,
  callOf,
  type Calls,
  distinctCalls,
  echo,
  hasOwnIds,
  itemsIn,
  mended,
  readResponse,
  withObjects
} from "./internal/responseItems.ts"
import { type Output, outputs, userItem } from "./internal/responseMedia.ts"
import * as ResponseStream from "./internal/responseStream.ts"
import { type Tokens, usageOf } from "./internal/responseUsage.ts"
import { formatOf, strictMode } from "./internal/strictMode.ts"
import { reasonOf } from "./internal/thrown.ts"

export type { Output } from "./internal/responseMedia.ts"
export type { Tokens } from "./internal/responseUsage.ts"

/** The name of this wire. */
export const wire = "openai-responses"

/** The fields of a response that this codec reads, in any version of the SDK. */
export interface Response {
  readonly output: ReadonlyArray<{ readonly type: string }>
  readonly id?: string | null | undefined
  readonly status?: string | null | undefined
  readonly incomplete_details?: { readonly reason?: string | null | undefined } | null | undefined
  readonly model?: string | null | undefined
  readonly usage?: Tokens | null | undefined
}

/** A response that this codec gives; a name of this package, so that programs can export what they got. */
export interface Whole extends ApiResponse {}

/** An event of a streamed response, as far as every one has it. */
export interface Event {
  readonly type: string
}

/** A tool as a request has it. */
export interface FunctionTool extends ApiTool {}

/** A message of a role. */
export interface Message extends EasyInputMessage {}

/** An item of the input. */
export type Item = Message | ResponseInputItem

/**
 * The `tools` of a request, under names that every provider accepts.
 *
 * - `strict` is always set: without it, this API makes schemas strict by itself
 *
 * @example
 * ```ts
 * import { Tool, Toolkit } from "@volley/core"
 * import { OpenAiResponses } from "@volley/openai"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: { type: "object" },
 *   execute: async () => "pong"
 * })
 * const tools = OpenAiResponses.tools(Toolkit.make(ping)) // for the `tools` of a request
 * console.log(tools[0]?.name) // => ping
 * ```
 */
export const tools = (toolkit: Toolkit.Any): Array<FunctionTool> =>
  Given.toolkit("OpenAiResponses.tools", toolkit).map((tool) => ({
    type: "function",
    name: toolkit.wireNames.get(tool.name) ?? tool.name,
    description: tool.description,
    parameters: tool.jsonSchema,
    strict: tool.strict
  }))

/**
 * The same tools as OpenAI's strict mode wants them, for both `tools` and `Batch.run`: every key required, optional
 * ones nullable, records as lists of pairs. A tool that strict mode cannot take stays as it was, and is named in `lax`.
 *
 * @example
 * ```ts
 * import { Tool, Toolkit } from "@volley/core"
 * import { OpenAiResponses } from "@volley/openai"
 * import { Schema } from "effect"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: Schema.Struct({ times: Schema.Int }),
 *   execute: async ({ times }) => "pong ".repeat(times)
 * })
 * const strict = OpenAiResponses.strict(Toolkit.make(ping)) // give this one to `Batch.run` too
 * console.log(OpenAiResponses.tools(strict)[0]?.strict, strict.lax) // => true []
 * ```
 */
export const strict = <T extends Tool.Any>(toolkit: Toolkit.Toolkit<T>): Toolkit.Toolkit<T> =>
  Toolkit.strict(toolkit, strictMode)

/**
 * The calls of a response, in call order, each with a `call_id` of its own; none of what is no response. Those of tools that
 * OpenAI or its client runs are not among them.
 *
 * - if the response is not complete, or refuses to answer, its calls may be incomplete: all of them are `"truncated"`
 * - a call of `multi_tool_use.parallel`, which some models make up, is replaced by the calls inside
 *
 * @example
 * ```ts
 * import { OpenAiResponses } from "@volley/openai"
 *
 * // What `client.responses.create(request)` gives.
 * const call = { type: "function_call", id: "fc_1", call_id: "call_1", name: "ping", arguments: "{}" }
 * const response = { status: "completed", output: [call] }
 *
 * console.log(JSON.stringify(OpenAiResponses.toolCalls(response)[0]))
 * // => {"id":"call_1","name":"ping","arguments":"{}","index":0,"status":"complete"}
 * ```
 */
export const toolCalls = (response: Response): ReadonlyArray<ToolCall.ToolCall> =>
  callsOf(response, withObjects(distinctCalls(itemsIn(Given.response("OpenAiResponses.toolCalls", response)))))

const callsOf = (response: Response, calls: Calls): ReadonlyArray<ToolCall.ToolCall> => {
  const isProven = isWhole(response)
  const told = calls.map((call, index) => callOf(call, index, isProven))
  ToolCall.remember(told, calls.map(({ object }) => object))
  return told
}

/**
 * Takes JSON of unknown origin for a response.
 *
 * - checks the fields that this codec reads; if the JSON is no turn, says what is wrong, or gives the provider's own
 *   error
 *
 * @example
 * ```ts
 * import { OpenAiResponses } from "@volley/openai"
 * import { Result } from "effect"
 *
 * const said = { type: "message", role: "assistant", content: [{ type: "output_text", text: "Hello." }] }
 * const read = OpenAiResponses.parse({ status: "completed", output: [said] })
 * console.log(Result.isSuccess(read) && read.success.output.length) // => 1
 * console.log(Result.isSuccess(OpenAiResponses.parse("<html>"))) // => false
 * ```
 */
export const parse = (json: unknown): Result.Result<Whole, string> => {
  const error = errorIn(json)
  return error === undefined ? readResponse(json) : Result.fail(`the provider failed: ${reasonOfError(error).message}`)
}

/**
 * The results alone: one `function_call_output` item per call, in call order.
 *
 * - with `previous_response_id`, where OpenAI keeps the turns, send only these
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { OpenAiResponses } from "@volley/openai"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: { type: "object" },
 *   execute: async () => "pong"
 * })
 * const settled = await Batch.runPromise(Toolkit.make(ping), [ToolCall.make({ id: "call_1", name: "ping" })])
 * console.log(JSON.stringify(OpenAiResponses.results(settled)))
 * // => [{"type":"function_call_output","call_id":"call_1","output":"\"pong\""}]
 * ```
 */
export const results = (settled: Batch.Settled<Tool.Any>): Array<Output> =>
  outputs(Conversation.results(Given.settled("OpenAiResponses.results", settled)), [])

/**
 * Gives what to append to the input: every item of the response, without the fields that only a response has, and after
 * them one output per call.
 *
 * - reasoning goes back as it came; with `store: false` the request needs `include: ["reasoning.encrypted_content"]`
 * - ids of calls that were missing or repeated are those of `toolCalls`; names that a model made up, and arguments that are no
 *   JSON object, are written so that servers take them
 *
 * @example
 * ```ts
 * import { Batch, Tool, Toolkit } from "@volley/core"
 * import { OpenAiResponses } from "@volley/openai"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: { type: "object" },
 *   execute: async () => "pong"
 * })
 *
 * // What `client.responses.create(request)` gives.
 * const call = { type: "function_call", id: "fc_1", call_id: "call_1", name: "ping", arguments: "{}" }
 * const response = { status: "completed", output: [call] }
 *
 * const settled = await Batch.runPromise(Toolkit.make(ping), OpenAiResponses.toolCalls(response))
 * console.log(OpenAiResponses.followUp(response, settled).map((item) => ("type" in item ? item.type : "message")).join())
 * // => function_call,function_call_output
 * ```
 */
export const followUp = (response: Response, settled: Batch.Settled<Tool.Any>): Array<Item> => {
  const items = itemsIn(Given.response("OpenAiResponses.followUp", response))
  const turn = echo(items, distinctCalls(items))
  return [...turn, ...outputs(Conversation.results(Given.settled("OpenAiResponses.followUp", settled)), turn)]
}

/**
 * The `instructions` of a request: what the system messages of a conversation say.
 *
 * @example
 * ```ts
 * import { Conversation } from "@volley/core"
 * import { OpenAiResponses } from "@volley/openai"
 *
 * const conversation = Conversation.make("Hello!", { system: "Be short." })
 * console.log(OpenAiResponses.instructions(conversation)) // => Be short.
 * ```
 */
export const instructions = (conversation: Conversation.Conversation): string | undefined => {
  const texts = conversation.messages.flatMap((message) => message.role === "system" ? [message.text] : [])
  return texts.length === 0 ? undefined : texts.join("\n\n")
}

/** Which server of this wire a conversation goes to, and which ids of calls that one takes. */
type Target = Pick<ChatModel.ApiOptions, "acceptsId" | "origin">

/**
 * A conversation as input items, its system messages apart; turns that came from here are echoed as they came, others spelled
 * from their text and calls.
 *
 * - `origin`: which server of this wire it goes to; if left out, turns of all its servers are sent back as they came
 * - `acceptsId`: which ids of calls that server takes; calls with other ids get new ones
 *
 * @example
 * ```ts
 * import { Conversation } from "@volley/core"
 * import { OpenAiResponses } from "@volley/openai"
 *
 * const conversation = Conversation.make("Hello!", { system: "Be short." })
 * console.log(JSON.stringify(OpenAiResponses.messages(conversation)))
 * // => [{"role":"user","content":"Hello!"}]
 * ```
 */
export const messages = (conversation: Conversation.Conversation, target: Target = {}): Array<Item> =>
  itemsOf(conversation, target).flat()

/** The input items of each message of a conversation. */
const itemsOf = (
  conversation: Conversation.Conversation,
  { acceptsId, origin }: Target
): Array<Array<ResponseInputItem>> => {
  const accepts = (id: string): boolean => id.length > 0 && id.length <= 64 && (acceptsId?.(id) ?? true)
  let turn: Array<ResponseInputItem> = []
  return Conversation.respell(conversation, wire, accepts, origin).messages.map((message): Array<ResponseInputItem> => {
    switch (message.role) {
      case "system":
        return []
      case "user":
        return [userItem(message)]
      case "assistant":
        turn = nativeOf(message, origin)?.items.map(mended) ?? spell(message)
        return turn
      case "tool":
        return outputs(message.results, turn)
    }
  })
}

/** A turn of this wire; `responseId` is there where OpenAI keeps the turn just as its items are. */
interface Native {
  readonly items: Array<ResponseInputItem>
  readonly responseId?: string
}

const nativeOf = (message: Conversation.Assistant, origin: string | undefined): Native | undefined => {
  const native = Conversation.nativeOf(message, wire, origin)
  return isNative(native) ? native : undefined
}

const isNative = (json: unknown): json is Native =>
  Json.isObject(json) && Array.isArray(json["items"]) && json["items"].every(isInput)
  && (json["responseId"] === undefined || typeof json["responseId"] === "string")

const isInput = (json: unknown): boolean =>
  Json.isObject(json) && (json["type"] === undefined || typeof json["type"] === "string")

/** Items that did not come from OpenAI have no ids of theirs, only those of the calls. */
const spell = ({ calls, text }: Conversation.Assistant): Array<ResponseInputItem> => [
  ...(text === "" ? [] : [{ role: "assistant" as const, content: text }]),
  ...calls.map(calling)
]

/**
 * Where the turns of a conversation are kept.
 *
 * - `"stateless"`, the default: with the caller alone; every request has the whole conversation
 * - `"previous-response"`: at OpenAI as well; a request has what came after the last turn, and the id of that turn
 */
export type State = "stateless" | "previous-response"

interface Stateful {
  readonly state?: State | undefined
}

type Params = ResponseCreateParamsNonStreaming

/**
 * Fields of a request that the Layer does not write itself.
 *
 * - `tools`: those that OpenAI runs, behind the toolkit's
 */
export interface Fields extends
  Partial<
    Omit<
      Params,
      | "input"
      | "instructions"
      | "previous_response_id"
      | "conversation"
      | "store"
      | "background"
      | "stream"
      | "tool_choice"
      | "parallel_tool_calls"
    >
  >
{}

/** Fields of the requests of one run; they override those of the Layer. */
export const Request = Context.Reference<Fields>("@volley/openai/OpenAiResponses/Request", { defaultValue: () => ({}) })

/** The methods of a client that Volley calls: of the official one, Azure's, or a wrapper of these. */
export interface Client {
  readonly baseURL?: string
  readonly responses: { create(body: ResponseCreateParams, sending: Sending): Answer }
}

/** How OpenAI's Responses are reached, and where the turns are kept. */
export type Options = ChatModel.ApiOptions & Stateful & Extras<Fields>

/** A client of your own, and its model. */
export type ClientOptions = OwnClient<Client, Fields> & Stateful

/**
 * Provides `ChatModel` on the official SDK.
 *
 * @example
 * ```ts
 * import { Agent, Toolkit } from "@volley/core"
 * import { OpenAiResponses } from "@volley/openai"
 * import { Simulator } from "@volley/simulator"
 * import { Effect } from "effect"
 *
 * // The simulator stands in for the provider; leave `baseUrl` out and the provider itself is asked.
 * await using simulator = await Simulator.start({ script: () => ({ wants: () => [], answer: () => "Hello." }) })
 * const model = OpenAiResponses.layer({ model: "gpt-5.4", apiKey: "simulated", baseUrl: simulator.openai })
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
 * import { OpenAiResponses } from "@volley/openai"
 * import { Simulator } from "@volley/simulator"
 * import { ConfigProvider, Effect } from "effect"
 *
 * await using simulator = await Simulator.start({ script: () => ({ wants: () => [], answer: () => "Hello." }) })
 * const model = OpenAiResponses.layerConfig({ model: "gpt-5.4", baseUrl: simulator.openai })
 * const agent = Effect.provide(Agent.run({ toolkit: Toolkit.make(), prompt: "Hello!" }), model)
 *
 * // In a program, the key is in the environment, and this line is not there.
 * const config = ConfigProvider.layer(ConfigProvider.fromUnknown({ OPENAI_API_KEY: "simulated" }))
 * console.log((await Effect.runPromise(Effect.provide(agent, config))).answer) // => Hello.
 * ```
 */
export const layerConfig: (
  options: ChatModel.ConfigOptions<Stateful & Extras<Fields>>
) => Layer.Layer<ChatModel.ChatModel, Config.ConfigError> = ChatModel.layerConfig(layer, "OPENAI_API_KEY")

/**
 * Provides `ChatModel` on a client of your own, which knows where requests go and what they need.
 *
 * @example
 * ```ts
 * import { Agent, Toolkit } from "@volley/core"
 * import { OpenAiResponses } from "@volley/openai"
 * import { Simulator } from "@volley/simulator"
 * import { Effect } from "effect"
 * import OpenAI from "openai"
 *
 * // The simulator stands in for the provider; your client may be any that has the same methods.
 * await using simulator = await Simulator.start({ script: () => ({ wants: () => [], answer: () => "Hello." }) })
 * const client = new OpenAI({ apiKey: "simulated", baseURL: simulator.openai })
 * const model = OpenAiResponses.layerClient({ client, model: "gpt-5.4" })
 * const agent = Agent.run({ toolkit: Toolkit.make(), prompt: "Hello!" })
 * console.log((await Effect.runPromise(Effect.provide(agent, model))).answer) // => Hello.
 * ```
 */
export const layerClient = (options: ClientOptions): Layer.Layer<ChatModel.ChatModel> => {
  const given = Given.client("OpenAiResponses.layerClient", options)
  return Layer.sync(ChatModel.ChatModel, () => modelOf(given, { limits: given }))
}

const modelOf = (options: ClientOptions, how: ChatModel.Reached): ChatModel.ChatModel["Service"] => {
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
    send: (request, signal, context) =>
      bodyIn(client.responses.create(bodyOf(to, request, context), sendingOf(options, signal, context))),
    read: (body) => Result.map(wholeOf(to, body), ({ turn }) => turn),
    open: (request, signal, context) => {
      const body = { ...bodyOf(to, request, context), stream: true } as const
      return eventsOf(client.responses.create(body, sendingOf(options, signal, context)))
    },
    fold: foldOf(to),
    reason: (error, now) => reasonOf(client.baseURL, error, now)
  })
}

/** The SDK cannot read a body that is no response. */
const bodyIn = async (answer: Answer): Promise<unknown> =>
  answer.asResponse === undefined ? await answer : await (await answer.asResponse()).json()

const bodyOf = (options: ClientOptions, request: ChatModel.Request, context: Context.Context<never>): Params => {
  const { include = [], text, tools: others = [], ...fields } = { ...options.request, ...Context.get(context, Request) }
  const told = instructions(request.conversation)
  return {
    model: options.model,
    ...(options.maxTokens !== undefined && { max_output_tokens: options.maxTokens }),
    ...fields,
    ...inputOf(options, request.conversation),
    store: isKept(options),
    include: Array.from(new Set<ResponseIncludable>(["reasoning.encrypted_content", ...include ?? []])),
    ...(told !== undefined && { instructions: told }),
    ...toolsOf(request, others),
    ...(text && { text }),
    ...(request.output && { text: { ...text, format: { type: "json_schema", ...formatOf(request.output) } } })
  }
}

/** The switches are about the toolkit's tools; with none of these, they are not sent. */
const toolsOf = (
  { parallelToolCalls, toolChoice: choice, toolkit }: ChatModel.Request,
  others: NonNullable<Params["tools"]>
): Pick<Params, "tools" | "tool_choice" | "parallel_tool_calls"> => {
  if (toolkit === undefined || toolkit.tools.length === 0) return others.length === 0 ? {} : { tools: others }
  return {
    tools: [...tools(toolkit), ...others],
    ...(choice !== undefined && { tool_choice: toolChoice(toolkit, choice) }),
    ...(parallelToolCalls !== undefined && { parallel_tool_calls: parallelToolCalls })
  }
}

const isKept = ({ state }: Stateful): boolean => state === "previous-response"

/** A conversation whose last turn OpenAI does not keep, or another provider wrote, is sent whole. */
const inputOf = (
  options: Stateful & Target,
  conversation: Conversation.Conversation
): Pick<Params, "input" | "previous_response_id"> => {
  const at = conversation.messages.findLastIndex(({ role }) => role === "assistant")
  const last = conversation.messages[at]
  const native = last?.role === "assistant" ? nativeOf(last, options.origin) : undefined
  return isKept(options) && native?.responseId !== undefined
    ? { previous_response_id: native.responseId, input: itemsOf(conversation, options).slice(at + 1).flat() }
    : { input: messages(conversation, options) }
}

const toolChoice = (toolkit: Toolkit.Any, choice: ChatModel.ToolChoice): ToolChoiceOptions | ToolChoiceFunction =>
  typeof choice === "string"
    ? choice
    : { type: "function", name: toolkit.wireNames.get(choice.tool) ?? choice.tool }

/**
 * Gives the parts of a turn that your own client streams: its text as it arrives, each call once its item is done, and
 * at the end the response that `followUp` takes.
 *
 * - `origin`: the name of the server, if the conversation may go on with another server
 *
 * @example
 * ```ts
 * import { OpenAiResponses } from "@volley/openai"
 * import { Simulator } from "@volley/simulator"
 * import { Effect, Stream } from "effect"
 * import OpenAI from "openai"
 *
 * await using simulator = await Simulator.start({ script: () => ({ wants: () => [], answer: () => "Hello." }) })
 * const client = new OpenAI({ apiKey: "simulated", baseURL: simulator.openai })
 * const events = await client.responses.create({ model: "gpt-5.4", input: "Hello!", stream: true })
 *
 * // `ChatModel.split` gives the calls among them to `Batch.dispatch`.
 * const parts = await Effect.runPromise(Stream.runCollect(OpenAiResponses.parts(events)))
 * console.log(parts.map((part) => part._tag === "Text" ? part.text : part._tag).join("|")) // => Hello.|Turn
 * ```
 */
export const parts = (
  events: AsyncIterable<Event>,
  { origin }: Pick<ChatModel.ApiOptions, "origin"> = {}
): Stream.Stream<ChatModel.Part<Whole>, ChatModelError.ChatModelError> =>
  ChatModel.parts({ wire, fold: foldOf({ origin }), reason: (error, now) => reasonOf(undefined, error, now) }, events)

const foldOf = (options: Stateful & Target): ChatModel.Fold<ResponseStream.State, Whole> => ({
  initial: ResponseStream.initial,
  next: ResponseStream.next,
  end: (state) => Result.flatMap(ResponseStream.body(state), (body) => ChatModel.orUnusable(wholeOf(options, body)))
})

const wholeOf = (
  options: Stateful & Target,
  body: unknown
): Result.Result<Omit<ChatModel.Whole<Whole>, "_tag">, string | ChatModelError.Reason> => {
  const failure = failureOf(body)
  return failure === undefined
    ? Result.map(parse(body), (response) => ({ turn: turnOf(options, response), response }))
    : Result.fail(failure)
}

const turnOf = (options: Stateful & Target, response: Response): ChatModel.Turn => {
  const { acceptsId, origin } = options
  const distinct = withObjects(distinctCalls(itemsIn(response)))
  const calls = callsOf(response, distinct)
  const { refusal, text } = saidIn(response)
  const isTaken = calls.every(({ id }) => acceptsId?.(id) ?? true)
  const native = { wire, ...(origin !== undefined && { origin }), message: remembered(options, response, distinct) }
  return {
    message: { role: "assistant", text: text || refusal, calls, ...(isTaken && { native }) },
    finish: finishOf(response, calls.length),
    usage: usageOf(response.usage),
    model: response.model ?? undefined
  }
}

/** A turn that was cut off, or whose calls were given other ids, is not the one that OpenAI keeps. */
const remembered = (options: Stateful, response: Response, calls: Calls): Native => ({
  items: echo(itemsIn(response), calls),
  ...(isKept(options) && response.id && isWhole(response) && hasOwnIds(response, calls) && { responseId: response.id })
})

/**
 * OpenAI Responses: a pure codec for loops of one's own, and the Layer that provides `ChatModel`.
 */
import type * as Batch from "@volley/core/Batch"
import * as ChatModel from "@volley/core/ChatModel"
import type * as ChatModelError from "@volley/core/ChatModelError"
import * as Content from "@volley/core/Content"
import * as Conversation from "@volley/core/Conversation"
import * as Json from "@volley/core/Json"
import type * as Tool from "@volley/core/Tool"
import type * as ToolCall from "@volley/core/ToolCall"
import * as Toolkit from "@volley/core/Toolkit"
import * as Usage from "@volley/core/Usage"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import { APIError } from "openai"
import type OpenAI from "openai"
import type {
  FunctionTool,
  Response,
  ResponseCreateParamsNonStreaming,
  ResponseCustomToolCallOutput,
  ResponseInputFile,
  ResponseInputImage,
  ResponseInputItem,
  ResponseInputText,
  ResponseStreamEvent,
  ToolChoiceFunction,
  ToolChoiceOptions
} from "openai/resources/responses/responses"
import { clientOf, reasonOf, statusOf } from "./internal/client.ts"
import { dataUrl, fileName, refuseImage } from "./internal/media.ts"
import { type Calls, distinctCalls, echo, hasOwnIds, isCutOff, read, readResponse } from "./internal/responseItems.ts"
import * as ResponseStream from "./internal/responseStream.ts"
import { formatOf, strictMode } from "./internal/strictMode.ts"

type Output = ResponseInputItem.FunctionCallOutput | ResponseCustomToolCallOutput

/** The name of this wire. */
export const wire = "openai-responses"

/**
 * The `tools` of a request, under names that every provider accepts.
 *
 * - `strict` is always said: where it is left out, this API makes schemas strict of itself
 */
export const tools = (toolkit: Toolkit.Any): Array<FunctionTool> =>
  toolkit.tools.map((tool) => ({
    type: "function",
    name: toolkit.wireNames.get(tool.name) ?? tool.name,
    description: tool.description,
    parameters: tool.jsonSchema,
    strict: tool.strict
  }))

/**
 * The same tools as OpenAI's strict mode wants them, for both `tools` and `Batch.run`: every key required, optional ones
 * nullable, records as lists of pairs. What it cannot take stays as it was, and is named in `lax`.
 */
export const strict = <T extends Tool.Any>(toolkit: Toolkit.Toolkit<T>): Toolkit.Toolkit<T> =>
  Toolkit.strict(toolkit, strictMode)

/**
 * The calls of a response, in call order, each with a `call_id` of its own; those of tools that OpenAI or its client runs
 * are not among them.
 *
 * - a response that is not complete proves no call complete: all of them are `"truncated"`
 */
export const toolCalls = (response: Response): ReadonlyArray<ToolCall.ToolCall> =>
  callsOf(response, distinctCalls(response))

const callsOf = (response: Response, calls: Calls): ReadonlyArray<ToolCall.ToolCall> =>
  calls.map(({ call, id }, index) => {
    const { arguments: args, name } = read(call)
    const cutOff = !isWhole(response) || isCutOff(call)
    return { id, name, arguments: args, index, status: cutOff ? "truncated" : "complete" }
  })

/** Other servers of this wire may leave the status out. */
const isWhole = ({ status }: Response): boolean => (status ?? "completed") === "completed"

/**
 * Takes JSON of unknown origin for a response.
 *
 * - checks what this codec reads, and says what is wrong with it
 */
export const parse: (json: unknown) => Result.Result<Response, string> = readResponse

/**
 * The results alone: one `function_call_output` item per call, in call order.
 *
 * - with `previous_response_id`, where OpenAI keeps the turns, they are all that is sent
 */
export const results = (settled: Batch.Settled<Tool.Any>): Array<Output> =>
  outputs(Conversation.results(settled.outcomes), [])

/**
 * What to append to the input: every item of the response, without what only a response has, and behind them one output
 * per call.
 *
 * - reasoning goes back as it came; with `store: false` that takes `include: ["reasoning.encrypted_content"]`
 * - ids of calls that were missing or repeated are those of `toolCalls`
 */
export const followUp = (response: Response, settled: Batch.Settled<Tool.Any>): Array<ResponseInputItem> => {
  const turn = echo(response, distinctCalls(response))
  return [...turn, ...outputs(Conversation.results(settled.outcomes), turn)]
}

/** The results of a turn; calls of custom tools want outputs of their own kind. */
const outputs = (
  toolResults: ReadonlyArray<Conversation.ToolResult>,
  turn: ReadonlyArray<ResponseInputItem>
): Array<Output> => {
  const custom = new Set<string>()
  for (const item of turn) if (item.type === "custom_tool_call") custom.add(item.call_id)
  return toolResults.map((result) => ({
    type: custom.has(result.callId) ? "custom_tool_call_output" : "function_call_output",
    call_id: result.callId,
    output: outputOf(result)
  }))
}

type Part = ResponseInputText | ResponseInputImage | ResponseInputFile

/** A text, or a list where there is more than that. */
const outputOf = (result: Conversation.ToolResult): string | Array<Part> => {
  const { media, text } = Content.sift(result, refuse)
  if (media.length === 0) return text
  return [...(text === "" ? [] : [{ type: "input_text", text } as const]), ...media.map(partOf)]
}

const refuse = (media: Content.Media): string | undefined => {
  if (media.type === "image") {
    return dataUrl(media).length > maxUrl ? "OpenAI takes images of up to 15 MB" : refuseImage(media)
  }
  return documents.test(media.mediaType)
    ? undefined
    : "OpenAI takes documents of PDF, text, JSON, RTF and those of office programs"
}

/** Characters of a data URL. */
const maxUrl = 20_971_520

const documents =
  /^(text\/.+|application\/(pdf|json|rtf|msword|vnd\.(ms-(excel|powerpoint)|openxmlformats-officedocument\..+|oasis\.opendocument\.text)))$/

const partOf = (media: Content.Media): Part =>
  media.type === "image"
    ? { type: "input_image", detail: "auto", image_url: dataUrl(media) }
    : { type: "input_file", filename: fileName(media), file_data: dataUrl(media) }

/** The `instructions` of a request: what the system messages of a conversation say. */
export const instructions = (conversation: Conversation.Conversation): string | undefined => {
  const texts = conversation.messages.flatMap((message) => message.role === "system" ? [message.text] : [])
  return texts.length === 0 ? undefined : texts.join("\n\n")
}

/** A conversation as input items, its system messages apart; turns that came from here are echoed as they came. */
export const messages = (conversation: Conversation.Conversation): Array<ResponseInputItem> =>
  itemsOf(conversation).flat()

/** The input items of each message of a conversation. */
const itemsOf = (conversation: Conversation.Conversation): Array<Array<ResponseInputItem>> => {
  let turn: Array<ResponseInputItem> = []
  return Conversation.respell(conversation, wire, acceptsId).messages.map((message): Array<ResponseInputItem> => {
    switch (message.role) {
      case "system":
        return []
      case "user":
        return [{ role: "user", content: message.text }]
      case "assistant":
        turn = isNative(message.native) ? message.native.message.items : spell(message)
        return turn
      case "tool":
        return outputs(message.results, turn)
    }
  })
}

const acceptsId = (id: string): boolean => id.length > 0 && id.length <= 64

/** A turn of this wire; `responseId` is there where OpenAI keeps the turn just as its items are. */
interface Native {
  readonly items: Array<ResponseInputItem>
  readonly responseId?: string
}

const isNative = (native: Conversation.Assistant["native"]): native is {
  readonly wire: typeof wire
  readonly message: Native
} => native?.wire === wire && isTurn(native.message)

const isTurn = (json: unknown): boolean =>
  Json.isObject(json) && Array.isArray(json["items"]) && json["items"].every(isInput)
  && (json["responseId"] === undefined || typeof json["responseId"] === "string")

const isInput = (json: unknown): boolean =>
  Json.isObject(json) && (json["type"] === undefined || typeof json["type"] === "string")

/** Items that did not come from OpenAI have no ids of theirs, only those of the calls. */
const spell = ({ calls, text }: Conversation.Assistant): Array<ResponseInputItem> => [
  ...(text === "" ? [] : [{ role: "assistant" as const, content: text }]),
  ...calls.map(({ arguments: args, id, name }) => ({
    type: "function_call" as const,
    call_id: id,
    name,
    arguments: typeof args === "string" ? args : JSON.stringify(args === undefined ? {} : args)
  }))
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

/** How OpenAI's Responses are reached, and where the turns are kept. */
export type Options = ChatModel.ApiOptions & Stateful

/** Provides `ChatModel` on the official SDK. */
export const layer = (options: Options): Layer.Layer<ChatModel.ChatModel> =>
  Layer.sync(ChatModel.ChatModel, () => {
    const client = clientOf(options)
    return ChatModel.make({
      wire,
      secret: options.apiKey,
      send: (request, signal) => send(client, bodyOf(options, request), signal),
      read: (body) => Result.map(parse(body), turnOf(options)),
      open: async (request, signal) => {
        const body = { ...bodyOf(options, request), stream: true } as const
        const { data, response } = await client.responses.create(body, { signal }).withResponse()
        return ChatModel.streamOf(data, response)
      },
      fold: foldOf(options),
      reason: (error, now) => reasonOf(client, error, now)
    })
  })

/** Provides `ChatModel` with the API key from the configuration, `OPENAI_API_KEY` unless another is given. */
export const layerConfig = ChatModel.layerConfig(layer, "OPENAI_API_KEY")

/** The SDK cannot read a body that is no response, and takes a response that failed for one that did not. */
const send = async (client: OpenAI, body: ResponseCreateParamsNonStreaming, signal: AbortSignal): Promise<unknown> => {
  const answer = await client.responses.create(body, { signal }).asResponse()
  const json: unknown = await answer.json()
  if (!isFailed(json)) return json
  throw APIError.generate(statusOf(json.error), { error: json.error }, undefined, answer.headers)
}

const isFailed = Schema.is(Schema.Struct({
  status: Schema.Literal("failed"),
  error: Schema.Struct({ code: Schema.String, message: Schema.String })
}))

const bodyOf = (options: Options, request: ChatModel.Request): ResponseCreateParamsNonStreaming => {
  const told = instructions(request.conversation)
  return {
    model: options.model,
    ...inputOf(options, request.conversation),
    store: isKept(options),
    include: ["reasoning.encrypted_content"],
    ...(told !== undefined && { instructions: told }),
    ...(options.maxTokens !== undefined && { max_output_tokens: options.maxTokens }),
    ...(request.toolkit && request.toolkit.tools.length > 0 && {
      tools: tools(request.toolkit),
      ...(request.toolChoice !== undefined && { tool_choice: toolChoice(request.toolkit, request.toolChoice) }),
      ...(request.parallelToolCalls !== undefined && { parallel_tool_calls: request.parallelToolCalls })
    }),
    ...(request.output && { text: { format: { type: "json_schema", ...formatOf(request.output) } } })
  }
}

const isKept = ({ state }: Stateful): boolean => state === "previous-response"

/** A conversation whose last turn OpenAI does not keep, or another provider wrote, is sent whole. */
const inputOf = (
  options: Stateful,
  conversation: Conversation.Conversation
): Pick<ResponseCreateParamsNonStreaming, "input" | "previous_response_id"> => {
  const at = conversation.messages.findLastIndex(({ role }) => role === "assistant")
  const last = conversation.messages[at]
  const native = last?.role === "assistant" && isNative(last.native) ? last.native.message : undefined
  return isKept(options) && native?.responseId !== undefined
    ? { previous_response_id: native.responseId, input: itemsOf(conversation).slice(at + 1).flat() }
    : { input: messages(conversation) }
}

const toolChoice = (toolkit: Toolkit.Any, choice: ChatModel.ToolChoice): ToolChoiceOptions | ToolChoiceFunction =>
  typeof choice === "string"
    ? choice
    : { type: "function", name: toolkit.wireNames.get(choice.tool) ?? choice.tool }

/**
 * The parts of a turn that a client of one's own streams: its text as it comes, each call once its item is done, and at
 * the end the response that `followUp` takes.
 */
export const parts = (
  events: AsyncIterable<ResponseStreamEvent>
): Stream.Stream<ChatModel.Part<Response>, ChatModelError.ChatModelError> =>
  ChatModel.parts({ wire, fold: foldOf({}), reason: (error, now) => reasonOf(undefined, error, now) }, events)

const foldOf = (options: Stateful): ChatModel.Fold<ResponseStream.State, Response> => ({
  initial: ResponseStream.initial,
  next: ResponseStream.next,
  end: (state) =>
    Result.flatMap(
      ResponseStream.body(state),
      (body) =>
        ChatModel.orUnusable(Result.map(parse(body), (response) => ({ turn: turnOf(options)(response), response })))
    )
})

const turnOf = (options: Stateful) => (response: Response): ChatModel.Turn => {
  const distinct = distinctCalls(response)
  const calls = callsOf(response, distinct)
  const { refusal, text } = saidIn(response)
  return {
    message: {
      role: "assistant",
      text: text || refusal,
      calls,
      native: { wire, message: nativeOf(options, response, distinct) }
    },
    finish: finishOf(response, calls.length, refusal),
    usage: usageOf(response.usage),
    model: response.model
  }
}

const usageOf = (usage: Response["usage"]): Usage.Usage =>
  Usage.make({
    input: usage?.input_tokens,
    output: usage?.output_tokens,
    cached: usage?.input_tokens_details?.cached_tokens,
    cacheWrite: usage?.input_tokens_details?.cache_write_tokens,
    reasoning: usage?.output_tokens_details?.reasoning_tokens
  })

/** A turn that was cut off, or whose calls were given other ids, is not the one that OpenAI keeps. */
const nativeOf = (options: Stateful, response: Response, calls: Calls): Native => ({
  items: echo(response, calls),
  ...(isKept(options) && response.id && isWhole(response) && hasOwnIds(response, calls) && { responseId: response.id })
})

const saidIn = ({ output }: Response): { readonly text: string; readonly refusal: string } => {
  const parts = output.flatMap((item) => item.type === "message" ? item.content : [])
  return {
    text: parts.map((part) => part.type === "output_text" ? part.text : "").join(""),
    refusal: parts.map((part) => part.type === "refusal" ? part.refusal : "").join("")
  }
}

const finishOf = (response: Response, calls: number, refusal: string): ChatModel.Turn["finish"] => {
  if (response.incomplete_details?.reason === "content_filter") return "refusal"
  if (!isWhole(response)) return "length"
  if (refusal !== "") return "refusal"
  return calls > 0 ? "tool-calls" : "stop"
}

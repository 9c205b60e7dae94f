/**
 * OpenAI Chat Completions: a pure codec for loops of one's own, and the Layer that provides `ChatModel`.
 */
import type * as Batch from "@volley/core/Batch"
import * as ChatModel from "@volley/core/ChatModel"
import type * as ChatModelError from "@volley/core/ChatModelError"
import * as Content from "@volley/core/Content"
import * as Conversation from "@volley/core/Conversation"
import type * as Tool from "@volley/core/Tool"
import type * as ToolCall from "@volley/core/ToolCall"
import * as Toolkit from "@volley/core/Toolkit"
import * as Usage from "@volley/core/Usage"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type * as Stream from "effect/Stream"
import type OpenAI from "openai"
import * as ChatStream from "./internal/chatStream.ts"
import { distinctCalls, isTurn, read, readResponse } from "./internal/chatTurn.ts"
import { clientOf, reasonOf } from "./internal/client.ts"
import { dataUrl, fileName, refuseImage } from "./internal/media.ts"
import { formatOf, strictMode } from "./internal/strictMode.ts"

type Response = OpenAI.ChatCompletion
type Message = OpenAI.ChatCompletionMessageParam
type AssistantMessage = OpenAI.ChatCompletionAssistantMessageParam
type ToolMessage = OpenAI.ChatCompletionToolMessageParam
type UserMessage = OpenAI.ChatCompletionUserMessageParam

/** The name of this wire. */
export const wire = "openai-chat"

/** The `tools` of a request, under names that every provider accepts. */
export const tools = (toolkit: Toolkit.Any): Array<OpenAI.ChatCompletionFunctionTool> =>
  toolkit.tools.map((tool) => ({
    type: "function",
    function: {
      name: toolkit.wireNames.get(tool.name) ?? tool.name,
      description: tool.description,
      parameters: tool.jsonSchema,
      ...(tool.strict && { strict: true })
    }
  }))

/**
 * The same tools as OpenAI's strict mode wants them, for both `tools` and `Batch.run`: every key required, optional ones
 * nullable, records as lists of pairs. What it cannot take stays as it was, and is named in `lax`.
 */
export const strict = <T extends Tool.Any>(toolkit: Toolkit.Toolkit<T>): Toolkit.Toolkit<T> =>
  Toolkit.strict(toolkit, strictMode)

/**
 * The calls of a response, in call order, each with an id of its own.
 *
 * - a turn that was cut off or filtered proves no call complete: all of them are `"truncated"`
 */
export const toolCalls = (response: Response): ReadonlyArray<ToolCall.ToolCall> =>
  callsOf(response.choices[0], distinctCalls(response.choices[0]?.message))

type Calls = ReturnType<typeof distinctCalls>

const callsOf = (
  choice: OpenAI.ChatCompletion.Choice | undefined,
  calls: Calls
): ReadonlyArray<ToolCall.ToolCall> => {
  const cutOff = choice?.finish_reason === "length" || choice?.finish_reason === "content_filter"
  return calls.map(({ call, id }, index) => {
    const { arguments: args, name } = read(call)
    return { id, name, arguments: args, index, status: cutOff ? "truncated" : "complete" }
  })
}

/**
 * Takes JSON of unknown origin for a response: a whole body, or an assistant message alone, which counts as complete.
 *
 * - checks what this codec reads, and says what is wrong with it
 */
export const parse = (json: unknown): Result.Result<Response, string> => {
  const hasChoices = typeof json === "object" && json !== null && "choices" in json
  const response: unknown = hasChoices ? json : { choices: [{ index: 0, message: json, finish_reason: "tool_calls" }] }
  return readResponse(response)
}

/**
 * The results alone: one `tool` message per call, in call order.
 *
 * - such a message takes text alone: images and documents come behind all of them, in one `user` message
 */
export const results = (settled: Batch.Settled<Tool.Any>): Array<ToolMessage | UserMessage> =>
  resultMessages(Conversation.results(settled.outcomes))

/**
 * What to append to the messages: the assistant turn, unchanged but for ids that were missing or repeated, and right
 * behind it the results.
 */
export const followUp = (
  response: Response,
  settled: Batch.Settled<Tool.Any>
): Array<AssistantMessage | ToolMessage | UserMessage> => {
  const message = response.choices[0]?.message
  return [...(message === undefined ? [] : [echo(message, distinctCalls(message))]), ...results(settled)]
}

/** The API takes neither an empty list of calls nor a turn of nothing. */
const echo = (message: OpenAI.ChatCompletionMessage, calls: Calls): AssistantMessage => {
  if (calls.length > 0) {
    return { ...message, tool_calls: calls.map(({ call, id }) => call.id === id ? call : { ...call, id }) }
  }
  const { tool_calls: _none, ...rest } = message
  return { ...rest, content: message.content ?? "" }
}

const resultMessages = (
  toolResults: ReadonlyArray<Conversation.ToolResult>
): Array<ToolMessage | UserMessage> => {
  const content: Array<OpenAI.ChatCompletionContentPart> = []
  const messages = toolResults.map((result): ToolMessage | UserMessage => {
    const { callId, name } = result
    const { media, text } = Content.sift(result, refuse)
    if (media.length > 0) content.push({ type: "text", text: Content.heading(name, callId) }, ...media.map(partOf))
    return { role: "tool", tool_call_id: callId, content: text }
  })
  return content.length === 0 ? messages : [...messages, { role: "user", content }]
}

/** The API takes no file but a PDF; what is plain text can be said as such. */
const refuse = (media: Content.Media): string | undefined => {
  if (media.type === "image") return refuseImage(media)
  return media.mediaType === "application/pdf" || Content.plainText(media) !== undefined
    ? undefined
    : "OpenAI's Chat Completions takes documents of application/pdf and plain text"
}

const partOf = (media: Content.Media): OpenAI.ChatCompletionContentPart => {
  if (media.type === "image") return { type: "image_url", image_url: { url: dataUrl(media) } }
  const said = Content.plainText(media)
  return said === undefined
    ? { type: "file", file: { filename: fileName(media), file_data: dataUrl(media) } }
    : { type: "text", text: `${Content.label(media)}:\n${said}` }
}

/** A conversation as this wire writes it; turns that came from here are echoed as they came. */
export const messages = (conversation: Conversation.Conversation): Array<Message> =>
  Conversation.respell(conversation, wire, acceptsId).messages.flatMap((message): Array<Message> => {
    switch (message.role) {
      case "system":
      case "user":
        return [{ role: message.role, content: message.text }]
      case "assistant":
        return [isNative(message.native) ? message.native.message : spell(message)]
      case "tool":
        return resultMessages(message.results)
    }
  })

const acceptsId = (id: string): boolean => id.length <= 40

const isNative = (native: Conversation.Assistant["native"]): native is {
  readonly wire: typeof wire
  readonly message: AssistantMessage
} => native?.wire === wire && isTurn(native.message)

const spell = ({ calls, text }: Conversation.Assistant): AssistantMessage =>
  calls.length === 0 ? { role: "assistant", content: text } : {
    role: "assistant",
    content: text === "" ? null : text,
    tool_calls: calls.map(({ arguments: args, id, name }) => ({
      id,
      type: "function",
      function: { name, arguments: typeof args === "string" ? args : JSON.stringify(args === undefined ? {} : args) }
    }))
  }

/** Provides `ChatModel` on the official SDK. */
export const layer = (options: ChatModel.ApiOptions): Layer.Layer<ChatModel.ChatModel> =>
  Layer.sync(ChatModel.ChatModel, () => {
    const client = clientOf(options)
    return ChatModel.make({
      wire,
      secret: options.apiKey,
      send: (request, signal) => client.chat.completions.create(bodyOf(options, request), { signal }),
      read: (body) => Result.map(wholeOf(body), ({ turn }) => turn),
      open: async (request, signal) => {
        const body = streamed(bodyOf(options, request))
        const { data, response } = await client.chat.completions.create(body, { signal }).withResponse()
        return ChatModel.streamOf(data, response)
      },
      fold,
      reason: (error, now) => reasonOf(client, error, now)
    })
  })

/** Provides `ChatModel` with the API key from the configuration, `OPENAI_API_KEY` unless another is given. */
export const layerConfig = ChatModel.layerConfig(layer, "OPENAI_API_KEY")

const streamed = (body: OpenAI.ChatCompletionCreateParamsNonStreaming): OpenAI.ChatCompletionCreateParamsStreaming => ({
  ...body,
  stream: true,
  stream_options: { include_usage: true }
})

const bodyOf = (
  options: ChatModel.ApiOptions,
  request: ChatModel.Request
): OpenAI.ChatCompletionCreateParamsNonStreaming => ({
  model: options.model,
  messages: messages(request.conversation),
  ...(options.maxTokens !== undefined && { max_completion_tokens: options.maxTokens }),
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
 * The parts of a turn that a client of one's own streams: its text as it comes, and at its end the calls and the response
 * that `followUp` takes.
 *
 * - only the end proves any call complete on this wire
 * - wants `stream_options: { include_usage: true }` for the usage
 */
export const parts = (
  chunks: AsyncIterable<OpenAI.ChatCompletionChunk>
): Stream.Stream<ChatModel.Part<Response>, ChatModelError.ChatModelError> =>
  ChatModel.parts({ wire, fold, reason: (error, now) => reasonOf(undefined, error, now) }, chunks)

const fold: ChatModel.Fold<ChatStream.State, Response> = {
  initial: ChatStream.initial,
  next: ChatStream.next,
  end: (state) => Result.flatMap(ChatStream.body(state), (body) => ChatModel.orUnusable(wholeOf(body)))
}

const wholeOf = (body: unknown): Result.Result<Omit<ChatModel.Whole<Response>, "_tag">, string> =>
  Result.flatMap(parse(body), (response) => {
    const choice = response.choices[0]
    return choice === undefined
      ? Result.fail("no choices")
      : Result.succeed({ turn: turnOf(response, choice), response })
  })

const turnOf = (response: Response, choice: OpenAI.ChatCompletion.Choice): ChatModel.Turn => {
  const distinct = distinctCalls(choice.message)
  const calls = callsOf(choice, distinct)
  const text = choice.message.content ?? choice.message.refusal ?? ""
  return {
    message: { role: "assistant", text, calls, native: { wire, message: echo(choice.message, distinct) } },
    finish: finishOf(choice, calls.length),
    usage: usageOf(response.usage),
    model: response.model
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

/** A forced call may come with `"stop"`, so that there are calls counts for more than the reason given. */
const finishOf = (choice: OpenAI.ChatCompletion.Choice, calls: number): ChatModel.Turn["finish"] => {
  if (choice.finish_reason === "length") return "length"
  if (choice.finish_reason === "content_filter" || choice.message.refusal) return "refusal"
  return calls > 0 ? "tool-calls" : "stop"
}

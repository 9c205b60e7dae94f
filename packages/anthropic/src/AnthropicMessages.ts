/**
 * Anthropic Messages: a pure codec for loops of one's own, and the Layer that provides `ChatModel`.
 */
import Anthropic, { AnthropicError, APIConnectionError, APIError } from "@anthropic-ai/sdk"
import type * as Batch from "@volley/core/Batch"
import * as ChatModel from "@volley/core/ChatModel"
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Content from "@volley/core/Content"
import * as Conversation from "@volley/core/Conversation"
import type * as Tool from "@volley/core/Tool"
import type * as ToolCall from "@volley/core/ToolCall"
import * as Toolkit from "@volley/core/Toolkit"
import * as Usage from "@volley/core/Usage"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import { distinctCalls, isMessage, objectOf, readMessage } from "./internal/messageBlocks.ts"
import * as MessageStream from "./internal/messageStream.ts"
import { strictMode } from "./internal/strictMode.ts"

type Response = Anthropic.Message
type Message = Anthropic.MessageParam

/** The name of this wire. */
export const wire = "anthropic"

/** The `tools` of a request, under names that every provider accepts. */
export const tools = (toolkit: Toolkit.Any): Array<Anthropic.Tool> =>
  toolkit.tools.map((tool) => ({
    name: toolkit.wireNames.get(tool.name) ?? tool.name,
    description: tool.description,
    input_schema: { ...tool.jsonSchema, type: "object" },
    ...(tool.strict && { strict: true })
  }))

/**
 * The same tools as Anthropic's strict mode wants them, for both `tools` and `Batch.run`: every key required, optional
 * ones nullable, records as lists of pairs. What it cannot take stays as it was, and is named in `lax`.
 */
export const strict = <T extends Tool.Any>(toolkit: Toolkit.Toolkit<T>): Toolkit.Toolkit<T> =>
  Toolkit.strict(toolkit, strictMode())

/**
 * The calls of a response, in call order, each with an id of its own.
 *
 * - a turn that was cut off or refused proves no call complete: all of them are `"truncated"`
 */
export const toolCalls = (response: Response): ReadonlyArray<ToolCall.ToolCall> =>
  read(response, distinctCalls(response))

type Calls = ReturnType<typeof distinctCalls>

const read = (response: Response, calls: Calls): ReadonlyArray<ToolCall.ToolCall> => {
  const status = isCutOff(response) ? "truncated" : "complete"
  return calls.map(({ call, id }, index) => ({ id, name: call.name, arguments: call.input, index, status }))
}

const isCutOff = ({ stop_reason }: Response): boolean =>
  stop_reason === "max_tokens" || stop_reason === "model_context_window_exceeded" || stop_reason === "refusal"

/**
 * Takes JSON of unknown origin for a response: a whole body, or an assistant message alone, which counts as complete.
 *
 * - checks what this codec reads, and says what is wrong with it
 */
export const parse: (json: unknown) => Result.Result<Response, string> = readMessage

/** The results alone: one `user` message with one `tool_result` block per call, in call order. */
export const results = (settled: Batch.Settled<Tool.Any>): Array<Message> =>
  resultMessages(Conversation.results(settled.outcomes), [])

/**
 * What to append to the messages: the assistant turn, unchanged but for ids that were missing or repeated, and one
 * `user` message with all results.
 */
export const followUp = (response: Response, settled: Batch.Settled<Tool.Any>): Array<Message> => {
  const turn = echo(response, distinctCalls(response))
  return [...turn, ...resultMessages(Conversation.results(settled.outcomes), turn)]
}

/** The results of a turn; calls of a toolset want its name on their results. */
const resultMessages = (
  toolResults: ReadonlyArray<Conversation.ToolResult>,
  turn: ReadonlyArray<Message>
): Array<Message> => {
  const toolsets = toolsetsOf(turn)
  const content = toolResults.map((result): Anthropic.ToolResultBlockParam => {
    const block = { type: "tool_result", tool_use_id: result.callId, content: contentOf(result) } as const
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

/** A text, or blocks where there is more than that, which the API does not take of an error. */
const contentOf = (result: Conversation.ToolResult): NonNullable<Anthropic.ToolResultBlockParam["content"]> => {
  const { media, text } = Content.sift(result, result.isError ? () => "an error is text alone" : refuse)
  if (media.length === 0) return text
  return [...(text === "" ? [] : [{ type: "text", text } as const]), ...media.flatMap(blockOf)]
}

const imageType = Schema.is(Schema.Literals(["image/png", "image/jpeg", "image/gif", "image/webp"]))

/** Characters of base64. */
const maxImage = 5_242_880

const refuse = (media: Content.Media): string | undefined => {
  if (media.type === "document") {
    return media.mediaType === "application/pdf" || Content.plainText(media) !== undefined
      ? undefined
      : "Anthropic takes documents of application/pdf and plain text"
  }
  if (!imageType(media.mediaType)) {
    return "Anthropic takes images of image/png, image/jpeg, image/gif and image/webp"
  }
  return media.data.length > maxImage ? "Anthropic takes images of up to 5 MB in base64" : undefined
}

const blockOf = (media: Content.Media): Array<Anthropic.ImageBlockParam | Anthropic.DocumentBlockParam> => {
  const { data, mediaType } = media
  if (media.type === "image") {
    return imageType(mediaType) ? [{ type: "image", source: { type: "base64", media_type: mediaType, data } }] : []
  }
  const said = Content.plainText(media)
  return [{
    type: "document",
    source: said === undefined
      ? { type: "base64", media_type: "application/pdf", data }
      : { type: "text", media_type: "text/plain", data: said },
    ...(media.name !== undefined && { title: media.name })
  }]
}

/** The API takes neither an empty text nor a message without content, and of a call's input nothing but an object. */
const echo = (response: Response, calls: Calls): Array<Message> => {
  const content: Array<Anthropic.ContentBlockParam> = []
  let next = 0
  for (const block of response.content) {
    if (block.type !== "tool_use") {
      if (block.type !== "text" || block.text !== "") content.push(block)
    } else if (calls[next]?.call === block) {
      const { id } = calls[next++]!
      const input = objectOf(block.input)
      content.push(id === block.id && input === block.input ? block : { ...block, id, input })
    }
  }
  return content.length === 0 ? [] : [{ role: "assistant", content }]
}

/** A conversation as this wire writes it, its system messages apart; turns that came from here are echoed as they came. */
export const messages = (conversation: Conversation.Conversation): Array<Message> => {
  let turn: Array<Message> = []
  return Conversation.respell(conversation, wire, acceptsId).messages.flatMap((message): Array<Message> => {
    switch (message.role) {
      case "system":
        return []
      case "user":
        return [{ role: "user", content: message.text }]
      case "assistant":
        turn = isNative(message.native) ? message.native.message : spell(message)
        return turn
      case "tool":
        return resultMessages(message.results, turn)
    }
  })
}

const acceptsId = (id: string): boolean => /^[a-zA-Z0-9_-]+$/.test(id)

const isNative = (native: Conversation.Assistant["native"]): native is {
  readonly wire: typeof wire
  readonly message: Array<Message>
} => native?.wire === wire && isTurns(native.message)

const isTurns = (json: unknown): boolean => Array.isArray(json) && json.every(isMessage)

const spell = ({ calls, text }: Conversation.Assistant): Array<Message> => {
  const content: Array<Anthropic.ContentBlockParam> = calls.map(({ arguments: args, id, name }) => ({
    type: "tool_use",
    id,
    name,
    input: objectOf(args)
  }))
  if (text !== "") content.unshift({ type: "text", text })
  return content.length === 0 ? [] : [{ role: "assistant", content }]
}

/** Provides `ChatModel` on the official SDK. The API wants `maxTokens` said: 8,192 where it is left out. */
export const layer = (options: ChatModel.ApiOptions): Layer.Layer<ChatModel.ChatModel> =>
  Layer.sync(ChatModel.ChatModel, () => {
    const client = new Anthropic({
      apiKey: Redacted.value(options.apiKey),
      authToken: null,
      baseURL: options.baseUrl ?? null,
      maxRetries: options.maxRetries ?? 2,
      ...(options.fetch && { fetch: options.fetch })
    })
    return ChatModel.make({
      wire,
      secret: options.apiKey,
      send: (request, signal) => client.messages.create(bodyOf(options, request), { signal, timeout }),
      read: (body) => Result.map(parse(body), turnOf),
      open: async (request, signal) => {
        const body = { ...bodyOf(options, request), stream: true } as const
        const { data, response } = await client.messages.create(body, { signal }).withResponse()
        return ChatModel.streamOf(data, response)
      },
      fold,
      reason: (error, now) => reasonOf(client, error, now)
    })
  })

/** The SDK's own default, in milliseconds; without it said, the SDK refuses long answers that are not streamed. */
const timeout = 600_000

/** Provides `ChatModel` with the API key from the configuration, `ANTHROPIC_API_KEY` unless another is given. */
export const layerConfig = ChatModel.layerConfig(layer, "ANTHROPIC_API_KEY")

const bodyOf = (
  options: ChatModel.ApiOptions,
  request: ChatModel.Request
): Anthropic.MessageCreateParamsNonStreaming => {
  const { conversation, output, toolkit } = request
  const system = conversation.messages.flatMap((message) => message.role === "system" ? [message.text] : [])
  const hasFormat = output !== undefined && takes(toolkit, output)
  if (output !== undefined && !hasFormat) system.push(ChatModel.outputInWords(output))
  return {
    model: options.model,
    max_tokens: options.maxTokens ?? 8_192,
    messages: messages(conversation),
    ...(system.length > 0 && { system: system.join("\n\n") }),
    ...(toolkit && toolkit.tools.length > 0 && { tools: tools(toolkit), ...toolChoice(toolkit, request) }),
    ...(hasFormat && { output_config: { format: { type: "json_schema", schema: output.jsonSchema } } })
  }
}

/** True for a schema that strict mode takes as it is, beside the strict tools of the request. */
const takes = (toolkit: Toolkit.Any | undefined, { jsonSchema }: ChatModel.Output): boolean => {
  const { refuse } = strictMode()
  for (const tool of toolkit?.tools ?? []) if (tool.strict) refuse(tool.jsonSchema)
  return refuse(jsonSchema) === undefined
}

const toolChoice = (
  toolkit: Toolkit.Any,
  { parallelToolCalls, toolChoice: choice }: ChatModel.Request
): { readonly tool_choice?: Anthropic.ToolChoice } => {
  if (choice === undefined && parallelToolCalls === undefined) return {}
  if (choice === "none") return { tool_choice: { type: "none" } }
  const parallel = parallelToolCalls === undefined ? {} : { disable_parallel_tool_use: !parallelToolCalls }
  if (choice === undefined || choice === "auto") return { tool_choice: { type: "auto", ...parallel } }
  if (choice === "required") return { tool_choice: { type: "any", ...parallel } }
  return { tool_choice: { type: "tool", name: toolkit.wireNames.get(choice.tool) ?? choice.tool, ...parallel } }
}

/**
 * The parts of a turn that a client of one's own streams: its text as it comes, each call once what comes after it proves
 * it complete, and at the end the response that `followUp` takes.
 *
 * - input that is no JSON stays a text: the call is answered with `InvalidArguments`
 */
export const parts = (
  events: AsyncIterable<Anthropic.RawMessageStreamEvent>
): Stream.Stream<ChatModel.Part<Response>, ChatModelError.ChatModelError> =>
  ChatModel.parts({ wire, fold, reason: (error, now) => reasonOf(undefined, error, now) }, events)

const fold: ChatModel.Fold<MessageStream.State, Response> = {
  initial: MessageStream.initial,
  next: MessageStream.next,
  end: (state) =>
    Result.flatMap(
      MessageStream.body(state),
      (body) => ChatModel.orUnusable(Result.map(parse(body), (response) => ({ turn: turnOf(response), response })))
    )
}

const turnOf = (response: Response): ChatModel.Turn => {
  const text = response.content.reduce((said, block) => block.type === "text" ? said + block.text : said, "")
  const distinct = distinctCalls(response)
  const calls = read(response, distinct)
  return {
    message: { role: "assistant", text, calls, native: { wire, message: echo(response, distinct) } },
    finish: finishOf(response, calls.length),
    usage: usageOf(response.usage),
    model: response.model
  }
}

const finishOf = (response: Response, calls: number): ChatModel.Turn["finish"] => {
  switch (response.stop_reason) {
    case "tool_use":
      return "tool-calls"
    case "max_tokens":
    case "model_context_window_exceeded":
      return "length"
    case "pause_turn":
      return "pause"
    case "refusal":
      return "refusal"
    default:
      return calls > 0 ? "tool-calls" : "stop"
  }
}

/** What came from the cache, or went to it, is not among the input that this API counts. */
const usageOf = (usage: Anthropic.Usage | undefined): Usage.Usage =>
  Usage.make({
    input: Usage.count(usage?.input_tokens, usage?.cache_creation_input_tokens, usage?.cache_read_input_tokens),
    output: usage?.output_tokens,
    cached: usage?.cache_read_input_tokens,
    cacheWrite: usage?.cache_creation_input_tokens,
    reasoning: usage?.output_tokens_details?.thinking_tokens
  })

/** An error in the middle of a stream has no status of its own, but a type. */
const reasonOf = (client: Anthropic | undefined, error: unknown, now: number): ChatModelError.Reason => {
  const refused = error instanceof APIError && (error.status ?? error.error) !== undefined ? error : undefined
  const status = refused?.status ?? MessageStream.statusOf(refused?.type)
  return ChatModelError.fromClient(error, {
    url: client?.baseURL,
    now,
    refusal: refused && {
      status,
      message: typeof refused.apiMessage === "string" ? `${status} ${refused.apiMessage}` : refused.message,
      headers: refused.headers
    },
    isOwn: error instanceof AnthropicError && !(error instanceof APIConnectionError)
  })
}

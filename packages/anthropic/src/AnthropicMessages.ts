/**
 * Anthropic Messages: a pure codec for loops of one's own, and the Layer that provides `ChatModel`.
 */
import Anthropic, { APIConnectionError, APIError } from "@anthropic-ai/sdk"
import type * as Batch from "@volley/core/Batch"
import * as ChatModel from "@volley/core/ChatModel"
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Conversation from "@volley/core/Conversation"
import type * as Tool from "@volley/core/Tool"
import * as ToolCall from "@volley/core/ToolCall"
import type * as Toolkit from "@volley/core/Toolkit"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"

type Response = Anthropic.Message
type Message = Anthropic.MessageParam

/** The name of this wire. */
export const wire = "anthropic"

/** The `tools` of a request, under names that every provider accepts. */
export const tools = (toolkit: Toolkit.Any): Array<Anthropic.Tool> =>
  toolkit.tools.map((tool) => ({
    name: toolkit.wireNames.get(tool.name) ?? tool.name,
    description: tool.description,
    input_schema: { ...tool.jsonSchema, type: "object" }
  }))

/**
 * The calls of a response, in call order, each with an id of its own.
 *
 * - a turn that was cut off or refused proves no call complete: all of them are `"truncated"`
 */
export const toolCalls = (response: Response): ReadonlyArray<ToolCall.ToolCall> => {
  const status = isCutOff(response) ? "truncated" : "complete"
  return distinctCalls(response).map(({ call, id }, index) => ({
    id,
    name: call.name,
    arguments: call.input,
    index,
    status
  }))
}

const isCutOff = ({ stop_reason }: Response): boolean =>
  stop_reason === "max_tokens" || stop_reason === "model_context_window_exceeded" || stop_reason === "refusal"

const distinctCalls = ({ content }: Response) =>
  ToolCall.distinct(
    content.filter((block) => block.type === "tool_use"),
    ({ id, input, name }) => ({ id, name, arguments: input })
  )

/** The results alone: one `user` message with one `tool_result` block per call, in call order. */
export const results = (settled: Batch.Settled<Tool.Any>): Array<Message> =>
  resultMessages(Conversation.results(settled.outcomes))

/**
 * What to append to the messages: the assistant turn, unchanged but for ids that were missing or repeated, and one
 * `user` message with all results.
 */
export const followUp = (response: Response, settled: Batch.Settled<Tool.Any>): Array<Message> => [
  ...echo(response),
  ...results(settled)
]

const resultMessages = (toolResults: ReadonlyArray<Conversation.ToolResult>): Array<Message> =>
  toolResults.length === 0 ? [] : [{ role: "user", content: toolResults.map(resultBlock) }]

const resultBlock = ({ callId, isError, text }: Conversation.ToolResult): Anthropic.ToolResultBlockParam => ({
  type: "tool_result",
  tool_use_id: callId,
  content: text,
  ...(isError && { is_error: true })
})

/** The API takes no message without content. */
const echo = (response: Response): Array<Message> => {
  const ids = new Map(distinctCalls(response).map(({ call, id }) => [call, id]))
  const content = response.content.flatMap((block): Array<Anthropic.ContentBlockParam> => {
    if (block.type !== "tool_use") return [block]
    const id = ids.get(block)
    return id === undefined ? [] : id === block.id ? [block] : [{ ...block, id }]
  })
  return content.length === 0 ? [] : [{ role: "assistant", content }]
}

/** A conversation as this wire writes it, its system messages apart; turns that came from here are echoed as they came. */
export const messages = (conversation: Conversation.Conversation): Array<Message> =>
  conversation.messages.flatMap((message): Array<Message> => {
    switch (message.role) {
      case "system":
        return []
      case "user":
        return [{ role: "user", content: message.text }]
      case "assistant":
        return isNative(message.native) ? message.native.message : spell(message)
      case "tool":
        return resultMessages(message.results)
    }
  })

const isNative = (native: Conversation.Assistant["native"]): native is {
  readonly wire: typeof wire
  readonly message: Array<Message>
} => native?.wire === wire

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

/** Other wires carry arguments as text, which need not be JSON; this one takes objects alone. */
const objectOf = (args: unknown): unknown => {
  if (typeof args !== "string") return args
  try {
    return JSON.parse(args)
  } catch {
    return { unreadable: args }
  }
}

/** How the model is reached. */
export interface Options {
  readonly model: string
  readonly apiKey: Redacted.Redacted<string>
  /** Where the API is; the official one when left out. */
  readonly baseUrl?: string | undefined
  /** The most tokens of one turn, which this API wants to be told; 8,192. */
  readonly maxTokens?: number | undefined
  /** How often the SDK sends a request again after a status that may pass; 2. Nothing else retries. */
  readonly maxRetries?: number | undefined
  /** What sends the requests, in place of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined
}

/** Provides `ChatModel` on the official SDK. */
export const layer = (options: Options): Layer.Layer<ChatModel.ChatModel> =>
  Layer.sync(ChatModel.ChatModel, () => {
    const client = new Anthropic({
      apiKey: Redacted.value(options.apiKey),
      authToken: null,
      baseURL: options.baseUrl ?? null,
      maxRetries: options.maxRetries ?? 2,
      ...(options.fetch && { fetch: options.fetch })
    })
    return { generate: generateWith(client, options) }
  })

/** Provides `ChatModel` with the API key from the configuration, `ANTHROPIC_API_KEY` unless another is given. */
export const layerConfig = (
  options: Omit<Options, "apiKey"> & { readonly apiKey?: Config.Config<Redacted.Redacted<string>> | undefined }
): Layer.Layer<ChatModel.ChatModel, Config.ConfigError> =>
  Layer.unwrap(
    Effect.map(options.apiKey ?? Config.Redacted("ANTHROPIC_API_KEY"), (apiKey) => layer({ ...options, apiKey }))
  )

const generateWith = (client: Anthropic, options: Options) =>
  Effect.fn("AnthropicMessages.generate")(function*(request: ChatModel.Request) {
    const body = bodyOf(options, request)
    const response = yield* Effect.tryPromise((signal) => client.messages.create(body, { signal })).pipe(
      Effect.catch(({ cause }) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => failure(reasonOf(client, cause, now)))
      )
    )
    return yield* turnOf(response)
  })

const bodyOf = (options: Options, request: ChatModel.Request): Anthropic.MessageCreateParamsNonStreaming => {
  const system = request.conversation.messages.flatMap((message) => message.role === "system" ? [message.text] : [])
  return {
    model: options.model,
    max_tokens: options.maxTokens ?? 8_192,
    messages: messages(request.conversation),
    ...(system.length > 0 && { system: system.join("\n\n") }),
    ...(request.toolkit && request.toolkit.tools.length > 0 && {
      tools: tools(request.toolkit),
      ...toolChoice(request.toolkit, request)
    })
  }
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

const turnOf = (response: Response): Effect.Effect<ChatModel.Turn, ChatModelError.ChatModelError> => {
  if (!Array.isArray(response.content)) {
    return failure(new ChatModelError.UnusableResponse({ message: "the response has no content" }))
  }
  const text = response.content.flatMap((block) => block.type === "text" ? [block.text] : []).join("")
  return Effect.succeed({
    message: { role: "assistant", text, calls: toolCalls(response), native: { wire, message: echo(response) } },
    finish: finishOf(response),
    usage: usageOf(response.usage)
  })
}

const finishOf = (response: Response): ChatModel.Turn["finish"] => {
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
      return "stop"
  }
}

const usageOf = (usage: Anthropic.Usage | undefined): ChatModel.Usage => ({
  input: (usage?.input_tokens ?? 0) + (usage?.cache_creation_input_tokens ?? 0) + (usage?.cache_read_input_tokens ?? 0),
  output: usage?.output_tokens ?? 0
})

const failure = (reason: ChatModelError.Reason) => Effect.fail(new ChatModelError.ChatModelError({ wire, reason }))

const reasonOf = (client: Anthropic, error: unknown, now: number): ChatModelError.Reason => {
  if (error instanceof APIConnectionError) {
    return new ChatModelError.Unreachable({
      message: `no answer from ${client.baseURL}: ${error.message}`,
      url: client.baseURL
    })
  }
  if (error instanceof APIError && error.status !== undefined) {
    const { headers, message, status } = error
    return ChatModelError.fromStatus({
      status,
      message,
      retryAfterMillis: ChatModelError.retryAfterMillis(headers, now)
    })
  }
  return new ChatModelError.UnusableResponse({ message: error instanceof Error ? error.message : String(error) })
}

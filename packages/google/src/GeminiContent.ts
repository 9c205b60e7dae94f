/**
 * Google Gemini's `generateContent`: a pure codec for loops of one's own, and the Layer that provides `ChatModel`.
 */
import {
  ApiError,
  type Candidate,
  type Content,
  type FunctionCallingConfig,
  FunctionCallingConfigMode,
  type GenerateContentParameters,
  type GenerateContentResponse,
  GoogleGenAI,
  type Part,
  type Tool as ApiTool
} from "@google/genai"
import type * as Batch from "@volley/core/Batch"
import * as ChatModel from "@volley/core/ChatModel"
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Media from "@volley/core/Content"
import * as Conversation from "@volley/core/Conversation"
import * as Json from "@volley/core/Json"
import type * as Tool from "@volley/core/Tool"
import type * as ToolCall from "@volley/core/ToolCall"
import type * as Toolkit from "@volley/core/Toolkit"
import * as Usage from "@volley/core/Usage"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import type * as Stream from "effect/Stream"
import { distinctCalls, idOf, isMadeUp, withId } from "./internal/callIds.ts"
import * as GeminiStream from "./internal/geminiStream.ts"
import * as Refusal from "./internal/refusal.ts"
import { isTurn, readResponse, type Response } from "./internal/wholeResponse.ts"

export type { Response } from "./internal/wholeResponse.ts"

/** The name of this wire. */
export const wire = "google"

/** The `tools` of a request, under names that every provider accepts; none for no tools. */
export const tools = (toolkit: Toolkit.Any): Array<ApiTool> =>
  toolkit.tools.length === 0 ? [] : [{
    functionDeclarations: toolkit.tools.map((tool) => ({
      name: toolkit.wireNames.get(tool.name) ?? tool.name,
      description: tool.description,
      parametersJsonSchema: tool.jsonSchema
    }))
  }]

/**
 * The calls of a response, in call order, each with an id of its own.
 *
 * - models before Gemini 3 give no ids: those made up here begin with `noid_`, and never go back to the API
 * - a turn that ended otherwise than with `STOP` proves no call complete: all of them are `"truncated"`
 */
export const toolCalls = (response: Response): ReadonlyArray<ToolCall.ToolCall> =>
  callsOf(response.candidates?.[0], distinctCalls(response.candidates?.[0]?.content))

type Calls = ReturnType<typeof distinctCalls>

const callsOf = (candidate: Candidate | undefined, calls: Calls): ReadonlyArray<ToolCall.ToolCall> => {
  const status = (candidate?.finishReason ?? "STOP") === "STOP" ? "complete" : "truncated"
  return calls.map(({ call, id }, index) => ({
    id,
    name: call.name ?? "",
    arguments: call.args ?? {},
    index,
    status
  }))
}

/**
 * Takes JSON of unknown origin for a response: a whole body, or a model's `Content` alone, which counts as complete.
 *
 * - checks what this codec reads, and says what is wrong with it
 */
export const parse: (json: unknown) => Result.Result<Response, string> = readResponse

/**
 * The results alone: one `user` content with one `functionResponse` part per call, in call order.
 *
 * - `model`: that they are for; Gemini 1 and 2 take no images and documents in results, and get them in a content behind
 */
export const results = (settled: Batch.Settled<Tool.Any>, model = ""): Array<Content> =>
  resultContents(Conversation.results(settled.outcomes), model)

/**
 * What to append to the contents: the model's turn, unchanged but for ids that were repeated, its thought signatures
 * included, and one `user` content with all results.
 */
export const followUp = (response: Response, settled: Batch.Settled<Tool.Any>): Array<Content> => {
  const content = response.candidates?.[0]?.content
  return [...echo(content, distinctCalls(content)), ...results(settled, response.modelVersion)]
}

const resultContents = (toolResults: ReadonlyArray<Conversation.ToolResult>, model: string): Array<Content> => {
  if (toolResults.length === 0) return []
  const apart = isOld(model)
  const shown = toolResults.map((result) => ({ ...result, ...Media.sift(result, refuse) }))
  const parts = shown.map(({ media, ...result }): Part => ({
    functionResponse: {
      ...idOf(result.callId),
      name: result.name,
      response: outputOf(result),
      ...(media.length > 0 && !apart && { parts: media.map(blobOf) })
    }
  }))
  const behind = shown.flatMap(({ callId, media, name }): Array<Part> =>
    media.length === 0 ? [] : [{ text: Media.heading(name, idOf(callId).id) }, ...media.map(blobOf)]
  )
  return [{ role: "user", parts }, ...(apart && behind.length > 0 ? [{ role: "user", parts: behind }] : [])]
}

/** These sign no calls, and take no media in results. */
const isOld = (model: string): boolean => /^(models\/)?gemini-[12]/.test(model)

const images: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/webp"])

const refuse = ({ mediaType, type }: Media.Media): string | undefined => {
  if (type === "image") {
    return images.has(mediaType) ? undefined : "Gemini takes images of image/png, image/jpeg and image/webp"
  }
  return mediaType === "application/pdf" || mediaType.startsWith("text/")
    ? undefined
    : "Gemini takes documents of application/pdf and plain text"
}

const blobOf = ({ data, mediaType }: Media.Media) => ({
  inlineData: { mimeType: mediaType.startsWith("text/") ? "text/plain" : mediaType, data }
})

/** The API takes objects, with the result or the error under a key of its own. */
const outputOf = ({ isError, text }: Pick<Conversation.ToolResult, "isError" | "text">): Record<string, unknown> => {
  const value = jsonOf(text)
  if (!isError) return { output: value }
  return Json.isObject(value) && Object.keys(value).join() === "error" ? value : { error: value }
}

/** What was cut for its length is no JSON any more, and stays a text. */
const jsonOf = (text: string): unknown => Result.getOrElse(Json.parse(text, Json.ofResponse), () => text)

/** The API takes no content without parts. */
const echo = (content: Content | undefined, calls: Calls): Array<Content> => {
  if (!content?.parts || content.parts.length === 0) return []
  let next = 0
  const parts = content.parts.flatMap((part): Array<Part> => {
    const call = part.functionCall
    if (!call) return [part]
    if (calls[next]?.call !== call) return []
    const echoed = withId(call, calls[next++]!.id)
    return [echoed === call ? part : { ...part, functionCall: echoed }]
  })
  return [{ ...content, role: "model", parts }]
}

/**
 * A conversation as this wire writes it, its system messages apart; turns that came from here are echoed as they came.
 *
 * - Gemini 3 wants a thought signature on the first call of each turn. Where one is missing, because another wire or an
 *   older model made the call, the API's own mark goes in its place, which it documents to cost quality
 * - `model`: for which the conversation is; Gemini 1 and 2 get no mark, and media in a content behind the results
 */
export const messages = (conversation: Conversation.Conversation, model = ""): Array<Content> => {
  const sign = isOld(model) ? (content: Content) => content : signed
  return Conversation.respell(conversation, wire, acceptsId).messages.flatMap((message): Array<Content> => {
    switch (message.role) {
      case "system":
        return []
      case "user":
        return [{ role: "user", parts: [{ text: message.text }] }]
      case "assistant":
        return (isNative(message.native) ? message.native.message : spell(message)).map(sign)
      case "tool":
        return resultContents(message.results, model)
    }
  })
}

const acceptsId = (id: string): boolean => id !== "" && !isMadeUp(id)

const isNative = (native: Conversation.Assistant["native"]): native is {
  readonly wire: typeof wire
  readonly message: Array<Content>
} => native?.wire === wire && isTurns(native.message)

const isTurns = (json: unknown): boolean => Array.isArray(json) && json.every(isTurn)

const spell = ({ calls, text }: Conversation.Assistant): Array<Content> => {
  const parts: Array<Part> = calls.map(({ arguments: args, id, name }) => ({
    functionCall: { ...idOf(id), name, args: objectOf(args) }
  }))
  if (text !== "") parts.unshift({ text })
  return parts.length === 0 ? [] : [{ role: "model", parts }]
}

const signed = (content: Content): Content => {
  const first = content.parts?.find(({ functionCall }) => functionCall)
  if (first === undefined || first.thoughtSignature) return content
  const parts = content.parts ?? []
  return { ...content, parts: parts.map((part) => part === first ? { ...part, thoughtSignature: unsigned } : part) }
}

const unsigned = "skip_thought_signature_validator"

/** Other wires carry arguments as text, which need not be JSON; this one takes objects alone. */
const objectOf = (args: unknown): Record<string, unknown> => {
  const value = typeof args === "string" ? args.trim() === "" ? {} : jsonOf(args) : args
  return Json.isObject(value) ? value : { unreadable: args ?? null }
}

const officialUrl = "https://generativelanguage.googleapis.com"

/** Provides `ChatModel` on the official SDK, for the Gemini Developer API. */
export const layer = (options: ChatModel.ApiOptions): Layer.Layer<ChatModel.ChatModel> =>
  Layer.sync(ChatModel.ChatModel, () => {
    const client = new GoogleGenAI({
      apiKey: Redacted.value(options.apiKey),
      vertexai: false,
      apiVersion: "v1",
      httpOptions: {
        baseUrl: options.baseUrl ?? officialUrl,
        // The delays of the other providers' SDKs; this one's own begin at one second and go up to sixty.
        retryOptions: { attempts: 1 + (options.maxRetries ?? 2), initialDelay: 0.5, maxDelay: 8 },
        ...(options.fetch && { fetch: options.fetch })
      }
    })
    return ChatModel.make({
      wire,
      secret: options.apiKey,
      send: (request, signal) => client.models.generateContent(bodyOf(options, request, signal)),
      read: (body) => Result.map(parse(body), turnOf),
      open: (request, signal) => client.models.generateContentStream(bodyOf(options, request, signal)),
      fold,
      reason: (error, now) => reasonOf(options.baseUrl ?? officialUrl, error, now)
    })
  })

/** Provides `ChatModel` with the API key from the configuration, `GEMINI_API_KEY` unless another is given. */
export const layerConfig = ChatModel.layerConfig(layer, "GEMINI_API_KEY")

const bodyOf = (
  options: ChatModel.ApiOptions,
  { conversation, output, toolChoice, toolkit }: ChatModel.Request,
  abortSignal: AbortSignal
): GenerateContentParameters => {
  const hasTools = toolkit !== undefined && toolkit.tools.length > 0
  const system = conversation.messages.flatMap((message) => message.role === "system" ? [message.text] : [])
  // Gemini 1 and 2 refuse a schema beside tools.
  const hasSchema = output !== undefined && !(hasTools && isOld(options.model))
  if (output !== undefined && !hasSchema) system.push(ChatModel.outputInWords(output))
  return {
    model: options.model,
    contents: messages(conversation, options.model),
    config: {
      abortSignal,
      ...(system.length > 0 && { systemInstruction: { parts: [{ text: system.join("\n\n") }] } }),
      ...(options.maxTokens !== undefined && { maxOutputTokens: options.maxTokens }),
      ...(hasTools && {
        tools: tools(toolkit),
        ...(toolChoice !== undefined && { toolConfig: { functionCallingConfig: callingConfig(toolkit, toolChoice) } })
      }),
      ...(hasSchema && {
        responseMimeType: "application/json",
        responseJsonSchema: output.jsonSchema
      })
    }
  }
}

const callingConfig = (toolkit: Toolkit.Any, choice: ChatModel.ToolChoice): FunctionCallingConfig => {
  switch (choice) {
    case "auto":
      return { mode: FunctionCallingConfigMode.AUTO }
    case "none":
      return { mode: FunctionCallingConfigMode.NONE }
    case "required":
      return { mode: FunctionCallingConfigMode.ANY }
    default:
      return {
        mode: FunctionCallingConfigMode.ANY,
        allowedFunctionNames: [toolkit.wireNames.get(choice.tool) ?? choice.tool]
      }
  }
}

/**
 * The parts of a turn that a client of one's own streams: its text as it comes, each call at once, since calls come whole,
 * and at the end the response that `followUp` takes.
 */
export const parts = (
  chunks: AsyncIterable<GenerateContentResponse>
): Stream.Stream<ChatModel.Part<Response>, ChatModelError.ChatModelError> =>
  ChatModel.parts({ wire, fold, reason: (error, now) => reasonOf(undefined, error, now) }, chunks)

const fold: ChatModel.Fold<GeminiStream.State, Response> = {
  initial: GeminiStream.initial,
  next: GeminiStream.next,
  end: (state) =>
    Result.flatMap(
      GeminiStream.body(state),
      (body) => ChatModel.orUnusable(Result.map(parse(body), (response) => ({ turn: turnOf(response), response })))
    )
}

const turnOf = (response: Response): ChatModel.Turn => {
  const candidate = response.candidates?.[0]
  const distinct = distinctCalls(candidate?.content)
  const calls = callsOf(candidate, distinct)
  const said = (candidate?.content?.parts ?? []).filter(({ thought }) => thought !== true)
  return {
    message: {
      role: "assistant",
      text: said.map(({ text }) => text ?? "").join(""),
      calls,
      native: { wire, message: echo(candidate?.content, distinct) }
    },
    finish: finishOf(candidate, calls.length),
    usage: usageOf(response.usageMetadata),
    model: response.modelVersion
  }
}

/**
 * There is no reason of its own for calls; a prompt that was blocked has no candidate at all. A call that the model could
 * not spell leaves nothing behind: the model is asked again.
 */
const finishOf = (candidate: Candidate | undefined, calls: number): ChatModel.Turn["finish"] => {
  if (candidate === undefined) return "refusal"
  const reason: string = candidate.finishReason ?? "STOP"
  if (reason === "STOP") return calls > 0 ? "tool-calls" : "stop"
  if (reason === "MALFORMED_FUNCTION_CALL" && (candidate.content?.parts ?? []).length === 0) return "pause"
  return refusals.has(reason) ? "refusal" : "length"
}

const refusals: ReadonlySet<string> = new Set([
  "SAFETY",
  "RECITATION",
  "LANGUAGE",
  "BLOCKLIST",
  "PROHIBITED_CONTENT",
  "SPII",
  "IMAGE_SAFETY",
  "IMAGE_PROHIBITED_CONTENT",
  "IMAGE_RECITATION"
])

const usageOf = (usage: Response["usageMetadata"]): Usage.Usage =>
  Usage.make({
    input: Usage.count(usage?.promptTokenCount, usage?.toolUsePromptTokenCount),
    output: Usage.count(usage?.candidatesTokenCount, usage?.thoughtsTokenCount),
    cached: usage?.cachedContentTokenCount,
    cacheWrite: undefined,
    reasoning: usage?.thoughtsTokenCount
  })

const reasonOf = (url: string | undefined, error: unknown, now: number): ChatModelError.Reason => {
  const refusal = error instanceof ApiError ? Refusal.read(error) : undefined
  const reason = ChatModelError.fromClient(error, {
    url,
    now,
    refusal,
    isOwn: error instanceof Error && ownRefusal.test(error.message)
  })
  if (refusal?.isBadKey) return new ChatModelError.Unauthorized({ message: reason.message, status: refusal.status })
  return isUnread(error)
    ? new ChatModelError.UnusableResponse({ message: "not a response: its body is no object" })
    : reason
}

/** What the SDK itself will not send; its errors have no class of their own. */
const ownRefusal = /^(contents are required|model is required|invalid model parameter)/

/** The SDK writes the headers into the body that it read, which fails where that is `null` or a text, and misses the body of a stream. */
const isUnread = (error: unknown): boolean =>
  error instanceof Error && (error.message.includes("sdkHttpResponse") || error.message === "Response body is empty")

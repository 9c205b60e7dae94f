/**
 * What the tests of dialects need of each wire: its codec behind the official client, its Layer, and its strict server.
 */
import Anthropic from "@anthropic-ai/sdk"
import { GoogleGenAI } from "@google/genai"
import * as AnthropicMessages from "@volley/anthropic/AnthropicMessages"
import {
  type Batch,
  type ChatModel,
  type ChatModelError,
  type Conversation,
  type Tool,
  type ToolCall,
  type Toolkit
} from "@volley/core"
import * as GeminiContent from "@volley/google/GeminiContent"
import * as OpenAiChat from "@volley/openai/OpenAiChat"
import * as OpenAiResponses from "@volley/openai/OpenAiResponses"
import { Effect, Result, Stream } from "effect"
import OpenAI from "openai"
import * as AnthropicMessagesWire from "../src/AnthropicMessagesWire.ts"
import type * as Dialect from "../src/Dialect.ts"
import * as Frame from "../src/Frame.ts"
import * as GeminiContentWire from "../src/GeminiContentWire.ts"
import { get, isObject } from "../src/internal/json.ts"
import * as Manner from "../src/internal/manner.ts"
import * as OpenAiChatWire from "../src/OpenAiChatWire.ts"
import * as OpenAiResponsesWire from "../src/OpenAiResponsesWire.ts"
import type { Reply } from "../src/Script.ts"
import type * as Wire from "../src/Wire.ts"
import type { Provider } from "./ChatModelSuite.ts"
import { eventsOf } from "./streams.ts"

/**
 * What a server makes of a reply: a body, and the events that it is cut into.
 *
 * - `events`: as the official client hands them on, and `[DONE]` behind them, which it keeps to itself, where the server said so
 */
export interface Written {
  readonly body: unknown
  readonly events: ReadonlyArray<object | string>
}

type Parts = Stream.Stream<ChatModel.Part, ChatModelError.ChatModelError>

/**
 * A wire, its types forgotten: bodies are what a server sent.
 *
 * - `key`: its name in dialects
 * - `provider`, `request`: the Layer, and the body of a request with the question and what was appended to it; both want a
 *   model that thinks, where it does not of itself
 * - `open`: the official client, which asks for a turn with a body of that kind
 * - `turnOf`: what a body says of the turn that is to be echoed; `echoOf`: that turn in a request
 * - `write`, `refusal`: a server of a dialect, without its transport
 */
export interface Spoken {
  readonly provider: Provider
  readonly key: keyof Dialect.Dialect
  readonly request: (toolkit: Toolkit.Any, turns: ReadonlyArray<unknown>) => object
  readonly open: (fetch: typeof globalThis.fetch) => {
    readonly whole: (request: object) => Promise<unknown>
    readonly streamed: (request: object) => Promise<Parts>
  }
  readonly toolCalls: (body: unknown) => ReadonlyArray<ToolCall.ToolCall>
  readonly followUp: (body: unknown, settled: Batch.Settled<Tool.Any>) => ReadonlyArray<unknown>
  readonly parts: (events: AsyncIterable<unknown>) => Parts
  readonly messages: (conversation: Conversation.Conversation) => ReadonlyArray<unknown>
  readonly turnOf: (body: unknown) => unknown
  readonly echoOf: (request: unknown) => unknown
  readonly write: (
    dialect: Dialect.Dialect,
    request: object,
    reply: Reply,
    options?: Frame.Options
  ) => Result.Result<Written, Wire.Rejection>
  readonly refusal: (dialect: Dialect.Dialect, request: object) => Wire.Rejection | undefined
}

/** What a server sent, whatever its type promises. */
export const unlike = <A>(body: unknown): A => body as A

const prompt = "How is it in Oslo and Rome?"
const headers = { authorization: "Bearer key", "anthropic-version": "2026-10-21", "x-goog-api-key": "key" }

/** A server of a dialect, its types forgotten. */
const server = <Request, Body extends object>(
  wire: Wire.Wire<Request, Body>,
  path: string,
  mannerOf: (dialect: Dialect.Dialect) => Manner.Manner<Body> | undefined
): Pick<Spoken, "write" | "refusal"> => {
  const check = (dialect: Dialect.Dialect, request: object) =>
    Manner.check(wire, mannerOf(dialect) ?? {}, JSON.parse(JSON.stringify(request)), headers, path)
  return {
    write: (dialect, request, reply, options = {}) =>
      Result.map(check(dialect, request), (checked) => {
        const manner = mannerOf(dialect) ?? {}
        const rendered = wire.render(checked, reply, 1).body
        const body = manner.turn?.(rendered) ?? rendered
        const written = Manner.write(manner, { body, frames: wire.frames(body, options) })
        const sent: Written = JSON.parse(
          JSON.stringify({
            body: written.body,
            events: [
              ...Frame.events(written.frames),
              ...written.frames.flatMap(({ data }) => data === "[DONE]" ? [data] : [])
            ]
          })
        )
        return sent
      }),
    refusal: (dialect, request) => Result.getOrUndefined(Result.flip(check(dialect, request)))
  }
}

const listOf = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : []

const first = (list: unknown, is: (item: unknown) => boolean): unknown => listOf(list).find(is)

const isRole = (role: string) => (item: unknown): boolean => get(item, "role") === role

const chat: Spoken = {
  provider: { name: "openai-chat", layerOf: OpenAiChat.layer },
  key: "openai",
  request: (toolkit, turns) => ({
    model: "some-model",
    messages: [{ role: "user", content: prompt }, ...turns],
    tools: OpenAiChat.tools(toolkit)
  }),
  open: (fetch) => {
    const { completions } = new OpenAI({ apiKey: "key", fetch, maxRetries: 0 }).chat
    return {
      whole: (request) => completions.create(unlike<OpenAI.ChatCompletionCreateParamsNonStreaming>(request)),
      streamed: async (request) =>
        OpenAiChat.parts(
          await completions.create({
            ...unlike<OpenAI.ChatCompletionCreateParamsNonStreaming>(request),
            stream: true,
            stream_options: { include_usage: true }
          })
        )
    }
  },
  toolCalls: (body) => OpenAiChat.toolCalls(unlike(body)),
  followUp: (body, settled) => OpenAiChat.followUp(unlike(body), settled),
  parts: (events) => OpenAiChat.parts(unlike(events)),
  messages: (conversation) => OpenAiChat.messages(conversation),
  turnOf: (body) => get(listOf(get(body, "choices"))[0], "message"),
  echoOf: (request) => first(get(request, "messages"), isRole("assistant")),
  ...server(OpenAiChatWire, OpenAiChatWire.path, ({ openai }) => openai)
}

const reasoning = { effort: "low" } as const

const responses: Spoken = {
  provider: {
    name: "openai-responses",
    layerOf: (options) => OpenAiResponses.layer({ ...options, request: { reasoning } })
  },
  key: "openai-responses",
  request: (toolkit, turns) => ({
    model: "some-model",
    input: [{ role: "user", content: prompt }, ...turns],
    tools: OpenAiResponses.tools(toolkit),
    reasoning
  }),
  open: (fetch) => {
    const client = new OpenAI({ apiKey: "key", fetch, maxRetries: 0 })
    return {
      whole: (request) => client.responses.create(unlike<OpenAI.Responses.ResponseCreateParamsNonStreaming>(request)),
      streamed: async (request) =>
        OpenAiResponses.parts(
          await client.responses.create({
            ...unlike<OpenAI.Responses.ResponseCreateParamsNonStreaming>(request),
            stream: true
          })
        )
    }
  },
  toolCalls: (body) => OpenAiResponses.toolCalls(unlike(body)),
  followUp: (body, settled) => OpenAiResponses.followUp(unlike(body), settled),
  parts: (events) => OpenAiResponses.parts(unlike(events)),
  messages: (conversation) => OpenAiResponses.messages(conversation),
  turnOf: (body) => get(body, "output"),
  echoOf: (request) =>
    listOf(get(request, "input")).filter((item) =>
      !isRole("user")(item) && !isRole("system")(item) && get(item, "type") !== "function_call_output"
    ),
  ...server(OpenAiResponsesWire, OpenAiResponsesWire.path, (dialect) => dialect["openai-responses"])
}

const thinking = { type: "adaptive" } as const

const anthropic: Spoken = {
  provider: {
    name: "anthropic",
    layerOf: (options) => AnthropicMessages.layer({ ...options, request: { thinking } }),
    model: "claude-opus-5-5"
  },
  key: "anthropic",
  request: (toolkit, turns) => ({
    model: "claude-opus-5-5",
    max_tokens: 1024,
    messages: [{ role: "user", content: prompt }, ...turns],
    tools: AnthropicMessages.tools(toolkit),
    thinking
  }),
  open: (fetch) => {
    const { messages } = new Anthropic({ apiKey: "key", fetch, maxRetries: 0 })
    return {
      whole: (request) => messages.create(unlike<Anthropic.MessageCreateParamsNonStreaming>(request)),
      streamed: async (request) =>
        AnthropicMessages.parts(
          await messages.create({ ...unlike<Anthropic.MessageCreateParamsNonStreaming>(request), stream: true })
        )
    }
  },
  toolCalls: (body) => AnthropicMessages.toolCalls(unlike(body)),
  followUp: (body, settled) => AnthropicMessages.followUp(unlike(body), settled),
  parts: (events) => AnthropicMessages.parts(unlike(events)),
  messages: (conversation) => AnthropicMessages.messages(conversation),
  turnOf: (body) => isObject(body) ? { role: body["role"], content: body["content"] } : undefined,
  echoOf: (request) => first(get(request, "messages"), isRole("assistant")),
  ...server(AnthropicMessagesWire, AnthropicMessagesWire.path, ({ anthropic }) => anthropic)
}

const gemini = "gemini-3.8-flash"

const google: Spoken = {
  provider: { name: "google", layerOf: GeminiContent.layer, model: gemini },
  key: "google",
  request: (toolkit, turns) => ({
    contents: [{ role: "user", parts: [{ text: prompt }] }, ...turns],
    tools: GeminiContent.tools(toolkit)
  }),
  open: (fetch) => {
    const { models } = new GoogleGenAI({ apiKey: "key", vertexai: false, httpOptions: { fetch } })
    const of = (request: object) => ({
      model: gemini,
      contents: get(request, "contents"),
      config: { tools: get(request, "tools") }
    })
    return {
      whole: (request) => models.generateContent(unlike(of(request))),
      streamed: async (request) => GeminiContent.parts(await models.generateContentStream(unlike(of(request))))
    }
  },
  toolCalls: (body) => GeminiContent.toolCalls(unlike(body)),
  followUp: (body, settled) => GeminiContent.followUp(unlike(body), settled),
  parts: (events) => GeminiContent.parts(unlike(events)),
  messages: (conversation) => GeminiContent.messages(conversation, gemini),
  turnOf: (body) => get(listOf(get(body, "candidates"))[0], "content"),
  echoOf: (request) => first(get(request, "contents"), isRole("model")),
  ...server(GeminiContentWire, `/v1/models/${gemini}:generateContent`, ({ google }) => google)
}

export const wires: ReadonlyArray<Spoken> = [chat, responses, anthropic, google]

/** The parts of a turn that a codec reads of events at hand. */
export const partsOf = ({ parts }: Spoken, { events }: Written): Parts => parts(eventsOf(events))

/** The official client asked, and what it threw as a failure. */
export const asked = <A>(ask: () => Promise<A>) => Effect.tryPromise(ask)

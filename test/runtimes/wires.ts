/**
 * The four wires as their servers write them, for a conversation of two turns: one call of `read_sensor`, then its value in
 * words. Each is a `fetch`, so that no runtime needs a network.
 */
import Sdk from "@anthropic-ai/sdk"
import { GoogleGenAI } from "@google/genai"
import { AnthropicMessages } from "@volley/anthropic"
import type { ChatModel } from "@volley/core"
import { GeminiContent } from "@volley/google"
import { OpenAiChat, OpenAiResponses } from "@volley/openai"
import type * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import OpenAI from "openai"

type Fetch = typeof globalThis.fetch

/**
 * A wire of a provider.
 *
 * - `isForServers`: whether the official client refuses to be made in a page
 * - `layer`: on the client that Volley makes
 * - `layerClient`: on a client of one's own, which may be told that it is in a browser
 */
interface Wire {
  readonly name: string
  readonly isForServers: boolean
  readonly layer: (fetch: Fetch, baseUrl?: string) => Layer.Layer<ChatModel.ChatModel>
  readonly layerClient: (fetch: Fetch) => Layer.Layer<ChatModel.ChatModel>
  readonly bodies: Bodies
}

/** What a server sends, by whether the call has been answered: a whole body, and the events of a stream. */
interface Bodies {
  readonly whole: (isAnswered: boolean) => object
  readonly events: (isAnswered: boolean) => ReadonlyArray<Event>
}

interface Event {
  readonly type?: string
  readonly data: string
}

const args = "{\"number\":7}"
const answer = "Sensor 7 measures 49 °C."
const halves = [answer.slice(0, 12), answer.slice(12)]
const model = "some-model"
const address = "https://models.test/v1/"
const apiKey = Redacted.make("none")
const own = {
  baseURL: address,
  apiKey: "none",
  dangerouslyAllowBrowser: true,
  maxRetries: 0
}

const event = (data: object): Event => ({ data: JSON.stringify(data) })
const named = <const Data extends { readonly type: string }>(data: Data): Event => ({
  type: data.type,
  data: JSON.stringify(data)
})

const chatCall = { id: "call_1", type: "function", function: { name: "read_sensor", arguments: args } }
const chatUsage = { prompt_tokens: 20, completion_tokens: 5, total_tokens: 25 }

const chat: Bodies = {
  whole: (isAnswered) => ({
    id: "chatcmpl_1",
    object: "chat.completion",
    created: 1,
    model,
    choices: [{
      index: 0,
      message: isAnswered
        ? { role: "assistant", content: answer, refusal: null }
        : { role: "assistant", content: null, refusal: null, tool_calls: [chatCall] },
      logprobs: null,
      finish_reason: isAnswered ? "stop" : "tool_calls"
    }],
    usage: chatUsage
  }),
  events: (isAnswered) => {
    const chunk = { id: "chatcmpl_1", object: "chat.completion.chunk", created: 1, model }
    const said = (delta: object, finish_reason: string | null = null) =>
      event({ ...chunk, choices: [{ index: 0, delta, finish_reason }] })
    const called = { index: 0, ...chatCall, function: { name: "read_sensor", arguments: "" } }
    return [
      said({ role: "assistant", content: isAnswered ? "" : null }),
      ...isAnswered
        ? halves.map((content) => said({ content }))
        : [
          said({ tool_calls: [called] }),
          said({ tool_calls: [{ index: 0, function: { arguments: args } }] })
        ],
      said({}, isAnswered ? "stop" : "tool_calls"),
      event({ ...chunk, choices: [], usage: chatUsage }),
      { data: "[DONE]" }
    ]
  }
}

const responsesItem = (isAnswered: boolean) =>
  isAnswered
    ? {
      type: "message",
      id: "msg_1",
      role: "assistant",
      status: "completed",
      content: [{ type: "output_text", text: answer, annotations: [] }]
    }
    : {
      type: "function_call",
      id: "fc_1",
      call_id: "call_1",
      name: "read_sensor",
      arguments: args,
      status: "completed"
    }

const responses: Bodies = {
  whole: (isAnswered) => ({
    id: "resp_1",
    object: "response",
    created_at: 1,
    status: "completed",
    model,
    output: [responsesItem(isAnswered)],
    usage: { input_tokens: 20, output_tokens: 5, total_tokens: 25 }
  }),
  events: (isAnswered) => {
    const whole = responses.whole(isAnswered)
    const item = responsesItem(isAnswered)
    const at = { output_index: 0, item_id: item.id }
    const started = isAnswered ? { ...item, status: "in_progress", content: [] } : { ...item, arguments: "" }
    const part = { type: "output_text", text: answer, annotations: [] }
    return [
      named({ type: "response.created", response: { ...whole, status: "in_progress", output: [] } }),
      named({ type: "response.output_item.added", output_index: 0, item: started }),
      ...isAnswered
        ? [
          named({ type: "response.content_part.added", ...at, content_index: 0, part: { ...part, text: "" } }),
          ...halves.map((delta) => named({ type: "response.output_text.delta", ...at, content_index: 0, delta })),
          named({ type: "response.output_text.done", ...at, content_index: 0, text: answer }),
          named({ type: "response.content_part.done", ...at, content_index: 0, part })
        ]
        : [
          named({ type: "response.function_call_arguments.delta", ...at, delta: args }),
          named({ type: "response.function_call_arguments.done", ...at, name: "read_sensor", arguments: args })
        ],
      named({ type: "response.output_item.done", output_index: 0, item }),
      named({ type: "response.completed", response: whole })
    ]
  }
}

const message = { id: "msg_1", type: "message", role: "assistant", model }

const messages: Bodies = {
  whole: (isAnswered) => ({
    ...message,
    content: [
      isAnswered
        ? { type: "text", text: answer }
        : { type: "tool_use", id: "toolu_1", name: "read_sensor", input: JSON.parse(args) }
    ],
    stop_reason: isAnswered ? "end_turn" : "tool_use",
    stop_sequence: null,
    usage: { input_tokens: 20, output_tokens: 5 }
  }),
  events: (isAnswered) => {
    const deltas = isAnswered
      ? halves.map((text) => ({ type: "text_delta", text }))
      : [{ type: "input_json_delta", partial_json: args }]
    const begun = { ...message, content: [], stop_reason: null, stop_sequence: null }
    return [
      named({ type: "message_start", message: { ...begun, usage: { input_tokens: 20, output_tokens: 1 } } }),
      named({
        type: "content_block_start",
        index: 0,
        content_block: isAnswered
          ? { type: "text", text: "" }
          : { type: "tool_use", id: "toolu_1", name: "read_sensor", input: {} }
      }),
      ...deltas.map((delta) => named({ type: "content_block_delta", index: 0, delta })),
      named({ type: "content_block_stop", index: 0 }),
      named({
        type: "message_delta",
        delta: { stop_reason: isAnswered ? "end_turn" : "tool_use", stop_sequence: null },
        usage: { output_tokens: 5 }
      }),
      named({ type: "message_stop" })
    ]
  }
}

const geminiUsage = { promptTokenCount: 20, candidatesTokenCount: 5, totalTokenCount: 25 }

const geminiOf = (part: object, isLast: boolean) => ({
  candidates: [{ content: { role: "model", parts: [part] }, index: 0, ...(isLast && { finishReason: "STOP" }) }],
  usageMetadata: geminiUsage,
  modelVersion: model,
  responseId: "response_1"
})

const geminiCall = { functionCall: { id: "call_1", name: "read_sensor", args: JSON.parse(args) } }

const gemini: Bodies = {
  whole: (isAnswered) => geminiOf(isAnswered ? { text: answer } : geminiCall, true),
  events: (isAnswered) =>
    isAnswered
      ? halves.map((text, at) => event(geminiOf({ text }, at === halves.length - 1)))
      : [event(geminiOf(geminiCall, true))]
}

/** All of them. */
export const wires: ReadonlyArray<Wire> = [
  {
    name: "Chat Completions",
    isForServers: true,
    layer: (fetch, baseUrl = address) => OpenAiChat.layer({ model, apiKey, baseUrl, fetch }),
    layerClient: (fetch) => OpenAiChat.layerClient({ model, client: new OpenAI({ ...own, fetch }) }),
    bodies: chat
  },
  {
    name: "Responses",
    isForServers: true,
    layer: (fetch, baseUrl = address) => OpenAiResponses.layer({ model, apiKey, baseUrl, fetch }),
    layerClient: (fetch) => OpenAiResponses.layerClient({ model, client: new OpenAI({ ...own, fetch }) }),
    bodies: responses
  },
  {
    name: "Messages",
    isForServers: true,
    layer: (fetch, baseUrl = address) => AnthropicMessages.layer({ model, apiKey, baseUrl, fetch }),
    layerClient: (fetch) => AnthropicMessages.layerClient({ model, client: new Sdk({ ...own, fetch }) }),
    bodies: messages
  },
  {
    name: "Gemini",
    isForServers: false,
    layer: (fetch, baseUrl = address) => GeminiContent.layer({ model, apiKey, baseUrl, fetch }),
    layerClient: (fetch) =>
      GeminiContent.layerClient({
        model,
        client: new GoogleGenAI({
          apiKey: "none",
          httpOptions: { baseUrl: address, fetch, retryOptions: { attempts: 1 } }
        })
      }),
    bodies: gemini
  }
]

/** A server of one wire, as a `fetch`; whether a request has the call's result is told by that alone. */
export const serverOf = ({ bodies }: Wire, asked: (body: string) => void): Fetch => async (input, init) => {
  const request = new Request(input, init)
  const body = await request.text()
  asked(body)
  const isAnswered = /function_call_output|tool_result|functionResponse|"role":"tool"/.test(body)
  if (!/"stream":true/.test(body) && !request.url.includes("streamGenerateContent")) {
    return Response.json(bodies.whole(isAnswered))
  }
  return new Response(inPieces(bodies.events(isAnswered).map(lineOf).join("")), {
    headers: { "content-type": "text/event-stream" }
  })
}

const lineOf = ({ data, type }: Event): string => `${type === undefined ? "" : `event: ${type}\n`}data: ${data}\n\n`

/** Bytes as a network brings them: cut anywhere, amid a letter too. */
const inPieces = (text: string): ReadableStream<Uint8Array<ArrayBuffer>> => {
  const bytes = new TextEncoder().encode(text)
  let at = 0
  return new ReadableStream({
    pull: (controller) => {
      if (at >= bytes.length) return controller.close()
      controller.enqueue(bytes.slice(at, at + 17))
      at += 17
    }
  })
}

import Anthropic from "@anthropic-ai/sdk"
import { type Content, GoogleGenAI } from "@google/genai"
import { AnthropicMessages } from "@volley/anthropic"
import { Batch, ChatModel, type ChatModelError, type Tool, type Toolkit } from "@volley/core"
import { GeminiContent } from "@volley/google"
import { OpenAiChat, OpenAiResponses } from "@volley/openai"
import { Effect, type Stream } from "effect"
import OpenAI from "openai"

/** What a loop without `Agent` is given. */
interface Given<T extends Tool.Any> {
  readonly model: string
  readonly fetch: typeof globalThis.fetch
  readonly toolkit: Toolkit.Toolkit<T>
  readonly prompt: string
}

/** Streams turns and dispatches their calls until a turn has none. */
const loop = Effect.fnUntraced(function*<T extends Tool.Any, Message, Response>(
  toolkit: Toolkit.Toolkit<T>,
  messages: Array<Message>,
  stream: (messages: Array<Message>) => Promise<Stream.Stream<ChatModel.Part<Response>, ChatModelError.ChatModelError>>,
  followUp: (response: Response, settled: Batch.Settled<Tool.Any>) => ReadonlyArray<Message>
) {
  const outcomes: Array<Batch.Settled<T>["outcomes"][number]> = []
  while (true) {
    const { calls, whole } = yield* ChatModel.split(yield* Effect.promise(() => stream(messages)))
    const settled = yield* Batch.dispatch(toolkit, calls)
    const { response, turn } = yield* whole
    if (settled.outcomes.length === 0) return { answer: turn.message.text, outcomes }
    outcomes.push(...settled.outcomes)
    messages.push(...followUp(response, settled))
  }
})

const openAiChat = <T extends Tool.Any>({ fetch, model, prompt, toolkit }: Given<T>) => {
  const client = new OpenAI({ apiKey: "simulated", fetch })
  const tools = OpenAiChat.tools(toolkit)
  const first: Array<OpenAI.ChatCompletionMessageParam> = [{ role: "user", content: prompt }]
  return loop(
    toolkit,
    first,
    async (messages) =>
      OpenAiChat.parts(await client.chat.completions.create({ model, messages, tools, stream: true })),
    OpenAiChat.followUp
  )
}

const openAiResponses = <T extends Tool.Any>({ fetch, model, prompt, toolkit }: Given<T>) => {
  const client = new OpenAI({ apiKey: "simulated", fetch })
  const tools = OpenAiResponses.tools(toolkit)
  const first: Array<OpenAI.Responses.ResponseInputItem> = [{ role: "user", content: prompt }]
  return loop(
    toolkit,
    first,
    async (input) =>
      OpenAiResponses.parts(await client.responses.create({ model, input, tools, store: false, stream: true })),
    OpenAiResponses.followUp
  )
}

const anthropic = <T extends Tool.Any>({ fetch, model, prompt, toolkit }: Given<T>) => {
  const client = new Anthropic({ apiKey: "simulated", fetch })
  const tools = AnthropicMessages.tools(toolkit)
  const first: Array<Anthropic.MessageParam> = [{ role: "user", content: prompt }]
  return loop(
    toolkit,
    first,
    async (messages) =>
      AnthropicMessages.parts(await client.messages.create({ model, max_tokens: 1024, messages, tools, stream: true })),
    AnthropicMessages.followUp
  )
}

const google = <T extends Tool.Any>({ fetch, model, prompt, toolkit }: Given<T>) => {
  const client = new GoogleGenAI({ apiKey: "simulated", httpOptions: { fetch } })
  const config = { tools: GeminiContent.tools(toolkit) }
  const first: Array<Content> = [{ role: "user", parts: [{ text: prompt }] }]
  return loop(
    toolkit,
    first,
    async (contents) => GeminiContent.parts(await client.models.generateContentStream({ model, contents, config })),
    GeminiContent.followUp
  )
}

/** A loop of one's own on the official client of each wire. */
export const plain = { "openai-chat": openAiChat, "openai-responses": openAiResponses, anthropic, google } as const

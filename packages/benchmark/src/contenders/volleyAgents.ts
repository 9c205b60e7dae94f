import { AnthropicMessages } from "@volley/anthropic"
import { Agent, ChatModel, type Tool, ToolCall, Toolkit } from "@volley/core"
import { GeminiContent } from "@volley/google"
import { OpenAiChat, OpenAiResponses } from "@volley/openai"
import { Effect, Layer, Redacted, Stream } from "effect"
import { answer, type Contender, type Servers, type Setting } from "../Contender.ts"
import { anthropicBodies, chatBodies, stubFetch } from "./stub.ts"
import { functionTool, optionsOf } from "./volley.ts"
import { type AnyTool, effectTool } from "./volleyTool.ts"

/** Counts the results that a conversation ends with. */
const answered = (ended: Agent.Ended<Tool.Any>): number =>
  ended.answer === answer || ended.rounds.length > 0
    ? ended.rounds.flatMap(({ settled }) => settled.outcomes).filter(({ result }) => result._tag === "Success").length
    : 0

const agent = (
  title: string,
  from: ReadonlyArray<string>,
  can: Contender["can"],
  modelOf: (setting: Setting) => Layer.Layer<ChatModel.ChatModel>,
  toolOf: (setting: Setting) => AnyTool = effectTool
): Contender => ({
  title,
  from: ["@volley/core", ...from, "effect"],
  turns: 2,
  lacks: "",
  can,
  make: (setting) => {
    const { streaming = false } = setting
    const toolkit = Toolkit.make(toolOf(setting))
    const model = Effect.runSync(Effect.scoped(Layer.build(modelOf(setting))))
    const run = Effect.provideContext(
      Agent.run({ toolkit, prompt: "Look.", streaming, batch: optionsOf(setting, {}) }),
      model
    )
    return async () => answered(await Effect.runPromise(run))
  }
})

/** A model in the process that wants its calls once. */
const plainModel = ({ calls }: Setting): Layer.Layer<ChatModel.ChatModel> => {
  const wanted = calls.map((call, index) => ToolCall.make({ ...call, index }))
  const usage = { input: 1, output: 1 }
  const generate = ({ conversation }: ChatModel.Request): Effect.Effect<ChatModel.Turn> =>
    Effect.succeed(
      conversation.messages.at(-1)?.role === "tool"
        ? { message: { role: "assistant", text: answer, calls: [] }, finish: "stop", usage }
        : { message: { role: "assistant", text: "", calls: wanted }, finish: "tool-calls", usage }
    )
  return Layer.succeed(ChatModel.ChatModel, { generate, stream: () => Stream.empty })
}

const api = (model: string, { servers }: Setting, server: keyof Servers, bodies: () => ReadonlyArray<string>) => ({
  model,
  apiKey: Redacted.make("simulated"),
  ...(servers === undefined ? { fetch: stubFetch(bodies()) } : { baseUrl: servers[server] })
})

export const volleyAgent = agent("Volley `Agent.run`, model in the process", [], { cap: true }, plainModel)

const anthropicModel = (setting: Setting) =>
  AnthropicMessages.layer(api("claude-opus-5-5", setting, "anthropic", () => anthropicBodies(setting.calls)))

const chatModel = (setting: Setting) =>
  OpenAiChat.layer(api("gpt-4.1", setting, "openai", () => chatBodies(setting.calls)))

export const volleyAnthropic = agent(
  "Volley `Agent.run` on Anthropic",
  ["@volley/anthropic", "@anthropic-ai/sdk"],
  { http: true, stream: "http" },
  anthropicModel
)
export const volleyAnthropicFunction = agent(
  "Volley `Agent.run` on Anthropic, `Tool.fromFunction`",
  ["@volley/anthropic", "@anthropic-ai/sdk"],
  {},
  anthropicModel,
  functionTool
)
export const volleyChat = agent(
  "Volley `Agent.run` on Chat Completions",
  ["@volley/openai", "openai"],
  { http: true, stream: "http" },
  chatModel
)
export const volleyChatFunction = agent(
  "Volley `Agent.run` on Chat Completions, `Tool.fromFunction`",
  ["@volley/openai", "openai"],
  {},
  chatModel,
  functionTool
)
export const volleyResponses = agent(
  "Volley `Agent.run` on Responses",
  ["@volley/openai", "openai"],
  { http: true, stream: "http" },
  (setting) => OpenAiResponses.layer(api("gpt-4.1", setting, "openai", () => []))
)
export const volleyGoogle = agent(
  "Volley `Agent.run` on Gemini",
  ["@volley/google", "@google/genai"],
  { http: true, stream: "http" },
  (setting) => GeminiContent.layer(api("gemini-3-pro", setting, "google", () => []))
)

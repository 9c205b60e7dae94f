/** A wire is the same `ChatModel` when it goes through `effect/ai` and back. */
import * as AnthropicMessages from "@volley/anthropic/AnthropicMessages"
import { EffectAi } from "@volley/effect-ai"
import * as GeminiContent from "@volley/google/GeminiContent"
import * as OpenAiChat from "@volley/openai/OpenAiChat"
import * as OpenAiResponses from "@volley/openai/OpenAiResponses"
import { Layer } from "effect"
import { handover, type LayerOf, type Provider, suite } from "../../simulator/test/ChatModelSuite.ts"

const through = (layerOf: LayerOf): LayerOf => (options) =>
  EffectAi.chatModel.pipe(Layer.provide(EffectAi.languageModel), Layer.provide(layerOf(options)))

const wires: ReadonlyArray<Provider> = [
  { name: "openai-chat", layerOf: through(OpenAiChat.layer) },
  { name: "openai-responses", layerOf: through(OpenAiResponses.layer) },
  { name: "anthropic", layerOf: through(AnthropicMessages.layer) },
  {
    name: "google",
    model: "gemini-3.8-flash",
    layerOf: through(GeminiContent.layer),
    key: ["x-goog-api-key", ""],
    lacks: ["parallel switch", "advice in headers", "check of streams"]
  }
]

for (const wire of wires) {
  suite(wire)
  handover(wire, { name: "anthropic", layerOf: AnthropicMessages.layer })
  handover({ name: "openai-responses", layerOf: OpenAiResponses.layer }, wire)
}

import { assert, describe, it } from "@effect/vitest"
import { AnthropicMessages } from "@volley/anthropic"
import { Batch } from "@volley/core"
import * as GeminiContent from "@volley/google/GeminiContent"
import { OpenAiChat } from "@volley/openai"
import { Effect } from "effect"
import { pdf, png, suite, toolkit } from "../../simulator/test/ContentSuite.ts"
import { call, response as responseOf } from "./support.ts"

const older = "gemini-2.5-flash"

const chat = { name: "openai-chat", layerOf: OpenAiChat.layer } as const
const anthropic = { name: "anthropic", layerOf: AnthropicMessages.layer } as const

suite({ name: "google", layerOf: GeminiContent.layer }, chat, anthropic)
suite({ name: "google", layerOf: (options) => GeminiContent.layer({ ...options, model: older }) }, chat, anthropic)

const text = "page 1\n\n[image/svg+xml is left out: Gemini takes images of image/png, image/jpeg and image/webp]"
const media = [
  { inlineData: { mimeType: "image/png", data: png } },
  { inlineData: { mimeType: "application/pdf", data: pdf } },
  { inlineData: { mimeType: "text/plain", data: "R3LDvMOfZQ==" } }
]

const settle = (id: string | undefined) => {
  const response = responseOf([call(id, { page: 1 }, "draw")])
  return Effect.map(Batch.run(toolkit, GeminiContent.toolCalls(response)), (settled) => ({ response, settled }))
}

describe("GeminiContent.results with images and documents", () => {
  it.effect("has them in the function response", () =>
    Effect.gen(function*() {
      const { settled } = yield* settle("a")
      assert.deepStrictEqual<unknown>(GeminiContent.results(settled), [{
        role: "user",
        parts: [{ functionResponse: { id: "a", name: "draw", response: { output: text }, parts: media } }]
      }])
    }))

  it.effect("has them in a content behind it for models before Gemini 3", () =>
    Effect.gen(function*() {
      const { response, settled } = yield* settle(undefined)
      const expected = [
        { role: "user", parts: [{ functionResponse: { name: "draw", response: { output: text } } }] },
        { role: "user", parts: [{ text: "What draw gave back besides its text:" }, ...media] }
      ]
      assert.deepStrictEqual<unknown>(GeminiContent.results(settled, older), expected)
      assert.deepStrictEqual<unknown>(
        GeminiContent.followUp({ ...response, modelVersion: older }, settled).slice(1),
        expected
      )
    }))
})

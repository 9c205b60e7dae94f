import { assert, describe, it } from "@effect/vitest"
import * as AnthropicMessages from "@volley/anthropic/AnthropicMessages"
import { Batch, Content, Conversation } from "@volley/core"
import * as GeminiContent from "@volley/google/GeminiContent"
import * as OpenAiChat from "@volley/openai/OpenAiChat"
import { Effect } from "effect"
import { pdf, png, suite, toolkit } from "../../simulator/test/ContentSuite.ts"
import { call, response } from "./support.ts"

suite(
  { name: "anthropic", layerOf: AnthropicMessages.layer },
  { name: "openai-chat", layerOf: OpenAiChat.layer },
  { name: "google", layerOf: GeminiContent.layer }
)

const text =
  "page 1\n\n[image/svg+xml is left out: Anthropic takes images of image/png, image/jpeg, image/gif and image/webp]"

describe("AnthropicMessages.results with images and documents", () => {
  it.effect("has them as blocks of their result; a failure is text", () =>
    Effect.gen(function*() {
      const body = response([call("a", { page: 1 }, "draw"), call("b", { page: 2 }, "draw")])
      const settled = yield* Batch.run(toolkit, AnthropicMessages.toolCalls(body))
      assert.deepStrictEqual<unknown>(AnthropicMessages.results(settled), [{
        role: "user",
        content: [
          {
            type: "tool_result",
            tool_use_id: "a",
            content: [
              { type: "text", text },
              { type: "image", source: { type: "base64", media_type: "image/png", data: png } },
              {
                type: "document",
                source: { type: "base64", media_type: "application/pdf", data: pdf },
                title: "report.pdf"
              },
              {
                type: "document",
                source: { type: "text", media_type: "text/plain", data: "Grüße" },
                title: "notes.txt"
              }
            ]
          },
          { type: "tool_result", tool_use_id: "b", content: settled.outcomes[1]?.encoded, is_error: true }
        ]
      }])
    }))

  it("never has any in a result that is an error, or one of more than 5 MB", () => {
    const shown = (isError: boolean, data: string) =>
      AnthropicMessages.messages(Conversation.append(Conversation.make("Go."), {
        role: "tool",
        results: [{ callId: "a", name: "draw", text: "Well.", isError, media: [Content.image("image/png", data)] }]
      }))[1]
    const result = { type: "tool_result", tool_use_id: "a" }
    assert.deepStrictEqual<unknown>([shown(true, png), shown(false, "A".repeat(5_242_884))], [
      {
        role: "user",
        content: [{
          ...result,
          content: "Well.\n\n[image/png is left out: an error is text alone]",
          is_error: true
        }]
      },
      {
        role: "user",
        content: [{
          ...result,
          content: "Well.\n\n[image/png is left out: Anthropic takes images of up to 5 MB in base64]"
        }]
      }
    ])
  })
})

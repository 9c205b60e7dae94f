import { assert, describe, it } from "@effect/vitest"
import * as AnthropicMessages from "@volley/anthropic/AnthropicMessages"
import { Batch, Content, Conversation } from "@volley/core"
import * as GeminiContent from "@volley/google/GeminiContent"
import * as OpenAiChat from "@volley/openai/OpenAiChat"
import * as OpenAiResponses from "@volley/openai/OpenAiResponses"
import { Effect } from "effect"
import { pdf, png, suite, toolkit } from "../../simulator/test/ContentSuite.ts"
import { call, calling } from "./support.ts"

const chat = { name: "openai-chat", layerOf: OpenAiChat.layer } as const
const responses = { name: "openai-responses", layerOf: OpenAiResponses.layer } as const
const anthropic = { name: "anthropic", layerOf: AnthropicMessages.layer } as const
const google = { name: "google", layerOf: GeminiContent.layer } as const

suite(chat, responses, anthropic, google)
suite(responses, chat, anthropic, google)

const body = calling(
  call("a", "{\"page\":1}", "draw"),
  call("b", "{\"page\":2}", "draw"),
  call("c", "{\"page\":1}", "draw")
)
const text =
  "page 1\n\n[image/svg+xml is left out: OpenAI takes images of image/png, image/jpeg, image/gif and image/webp]"
const image = `data:image/png;base64,${png}`
const file = `data:application/pdf;base64,${pdf}`

describe("OpenAiChat.followUp with images and documents", () => {
  it.effect("has a tool message for each call, and one user message that says which call gave what", () =>
    Effect.gen(function*() {
      const settled = yield* Batch.run(toolkit, OpenAiChat.toolCalls(body))
      const [, ...appended] = OpenAiChat.followUp(body, settled)
      assert.deepStrictEqual(appended, OpenAiChat.results(settled))
      const media = [
        { type: "image_url", image_url: { url: image } },
        { type: "file", file: { filename: "report.pdf", file_data: file } },
        { type: "text", text: "notes.txt, text/plain:\nGrüße" }
      ]
      assert.deepStrictEqual<unknown>(appended, [
        { role: "tool", tool_call_id: "a", content: text },
        { role: "tool", tool_call_id: "b", content: settled.outcomes[1]?.encoded },
        { role: "tool", tool_call_id: "c", content: text },
        {
          role: "user",
          content: [
            { type: "text", text: "What draw (a) gave back besides its text:" },
            ...media,
            { type: "text", text: "What draw (c) gave back besides its text:" },
            ...media
          ]
        }
      ])
    }))
})

describe("OpenAiResponses.results with images and documents", () => {
  it.effect("has them in the output of their call; a failure is text", () =>
    Effect.gen(function*() {
      const settled = yield* Batch.run(toolkit, OpenAiChat.toolCalls(body).slice(0, 2))
      assert.deepStrictEqual<unknown>(OpenAiResponses.results(settled), [
        {
          type: "function_call_output",
          call_id: "a",
          output: [
            { type: "input_text", text },
            { type: "input_image", detail: "auto", image_url: image },
            { type: "input_file", filename: "report.pdf", file_data: file },
            {
              type: "input_file",
              filename: "notes.txt",
              file_data: `data:text/plain;base64,${
                Content.document("text/plain", new TextEncoder().encode("Grüße")).data
              }`
            }
          ]
        },
        { type: "function_call_output", call_id: "b", output: settled.outcomes[1]?.encoded }
      ])
    }))

  it.each([
    ["application/pdf", "document.pdf"],
    ["text/csv", "document.csv"],
    ["text/plain", "document.txt"],
    ["application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "document.xlsx"]
  ])("names a document of %s that has no name %s", (mediaType, filename) => {
    const conversation = Conversation.append(Conversation.make("Go."), {
      role: "tool",
      results: [{ callId: "a", name: "x", text: "", isError: false, media: [Content.document(mediaType, pdf)] }]
    })
    assert.deepStrictEqual<unknown>(OpenAiResponses.messages(conversation)[1], {
      type: "function_call_output",
      call_id: "a",
      output: [{ type: "input_file", filename, file_data: `data:${mediaType};base64,${pdf}` }]
    })
  })
})

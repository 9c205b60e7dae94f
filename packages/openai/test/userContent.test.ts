import { assert, describe, it } from "@effect/vitest"
import { Content, Conversation } from "@volley/core"
import * as OpenAiChat from "@volley/openai/OpenAiChat"
import * as OpenAiResponses from "@volley/openai/OpenAiResponses"
import { Effect } from "effect"
import { generate, reach, simulated } from "../../simulator/test/ChatModelSuite.ts"
import { pdf, png } from "../../simulator/test/ContentSuite.ts"

const notes = Content.document("text/plain", new TextEncoder().encode("Grüße"), "notes.txt")

const conversation = Conversation.make([
  Content.text("What is this?"),
  Content.image("image/png", png),
  Content.text(""),
  Content.text("And these?"),
  Content.document("application/pdf", pdf, "report.pdf"),
  notes,
  Content.image("image/svg+xml", png)
])

const leftOut = "[image/svg+xml is left out: OpenAI takes images of image/png, image/jpeg, image/gif and image/webp]"

describe("images and documents of the user", () => {
  it("stand among the text in Chat Completions, what is not taken in words", () => {
    assert.deepStrictEqual<unknown>(OpenAiChat.messages(conversation), [{
      role: "user",
      content: [
        { type: "text", text: "What is this?" },
        { type: "image_url", image_url: { url: `data:image/png;base64,${png}` } },
        { type: "text", text: "And these?" },
        { type: "file", file: { filename: "report.pdf", file_data: `data:application/pdf;base64,${pdf}` } },
        { type: "text", text: "notes.txt, text/plain:\nGrüße" },
        { type: "text", text: leftOut }
      ]
    }])
  })

  it("stand among the text in Responses, what is not taken in words", () => {
    assert.deepStrictEqual<unknown>(OpenAiResponses.messages(conversation), [{
      role: "user",
      content: [
        { type: "input_text", text: "What is this?" },
        { type: "input_image", detail: "auto", image_url: `data:image/png;base64,${png}` },
        { type: "input_text", text: "And these?" },
        { type: "input_file", filename: "report.pdf", file_data: `data:application/pdf;base64,${pdf}` },
        { type: "input_file", filename: "notes.txt", file_data: `data:text/plain;base64,${notes.data}` },
        { type: "input_text", text: leftOut }
      ]
    }])
  })

  it("are the text alone where there is nothing in them", () => {
    const empty = Conversation.make([Content.text("")])
    const [message] = empty.messages
    assert(message?.role === "user")
    assert.deepStrictEqual<unknown>(OpenAiChat.messages(empty), [{ role: "user", content: message.text }])
    assert.deepStrictEqual<unknown>(OpenAiResponses.messages(empty), [{ role: "user", content: message.text }])
  })

  it.effect.each([OpenAiChat.layer, OpenAiResponses.layer])(
    "are taken by the API",
    (layerOf) =>
      Effect.gen(function*() {
        const { fetch, requests } = yield* simulated()
        yield* Effect.provide(generate({ conversation }), layerOf({ ...reach, fetch }))
        assert.deepStrictEqual((yield* requests).map(({ status }) => status), [200])
      })
  )
})

import { assert, describe, it } from "@effect/vitest"
import { Content } from "@volley/core"
import type { Schema } from "effect"
import { contentOf, described, Ran, ranOf } from "../src/internal/content.ts"

const data = Buffer.from("twelve bytes").toString("base64")

const uri = "file:///notes/note.pdf"

const image = { type: "image", mimeType: "image/png", data } as const

describe("ranOf", () => {
  it.each(
    [
      ["no block", [], []],
      ["a text", [{ type: "text", text: "3 °C" }], "3 °C"],
      ["a text that is JSON", [{ type: "text", text: " {\"temp\": 3}" }], { temp: 3 }],
      ["a text that only begins as JSON", [{ type: "text", text: "[FILE] note.txt" }], "[FILE] note.txt"],
      ["a number as text", [{ type: "text", text: "007" }], "007"],
      ["an image", [image], { type: "image", mediaType: "image/png", data }],
      ["an image that is none", [{ ...image, data: "{}" }], "[image, image/png, 1 bytes]"],
      ["sound", [{ type: "audio", mimeType: "audio/wav", data }], "[audio, audio/wav, 12 bytes]"],
      ["a resource of text", [{ type: "resource", resource: { uri, text: "hello" } }], {
        uri,
        mimeType: null,
        text: "hello"
      }],
      ["a resource of bytes", [{ type: "resource", resource: { uri, mimeType: "application/pdf", blob: data } }], {
        type: "document",
        mediaType: "application/pdf",
        data,
        name: "note.pdf"
      }],
      ["a resource that is an image", [{ type: "resource", resource: { uri, mimeType: "image/png", blob: data } }], {
        type: "image",
        mediaType: "image/png",
        data
      }],
      ["a link", [{ type: "resource_link", uri, name: "note" }], {
        uri,
        name: "note",
        description: null,
        mimeType: null
      }],
      ["several", [{ type: "text", text: "one" }, { type: "text", text: "two" }], ["one", "two"]]
    ] as const
  )("gives of %s", (_, content, value: Schema.Json) => {
    assert.deepStrictEqual(ranOf({ content: [...content] }), new Ran(value, value))
  })

  it("gives the program the structured content, and shows the model what is beside it", () => {
    const structuredContent = { n: 1 }
    const text = { type: "text", text: "n is 1" } as const
    const shown = ["n is 1", Content.image("image/png", data)]
    assert.deepStrictEqual(ranOf({ content: [text], structuredContent }), new Ran({ n: 1 }, "n is 1"))
    assert.deepStrictEqual(ranOf({ content: [text, image], structuredContent }), new Ran({ n: 1 }, shown))
    assert.deepStrictEqual(ranOf({ content: [], structuredContent }), new Ran({ n: 1 }, { n: 1 }))
  })
})

describe("contentOf", () => {
  const picture = Content.image("image/png", data)

  it.each([
    ["a text, as it is", "3 °C", [Content.text("3 °C")]],
    ["an object, as JSON", { temp: 3 }, [Content.text("{\"temp\":3}")]],
    ["a list, as JSON", ["one", 2], [Content.text("[\"one\",2]")]],
    ["an image", picture, [picture]],
    ["an image among others", ["look", picture, { uri }], [
      Content.text("look"),
      picture,
      Content.text(`{"uri":"${uri}"}`)
    ]]
  ])("shows %s", (_, value, content) => {
    assert.deepStrictEqual(contentOf(value), content)
  })
})

describe("described", () => {
  it("says of images and documents what they are", () => {
    const value = ["look", Content.image("image/png", data), Content.document("application/pdf", data, "note.pdf")]
    assert.deepStrictEqual(described(value), [
      "look",
      "[image, image/png, 12 bytes]",
      "[note.pdf, application/pdf, 12 bytes]"
    ])
  })
})

import { assert, describe, it } from "@effect/vitest"
import { contentOf } from "../src/internal/content.ts"

const data = Buffer.from("twelve bytes").toString("base64")

const uri = "file:///note.txt"

describe("contentOf", () => {
  it.each(
    [
      ["no block", [], []],
      ["a text", [{ type: "text", text: "3 °C" }], "3 °C"],
      ["a text that is JSON", [{ type: "text", text: " {\"temp\": 3}" }], { temp: 3 }],
      ["a text that only begins as JSON", [{ type: "text", text: "[FILE] note.txt" }], "[FILE] note.txt"],
      ["a number as text", [{ type: "text", text: "007" }], "007"],
      ["an image", [{ type: "image", mimeType: "image/png", data }], "[image, image/png, 12 bytes]"],
      ["sound", [{ type: "audio", mimeType: "audio/wav", data }], "[audio, audio/wav, 12 bytes]"],
      ["a resource of text", [{ type: "resource", resource: { uri, text: "hello" } }], {
        uri,
        mimeType: null,
        text: "hello"
      }],
      ["a resource of bytes", [{ type: "resource", resource: { uri, mimeType: "application/pdf", blob: data } }], {
        uri,
        mimeType: "application/pdf",
        bytes: 12
      }],
      ["a link", [{ type: "resource_link", uri, name: "note" }], {
        uri,
        name: "note",
        description: null,
        mimeType: null
      }],
      ["several", [{ type: "text", text: "one" }, { type: "text", text: "two" }], ["one", "two"]]
    ] as const
  )("gives of %s", (_, content, given) => {
    assert.deepStrictEqual(contentOf({ content: [...content] }), given)
  })

  it("prefers structured content, save where there are media beside it", () => {
    const structuredContent = { n: 1 }
    assert.deepStrictEqual(contentOf({ content: [{ type: "text", text: "n is 1" }], structuredContent }), { n: 1 })
    const image = { type: "image", mimeType: "image/png", data } as const
    assert.deepStrictEqual(contentOf({ content: [image], structuredContent }), "[image, image/png, 12 bytes]")
  })
})

import { assert, describe, it } from "@effect/vitest"
import { Content, Conversation } from "@volley/core"
import { Mcp, Prompt } from "@volley/mcp"
import { Effect } from "effect"
import { byHand, http, installed, json } from "./support.ts"

describe("Prompt, of server-everything", () => {
  it.live("lists the prompts, and gets one as messages", () =>
    Effect.gen(function*() {
      const server = yield* Mcp.connect(installed("everything", ["stdio"]))
      const prompts = yield* Prompt.list(server)
      assert.deepStrictEqual(prompts.find(({ name }) => name === "args-prompt")?.arguments, [
        { name: "city", description: "Name of the city", required: true },
        { name: "state", description: undefined, required: false }
      ])
      const messages = yield* Prompt.get(server, "args-prompt", { city: "Bern" })
      assert.deepStrictEqual(messages, [{ role: "user", text: "What's weather in Bern?" }])

      const [, resource] = yield* Prompt.get(server, "resource-prompt", { resourceType: "Text", resourceId: "1" })
      assert.include(resource?.text, "Resource 1: This is a plaintext resource")

      const { reason } = yield* Effect.flip(Prompt.get(server, "args-prompt"))
      assert.strictEqual(reason._tag, "Refused")
    }))
})

describe("Prompt.get", () => {
  it.live("keeps texts as they are, and images; describes sound, and what the protocol does not know", () =>
    Effect.gen(function*() {
      const image = { type: "image", mimeType: "image/png", data: "aGk=" }
      const messages = [
        { role: "user", content: { type: "text", text: "{ \"a\":1 }" } },
        { role: "user", content: image },
        { role: "user", content: [{ type: "text", text: "Look:" }, image] },
        { role: "assistant", content: image },
        { role: "assistant", content: { type: "audio", mimeType: "audio/wav", data: "aGk=" } },
        { role: "user", content: { type: "hologram", depth: 3 } },
        { role: "user" }
      ]
      const url = yield* http(byHand((message, response) => {
        if (message.method !== "prompts/get") return false
        json(response, message, { result: { messages } })
        return true
      }))
      const said = yield* Prompt.get(yield* Mcp.connect({ name: "odd", url }), "look")
      const picture = Content.image("image/png", "aGk=")
      assert.deepStrictEqual(said, [
        Conversation.user("{ \"a\":1 }"),
        Conversation.user([picture]),
        Conversation.user([Content.text("Look:"), picture]),
        { role: "assistant", text: "[image/png]", calls: [] },
        { role: "assistant", text: "[audio, audio/wav, 2 bytes]", calls: [] },
        Conversation.user("[hologram, which cannot be shown: {\"type\":\"hologram\",\"depth\":3}]"),
        Conversation.user("[no type, which cannot be shown: null]")
      ])
      const conversation = Conversation.append(Conversation.make("Hello"), ...said)
      assert.strictEqual(Conversation.close(conversation).messages.length, 8)
    }))
})

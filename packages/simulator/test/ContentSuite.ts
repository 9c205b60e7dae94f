/**
 * What every provider does with the images and documents in results, checked by the simulator's strict wires.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch, ChatModel, Content, Conversation, Tool, Toolkit } from "@volley/core"
import { Arbitrary, Effect, Schema } from "effect"
import type { Script } from "../src/Script.ts"
import { type Provider, reach, simulated, statuses } from "./ChatModelSuite.ts"

export const png = "iVBORw0KGgoAAAA="
export const pdf = "JVBERi0xLjcKJQ=="
export const svg = "PHN2Zy8+"

/** A tool that shows a text, and something of every kind; for other pages it fails. */
export const draw = Tool.make("draw", {
  description: "Draws a page.",
  parameters: Schema.Struct({ page: Schema.Int }),
  success: Schema.Struct({ page: Schema.Int }),
  failure: Schema.String,
  readOnly: true,
  content: ({ page }) => [
    Content.text(`page ${page}`),
    Content.image("image/png", png),
    Content.document("application/pdf", pdf, "report.pdf"),
    Content.document("text/plain", new TextEncoder().encode("Grüße"), "notes.txt"),
    Content.image("image/svg+xml", svg)
  ],
  execute: ({ page }) => page === 1 ? Effect.succeed({ page }) : Effect.fail("no such page")
})

export const toolkit = Toolkit.make(draw)

const script: Script = {
  wants: () => [{ name: "draw", arguments: { page: 1 } }, { name: "draw", arguments: { page: 2 } }],
  answer: (seen) => `I saw: ${seen.map(({ result }) => result).join(" | ")}`
}

const codec = Schema.fromJsonString(Schema.toCodecJson(Conversation.Conversation))

const generate = (conversation: Conversation.Conversation) =>
  ChatModel.ChatModel.use((model) => model.generate({ conversation, toolkit }))

/** The conversation of a provider up to the results, once it was stored as JSON. */
const stored = Effect.fnUntraced(function*(from: Provider, fetch: typeof globalThis.fetch) {
  const asked = Conversation.make("Draw the pages.")
  const { message } = yield* Effect.provide(generate(asked), from.layerOf({ ...reach, fetch }))
  const { outcomes } = yield* Batch.run(toolkit, message.calls)
  const results = Conversation.results(outcomes)
  const json = yield* Schema.encodeEffect(codec)(Conversation.append(asked, message, { role: "tool", results }))
  return yield* Schema.decodeEffect(codec)(json)
})

const times = (text: string, part: string): number => text.split(part).length - 1

const MediaType = Schema.Literals(["image/png", "image/tiff", "application/pdf", "text/csv", "application/zip"])

const Parts = Schema.Array(Schema.Struct({
  type: Schema.Literals(["text", "image", "document"]),
  text: Schema.String,
  mediaType: MediaType,
  data: Schema.Uint8Array.check(Schema.isMinLength(1)),
  named: Schema.Boolean
}))

const contentOf = (parts: typeof Parts.Type) =>
  parts.map(({ data, mediaType, named, text, type }) =>
    type === "text"
      ? Content.text(text)
      : type === "image"
      ? Content.image(mediaType, data)
      : Content.document(mediaType, data, named ? "name" : undefined)
  )

/** Looks at results with content on this wire, in conversations of its own and of others. */
export const suite = (provider: Provider, ...others: ReadonlyArray<Provider>): void => {
  describe(`images and documents on ${provider.name}`, () => {
    for (const from of [provider, ...others]) {
      it.effect(`reach the model in a conversation of ${from.name}; what the wire does not take is said`, () =>
        Effect.gen(function*() {
          const { fetch, requests } = yield* simulated({ script: () => script })
          const conversation = yield* stored(from, fetch)
          const turn = yield* Effect.provide(generate(conversation), provider.layerOf({ ...reach, fetch }))
          assert.deepStrictEqual(statuses(yield* requests), [200, 200])
          assert.match(
            turn.message.text,
            /^I saw: "?page 1.*\[image\/svg\+xml is left out: \w.*\]"? \| .*no such page/s
          )
          const sent = JSON.stringify((yield* requests)[1]?.body)
          const notes = btoa(String.fromCharCode(...new TextEncoder().encode("Grüße")))
          assert.deepStrictEqual([png, pdf, svg].map((data) => times(sent, data)), [1, 1, 0])
          assert.strictEqual(times(sent, "Grüße") + times(sent, notes), 1)
        }))
    }

    it.effect.prop(
      "are accepted whatever a tool shows",
      { all: Arbitrary.array(Arbitrary.schema(Parts)) },
      ({ all }) =>
        Effect.gen(function*() {
          const calls = all.map((_, index) => ({ id: `call_${index}`, name: "show", index, arguments: "{}" }))
          const { fetch, requests } = yield* simulated({ script: () => ({ wants: () => [], answer: () => "Fine." }) })
          const conversation = Conversation.append(Conversation.make("Show it."), {
            role: "assistant",
            text: "Well.",
            calls: calls.map((call) => ({ ...call, status: "complete" }))
          }, {
            role: "tool",
            results: all.map((parts, index) => ({
              callId: `call_${index}`,
              name: "show",
              text: Content.textOf(contentOf(parts)),
              isError: false,
              media: Content.mediaOf(contentOf(parts))
            }))
          }, { role: "user", text: "And?" })
          yield* Effect.provide(generate(conversation), provider.layerOf({ ...reach, fetch }))
          assert.deepStrictEqual(statuses(yield* requests), [200])
        }),
      { arbitrary: { runs: 60 } }
    )
  })
}

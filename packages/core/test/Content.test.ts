import { assert, describe, it } from "@effect/vitest"
import { Batch, Content, Conversation, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Result, Schema } from "effect"
import { callsOf, ends, timesOf } from "./support.ts"

const png = Content.image("image/png", new Uint8Array([1, 2, 3]))
const pdf = Content.document("application/pdf", "AQID", "report.pdf")

/** A tool that gives a number and shows this of it. */
const showing = (content: (value: number) => ReadonlyArray<Content.Content>) => named("show", content)

const named = <const Name extends string>(
  name: Name,
  content?: (value: number) => ReadonlyArray<Content.Content>
) =>
  Tool.make(name, {
    description: "Shows.",
    parameters: Schema.Struct({}),
    success: Schema.Int,
    readOnly: true,
    content,
    execute: () => Effect.succeed(7)
  })

const outcomeOf = (tool: ReturnType<typeof showing>, options: Batch.Options = {}) =>
  Effect.map(Batch.run(Toolkit.make(tool), callsOf("show"), options), ({ outcomes }) => outcomes[0]!)

describe("Content", () => {
  it("is made of bytes or of base64", () => {
    assert.deepStrictEqual<unknown>(png, { type: "image", mediaType: "image/png", data: "AQID" })
    assert.deepStrictEqual(Content.image("image/png", "AQID"), png)
    assert.deepStrictEqual<unknown>(Content.document("text/plain", new Uint8Array([65])), {
      type: "document",
      mediaType: "text/plain",
      data: "QQ=="
    })
    assert.deepStrictEqual(Content.image("image/png", Uint8Array.of(1, 2, 3).buffer), png) // as `fetch` gives it
  })

  it.prop(
    "gives its texts in words, else says what it is, and is never empty",
    [Schema.Array(Content.Content)],
    ([all]) => {
      const text = Content.textOf(all)
      assert.notStrictEqual(text, "")
      for (const part of all) if (part.type === "text") assert.include(text, part.text)
    }
  )

  it("says what it is where it has no text", () => {
    assert.strictEqual(Content.textOf([Content.text("a"), png, Content.text(""), Content.text("b")]), "a\n\nb")
    assert.strictEqual(Content.textOf([png, pdf]), "[image/png]\n[report.pdf, application/pdf]")
    assert.strictEqual(Content.textOf([]), "[nothing]")
  })

  it("parts what a wire takes from what it does not, and says why", () => {
    const sifted = Content.sift(
      { text: "7", media: [png, pdf] },
      ({ type }) => type === "image" ? undefined : "no PDFs"
    )
    assert.deepStrictEqual(sifted, {
      text: "7\n\n[report.pdf, application/pdf is left out: no PDFs]",
      media: [png]
    })
    assert.deepStrictEqual(Content.sift({ text: "7" }, () => "none"), { text: "7", media: [] })
  })
})

describe("the content of a tool", () => {
  it.effect("is shown in place of the JSON; the value stays", () =>
    Effect.gen(function*() {
      const outcome = yield* outcomeOf(showing((n) => [Content.text(`seven: ${n}`), png, Content.text("end"), pdf]))
      assert.deepStrictEqual(outcome.result, Result.succeed(7))
      assert.strictEqual(outcome.encoded, "seven: 7\n\nend")
      assert.deepStrictEqual(outcome.media, [png, pdf])
    }))

  it.effect("leaves no media in the outcome where it has none", () =>
    Effect.gen(function*() {
      assert.notProperty(yield* outcomeOf(showing(() => [Content.text("seven")])), "media")
      const { outcomes } = yield* Batch.run(Toolkit.make(named("plain")), callsOf("plain"))
      assert.strictEqual(outcomes[0]?.encoded, "7")
      assert.notProperty(outcomes[0], "media")
    }))

  it.effect("has its text cut with a mark, to the size of a result and to that of a message; media stay whole", () =>
    Effect.gen(function*() {
      const long = showing(() => [Content.text("a".repeat(100)), png])
      const result = yield* outcomeOf(long, { maxResultBytes: 10 })
      assert.strictEqual(result.encoded, "aaaaaaaaaa… [cut: the first 10 of 100 bytes]")
      const message = yield* outcomeOf(long, { maxMessageBytes: 10 })
      assert.strictEqual(message.encoded, "aaaaaaaaaa… [cut to fit the message: the first 10 of 100 bytes]")
      assert.deepStrictEqual([result.media, message.media], [[png], [png]])
    }))

  it.effect("that cannot be made is the call's Defect, and no other call's", () =>
    Effect.gen(function*() {
      const bad = showing(() => {
        throw new Error("no camera")
      })
      const fine = named("fine", () => [png])
      const settled = yield* Batch.run(Toolkit.make(bad, fine), callsOf("show", "fine"))
      assert.deepStrictEqual(ends(settled), ["Defect", 7])
      assert.notProperty(settled.outcomes[0], "media")
      assert.notInclude(settled.outcomes[0]?.encoded, "no camera")
    }))

  it.effect.each(
    [
      ["data that are no base64", { type: "image", mediaType: "image/png", data: "data:image/png;base64,AQID" }],
      ["no data", { type: "image", mediaType: "image/png", data: "" }],
      ["no media type", { type: "image", mediaType: "png", data: "AQID" }]
    ] as const
  )("with %s is none, so that it costs one call and not the conversation", ([, part]) =>
    Effect.gen(function*() {
      const settled = yield* Batch.run(Toolkit.make(showing(() => [part])), callsOf("show"))
      assert.deepStrictEqual(ends(settled), ["Unencodable"])
    }))

  it.effect.each(
    [
      ["a text", "seven", "Expected array"],
      ["one part", png, "Expected array"],
      ["a promise", Promise.resolve([png]), "Expected array"],
      ["a list of texts", ["seven"], "Expected { readonly \"type\": \"text\""]
    ] as const
  )("that is %s is named for its host", ([, shown, issue]) =>
    Effect.gen(function*() {
      const { result } = yield* outcomeOf(showing(() => shown as never))
      const said = Result.isFailure(result) && result.failure._tag === "CallError" ? result.failure.reason : undefined
      assert.include(said?._tag === "Unencodable" && said.issue, "`content` gives something else")
      assert.include(said?._tag === "Unencodable" && said.issue, issue)
    }))

  it.effect("is shared by calls that are one", () =>
    Effect.gen(function*() {
      let shown = 0
      const tool = Tool.coalesce(showing(() => [Content.text(`${++shown}`), png]))
      const { outcomes } = yield* Batch.run(Toolkit.make(tool), timesOf(2, "show"))
      assert.deepStrictEqual(outcomes.map(({ encoded, media }) => [encoded, media]), [["1", [png]], ["1", [png]]])
    }))

  it.effect("is there for functions and raw JSON Schema as well", () =>
    Effect.gen(function*() {
      const ofFunction = Tool.fromFunction("ofFunction", {
        description: "Shows.",
        parameters: Schema.Struct({}),
        success: Schema.Int,
        content: (n) => [Content.text(`${n}`), png],
        execute: async () => 7
      })
      const ofJson = Tool.fromJsonSchema("ofJson", {
        description: "Shows.",
        parameters: { type: "object", properties: {} },
        content: (value) => [Content.text(String(value)), pdf],
        execute: () => Effect.succeed(8)
      })
      const { outcomes } = yield* Batch.run(Toolkit.make(ofFunction, ofJson), callsOf("ofFunction", "ofJson"))
      assert.deepStrictEqual(outcomes.map(({ encoded, media }) => [encoded, media]), [["7", [png]], ["8", [pdf]]])
    }))

  it.effect("of a plan's steps is shown with the plan, each step saying what is its own", () =>
    Effect.gen(function*() {
      const plan = Plan.tool(Toolkit.make(showing(() => [Content.text("seven"), png, pdf])))
      const steps = ["a", "b"].map((id) => ({ id, tool: "show", arguments: {} }))
      const { outcomes } = yield* Batch.run(Toolkit.make(plan), [
        ToolCall.make({ id: "p", name: "plan", arguments: { steps } })
      ])
      const media = ["image/png", "report.pdf, application/pdf"]
      assert.deepStrictEqual(JSON.parse(outcomes[0]?.encoded ?? ""), {
        steps: [{ id: "a", ok: "seven", media }, { id: "b", ok: "seven", media }]
      })
      assert.deepStrictEqual(outcomes[0]?.media, [png, pdf, png, pdf])
    }))

  it.effect("goes into the conversation, which is stored as JSON", () =>
    Effect.gen(function*() {
      const { outcomes } = yield* Batch.run(Toolkit.make(showing(() => [png, pdf])), callsOf("show", "nope"))
      const results = Conversation.results(outcomes)
      assert.deepStrictEqual(results.map(({ media }) => media), [[png, pdf], undefined])
      const codec = Schema.fromJsonString(Schema.toCodecJson(Conversation.Conversation))
      const conversation = Conversation.append(Conversation.make("Go."), { role: "tool", results })
      const stored = yield* Schema.encodeEffect(codec)(conversation)
      assert.deepStrictEqual(yield* Schema.decodeEffect(codec)(stored), conversation)
    }))
})

/**
 * Conversations that go on: with ids that another wire takes, and with calls that somebody has decided on.
 */
import { assert, describe, it } from "@effect/vitest"
import { Approver, Batch, Content, Conversation, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Layer, Schema } from "effect"
import { callsOf } from "./support.ts"

const asks = (wire: string | undefined, ...ids: ReadonlyArray<string>): Conversation.Message => ({
  role: "assistant",
  text: "I look.",
  calls: ids.map((id, index) => ToolCall.make({ id, name: "look", index })),
  ...(wire !== undefined && { native: { wire, message: { of: wire } } })
})

const answered = (...ids: ReadonlyArray<string>): Conversation.Message => ({
  role: "tool",
  results: ids.map((callId) => ({ callId, name: "look", text: `of ${callId}`, isError: false }))
})

const of = (...messages: ReadonlyArray<Conversation.Message>): Conversation.Conversation => ({ runId: "run", messages })

const user: Conversation.Message = { role: "user", text: "Hi" }

const idsOf = ({ messages }: Conversation.Conversation) =>
  messages.flatMap((message) =>
    message.role === "assistant"
      ? [message.calls.map(({ id }) => id)]
      : message.role === "tool"
      ? [message.results.map(({ callId }) => callId)]
      : []
  )

describe("Conversation.respell", () => {
  const isShort = (id: string): boolean => id.length <= 6

  it("leaves a conversation as it is whose ids the wire takes, none of them twice", () => {
    const conversation = of(user, asks("other", "a", "b"), answered("a", "b"), asks(undefined, "c"), answered("c"))
    assert.deepStrictEqual(Conversation.respell(conversation, "this", isShort), conversation)
  })

  it("gives ids that the wire refuses new ones, in the calls and in their results, and changes nothing else", () => {
    const conversation = of(
      user,
      asks("other", "too long", "b", "much too long"),
      answered("too long", "b", "much too long")
    )
    const respelled = Conversation.respell(conversation, "this", isShort)
    assert.deepStrictEqual(idsOf(respelled), [["call_1", "b", "call_2"], ["call_1", "b", "call_2"]])
    assert.deepStrictEqual(
      JSON.parse(
        JSON.stringify(respelled).replaceAll(`"callId":"call_1"`, `"callId":"too long"`)
          .replaceAll(`"id":"call_1"`, `"id":"too long"`).replaceAll("\"call_2\"", "\"much too long\"")
      ),
      JSON.parse(JSON.stringify(conversation))
    )
  })

  it("gives ids that stood in an earlier turn new ones, each turn's results with its calls", () => {
    const conversation = of(asks("other", "a"), answered("a"), asks("other", "a"), answered("a"))
    assert.deepStrictEqual(idsOf(Conversation.respell(conversation, "this", isShort)), [
      ["a"],
      ["a"],
      ["call_1"],
      ["call_1"]
    ])
  })

  it("never changes the wire's own ids, and gives them to nobody else", () => {
    const conversation = of(
      asks("other", "a", "way too long"),
      answered("a", "way too long"),
      asks("this", "a", "call_1", "own and long"),
      answered("a", "call_1", "own and long")
    )
    assert.deepStrictEqual(idsOf(Conversation.respell(conversation, "this", isShort)), [
      ["call_2", "call_3"],
      ["call_2", "call_3"],
      ["a", "call_1", "own and long"],
      ["a", "call_1", "own and long"]
    ])
  })

  it("leaves a result alone that answers no call", () => {
    assert.deepStrictEqual(idsOf(Conversation.respell(of(answered("stray one")), "this", isShort)), [["stray one"]])
  })
})

/** A tool that has to be allowed. */
const asking = Toolkit.make(
  ...["one", "two", "three"].map((name) =>
    Tool.make(name, {
      description: "For tests.",
      parameters: Schema.Struct({}),
      success: Schema.String,
      approval: "always",
      execute: () => Effect.succeed(`did ${name}`)
    })
  )
)

const runWith = (decisions: Readonly<Record<string, Approver.Decision>>, calls: ReadonlyArray<ToolCall.ToolCall>) =>
  Effect.provide(
    Batch.run(asking, calls),
    Layer.succeed(Approver.Approver, { decide: ({ call }) => Effect.succeed(decisions[call.name] ?? "undecided") })
  )

describe("a turn with calls that nobody has decided on", () => {
  const calls = callsOf("one", "two", "three")
  const turn: Conversation.Message = { role: "assistant", text: "", calls }

  it.effect("names them in its answers, and so does the conversation", () =>
    Effect.gen(function*() {
      const { outcomes } = yield* runWith({ two: "allowed" }, calls)
      const answers = Conversation.answers(outcomes)
      assert.deepStrictEqual(answers.pending, ["call_1", "call_3"])
      assert.deepStrictEqual(Conversation.pending(of(user, turn, answers)), [calls[0]!, calls[2]!])
    }))

  it.effect("that were decided later has the new answers in place of the old, the others as they were", () =>
    Effect.gen(function*() {
      const before = of(user, turn, Conversation.answers((yield* runWith({ two: "allowed" }, calls)).outcomes))
      const { outcomes } = yield* runWith({ one: "allowed" }, [calls[0]!, calls[2]!])
      const after = Conversation.decided(before, outcomes)
      const { outcomes: all } = yield* runWith({ one: "allowed", two: "allowed" }, calls)
      assert.deepStrictEqual(after, of(user, turn, Conversation.answers(all)))
      assert.deepStrictEqual(Conversation.pending(after), [calls[2]!])
      const last = yield* runWith({ three: "allowed" }, [calls[2]!])
      const done = Conversation.decided(after, last.outcomes)
      assert.deepStrictEqual(Conversation.pending(done), [])
      assert.notProperty(done.messages.at(-1), "pending")
    }))

  it("are none where the conversation does not end with answers", () => {
    const pending = { ...answered("call_1"), pending: ["call_1"] }
    for (
      const conversation of [
        of(),
        of(user),
        of(turn),
        of(turn, user),
        of(user, turn),
        of(user, answered("call_1")),
        of(turn, pending, user),
        of(turn, pending, { role: "assistant", text: "Done.", calls: [] }),
        of(turn, answered("call_1"))
      ]
    ) {
      assert.deepStrictEqual(Conversation.pending(conversation), [])
    }
    assert.deepStrictEqual(Conversation.pending(of(turn, pending)), [calls[0]!])
    assert.deepStrictEqual(Conversation.pending(of({ ...turn, calls: [] }, turn, pending)), [calls[0]!])
  })

  it.effect("change nothing where there are no answers to put them in", () =>
    Effect.gen(function*() {
      const { outcomes } = yield* runWith({}, calls)
      for (const conversation of [of(), of(user, turn)]) {
        assert.strictEqual(Conversation.decided(conversation, outcomes), conversation)
      }
    }))
})

describe("media", () => {
  const data = "aGVsbG8="

  it("are called by their name and type, an image by its type alone", () => {
    assert.strictEqual(Content.label(Content.document("text/plain", data)), "text/plain")
    assert.strictEqual(Content.label(Content.document("text/plain", data, "a.txt")), "a.txt, text/plain")
    assert.strictEqual(Content.label(Content.image("image/png", data)), "image/png")
  })

  it("say what they say where they are plain text", () => {
    assert.strictEqual(Content.plainText(Content.document("text/plain", data)), "hello")
    assert.isUndefined(Content.plainText(Content.document("application/pdf", data)))
  })

  it("have a heading with the tool and, where it is known, the call", () => {
    assert.strictEqual(Content.heading("look"), "What look gave back besides its text:")
    assert.strictEqual(Content.heading("look", "c1"), "What look (c1) gave back besides its text:")
  })

  it.effect("that are no base64, or have no type, are refused with what to write", () =>
    Effect.gen(function*() {
      const decode = Schema.decodeUnknownEffect(Content.Content)
      const image = { type: "image", mediaType: "image/png", data }
      const text = yield* Effect.flip(decode({ ...image, data: "data:image/png;base64,aa" }))
      assert.include(text.message, "Expected base64 text, without \"data:…,\" before it")
      const type = yield* Effect.flip(decode({ ...image, mediaType: "png" }))
      assert.include(type.message, "Expected a media type such as \"image/png\"")
    }))
})

describe("a stored conversation", () => {
  it.effect("keeps all that its messages have", () =>
    Effect.gen(function*() {
      const media = [Content.document("text/plain", "aGk=", "a.txt")]
      const conversation = of(
        user,
        {
          role: "assistant",
          text: "",
          calls: [{ id: "a", name: "look", arguments: "{", index: 0, status: "truncated" }],
          native: { wire: "this", message: { of: "this" } }
        },
        { role: "tool", results: [{ callId: "a", name: "look", text: "t", isError: true, media }], pending: ["a"] }
      )
      const codec = Schema.toCodecJson(Conversation.Conversation)
      const json = JSON.parse(JSON.stringify(yield* Schema.encodeEffect(codec)(conversation)))
      assert.deepStrictEqual(yield* Schema.decodeEffect(codec)(json), conversation)
    }))
})

describe("the advice to ask for calls together", () => {
  it("says when to, when not to, and to guess nothing", () => {
    assert.match(
      Conversation.askTogether,
      /make all calls that do not depend on each other's results together.*Wait.*Never guess.*an earlier call would tell/
    )
  })
})

import { assert, describe, it } from "@effect/vitest"
import { Batch, Conversation, ToolCall, Toolkit } from "@volley/core"
import { Effect, Schema } from "effect"
import { acting, callsOf } from "./support.ts"

const assistant: Conversation.Message = {
  role: "assistant",
  text: "",
  calls: [ToolCall.make({ id: "call_1", name: "get_weather", arguments: "{\"city\":\"Rome\"}" })],
  native: { wire: "anthropic", message: { content: [{ type: "thinking", signature: "abc" }], extra: null } }
}

describe("Conversation.make", () => {
  it("begins with what the person says", () => {
    assert.deepStrictEqual(Conversation.make("Hi", { runId: "run" }), {
      runId: "run",
      messages: [{ role: "user", text: "Hi" }]
    })
  })

  it("puts what the program says before it", () => {
    const { messages } = Conversation.make("Hi", { system: "Be brief." })
    assert.deepStrictEqual(messages, [{ role: "system", text: "Be brief." }, { role: "user", text: "Hi" }])
  })

  it("mints a run id of its own for each conversation", () => {
    const [first, second] = [Conversation.make("Hi"), Conversation.make("Hi")]
    assert.notStrictEqual(first.runId, second.runId)
    assert.match(first.runId, /^[0-9a-f-]{36}$/)
  })
})

describe("Conversation.append", () => {
  it("adds at the end, keeps the run id, and leaves the conversation before it as it was", () => {
    const before = Conversation.make("Hi", { runId: "run" })
    const after = Conversation.append(before, assistant, { role: "user", text: "Well?" })
    assert.deepStrictEqual(after.messages.map(({ role }) => role), ["user", "assistant", "user"])
    assert.strictEqual(after.runId, "run")
    assert.strictEqual(before.messages.length, 1)
  })
})

describe("Conversation.results", () => {
  it.effect("says of every call its id, the name that the model used, its text and whether it failed", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(
        acting("a.b", () => Effect.succeed("fine")),
        acting("bad", () => Effect.fail("no"))
      )
      const { outcomes } = yield* Batch.run(toolkit, callsOf("a_b", "bad", "nope"))
      const results = Conversation.results(outcomes)
      assert.deepStrictEqual(results.map(({ callId, isError, name }) => [callId, name, isError]), [
        ["call_1", "a_b", false],
        ["call_2", "bad", true],
        ["call_3", "nope", true]
      ])
      assert.deepStrictEqual(results.map(({ text }) => text), outcomes.map(({ encoded }) => encoded))
    }))
})

describe("Conversation.Conversation", () => {
  it.effect("is plain JSON, with every provider's own parts unchanged", () =>
    Effect.gen(function*() {
      const conversation = Conversation.append(Conversation.make("Hi", { system: "Be brief." }), assistant, {
        role: "tool",
        results: [{ callId: "call_1", name: "get_weather", text: "{}", isError: false }]
      })
      const read = yield* Schema.decodeUnknownEffect(Conversation.Conversation)(
        JSON.parse(JSON.stringify(conversation))
      )
      assert.deepStrictEqual(read, conversation)
    }))

  it.effect("is not a conversation whose call has no id", () =>
    Effect.gen(function*() {
      const broken = { runId: "run", messages: [{ role: "assistant", text: "", calls: [{ name: "get_weather" }] }] }
      const error = yield* Effect.flip(Schema.decodeUnknownEffect(Conversation.Conversation)(broken))
      assert.include(error.message, "id")
    }))
})

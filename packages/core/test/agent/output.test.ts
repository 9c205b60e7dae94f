/**
 * Answers that are values.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, AgentError, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Effect, Schema } from "effect"
import { acting } from "../support.ts"

const toolkit = Toolkit.make(acting("ok", () => Effect.succeed("fine")))
const prompt = "Go on."

const Report = Schema.Struct({ city: Schema.String, at: Schema.Date })
const whole = "{\"city\":\"Oslo\",\"at\":\"2026-11-20T00:00:00.000Z\"}"

const asking = <S extends Schema.Constraint>(
  model: ScriptedModel.ScriptedModel,
  output: S,
  options: Partial<Agent.Options<never>> = {}
) => Effect.provide(Agent.run({ toolkit, prompt, output, ...options }), model.layer)

describe("Agent.run with an output", () => {
  it.effect("ends in a value of its schema, beside tools", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([ScriptedModel.calls({ name: "ok" }), ScriptedModel.says(whole)])
      const { answer, output, rounds } = yield* asking(model, Report)
      assert.deepStrictEqual(output, { city: "Oslo", at: new Date("2026-11-20T00:00:00.000Z") })
      assert.deepStrictEqual([answer, rounds.length], [whole, 1])
      const asked = model.requests.map((request) => request.output)
      assert.strictEqual(asked.length, 2)
      for (const output of asked) {
        assert.strictEqual(output?.name, "answer")
        assert.deepInclude(output?.jsonSchema, {
          type: "object",
          required: ["city", "at"],
          additionalProperties: false
        })
      }
    }))

  it.effect("reads JSON inside a fence, as models write it that are only told in words", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([ScriptedModel.says(`\`\`\`json\n${whole}\n\`\`\`\n`)])
      assert.strictEqual((yield* asking(model, Report, { maxRounds: 0 })).output.city, "Oslo")
    }))

  it.effect("puts what is no object under a key of its own, since providers take only objects", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([ScriptedModel.says("{\"answer\":[1,2]}")])
      assert.deepStrictEqual((yield* asking(model, Schema.Array(Schema.Int))).output, [1, 2])
      assert.deepInclude(model.requests[0]!.output?.jsonSchema, { type: "object", required: ["answer"] })
    }))

  it.effect("tells the model what does not decode, and takes its next answer", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([
        ScriptedModel.says("It is cold."),
        ScriptedModel.says("{\"city\":\"Oslo\"}"),
        ScriptedModel.says(whole)
      ])
      const { conversation, output } = yield* asking(model, Report)
      assert.strictEqual(output.city, "Oslo")
      const told = conversation.messages.flatMap((message) => message.role === "user" ? [message.text] : [])
      assert.strictEqual(told.length, 3)
      assert.include(told[1]!, JSON.stringify(model.requests[0]!.output?.jsonSchema))
      assert.match(told[2]!, /Missing key[^]*at/)
    }))

  it.effect("fails with what the model said last when its rounds are over", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([ScriptedModel.says("No.")], { repeat: true })
      const error = yield* Effect.flip(asking(model, Report, { maxRounds: 2 }))
      assert.instanceOf(error, AgentError.AgentError)
      assert(error.reason._tag === "InvalidOutput")
      assert.strictEqual(error.reason.text, "No.")
      assert.strictEqual(model.requests.length, 3)
      assert.strictEqual(error.conversation.messages.at(-1)?.role, "assistant")
    }))

  it.effect("does not ask again where the model refused", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([ScriptedModel.says("I will not.", "refusal")])
      const error = yield* Effect.flip(asking(model, Report))
      assert.instanceOf(error, AgentError.AgentError)
      assert.deepInclude(error.reason, { _tag: "InvalidOutput", issue: "the model refused", text: "I will not." })
      assert.strictEqual(model.requests.length, 1)
    }))

  it.effect("tells the model that its answer was too long", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([ScriptedModel.says("{\"city\":\"Os", "length"), ScriptedModel.says(whole)])
      const { conversation } = yield* asking(model, Report)
      assert.include(JSON.stringify(conversation.messages[2]), "cut off for its length")
    }))

  it.effect("asks for no output where none is wanted", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([ScriptedModel.says("Hello.")])
      const ended = yield* Effect.provide(Agent.run({ toolkit, prompt }), model.layer)
      assert.isUndefined(ended.output)
      assert.isUndefined(model.requests[0]!.output)
    }))
})

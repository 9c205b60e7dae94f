import { assert, describe, it } from "@effect/vitest"
import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Schema } from "effect"

describe("Outcome.json", () => {
  const page = Tool.make("page", {
    description: "A page.",
    parameters: Schema.Struct({ length: Schema.Int }),
    success: Schema.Struct({ text: Schema.String, at: Schema.Date }),
    failure: Schema.String,
    execute: ({ length }) =>
      length < 0 ? Effect.fail("no such page") : Effect.succeed({ text: "x".repeat(length), at: new Date(0) })
  })
  const outcomeOf = (length: unknown) =>
    Effect.map(
      Batch.run(Toolkit.make(page), [ToolCall.make({ id: "1", name: "page", arguments: { length } })], {
        maxResultBytes: 100
      }),
      ({ outcomes }) => outcomes[0]!
    )

  it.effect("is the success as its schema writes it, whole where the model is shown less", () =>
    Effect.gen(function*() {
      const { encoded, json } = yield* outcomeOf(1000)
      assert.deepStrictEqual(json, { text: "x".repeat(1000), at: "1970-01-01T00:00:00.000Z" })
      assert.include(encoded, "[cut")
      assert.deepStrictEqual((yield* outcomeOf(0)).json, { text: "", at: "1970-01-01T00:00:00.000Z" })
    }))

  it.effect("is not there where the call failed, did not fit or never ran", () =>
    Effect.gen(function*() {
      for (const length of [-1, 0.5]) assert.notProperty(yield* outcomeOf(length), "json")
    }))
})

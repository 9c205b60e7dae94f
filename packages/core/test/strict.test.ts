import { assert, describe, it } from "@effect/vitest"
import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Layer, Logger, Result, Schema } from "effect"

const description = "Adds one."
const mode: Toolkit.StrictMode = {
  write: () => ({
    codec: Schema.toCodecJson(Schema.Struct({ n: Schema.Int })),
    jsonSchema: { type: "object", required: ["n"] }
  }),
  refuse: () => undefined
}
const add = Tool.make("add", {
  description,
  parameters: Schema.Struct({ n: Schema.Int }),
  success: Schema.Int,
  execute: ({ n }) => Effect.succeed(n + 1)
})
const raw = Tool.fromJsonSchema("raw", {
  description,
  parameters: { type: "object" },
  execute: (args) => Effect.succeed(args)
})

describe("Toolkit.strict", () => {
  it.effect("writes tools anew, keeps what they need provided, and runs them as before", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.strict(Toolkit.provide(Toolkit.make(add), Layer.empty), mode)
      assert.deepStrictEqual(toolkit.tools.map(({ jsonSchema, strict }) => [strict, jsonSchema]), [
        [true, { type: "object", required: ["n"] }]
      ])
      const call = ToolCall.make({ id: "call_1", name: "add", arguments: { n: 1 } })
      const { outcomes } = yield* Batch.run(toolkit, [call])
      assert.deepStrictEqual(outcomes.map(({ result }) => result), [Result.succeed(2)])
    }))

  it("leaves a tool as it is where the mode throws, refuses, or there is only raw JSON Schema", () => {
    const throwing = {
      ...mode,
      write: () => {
        throw new Error("no recursion")
      }
    }
    const refusing = { ...mode, refuse: () => "too many" }
    assert.deepStrictEqual(Toolkit.strict(Toolkit.make(add), throwing).lax, [{ tool: "add", why: "no recursion" }])
    assert.deepStrictEqual(Toolkit.strict(Toolkit.make(add), refusing).lax, [{ tool: "add", why: "too many" }])
    const mixed = Toolkit.strict(Toolkit.make(add, raw), mode)
    assert.deepStrictEqual(mixed.lax.map(({ tool }) => tool), ["raw"])
    assert.deepStrictEqual(mixed.tools.map(({ strict }) => strict), [true, false])
  })

  it.effect("is said once for a toolkit that some tools were left out of, and never for others", () => {
    const logged: Array<unknown> = []
    const logger = Logger.make(({ message }) => void logged.push(message))
    return Effect.gen(function*() {
      const warn = Toolkit.laxWarnings()
      const lax = Toolkit.strict(Toolkit.make(raw), mode)
      yield* warn(lax)
      yield* warn(lax)
      yield* warn(Toolkit.make(add))
      assert.strictEqual(logged.length, 1)
      assert.deepInclude(logged[0], [{ tool: "raw", why: "its JSON Schema was given as it is" }])
    }).pipe(Effect.provide(Logger.layer([logger])))
  })
})

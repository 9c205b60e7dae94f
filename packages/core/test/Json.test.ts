import { assert, describe, it } from "@effect/vitest"
import { Batch, CallError, Json, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Result, Schema } from "effect"

const nested = (levels: number): string => "[".repeat(levels) + "]".repeat(levels)

describe("Json.parse", () => {
  it.each([
    ["what is no JSON", "{", "Expected property name"],
    ["a level too much", nested(257), "nested more than 256 levels deep"],
    ["a hundred thousand levels", nested(100_000), "nested more than 256 levels deep"],
    ["a number beyond any", "{\"a\":[1e999]}", "a number that is too large"],
    ["a negative one", "-1e999", "a number that is too large"]
  ])("refuses %s", (_, text, why) => {
    const read = Json.parse(text)
    assert(Result.isFailure(read))
    assert.include(read.failure, why)
  })

  it("takes as many levels as there may be", () => {
    assert.isTrue(Result.isSuccess(Json.parse(nested(256))))
  })

  it("keeps __proto__ as a key like any other", () => {
    const read = Json.parse("{\"__proto__\":{\"admin\":true}}")
    assert.deepStrictEqual(Object.keys(Result.getOrThrow(read) ?? {}), ["__proto__"])
  })
})

describe("Json.problemOf", () => {
  it("comes to an end with a value that holds itself, many times over", () => {
    const value: Record<string, unknown> = {}
    for (const key of ["a", "b", "c"]) value[key] = value
    assert.include(Json.problemOf(value), "nested more than 256 levels deep")
  })
})

describe("a batch", () => {
  const echo = Tool.make("echo", {
    description: "Gives back what it got.",
    parameters: Schema.Record(Schema.String, Schema.Json),
    success: Schema.Record(Schema.String, Schema.Json),
    execute: (given) => Effect.succeed(given)
  })

  it.effect("answers arguments that nothing could go through with an error of their own call", () =>
    Effect.gen(function*() {
      const args = [`{"a":${nested(10_000)}}`, JSON.parse(`{"a":${nested(10_000)}}`), { a: Infinity }, { a: 1 }]
      const calls = args.map((arguments_, index) =>
        ToolCall.make({ id: `call_${index}`, name: "echo", arguments: arguments_, index })
      )
      const { outcomes } = yield* Batch.run(Toolkit.make(echo), calls)
      const ends = outcomes.map(({ result }) =>
        Result.isFailure(result) && result.failure instanceof CallError.CallError ? result.failure.reason._tag : "ok"
      )
      assert.deepStrictEqual(ends, ["InvalidArguments", "InvalidArguments", "InvalidArguments", "ok"])
    }))

  it.effect("stops a plan whose steps double what the step before them gave", () =>
    Effect.gen(function*() {
      const steps = Array.from({ length: 32 }, (_, n) => ({
        id: `s${n}`,
        tool: "echo",
        arguments: n === 0 ? { a: 1 } : { a: { $ref: `s${n - 1}` }, b: { $ref: `s${n - 1}` } }
      }))
      const toolkit = Toolkit.make(Plan.tool(Toolkit.make(echo), { maxSteps: 32 }))
      const calls = [ToolCall.make({ id: "call_1", name: "plan", arguments: { steps } })]
      const { outcomes } = yield* Batch.run(toolkit, calls)
      assert.include(outcomes[0]?.encoded, "more than 1000000 values")
    }))
})

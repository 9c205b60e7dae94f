import { assert, describe, it } from "@effect/vitest"
import { Batch, type Outcome, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Schema } from "effect"
import { fit } from "../../src/internal/runner/fit.ts"

/** Outcomes whose texts have so many bytes. */
const outcomesOf = (sizes: ReadonlyArray<number>): Effect.Effect<ReadonlyArray<Outcome.Outcome>> =>
  Effect.map(
    Batch.run(
      Toolkit.make(
        Tool.make("give", {
          description: "For tests.",
          parameters: Schema.Struct({ size: Schema.Int }),
          success: Schema.String,
          failure: Schema.String,
          execute: ({ size }) => size < 0 ? Effect.fail("x".repeat(-size)) : Effect.succeed("x".repeat(size - 2))
        })
      ),
      sizes.map((size, index) => ToolCall.make({ id: `${index}`, name: "give", arguments: { size }, index }))
    ),
    ({ outcomes }) => outcomes
  )

/** How many bytes each text keeps, without its mark. */
const kept = (sizes: ReadonlyArray<number>, total: number) =>
  Effect.map(
    outcomesOf(sizes),
    (outcomes) => fit(outcomes, total).map(({ encoded }) => encoded.replace(/… \[cut.*$/, "").length)
  )

describe("texts of a message", () => {
  it.effect("stay whole where they have room together, to the byte", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* kept([5, 6], 11), [5, 6])
      assert.deepStrictEqual(yield* kept([2, 2, 7], 11), [2, 2, 7])
    }))

  it.effect("are given back as they are where they stay whole", () =>
    Effect.gen(function*() {
      const whole = yield* outcomesOf([4, 4, -4])
      const bytes = whole.reduce((sum, { encoded }) => sum + encoded.length, 0)
      assert.strictEqual(fit(whole, 3 * bytes), whole)
      const [short, even, long] = yield* outcomesOf([10, 30, 100])
      assert.deepStrictEqual(fit([short!, even!, long!], 70).map((one, n) => one === [short, even][n]), [
        true,
        true,
        false
      ])
    }))

  it.effect("are cut to an equal share, to which short ones add what they leave over", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* kept([50, 50], 60), [30, 30])
      assert.deepStrictEqual(yield* kept([10, 100], 60), [10, 50])
      assert.deepStrictEqual(yield* kept([100, 10, 40, 90], 100), [30, 10, 30, 30])
      assert.deepStrictEqual(yield* kept([100, 10, 20, 90], 100), [35, 10, 20, 35])
    }))

  it.effect("stay JSON where they are errors", () =>
    Effect.gen(function*() {
      const [error, text] = fit(yield* outcomesOf([-1000, 1000]), 400)
      assert.match(JSON.parse(error!.encoded).error.data, /^\[left out/)
      assert.include(text!.encoded, "[cut")
    }))

  it.effect("keep at least nothing", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* kept([10, 10], 0), [0, 0])
    }))
})

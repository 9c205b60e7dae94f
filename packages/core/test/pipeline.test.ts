import { assert, describe, it } from "@effect/vitest"
import { Access, Limits, Pipeline, Tool } from "@volley/core"
import { Cause, Effect, Exit, Option, Result, Schema } from "effect"
import { add, ends, picture, price, run, times } from "./graphs/orders.ts"

const description = "For tests."

describe("Pipeline", () => {
  it.effect("starts each call once what it needs is there", () =>
    Effect.gen(function*() {
      const { outcomes, steps } = yield* run(Pipeline.run(picture("A-17")))
      assert.deepStrictEqual(times(outcomes), [
        ["order", 0, 100],
        ["get_items_1", 100, 300],
        ["customer", 100, 150],
        ["prices", 300, 360],
        ["other", 0, 10]
      ])
      assert.deepStrictEqual(steps.prices.result, Result.succeed([6, 4]))
      assert.deepStrictEqual(steps.total.result, Result.succeed(10))
      assert.deepStrictEqual(steps.customer.result, Result.succeed("Ada 9 0"))
    }))

  it.effect("names the root of a failure, and goes on with what does not need it", () =>
    Effect.gen(function*() {
      const { outcomes } = yield* run(Pipeline.run(picture("none")))
      assert.deepStrictEqual(outcomes.map(({ encoded }) => JSON.parse(encoded)?.error?.message ?? encoded), [
        "The tool failed with NoOrder.",
        "It needs the result of order, which failed with NoOrder; it did not run.",
        "It needs the result of order, which failed with NoOrder; it did not run.",
        "It needs the result of order, which failed with NoOrder; it did not run.",
        "1"
      ])
    }))

  it.effect("runs only what is returned and what that needs, in the order of declaration", () =>
    Effect.gen(function*() {
      const { outcomes, steps } = yield* run(Pipeline.run(Pipeline.make((call) => {
        const one = call(add, { a: 1, b: 1 })
        call(add, { a: one, b: 100 })
        const two = call(add, { a: 2, b: 2 })
        const sum = call(add, { a: two, b: one })
        return { sum, two, again: two }
      })))
      assert.deepStrictEqual(outcomes.map(({ call }) => call.id), ["add_0", "two", "sum"])
      assert.deepStrictEqual(ends(outcomes), [2, 4, 6])
      assert.strictEqual(steps.again, steps.two)
      assert.deepStrictEqual((yield* run(Pipeline.run(Pipeline.make(() => ({}))))).outcomes, [])
    }))

  it.effect.each<readonly [string, () => unknown]>([
    ["a promise", async () => 1],
    ["an Effect", () => Effect.delay(Effect.succeed(1), 1)]
  ])("crashes what needs a value that is made as %s", ([, late]) =>
    Effect.gen(function*() {
      const { steps } = yield* run(Pipeline.run(Pipeline.make((call) => {
        const one = call(add, { a: 1, b: 1 })
        const made = one.pipe(Pipeline.map(late as () => number))
        return { made, two: call(add, { a: made, b: 1 }) }
      })))
      for (const { result } of [steps.made, steps.two]) {
        assert(Result.isFailure(result) && result.failure._tag === "CallError")
        const { reason } = result.failure
        assert.strictEqual(
          reason._tag === "Defect" && String(Cause.squash(reason.cause)),
          "TypeError: Pipeline.map: the function gives a promise or an Effect: make a tool of it, and call that."
        )
      }
    }))

  class Odd extends Schema.TaggedError<Odd>()("Odd", {}) {}

  it.effect.each([Option.some(1), Exit.succeed(1), new Odd()])(
    "makes values that are more than data: %s",
    (value) =>
      Effect.gen(function*() {
        const { steps } = yield* run(Pipeline.run(Pipeline.make((call) => ({
          made: call(add, { a: 1, b: 1 }).pipe(Pipeline.map(() => value))
        }))))
        assert.deepStrictEqual<unknown>(steps.made.result, Result.succeed(value))
      })
  )

  it("throws for two tools of one name", () => {
    const other = Tool.make("add", { description, parameters: Schema.Struct({}), success: Schema.Finite })
    assert.throws(
      () => Pipeline.make((call) => ({ a: call(add, { a: 1, b: 1 }), b: call(other, {}) })),
      "two tools are called \"add\""
    )
  })

  it("is made in no time, however often steps are used", { timeout: 5000 }, () => {
    const { graph } = Pipeline.make((call) => {
      let last: Pipeline.Ref<number, never> = call(add, { a: 1, b: 1 })
      for (let n = 0; n < 24; n++) last = call(add, { a: last, b: last.pipe(Pipeline.map((x) => x)) })
      return { last }
    })
    assert.lengthOf(graph.nodes, 25)
  })

  it.effect("keeps the ids of steps apart, whatever they are called", () =>
    Effect.gen(function*() {
      const { outcomes } = yield* run(Pipeline.run(Pipeline.make((call) => {
        const one = call(add, { a: 1, b: 1 })
        const two = call(add, { a: 1, b: 1 })
        return { add_1: one, sum: call(add, { a: one, b: two }) }
      })))
      assert.strictEqual(new Set(outcomes.map(({ call }) => call.id)).size, 3)
    }))

  it.effect("keeps the order of steps that touch the same thing", () =>
    Effect.gen(function*() {
      const write = Tool.make("write", {
        description,
        parameters: Schema.Struct({ key: Schema.String, after: Schema.optionalKey(Schema.Finite) }),
        success: Schema.Finite,
        access: ({ key }) => [Access.write(key)],
        execute: () => Effect.delay(Effect.succeed(1), 10)
      })
      const limited = Tool.make("limited", {
        description,
        parameters: Schema.Struct({ key: Schema.String }),
        success: Schema.Finite,
        limits: ({ key }) => [Limits.concurrency(1, key)],
        execute: () => Effect.delay(Effect.succeed(1), 10)
      })
      const { outcomes } = yield* run(Pipeline.run(Pipeline.make((call) => {
        const key = call(price, { item: "ten" }).pipe(Pipeline.map((n) => `k${n}`))
        return {
          early: call(write, { key: "k3" }),
          unknown: call(write, { key }),
          apart: call(write, { key: "other" }),
          same: call(write, { key: "k3" }),
          free: call(add, { a: 1, b: 1 }),
          limited: call(limited, { key: "l" })
        }
      })))
      assert.deepStrictEqual(times(outcomes), [
        ["price_0", 0, 30],
        ["early", 0, 10],
        ["unknown", 30, 40],
        ["apart", 30, 40],
        ["same", 40, 50],
        ["free", 0, 10],
        ["limited", 0, 10]
      ])
    }))

  it.effect("gives steps idempotency keys that stay the same in runs of one id", () =>
    Effect.gen(function*() {
      const keys: Array<string> = []
      const pay = Tool.make("pay", {
        description,
        parameters: Schema.Struct({ n: Schema.Finite }),
        success: Schema.Finite,
        execute: ({ n }, { idempotencyKey }) =>
          Effect.sync(() => {
            keys.push(idempotencyKey)
            return n
          })
      })
      const pipeline = Pipeline.make((call) => {
        const one = call(pay, { n: 1 })
        const list = one.pipe(Pipeline.map((n) => [n, n]))
        return { one, two: call(pay, { n: one }), each: Pipeline.each(list, (n) => call(pay, { n })) }
      })
      for (const runId of ["a", "a", "b", undefined, undefined]) yield* run(Pipeline.run(pipeline, { runId }))
      assert.strictEqual(new Set(keys.slice(0, 4)).size, 4)
      assert.deepStrictEqual(keys.slice(4, 8), keys.slice(0, 4))
      assert.strictEqual(new Set(keys.slice(4)).size, 16)
    }))

  it.effect("takes arguments as handlers get them, and writes them as the model would", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const tool = Tool.make("next", {
        description,
        parameters: Schema.Struct({ day: Schema.DateFromString, n: Schema.FiniteFromString }),
        success: Schema.DateFromString,
        execute: ({ day, n }) =>
          Effect.sync(() => {
            seen.push([day, n])
            return new Date(day.getTime() + n)
          })
      })
      const { outcomes } = yield* run(Pipeline.run(Pipeline.make((call) => {
        const one = call(tool, { day: new Date(0), n: 1 })
        return { one, two: call(tool, { day: one, n: 2 }) }
      })))
      assert.deepStrictEqual(seen, [[new Date(0), 1], [new Date(1), 2]])
      assert.strictEqual(outcomes[1]!.encoded, "\"1970-01-01T00:00:00.003Z\"")
    }))
})

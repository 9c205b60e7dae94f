/**
 * Pipelines are held to what batches are held to.
 */
import { assert, describe, it } from "@effect/vitest"
import { Pipeline, Tool, Toolkit } from "@volley/core"
import { Cause, Context, Effect, Exit, Fiber, Layer, Schedule, Schema } from "effect"
import { TestClock } from "effect/testing"
import { add, ends, getCustomer, getItems, picture, run, times } from "./orders.ts"

const description = "For tests."

describe("the policies of a batch, for a pipeline", () => {
  const slow = Tool.make("slow", {
    description,
    parameters: Schema.Struct({ from: Schema.optionalKey(Schema.Finite) }),
    success: Schema.Finite,
    execute: () => Effect.onInterrupt(Effect.never, () => Effect.sleep(50))
  })
  const long = Pipeline.make((call) => {
    const first = call(slow, {})
    return { first, behind: call(slow, { from: first }), beside: call(add, { a: 1, b: 1 }) }
  })

  it.effect("timeout, deadline and a cap", () =>
    Effect.gen(function*() {
      const { outcomes } = yield* run(Pipeline.run(long, { timeout: 300 }))
      assert.deepStrictEqual(ends(outcomes), ["Timeout", "DependencyFailed", 2])
      assert.deepStrictEqual(times(outcomes).map(([, , end]) => end), [300, 300, 10])
      const late = yield* run(Pipeline.run(long, { deadline: 200 }))
      assert.deepStrictEqual(times(late.outcomes).map(([, , end]) => end), [200, 200, 10])
      assert.lengthOf(late.strays, 1)
      const capped = yield* run(Pipeline.run(long, { timeout: 300, concurrency: 1 }))
      assert.deepStrictEqual(times(capped.outcomes).at(-1), ["beside", 300, 310])
    }))

  it.effect("failFast stops what is in flight and what waits", () =>
    Effect.gen(function*() {
      const { outcomes } = yield* run(Pipeline.run(picture("none"), { failFast: true }))
      assert.deepStrictEqual(ends(outcomes).slice(0, 1), ["NoOrder"])
      for (const { endedAt, startedAt } of outcomes) assert.isAtMost(endedAt - startedAt, 10)
      for (const { attempts } of outcomes.slice(1, 4)) assert.strictEqual(attempts, 0)
    }))

  it.effect("retries reads alone, within the step", () =>
    Effect.gen(function*() {
      const { outcomes } = yield* run(Pipeline.run(picture("none"), { retry: Schedule.recurs(2) }))
      assert.deepStrictEqual(outcomes.map(({ attempts }) => attempts), [3, 0, 0, 0, 1])
    }))

  it.effect("maxCalls is unbounded, unless it is given", () =>
    Effect.gen(function*() {
      const many = Pipeline.make((call) =>
        Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`s${n}`, call(add, { a: n, b: 0 })]))
      )
      assert.deepStrictEqual(ends((yield* run(Pipeline.run(many))).outcomes).at(-1), 99)
      assert.deepStrictEqual(ends((yield* run(Pipeline.run(many, { maxCalls: 99 }))).outcomes).at(-1), "LimitExceeded")
    }))

  it.effect("interruption reaches what is in flight, and waits for it", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(Pipeline.run(long), { startImmediately: true })
      yield* TestClock.adjust(20)
      const stopping = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      yield* TestClock.adjust(40)
      assert.isUndefined(stopping.pollUnsafe())
      yield* TestClock.adjust(20)
      const exit = fiber.pollUnsafe()
      assert.isTrue(exit !== undefined && Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
    }))

  it.effect("tools that a layer provides for share it", () =>
    Effect.gen(function*() {
      class Shop extends Context.Service<Shop, number>()("test/Shop") {}
      let built = 0
      const sell = Tool.make("sell", {
        description,
        parameters: Schema.Struct({ n: Schema.Finite }),
        success: Schema.Finite,
        execute: ({ n }) => Effect.delay(Effect.map(Shop, (shop) => shop + n), 10)
      })
      const layer = Layer.effect(Shop, Effect.sync(() => (built++, 100)))
      const [tool] = Toolkit.provide(Toolkit.make(sell), layer).tools
      const { outcomes } = yield* run(Pipeline.run(Pipeline.make((call) => ({
        one: call(tool!, { n: 1 }),
        two: call(tool!, { n: 2 }),
        all: Pipeline.each(call(getItems, { orderId: 1 }), () => call(tool!, { n: 3 }))
      }))))
      assert.deepStrictEqual(ends(outcomes), [101, 102, ["lamp 1", "desk"], [103, 103]])
      assert.strictEqual(built, 1)
    }))

  it.effect("tools made strict run as they do otherwise", () =>
    Effect.gen(function*() {
      const { parameters } = getCustomer
      const strict = Toolkit.strict(Toolkit.make(getCustomer), {
        write: () => ({ codec: Schema.toCodecJson(parameters), jsonSchema: getCustomer.jsonSchema }),
        refuse: () => undefined
      })
      const { outcomes } = yield* run(Pipeline.run(Pipeline.make((call) => ({
        one: call(strict.tools[0]!, { id: 1, since: new Date(5) })
      }))))
      assert.deepStrictEqual(ends(outcomes), ["Ada 1 5"])
    }))
})

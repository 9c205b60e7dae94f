import { assert, describe, it } from "@effect/vitest"
import { Access, Pipeline, Tool } from "@volley/core"
import { Effect, Fiber, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import { expectTypeOf } from "vitest"

class NoOrder extends Schema.TaggedError<NoOrder>()("NoOrder", { number: Schema.String }) {}
const description = "For tests."
const getOrder = Tool.make("get_order", {
  description,
  parameters: Schema.Struct({ number: Schema.String }),
  success: Schema.Struct({ id: Schema.Int, customerId: Schema.Int, day: Schema.Date }),
  failure: NoOrder,
  execute: ({ number }) =>
    number === "none"
      ? Effect.delay(Effect.fail(new NoOrder({ number })), 10)
      : Effect.delay(Effect.succeed({ id: 7, customerId: 9, day: new Date(0) }), 100)
})
const getItems = Tool.make("get_items", {
  description,
  parameters: Schema.Struct({ orderId: Schema.Int }),
  success: Schema.Array(Schema.String),
  execute: ({ orderId }) => Effect.delay(Effect.succeed([`lamp ${orderId}`, "desk"]), 200)
})
const getCustomer = Tool.make("get_customer", {
  description,
  parameters: Schema.Struct({ id: Schema.Int, since: Schema.optionalKey(Schema.Date) }),
  success: Schema.String,
  access: ({ id }) => [Access.read(`customers/${id}`)],
  execute: ({ id }) => Effect.delay(Effect.succeed(`Ada ${id}`), 50)
})
const price = Tool.make("price", {
  description,
  parameters: Schema.Struct({ item: Schema.String }),
  success: Schema.Finite,
  execute: ({ item }) => Effect.delay(Effect.succeed(item.length), item.length * 10)
})

const picture = (number: string) =>
  Pipeline.make((call) => {
    const order = call(getOrder, { number })
    const items = call(getItems, { orderId: order.pipe(Pipeline.map((o) => o.id)) })
    const customer = call(getCustomer, {
      id: order.pipe(Pipeline.map((o) => o.customerId)),
      since: order.pipe(Pipeline.map((o) => o.day))
    })
    const prices = Pipeline.each(items, (item) => call(price, { item }))
    const total = prices.pipe(Pipeline.map((all) => all.reduce((sum, n) => sum + n, 0)))
    const other = call(price, { item: "x" })
    return { order, customer, prices, total, other }
  })

const run = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(fiber)
  })

describe("Pipeline", () => {
  it.effect("starts each call once what it needs is there", () =>
    Effect.gen(function*() {
      const { outcomes, steps } = yield* run(Pipeline.run(picture("A-17")))
      assert.deepStrictEqual(outcomes.map(({ call, endedAt, startedAt }) => [call.id, startedAt, endedAt]), [
        ["order", 0, 100],
        ["get_items_1", 100, 300],
        ["customer", 100, 150],
        ["prices", 300, 360],
        ["other", 0, 10]
      ])
      assert.deepStrictEqual(steps.prices.result, Result.succeed([6, 4]))
      assert.deepStrictEqual(steps.total.result, Result.succeed(10))
      assert.deepStrictEqual(steps.customer.result, Result.succeed("Ada 9"))
      expectTypeOf(steps.order.name).toEqualTypeOf<"get_order">()
      expectTypeOf(steps.total).toHaveProperty("result")
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
})

/**
 * Tools about orders, and a pipeline of them.
 */
import { assert } from "@effect/vitest"
import { Access, type Batch, CallError, Pipeline, Tool } from "@volley/core"
import { Effect, Exit, Result, Schema } from "effect"
import { TestClock } from "effect/testing"

class NoOrder extends Schema.TaggedError<NoOrder>()("NoOrder", { number: Schema.String }) {}
const description = "For tests."
export const getOrder = Tool.make("get_order", {
  description,
  parameters: Schema.Struct({ number: Schema.String }),
  success: Schema.Struct({ id: Schema.Int, customerId: Schema.Int, day: Schema.Date }),
  failure: NoOrder,
  readOnly: true,
  execute: ({ number }) =>
    number === "none"
      ? Effect.delay(new NoOrder({ number }), 10)
      : Effect.delay(Effect.succeed({ id: 7, customerId: 9, day: new Date(0) }), 100)
})
export const getItems = Tool.make("get_items", {
  description,
  parameters: Schema.Struct({ orderId: Schema.Int }),
  success: Schema.Array(Schema.String),
  execute: ({ orderId }) => Effect.delay(Effect.succeed([`lamp ${orderId}`, "desk"]), 200)
})
export const getCustomer = Tool.make("get_customer", {
  description,
  parameters: Schema.Struct({ id: Schema.Int, since: Schema.optionalKey(Schema.Date) }),
  success: Schema.String,
  access: ({ id }) => [Access.read(`customers/${id}`)],
  execute: ({ id, since }) => Effect.delay(Effect.succeed(`Ada ${id} ${since?.getTime() ?? ""}`.trim()), 50)
})
export const price = Tool.make("price", {
  description,
  parameters: Schema.Struct({ item: Schema.String }),
  success: Schema.Finite,
  execute: ({ item }) => Effect.delay(Effect.succeed(item.length), item.length * 10)
})
export const add = Tool.make("add", {
  description,
  parameters: Schema.Struct({ a: Schema.Finite, b: Schema.Finite }),
  success: Schema.Finite,
  readOnly: true,
  execute: ({ a, b }) => Effect.delay(Effect.succeed(a + b), 10)
})

export const picture = (number: string) =>
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

export const run = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    yield* TestClock.adjust("1 hour")
    const exit = fiber.pollUnsafe()
    assert(exit !== undefined && Exit.isSuccess(exit), "the pipeline did not end")
    return exit.value
  })

type Outcomes = Batch.Settled<Tool.Any>["outcomes"]
export const times = (outcomes: Outcomes) => {
  const began = Math.min(...outcomes.map(({ startedAt }) => startedAt))
  return outcomes.map(({ call, endedAt, startedAt }) => [call.id, startedAt - began, endedAt - began])
}
export const ends = (outcomes: Outcomes) =>
  outcomes.map(({ result }) => Result.isSuccess(result) ? result.success : CallError.toModel(result.failure).error.type)

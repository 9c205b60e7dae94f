/**
 * What the compiler promises about pipelines; most of it is checked by `tsc`, not by running it.
 */
// @effect-diagnostics missingEffectContext:off -- what must not compile is here on purpose
import { assert, describe, it } from "@effect/vitest"
import { type CallError, Pipeline, Tool, Toolkit } from "@volley/core"
import { Context, Effect, Layer, type Result, Schema, SchemaGetter } from "effect"
import { expectTypeOf } from "vitest"

class Orders extends Context.Service<Orders, { readonly id: number }>()("test/Orders") {}
class Prices extends Context.Service<Prices, { readonly of: (item: string) => number }>()("test/Prices") {}
class Clerk extends Context.Service<Clerk, string>()("test/Clerk") {}
class NoOrder extends Schema.TaggedError<NoOrder>()("NoOrder", {}) {}

const description = "For tests."
const getOrder = Tool.make("get_order", {
  description,
  parameters: Schema.Struct({ number: Schema.String }),
  success: Schema.Struct({ id: Schema.Int, items: Schema.Array(Schema.String), day: Schema.Date }),
  failure: NoOrder,
  execute: () => Orders.useSync(({ id }) => ({ id, items: ["lamp", "desk"], day: new Date(0) }))
})
const price = Tool.make("price", {
  description,
  parameters: Schema.Struct({ item: Schema.String, day: Schema.optionalKey(Schema.Date) }),
  success: Schema.Finite,
  execute: ({ item }) => Prices.useSync((prices) => prices.of(item))
})
const add = Tool.make("add", {
  description,
  parameters: Schema.Struct({ terms: Schema.Array(Schema.Finite) }),
  success: Schema.Finite,
  execute: ({ terms }) => Effect.succeed(terms.reduce((a, b) => a + b, 0))
})
const later = Tool.make("later", { description, parameters: Schema.Struct({ n: Schema.Finite }), success: Schema.Void })

/** Writing these parameters needs a service, reading them none. */
const Signed = Schema.String.pipe(
  Schema.decodeTo(Schema.String, {
    decode: SchemaGetter.passthrough(),
    encode: SchemaGetter.transformEffect((text: string) => Effect.as(Clerk, text))
  })
)
const sign = Tool.make("sign", {
  description,
  parameters: Schema.Struct({ text: Signed }),
  success: Schema.Void,
  execute: () => Effect.void
})

const services = Layer.mergeAll(Layer.succeed(Orders, { id: 7 }), Layer.succeed(Prices, { of: (item) => item.length }))

describe("the types of a pipeline", () => {
  it("let in what fits, with references anywhere", () => {
    Pipeline.make((call) => {
      const order = call(getOrder, { number: "A" })
      const first = call(price, { item: order.pipe(Pipeline.map(({ items }) => items[0] ?? "")) })
      const dated = call(price, { item: "x", day: order.pipe(Pipeline.map(({ day }) => day)) })
      const sum = call(add, { terms: [first, dated, 3] })
      const all = Pipeline.each(order.pipe(Pipeline.map(({ items }) => items)), (item) => call(price, { item }))
      const whole = call(add, { terms: all })
      return { sum, whole }
    })
    Pipeline.make((call) => ({ when: call(price, { item: "x", day: new Date() }) }))
  })

  it("keep out what does not fit", () => {
    Pipeline.make((call) => {
      const order = call(getOrder, { number: "A" })
      const id = order.pipe(Pipeline.map((o) => o.id))
      const items = order.pipe(Pipeline.map((o) => o.items))
      // @ts-expect-error -- a number is no text
      call(price, { item: id })
      // @ts-expect-error -- the whole result is no text
      call(price, { item: order })
      // @ts-expect-error -- a missing key
      call(price, {})
      // @ts-expect-error -- a key too many
      call(price, { item: "x", color: "red" })
      // @ts-expect-error -- a wrong value without any reference
      call(price, { item: 1 })
      // @ts-expect-error -- one wrong reference in a list
      call(add, { terms: [1, items] })
      // @ts-expect-error -- dates are given as dates
      call(price, { item: "x", day: "2026-01-01" })
      // @ts-expect-error -- the result has no such part
      order.pipe(Pipeline.map((o) => o.customer))
      // @ts-expect-error -- an item is a text, not a number
      Pipeline.each(items, (item) => call(add, { terms: [item] }))
      // @ts-expect-error -- one number is no list
      Pipeline.each(id, (item) => call(add, { terms: [item] }))
      // @ts-expect-error -- a list of numbers is no list of texts
      const texts: Pipeline.Ref<ReadonlyArray<string>> = Pipeline.each(items, (item) => call(price, { item }))
      return { order, texts }
    })
    assert.throws(() =>
      Pipeline.make(() => ({
        // @ts-expect-error -- a pipeline is made of steps
        one: 1
      }))
    )
  })

  it.effect("name each step's result", () =>
    Effect.gen(function*() {
      const pipeline = Pipeline.make((call) => {
        const order = call(getOrder, { number: "A" })
        const items = order.pipe(Pipeline.map((o) => o.items))
        const prices = Pipeline.each(items, (item) => call(price, { item }))
        return { order, items, prices }
      })
      const { steps } = yield* Effect.provide(Pipeline.run(pipeline), services)
      expectTypeOf(steps.order.name).toEqualTypeOf<"get_order">()
      expectTypeOf(steps.order.result).toEqualTypeOf<
        Result.Result<typeof getOrder.success.Type, CallError.CallError | CallError.ToolFailure<NoOrder>>
      >()
      type Failure = CallError.CallError | CallError.ToolFailure<unknown>
      expectTypeOf(steps.items.result).toEqualTypeOf<Result.Result<ReadonlyArray<string>, Failure>>()
      expectTypeOf(steps.prices.result).toEqualTypeOf<Result.Result<ReadonlyArray<number>, Failure>>()
      expectTypeOf(steps).not.toHaveProperty("price")
    }))

  it("ask for what the reachable steps need, and for nothing else", () => {
    type Needs<P> = P extends Pipeline.Pipeline<infer S> ? S[keyof S]["~requirements"] : never
    const make = Pipeline.make((call) => {
      const order = call(getOrder, { number: "A" })
      const prices = Pipeline.each(
        order.pipe(Pipeline.map((o) => o.items)),
        (item) => call(price, { item })
      )
      return { sum: call(add, { terms: prices }) }
    })
    expectTypeOf<Needs<typeof make>>().toEqualTypeOf<Orders | Prices>()
    expectTypeOf(Pipeline.run(make)).toEqualTypeOf<
      Effect.Effect<Pipeline.Settled<typeof make.steps>, never, Orders | Prices>
    >()
    const unused = Pipeline.make((call) => {
      call(getOrder, { number: "A" })
      return { sum: call(add, { terms: [] }) }
    })
    expectTypeOf<Needs<typeof unused>>().toEqualTypeOf<never>()
    const mapped = Pipeline.make((call) => ({
      id: call(getOrder, { number: "A" }).pipe(Pipeline.map((o) => o.id))
    }))
    expectTypeOf<Needs<typeof mapped>>().toEqualTypeOf<Orders>()
    const optional = Pipeline.make((call) => ({
      price: call(price, { item: "x", day: call(getOrder, { number: "A" }).pipe(Pipeline.map((o) => o.day)) })
    }))
    expectTypeOf<Needs<typeof optional>>().toEqualTypeOf<Orders | Prices>()
    const nested = Pipeline.make((call) => {
      const sum = call(add, { terms: [call(price, { item: "x" }), 1, call(add, { terms: [] })] })
      return { later: call(later, { n: sum }) }
    })
    expectTypeOf<Needs<typeof nested>>().toEqualTypeOf<Prices | Tool.Handler<"later">>()
    const signed = Pipeline.make((call) => ({ signed: call(sign, { text: "x" }) }))
    expectTypeOf<Needs<typeof signed>>().toEqualTypeOf<Clerk>()
    const provided = Pipeline.make((call) => {
      const [tool] = Toolkit.provide(Toolkit.make(getOrder), services).tools
      return { order: call(tool!, { number: "A" }) }
    })
    expectTypeOf<Needs<typeof provided>>().toEqualTypeOf<never>()
  })

  it("do not let a pipeline run that misses a service", () => {
    const pipeline = Pipeline.make((call) => {
      const order = call(getOrder, { number: "A" })
      return { price: call(price, { item: order.pipe(Pipeline.map(({ items }) => items[0] ?? "")) }) }
    })
    const onlyPrices = Effect.provideService(Pipeline.run(pipeline), Prices, { of: () => 1 })
    // @ts-expect-error -- the price needs an order, and the order needs a service
    const effect: Effect.Effect<unknown> = onlyPrices
    assert.isTrue(Effect.isEffect(effect))
  })
})

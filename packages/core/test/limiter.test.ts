/**
 * Rates that a limiter outside of the process counts: it is asked for as little as possible, and what it says holds.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch, Limits, Toolkit } from "@volley/core"
import { Clock, Duration, Effect, Layer, Schedule } from "effect"
import { RateLimiter } from "effect/persistence"
import { doing } from "./driver/support.ts"
import { aDayOf, type Asked, asking, lasting, spansOf } from "./order/support.ts"
import { ends } from "./support.ts"

const often = Limits.rate({ limit: 2, window: "1 second", key: "often" })
const seldom = Limits.rate({ limit: 1, window: "10 seconds", key: "seldom" })

const inside = (name: string, own: string, other: string) => {
  const leaf = lasting("leaf", { limits: [Limits.concurrency(1, other)] })
  return doing(
    name,
    () => Effect.delay(Effect.map(Batch.run(Toolkit.make(leaf), asking(["leaf", name, 1])), ends), 5),
    {
      limits: [Limits.concurrency(1, own)]
    }
  )
}

const toolkit = Toolkit.make(
  inside("one", "a", "b"),
  inside("two", "b", "a"),
  lasting("free"),
  lasting("brisk", { limits: [often] }),
  lasting("again", { idempotent: true, limits: [often] }),
  lasting("careful", { limits: [often, seldom] }),
  lasting("shy", { limits: [Limits.backOff({ key: "shy" })] })
)

type Consume = RateLimiter.RateLimiter["consume"]

/** Runs calls whose rates are counted by Effect's limiter, behind what a test puts before it. */
const run = (asked: ReadonlyArray<Asked>, options: Batch.Options = {}, before: (consume: Consume) => Consume = same) =>
  Effect.gen(function*() {
    const began = yield* Clock.currentTimeMillis
    const limiter = yield* RateLimiter.RateLimiter
    const limits = yield* Effect.provideService(Limits.make, RateLimiter.RateLimiter, {
      ...limiter,
      consume: before(limiter.consume)
    })
    const batch = Batch.run(toolkit, asking(...asked), options)
    const settled = yield* aDayOf(Effect.provideService(batch, Limits.Limits, limits))
    return { settled, spans: spansOf(settled, began) }
  }).pipe(Effect.provide(Layer.provide(RateLimiter.layer, RateLimiter.layerStoreMemory)))

const same = (consume: Consume): Consume => consume

describe("a limiter outside of the process", () => {
  it.effect("has calls start that have a token, in call order; the others wait without a slot", () =>
    Effect.gen(function*() {
      const asked: ReadonlyArray<Asked> = [
        ["brisk", "", 10],
        ["brisk", "", 20],
        ["brisk", "", 5],
        ["brisk", "", 5],
        ["free", "", 30],
        ["free", "", 30]
      ]
      const { spans } = yield* run(asked, { concurrency: 2 })
      assert.deepStrictEqual(
        spans,
        [[0, 10], [0, 20], [1000, 1005], [1000, 1005], [10, 40], [20, 50]]
      )
    }))

  it.effect("is asked by all runners that are made where the program counts in it", () =>
    Effect.gen(function*() {
      const limits = yield* Limits.make
      const runner = Effect.provideService(Batch.make(), Limits.Limits, limits)
      const runners = [yield* runner, yield* runner]
      const began = yield* Clock.currentTimeMillis
      const batch = asking(["brisk", "", 10], ["brisk", "", 10])
      const all = yield* aDayOf(
        Effect.forEach(runners, ({ run }) => run(toolkit, batch), { concurrency: 2 })
      )
      assert.deepStrictEqual(all.map((settled) => spansOf(settled, began)), [
        [[0, 10], [0, 10]],
        [[1000, 1010], [1000, 1010]]
      ])
    }).pipe(Effect.provide(Layer.provide(RateLimiter.layer, RateLimiter.layerStoreMemory))))

  it.effect("is all that remembers a rate of which no call is left", () =>
    Effect.gen(function*() {
      const limits = yield* Limits.make
      const known = () => [
        limits.rates.of("key/often", Duration.seconds(1)),
        limits.rates.of("key/seldom", Duration.seconds(10)),
        limits.rates.of("key/shy", Duration.zero)
      ]
      const before = known()
      const batch = Batch.run(toolkit, asking(["brisk", "", 1], ["careful", "", 1], ["brisk", "", 1], ["shy", "", 1]))
      const settled = yield* aDayOf(Effect.provideService(batch, Limits.Limits, limits))
      assert.deepStrictEqual(ends(settled), ["", "", "", ""])
      for (const [n, rate] of known().entries()) assert.notStrictEqual(rate, before[n])
    }).pipe(Effect.provide(Layer.provide(RateLimiter.layer, RateLimiter.layerStoreMemory))))

  it.effect("gives a call one token of every rate or of none", () =>
    Effect.gen(function*() {
      const { spans } = yield* run([["careful", "", 10], ["careful", "", 10], ["brisk", "", 10]])
      assert.deepStrictEqual(spans, [[0, 10], [10_000, 10_010], [0, 10]])
    }))

  it.effect("is asked for a token of one rate, of several whether there is one first, and of back-offs for none", () =>
    Effect.gen(function*() {
      const requests: Array<readonly [key: string, tokens: number | undefined]> = []
      const noting = (consume: Consume): Consume => (options) => {
        requests.push([options.key, options.tokens])
        return consume(options)
      }
      for (const name of ["brisk", "shy", "careful", "free"] as const) yield* run([[name, "", 1]], {}, noting)
      assert.deepStrictEqual(requests, [
        ["key/often", 1],
        ["key/often", 0],
        ["key/seldom", 0],
        ["key/often", 1],
        ["key/seldom", 1]
      ])
    }))

  it.effect("is asked about one call of a rate at a time, each of which holds its slot meanwhile", () =>
    Effect.gen(function*() {
      const slowly = (consume: Consume): Consume => (options) => Effect.delay(consume(options), 100)
      const asked: ReadonlyArray<Asked> = [["brisk", "", 1], ["brisk", "", 1], ["free", "", 1]]
      const atOnce = yield* run(asked, {}, slowly)
      assert.deepStrictEqual(atOnce.spans, [[100, 101], [200, 201], [0, 1]])
      const alone = yield* run(asked, { concurrency: 1 }, slowly)
      assert.deepStrictEqual(alone.spans, [[100, 101], [201, 202], [202, 203]])
    }))

  it.effect("does not hold up one that has started and is tried again", () =>
    Effect.gen(function*() {
      const asked: ReadonlyArray<Asked> = [["again", "fails", 10], ["brisk", "", 1], ["brisk", "", 1]]
      const { spans } = yield* run(asked, { retry: Schedule.upTo(Schedule.spaced(5), { times: 1 }) })
      assert.deepStrictEqual(spans, [["ToolFailure", 0, 25], [0, 1], [1000, 1001]])
    }))

  it.effect("that cannot say has its call crash, and no other", () =>
    Effect.gen(function*() {
      let asked = 0
      const reason = new RateLimiter.RateLimitStoreError({ message: "gone", cause: "gone" })
      const failing = (consume: Consume): Consume => (options) =>
        asked++ === 0 ? Effect.fail(new RateLimiter.RateLimiterError({ reason })) : consume(options)
      const { settled } = yield* run([["brisk", "one", 1], ["brisk", "two", 1], ["free", "three", 1]], {}, failing)
      assert.deepStrictEqual(ends(settled), ["Defect", "two", "three"])
    }))

  it.effect("that gives a time to wait again and again is asked each time that one is over", () =>
    Effect.gen(function*() {
      let asked = 0
      const reason = new RateLimiter.RateLimitExceeded({
        key: "often",
        retryAfter: Duration.millis(70),
        limit: 2,
        remaining: 0
      })
      const refusing = (consume: Consume): Consume => (options) =>
        asked++ < 3 ? Effect.fail(new RateLimiter.RateLimiterError({ reason })) : consume(options)
      const { spans } = yield* run([["brisk", "", 1], ["brisk", "", 1]], {}, refusing)
      assert.deepStrictEqual([spans, asked], [[[210, 211], [210, 211]], 5])
    }))

  it.effect.each([0, 1e-6, 0.005])(
    "is not asked again before time has gone by: after %s ms",
    (millis) =>
      Effect.gen(function*() {
        let asked = 0
        const reason = (key: string) =>
          new RateLimiter.RateLimitExceeded({
            key,
            retryAfter: Duration.nanos(BigInt(millis * 1e6)),
            limit: 2,
            remaining: 0
          })
        const { spans } = yield* run([["brisk", "", 10]], {}, (consume) => (options) =>
          Effect.clockWith((clock) => {
            if (clock.currentTimeMillisUnsafe() > 0) return consume(options)
            return asked++ > 99
              ? Effect.die("asked again and again")
              : Effect.fail(new RateLimiter.RateLimiterError({ reason: reason(options.key) }))
          }))
        assert.deepStrictEqual([spans, asked], [[[1, 11]], 1])
      })
  )

  it.effect("leaves a call that waits for it and is stopped no longer at work", () =>
    Effect.gen(function*() {
      const reason = new RateLimiter.RateLimitExceeded({
        key: "often",
        retryAfter: Duration.hours(1),
        limit: 2,
        remaining: 0
      })
      const limiter = { consume: () => Effect.fail(new RateLimiter.RateLimiterError({ reason })) } as never
      const limits = yield* Effect.provideService(Limits.make, RateLimiter.RateLimiter, limiter)
      const batch = (names: ReadonlyArray<string>, options: Batch.Options) =>
        aDayOf(Batch.run(toolkit, asking(...names.map((name): Asked => [name, "", 1])), options))
      yield* Effect.gen(function*() {
        assert.deepStrictEqual(ends(yield* batch(["brisk"], { deadline: 10 })), ["Timeout"])
        // Each has what the other lacks: they get out of it where nothing is at work.
        assert.deepStrictEqual(ends(yield* batch(["one", "two"], {})), [["one"], ["two"]])
      }).pipe(Effect.provideService(Limits.Limits, limits))
    }))
})

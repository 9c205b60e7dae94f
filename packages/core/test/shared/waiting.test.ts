/**
 * Many runs that wait for the same: what that costs, and what is left of those that wait no more.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch, Limits, Toolkit } from "@volley/core"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { held } from "../driver/held.ts"
import { boundless, doing, many, sleeping } from "../driver/support.ts"
import { aDayOf, claiming } from "../order/support.ts"

/** Tools that say how often it was looked what one of their calls needs. */
const counted = (...limits: ReadonlyArray<Limits.Limit>) => {
  const looks = { count: 0 }
  const counting = <A extends { readonly key: string }>(limit: A): A =>
    Object.create(limit, {
      key: {
        get: () => {
          looks.count += 1
          return limit.key
        }
      }
    })
  const tool = claiming(doing("tool", () => sleeping(1), { limits }), (claims) => ({
    ...claims,
    slots: claims.slots.map(counting),
    rates: claims.rates.map(counting)
  }))
  return { looks, toolkit: Toolkit.make(tool) }
}

/** Holds that each of four hundred runs is looked at less than twice as often as each of a hundred. */
const staysFew = <E, R>(looksOf: (count: number) => Effect.Effect<number, E, R>) =>
  Effect.gen(function*() {
    assert.isBelow((yield* looksOf(400)) / 400, 2 * (yield* looksOf(100)) / 100)
  })

const one = Limits.concurrency(1, "one")
const other = Limits.concurrency(2, "other")
const plenty = Limits.concurrency(1e6, "plenty")

describe("runs that wait for room, by the hundred", () => {
  const ways = {
    "a limit of a key": { limits: [one], make: Effect.succeed(Batch) },
    "limits of two keys": { limits: [one, other], make: Effect.succeed(Batch) },
    "a limit of a key, under different numbers": {
      limits: [one, Limits.concurrency(2, "one")],
      make: Effect.succeed(Batch)
    },
    "a runner": { limits: [plenty], make: Batch.make({ concurrency: 2 }) },
    "a runner and a limit of a key": { limits: [one], make: Batch.make({ concurrency: 2 }) }
  }

  it.effect.each(Object.entries(ways))(
    "are looked at a few times each, however many they are: %s",
    ([, way]) =>
      Effect.gen(function*() {
        const looksOf = (count: number) =>
          Effect.gen(function*() {
            const { looks, toolkit } = counted(...way.limits)
            const { run } = yield* way.make
            const runs = Array.from({ length: count }, () => run(toolkit, many(1, "tool"), { timeout: "unbounded" }))
            const all = yield* aDayOf(Effect.all(runs, { concurrency: "unbounded" }))
            assert.isTrue(all.every(({ outcomes: [outcome] }) => outcome?.encoded === "1"))
            return looks.count
          })
        yield* staysFew(looksOf)
      }).pipe(Effect.provide(Limits.layer))
  )
})

describe("runs that begin in one step, by the hundred", () => {
  const limits = { "a limit": plenty, "a rate": Limits.rate({ limit: 1e6, window: 1000 }) }

  it.effect.each(Object.entries(limits))(
    "are looked at a few times each, however many they are: under %s",
    ([, limit]) =>
      Effect.gen(function*() {
        const looksOf = (count: number) =>
          Effect.gen(function*() {
            const { looks, toolkit } = counted(limit)
            const { run } = yield* Batch.make(boundless)
            const outer = doing("outer", () => Effect.asVoid(run(toolkit, many(1, "tool"))))
            yield* aDayOf(run(Toolkit.make(outer), many(count, "outer")))
            return looks.count
          })
        yield* staysFew(looksOf)
      })
  )
})

describe("runs inside calls that wait for room, by the hundred", () => {
  const around = {
    "calls without limits": [],
    "calls of another key": [plenty],
    "calls of the same key": [Limits.concurrency(5, "one")]
  }

  it.effect.each(Object.entries(around))(
    "are looked at a few times each, however many they are: inside %s",
    ([, limits]) =>
      Effect.gen(function*() {
        const looksOf = (count: number) =>
          Effect.gen(function*() {
            const { looks, toolkit } = counted(one)
            const outer = doing("outer", () => Effect.asVoid(Batch.run(toolkit, many(1, "tool"))), {
              limits,
              timeout: 1e9
            })
            yield* aDayOf(Batch.run(Toolkit.make(outer), many(count, "outer"), boundless))
            return looks.count
          })
        yield* staysFew(looksOf)
      }).pipe(Effect.provide(Limits.layer))
  )
})

describe("calls of a run inside a call that take its room", () => {
  it.effect("have it one after the other, while other calls work", () =>
    Effect.gen(function*() {
      const ended: Array<number> = []
      const inner = doing("inner", () => Effect.andThen(sleeping(1), Effect.sync(() => ended.push(1))), {
        limits: [one]
      })
      const outer = doing("outer", () => Effect.asVoid(Batch.run(Toolkit.make(inner), many(3, "inner"))), {
        limits: [one]
      })
      const beside = doing("beside", () => sleeping(1000))
      const calls = [...many(1, "outer"), ...many(1, "beside")].map((call, index) => ({
        ...call,
        id: `${index}`,
        index
      }))
      const fiber = yield* Effect.forkChild(Batch.run(Toolkit.make(outer, beside), calls, boundless))
      yield* TestClock.adjust(3)
      assert.lengthOf(ended, 3)
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.provide(Limits.layer)))
})

describe("runs that wait no more", () => {
  const lines = {
    "a key": [one],
    "a rate": [Limits.rate({ limit: 1, window: "12 hours" })]
  }

  it.effect.each(Object.entries(lines))(
    "are not kept by those that still wait: for %s",
    ([, limits]) =>
      Effect.gen(function*() {
        const toolkit = Toolkit.make(doing("tool", () => Effect.sleep("12 hours"), { limits, timeout: 1e9 }))
        const waits = Batch.run(toolkit, many(1, "tool"))
        const first = yield* Effect.forkChild(waits, { startImmediately: true })
        const second = yield* Effect.forkChild(waits, { startImmediately: true })
        const cut = (end: "deadline" | "interrupted") =>
          Effect.gen(function*() {
            const calls = many(2, "tool")
            const run = Batch.run(toolkit, calls, { deadline: end === "deadline" ? 5 : "unbounded" })
            const fiber = yield* Effect.forkChild(run, { startImmediately: true })
            yield* TestClock.adjust(5)
            yield* end === "deadline" ? Fiber.await(fiber) : Fiber.interrupt(fiber)
            return calls.map((call) => new WeakRef<object>(call))
          })
        const refs = [...yield* cut("deadline"), ...yield* cut("interrupted"), ...yield* cut("deadline")]
        assert.lengthOf(yield* held(refs), 0)
        yield* TestClock.adjust("1 day")
        assert.isDefined(first.pollUnsafe())
        assert.isDefined(second.pollUnsafe())
      }).pipe(Effect.provide(Limits.layer))
  )

  it.effect("are not kept by those that still wait, inside a call whose room they may have", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(doing("tool", () => Effect.sleep("12 hours"), { limits: [one], timeout: 1e9 }))
      const refs: Array<WeakRef<object>> = []
      const cut = Effect.suspend(() => {
        const calls = many(2, "tool")
        refs.push(...calls.map((call) => new WeakRef<object>(call)))
        return Effect.asVoid(Batch.run(toolkit, calls, { deadline: 5 }))
      })
      const inside = Effect.all([Batch.run(toolkit, many(2, "tool")), cut], { concurrency: "unbounded" })
      const outer = doing("outer", () => Effect.asVoid(inside), { limits: [one], timeout: 1e9 })
      const fiber = yield* Effect.forkChild(Batch.run(Toolkit.make(outer), many(1, "outer")), {
        startImmediately: true
      })
      yield* TestClock.adjust(5)
      assert.lengthOf(yield* held(refs), 0)
      yield* Fiber.interrupt(fiber)
    }).pipe(Effect.provide(Limits.layer)))
})

/**
 * Who starts when: slots that go round between runs, rates in exact windows, order for what says nothing (cases 5 and 6).
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Approver, Batch, Limits, Toolkit } from "@volley/core"
import { Generate } from "@volley/testing"
import { Arbitrary, Effect } from "effect"
import { aDayOf } from "../order/support.ts"
import { ends } from "../support.ts"
import { type Asked, asking, boundless, doing, many, reading, sleeping, stopwatch } from "./support.ts"

const counting = (most: number) => Array.from({ length: most }, (_, n) => n)

describe("runs beside each other on one runner", () => {
  /** When each of two batches has ended, of which the first has begun a little before. */
  const both = (concurrency: number, sizes: readonly [number, number]) =>
    Effect.gen(function*() {
      const now = yield* stopwatch
      const runner = yield* Batch.make({ concurrency, timeout: "unbounded" })
      const toolkit = Toolkit.make(doing("work", () => sleeping(10)))
      const one = (size: number, delay: number) =>
        Effect.map(Effect.delay(runner.run(toolkit, many(size, "work")), delay), now)
      return yield* aDayOf(Effect.all([one(sizes[0], 0), one(sizes[1], 1)], { concurrency: 2 }))
    })

  it.effect("take turns: a batch of 2 is not behind one of 60", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* both(1, [60, 2]), [620, 40])
      assert.deepStrictEqual(yield* both(2, [60, 2]), [310, 30])
      assert.deepStrictEqual(yield* both(4, [60, 2]), [160, 20])
    }))

  it.effect("take turns, three of them too, and each starts its calls in their order", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({ concurrency: 1 })
      const order: Array<unknown> = []
      const work = doing(
        "work",
        ({ n, run }) => Effect.andThen(Effect.sync(() => order.push(`${run}${n}`)), sleeping(1))
      )
      const one = (run: string) => runner.run(Toolkit.make(work), many(3, "work", (n) => ({ n, run })))
      yield* aDayOf(Effect.all([one("a"), one("b"), one("c")], { concurrency: 3 }))
      assert.deepStrictEqual(order, ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"])
    }))

  /** The order in which the calls of two batches start, of which the second begins a little later. */
  const startsOf = (
    runner: Batch.Runner,
    ...batches: ReadonlyArray<readonly [concurrency: number, ...calls: ReadonlyArray<readonly [string, object]>]>
  ) =>
    Effect.gen(function*() {
      const order: Array<unknown> = []
      const act = ({ id, takes }: { readonly id?: unknown; readonly takes?: unknown }) =>
        Effect.andThen(Effect.sync(() => order.push(id)), sleeping(Number(takes)))
      const limits = [Limits.concurrency(1, "key")]
      const toolkit = Toolkit.make(
        doing("free", act),
        doing("asks", act, { approval: "always" }),
        doing("keyed", act, { limits }),
        doing("writes", act, { access: [Access.write("k")] }),
        doing("reads", act, { access: [Access.read("k")], limits })
      )
      const one = ([concurrency, ...calls]: (typeof batches)[number], n: number) =>
        Effect.delay(runner.run(toolkit, asking(...calls), { concurrency }), n)
      yield* aDayOf(Effect.forEach(batches, one, { concurrency: "unbounded" }))
      return order.join(" ")
    })

  it.effect("do not wait for the turn of a call that has no room in its own batch", () =>
    Effect.gen(function*() {
      const order = startsOf(
        yield* Batch.make({}),
        [1, ["keyed", { id: "a0", takes: 10 }], ["keyed", { id: "a1", takes: 5 }], ["free", { id: "a2", takes: 5 }]],
        [1, ["keyed", { id: "b0", takes: 1 }], ["free", { id: "b1", takes: 30 }]]
      )
      assert.strictEqual(yield* order, "a0 b1 a1 a2 b0")
    }))

  it.effect("take turns also where several slots come free at once", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({ concurrency: 4 })
      const order: Array<unknown> = []
      const act = ({ id }: { readonly id?: unknown }) => Effect.andThen(Effect.sync(() => order.push(id)), sleeping(10))
      const keyed = doing("keyed", act, { limits: [Limits.concurrency(9, "key")] })
      const toolkit = Toolkit.make(doing("free", act), keyed, doing("hangs", () => Effect.never))
      // What is refused at once counts for call order alone.
      const one = (name: string, run: string, before = 0) =>
        runner.run(
          toolkit,
          asking(
            ...many(before, "gone").map(({ name }): Asked => [name]),
            ...many(4, name).map(
              (_, n): Asked => [name, { id: `${run}${n}` }]
            )
          )
        )
      const stopped = Effect.timeoutOption(runner.run(toolkit, many(4, "hangs")), 5)
      yield* aDayOf(
        Effect.all([stopped, Effect.delay(one("free", "a"), 1), Effect.delay(one("keyed", "b", 5), 2)], {
          concurrency: 3
        })
      )
      assert.strictEqual(order.slice(0, 4).join(" "), "a0 b0 a1 b1")
    }))

  it.effect("go behind those who wait for a slot already, where they waited for one of their own batch", () =>
    Effect.gen(function*() {
      const order = startsOf(
        yield* Batch.make({ concurrency: 3 }),
        [1, ["free", { id: "a0", takes: 10 }], ["free", { id: "a1", takes: 5 }], ["keyed", { id: "a2", takes: 1 }]],
        [3, ["free", { id: "b0", takes: 99 }], ["asks", { id: "b1", takes: 5 }]],
        [1, ["free", { id: "c0", takes: 99 }]]
      )
      const allowing = Approver.layer(() => Effect.as(Effect.sleep(5), "allowed" as const))
      assert.strictEqual(yield* Effect.provide(order, allowing), "a0 b0 c0 b1 a1 a2")
    }))

  it.effect("start their lowest call that can start, whoever stands before it where it waits", () =>
    Effect.gen(function*() {
      const order = startsOf(
        yield* Batch.make({ concurrency: 2 }),
        [1, ["writes", { id: "a0", takes: 10 }], ["keyed", { id: "a1", takes: 5 }], ["free", { id: "a2", takes: 99 }]],
        [2, ["keyed", { id: "b0", takes: 20 }], ["reads", { id: "b1", takes: 5 }], ["free", { id: "b2", takes: 5 }]]
      )
      assert.strictEqual(yield* order, "a0 b0 a2 b1 b2 a1")
    }))
})

/** When the calls of one batch under a rate started, by their numbers, in the order in which they did. */
const startsUnder = (
  rate: { readonly limit: number; readonly window: number | "1 second" },
  count: number,
  takes: (n: number) => number
) =>
  Effect.gen(function*() {
    const now = yield* stopwatch
    const starts: Array<ReadonlyArray<number>> = []
    const call = doing("call", ({ n }) =>
      Effect.andThen(Effect.sync(() => starts.push([Number(n), now()])), sleeping(takes(Number(n)))), {
      limits: [Limits.rate(rate)]
    })
    yield* aDayOf(Batch.run(Toolkit.make(call), many(count, "call"), boundless))
    return starts
  })

describe("calls under a rate", () => {
  it.effect("start in call order, 15 of them at 3 in 100 ms", () =>
    Effect.gen(function*() {
      const starts = yield* startsUnder({ limit: 3, window: 100 }, 15, (n) => n * 7 % 5)
      assert.deepStrictEqual(starts, counting(15).map((n) => [n, 100 * Math.floor(n / 3)]))
    }))

  it.effect("start ten in a second, and never more in any second", () =>
    Effect.gen(function*() {
      const starts = yield* startsUnder({ limit: 10, window: "1 second" }, 35, () => 3)
      assert.deepStrictEqual(starts, counting(35).map((n) => [n, 1000 * Math.floor(n / 10)]))
    }))

  it.effect.prop(
    "start in call order as soon as the rate and their room allow, and never more in any window",
    {
      concurrency: Generate.oneOf(1, 2, 5, 100),
      limit: Generate.oneOf(1, 2, 3, 7),
      takes: Arbitrary.array(Generate.upTo(40), { maxLength: 30 }),
      window: Generate.oneOf(10, 100, 33)
    },
    ({ concurrency, limit, takes, window }) =>
      Effect.gen(function*() {
        const now = yield* stopwatch
        const starts: Array<ReadonlyArray<number>> = []
        const call = doing("call", ({ n }) =>
          Effect.andThen(Effect.sync(() => starts.push([Number(n), now()])), sleeping(takes[Number(n)]!)), {
          limits: [Limits.rate({ limit, window })]
        })
        yield* aDayOf(Batch.run(Toolkit.make(call), many(takes.length, "call"), { ...boundless, concurrency }))
        const ends: Array<number> = []
        const expected = takes.map((millis, n) => {
          const room = n < concurrency ? 0 : ends.toSorted((a, b) =>
            a - b
          )[n - concurrency]!
          const before = expectedAt[n - limit]
          const at = Math.max(room, before === undefined ? 0 : before + window, expectedAt[n - 1] ?? 0)
          expectedAt.push(at)
          ends.push(at + millis)
          return [n, at]
        })
        assert.deepStrictEqual(starts, expected)
      }).pipe(Effect.ensuring(Effect.sync(() => expectedAt.length = 0))),
    { arbitrary: { runs: 300, maxShrinks: 20 } }
  )
  const expectedAt: Array<number> = []

  it.effect("that wait take turns between batches of one runner, in call order within each", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make(boundless)
      const order: Array<unknown> = []
      const call = doing("call", ({ id }) => Effect.sync(() => order.push(id)), {
        limits: [Limits.rate({ limit: 1, window: 100 })]
      })
      const one = (run: string) => runner.run(Toolkit.make(call), many(3, "call", (n) => ({ id: `${run}${n}` })))
      yield* aDayOf(Effect.all([one("a"), one("b"), one("c")], { concurrency: 3 }))
      assert.strictEqual(order.join(" "), "a0 a1 b0 c0 a2 b1 c1 b2 c2")
    }))

  it.effect("are as far apart as the strictest of several rates of one key says", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make()
      const now = yield* stopwatch
      const rate = (limit: number) => Limits.rate({ limit, window: 100, key: "api" })
      const often = doing("often", () => Effect.sync(now), { limits: [rate(3)] })
      const seldom = doing("seldom", () => Effect.sync(now), { limits: [rate(3), rate(1)] })
      const one = (name: string, delay: number) =>
        Effect.map(Effect.delay(runner.run(Toolkit.make(often, seldom), many(1, name)), delay), ends)
      const all = [one("often", 0), one("often", 50), one("seldom", 60)]
      assert.deepStrictEqual(yield* aDayOf(Effect.all(all, { concurrency: 3 })), [[0], [50], [150]])
    }))

  it.effect("go on in time where the batch is interrupted that waited in front of them", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make()
      const now = yield* stopwatch
      const call = doing("call", () => Effect.sync(now), { limits: [Limits.rate({ limit: 1, window: 100 })] })
      const one = (count: number) => Effect.map(runner.run(Toolkit.make(call), many(count, "call")), ends)
      const both = [Effect.timeoutOption(one(3), 50), Effect.delay(one(1), 10)]
      const [, second] = yield* aDayOf(Effect.all(both, { concurrency: 2 }))
      assert.deepStrictEqual<unknown>(second, [100])
    }))

  it.effect("keep the least of several under one key", () =>
    Effect.gen(function*() {
      const now = yield* stopwatch
      const rate = (limit: number) => Limits.rate({ limit, window: 100, key: "api" })
      const call = doing("call", () => Effect.sync(now), { limits: [rate(3), rate(1), rate(2)] })
      const settled = yield* aDayOf(Batch.run(Toolkit.make(call), many(3, "call")))
      assert.deepStrictEqual(ends(settled), [0, 100, 200])
    }))

  it.effect("share it with those of other batches of one runner", () =>
    Effect.gen(function*() {
      const now = yield* stopwatch
      const runner = yield* Batch.make(boundless)
      const starts: Array<number> = []
      const limits = [Limits.rate({ limit: 4, window: 100, key: "api" })]
      const call = doing("call", () => Effect.sync(() => starts.push(now())), { limits })
      const one = (delay: number) => Effect.delay(runner.run(Toolkit.make(call), many(9, "call")), delay)
      yield* aDayOf(Effect.all([one(0), one(30), one(70), one(250)], { concurrency: 4 }))
      assert.strictEqual(starts.length, 36)
      for (const [n, at] of starts.slice(4).entries()) assert.isAtLeast(at - starts[n]!, 100)
      assert.isAtMost(starts.at(-1)!, 900)
    }))
})

describe("calls of tools that say nothing of what they touch", () => {
  const all = asking(["acts", { n: 0 }], ["reads", { n: 1 }], ["also", { n: 2 }], ["acts", { n: 3 }])
  const ran = (options: Batch.Options, calls = all) =>
    Effect.gen(function*() {
      const order: Array<string> = []
      const act = (kind: string) => ({ n }: { readonly n?: unknown }) =>
        Effect.andThen(
          Effect.sync(() => order.push(`+${kind}${n}`)),
          Effect.andThen(sleeping(10 - Number(n)), Effect.sync(() => order.push(`-${kind}${n}`)))
        )
      const says = doing("says", act("s"), { access: [Access.write("said")] })
      const toolkit = Toolkit.make(doing("acts", act("a")), doing("also", act("b")), reading("reads", act("r")), says)
      yield* aDayOf(Batch.run(toolkit, calls, options))
      return order.join(" ")
    })

  it.effect("run at once unless they are to be in call order, which reading ones need not", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* ran({}), "+a0 +r1 +b2 +a3 -a3 -b2 -r1 -a0")
      assert.strictEqual(yield* ran({ undeclared: "parallel" }), yield* ran({}))
      assert.strictEqual(yield* ran({ undeclared: "ordered" }), "+a0 +r1 -r1 -a0 +b2 -b2 +a3 -a3")
    }))

  it.effect("are in call order also where all of them act", () =>
    Effect.gen(function*() {
      const calls = asking(["acts", { n: 0 }], ["also", { n: 1 }])
      assert.strictEqual(yield* ran({ undeclared: "ordered" }, calls), "+a0 -a0 +b1 -b1")
    }))

  it.effect("wait for no call that says it", () =>
    Effect.gen(function*() {
      const calls = asking(["acts", { n: 0 }], ["says", { n: 1 }], ["acts", { n: 2 }])
      assert.strictEqual(yield* ran({ undeclared: "ordered" }, calls), "+a0 +s1 -s1 -a0 +a2 -a2")
    }))

  it.effect("are in call order where the defaults say so, unless a batch says otherwise", () =>
    Effect.gen(function*() {
      const underOrdered = (options: Batch.Options) =>
        Effect.provideService(ran(options), Batch.Defaults, { undeclared: "ordered" })
      assert.strictEqual(yield* underOrdered({}), yield* ran({ undeclared: "ordered" }))
      assert.strictEqual(yield* underOrdered({ undeclared: "parallel" }), yield* ran({}))
    }))
})

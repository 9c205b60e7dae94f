/**
 * Limits of tools and keys: how many calls run at once or start in a while, in one batch and in several.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Batch, Limits, Toolkit } from "@volley/core"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { aDayOf, type Asked, asking, lasting, spans, spansOf } from "./order/support.ts"

const tools = [
  lasting("free"),
  lasting("two", { limits: [Limits.concurrency(2)] }),
  lasting("by_host", { limits: ({ key }) => [Limits.concurrency(1, key)] }),
  lasting("also_by_host", { limits: ({ key }) => [Limits.concurrency(1, key), Limits.concurrency(2)] }),
  lasting("rated", { limits: [Limits.rate({ limit: 2, window: "1 second" })] }),
  lasting("write", { access: ({ key }) => [Access.write(key)] })
]

const toolkit = Toolkit.make(...tools)

const run = (asked: ReadonlyArray<Asked>, options?: Batch.Options) => spans(tools, asked, options)

/** Runs two batches at the same time. */
const both = <R>(
  run: (
    asked: ReadonlyArray<Asked>,
    index: number
  ) => Effect.Effect<Batch.Settled<ReturnType<typeof lasting>>, never, R>,
  first: ReadonlyArray<Asked>,
  second: ReadonlyArray<Asked>
) =>
  Effect.map(
    aDayOf(Effect.forEach([first, second], run, { concurrency: "unbounded" })),
    (all) => all.map((settled) => spansOf(settled, 0))
  )

describe("Limits.concurrency", () => {
  it.effect("is the tool's own without a key", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* run([["two", "", 10], ["two", "", 20], ["free", "", 1], ["two", "", 10], ["two", "", 5]]),
        [[0, 10], [0, 20], [0, 1], [10, 20], [20, 25]]
      )
    }))

  it.effect("is shared by all tools that name its key, and counts beside the tool's own", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* run([["by_host", "a", 10], ["also_by_host", "a", 20], ["also_by_host", "b", 5], ["by_host", "b", 7]]),
        [[0, 10], [10, 30], [0, 5], [5, 12]]
      )
    }))

  it.effect("is neither the tool's own nor the batch's under a key that reads like it", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({ concurrency: 4 })
      const settled = yield* aDayOf(
        runner.run(toolkit, asking(["free", "", 10], ["by_host", "", 10], ["two", "", 10], ["by_host", "tool/two", 10]))
      )
      assert.deepStrictEqual(spansOf(settled, 0), [[0, 10], [0, 10], [0, 10], [0, 10]])
    }))
})

describe("Limits.rate", () => {
  it.effect("lets so many start in a window; the others wait without a slot", () =>
    Effect.gen(function*() {
      const asked: ReadonlyArray<Asked> = [
        ["rated", "", 10],
        ["rated", "", 20],
        ["rated", "", 5],
        ["rated", "", 5],
        ["free", "", 30],
        ["free", "", 30]
      ]
      assert.deepStrictEqual(
        yield* run(asked, { concurrency: 2 }),
        [[0, 10], [0, 20], [1000, 1005], [1000, 1005], [10, 40], [20, 50]]
      )
    }))

  it.effect("is asked last: a call that waits for something else takes no token", () =>
    Effect.gen(function*() {
      const ordered = lasting("ordered", {
        access: ({ key }) => [Access.write(key)],
        limits: [Limits.rate({ limit: 2, window: "1 second" })]
      })
      assert.deepStrictEqual(
        yield* spans([ordered], [["ordered", "a", 1500], ["ordered", "a", 10], ["ordered", "b", 20]]),
        [[0, 1500], [1500, 1510], [0, 20]]
      )
    }))

  it.effect("costs a call that another rate refuses no token", () =>
    Effect.gen(function*() {
      const often = Limits.rate({ limit: 2, window: "1 second", key: "often" })
      const seldom = Limits.rate({ limit: 1, window: "10 seconds", key: "seldom" })
      const careful = lasting("careful", { limits: [often, seldom] })
      const brisk = lasting("brisk", { limits: [often] })
      assert.deepStrictEqual(
        yield* spans([careful, brisk], [["careful", "", 10], ["careful", "", 10], ["brisk", "", 10]]),
        [[0, 10], [10_000, 10_010], [0, 10]]
      )
    }))

  it.effect("costs a call whose arguments do not fit no token", () =>
    Effect.gen(function*() {
      const once = lasting("once", { limits: [Limits.rate({ limit: 1, window: "1 second" })] })
      const [bad, good] = asking(["once", "", 10], ["once", "", 10])
      const settled = yield* aDayOf(Batch.run(Toolkit.make(once), [{ ...bad!, arguments: {} }, good!]))
      assert.deepStrictEqual(spansOf(settled, 0), [["InvalidArguments", 0, 0], [0, 10]])
    }))
})

describe("without a service or a runner", () => {
  it.effect("each batch counts anew", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* both(
          (asked) => Batch.run(toolkit, asking(...asked), { concurrency: 3 }),
          [["two", "", 10], ["two", "", 10], ["by_host", "a", 10]],
          [["two", "", 10], ["rated", "", 10], ["by_host", "a", 10]]
        ),
        [[[0, 10], [0, 10], [0, 10]], [[0, 10], [0, 10], [0, 10]]]
      )
    }))
})

describe("Limits.layer", () => {
  it.effect("keeps the limits of tools, keys and rates between the batches of a program", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* both(
          (asked) => Batch.run(toolkit, asking(...asked)),
          [["two", "", 10], ["two", "", 20], ["by_host", "a", 30], ["rated", "", 10]],
          [["two", "", 10], ["free", "", 10], ["also_by_host", "a", 10], ["rated", "", 10], ["rated", "", 10]]
        ),
        [[[0, 10], [0, 20], [0, 30], [0, 10]], [[10, 20], [0, 10], [30, 40], [0, 10], [1000, 1010]]]
      )
    }).pipe(Effect.provide(Limits.layer)))

  it.effect("is where runners count that are made under it, beside batches without one", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make()
      const other = yield* Batch.make()
      const runs = [runner.run, other.run, Batch.run].values()
      const batches = yield* aDayOf(
        Effect.forEach(
          Array.from(
            { length: 3 },
            (): ReadonlyArray<Asked> => [["two", "", 10], ["by_host", "a", 20], ["rated", "", 10]]
          ),
          (asked) => (runs.next().value ?? Batch.run)(toolkit, asking(...asked)),
          { concurrency: 3 }
        )
      )
      assert.deepStrictEqual(batches.map((settled) => spansOf(settled, 0)), [
        [[0, 10], [0, 20], [0, 10]],
        [[0, 10], [20, 40], [0, 10]],
        [[10, 20], [40, 60], [1000, 1010]]
      ])
    }).pipe(Effect.provide(Limits.layer)))

  it.effect("has runners count that were made elsewhere where they did", () =>
    Effect.gen(function*() {
      const { run } = yield* Batch.make()
      const asked: ReadonlyArray<Asked> = [["by_host", "a", 20]]
      const first = Effect.provide(run(toolkit, asking(...asked)), Limits.layer)
      const all = yield* aDayOf(Effect.all([first, run(toolkit, asking(...asked))], { concurrency: 2 }))
      assert.deepStrictEqual(all.map((settled) => spansOf(settled, 0)), [[[0, 20]], [[20, 40]]])
    }))

  it.effect("keeps neither the concurrency of a batch nor the order of its calls", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* both(
          (asked) => Batch.run(toolkit, asking(...asked), { concurrency: 1 }),
          [["write", "a", 10]],
          [["write", "a", 10], ["two", "", 10]]
        ),
        [[[0, 10]], [[0, 10], [10, 20]]]
      )
    }).pipe(Effect.provide(Limits.layer)))

  it.effect("frees what an interrupted batch had taken, and a batch that waits for it goes on", () =>
    Effect.gen(function*() {
      const batch = Batch.run(toolkit, asking(["two", "", 500], ["two", "", 500], ["two", "", 500]))
      const first = yield* Effect.forkChild(batch, { startImmediately: true })
      const other = Batch.run(toolkit, asking(["two", "", 10], ["two", "", 10]))
      const second = yield* Effect.forkChild(other, { startImmediately: true })
      yield* TestClock.adjust(100)
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("1 hour")
      assert.isDefined(second.pollUnsafe())
      assert.deepStrictEqual(spansOf(yield* Fiber.join(second), 0), [[100, 110], [100, 110]])
    }).pipe(Effect.provide(Limits.layer)))
})

describe("calls of batches that share limits", () => {
  const [one, other] = [Limits.concurrency(1, "one"), Limits.concurrency(1, "other")]
  const holding = Toolkit.make(
    lasting("free"),
    lasting("both", { limits: [one, other] }),
    lasting("waits", { limits: [other] }),
    lasting("first", { limits: [one] })
  )

  it.effect("take turns where they waited for different things, whatever their places in their batches", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({ concurrency: 2 })
      const batches: ReadonlyArray<ReadonlyArray<Asked>> = [
        [["both", "", 10]],
        [["free", "", Number.NaN], ["first", "", 5]],
        [["waits", "", 5], ["free", "", 50]]
      ]
      const one = (asked: ReadonlyArray<Asked>, index: number) =>
        Effect.delay(runner.run(holding, asking(...asked)), index)
      const all = yield* aDayOf(Effect.forEach(batches, one, { concurrency: 3 }))
      assert.deepStrictEqual(all.map((settled) => spansOf(settled, 0)), [
        [[0, 10]],
        [["InvalidArguments", 1, 1], [10, 15]],
        [[15, 20], [2, 52]]
      ])
    }))

  it.effect("go behind those that wait already for what they need, where they waited for something else", () =>
    Effect.gen(function*() {
      const batches: ReadonlyArray<ReadonlyArray<Asked>> = [
        [["both", "", 10]],
        [["free", "", 1], ["waits", "", 5]],
        [["both", "", 5]]
      ]
      const all = yield* aDayOf(
        Effect.forEach(batches, (asked) => Batch.run(holding, asking(...asked), { onCall: () => Effect.void }), {
          concurrency: 3
        })
      )
      assert.deepStrictEqual(all.map((settled) => spansOf(settled, 0)), [[[0, 10]], [[0, 1], [10, 15]], [[15, 20]]])
    }).pipe(Effect.provide(Limits.layer)))
})

describe("Batch.make", () => {
  const asked: ReadonlyArray<Asked> = [["free", "", 10], ["free", "", 20]]

  it.effect("keeps concurrency between batches that run at the same time", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({ concurrency: 3 })
      assert.deepStrictEqual(
        yield* both((asked) => runner.run(toolkit, asking(...asked)), asked, asked),
        [[[0, 10], [0, 20]], [[0, 10], [10, 30]]]
      )
    }))

  it.effect("and the limits of tools, keys and rates", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({ concurrency: "unbounded" })
      assert.deepStrictEqual(
        yield* both(
          (asked) => runner.run(toolkit, asking(...asked)),
          [["two", "", 10], ["two", "", 20], ["by_host", "a", 30], ["rated", "", 10]],
          [["two", "", 10], ["also_by_host", "a", 10], ["rated", "", 10], ["rated", "", 10]]
        ),
        [[[0, 10], [0, 20], [0, 30], [0, 10]], [[10, 20], [30, 40], [0, 10], [1000, 1010]]]
      )
    }))

  it.effect("also from one batch to the next", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make()
      const rated = Effect.map(
        runner.run(toolkit, asking(["rated", "", 10], ["rated", "", 10])),
        (settled) => spansOf(settled, 0)
      )
      assert.deepStrictEqual(yield* aDayOf(Effect.all([rated, rated])), [[[0, 10], [0, 10]], [[1000, 1010], [
        1000,
        1010
      ]]])
    }))

  it.effect("a call that waits for a key holds nothing that another batch could use", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({ concurrency: 2 })
      assert.deepStrictEqual(
        yield* both(
          (asked) => runner.run(toolkit, asking(...asked)),
          [["write", "a", 50], ["write", "a", 50]],
          [["free", "", 10], ["free", "", 10]]
        ),
        [[[0, 50], [50, 100]], [[0, 10], [10, 20]]]
      )
    }))

  it.effect("options are the runner's where a batch does not say otherwise", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({ concurrency: 4, timeout: 15 })
      const spans = (options?: Batch.Options) =>
        Effect.clockWith((clock) => {
          const began = clock.currentTimeMillisUnsafe()
          return Effect.map(
            aDayOf(runner.run(toolkit, asking(...asked), options)),
            (settled) => spansOf(settled, began)
          )
        })
      assert.deepStrictEqual(yield* spans(), [[0, 10], ["Timeout", 0, 15]])
      assert.deepStrictEqual(yield* spans({ timeout: 5 }), [["Timeout", 0, 5], ["Timeout", 0, 5]])
      assert.deepStrictEqual(yield* spans({ timeout: 30, concurrency: 1 }), [[0, 10], [10, 30]])
    }))

  it.effect("an option that a batch gives as undefined is not said", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({ timeout: 15 })
      const settled = yield* aDayOf(runner.run(toolkit, asking(...asked), { timeout: undefined }))
      assert.deepStrictEqual(spansOf(settled, 0), [[0, 10], ["Timeout", 0, 15]])
    }))

  it.effect("frees what an interrupted batch had taken", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({ concurrency: 1 })
      const batch = runner.run(toolkit, asking(["free", "", 500], ["free", "", 500], ["free", "", 500]))
      const first = yield* Effect.forkChild(batch, { startImmediately: true })
      const second = yield* Effect.forkChild(runner.run(toolkit, asking(...asked)), { startImmediately: true })
      yield* TestClock.adjust(100)
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("1 hour")
      assert.isDefined(second.pollUnsafe())
      assert.deepStrictEqual(spansOf(yield* Fiber.join(second), 0), [[100, 110], [110, 130]])
    }))
})

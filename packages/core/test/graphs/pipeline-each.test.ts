/**
 * A call for every item of a list.
 */
import { assert, describe, it } from "@effect/vitest"
import { Pipeline } from "@volley/core"
import { Effect } from "effect"
import { endOf, play, recording } from "./recording.ts"

describe("Pipeline.each", () => {
  it.effect("gives the results in the order of the items, whichever ends first", () =>
    Effect.gen(function*() {
      const { events, list, twice } = recording()
      const { outcomes, steps } = yield* play(Pipeline.make((call) => {
        const items = call(list, { of: [30, 10, 20] })
        const all = Pipeline.each(items, (n) => call(twice, { n }))
        return { items, all, sum: call(twice, { n: all.pipe(Pipeline.map((ns) => ns.reduce((a, b) => a + b, 0))) }) }
      }))
      assert.deepStrictEqual(endOf(steps.all.result), [60, 20, 40])
      assert.deepStrictEqual(endOf(steps.sum.result), 240)
      assert.strictEqual(events.join(" "), "+30 +10 +20 -10 -20 -30 +120 -120")
      assert.deepStrictEqual(outcomes.map(({ call }) => call.id), ["items", "all", "sum"])
    }))

  it.effect("gives an empty list for an empty list", () =>
    Effect.gen(function*() {
      const { events, list, twice } = recording()
      const { steps } = yield* play(Pipeline.make((call) => {
        const all = Pipeline.each(call(list, { of: [] }), (n) => call(twice, { n }))
        return { all, count: all.pipe(Pipeline.map((ns) => ns.length)) }
      }))
      assert.deepStrictEqual([endOf(steps.all.result), endOf(steps.count.result)], [[], 0])
      assert.isEmpty(events)
    }))

  it.effect("goes on with the other items when one fails, and names the first that failed as the root", () =>
    Effect.gen(function*() {
      const { events, list, twice } = recording()
      const { outcomes, steps } = yield* play(Pipeline.make((call) => {
        const all = Pipeline.each(call(list, { of: [50, -30, 20, -10] }), (n) => call(twice, { n }))
        return {
          all,
          after: call(twice, { n: all.pipe(Pipeline.map((ns) => ns.length)) }),
          other: call(twice, { n: 1 })
        }
      }))
      assert.strictEqual(events.join(" "), "+1 -1 +50 +-30 +20 +-10 --10 -20 --30 -50")
      const blocked = {
        type: "DependencyFailed",
        message: "It needs the result of all/1, which failed with Broke; it did not run.",
        retryable: true,
        data: { root: "all/1", type: "Broke" }
      }
      assert.deepStrictEqual([endOf(steps.all.result), endOf(steps.after.result), endOf(steps.other.result)], [
        blocked,
        blocked,
        2
      ])
      assert.deepStrictEqual(outcomes.map(({ call }) => call.id), ["list_0", "all", "after", "other"])
    }))

  it.effect("does not run where the list failed, and names its root", () =>
    Effect.gen(function*() {
      const { events, list, twice } = recording()
      const { steps } = yield* play(Pipeline.make((call) => {
        const items = call(list, { of: [1], fails: true })
        return { all: Pipeline.each(items, (n) => call(twice, { n })) }
      }))
      assert.isEmpty(events)
      assert.deepInclude(endOf(steps.all.result), { data: { root: "list_0", type: "Broke" } })
    }))

  it.effect("takes the items' places in order: before later steps, behind earlier ones", () =>
    Effect.gen(function*() {
      const { events, list, write } = recording()
      const key = { key: "k" }
      yield* play(
        Pipeline.make((call) => {
          const items = call(list, { of: [3, 1, 2] })
          return {
            before: call(write, { n: 20, ...key }),
            all: Pipeline.each(items, (n) => call(write, { n, ...key })),
            after: call(write, { n: 4, ...key }),
            apart: call(write, { n: 5, key: "other" })
          }
        })
      )
      assert.strictEqual(events.join(" "), "+20 +5 -5 -20 +3 -3 +1 -1 +2 -2 +4 -4")
    }))

  it.effect("keeps what its items touch apart by their own values", () =>
    Effect.gen(function*() {
      const { events, list, write } = recording()
      yield* play(Pipeline.make((call) => ({
        all: Pipeline.each(call(list, { of: [3, 1, 2] }), (n) =>
          call(write, { n, key: n.pipe(Pipeline.map((m) => m === 2 ? "k3" : `k${m}`)) }))
      })))
      assert.strictEqual(events.join(" "), "+3 +1 -1 -3 +2 -2")
    }))

  it.effect("keeps to the cap, and to the lowest item first", () =>
    Effect.gen(function*() {
      const { events, list, twice } = recording()
      const pipeline = Pipeline.make((call) => {
        const items = call(list, { of: [30, 10, 24] })
        return {
          one: Pipeline.each(items, (n) => call(twice, { n })),
          two: call(twice, { n: items.pipe(Pipeline.map(() => 5)) })
        }
      })
      yield* play(pipeline, { concurrency: 2 })
      assert.strictEqual(events.join(" "), "+30 +10 -10 +24 -30 +5 -24 -5")
    }))

  it.effect("uses other steps beside the item, and an item as it is or as a part of it", () =>
    Effect.gen(function*() {
      const { list, twice } = recording()
      const { steps } = yield* play(Pipeline.make((call) => {
        const one = call(twice, { n: 1 })
        const key = one.pipe(Pipeline.map((n) => `k${n}`))
        return { all: Pipeline.each(call(list, { of: [1, 2] }), (n) => call(twice, { n, key })) }
      }))
      assert.deepStrictEqual(endOf(steps.all.result), [2, 4])
    }))

  it("cannot be built of anything but its own call", () => {
    const { list, twice } = recording()
    assert.throws(
      () =>
        Pipeline.make((call) => {
          let kept: Pipeline.Ref<number, never> | undefined
          const all = Pipeline.each(call(list, { of: [1] }), (n) => call(twice, { n: kept = n }))
          return { all, wrong: call(twice, { n: kept! }) }
        }),
      "an item cannot be used outside of its call"
    )
    assert.throws(
      () =>
        Pipeline.make((call) => {
          const items = call(list, { of: [1] })
          return { all: Pipeline.each(items, (n) => call(twice, { n: call(twice, { n }) })) }
        }),
      "an item cannot be used outside of its call"
    )
  })
})

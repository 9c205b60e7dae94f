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
        safeToRepeat: true,
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

  it.effect("runs several calls for each item, all of them under the cap, an item's own in the order of need", () =>
    Effect.gen(function*() {
      const { events, list, twice } = recording()
      const pipeline = Pipeline.make((call) => ({
        all: Pipeline.each(call(list, { of: [3, 12] }), (n) => {
          const first = call(twice, { n })
          return call(twice, { n: first.pipe(Pipeline.map((m) => m + 1)) })
        })
      }))
      const { outcomes, steps } = yield* play(pipeline)
      assert.deepStrictEqual(endOf(steps.all.result), [14, 50])
      assert.strictEqual(events.join(" "), "+3 +12 -3 +7 -7 -12 +25 -25")
      assert.deepStrictEqual(outcomes.map(({ call }) => call.id), ["list_0", "all"])
      events.length = 0
      yield* play(pipeline, { concurrency: 1 })
      assert.strictEqual(events.join(" "), "+3 -3 +7 -7 +12 -12 +25 -25")
    }))

  it.effect("runs what is declared inside once an item, needed by the item or not, and what is outside once", () =>
    Effect.gen(function*() {
      const { add, events, list, twice } = recording()
      const { steps } = yield* play(Pipeline.make((call) => {
        const outside = call(twice, { n: 5 })
        return {
          all: Pipeline.each(call(list, { of: [1, 2] }), (n) => {
            const inside = call(twice, { n: 7 })
            call(twice, { n: 99 })
            return call(add, { terms: [n, inside, outside] })
          })
        }
      }))
      assert.deepStrictEqual(endOf(steps.all.result), [25, 26])
      assert.strictEqual(events.join(" "), "+5 -5 +7 +7 -7 -7")
    }))

  it.effect("names the first of an item's calls that failed", () =>
    Effect.gen(function*() {
      const { list, twice } = recording()
      const { steps } = yield* play(Pipeline.make((call) => ({
        all: Pipeline.each(call(list, { of: [1, -1] }), (n) => call(twice, { n: call(twice, { n }) }))
      })))
      assert.deepInclude(endOf(steps.all.result), { data: { root: "all/1/twice_1", type: "Broke" } })
    }))

  it.effect("goes over lists inside of lists, whose calls see what is around them", () =>
    Effect.gen(function*() {
      const { add, list, twice } = recording()
      const { steps } = yield* play(Pipeline.make((call) => {
        const ten = call(twice, { n: 5 })
        const rows = Pipeline.each(call(list, { of: [1, 2] }), (row) => {
          const columns = call(list, { of: [row, ten] })
          const cells = Pipeline.each(columns, (column) => call(add, { terms: [row, column, ten] }))
          return call(list, { of: cells })
        })
        return { rows, sum: call(add, { terms: rows.pipe(Pipeline.map((all) => all.flat())) }) }
      }))
      assert.deepStrictEqual(endOf(steps.rows.result), [[12, 21], [14, 22]])
      assert.deepStrictEqual(endOf(steps.sum.result), 69)
    }))

  it.effect("crashes where it is given no list", () =>
    Effect.gen(function*() {
      const { list, twice } = recording()
      const { steps } = yield* play(Pipeline.make((call) => {
        const items = call(list, { of: [] }).pipe(Pipeline.map((): ReadonlyArray<number> => JSON.parse("{}")))
        return { all: Pipeline.each(items, (n) => call(twice, { n })) }
      }))
      assert.deepInclude(endOf(steps.all.result), { type: "Defect" })
    }))

  const outside = "an item cannot be used outside of its call, and no call that is declared for it either"
  type Kept = Pipeline.Ref<number, never>
  const leaks: ReadonlyArray<readonly [string, (call: Pipeline.Call, keep: (kept: Kept) => Kept) => unknown, string]> =
    [
      ["an item", (call, keep) => {
        const { list, twice } = recording()
        Pipeline.each(call(list, { of: [1] }), (n) => call(twice, { n: keep(n) }))
      }, outside],
      ["a call for an item", (call, keep) => {
        const { list, twice } = recording()
        Pipeline.each(call(list, { of: [1] }), (n) => call(twice, { n: keep(call(twice, { n })) }))
      }, outside],
      ["an item that was made something else of", (call, keep) => {
        const { list, twice } = recording()
        Pipeline.each(call(list, { of: [1] }), (n) => call(twice, { n: keep(n.pipe(Pipeline.map((m) => m + 1))) }))
      }, outside]
    ]
  it.each(leaks)("cannot be built where %s is used outside", (_, leak, message) => {
    const { list, twice } = recording()
    const leaking = (call: Pipeline.Call) => {
      const kept: Array<Kept> = []
      leak(call, (one) => (kept.push(one), one))
      return kept[0]!
    }
    assert.throws(() => Pipeline.make((call) => ({ wrong: call(twice, { n: leaking(call) }) })), message)
    assert.throws(() => Pipeline.make((call) => ({ wrong: leaking(call) })), message)
    assert.throws(() =>
      Pipeline.make((call) => ({
        wrong: Pipeline.each(call(list, { of: [1] }), () => call(twice, { n: leaking(call) }))
      })), message)
    assert.throws(() =>
      Pipeline.make((call) => {
        const items = leaking(call).pipe(Pipeline.map((n) => [n]))
        return { wrong: Pipeline.each(items, (n) => call(twice, { n })) }
      }), message)
  })

  it("cannot be built where the call is declared for no item, or throws", () => {
    const { list, twice } = recording()
    const build = (made: (call: Pipeline.Call, n: Kept) => Pipeline.Step<typeof twice>) =>
      Pipeline.make((call) => ({ all: Pipeline.each(call(list, { of: [1] }), (n) => made(call, n)) }))
    assert.throws(
      () =>
        Pipeline.make((call) => {
          const once = call(twice, { n: 1 })
          return { all: Pipeline.each(call(list, { of: [1] }), () => once) }
        }),
      "Pipeline.each: return a call that is declared for the item."
    )
    assert.throws(() =>
      build(() => {
        throw new Error("a bug")
      }), "a bug")
  })

  it("is as if it had not been where building it threw", () => {
    const { list, twice } = recording()
    const { graph } = Pipeline.make((call) => {
      const items = call(list, { of: [1] })
      assert.throws(() =>
        Pipeline.each(items, () => {
          throw new Error("a bug")
        })
      )
      return { after: call(twice, { n: items.pipe(Pipeline.map((all) => all.length)) }) }
    })
    assert.lengthOf(graph.nodes, 2)
  })
})

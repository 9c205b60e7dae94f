/**
 * What is made of values between calls.
 */
import { assert, describe, it } from "@effect/vitest"
import { Pipeline } from "@volley/core"
import { Cause, Effect, Logger } from "effect"
import { endOf, play, recording } from "./recording.ts"

describe("Pipeline.map", () => {
  const bug = new Error("a bug")
  const thrown = (): number => {
    throw bug
  }

  it.effect("that throws is the crash of the step that needs it, logged once, and of no other", () =>
    Effect.gen(function*() {
      const { events, list, twice } = recording()
      const logged: Array<unknown> = []
      const logger = Logger.make(({ cause }) => void logged.push(Cause.squash(cause)))
      const { steps } = yield* play(Pipeline.make((call) => {
        const items = call(list, { of: [1] })
        const crashed = call(twice, { n: items.pipe(Pipeline.map(thrown)) })
        return {
          crashed,
          after: call(twice, { n: crashed }),
          fine: call(twice, { n: items.pipe(Pipeline.map(() => 3)) })
        }
      })).pipe(Effect.provide(Logger.layer([logger])))
      assert.deepInclude(endOf(steps.crashed.result), { type: "Defect" })
      assert.deepInclude(endOf(steps.after.result), { data: { root: "crashed", type: "Defect" } })
      assert.deepStrictEqual(endOf(steps.fine.result), 6)
      assert.deepStrictEqual(events, ["+3", "-3"])
      assert.deepStrictEqual(logged, [bug])
    }))

  it.effect("that throws is a crash where it is a step of its own, and in a list", () =>
    Effect.gen(function*() {
      const { list, twice } = recording()
      const logged: Array<unknown> = []
      const logger = Logger.make(({ cause }) => void logged.push(Cause.squash(cause)))
      const { outcomes, steps } = yield* play(Pipeline.make((call) => {
        const items = call(list, { of: [1, 2] })
        return {
          mapped: items.pipe(Pipeline.map(thrown), Pipeline.map((n) => n + 1)),
          list: Pipeline.each(items.pipe(Pipeline.map((): ReadonlyArray<number> => [thrown()])), (n) =>
            call(twice, { n })),
          item: Pipeline.each(items, (n) =>
            call(twice, { n: n.pipe(Pipeline.map((m) => m === 2 ? thrown() : m)) }))
        }
      })).pipe(Effect.provide(Logger.layer([logger])))
      assert.deepInclude(endOf(steps.mapped.result), { type: "Defect" })
      assert.deepInclude(endOf(steps.list.result), { type: "Defect" })
      assert.deepInclude(endOf(steps.item.result), { data: { root: "item/1", type: "Defect" } })
      assert.deepStrictEqual(outcomes.map(({ call }) => call.id), ["list_0", "list", "item"])
      assert.deepStrictEqual(logged, [bug, bug, bug])
    }))

  it.effect("gives what its steps failed with", () =>
    Effect.gen(function*() {
      const { list } = recording()
      const { steps } = yield* play(Pipeline.make((call) => ({
        count: call(list, { of: [], fails: true }).pipe(Pipeline.map((ns) => ns.length))
      })))
      assert.deepInclude(endOf(steps.count.result), { type: "Broke", data: { name: "list" } })
    }))
})

/**
 * A plan as one call of a turn.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch, Plan, Tool, Toolkit } from "@volley/core"
import { Cause, Effect, Exit, Fiber, Layer, Result } from "effect"
import { TestClock } from "effect/testing"
import { callsOf, common, endsOf, key, Log, of, play, toolkit, tools } from "./turns.ts"

describe("a plan", () => {
  it.effect("is interrupted with its batch, which waits for its steps' finalizers", () =>
    Effect.gen(function*() {
      const events: Array<string> = []
      const slow = Tool.make("slow", {
        ...common,
        execute: ({ name }) =>
          Effect.onInterrupt(Effect.never, () => Effect.delay(Effect.sync(() => void events.push(name)), 50))
      })
      const some = Toolkit.make(slow)
      const all = Toolkit.merge(some, Toolkit.make(Plan.tool(some)))
      const calls = callsOf([
        [of("a", "slow"), of("b", "slow", 1, { from: { $ref: "a" } }), of("c", "slow")],
        of("d", "slow")
      ])
      const fiber = yield* Effect.forkChild(Batch.run(all, calls), { startImmediately: true })
      yield* TestClock.adjust(10)
      const stopping = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      yield* TestClock.adjust(40)
      assert.isUndefined(stopping.pollUnsafe())
      yield* TestClock.adjust(20)
      assert.deepStrictEqual(events.toSorted(), ["a", "c", "d"])
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause))
    }))

  it.effect("of a toolkit that a layer provides for shares the layer with the other calls", () =>
    Effect.gen(function*() {
      const log = { events: new Array<string>(), keys: [] }
      let built = 0
      const layer = Layer.effect(Log, Effect.sync(() => (built++, log)))
      const provided = Toolkit.provide(toolkit, layer)
      const calls = callsOf([[of("a", "free"), of("b", "write", 100, key)], of("c", "free")])
      const run: Effect.Effect<Batch.Settled<Toolkit.Tools<typeof provided>>> = Batch.run(provided, calls)
      const fiber = yield* Effect.forkChild(run, { startImmediately: true })
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(endsOf(yield* Fiber.join(fiber)), ["a", "b"])
      assert.deepStrictEqual([log.events.join(" "), built], ["+a +b +c -a -b -c", 1])

      const within = Plan.tool(Toolkit.provide(tools, layer))
      const again = yield* Effect.forkChild(Batch.run(Toolkit.make(within), calls.slice(0, 1)), {
        startImmediately: true
      })
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(endsOf(yield* Fiber.join(again)), ["a", "b"])
    }))

  it.effect("shows the model each failed step as the call itself would be shown", () =>
    Effect.gen(function*() {
      const alone = yield* play([of("a", "free", 0)])
      const planned = yield* play([[of("a", "free", 0)]])
      const [{ id, ...shown }] = JSON.parse(planned.outcomes[0]!.encoded).steps
      assert.strictEqual(id, "a")
      assert.deepStrictEqual(shown, JSON.parse(alone.outcomes[0]!.encoded))
    }))

  it.effect("counts by its steps, which are calls of the batch", () =>
    Effect.gen(function*() {
      const turn = [[of("a", "free"), of("b", "free"), of("c", "free")], of("d", "free"), of("e", "free")]
      const settled = yield* play(turn, { maxCalls: 4 })
      assert.deepStrictEqual(endsOf(settled), ["a", "b", "LimitExceeded"])
      assert.deepStrictEqual(settled.outcomes.slice(1).map(({ result }) => result), [
        Result.succeed("d"),
        Result.succeed("e")
      ])
      assert.deepStrictEqual(endsOf(yield* play(turn, { maxCalls: 5 })), ["a", "b", "c"])
    }))
})

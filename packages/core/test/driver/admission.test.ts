/**
 * When the calls of a batch are looked at that wait for nothing but room, and what is told before.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch, Tool, Toolkit } from "@volley/core"
import { Effect, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import { aDayOf } from "../order/support.ts"
import { asking, boundless, doing, many, sleeping, stopwatch } from "./support.ts"

describe("calls that wait for a slot of their runner", () => {
  it.effect("are looked at one by one, as there is room", () =>
    Effect.gen(function*() {
      let read = 0
      const Counted = Schema.Struct({ n: Schema.Int }).check(Schema.makeFilter(() => ++read > 0))
      const work = Tool.make("work", {
        description: "For tests.",
        parameters: Counted,
        success: Schema.Finite,
        execute: () => sleeping(10)
      })
      const runner = yield* Batch.make({ concurrency: 2 })
      const busy = runner.run(Toolkit.make(doing("busy", () => sleeping(5))), many(2, "busy"))
      const other = yield* Effect.forkChild(busy, { startImmediately: true })
      const batch = runner.run(Toolkit.make(work), many(100, "work"), { ...boundless, concurrency: "unbounded" })
      const fiber = yield* Effect.forkChild(batch, { startImmediately: true })
      assert.strictEqual(read, 1)
      yield* TestClock.adjust(5)
      assert.strictEqual(read, 3)
      yield* Fiber.interrupt(fiber)
      yield* Fiber.join(other)
    }))
})

describe("batches that begin in one step", () => {
  it.effect.each(
    [["end at once", Effect.void], ["take their time", Effect.sleep(10)]] as const
  )("take turns, each in its own order, where their calls %s", ([, end]) =>
    Effect.gen(function*() {
      const order: Array<unknown> = []
      const now = yield* stopwatch
      const inner = doing("inner", ({ id }) => Effect.andThen(Effect.sync(() => order.push(id)), end))
      const batch = (name: string) => Batch.run(Toolkit.make(inner), many(3, "inner", (n) => ({ id: `${name}${n}` })))
      const outer = doing("outer", () =>
        Effect.as(Effect.all([batch("a"), batch("b"), batch("c")], { concurrency: "unbounded" }), 1))
      const runner = yield* Batch.make(boundless)
      const took = yield* aDayOf(Effect.map(runner.run(Toolkit.make(outer), asking(["outer"])), now))
      assert.strictEqual(order.join(" "), "a0 b0 c0 a1 b1 c1 a2 b2 c2")
      assert.strictEqual(took, end === Effect.void ? 0 : 10)
    }))
})

describe("what happens to a call", () => {
  const telling = () => {
    const log: Array<string> = []
    const onCall = (event: Batch.CallEvent) =>
      Effect.sync(() =>
        void log.push(`${event._tag} ${event._tag === "CallSettled" ? event.outcome.call.id : event.call.id}`)
      )
    return { log, onCall }
  }

  it.effect("is told before the next one starts", () =>
    Effect.gen(function*() {
      const { log, onCall } = telling()
      const notes = doing("notes", (_, { id }) => Effect.sync(() => log.push(id)))
      yield* Batch.run(Toolkit.make(notes), many(3, "notes"), { concurrency: 1, onCall })
      assert.deepStrictEqual(log, ["c0", "c1", "c2"].flatMap((id) => [id, `CallStarted ${id}`, `CallSettled ${id}`]))
    }))

  it.effect("is told at once where it waits, though nothing else happens", () =>
    Effect.gen(function*() {
      const { log, onCall } = telling()
      const hangs = Toolkit.make(doing("hangs", () => Effect.never))
      const fiber = yield* Effect.forkChild(Batch.run(hangs, many(3, "hangs"), { concurrency: 1, onCall }), {
        startImmediately: true
      })
      assert.deepStrictEqual(log, ["CallStarted c0", "CallWaiting c1", "CallWaiting c2"])
      yield* Fiber.interrupt(fiber)
    }))
})

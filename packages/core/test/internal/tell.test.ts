import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import type { CallEvent } from "../../src/internal/runner/events.ts"
import { tellerOf as tellerFor } from "../../src/internal/runner/tell.ts"

const started: CallEvent = {
  _tag: "CallStarted",
  call: { id: "call_1", name: "ping", arguments: {}, index: 0, status: "complete" },
  at: 0
}

const eventAt = (at: number): CallEvent => ({ ...started, at })

/** A teller, the fibers that it took, and how often it said that all was told. */
const tellerOf = (onCall: (event: CallEvent) => Effect.Effect<void>) => {
  const fibers: Array<Fiber.Fiber<void>> = []
  const counts = { told: 0 }
  const fork = (effect: Effect.Effect<void>) => {
    const fiber = Effect.runFork(effect)
    fibers.push(fiber)
    return fiber
  }
  return { counts, fibers, teller: tellerFor(onCall, fork, () => void counts.told++) }
}

describe("a teller", () => {
  it.effect("takes no fiber for what is told at once, and says when all is", () =>
    Effect.gen(function*() {
      const told: Array<number> = []
      const { counts, fibers, teller } = tellerOf(({ at }) => {
        told.push(at)
        if (at === 1) teller.tell(eventAt(2))
        return Effect.void
      })
      teller.begin()
      assert.deepStrictEqual([counts.told, teller.isIdle], [0, true])
      for (const at of [0, 1]) teller.tell(eventAt(at))
      assert.isFalse(teller.isIdle)
      teller.begin()
      assert.deepStrictEqual([told, fibers.length, counts.told, teller.isIdle], [[0, 1, 2], 0, 1, true])
      assert.deepStrictEqual(teller.stop(), [])
    }))

  it.effect("takes one for all the rest, and is not idle while that goes on", () =>
    Effect.gen(function*() {
      const told: Array<number> = []
      const go = yield* Deferred.make<void>()
      const { counts, fibers, teller } = tellerOf(({ at }) =>
        Effect.andThen(Deferred.await(go), Effect.sync(() => void told.push(at)))
      )
      for (const at of [0, 1]) teller.tell(eventAt(at))
      teller.begin()
      teller.begin()
      teller.tell(eventAt(2))
      yield* Effect.yieldNow
      assert.deepStrictEqual([told, counts.told, teller.isIdle], [[], 0, false])
      yield* Deferred.succeed(go, undefined)
      yield* Fiber.join(fibers[0]!)
      assert.deepStrictEqual([told, fibers.length, counts.told, teller.isIdle], [[0, 1, 2], 1, 1, true])
      assert.deepStrictEqual(teller.stop(), [])
    }))

  it.effect("is busy with the last one too, and when stopped gives what still cleans up", () =>
    Effect.gen(function*() {
      const go = yield* Deferred.make<void>()
      const { fibers, teller } = tellerOf(() => Effect.ensuring(Effect.never, Deferred.await(go)))
      teller.tell(started)
      teller.begin()
      yield* Effect.yieldNow
      assert.isFalse(teller.isIdle)
      assert.deepStrictEqual(teller.stop(), fibers)
      yield* Deferred.succeed(go, undefined)
      yield* Fiber.await(fibers[0]!)
      assert.deepStrictEqual(teller.stop(), [])
    }))

  it.effect("goes on behind a listener that stops its own fiber", () =>
    Effect.gen(function*() {
      const told: Array<number> = []
      const { counts, fibers, teller } = tellerOf(({ at }) =>
        at === 0
          ? Effect.andThen(Effect.withFiber((fiber) => Effect.sync(() => fiber.interruptUnsafe())), Effect.never)
          : Effect.sync(() => void told.push(at))
      )
      for (const at of [0, 1]) teller.tell(eventAt(at))
      teller.begin()
      yield* Fiber.await(fibers[0]!)
      yield* Effect.yieldNow
      assert.deepStrictEqual([told, counts.told], [[1], 1])
    }))
})

describe("what is told in its turn", () => {
  it.effect("is told though nothing else is", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const onCall = () => Effect.void
      yield* tellerOf(onCall).teller.tellInTurn(onCall, Effect.sync(() => void told.push("in turn")))
      assert.deepStrictEqual(told, ["in turn"])
    }))

  it.effect("is not waited for any more once the telling is stopped", () =>
    Effect.gen(function*() {
      const onCall = () => Effect.never
      const teller = tellerFor(onCall, Effect.runFork, () => {})
      const told: Array<string> = []
      teller.tell(started)
      teller.begin()
      const waiting = yield* Effect.forkChild(teller.tellInTurn(onCall, Effect.sync(() => void told.push("in turn"))))
      yield* Effect.yieldNow
      teller.stop()
      yield* Fiber.join(waiting)
      assert.deepStrictEqual(told, [])
    }))
})

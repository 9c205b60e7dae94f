import { assert, describe, it } from "@effect/vitest"
import { Store } from "@volley/testing"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"

const as = (call: string, millis = 0) => Effect.provideService(Store.Current, { call, millis })

describe("a store", () => {
  it.effect("holds what was put there, and nothing else", () =>
    Effect.gen(function*() {
      const store = yield* Store.Store
      yield* store.set("b", 2)
      yield* store.remove("a")
      assert.deepStrictEqual([yield* store.get("a"), yield* store.get("b"), yield* store.get("toString")], [
        undefined,
        2,
        undefined
      ])
      assert.strictEqual(yield* store.update("b", (b) => Number(b) + 1), 3)
      assert.deepStrictEqual(yield* store.entries, { b: 3 })
    }).pipe(Effect.provide(Store.layer({ a: 1 }))))

  it.effect("remembers which call did what", () =>
    Effect.gen(function*() {
      const store = Store.make()
      yield* as("c1")(store.get("a"))
      yield* as("c2")(store.update("b", () => 1))
      yield* store.remove("a")
      assert.deepStrictEqual(yield* store.touches, [
        { mode: "read", key: "a", call: "c1" },
        { mode: "read", key: "b", call: "c2" },
        { mode: "write", key: "b", call: "c2" },
        { mode: "write", key: "a", call: undefined }
      ])
    }))

  it.effect("takes the time of the call, and nothing comes between the two halves of an update", () =>
    Effect.gen(function*() {
      const store = Store.make()
      const add = store.update("n", (n) => Number(n ?? 0) + 1)
      const fiber = yield* Effect.forkChild(Effect.all([as("c1", 3)(add), as("c2", 3)(add)], { concurrency: 2 }))
      yield* TestClock.adjust("2 millis")
      assert.deepStrictEqual(yield* store.entries, {})
      yield* TestClock.adjust("1 millis")
      assert.deepStrictEqual(yield* Fiber.join(fiber), [1, 2])
    }))
})

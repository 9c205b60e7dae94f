import { assert, describe, it } from "@effect/vitest"
import { Grace } from "@volley/durable/Grace"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { TestClock } from "effect/testing"
import { Leaving } from "../src/internal/leaving.ts"

/** A run of a write that takes four seconds, a read that takes less, and another write behind the first. */
const run = Effect.fnUntraced(function*(said: Array<string>) {
  const leaving = new Leaving()
  const call = (name: string, millis: number) =>
    leaving.begin(Effect.andThen(Effect.sleep(millis), Effect.sync(() => said.push(name))), name !== "read")
  const calls = Effect.all([Effect.andThen(call("write", 4000), call("next", 4000)), call("read", 3900)], {
    concurrency: 2
  })
  const fiber = yield* Effect.forkChild(leaving.within(calls))
  yield* TestClock.adjust("3 seconds")
  return yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
})

describe("a run that is left", () => {
  it.effect("waits until the writes that have begun are over, and begins no other", () =>
    Effect.gen(function*() {
      const said: Array<string> = []
      const left = yield* run(said)
      assert.isUndefined(left.pollUnsafe())
      yield* TestClock.adjust("1 second")
      assert.isDefined(left.pollUnsafe())
      assert.sameMembers(said, ["write", "read"])
      yield* TestClock.adjust("1 minute")
      assert.notInclude(said, "next")
    }))

  it.effect("waits no longer than its grace", () =>
    Effect.gen(function*() {
      const said: Array<string> = []
      const left = yield* run(said)
      yield* TestClock.adjust("500 millis")
      assert.isDefined(left.pollUnsafe())
      assert.deepEqual(said, [])
    }).pipe(Effect.provideService(Grace, "500 millis")))

  it.effect("waits for no read", () =>
    Effect.gen(function*() {
      const leaving = new Leaving()
      const fiber = yield* Effect.forkChild(leaving.within(leaving.begin(Effect.never, false)))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
    }))
})

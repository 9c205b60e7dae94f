import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, type Fiber } from "effect"
import { TestClock } from "effect/testing"
import { Alarm } from "../src/internal/alarm.ts"

describe("An alarm", () => {
  it.effect("that is stopped by whom it wakes sleeps no more, not for its last one either", () =>
    Effect.gen(function*() {
      const context = yield* Effect.context<never>()
      const clock = yield* Clock.Clock
      const sleepers: Array<Fiber.Fiber<void>> = []
      const rung: Array<string> = []
      const alarm = new Alarm(() => clock.currentTimeMillisUnsafe(), (effect) => {
        const fiber = Effect.runForkWith(context)(effect)
        sleepers.push(fiber)
        return fiber
      })
      const stop = () => {
        rung.push("call")
        alarm.stop()
      }
      alarm.setLast({ expiresAt: 3_600_000, ring: () => void rung.push("deadline") })
      alarm.add({ expiresAt: 10, over: false, ring: stop })
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(rung, ["call"])
      assert.isAbove(sleepers.length, 0)
      assert.deepStrictEqual(sleepers.filter((fiber) => fiber.pollUnsafe() === undefined), [])
    }))
})

import { assert, describe, it } from "@effect/vitest"
import { Clock, Context, Effect } from "effect"
import { TestClock } from "effect/testing"
import { Alarm, precision } from "../src/internal/alarm.ts"
import { sleeper } from "../src/internal/clock.ts"
import { held } from "./driver/held.ts"

/** An alarm by the clock of the test, what has slept for it, and what it has rung. */
const made = Effect.gen(function*() {
  const clock = yield* Clock.Clock
  const sleep = sleeper(yield* Effect.context<never>())
  const sleepers: Array<{ sleeps: boolean }> = []
  const rung: Array<string> = []
  const alarm = new Alarm(() => clock.currentTimeMillisUnsafe(), (millis, wake) => {
    const one = { sleeps: true }
    sleepers.push(one)
    const stop = sleep(millis, () => {
      one.sleeps = false
      wake()
    })
    return () => {
      one.sleeps = false
      stop()
    }
  })
  const add = (expiresAt: number, name = `${expiresAt}`) =>
    alarm.add({ expiresAt, over: false, ring: () => void rung.push(name) })
  return { add, alarm, rung, sleepers }
})

describe("An alarm", () => {
  it.effect("that is stopped by whom it wakes sleeps no more, not for its last one either", () =>
    Effect.gen(function*() {
      const { alarm, rung, sleepers } = yield* made
      alarm.setLast({ expiresAt: 3_600_000, ring: () => void rung.push("deadline") })
      alarm.add({ expiresAt: 10, over: false, ring: () => alarm.stop() })
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(sleepers, [{ sleeps: false }, { sleeps: false }])
      yield* TestClock.adjust(3_600_000)
      assert.deepStrictEqual(rung, [])
    }))

  it.effect("sleeps no more once it is stopped", () =>
    Effect.gen(function*() {
      const { add, alarm, rung, sleepers } = yield* made
      add(10)
      alarm.stop()
      assert.deepStrictEqual(sleepers, [{ sleeps: false }])
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(rung, [])
    }))

  it.effect("sleeps once for all of one instant, also where they are asked for by what it wakes", () =>
    Effect.gen(function*() {
      const { add, alarm, rung, sleepers } = yield* made
      add(10)
      add(10, "same")
      alarm.setLast({ expiresAt: 10, ring: () => add(20) })
      yield* TestClock.adjust(10)
      assert.deepStrictEqual([rung.toSorted(), sleepers.length], [["10", "same"], 2])
      yield* TestClock.adjust(10)
      assert.deepStrictEqual([rung.at(-1), sleepers.length], ["20", 2])
    }))

  it.effect("wakes at once who is as good as due, since instants since the epoch are not exact", () =>
    Effect.gen(function*() {
      const { add, alarm, rung } = yield* made
      add(10)
      add(10 + precision, "next")
      alarm.setLast({ expiresAt: 10 + precision, ring: () => void rung.push("last") })
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(rung, ["10", "next", "last"])
    }))

  it.effect("does not sleep for what is over when its turn comes", () =>
    Effect.gen(function*() {
      const { add, alarm, rung, sleepers } = yield* made
      const early = { expiresAt: 20, over: false, ring: () => void rung.push("over") }
      alarm.add(early)
      add(10)
      add(30)
      early.over = true
      yield* TestClock.adjust(30)
      assert.deepStrictEqual(rung, ["10", "30"])
      // For what came first, for what was sooner, and for what was left.
      assert.lengthOf(sleepers, 3)
    }))

  it.effect("wakes all, however many, and has looked twice at each by then, at most", () =>
    Effect.gen(function*() {
      const { alarm, rung } = yield* made
      let looks = 0
      for (let n = 0; n < 500; n++) {
        alarm.add({
          expiresAt: 10 + n,
          get over() {
            looks++
            return false
          },
          ring: () => void rung.push(`${n}`)
        })
      }
      assert.isAtMost(looks, 1000)
      yield* TestClock.adjust("1 day")
      assert.lengthOf(rung, 500)
    }))

  it.effect("holds 64 of those that are over at most, and none once it is stopped or where time does not end", () =>
    Effect.gen(function*() {
      const { alarm } = yield* made
      const put = (count: number, expiresAt: number, over: boolean) =>
        Array.from({ length: count }, () => {
          const timed = { expiresAt, over, ring: () => undefined }
          alarm.add(timed)
          return new WeakRef<object>(timed)
        })
      assert.lengthOf(yield* held(put(10, Infinity, false)), 0)
      const over = put(65, 1000, true)
      yield* TestClock.adjust(1)
      assert.isAtMost((yield* held(over)).length, 64)
      const live = put(10, 1000, false)
      assert.lengthOf(yield* held(live), 10)
      alarm.stop()
      assert.lengthOf(yield* held(live), 0)
    }))
})

describe("a sleep by Effect's own clock", () => {
  const sleep = sleeper(Context.empty())
  const until = (millis: number) => new Promise<void>((resolve) => void sleep(millis, resolve))

  it("is over in its time, also where that is no time at all", async () => {
    for (const millis of [0, -5, 1, 0.3]) await until(millis)
  })

  it.each([1, 2 ** 31 + 10])("of %d milliseconds wakes nobody once it is taken back", async (millis) => {
    let isWoken = false
    const stop = sleep(millis, () => isWoken = true)
    stop()
    await until(2)
    assert.isFalse(isWoken)
  })

  it("that is longer than a timer can be does not end at once", async () => {
    let isWoken = false
    const stop = sleep(2 ** 31 + 10, () => isWoken = true)
    await until(2)
    assert.isFalse(isWoken)
    stop()
  })
})

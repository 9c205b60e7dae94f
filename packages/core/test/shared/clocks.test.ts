/**
 * Runs that share limits, while somebody sets the wall clock.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch, Limits, Tool, Toolkit } from "@volley/core"
import { Clock, Effect, Schema } from "effect"
import { doing, many, stopwatch } from "../driver/support.ts"
import { aDayOf } from "../order/support.ts"

class Busy extends Schema.TaggedError<Busy>()("Busy", { retryAfterMillis: Schema.Finite }) {}

/** Runs a batch three times, one after the other; the wall clock is set in between. */
const thrice = <A, E, R>(batch: Effect.Effect<A, E, R>, by: number) =>
  Effect.gen(function*() {
    const clock = yield* Clock.Clock
    let ahead = 0
    const wall: Clock.Clock = Object.create(clock, {
      currentTimeMillisUnsafe: { value: () => clock.currentTimeMillisUnsafe() + ahead }
    })
    const set = Effect.sync(() => void (ahead += by))
    const runs = Effect.forEach([0, 1, 2], () => Effect.andThen(batch, set), { discard: true })
    yield* aDayOf(Effect.provideService(runs, Clock.Clock, wall))
  })

describe("runs that begin one after the other, while somebody sets the wall clock", () => {
  const steps = [["an hour ahead", 3_600_000], ["an hour back", -3_600_000], ["a part of a millisecond ahead", 0.75]]

  it.effect.each(steps)("wait for a rate as long as they would without that: %s", ([, by]) =>
    Effect.gen(function*() {
      const now = yield* stopwatch
      const starts: Array<number> = []
      const limits = [Limits.rate({ limit: 2, window: 1000 })]
      const rated = doing("rated", () => Effect.sync(() => starts.push(now())), { limits })
      yield* thrice(Batch.run(Toolkit.make(rated), many(2, "rated")), Number(by))
      assert.deepStrictEqual(starts, [0, 0, 1000, 1000, 2000, 2000])
    }).pipe(Effect.provide(Limits.layer)))

  it.effect.each(steps)(
    "leave a service alone as long as it wants, and no longer: %s",
    ([, by]) =>
      Effect.gen(function*() {
        const now = yield* stopwatch
        const asked: Array<number> = []
        const busy = Tool.make("busy", {
          description: "For tests.",
          parameters: Schema.Struct({}),
          success: Schema.Void,
          failure: Busy,
          limits: [Limits.backOff()],
          timeout: 500,
          execute: () =>
            Effect.suspend(() => asked.push(now()) % 2 === 1 ? new Busy({ retryAfterMillis: 1000 }) : Effect.void)
        })
        yield* thrice(Batch.run(Toolkit.make(busy), many(1, "busy", () => ({}))), Number(by))
        assert.deepStrictEqual(asked, [0, 1000, 1000])
      }).pipe(Effect.provide(Limits.layer))
  )
})

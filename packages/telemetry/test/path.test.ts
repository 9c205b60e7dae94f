/**
 * The critical path, held against one that is found without it: no two calls of a line end at the same time, since every
 * duration has a bit of its own; so the end of the last call says by its bits which calls it is the sum of.
 */
import { assert, describe, it } from "@effect/vitest"
import { AgentEvent, Batch } from "@volley/core"
import { LineCase } from "@volley/testing"
import { Arbitrary, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import type { Run } from "../src/Run.ts"
import * as Timeline from "../src/Timeline.ts"
import { large, small, trip } from "./example.ts"

const runOf = (line: LineCase.LineCase): Effect.Effect<Run> =>
  Effect.gen(function*() {
    const events: Array<AgentEvent.AgentEvent> = []
    const onCall = (event: Batch.CallEvent) => Effect.sync(() => void events.push(AgentEvent.encode(event)))
    const { concurrency } = line
    const settled = Batch.run(LineCase.toolkitOf(line), LineCase.callsOf(line), {
      concurrency,
      timeout: "1 day",
      onCall
    })
    const fiber = yield* Effect.forkChild(settled, { startImmediately: true })
    yield* TestClock.adjust("1 day")
    yield* Fiber.join(fiber)
    return { head: { volley: "run" as const, version: 1 as const, at: 0 }, events }
  }).pipe(Effect.provide(TestClock.layer()))

/** Steps follow each other from the beginning of a run to its end. */
const hasNoGap = ({ length, path }: Timeline.Timeline): void => {
  const ends = path.map(({ to }) => to)
  assert.deepStrictEqual(path.map(({ from }) => from), length === 0 ? [] : [0, ...ends.slice(0, -1)])
  assert.strictEqual(ends.at(-1) ?? 0, length)
}

describe("the critical path", () => {
  it.effect("has the calls that the end of the last one is the sum of", () =>
    Effect.gen(function*() {
      const isRight = (line: LineCase.LineCase) =>
        Effect.map(runOf(line), (run) => {
          const timeline = Timeline.make(run)
          hasNoGap(timeline)
          const bits = line.calls.flatMap((_, n) => (timeline.length & 2 ** n) > 0 ? [`c${n}`] : [])
          const ids = timeline.path.filter(({ kind }) => kind === "run").map(({ id }) => id)
          assert.deepStrictEqual(ids.toSorted(), bits.toSorted())
          assert.deepStrictEqual(timeline.path.filter(({ kind }) => kind !== "run"), [])
          return true
        })
      const checked = yield* Arbitrary.checkEffect(LineCase.cases, isRight, { runs: 100, size: 40, seed: 18 })
      assert.strictEqual(checked._tag, "Passed", JSON.stringify(checked))
    }))

  it.effect("goes through turns, plans and agents without a gap", () =>
    Effect.gen(function*() {
      for (const run of [small, trip, large(120)]) hasNoGap(Timeline.make(yield* run))
      const { path } = Timeline.make(yield* trip)
      assert.deepStrictEqual(path.map(({ id, kind, name }) => `${kind}: ${name} ${id}`), [
        "model: gpt-4.1 turn 1",
        "run: search_flights call_2",
        "run: get_exchange_rate call_8",
        "run: get_exchange_rate call_9",
        "run: get_exchange_rate call_10",
        "model: gpt-4.1 turn 2",
        "model: gpt-4.1 turn 1",
        "run: get_weather call_1",
        "model: model turn 2",
        "model: gpt-4.1 turn 3",
        "wait: pay_deposit call_5",
        "run: pay_deposit call_5",
        "model: gpt-4.1 turn 4"
      ])
    }))
})

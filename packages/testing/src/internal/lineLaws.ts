import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { callsOf, type LineCase, schedule, toolkitOf } from "../LineCase.ts"
import * as Timeline from "../Timeline.ts"
import { type Broken, equal, judge, ok } from "./broken.ts"
import type { Runner } from "./runner.ts"
import { aDayOf } from "./virtual.ts"

/** Every call starts and ends when a list scheduler says. */
export const workConserving = (run: Runner, line: LineCase): Effect.Effect<void, Broken> =>
  Effect.clockWith((clock) => {
    const began = clock.currentTimeMillisUnsafe()
    const { concurrency } = line
    return Effect.flatMap(
      aDayOf(run(toolkitOf(line), callsOf(line), { concurrency, timeout: "unbounded" })),
      ({ outcomes }) =>
        judge(() => {
          ok(outcomes.every(({ result }) => Result.isSuccess(result)), "A call failed.")
          // All lengths are whole; after thousands of days a clock is no longer exact to the microsecond.
          const spans = outcomes.map(({ endedAt, startedAt }) =>
            [startedAt - began, endedAt - began].map((at) => Math.round(at))
          )
          equal(spans, schedule(line), "The starts and ends of the calls")
        }, () => Timeline.render(Timeline.fromOutcomes(outcomes)))
    )
  })

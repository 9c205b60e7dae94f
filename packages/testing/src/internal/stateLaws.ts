import type { Outcome } from "@volley/core"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { callsOf, initial, serially, type StateCase, timeout, toolkitOf } from "../StateCase.ts"
import * as Timeline from "../Timeline.ts"
import { type Broken, equal, judge, ok } from "./broken.ts"
import type { Runner } from "./runner.ts"
import { aDayOf } from "./virtual.ts"

const endOf = ({ result }: Outcome.Outcome): unknown => {
  if (Result.isSuccess(result)) return result.success
  if (result.failure._tag === "ToolFailure") return { failure: result.failure.failure }
  const { reason } = result.failure
  return reason._tag === "Uncertain" ? `Uncertain after ${reason.after}` : reason._tag
}

/** A batch leaves the state, and gives the answers, of its calls one after the other. */
export const serializable = (run: Runner, batch: StateCase): Effect.Effect<void, Broken> =>
  Effect.gen(function*() {
    const state = initial()
    const options = { timeout, concurrency: batch.concurrency === 0 ? "unbounded" : batch.concurrency } as const
    const { outcomes } = yield* aDayOf(run(toolkitOf(batch, state), callsOf(batch), options))
    const serial = serially(batch)
    yield* judge(() => {
      equal([...state], [...serial.state], "The state that is left")
      equal(outcomes.length, batch.calls.length, "Outcomes")
      for (const [index, ends] of serial.ends.entries()) {
        const end = JSON.stringify(endOf(outcomes[index]!))
        const serialEnds = ends.map((one) => JSON.stringify(one))
        ok(
          serialEnds.includes(end),
          `Call c${index} comes to ${end}; one after the other, to ${serialEnds.join(" or ")}.`
        )
      }
    }, () => Timeline.render(Timeline.fromOutcomes(outcomes)))
  })

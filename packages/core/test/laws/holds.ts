import { assert, it } from "@effect/vitest"
import { Batch } from "@volley/core"
import { Arbitrary, Effect, Stream } from "effect"
import { type Plan, plans } from "./batches.ts"
import type { Law } from "./laws.ts"
import type { Runner } from "./play.ts"

// Thousands of errors are made here, and nobody reads their stacks to the end; vitest asks for 100 lines of each.
Error.stackTraceLimit = 5

/** How many random batches a law is held to, and how large they may grow. */
export const cases = { runs: 1000, size: 50 }

/** Has calls arrive one by one, all at the same instant. */
const dispatch: Runner = (tools, calls, options) => Batch.dispatch(tools, Stream.fromIterable(calls), options)

/** A law holds for `Batch.run` and `Batch.dispatch`, and its check would notice any of these broken runners. */
export const holds = (law: Law, broken: Readonly<Record<string, Runner>>): void => {
  it.effect.prop("holds for any batch", { plan: plans }, ({ plan }) => law(Batch.run)(plan), {
    timeout: 60_000,
    arbitrary: cases
  })

  // With room for all of them: where there is none, a read goes before an earlier write, which waits for the whole turn.
  const roomy = (plan: Plan): Plan => ({ ...plan, concurrency: plan.calls.length + 1 })

  it.effect.prop("holds for any turn that is dispatched", { plan: plans }, ({ plan }) => law(dispatch)(roomy(plan)), {
    timeout: 60_000,
    arbitrary: { ...cases, runs: 100 }
  })

  it.effect("holds for a batch of no calls", () => law(Batch.run)(noCalls))

  it.effect.each(Object.entries(broken))("does not hold for a runner that %s", ([, runner]) =>
    Effect.gen(function*() {
      const check = (plan: Plan) => Effect.as(law(runner)(plan), true)
      const checked = yield* Arbitrary.checkEffect(plans, check, { ...cases, seed: 1, maxShrinks: 0 })
      assert.strictEqual(checked._tag, "Falsified")
    }))
}

const noCalls: Plan = {
  calls: [],
  concurrency: 1,
  timeout: 1,
  deadline: undefined,
  maxCalls: undefined,
  narrow: false,
  interruptedAfter: 0
}

import { assert, it } from "@effect/vitest"
import { Batch } from "@volley/core"
import { BatchCase, Laws } from "@volley/testing"
import { Arbitrary, Effect, Stream } from "effect"

/** How many cases each law is held against; `npm run laws` asks for more. */
const runs = Number(process.env["LAWS_CASES"] ?? 1000)

/** Has calls arrive one by one, all at the same instant. */
const dispatch: Laws.Runner = (tools, calls, options) => Batch.dispatch(tools, Stream.fromIterable(calls), options)

/** A law holds for `Batch.run` and `Batch.dispatch`, and its check would notice any of these broken runners. */
export const holds = (law: Laws.BatchLaw, broken: Readonly<Record<string, Laws.Runner>>): void => {
  const { cases, check, size } = law.batch

  it.effect("holds for any batch", () => Laws.checkRunner(law, Batch.run, { runs }), 120_000)

  // With room for all of them: where there is none, a read goes before an earlier write, which waits for the whole turn.
  const roomy = (batch: BatchCase.BatchCase) => ({ ...batch, concurrency: batch.calls.length + 1 })

  it.effect("holds for any turn that is dispatched", () =>
    Laws.checkRunner({ ...law, batch: { ...law.batch, cases: Arbitrary.map(cases, roomy) } }, dispatch))

  it.effect("holds for a batch of no calls", () => check(Batch.run, noCalls))

  it.effect.each(Object.entries(broken))("does not hold for a runner that %s", ([, runner]) =>
    Effect.gen(function*() {
      const isKept = (batch: BatchCase.BatchCase) => Effect.as(check(runner, batch), true)
      const checked = yield* Arbitrary.checkEffect(cases, isKept, { runs: 1000, size, seed: 1, maxShrinks: 0 })
      assert.strictEqual(checked._tag, "Falsified")
    }))
}

const noCalls: BatchCase.BatchCase = {
  calls: [],
  concurrency: 1,
  timeout: 1,
  deadline: undefined,
  maxCalls: undefined,
  narrow: false,
  interruptedAfter: 0
}

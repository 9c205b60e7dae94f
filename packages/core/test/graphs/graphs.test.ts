/**
 * Random acyclic graphs, as pipelines and as plans, held to their evaluation node by node.
 */
import { assert, describe, it } from "@effect/vitest"
import { GraphCase, GraphRunner, Laws } from "@volley/testing"
import { Arbitrary, Effect } from "effect"
import { broken, correct, forgetsWhatNodesTouch } from "./broken.ts"

const laws = [Laws.total, Laws.matched, Laws.bounded, Laws.workConserving, Laws.serializable]

describe.each([["a pipeline", GraphRunner.asPipeline], ["a plan", GraphRunner.asPlan]] as const)(
  "%s",
  (_name, runner) => {
    it.effect.each(laws)("$name: $says", (law) => Laws.checkGraphs(law, runner, { runs: 300 }))
  }
)

describe("the check", () => {
  /** The runners written by hand know nothing of what nodes touch. */
  const untouching = (law: Laws.GraphLaw): Laws.GraphLaw => ({
    ...law,
    graph: { ...law.graph, cases: Arbitrary.map(law.graph.cases, GraphCase.untouching) }
  })

  const isFalsified = (law: Laws.GraphLaw, runner: GraphRunner.GraphRunner) =>
    Effect.gen(function*() {
      const { cases, check, size } = law.graph
      const isKept = (graph: GraphCase.GraphCase) => Effect.as(check(runner, graph), true)
      const checked = yield* Arbitrary.checkEffect(cases, isKept, { runs: 300, size, seed: 1, maxShrinks: 0 })
      assert.propertyVal(checked, "_tag", "Falsified")
    })

  it.effect.each(laws)(
    "$name holds for a runner written by hand",
    (law) => Laws.checkGraphs(untouching(law), correct, { runs: 100, seed: 1 }),
    60_000
  )

  it.effect.each(broken)(
    "of $name does not hold for one that $fault",
    ({ law, runner }) => isFalsified(untouching(law), runner)
  )

  it.effect("of serializable does not hold for one that forgetsWhatNodesTouch", () =>
    isFalsified(Laws.serializable, forgetsWhatNodesTouch))
})

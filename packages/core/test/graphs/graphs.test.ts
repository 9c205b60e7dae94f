/**
 * Random acyclic graphs, as pipelines and as plans, held to their evaluation node by node.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect } from "effect"
import { broken, correct } from "./broken.ts"
import { holds, holdsInOrder } from "./checks.ts"
import { certain, evaluate, type GraphPlan, graphs, untouching } from "./graphs.ts"
import { asPipeline, asPlan } from "./runners.ts"

// Many errors are made here, and nobody reads their stacks to the end; vitest asks for 100 lines of each.
Error.stackTraceLimit = 5

/** How many random graphs, and how large lists may grow in them. */
const cases = { runs: 1000, size: 200 }
const options = { timeout: 60_000, arbitrary: cases }

describe.each([["a pipeline", asPipeline], ["a plan", asPlan]] as const)("%s", (_name, runner) => {
  it.effect.prop(
    "settles every node once, as one by one, once what it needs is there and there is room",
    { graph: graphs },
    ({ graph }) => holds(runner, untouching(graph)),
    options
  )

  it.effect.prop(
    "keeps nodes that touch the same thing in order besides",
    { graph: graphs },
    ({ graph }) => holdsInOrder(runner, certain(graph)),
    options
  )
})

describe("the check", () => {
  const check = (runner: typeof correct) =>
    Arbitrary.checkEffect(
      Arbitrary.map(graphs, untouching),
      (graph) => Effect.as(holds(runner, graph), true),
      { runs: 300, size: 200, seed: 1, maxShrinks: 0 }
    )

  it.effect("holds for a runner written by hand", () =>
    Effect.gen(function*() {
      assert.propertyVal(yield* check(correct), "_tag", "Passed")
    }), 60_000)

  it.effect.each(broken)("does not hold for one that %s", ([, runner]) =>
    Effect.gen(function*() {
      assert.propertyVal(yield* check(runner), "_tag", "Falsified")
    }))
})

describe("the graphs", () => {
  it.effect("are of all sizes, and of every kind of node", () =>
    Effect.gen(function*() {
      const drawn = yield* Arbitrary.sampleEffect(graphs, { count: cases.runs, size: cases.size, seed: 1 })
      const share = (is: (graph: GraphPlan) => boolean) => drawn.filter(is).length / drawn.length
      assert.isAbove(share(({ nodes }) => nodes.length > 100), 0.01)
      assert.isAbove(share(({ nodes }) => nodes.length > 10), 0.1)
      assert.isAbove(share(({ nodes }) => nodes.length < 9), 0.5)
      for (const kind of ["failure", "defect", "hangs", "unresolved"]) {
        assert.isAbove(share(({ nodes }) => nodes.some((node) => node.kind === kind)), 0.15, kind)
      }
      const ends = (graph: GraphPlan) => evaluate(graph, { idOf: String, unresolved: "Defect" })
      assert.isAbove(share((graph) => ends(graph).some(({ _tag }) => _tag === "Blocked")), 0.2)
    }))
})

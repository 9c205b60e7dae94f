/**
 * What random lines, states and graphs are made of.
 */
import { assert, describe, it } from "@effect/vitest"
import { GraphCase, LineCase, StateCase } from "@volley/testing"
import { Arbitrary, Effect } from "effect"

/** Gives the share of random cases of which something is true. */
const shares = <A>(cases: Arbitrary.Arbitrary<A>, size: number) => {
  const drawn: Array<A> = []
  const check = Arbitrary.checkEffect(cases, (one) => drawn.push(one) > 0, { runs: 1000, size, seed: 1 })
  return Effect.as(check, (is: (one: A) => boolean) => drawn.filter(is).length / drawn.length)
}

describe("lines", () => {
  it.effect("mostly have calls that wait", () =>
    Effect.gen(function*() {
      const share = yield* shares(LineCase.cases, 40)
      assert.isAtLeast(share((line) => LineCase.schedule(line).some(([start]) => start > 0)), 0.5, "a call waits")
      const isPassed = (spans: ReturnType<typeof LineCase.schedule>) =>
        spans.some(([start], index) => spans.slice(index).some(([other]) => other < start))
      assert.isAtLeast(share((line) => isPassed(LineCase.schedule(line))), 0.3, "a call is passed by a later one")
    }))

  it.effect("take as long as their calls say", () =>
    Effect.gen(function*() {
      const share = yield* shares(LineCase.cases, 40)
      const spent = ({ calls }: LineCase.LineCase) => calls.map(LineCase.millisOf)
      assert.strictEqual(
        share((line) => LineCase.schedule(line).every(([start, end], index) => end - start === spent(line)[index])),
        1
      )
    }))
})

describe("batches over a state", () => {
  it.effect("often have something to wait for, and every kind of end", () =>
    Effect.gen(function*() {
      const share = yield* shares(StateCase.cases, 40)
      for (const kind of ["value", "failure", "defect", "lingers", "misfit"]) {
        assert.isAtLeast(share(({ calls }) => calls.some(({ ends }) => ends === kind)), 0.15, kind)
      }
      const has = (is: (tool: StateCase.ToolCase) => boolean) => ({ calls, tools }: StateCase.StateCase) =>
        calls.some(({ tool }) => is(tools[tool]!))
      assert.isAtLeast(share(has(({ touches }) => touches.length === 0)), 0.15, "undeclared")
      assert.isAtLeast(share(has(({ alone }) => alone)), 0.15, "exclusive")
      const isUncertain = (batch: StateCase.StateCase) =>
        StateCase.serially(batch).ends.some(([end]) => String(end).startsWith("Uncertain"))
      assert.isAtLeast(share(isUncertain), 0.15, "uncertain")
      assert.isAtLeast(share(({ calls }) => calls.length > 8), 0.2, "more than 8 calls")
    }))
})

describe("graphs", () => {
  it.effect("are of all sizes, and of every kind of node", () =>
    Effect.gen(function*() {
      const drawn = yield* Arbitrary.sampleEffect(GraphCase.cases, { count: 1000, size: 200, seed: 1 })
      const share = (is: (graph: GraphCase.GraphCase) => boolean) => drawn.filter(is).length / drawn.length
      assert.isAbove(share(({ nodes }) => nodes.length > 100), 0.01)
      assert.isAbove(share(({ nodes }) => nodes.length > 10), 0.1)
      assert.isAbove(share(({ nodes }) => nodes.length < 9), 0.5)
      for (const kind of ["failure", "defect", "hangs", "unresolved"]) {
        assert.isAbove(share(({ nodes }) => nodes.some((node) => node.kind === kind)), 0.15, kind)
      }
      const ends = (graph: GraphCase.GraphCase) => GraphCase.evaluate(graph, { idOf: String, unresolved: "Defect" })
      assert.isAbove(share((graph) => ends(graph).some(({ _tag }) => _tag === "Blocked")), 0.2)
    }))
})

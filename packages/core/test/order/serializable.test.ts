/**
 * Law 7: calls that touch the same thing run in call order, so a batch comes to what its calls come to one by one.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch, type Outcome, type ToolCall } from "@volley/core"
import { Arbitrary, Effect, Result } from "effect"
import { spaced } from "../dispatch/arriving.ts"
import { callsOf, initial, type Plan, plans, serially, timeout, toolkitOf, type Tools, toolsOf } from "./state.ts"
import { aDayOf, cases, claiming, type Claims, holds, judge } from "./support.ts"

type Outcomes = ReadonlyArray<Outcome.Outcome>

type Runner = (
  tools: Tools,
  calls: ReadonlyArray<ToolCall.ToolCall>,
  options: Batch.Options
) => Effect.Effect<Outcomes>

const batch: Runner = (tools, calls, options) =>
  Effect.map(Batch.run(toolkitOf(tools), calls, options), ({ outcomes }) => outcomes)

/** The same while the calls arrive, so that those of tools that only read may start long before the others. */
const dispatched: Runner = (tools, calls, options) =>
  Effect.map(Batch.dispatch(toolkitOf(tools), spaced(calls, 30), options), ({ outcomes }) => outcomes)

const endOf = ({ result }: Outcome.Outcome): unknown => {
  if (Result.isSuccess(result)) return result.success
  if (result.failure._tag === "ToolFailure") return { failure: result.failure.failure }
  const { reason } = result.failure
  return reason._tag === "Uncertain" ? `Uncertain after ${reason.after}` : reason._tag
}

const serializable = (run: Runner, plan: Plan) =>
  Effect.gen(function*() {
    const state = initial()
    const options = { timeout, concurrency: plan.concurrency === 0 ? "unbounded" : plan.concurrency } as const
    const outcomes = yield* aDayOf(run(toolsOf(plan, state), callsOf(plan), options))
    const serial = serially(plan)
    yield* judge(() => {
      assert.deepStrictEqual([...state], [...serial.state], "the state that is left")
      assert.strictEqual(outcomes.length, plan.calls.length)
      for (const [index, ends] of serial.ends.entries()) {
        const end = JSON.stringify(endOf(outcomes[index]!))
        assert.include(ends.map((one) => JSON.stringify(one)), end, `call ${index}`)
      }
    })
  })

const changing =
  (change: (access: Claims["access"]) => Claims["access"], run: Runner = batch): Runner => (tools, calls, options) =>
    run(tools.map((tool) => claiming(tool, (claims) => ({ ...claims, access: change(claims.access) }))), calls, options)

const noOrder = changing(() => [])

const noOrderWhenDispatched = changing(() => [], dispatched)

const letsReadersPassWhenDispatched = changing((all) => all.filter(({ mode }) => mode !== "read"), dispatched)

const exactKeysOnly = changing((all) =>
  all.map((access) =>
    access.mode === "exclusive" ? access : { ...access, key: `key ${access.key.replaceAll("/", ":")}` }
  )
)

const letsReadersPass = changing((all) => all.filter(({ mode }) => mode !== "read"))

const forgetsExclusive = changing((all) => all.filter(({ mode }) => mode !== "exclusive"))

const completionOrder: Runner = (tools, calls, options) =>
  Effect.map(batch(tools, calls, options), (outcomes) => outcomes.toSorted((a, b) => a.endedAt - b.endedAt))

const lastCallFirst: Runner = (tools, calls, options) =>
  Effect.map(batch(tools, calls.toReversed(), options), (outcomes) => outcomes.toReversed())

const letsWritesThroughAfterUncertain: Runner = (tools, calls, options) =>
  Effect.gen(function*() {
    const outcomes = yield* batch(tools, calls, options)
    const isUncertain = (outcome: Outcome.Outcome) => String(endOf(outcome)).startsWith("Uncertain")
    const again = yield* batch(tools, outcomes.filter(isUncertain).map(({ call }) => call), options)
    return outcomes.map((outcome) => again.find(({ call }) => call === outcome.call) ?? outcome)
  })

describe("a batch comes to what its calls come to one by one", () => {
  holds<Plan, Runner>(plans, serializable, batch, {
    noOrder,
    exactKeysOnly,
    letsReadersPass,
    forgetsExclusive,
    completionOrder,
    lastCallFirst,
    letsWritesThroughAfterUncertain
  })

  describe("also when they are dispatched while they arrive", () => {
    holds<Plan, Runner>(plans, serializable, dispatched, { noOrderWhenDispatched, letsReadersPassWhenDispatched })
  })

  it.effect("in batches of which many have something to wait for, and every kind of end", () =>
    Effect.gen(function*() {
      const counts = new Map<string, number>()
      yield* Arbitrary.checkEffect(plans, (plan) => {
        const kinds = new Set<string>(plan.calls.map(({ ends }) => ends))
        if (plan.calls.length > 8) kinds.add("more than 8 calls")
        if (plan.calls.some(({ tool }) => plan.tools[tool]!.touches.length === 0)) kinds.add("undeclared")
        if (plan.calls.some(({ tool }) => plan.tools[tool]!.alone)) kinds.add("exclusive")
        if (serially(plan).ends.some(([end]) => String(end).startsWith("Uncertain"))) kinds.add("uncertain")
        for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1)
        return true
      }, { ...cases, seed: 1 })
      for (const kind of ["value", "failure", "defect", "lingers", "misfit", "undeclared", "exclusive", "uncertain"]) {
        assert.isAtLeast((counts.get(kind) ?? 0) / cases.runs, 0.15, kind)
      }
      assert.isAtLeast((counts.get("more than 8 calls") ?? 0) / cases.runs, 0.2)
    }))
})

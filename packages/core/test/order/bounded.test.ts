/**
 * Laws 5 and 6: no limit is ever exceeded, nothing is held by a call that waits, and no slot is idle while a call could run.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Batch, Limits, type ToolCall, Toolkit } from "@volley/core"
import { Arbitrary, Effect } from "effect"
import { askedOf, millisOf, type Plan, plans, schedule } from "./schedule.ts"
import { aDayOf, asking, cases, claiming, type Claims, holds, judge, lasting, spansOf } from "./support.ts"

const accesses = { read: Access.read, write: Access.write }

const toolsOf = ({ tools }: Plan) =>
  tools.map(({ caps, mode }, index) =>
    lasting(`tool_${index}`, {
      access: mode === "undeclared"
        ? []
        : mode === "exclusive"
        ? [Access.exclusive]
        : ({ key }) => [accesses[mode](key)],
      limits: caps.some(({ of }) => of === "key")
        ? ({ key }) => caps.map(({ limit, of }) => Limits.concurrency(limit, nameOf(of, key)))
        : caps.map(({ limit, of }) => Limits.concurrency(limit, nameOf(of, "")))
    })
  )

const nameOf = (of: "tool" | "shared" | "key", key: string) =>
  of === "tool" ? undefined : of === "shared" ? "shared" : `key/${key}`

type Tools = ReturnType<typeof toolsOf>

type Runner = (
  tools: Tools,
  calls: ReadonlyArray<ToolCall.ToolCall>,
  options: { readonly concurrency: number; readonly timeout: "unbounded" }
) => Effect.Effect<Batch.Settled<Tools[number]>>

const batch: Runner = (tools, calls, options) => Batch.run(Toolkit.make(...tools), calls, options)

const punctual = (run: Runner, plan: Plan) =>
  Effect.clockWith((clock) => {
    const began = clock.currentTimeMillisUnsafe()
    const { concurrency } = plan
    return Effect.flatMap(
      aDayOf(run(toolsOf(plan), asking(...askedOf(plan)), { concurrency, timeout: "unbounded" })),
      (settled) => judge(() => assert.deepStrictEqual(spansOf(settled, began), schedule(plan)))
    )
  })

const counting = (change: (slots: Claims["slots"], access: Claims["access"]) => Claims["slots"]): Runner =>
(
  tools,
  calls,
  options
) =>
  batch(
    tools.map((tool) => claiming(tool, (claims) => ({ ...claims, slots: change(claims.slots, claims.access) }))),
    calls,
    options
  )

const ignoresTheCap: Runner = (tools, calls, options) =>
  batch(tools, calls, { ...options, concurrency: Number.MAX_SAFE_INTEGER })

const losesASlot: Runner = (tools, calls, options) =>
  batch(tools, calls, { ...options, concurrency: Math.max(1, options.concurrency - 1) })

const ignoresTheLimitsOfTools = counting(() => [])

const countsEachToolAlone: Runner = (tools, calls, options) =>
  batch(
    tools.map((tool) =>
      claiming(tool, (claims) => ({
        ...claims,
        slots: claims.slots.map((slot) => ({ ...slot, key: `${tool.name} ${slot.key}` }))
      }))
    ),
    calls,
    options
  )

const takesOneMoreThanItMay = counting((slots) => slots.map((slot) => ({ ...slot, limit: slot.limit + 1 })))

const startsTheLastFirst: Runner = (tools, calls, options) =>
  Effect.map(batch(tools, calls.toReversed(), options), (settled) => ({
    ...settled,
    outcomes: settled.outcomes.toReversed()
  }))

/** One batch for each call, all under the same limits: a call that waits for its tool's holds its place meanwhile. */
const holdsItsPlaceWhileItWaits: Runner = (tools, calls, options) =>
  Effect.forEach(calls, (call) => batch(tools, [call], options), { concurrency: options.concurrency }).pipe(
    Effect.map((all) => ({ outcomes: all.flatMap(({ outcomes }) => outcomes), pending: [], strays: [] })),
    Effect.provide(Limits.layer, { local: true })
  )

describe("every call starts and ends when a list scheduler says", () => {
  holds<Plan, Runner>(plans, punctual, batch, {
    ignoresTheCap,
    losesASlot,
    ignoresTheLimitsOfTools,
    countsEachToolAlone,
    takesOneMoreThanItMay,
    startsTheLastFirst,
    holdsItsPlaceWhileItWaits
  })

  it.effect.prop(
    "also when it is the only batch of a runner that keeps its limits",
    { plan: plans },
    ({ plan }) =>
      punctual(
        (tools, calls, options) =>
          Effect.flatMap(Batch.make(options), (runner) => runner.run(Toolkit.make(...tools), calls)),
        plan
      ),
    {
      timeout: 60_000,
      arbitrary: cases
    }
  )

  it.effect("in batches of which most have calls that wait", () =>
    Effect.gen(function*() {
      let waiting = 0
      let waste = 0
      yield* Arbitrary.checkEffect(plans, (plan) => {
        const spans = schedule(plan)
        if (spans.some(([start]) => start > 0)) waiting++
        if (spans.some(([start], index) => spans.slice(index).some(([other]) => other < start))) waste++
        for (const [index, [start, end]] of spans.entries()) {
          assert.strictEqual(end - start, millisOf(plan.calls[index]!, index))
        }
        return true
      }, { ...cases, seed: 1 })
      assert.isAtLeast(waiting / cases.runs, 0.5, "a call waits")
      assert.isAtLeast(waste / cases.runs, 0.3, "a call is passed by a later one")
    }))
})

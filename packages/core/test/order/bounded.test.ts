/**
 * Laws 5 and 6: no limit is ever exceeded, nothing is held by a call that waits, and no slot is idle while a call could run.
 */
import { describe, it } from "@effect/vitest"
import { Batch, Limits, type Tool } from "@volley/core"
import { Laws } from "@volley/testing"
import { Effect } from "effect"
import { claimingAll, type Claims, holds } from "./support.ts"

type Runner = Laws.Runner

const counting =
  (change: (slots: Claims["slots"], tool: Tool.Any) => Claims["slots"]): Runner => (toolkit, calls, options) =>
    Batch.run(
      claimingAll(toolkit, (claims, tool) => ({ ...claims, slots: change(claims.slots, tool) })),
      calls,
      options
    )

const ignoresTheCap: Runner = (tools, calls, options) =>
  Batch.run(tools, calls, { ...options, concurrency: Number.MAX_SAFE_INTEGER })

const losesASlot: Runner = (tools, calls, options) =>
  Batch.run(tools, calls, { ...options, concurrency: Math.max(1, limitOf(options) - 1) })

const ignoresTheLimitsOfTools = counting(() => [])

const countsEachToolAlone = counting((slots, { name }) =>
  slots.map((slot) => ({ ...slot, key: `${name} ${slot.key}` }))
)

const takesOneMoreThanItMay = counting((slots) => slots.map((slot) => ({ ...slot, limit: slot.limit + 1 })))

const startsTheLastFirst: Runner = (tools, calls, options) =>
  Effect.map(Batch.run(tools, calls.toReversed(), options), (settled) => ({
    ...settled,
    outcomes: settled.outcomes.toReversed()
  }))

const limitOf = ({ concurrency }: Batch.Options): number => typeof concurrency === "number" ? concurrency : Infinity

/** One batch for each call, all under the same limits: a call that waits for its tool's holds its place meanwhile. */
const holdsItsPlaceWhileItWaits: Runner = (tools, calls, options) =>
  Effect.forEach(calls, (call) => Batch.run(tools, [call], options), { concurrency: limitOf(options) }).pipe(
    Effect.map((all) => ({ outcomes: all.flatMap(({ outcomes }) => outcomes), pending: [], strays: [] })),
    Effect.provide(Limits.layer, { local: true })
  )

describe("every call starts and ends when a list scheduler says", () => {
  holds(Laws.workConserving, Batch.run, {
    ignoresTheCap,
    losesASlot,
    ignoresTheLimitsOfTools,
    countsEachToolAlone,
    takesOneMoreThanItMay,
    startsTheLastFirst,
    holdsItsPlaceWhileItWaits
  })

  it.effect("also when it is the only batch of a runner that keeps its limits", () =>
    Laws.checkRunner(
      Laws.workConserving,
      (tools, calls, options) => Effect.flatMap(Batch.make(options), (runner) => runner.run(tools, calls)),
      { runs: 300 }
    ))
})

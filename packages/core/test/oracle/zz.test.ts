import { describe } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { type Case, everyKind, interrupted, plainTools, type RunCase, sayingTools, shared, single } from "./cases.ts"
import { agrees } from "./property.ts"

/** Without what is known to go wrong. */
const calm = (one: Case): Case => ({ ...one, runs: one.runs.map(calmRun) })
const calmRun = (run: RunCase): RunCase => ({
  ...run,
  deadline: run.listener === "slow" ? 0 : run.deadline,
  calls: run.calls.map((call) => ({
    ...call,
    touches: call.touches.slice(0, 1),
    pools: call.pools.slice(0, 1).map((pool) => ({ ...pool, limit: 2 })),
    inner: call.inner && calmRun(call.inner)
  }))
})
const kinds = ["failure", "defect", "interrupts", "hangs", "cleansUp", "stubborn", "unencodable"] as const
const all = {
  failFast: single({
    tools: [...plainTools, ...sayingTools],
    kinds,
    maxCalls: 12,
    touches: true,
    deadlines: 20,
    failFast: true,
    listeners: ["none", "quick"]
  }),
  interrupt: interrupted({
    tools: plainTools,
    kinds,
    maxCalls: 12,
    deadlines: 20,
    listeners: ["none", "quick", "slow"]
  }),
  interrupt2: interrupted({
    tools: sayingTools,
    kinds,
    maxCalls: 10,
    touches: true,
    pools: true,
    rates: true,
    decisions: true
  }),
  telling: single({
    tools: [...plainTools, ...sayingTools],
    kinds: everyKind,
    maxCalls: 10,
    touches: true,
    fails: 2,
    retries: 2,
    deadlines: 30,
    listeners: ["quick", "crashes"]
  }),
  slow: single({
    tools: [...plainTools, ...sayingTools],
    kinds,
    maxCalls: 8,
    touches: true,
    deadlines: 50,
    listeners: ["slow"]
  }),
  retry: single({
    tools: [...plainTools, ...sayingTools],
    kinds: ["failure", "defect", "hangs", "unencodable", "stubborn"],
    maxCalls: 8,
    fails: 3,
    retries: 3,
    pools: true,
    deadlines: 20,
    listeners: ["none", "quick"]
  }),
  order: single({
    tools: [...sayingTools, "readsA", "writesA", "alone"],
    kinds: [...kinds, "misfit"],
    maxCalls: 12,
    touches: true,
    deadlines: 20
  }),
  approval: single({
    tools: [...sayingTools, "asking", "asking", "asking", "alone"],
    kinds: ["failure", "hangs", "misfit"],
    maxCalls: 10,
    touches: true,
    pools: true,
    decisions: true,
    deadlines: 20
  }),
  limits: single({
    tools: [...sayingTools, "single", "pair"],
    kinds: ["failure", "hangs", "stubborn"],
    maxCalls: 12,
    touches: true,
    pools: true,
    deadlines: 20
  }),
  rates: single({
    tools: [...sayingTools, "plain"],
    kinds: ["failure", "hangs"],
    maxCalls: 12,
    touches: true,
    pools: true,
    rates: true,
    deadlines: 20
  }),
  coalesce: single({
    tools: ["look", "look", "look", "look", "write", "read"],
    kinds: ["failure", "hangs", "defect"],
    maxCalls: 12,
    touches: true,
    pools: true,
    fails: 1,
    retries: 1,
    listeners: ["none", "quick"]
  }),
  nested: shared({ tools: [...plainTools, ...sayingTools], kinds: ["failure"], maxCalls: 5, pools: true, depth: 2 }, 1),
  beside: shared({
    tools: [...plainTools, ...sayingTools],
    kinds: ["failure", "hangs"],
    maxCalls: 5,
    touches: true,
    pools: true
  }, 3)
}
describe.each(Object.entries(all))("%s", (_, cases) => {
  agrees(Arbitrary.map(cases, calm))
})

/**
 * Runs inside tools of runs, and beside them, on one runner.
 */
import { describe } from "@effect/vitest"
import { plainTools, sayingTools, shared, single } from "./cases.ts"
import { agrees } from "./property.ts"

describe("runs inside calls of one run", () => {
  agrees(
    shared(
      {
        tools: [...plainTools, ...sayingTools],
        kinds: ["failure", "hangs"],
        maxCalls: 5,
        depth: 2
      },
      1
    ),
    ["a parent keeps its room while its inner run works", "no limits"]
  )
})

describe("runs beside each other", () => {
  agrees(
    shared({
      tools: [...plainTools, ...sayingTools],
      kinds: ["failure", "hangs"],
      maxCalls: 5,
      touches: true
    }, 3),
    ["no limits", "no order", "last first", "the first run first"]
  )
})

describe("runs that share the limits of tools and keys alone", () => {
  const shape = {
    tools: sayingTools,
    kinds: ["failure", "hangs"] as const,
    touches: true,
    pools: true,
    simple: true
  }
  agrees(shared({ ...shape, maxCalls: 4 }, 2, [0]), ["no limits"])
})

describe("runs inside calls of one run that share nothing", () => {
  const shape = {
    tools: [...plainTools, ...sayingTools],
    kinds: ["failure", "hangs"] as const,
    touches: true,
    pools: true
  }
  agrees(single({ ...shape, maxCalls: 5, depth: 1 }))
})

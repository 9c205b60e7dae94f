/**
 * Runs that are interrupted at any instant: nothing starts afterwards, and what was in flight is waited for.
 */
import { describe } from "@effect/vitest"
import { interruptedIn, plainTools, sayingTools, shared, single } from "./cases.ts"
import { agrees } from "./property.ts"

const kinds = ["failure", "hangs", "cleansUp", "stubborn"] as const

describe("an interrupted run of calls that wait for nothing but room", () => {
  agrees(
    interruptedIn(
      single({ tools: plainTools, kinds, maxCalls: 8, deadlines: 20, listeners: ["none", "quick", "slow"] })
    ),
    ["goes on after interruption"]
  )
})

describe("an interrupted run of calls that wait for each other", () => {
  agrees(
    interruptedIn(
      single({ tools: sayingTools, kinds, maxCalls: 8, touches: true, pools: true, rates: true, decisions: true })
    ),
    ["goes on after interruption"]
  )
})

describe("an interrupted run, and those inside and beside it", () => {
  const shape = {
    tools: [...plainTools, ...sayingTools],
    kinds: ["failure", "hangs"] as const,
    touches: true,
    pools: true,
    simple: true
  }
  agrees(interruptedIn(shared({ ...shape, maxCalls: 4, depth: 1 }, 2)), ["goes on after interruption"])
})

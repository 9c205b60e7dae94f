/**
 * Limits on calls at once, and on starts in any window.
 */
import { describe } from "@effect/vitest"
import { sayingTools, single } from "./cases.ts"
import { agrees } from "./property.ts"

describe("a run of calls under limits", () => {
  agrees(
    single({
      tools: [...sayingTools, "single", "pair"],
      kinds: ["failure", "hangs", "stubborn"],
      maxCalls: 12,
      touches: true,
      pools: true,
      deadlines: 20
    }),
    ["no limits", "last first", "a stray keeps its room"]
  )
})

describe("a run of calls under rates", () => {
  agrees(
    single({
      tools: [...sayingTools, "plain"],
      kinds: ["failure", "hangs"],
      maxCalls: 12,
      touches: true,
      pools: true,
      rates: true,
      deadlines: 20
    }),
    ["keeps its room while it waits for a rate", "fixed windows"]
  )
})

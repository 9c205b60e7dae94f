/**
 * Calls that touch something: order, and what an unknown end and an open decision mean for later ones.
 */
import { describe } from "@effect/vitest"
import { sayingTools, single } from "./cases.ts"
import { agrees } from "./property.ts"

describe("a run of calls that touch something", () => {
  agrees(
    single({
      tools: [...sayingTools, "readsA", "writesA", "alone"],
      kinds: ["failure", "defect", "interrupts", "hangs", "cleansUp", "stubborn", "misfit"],
      maxCalls: 12,
      touches: true,
      deadlines: 20
    }),
    ["no order", "nothing is uncertain", "last first", "a stray keeps its room"]
  )
})

describe("a run of calls that somebody has to allow", () => {
  agrees(
    single({
      tools: [...sayingTools, "asking", "asking", "asking", "alone"],
      kinds: ["failure", "hangs", "misfit"],
      maxCalls: 10,
      touches: true,
      pools: true,
      decisions: true,
      deadlines: 20
    }),
    ["no order", "nothing is uncertain"]
  )
})

/**
 * Runs that stop at the first failure.
 */
import { describe } from "@effect/vitest"
import { plainTools, sayingTools, single } from "./cases.ts"
import { agrees } from "./property.ts"

const kinds = ["failure", "defect", "interrupts", "hangs", "cleansUp", "stubborn", "unencodable"] as const

describe("a run that stops at the first failure", () => {
  agrees(
    single({
      tools: [...plainTools, ...sayingTools],
      kinds,
      maxCalls: 12,
      touches: true,
      deadlines: 20,
      failFast: true,
      listeners: ["none", "quick"]
    }),
    ["settles twice what it stops"]
  )
})

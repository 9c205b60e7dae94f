/**
 * Attempts: inside the call's room and time, and for what may be run twice alone.
 */
import { describe } from "@effect/vitest"
import { plainTools, sayingTools, single } from "./cases.ts"
import { agrees } from "./property.ts"

describe("a run that tries again", () => {
  agrees(
    single({
      tools: [...plainTools, ...sayingTools],
      kinds: ["failure", "defect", "hangs", "unencodable", "stubborn"],
      maxCalls: 8,
      fails: 3,
      retries: 3,
      pools: true,
      deadlines: 20,
      listeners: ["none", "quick"]
    }),
    ["tries everything again"]
  )
})

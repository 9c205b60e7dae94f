/**
 * Equal calls that are one.
 */
import { describe } from "@effect/vitest"
import { single } from "./cases.ts"
import { agrees } from "./property.ts"

describe("a run of equal calls", () => {
  agrees(
    single({
      tools: ["look", "look", "look", "look", "write", "read"],
      kinds: ["failure", "hangs", "defect"],
      maxCalls: 12,
      touches: true,
      pools: true,
      fails: 1,
      retries: 1,
      listeners: ["none", "quick"]
    }),
    ["joins across a write"]
  )
})

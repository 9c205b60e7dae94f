/**
 * Calls that wait for nothing but room: whatever they meet, and whatever bounds their run.
 */
import { describe } from "@effect/vitest"
import { everyKind, plainTools, single } from "./cases.ts"
import { agrees } from "./property.ts"

describe("a run of calls that wait for nothing but room", () => {
  agrees(
    single({ tools: plainTools, kinds: everyKind, maxCalls: 14, deadlines: 30, caps: 20, instant: true }),
    ["an alarm that ignores the deadline", "no limits", "last first"]
  )
})

/**
 * What is told of calls: in order, nothing after a call's end, and no call waits for those who are told.
 */
import { describe } from "@effect/vitest"
import { everyKind, plainTools, sayingTools, single } from "./cases.ts"
import { agrees } from "./property.ts"

describe("a run that is told of", () => {
  agrees(
    single({
      tools: [...plainTools, ...sayingTools],
      kinds: everyKind,
      maxCalls: 10,
      touches: true,
      fails: 2,
      retries: 2,
      deadlines: 30,
      listeners: ["quick", "crashes"]
    }),
    ["an alarm that ignores the deadline"]
  )
})

describe("a run whose listener takes its time", () => {
  agrees(
    single({
      tools: ["plain", "plainRead", "write", "read"],
      kinds: ["failure", "stubborn"],
      maxCalls: 8,
      touches: true,
      deadlines: 50,
      listeners: ["slow"]
    }),
    ["calls wait for those who are told"]
  )
})

import { assert, describe, it } from "@effect/vitest"
import { BatchCase } from "@volley/testing"
import { Arbitrary, Effect } from "effect"
import { contentsOf } from "../src/internal/timetable.ts"

describe("the batches of the laws", () => {
  const runs = 1000
  const others = [
    "repeated ids",
    "missing ids",
    "__proto__",
    "constructor",
    "toString",
    "deadline",
    "too many calls",
    "short results",
    "more than 30 calls"
  ]

  it.effect("have every kind of call in at least 5 % of them, and mostly three kinds or more", () =>
    Effect.gen(function*() {
      const counts = new Map<string, number>()
      yield* Arbitrary.checkEffect(BatchCase.cases, (batch) => {
        for (const content of contentsOf(batch)) counts.set(content, (counts.get(content) ?? 0) + 1)
        return true
      }, { runs, size: 50, seed: 1 })
      const share = (content: string) => (counts.get(content) ?? 0) / runs
      for (const content of [...BatchCase.everyKind, ...others]) assert.isAtLeast(share(content), 0.05, content)
      assert.isAtLeast(share("three kinds"), 0.6)
      assert.isAtLeast(share("interrupted in flight"), 0.5)
    }))
})

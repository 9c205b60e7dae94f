/**
 * What bounds a batch and keeps its calls apart: laws 3, 4, 5 and 8; and what the batches of all laws are made of.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect } from "effect"
import { everyKind, plans } from "./batches.ts"
import {
  cannotBeInterrupted,
  failsFast,
  forgetsTheDeadline,
  ignoresTheCap,
  leavesFibersBehind,
  losesASlot,
  waitsForNoFinalizer,
  waitsForUninterruptible
} from "./broken.ts"
import { cases, holds } from "./holds.ts"
import { bounded, interruptible, isolated, timely } from "./laws.ts"
import { contentsOf } from "./timetable.ts"

describe("a call ends as it would have ended alone", () => {
  holds(isolated, { failsFast })
})

describe("a call settles within its timeout and a batch within its deadline", () => {
  holds(timely, {
    waitsForUninterruptible,
    forgetsTheDeadline
  })
})

describe("never more calls are in flight than may be, and a settled one frees its slot", () => {
  holds(bounded, {
    ignoresTheCap,
    losesASlot
  })
})

describe("an interrupted batch waits for what it stops, leaves nothing running and starts nothing more", () => {
  holds(interruptible, {
    leavesFibersBehind,
    waitsForNoFinalizer,
    cannotBeInterrupted
  })
})

describe("the batches of the laws", () => {
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
      yield* Arbitrary.checkEffect(plans, (plan) => {
        for (const content of contentsOf(plan)) counts.set(content, (counts.get(content) ?? 0) + 1)
        return true
      }, { ...cases, seed: 1 })
      const share = (content: string) => (counts.get(content) ?? 0) / cases.runs
      for (const content of [...everyKind, ...others]) assert.isAtLeast(share(content), 0.05, content)
      assert.isAtLeast(share("three kinds"), 0.6)
      assert.isAtLeast(share("interrupted in flight"), 0.5)
    }))
})

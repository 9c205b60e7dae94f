/**
 * What bounds a batch and keeps its calls apart: laws 3, 4, 5 and 8.
 */
import { describe } from "@effect/vitest"
import { Laws } from "@volley/testing"
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
import { holds } from "./holds.ts"

describe("a call ends as it would have ended alone", () => {
  holds(Laws.isolated, { failsFast })
})

describe("a call settles within its timeout and a batch within its deadline", () => {
  holds(Laws.timely, {
    waitsForUninterruptible,
    forgetsTheDeadline
  })
})

describe("never more calls are in flight than may be, and a settled one frees its slot", () => {
  holds(Laws.bounded, {
    ignoresTheCap,
    losesASlot
  })
})

describe("an interrupted batch waits for what it stops, leaves nothing running and starts nothing more", () => {
  holds(Laws.interruptible, {
    leavesFibersBehind,
    waitsForNoFinalizer,
    cannotBeInterrupted
  })
})

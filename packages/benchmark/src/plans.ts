/** How much is measured, in all and in a minute. */
import type { Name } from "./contenders.ts"
import type { Plan } from "./measures.ts"
import { names as shapes } from "./shapes.ts"

/** All of it. */
export const full: Plan = {
  rounds: 5,
  sizes: { promise: [1, 10, 100, 1000, 10_000, 100_000], sync: [100, 10_000], sleep: [100, 10_000] },
  millis: 150,
  warm: 150,
  longest: 15_000,
  shapes,
  // Those of a hundred tell how a shape grows, before it is asked for a thousand.
  shapeRounds: { 100: 1, 1000: 5, 10_000: 5, 100_000: 9 },
  caps: [1, 8, 64],
  waves: 8,
  waveMillis: 250,
  spans: 3,
  streams: 5,
  warmStreams: 2,
  endToEndRuns: 20,
  memoryRounds: 5
}

/** What tells within a minute whether something changed. */
export const quick: Plan = {
  ...full,
  rounds: 3,
  sizes: { promise: [1, 100, 1000] },
  millis: 100,
  warm: 200,
  longest: 3000,
  shapes: ["accesses", "writes", "limited", "distinct", "batches", "shared", "told"],
  shapeRounds: { 1000: 3 },
  caps: [8],
  waves: 4,
  waveMillis: 100,
  spans: 1,
  streams: 1,
  warmStreams: 1,
  endToEndRuns: 5,
  memoryRounds: 2
}

/** Those that change with the sources here, and what they are compared with. */
export const quickNames: ReadonlyArray<Name> = [
  "floor",
  "volley",
  "volleyFunction",
  "volleyAccess",
  "volleyAgent",
  "volleyAnthropic"
]

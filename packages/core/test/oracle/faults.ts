import type { WorldFault } from "./world.ts"

/** What a broken oracle does wrong. */
export type Fault =
  | WorldFault
  | "an alarm that ignores the deadline"
  | "settles twice what it stops"
  | "goes on after interruption"
  | "calls wait for those who are told"
  | "a stray keeps its room"
  | "joins across a write"
  | "tries everything again"

/** True of what is wrong with the world itself. */
export const isOfWorld = (fault: Fault | undefined): fault is WorldFault => fault !== undefined && !ownFaults.has(fault)

const ownFaults: ReadonlySet<Fault> = new Set<Fault>([
  "an alarm that ignores the deadline",
  "settles twice what it stops",
  "goes on after interruption",
  "calls wait for those who are told",
  "a stray keeps its room",
  "joins across a write",
  "tries everything again"
])

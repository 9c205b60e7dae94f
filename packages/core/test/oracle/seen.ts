/**
 * All that can be seen of runs, and how two of them differ.
 */
import * as Equal from "effect/Equal"
import { format } from "effect/Formatter"

/** One line of what was seen: what it is, and when it was. */
export interface Line {
  readonly at: number
  readonly what: string
}

/**
 * What was seen of one play.
 *
 * - `ends`: how each run ended, and when, in the order in which they began
 * - `outcomes`: one a call, those of inner runs too
 * - `notes`: what tools noted
 * - `told`: of each run, what was told, with when that was
 * - `logs`: of each instant, in any order
 */
export interface Seen {
  readonly ends: ReadonlyArray<string>
  readonly outcomes: ReadonlyArray<string>
  readonly notes: ReadonlyArray<string>
  readonly told: ReadonlyArray<ReadonlyArray<string>>
  readonly logs: ReadonlyArray<string>
}

/** Lines in order of time, and of their text within one instant. */
export const sorted = (lines: ReadonlyArray<Line>): ReadonlyArray<string> =>
  lines.toSorted((a, b) => a.at - b.at || (a.what < b.what ? -1 : 1)).map(({ at, what }) => `${at} ${what}`)

const parts = ["outcomes", "notes", "told", "logs", "ends"] as const

/** The first way in which what was seen differs from what has to be seen. */
export const difference = (seen: Seen, expected: Seen): string | undefined => {
  const part = parts.find((name) => !Equal.equals(seen[name], expected[name]))
  if (part === undefined) return undefined
  const [actual, wanted] = [flat(seen[part]), flat(expected[part])]
  const lost = wanted.filter((line) => !actual.includes(line))
  const more = actual.filter((line) => !wanted.includes(line))
  return `${part}:\n${lost.map((line) => `  - ${line}`).join("\n")}\n${more.map((line) => `  + ${line}`).join("\n")}\n${
    lost.length + more.length === 0 ? format({ seen: seen[part], expected: expected[part] }) : ""
  }`
}

const flat = (all: ReadonlyArray<string | ReadonlyArray<string>>): ReadonlyArray<string> =>
  all.flatMap((one, run) => typeof one === "string" ? [one] : one.map((line) => `run ${run}: ${line}`))

/**
 * What a person sees of the difference of two runs.
 */
import type { Change, Difference, Seen, Totals } from "@volley/telemetry/Run"
import { shorten, visible } from "./Screen.ts"

/** The names of the two files, and those of them that were cut off. */
export interface Names {
  readonly a: string
  readonly b: string
  readonly cut: ReadonlyArray<string>
}

/** Draws what differs, and below it what both runs took. */
export const draw = (difference: Difference, { a, b, cut }: Names): string => {
  const { calls, isSame } = difference
  const changes = calls.filter(({ isSame }) => !isSame)
  return [
    isSame
      ? `The runs are the same: ${count(calls.length, "call")} with the same outcomes.`
      : `The runs differ: ${summary(difference)}.`,
    ...[...difference.a.end === "no end" ? [a] : [], ...difference.b.end === "no end" ? [b] : []].map((name) =>
      `${visible(name)} has no end: its agent still runs, or was stopped by force.`
    ),
    ...cut.map((name) => `The last line of ${visible(name)} was cut off and is left out.`),
    "",
    `A is ${visible(a)}, B is ${visible(b)}.`,
    ...changes.flatMap(drawChange),
    ...drawEnds(difference),
    "",
    ...table(difference)
  ].join("\n")
}

const summary = ({ a, b, calls }: Difference): string => {
  const same = calls.filter(({ isSame }) => isSame).length
  const other = calls.filter(({ a, b, isSame }) => !isSame && a !== undefined && b !== undefined).length
  const [gone, added] = [
    calls.filter(({ b }) => b === undefined).length,
    calls.filter(({ a }) => a === undefined).length
  ]
  return [
    `${count(same, "call")} the same`,
    ...other > 0 ? [`${other} with another outcome`] : [],
    ...gone > 0 ? [`${gone} in A alone`] : [],
    ...added > 0 ? [`${added} in B alone`] : [],
    ...a.end === b.end ? [] : ["another end"]
  ].join(", ")
}

const drawChange = ({ a, arguments: args, b, tool, where }: Change): ReadonlyArray<string> => [
  "",
  `turn ${(a ?? b)?.turn ?? 0}  ${[...where, tool].map(visible).join(" > ")} ${cut(JSON.stringify(args) ?? "")}`,
  `  A  ${a === undefined ? "did not call it" : drawSeen(a)}`,
  `  B  ${b === undefined ? "did not call it" : drawSeen(b)}`
]

const drawSeen = ({ attempts, error, isError, millis, text }: Seen): string =>
  [
    isError ? visible(error ?? "failed") : "succeeded",
    ...millis === undefined ? [] : [`in ${took(millis)}`],
    ...attempts > 1 ? [`after ${attempts} attempts`] : []
  ].join(" ") + `: ${cut(text)}`

const drawEnds = ({ a, b }: Difference): ReadonlyArray<string> =>
  a.end === b.end ? [] : ["", "the end", `  A  ${cut(a.end)}`, `  B  ${cut(b.end)}`]

const table = ({ a, b }: Difference): ReadonlyArray<string> => {
  const rows = [
    row("", undefined),
    row("time", ({ millis }) => took(millis)),
    row("turns", ({ turns }) => String(turns)),
    row("calls", ({ calls }) => String(calls)),
    row("calls that failed", ({ failed }) => String(failed)),
    row("tokens read", ({ usage }) => String(usage.input)),
    row("tokens written", ({ usage }) => String(usage.output)),
    ...a.cost === undefined && b.cost === undefined ? [] : [row("cost", ({ cost }) => cost?.toFixed(6) ?? "")]
  ].map((cells) => cells(a, b))
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows.map(([name = "", ...cells]) =>
    [name.padEnd(widths[0] ?? 0), ...cells.map((cell, n) => cell.padStart(widths[n + 1] ?? 0))].join("  ").trimEnd()
  )
}

const row = (name: string, of: ((totals: Totals) => string) | undefined) => (a: Totals, b: Totals) =>
  of === undefined ? [name, "A", "B"] : [name, of(a), of(b)]

const took = (millis: number): string => millis < 1000 ? `${Math.round(millis)} ms` : `${(millis / 1000).toFixed(2)} s`

const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`

const cut = (text: string): string => visible(shorten(text, 100))

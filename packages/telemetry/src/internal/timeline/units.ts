/** Times, counts and names in words. */
import type { Row, Span, Timeline, Why } from "./row.ts"

/** A length of time as short as it can be told: `0.4 ms`, `240 ms`, `1.24 s`, `12.5 s`, `3 min 5 s`. */
export const time = (ms: number): string => {
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`
  if (ms < 1000) return Math.round(ms) === 1000 ? "1 s" : `${Math.round(ms)} ms`
  if (ms < 60_000) return `${Number((ms / 1000).toFixed(ms < 10_000 ? 2 : 1))} s`
  const seconds = Math.round(ms / 1000)
  const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60]
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`
}

const steps = [1, 2, 5].flatMap((n) => [0, 1, 2, 3, 4, 5, 6].map((power) => n * 10 ** power)).toSorted((a, b) => a - b)

/** At which times an axis has marks: at most so many of the same round length, from 0 on. */
export const ticks = (length: number, most: number): ReadonlyArray<number> => {
  const step = length < 60_000
    ? steps.find((step) => length / step <= most) ?? length / most
    : [15_000, 30_000, ...steps.map((n) => n * 60_000)].find((step) => length / step <= most) ?? length / most
  return Array.from({ length: Math.floor(length / step) + 1 }, (_, n) => n * step)
}

const grouped = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 })

export const number = (n: number): string => grouped.format(n)

export const count = (n: number, one: string): string => `${number(n)} ${one}${n === 1 ? "" : "s"}`

const whys: { readonly [_ in Why]: string } = {
  slot: "for a free slot",
  limit: "for room under a limit",
  rate: "for a rate limit",
  access: "for a call that touches the same",
  approval: "for approval",
  turn: "for the end of the turn"
}

/** Why a call waited. */
export const why = (span: Extract<Span, { readonly kind: "wait" }>): string =>
  span.behind === undefined ? whys[span.why] : `for ${span.behind}, which touches the same`

/** What a run comes to in one sentence. */
export const headline = ({ calls, callsMs, serialMs }: Timeline): string => {
  if (calls === 0) return "No calls"
  const gain = serialMs / callsMs
  return gain >= 1.05
    ? `${count(calls, "call")} in ${time(callsMs)} instead of ${time(serialMs)} (${gain.toFixed(1)}×)`
    : `${count(calls, "call")} in ${time(callsMs)}`
}

/** How long a row took: a call from its start, one that never started not at all. */
export const taken = ({ spans }: Row): number => {
  const own = spans.filter(({ kind }) => kind !== "wait")
  return own.length === 0 ? 0 : Math.max(...own.map(({ to }) => to)) - Math.min(...own.map(({ from }) => from))
}

/** How long a call waited. */
export const waited = ({ spans }: Row): number =>
  spans.reduce((sum, { from, kind, to }) => kind === "wait" ? sum + to - from : sum, 0)

/** How a row ended, where that is not simply well. */
export const ending = ({ attempts, end, error, sameAs, spans }: Row): string =>
  [
    ...(end === "failed" ? [error ?? "failed"] : []),
    ...(end === "timeout" ? ["timed out"] : []),
    ...(end === "refused" ? [error === undefined ? "never started" : `never started: ${error}`] : []),
    ...(end === "open" ? ["goes on"] : []),
    ...(attempts > 1 ? [`${attempts} attempts`] : []),
    ...(spans.some(({ kind }) => kind === "hedge") ? ["hedged"] : []),
    ...(sameAs === undefined ? [] : [`same as ${sameAs}`])
  ].join(", ")

/** Spells out characters that would not be shown, or would be obeyed. */
export const visible = (text: string): string =>
  text.replaceAll(
    /(?![\ufe0e\ufe0f])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu,
    (char) => char.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("")
  )

/** Pieces of a text, each at most so long; cut where a word ends if one does. */
export const wrap = (text: string, most: number): ReadonlyArray<string> => {
  if (text.length <= most) return [text]
  const head = text.slice(0, most)
  const word = head.slice(0, head.split("").findLastIndex((char) => /[\s_/-]/.test(char)) + 1)
  const first = word.length > most / 2 ? word : head
  return [first.trimEnd(), ...wrap(text.slice(first.length).trimStart(), most)]
}

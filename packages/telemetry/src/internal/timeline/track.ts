/** The bars of a row, as SVG whose places are shares of its width. */
import type { Interval, Row, Span, Step } from "./row.ts"

/** Where a time is, in percent of the whole. */
export const share = (ms: number, length: number): string =>
  `${length === 0 ? 0 : Number((Math.max(0, Math.min(1, ms / length)) * 100).toFixed(3))}%`

const bar = (kind: string, { from, to }: Interval, length: number, y: number, height: number): string => {
  const round = height > 6 ? " rx=\"2\"" : ""
  return `<rect class="${kind}" x="${share(from, length)}" width="${
    share(to - from, length)
  }" y="${y}" height="${height}"${round}/>`
}

/** Draws a row; `thread` is when it was on the critical path. */
export const track = (row: Row, thread: ReadonlyArray<Interval>, length: number): string => {
  const bars = row.spans.map((span) => barOf(span, row, length))
  const ticks = row.progress.map((at) =>
    `<line class="p" x1="${share(at, length)}" x2="${share(at, length)}" y1="9" y2="21"/>`
  )
  const never = row.end === "refused" ? [cross(row.to, length)] : []
  const path = thread.map((part) => bar("t", part, length, 25, 2))
  return `<svg class="track" aria-hidden="true">${[...bars, ...ticks, ...never, ...path].join("")}</svg>`
}

const cross = (at: number, length: number): string => `<circle class="z" cx="${share(at, length)}" cy="15" r="4"/>`

const barOf = (span: Span, row: Row, length: number): string => {
  if (span.kind === "model") return bar("m", span, length, 8, 14)
  if (span.kind === "wait") return bar("w", span, length, 14, 2)
  if (span.kind === "hedge") return bar("h", span, length, 22, 2)
  if (row.composite) return bar(row.end === "ok" || row.end === "open" ? "c" : lookOf(row), span, length, 12, 6)
  return bar(span.failed ? "a" : lookOf(row), span, length, 9, 12)
}

const lookOf = ({ end }: Row): string => end === "ok" ? "r" : end === "timeout" ? "l" : end === "open" ? "o" : "x"

/** The critical path as one bar. */
export const strip = (path: ReadonlyArray<Step>, length: number): string => {
  const kinds = { model: "m", run: "r", wait: "w" }
  const bars = path.map((step) => step.kind === "other" ? "" : bar(kinds[step.kind], step, length, 0, 16))
  return `<svg aria-hidden="true">${bars.join("")}</svg>`
}

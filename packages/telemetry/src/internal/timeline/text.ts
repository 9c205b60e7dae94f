/** Timelines as lines of a terminal. */
import type { Row, Span, Timeline } from "./row.ts"
import { ending, headline, taken, ticks, time, visible, wrap } from "./units.ts"

/** How lines are drawn. */
export interface TextOptions {
  /** Characters of a line; 80. */
  readonly width?: number | undefined
  /** With the colours of a terminal; false. */
  readonly colour?: boolean | undefined
  /** Lines for the rows of each run, the last of which counts those that have none; as many as there are rows. */
  readonly rows?: number | undefined
  /** To when what goes on is drawn, in milliseconds since the epoch; to the last event. */
  readonly until?: number | undefined
}

type Ink = "model" | "wait" | "run" | "failed" | "timeout" | "dim" | "bold" | "plain"

const codes: { readonly [_ in Ink]: string } = {
  model: "34",
  wait: "90",
  run: "32",
  failed: "31",
  timeout: "33",
  dim: "90",
  bold: "1",
  plain: ""
}

type Paint = (text: string, ink: Ink) => string

/** A line of the picture before it is laid out. */
interface Line {
  readonly label: string
  readonly spans: ReadonlyArray<Span>
  readonly row: Row | undefined
  readonly told: string
}

/** Draws timelines under each other on one axis of time. */
export const text = (timelines: ReadonlyArray<Timeline>, options: TextOptions): string => {
  const { colour = false, rows: most = Infinity, width = 80 } = options
  const paint: Paint = (text, ink) =>
    colour && codes[ink] !== "" && text !== "" ? `\u001b[${codes[ink]}m${text}\u001b[0m` : text
  const scale = Math.max(...timelines.map(({ length }) => length), 0)
  const all = timelines.map((timeline) => {
    const whole = linesOf(timeline)
    const lines = whole.length > most ? whole.slice(0, Math.max(1, most - 1)) : whole
    return { timeline, lines, more: whole.length - lines.length }
  })
  const lines = all.flatMap(({ lines }) => lines)
  const column = Math.min(Math.max(0, ...lines.map(({ label }) => label.length)), Math.max(8, Math.floor(width * 0.35)))
  const right = Math.min(Math.max(0, ...lines.map(({ told }) => told.length)), Math.max(8, Math.floor(width * 0.28)))
  const bar = Math.max(8, width - column - right - 4)
  const drawn = all.flatMap(({ lines, more, timeline }, index) => [
    ...(index > 0 ? [""] : []),
    ...title(timeline, width, paint),
    ...lines.flatMap((line) => draw(line, { column, bar, right, scale, paint })),
    ...(more > 0 ? [paint(`… ${more} more`, "dim")] : [])
  ])
  return [...drawn, paint(axis(scale, column, bar), "dim")].join("\n")
}

const title = (timeline: Timeline, width: number, paint: Paint): ReadonlyArray<string> => {
  const name = timeline.name === "" ? "" : `${visible(timeline.name)}: `
  const [first = "", ...rest] = wrap(`${name}${time(timeline.length)} · ${headline(timeline)}`, width)
  return [paint(first, "bold"), ...rest.map((line) => paint(line, "bold"))]
}

/** All turns of an agent stand in one line, before its calls. */
const linesOf = ({ rows }: Timeline): ReadonlyArray<Line> => {
  const lines = new Map<string, Line>()
  for (const row of rows) {
    const key = row.kind === "turn" ? `${row.key.slice(0, row.key.lastIndexOf("/") + 1)} model` : row.key
    const before = lines.get(key)
    const spans = [...before?.spans ?? [], ...row.spans]
    const isTurn = row.kind === "turn"
    const label = `${"  ".repeat(row.depth)}${isTurn ? "model" : visible(row.name)}`
    const ms = isTurn ? spans.reduce((sum, { from, to }) => sum + to - from, 0) : taken(row)
    const told = [...(row.end === "refused" ? [] : [time(ms)]), visible(ending(row))].filter((it) => it !== "").join(
      " "
    )
    lines.set(key, { label, spans, row: isTurn ? undefined : row, told })
  }
  return Array.from(lines.values())
}

interface Layout {
  readonly column: number
  readonly bar: number
  readonly right: number
  readonly scale: number
  readonly paint: Paint
}

const draw = ({ label, row, spans, told }: Line, layout: Layout): ReadonlyArray<string> => {
  const { column, paint, right } = layout
  const indent = label.length - label.trimStart().length
  const labels = wrap(label.trimStart(), Math.max(4, column - indent)).map((part) => `${" ".repeat(indent)}${part}`)
  const tolds = wrap(told, right)
  const bad = row?.end === "failed" || row?.end === "refused" ? "failed" : row?.end === "timeout" ? "timeout" : "plain"
  const mark = row?.critical === true ? "bold" : "plain"
  return Array.from({ length: Math.max(labels.length, tolds.length) }, (_, n) => {
    const bars = n === 0 ? cells(spans, row, layout) : " ".repeat(layout.bar)
    const line = `${paint((labels[n] ?? "").padEnd(column), mark)} ${bars} ${paint(tolds[n] ?? "", bad)}`
    return line.trimEnd()
  })
}

const glyphs = { model: "█", wait: "·", run: "█", failed: "▒", timeout: "▒", hedge: "▄" }

const cells = (spans: ReadonlyArray<Span>, row: Row | undefined, { bar, paint, scale }: Layout): string => {
  const at = (ms: number) => scale === 0 ? 0 : Math.min(bar - 1, Math.round(ms / scale * bar))
  const inks = Array.from({ length: bar }, (): readonly [glyph: string, ink: Ink] => [" ", "plain"])
  for (const span of spans) {
    const from = at(span.from)
    inks.fill(
      lookOf(span, row),
      from,
      Math.max(from + (span.kind === "wait" ? 0 : 1), Math.min(bar, Math.round(span.to / (scale || 1) * bar)))
    )
  }
  return runsOf(inks).map(([text, ink]) => paint(text, ink)).join("")
}

const lookOf = (span: Span, row: Row | undefined): readonly [glyph: string, ink: Ink] => {
  if (span.kind === "model") return [glyphs.model, "model"]
  if (span.kind === "wait") return [glyphs.wait, "wait"]
  if (span.kind === "hedge") return [glyphs.hedge, "run"]
  if (span.failed || row?.end === "failed") return [glyphs.failed, "failed"]
  return row?.end === "timeout" ? [glyphs.timeout, "timeout"] : [glyphs.run, "run"]
}

const runsOf = (cells: ReadonlyArray<readonly [string, Ink]>): ReadonlyArray<readonly [string, Ink]> => {
  const runs: Array<[string, Ink]> = []
  for (const [glyph, ink] of cells) {
    const last = runs.at(-1)
    if (last?.[1] === ink) last[0] += glyph
    else runs.push([glyph, ink])
  }
  return runs
}

const axis = (scale: number, column: number, bar: number): string => {
  const marks = ticks(scale, Math.max(2, Math.floor(bar / 9)))
  const line = marks.reduce((line, ms) => {
    const at = scale === 0 ? 0 : Math.min(bar - 1, Math.round(ms / scale * bar))
    const label = ms === 0 ? "0" : time(ms)
    return at < line.length || at + label.length > bar + 8 ? line : `${line.padEnd(at)}${label} `
  }, "")
  return `${" ".repeat(column + 1)}${line.trimEnd()}`
}

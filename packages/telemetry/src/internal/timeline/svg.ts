/** Timelines as a picture: one SVG file, light or dark as its reader has it. */
import { escape } from "./escape.ts"
import type { Row, Span, Timeline } from "./row.ts"
import { ending, headline, taken, ticks, time, wrap } from "./units.ts"

/** How a picture is drawn. */
export interface SvgOptions {
  /** 960. */
  readonly width?: number | undefined
}

const style =
  `svg{--ink:#1b1f24;--dim:#5b6470;--line:#e3e2de;--paper:#fff;--model:#7159d6;--run:#12977a;--wait:#a9b0ba;--bad:#d2304a;--late:#a85400;--hedge:#2c8fb3}
@media (prefers-color-scheme:dark){svg{--ink:#eceef1;--dim:#a2abb8;--line:#2c3038;--paper:#14161a;--model:#9d8bf5;--run:#35c29f;--wait:#5d6673;--bad:#ff6b81;--late:#f2a33c;--hedge:#5cc3e8}}
text{font:13px ui-sans-serif,system-ui,sans-serif;fill:var(--ink)}.title{font-size:15px;font-weight:600}.dim{fill:var(--dim)}.bad{fill:var(--bad)}.on{font-weight:600}
.back{fill:var(--paper)}.m{fill:var(--model)}.r{fill:var(--run)}.x{fill:var(--bad)}.a{fill:var(--bad);opacity:.5}.l{fill:var(--late)}.w{fill:var(--wait)}.h{fill:var(--hedge)}.c{fill:var(--run);opacity:.45}.o{fill:var(--run);opacity:.7}.t{fill:var(--ink)}.z{fill:none;stroke:var(--bad);stroke-width:2}.g{stroke:var(--line)}`

/** How wide a letter is, rather more than less, so that no text is cut. */
const letter = 7.8
const [padding, rowHeight, lineHeight] = [16, 26, 17]

interface Layout {
  readonly x: (ms: number) => number
  readonly letters: number
  readonly tolds: number
  readonly right: number
  readonly threads: ReadonlyMap<string, ReadonlyArray<{ readonly from: number; readonly to: number }>>
}

interface Drawn {
  readonly height: number
  readonly body: string
}

/** Draws timelines under each other on one axis of time. */
export const svg = (timelines: ReadonlyArray<Timeline>, { width = 960 }: SvgOptions): string => {
  const scale = Math.max(0, ...timelines.map(({ length }) => length))
  const rows = timelines.flatMap(({ rows }) => rows)
  const longest = Math.max(8, ...rows.map((row) => nameOf(row).length + row.depth * 2))
  const left = padding + Math.min(longest * letter, width * 0.34) + 12
  const right = Math.min(Math.max(8, ...rows.map((row) => howOf(row).length)) * letter, width * 0.2) + padding
  const x = (ms: number) => left + (scale === 0 ? 0 : ms / scale * (width - left - right - 10))
  const letters = Math.ceil((left - padding - 12) / letter)
  const tolds = Math.ceil((right - padding) / letter)
  let y = padding
  const parts = timelines.map((timeline) => {
    const threads = new Map<string, Array<{ readonly from: number; readonly to: number }>>()
    for (const step of timeline.path) threads.set(step.key, [...threads.get(step.key) ?? [], step])
    const layout = { x, right: width - right, letters, tolds, threads }
    const { body, height } = draw(timeline, layout, y, width)
    y += height
    return body
  })
  const marks = ticks(scale, Math.max(2, Math.floor((width - left - right) / 80)))
  const grid = marks.map((ms) =>
    `<line class="g" x1="${at(x(ms))}" x2="${at(x(ms))}" y1="${padding + 24}" y2="${y}"/><text class="dim" x="${
      at(x(ms))
    }" y="${y + 16}" text-anchor="${ms === 0 ? "start" : "middle"}">${ms === 0 ? "0" : time(ms)}</text>`
  )
  const height = y + 16 + padding
  const name = timelines.map((timeline) => titleOf(timeline)).join("; ")
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${at(height)}" width="${width}" height="${
    at(height)
  }" role="img" aria-label="${
    escape(name)
  }"><style>${style}</style><rect class="back" width="100%" height="100%" rx="10"/>${grid.join("")}${
    parts.join("")
  }</svg>\n`
}

const at = (n: number): string => String(Number(n.toFixed(1)))

const titleOf = (timeline: Timeline): string =>
  `${timeline.name === "" ? "" : `${timeline.name}: `}${time(timeline.length)} · ${headline(timeline)}`

const nameOf = ({ id, kind, name }: Row): string => kind === "turn" ? id : name

const howOf = (row: Row): string =>
  [row.end === "refused" ? "" : time(taken(row)), ending(row)].filter((it) => it !== "").join(" · ")

const draw = (timeline: Timeline, layout: Layout, top: number, width: number): Drawn => {
  const title = wrap(titleOf(timeline), Math.floor((width - 2 * padding) / 8.5))
  let y = top + 4
  const lines = title.map((line) => {
    y += 20
    return `<text class="title" x="${padding}" y="${at(y - 6)}">${escape(line)}</text>`
  })
  const rows = timeline.rows.map((row) => {
    const { body, height } = rowOf(row, layout, y)
    y += height
    return body
  })
  // The lines of the axis do not go through the title.
  const back = `<rect class="back" x="${padding}" y="${at(top)}" width="${width - 2 * padding}" height="${
    title.length * 20 + 4
  }"/>`
  return { height: y - top + 12, body: [back, ...lines, ...rows].join("") }
}

const rowOf = (row: Row, layout: Layout, y: number): Drawn => {
  const indent = row.depth * 12
  const names = wrap(nameOf(row), Math.max(4, layout.letters - row.depth * 2))
  const hows = wrap(howOf(row), layout.tolds)
  const kind = row.critical ? "on" : ""
  const bad = row.end === "failed" || row.end === "refused" || row.end === "timeout" ? "bad" : "dim"
  const labels = names.map((name, n) =>
    `<text class="${kind}" x="${padding + indent}" y="${at(y + 17 + n * lineHeight)}">${escape(name)}</text>`
  )
  const told = hows.map((how, n) =>
    `<text class="${bad}" x="${at(layout.right)}" y="${at(y + 17 + n * lineHeight)}">${escape(how)}</text>`
  )
  const bars = row.spans.map((span) => barOf(span, row, layout, y))
  const threads = (layout.threads.get(row.key) ?? []).map(({ from, to }) => rect("t", from, to, layout, y + 21, 2))
  const height = rowHeight + (Math.max(names.length, hows.length) - 1) * lineHeight
  const never = row.end === "refused"
    ? [`<circle class="z" cx="${at(layout.x(row.to))}" cy="${at(y + 13)}" r="4"/>`]
    : []
  return { height, body: [...labels, ...bars, ...never, ...threads, ...told].join("") }
}

const rect = (kind: string, from: number, to: number, { x }: Layout, y: number, height: number): string =>
  `<rect class="${kind}" x="${at(x(from))}" y="${at(y)}" width="${
    at(Math.max(1, x(to) - x(from)))
  }" height="${height}"${height > 4 ? " rx=\"2\"" : ""}/>`

const barOf = (span: Span, row: Row, layout: Layout, y: number): string => {
  const draw = (kind: string, from: number, height: number) => rect(kind, span.from, span.to, layout, y + from, height)
  if (span.kind === "model") return draw("m", 6, 13)
  if (span.kind === "wait") return draw("w", 12, 2)
  if (span.kind === "hedge") return draw("h", 19, 2)
  if (row.composite) return draw("c", 10, 6)
  if (span.failed) return draw("a", 7, 12)
  return draw(row.end === "ok" ? "r" : row.end === "timeout" ? "l" : row.end === "open" ? "o" : "x", 7, 12)
}

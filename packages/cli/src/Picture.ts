/**
 * What a person sees of a demo, on one screen: the exchange in short, a waterfall of the calls, and the figures of all wires.
 */
import type { Conversation, Message } from "@volley/core/Conversation"
import type { Run } from "@volley/telemetry/Run"
import * as Timeline from "@volley/telemetry/Timeline"
import type { Progress } from "./Play.ts"
import { make, type Plays, type Side } from "./Report.ts"
import { type Page, shorten, visible } from "./Screen.ts"

/** Draws the plays of all wires: the exchange and the waterfall are those of the first. */
export const draw = (plays: ReadonlyArray<Plays>, page: Page): string => {
  const [first] = plays
  const shown = first?.parallel ?? first?.serial
  if (first === undefined || shown === undefined) return ""
  const { columns: width = 80, rows: height = Infinity } = page
  const runs = [first.serial, first.parallel].flatMap((play) => play === undefined ? [] : [play.run])
  const before = exchange(first, shown.ended.conversation, width)
  const behind = table(plays, width)
  const waterfall = fitting(runs, page, height - before.length - behind.length - 3)
  return [...before, "", waterfall, "", ...behind, ""].join("\n")
}

/** Leaves rows of each run out until the others fit. */
const fitting = (runs: ReadonlyArray<Run>, { colour, columns: width = 80 }: Page, height: number): string => {
  const most = Math.max(...runs.map(({ events }) => events.length))
  const heights = Array.from({ length: most }, (_, n) => most - n).filter((rows) => rows >= 2 && rows <= height)
  const draw = (rows?: number) => Timeline.text(runs, { width, colour, rows })
  const whole = draw()
  if (whole.split("\n").length <= height) return whole
  const rows = heights.find((rows) => draw(rows).split("\n").length <= height)
  return draw(rows ?? 2)
}

/** Who said what, a line each. */
const exchange = ({ wire }: Plays, { messages }: Conversation, width: number): ReadonlyArray<string> => {
  const lines = messages.flatMap((message) => said(message))
  const shown = lines.length > 4
    ? [...lines.slice(0, 3), `${" ".repeat(10)}… ${lines.length - 4} more`, ...lines.slice(-1)]
    : lines
  const [question = "", ...rest] = shown.map((line) => shorten(line, width))
  return [question, ...rest.map((line, index) => index === 0 ? shorten(`${line} (${wire})`, width) : line)]
}

const said = (message: Message): ReadonlyArray<string> => {
  switch (message.role) {
    case "system":
      return []
    case "user":
      return [`user      ${visible(message.text)}`]
    case "assistant":
      return [
        `model     ${
          message.calls.length === 0
            ? visible(message.text)
            : `calls ${message.calls.map(({ name }) => visible(name)).join(", ")}`
        }`
      ]
    case "tool":
      return [`tools     ${message.results.map(({ text }) => visible(text)).join(" ")}`]
  }
}

/** Draws how far plays are, by their names. */
export const drawLive = (plays: ReadonlyMap<string, Progress>, now: number, page: Page = {}): ReadonlyArray<string> => {
  const runs = Array.from(plays, ([name, { run }]) => ({ ...run, head: { ...run.head, name } }))
  const { colour, columns: width = 80 } = page
  return runs.length === 0 ? [] : Timeline.text(runs, { width, colour, until: now }).split("\n")
}

const columns: ReadonlyArray<readonly [title: string, width: number, of: (side: Side) => string]> = [
  ["seconds", 15, ({ wallMs }) => (wallMs / 1000).toFixed(2)],
  ["requests", 11, ({ trips }) => String(trips)],
  ["at once", 11, ({ maxInFlight }) => String(maxInFlight)],
  ["tokens", 15, ({ tokens }) => String(tokens)]
]

/** The width of the column that says how much faster the parallel side is. */
const last = 10

const fasterOf = (serial: Side | null, parallel: Side | null): string => {
  if (parallel === null) return ""
  return serial === null ? "no serial" : `${(serial.wallMs / parallel.wallMs).toFixed(1)}×`
}

/** One line a wire, serial before parallel; the last columns are left out where there is no room. */
const table = (plays: ReadonlyArray<Plays>, width: number): ReadonlyArray<string> => {
  const name = Math.max(...plays.map(({ wire }) => wire.length)) + 1
  const rows = plays.map((play) => ({ play, ...make(play) }))
  const shown = columns.filter((_, index) =>
    name + last + columns.slice(0, index + 1).reduce((sum, [, width]) => sum + width, 0) <= width
  )
  const head = `${"".padEnd(name)}${shown.map(([title, width]) => title.padStart(width)).join("")}${
    "faster".padStart(last)
  }`
  return [
    head,
    ...rows.map(({ parallel, serial, wire }) => {
      const cells = shown.map(([, width, of]) =>
        [serial, parallel].flatMap((side) => side === null ? [] : [of(side)]).join(" → ").padStart(width)
      )
      return `${wire.padEnd(name)}${cells.join("")}${fasterOf(serial, parallel).padStart(last)}`.trimEnd()
    })
  ]
}

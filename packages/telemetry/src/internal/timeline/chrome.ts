/** A timeline in the trace event format, which Chrome's and other viewers open. */
import type * as Schema from "effect/Schema"
import type { Row, Span, Timeline } from "./row.ts"
import { ending, why } from "./units.ts"

/** Writes a timeline as a trace; times are microseconds, each row is a thread. */
export const trace = ({ length, name, rows }: Timeline): Schema.Json => ({
  displayTimeUnit: "ms",
  traceEvents: [
    { ph: "M", pid: 1, tid: 0, name: "process_name", args: { name: name === "" ? "run" : name } },
    { ph: "X", pid: 1, tid: 0, name: name === "" ? "run" : name, cat: "run", ts: 0, dur: micros(length), args: {} },
    ...rows.flatMap((row, index) => [
      { ph: "M", pid: 1, tid: index + 1, name: "thread_name", args: { name: `${row.name} ${row.id}` } },
      { ph: "M", pid: 1, tid: index + 1, name: "thread_sort_index", args: { sort_index: index + 1 } },
      ...row.spans.map((span) => ({
        ph: "X",
        pid: 1,
        tid: index + 1,
        name: nameOf(row, span),
        cat: span.kind,
        ts: micros(span.from),
        dur: micros(span.to - span.from),
        args: { id: row.id, critical: row.critical, ended: ending(row) || row.end }
      })),
      ...row.progress.map((at) => point(index, at, "progress", "progress")),
      ...row.end === "refused" ? [point(index, row.to, "refused", `${row.name} ${ending(row)}`)] : []
    ])
  ]
})

const point = (index: number, at: number, cat: string, name: string): Schema.Json => ({
  ph: "i",
  s: "t",
  pid: 1,
  tid: index + 1,
  name,
  cat,
  ts: micros(at),
  args: {}
})

const micros = (ms: number): number => Math.round(ms * 1000)

const nameOf = (row: Row, span: Span): string => {
  if (span.kind === "wait") return `waits ${why(span)}`
  return span.kind === "hedge" ? `${row.name}, second attempt` : row.name
}

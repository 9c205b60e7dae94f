// Draws spans in a terminal, each as a bar on one scale of time.
import type { Tracer } from "effect"

export type Span = Pick<Tracer.Span, "name" | "status">

const width = 56

interface Bar {
  readonly name: string
  readonly from: number
  readonly to: number
}

/** The model's turns and the calls of tools, in milliseconds from the first of them. */
export const barsOf = (spans: ReadonlyArray<Span>): ReadonlyArray<Bar> => {
  const ended = spans.flatMap(({ name, status }) =>
    status._tag === "Ended" && /^(model$|execute_tool )/.test(name)
      ? [{ name: name.replace(/^execute_tool /, "  "), from: status.startTime, to: status.endTime }]
      : []
  )
  const zero = ended[0]?.from ?? 0n
  return ended.map(({ from, name, to }) => ({ name, from: Number(from - zero) / 1e6, to: Number(to - zero) / 1e6 }))
}

/** One row per bar, in the order in which they started; `millis` is as wide as the picture. */
export const draw = (bars: ReadonlyArray<Bar>, millis: number): ReadonlyArray<string> => {
  const at = (time: number) => Math.round((time / millis) * width)
  return bars.map(({ from, name, to }) =>
    `${name.padEnd(12)}${" ".repeat(at(from))}${"█".repeat(Math.max(1, at(to) - at(from)))}`
  )
}

/** Tables, as Markdown that is readable as it is. */

/** One column: what stands above it, and how wide what stands in it is aligned. */
export interface Column {
  readonly head: string
  readonly align: "left" | "right"
}

export const left = (head: string): Column => ({ head, align: "left" })

export const right = (head: string): Column => ({ head, align: "right" })

/** Draws a table whose columns are as wide as their widest cell. */
export const draw = (columns: ReadonlyArray<Column>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = columns.map(({ head }, at) => Math.max(3, head.length, ...rows.map((row) => (row[at] ?? "").length)))
  const line = (cells: ReadonlyArray<string>) =>
    `| ${columns.map((column, at) => fill(cells[at] ?? "", widths[at] ?? 0, column.align)).join(" | ")} |`
  const rule = columns.map(({ align }, at) =>
    align === "right" ? `${"-".repeat((widths[at] ?? 3) - 1)}:` : "-".repeat(widths[at] ?? 3)
  )
  return [line(columns.map(({ head }) => head)), line(rule), ...rows.map(line)].join("\n")
}

const fill = (text: string, width: number, align: Column["align"]): string =>
  align === "right" ? text.padStart(width) : text.padEnd(width)

/** A number with as many digits as tell something: three, and thousands apart. */
export const digits = (value: number | undefined): string => {
  if (value === undefined || !Number.isFinite(value)) return "-"
  const places = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2
  return value.toFixed(places).replace(/\B(?=(\d{3})+(?!\d))/g, ",")
}

/** How often something goes into something else. */
export const times = (value: number | undefined): string => {
  const text = digits(value)
  return text === "-" ? text : `${text} ×`
}

export const percent = (part: number | undefined): string => part === undefined ? "-" : `${Math.round(part * 100)} %`

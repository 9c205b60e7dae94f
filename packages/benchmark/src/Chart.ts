/** Charts as SVG, drawn as text. */

/** One bar; those of `own` are drawn in the colour of the project. */
export interface Bar {
  readonly label: string
  readonly value: number
  readonly text: string
  readonly own: boolean
}

/** One line: its points from left to right, and its name at the last of them. */
export interface Series {
  readonly label: string
  readonly points: ReadonlyArray<readonly [number, number]>
  readonly own: boolean
}

const font = `font-family="system-ui, sans-serif" font-size="12"`
const colour = (own: boolean): string => own ? "#0b7a75" : "#9aa5b1"

const page = (width: number, height: number, title: string, parts: ReadonlyArray<string>): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${
      escape(title)
    }" ${font} fill="#1f2933">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="16" y="24" font-size="15" font-weight="600">${escape(title)}</text>`,
    ...parts,
    "</svg>",
    ""
  ].join("\n")

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll("\"", "&quot;")

/** Draws bars whose lengths are the logarithms of their values, from a tenth below the least. */
export const bars = (title: string, given: ReadonlyArray<Bar>): string => {
  const drawn = given.filter(({ value }) => value > 0)
  const low = Math.log(Math.min(...drawn.map(({ value }) => value)) / 1.5)
  const high = Math.log(Math.max(...drawn.map(({ value }) => value)))
  const rows = drawn.map(({ label, own, text, value }, row) => {
    const y = 44 + row * 24
    const length = Math.round(((Math.log(value) - low) / (high - low || 1)) * 380)
    return [
      `<text x="310" y="${y + 13}" text-anchor="end">${escape(label)}</text>`,
      `<rect x="320" y="${y}" width="${Math.max(2, length)}" height="18" rx="2" fill="${colour(own)}"/>`,
      `<text x="${328 + Math.max(2, length)}" y="${y + 13}">${escape(text)}</text>`
    ].join("")
  })
  return page(800, 56 + drawn.length * 24, title, rows)
}

/** The powers of ten around values. */
const spanOf = (values: ReadonlyArray<number>) =>
  [Math.floor(Math.log10(Math.min(...values))), Math.ceil(Math.log10(Math.max(...values)))] as const

const powers = (from: number, to: number) =>
  Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => 10 ** (from + at))

/** Draws lines on two logarithmic axes, with a mark at each power of ten. */
export const lines = (title: string, across: string, series: ReadonlyArray<Series>): string => {
  const points = series.flatMap(({ points }) => points).filter(([, y]) => y > 0)
  const [left, right] = spanOf(points.map(([x]) => x))
  const [bottom, top] = spanOf(points.map(([, y]) => y))
  const x = (value: number) => Math.round(70 + ((Math.log10(value) - left) / (right - left || 1)) * 460)
  const y = (value: number) => Math.round(380 - ((Math.log10(value) - bottom) / (top - bottom || 1)) * 330)
  const axes = [
    ...powers(left, right).map((at) =>
      `<text x="${x(at)}" y="398" text-anchor="middle">${at.toLocaleString("en")}</text>`
    ),
    ...powers(bottom, top).map((at) =>
      `<path d="M70 ${y(at)}H530" stroke="#e4e7eb"/><text x="62" y="${y(at) + 4}" text-anchor="end">${at}</text>`
    ),
    `<text x="300" y="416" text-anchor="middle">${escape(across)}</text>`
  ]
  const places = apart(series.map(({ points }) => y(points.at(-1)?.[1] ?? 1)))
  const drawn = series.map(({ label, own, points }, at) => {
    const path = points.filter(([, value]) => value > 0).map(([a, b]) => `${x(a)} ${y(b)}`).join("L")
    const end = points.at(-1)?.[0] ?? 1
    return [
      `<path d="M${path}" fill="none" stroke="${colour(own)}" stroke-width="${own ? 2.5 : 1.5}"/>`,
      `<text x="${x(end) + 6}" y="${(places[at] ?? 0) + 4}" fill="${own ? "#0b7a75" : "#52606d"}">${
        escape(label)
      }</text>`
    ].join("")
  })
  return page(800, 428, title, [...axes, ...drawn])
}

/** Points from left to right. */
export type Points = ReadonlyArray<readonly [number, number]>

/** How a line is drawn, and what it is. */
export interface Key {
  readonly label: string
  readonly stroke: "own" | "other" | "dashed"
}

/** One of many small charts: its lines, in the order of the keys. */
export interface Panel {
  readonly title: string
  readonly lines: ReadonlyArray<Points>
}

const strokes = {
  own: `stroke="${colour(true)}" stroke-width="2.5"`,
  other: `stroke="${colour(false)}" stroke-width="2"`,
  dashed: `stroke="#52606d" stroke-width="1" stroke-dasharray="3 3"`
}

/** Draws small charts beside each other, four in a row, all on the same two logarithmic axes. */
export const panels = (title: string, keys: ReadonlyArray<Key>, given: ReadonlyArray<Panel>): string => {
  const points = given.flatMap(({ lines }) => lines.flat())
  const [left, right] = spanOf(points.map(([x]) => x))
  const [bottom, top] = spanOf(points.map(([, y]) => y))
  const x = (value: number) => Math.round(30 + ((Math.log10(value) - left) / (right - left || 1)) * 110)
  const y = (value: number) => Math.round(120 - ((Math.log10(value) - bottom) / (top - bottom || 1)) * 90)
  const grid = powers(bottom, top).map((at) =>
    `<path d="M30 ${y(at)}H140" stroke="#e4e7eb"/><text x="26" y="${y(at) + 3}" text-anchor="end">${at}</text>`
  )
  const drawn = given.map(({ lines, title }, at) =>
    [
      `<g transform="translate(${12 + (at % 4) * 196} ${52 + Math.floor(at / 4) * 136})" font-size="10">`,
      `<text x="6" y="18" font-size="11" font-weight="600">${escape(title)}</text>`,
      ...grid,
      ...lines.map((points, line) => stroke(points.map(([a, b]) => [x(a), y(b)]), keys[line])),
      ...lines.slice(0, 1).flatMap((points) => points.slice(-1)).map(([a, b]) =>
        `<text x="${x(a) + 4}" y="${y(b) + 3}" fill="${colour(true)}">${Number(b.toPrecision(2))}</text>`
      ),
      "</g>"
    ].join("")
  )
  const legend = keys.map((key, at) =>
    `${stroke([[16 + at * 160, 42], [40 + at * 160, 42]], key)}<text x="${46 + at * 160}" y="46">${
      escape(key.label)
    }</text>`
  )
  return page(800, 64 + Math.ceil(given.length / 4) * 136, title, [...legend, ...drawn])
}

const stroke = (points: Points, key: Key | undefined): string =>
  points.length === 0
    ? ""
    : `<path d="M${points.map(([x, y]) => `${x} ${y}`).join("L")}" fill="none" ${strokes[key?.stroke ?? "other"]}/>`

/** Moves what would lie one over the other down until it does not. */
const apart = (places: ReadonlyArray<number>): ReadonlyArray<number> => {
  const moved = [...places]
  const order = places.map((_, at) => at).sort((a, b) => (places[a] ?? 0) - (places[b] ?? 0))
  let least = -Infinity
  for (const at of order) {
    moved[at] = Math.max(moved[at] ?? 0, least)
    least = (moved[at] ?? 0) + 13
  }
  return moved
}

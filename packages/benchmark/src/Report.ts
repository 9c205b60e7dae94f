/** What results look like, as Markdown and as charts. */
import * as Aims from "./Aims.ts"
import * as Chart from "./Chart.ts"
import { isThen, type Name } from "./contenders.ts"
import * as Progress from "./Progress.ts"
import { type Change, micros, ratio, type Results, shapeSizes, sizes } from "./Results.ts"
import { names as shapeNames, type Shape, shapes as about } from "./shapes.ts"
import { digits, draw, left, percent, right, times } from "./Table.ts"

const isOwn = (name: Name): boolean => name.startsWith("volley")

const namesOf = (results: Results): ReadonlyArray<Name> =>
  (Object.keys(results.about) as ReadonlyArray<Name>).filter((name) => results.calls[name]?.promise !== undefined)

/** Those of an earlier commit are left out of charts. */
const drawnOf = (results: Results): ReadonlyArray<Name> => namesOf(results).filter((name) => !isThen(name))

const titleOf = ({ about }: Results, name: Name): string => about[name]?.title ?? name

/** Everything, from the costs to the musts. */
export const markdown = (results: Results): string =>
  [
    `Measured on ${results.machine}.`,
    "### Microseconds a call, promise tools",
    costs(results),
    "### Microseconds a call, other tools",
    kinds(results),
    Progress.markdown(results),
    "### Memory",
    memory(results),
    "### Makespan",
    makespan(results),
    "### Dispatch while streaming",
    streams(results),
    "### A whole run over HTTP",
    endToEnd(results),
    ...(results.headline.length === 0 ? [] : ["### Parallel against serial", headlines(results)]),
    "### Size and start",
    size(results),
    "### Who takes part",
    contenders(results),
    "### Musts and aims",
    Aims.table(results)
  ].join("\n\n")

const costs = (results: Results): string =>
  draw(
    [
      left("contender"),
      right("a turn of one"),
      ...sizes.map((size) => right(size.toLocaleString("en"))),
      right("1,000 to the floor"),
      right("±")
    ],
    namesOf(results).map((name) => [
      titleOf(results, name),
      digits(micros(results, name, "promise", 1)),
      ...sizes.map((size) => digits(micros(results, name, "promise", size))),
      times(ratio(results, name, "promise", 1000)),
      percent(results.calls[name]?.promise?.[1000]?.call.spread)
    ])
  )

const kinds = (results: Results): string =>
  draw(
    [left("contender"), right("sync, 100"), right("sync, 10,000"), right("sleep, 100"), right("sleep, 10,000")],
    namesOf(results).filter((name) => results.calls[name]?.sync !== undefined).map((name) => [
      titleOf(results, name),
      digits(micros(results, name, "sync", 100)),
      digits(micros(results, name, "sync", 10_000)),
      digits(micros(results, name, "sleep", 100)),
      digits(micros(results, name, "sleep", 10_000))
    ])
  )

const memory = (results: Results): string =>
  draw(
    [left("contender"), right("KiB a call in flight")],
    namesOf(results).map((name) => [titleOf(results, name), digits(results.memory[name])])
  )

const makespan = ({ makespan: { bound, took }, ...results }: Results): string => {
  const caps = Array.from(new Set(Object.values(took).flatMap((caps) => Object.keys(caps ?? {})))).map(Number).sort((
    a,
    b
  ) => a - b)
  return draw(
    [left(`contender (bound ${digits(bound)} ms)`), ...caps.map((cap) => right(`cap ${cap}`))],
    (Object.keys(took) as ReadonlyArray<Name>).map((name) => [
      results.about[name]?.title ?? name,
      ...caps.map((cap) => over(took[name]?.[cap]?.median, bound))
    ])
  )
}

const over = (value: number | undefined, bound: number): string =>
  value === undefined ? "-" : `${digits(value)} (+${((value / bound - 1) * 100).toFixed(1)} %)`

const streams = ({ stream: { ideal, took }, ...results }: Results): string =>
  draw(
    [left(`contender (ideal ${digits(ideal)} ms)`), right("ms until the last tool ended")],
    (Object.keys(took) as ReadonlyArray<Name>).map((name) => [
      results.about[name]?.title ?? name,
      over(took[name]?.median, ideal)
    ])
  )

const endToEnd = ({ endToEnd: took, ...results }: Results): string =>
  draw(
    [left("contender"), right("ms a run of ten calls")],
    (Object.keys(took) as ReadonlyArray<Name>).map((
      name
    ) => [results.about[name]?.title ?? name, digits(took[name]?.median)])
  )

const headlines = ({ headline }: Results): string =>
  draw(
    [
      left("scenario"),
      left("wire"),
      right("serial, ms"),
      right("parallel, ms"),
      right("faster"),
      right("calls"),
      right("tokens")
    ],
    headline.map(({ parallel, scenario, serial, wire }) => [
      scenario,
      wire,
      digits(serial.wallMs),
      digits(parallel.wallMs),
      times(serial.wallMs / parallel.wallMs),
      `${serial.calls} / ${parallel.calls}`,
      `${serial.tokens} / ${parallel.tokens}`
    ])
  )

const size = ({ size }: Results): string => {
  const bundles = size?.bundles ?? []
  const imports = size?.imports ?? []
  return [
    ...(bundles.length === 0 ? [] : [draw(
      [left("bundle"), right("KiB minified"), right("KiB gzip")],
      bundles.map(({ gzip, minified, what }) => [what, digits(minified / 1024), digits(gzip / 1024)])
    )]),
    draw([left("import"), right("ms")], imports.map(({ millis, what }) => [what, digits(millis.median)]))
  ].join("\n\n")
}

const contenders = (results: Results): string => {
  const rows = (Object.keys(results.about) as ReadonlyArray<Name>).map((name) => {
    const about = results.about[name]
    const stopped = results.stopped[name]
    return [
      about?.title ?? name,
      about?.versions.join(", ") ?? "",
      about?.turns === 2 ? "2" : "none",
      [about?.lacks, stopped].filter((text) => text).join("; ")
    ]
  })
  const missing = Object.entries(results.missing).map(([name, why]) => `- ${name} is missing: ${why}`)
  const table = draw(
    [left("contender"), left("versions"), left("model turns"), left("does not do; was left out")],
    rows
  )
  return missing.length === 0 ? table : `${table}\n\n${missing.join("\n")}`
}

/** Puts text between the marks of a page. */
export const into = (page: string, text: string): string =>
  page.replace(
    /(<!-- results -->)[^]*?(<!-- \/results -->)/,
    (_, open: string, close: string) => `${open}\n\n${text}\n\n${close}`
  )

/** The charts, by file. */
export const charts = (results: Results): { readonly [file: string]: string } => ({
  "calls.svg": Chart.bars(
    "What a call of a thousand costs, times the same by hand (logarithmic)",
    drawnOf(results).flatMap((name) => {
      const value = ratio(results, name, "promise", 1000)
      return value === undefined
        ? []
        : [{ label: plain(titleOf(results, name)), value, text: times(value), own: isOwn(name) }]
    }).sort((a, b) => a.value - b.value)
  ),
  "sizes.svg": Chart.lines(
    "Microseconds a call, by the number of calls",
    "calls",
    drawnOf(results).filter((name) => !/^volley(Spans|Telemetry|Access|Chat|Anthropic|Agent)/.test(name)).map((
      name
    ) => ({
      label: plain(titleOf(results, name)),
      own: isOwn(name),
      points: sizes.flatMap((size) => {
        const value = micros(results, name, "promise", size)
        return value === undefined ? [] : [[size, value] as const]
      })
    })).filter(({ points }) => points.length > 0)
  ),
  "shapes.svg": Chart.panels(
    `Microseconds a call, at ${shapeSizes.map((size) => size.toLocaleString("en")).join(", ")} calls`,
    [
      { label: "now", stroke: "own" },
      { label: Progress.commitOf(results), stroke: "other" },
      { label: "a plain call, now", stroke: "dashed" }
    ],
    shapeNames.map((shape) => ({
      title: plain(about[shape].title),
      lines: [
        pointsOf(results, shape, "volley", "run"),
        pointsOf(results, shape, "volleyThen", "run"),
        pointsOf(results, shape, "volley", "plain")
      ]
    }))
  )
})

const pointsOf = ({ shapes }: Results, shape: Shape, name: Name, what: "run" | "plain"): Chart.Points =>
  shapeSizes.flatMap((size) => {
    const cost = shapes[shape]?.[name]?.costs[size]
    return cost === undefined ? [] : [[size, (cost[what].median * 1000) / size] as const]
  })

const plain = (title: string): string => title.replaceAll("`", "")

/** What changed by more than the noise. */
export const changed = (changes: ReadonlyArray<Change>, before: Results, now: Results): string => {
  const heading = before.machine === now.machine ? "" : `The committed figures are from ${before.machine}. `
  if (changes.length === 0) return `${heading}Nothing changed by more than the noise.`
  return `${heading}Changed by more than the noise:\n\n${
    draw(
      [left("contender"), left("what"), right("before"), right("now"), right("now / before")],
      changes.map(({ before, name, now: value, what }) => [
        titleOf(now, name),
        what,
        digits(before),
        digits(value),
        times(value / before)
      ])
    )
  }`
}

import { assert, describe, it } from "@effect/vitest"
import { readFileSync } from "node:fs"
import * as Chart from "../src/Chart.ts"
import { expect } from "../src/measures.ts"
import * as Progress from "../src/Progress.ts"
import * as Report from "../src/Report.ts"
import { changes, micros, ratio, type Results, shapeTimes } from "../src/Results.ts"
import { digits, draw } from "../src/Table.ts"

const figure = (median: number) => ({ median, spread: 0.01, least: median })

const runs = (micros: number) => ({
  promise: { "1000": { run: figure(micros), call: figure(micros) } }
})

const about = (title: string) => ({ title, lacks: "", turns: 0, versions: [] } as const)

/** The floor at 1 microsecond a call, and Volley at what is given. */
const results = (volley: number): Results => ({
  machine: "a machine",
  about: { floor: about("by hand"), volley: about("Volley"), anthropicRunner: about("a peer") },
  missing: { mastra: "not installed" },
  stopped: {},
  calls: {
    floor: runs(1),
    volley: runs(volley),
    anthropicRunner: runs(4)
  },
  shapes: {},
  memory: { volley: 3 },
  makespan: { bound: 2000, took: { volley: { "8": { median: 2010, spread: 0, least: 2010 } } } },
  stream: { ideal: 1200, took: {} },
  endToEnd: {},
  headline: [],
  size: undefined
})

/** Accesses at multiples of a plain batch. */
const grownTo = (times: { readonly [size: string]: number }, stopped?: string): Results => ({
  ...results(1),
  shapes: {
    accesses: {
      volley: {
        costs: Object.fromEntries(
          Object.entries(times).map(([size, times]) => [size, {
            run: figure(times),
            plain: figure(1),
            times: figure(times)
          }])
        ),
        stopped
      }
    }
  }
})

const few = (micros: number) => ({
  promise: Object.fromEntries([10, 100, 1000].map((size) => [size, { run: figure(micros), call: figure(micros) }]))
})

describe("Results", () => {
  it("tell the cost of one more call, and what multiple of the floor it is", () => {
    assert.strictEqual(micros(results(2), "volley", "promise", 1000), 2)
    assert.strictEqual(ratio(results(2), "volley", "promise", 1000), 2)
    assert.isUndefined(micros(results(2), "volley", "sync", 1000))
  })

  it("have changed where the multiple of the floor has, and not where a machine is slower as a whole", () => {
    const before = results(2)
    const slower: Results = { ...before, calls: { floor: runs(3), volley: runs(6) } }
    assert.deepStrictEqual(changes(before, slower, ["volley"]), [])
    const [change, ...others] = changes(before, results(6), ["volley"])
    assert.deepStrictEqual([change?.name, change?.before.toFixed(3), change?.now.toFixed(3)], [
      "volley",
      "2.000",
      "6.000"
    ])
    assert.isEmpty(others)
  })
})

describe("Shapes", () => {
  it("are multiples of a plain batch, without end where they were left out", () => {
    const grown = grownTo({ 1000: 1.2 }, "10,000 calls: about 40 s")
    assert.strictEqual(shapeTimes(grown, "accesses", "volley", 1000), 1.2)
    assert.strictEqual(shapeTimes(grown, "accesses", "volley", 10_000), Infinity)
    assert.isUndefined(shapeTimes(grown, "accesses", "volleyThen", 1000))
  })

  it("have changed where the multiple has", () => {
    const [change, ...others] = changes(grownTo({ 1000: 2 }), grownTo({ 1000: 4 }), [])
    assert.deepStrictEqual([change?.what, change?.before, change?.now], [
      "1000 calls, accesses on distinct keys, times plain ones",
      2,
      4
    ])
    assert.isEmpty(others)
  })
})

describe("A run of the next size", () => {
  const costs = (...millis: ReadonlyArray<number>) =>
    Object.fromEntries(millis.map((run, power) => [10 ** power, { run: figure(run), call: figure(run) }]))

  it("is expected to take as much more as the last one did", () => {
    assert.strictEqual(expect(costs(1, 10, 100), 1000), 1000)
    assert.strictEqual(Math.round(expect(costs(1, 10, 1000), 1000)), 100_000)
    assert.strictEqual(expect(undefined, 1), 0)
  })
})

const rowOf = (page: string, what: string) => page.split("\n").find((line) => line.includes(what))

describe("Progress", () => {
  const row = (results: Results) =>
    rowOf(Progress.markdown(results), "to plain calls, at 1,000 / 10,000 / 100,000") ?? ""

  it("says of each figure whether it is what must be, and what is aimed at", () => {
    assert.match(row(grownTo({ 1000: 1.2, 10_000: 1.1, 100_000: 1.3 })), /1.20 × \/ 1.10 × \/ 1.30 × .*must and aim/)
    assert.match(row(grownTo({ 1000: 1.2, 10_000: 1.1, 100_000: 1.9 })), /\| must +\|$/)
    assert.match(row(grownTo({ 1000: 1.2, 10_000: 2.1 })), /\| no +\|$/)
    assert.match(row(grownTo({ 1000: 1.2 })), /\| not measured +\|$/)
  })

  it("takes what was left out for no figure that is wanted, and says why", () => {
    const left = grownTo({ 1000: 1.2 }, "10,000 calls: about 40 s")
    assert.match(row(left), /1.20 × \/ - \/ - .*\| no +\|$/)
    assert.include(Progress.markdown(left), "- accesses on distinct keys, 10,000 calls: about 40 s")
  })

  it("wants a plain call no dearer than at the earlier commit, but for noise", () => {
    const beside = (now: number, then: number): Results => ({
      ...results(1),
      against: "abcdef0",
      calls: { volley: few(now), volleyThen: few(then) }
    })
    const plain = (page: string) => rowOf(page, "a plain call, tool an Effect") ?? ""
    assert.match(plain(Progress.markdown(beside(2.1, 2))), /\| must +\|$/)
    assert.match(plain(Progress.markdown(beside(3, 2))), /2.00 µs \/ .* 3.00 µs .*\| no +\|$/)
    assert.include(Progress.markdown(beside(3, 2)), "at abcdef0")
  })
})

describe("The page", () => {
  it("has the figures of the committed results, and no others", () => {
    const page = readFileSync(new URL("../README.md", import.meta.url), "utf8")
    const committed = JSON.parse(readFileSync(new URL("../results.json", import.meta.url), "utf8"))
    assert.strictEqual(Report.into(page, Report.markdown(committed)), page)
  })
})

describe("Report", () => {
  it("says of each must and aim what was reached, and whether it holds", () => {
    const page = Report.markdown(results(2))
    assert.match(rowOf(page, "cost with a time limit, 1,000 calls") ?? "", /below 4.00 µs.*\| 2.00 µs *\| yes/)
    assert.match(rowOf(Report.markdown(results(6)), "cost with a time limit, 1,000 calls") ?? "", /6.00 µs *\| no/)
    assert.match(rowOf(page, "makespan over its bound") ?? "", /0.5 % *\| yes/)
    assert.match(rowOf(page, "dispatch over its ideal") ?? "", /not measured/)
  })

  it("names who is missing, and why", () => {
    assert.include(Report.markdown(results(2)), "- mastra is missing: not installed")
  })

  it("goes between the marks of a page and leaves the rest of it", () => {
    const page = "before\n\n<!-- results -->\nold\n<!-- /results -->\n\nafter\n"
    assert.include(Report.into("<!-- results -->\n<!-- /results -->", "first"), "\n\nfirst\n\n")
    assert.strictEqual(Report.into(page, "new"), "before\n\n<!-- results -->\n\nnew\n\n<!-- /results -->\n\nafter\n")
  })
})

describe("Table", () => {
  it("has columns as wide as their widest cell", () => {
    const columns = [{ head: "who", align: "left" as const }, { head: "µs", align: "right" as const }]
    assert.strictEqual(
      draw(columns, [["floor", "1"], ["a", "1,000"]]),
      [
        "| who   |    µs |",
        "| ----- | ----: |",
        "| floor |     1 |",
        "| a     | 1,000 |"
      ].join("\n")
    )
  })

  it("writes numbers with three digits, thousands apart, and a dash for none", () => {
    assert.deepStrictEqual([0.654, 12.34, 345.6, 21_499.4, undefined].map(digits), [
      "0.65",
      "12.3",
      "346",
      "21,499",
      "-"
    ])
  })
})

describe("Chart", () => {
  const bar = (label: string, value: number) => ({ label, value, text: `${value}`, own: label === "own" })

  it("draws a longer bar for more, and writes labels so that they are no markup", () => {
    const svg = Chart.bars("what <it> costs", [bar("own", 2), bar("a & b", 200)])
    const widths = Array.from(svg.matchAll(/<rect x="320"[^>]* width="(\d+)"/g), ([, width]) => Number(width))
    assert.lengthOf(widths, 2)
    assert.isAbove(widths[1]!, widths[0]!)
    assert.include(svg, "a &amp; b")
    assert.include(svg, "what &lt;it&gt; costs")
  })

  it("draws small charts on the same axes, with what a line comes to at last", () => {
    const keys = [{ label: "now", stroke: "own" as const }, { label: "then", stroke: "dashed" as const }]
    const panel = (title: string, y: number) => ({ title, lines: [[[1000, 1], [10_000, y]] as const, []] })
    const svg = Chart.panels("title", keys, [panel("a <b>", 1), panel("c", 100)])
    const ends = Array.from(svg.matchAll(/<path d="M30 \d+L140 (\d+)" fill="none"/g), ([, y]) => Number(y))
    assert.isAbove(ends[0]!, ends[1]!)
    assert.include(svg, "a &lt;b&gt;")
    assert.include(svg, ">100</text>")
  })

  it("puts more further up, and labels that meet apart", () => {
    const series = (label: string, y: number) => ({ label, own: false, points: [[10, y], [1000, y]] as const })
    const svg = Chart.lines("title", "calls", [series("low", 1), series("high", 100), series("as high", 100)])
    const paths = Array.from(svg.matchAll(/<path d="M\d+ (\d+)L/g), ([, y]) => Number(y))
    assert.isBelow(paths[1]!, paths[0]!)
    const labels = Array.from(svg.matchAll(/<text x="\d+" y="(\d+)" fill="#52606d"/g), ([, y]) => y)
    assert.lengthOf(new Set(labels), 3)
  })
})

/** The musts and aims beside the peers and the floor. */
import type { Name } from "./contenders.ts"
import { micros, ratio, type Results, sizes } from "./Results.ts"
import { digits, draw, left, times } from "./Table.ts"

const peers: ReadonlyArray<Name> = [
  "anthropicRunner",
  "openAiRunTools",
  "langGraph",
  "aiSdk",
  "effectAi",
  "openAiAgents",
  "mastra"
]

/** How a tool that is given a function of a promise is made. */
const forms = { volleyFunction: "`Tool.fromFunction`, as peers take it", volley: "tool an Effect" }

/** Whether a figure is as the issue wants it; and what it is. */
export const table = (results: Results): string => {
  const nearest = (size: number) => Math.min(...peers.map((name) => micros(results, name, "promise", size) ?? Infinity))
  const below = (["volleyFunction", "volley"] as const).flatMap((name) =>
    sizes.map((size) => ({ name, size, own: micros(results, name, "promise", size), peer: nearest(size) }))
  ).filter(({ own, peer }) => own !== undefined && Number.isFinite(peer))
  const growth = (ratio(results, "volley", "promise", 100_000) ?? Number.NaN) /
    (ratio(results, "volley", "promise", 1000) ?? Number.NaN)
  const { bound, took } = results.makespan
  const spans = Object.values(took.volley ?? {}).map(({ median }) => median / bound - 1)
  const streamed = (["volleyResponses", "volleyAnthropic", "volleyGoogle"] as const)
    .flatMap((name) => results.stream.took[name]?.median ?? []).map((ms) => ms / results.stream.ideal - 1)
  const most = (values: ReadonlyArray<number>) => values.length === 0 ? undefined : Math.max(...values)
  const row = (
    what: string,
    wanted: string,
    reached: string,
    holds: boolean | undefined
  ) => [what, wanted, reached, holds === undefined ? "not measured" : holds ? "yes" : "no"]
  const atMost = (what: string, limit: number, value: number | undefined, show = (x: number) => times(x)) =>
    row(
      what,
      `at most ${show(limit)}`,
      value === undefined || Number.isNaN(value) ? "-" : show(value),
      value === undefined || Number.isNaN(value) ? undefined : value <= limit
    )
  const part = (x: number) => `${(x * 100).toFixed(1)} %`
  const kib = (x: number) => `${digits(x)} KiB`
  return draw([left("must"), left("wanted"), left("reached"), left("holds")], [
    ...below.map(({ name, own, peer, size }) =>
      row(
        `cost with a time limit, ${size.toLocaleString("en")} calls, ${forms[name]}`,
        `below ${digits(peer)} µs, the nearest peer`,
        `${digits(own)} µs`,
        own! < peer
      )
    ),
    atMost("cost to the floor at 100,000 against 1,000", 1.2, growth),
    atMost("makespan over its bound", 0.01, most(spans), part),
    atMost("dispatch over its ideal", 0.01, most(streamed), part)
  ]) + "\n\n" + draw([left("aim"), left("wanted"), left("reached"), left("holds")], [
    atMost("with time limits, to the floor with timers", 2, ratio(results, "volley", "promise", 1000, "floorTimer")),
    atMost("without, tools that are Effects, to the floor", 3, ratio(results, "volleyNoTimeout", "promise", 1000)),
    atMost("without, `Tool.fromFunction`, to the floor", 2, ratio(results, "volleyFunctionNoTimeout", "promise", 1000)),
    atMost("memory a call in flight", 4, results.memory.volley, kib)
  ])
}

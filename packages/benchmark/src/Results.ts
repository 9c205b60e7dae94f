/** What a run of the benchmark came to. */
import type { Kind } from "./Contender.ts"
import type { Name } from "./contenders.ts"
import { names as shapeNames, type Shape, shapes } from "./shapes.ts"
import { change, type Figure } from "./Statistics.ts"

/** Who took part. */
export interface About {
  readonly title: string
  readonly lacks: string
  readonly turns: 0 | 2
  readonly versions: ReadonlyArray<string>
}

/** Per contender, as far as it took part. */
export type By<A> = { readonly [N in Name]?: A }

/**
 * What a number of calls costs.
 *
 * - `run`: milliseconds of a whole run
 * - `call`: microseconds that one more call costs; of a single call, all of its run
 */
export interface Cost {
  readonly run: Figure
  readonly call: Figure
}

/** Costs by kind of tool and number of calls. */
export type Runs = { readonly [K in Kind]?: { readonly [size: string]: Cost } }

/**
 * What a number of calls of a shape costs.
 *
 * - `run`, `plain`: milliseconds of a whole run, and of a plain batch of as many calls
 * - `times`: the one by the other, round by round
 */
export interface ShapeCost {
  readonly run: Figure
  readonly plain: Figure
  readonly times: Figure
}

/** Costs of a shape by number of calls, and why there are no more of them. */
export interface Growth {
  readonly costs: { readonly [size: string]: ShapeCost }
  readonly stopped?: string | undefined
}

/**
 * All of it.
 *
 * - `against`: the commit whose sources were measured beside today's
 * - `missing`: who could not take part, and why
 * - `stopped`: what was left out since a run would take too long
 * - `memory`: KiB a call in flight
 * - `makespan`: milliseconds, by cap
 * - `stream`: milliseconds until the last tool of a streamed turn has ended
 * - `endToEnd`: milliseconds of a whole run of ten calls over HTTP
 */
export interface Results {
  readonly machine: string
  readonly against?: string | undefined
  readonly about: By<About>
  readonly missing: By<string>
  readonly stopped: By<string>
  readonly calls: By<Runs>
  readonly shapes: { readonly [S in Shape]?: By<Growth> }
  readonly memory: By<number>
  readonly makespan: { readonly bound: number; readonly took: By<{ readonly [cap: string]: Figure }> }
  readonly stream: { readonly ideal: number; readonly took: By<Figure> }
  readonly endToEnd: By<Figure>
  readonly headline: ReadonlyArray<Headline>
  readonly size: Size | undefined
}

/** A scenario on one wire, at a second a model turn. */
export interface Headline {
  readonly scenario: string
  readonly wire: string
  readonly serial: Side
  readonly parallel: Side
}

export interface Side {
  readonly wallMs: number
  readonly calls: number
  readonly tokens: number
}

/** Bytes of a bundle, and milliseconds of an import. */
export interface Size {
  readonly bundles: ReadonlyArray<{ readonly what: string; readonly minified: number; readonly gzip: number }>
  readonly imports: ReadonlyArray<{ readonly what: string; readonly millis: Figure }>
}

/** Microseconds that one more call costs; of a single call, all of its run. */
export const micros = ({ calls }: Results, name: Name, kind: Kind, size: number): number | undefined =>
  calls[name]?.[kind]?.[size]?.call.median

/** The numbers of calls that pages speak of. */
export const sizes: ReadonlyArray<number> = [10, 100, 1000, 10_000, 100_000]

/** Those of shapes. */
export const shapeSizes: ReadonlyArray<number> = [1000, 10_000, 100_000]

/** A shape as a multiple of a plain batch; infinite where it was left out. */
export const shapeTimes = ({ shapes }: Results, shape: Shape, name: Name, size: number): number | undefined => {
  const growth = shapes[shape]?.[name]
  return growth?.costs[size]?.times.median ?? (growth?.stopped === undefined ? undefined : Infinity)
}

/** A cost as a multiple of what the same costs by hand, without a timer. */
export const ratio = (
  results: Results,
  name: Name,
  kind: Kind,
  size: number,
  to: Name = "floor"
): number | undefined => {
  const own = micros(results, name, kind, size)
  const floor = micros(results, to, kind, size)
  return own === undefined || floor === undefined ? undefined : own / floor
}

/** One thing that is not as it was. */
export interface Change {
  readonly what: string
  readonly name: Name
  readonly before: number
  readonly now: number
}

/**
 * What changed by more than the noise since earlier results.
 *
 * - costs are compared as multiples of the floor of their own run, so that another machine makes no difference
 */
export const changes = (before: Results, now: Results, names: ReadonlyArray<Name>): ReadonlyArray<Change> => [
  ...names.flatMap((name) => {
    const sizes = Object.keys(now.calls[name]?.promise ?? {}).map(Number).filter((size) => size > 1)
    const found = sizes.flatMap((size) => {
      const a = relative(before, name, size)
      const b = relative(now, name, size)
      const changed = a && b && change(a, b)
      return changed === undefined
        ? []
        : [{ what: `${size} calls, times the floor`, name, before: a!.median, now: b!.median }]
    })
    const [was, is] = [before.memory[name], now.memory[name]]
    return was === undefined || is === undefined || Math.abs(Math.log(is / was)) < 0.1
      ? found
      : [...found, { what: "KiB a call in flight", name, before: was, now: is }]
  }),
  ...shapeNames.flatMap((shape) =>
    shapeSizes.flatMap((size) => {
      const a = before.shapes[shape]?.volley?.costs[size]?.times
      const b = now.shapes[shape]?.volley?.costs[size]?.times
      const what = `${size} calls, ${shapes[shape].title}, times plain ones`
      return a === undefined || b === undefined || change(a, b) === undefined
        ? []
        : [{ what, name: "volley" as const, before: a.median, now: b.median }]
    })
  )
]

const relative = (results: Results, name: Name, size: number): Figure | undefined => {
  const median = ratio(results, name, "promise", size)
  const own = results.calls[name]?.promise?.[size]?.call
  const floor = results.calls.floor?.promise?.[size]?.call
  if (median === undefined || own === undefined || floor === undefined) return undefined
  return { median, spread: Math.hypot(own.spread, floor.spread), least: median }
}

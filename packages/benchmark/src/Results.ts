/** What a run of the benchmark came to. */
import type { Kind } from "./Contender.ts"
import type { Name } from "./contenders.ts"
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
export const changes = (before: Results, now: Results, names: ReadonlyArray<Name>): ReadonlyArray<Change> =>
  names.flatMap((name) => {
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
  })

const relative = (results: Results, name: Name, size: number): Figure | undefined => {
  const median = ratio(results, name, "promise", size)
  const own = results.calls[name]?.promise?.[size]?.call
  const floor = results.calls.floor?.promise?.[size]?.call
  if (median === undefined || own === undefined || floor === undefined) return undefined
  return { median, spread: Math.hypot(own.spread, floor.spread), least: median }
}

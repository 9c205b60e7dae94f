/** What is measured, one contender after the other and then again from the first, so that a busy minute meets them all. */
import type { Kind } from "./Contender.ts"
import { isThen, type Name } from "./contenders.ts"
import { type Entrant, serve } from "./Contest.ts"
import type { By, Cost, Results, Runs } from "./Results.ts"
import type { Shape } from "./shapes.ts"
import { type Figure, figure, median, perCall } from "./Statistics.ts"
import type { Measured } from "./timing.ts"

/**
 * How much is measured.
 *
 * - `sizes`: numbers of calls, ascending from 1, by kind of tool
 * - `millis`, `warm`: how long a contender runs in a round, and before that untimed (three times as long in the first)
 * - `shapes`, `shapeRounds`: which, and how many rounds at which numbers of calls, ascending
 * - `streams`, `warmStreams`: rounds of dispatch that count, after some that do not
 * - `longest`: milliseconds that one run may take; a size where it would take longer is left out
 */
export interface Plan {
  readonly rounds: number
  readonly sizes: { readonly [K in Kind]?: ReadonlyArray<number> }
  readonly millis: number
  readonly warm: number
  readonly longest: number
  readonly shapes: ReadonlyArray<Shape>
  readonly shapeRounds: { readonly [size: string]: number }
  readonly caps: ReadonlyArray<number>
  readonly waves: number
  readonly waveMillis: number
  readonly spans: number
  readonly streams: number
  readonly warmStreams: number
  readonly endToEndRuns: number
  readonly memoryRounds: number
}

/** Gets a line for each step. */
export type Tell = (what: string) => void

/** Begins each round with another one. */
const turned = <A>(items: ReadonlyArray<A>, round: number): ReadonlyArray<A> => {
  const at = items.length === 0 ? 0 : round % items.length
  return [...items.slice(at), ...items.slice(0, at)]
}

/** Asks everybody in turns, round by round; who fails once, or has nothing more to say, is asked no more. */
export const inTurns = async <A>(
  entrants: ReadonlyArray<Entrant>,
  rounds: number,
  measure: (entrant: Entrant, earlier: ReadonlyArray<A>) => Promise<A> | undefined,
  failed: (name: Name, why: string) => void = () => {}
): Promise<ReadonlyMap<Name, ReadonlyArray<A>>> => {
  const samples = new Map<Name, ReadonlyArray<A>>()
  const out = new Set<Name>()
  for (let round = 0; round < rounds; round++) {
    for (const entrant of turned(entrants, round).filter(({ name }) => !out.has(name))) {
      const { name } = entrant
      const earlier = samples.get(name) ?? []
      try {
        const value = await measure(entrant, earlier)
        if (value === undefined) out.add(name)
        else samples.set(name, [...earlier, value])
      } catch (error) {
        out.add(name)
        failed(name, error instanceof Error ? error.message : String(error))
      }
    }
  }
  return samples
}

const figures = (samples: ReadonlyMap<Name, ReadonlyArray<number>>): By<Figure> =>
  Object.fromEntries(Array.from(samples, ([name, values]) => [name, figure(values)]))

/** Measures runs of every size; a contender goes on to the next size only where a run of it will not take too long. */
export const measureCalls = async (
  entrants: ReadonlyArray<Entrant>,
  plan: Plan,
  tell: Tell
): Promise<Pick<Results, "calls" | "stopped">> => {
  const calls: { [N in Name]?: { [K in Kind]?: { [size: string]: Cost } } } = {}
  const stopped: { [N in Name]?: string } = {}
  for (const [kind, sizes] of Object.entries(plan.sizes)) {
    if (!isKind(kind)) continue
    let left = entrants.filter(({ name }) => kind === "promise" || !isThen(name))
    for (const size of sizes) {
      tell(`${kind} tools, ${size.toLocaleString("en")} calls`)
      left = left.filter(({ name }) => {
        const expected = Math.max(expect(calls[name]?.[kind], size), asPromises(plan, calls[name], size))
        if (expected > plan.longest) {
          stopped[name] ??= `${kind} tools, ${size.toLocaleString("en")} calls: about ${Math.round(expected / 1000)} s`
        }
        return expected <= plan.longest
      })
      const measured = await inTurns<Measured>(left, plan.rounds, ({ ask }, earlier) => {
        // What takes this long is measured once; it stands out of the noise by itself.
        if ((earlier[0]?.run ?? 0) > plan.longest / 10) return undefined
        // In a turn of few calls, what they cost is a small part: it takes longer to tell.
        const millis = size > 1 && size <= 100 ? plan.millis * 3 : plan.millis
        return ask({ _tag: "Calls", kind, size, millis, warm: plan.warm })
      }, (name, why) => {
        stopped[name] = `${kind} tools, ${size.toLocaleString("en")} calls: ${why}`
        left = left.filter((entrant) => entrant.name !== name)
      })
      for (const [name, rounds] of measured) {
        calls[name] = { ...calls[name], [kind]: { ...calls[name]?.[kind], [size]: costOf(rounds, size) } }
      }
    }
  }
  return { calls, stopped }
}

/** Promise tools come first, at sizes closer together: who was too slow with those is so with any others. */
const asPromises = ({ sizes }: Plan, runs: Runs | undefined, size: number): number => {
  if (runs?.promise === undefined || runs.promise[size] !== undefined) return runs?.promise?.[size]?.run.median ?? 0
  return sizes.promise?.includes(size) === true && Object.keys(runs.promise).every((known) => Number(known) < size)
    ? expect(runs.promise, size)
    : 0
}

const costOf = (rounds: ReadonlyArray<Measured>, size: number): Cost => ({
  run: figure(rounds.map(({ run }) => run)),
  call: figure(rounds.map(({ other, run }) => perCall(run, other, size)))
})

const isKind = (kind: string): kind is Kind => ["sync", "promise", "sleep", "held"].includes(kind)

/** How many milliseconds a run of a size will take, if it goes on growing as between the last two. */
export const expect = (
  costs: { readonly [size: string]: { readonly run: Figure } } | undefined,
  size: number
): number => {
  const known = Object.entries(costs ?? {}).map(([calls, { run }]) => [Number(calls), run.median] as const)
  const [[fewer, before] = [0, 0], [last, took] = [0, 0]] = known.length > 1 ? known.slice(-2) : [known[0], known[0]]
  if (last <= fewer) return took
  return took * (size / last) ** Math.max(0, Math.log(took / before) / Math.log(last / fewer))
}

/** Measures what calls in flight hold; those that were too slow for a thousand calls are asked for a hundred. */
export const measureMemory = async (
  entrants: ReadonlyArray<Entrant>,
  calls: Results["calls"],
  plan: Plan,
  tell: Tell
): Promise<Results["memory"]> => {
  tell("memory")
  const measured = await inTurns(entrants, 1, ({ ask, name }) => {
    const isQuick = (calls[name]?.promise?.[1000]?.run.median ?? Infinity) < 1000
    return ask<number>({ _tag: "Memory", size: isQuick ? 2000 : 100, rounds: plan.memoryRounds })
  })
  return Object.fromEntries(Array.from(measured, ([name, bytes]) => [name, median(bytes) / 1024]))
}

/** Measures batches of as many waves as `plan` says, whatever the cap; the bound is the same for all of them. */
export const measureMakespan = async (
  entrants: ReadonlyArray<Entrant>,
  plan: Plan,
  tell: Tell
): Promise<Results["makespan"]> => {
  const took: { [N in Name]?: { [cap: string]: Figure } } = {}
  for (const cap of plan.caps) {
    tell(`makespan at a cap of ${cap}`)
    const measured = figures(
      await inTurns(
        entrants.filter(({ can }) => can.cap === true),
        plan.spans,
        ({ ask }) => ask<number>({ _tag: "Makespan", cap, size: cap * plan.waves, millis: plan.waveMillis })
      )
    )
    for (const { name } of entrants) {
      const found = measured[name]
      if (found !== undefined) took[name] = { ...took[name], [cap]: found }
    }
  }
  return { bound: plan.waves * plan.waveMillis, took }
}

const lengths = [1000, 800, 600, 400, 200]
const pace = 200

/** Measures five reads that come 200 ms apart and end at the same moment, where they start when they come. */
export const measureStreams = async (
  entrants: ReadonlyArray<Entrant>,
  plan: Plan,
  tell: Tell
): Promise<Results["stream"]> => {
  tell("dispatch while streaming")
  const { servers, stop } = await serve(lengths.length, pace)
  const took = await inTurns(
    entrants.filter(({ can }) => can.stream !== undefined),
    plan.streams + plan.warmStreams,
    ({ ask, can }) => ask<number>({ _tag: "Stream", servers: can.stream === "http" ? servers : undefined, lengths })
  )
  stop()
  const warm = Array.from(took, ([name, millis]) => [name, millis.slice(plan.warmStreams)] as const)
  return { ideal: pace + Math.max(...lengths), took: figures(new Map(warm)) }
}

/** Measures runs of two model turns and ten calls between them, over HTTP. */
export const measureEndToEnd = async (
  entrants: ReadonlyArray<Entrant>,
  plan: Plan,
  tell: Tell
): Promise<Results["endToEnd"]> => {
  tell("a whole run over HTTP")
  const { servers, stop } = await serve(10, 0)
  const took = await inTurns(
    entrants.filter(({ can }) => can.http === true),
    plan.rounds,
    ({ ask }) => ask<number>({ _tag: "EndToEnd", servers, size: 10, runs: plan.endToEndRuns })
  )
  stop()
  return figures(took)
}

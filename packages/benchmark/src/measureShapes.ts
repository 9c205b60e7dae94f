/** Measures calls that are more than plain ones, as multiples of those. */
import type { Name } from "./contenders.ts"
import { enter, type Entrant } from "./Contest.ts"
import type { Copy } from "./Copy.ts"
import { expect, inTurns, type Plan, type Tell } from "./measures.ts"
import type { By, Growth, Results, ShapeCost } from "./Results.ts"
import { type Shape, shapes } from "./shapes.ts"
import { figure } from "./Statistics.ts"
import type { Measured } from "./timing.ts"

/** Measures one shape after the other; each has fresh processes, since some builds do not survive some of them. */
export const measureShapes = async (
  names: ReadonlyArray<Name>,
  plan: Plan,
  copy: Copy | undefined,
  tell: Tell
): Promise<Results["shapes"]> => {
  const grown: { [S in Shape]?: By<Growth> } = {}
  for (const shape of plan.shapes) {
    tell(shapes[shape].title)
    const entrants = await Promise.all(names.map((name) => enter(name, copy)))
    grown[shape] = await measureShape(entrants, shape, plan)
    for (const { leave } of entrants) leave()
  }
  return grown
}

const measureShape = async (
  entrants: ReadonlyArray<Entrant>,
  shape: Shape,
  plan: Plan
): Promise<By<Growth>> => {
  const costs: { [N in Name]?: { [size: string]: ShapeCost } } = {}
  const stopped: { [N in Name]?: string } = {}
  for (
    const [size, rounds] of Object.entries(plan.shapeRounds).map(([size, rounds]) => [Number(size), rounds] as const)
  ) {
    const stop = (name: Name, why: string) => stopped[name] ??= `${size.toLocaleString("en")} calls: ${why}`
    for (const { name } of entrants) {
      const expected = expect(costs[name], size)
      if (expected > plan.longest) stop(name, `about ${Math.round(expected / 1000)} s`)
    }
    const left = entrants.filter(({ name }) => stopped[name] === undefined)
    const tried = await inTurns<Measured>(
      left,
      1,
      ({ ask }) => ask({ _tag: "Try", shape, size }, plan.longest * 2),
      stop
    )
    // At a hundred thousand calls, single runs differ by half: the garbage of one is often collected in the next.
    const slow = (name: Name) => (tried.get(name)?.[0]?.run ?? 0) > plan.longest / 3
    const timed = await inTurns<Measured>(
      left.filter(({ name }) => tried.has(name) && !slow(name)),
      rounds,
      ({ ask }) => ask({ _tag: "Shape", shape, size, millis: plan.millis, warm: plan.warm }, plan.longest * 4),
      stop
    )
    for (const [name, measured] of [...tried].map(([name, first]) => [name, timed.get(name) ?? first] as const)) {
      costs[name] = { ...costs[name], [size]: costOf(measured) }
    }
  }
  return Object.fromEntries(
    entrants.map(({ name }) => [name, { costs: costs[name] ?? {}, stopped: stopped[name] }])
  )
}

const costOf = (rounds: ReadonlyArray<Measured>): ShapeCost => ({
  run: figure(rounds.map(({ run }) => run)),
  plain: figure(rounds.map(({ other }) => other)),
  times: figure(rounds.map(({ other, run }) => run / other))
})

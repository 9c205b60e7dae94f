/**
 * Whose turn it is among runs that share limits: that is up to the runner, as long as it goes round.
 */
import type { First, Run } from "./world.ts"

/** How many calls of one run may start while one of another run could as well, and did so all the time. */
const patience = 2

/** The choices that a runner made where calls of several runs could start, as the order in which it started them tells. */
export class Choices {
  readonly #started: ReadonlyArray<string>
  readonly #made: Array<{ readonly among: ReadonlySet<Run>; readonly chosen: Run }> = []

  constructor(started: ReadonlyArray<string>) {
    this.#started = started
  }

  /** Chooses as the runner did. */
  readonly first: First = (among) => {
    const ranks = among.map(({ id }) => this.#started.indexOf(id))
    const soonest = Math.min(...ranks.filter((rank) => rank !== -1))
    const chosen = among[ranks.indexOf(soonest)]
    if (chosen !== undefined) this.#made.push({ among: new Set(among.map(({ run }) => run)), chosen: chosen.run })
    return chosen
  }

  /** The first run that others were preferred to again and again. */
  get unfairness(): string | undefined {
    const passed = new Map<Run, Map<Run, number>>()
    for (const { among, chosen } of this.#made) {
      // Who does not wait any more is not passed by any more.
      for (const run of passed.keys()) if (!among.has(run) || run === chosen) passed.delete(run)
      for (const run of among) {
        if (run === chosen) continue
        const by = passed.get(run) ?? new Map<Run, number>()
        passed.set(run, by.set(chosen, (by.get(chosen) ?? 0) + 1))
        if (by.get(chosen)! > patience) {
          return `unfair: run ${run.number} was passed by run ${chosen.number} again and again`
        }
      }
    }
    return undefined
  }
}

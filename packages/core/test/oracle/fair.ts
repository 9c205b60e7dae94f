/**
 * Whose turn it is among runs that share limits: that is up to the runner, as long as it goes round.
 */
import type { Case } from "./cases.ts"
import { byNumber, planned, type PlannedRun } from "./plans.ts"

/** How many calls of one run may start while one of another run could as well, and did so all the time. */
const patience = 2

/** The choices that a runner made where calls of several runs could start, as the order in which it started them tells. */
export class Choices {
  readonly #started: ReadonlyArray<string>
  readonly made: Array<{ readonly among: ReadonlyArray<string>; readonly chosen: string }> = []

  constructor(started: ReadonlyArray<string>) {
    this.#started = started
  }

  /** Chooses as the runner did. */
  readonly first = (among: ReadonlyArray<string>): string | undefined => {
    const chosen = this.#started.find((id) => among.includes(id))
    if (chosen !== undefined) this.made.push({ among, chosen })
    return chosen
  }

  /** The first run that others were preferred to again and again. */
  unfairness(one: Case): string | undefined {
    const runs = runsOf(one)
    const runOf = (id: string) => runs.get(id) ?? ""
    const passed = new Map<string, { readonly run: string; readonly count: number }>()
    for (const { among, chosen } of this.made) {
      const waiting = among.flatMap((id) => id === chosen ? [] : [runOf(id)])
      // Who does not wait any more is not passed by any more.
      for (const [pair, { run }] of passed) if (!waiting.includes(run)) passed.delete(pair)
      for (const run of waiting) {
        const pair = `${run} behind ${runOf(chosen)}`
        const count = (passed.get(pair)?.count ?? 0) + 1
        if (count > patience) return `unfair: ${pair}, again and again`
        passed.set(pair, { run, count })
      }
    }
    return undefined
  }
}

/** The run of each call, by the id of the call that it is inside. */
const runsOf = (one: Case): ReadonlyMap<string, string> => {
  const runs = planned(one)
  const of = ({ plans }: PlannedRun, name: string) => plans.map(({ id }) => [id, name] as const)
  return new Map([
    ...runs.flatMap((run, index) => of(run, `run ${index}`)),
    ...[...byNumber(runs).values()].flatMap(({ id, inner }) =>
      inner === undefined ? [] : of(inner, `the run inside ${id}`)
    )
  ])
}

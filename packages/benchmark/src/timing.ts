/** How long runs take. */
import type { Run } from "./Contender.ts"

/** Runs once, sees that every call is answered under its own id, and gives the milliseconds that it took. */
export const checked = async (run: Run, size: number): Promise<number> => {
  const started = performance.now()
  const answered = await run()
  if (answered !== size) throw new Error(`${answered} of ${size} calls were answered`)
  return performance.now() - started
}

/** Runs once and gives the milliseconds that it took. */
export const timed = async (run: Run): Promise<number> => {
  const started = performance.now()
  await run()
  return performance.now() - started
}

/** What a run came to, and another one that it is compared with: milliseconds of one, on average. */
export interface Measured {
  readonly run: number
  readonly other: number
}

/**
 * Runs both for as long as said.
 *
 * - they take turns, so that what else the machine does meets both
 * - `even`: the other one runs as often as fits into the time of a long run, so that it is not known by a few runs alone
 * - averages, since garbage collection is part of what a call costs
 */
export const inTurns = async (run: Run, other: Run, millis: number, even = 0): Promise<Measured> => {
  const until = performance.now() + millis
  const [runs, others] = [new Tally(), new Tally()]
  do {
    const took = await runs.add(run)
    const enough = others.millis + Math.min(took, even)
    do await others.add(other)
    while (others.millis < enough)
  } while (performance.now() < until)
  return { run: runs.millis / runs.count, other: others.millis / others.count }
}

class Tally {
  millis = 0
  count = 0
  async add(run: Run): Promise<number> {
    const took = await timed(run)
    this.millis += took
    this.count++
    return took
  }
}

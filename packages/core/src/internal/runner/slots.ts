import { type Hold, type Job, moreOf } from "./job.ts"
import type { Rate } from "./rates.ts"
import { Gate, type Pool } from "./room.ts"

/** What a job may lack in order to start. */
export type Lacked = Gate<Job> | Rate<Job>

/**
 * What a job lacks: room in its run or in the runner, under a limit of its tool or of a key, or a start under a rate.
 *
 * - `borrows`: it may take what any job has that waits for a run inside it, also while others have what it is inside of
 * - `hadTurn`: it was first in line for a start under a rate
 */
export const lackedBy = (job: Job, borrows = false, hadTurn = false): Lacked | undefined => {
  const { claims, run } = job
  const { engine, gate, shared } = run
  if (gate.pool.taken >= gate.limit) return gate
  const away = borrows || run.lender === undefined ? undefined : awayFrom(run.lender)
  if (away !== undefined) return away
  if (shared !== undefined && isFull(job, shared.gate, borrows)) return shared.gate
  if (claims === undefined) return undefined
  for (const { key, limit } of claims.slots) {
    const slots = engine.room.of(key).gate(limit)
    if (isFull(job, slots, borrows)) return slots
  }
  for (const { key, limit, window } of claims.rates) {
    const rate = engine.rates.of(key, window)
    if (rate.asking || (!hadTurn && isBehind(job, rate)) || engine.rates.wait(rate, limit, run.ticks()) > 0) return rate
  }
  return undefined
}

/** No call inside a job starts while the room of that job is lent: it would run beside the one that has it. */
export const awayFrom = (outer: Job): Gate<Job> | undefined => {
  for (let job: Job | undefined = outer; job !== undefined; job = job.run.lender) {
    const away = job.holds?.find(({ isAway }) => isAway)
    if (away !== undefined) return away.pool.gates[0]
  }
  return undefined
}

const isFull = (job: Job, { limit, pool }: Gate<Job>, borrows: boolean): boolean =>
  pool.taken >= limit && loanOf(job, pool, borrows) === undefined

/** Who waits for a start under a rate has it before all that come later. */
const isBehind = (job: Job, { line }: Rate<Job>): boolean => {
  const first = line.first()
  return first !== undefined && first !== job && (first.run !== job.run || first.isBefore(job))
}

/** What a job may take in place of new room: what a call has inside whose handler it runs, if that is not lent already. */
const loanOf = ({ run }: Job, pool: Pool<Job>, borrows: boolean): Hold | undefined => {
  for (let lender = run.lender; lender !== undefined; lender = lender.run.lender) {
    const hold = idleOf(lender, pool)
    if (hold !== undefined) return hold
  }
  if (borrows) {
    for (const lender of run.engine.lenders) {
      const hold = idleOf(lender, pool)
      if (hold !== undefined) return hold
    }
  }
  return undefined
}

const idleOf = ({ holds }: Job, pool: Pool<Job>): Hold | undefined =>
  holds?.find((hold) => hold.pool === pool && hold.lentTo === undefined)

/** Takes all that a job needs. */
export const take = (job: Job, borrows: boolean): void => {
  const { claims, run } = job
  const { engine, gate, shared } = run
  gate.pool.taken += 1
  engine.working += 1
  run.turn = ++engine.turns
  if (run.lender !== undefined) engine.nested.delete(job)
  if (shared !== undefined) hold(job, shared.gate, borrows)
  if (claims === undefined) return
  for (const { key, limit } of claims.slots) hold(job, engine.room.of(key).gate(limit), borrows)
  for (const rate of ratesOf(job)) {
    if (run.recorder === undefined) engine.rates.take(rate, run.ticks())
    else rate.coming += 1
  }
}

/** Where its starts count; a limiter outside of the process counts them itself. */
const ratesOf = ({ claims, run: { engine: { limiter, rates } } }: Job): ReadonlyArray<Rate<Job>> =>
  limiter === undefined && claims !== undefined ? claims.rates.map(({ key, window }) => rates.of(key, window)) : nothing

/** A job starts that a recorder may have held up, or is given up before: its start counts from now on, or not at all. */
export const came = (job: Job, starts: boolean): void => {
  const { engine, recorder } = job.run
  if (recorder === undefined) return
  for (const rate of ratesOf(job)) {
    rate.coming -= 1
    if (starts) engine.rates.take(rate, job.run.ticks())
    engine.looked.add(rate)
  }
}

const hold = (job: Job, { line, pool }: Gate<Job>, borrows: boolean): void => {
  line.took(job.run)
  const from = loanOf(job, pool, borrows)
  const outer = outerHolds(job, pool)
  const hold: Hold = { pool, outer, fresh: undefined, from, lentTo: undefined, isAway: false }
  if (job.holds === undefined) job.holds = [hold]
  else job.holds.push(hold)
  if (from === undefined) pool.taken += 1
  lendTo(hold, from)
}

/** What is taken is lent by who has it, or is new room, which those around may have need of. */
const lendTo = (hold: Hold, from: Hold | undefined): void => {
  hold.from = from
  if (from === undefined) {
    for (const one of hold.outer) (one.fresh ??= new Set()).add(hold)
  } else {
    from.lentTo = hold
    from.isAway = !hold.outer.includes(from)
  }
}

/** What the jobs around it have under a key, the nearest first. */
const outerHolds = ({ run }: Job, pool: Pool<Job>): ReadonlyArray<Hold> => {
  if (run.lender === undefined) return nothing
  const holds: Array<Hold> = []
  for (let lender: Job | undefined = run.lender; lender !== undefined; lender = lender.run.lender) {
    holds.push(...lender.holds?.filter((hold) => hold.pool === pool) ?? [])
  }
  return holds
}

const nothing: ReadonlyArray<never> = []

/** True where it may take what jobs around it have, though there is no room. */
export const mayBorrow = (job: Job, lacked: Lacked): boolean =>
  lacked instanceof Gate && outerHolds(job, lacked.pool).length > 0

/** What was lent comes back, and takes the place of new room that an inner job has. */
const giveBack = (hold: Hold): void => {
  hold.lentTo = undefined
  hold.isAway = false
  for (const fresh of hold.fresh ?? nothing) {
    for (const outer of fresh.outer) outer.fresh?.delete(fresh)
    hold.lentTo = fresh
    fresh.from = hold
    hold.pool.taken -= 1
    return
  }
}

/** Gives back what a job has taken, and has those looked at who wait for it. */
export const give = (job: Job): void => {
  const { holds, run } = job
  const { engine, gate } = run
  gate.pool.taken -= 1
  if (!gate.line.isEmpty) engine.looked.add(gate)
  if (job.more?.inner === undefined || !engine.lenders.delete(job)) engine.working -= 1
  if (job.attempts === 0) came(job, false)
  for (const { after, key, window } of job.claims?.rates ?? nothing) {
    if (after !== undefined) engine.rates.drop(engine.rates.of(key, window))
  }
  if (holds === undefined) return
  job.holds = undefined
  for (const hold of holds) {
    const { from, lentTo, pool } = hold
    // The job that has it still needs it: it is its own now, or what those further out lend.
    if (lentTo !== undefined) lendTo(lentTo, from)
    else if (from === undefined) pool.taken -= 1
    else giveBack(from)
    for (const outer of hold.outer) outer.fresh?.delete(hold)
    for (const gate of pool.gates) if (!gate.line.isEmpty) engine.looked.add(gate)
    engine.room.drop(pool)
  }
}

/** A run begins inside a job, which lends what it has to the jobs of that run. */
export const lend = (job: Job): void => {
  const { engine } = job.run
  const more = moreOf(job)
  more.inner = (more.inner ?? 0) + 1
  if (more.inner > 1 || !job.isRunning || job.over) return
  engine.working -= 1
  engine.lenders.add(job)
  // The run may be of another runner.
  engine.wake()
}

/** A run inside a job has ended. */
export const unlend = (job: Job): void => {
  const { engine } = job.run
  const more = moreOf(job)
  more.inner = (more.inner ?? 0) - 1
  if (more.inner === 0 && engine.lenders.delete(job)) engine.working += 1
}

/** A job does not start: it waits for nothing more, and keys that were looked at for it alone are forgotten. */
export const withdraw = (job: Job): void => {
  const { claims, run: { engine } } = job
  leaveLine(job)
  engine.nested.delete(job)
  if (claims === undefined) return
  for (const { key } of claims.slots) engine.room.drop(engine.room.of(key))
  for (const { key, window } of claims.rates) engine.rates.drop(engine.rates.of(key, window))
}

/** Waits in line no more. */
export const leaveLine = (job: Job): void => {
  const { line, run } = job
  if (line === undefined) return
  job.line = undefined
  line.left(run)
  run.stuck -= 1
  if (run.wantsMore) run.engine.wanting.add(run)
}

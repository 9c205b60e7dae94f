import { type Hold, type Job, moreOf } from "./job.ts"
import type { Rate } from "./rates.ts"
import type { Gate, Pool } from "./room.ts"

/** What a job may lack in order to start. */
export type Lacked = Gate<Job> | Rate<Job>

/**
 * What a job lacks: room in its run or in the runner, under a limit of its tool or of a key, or a start under a rate.
 *
 * - `borrows`: it may take what any job has that waits for a run inside it
 */
export const lackedBy = (job: Job, borrows = false): Lacked | undefined => {
  const { claims, run } = job
  const { engine, gate, shared } = run
  if (gate.pool.taken >= gate.limit) return gate
  if (shared !== undefined && isFull(job, shared.gate, borrows)) return shared.gate
  if (claims === undefined) return undefined
  for (const { key, limit } of claims.slots) {
    const slots = engine.room.of(key).gate(limit)
    if (isFull(job, slots, borrows)) return slots
  }
  for (const { key, limit, window } of claims.rates) {
    const rate = engine.rates.of(key, window)
    if (rate.asking || isBehind(job, rate) || engine.rates.wait(rate, limit, run.now()) > 0) return rate
  }
  return undefined
}

const isFull = (job: Job, { limit, pool }: Gate<Job>, borrows: boolean): boolean =>
  pool.taken >= limit && loanOf(job, pool, borrows) === undefined

/** Who waits for a start under a rate has it before all that come later. */
const isBehind = (job: Job, { line }: Rate<Job>): boolean => {
  const first = line.peek()
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

const idleOf = ({ holds, over }: Job, pool: Pool<Job>): Hold | undefined =>
  over ? undefined : holds?.find((hold) => hold.pool === pool && !hold.isLent)

/** Takes all that a job needs. */
export const take = (job: Job, borrows = false): void => {
  const { claims, run } = job
  const { engine, gate, shared } = run
  gate.pool.taken += 1
  engine.working += 1
  engine.nested.delete(job)
  if (shared !== undefined) hold(job, shared.gate.pool, borrows)
  if (claims === undefined) return
  for (const { key } of claims.slots) hold(job, engine.room.of(key), borrows)
  if (engine.limiter !== undefined) return
  for (const { key, window } of claims.rates) engine.rates.take(engine.rates.of(key, window), run.now())
}

const hold = (job: Job, pool: Pool<Job>, borrows: boolean): void => {
  const from = loanOf(job, pool, borrows)
  const hold: Hold = { pool, from, fresh: new Set(), isLent: false }
  job.holds ??= []
  job.holds.push(hold)
  if (from !== undefined) {
    from.isLent = true
    return
  }
  pool.taken += 1
  outerHold(job, pool)?.fresh.add(hold)
}

/** What the nearest job around it has under a key. */
const outerHold = ({ run }: Job, pool: Pool<Job>): Hold | undefined => {
  for (let lender = run.lender; lender !== undefined; lender = lender.run.lender) {
    const hold = lender.holds?.find((hold) => hold.pool === pool)
    if (hold !== undefined) return hold
  }
  return undefined
}

/** What was lent comes back, and takes the place of new room that an inner job has. */
const giveBack = (hold: Hold): void => {
  hold.isLent = false
  for (const fresh of hold.fresh) {
    hold.fresh.delete(fresh)
    hold.isLent = true
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
  if (job.more?.inner === undefined) engine.working -= 1
  else engine.lenders.delete(job)
  if (holds === undefined) return
  job.holds = undefined
  for (const hold of holds) {
    const { from, pool } = hold
    if (from === undefined) pool.taken -= 1
    else giveBack(from)
    outerHold(job, pool)?.fresh.delete(hold)
    for (const gate of pool.gates) if (!gate.line.isEmpty) engine.looked.add(gate)
    engine.room.drop(pool)
  }
}

/** A run begins inside a job, which lends what it has to the jobs of that run. */
export const lend = (job: Job): void => {
  const more = moreOf(job)
  more.inner = (more.inner ?? 0) + 1
  if (more.inner > 1 || !job.isRunning || job.over) return
  const { engine } = job.run
  engine.working -= 1
  engine.lenders.add(job)
  engine.post(() => undefined)
}

/** A run inside a job has ended. */
export const unlend = (job: Job): void => {
  const more = moreOf(job)
  more.inner = more.inner === undefined || more.inner === 1 ? undefined : more.inner - 1
  if (more.inner !== undefined || !job.isRunning || job.over) return
  const { engine } = job.run
  engine.working += 1
  engine.lenders.delete(job)
}

/** Waits in line no more. */
export const leaveLine = (job: Job): void => {
  if (job.line === undefined) return
  job.line = undefined
  if (!job.run.isEager) job.run.stuck -= 1
}

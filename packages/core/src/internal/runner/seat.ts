import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { RateLimiter } from "effect/persistence/RateLimiter"
import { precision } from "../alarm.ts"
import type { Rate as RateClaim } from "../tool/claims.ts"
import { begin } from "./attempt.ts"
import type { Engine } from "./engine.ts"
import { doFor } from "./fiber.ts"
import { type Job, moreOf } from "./job.ts"
import type { Line } from "./line.ts"
import { waitsFor } from "./observe.ts"
import { Rate } from "./rates.ts"
import { crashOf } from "./record.ts"
import type { Gate } from "./room.ts"
import type { Run } from "./run.ts"
import { refuse } from "./settle.ts"
import { awayFrom, give, type Lacked, lackedBy, leaveLine, mayBorrow, take } from "./slots.ts"

/** Starts a job that waits for no other any more, once it is the first in call order of those that there is room for. */
export const seat = (job: Job): void => {
  const { isEager, gate, shared } = job.run
  if (job.line !== undefined || job.isRunning || job.ended) return
  if (isEager) queue(job, lackedBy(job) ?? gate)
  else if (shared?.gate.line.isEmpty === false) queue(job, shared.gate)
  else enter(job)
}

/** Starts a job if it lacks nothing; `from` is where it was the first in line. */
const enter = (job: Job, from?: Lacked, borrows = false): boolean => {
  const { run } = job
  if (run.isStopped || isLeft(run)) return setAside(job)
  if (job.place?.order.mayStart(job.place) === false) return false
  const lacked = lackedBy(job, borrows, from instanceof Rate)
  if (lacked !== undefined) {
    waitFor(job, lacked)
    return false
  }
  job.place?.order.start(job.place)
  take(job, borrows)
  job.isRunning = true
  const counted = job.claims?.rates.filter(({ after }) => after === undefined) ?? []
  if (run.engine.limiter !== undefined && counted.length > 0) ask(job, counted, run.engine.limiter)
  else begin(job)
  return true
}

/** The call that a run is inside of was answered or stopped: its own interruption is on its way, if there is one. */
const isLeft = ({ goesOn, lender }: Run<Job>): boolean => {
  for (let job = goesOn ? undefined : lender; job !== undefined; job = job.run.lender) {
    if (job.ended || job.run.isStopped) return true
  }
  return false
}

/** A job of a run that was left does not start, unless the run goes on in spite of it. */
const setAside = (job: Job): false => {
  const { run } = job
  const goOn = Effect.sync(() => {
    run.goesOn = true
    run.engine.post(() => seat(job))
  })
  run.fork(Effect.andThen(Effect.yieldNow, goOn))
  return false
}

/** A job waits for what it lacks; behind whom it went before does not count any more. */
const waitFor = (job: Job, lacked: Lacked): void => {
  job.more?.behind?.clear()
  queue(job, lacked)
}

const queue = (job: Job, lacked: Lacked): void => {
  const { run } = job
  const { engine } = run
  job.line = lacked.line
  lacked.line.push(job, mayBorrow(job, lacked))
  engine.looked.add(lacked)
  if (run.lender !== undefined) engine.nested.add(job)
  run.stuck += 1
  if (run.isWatched) engine.whenIdle(() => job.line === lacked.line && tellWaiting(job, lacked))
}

const tellWaiting = (job: Job, lacked: Lacked): void => {
  const { run } = job
  const isSlot = lacked === run.gate || lacked === run.shared?.gate
  const why = lacked instanceof Rate ? "rate" : isSlot ? "slot" : "limit"
  if (job.more?.why !== why) waitsFor(job, why)
  moreOf(job).why = why
}

/** Starts the first in call order of the jobs that wait where there may be room now. */
export const serve = (engine: Engine<Job, Run<Job>>): boolean => {
  let first: { readonly job: Job; readonly lacked: Lacked } | undefined
  for (const lacked of engine.looked) {
    if (first !== undefined && comesLater(lacked, first.job)) continue
    const job = lacked instanceof Rate ? firstUnder(engine, lacked) : firstAt(lacked)
    if (job === undefined) engine.looked.delete(lacked)
    else if (first === undefined || goesBefore(job, first.job)) first = { job, lacked }
  }
  if (first === undefined) return false
  const { job, lacked } = first
  leaveLine(job)
  const before = othersBefore(job, lacked.line)
  if (before !== undefined) queue(job, before)
  else if (enter(job, lacked)) lacked.line.took(job.run)
  return true
}

/** True where only jobs of a run wait whose turn comes after another job: it need not be found out yet which of them can start. */
const comesLater = ({ line }: Lacked, { run }: Job): boolean => {
  const other = line.first()?.run
  return other !== undefined && other.gate.line === line && other !== run && other.turn >= run.turn
}

/** Runs take turns; within each, call order counts. */
const goesBefore = (a: Job, b: Job): boolean => a.run === b.run ? a.isBefore(b) : a.run.turn < b.run.turn

/** Where jobs of other runs wait already for room that a job could take: it goes behind them, once at each gate. */
const othersBefore = (job: Job, cameFrom: Line<Job>): Gate<Job> | undefined => {
  const { claims, run } = job
  const { engine, shared } = run
  const gates = claims?.slots.map(({ key, limit }) => engine.room.of(key).gate(limit)) ?? []
  for (const gate of shared === undefined ? gates : [shared.gate, ...gates]) {
    if (gate.line === cameFrom || gate.line.isEmpty || job.more?.behind?.has(gate) === true) continue
    const first = firstAt(gate)
    if (first === undefined || first.run === run) continue
    const more = moreOf(job)
    more.behind ??= new Set()
    more.behind.add(gate)
    return gate
  }
  return undefined
}

/**
 * Whose turn it is at a gate, of those that lack nothing else; who does waits there from now on. Where there is no room, only those
 * are asked that may take what jobs around them have: so a turn costs the same however many runs wait.
 */
const firstAt = ({ limit, line, pool }: Gate<Job>): Job | undefined => {
  const mayLeave = (job: Job): boolean => lackedBy(job)?.line !== line
  const next = () => pool.taken < limit ? line.first(mayLeave) : line.firstOfBorrowers(mayLeave)
  for (let job = next(); job !== undefined; job = next()) {
    const lacked = lackedBy(job)
    if (lacked === undefined) return job
    leaveLine(job)
    waitFor(job, lacked)
  }
  return undefined
}

/** Jobs that wait for one rate start in call order. */
const firstUnder = (engine: Engine<Job, Run<Job>>, rate: Rate<Job>): Job | undefined => {
  const job = rate.line.first()
  if (job === undefined) return void engine.rates.drop(rate)
  if (rate.asking) return undefined
  const limits = job.claims?.rates.flatMap(({ key, limit, window }) =>
    engine.rates.of(key, window) === rate ? limit : []
  )
  const limit = Math.min(...limits ?? [])
  const wait = engine.rates.wait(rate, limit, job.run.ticks())
  if (wait <= 0) return job
  wake(job.run, rate, wait)
  return undefined
}

/** Looks at a rate again when it may be open, by the clock of a run that waits for it. */
const wake = (run: Run<Job>, rate: Rate<Job>, millis: number): void => {
  const expiresAt = run.now() + millis
  if (expiresAt > (run.wakes.get(rate) ?? Infinity) - precision) return
  const ring = () => {
    run.wakes.delete(rate)
    run.engine.look(rate)
  }
  run.wakes.set(rate, expiresAt)
  run.alarm.add({ expiresAt, over: false, ring })
}

/**
 * No call is at work, and jobs of inner runs wait for room: each has what another lacks. What is lent and idle is then free for all,
 * as its lender waits too, and goes on waiting until it is back. Only where all wait for that does one of them go on.
 */
export const rescue = (engine: Engine<Job, Run<Job>>): boolean =>
  engine.working === 0 && (borrowOne(engine, true) || borrowOne(engine, false))

const borrowOne = (engine: Engine<Job, Run<Job>>, waits: boolean): boolean => {
  for (const job of engine.nested) {
    const mayNot = waits && job.run.lender !== undefined && awayFrom(job.run.lender) !== undefined
    if (mayNot || lackedBy(job, true) !== undefined) continue
    leaveLine(job)
    if (enter(job, undefined, true)) return true
  }
  return false
}

/** Asks a limiter outside of the process, one job a rate at a time; one that is refused waits without its room. */
const ask = (job: Job, rates: ReadonlyArray<RateClaim>, limiter: RateLimiter): void => {
  const { engine } = job.run
  const all = rates.map(({ key, window }) => engine.rates.of(key, window))
  const letGo = () => {
    for (const rate of all) {
      rate.asking = false
      engine.looked.add(rate)
    }
  }
  for (const rate of all) rate.asking = true
  doFor(job, firstRefusal(limiter, rates), (job, exit) => {
    if (Exit.isFailure(exit)) return refuse(job, crashOf(job, Cause.squash(exit.cause)))
    if (exit.value === undefined) return begin(job)
    const [index, wait] = exit.value
    const refused = all[index]!
    // Not at once: where no time goes by, as in a test, it would be asked for ever.
    refused.closedUntil = job.run.ticks() + Math.max(1, Duration.toMillis(wait))
    job.isRunning = false
    give(job)
    queue(job, refused)
  })
  // Nothing else is heard of one that is stopped meanwhile, or that meets what is no effect.
  job.fiber?.addObserver(() => engine.post(letGo))
}

/** Takes one token of every rate, or none; undefined when there was one of each, else which refused, and for how long. */
const firstRefusal = Effect.fnUntraced(function*(
  limiter: RateLimiter,
  rates: ReadonlyArray<RateClaim>
): Effect.fn.Return<readonly [index: number, wait: Duration.Duration] | undefined> {
  for (const tokens of rates.length > 1 ? [0, 1] : [1]) {
    for (const [index, rate] of rates.entries()) {
      const wait = yield* refusal(limiter, rate, tokens)
      if (wait !== undefined) return [index, wait] as const
    }
  }
  return undefined
})

/** Asking for no token shows whether there is one. */
const refusal = (limiter: RateLimiter, rate: RateClaim, tokens: number) =>
  Effect.matchEffect(limiter.consume({ ...rate, tokens, onExceeded: "fail" }), {
    onSuccess: ({ remaining, resetAfter }) => Effect.succeed(tokens === 0 && remaining < 1 ? resetAfter : undefined),
    onFailure: (error) =>
      error.reason._tag === "RateLimitExceeded" ? Effect.succeed(error.reason.retryAfter) : Effect.die(error)
  })

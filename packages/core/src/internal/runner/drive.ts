import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { RateLimiter } from "effect/persistence/RateLimiter"
import { type Reason, Truncated, Undecided } from "../../CallError.ts"
import type { Outcome } from "../../Outcome.ts"
import type { ToolCall } from "../../ToolCall.ts"
import { admit, find, recall, stillOpen } from "./admit.ts"
import { approve, wholeTurn } from "./approve.ts"
import { decode, given, layers, needs, resolve } from "./arguments.ts"
import { Engine } from "./engine.ts"
import { assemble, expand, expire } from "./expand.ts"
import { Job, unsettled } from "./job.ts"
import { ends, known, waiting } from "./observe.ts"
import { claim, doubt, orders, reserve, revoke, waitInLine } from "./place.ts"
import { crashOf, interrupted, refused, stopped, timedOut } from "./record.ts"
import type { Run } from "./run.ts"
import { rescue, serve } from "./seat.ts"
import { cut, refuse } from "./settle.ts"
import { give, lend, unlend, withdraw } from "./slots.ts"

/** The stages of a call's life up to its start, in order; each is passed at once, or goes on later from where it waits. */
const stages: ReadonlyArray<(job: Job) => boolean> = [
  admit,
  needs,
  given,
  stillOpen,
  layers,
  resolve,
  decode,
  claim,
  wholeTurn,
  approve,
  expand,
  assemble,
  waitInLine
]

/** Where ends are recorded, that is asked first. */
const recorded = [
  find,
  needs,
  given,
  (job: Job) => job.node.resolve === undefined || layers(job),
  resolve,
  recall,
  ...stages
]

/** What a call may come to that waits for nothing but room. */
const plain = [admit, given, stillOpen, layers, decode, claim, waitInLine]

const stagesOf = ({ isEager, recorder }: Run<Job>) => recorder !== undefined ? recorded : isEager ? stages : plain

/** What a stage throws, such as over an access that is none, is a crash of its own call. */
const advance = (job: Job): void => {
  try {
    passStages(job)
  } catch (defect) {
    refuse(job, crashOf(job, defect))
  }
}

const passStages = (job: Job): void => {
  const { run } = job
  const ahead = stagesOf(run)
  while (!job.over && run.state !== "interrupted") {
    const stage = ahead[job.stage++]
    if (stage === undefined) return
    if (stage(job)) continue
    // Who comes later must not pass it.
    if (!job.over && job.place === undefined) reserve(job)
    return
  }
}

/** What the runs of one runner share. */
export const makeEngine = (limiter?: RateLimiter): Engine<Job, Run<Job>> => new Engine(startOne, limiter)

/** Who wants to start a call stands in line before those are served who wait there: so runs take turns that admit one at a time. */
const startOne = (engine: Engine<Job, Run<Job>>): boolean => {
  const { looked, nested, wanting } = engine
  if (wanting.size + looked.size + nested.size === 0) return false
  return admitOne(engine) || serve(engine) || rescue(engine)
}

/** Admits a call of the runs that want one, which take turns; one that is alone goes on while nothing else happens. */
const admitOne = (engine: Engine<Job, Run<Job>>): boolean => {
  for (const run of engine.wanting) {
    if (!run.wantsMore) {
      engine.wanting.delete(run)
      continue
    }
    if (engine.wanting.size > 1) {
      engine.wanting.delete(run)
      engine.wanting.add(run)
    }
    do admitNext(run)
    while (engine.wanting.size === 1 && engine.isQuiet && run.wantsMore)
    return true
  }
  return false
}

const admitNext = (run: Run<Job>): void => {
  const index = run.next++
  const job = new Job(run, undefined, run.nodes[index]!, index)
  run.jobs[index] = job
  known(job)
  advance(job)
}

/** Settles the calls of a run; `done` makes of their outcomes what it comes to, and is called too where it is interrupted. */
export const drive = <A>(run: Run<Job>, done: (outcomes: ReadonlyArray<Outcome>) => A): Effect.Effect<A> =>
  Effect.withFiber((fiber) => {
    const driven = Effect.callback<A>((resume) => {
      run.owner = fiber
      run.driveBy(
        advance,
        (job) => run.engine.post(() => expire(job)),
        () => stopAll(run, stopped),
        () => finish(run, (outcomes) => resume(Effect.succeed(done(outcomes))))
      )
      run.engine.post(() => begin(run))
      // From here on it learns of its interruption.
      run.owner = undefined
      return interrupt(run, done)
    })
    return Effect.onExitPrimitive(driven, forgetting(run))
  })

/** What a run was made of goes with it: what its calls have left behind may know the run for long. */
const forgetting = (run: Run<Job>) => (): undefined => {
  run.driveBy(nothing, nothing, nothing, nothing)
  run.outcomes = []
  run.nodes.length = 0
  run.jobs.length = 0
  run.next = 0
  run.leaders.clear()
  run.order = undefined
  return undefined
}

const nothing = (): void => undefined

const begin = (run: Run<Job>): void => {
  orders(run)
  doubt(run)
  if (run.lender !== undefined) lend(run.lender)
  limit(run)
  while (run.isEager && run.wantsMore) admitNext(run)
  run.engine.wanting.add(run)
  if (run.isWatched) run.engine.whenIdle(() => tellWaiting(run))
  run.finish()
}

/** Calls that are admitted when there is room wait for a slot from the beginning. */
const tellWaiting = (run: Run<Job>): void => {
  const at = run.now()
  run.told = run.next
  waiting(run, "slot", run.nodes.length - run.next)
  if (run.teller === undefined) return
  for (const { call } of run.nodes.slice(run.next)) run.tell({ _tag: "CallWaiting", call, at, why: "slot" })
}

const limit = (run: Run<Job>): void => {
  const { expiresAt } = run
  if (expiresAt === Infinity) return
  const ring = () => run.engine.post(() => meetDeadline(run))
  run.alarm.setLast({ expiresAt, ring })
}

const meetDeadline = (run: Run<Job>): void => {
  if (run.isStopped) return
  run.state = "expired"
  stopAll(run, (job, started) => timedOut(job, "deadline", started))
  run.finish()
}

/** Stops what has not settled: what has started is cut, the rest is not run. */
const stopAll = (run: Run<Job>, reason: (job: Job, started: boolean) => Reason): void => {
  for (const job of unsettled(run)) {
    if (job.hasStarted) cut(job, reason(job, true))
    else if (job.more?.isRecalled !== true) refuse(job, reason(job, false))
  }
  run.engine.wanting.add(run)
}

/** Ends a run whose calls have all settled, once all is told and given back; at its deadline without waiting for that. */
const finish = (run: Run<Job>, done: (outcomes: ReadonlyArray<Outcome>) => void): void => {
  const goesOn = run.left > 0 || run.isArriving
  if (goesOn || run.isStopped || !run.isOpen) return
  if (!run.isClosing) close(run)
  if (run.state !== "expired" && run.isBusy) return
  run.isOpen = false
  release(run)
  done(run.outcomes)
}

const close = (run: Run<Job>): void => {
  run.isClosing = true
  const closing = run.layers.close()
  if (closing === undefined) return
  // A layer that goes on being built does not hold up the end of the run.
  run.isBuilt = !run.layers.isBuilding
  run.fork(closing).addObserver(() => {
    run.isBuilt = false
    run.engine.post(run.finish)
  })
}

/** What others wait for, or remember, of a run that is over. */
const release = (run: Run<Job>): void => {
  run.alarm.stop()
  run.teller?.begin()
  run.teller?.stop()
  for (const forget of run.atEnd) forget()
  run.shared?.gate.line.forget(run)
  for (const rate of run.wakes.keys()) run.engine.looked.add(rate)
  run.engine.rates.forget(() => run.ticks())
  if (run.lender !== undefined) unlend(run.lender)
}

/** Starts nothing more, stops what is in flight, and waits for its finalizers. */
const interrupt = (run: Run<Job>, done: (outcomes: ReadonlyArray<Outcome>) => unknown): Effect.Effect<void> =>
  Effect.suspend(() => {
    run.state = "interrupted"
    return Effect.callback<void>((resume) => {
      run.engine.post(() => {
        const outcomes = run.nodes.map((_, index) => leftAt(run, index))
        if (run.observer !== undefined) endAll(run)
        const fibers = [...run.teller?.stop() ?? [], ...Array.from(unsettled(run)).flatMap(abandon)]
        release(run)
        const stopping = Fiber.interruptAll(fibers.filter((fiber) => fiber !== undefined))
        resume(stopping.pipe(
          Effect.andThen(Effect.suspend(() => run.layers.close() ?? Effect.void)),
          Effect.andThen(
            Effect.sync(() => void done(outcomes.map((outcome, index) => suspendedAt(run, index) ?? outcome)))
          )
        ))
      })
    })
  })

/** Ends what follows the calls that have not settled, those too that were never admitted. */
const endAll = (run: Run<Job>): void => {
  const open = new Set<Job>()
  for (const job of unsettled(run)) {
    for (let one: Job | undefined = job; one !== undefined; one = one.parent) open.add(one)
  }
  for (const job of open) ends(job, interrupted(job))
  for (let index = run.next; index < run.nodes.length; index++) {
    const job = new Job(run, undefined, run.nodes[index]!, index)
    job.tool = run.toolkit.byName.get(job.call.name)
    known(job)
    ends(job, interrupted(job))
  }
}

/** How a call of a run stands that is interrupted. */
const leftAt = (run: Run<Job>, index: number): Outcome => {
  const settled = run.outcomes[index]
  if (settled !== undefined) return settled
  const job = run.jobs[index] ?? new Job(run, undefined, run.nodes[index]!, index)
  const isAsking = stagesOf(run)[job.stage - 1] === approve
  return isAsking ? refused(job, new Undecided({ after: undefined })) : interrupted(job)
}

/** An agent that was stopped can go on. */
const suspendedAt = (run: Run<Job>, index: number): Outcome | undefined => {
  const job = run.jobs[index]
  const inside = job?.more?.inside
  if (job === undefined || inside === undefined || run.outcomes[index] !== undefined) return undefined
  run.inside.set(job.call.id, inside)
  return refused(job, new Undecided({ after: undefined }))
}

const abandon = (job: Job): ReadonlyArray<Fiber.Fiber<unknown, unknown> | undefined> => {
  const { controller, fiber, more, place } = job
  const fibers = [fiber, more?.recording]
  job.ended = true
  job.over = true
  // Before another call has its room.
  for (const one of fibers) one?.interruptUnsafe()
  if (job.isRunning) give(job)
  else withdraw(job)
  place?.order.leave(place)
  controller?.abort()
  return fibers
}

/** Admits a call of a turn that is still being written, or revokes one that came whole, where it comes again truncated. */
export const arrive = (run: Run<Job>, call: ToolCall): void =>
  run.engine.post(() => {
    if (run.isStopped || (call.status === "truncated" && revokes(run, call))) return
    run.nodes.push({ call, needs: [] })
    run.left += 1
    if (run.toolkit.byName.get(call.name)?.expand === undefined) run.plain += 1
    admitNext(run)
  })

const revokes = (run: Run<Job>, { id, index }: ToolCall): boolean => {
  const at = run.nodes.findIndex(({ call }) => call.id === id && call.index === index)
  if (at < 0) return false
  const job = run.jobs[at]
  if (job?.hasStarted === false) revoke(job, new Truncated())
  return true
}

/** No more calls come; where the turn broke off, those that have not started are revoked. Its deadline begins. */
export const arrived = (run: Run<Job>, isWhole: boolean, deadline: number): void =>
  run.engine.post(() => {
    if (run.isStopped) return
    run.isArriving = false
    run.deadline = deadline
    run.expiresAt = run.now() + deadline
    limit(run)
    for (const job of isWhole ? [] : unsettled(run)) if (!job.hasStarted) revoke(job, new Truncated())
    for (const job of run.forTurn.splice(0)) advance(job)
    run.finish()
  })

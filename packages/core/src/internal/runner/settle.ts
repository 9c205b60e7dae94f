import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import { type Reason, Uncertain, Undecided } from "../../CallError.ts"
import { isUndecided, type Outcome } from "../../Outcome.ts"
import type { End, Ended } from "../../Recorder.ts"
import { guarded } from "../guarded.ts"
import { barriersOf } from "./barriers.ts"
import type { CallEvent } from "./events.ts"
import { type Job, moreOf } from "./job.ts"
import { ends } from "./observe.ts"
import { crashOf, endOf, logOf, record, refused, sameFor, startOf } from "./record.ts"
import type { Run } from "./run.ts"
import { give, withdraw } from "./slots.ts"

/**
 * Answers a job that has not started; what is still done for it is stopped, without waiting for that. One whose end a recorder
 * is told already keeps that.
 */
export const refuse = (job: Job, reason: Reason): void => {
  if (job.ended || job.over) return
  job.ended = true
  if (!job.isHeard) job.fiber?.interruptUnsafe()
  job.more?.recording?.interruptUnsafe()
  const outcome = refused(job, reason)
  log(job, outcome)
  settle(job, outcome)
}

/** The same at a stage of its life, which it does not pass then. */
export const stop = (job: Job, reason: Reason): false => {
  refuse(job, reason)
  return false
}

/** The host gets a crash whole, and once. */
const log = ({ run }: Job, outcome: Outcome): void => {
  const logging = logOf(outcome)
  if (logging !== undefined) run.fork(logging)
}

/** Ends a job that had started; where there is a recorder, it is told first, and settles the job. */
export const end = (job: Job, end: End, strays = false): void => {
  if (job.ended) return
  job.ended = true
  const { attempts, more, run } = job
  const endedAt = run.now()
  const ended = { end, startedAt: startOf(job, endedAt), endedAt, attempts, strays, used: more?.used }
  if (more?.record === undefined) settleAs(job, ended)
  else more.record(ended)
}

/** Ends a job that is an agent which stopped before its answer: it is undecided, and no recorder takes that for its end. */
export const suspend = (job: Job): void => {
  const { attempts, call, more, run, startedAt } = job
  job.ended = true
  more?.recording?.interruptUnsafe()
  run.inside.set(call.id, more?.inside)
  const end = Result.fail(new Undecided({ after: undefined }))
  settle(job, record(job, { end, startedAt, endedAt: run.now(), attempts }))
}

/** Settles a job whose end is known. */
export const settleAs = (job: Job, ended: Ended): void => {
  const outcome = record(job, ended)
  if (job.run.recorder !== undefined) moreOf(job).ended = ended
  log(job, outcome)
  settle(job, outcome)
}

/** Answers a started job whose tool is still at work. */
export const cut = (job: Job, reason: Reason): void => {
  if (job.ended) return
  const { controller, fiber, isHeard, promise } = job
  const cause = silentEnd(job)
  if (cause !== undefined) return end(job, endOf(job.tool, Exit.die(cause)))
  end(job, Result.fail(reason), !isHeard)
  leave(job, { controller, fiber, promise })
}

/** Stops what is done for a job that is answered without it; what goes on all the same is a stray. */
export const leave = (
  job: Job,
  { controller, fiber, promise }: Pick<Job, "controller" | "fiber" | "promise">
): void => {
  if (promise !== undefined && controller !== undefined) {
    controller.abort()
    straysAs(job, ofPromise(promise))
  } else if (fiber !== undefined) {
    fiber.interruptUnsafe()
    if (fiber.pollUnsafe() === undefined) straysAs(job, ofFiber(fiber))
  }
}

/** Why the fiber of a job has ended without a word, as one does that meets what is no effect. */
export const silentEnd = ({ fiber, isHeard }: Job): Cause.Cause<unknown> | undefined => {
  const exit = isHeard ? undefined : fiber?.pollUnsafe()
  return exit !== undefined && Exit.isFailure(exit) ? exit.cause : undefined
}

/** What goes on though no call waits for it. */
interface Work {
  readonly isOver: () => boolean
  readonly onEnd: (use: () => void) => void
}

const ofFiber = (fiber: Fiber.Fiber<unknown, unknown>): Work => ({
  isOver: () => fiber.pollUnsafe() !== undefined,
  onEnd: (use) => void fiber.addObserver(use)
})

const ofPromise = (promise: Promise<unknown>): Work => {
  let isOver = false
  const end = () => void (isOver = true)
  const ended = promise.then(end, end)
  return { isOver: () => isOver, onEnd: (use) => void ended.then(use) }
}

/** Lists a job that is answered while its tool still goes on, and logs once that it ended, if it did not do so at once. */
const straysAs = ({ call, run }: Job, { isOver, onEnd }: Work): void => {
  let isLate = false
  run.fork(Effect.andThen(Effect.yieldNow, Effect.sync(() => isLate = true)))
  run.strays.push({ call, isOver, await: Effect.callback((resume) => onEnd(() => resume(Effect.void))) })
  onEnd(() => {
    if (isLate) run.fork(Effect.annotateLogs(dropped, { tool: call.name, callId: call.id }))
  })
}

const dropped = Effect.logWarning("A tool ended after its call was answered without it; its result was dropped")

/** Gives a job its outcome; `sameAs` is the id of the equal call whose outcome that is. */
const settle = (job: Job, outcome: Outcome, sameAs?: string): void => {
  const { isRunning, more, place, run } = job
  ends(job, outcome, sameAs)
  job.over = true
  if (run.isEager) job.outcome = outcome
  letGo(job)
  if (isRunning) give(job)
  else withdraw(job)
  place?.order.leave(place, barrierOf(job, outcome))
  if (run.teller !== undefined) run.tell(settledEvent(job, outcome, sameAs))
  for (const one of more?.same ?? []) follow(one, outcome, more?.ended)
  for (const one of more?.dependents ?? []) run.engine.post(() => run.advance(one))
  if (job.parent === undefined) settled(run, job, outcome)
  else stepSettled(job.parent)
}

const settledEvent = ({ parent }: Job, outcome: Outcome, sameAs: string | undefined): CallEvent => {
  const event = { _tag: "CallSettled", outcome, at: outcome.endedAt } as const
  if (parent === undefined && sameAs === undefined) return event
  return { ...event, ...(parent !== undefined && { parent: parent.call.id }), ...(sameAs !== undefined && { sameAs }) }
}

/** What is over may be kept in mind for a while; what it was made of is not. */
const letGo = (job: Job): void => {
  job.enclosing?.leave(job)
  job.fiber = undefined
  job.promise = undefined
  job.controller = undefined
  job.parameters = undefined
}

/** An equal call has the same outcome; where there is a recorder, it is told so first, and the call crashes with it. */
export const follow = (job: Job, outcome: Outcome, ended?: Ended): void => {
  const { call, run, tool } = job
  const { recorder } = run
  if (job.over) return
  const same = sameFor(call, outcome)
  if (recorder === undefined || tool === undefined || ended === undefined) return settle(job, same, outcome.call.id)
  const ready = { key: job.key, runId: run.runId(), call, tool }
  const recording = run.fork(guarded(() => recorder.call(ready, Effect.succeed({ ...ended, used: undefined }))))
  moreOf(job).recording = recording
  recording.addObserver((exit) =>
    run.engine.post(() => {
      if (job.over || run.state === "interrupted") return
      if (Exit.isSuccess(exit)) settle(job, same, outcome.call.id)
      else refuse(job, crashOf(job, Cause.squash(exit.cause)))
    })
  )
}

const settled = (run: Run<Job>, job: Job, outcome: Outcome): void => {
  run.outcomes[job.index] = outcome
  // A plain job is not needed any more; others may need this one's answer.
  if (!run.isEager) run.jobs[job.index] = undefined
  run.left -= 1
  if (run.bounds.failFast && run.state === "open" && Result.isFailure(outcome.result)) {
    run.state = "failing"
    run.engine.post(() => run.stop())
  }
  if (run.wantsMore) run.engine.wanting.add(run)
  if (run.left === 0) run.engine.post(() => run.finish())
}

const stepSettled = (parent: Job): void => {
  const more = moreOf(parent)
  more.left = (more.left ?? 0) - 1
  if (more.left === 0) parent.run.engine.post(() => parent.run.advance(parent))
}

/** Why later calls that touch the same may not run, after a call that ended like this. */
const barrierOf = (job: Job, outcome: Outcome): (() => void) | undefined => {
  const { place, run } = job
  const reason = reasonAfter(job, outcome)
  if (reason === undefined || place === undefined) return undefined
  return () => barriersOf(run).add(place, reason)
}

const reasonAfter = (job: Job, outcome: Outcome): Reason | undefined => {
  const { call, parent, run } = job
  const { result } = outcome
  if (Result.isSuccess(result) || result.failure._tag === "ToolFailure") return undefined
  // An undecided step stays undecided: its plan is answered without it.
  if (isUndecided(outcome)) return parent === undefined ? new Undecided({ after: call.id }) : undefined
  const { reason } = result.failure
  const isUncertain = (reason._tag === "Timeout" || reason._tag === "Interrupted") && reason.started
  if (!isUncertain || !mayHaveWritten(job)) return undefined
  run.doubtful.push(call)
  return new Uncertain({ after: call.id })
}

/** Of a call that is known from before, it may not be found out any more what it has touched. */
const mayHaveWritten = ({ place, tool }: Job): boolean =>
  place?.touches?.access.some(({ mode }) => mode !== "read")
    ?? (tool?.expand === undefined && tool?.readOnly === false)

import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Pull from "effect/Pull"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import type { ToolFailure, Unavailable, Unencodable } from "../../CallError.ts"
import type { Ended } from "../../Recorder.ts"
import { precision } from "../alarm.ts"
import { failureOf, isOver } from "../exit.ts"
import { guarded } from "../guarded.ts"
import { type Answer, answered, answerOf, begun, type PromiseParts, rejected } from "../tool/handler.ts"
import { doFor, hear, onFiber } from "./fiber.ts"
import { type Job, moreOf } from "./job.ts"
import { retried, starts } from "./observe.ts"
import type { Bounds } from "./options.ts"
import { endOf, isHarmless, startOf, stopped, timedOut, timeoutOf } from "./record.ts"
import { end, leave, settleAs, suspend } from "./settle.ts"
import { came } from "./slots.ts"
import { Told } from "./told.ts"

/** Starts a job that has all that it needs; a recorder, where there is one, runs it and is told how it ended. */
export const begin = (job: Job): void => {
  const { call, run, tool } = job
  if (run.recorder === undefined || tool === undefined) return start(job)
  const done = Deferred.makeUnsafe<Ended>()
  // A recorder may run it again, such as when it could not keep the end: the call is run once.
  const attempts = Effect.suspend(() => {
    const more = moreOf(job)
    if (more.record === undefined) {
      more.record = (ended) => Deferred.doneUnsafe(done, Effect.succeed(ended))
      run.engine.post(() => job.ended || start(job))
    }
    return Deferred.await(done)
  })
  const { recorder } = run
  const recording = run.fork(guarded(() => recorder.call({ key: job.key, runId: run.runId(), call, tool }, attempts)))
  moreOf(job).recording = recording
  recording.addObserver((exit) => run.engine.post(() => settleRecorded(job, exit)))
}

const settleRecorded = (job: Job, exit: Exit.Exit<Ended>): void => {
  const { attempts, ended, run } = job
  if (job.over || run.state === "interrupted") return
  job.ended = true
  // The recorder did not wait for it.
  if (!ended) leave(job, job)
  if (Exit.isSuccess(exit) && isEnd(exit.value)) return settleAs(job, exit.value)
  const endedAt = run.now()
  const defect = Exit.isSuccess(exit) ? new Error(noEnd) : Cause.squash(exit.cause)
  settleAs(job, {
    end: endOf(job.tool, Exit.die(defect)),
    startedAt: startOf(job, endedAt),
    endedAt,
    attempts,
    strays: false
  })
}

/** In plain JavaScript, a recorder may give something else than how the call ended. */
const isEnd = (given: unknown): boolean => Predicate.hasProperty(given, "end") && Result.isResult(given.end)

const noEnd = "the recorder's `call` does not give how the call ended: give what its second argument gives"

/** The time of a call begins before its handler is called. */
const start = (job: Job): void => {
  const { run } = job
  const startedAt = run.now()
  const own = timeoutOf(job)
  const left = run.timeLeft(startedAt)
  if (left <= 0) return end(job, Result.fail(timedOut(job, "deadline", false)))
  if (run.state === "failing") return end(job, Result.fail(stopped(job, false)))
  came(job, true)
  job.startedAt = startedAt
  job.expiresAt = startedAt + Math.min(own, left)
  starts(job)
  perform(job)
  if (!job.ended && own <= left) run.alarm.add(job)
}

/** Calls the handler once. */
const perform = (job: Job): void => {
  const { parameters, tool } = job
  if (tool === undefined) return
  // They are not needed any more, and would live as long as the call does.
  if (job.run.bounds.retry === undefined && !mayBackOff(job)) job.parameters = undefined
  job.attempts += 1
  if (job.more !== undefined) job.more.innerRuns = 0
  const told = new Told(job, job.attempts)
  const { handler } = tool
  const { parts } = handler
  if (parts === undefined) return doFor(job, guarded(() => handler.attempt(parameters, told)), attempted)
  if (parts.form === "promise") return promise(job, parts, parameters, told)
  const work = begun(parts, parameters, told)
  if (isOver(work)) doFor(job, answerOf(parts, work), attempted)
  else onFiber(job, work, executed)
}

const executed = (job: Job, exit: Exit.Exit<unknown, unknown>): void => {
  const parts = job.tool?.handler.parts
  if (parts?.form === "effect") doFor(job, answerOf(parts, exit), attempted)
}

const promise = (job: Job, parts: PromiseParts, parameters: unknown, told: Told): void => {
  const controller = new AbortController()
  job.controller = controller
  job.isHeard = false
  job.promise = parts.execute(parameters, controller.signal, told)
  job.promise.then(
    (value) => job.ended || hear(job, answered(parts, value), answering),
    (error) => job.ended || hear(job, rejected(parts, error), answering)
  )
}

const answering = (job: Job, answer: ReturnType<typeof answered>): void => doFor(job, answer, attempted)

type AttemptExit = Exit.Exit<Answer<unknown>, ToolFailure<unknown> | Unencodable | Unavailable>

/** Only a tool's own failure is tried again, unless that is pointless: a result that cannot be encoded would not be then. */
const attempted = (job: Job, exit: AttemptExit): void => {
  const { more, run: { bounds: { retry } }, tool } = job
  if (more?.inside !== undefined && Exit.isFailure(exit)) return suspend(job)
  const failure = Exit.isSuccess(exit) ? undefined : Option.getOrUndefined(failureOf(exit.cause))
  if (failure?._tag === "ToolFailure" && backsOff(job, failure, exit)) return
  if (failure?._tag === "ToolFailure" && retry !== undefined && isHarmless(tool) && !failure.isPointless) {
    return again(job, retry, failure, exit)
  }
  end(job, endOf(tool, exit))
}

/** Leaves a service alone that wants it, and tries again then; false where it does not. */
const backsOff = (job: Job, failure: ToolFailure<unknown>, exit: AttemptExit): boolean => {
  const { engine: { rates } } = job.run
  let isAsked = false
  for (const { after, key, window } of job.claims?.rates ?? []) {
    const wait = after?.(failure.failure)
    if (wait === undefined) continue
    isAsked = true
    rates.pause(rates.of(key, window), job.run.ticks() + Duration.toMillis(wait))
  }
  if (isAsked) whenOpen(job, failure, exit)
  return isAsked
}

/**
 * Waits, in the room that the call has, until no service wants to be left alone any more that it asks; the failure is its
 * answer where its time is over before.
 */
const whenOpen = (job: Job, failure: ToolFailure<unknown>, exit: AttemptExit): void => {
  const { run } = job
  const wait = closedUntil(job) - run.ticks()
  if (wait >= job.expiresAt - run.now()) return end(job, endOf(job.tool, exit))
  doFor(job, Effect.sleep(Math.max(0, wait)), (job) => goAgain(job, failure, exit))
}

const goAgain = (job: Job, failure: ToolFailure<unknown>, exit: AttemptExit): void => {
  if (closedUntil(job) > job.run.ticks() + precision) return whenOpen(job, failure, exit)
  retried(job, failure)
  perform(job)
}

const closedUntil = ({ claims, run: { engine: { rates } } }: Job): number => {
  let until = 0
  for (const { after, key, window } of claims?.rates ?? []) {
    if (after !== undefined) until = Math.max(until, rates.of(key, window).closedUntil)
  }
  return until
}

const mayBackOff = ({ claims }: Job): boolean => claims?.rates.some(({ after }) => after !== undefined) === true

/**
 * Tries again when the schedule says so and no service wants to be left alone, in the room that the call has; gives up when
 * the schedule says no more.
 */
const again = (
  job: Job,
  retry: NonNullable<Bounds["retry"]>,
  failure: ToolFailure<unknown>,
  exit: AttemptExit
): void => {
  const more = moreOf(job)
  const waiting = more.retry === undefined
    ? Effect.flatMap(Schedule.toStepWithSleep(retry), (step) => {
      more.retry = step
      return step(failure)
    })
    : more.retry(failure)
  doFor(job, waiting, (job, waited) => {
    if (Exit.isFailure(waited)) {
      return end(
        job,
        Pull.isDoneCause(waited.cause) ? endOf(job.tool, exit) : endOf(job.tool, Exit.die(Cause.squash(waited.cause)))
      )
    }
    goAgain(job, failure, exit)
  })
}

import * as Context from "effect/Context"
import * as Result from "effect/Result"
import { LimitExceeded, Truncated } from "../../CallError.ts"
import type { Ended } from "../../Recorder.ts"
import { onward } from "./arguments.ts"
import { Payer } from "./enclosing.ts"
import { type Job, moreOf } from "./job.ts"
import { standIn } from "./place.ts"
import { stopped, timedOut, unknownTool } from "./record.ts"
import { settleAs, stop } from "./settle.ts"

/** Finds the call's tool, so that what refuses the call can name it. */
export const find = (job: Job): boolean => {
  job.tool = job.toolkit.byName.get(job.call.name)
  return true
}

/** Looks whether it is recorded how the call ended: then nothing else is asked of it. */
export const recall = (job: Job): boolean => {
  const { args, call, run: { recorder }, tool } = job
  if (recorder === undefined) return true
  if (moreOf(job).problem !== undefined) return true
  moreOf(job).isRecalled = true
  const known = recorder.known({ key: job.key, call, tool, args })
  moreOf(job).isRecalled = known !== undefined
  if (known === undefined) return true
  countAsRun(job, 1)
  return onward(job, known, recalled)
}

const recalled = (job: Job, ended: Ended | undefined): boolean => {
  const more = moreOf(job)
  more.isRecalled = false
  if (ended === undefined) {
    countAsRun(job, -1)
    return more.revoked === undefined || stop(job, more.revoked)
  }
  if (ended.used !== undefined) Context.get(job.run.context, Payer)?.(job, ended.used)
  if (Result.isFailure(ended.end) || mayCoalesce(job)) standIn(job)
  settleAs(job, ended)
  return false
}

/** Whether a call of the run may have the outcome of an equal one; the tools of plans are not looked into. */
const mayCoalesce = ({ run: { toolkit } }: Job): boolean => {
  for (const { coalesce, expand } of toolkit.byName.values()) if (coalesce || expand !== undefined) return true
  return false
}

/** What was run before counts for the limits of calls, as if it were run now: from when it is looked for, before later ones. */
const countAsRun = ({ parent, run, tool }: Job, by: 1 | -1): void => {
  if (tool?.expand !== undefined) return
  run.ran += by
  if (parent !== undefined) run.steps += by
}

/** Finds the call's tool, and whether the call may be run at all. */
export const admit = (job: Job): boolean => {
  const { index, node: { call }, parent, run, toolkit } = job
  const tool = toolkit.byName.get(call.name)
  job.tool = tool
  const isOne = tool?.expand === undefined
  if (isOne) run.ran += 1
  if (tool === undefined) return stop(job, unknownTool(job))
  if (call.status === "truncated") return stop(job, new Truncated())
  const { maxCalls } = run.bounds
  const counted = parent === undefined ? index + run.early : isOne ? run.plain + run.steps : -1
  if (counted >= maxCalls) {
    if (isOne) run.ran -= 1
    return stop(job, new LimitExceeded({ maxCalls }))
  }
  if (parent === undefined || !isOne) return true
  run.steps += 1
  if (run.isArriving) run.early += 1
  return true
}

/** A call does not begin after its run has failed or met its deadline. */
export const stillOpen = (job: Job): boolean => {
  const { run } = job
  if (run.state === "failing") return stop(job, stopped(job, false))
  const isLate = run.state === "expired" || (run.deadline !== Infinity && run.timeLeft(run.now()) <= 0)
  return isLate ? stop(job, timedOut(job, "deadline", false)) : true
}

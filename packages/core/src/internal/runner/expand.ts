import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import { guarded } from "../guarded.ts"
import type { Expansion } from "../tool/any.ts"
import { doFor } from "./fiber.ts"
import { Job, moreOf, unsettledOf } from "./job.ts"
import { known, starts } from "./observe.ts"
import { reserve, revoke } from "./place.ts"
import { reasonOf, timedOut, timeoutOf } from "./record.ts"
import { cut, end, refuse } from "./settle.ts"

/** A call that stands for several becomes those; it takes no room of its own, and goes on when they have settled. */
export const expand = (job: Job): boolean => {
  const { call, parameters, run, tool } = job
  const make = tool?.expand
  if (make === undefined) return true
  doFor(job, guarded(() => make(parameters, call)), (job, exit) => {
    if (Exit.isFailure(exit)) return refuse(job, reasonOf(job, exit.cause))
    job.startedAt = run.now()
    job.attempts = 1
    starts(job)
    become(job, exit.value)
  })
  return false
}

const become = (job: Job, expansion: Expansion): void => {
  const { place, run } = job
  const more = moreOf(job)
  const children = expansion.nodes.map((node, index) => new Job(run, job, node, index))
  Object.assign(more, { expansion, children, left: children.length })
  let behind = place
  for (const child of children) known(child)
  for (const child of children) behind = reserve(child, behind)
  place?.order.leave(place)
  limit(job)
  if (children.length === 0) return run.advance(job)
  for (const child of children) run.engine.post(() => run.advance(child))
}

/** A plan has a time limit only where it says so: then its steps do not go on after that. */
const limit = (job: Job): void => {
  const { run, tool } = job
  if (tool?.timeout === undefined) return
  job.expiresAt = run.now() + timeoutOf(job)
  run.alarm.add(job)
}

/** The time of a call that has started is over: its tool is stopped, and so are the steps that it has become. */
export const expire = (job: Job): void => {
  for (const step of unsettledOf(job)) {
    const reason = timedOut(job, "timeout", step.hasStarted)
    if (step === job) cut(job, reason)
    else revoke(step, reason, job)
  }
}

/** Makes the answer of the one call of what its several calls came to. */
export const assemble = (job: Job): boolean => {
  const { more, run } = job
  const { children, expansion } = more ?? {}
  if (children === undefined || expansion === undefined) return true
  const outcomes = children.flatMap(({ outcome }) => outcome ?? [])
  const assembling = guarded(() => expansion.assemble(outcomes, run.bounds.maxResultBytes))
  doFor(
    job,
    assembling,
    (job, exit) => end(job, Exit.isSuccess(exit) ? Result.succeed(exit.value) : Result.fail(reasonOf(job, exit.cause)))
  )
  return false
}

import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import { InvalidArguments } from "../../CallError.ts"
import * as Json from "../../Json.ts"
import { isOver } from "../exit.ts"
import { guarded } from "../guarded.ts"
import type { Answer } from "../tool/handler.ts"
import { doFor } from "./fiber.ts"
import { type Job, moreOf } from "./job.ts"
import { dependencyFailed, reasonOf, timedOut, timeoutOf } from "./record.ts"
import { refuse, stop } from "./settle.ts"

/** Waits for the calls whose answers it needs, one after the other; where one failed, it does not run. */
export const needs = (job: Job): boolean => {
  const { node, siblings } = job
  if (node.needs.length === 0) return true
  const more = moreOf(job)
  for (let at = more.needed ?? 0; at < node.needs.length; at++) {
    more.needed = at
    const needed = siblings[node.needs[at]!]!
    if (!needed.over) {
      const { dependents = [] } = moreOf(needed)
      moreOf(needed).dependents = dependents
      dependents.push(job)
      job.stage -= 1
      return false
    }
    if (needed.answer === undefined && needed.outcome !== undefined) {
      return stop(job, dependencyFailed(needed.outcome))
    }
  }
  return true
}

/** Has the layers built that its tool was provided with, those of the job that became several before its own. */
export const layers = (job: Job): boolean => {
  const { parent, run, tool } = job
  job.context = parent?.context
  if (tool === undefined || tool.provided.length === 0) return true
  let isWaiting = false
  let isBuilt = false
  run.layers.provide(tool.provided, job.context ?? run.context, (built) => {
    if (Exit.isSuccess(built)) job.context = built.value
    isBuilt = Exit.isSuccess(built)
    const goOn = () => Exit.isSuccess(built) ? run.advance(job) : refuse(job, reasonOf(job, built.cause))
    if (isWaiting || !isBuilt) run.engine.post(goOn)
  })
  isWaiting = !isBuilt
  if (isWaiting) inTime(job)
  return isBuilt
}

/** Reads the arguments that came with the call: JSON, or none at all. */
export const given = (job: Job): boolean => {
  const { node, run } = job
  if (node.resolve !== undefined || job.args !== undefined) return true
  const known = node.take?.()
  const parsed = known === undefined ? parse(node.call.arguments) : Result.succeed(known)
  if (Result.isSuccess(parsed)) job.args = parsed.success
  else if (run.recorder !== undefined) moreOf(job).problem = parsed.failure
  else return stop(job, parsed.failure)
  return true
}

/** Makes its arguments of the answers that it needs. */
export const resolve = (job: Job): boolean => {
  const { node, siblings } = job
  const { needs, resolve } = node
  if (resolve === undefined) return true
  const answers = needs.flatMap((at): Answer<unknown> | [] => siblings[at]?.answer ?? [])
  return onward(job, guarded(() => resolve(answers)), (job, args) => {
    const parsed = parse(args)
    if (Result.isSuccess(parsed)) job.args = parsed.success
    else moreOf(job).problem = parsed.failure
    return true
  })
}

/** Providers send arguments as JSON text, an empty text for none at all, or as a value, whose parts may throw when read. */
export const parse = (args: unknown): Result.Result<unknown, InvalidArguments> => {
  if (typeof args === "string" && args.trim() === "") return Result.succeed({})
  return Result.mapError(typeof args === "string" ? Json.parse(args) : within(args), notJson)
}

const notJson = (problem: string): InvalidArguments =>
  new InvalidArguments({ issues: [{ path: "", message: `Not valid JSON: ${problem}` }] })

const within = (args: unknown): Result.Result<unknown, string> => {
  try {
    return Json.within(args)
  } catch (error) {
    return Result.fail(`it cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Reads the arguments as its tool takes them. */
export const decode = (job: Job): boolean => {
  const { args, more, tool } = job
  if (more?.problem !== undefined) return stop(job, more.problem)
  if (tool === undefined) return true
  return onward(job, tool.decode(args), decoded, true)
}

const decoded = (job: Job, parameters: unknown): boolean => {
  job.parameters = parameters
  return true
}

/** Goes on at once where an effect is over, else when it is, if `then` says so; one that fails refuses the call. */
export const onward = <A>(
  job: Job,
  effect: Effect.Effect<A, Parameters<typeof refuse>[1], unknown>,
  then: (job: Job, value: A) => boolean,
  isTimed = false
): boolean => {
  if (!isOver(effect)) return later(job, effect, then, isTimed)
  return Exit.isSuccess(effect) ? then(job, effect.value) : stop(job, reasonOf(job, effect.cause))
}

const later = <A>(
  job: Job,
  effect: Effect.Effect<A, Parameters<typeof refuse>[1], unknown>,
  then: (job: Job, value: A) => boolean,
  isTimed: boolean
): false => {
  doFor(job, effect, (job, exit) => {
    if (Exit.isFailure(exit)) refuse(job, reasonOf(job, exit.cause))
    else if (then(job, exit.value)) job.run.advance(job)
  })
  if (isTimed && !job.isHeard) inTime(job)
  return false
}

/** What is done for a job before it starts takes no longer than the call may. */
const inTime = (job: Job): void => {
  const { run, stage } = job
  run.alarm.add({
    expiresAt: run.now() + timeoutOf(job),
    get over() {
      return job.over || job.stage !== stage
    },
    ring: () => run.engine.post(() => refuse(job, timedOut(job, "timeout", false)))
  })
}

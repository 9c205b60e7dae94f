import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as References from "effect/References"
import { isOver } from "../exit.ts"
import { Enclosing } from "./enclosing.ts"
import { Inside, type Job, unsettled } from "./job.ts"
import { crashOf, endOf } from "./record.ts"
import type { Run } from "./run.ts"
import { end, refuse, silentEnd } from "./settle.ts"

/** Does something for a job, on a fiber where it takes one, and goes on with what it came to. */
export const doFor = <A, E>(
  job: Job,
  effect: Effect.Effect<A, E, unknown>,
  use: (job: Job, exit: Exit.Exit<A, E>) => void
): void => isOver(effect) ? use(job, effect) : onFiber(job, effect, use)

/** The same for what is known to take one. */
export const onFiber = <A, E>(
  job: Job,
  effect: Effect.Effect<A, E, unknown>,
  use: (job: Job, exit: Exit.Exit<A, E>) => void
): void => {
  const ending = Effect.onExitPrimitive(effect, (exit) => {
    hear(job, exit, use)
    return undefined
  })
  job.isHeard = false
  job.promise = undefined
  const fiber = Effect.runForkWith(contextOf(job))(ending)
  job.fiber = fiber
  if (job.isHeard) return
  if (job.expiresAt === Infinity) return void fiber.addObserver(() => notice(job))
  notice(job)
  if (!job.run.isLookedAfter) lookAfter(job.run, 1000)
}

/** A fiber that meets what is no effect ends without a word: its call crashed. */
const notice = (job: Job): void => {
  const cause = silentEnd(job)
  if (cause === undefined) return
  job.run.engine.post(() =>
    job.hasStarted ? end(job, endOf(job.tool, Exit.die(cause))) : refuse(job, crashOf(job, cause))
  )
}

/**
 * Looks for such fibers when a run is so many milliseconds old, and whenever it is twice as old.
 *
 * - only fibers without a time limit are observed: V8 may put lists of observers into its old generation, where dead ones keep
 *   alive all that they see
 */
const lookAfter = (run: Run<Job>, age: number): void => {
  run.isLookedAfter = true
  const ring = () =>
    run.engine.post(() => {
      for (const job of unsettled(run)) notice(job)
      lookAfter(run, 2 * age)
    })
  run.alarm.add({ expiresAt: run.beganAt + age, over: false, ring })
}

/** Something that was done for a job has come to an end: the loop goes on from there, unless the job is over by then. */
export const hear = <A>(job: Job, exit: A, use: (job: Job, exit: A) => void): void => {
  job.isHeard = true
  job.run.engine.post(() => job.ended || goOn(job, exit, use))
}

/** What is thrown over what something came to is a crash of its own call. */
const goOn = <A>(job: Job, exit: A, use: (job: Job, exit: A) => void): void => {
  try {
    use(job, exit)
  } catch (defect) {
    if (job.isRunning) end(job, endOf(job.tool, Exit.die(defect)))
    else refuse(job, crashOf(job, defect))
  }
}

/** Logs that a tool writes name it and its call, and runs that it begins know where they are. */
const contextOf = (job: Job): Context.Context<unknown> => {
  const { call, run, tool } = job
  const own = { tool: tool?.name, callId: call.id }
  const annotations = run.isAnnotated ? { ...run.annotations, ...own } : own
  const context = Context.add(job.context ?? run.context, References.CurrentLogAnnotations, annotations)
  return Context.add(context, Enclosing, job.enclosing ??= new Inside(job))
}

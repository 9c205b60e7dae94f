import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as References from "effect/References"
import { isOver } from "../exit.ts"
import { Enclosing } from "./enclosing.ts"
import { Inside, type Job } from "./job.ts"
import { crashBefore, endOf } from "./record.ts"
import { end, refuse } from "./settle.ts"

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
  job.fiber = Effect.runForkWith(contextOf(job))(ending)
  notice(job, job.fiber.pollUnsafe())
}

/** Something that was done for a job has come to an end: the loop goes on from there, unless the job is over by then. */
export const hear = <A>(job: Job, exit: A, use: (job: Job, exit: A) => void): void => {
  job.isHeard = true
  if (!job.ended) job.run.engine.post(() => job.ended || goOn(job, exit, use))
}

/** What is thrown over what something came to is a crash of its own call. */
const goOn = <A>(job: Job, exit: A, use: (job: Job, exit: A) => void): void => {
  try {
    use(job, exit)
  } catch (defect) {
    if (job.isRunning) end(job, endOf(job.tool, Exit.die(defect)))
    else refuse(job, crashBefore(defect))
  }
}

/** A fiber that meets what is no effect ends without a word: its call crashed. */
const notice = (job: Job, exit: Exit.Exit<unknown, unknown> | undefined): void => {
  if (job.isHeard || exit === undefined || Exit.isSuccess(exit)) return
  job.isHeard = true
  job.run.engine.post(() => end(job, endOf(job.tool, Exit.die(exit.cause))))
}

/**
 * Notices how fibers end, as what counts them: an observer of each would be kept by V8 for long, with all that it sees, and
 * so one run would keep the next one.
 */
class Noticing implements Metric.FiberRuntimeMetricsService {
  readonly #counting: Metric.FiberRuntimeMetricsService | undefined

  constructor(counting: Metric.FiberRuntimeMetricsService | undefined) {
    this.#counting = counting
  }

  recordFiberStart(context: Context.Context<never>): void {
    this.#counting?.recordFiberStart(context)
  }

  recordFiberEnd(context: Context.Context<never>, exit: Exit.Exit<unknown, unknown>): void {
    this.#counting?.recordFiberEnd(context, exit)
    if (Exit.isSuccess(exit)) return
    const job = Context.get(context, Enclosing)?.job
    if (job?.fiber?.pollUnsafe() === exit) notice(job, exit)
  }
}

const known = new WeakMap<Context.Context<unknown>, Context.Context<unknown>>()

/** The same context, in which it is noticed how fibers end. */
export const noticing = (context: Context.Context<unknown>): Context.Context<unknown> => {
  const before = known.get(context)
  if (before !== undefined) return before
  const counting = Context.get(context, Metric.FiberRuntimeMetrics)
  const made = counting instanceof Noticing
    ? context
    : Context.add(context, Metric.FiberRuntimeMetrics, new Noticing(counting))
  known.set(context, made)
  return made
}

/** Logs that a tool writes name it and its call, and runs that it begins know where they are. */
const contextOf = (job: Job): Context.Context<unknown> => {
  const { call, run, tool } = job
  const own = { tool: tool?.name, callId: call.id }
  const annotations = run.isAnnotated ? { ...run.annotations, ...own } : own
  const context = Context.add(job.context ?? run.context, References.CurrentLogAnnotations, annotations)
  return Context.add(context, Enclosing, job.inside ??= new Inside(job))
}

import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as References from "effect/References"
import { isOver } from "../exit.ts"
import { Enclosing } from "./enclosing.ts"
import { Inside, type Job } from "./job.ts"
import { crashBefore, endOf } from "./record.ts"
import { crashOf, end, refuse } from "./settle.ts"

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
  if (job.expiresAt === Infinity) fiber.addObserver(() => notice(job))
  else notice(job)
}

/** A fiber that meets what is no effect ends without a word: its call crashed. */
const notice = (job: Job): void => {
  const crash = crashOf(job)
  if (crash === undefined) return
  job.isHeard = true
  job.run.engine.post(() => end(job, crash))
}

/**
 * Notices how fibers end, as what counts them.
 *
 * - a call without a time limit has an observer as well, since a handler may replace its context; of others, what was not
 *   noticed is found when their time is over. Observers of all would cost more: V8 may put lists of them into its old
 *   generation, where dead ones keep alive what they see
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
    const job = Exit.isFailure(exit) ? Context.get(context, Enclosing)?.present : undefined
    if (job !== undefined) notice(job)
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

/** Logs that a tool writes name it and its call, and runs that it begins know where they are. */
const contextOf = (job: Job): Context.Context<unknown> => {
  const { call, context: around, run, tool } = job
  const own = { tool: tool?.name, callId: call.id }
  const annotations = run.isAnnotated ? { ...run.annotations, ...own } : own
  const context = around === undefined ? run.context : noticing(around)
  return Context.add(
    Context.add(context, References.CurrentLogAnnotations, annotations),
    Enclosing,
    job.inside ??= new Inside(job)
  )
}

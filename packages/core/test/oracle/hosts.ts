/**
 * Who runs the calls of a case: the library, or the oracle.
 */
import { Approver, Batch, type Outcome as Outcomes } from "@volley/core"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import type { Options } from "./asked.ts"
import type { Case, RunCase } from "./cases.ts"
import * as Oracle from "./oracle.ts"
import { askedOf, callOf, decide, type Plan, type PlannedRun } from "./plans.ts"
import type { OnCall, Told } from "./telling.ts"
import { millis, numbers } from "./time.ts"
import { toolkit } from "./tools.ts"
import type * as World from "./world.ts"

/** One call's end. */
export interface End {
  readonly id: string
  readonly tag: string
  readonly encoded: string
  readonly attempts: number
  readonly startedAt: number
  readonly endedAt: number
  readonly isFailure: boolean
}

export interface Settled {
  readonly outcomes: ReadonlyArray<End>
  readonly pending: ReadonlyArray<string>
  readonly strays: ReadonlyArray<{ readonly id: string; readonly await: Effect.Effect<void> }>
}

/** Runs runs. */
export type Run = (run: PlannedRun, onCall: OnCall | undefined) => Effect.Effect<Settled>

/**
 * Makes what runs the runs of one case.
 *
 * - `first`: of two calls of different runs, which both could start, the one that does
 */
export type Host = (one: Case, first?: World.First) => Effect.Effect<Run>

const retryOf = ({ retries }: RunCase) =>
  retries === 0 ? undefined : Schedule.upTo(Schedule.spaced(millis(0, numbers.retry)), { times: retries })

const limitOf = (value: number, number?: number): number =>
  value === 0 ? Infinity : number === undefined ? value : millis(value, number)

const optionsOf = (run: RunCase, onCall: OnCall | undefined): Options => ({
  concurrency: limitOf(run.concurrency),
  timeout: limitOf(run.timeout, numbers.timeout),
  deadline: limitOf(run.deadline, numbers.deadline),
  maxCalls: limitOf(run.maxCalls),
  failFast: run.failFast,
  retry: retryOf(run),
  onCall
})

/** The oracle, or one that is broken. */
export const oracle = (fault?: Oracle.Fault): Host => ({ limit }, first) =>
  Effect.sync(() => {
    const { run } = limit === undefined
      ? { run: (...[asked, options]: Parameters<typeof Oracle.run<never>>) => Oracle.run(asked, options, fault) }
      : Oracle.runner(limit, fault, first)
    return (planned, onCall) => run(planned.plans.map(askedOf), optionsOf(planned.run, onCall))
  })

/** The library. */
export const library: Host = ({ limit, runs }) => {
  const runner = limit === undefined ? Effect.succeed(Batch) : Batch.make({ concurrency: limit })
  return Effect.map(runner, ({ run }) => (planned, onCall) => {
    const inside = limit !== undefined && !runs.includes(planned.run) && planned.run.concurrency % 2 === 0
    const running = (inside ? Batch.run : run)(toolkit, planned.plans.map(callOf), realOptionsOf(planned.run, onCall))
    return Effect.map(Effect.provide(running, approving(planned.plans)), (settled) => ({
      outcomes: settled.outcomes.map(endOf),
      pending: settled.pending.map(({ id }) => id),
      strays: settled.strays.map((stray) => ({ id: stray.call.id, await: stray.await }))
    }))
  })
}

const approving = (plans: ReadonlyArray<Plan>) =>
  Approver.layer(({ call }) => {
    const plan = plans.find(({ id }) => id === call.id)
    return plan === undefined ? Effect.die("asked about a call that nobody made") : decide(plan)
  })

const unbounded = (value: number): number | "unbounded" => value === Infinity ? "unbounded" : value

const realOptionsOf = (run: RunCase, onCall: OnCall | undefined): Batch.Options => {
  const { concurrency, deadline, failFast, maxCalls, retry, timeout } = optionsOf(run, undefined)
  return {
    concurrency: unbounded(concurrency),
    timeout: unbounded(timeout),
    deadline: unbounded(deadline),
    maxCalls: unbounded(maxCalls),
    failFast,
    retry,
    onCall: onCall && ((event) => onCall(toldOf(event)))
  }
}

const toldOf = (event: Batch.CallEvent): Told => {
  const { at } = event
  switch (event._tag) {
    case "CallWaiting":
      return { tag: "Waiting", id: event.call.id, at, why: event.why, behind: event.behind }
    case "CallStarted":
      return { tag: "Started", id: event.call.id, at }
    case "CallProgress":
      return { tag: "Progress", id: event.call.id, at }
    case "CallRetried":
      return { tag: "Retried", id: event.call.id, at }
    case "CallSettled":
      return { tag: "Settled", id: event.outcome.call.id, at }
  }
}

const endOf = ({ attempts, call, encoded, endedAt, result, startedAt }: Outcomes.Outcome): End => ({
  id: call.id,
  tag: Result.isSuccess(result)
    ? "Success"
    : result.failure._tag === "ToolFailure"
    ? "ToolFailure"
    : result.failure.reason._tag,
  encoded,
  attempts,
  startedAt,
  endedAt,
  isFailure: Result.isFailure(result)
})

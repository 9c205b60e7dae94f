/**
 * Who runs the calls of a case: the library, or the oracle.
 */
import { Approver, Batch, Limits, type Outcome as Outcomes } from "@volley/core"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schedule from "effect/Schedule"
import type { Options } from "./asked.ts"
import type { Case, RunCase } from "./cases.ts"
import type { Fault } from "./faults.ts"
import * as Oracle from "./oracle.ts"
import type { End } from "./outcome.ts"
import { askedOf, callOf, decide, type Plan, type PlannedRun } from "./plans.ts"
import type { OnCall, Told } from "./telling.ts"
import { millis, numbers } from "./time.ts"
import { toolkit } from "./tools.ts"
import type * as World from "./world.ts"

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
export const oracle = (fault?: Fault): Host => ({ limit }, first) =>
  Effect.sync(() => {
    const alone = {
      run: (...[asked, options]: Parameters<typeof Oracle.run<never>>) => Oracle.run(asked, options, fault)
    }
    const { run } = limit === undefined
      ? alone
      : limit === 0
      ? Oracle.limits(fault, first)
      : Oracle.runner(limit, fault, first)
    return (planned, onCall) => run(planned.plans.map(askedOf), optionsOf(planned.run, onCall))
  })

/** The library. */
export const library: Host = (one) =>
  Effect.map(
    one.limit === undefined || one.limit === 0 ? alone(one) : runner(one.limit, one),
    (run) => (planned, onCall) =>
      Effect.map(
        Effect.provide(
          run(planned)(toolkit, planned.plans.map(callOf), realOptionsOf(planned.run, onCall)),
          approving(planned.plans)
        ),
        (settled) => ({
          outcomes: settled.outcomes.map(endOf),
          pending: settled.pending.map(({ id }) => id),
          strays: settled.strays.map((stray) => ({ id: stray.call.id, await: stray.await }))
        })
      )
  )

/** What runs the calls of a run. */
type Runs = (planned: PlannedRun) => Batch.Runner["run"]

/** Under limits that all runs share, some of them on a runner of their own, or under their own. */
const alone = ({ limit }: Case): Effect.Effect<Runs> => {
  if (limit === undefined) return Effect.succeed(() => Batch.run)
  return Effect.gen(function*() {
    const limits = yield* Effect.provide(Limits.Limits, Limits.layer, { local: true })
    const own = Effect.provideService(Batch.make({ concurrency: "unbounded" }), Limits.Limits, limits)
    return ({ run: { concurrency } }) => (...given) =>
      concurrency % 2 === 1
        ? Effect.flatMap(own, ({ run }) => run(...given))
        : Effect.provideService(Batch.run(...given), Limits.Limits, limits)
  })
}

/** On one runner; some of the runs inside calls do not name it. */
const runner = (limit: number, { runs }: Case): Effect.Effect<Runs> =>
  Effect.map(
    Batch.make({ concurrency: limit }),
    ({ run }) => (planned) => runs.includes(planned.run) || planned.run.concurrency % 2 === 1 ? run : Batch.run
  )

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
    case "CallHedged":
      return { tag: "Hedged", id: event.call.id, at }
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

/**
 * A runner in plain Effect, slow and obvious, that the real one is held against.
 *
 * Each call has a fiber of its own, which waits until the world says that it may start, forks what its tool does, and waits for
 * that to end or for a sleeping fiber to cut it. It shares nothing with the real runner but what errors are.
 */
import { CallError } from "@volley/core"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import type { Asked, Options } from "./asked.ts"
import { attempts } from "./attempts.ts"
import type { Fault } from "./faults.ts"
import { type Hall, hallOf, lookAgain, now, sleepUntil } from "./hall.ts"
import { endOf, type Failure, isHarmless, type Outcome, outcomeOf, type Started } from "./outcome.ts"
import * as Telling from "./telling.ts"
import * as World from "./world.ts"

export interface Settled {
  readonly outcomes: ReadonlyArray<Outcome>
  readonly pending: ReadonlyArray<string>
  readonly strays: ReadonlyArray<{ readonly id: string; readonly await: Effect.Effect<void> }>
}

/** All of a run that is going on. */
interface Running<R> {
  readonly hall: Hall
  readonly run: World.Run
  readonly asked: ReadonlyMap<World.Member, Asked<R>>
  readonly options: Options
  readonly failing: Deferred.Deferred<void>
  readonly outcomes: ReadonlyMap<World.Member, Deferred.Deferred<Outcome>>
  readonly works: Map<World.Member, Fiber.Fiber<unknown, unknown>>
  readonly strays: Array<{ readonly id: string; readonly fiber: Fiber.Fiber<unknown, unknown> }>
  readonly teller: Telling.Teller
}

/** The call whose tool is at work, where its run shares its limits with those inside it. */
const Within = Context.Reference<{ readonly hall: Hall; readonly member: World.Member } | undefined>("test/Within", {
  defaultValue: () => undefined
})

/** Settles calls; inside a tool of a run that shares its limits, under those. */
export const run = <R>(asked: ReadonlyArray<Asked<R>>, options: Options, fault?: Fault) =>
  Effect.flatMap(Within, (within) => runIn(within?.hall ?? hallOf(fault, {}), asked, options, within?.member))

/** Has runs beside and inside each other share their limits, and one on all calls. */
export const runner = (limit: number, fault?: Fault, first?: World.First) =>
  sharing(hallOf(fault, { everyCall: [{ key: "every call", limit }], isShared: true }, first))

/** Has runs share the limits of tools and keys alone. */
export const limits = (fault?: Fault, first?: World.First) => sharing(hallOf(fault, { isShared: true }, first))

const sharing = (hall: Hall) => ({
  run: <R>(asked: ReadonlyArray<Asked<R>>, options: Options): Effect.Effect<Settled, never, R> =>
    Effect.flatMap(Within, (within) => runIn(hall, asked, options, within?.member))
})

const runIn = <R>(hall: Hall, asked: ReadonlyArray<Asked<R>>, options: Options, parent: World.Member | undefined) =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      const running = yield* begin(hall, asked, options, parent)
      const fiber = yield* Effect.forkDetach(settleAll(running), { startImmediately: true })
      return yield* Effect.onInterrupt(restore(Fiber.join(fiber)), () => stop(running, fiber))
    })
  )

const begin = Effect.fnUntraced(function*<R>(
  hall: Hall,
  asked: ReadonlyArray<Asked<R>>,
  options: Options,
  parent: World.Member | undefined
): Effect.fn.Return<Running<R>> {
  const number = hall.runs++
  const expiresAt = (yield* now) + options.deadline
  const run: World.Run = { number, parent, expiresAt, members: [], isOpen: true }
  const room = { key: `run ${number}`, limit: options.concurrency }
  for (const { claims, id } of asked) {
    const pools = [room, ...hall.everyCall, ...claims.pools]
    run.members.push({
      id,
      run,
      claims: { ...claims, pools },
      isKeyed: claims.pools.length > 0,
      state: "waiting",
      startedAt: 0,
      barrier: undefined
    })
  }
  for (const member of run.members) hall.turns.set(member, Deferred.makeUnsafe())
  hall.world.runs = [...hall.world.runs, run]
  return {
    hall,
    run,
    options,
    asked: new Map(run.members.map((member, index) => [member, asked[index]!])),
    failing: Deferred.makeUnsafe(),
    outcomes: new Map(run.members.map((member) => [member, Deferred.makeUnsafe()])),
    works: new Map(),
    strays: [],
    teller: yield* Telling.make(options.onCall)
  }
})

const settleAll = Effect.fnUntraced(function*<R>(running: Running<R>): Effect.fn.Return<Settled, never, R> {
  const { run, strays, teller } = running
  const outcomes = yield* Effect.forEach(run.members, (member) => settle(running, member), { concurrency: "unbounded" })
  yield* Effect.raceFirst(teller.done, Effect.andThen(sleepUntil(run.expiresAt), aMoment))
  yield* teller.stop
  World.close(running.hall.world, run)
  return {
    outcomes,
    pending: outcomes.flatMap(({ id, tag }) => tag === "Undecided" ? [id] : []),
    strays: strays.flatMap(({ fiber, id }) =>
      fiber.pollUnsafe() === undefined ? [{ id, await: Effect.asVoid(Fiber.await(fiber)) }] : []
    )
  }
})

/** No time at all, but enough for what takes none. */
const aMoment = Effect.repeat(Effect.yieldNow, { times: 100 })

/** Starts nothing more, stops what is in flight, and waits for that; others have its room at once. */
const stop = <R>({ hall, run, teller, works }: Running<R>, fiber: Fiber.Fiber<unknown>): Effect.Effect<void> => {
  if (hall.fault === "goes on after interruption") return Fiber.interruptAll(works.values())
  World.close(hall.world, run)
  return Effect.andThen(lookAgain(hall), Effect.all([Fiber.interrupt(fiber), teller.stop], { concurrency: 2 }))
}

/** Settles one call. */
const settle = Effect.fnUntraced(
  function*<R>(running: Running<R>, member: World.Member): Effect.fn.Return<Outcome, never, R> {
    const { hall, options, outcomes, run, teller } = running
    const outcome = yield* ending(running, member)
    if (outcome.barrier !== undefined) member.barrier = outcome.barrier
    if (hall.fault !== "a stray keeps its room" || outcome.tag !== "Timeout") World.end(hall.world, member)
    yield* Deferred.succeed(outcomes.get(member)!, outcome)
    if (outcome.isFailure && options.failFast) {
      run.isOpen = false
      yield* Deferred.succeed(running.failing, undefined)
    }
    const told = { tag: "Settled", id: member.id, at: outcome.endedAt } as const
    teller.tell(told)
    if (hall.fault === "settles twice what it stops" && outcome.isStopped) teller.tell(told)
    yield* outcome.log
    yield* lookAgain(hall)
    return outcome
  }
)

/** Everything up to a call's end. */
const ending = Effect.fnUntraced(
  function*<R>(running: Running<R>, member: World.Member): Effect.fn.Return<Outcome, never, R> {
    const asked = running.asked.get(member)!
    const end = (result: Result.Result<unknown, Failure>, started?: Started) =>
      Effect.map(now, (at) => outcomeOf(asked, result, started, at))
    const problem = yield* problemOf(running, member, asked)
    if (problem !== undefined) return yield* end(Result.fail(problem))
    if (asked.decision !== undefined) {
      const decided = yield* unlessOver(running, asked, asked.decision)
      if (Result.isFailure(decided)) return yield* end(decided)
      if (decided.success === "denied") return yield* end(Result.fail(new CallError.Denied({ why: undefined })))
      if (decided.success === "undecided") return yield* end(Result.fail(new CallError.Undecided({ after: undefined })))
    }
    const leader = leaderOf(running, member)
    if (leader !== undefined) {
      member.state = "settled"
      const same = yield* unlessOver(running, asked, Deferred.await(running.outcomes.get(leader)!))
      if (Result.isFailure(same)) return yield* end(same)
      return { ...same.success, id: member.id, log: Effect.void }
    }
    member.state = "ready"
    yield* lookAgain(running.hall)
    const turn = yield* unlessOver(running, asked, Deferred.await(running.hall.turns.get(member)!))
    if (Result.isFailure(turn)) return yield* end(turn)
    if (Result.isFailure(turn.success)) return yield* end(Result.fail(reasonOf(turn.success.failure)))
    return yield* work(running, member, asked, end)
  }
)

const reasonOf = ({ after, kind }: World.Barrier) =>
  kind === "Uncertain" ? new CallError.Uncertain({ after }) : new CallError.Undecided({ after })

/** Why a call does not run, whatever the others do. */
const problemOf = <R>({ failing, options, run }: Running<R>, member: World.Member, asked: Asked<R>) =>
  Effect.sync(() => {
    const { fits, isTruncated, tool } = asked
    if (tool === undefined) return new CallError.UnknownTool({ available: [] })
    if (isTruncated) return new CallError.Truncated()
    const { maxCalls } = options
    if (run.members.indexOf(member) >= maxCalls) return new CallError.LimitExceeded({ maxCalls })
    if (Deferred.isDoneUnsafe(failing)) return stopped(asked, false)
    return fits ? undefined : new CallError.InvalidArguments({ issues: [] })
  })

/** The equal call that a call is one with. */
const leaderOf = <R>({ asked, hall, run }: Running<R>, member: World.Member): World.Member | undefined => {
  const { same } = asked.get(member)!
  if (same === undefined) return undefined
  const leader = run.members.slice(0, run.members.indexOf(member)).findLast((other) => asked.get(other)!.same === same)
  if (leader === undefined) return undefined
  return World.writesBetween(leader, member) && hall.fault !== "joins across a write" ? undefined : leader
}

const stopped = <R>({ tool }: Asked<R>, started: boolean) =>
  new CallError.Interrupted({ by: "failFast", started, harmless: isHarmless(tool) })

/** Ends when a call's time is over, with the reason. */
const over = <R>(running: Running<R>, asked: Asked<R>, startedAt?: number): Effect.Effect<Failure> => {
  const { failing, hall, options, run } = running
  const timeout = asked.tool?.timeout ?? options.timeout
  const started = startedAt !== undefined
  const own = started ? startedAt + timeout : Infinity
  const deadline = hall.fault === "an alarm that ignores the deadline" && started ? Infinity : run.expiresAt
  const facts = own <= deadline
    ? { limit: "timeout", millis: timeout } as const
    : { limit: "deadline", millis: options.deadline } as const
  const late = () => new CallError.Timeout({ ...facts, started, harmless: isHarmless(asked.tool) })
  return Effect.raceFirst(
    Effect.map(sleepUntil(Math.min(own, deadline)), late),
    Effect.map(Effect.andThen(Deferred.await(failing), now), (at) => at < deadline ? stopped(asked, started) : late())
  )
}

/** Does what comes before a start, unless the run's time is over first. */
const unlessOver = <R, A>(running: Running<R>, asked: Asked<R>, effect: Effect.Effect<A, never, R>) =>
  Effect.raceFirst(
    Effect.map(effect, (value): Result.Result<A, Failure> => Result.succeed(value)),
    Effect.map(over(running, asked), Result.fail)
  )

type Ending = (result: Result.Result<unknown, Failure>, started?: Started) => Effect.Effect<Outcome>

/** Has the tool of a call work, until it ends or its time is over. */
const work = Effect.fnUntraced(function*<R>(
  running: Running<R>,
  member: World.Member,
  asked: Asked<R>,
  end: Ending
): Effect.fn.Return<Outcome, never, R> {
  const { hall, options, strays, teller, works } = running
  const { startedAt } = member
  const started = { at: startedAt, attempts: 0 }
  const told = { tag: "Started", id: asked.id, at: startedAt } as const
  if (hall.fault !== "calls wait for those who are told") teller.tell(told)
  else if (options.onCall !== undefined) yield* Effect.ignoreCause(options.onCall(told))
  const isEager = hall.fault === "tries everything again"
  const all = attempts(asked, started, isEager || isHarmless(asked.tool) ? options.retry : undefined, (tag, at) => {
    if (member.state === "running") teller.tell({ tag, id: asked.id, at })
  })
  const inside = hall.isShared ? { hall, member } : undefined
  const fiber = yield* Effect.forkDetach(Effect.provideService(all, Within, inside), { startImmediately: true })
  works.set(member, fiber)
  const first = yield* Effect.raceFirst(
    Effect.map(Fiber.await(fiber), Result.succeed),
    Effect.map(over(running, asked, startedAt), Result.fail)
  ).pipe(Effect.onInterrupt(() => Fiber.interrupt(fiber)))
  works.delete(member)
  if (Result.isSuccess(first)) return yield* end(endOf(asked, first.success), started)
  // What it has inside it ends with its call: only then does it hear of that itself.
  const hasRuns = hall.world.runs.some(({ parent }) => parent === member)
  if (hasRuns) yield* Effect.forkDetach(Effect.andThen(Effect.yieldNow, Fiber.interrupt(fiber)))
  else fiber.interruptUnsafe()
  strays.push({ id: asked.id, fiber })
  yield* Effect.forkDetach(watch(asked, fiber))
  return yield* end(first, started)
})

/** Logs that a tool went on for a while after its call was answered. */
const watch = Effect.fnUntraced(function*<R>({ id, tool }: Asked<R>, fiber: Fiber.Fiber<unknown, unknown>) {
  const from = yield* now
  yield* Fiber.await(fiber)
  if ((yield* now) === from) return
  yield* Effect.logWarning("A tool ended after its call was answered without it; its result was dropped").pipe(
    Effect.annotateLogs({ tool: tool?.name, callId: id })
  )
})

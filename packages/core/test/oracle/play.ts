/**
 * Plays a case in virtual time, and gives all that could be seen of it.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import { TestClock } from "effect/testing"
import { acting } from "./acting.ts"
import type { Case, Listener } from "./cases.ts"
import type { Host, Run, Settled } from "./hosts.ts"
import type { End } from "./outcome.ts"
import { byNumber, planned, type PlannedRun } from "./plans.ts"
import { type Line, type Seen, sorted } from "./seen.ts"
import type { OnCall, Told } from "./telling.ts"
import { millis, numbers, step } from "./time.ts"
import { Actor } from "./tools.ts"
import type { First } from "./world.ts"

/**
 * A case that was played; instants count from its beginning.
 *
 * - `settled`: how each call ended, those of inner runs too
 * - `finished`: when the first run ended
 * - `started`: the calls that were started, in that order
 * - `waits`: what was told of calls that wait
 */
export interface Played {
  readonly seen: Seen
  readonly settled: ReadonlyArray<End>
  readonly finished: number
  readonly started: ReadonlyArray<string>
  readonly waits: ReadonlyArray<Told>
}

/** Longer than any case takes, with everything that it leaves behind. */
const horizon = "60 days"

/**
 * Calls that do not run, whatever the others do, and whether their run has a deadline.
 *
 * When they are refused is up to the runner; so is why, where that may be at a deadline.
 */
const hopeless = (runs: ReadonlyArray<PlannedRun>): ReadonlyMap<string, boolean> =>
  new Map(runs.flatMap(({ plans, run }): ReadonlyArray<readonly [string, boolean]> => [
    ...plans.flatMap(({ call: { kind }, id }, index) =>
      kind === "misfit" || kind === "truncated" || kind === "stranger" || index >= (run.maxCalls || Infinity)
        ? [[id, run.deadline > 0] as const]
        : []
    ),
    ...hopeless(plans.flatMap(({ inner }) => inner === undefined ? [] : [inner]))
  ]))

const lineOf = ({ attempts, encoded, endedAt, id, startedAt, tag }: End): string =>
  `${id} ${tag} x${attempts} ${startedAt}–${endedAt} ${encoded}`

/** What was told of a call. */
interface ToldLine extends Line {
  readonly id: string
}

/** What is collected while a case is played. */
class Play {
  readonly began: number
  readonly hopeless: ReadonlyMap<string, boolean>
  readonly notes: Array<Line> = []
  readonly logs: Array<Line> = []
  readonly told: Array<Array<ToldLine>> = []
  readonly settled: Array<End> = []
  readonly over = new Set<string>()
  readonly waits: Array<Told> = []
  readonly ends: Array<string> = []
  finished = Infinity

  constructor(began: number, hopeless: ReadonlyMap<string, boolean>) {
    this.began = began
    this.hopeless = hopeless
  }

  /** In the order in which they were noted. */
  get started(): ReadonlyArray<string> {
    return this.notes.flatMap(({ what }) => /^(\S+) begins 1$/.exec(what)?.[1] ?? [])
  }

  get seen(): Seen {
    return {
      ends: this.ends,
      outcomes: this.settled.map((end) => this.#lineOf(end)),
      notes: sorted(this.notes),
      told: this.told.map((told) => this.#toldOf(told)),
      logs: sorted(this.logs)
    }
  }

  #lineOf(end: End): string {
    const { attempts, endedAt, id, tag } = end
    const hasDeadline = this.hopeless.get(id)
    if (attempts > 0) return lineOf(end)
    if (hasDeadline !== undefined) return `${id} refused${hasDeadline ? "" : `: ${tag}`}`
    return this.over.has(id) ? `${id} did not run ${endedAt}` : lineOf(end)
  }

  /** What is told of a call that is refused, at any time: that it has ended. */
  #toldOf(told: ReadonlyArray<ToldLine>): ReadonlyArray<string> {
    return [
      ...sorted(told.filter(({ id }) => !this.hopeless.has(id))),
      `refused: ${told.flatMap(({ id }) => this.hopeless.has(id) ? [id] : []).toSorted().join()}`
    ]
  }
}

/** Plays a case; its first run is interrupted at an instant where one is given. */
export const play = (host: Host, one: Case, interruptedAt?: number, first?: First): Effect.Effect<Played> =>
  Effect.clockWith((clock) =>
    Effect.gen(function*() {
      const runs = planned(one)
      const play = new Play(clock.currentTimeMillisUnsafe() + step, hopeless(runs))
      const now = () => Math.round(clock.currentTimeMillisUnsafe() - play.began)
      const run = recording(play, yield* host(one, first), now)
      const act = acting(
        byNumber(runs),
        (what) => play.notes.push({ at: now(), what }),
        (inner) => run(inner, undefined)
      )
      const logger = Logger.make(({ fiber, logLevel, message }) => {
        const { callId, tool } = fiber.getRef(References.CurrentLogAnnotations)
        const [text] = Array.isArray(message) ? message : [message]
        play.logs.push({ at: now(), what: `${logLevel} ${text} ${tool} ${callId}` })
      })
      const begin = (planned: PlannedRun, index: number) =>
        Effect.gen(function*() {
          yield* Effect.sleep(step + (index === 0 ? 0 : index * millis(one.later, numbers.later + index)))
          const fiber = yield* Effect.forkDetach(top(play, run, planned, index, now), { startImmediately: true })
          if (index > 0 || interruptedAt === undefined) return
          yield* Effect.sleep(interruptedAt)
          fiber.interruptUnsafe()
        })
      yield* Effect.forEach(
        runs,
        (planned, index) => Effect.forkDetach(begin(planned, index), { startImmediately: true })
      ).pipe(
        Effect.provideService(Actor, act),
        Effect.provideService(References.CurrentLoggers, new Set([logger]))
      )
      yield* TestClock.adjust(horizon)
      play.settled.sort((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)))
      return play
    })
  )

/**
 * Collects how the calls of every run ended.
 *
 * Why a call did not run that ended with its run, at its deadline or at the first failure, is up to the runner.
 */
const recording = (play: Play, run: Run, now: () => number): Run => (planned, onCall) =>
  Effect.suspend(() => {
    const { deadline, failFast } = planned.run
    const expiresAt = deadline === 0 ? Infinity : now() + millis(deadline, numbers.deadline)
    return Effect.tap(run(planned, onCall), ({ outcomes }) =>
      Effect.sync(() => {
        const ends = outcomes.map((end) => ({
          ...end,
          startedAt: Math.round(end.startedAt - play.began),
          endedAt: Math.round(end.endedAt - play.began)
        }))
        const failures = failFast ? ends.flatMap(({ endedAt, isFailure }) => isFailure ? [endedAt] : []) : []
        const over = Math.min(expiresAt, ...failures)
        for (const { endedAt, id } of ends) if (endedAt >= over) play.over.add(id)
        play.settled.push(...ends)
      }))
  })

/** One of the runs that are no tool's. */
const top = (play: Play, run: Run, planned: PlannedRun, index: number, now: () => number) => {
  const told: Array<ToldLine> = []
  play.told[index] = told
  play.ends[index] = "never ended"
  const ended = (exit: Exit.Exit<Settled>) =>
    Effect.sync(() => {
      if (index === 0) play.finished = now()
      play.ends[index] = `${now()} ${
        Exit.isSuccess(exit) ? summary(exit.value) : Exit.hasInterrupts(exit) ? "interrupted" : "died"
      }`
    })
  return run(planned, listener(play, planned.run.listener, told, now)).pipe(
    Effect.onExit(ended),
    Effect.flatMap(({ strays }) =>
      Effect.forEach(strays, (stray) => waiting(play, stray, now), { concurrency: "unbounded" })
    )
  )
}

/** Notes when a tool stopped that went on after its run; one that stopped when the run ended may be listed or not. */
const waiting = (play: Play, { await: stop, id }: Settled["strays"][number], now: () => number) => {
  const from = now()
  const isLong = play.notes.some(({ at, what }) => what.startsWith(`${id} ends`) && at < from)
  if (isLong) play.notes.push({ at: from, what: `${id} had stopped before, and is a stray` })
  return Effect.andThen(
    stop,
    Effect.sync(() => {
      if (now() > from) play.notes.push({ at: now(), what: `${id} is no stray any more` })
    })
  )
}

const summary = ({ outcomes, pending }: Settled): string =>
  `settled ${outcomes.map(({ id }) => id).join()}, pending ${pending.join()}`

/** Notes what is told, and takes its time for it, or crashes. */
const listener = (play: Play, kind: Listener, told: Array<ToldLine>, now: () => number): OnCall | undefined =>
  kind === "none" ? undefined : (event) =>
    Effect.suspend(() => {
      const { id, tag } = event
      const at = Math.round(event.at - play.began)
      if (tag === "Waiting") return Effect.sync(() => void play.waits.push({ ...event, at }))
      const count = told.push({ id, at: now(), what: `${tag} ${id} at ${at}` })
      if (kind === "slow") return Effect.sleep(millis(1, numbers.listener + count))
      return kind === "crashes" && tag === "Started" ? Effect.die("nobody listens") : Effect.void
    })

/**
 * Runs a plan in virtual time and gives back everything that could be seen.
 */
import type { Batch, ToolCall, Toolkit } from "@volley/core"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import { TestClock } from "effect/testing"
import { type BatchCase, beat, callsOf, optionsOf } from "../BatchCase.ts"
import { type Note, Probe, toolkit } from "./batchTools.ts"
import type { Runner } from "./runner.ts"

type Settled = Pick<Batch.Settled<Toolkit.Tools<typeof toolkit>>, "outcomes">

export interface LogLine {
  readonly level: string
  readonly annotations: Readonly<Record<string, unknown>>
  readonly cause: Cause.Cause<unknown>
}

/**
 * A batch that was run.
 *
 * - `began`: its start, in milliseconds since the epoch; all other instants count from there
 * - `exit`, `finished`: how and when its fiber ended, if it ever did
 * - `notes`: what its tools noted; the first `mark` of them before the batch was interrupted
 */
export class Played {
  readonly notes: Array<Note> = []
  readonly logs: Array<LogLine> = []
  exit: Exit.Exit<Settled> | undefined
  finished = Infinity
  mark = Infinity
  readonly calls: ReadonlyArray<ToolCall.ToolCall>
  readonly began: number
  constructor(calls: ReadonlyArray<ToolCall.ToolCall>, began: number) {
    this.calls = calls
    this.began = began
  }
}

/** Longer than any batch takes, with everything that it leaves behind. */
const horizon = "1 minute"

/**
 * Runs some batches beside each other, all from the same instant, until nothing of them is left.
 *
 * - they start, and are interrupted, by an alarm of the clock, which goes on only when all that follows has happened
 */
const playAll = (
  run: Runner,
  plan: BatchCase,
  batches: ReadonlyArray<ReadonlyArray<ToolCall.ToolCall>>,
  options: Batch.Options,
  interruptedAt?: number
): Effect.Effect<ReadonlyArray<Played>> =>
  Effect.clockWith((clock) => {
    const began = clock.currentTimeMillisUnsafe() + beat
    const now = () => clock.currentTimeMillisUnsafe() - began
    const all = batches.map((calls) => new Played(calls, began))
    const start = (played: Played) => {
      const logger = Logger.make(({ cause, fiber, logLevel }) => {
        played.logs.push({ level: logLevel, annotations: fiber.getRef(References.CurrentLogAnnotations), cause })
      })
      return run(toolkit, played.calls, options).pipe(
        Effect.onExit((exit) => Effect.sync(() => Object.assign(played, { exit, finished: now() }))),
        Effect.provideService(Probe, { calls: plan.calls, notes: played.notes, now }),
        Effect.provideService(References.CurrentLoggers, new Set([logger])),
        Effect.forkDetach({ startImmediately: true })
      )
    }
    const whole = (played: Played) =>
      Effect.gen(function*() {
        yield* Effect.sleep(beat)
        const fiber = yield* start(played)
        if (interruptedAt === undefined) return
        yield* Effect.sleep(interruptedAt)
        played.mark = played.notes.length
        fiber.interruptUnsafe()
      })
    return Effect.forEach(all, (played) => Effect.forkDetach(whole(played), { startImmediately: true })).pipe(
      Effect.andThen(TestClock.adjust(horizon)),
      Effect.as(all)
    )
  })

const playOne = (run: Runner, plan: BatchCase, interruptedAt?: number): Effect.Effect<Played> =>
  Effect.map(playAll(run, plan, [callsOf(plan)], optionsOf(plan), interruptedAt), ([played]) => played!)

/** Runs the batch of a plan. */
export const play = (run: Runner, plan: BatchCase): Effect.Effect<Played> => playOne(run, plan)

/** Runs the batch of a plan and interrupts it at that instant. */
export const playUntil = (run: Runner, plan: BatchCase, instant: number): Effect.Effect<Played> =>
  playOne(run, plan, instant)

/** Runs each call of a plan in a batch of its own. */
export const playAlone = (run: Runner, plan: BatchCase): Effect.Effect<ReadonlyArray<Played>> =>
  playAll(run, plan, callsOf(plan).map((call) => [call]), optionsOf(plan))

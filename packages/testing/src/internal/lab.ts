import { Approver, Batch, type Outcome, type Tool, type ToolCall, Toolkit } from "@volley/core"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import * as References from "effect/References"
import { TestClock } from "effect/testing"
import type { Drawn } from "../Generate.ts"
import * as Store from "../Store.ts"
import * as Timeline from "../Timeline.ts"
import { Broken } from "./broken.ts"
import type { AnyRunner } from "./runner.ts"

/**
 * Random calls of a user's toolkit.
 *
 * - `paces`: milliseconds by which each call starts late, and which each of its operations on a store takes
 */
export interface Turn {
  readonly drawn: ReadonlyArray<Drawn>
  readonly paces: ReadonlyArray<number>
  readonly concurrency: number
  readonly interruptedAfter: number
}

/**
 * What stays the same for all turns: the tools, and what their world is made of.
 *
 * - `isWhole`: calls are run together also where they run one after the other
 */
export interface Setting {
  readonly isWhole: boolean
  readonly toolkit: Toolkit.Any
  readonly options: Batch.Options
  readonly run: AnyRunner
  readonly layer: Layer.Layer<never, never, Store.Store>
  readonly snapshot: Effect.Effect<unknown, never, unknown>
  readonly reset: Effect.Effect<void, never, unknown>
}

/** When an attempt at a call began or ended, in milliseconds from the start. */
export interface Mark {
  readonly call: string
  readonly what: "start" | "end"
  readonly time: number
}

/**
 * A turn that was run.
 *
 * - `outcomes`: none where the batch was interrupted
 * - `finished`: when the batch ended, in milliseconds from its start; `after`: the state then, and `later` a day later
 */
export interface Ran {
  readonly outcomes: ReadonlyArray<Outcome.Outcome>
  readonly finished: number
  readonly marks: ReadonlyArray<Mark>
  readonly touches: ReadonlyArray<Store.Touch>
  readonly after: unknown
  readonly later: unknown
}

/** Behaviour around each attempt of a tool at a call. */
export type Around = <A, E>(
  attempt: Effect.Effect<A, E, unknown>,
  context: { readonly tool: Tool.Any; readonly parameters: unknown; readonly id: string }
) => Effect.Effect<A, E, unknown>

type Run = (toolkit: Toolkit.Any, calls: ReadonlyArray<ToolCall.ToolCall>) => Effect.Effect<
  ReadonlyArray<Outcome.Outcome>,
  never,
  unknown
>

/**
 * How calls are run.
 *
 * - `paced`: each at its own pace
 * - `world`: another one has another time of day, and other random numbers
 */
interface How {
  readonly around?: Around | undefined
  readonly interruptedAt?: number | undefined
  readonly paced?: boolean
  readonly world?: number
}

/** What the laws about tools do with a turn: run it in a world of its own, in virtual time. */
export class Lab {
  readonly setting: Setting
  readonly turn: Turn
  private whole: Ran | undefined
  constructor(setting: Setting, turn: Turn) {
    this.setting = setting
    this.turn = turn
  }

  /** All calls at once, as a batch runs them; however many laws look at it, it is run once. */
  get together(): Effect.Effect<Ran, Broken, unknown> {
    return Effect.suspend(() =>
      this.whole === undefined
        ? Effect.tap(this.batched(), (ran) => Effect.sync(() => void (this.whole = ran)))
        : Effect.succeed(this.whole)
    )
  }

  /** All calls at once, until an instant at which they are interrupted. */
  until(interruptedAt: number): Effect.Effect<Ran, Broken, unknown> {
    return this.batched(interruptedAt)
  }

  private batched(interruptedAt?: number) {
    const { setting, turn } = this
    const options = { runId: "laws", ...setting.options, concurrency: turn.concurrency }
    return this.play((toolkit, calls) => Effect.map(setting.run(toolkit, calls, options), ({ outcomes }) => outcomes), {
      paced: true,
      interruptedAt
    })
  }

  /** One call after the other; `world` changes the time of day, and what is random. */
  serially(around?: Around, world = 0) {
    const { isWhole, run: together } = this.setting
    const options = { runId: "laws", ...this.setting.options, deadline: "unbounded" } as const
    const whole: Run = (toolkit, calls) =>
      Effect.map(together(toolkit, calls, { ...options, concurrency: 1 }), ({ outcomes }) => outcomes)
    const oneByOne: Run = (toolkit, calls) =>
      Effect.forEach(calls, (call) => Effect.map(Batch.run(toolkit, [call], options), ({ outcomes }) => outcomes)).pipe(
        Effect.map((all) => all.flat())
      )
    return this.play(isWhole ? whole : oneByOne, { around, world })
  }

  private play(
    run: Run,
    { around = (attempt) => attempt, interruptedAt, paced = false, world = 0 }: How
  ): Effect.Effect<Ran, Broken, unknown> {
    const { setting, turn } = this
    const paces = new Map(turn.drawn.map(({ call }, index) => [call.id, paced ? turn.paces[index] ?? 0 : 0]))
    const body = Effect.gen(function*() {
      yield* TestClock.adjust(world * 86_400_007)
      yield* setting.reset
      const began = yield* now
      const marks: Array<Mark> = []
      const note = (mark: Mark) => marks.push({ ...mark, time: mark.time - began })
      const tools = setting.toolkit.tools.map((tool) => wrapped(tool, observing(around, paces, note)))
      const work = run(Toolkit.make(...tools), turn.drawn.map(({ call }) => call))
      const { after, exit, finished } = yield* ending(work, setting.snapshot, interruptedAt)
      yield* TestClock.adjust("1 day")
      const touches = yield* Effect.flatMap(Store.Store, ({ touches }) => touches)
      const later = yield* setting.snapshot
      const ran = { marks, touches, after, later, finished: finished - began }
      if (Exit.isSuccess(exit)) return { ...ran, outcomes: exit.value }
      if (interruptedAt !== undefined) return { ...ran, outcomes: [] }
      return yield* new Broken({ message: `The batch failed: ${Cause.pretty(exit.cause)}` })
    })
    return inWorld(body, setting, world)
  }
}

/** A world where nothing has happened yet, with a clock of its own. */
const inWorld = <A, E>(body: Effect.Effect<A, E, unknown>, { layer }: Setting, world: number) =>
  body.pipe(
    Effect.provide(Layer.provideMerge(layer, Store.layer()), { local: true }),
    Effect.updateContext(decided),
    Effect.provide(TestClock.layer(), { local: true }),
    Random.withSeed(`world ${world}`),
    Effect.provideService(References.CurrentLoggers, new Set())
  )

/** With an approver: calls without a decision would never run, and could break no law. */
const decided = <R>(context: Context.Context<R>): Context.Context<R> =>
  Context.getOrUndefined(context, Approver.Approver) === undefined
    ? Context.add(context, Approver.Approver, { decide: () => Effect.succeed("allowed") })
    : context

const now = Effect.clockWith((clock) => Effect.sync(() => clock.currentTimeMillisUnsafe()))

/** Notes when each attempt begins and ends, and lets it take its time. */
const observing =
  (around: Around, paces: ReadonlyMap<string, number>, note: (mark: Mark) => void): Around => (attempt, context) => {
    const { id } = context
    const millis = paces.get(id) ?? 0
    const mark = (what: Mark["what"]) => Effect.map(now, (time) => note({ call: id, what, time }))
    const acting = Effect.provideService(around(attempt, context), Store.Current, { call: id, millis })
    const late = millis === 0 ? acting : Effect.delay(acting, millis)
    return Effect.acquireUseRelease(mark("start"), () => late, () => mark("end"))
  }

const wrapped = (tool: Tool.Any, around: Around): Tool.Any => ({
  ...tool,
  handler: {
    attempt: (parameters, call) => around(tool.handler.attempt(parameters, call), { tool, parameters, id: call.id })
  }
})

/** Runs an effect to its end, or interrupts it at an instant; gives its end, and the state at that very moment. */
const ending = <A, E>(
  work: Effect.Effect<A, E, unknown>,
  snapshot: Effect.Effect<unknown, never, unknown>,
  interruptedAt: number | undefined
) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(work, { startImmediately: true })
    const end = Effect.all({ exit: Fiber.await(fiber), finished: now, after: snapshot })
    const ended = yield* Effect.forkChild(end, { startImmediately: true })
    if (interruptedAt !== undefined) {
      yield* TestClock.adjust(interruptedAt)
      fiber.interruptUnsafe()
    }
    // After a day, what still runs waits for promises that no clock moves.
    for (let attempt = 0; attempt < 100; attempt++) {
      yield* TestClock.adjust("1 day")
      if (ended.pollUnsafe() !== undefined) return yield* Fiber.join(ended)
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 1)))
    }
    return yield* new Broken({ message: "The batch never ended." })
  })

/** The run as a person reads it. */
export const drawing = (ran: Ran): string => Timeline.render(Timeline.fromOutcomes(ran.outcomes))

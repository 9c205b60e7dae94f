import { Batch, type Outcome, type Tool, type ToolCall, Toolkit } from "@volley/core"
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
import type { Runner } from "./runner.ts"

/**
 * Random calls of somebody's toolkit.
 *
 * - `paces`: milliseconds by which each call starts late, and which each of its operations on a store takes
 */
export interface Turn {
  readonly drawn: ReadonlyArray<Drawn>
  readonly paces: ReadonlyArray<number>
  readonly concurrency: number
  readonly interruptedAfter: number
}

/** What stays the same for all turns: the tools, and what their world is made of. */
export interface Setting {
  readonly toolkit: Toolkit.Any
  readonly options: Batch.Options
  readonly run: Runner
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
 * - `finished`: when the batch ended; `after`: the state then, and `later` the same a day later
 */
export interface Ran {
  readonly outcomes: ReadonlyArray<Outcome.Outcome>
  readonly interrupted: boolean
  readonly began: number
  readonly finished: number
  readonly marks: ReadonlyArray<Mark>
  readonly touches: ReadonlyArray<Store.Touch>
  readonly after: unknown
  readonly later: unknown
}

/** Behaviour around each attempt of a tool at a call. */
export type Around = <A, E>(
  attempt: Effect.Effect<A, E, unknown>,
  context: { readonly tool: Tool.Any; readonly args: unknown; readonly id: string }
) => Effect.Effect<A, E, unknown>

type Run = (toolkit: Toolkit.Any, calls: ReadonlyArray<ToolCall.ToolCall>) => Effect.Effect<
  ReadonlyArray<Outcome.Outcome>,
  never,
  unknown
>

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
    const options = { runId: "laws", ...this.setting.options, deadline: "unbounded" } as const
    const run: Run = (toolkit, calls) =>
      Effect.forEach(calls, (call) => Effect.map(Batch.run(toolkit, [call], options), ({ outcomes }) => outcomes)).pipe(
        Effect.map((all) => all.flat())
      )
    return this.play(run, { around, world })
  }

  private play(run: Run, { around = (attempt) => attempt, interruptedAt, paced = false, world = 0 }: {
    readonly around?: Around | undefined
    readonly interruptedAt?: number | undefined
    readonly paced?: boolean
    readonly world?: number
  }): Effect.Effect<Ran, Broken, unknown> {
    const { setting, turn } = this
    const body = Effect.gen(function*() {
      yield* TestClock.adjust(world * 86_400_007)
      yield* setting.reset
      const began = yield* now
      const marks: Array<Mark> = []
      const mark = (call: string, what: Mark["what"]) =>
        Effect.map(now, (time) => void marks.push({ call, what, time: time - began }))
      const calls = turn.drawn.map(({ call }) => call)
      const paceOf = new Map(turn.drawn.map(({ call }, index) => [call.id, turn.paces[index] ?? 0]))
      const observe: Around = (attempt, context) => {
        const { id } = context
        const millis = paced ? paceOf.get(id) ?? 0 : 0
        const acting = Effect.provideService(around(attempt, context), Store.Current, { call: id, millis })
        const late = millis === 0 ? acting : Effect.delay(acting, millis)
        return Effect.acquireUseRelease(mark(id, "start"), () => late, () => mark(id, "end"))
      }
      const tools = setting.toolkit.tools.map((tool) => wrapped(tool, observe))
      const fiber = yield* Effect.forkChild(run(Toolkit.make(...tools), calls), { startImmediately: true })
      if (interruptedAt !== undefined) {
        yield* TestClock.adjust(interruptedAt)
        fiber.interruptUnsafe()
      }
      const state = { finished: Infinity, after: undefined as unknown }
      const end = yield* Effect.forkChild(
        Effect.gen(function*() {
          const exit = yield* Fiber.await(fiber)
          state.finished = (yield* now) - began
          state.after = yield* setting.snapshot
          return exit
        }),
        { startImmediately: true }
      )
      const exit = yield* aDay(end)
      if (exit === undefined) return yield* new Broken({ message: "The batch never ended." })
      yield* TestClock.adjust("1 day")
      const ran = {
        ...state,
        began,
        marks,
        touches: yield* Effect.flatMap(Store.Store, ({ touches }) => touches),
        later: yield* setting.snapshot
      }
      if (Exit.isSuccess(exit)) return { ...ran, interrupted: false, outcomes: exit.value }
      if (interruptedAt !== undefined) return { ...ran, interrupted: true, outcomes: [] }
      return yield* Effect.failCause(exit.cause)
    })
    return body.pipe(
      Effect.provide(Layer.provideMerge(setting.layer, Store.layer()), { local: true }),
      Effect.provide(TestClock.layer(), { local: true }),
      Random.withSeed(`world ${world}`),
      Effect.provideService(References.CurrentLoggers, new Set())
    )
  }
}

const now = Effect.clockWith((clock) => Effect.sync(() => clock.currentTimeMillisUnsafe()))

/** Lets a day pass, and then waits a little for promises that no clock moves. */
const aDay = <A, E>(fiber: Fiber.Fiber<A, E>) =>
  Effect.gen(function*() {
    for (let turn = 0; turn < 100; turn++) {
      yield* TestClock.adjust("1 day")
      const exit = fiber.pollUnsafe()
      if (exit !== undefined) return yield* exit
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 1)))
    }
    return undefined
  })

const wrapped = <T extends Tool.Any>(tool: T, around: Around): T => ({
  ...tool,
  call: (args: unknown, use: Parameters<Tool.Any["call"]>[1]) =>
    tool.call(args, (attempt) => use((call) => around(attempt(call), { tool, args, id: call.id })))
})

/** The run as a person reads it. */
export const drawing = (ran: Ran): string => Timeline.render(Timeline.fromOutcomes(ran.outcomes))

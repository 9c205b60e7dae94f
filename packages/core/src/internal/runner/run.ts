import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as References from "effect/References"
import type { Calls } from "../../CallObserver.ts"
import type { Outcome } from "../../Outcome.ts"
import { Recorder } from "../../Recorder.ts"
import type { ToolCall } from "../../ToolCall.ts"
import { Alarm } from "../alarm.ts"
import { sleeper, steady, stopwatch } from "../clock.ts"
import type { Expansion, Node } from "../tool/any.ts"
import type { Barriers } from "./barriers.ts"
import type { Engine, Shared } from "./engine.ts"
import type { CallEvent } from "./events.ts"
import { Layers } from "./layers.ts"
import type { Waiting } from "./line.ts"
import type { Bounds } from "./options.ts"
import type { Order } from "./order.ts"
import type { Rate } from "./rates.ts"
import { type Gate, Pool } from "./room.ts"
import { observerOf } from "./spans.ts"
import { type Teller, tellerOf } from "./tell.ts"

/** A call that was answered while its tool still went on. */
export interface Late {
  readonly call: ToolCall
  readonly isOver: () => boolean
  readonly await: Effect.Effect<void>
}

/** What a run is made of; `shared` is the runner that it is a run of, `lender` the job inside which it runs. */
export interface Setting<J extends Waiting<J>> {
  readonly engine: Engine<J, Run<J>>
  readonly shared: Shared<J, Run<J>> | undefined
  readonly lender: J | undefined
  readonly toolkit: Expansion["toolkit"]
  readonly nodes: Array<Node>
  readonly bounds: Bounds
  readonly context: Context.Context<unknown>
  readonly mintId: () => string
}

/**
 * What the calls of a run share; jobs are its calls on their way.
 *
 * - `state`: `failing` once a call of it has failed that is to stop the others, `expired` at its deadline
 * - `isArriving`: its turn is still being written; `forTurn` are the jobs that wait for the end of that
 * - `jobs`, `next`, `left`: by place in the turn, the next that is to be admitted, and how many have not settled
 * - `isEager`: all jobs are admitted at once, since some may wait for more than room; else each when there is room
 * - `turn`: when it had its last turn, counted over all runs that share limits
 * - `told`: the place of the first call that waits for a slot since the beginning, where somebody follows that
 * - `inside`: what undecided calls that are agents go on with, by their ids
 * - `plain`, `steps`, `ran`: calls of the turn that stand for themselves alone, steps admitted, calls that were run; `early`,
 *   the steps that were admitted before the turn was whole
 */
export class Run<in out J extends Waiting<J>> {
  readonly engine: Engine<J, Run<J>>
  readonly shared: Shared<J, Run<J>> | undefined
  readonly lender: J | undefined
  readonly toolkit: Expansion["toolkit"]
  readonly nodes: Array<Node>
  readonly bounds: Bounds
  readonly context: Context.Context<unknown>
  readonly annotations: Readonly<Record<string, unknown>>
  readonly isAnnotated: boolean
  readonly fork: <A, E>(effect: Effect.Effect<A, E, unknown>) => Fiber.Fiber<A, E>
  readonly now: () => number
  readonly observer: Calls | undefined
  readonly beganAt: number
  readonly recorder: Recorder | undefined
  readonly teller: Teller | undefined
  readonly alarm: Alarm
  readonly layers: Layers
  readonly gate: Gate<J>
  readonly wakes = new Map<Rate<J>, number>()
  readonly jobs: Array<J | undefined>
  outcomes: Array<Outcome> = []
  readonly strays: Array<Late> = []
  readonly leaders = new Map<string, J>()
  readonly atEnd: Array<() => void> = []
  readonly inside = new Map<string, unknown>()
  order: Order | undefined = undefined
  barriers: Barriers | undefined = undefined
  doubtful: Array<ToolCall> = []
  forTurn: Array<J> = []
  state: "open" | "failing" | "expired" | "interrupted" = "open"
  isArriving = false
  deadline: number
  expiresAt: number
  isEager = false
  next = 0
  left = 0
  stuck = 0
  turn = 0
  told = Infinity
  plain = 0
  steps = 0
  early = 0
  ran = 0
  isOpen = true
  goesOn = false
  isClosing = false
  isBuilt = false
  isLookedAfter = false
  owner: Fiber.Fiber<unknown, unknown> | undefined = undefined
  advance: (job: J) => void = nothing
  expired: (job: J) => void = nothing
  stop: () => void = nothing
  finish: () => void = nothing
  readonly #mintId: () => string
  #runId: string | undefined
  #toldAt = 0
  #ticks: (() => number) | undefined

  constructor({ bounds, context, engine, lender, mintId, nodes, shared, toolkit }: Setting<J>) {
    this.engine = engine
    this.shared = shared
    this.lender = lender
    this.toolkit = toolkit
    this.nodes = nodes
    this.bounds = bounds
    this.context = context
    this.gate = new Pool<J>().gate(bounds.concurrency)
    this.annotations = Context.get(context, References.CurrentLogAnnotations)
    this.isAnnotated = Object.keys(this.annotations).length > 0
    this.fork = Effect.runForkWith(context)
    this.now = stopwatch(context)
    this.observer = observerOf(context)
    this.recorder = Context.get(context, Recorder)
    this.teller = bounds.onCall && tellerOf(bounds.onCall, this.fork, () => engine.post(() => this.finish()))
    this.alarm = new Alarm(this.now, sleeper(context))
    this.layers = new Layers(this.fork)
    this.left = nodes.length
    this.jobs = nodes.map(() => undefined)
    this.outcomes.length = nodes.length
    this.#mintId = mintId
    this.deadline = bounds.deadline
    this.beganAt = this.now()
    this.expiresAt = this.beganAt + bounds.deadline
    this.#runId = bounds.runId
  }

  /**
   * Says what goes on with a job, ends one whose time is over, stops all, and ends the run.
   *
   * - taken as arguments: V8 puts functions that are assigned to a property where they stand into its old generation, and all
   *   that a dead one sees lives on with it
   */
  driveBy(
    advance: (job: J) => void,
    expired: (job: J) => void,
    stop: () => void,
    finish: () => void
  ): void {
    this.advance = advance
    this.expired = expired
    this.stop = stop
    this.finish = finish
  }

  /** Minted when it is asked for, where none was given. */
  runId(): string {
    return this.#runId ??= this.#mintId()
  }

  /** Milliseconds that are the same for all runs, also for those that begin after the wall clock was set. */
  ticks(): number {
    return (this.#ticks ??= steady(this.context))()
  }

  /** Milliseconds until its deadline. */
  timeLeft(now: number): number {
    return this.expiresAt - now
  }

  tell(event: CallEvent): void {
    if (this.teller === undefined) return
    // A call may have ended before what was told meanwhile, as when its end was recorded first.
    this.#toldAt = Math.max(this.#toldAt, event.at)
    this.teller.tell(event.at === this.#toldAt ? event : { ...event, at: this.#toldAt })
    this.engine.tells(this.teller)
  }

  /** True where somebody wants to know what calls wait for. */
  get isWatched(): boolean {
    return this.teller !== undefined || this.observer !== undefined
  }

  /** True where something is still to be told or given back. */
  get isBusy(): boolean {
    return this.isBuilt || this.teller?.isIdle === false
  }

  /** True where nothing of it may start any more. */
  get isStopped(): boolean {
    if (wasInterrupted(this.owner)) this.state = "interrupted"
    return this.state === "interrupted"
  }

  /** True where it may admit a call: one that needs room is not made before there is some. */
  get wantsMore(): boolean {
    if (this.next >= this.nodes.length || this.state === "interrupted") return false
    return this.isEager || this.state !== "open" || (this.stuck === 0 && this.gate.pool.taken < this.gate.limit)
  }
}

const nothing = (): void => undefined

/**
 * A fiber that is interrupted within a step of its own finds out after it, by when calls would have started. Effect 4.1.0
 * keeps that in a field of its own, which a test holds it to.
 */
const wasInterrupted = (fiber: Fiber.Fiber<unknown, unknown> | undefined): boolean =>
  fiber !== undefined && "_interruptedCause" in fiber && fiber._interruptedCause !== undefined
  && "interruptible" in fiber && fiber.interruptible === true

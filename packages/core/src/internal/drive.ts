import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import type { Reason, ToolFailure } from "../CallError.ts"
import type { Outcome } from "../Outcome.ts"
import type * as Tool from "../Tool.ts"
import { Alarm, type Timed } from "./alarm.ts"
import type { Node } from "./line.ts"
import { announcement, type End, record } from "./record.ts"
import {
  admitted,
  type Batch,
  endOf,
  hasFailed,
  launch,
  leftOf,
  listStray,
  type Ready,
  refusalAtStart,
  stopped,
  timeout,
  timeoutOf
} from "./settle.ts"

/**
 * Settles calls that wait for nobody: the same as `Effect.forEach(calls, settle, { concurrency })`, for less.
 *
 * - one fiber a call, none for a call that is over at once, and one that watches the time of all of them
 */
export const drive = (
  batch: Batch,
  nodes: ReadonlyArray<Node>,
  concurrency: number,
  context: Context.Context<unknown>
): Effect.Effect<ReadonlyArray<Outcome>> =>
  Effect.callback((resume) => {
    const driver = new Driver(batch, nodes, concurrency, context, (outcomes) => resume(Effect.succeed(outcomes)))
    driver.pump()
    return driver.interrupt
  })

type Settling = Exit.Exit<Tool.Answer<unknown>, Reason | ToolFailure<unknown>>

/** An effect that needs no running any more. */
const isOver = <A, E, R>(effect: Effect.Effect<A, E, R>): effect is Exit.Exit<A, E> => Exit.isExit(effect)

/** A call that was started; `over` once it is settled, though its fiber may go on. */
interface Running extends Timed, Ready {
  readonly index: number
  readonly startedAt: number
  readonly limit: "timeout" | "deadline"
  attempts: number
  fiber: Fiber.Fiber<Tool.Answer<unknown>, Reason | ToolFailure<unknown>> | undefined
}

class Driver {
  readonly #batch: Batch
  readonly #nodes: ReadonlyArray<Node>
  readonly #concurrency: number
  readonly #fork: <A, E>(effect: Effect.Effect<A, E, unknown>) => Fiber.Fiber<A, E>
  readonly #done: (outcomes: ReadonlyArray<Outcome>) => void
  readonly #outcomes: Array<Outcome>
  readonly #running = new Set<Running>()
  readonly #alarm: Alarm<Running>
  #next = 0
  #left: number
  #isPumping = false

  constructor(
    batch: Batch,
    nodes: ReadonlyArray<Node>,
    concurrency: number,
    context: Context.Context<unknown>,
    done: (outcomes: ReadonlyArray<Outcome>) => void
  ) {
    this.#batch = batch
    this.#nodes = nodes
    this.#concurrency = concurrency
    this.#fork = Effect.runForkWith(context)
    this.#done = done
    this.#outcomes = new Array<Outcome>(nodes.length)
    this.#left = nodes.length
    this.#alarm = new Alarm(batch.now, this.#fork, this.#expire)
  }

  /** Starts calls while there is room. */
  pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    while (this.#running.size < this.#concurrency && this.#next < this.#nodes.length) this.#start(this.#next++)
    this.#isPumping = false
    if (this.#left === 0) this.#done(this.#outcomes)
  }

  /** Stops what is in flight and waits for its finalizers. */
  readonly interrupt: Effect.Effect<void> = Effect.suspend(() => {
    const fibers = Array.from(this.#running, (running) => {
      running.over = true
      return running.fiber
    })
    return Fiber.interruptAll([...fibers, this.#alarm.stop()].filter((fiber) => fiber !== undefined))
  })

  #start(index: number): void {
    const { call } = this.#nodes[index]!
    const ready = admitted(this.#batch, call, index)
    if (Result.isFailure(ready)) return this.#settle(index, ready.failure)
    const { tool } = ready.success
    const startedAt = this.#batch.now()
    const own = timeoutOf(this.#batch, tool)
    const left = leftOf(this.#batch, startedAt)
    const refusal = refusalAtStart(this.#batch, tool, left)
    if (refusal !== undefined) {
      return this.#settle(index, record(this.#batch, tool, call, startedAt, 0, Result.fail(refusal)))
    }
    const running: Running = {
      call,
      tool,
      args: ready.success.args,
      index,
      startedAt,
      limit: own <= left ? "timeout" : "deadline",
      expiresAt: startedAt + Math.min(own, left),
      attempts: 0,
      fiber: undefined,
      over: false
    }
    const work = launch(this.#batch, running, running.expiresAt, () => ++running.attempts)
    if (isOver(work)) return this.#end(running, endOf(tool, work))
    this.#running.add(running)
    const fiber = this.#fork(work)
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return this.#exit(running, exit)
    running.fiber = fiber
    fiber.addObserver((exit) => this.#exit(running, exit))
    this.#alarm.add(running, Math.min(own, left))
  }

  #exit(running: Running, exit: Settling): void {
    if (!running.over) this.#end(running, endOf(running.tool, exit))
  }

  #end(running: Running, end: End): void {
    const { attempts, call, index, startedAt, tool } = running
    running.over = true
    this.#running.delete(running)
    this.#settle(index, record(this.#batch, tool, call, startedAt, attempts, end))
  }

  /** Answers a call whose tool goes on. */
  #cutShort(running: Running, reason: Reason): void {
    running.over = true
    running.fiber?.interruptUnsafe()
    if (running.fiber) this.#fork(listStray(this.#batch, running.call, running.fiber))
    this.#end(running, Result.fail(reason))
  }

  readonly #expire = (running: Running): void =>
    this.#cutShort(running, timeout(this.#batch, running.tool, running.limit, true))

  #settle(index: number, outcome: Outcome): void {
    this.#outcomes[index] = outcome
    this.#left -= 1
    const telling = announcement(this.#batch, outcome)
    if (telling !== undefined) this.#fork(telling)
    if (hasFailed(this.#batch)) {
      for (const running of this.#running) this.#cutShort(running, stopped(running.tool, true))
    }
    if (this.#left === 0) this.#alarm.stop()
    this.pump()
  }
}

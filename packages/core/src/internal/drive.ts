import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as References from "effect/References"
import * as Result from "effect/Result"
import type { Reason, ToolFailure } from "../CallError.ts"
import type { Outcome } from "../Outcome.ts"
import type * as Tool from "../Tool.ts"
import { Alarm, type Timed } from "./alarm.ts"
import { type Answering, directOf } from "./direct.ts"
import { isOver } from "./exit.ts"
import type { Node } from "./line.ts"
import { announcement, type End, record } from "./record.ts"
import {
  admitted,
  annotationsOf,
  Attempt,
  type Batch,
  endOf,
  hasFailed,
  launch,
  leftOf,
  listStray,
  parse,
  type Ready,
  refusalAtStart,
  refused,
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

/** A call that was started; `over` once it is settled, though its fiber may go on. */
interface Running extends Timed, Ready {
  readonly index: number
  readonly startedAt: number
  readonly limit: "timeout" | "deadline"
  attempts: number
  controller: AbortController | undefined
  fiber: Fiber.Fiber<Tool.Answer<unknown>, Reason | ToolFailure<unknown>> | undefined
}

const signalOf = (running: Running): AbortSignal => (running.controller ??= new AbortController()).signal

const neverRan = (end: End): boolean => Result.isFailure(end) && end.failure._tag === "InvalidArguments"

class Driver {
  readonly #batch: Batch
  readonly #nodes: ReadonlyArray<Node>
  readonly #concurrency: number
  readonly #context: Context.Context<unknown>
  readonly #annotations: Readonly<Record<string, unknown>>
  readonly #fork: <A, E>(effect: Effect.Effect<A, E, unknown>) => Fiber.Fiber<A, E>
  readonly #done: (outcomes: ReadonlyArray<Outcome>) => void
  readonly #outcomes: Array<Outcome> = []
  readonly #running = new Set<Running>()
  readonly #telling = new Set<Fiber.Fiber<void>>()
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
    this.#context = context
    this.#annotations = Context.get(context, References.CurrentLogAnnotations)
    this.#fork = Effect.runForkWith(context)
    this.#done = done
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
      running.controller?.abort()
      return running.fiber
    })
    return Fiber.interruptAll(
      [...fibers, ...this.#telling, this.#alarm.stop()].filter((fiber) => fiber !== undefined)
    )
  })

  #start(index: number): void {
    const { call } = this.#nodes[index]!
    const tool = admitted(this.#batch, call, index)
    if (Result.isFailure(tool)) return this.#settle(index, tool.failure)
    const args = parse(call.arguments)
    if (Result.isFailure(args)) return this.#settle(index, refused(this.#batch, tool.success, call, args.failure))
    this.#begin(index, { call, tool: tool.success, args: args.success })
  }

  #begin(index: number, ready: Ready): void {
    const { args, call, tool } = ready
    const startedAt = this.#batch.now()
    const own = timeoutOf(this.#batch, tool)
    const left = leftOf(this.#batch, startedAt)
    const refusal = refusalAtStart(this.#batch, tool, left)
    if (refusal !== undefined) return this.#settle(index, refused(this.#batch, tool, call, refusal))
    const running: Running = {
      call,
      tool,
      args,
      index,
      startedAt,
      limit: own <= left ? "timeout" : "deadline",
      expiresAt: startedAt + Math.min(own, left),
      attempts: 0,
      controller: undefined,
      fiber: undefined,
      over: false
    }
    const work = this.#launch(running)
    if (work instanceof Promise) {
      this.#running.add(running)
      void work.then((work) => this.#run(running, work))
    } else this.#run(running, work)
    if (!running.over) this.#alarm.add(running, Math.min(own, left))
  }

  #launch(running: Running): Answering | Promise<Answering> | ReturnType<typeof launch> {
    const { args, tool } = running
    const { retry, tell, traced } = this.#batch
    const direct = directOf(tool)
    if (direct === undefined || traced || retry !== undefined || tell !== undefined) {
      const { expiresAt, startedAt } = running
      return launch(this.#batch, running, { startedAt, expiresAt, nextAttempt: () => ++running.attempts })
    }
    running.attempts = 1
    return direct(args, new Attempt(this.#batch, running, running.expiresAt, 1), () => signalOf(running))
  }

  #run(running: Running, work: ReturnType<typeof launch>): void {
    if (running.over) return
    if (isOver(work)) return this.#end(running, endOf(running.tool, work))
    this.#running.add(running)
    const fiber = Effect.runForkWith(this.#contextOf(running))(work)
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return this.#exit(running, exit)
    running.fiber = fiber
    fiber.addObserver((exit) => this.#exit(running, exit))
  }

  #contextOf(ready: Ready): Context.Context<unknown> {
    const annotations = { ...this.#annotations, ...annotationsOf(ready) }
    return Context.add(this.#context, References.CurrentLogAnnotations, annotations)
  }

  #exit(running: Running, exit: Settling): void {
    if (!running.over) this.#end(running, endOf(running.tool, exit))
  }

  #end(running: Running, end: End): void {
    const { call, index, startedAt, tool } = running
    const attempts = neverRan(end) ? 0 : running.attempts
    running.over = true
    this.#running.delete(running)
    this.#settle(index, record(this.#batch, tool, call, startedAt, attempts, end))
  }

  /** Answers a call whose tool goes on. */
  #cutShort(running: Running, reason: Reason): void {
    running.over = true
    running.controller?.abort()
    running.fiber?.interruptUnsafe()
    if (running.fiber) this.#fork(listStray(this.#batch, running.call, running.fiber))
    this.#end(running, Result.fail(reason))
  }

  readonly #expire = (running: Running): void =>
    this.#cutShort(running, timeout(this.#batch, running.tool, running.limit, true))

  #settle(index: number, outcome: Outcome): void {
    this.#outcomes[index] = outcome
    const announcing = announcement(this.#batch, outcome)
    if (announcing !== undefined) this.#fork(announcing)
    if (hasFailed(this.#batch)) {
      for (const running of this.#running) this.#cutShort(running, stopped(running.tool, true))
    }
    if (this.#batch.tell === undefined) return this.#settled()
    const telling = this.#fork(this.#batch.tell({ _tag: "CallSettled", outcome }))
    this.#telling.add(telling)
    telling.addObserver(() => {
      this.#telling.delete(telling)
      this.#settled()
    })
  }

  #settled(): void {
    this.#left -= 1
    if (this.#left === 0) this.#alarm.stop()
    this.pump()
  }
}

import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as References from "effect/References"
import * as Result from "effect/Result"
import type { InvalidArguments, Reason, ToolFailure } from "../../CallError.ts"
import type { Outcome } from "../../Outcome.ts"
import type * as Tool from "../../Tool.ts"
import type { ToolCall } from "../../ToolCall.ts"
import { isOver } from "../exit.ts"
import { guarded } from "../guarded.ts"
import { Alarm, type Timed } from "./alarm.ts"
import type { Node } from "./line.ts"
import { answered, answerOf, type Parts, partsOf, type PromiseParts, rejected } from "./parts.ts"
import { announcement, type End, record } from "./record.ts"
import {
  admitted,
  annotationsOf,
  Attempt,
  type Batch,
  crash,
  endOf,
  failed,
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

/** A call that was started; `over` once it is settled, though its fiber may go on. */
class Running implements Timed, Ready {
  readonly call: ToolCall
  readonly tool: Tool.Any
  readonly args: unknown
  readonly index: number
  readonly startedAt: number
  readonly limit: "timeout" | "deadline"
  readonly expiresAt: number
  attempts = 0
  controller: AbortController | undefined = undefined
  fiber: Fiber.Fiber<unknown, unknown> | undefined = undefined
  over = false

  constructor({ args, call, tool }: Ready, index: number, startedAt: number, own: number, left: number) {
    this.call = call
    this.tool = tool
    this.args = args
    this.index = index
    this.startedAt = startedAt
    this.limit = own <= left ? "timeout" : "deadline"
    this.expiresAt = startedAt + Math.min(own, left)
  }
}

class Driver {
  readonly #batch: Batch
  readonly #nodes: ReadonlyArray<Node>
  readonly #concurrency: number
  readonly #context: Context.Context<unknown>
  readonly #annotations: Readonly<Record<string, unknown>>
  readonly #isAnnotated: boolean
  readonly #fork: <A, E>(effect: Effect.Effect<A, E, unknown>) => Fiber.Fiber<A, E>
  readonly #done: (outcomes: ReadonlyArray<Outcome>) => void
  readonly #outcomes: Array<Outcome>
  readonly #running: Array<Running | undefined>
  readonly #telling = new Set<Fiber.Fiber<void>>()
  readonly #alarm: Alarm<Running>
  #inFlight = 0
  #heard = 0
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
    this.#isAnnotated = Object.keys(this.#annotations).length > 0
    this.#fork = Effect.runForkWith(context)
    this.#done = done
    this.#outcomes = Array.from({ length: nodes.length })
    this.#running = Array.from({ length: nodes.length })
    this.#left = nodes.length
    this.#alarm = new Alarm(batch.now, this.#fork, this.#expire)
  }

  /** Starts calls while there is room. */
  pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    while (this.#inFlight < this.#concurrency && this.#next < this.#nodes.length) this.#start(this.#next++)
    this.#isPumping = false
    if (this.#left === 0) this.#done(this.#outcomes)
  }

  /** Stops what is in flight and waits for its finalizers. */
  readonly interrupt: Effect.Effect<void> = Effect.suspend(() => {
    const fibers = this.#stillRunning().map((running) => {
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
    const { call, tool } = ready
    const startedAt = this.#batch.now()
    const own = timeoutOf(this.#batch, tool)
    const left = leftOf(this.#batch, startedAt)
    const refusal = refusalAtStart(this.#batch, tool, left)
    if (refusal !== undefined) return this.#settle(index, refused(this.#batch, tool, call, refusal))
    const running = new Running(ready, index, startedAt, own, left)
    this.#launch(running)
    if (!running.over) this.#alarm.add(running, Math.min(own, left))
  }

  #launch(running: Running): void {
    const { retry, tell, traced } = this.#batch
    const parts = traced || retry !== undefined || tell !== undefined ? undefined : partsOf(running.tool)
    if (parts !== undefined) return this.#perform(running, parts)
    const { expiresAt, startedAt } = running
    this.#answer(running, launch(this.#batch, running, { startedAt, expiresAt, nextAttempt: () => ++running.attempts }))
  }

  /** The same as `launch` for a single attempt that nobody hears of, in as few steps as the tool allows. */
  #perform(running: Running, parts: Parts): void {
    const parameters = guarded(() => parts.parametersOf(running.args))
    if (isOver(parameters)) this.#execute(running, parts, parameters)
    else this.#fiber(running, parameters, (exit) => this.#execute(running, parts, exit))
  }

  #execute(running: Running, parts: Parts, parameters: Exit.Exit<unknown, InvalidArguments>): void {
    if (Exit.isFailure(parameters)) return this.#end(running, failed(running.tool, parameters.cause))
    running.attempts = 1
    const attempt = new Attempt(this.#batch, running, running.expiresAt, 1)
    if (parts.form === "promise") return this.#promise(running, parts, parameters.value, attempt)
    const work = guarded(() => parts.execute(parameters.value, attempt))
    if (isOver(work)) this.#answer(running, answerOf(parts, work))
    else this.#fiber(running, work, (exit) => this.#answer(running, answerOf(parts, exit)))
  }

  #promise(running: Running, parts: PromiseParts, parameters: unknown, attempt: Attempt): void {
    this.#enter(running)
    running.controller = new AbortController()
    parts.execute(parameters, running.controller.signal, attempt).then(
      (value) => running.over || this.#answer(running, answered(parts, value)),
      (error) => running.over || this.#answer(running, rejected(parts, error))
    )
  }

  #answer(running: Running, work: Effect.Effect<Tool.Answer<unknown>, Reason | ToolFailure<unknown>, unknown>): void {
    if (isOver(work)) this.#end(running, endOf(running.tool, work))
    else this.#fiber(running, work, (exit) => this.#end(running, endOf(running.tool, exit)))
  }

  /** Runs an effect of a call on a fiber, and goes on with what it came to unless the call is over by then. */
  #fiber<A, E>(running: Running, work: Effect.Effect<A, E, unknown>, use: (exit: Exit.Exit<A, E>) => void): void {
    this.#enter(running)
    const ending = Effect.onExitPrimitive(work, (exit) => {
      this.#heard += 1
      if (!running.over) use(exit)
      return undefined
    })
    const fiber = Effect.runForkWith(this.#contextOf(running))(ending)
    running.fiber = fiber
    // One observer for all: V8 keeps those of many fibers for long, and with them all that they see.
    fiber.addObserver(this.#ended)
    // Its first step may have ended another call whose failure stops this one.
    if (running.over && fiber.pollUnsafe() === undefined) this.#abandon(running.call, fiber)
  }

  /** A fiber that meets what is no effect ends without a word: its call crashed. */
  readonly #ended = (): void => {
    this.#heard -= 1
    if (this.#heard >= 0) return
    this.#heard = 0
    for (const running of this.#stillRunning()) {
      const exit = running.fiber?.pollUnsafe()
      if (exit !== undefined && Exit.isFailure(exit)) this.#end(running, crash(running.tool, exit.cause))
    }
  }

  #enter(running: Running): void {
    if (this.#running[running.index] !== undefined) return
    this.#running[running.index] = running
    this.#inFlight += 1
  }

  #leave(running: Running): void {
    running.over = true
    if (this.#running[running.index] === undefined) return
    this.#running[running.index] = undefined
    this.#inFlight -= 1
  }

  #stillRunning(): ReadonlyArray<Running> {
    return this.#running.filter((running) => running !== undefined)
  }

  #contextOf(ready: Ready): Context.Context<unknown> {
    const own = annotationsOf(ready)
    const all = this.#isAnnotated ? { ...this.#annotations, ...own } : own
    return Context.add(this.#context, References.CurrentLogAnnotations, all)
  }

  #end(running: Running, end: End): void {
    const { attempts, call, index, startedAt, tool } = running
    this.#leave(running)
    this.#settle(index, record(this.#batch, tool, call, startedAt, attempts, end))
  }

  /** Answers a call whose tool goes on. */
  #cutShort(running: Running, reason: Reason): void {
    running.over = true
    running.controller?.abort()
    if (running.fiber !== undefined) this.#abandon(running.call, running.fiber)
    this.#end(running, Result.fail(reason))
  }

  #abandon(call: ToolCall, fiber: Fiber.Fiber<unknown, unknown>): void {
    fiber.interruptUnsafe()
    this.#fork(listStray(this.#batch, call, fiber))
  }

  readonly #expire = (running: Running): void =>
    this.#cutShort(running, timeout(this.#batch, running.tool, running.limit, true))

  #settle(index: number, outcome: Outcome): void {
    this.#outcomes[index] = outcome
    const announcing = announcement(this.#batch, outcome)
    if (announcing !== undefined) this.#fork(announcing)
    if (hasFailed(this.#batch)) {
      for (const running of this.#stillRunning()) this.#cutShort(running, stopped(running.tool, true))
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

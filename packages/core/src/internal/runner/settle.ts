import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import type * as Schedule from "effect/Schedule"
import {
  Defect,
  Interrupted,
  InvalidArguments,
  LimitExceeded,
  type Reason,
  Timeout,
  type ToolFailure,
  Truncated,
  type Unencodable
} from "../../CallError.ts"
import * as Json from "../../Json.ts"
import type { Outcome } from "../../Outcome.ts"
import type * as Tool from "../../Tool.ts"
import type { ToolCall } from "../../ToolCall.ts"
import type * as Toolkit from "../../Toolkit.ts"
import { guarded } from "../guarded.ts"
import { type Arrival, isOver } from "./arrival.ts"
import { decide } from "./decide.ts"
import type { CallEvent } from "./events.ts"
import { idempotencyKey } from "./idempotencyKey.ts"
import { argumentsOf, beforehand, claim, type Line, type Member, turn } from "./line.ts"
import { announced, type End, isHarmless, record, sameFor, unknownTool } from "./record.ts"
import { within } from "./within.ts"

/**
 * What the calls of a batch share; `late` is the only part of it that changes.
 *
 * - `arrival`: where the turn was still being written when the batch began
 * - `isPart`: its calls are steps of a plan or a fan-out, which is answered as a whole
 * - `failure`: done by the first call that fails, in a batch that is to stop then
 * - `tell`: takes what happens to calls, where somebody wants to know
 * - `traced`: somebody provided a tracer, so that spans have a reader
 */
export interface Batch {
  readonly toolkit: Toolkit.Any
  readonly now: () => number
  readonly runId: () => string
  readonly timeout: number
  readonly deadline: number
  readonly expiresAt: number
  readonly arrival: Arrival | undefined
  readonly maxCalls: number
  readonly isPart: boolean
  readonly maxResultBytes: number
  readonly retry: Schedule.Schedule<unknown, ToolFailure<unknown>> | undefined
  readonly failure: Deferred.Deferred<void> | undefined
  readonly tell: ((event: CallEvent) => Effect.Effect<void>) | undefined
  readonly traced: boolean
  readonly late: Array<Late>
}

/** A call that was answered by a timeout, and the fiber that had not stopped by then. */
export interface Late {
  readonly call: ToolCall
  readonly fiber: Fiber.Fiber<unknown, unknown>
}

/** A call that may run: its tool, and its arguments as JSON. */
export interface Ready {
  readonly call: ToolCall
  readonly tool: Tool.Any
  readonly args: unknown
}

/** Where a call stands in line. */
export interface Seat {
  readonly line: Line
  readonly member: Member
}

/** Settles one call: decides whether it may run, waits for its turn in line, runs it, records how it ended. */
export const settle = (
  batch: Batch,
  call: ToolCall,
  index: number,
  seat: Seat
): Effect.Effect<Outcome, never, unknown> => {
  const { tell } = batch
  const settled = settleUntold(batch, call, index, seat)
  return tell === undefined ? settled : Effect.tap(settled, (outcome) => tell({ _tag: "CallSettled", outcome }))
}

const settleUntold = (batch: Batch, call: ToolCall, index: number, seat: Seat) =>
  Effect.suspend(() => {
    const tool = admitted(batch, call, index)
    if (Result.isFailure(tool)) return announced(batch, tool.failure)
    const { success } = tool
    return Effect.catchDefect(success.hold(inSeat(batch, success, call, seat)), (defect) =>
      refuse(batch, success, call, new Defect({ harmless: isHarmless(success), cause: Cause.die(defect) })))
  })

const inSeat = Effect.fnUntraced(function*(batch: Batch, tool: Tool.Any, call: ToolCall, { line, member }: Seat) {
  const stop = beforeStart(batch, tool)
  const args = yield* beforehand(
    Effect.flatMap(argumentsOf(line, member), (args) => Effect.fromResult(parse(args))),
    stop
  )
  if (Result.isFailure(args)) return yield* refuse(batch, tool, call, args.failure)
  const ready = { call, tool, args: args.success }
  if (tool.expand === undefined) {
    const claimed = yield* beforehand(claim(line, member, ready), inTime(batch, tool, false))
    if (Result.isFailure(claimed)) return yield* refuse(batch, tool, call, claimed.failure)
  }
  const allowed = yield* beforehand(Effect.andThen(wholeTurn(batch, tool), decide(ready)), stop)
  if (Result.isFailure(allowed)) return yield* refuse(batch, tool, call, allowed.failure)
  if (tool.expand !== undefined) return yield* becomeSeveral(batch, ready, tool.expand, line, member)
  const turned = yield* beforehand(turn(line, member, ready), stop)
  if (Result.isFailure(turned)) return yield* refuse(batch, tool, call, turned.failure)
  return turned.success._tag === "Same" ? sameFor(call, turned.success.outcome) : yield* start(batch, ready, member)
})

/** Only what reads alone, and needs nobody's approval, may start while the turn is still being written. */
const wholeTurn = ({ arrival }: Batch, { approval, readOnly }: Tool.Any): Effect.Effect<void, Reason> => {
  if (arrival === undefined || (readOnly && approval === undefined)) return Effect.void
  return Effect.flatMap(Deferred.await(arrival.whole), (whole) => whole ? Effect.void : Effect.fail(new Truncated()))
}

/** A call that stands for several takes no slot of its own; it settles when they have. */
const becomeSeveral = Effect.fnUntraced(function*(
  batch: Batch,
  { args, call, tool }: Ready,
  expand: NonNullable<Tool.Any["expand"]>,
  line: Line,
  member: Member
) {
  const startedAt = batch.now()
  const expansion = yield* beforehand(expand(args, call), beforeStart(batch, tool))
  if (Result.isFailure(expansion)) return yield* refuse(batch, tool, call, expansion.failure)
  const { assemble, nodes, toolkit } = expansion.success
  const ended = yield* line.run({ ...batch, toolkit, maxCalls: Infinity, isPart: true }, nodes, member.place)
  const end = assemble(ended.map(([outcome]) => outcome), batch.maxResultBytes, ended.map(([, answer]) => answer))
  if (Result.isSuccess(end)) member.answer = end.success
  return yield* announced(batch, record(batch, tool, call, startedAt, 1, end))
})

/** The tool of a call that may run, or the outcome of one that may not. */
export const admitted = (batch: Batch, call: ToolCall, index: number): Result.Result<Tool.Any, Outcome> => {
  const tool = batch.toolkit.byName.get(call.name)
  if (tool === undefined) return Result.fail(unknownTool(batch, call))
  const refusal = admit(batch, tool, call, index)
  return refusal === undefined ? Result.succeed(tool) : Result.fail(refused(batch, tool, call, refusal))
}

const admit = (batch: Batch, tool: Tool.Any, call: ToolCall, index: number): Reason | undefined => {
  if (call.status === "truncated") return new Truncated()
  if (index >= batch.maxCalls) return new LimitExceeded({ maxCalls: batch.maxCalls })
  return hasFailed(batch) ? stopped(tool, false) : undefined
}

export const hasFailed = ({ failure }: Batch): boolean => failure !== undefined && Deferred.isDoneUnsafe(failure)

export const refused = (batch: Batch, tool: Tool.Any, call: ToolCall, reason: Reason): Outcome =>
  record(batch, tool, call, batch.now(), 0, Result.fail(reason))

const refuse = (batch: Batch, tool: Tool.Any, call: ToolCall, reason: Reason): Effect.Effect<Outcome> =>
  announced(batch, refused(batch, tool, call, reason))

/** Why a call may not start now, if it may not, where so many milliseconds are left. */
export const refusalAtStart = (batch: Batch, tool: Tool.Any, left: number): Reason | undefined => {
  if (left <= 0) return timeout(batch, tool, "deadline", false)
  return hasFailed(batch) ? stopped(tool, false) : undefined
}

/** Runs a call within its time, which begins now. */
const start = (batch: Batch, ready: Ready, member: Member): Effect.Effect<Outcome, never, unknown> =>
  Effect.suspend(() => {
    const { call, tool } = ready
    const startedAt = batch.now()
    const left = leftOf(batch, startedAt)
    const refusal = refusalAtStart(batch, tool, left)
    if (refusal !== undefined) return refuse(batch, tool, call, refusal)
    let attempts = 0
    const expiresAt = startedAt + Math.min(timeoutOf(batch, tool), left)
    const work = launch(batch, ready, { startedAt, expiresAt, nextAttempt: () => ++attempts })
    return within(Effect.annotateLogs(work, annotationsOf(ready)), inTime(batch, tool, true)).pipe(
      Effect.flatMap((ended) =>
        ended._tag === "Exit"
          ? Effect.succeed(endOf(tool, ended.exit))
          : Effect.as(listStray(batch, call, ended.fiber), Result.fail(ended.limit))
      ),
      Effect.flatMap((end) => {
        if (Result.isSuccess(end)) member.answer = end.success
        return announced(batch, record(batch, tool, call, startedAt, attempts, end))
      })
    )
  })

/** Ends when the time of a call or of its batch is over, with the reason. */
const inTime = (batch: Batch, tool: Tool.Any, started: boolean): Effect.Effect<Reason> => {
  const own = timeoutOf(batch, tool)
  const left = leftOf(batch, batch.now())
  const limit = own <= left ? "timeout" : "deadline"
  const time = after(Math.min(own, left), () => timeout(batch, tool, limit, started))
  const open = batch.arrival !== undefined && !isOver(batch.arrival)
  return orStopped(batch, tool, started, open ? Effect.raceFirst(time, deadlineOf(batch, tool, started)) : time)
}

export const timeoutOf = (batch: Batch, tool: Tool.Any): number =>
  tool.timeout === undefined ? batch.timeout : Duration.toMillis(tool.timeout)

/** Ends when a call that waits may not start any more, with the reason. */
const beforeStart = (batch: Batch, tool: Tool.Any): Effect.Effect<Reason> =>
  orStopped(batch, tool, false, deadlineOf(batch, tool, false))

/** Ends at the deadline, which begins once the turn is whole. */
const deadlineOf = (batch: Batch, tool: Tool.Any, started: boolean): Effect.Effect<Reason> => {
  const begun = batch.arrival === undefined ? Effect.void : Effect.asVoid(Deferred.await(batch.arrival.whole))
  return Effect.flatMap(
    begun,
    () => after(leftOf(batch, batch.now()), () => timeout(batch, tool, "deadline", started))
  )
}

export const leftOf = ({ arrival, expiresAt }: Batch, now: number): number => (arrival?.expiresAt ?? expiresAt) - now

const after = (millis: number, reason: () => Reason): Effect.Effect<Reason> =>
  millis === Infinity ? Effect.never : Effect.map(Effect.sleep(millis), reason)

const orStopped = (
  batch: Batch,
  tool: Tool.Any,
  started: boolean,
  time: Effect.Effect<Reason>
): Effect.Effect<Reason> => {
  if (batch.failure === undefined) return time
  return Effect.raceFirst(time, Effect.map(Deferred.await(batch.failure), () => stopped(tool, started)))
}

export const timeout = (batch: Batch, tool: Tool.Any, limit: Timeout["limit"], started: boolean): Timeout => {
  const millis = limit === "timeout" ? timeoutOf(batch, tool) : batch.arrival?.deadline ?? batch.deadline
  return new Timeout({ limit, millis, started, harmless: isHarmless(tool) })
}

export const stopped = (tool: Tool.Any, started: boolean): Interrupted =>
  new Interrupted({ by: "failFast", started, harmless: isHarmless(tool) })

/** Providers send arguments as JSON text, an empty text for none at all, or as a value. */
export const parse = (args: unknown): Result.Result<unknown, InvalidArguments> => {
  if (typeof args === "string" && args.trim() === "") return Result.succeed({})
  const read = typeof args === "string" ? Json.parse(args) : Json.within(args)
  return Result.mapError(
    read,
    (problem) => new InvalidArguments({ issues: [{ path: "", message: `Not valid JSON: ${problem}` }] })
  )
}

/**
 * When a call was started, and until when it has.
 *
 * - `nextAttempt`: counts the attempts at it
 */
interface Start {
  readonly startedAt: number
  readonly expiresAt: number
  readonly nextAttempt: () => number
}

/** All that a tool does for a call; an `Exit` where that is over at once. */
export const launch = (batch: Batch, ready: Ready, start: Start) => {
  const { args, call, tool } = ready
  const { retry, tell } = batch
  const work = () =>
    guarded(() =>
      tool.call(args, (execute) => {
        const attempt = () => execute(new Attempt(batch, ready, start.expiresAt, start.nextAttempt()))
        return retry === undefined || !isHarmless(tool) ? attempt() : retried(Effect.suspend(attempt), retry)
      })
    )
  const told = tell === undefined
    ? work()
    : Effect.andThen(tell({ _tag: "CallStarted", call, at: start.startedAt }), Effect.suspend(work))
  return batch.traced ? spanned(tool, call, told) : told
}

/** What a handler is told about one attempt at its call. */
export class Attempt implements Tool.Call {
  readonly id: string
  readonly attempt: number
  readonly deadline: number
  readonly #batch: Batch
  readonly #ready: Ready

  constructor(batch: Batch, ready: Ready, deadline: number, attempt: number) {
    this.id = ready.call.id
    this.attempt = attempt
    this.deadline = deadline
    this.#batch = batch
    this.#ready = ready
  }

  get idempotencyKey(): string {
    const { args, call, tool } = this.#ready
    return idempotencyKey(this.#batch.runId(), call.id, tool.name, args)
  }

  get progress(): Tool.Call["progress"] {
    const { now, tell } = this.#batch
    const { call } = this.#ready
    return (progress) => tell?.({ _tag: "CallProgress", call, at: now(), progress }) ?? Effect.void
  }
}

/** Only a tool's own failure is tried again: a result that cannot be encoded would not be at the next attempt either. */
const retried = <A, R>(
  attempt: Effect.Effect<A, ToolFailure<unknown> | Unencodable, R>,
  schedule: NonNullable<Batch["retry"]>
): Effect.Effect<A, ToolFailure<unknown> | Unencodable, R> =>
  Effect.matchEffect(attempt, {
    onFailure: (error) => error._tag === "ToolFailure" ? Effect.fail(error) : Effect.succeed(Result.fail(error)),
    onSuccess: (answer) => Effect.succeed(Result.succeed(answer))
  }).pipe(Effect.retry(schedule), Effect.flatMap(Effect.fromResult))

export const endOf = (tool: Tool.Any, exit: Exit.Exit<Tool.Answer<unknown>, Reason | ToolFailure<unknown>>): End =>
  Exit.isSuccess(exit) ? Result.succeed(exit.value) : failed(tool, exit.cause)

export const failed = (tool: Tool.Any, cause: Cause.Cause<Reason | ToolFailure<unknown>>): End => {
  if (Cause.hasDies(cause)) return crash(tool, cause)
  const failure = Cause.findError(cause)
  return Result.isSuccess(failure)
    ? Result.fail(failure.success)
    : Result.fail(new Interrupted({ by: "tool", started: true, harmless: isHarmless(tool), cause }))
}

export const crash = (tool: Tool.Any, cause: Cause.Cause<unknown>): End =>
  Result.fail(new Defect({ harmless: isHarmless(tool), cause }))

/** Logs that a tool writes name it and its call. */
export const annotationsOf = ({ call, tool }: Ready) => ({ tool: tool.name, callId: call.id })

/** A span names them too, where there is a tracer to see it (OpenTelemetry GenAI). */
const spanned = <A, E, R>(tool: Tool.Any, call: ToolCall, work: Effect.Effect<A, E, R>) => {
  const attributes = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": tool.name,
    "gen_ai.tool.call.id": call.id
  }
  return Effect.withSpan(work, `execute_tool ${tool.name}`, { attributes, captureStackTrace: false })
}

/** Lists a call that is answered while its tool still goes on, and logs that it ended after all. */
export const listStray = (batch: Batch, call: ToolCall, fiber: Fiber.Fiber<unknown, unknown>): Effect.Effect<void> => {
  if (fiber.pollUnsafe() !== undefined) return Effect.void
  batch.late.push({ call, fiber })
  return Fiber.await(fiber).pipe(
    Effect.andThen(Effect.logWarning("A tool ended after its call was answered without it; its result was dropped")),
    Effect.annotateLogs({ tool: call.name, callId: call.id }),
    Effect.forkDetach,
    Effect.asVoid
  )
}

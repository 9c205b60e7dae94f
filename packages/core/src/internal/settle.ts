import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import type * as Schedule from "effect/Schedule"
import {
  CallError,
  Defect,
  Interrupted,
  InvalidArguments,
  LimitExceeded,
  type Reason,
  Timeout,
  type ToolFailure,
  Truncated,
  type Unencodable,
  UnknownTool
} from "../CallError.ts"
import type { Of as OutcomeOf, Outcome } from "../Outcome.ts"
import type * as Tool from "../Tool.ts"
import type { ToolCall } from "../ToolCall.ts"
import type * as Toolkit from "../Toolkit.ts"
import { idempotencyKey } from "./idempotencyKey.ts"
import { cut, errorText } from "./text.ts"
import { within } from "./within.ts"

/**
 * What the calls of a batch share; `late` is the only part of it that changes.
 *
 * - `failure`: done by the first call that fails, in a batch that is to stop then
 * - `traced`: somebody provided a tracer, so that spans have a reader
 */
export interface Batch {
  readonly toolkit: Toolkit.Any
  readonly now: () => number
  readonly runId: () => string
  readonly timeout: number
  readonly deadline: number
  readonly expiresAt: number
  readonly maxCalls: number
  readonly maxResultBytes: number
  readonly retry: Schedule.Schedule<unknown, ToolFailure<unknown>> | undefined
  readonly failure: Deferred.Deferred<void> | undefined
  readonly traced: boolean
  readonly late: Array<Late>
}

/** A call that was answered by a timeout, and the fiber that had not stopped by then. */
export interface Late {
  readonly call: ToolCall
  readonly fiber: Fiber.Fiber<unknown, unknown>
}

/** Settles one call: decides whether it may run, runs it within its time, and records how it ended. */
export const settle = (batch: Batch, call: ToolCall, index: number): Effect.Effect<Outcome, never, unknown> =>
  Effect.suspend(() => {
    const startedAt = batch.now()
    const tool = batch.toolkit.byName.get(call.name)
    if (tool === undefined) return announced(batch, unknownTool(batch, call, startedAt))
    const admitted = admit(batch, tool, call, index)
    if (Result.isFailure(admitted)) {
      return announced(batch, record(batch, tool, call, startedAt, 0, Result.fail(admitted.failure)))
    }
    let attempts = 0
    const work = observed(batch, tool, call, perform(batch, admitted.success, call, () => ++attempts))
    return within(work, limitOf(batch, admitted.success)).pipe(
      Effect.flatMap((ended) =>
        ended._tag === "Exit"
          ? Effect.succeed(endOf(tool, ended.exit))
          : Effect.as(dropWhenItEnds(batch, call, ended.fiber), Result.fail(ended.limit))
      ),
      Effect.flatMap((end) => announced(batch, record(batch, tool, call, startedAt, attempts, end)))
    )
  })

/** A call that may run: its tool, its arguments as JSON, and its time. */
interface Admitted {
  readonly tool: Tool.Any
  readonly args: unknown
  readonly millis: number
  readonly timeout: () => Timeout
}

/** How a call ended, before it is recorded. */
type End = Result.Result<Tool.Answer<unknown>, Reason | ToolFailure<unknown>>

const admit = (batch: Batch, tool: Tool.Any, call: ToolCall, index: number): Result.Result<Admitted, Reason> => {
  if (call.status === "truncated") return Result.fail(new Truncated())
  if (index >= batch.maxCalls) return Result.fail(new LimitExceeded({ maxCalls: batch.maxCalls }))
  if (batch.failure !== undefined && Deferred.isDoneUnsafe(batch.failure)) {
    return Result.fail(new Interrupted({ by: "failFast", started: false, harmless: isHarmless(tool) }))
  }
  const own = tool.timeout === undefined ? batch.timeout : Duration.toMillis(tool.timeout)
  const left = batch.expiresAt - batch.now()
  const timeout = () =>
    own <= left
      ? new Timeout({ limit: "timeout", millis: own, started: true, harmless: isHarmless(tool) })
      : new Timeout({ limit: "deadline", millis: batch.deadline, started: left > 0, harmless: isHarmless(tool) })
  if (left <= 0) return Result.fail(timeout())
  return Result.map(parse(call.arguments), (args) => ({ tool, args, millis: Math.min(own, left), timeout }))
}

/** Ends when the call may not go on, with the reason. */
const limitOf = (batch: Batch, { millis, timeout, tool }: Admitted): Effect.Effect<Reason> => {
  const time = millis === Infinity ? Effect.never : Effect.map(Effect.sleep(millis), timeout)
  if (batch.failure === undefined) return time
  const stopped = () => new Interrupted({ by: "failFast", started: true, harmless: isHarmless(tool) })
  return Effect.raceFirst(time, Effect.map(Deferred.await(batch.failure), stopped))
}

/** A second attempt does no harm. */
const isHarmless = (tool: Tool.Any): boolean => tool.readOnly || tool.idempotent

/** Providers send arguments as JSON text, an empty text for none at all, or as a value. */
const parse = (args: unknown): Result.Result<unknown, InvalidArguments> => {
  if (typeof args !== "string") return Result.succeed(args)
  if (args.trim() === "") return Result.succeed({})
  return Result.try({
    try: (): unknown => JSON.parse(args),
    catch: (error) => new InvalidArguments({ issues: [{ path: "", message: `Not valid JSON: ${messageOf(error)}` }] })
  })
}

const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error)

const perform = (batch: Batch, { args, millis, tool }: Admitted, call: ToolCall, nextAttempt: () => number) => {
  const deadline = batch.now() + millis
  return tool.call(args, (execute) => {
    const attempt = Effect.suspend(() =>
      execute({
        id: call.id,
        attempt: nextAttempt(),
        deadline,
        get idempotencyKey() {
          return idempotencyKey(batch.runId(), call.id, tool.name, args)
        }
      })
    )
    return batch.retry !== undefined && isHarmless(tool) ? retried(attempt, batch.retry) : attempt
  })
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

const endOf = (tool: Tool.Any, exit: Exit.Exit<Tool.Answer<unknown>, Reason | ToolFailure<unknown>>): End => {
  if (Exit.isSuccess(exit)) return Result.succeed(exit.value)
  const harmless = isHarmless(tool)
  if (Cause.hasDies(exit.cause)) return Result.fail(new Defect({ harmless, cause: exit.cause }))
  const failure = Cause.findError(exit.cause)
  return Result.isSuccess(failure)
    ? Result.fail(failure.success)
    : Result.fail(new Interrupted({ by: "tool", started: true, harmless, cause: exit.cause }))
}

/** Logs that a tool writes name it and its call; a span does where there is a tracer to see it (OpenTelemetry GenAI). */
const observed = <A, E, R>(batch: Batch, tool: Tool.Any, call: ToolCall, work: Effect.Effect<A, E, R>) => {
  const named = Effect.annotateLogs(work, { tool: tool.name, callId: call.id })
  if (!batch.traced) return named
  const attributes = {
    "gen_ai.operation.name": "execute_tool",
    "gen_ai.tool.name": tool.name,
    "gen_ai.tool.call.id": call.id
  }
  return Effect.withSpan(named, `execute_tool ${tool.name}`, { attributes, captureStackTrace: false })
}

/** Tells the batch of a failure, where it wants to know, and the host of a crash, whole and once. */
const announced = (batch: Batch, outcome: Outcome): Effect.Effect<Outcome> => {
  const { call, name, result } = outcome
  if (Result.isSuccess(result)) return Effect.succeed(outcome)
  if (batch.failure !== undefined) Deferred.doneUnsafe(batch.failure, Effect.void)
  return Effect.as(Effect.annotateLogs(logged(result.failure), { tool: name, callId: call.id }), outcome)
}

/** What a model is not shown of an error, but its host needs to mend the tool. */
const logged = (error: CallError | ToolFailure<unknown>): Effect.Effect<void> => {
  if (error._tag === "ToolFailure") return Effect.void
  if (error.reason._tag === "Defect") return Effect.logError("A tool crashed", error.reason.cause)
  if (error.reason._tag === "Unencodable") return Effect.logError("A tool broke its schema", error.reason.issue)
  return Effect.void
}

/** Lists a call that is answered while its tool still goes on, and logs that it ended after all. */
const dropWhenItEnds = (batch: Batch, call: ToolCall, fiber: Fiber.Fiber<unknown, unknown>): Effect.Effect<void> => {
  if (fiber.pollUnsafe() !== undefined) return Effect.void
  batch.late.push({ call, fiber })
  return Fiber.await(fiber).pipe(
    Effect.andThen(Effect.logWarning("A tool ended after its call was answered without it; its result was dropped")),
    Effect.annotateLogs({ tool: call.name, callId: call.id }),
    Effect.forkDetach,
    Effect.asVoid
  )
}

/** A result that cannot even be written down is a crash of its tool. */
const record = (
  batch: Batch,
  tool: Tool.Any,
  call: ToolCall,
  startedAt: number,
  attempts: number,
  end: End
): Outcome => {
  const common = { name: tool.name, call, startedAt, endedAt: batch.now(), attempts }
  try {
    return { ...common, ...write(batch, call, end) }
  } catch (defect) {
    const crash = new Defect({ harmless: isHarmless(tool), cause: Cause.die(defect) })
    return { ...common, ...write(batch, call, Result.fail(crash)) }
  }
}

const write = (batch: Batch, call: ToolCall, end: End): Pick<OutcomeOf<Tool.Any>, "result" | "encoded"> => {
  if (Result.isSuccess(end)) {
    const { json, value } = end.success
    return { result: Result.succeed(value), encoded: cut(JSON.stringify(json), batch.maxResultBytes) }
  }
  const { failure } = end
  const error = failure._tag === "ToolFailure" ? failure : errorOf(call, failure)
  return { result: Result.fail(error), encoded: errorText(error, batch.maxResultBytes) }
}

const unknownTool = (batch: Batch, call: ToolCall, startedAt: number): Outcome => {
  const error = errorOf(call, new UnknownTool({ available: Array.from(batch.toolkit.wireNames.values()) }))
  const encoded = errorText(error, batch.maxResultBytes)
  return { name: undefined, call, startedAt, endedAt: batch.now(), attempts: 0, result: Result.fail(error), encoded }
}

const errorOf = (call: ToolCall, reason: Reason) => new CallError({ callId: call.id, tool: call.name, reason })

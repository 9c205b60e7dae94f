/**
 * The calls of one assistant turn, settled at once.
 *
 * A batch means `Effect.forEach(calls, settle, { concurrency })`, with each call's end collected as a `Result`.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
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
  ToolFailure,
  Truncated,
  type Unencodable,
  UnknownTool
} from "./CallError.ts"
import { idempotencyKey } from "./internal/idempotencyKey.ts"
import { cut, errorText } from "./internal/text.ts"
import { within } from "./internal/within.ts"
import type { Outcome } from "./Outcome.ts"
import type * as Tool from "./Tool.ts"
import type { ToolCall } from "./ToolCall.ts"
import type * as Toolkit from "./Toolkit.ts"

/** How a batch is bounded. What is left out comes from `Defaults`; no limit has to be written as `"unbounded"`. */
export interface Options {
  /** Calls in flight at once; 10. */
  readonly concurrency?: number | "unbounded" | undefined
  /** How long a call may take, all attempts together, where its tool does not say; 30 seconds. */
  readonly timeout?: Duration.Input | "unbounded" | undefined
  /** How long the whole batch may take; what has not ended by then is answered by a timeout error. Unbounded. */
  readonly deadline?: Duration.Input | "unbounded" | undefined
  /** Calls of the batch that run, each further one is answered by `LimitExceeded`; 64. */
  readonly maxCalls?: number | "unbounded" | undefined
  /** Bytes of UTF-8 that the model is shown of one result; 65,536. */
  readonly maxResultBytes?: number | "unbounded" | undefined
  /** When to try again after a tool's own failure, for read-only and idempotent tools alone; never. */
  readonly retry?: Schedule.Schedule<unknown, ToolFailure<unknown>> | undefined
  /** Goes into the idempotency keys: the same in every run of the same conversation; minted anew when left out. */
  readonly runId?: string | undefined
}

const safe = {
  concurrency: 10,
  timeout: "30 seconds",
  deadline: "unbounded",
  maxCalls: 64,
  maxResultBytes: 65_536
} as const satisfies Options

/** The options of every batch that does not say otherwise; what this leaves out stays at the safe defaults. */
export const Defaults = Context.Reference<Options>("@volley/core/Batch/Defaults", { defaultValue: () => safe })

/** A call that was answered by a timeout while its tool still went on; await it before closing what the tool uses. */
export interface Stray {
  readonly call: ToolCall
  readonly await: Effect.Effect<void>
}

/**
 * A settled batch.
 *
 * - `outcomes`: one per call, in call order
 * - `strays`: the calls whose tools had not stopped when the batch was settled
 */
export interface Settled<out T extends Tool.Any> {
  readonly outcomes: ReadonlyArray<Outcome<T>>
  readonly strays: ReadonlyArray<Stray>
}

/**
 * Runs calls with the tools of a toolkit and answers every one of them.
 *
 * - shape: n calls → n outcomes, in call order
 * - errors: never fails; whatever a call meets becomes its own outcome. Options that make no sense die
 * - interruption: interrupts the calls in flight and waits for their finalizers
 */
export function run<T extends Tool.Any>(
  toolkit: Toolkit.Toolkit<T>,
  calls: Iterable<ToolCall>,
  options?: Options
): Effect.Effect<Settled<T>, never, Tool.Requirements<T>>
export function run(
  toolkit: Toolkit.Any,
  calls: Iterable<ToolCall>,
  options: Options = {}
): Effect.Effect<Settled<Tool.Any>, never, unknown> {
  return Effect.contextWith((context: Context.Context<unknown>) => {
    const batch = begin(toolkit, options, Context.get(context, Defaults), Context.get(context, Clock.Clock))
    return Effect.forEach(calls, (call, index) => settle(batch, call, index), {
      concurrency: batch.concurrency
    }).pipe(Effect.map((outcomes) => ({ outcomes, strays: batch.late.filter(isRunning).map(toStray) })))
  })
}

/** A batch under way; `late` is the only part of it that changes. */
interface Batch {
  readonly toolkit: Toolkit.Any
  readonly clock: Clock.Clock
  readonly runId: () => string
  readonly concurrency: number | "unbounded"
  readonly timeout: number
  readonly deadline: number
  readonly expiresAt: number
  readonly maxCalls: number
  readonly maxResultBytes: number
  readonly retry: Options["retry"]
  readonly late: Array<Late>
}

interface Late {
  readonly call: ToolCall
  readonly fiber: Fiber.Fiber<unknown, unknown>
}

const begin = (toolkit: Toolkit.Any, options: Options, defaults: Options, clock: Clock.Clock): Batch => {
  const option = <K extends keyof typeof safe>(name: K) => options[name] ?? defaults[name] ?? safe[name]
  const deadline = millis("deadline", option("deadline"))
  let runId = options.runId ?? defaults.runId
  return {
    toolkit,
    clock,
    runId: () => runId ??= crypto.randomUUID(),
    concurrency: atLeast(1, "concurrency", option("concurrency")),
    timeout: millis("timeout", option("timeout")),
    deadline,
    expiresAt: monotonic(clock) + deadline,
    maxCalls: atLeast(0, "maxCalls", option("maxCalls")),
    maxResultBytes: atLeast(0, "maxResultBytes", option("maxResultBytes")),
    retry: options.retry ?? defaults.retry,
    late: []
  }
}

const atLeast = (least: number, name: string, value: number | "unbounded"): number => {
  if (value === "unbounded") return Infinity
  if (value >= least) return value
  throw new RangeError(`Batch.Options.${name} is ${value}: give a number of at least ${least}, or "unbounded".`)
}

const millis = (name: string, value: Duration.Input | "unbounded"): number =>
  value === "unbounded" ? Infinity : atLeast(0, name, Duration.toMillis(Duration.fromInputUnsafe(value)))

const monotonic = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

/** Settles one call: decides whether it may run, runs it within its time, and says how it ended. */
const settle = (batch: Batch, call: ToolCall, index: number): Effect.Effect<Outcome, never, unknown> =>
  Effect.suspend(() => {
    const stopwatch = start(batch.clock)
    const tool = batch.toolkit.byName.get(call.name)
    if (tool === undefined) return Effect.succeed(unknownTool(batch, call, stopwatch()))
    const admitted = admit(batch, tool, call, index)
    if (Result.isFailure(admitted)) return Effect.succeed(record(batch, tool, call, stopwatch(), 0, Result.fail(admitted.failure)))
    let attempts = 0
    return within(perform(batch, admitted.success, call, () => ++attempts), admitted.success.millis).pipe(
      Effect.flatMap((ended) =>
        ended._tag === "Exit"
          ? Effect.succeed(endOf(tool, ended.exit))
          : Effect.as(dropWhenItEnds(batch, call, ended.fiber), Result.fail(admitted.success.timeout))
      ),
      Effect.tap((end) => logDefect(tool, call, end)),
      Effect.map((end) => record(batch, tool, call, stopwatch(), attempts, end))
    )
  })

/** A call that may run: its tool, its arguments as JSON, and its time. */
interface Admitted {
  readonly tool: Tool.Any
  readonly args: unknown
  readonly millis: number
  readonly timeout: Timeout
}

/** How a call ended, before it is recorded. */
type End = Result.Result<Tool.Answer<unknown>, Reason | ToolFailure<unknown>>

const admit = (batch: Batch, tool: Tool.Any, call: ToolCall, index: number): Result.Result<Admitted, Reason> => {
  if (call.status === "truncated") return Result.fail(new Truncated())
  if (index >= batch.maxCalls) return Result.fail(new LimitExceeded({ maxCalls: batch.maxCalls }))
  const own = tool.timeout === undefined ? batch.timeout : Duration.toMillis(tool.timeout)
  const left = batch.expiresAt - monotonic(batch.clock)
  const timeout = own <= left
    ? new Timeout({ limit: "timeout", millis: own, started: true, harmless: isHarmless(tool) })
    : new Timeout({ limit: "deadline", millis: batch.deadline, started: left > 0, harmless: isHarmless(tool) })
  if (left <= 0) return Result.fail(timeout)
  return Result.map(parse(call.arguments), (args) => ({ tool, args, millis: Math.min(own, left), timeout }))
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
  const deadline = batch.clock.currentTimeMillisUnsafe() + millis
  return Effect.flatMap(tool.prepare(args), ({ execute }) => {
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
  schedule: NonNullable<Options["retry"]>
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
  return Result.isSuccess(failure) ? Result.fail(failure.success) : Result.fail(new Interrupted({ harmless }))
}

/** The host sees a crash whole, once; the model only reads that there was one. */
const logDefect = (tool: Tool.Any, call: ToolCall, end: End): Effect.Effect<void> =>
  Result.isFailure(end) && end.failure._tag === "Defect"
    ? Effect.annotateLogs(Effect.logError("A tool crashed", end.failure.cause), { tool: tool.name, callId: call.id })
    : Effect.void

/** Lists a call that is answered already, and logs what its tool still comes up with. */
const dropWhenItEnds = (batch: Batch, call: ToolCall, fiber: Fiber.Fiber<unknown, unknown>): Effect.Effect<void> => {
  batch.late.push({ call, fiber })
  return Fiber.await(fiber).pipe(
    Effect.flatMap((exit) =>
      Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)
        ? Effect.void
        : Effect.logWarning("A tool ended after its call was answered by a timeout; its result was dropped", exit)
    ),
    Effect.annotateLogs({ tool: call.name, callId: call.id }),
    Effect.forkDetach,
    Effect.asVoid
  )
}

const isRunning = ({ fiber }: Late): boolean => fiber.pollUnsafe() === undefined

const toStray = ({ call, fiber }: Late): Stray => ({ call, await: Effect.asVoid(Fiber.await(fiber)) })

interface Times {
  readonly startedAt: number
  readonly endedAt: number
}

/** Starts at a moment of the wall clock and measures from there by the monotonic one. */
const start = (clock: Clock.Clock) => {
  const startedAt = clock.currentTimeMillisUnsafe()
  const since = monotonic(clock)
  return (): Times => ({ startedAt, endedAt: startedAt + monotonic(clock) - since })
}

const record = (batch: Batch, tool: Tool.Any, call: ToolCall, times: Times, attempts: number, end: End): Outcome => {
  const common = { name: tool.name, call, attempts, ...times }
  if (Result.isSuccess(end)) {
    const { json, value } = end.success
    return { ...common, result: Result.succeed(value), encoded: cut(JSON.stringify(json), batch.maxResultBytes) }
  }
  const { failure } = end
  const error = failure._tag === "ToolFailure" ? failure : errorOf(call, failure)
  return { ...common, result: Result.fail(error), encoded: errorText(error, batch.maxResultBytes) }
}

const unknownTool = (batch: Batch, call: ToolCall, times: Times): Outcome => {
  const error = errorOf(call, new UnknownTool({ available: Array.from(batch.toolkit.wireNames.values()) }))
  const encoded = errorText(error, batch.maxResultBytes)
  return { name: undefined, call, attempts: 0, ...times, result: Result.fail(error), encoded }
}

const errorOf = (call: ToolCall, reason: Reason) => new CallError({ callId: call.id, tool: call.name, reason })

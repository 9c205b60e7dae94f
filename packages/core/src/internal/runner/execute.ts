import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Schedule from "effect/Schedule"
import type * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import type { ToolFailure } from "../../CallError.ts"
import * as Limits from "../../Limits.ts"
import { isUndecided, type Outcome } from "../../Outcome.ts"
import type { ToolCall } from "../../ToolCall.ts"
import type * as Toolkit from "../../Toolkit.ts"
import { read as readDuration } from "../duration.ts"
import * as Arrival from "./arrival.ts"
import type { CallEvent } from "./events.ts"
import { fit } from "./fit.ts"
import type { Node } from "./line.ts"
import { run, runArriving } from "./run.ts"
import type { Batch, Late } from "./settle.ts"

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
  /** Bytes of UTF-8 that the model is shown of all results together; the longest are cut first. 1,048,576. */
  readonly maxMessageBytes?: number | "unbounded" | undefined
  /** Stops the other calls as soon as one fails, and answers them by `Interrupted`; false. */
  readonly failFast?: boolean | undefined
  /** When to try again after a tool's own failure, for read-only and idempotent tools alone; never. */
  readonly retry?: Schedule.Schedule<unknown, ToolFailure<unknown>> | undefined
  /** Is told of what happens to the calls, while it happens; what it takes time for, the calls take longer. */
  readonly onCall?: ((event: CallEvent) => Effect.Effect<void>) | undefined
  /** Goes into the idempotency keys: the same in every run of the same conversation; minted anew when left out. */
  readonly runId?: string | undefined
}

/** The options that hold where nobody says otherwise. */
export const safe = {
  concurrency: 10,
  timeout: "30 seconds",
  deadline: "unbounded",
  maxCalls: 64,
  maxResultBytes: 65_536,
  maxMessageBytes: 1_048_576
} as const satisfies Options

/** The options of every batch that does not say otherwise; what this leaves out stays at the safe defaults. */
export const Defaults = Context.Reference<Options>("@volley/core/Batch/Defaults", { defaultValue: () => safe })

/** A call that was answered by a timeout while its tool still went on; await it before closing what the tool uses. */
export interface Stray {
  readonly call: ToolCall
  readonly await: Effect.Effect<void>
}

/**
 * What nodes came to.
 *
 * - `outcomes`: one per node, in order
 * - `pending`: the calls that nobody has decided on
 * - `strays`: the calls whose tools had not stopped in time
 */
export interface Executed {
  readonly outcomes: ReadonlyArray<Outcome>
  readonly pending: ReadonlyArray<ToolCall>
  readonly strays: ReadonlyArray<Stray>
}

/** Settles nodes under options: what batches, pipelines and plans all come to. */
export const execute = (
  toolkit: Toolkit.Any,
  nodes: ReadonlyArray<Node>,
  options: Options
): Effect.Effect<Executed, never, unknown> =>
  Effect.contextWith((context: Context.Context<unknown>) => {
    const begun = begin(toolkit, options, context)
    const limits = Context.getOption(context, Limits.Limits)
    return Effect.map(run(begun.batch, nodes, begun.concurrency, limits, context), (outcomes) =>
      executed(begun, outcomes))
  })

/**
 * Settles calls under options while they arrive; gives how their stream ended as well.
 *
 * - `atMost`: milliseconds that the deadline may come to, asked for when the stream has ended
 */
export const executeArriving = <E>(
  toolkit: Toolkit.Any,
  calls: Stream.Stream<ToolCall, E, unknown>,
  options: Options,
  atMost: () => number = () => Infinity
): Effect.Effect<Executed & { readonly end: Exit.Exit<void, E> }, never, unknown> =>
  Effect.contextWith((context: Context.Context<unknown>) => {
    const begun = begin(toolkit, options, context)
    const limits = Context.getOption(context, Limits.Limits)
    const { deadline, now } = begun.batch
    const arrival = Arrival.make(now, () => Math.min(deadline, atMost()))
    const batch = { ...begun.batch, arrival }
    return Effect.map(
      runArriving(batch, arrival, calls, begun.concurrency, limits),
      ([outcomes, end]) => ({ ...executed(begun, outcomes), end })
    )
  })

const executed = ({ batch, maxMessageBytes }: Begun, outcomes: ReadonlyArray<Outcome>): Executed => ({
  outcomes: fit(outcomes, maxMessageBytes),
  pending: outcomes.filter(isUndecided).map(({ call }) => call),
  strays: batch.late.filter(isRunning).map(toStray)
})

const isRunning = ({ fiber }: Late): boolean => fiber.pollUnsafe() === undefined

const toStray = ({ call, fiber }: Late): Stray => ({ call, await: Effect.asVoid(Fiber.await(fiber)) })

interface Begun {
  readonly batch: Batch
  readonly concurrency: number
  readonly maxMessageBytes: number
}

const begin = (toolkit: Toolkit.Any, options: Options, context: Context.Context<unknown>): Begun => {
  const defaults = Context.get(context, Defaults)
  const option = <K extends keyof typeof safe>(name: K) => options[name] ?? defaults[name] ?? safe[name]
  const amount = (name: "concurrency" | "maxCalls" | "maxResultBytes" | "maxMessageBytes", least: number) =>
    atLeast(least, name, option(name))
  const now = stopwatch(context)
  const deadline = millis("deadline", option("deadline"))
  let runId = options.runId ?? defaults.runId
  const batch: Batch = {
    toolkit,
    now,
    runId: () => runId ??= crypto.randomUUID(),
    timeout: millis("timeout", option("timeout")),
    deadline,
    expiresAt: now() + deadline,
    arrival: undefined,
    maxCalls: amount("maxCalls", 0),
    isPart: false,
    maxResultBytes: amount("maxResultBytes", 0),
    retry: options.retry ?? defaults.retry,
    failure: options.failFast ?? defaults.failFast ? Deferred.makeUnsafe() : undefined,
    tell: safely(options.onCall ?? defaults.onCall),
    traced: context.mapUnsafe.has(Tracer.Tracer.key),
    late: []
  }
  return { batch, concurrency: amount("concurrency", 1), maxMessageBytes: amount("maxMessageBytes", 0) }
}

/** Whoever is told of calls cannot harm them. */
const safely = (onCall: Options["onCall"]): Batch["tell"] =>
  onCall &&
  ((event) =>
    Effect.catchCause(Effect.suspend(() => onCall(event)), (cause) => Effect.logError("`onCall` crashed", cause)))

export const atLeast = (least: number, name: string, value: number | "unbounded"): number => {
  if (value === "unbounded") return Infinity
  if (Number.isInteger(value) && value >= least) return value
  throw new RangeError(`Batch.Options.${name} is ${value}: give a whole number from ${least} on, or "unbounded".`)
}

export const millis = (name: "timeout" | "deadline", value: Duration.Input | "unbounded"): number =>
  value === "unbounded"
    ? Infinity
    : Duration.toMillis(readDuration(value, `Batch.Options.${name}`, ", or \"unbounded\""))

/** Reads the wall clock once and goes on from there by the monotonic one: milliseconds since the epoch that never jump. */
export const stopwatch = (context: Context.Context<unknown>): () => number => {
  const clock = Context.get(context, Clock.Clock)
  if (!context.mapUnsafe.has(Clock.Clock.key)) {
    // The same as Effect's own clock reads, without its detour through big integers.
    const epoch = clock.currentTimeMillisUnsafe() - performance.now()
    return () => epoch + performance.now()
  }
  const epoch = clock.currentTimeMillisUnsafe() - Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  return () => epoch + Number(clock.monotonicTimeNanosUnsafe()) / 1e6
}

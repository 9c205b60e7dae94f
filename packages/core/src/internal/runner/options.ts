import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import * as Struct from "effect/Struct"
import type { ToolFailure } from "../../CallError.ts"
import { read as readDuration, type Time } from "../duration.ts"
import { refuseNoObject, refuseNoSchedule } from "../refusals.ts"
import { seen } from "../seen.ts"
import { absent, callable, either, flag, misplaced, misshapen, type Shape, text } from "../shapes.ts"
import { misspelt } from "../tool/mistakes.ts"
import type { CallEvent } from "./events.ts"

/** How a batch is bounded. What is left out comes from `Defaults`; no limit has to be written as `"unbounded"`. */
export interface Options {
  /** Calls in flight at once; 10. */
  readonly concurrency?: number | "unbounded" | undefined
  /**
   * How long a call may take, all attempts together, unless its tool says it: such as `"5 seconds"`, or a number of
   * milliseconds. 30 seconds.
   */
  readonly timeout?: Duration.Input | Time | "unbounded" | undefined
  /**
   * How long the whole batch may take: such as `"5 seconds"`, or a number of milliseconds. What has not ended by then is
   * answered by a timeout error. Unbounded.
   */
  readonly deadline?: Duration.Input | Time | "unbounded" | undefined
  /** Calls of the batch that run, steps of plans included; each further one is answered by `LimitExceeded`. 64. */
  readonly maxCalls?: number | "unbounded" | undefined
  /** Bytes of UTF-8 that the model is shown of one result; 65,536. */
  readonly maxResultBytes?: number | "unbounded" | undefined
  /** Bytes of UTF-8 that the model is shown of all results together; the longest are cut first. 1,048,576. */
  readonly maxMessageBytes?: number | "unbounded" | undefined
  /** Stops the other calls as soon as one fails, and answers them by `Interrupted`; false. */
  readonly failFast?: boolean | undefined
  /** When to try again after a tool's own failure, for read-only and idempotent tools alone; never. */
  readonly retry?: Schedule.Schedule<unknown, ToolFailure<unknown>> | undefined
  /** `"ordered"` keeps call order among the calls of tools that neither are read-only nor say what they touch; `"parallel"`. */
  readonly undeclared?: "parallel" | "ordered" | undefined
  /** Gets what happens to the calls, in order; no call waits for it, the batch does until its deadline. */
  readonly onCall?: ((event: CallEvent) => Effect.Effect<void>) | undefined
  /** Goes into the idempotency keys: the same in every run of the same conversation; minted anew when left out. */
  readonly runId?: string | undefined
}

/** The names of the options. */
export const names = Struct.keys(
  {
    concurrency: true,
    timeout: true,
    deadline: true,
    maxCalls: true,
    maxResultBytes: true,
    maxMessageBytes: true,
    failFast: true,
    retry: true,
    undeclared: true,
    onCall: true,
    runId: true
  } satisfies Readonly<Record<keyof Options, true>>
)

/** The names of what only promises take. */
const promised = ["signal", "approve"] as const

/** The names of all options of a batch, however it is run. */
export const known = [...names, ...promised]

/** What only promises take. */
export const ofPromises: ReadonlyArray<Shape> = promised.map(absent)

/** What only tools take. */
export const ofTools: Shape = misplaced("limits", "`limits` are of tools: Limits.layer shares them")

const shapes: ReadonlyArray<Shape> = [
  misplaced("byName", "a toolkit stands where options do: give it to `run`, and options behind the calls"),
  ...ofPromises,
  ofTools,
  misplaced("runner", "`runner` is of agents: use its own `run`, or share limits by Limits.layer"),
  flag("failFast"),
  either("undeclared", "parallel", "ordered"),
  callable("onCall", "(event) => Console.log(event._tag)"),
  text("runId", "one that says which conversation it is, such as \"order 7\"")
]

/** What is wrong with options of a batch: a limit would not hold whose name is not quite the one that it has. */
export const mistakeInBatch = (options: Options): string | undefined =>
  misspelt(options, known) ?? misshapen(options, shapes)

/** Throws for options that would not hold. */
const refuseMisused = (options: Options): void => {
  refuseNoObject("Batch.Options", options, "{ concurrency: 4 }")
  const mistake = mistakeInBatch(options)
  if (mistake !== undefined) throw new TypeError(`Batch.Options: ${mistake}.`)
}

/** Options without those that say nothing. */
export const given = (options: Options): Options => {
  refuseNoObject("Batch.Options", options, "{ concurrency: 4 }")
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

/** The options that hold unless said otherwise. */
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

/** Options as numbers; `Infinity` where there is no limit. */
export interface Bounds
  extends Readonly<Record<Exclude<keyof typeof safe, "concurrency">, number>>, Pick<Options, "retry" | "onCall">
{
  readonly concurrency: number
  readonly failFast: boolean
  readonly ordered: boolean
  readonly runId: string | undefined
}

/** Reads options; throws where they make no sense. A run inside a call takes no id of its own from the defaults. */
export const read = (options: Options, defaults: Options): Bounds => {
  const option = <K extends keyof typeof safe>(name: K) => options[name] ?? defaults[name] ?? safe[name]
  const amount = (name: "concurrency" | "maxCalls" | "maxResultBytes" | "maxMessageBytes", least: number) =>
    atLeast(least, name, option(name))
  for (const given of [options, defaults]) refuseMisused(given)
  refuseNoSchedule("Batch.Options.retry", options.retry)
  return {
    concurrency: amount("concurrency", 1),
    timeout: millis("timeout", option("timeout")),
    deadline: millis("deadline", option("deadline")),
    maxCalls: amount("maxCalls", 0),
    maxResultBytes: amount("maxResultBytes", 0),
    maxMessageBytes: amount("maxMessageBytes", 0),
    failFast: options.failFast ?? defaults.failFast ?? false,
    ordered: (options.undeclared ?? defaults.undeclared) === "ordered",
    retry: options.retry ?? defaults.retry,
    onCall: options.onCall ?? defaults.onCall,
    runId: options.runId ?? defaults.runId
  }
}

const atLeast = (least: number, name: string, value: number | "unbounded"): number => {
  if (value === "unbounded") return Infinity
  if (Number.isInteger(value) && value >= least) return value
  throw new RangeError(`Batch.Options.${name} is ${seen(value)}: give a whole number from ${least} on, or "unbounded".`)
}

export const millis = (name: "timeout" | "deadline", value: Duration.Input | "unbounded"): number =>
  value === "unbounded"
    ? Infinity
    : Duration.toMillis(readDuration(value, `Batch.Options.${name}`, ", or \"unbounded\""))

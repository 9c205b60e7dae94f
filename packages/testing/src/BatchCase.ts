/**
 * Random batches as plain data: what each call meets, and under which options they are run together.
 *
 * Times are counted in beats of 64 ms so that no two ends meet by chance: a tool ends one millisecond after a beat, a
 * timeout falls on a beat, and a deadline or an interruption short of the next one, even after 50 calls in a row.
 */
import type { Batch, ToolCall } from "@volley/core"
import * as Arbitrary from "effect/Arbitrary"
import { oneOf, sometimes, upTo } from "./internal/choices.ts"

/** What a call can meet, and how it ends when nothing cuts it short. */
export const kinds = {
  success: "Success",
  failure: "ToolFailure",
  defect: "Defect",
  throws: "Defect",
  interruptsItself: "Interrupted",
  interruptsItsFiber: "Interrupted",
  hangs: "Timeout",
  hangsAndCleansUp: "Timeout",
  ignoresInterruption: "Success",
  malformedJson: "InvalidArguments",
  missingField: "InvalidArguments",
  wrongType: "InvalidArguments",
  unknownTool: "UnknownTool",
  unencodable: "Unencodable",
  unencodableFailure: "Unencodable",
  circular: "Unencodable",
  bigInt: "Unencodable",
  tooLong: "Success",
  truncated: "Truncated"
} as const

/** One of `kinds`. */
export type Kind = keyof typeof kinds

/** A call: of which tool, what it meets, and how it is written. */
export interface CallCase {
  readonly kind: Kind
  /** Beats until the tool ends; 0 is at once. */
  readonly after: number
  readonly tool: number
  readonly id: "own" | "repeated" | "missing"
  readonly asText: boolean
}

/** A batch: its calls, and the options that it is run with. */
export interface BatchCase {
  readonly calls: ReadonlyArray<CallCase>
  /** 0 is unbounded. */
  readonly concurrency: number
  /** Beats. */
  readonly timeout: number
  /** Whole beats, one millisecond short of the next. */
  readonly deadline: number | undefined
  readonly maxCalls: number | undefined
  /** Results are cut after a few words. */
  readonly narrow: boolean
  /** How much of the batch has passed when it is interrupted, from 0 to 1; for the law of interruption alone. */
  readonly interruptedAfter: number
}

/** Stands in every defect and cause, and in the environment; no model may see it. */
export const secret = "sk-live-4242"

/** How long a beat is, in milliseconds. */
export const beat = 64

/** When the timeout of this tool is its own, in beats. */
export const briskTimeout = 2

/** The tools that the calls ask for, and what each says of itself. */
export const tools = [
  { name: "read", readOnly: true },
  { name: "write" },
  { name: "put", idempotent: true },
  { name: "constructor" },
  { name: "brisk", timeout: briskTimeout * beat }
] as const

const strangers = ["__proto__", "toString", "no_such_tool", "", "valueOf"] as const

/**
 * The name of the tool that a call asks for.
 *
 * @example
 * ```ts
 * import { BatchCase } from "@volley/testing"
 *
 * const call = { kind: "success", after: 0, tool: 1, id: "own", asText: false } as const
 * console.log(BatchCase.nameOf(call)) // => write
 * ```
 */
export const nameOf = ({ kind, tool }: CallCase): string =>
  kind === "unknownTool" ? strangers[tool]! : tools[tool]!.name

/**
 * True when a second attempt at the call's tool does no harm.
 *
 * @example
 * ```ts
 * import { BatchCase } from "@volley/testing"
 *
 * const call = { kind: "success", after: 0, id: "own", asText: false } as const
 * console.log(BatchCase.isHarmless({ ...call, tool: 0 }), BatchCase.isHarmless({ ...call, tool: 1 }))
 * // => true false
 * ```
 */
export const isHarmless = ({ tool }: CallCase): boolean => {
  const { name } = tools[tool]!
  return name === "read" || name === "put"
}

/**
 * How long the tool takes, in milliseconds.
 *
 * @example
 * ```ts
 * import { BatchCase } from "@volley/testing"
 *
 * const call = { kind: "success", after: 2, tool: 0, id: "own", asText: false } as const
 * console.log(BatchCase.millisOf(call), BatchCase.millisOf({ ...call, kind: "hangs" })) // => 129 Infinity
 * ```
 */
export const millisOf = ({ after, kind }: CallCase): number => {
  if (kind === "hangs" || kind === "hangsAndCleansUp") return Infinity
  if (kind === "ignoresInterruption") return stubbornness
  return kind === "throws" || after === 0 ? 0 : after * beat + 1
}

/** How long a tool goes on that ignores interruption, in milliseconds. */
export const stubbornness = 100 * beat + 1
/** How long a tool cleans up, in milliseconds. */
export const cleaning = 3 * beat

/**
 * How long the call may take, in milliseconds.
 *
 * @example
 * ```ts
 * import { BatchCase } from "@volley/testing"
 * import { Arbitrary, Effect } from "effect"
 *
 * const [batch] = await Effect.runPromise(Arbitrary.sampleEffect(BatchCase.cases, { count: 1, seed: 1 }))
 * const brisk = { kind: "hangs", after: 0, tool: 4, id: "own", asText: false } as const // its tool has a timeout of its own
 * console.log(BatchCase.timeoutOf(batch!, brisk)) // => 128
 * ```
 */
export const timeoutOf = (plan: BatchCase, { tool }: CallCase): number =>
  beat * (tools[tool]!.name === "brisk" ? briskTimeout : plan.timeout)

/**
 * How long the batch may take, in milliseconds.
 *
 * @example
 * ```ts
 * import { BatchCase } from "@volley/testing"
 * import { Arbitrary, Effect } from "effect"
 *
 * const [batch] = await Effect.runPromise(Arbitrary.sampleEffect(BatchCase.cases, { count: 1, seed: 1 }))
 * console.log(BatchCase.deadlineOf({ ...batch!, deadline: 2 })) // => 191
 * ```
 */
export const deadlineOf = ({ deadline }: BatchCase): number =>
  deadline === undefined ? Infinity : (deadline + 1) * beat - 1

/**
 * The options that the batch is run with.
 *
 * @example
 * ```ts
 * import { BatchCase } from "@volley/testing"
 * import { Arbitrary, Effect } from "effect"
 *
 * const [batch] = await Effect.runPromise(Arbitrary.sampleEffect(BatchCase.cases, { count: 1, seed: 1 }))
 * console.log(BatchCase.optionsOf({ ...batch!, concurrency: 0 }).concurrency) // => unbounded
 * ```
 */
export const optionsOf = (plan: BatchCase): Batch.Options => ({
  concurrency: plan.concurrency === 0 ? "unbounded" : plan.concurrency,
  timeout: plan.timeout * beat,
  deadline: plan.deadline === undefined ? undefined : deadlineOf(plan),
  maxCalls: plan.maxCalls ?? "unbounded",
  ...plan.narrow ? { maxResultBytes: 200, maxMessageBytes: 2000 } : {}
})

/**
 * The calls of the batch, as a codec reads them.
 *
 * @example
 * ```ts
 * import { BatchCase } from "@volley/testing"
 * import { Arbitrary, Effect } from "effect"
 *
 * const [batch] = await Effect.runPromise(Arbitrary.sampleEffect(BatchCase.cases, { count: 1, seed: 1, size: 50 }))
 * console.log(BatchCase.callsOf(batch!).length === batch!.calls.length) // => true
 * ```
 */
export const callsOf = ({ calls }: BatchCase): ReadonlyArray<ToolCall.ToolCall> =>
  calls.map((call, index) => ({
    id: call.id === "own" ? `call_${index + 1}` : call.id === "repeated" ? "again" : "",
    name: nameOf(call),
    arguments: argumentsOf(call, index),
    index,
    status: call.kind === "truncated" ? "truncated" : "complete"
  }))

/** Arguments only say which call of the plan they belong to, and whether its handler is to throw. */
const argumentsOf = ({ asText, kind }: CallCase, at: number): unknown => {
  if (kind === "malformedJson") return `{"at": ${at}, "throws": fal`
  const value = kind === "missingField" ? {} : { at: kind === "wrongType" ? "first" : at, throws: kind === "throws" }
  return asText ? JSON.stringify(value) : value
}

const isKind = (name: string): name is Kind => name in kinds

/** All kinds of calls. */
export const everyKind = Object.keys(kinds).filter(isKind)

const call: Arbitrary.Arbitrary<CallCase> = Arbitrary.all({
  // Nearly half of the calls go well.
  kind: oneOf<Kind>("success", ...Array.from({ length: 12 }, () => "success" as const), ...everyKind),
  after: upTo(7),
  tool: upTo(tools.length - 1),
  id: oneOf("own", "own", "own", "own", "own", "own", "own", "own", "repeated", "missing"),
  asText: oneOf(false, true)
})

/** Batches of up to 50 calls; give `size: 50` to a check of your own, or they stay smaller. */
export const cases: Arbitrary.Arbitrary<BatchCase> = Arbitrary.all({
  calls: Arbitrary.array(call, { maxLength: 50 }),
  concurrency: upTo(12),
  timeout: Arbitrary.map(upTo(7), (n) => n + 1),
  deadline: sometimes(30, 11),
  maxCalls: sometimes(30, 20),
  narrow: Arbitrary.map(sometimes(20, 0), (n) => n !== undefined),
  interruptedAfter: Arbitrary.map(upTo(99), (n) => n / 100)
})

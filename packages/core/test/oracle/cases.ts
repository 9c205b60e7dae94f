/**
 * Random runs as plain data: what each call is, what it meets, and under which options it runs.
 */
import { Generate } from "@volley/testing"
import * as Arbitrary from "effect/Arbitrary"
import { millis } from "./time.ts"
import type { ToolName } from "./tools.ts"
import type { Pool, Touch } from "./world.ts"

const { oneOf, sometimes, upTo } = Generate

/** How a tool ends, or why it never begins. */
export type Kind =
  | "value"
  | "failure"
  | "defect"
  | "throws"
  | "interrupts"
  | "hangs"
  | "cleansUp"
  | "stubborn"
  | "unencodable"
  | "misfit"
  | "truncated"
  | "stranger"

export const everyKind: ReadonlyArray<Kind> = [
  "failure",
  "defect",
  "throws",
  "interrupts",
  "hangs",
  "cleansUp",
  "stubborn",
  "unencodable",
  "misfit",
  "truncated",
  "stranger"
]

/** Tools that say nothing of what their calls touch or need, and tools whose calls may. */
export const plainTools: ReadonlyArray<ToolName> = ["plain", "plainRead", "plainPut", "plainBrisk"]
export const sayingTools: ReadonlyArray<ToolName> = ["write", "read", "put", "brisk"]

/**
 * One call.
 *
 * - `length`: how long each attempt takes, in steps
 * - `fails`: how many attempts fail before it goes as its kind says
 * - `like`: which earlier call it is equal to, counted backwards; for tools that are coalesced alone
 * - `decision`: what the approver says in the end, and after how many steps
 * - `inner`: the run that its tool runs before it ends
 */
export interface CallCase {
  readonly tool: ToolName
  readonly kind: Kind
  readonly length: number
  readonly fails: number
  readonly like: number
  readonly touches: ReadonlyArray<Touch>
  readonly pools: ReadonlyArray<Pool>
  readonly rates: ReadonlyArray<RateName>
  readonly decision: readonly ["allowed" | "denied" | "undecided", number]
  readonly inner: RunCase | undefined
}

/** How a run is told of, if it is: what that takes time for or crashes at. */
export type Listener = "none" | "quick" | "slow" | "crashes"

/** A run; lengths of time are in steps, and 0 means that there is no limit. */
export interface RunCase {
  readonly calls: ReadonlyArray<CallCase>
  readonly concurrency: number
  readonly timeout: number
  readonly deadline: number
  readonly maxCalls: number
  readonly failFast: boolean
  readonly retries: number
  readonly listener: Listener
}

/**
 * What is run: a run, or several beside each other.
 *
 * - `limit`: how many calls of all of them may run at once, where they share a runner; 0 where they share limits alone
 * - `later`: after how many steps each further run begins
 * - `interruptedAfter`: how much of the first run has passed when it is interrupted, from 0 to 1
 */
export interface Case {
  readonly runs: ReadonlyArray<RunCase>
  readonly limit: number | undefined
  readonly later: number
  readonly interruptedAfter: number | undefined
}

const rateNames = ["slow", "slower", "burst"] as const
export type RateName = typeof rateNames[number]

export const rates = {
  slow: { key: "slow", limit: 1, window: millis(3, 9_010) },
  slower: { key: "slower", limit: 2, window: millis(7, 9_011) },
  burst: { key: "burst", limit: 3, window: millis(11, 9_012) }
} as const

/** What cases are drawn from. */
export interface Shape {
  readonly tools: ReadonlyArray<ToolName>
  readonly kinds: ReadonlyArray<Kind>
  readonly maxCalls: number
  readonly touches?: boolean
  readonly pools?: boolean
  readonly rates?: boolean
  /** One number for each key, and one rate for a call: which of several that a call lacks it waits for is the runner's affair. */
  readonly simple?: boolean
  readonly fails?: number
  readonly decisions?: boolean
  /** Shares of all runs, in percent. */
  readonly deadlines?: number
  readonly caps?: number
  readonly failFast?: boolean
  readonly retries?: number
  readonly listeners?: ReadonlyArray<Listener>
  /** Calls may take no time at all. */
  readonly instant?: boolean
  /** How deep runs lie inside tools. */
  readonly depth?: number
}

const none: Arbitrary.Arbitrary<ReadonlyArray<never>> = Arbitrary.map(upTo(0), () => [])

const key = oneOf("a", "a/b", "a/b/c", "b", "")

const touch: Arbitrary.Arbitrary<Touch> = Arbitrary.map(
  Arbitrary.all([oneOf("read", "write"), key]),
  ([mode, key]) => ({ mode, key })
)

const pools: Arbitrary.Arbitrary<ReadonlyArray<Pool>> = Arbitrary.map(
  Arbitrary.all([upTo(3), upTo(3), upTo(1)]),
  ([first, second, more]) => [
    ...first === 0 ? [] : [{ key: "shared", limit: first }],
    ...second === 0 ? [] : [{ key: `key/${more}`, limit: Math.min(second, 2) }]
  ]
)

const simplePools = Arbitrary.map(
  pools,
  (pools) => pools.map(({ key }) => ({ key, limit: key === "shared" ? 3 : key === "key/0" ? 1 : 2 }))
)

const oneRate: Arbitrary.Arbitrary<ReadonlyArray<RateName>> = Arbitrary.map(
  upTo(3),
  (n) => rateNames.slice(n, n + 1)
)

const someRates: Arbitrary.Arbitrary<ReadonlyArray<RateName>> = Arbitrary.map(
  Arbitrary.all([upTo(4), upTo(2)]),
  ([n, other]) => n === 4 ? [] : n === 3 ? rateNames.filter((_, index) => index !== other) : [rateNames[n]!]
)

const callOf = (shape: Shape): Arbitrary.Arbitrary<CallCase> =>
  Arbitrary.map(
    Arbitrary.all({
      tool: oneOf(...shape.tools),
      kind: oneOf("value", ...shape.kinds.flatMap((kind): ReadonlyArray<Kind> => ["value", kind])),
      length: shape.instant === true ? upTo(9) : Arbitrary.map(upTo(8), (n) => n + 1),
      fails: shape.fails === undefined ? upTo(0) : upTo(shape.fails),
      like: upTo(3),
      touches: shape.touches === true ? Arbitrary.array(touch, { maxLength: 2 }) : none,
      pools: shape.pools === true ? shape.simple === true ? simplePools : pools : none,
      rates: shape.rates === true ? shape.simple === true ? oneRate : someRates : none,
      decision: shape.decisions === true
        ? Arbitrary.all([oneOf("allowed", "allowed", "denied", "undecided"), Arbitrary.map(upTo(4), (n) => n + 1)])
        : Arbitrary.all([oneOf("allowed"), Arbitrary.map(upTo(0), (n) => n + 1)]),
      inner: shape.depth === undefined || shape.depth === 0
        ? Arbitrary.map(upTo(0), () => undefined)
        : Arbitrary.map(
          Arbitrary.all([upTo(2), innerOf({ ...shape, depth: shape.depth - 1 })]),
          ([n, inner]) => n === 2 ? inner : undefined
        )
    }),
    honest
  )

/** What says that it only reads does not write. */
const honest = (call: CallCase): CallCase =>
  call.tool === "read" || call.tool === "look" ? { ...call, touches: call.touches.map(reading) } : call

const reading = (touch: Touch): Touch => touch.mode === "exclusive" ? touch : { mode: "read", key: touch.key }

const innerOf = (shape: Shape): Arbitrary.Arbitrary<RunCase> =>
  runOf({ ...shape, maxCalls: 3, deadlines: 0, caps: 0, failFast: false, listeners: ["none"] })

/** Random runs of a shape. */
export const runOf = (shape: Shape): Arbitrary.Arbitrary<RunCase> =>
  Arbitrary.all({
    calls: Arbitrary.array(callOf(shape), { maxLength: shape.maxCalls }),
    concurrency: upTo(5),
    timeout: Arbitrary.map(upTo(9), (n) => n + 2),
    deadline: Arbitrary.map(sometimes(shape.deadlines ?? 0, 20), (n) => n === undefined ? 0 : n + 1),
    maxCalls: Arbitrary.map(sometimes(shape.caps ?? 0, 8), (n) => n === undefined ? 0 : n + 1),
    failFast: shape.failFast === true ? oneOf(true, false) : oneOf(false),
    retries: upTo(shape.retries ?? 0),
    listener: oneOf(...shape.listeners ?? ["none"])
  })

/** Cases of one run. */
export const single = (shape: Shape): Arbitrary.Arbitrary<Case> =>
  Arbitrary.map(runOf(shape), (run) => ({ runs: [run], limit: undefined, later: 0, interruptedAfter: undefined }))

/** Cases of runs on one runner, or under the same limits. */
export const shared = (
  shape: Shape,
  most: number,
  limits: ReadonlyArray<number> = [1, 2, 3, 4]
): Arbitrary.Arbitrary<Case> =>
  Arbitrary.map(
    Arbitrary.all([Arbitrary.array(runOf(shape), { minLength: 1, maxLength: most }), oneOf(...limits), upTo(5)]),
    ([runs, limit, later]) => ({ runs, limit, later: later + 1, interruptedAfter: undefined })
  )

/** The same, the first run interrupted. */
export const interruptedIn = (cases: Arbitrary.Arbitrary<Case>): Arbitrary.Arbitrary<Case> =>
  Arbitrary.map(Arbitrary.all([cases, upTo(99)]), ([one, n]) => ({ ...one, interruptedAfter: n / 100 }))

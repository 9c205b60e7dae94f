/** What a timeline is made of: rows of spans, in milliseconds since the run began. */
import type * as Schema from "effect/Schema"

/** From when to when, in milliseconds since the run began. */
export interface Interval {
  readonly from: number
  readonly to: number
}

/** Why a call waited, as `AgentEvent` says it. */
export type Why = "slot" | "limit" | "rate" | "access" | "approval" | "turn"

/**
 * What went on in a row.
 *
 * - `model`: the model was asked
 * - `wait`: a call waited, and why; `behind` is the id of the call that it waited for
 * - `run`: an attempt at a call ran; `failed` says that another one came after it
 * - `hedge`: a second attempt ran beside the first
 */
export type Span =
  & Interval
  & (
    | { readonly kind: "model" }
    | { readonly kind: "wait"; readonly why: Why; readonly behind?: string }
    | { readonly kind: "run"; readonly attempt: number; readonly failed: boolean }
    | { readonly kind: "hedge" }
  )

/**
 * How a row ended.
 *
 * - `refused`: the call never started, for its arguments, its tool, a limit or a decision
 * - `open`: it goes on, or the record stops before its end
 */
export type End = "ok" | "failed" | "timeout" | "refused" | "open"

/**
 * A turn of a model, or a call.
 *
 * - `depth`: how far it is inside of plans and agents; 0 for those of the run itself
 * - `composite`: its time is that of the rows under it, because it is a plan or an agent
 * - `progress`: when the call told of its progress
 * - `critical`: it is on the critical path
 * - `text`: what the model was shown, or what it said
 * - `tokens`: of the turn
 */
export interface Row extends Interval {
  readonly kind: "turn" | "call"
  readonly key: string
  readonly depth: number
  readonly name: string
  readonly id: string
  readonly spans: ReadonlyArray<Span>
  readonly progress: ReadonlyArray<number>
  readonly end: End
  readonly composite: boolean
  readonly critical: boolean
  readonly attempts: number
  readonly text: string
  readonly error?: string
  readonly sameAs?: string
  readonly arguments?: Schema.Json
  readonly tokens?: { readonly input: number; readonly output: number }
}

/** A part of the critical path, which has no gaps: what the run waited for at that time. */
export interface Step extends Interval {
  readonly kind: "model" | "wait" | "run" | "other"
  readonly name: string
  readonly id: string
  readonly key: string
}

/**
 * A picture of a run, as data.
 *
 * - `length`: milliseconds from its first event to its last
 * - `callsMs`: how long calls went on; `serialMs`: how long they would have taken one after the other
 * - `modelMs`: how long the models were asked, those of agents that are tools left out
 * - `end`: `open` where the record has no last event
 */
export interface Timeline {
  readonly name: string
  readonly at: number
  readonly length: number
  readonly rows: ReadonlyArray<Row>
  readonly path: ReadonlyArray<Step>
  readonly turns: number
  readonly calls: number
  readonly failed: number
  readonly callsMs: number
  readonly serialMs: number
  readonly modelMs: number
  readonly end: "answer" | "failed" | "open"
  readonly message: string
  readonly tokens?: { readonly input: number; readonly output: number }
  readonly cost?: number
}

/**
 * The figures of a scenario on one wire, as `volley demo --json` prints them.
 */
import * as Timeline from "@volley/telemetry/Timeline"
import type { Play, Span } from "./Play.ts"

/**
 * One side of the comparison.
 *
 * - `trips`: requests to the model
 * - `wallMs`, `modelMs`: milliseconds in all, and how many of them went by waiting for the model
 * - `maxInFlight`: most calls that ran at the same time
 * - `calls`: calls that the model asked for
 * - `tokens`: input and output together, as the provider counts
 */
export interface Side {
  readonly trips: number
  readonly wallMs: number
  readonly modelMs: number
  readonly maxInFlight: number
  readonly calls: number
  readonly tokens: number
}

/**
 * One wire's line of the report; a side that was not played is `null`.
 *
 * - `ids`: of the parallel side where it was played, in the order asked and answered
 */
export interface Report {
  readonly scenario: string
  readonly wire: string
  readonly serial: Side | null
  readonly parallel: Side | null
  readonly ids: { readonly asked: ReadonlyArray<string>; readonly answered: ReadonlyArray<string> }
  readonly answer: string
}

/** What was played on one wire. */
export interface Plays {
  readonly scenario: string
  readonly wire: string
  readonly serial: Play | undefined
  readonly parallel: Play | undefined
}

/** Sums the plays of one wire up. */
export const make = ({ parallel, scenario, serial, wire }: Plays): Report => {
  const shown = parallel ?? serial
  return {
    scenario,
    wire,
    serial: serial ? sideOf(serial) : null,
    parallel: parallel ? sideOf(parallel) : null,
    ids: shown ? idsOf(shown) : { asked: [], answered: [] },
    answer: shown?.ended.answer ?? ""
  }
}

const sideOf = (play: Play): Side => {
  const { modelMs, turns } = Timeline.make(play.run)
  const rounds = play.ended.rounds.map(({ settled }) => settled.outcomes)
  return {
    trips: turns,
    wallMs: Math.round(millis(play)),
    modelMs: Math.round(modelMs),
    maxInFlight: Math.max(0, ...rounds.map((outcomes) => mostAtOnce(outcomes.filter(({ attempts }) => attempts > 0)))),
    calls: rounds.reduce((sum, outcomes) => sum + outcomes.length, 0),
    tokens: play.ended.usage.input + play.ended.usage.output
  }
}

/** Milliseconds from start to end. */
export const millis = ({ endedAt, startedAt }: Span): number => endedAt - startedAt

/** The most spans that share a moment; a span that ends when another starts does not meet it. */
export const mostAtOnce = (spans: ReadonlyArray<Span>): number =>
  Math.max(0, ...spans.map(({ startedAt: at }) => spans.filter((s) => s.startedAt <= at && at < s.endedAt).length))

const idsOf = ({ ended }: Play): Report["ids"] => ({
  asked: ended.conversation.messages.flatMap((m) => m.role === "assistant" ? m.calls.map(({ id }) => id) : []),
  answered: ended.conversation.messages.flatMap((m) => m.role === "tool" ? m.results.map(({ callId }) => callId) : [])
})

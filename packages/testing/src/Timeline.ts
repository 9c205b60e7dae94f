/**
 * Draws the calls of a batch as text: one line per call, with a bar from its start to its end.
 */
import type { Outcome } from "@volley/core"
import { format } from "effect/Formatter"
import * as Result from "effect/Result"

/**
 * One line.
 *
 * - `start`, `end`: milliseconds, counted from any instant that is the same for all lines
 * - `how`: how it ended
 */
export interface Entry {
  readonly id: string
  readonly what: string
  readonly start: number
  readonly end: number
  readonly how: string
}

/**
 * Makes entries of outcomes: the call, when it started and ended, and what the model reads.
 *
 * @example
 * ```ts
 * import { Batch, ToolCall, Toolkit } from "@volley/core"
 * import { Timeline } from "@volley/testing"
 *
 * const { outcomes } = await Batch.runPromise(Toolkit.make(), [ToolCall.make({ id: "call_1", name: "ping" })])
 * console.log(Timeline.fromOutcomes(outcomes).map(({ id, how }) => `${id}: ${how}`).join())
 * // => call_1: UnknownTool
 * ```
 */
export const fromOutcomes = (outcomes: ReadonlyArray<Outcome.Outcome>): ReadonlyArray<Entry> => {
  if (!Array.isArray(outcomes)) throw new TypeError("Timeline.fromOutcomes: give a list, as `outcomes` of a batch.")
  return outcomes.map(entryOf)
}

const entryOf = (outcome: Outcome.Outcome): Entry => ({
  id: outcome.call.id,
  what: `${outcome.call.name} ${textOf(outcome.call.arguments)}`,
  start: outcome.startedAt,
  end: outcome.endedAt,
  how: howOf(outcome)
})

/** How a call ended: `ok` and what it gave, `failed` and with what, or the name of what the runner found. */
const howOf = (outcome: Outcome.Outcome): string => {
  const { encoded, result } = outcome
  if (Result.isSuccess(result)) return `ok ${cut(encoded, 48)}`
  const { failure } = result
  return failure._tag === "ToolFailure" ? `failed ${cut(format(failure.failure), 48)}` : failure.reason._tag
}

const textOf = (args: unknown): string => cut(typeof args === "string" ? args : JSON.stringify(args) ?? "", 40)

const cut = (text: string, most: number): string => text.length > most ? `${text.slice(0, most - 1)}…` : text

/**
 * Draws lines in the order given.
 *
 * - `width`: characters of a bar; 24
 *
 * @example
 * ```ts
 * import { Timeline } from "@volley/testing"
 *
 * console.log(Timeline.render([
 *   { id: "call_1", what: "get_weather", start: 0, end: 200, how: "ok" },
 *   { id: "call_2", what: "get_weather", start: 0, end: 100, how: "ok" }
 * ]))
 * // => call_1  get_weather  [======================== ] 0–200 ms, ok
 * // => call_2  get_weather  [============             ] 0–100 ms, ok
 * ```
 */
export const render = (entries: ReadonlyArray<Entry>, { width = 24 }: { readonly width?: number } = {}): string => {
  const from = Math.min(...entries.map(({ start }) => start))
  const to = Math.max(...entries.map(({ end }) => end))
  const column = (name: "id" | "what") => Math.max(0, ...entries.map((entry) => entry[name].length))
  const scale = (instant: number) => to === from ? 0 : Math.round((instant - from) / (to - from) * width)
  return entries.map(({ end, how, id, start, what }) => {
    const bar = `${" ".repeat(scale(start))}${"=".repeat(scale(end) - scale(start)) || "|"}`
    const times = `${start - from}–${end - from} ms`
    return `${id.padEnd(column("id"))}  ${what.padEnd(column("what"))}  [${bar.padEnd(width + 1)}] ${times}, ${how}`
  }).join("\n")
}

/**
 * A picture of a run: its turns and calls on one axis of time, what waited for what, and the critical path.
 */
import type * as Schema from "effect/Schema"
import { trace } from "./internal/timeline/chrome.ts"
import { html as page, type HtmlOptions } from "./internal/timeline/html.ts"
import { make as read } from "./internal/timeline/make.ts"
import type * as Data from "./internal/timeline/row.ts"
import { svg as picture, type SvgOptions } from "./internal/timeline/svg.ts"
import { text as lines, type TextOptions } from "./internal/timeline/text.ts"
import type { Run } from "./Run.ts"

export type { HtmlOptions } from "./internal/timeline/html.ts"
export { liveScript } from "./internal/timeline/live.ts"
export type { End, Interval, Row, Span, Step, Why } from "./internal/timeline/row.ts"
export type { SvgOptions } from "./internal/timeline/svg.ts"
export type { TextOptions } from "./internal/timeline/text.ts"

/** A picture of a run, as data. */
export interface Timeline extends Data.Timeline {}

/**
 * Reads what a picture shows out of a run.
 *
 * - `rows`: turns and calls in the order in which they are drawn, plans and agents before what is inside of them
 * - `path`: what the run waited for at each time; each call of it starts when the one before it has ended
 * - a run that goes on ends with its last event
 *
 * @example
 * ```ts
 * import { Timeline } from "@volley/telemetry"
 *
 * // `Run.decode` reads a run from its file.
 * const call = { id: "call_1", name: "get_weather" }
 * const run = {
 *   head: { volley: "run", version: 1, at: 0, name: "weather" },
 *   events: [
 *     { _tag: "CallStarted", at: 0, call },
 *     { _tag: "CallSettled", at: 200, call, isError: false, text: "18", attempts: 1, startedAt: 0 }
 *   ]
 * } as const
 *
 * const { calls, length, rows } = Timeline.make(run)
 * console.log(calls, length) // => 1 200
 * for (const { from, name, to } of rows) console.log(name, from, to) // => get_weather 0 200
 * ```
 */
export const make = (run: Run): Timeline => read(run)

/**
 * Draws a run as a page: one file without links, which opens without a network.
 *
 * - its policy allows its own style and script and nothing else; all it shows is escaped
 * - neither arguments nor results nor what the model said are in it, unless `results` asks for them
 *
 * @example
 * ```ts
 * import { Timeline } from "@volley/telemetry"
 *
 * // `Run.decode` reads a run from its file.
 * const call = { id: "call_1", name: "get_weather" }
 * const run = {
 *   head: { volley: "run", version: 1, at: 0, name: "weather" },
 *   events: [
 *     { _tag: "CallStarted", at: 0, call },
 *     { _tag: "CallSettled", at: 200, call, isError: false, text: "18", attempts: 1, startedAt: 0 }
 *   ]
 * } as const
 *
 * const page = Timeline.html(run) // write it to a file, and open that in a browser
 * console.log(page.includes("<title>weather"), page.includes("get_weather")) // => true true
 * ```
 */
export const html = (run: Run, options: HtmlOptions = {}): string => page(read(run), options)

/**
 * Draws a run as an SVG picture; several runs under each other on one axis, each from its own beginning.
 *
 * @example
 * ```ts
 * import { Timeline } from "@volley/telemetry"
 *
 * // `Run.decode` reads a run from its file.
 * const call = { id: "call_1", name: "get_weather" }
 * const run = {
 *   head: { volley: "run", version: 1, at: 0, name: "weather" },
 *   events: [
 *     { _tag: "CallStarted", at: 0, call },
 *     { _tag: "CallSettled", at: 200, call, isError: false, text: "18", attempts: 1, startedAt: 0 }
 *   ]
 * } as const
 *
 * console.log(Timeline.svg(run, { width: 640 }).slice(0, 4)) // => <svg
 * ```
 */
export const svg = (run: Run | ReadonlyArray<Run>, options: SvgOptions = {}): string =>
  picture(several(run).map((run) => read(run)), options)

/**
 * Draws a run as lines of text; several runs under each other on one axis, each from its own beginning.
 *
 * - all turns of an agent stand in one line, before its calls
 *
 * @example
 * ```ts
 * import { Timeline } from "@volley/telemetry"
 *
 * // `Run.decode` reads a run from its file.
 * const call = { id: "call_1", name: "get_weather" }
 * const run = {
 *   head: { volley: "run", version: 1, at: 0, name: "weather" },
 *   events: [
 *     { _tag: "CallStarted", at: 0, call },
 *     { _tag: "CallSettled", at: 200, call, isError: false, text: "18", attempts: 1, startedAt: 0 }
 *   ]
 * } as const
 *
 * console.log(Timeline.text(run, { width: 50 })) // => weather: 200 ms · 1 call in 200 ms
 * ```
 */
export const text = (run: Run | ReadonlyArray<Run>, options: TextOptions = {}): string =>
  lines(several(run).map((run) => read(run, options.until)), options)

/**
 * Writes a run in the trace event format of Chrome, which Perfetto opens too.
 *
 * @example
 * ```ts
 * import { Timeline } from "@volley/telemetry"
 *
 * // `Run.decode` reads a run from its file.
 * const call = { id: "call_1", name: "get_weather" }
 * const run = {
 *   head: { volley: "run", version: 1, at: 0, name: "weather" },
 *   events: [
 *     { _tag: "CallStarted", at: 0, call },
 *     { _tag: "CallSettled", at: 200, call, isError: false, text: "18", attempts: 1, startedAt: 0 }
 *   ]
 * } as const
 *
 * console.log(JSON.stringify(Timeline.chromeTrace(run)).includes("get_weather")) // => true
 * ```
 */
export const chromeTrace = (run: Run): Schema.Json => trace(read(run))

const several = (run: Run | ReadonlyArray<Run>): ReadonlyArray<Run> => isList(run) ? run : [run]

const isList = (run: Run | ReadonlyArray<Run>): run is ReadonlyArray<Run> => Array.isArray(run)

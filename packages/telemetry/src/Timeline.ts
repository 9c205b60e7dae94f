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
 */
export const make = (run: Run): Timeline => read(run)

/**
 * Draws a run as a page: one file without links, which opens without a network.
 *
 * - its policy allows its own style and script and nothing else; all it shows is escaped
 * - neither arguments nor results nor what the model said are in it, unless `results` asks for them
 */
export const html = (run: Run, options: HtmlOptions = {}): string => page(read(run), options)

/** Draws a run as an SVG picture; several runs under each other on one axis, each from its own beginning. */
export const svg = (run: Run | ReadonlyArray<Run>, options: SvgOptions = {}): string =>
  picture(several(run).map((run) => read(run)), options)

/**
 * Draws a run as lines of text; several runs under each other on one axis, each from its own beginning.
 *
 * - all turns of an agent stand in one line, before its calls
 */
export const text = (run: Run | ReadonlyArray<Run>, options: TextOptions = {}): string =>
  lines(several(run).map((run) => read(run, options.until)), options)

/** Writes a run in the trace event format of Chrome, which Perfetto opens too. */
export const chromeTrace = (run: Run): Schema.Json => trace(read(run))

const several = (run: Run | ReadonlyArray<Run>): ReadonlyArray<Run> => "events" in run ? [run] : run

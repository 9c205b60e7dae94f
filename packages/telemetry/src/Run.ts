/**
 * A run of an agent, as a file keeps it: a head, then one event a line, as JSON.
 */
import * as AgentEvent from "@volley/core/AgentEvent"
import { AgentWatcher } from "@volley/core/AgentWatcher"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import type { PlatformError } from "effect/PlatformError"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Diff from "./internal/diff.ts"
import { Head } from "./internal/head.ts"
import * as Watching from "./internal/watching.ts"
import * as Writing from "./internal/writing.ts"
import { RunError } from "./RunError.ts"

export type { Change, Difference, Seen, Totals } from "./internal/diff.ts"
export { Head } from "./internal/head.ts"
export type { Options, Writer } from "./internal/writing.ts"

/** A run, whole or as far as it went. */
export const Run = Schema.Struct({ head: Head, events: Schema.Array(AgentEvent.AgentEvent) })
export interface Run extends Schema.Schema.Type<typeof Run> {}

/** A run that was read; `isCut` where the last line of its file had no end, and was left out. */
export interface Decoded extends Run {
  readonly isCut: boolean
}

/** Writes a run as the text of its file. */
export const encode = ({ events, head }: Run): string => [head, ...events].map(Writing.lineOf).join("")

/**
 * Reads the text of a file.
 *
 * - a last line that was cut off is left out
 * - errors: `RunError` for the first line that is something else than it has to be
 */
export const decode = (text: string): Result.Result<Decoded, RunError> => {
  const lines = text.split("\n")
  const last = lines.pop() ?? ""
  const isCut = last.trim() !== "" && Result.isFailure(jsonOf(last))
  if (last.trim() !== "" && !isCut) lines.push(last)
  return Result.map(contentsOf(lines), (run) => ({ ...run, isCut }))
}

/** How a run ended; undefined where it says nothing of that: it was cut off, goes on, or is one of calls alone. */
export const endOf = ({ events }: Pick<Run, "events">): AgentEvent.AgentEvent | undefined => {
  const last = events.at(-1)
  return last?._tag === "Answer" || last?._tag === "Failed" ? last : undefined
}

/** The JSON Schema (draft 2020-12) of a line that is no head. */
export const jsonSchema = () => Schema.toJsonSchemaDocument(AgentEvent.AgentEvent)

/**
 * Records every agent of a program, however it is run, and those inside of it in the same file.
 *
 * - the second agent gets a file of its own, with `.2` before the extension of the first, and so on
 * - a line is on its way to the file as soon as its event is there; an agent is over when its file is whole
 * - errors: where the first file cannot be opened; what cannot be written later is logged once, and the agent goes on
 */
export const layer = (options: Writing.Options): Layer.Layer<never, PlatformError, FileSystem.FileSystem> =>
  Layer.effect(AgentWatcher, Watching.make(options))

/**
 * Opens a file for a run, in place of what it has, until the scope closes; then all that was given to it is written.
 *
 * - for events that come from elsewhere than agents of this program; `layer` records those
 */
export const open = (
  options: Writing.Options
): Effect.Effect<Writing.Writer, PlatformError, FileSystem.FileSystem | Scope.Scope> =>
  Effect.flatMap(Writing.open(options), Writing.begin)

/** Compares two runs: the calls and how they came out, the end, and what both took. */
export const diff: (a: Pick<Run, "events">, b: Pick<Run, "events">) => Diff.Difference = Diff.diff

const contentsOf = (lines: ReadonlyArray<string>): Result.Result<Run, RunError> => {
  const written = lines.flatMap((line, index) => line.trim() === "" ? [] : [{ line, number: index + 1 }])
  const [first, ...rest] = written
  if (first === undefined) return Result.fail(new RunError({ line: 1, problem: "it has no whole first line" }))
  return Result.gen(function*() {
    const head = yield* headOf(first.line, first.number)
    const events: Array<AgentEvent.AgentEvent> = []
    for (const { line, number } of rest) events.push(yield* eventOf(line, number))
    return { head, events }
  })
}

const headOf = (line: string, number: number): Result.Result<Head, RunError> =>
  Result.mapError(Result.flatMap(jsonOf(line), readHead), () =>
    new RunError({
      line: number,
      problem:
        `it is no head of a run, which begins with {"volley":"run","version":1; record one with Run.layer or --record`
    }))

const eventOf = (line: string, number: number): Result.Result<AgentEvent.AgentEvent, RunError> =>
  Result.mapError(
    Result.flatMap(jsonOf(line), readEvent),
    (error) => new RunError({ line: number, problem: `it is no event of an agent: ${firstOf(error)}` })
  )

const firstOf = (error: { readonly message: string }): string => error.message.split("\n")[0] ?? ""

const readHead = Schema.decodeUnknownResult(Head)
const readEvent = Schema.decodeUnknownResult(AgentEvent.AgentEvent)

const jsonOf = (line: string): Result.Result<unknown, { readonly message: string }> =>
  Result.try({
    try: (): unknown => JSON.parse(line),
    catch: () => ({ message: "it is no JSON" })
  })

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

/**
 * Writes a run as the text of its file.
 *
 * @example
 * ```ts
 * import { Run } from "@volley/telemetry"
 *
 * const text = Run.encode({
 *   head: { volley: "run", version: 1, at: 0 },
 *   events: [{ _tag: "TurnStarted", at: 0, turn: 1, toolsOff: false }]
 * })
 * console.log(text)
 * // => {"volley":"run","version":1,"at":0}
 * // => {"_tag":"TurnStarted","at":0,"turn":1,"toolsOff":false}
 * ```
 */
export const encode = ({ events, head }: Run): string => [head, ...events].map(Writing.lineOf).join("")

/**
 * Reads the text of a file.
 *
 * - a last line that was cut off is left out
 * - errors: `RunError` for the first line that is something else than it has to be
 *
 * @example
 * ```ts
 * import { Run } from "@volley/telemetry"
 * import { Result } from "effect"
 *
 * const text = `{"volley":"run","version":1,"at":0}
 * {"_tag":"TurnStarted","at":0,"turn":1,"toolsOff":false}
 * {"_tag":"TurnEn` // the program died here
 * const { events, isCut } = Result.getOrThrow(Run.decode(text))
 * console.log(events.length, isCut) // => 1 true
 *
 * const read = Run.decode("no run")
 * console.log(Result.isFailure(read) ? read.failure.line : 0) // => 1
 * ```
 */
export const decode = (text: string): Result.Result<Decoded, RunError> => {
  const lines = text.split("\n")
  const last = lines.pop() ?? ""
  const isCut = last.trim() !== "" && Result.isFailure(jsonOf(last))
  if (last.trim() !== "" && !isCut) lines.push(last)
  return Result.map(contentsOf(lines), (run) => ({ ...run, isCut }))
}

/**
 * Returns the event that a run ended with, `Answer` or `Failed`.
 *
 * - undefined where the run was cut off, goes on, or is one of calls alone
 *
 * @example
 * ```ts
 * import { Run } from "@volley/telemetry"
 *
 * const started = { _tag: "TurnStarted", at: 0, turn: 1, toolsOff: false } as const
 * const stopped = { at: 900, reason: "Interrupted", message: "The agent was stopped.", mayPass: true } as const
 * console.log(Run.endOf({ events: [started, { _tag: "Failed", ...stopped }] })?._tag) // => Failed
 * console.log(Run.endOf({ events: [started] })) // => undefined
 * ```
 */
export const endOf = ({ events }: Pick<Run, "events">): AgentEvent.AgentEvent | undefined => {
  const last = events.at(-1)
  return last?._tag === "Answer" || last?._tag === "Failed" ? last : undefined
}

/**
 * Returns the JSON Schema (draft 2020-12) of a line that is no head.
 *
 * @example
 * ```ts
 * import { Run } from "@volley/telemetry"
 *
 * const { dialect, schema } = Run.jsonSchema()
 * console.log(dialect, Object.keys(schema)) // => draft-2020-12 [ 'anyOf' ]
 * ```
 */
export const jsonSchema = () => Schema.toJsonSchemaDocument(AgentEvent.AgentEvent)

/**
 * Records every agent of a program, however it is run, and those inside of it in the same file.
 *
 * - the second agent gets a file of its own, with `.2` before the extension of the first, and so on
 * - a line is on its way to the file as soon as its event is there; an agent is over when its file is whole
 * - errors: where the first file cannot be opened; what cannot be written later is logged once, and the agent goes on
 *
 * @example
 * ```ts
 * import { NodeFileSystem } from "@effect/platform-node"
 * import { Agent, Toolkit } from "@volley/core"
 * import { Run } from "@volley/telemetry"
 * import { ScriptedModel } from "@volley/testing"
 * import { Effect, FileSystem } from "effect"
 *
 * const model = ScriptedModel.layer([ScriptedModel.says("Hello.")]) // a provider's layer
 * const program = Effect.gen(function*() {
 *   const fs = yield* FileSystem.FileSystem
 *   const file = `${yield* fs.makeTempDirectoryScoped()}/run.jsonl`
 *   yield* Effect.provide(Agent.run({ toolkit: Toolkit.make(), prompt: "Hello!" }), [model, Run.layer({ file })])
 *   const run = yield* Effect.fromResult(Run.decode(yield* fs.readFileString(file)))
 *   return Run.endOf(run)
 * })
 * console.log((await Effect.runPromise(Effect.scoped(Effect.provide(program, NodeFileSystem.layer))))?._tag)
 * // => Answer
 * ```
 */
export const layer = (options: Writing.Options): Layer.Layer<never, PlatformError, FileSystem.FileSystem> =>
  Layer.effect(AgentWatcher, Watching.make(options))

/**
 * Opens a file for a run, in place of what it has, until the scope closes; then all that was given to it is written.
 *
 * - for events that come from elsewhere than agents of this program; `layer` records those
 *
 * @example
 * ```ts
 * import { NodeFileSystem } from "@effect/platform-node"
 * import { AgentEvent, Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Run } from "@volley/telemetry"
 * import { Effect, FileSystem, Schema } from "effect"
 *
 * const ping = Tool.make("ping", {
 *   description: "Answers.",
 *   parameters: Schema.Struct({}),
 *   success: Schema.String,
 *   execute: () => Effect.succeed("pong")
 * })
 * const call = ToolCall.make({ id: "call_1", name: "ping" })
 *
 * const record = Effect.fnUntraced(function*(file: string) {
 *   const { write } = yield* Run.open({ file, name: "ping" })
 *   yield* Batch.run(Toolkit.make(ping), [call], { onCall: (event) => write(AgentEvent.encode(event)) })
 * })
 * const program = Effect.gen(function*() {
 *   const fs = yield* FileSystem.FileSystem
 *   const file = `${yield* fs.makeTempDirectoryScoped()}/run.jsonl`
 *   yield* Effect.scoped(record(file)) // the file is whole when the scope closes
 *   const { events } = yield* Effect.fromResult(Run.decode(yield* fs.readFileString(file)))
 *   return events.map(({ _tag }) => _tag).join()
 * })
 * console.log(await Effect.runPromise(Effect.scoped(Effect.provide(program, NodeFileSystem.layer))))
 * // => CallStarted,CallSettled
 * ```
 */
export const open = (
  options: Writing.Options
): Effect.Effect<Writing.Writer, PlatformError, FileSystem.FileSystem | Scope.Scope> =>
  Effect.flatMap(Writing.open(options), Writing.begin)

/**
 * Compares two runs: the calls and how they came out, the end, and what both took.
 *
 * @example
 * ```ts
 * import { Run } from "@volley/telemetry"
 *
 * const call = { id: "call_1", name: "get_weather", arguments: { city: "Oslo" } }
 * const settled = { _tag: "CallSettled", at: 200, call, isError: false, text: "18", attempts: 1 } as const
 * const { calls, isSame } = Run.diff({ events: [settled] }, { events: [{ ...settled, text: "3" }] })
 * console.log(isSame) // => false
 * for (const { a, b, tool } of calls) console.log(tool, a?.text, b?.text) // => get_weather 18 3
 * ```
 */
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

/**
 * What the tests of the driver share: a small tool in a few lines, calls of any tools, and how long after its beginning.
 */
import { type Access, type CallObserver, type Limits, type Outcome, Recorder, Tool, ToolCall } from "@volley/core"
import { Effect, Schema } from "effect"
import { Anything } from "../support.ts"

/** A run of as many calls as there are. */
export const boundless = {
  concurrency: "unbounded",
  maxCalls: "unbounded",
  maxMessageBytes: "unbounded",
  maxResultBytes: "unbounded"
} as const

export interface Says {
  readonly access?: Tool.Declared<typeof Anything.Type, Access.Access>
  readonly limits?: Tool.Declared<typeof Anything.Type, Limits.Limit>
  readonly approval?: "always"
  readonly idempotent?: boolean
  readonly timeout?: number
}

/** What takes any object and gives anything. */
const ofAnything = (name: string) => ({
  description: `The tool ${name}.`,
  parameters: Anything,
  success: Schema.Unknown,
  failure: Schema.String
})

/** A tool that takes any object, does something with it and may say more of itself. */
export const doing = <const Name extends string, R = never>(
  name: Name,
  execute: (parameters: typeof Anything.Type, call: Tool.Call) => Effect.Effect<unknown, string, R>,
  says: Says = {}
) =>
  Tool.make(name, {
    ...ofAnything(name),
    execute,
    ...says
  })

/** The same as a tool that only reads. */
export const reading = <const Name extends string>(
  name: Name,
  execute: (parameters: typeof Anything.Type, call: Tool.Call) => Effect.Effect<unknown, string>,
  says: Says = {}
) =>
  Tool.make(name, {
    ...ofAnything(name),
    readOnly: true,
    execute,
    ...says
  })

/** A tool of promises. */
export const promising = <const Name extends string>(
  name: Name,
  execute: (parameters: typeof Anything.Type, signal: AbortSignal, call: Tool.Call) => Promise<unknown>,
  says: Says = {}
) =>
  Tool.fromFunction(name, {
    ...ofAnything(name),
    execute,
    ...says
  })

export type Asked = readonly [name: string, args?: unknown]

/** Calls whose ids are `c0`, `c1` and so on. */
export const asking = (...asked: ReadonlyArray<Asked>): ReadonlyArray<ToolCall.ToolCall> =>
  asked.map(([name, args], index) => ToolCall.make({ id: `c${index}`, name, arguments: args, index }))

/** So many calls of one tool, each told its number. */
export const many = (count: number, name: string, args: (n: number) => object = (n) => ({ n })) =>
  asking(...Array.from({ length: count }, (_, n): Asked => [name, args(n)]))

/** Tells the time since it was made. */
export const stopwatch: Effect.Effect<() => number> = Effect.clockWith((clock) => {
  const began = clock.currentTimeMillisUnsafe()
  return Effect.succeed(() => clock.currentTimeMillisUnsafe() - began)
})

/** Takes its time, and says how much that was. */
export const sleeping = (millis: number) => Effect.as(Effect.sleep(millis), millis)

/** A recorder that knows of no call, and does this with each; nothing unless said. */
export const recording = (call: Recorder.Recorder["call"] = (_, run) => run): Recorder.Recorder => ({
  known: () => undefined,
  call
})

/** Follows the calls of a run, and notes how each of them ended. */
export const notingEnds = (
  note: (outcome: Outcome.Outcome, call: CallObserver.Call) => unknown
): CallObserver.Calls => ({
  waiting: () => undefined,
  starts: (call, context) => ({
    context,
    retried: () => undefined,
    hedged: () => undefined,
    settled: (outcome) => void note(outcome, call)
  }),
  refused: (call, _context, outcome) => void note(outcome, call)
})

/** Has a recorder do so around each call of what runs. */
export const recordedBy = <A, E, R>(call: Recorder.Recorder["call"], effect: Effect.Effect<A, E, R>) =>
  Effect.provideService(effect, Recorder.Recorder, recording(call))

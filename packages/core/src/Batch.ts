/**
 * The calls of one assistant turn, settled at once.
 *
 * A batch means `Effect.forEach(calls, settle, { concurrency })`, with each call's end collected as a `Result`; where calls
 * declare what they touch or how many may run, they wait in line for one another.
 */
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Stream from "effect/Stream"
import { toPromise } from "./internal/promise.ts"
import { makeEngine } from "./internal/runner/drive.ts"
import {
  execute,
  executeArriving,
  type Executed,
  nodesOf,
  type Runner as Shared,
  shared,
  type Stray
} from "./internal/runner/execute.ts"
import type { Job } from "./internal/runner/job.ts"
import { atLeast, Defaults, given, type Options, safe } from "./internal/runner/options.ts"
import { Order } from "./internal/runner/order.ts"
import { effectOptions, type Needless, needless, type PromiseOptions } from "./internal/runner/promised.ts"
import { Pool } from "./internal/runner/room.ts"
import type { Outcome } from "./Outcome.ts"
import type * as Tool from "./Tool.ts"
import type { ToolCall } from "./ToolCall.ts"
import type * as Toolkit from "./Toolkit.ts"

export type { Why } from "./CallObserver.ts"
export type { CallEvent } from "./internal/runner/events.ts"
export type { Stray } from "./internal/runner/execute.ts"
export { Defaults, type Options } from "./internal/runner/options.ts"
export type { PromiseOptions } from "./internal/runner/promised.ts"

/**
 * A settled batch.
 *
 * - `outcomes`: one per call, in call order
 * - `pending`: the calls that nobody has decided on; run them again once somebody has, before the model is answered
 * - `strays`: the calls whose tools had not stopped when the batch was settled
 */
export interface Settled<out T extends Tool.Any> {
  readonly outcomes: ReadonlyArray<Outcome<T>>
  readonly pending: ReadonlyArray<ToolCall>
  readonly strays: ReadonlyArray<Stray>
}

/**
 * Runs calls with the tools of a toolkit and answers every one of them.
 *
 * - shape: n calls → n outcomes, in call order
 * - errors: never fails; whatever a call meets becomes its own outcome. Options that make no sense die
 * - interruption: interrupts the calls in flight and waits for their finalizers
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Effect, Schema } from "effect"
 *
 * const getWeather = Tool.make("get_weather", {
 *   description: "Current weather of a city. `city` comes from the user.",
 *   parameters: Schema.Struct({ city: Schema.String }),
 *   success: Schema.Struct({ celsius: Schema.Finite }),
 *   execute: ({ city }) => Effect.succeed({ celsius: city.length })
 * })
 *
 * const calls = [{ city: "Tokyo" }, { town: "Tokyo" }].map((args, index) =>
 *   ToolCall.make({ id: `call_${index + 1}`, name: "get_weather", arguments: args, index })
 * )
 * const { outcomes } = await Effect.runPromise(Batch.run(Toolkit.make(getWeather), calls, { timeout: "5 seconds" }))
 * console.log(outcomes.map(({ result }) => result._tag).join()) // => Success,Failure
 * console.log(outcomes[0]?.encoded) // => {"celsius":5}
 * ```
 */
export function run<T extends Tool.Any>(
  toolkit: Toolkit.Toolkit<T>,
  calls: Iterable<ToolCall>,
  options?: Options
): Effect.Effect<Settled<T>, never, Tool.Requirements<T>>
export function run(
  toolkit: Toolkit.Any,
  calls: Iterable<ToolCall>,
  options: Options = {}
): Effect.Effect<Settled<Tool.Any>, never, unknown> {
  return execute(toolkit, nodesOf(calls), options)
}

/**
 * Runs calls as `run` does, for programs that are not written with Effect.
 *
 * - rejects with the reason of `signal` once that is aborted, when the calls in flight have stopped; and where options make
 *   no sense. Whatever a call meets is its own outcome
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { z } from "zod"
 *
 * const getWeather = Tool.fromFunction("get_weather", {
 *   description: "Current weather of a city. `city` comes from the user.",
 *   parameters: z.object({ city: z.string() }),
 *   execute: async ({ city }) => ({ city, celsius: 18 })
 * })
 *
 * const call = ToolCall.make({ id: "call_1", name: "get_weather", arguments: { city: "Tokyo" } })
 * const options = { signal: AbortSignal.timeout(30_000), timeout: "2 seconds" } as const
 * const { outcomes } = await Batch.runPromise(Toolkit.make(getWeather), [call], options)
 * console.log(outcomes[0]?.encoded) // => {"city":"Tokyo","celsius":18}
 * ```
 */
export function runPromise<T extends Tool.Any>(
  toolkit: Needless<T> & Toolkit.Toolkit<T>,
  calls: Iterable<ToolCall>,
  options?: PromiseOptions
): Promise<Settled<T>>
export function runPromise(
  toolkit: Toolkit.Any,
  calls: Iterable<ToolCall>,
  options: PromiseOptions = {}
): Promise<Settled<Tool.Any>> {
  return toPromise(() => needless(execute(toolkit, nodesOf(calls), effectOptions(options))), options.signal)
}

/**
 * A batch that was settled while its calls arrived.
 *
 * - `end`: how the stream of calls ended
 */
export interface Dispatched<out T extends Tool.Any, out E> extends Settled<T> {
  readonly end: Exit.Exit<void, E>
}

/**
 * Runs calls while the turn that asks for them is still being written, and answers every one of them.
 *
 * - read-only tools start as soon as their calls arrive; all others wait for the end of the stream, and so do read-only
 *   ones that touch the same as an earlier call which waits
 * - calls are admitted in call order, by their index; reading the stream never waits for tools
 * - where the stream fails, what had started runs to its end, and all that had not is answered by `Truncated`; so is a
 *   single call that has not started, where the stream brings it once more as truncated
 * - the deadline begins at the end of the stream, which nothing else bounds
 * - errors: never fails; how the stream ended stands beside the outcomes. Options that make no sense die
 * - interruption: interrupts the stream and the calls in flight, and waits for their finalizers
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Effect, Schema, Stream } from "effect"
 *
 * const read = Tool.make("read", {
 *   description: "Reads a page. `page` comes from the user.",
 *   parameters: Schema.Struct({ page: Schema.Int }),
 *   success: Schema.String,
 *   readOnly: true, // so it starts before the turn is whole
 *   execute: ({ page }) => Effect.succeed(`text of page ${page}`)
 * })
 *
 * // With a client of your own, `ChatModel.split(OpenAiChat.parts(events))` gives these calls.
 * const calls = Stream.make(ToolCall.make({ id: "call_1", name: "read", arguments: { page: 7 } }))
 * const { end, outcomes } = await Effect.runPromise(Batch.dispatch(Toolkit.make(read), calls))
 * console.log(end._tag, outcomes[0]?.encoded) // => Success "text of page 7"
 * ```
 */
export function dispatch<T extends Tool.Any, E, R>(
  toolkit: Toolkit.Toolkit<T>,
  calls: Stream.Stream<ToolCall, E, R>,
  options?: Options
): Effect.Effect<Dispatched<T, E>, never, Tool.Requirements<T> | R>
export function dispatch<E>(
  toolkit: Toolkit.Any,
  calls: Stream.Stream<ToolCall, E, unknown>,
  options: Options = {}
): Effect.Effect<Dispatched<Tool.Any, E>, never, unknown> {
  return executeArriving(toolkit, calls, options)
}

/** Runs batches one beside the other under the same limits, and in one order of what their calls touch. */
export interface Runner {
  readonly [shared]: Shared
  readonly run: <T extends Tool.Any>(
    toolkit: Toolkit.Toolkit<T>,
    calls: Iterable<ToolCall>,
    options?: Options
  ) => Effect.Effect<Settled<T>, never, Tool.Requirements<T>>
  readonly dispatch: <T extends Tool.Any, E, R>(
    toolkit: Toolkit.Toolkit<T>,
    calls: Stream.Stream<ToolCall, E, R>,
    options?: Options
  ) => Effect.Effect<Dispatched<T, E>, never, Tool.Requirements<T> | R>
}

/**
 * Makes a runner that keeps its limits between batches: `concurrency` holds for all of them together, and so do the limits
 * of tools and keys, and the order of calls that touch the same. The other options are those of each batch that does not
 * say otherwise; a batch that runs inside a call of the runner shares the limits alone.
 *
 * - slots go round between the batches that wait; a call lends what it holds to batches inside it
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Effect, Schema } from "effect"
 *
 * const ping = Tool.make("ping", {
 *   description: "Answers.",
 *   parameters: Schema.Struct({}),
 *   success: Schema.String,
 *   execute: () => Effect.succeed("pong")
 * })
 *
 * const program = Effect.gen(function*() {
 *   const runner = yield* Batch.make({ concurrency: 4 }) // four at once in all its batches together
 *   const call = ToolCall.make({ id: "call_1", name: "ping" })
 *   const both = [runner.run(Toolkit.make(ping), [call]), runner.run(Toolkit.make(ping), [call])]
 *   return yield* Effect.all(both, { concurrency: "unbounded" })
 * })
 * console.log((await Effect.runPromise(program)).map(({ outcomes }) => outcomes[0]?.encoded).join(" "))
 * // => "pong" "pong"
 * ```
 */
export const make = (options: Options = {}): Effect.Effect<Runner> =>
  Effect.map(Defaults, (defaults) => {
    const own = { ...defaults, ...given(options) }
    const limit = atLeast(1, "concurrency", own.concurrency ?? safe.concurrency)
    return runner({ engine: makeEngine(), gate: new Pool<Job>().gate(limit), order: new Order(), own })
  })

function runner(own: Shared): Runner
function runner(own: Shared): {
  readonly [shared]: Shared
  readonly run: (
    toolkit: Toolkit.Any,
    calls: Iterable<ToolCall>,
    options?: Options
  ) => Effect.Effect<Executed, never, unknown>
  readonly dispatch: <E>(
    toolkit: Toolkit.Any,
    calls: Stream.Stream<ToolCall, E, unknown>,
    options?: Options
  ) => Effect.Effect<Dispatched<Tool.Any, E>, never, unknown>
} {
  return {
    [shared]: own,
    run: (toolkit, calls, options = {}) => execute(toolkit, nodesOf(calls), given(options), own),
    dispatch: (toolkit, calls, options = {}) => executeArriving(toolkit, calls, given(options), undefined, own)
  }
}

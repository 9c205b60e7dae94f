/**
 * The calls of one assistant turn, settled at once.
 *
 * A batch means `Effect.forEach(calls, settle, { concurrency })`, with each call's end collected as a `Result`; where calls
 * declare what they touch or how many may run, they wait in line for one another.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Stream from "effect/Stream"
import { toPromise } from "./internal/promise.ts"
import { refuseNoObject } from "./internal/refusals.ts"
import {
  engineIn,
  execute,
  executeArriving,
  nodesOf,
  type Runner as Shared,
  shared,
  type Stray
} from "./internal/runner/execute.ts"
import type { Job } from "./internal/runner/job.ts"
import { Defaults, given, type Options, read } from "./internal/runner/options.ts"
import { Order } from "./internal/runner/order.ts"
import { effectOptions, mistakeIn, type Needless, needless, type PromiseOptions } from "./internal/runner/promised.ts"
import { Pool } from "./internal/runner/room.ts"
import type { Outcome } from "./Outcome.ts"
import type * as Tool from "./Tool.ts"
import type { ToolCall } from "./ToolCall.ts"
import type * as Toolkit from "./Toolkit.ts"

export type { Why } from "./CallObserver.ts"
export type { CallEvent } from "./internal/runner/events.ts"
export type { Stray } from "./internal/runner/execute.ts"
export { Defaults, type Options } from "./internal/runner/options.ts"
export type { Approve, PromiseOptions } from "./internal/runner/promised.ts"
export { both } from "./internal/runner/tell.ts"

/** A settled batch. */
export interface Settled<out T extends Tool.Any> {
  /** How each call ended, in call order. */
  readonly outcomes: ReadonlyArray<Outcome<T>>
  /** The calls that wait for a decision; run them again after it, before you answer the model. */
  readonly pending: ReadonlyArray<ToolCall>
  /** The calls whose tools had not stopped when the batch was settled. */
  readonly strays: ReadonlyArray<Stray>
}

/**
 * Runs calls with the tools of a toolkit, and gives each an outcome.
 *
 * - shape: n calls → n outcomes, in call order
 * - errors: never fails; the failure of a call is its outcome. Options that make no sense die
 * - interruption: interrupts the running calls and waits for their finalizers
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
export function run(toolkit: Toolkit.Any, calls: Iterable<ToolCall>, options: Options = {}) {
  return execute(toolkit, nodesOf(calls), options)
}

/**
 * Runs calls as `run` does, for programs that are not written with Effect.
 *
 * - if `signal` is aborted, rejects with its reason once the running calls have stopped; also rejects if options make
 *   no sense. The failure of a call is its outcome
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
export function runPromise(toolkit: Toolkit.Any, calls: Iterable<ToolCall>, options: PromiseOptions = {}) {
  return toPromise(() => {
    refuseNoObject("Batch.Options", options, "{ concurrency: 4 }")
    const mistake = mistakeIn(toolkit, options)
    if (mistake !== undefined) throw new TypeError(`Batch.runPromise: ${mistake}.`)
    return needless(execute(toolkit, nodesOf(calls), effectOptions(options)), options.approve)
  }, options?.signal)
}

/** A batch that was settled while its calls arrived. */
export interface Dispatched<out T extends Tool.Any, out E> extends Settled<T> {
  /** How the stream of calls ended. */
  readonly end: Exit.Exit<void, E>
}

/**
 * Runs calls while the model still writes its turn, and gives each an outcome.
 *
 * - calls of read-only tools start when they arrive; all others wait for the end of the stream, and so does a read-only
 *   call that touches the same thing as an earlier, waiting call
 * - calls are admitted in call order, by their index; reading the stream never waits for tools
 * - if the stream fails, calls that have started run to their end, and all others are answered by `Truncated`; so is a
 *   single call that has not started, if the stream brings it again as truncated
 * - the deadline begins at the end of the stream; nothing limits the stream itself
 * - errors: never fails; `end` says how the stream ended. Options that make no sense die
 * - interruption: interrupts the stream and the running calls, and waits for their finalizers
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
) {
  return executeArriving(toolkit, calls, options)
}

/** Runs several batches under the same limits and with one order of calls that touch the same thing. */
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
 * Makes a runner whose batches share `concurrency`, the limits of tools and keys, and the order of calls that touch the
 * same thing. The other options are defaults for each batch. A batch inside a call of the runner shares the limits
 * only.
 *
 * - waiting batches take turns at the slots; a batch inside a call uses the slot of that call
 * - where the program has `Limits` as it is made, the limits of tools and keys are counted there
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
  Effect.map(Effect.context<never>(), (context) => {
    const defaults = Context.get(context, Defaults)
    const { concurrency } = read(options, defaults)
    const own = { ...defaults, ...given(options) }
    return runner({ engine: engineIn(context), gate: new Pool<Job>().gate(concurrency), order: new Order(), own })
  })

function runner(own: Shared): Runner
function runner(own: Shared) {
  return {
    [shared]: own,
    run: (toolkit: Toolkit.Any, calls: Iterable<ToolCall>, options: Options = {}) =>
      execute(toolkit, nodesOf(calls), given(options), own),
    dispatch: <E>(toolkit: Toolkit.Any, calls: Stream.Stream<ToolCall, E, unknown>, options: Options = {}) =>
      executeArriving(toolkit, calls, given(options), undefined, own)
  }
}

/**
 * The calls of one assistant turn, settled at once.
 *
 * A batch means `Effect.forEach(calls, settle, { concurrency })`, with each call's end collected as a `Result`; where calls
 * declare what they touch or how many may run, they wait in line for one another.
 */
import * as Effect from "effect/Effect"
import { atLeast, Defaults, execute, type Options, safe, type Stray } from "./internal/execute.ts"
import * as Limits from "./Limits.ts"
import type { Outcome } from "./Outcome.ts"
import type * as Tool from "./Tool.ts"
import type { ToolCall } from "./ToolCall.ts"
import type * as Toolkit from "./Toolkit.ts"

export { Defaults, type Options, type Stray } from "./internal/execute.ts"

/**
 * A settled batch.
 *
 * - `outcomes`: one per call, in call order
 * - `strays`: the calls whose tools had not stopped when the batch was settled
 */
export interface Settled<out T extends Tool.Any> {
  readonly outcomes: ReadonlyArray<Outcome<T>>
  readonly strays: ReadonlyArray<Stray>
}

/**
 * Runs calls with the tools of a toolkit and answers every one of them.
 *
 * - shape: n calls → n outcomes, in call order
 * - errors: never fails; whatever a call meets becomes its own outcome. Options that make no sense die
 * - interruption: interrupts the calls in flight and waits for their finalizers
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
  return execute(toolkit, Array.from(calls, (call) => ({ call, needs: [] })), options)
}

/** Runs batches one beside the other under the same limits. */
export interface Runner {
  readonly run: <T extends Tool.Any>(
    toolkit: Toolkit.Toolkit<T>,
    calls: Iterable<ToolCall>,
    options?: Options
  ) => Effect.Effect<Settled<T>, never, Tool.Requirements<T>>
}

/**
 * Makes a runner that keeps its limits between batches: `concurrency` holds for all of them together, and so do the limits
 * of tools and keys. The other options are those of each batch that does not say otherwise.
 */
export const make = (options: Options = {}): Effect.Effect<Runner> =>
  Effect.gen(function*() {
    const defaults = yield* Defaults
    const own = { ...defaults, ...given(options) }
    const limit = atLeast(1, "concurrency", own.concurrency ?? safe.concurrency)
    const limits = yield* Effect.provide(Limits.Limits, Limits.layer, { local: true })
    const shared = { ...limits, everyCall: [{ key: "", limit }] }
    return {
      run: (toolkit, calls, more) =>
        run(toolkit, calls, more).pipe(
          Effect.provideService(Defaults, own),
          Effect.provideService(Limits.Limits, shared)
        )
    }
  })

const given = (options: Options): Options =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))

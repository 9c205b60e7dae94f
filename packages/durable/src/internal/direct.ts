/**
 * Batches and pipelines that are kept: the process that calls goes on with them, and no engine does.
 */
import { Approver } from "@volley/core/Approver"
import * as Batch from "@volley/core/Batch"
import { isUndecided } from "@volley/core/Outcome"
import * as Pipeline from "@volley/core/Pipeline"
import { Recorder } from "@volley/core/Recorder"
import type * as Tool from "@volley/core/Tool"
import type { ToolCall } from "@volley/core/ToolCall"
import type * as Toolkit from "@volley/core/Toolkit"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { Cancelled, type DurableError, Parked, type Reason } from "../DurableError.ts"
import type { StoreError } from "../StoreError.ts"
import { approver } from "./approvals.ts"
import { type Asked, beginOnce, find, said } from "./begin.ts"
import { look } from "./cancelling.ts"
import { claim } from "./owned.ts"
import { calls as callsOf } from "./recorder.ts"
import * as Statements from "./statements.ts"
import type { Store } from "./store.ts"
import { type Deadline, decideLate, type Late, lateOf } from "./waits.ts"

/**
 * What `Batch.run` takes, but for the run id.
 *
 * - `approvals`: how long a call waits for a decision at most, and the decision after that, `otherwise`: by default denied,
 *   with a reason; it is made when you call again
 */
export interface BatchOptions extends Omit<Batch.Options, "runId"> {
  readonly approvals?: Deadline | undefined
}

type Services = SqlClient.SqlClient | Store

/**
 * Runs a batch whose ends are kept: called again with the same run id, it runs what has not ended, and tells the rest again.
 *
 * - a call without a decision is `pending`; after `Durable.decide`, calling again runs it
 * - errors: `RunConflict` where the run was asked for other calls, `TakenOver` where it was called again elsewhere
 *
 * @example
 * ```ts
 * import { Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Durable } from "@volley/durable"
 * import * as Local from "@volley/durable/Local"
 * import { Effect, Schema } from "effect"
 *
 * const refund = Tool.make("refund", {
 *   description: "Pays an order back. `order` comes from the user.",
 *   parameters: Schema.Struct({ order: Schema.Int }),
 *   success: Schema.String,
 *   execute: ({ order }) =>
 *     Effect.sync(() => {
 *       console.log(`paid back order ${order}`)
 *       return "paid back"
 *     })
 * })
 *
 * const call = ToolCall.make({ id: "call_1", name: "refund", arguments: { order: 7 } })
 * const batch = Durable.batch("refund-7", Toolkit.make(refund), [call])
 * const twice = Effect.andThen(batch, batch) // the second one tells what is kept, and pays nothing
 * const { outcomes } = await Effect.runPromise(Effect.provide(twice, Local.layer({ file: ":memory:" })))
 * // => paid back order 7
 * console.log(outcomes[0]?.encoded) // => "paid back"
 * ```
 */
export function batch<T extends Tool.Any>(
  runId: string,
  toolkit: Toolkit.Toolkit<T>,
  calls: Iterable<ToolCall>,
  options?: BatchOptions
): Effect.Effect<Batch.Settled<T>, DurableError | StoreError, Services | Tool.Requirements<T>>
export function batch(
  runId: string,
  toolkit: Toolkit.Toolkit<Tool.Any>,
  calls: Iterable<ToolCall>,
  { approvals, ...options }: BatchOptions = {}
): Effect.Effect<Batch.Settled<Tool.Any>, DurableError | StoreError, unknown> {
  const input = Array.from(calls)
  const running: Effect.Effect<Batch.Settled<Tool.Any>, never, unknown> = Batch.run(toolkit, input, {
    ...options,
    runId
  })
  const asked = { runId, name: "volley/batch", input, toolkit }
  return kept(asked, lateOf(approvals), running, ({ pending }) => pending.length > 0)
}

/**
 * Runs a pipeline whose ends are kept, as `batch` does.
 *
 * @example
 * ```ts
 * import { Pipeline, Tool } from "@volley/core"
 * import { Durable } from "@volley/durable"
 * import * as Local from "@volley/durable/Local"
 * import { Effect, Schema } from "effect"
 *
 * const refund = Tool.make("refund", {
 *   description: "Pays an order back. `order` comes from the user.",
 *   parameters: Schema.Struct({ order: Schema.Int }),
 *   success: Schema.String,
 *   execute: ({ order }) =>
 *     Effect.sync(() => {
 *       console.log(`paid back order ${order}`)
 *       return "paid back"
 *     })
 * })
 *
 * const pipeline = Pipeline.make((call) => ({ paid: call(refund, { order: 7 }) }))
 * const run = Durable.pipeline("refund-7", pipeline)
 * const twice = Effect.andThen(run, run) // the second one tells what is kept, and pays nothing
 * const { steps } = await Effect.runPromise(Effect.provide(twice, Local.layer({ file: ":memory:" })))
 * // => paid back order 7
 * console.log(steps.paid.encoded) // => "paid back"
 * ```
 */
export function pipeline<S extends Pipeline.Steps>(
  runId: string,
  pipeline: Pipeline.Pipeline<S>,
  options?: BatchOptions
): Effect.Effect<Pipeline.Settled<S>, DurableError | StoreError, Services | S[keyof S]["~requirements"]>
export function pipeline(
  runId: string,
  pipeline: Pipeline.Pipeline<Pipeline.Steps>,
  { approvals, ...options }: BatchOptions = {}
): Effect.Effect<Pipeline.Settled<Pipeline.Steps>, DurableError | StoreError, unknown> {
  const { nodes, toolkit } = pipeline.graph
  const input = nodes.map(({ call: { id, name }, needs }) => ({ id, name, needs }))
  const running: Effect.Effect<Pipeline.Settled<Pipeline.Steps>, never, unknown> = Pipeline.run(pipeline, {
    ...options,
    runId
  })
  const asked = { runId, name: "volley/pipeline", input, toolkit }
  return kept(asked, lateOf(approvals), running, ({ outcomes }) => outcomes.some(isUndecided))
}

const kept = <A>(
  asked: Asked,
  late: Late | undefined,
  running: Effect.Effect<A, never, unknown>,
  waits: (settled: A) => boolean
): Effect.Effect<A, DurableError | StoreError, unknown> =>
  said(asked.runId, Effect.scoped(owning(asked, late, running, waits)))

const owning = Effect.fnUntraced(function*<A>(
  asked: Asked,
  late: Late | undefined,
  running: Effect.Effect<A, never, unknown>,
  waits: (settled: A) => boolean
): Effect.fn.Return<A, SqlError | Reason, unknown> {
  const row = yield* beginOnce(asked)
  if (row.cancelled === 1) return yield* new Cancelled()
  const sql = yield* SqlClient.SqlClient
  if (late !== undefined) yield* decideLate(sql, { runId: asked.runId }, late)
  const owned = yield* claim(sql, asked.runId, Statements.claimAgain)
  if (!("runId" in owned)) return yield* notTaken(yield* find(asked.runId))
  yield* look(sql, owned)
  const other = yield* Approver
  const settling = Effect.tap(
    running,
    (settled) => waits(settled) ? owned.state("waiting") : owned.end("done", null)
  )
  return yield* settling.pipe(
    Effect.provideService(Recorder, callsOf(owned)),
    Effect.provideService(Approver, approver(owned, other)),
    Effect.raceFirst(Deferred.await(owned.lost)),
    Effect.tapErrorTag("Unreadable", (trouble) => owned.unreadable(trouble)),
    (settled) => owned.leaving.within(settled)
  )
})

/** Why no process can go on with a run that is there: another version wrote it, or it was cancelled while it began. */
const notTaken = ({ format }: Statements.RunRow): Parked | Cancelled =>
  format === Statements.format ? new Cancelled() : new Parked({ format, known: Statements.format })

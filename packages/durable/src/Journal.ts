/**
 * Shows what is kept of runs: which runs there are, what they did, and what they wait for.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as Stream from "effect/Stream"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import { type DurableError, NotWaiting, type Parked, type Unreadable } from "./DurableError.ts"
import { type Decision, keyOf, type Wait } from "./internal/approvals.ts"
import { find, said } from "./internal/begin.ts"
import { forget as forgetRuns } from "./internal/forget.ts"
import { reader } from "./internal/owned.ts"
import * as Running from "./internal/run.ts"
import * as Statements from "./internal/statements.ts"
import type { Store } from "./internal/store.ts"
import { troubleOf } from "./internal/unreadable.ts"
import { decideOn, waitOf } from "./internal/waits.ts"
import { wake } from "./internal/workflows.ts"
import type { StoreError } from "./StoreError.ts"

/**
 * A run, seen from outside.
 *
 * - `state`: `parked` if another version wrote it, which this one leaves as it is; `unreadable` if a record of it
 *   cannot be read: it stands still, and is tried again by `start` and when its runner starts
 * - `trouble`: why it is parked or unreadable
 * - `epoch`: how often it began, restarts included
 * - `startedAt`, `endedAt`: milliseconds since the epoch
 */
export interface Status {
  readonly runId: string
  readonly name: string
  readonly state: Running.State
  readonly epoch: number
  readonly startedAt: number
  readonly endedAt: number | undefined
  readonly trouble: Parked | Unreadable | undefined
}

/** A call that waits for a decision; `since` is in milliseconds since the epoch. */
export interface Waiting extends Omit<Wait, "decision"> {
  readonly key: string
  readonly runId: string
  readonly since: number
}

/**
 * Something that is kept of a run.
 *
 * - `kind`: a `turn` of a model, a `call` of a tool, a `round` when all calls of a turn are answered, a `wait` for a decision
 * - `ended`: false for a call that has begun and may not run twice, and for a decision that is not there yet
 * - `at`: when it was written, in milliseconds since the epoch; `value`: as JSON
 */
export interface Entry {
  readonly key: string
  readonly kind: Statements.Kind
  readonly ended: boolean
  readonly at: number
  readonly value: unknown
}

/** Whom those who look at runs need. */
type Reading = SqlClient.SqlClient | Store

/**
 * How far a run is.
 *
 * @example
 * ```ts
 * import { Journal } from "@volley/durable"
 *
 * const { endedAt, runId, state } = Journal.statusOf({ // as it stands in the table of runs
 *   run_id: "run-1",
 *   name: "support",
 *   epoch: 1,
 *   cancelled: 0,
 *   digest: "",
 *   format: 1,
 *   state: "done",
 *   started_at: 0,
 *   ended_at: 5,
 *   result: null
 * })
 * console.log(runId, state, endedAt) // => run-1 done 5
 * ```
 */
export const statusOf = (row: Omit<Statements.RunRow, "payload">): Status => ({
  runId: row.run_id,
  name: row.name,
  state: Running.stateOf(row),
  epoch: row.epoch,
  startedAt: row.started_at,
  endedAt: row.ended_at ?? undefined,
  trouble: troubleOf(row)
})

/** All runs, the oldest first. */
export const list: Effect.Effect<ReadonlyArray<Status>, DurableError | StoreError, Reading> = said(
  "runs",
  Effect.flatMap(SqlClient.SqlClient, (sql) => Effect.map(Statements.listRuns(sql), (rows) => rows.map(statusOf)))
)

/**
 * How far the run of this id is.
 *
 * @example
 * ```ts
 * import { Toolkit } from "@volley/core"
 * import { Durable, Journal } from "@volley/durable"
 * import * as Local from "@volley/durable/Local"
 * import { ScriptedModel } from "@volley/testing"
 * import { Effect, Layer } from "effect"
 *
 * const support = Durable.agent("support", { toolkit: Toolkit.make() })
 * const model = ScriptedModel.layer([ScriptedModel.says("Hello.")])
 * const runner = support.layer.pipe(Layer.provide(model), Layer.provideMerge(Local.layer({ file: ":memory:" })))
 *
 * const program = Effect.gen(function*() {
 *   const run = yield* support.start({ runId: "run-1", prompt: "Hello!" })
 *   yield* run.await
 *   return yield* Journal.status("run-1")
 * })
 * console.log((await Effect.runPromise(Effect.provide(program, runner))).state) // => done
 * ```
 */
export const status = (runId: string): Effect.Effect<Status, DurableError | StoreError, Reading> =>
  said(runId, Effect.map(find(runId), statusOf))

/**
 * All that is kept of a run, in the order in which it happened.
 *
 * @example
 * ```ts
 * import { Toolkit } from "@volley/core"
 * import { Durable, Journal } from "@volley/durable"
 * import * as Local from "@volley/durable/Local"
 * import { ScriptedModel } from "@volley/testing"
 * import { Effect, Layer } from "effect"
 *
 * const support = Durable.agent("support", { toolkit: Toolkit.make() })
 * const model = ScriptedModel.layer([ScriptedModel.says("Hello.")])
 * const runner = support.layer.pipe(Layer.provide(model), Layer.provideMerge(Local.layer({ file: ":memory:" })))
 *
 * const program = Effect.gen(function*() {
 *   const run = yield* support.start({ runId: "run-1", prompt: "Hello!" })
 *   yield* run.await
 *   return yield* Journal.entries("run-1")
 * })
 * console.log((await Effect.runPromise(Effect.provide(program, runner))).map(({ kind }) => kind)) // => [ 'turn' ]
 * ```
 */
export const entries = (runId: string): Effect.Effect<ReadonlyArray<Entry>, DurableError | StoreError, Reading> =>
  said(
    runId,
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* find(runId)
      return yield* valuesOf(sql, runId, yield* Statements.allRows(sql, runId))
    })
  )

/** How long it takes at most until something that was kept is told, where it is looked for from outside. */
const pause = "500 millis"

/**
 * Gives all that is kept of a run, from its beginning and while the run goes on; ends with the run.
 *
 * - a call that was kept before it ran, and a decision that was not there yet, are given again once they have ended
 *
 * @example
 * ```ts
 * import { Toolkit } from "@volley/core"
 * import { Durable, Journal } from "@volley/durable"
 * import * as Local from "@volley/durable/Local"
 * import { ScriptedModel } from "@volley/testing"
 * import { Effect, Layer, Stream } from "effect"
 *
 * const support = Durable.agent("support", { toolkit: Toolkit.make() })
 * const model = ScriptedModel.layer([ScriptedModel.says("Hello.")])
 * const runner = support.layer.pipe(Layer.provide(model), Layer.provideMerge(Local.layer({ file: ":memory:" })))
 *
 * const program = Effect.gen(function*() {
 *   yield* support.start({ runId: "run-1", prompt: "Hello!" })
 *   return yield* Stream.runCollect(Journal.follow("run-1")) // ends with the run
 * })
 * console.log((await Effect.runPromise(Effect.provide(program, runner))).map(({ kind }) => kind)) // => [ 'turn' ]
 * ```
 */
export const follow = (runId: string): Stream.Stream<Entry, DurableError | StoreError, Reading> =>
  Stream.suspend(() => {
    const told: Told = { segment: 0, at: 0, entries: new Map(), waits: new Map() }
    return Stream.paginate<Told, Entry, DurableError | StoreError, Reading>(
      told,
      (told) => said(runId, since(runId, told))
    )
  })

/**
 * What was told of a run.
 *
 * - `segment`, `at`: those of the latest row, behind which rows are written
 * - `entries`: by their keys, whether they had ended; `waits`: the segments of decisions that were not there yet
 */
interface Told {
  segment: number
  at: number
  readonly entries: Map<string, boolean>
  readonly waits: Map<string, number>
}

const since = Effect.fnUntraced(function*(runId: string, told: Told) {
  const sql = yield* SqlClient.SqlClient
  const run = yield* find(runId)
  const rows = yield* Statements.rowsSince(sql, runId, { ...told, open: Array.from(told.waits.values()) })
  const fresh = rows.filter(({ ended, key }) => told.entries.get(key) !== (ended === 1))
  const entries = yield* valuesOf(sql, runId, fresh)
  for (const row of fresh) tell(told, row)
  if (run.ended_at !== null) return [entries, Option.none<Told>()] as const
  if (fresh.length === 0) yield* Effect.sleep(pause)
  return [entries, Option.some(told)] as const
})

const tell = (told: Told, { at, ended, key, kind, segment }: Statements.JournalRow): void => {
  told.segment = Math.max(told.segment, segment)
  told.at = Math.max(told.at, at)
  told.entries.set(key, ended === 1)
  if (kind === "wait" && ended === 0) told.waits.set(key, segment)
  else told.waits.delete(key)
}

const valuesOf = Effect.fnUntraced(function*(
  sql: SqlClient.SqlClient,
  runId: string,
  rows: ReadonlyArray<Statements.JournalRow>
): Effect.fn.Return<ReadonlyArray<Entry>, SqlError | Unreadable> {
  const read = yield* reader(sql, runId, rows.map(({ value }) => value))
  return yield* Effect.forEach(
    rows,
    ({ at, ended, key, kind, value }) =>
      Effect.map(read(key, value), (value) => ({ key, kind, ended: ended === 1, at, value }))
  )
})

/**
 * The calls that wait for a decision, of one run or of all, the oldest first.
 *
 * @example
 * ```ts
 * import { Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Durable, Journal } from "@volley/durable"
 * import * as Local from "@volley/durable/Local"
 * import { Effect, Schema } from "effect"
 *
 * const refund = Tool.make("refund", {
 *   description: "Pays an order back. `order` comes from the user.",
 *   parameters: Schema.Struct({ order: Schema.Int }),
 *   success: Schema.String,
 *   approval: "always",
 *   execute: ({ order }) => Effect.succeed(`paid back order ${order}`)
 * })
 * const call = ToolCall.make({ id: "call_1", name: "refund", arguments: { order: 7 } })
 * const batch = Durable.batch("refund-7", Toolkit.make(refund), [call])
 *
 * const waiting = Effect.andThen(batch, Journal.waiting("refund-7"))
 * const [wait] = await Effect.runPromise(Effect.provide(waiting, Local.layer({ file: ":memory:" })))
 * console.log(wait?.tool, wait?.parameters) // => refund { order: 7 }
 * ```
 */
export const waiting = (
  runId?: string
): Effect.Effect<ReadonlyArray<Waiting>, DurableError | StoreError, Reading> =>
  said(
    runId ?? "runs",
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      return yield* Effect.forEach(yield* Statements.waits(sql, runId), (row) =>
        Effect.map(waitOf(sql, row), (value): Waiting => ({
          ...value,
          key: row.key.slice(keyOf("").length),
          runId: row.run_id,
          since: row.at
        })))
    })
  )

/**
 * Decides on a call that waits; the first decision counts. Its run goes on once all of its calls are decided.
 *
 * - `key`: as `waiting` gives it
 * - errors: `NotWaiting` if no call waits under it
 *
 * @example
 * ```ts
 * import { Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Durable, Journal } from "@volley/durable"
 * import * as Local from "@volley/durable/Local"
 * import { Effect, Schema } from "effect"
 *
 * const refund = Tool.make("refund", {
 *   description: "Pays an order back. `order` comes from the user.",
 *   parameters: Schema.Struct({ order: Schema.Int }),
 *   success: Schema.String,
 *   approval: "always",
 *   execute: ({ order }) => Effect.succeed(`paid back order ${order}`)
 * })
 * const call = ToolCall.make({ id: "call_1", name: "refund", arguments: { order: 7 } })
 * const batch = Durable.batch("refund-7", Toolkit.make(refund), [call])
 *
 * const program = Effect.gen(function*() {
 *   yield* batch // the call waits for a decision
 *   for (const { key } of yield* Journal.waiting()) yield* Journal.decide(key, "allowed") // or { denied: "too much" }
 *   return (yield* batch).outcomes[0]?.encoded
 * })
 * console.log(await Effect.runPromise(Effect.provide(program, Local.layer({ file: ":memory:" }))))
 * // => "paid back order 7"
 * ```
 */
export const decide = (
  key: string,
  decision: Decision
): Effect.Effect<void, DurableError | StoreError, Reading | WorkflowEngine> =>
  said(
    key,
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const decided = yield* Effect.forEach(yield* Statements.findWaits(sql, keyOf(key)), decideAndWake(sql, decision))
      if (!decided.includes(true)) return yield* new NotWaiting()
    })
  )

const decideAndWake =
  (sql: SqlClient.SqlClient, decision: Decision) => (row: Statements.JournalRow & Statements.Begun) =>
    Effect.tap(decideOn(sql, row, decision), (isFirst) => isFirst ? wake(row) : Effect.void)

/**
 * Ends a run for good, whichever process runs it; a run that has ended stays as it is.
 *
 * @example
 * ```ts
 * import { Toolkit } from "@volley/core"
 * import { Durable, Journal } from "@volley/durable"
 * import * as Local from "@volley/durable/Local"
 * import { ScriptedModel } from "@volley/testing"
 * import { Effect, Layer } from "effect"
 *
 * const support = Durable.agent("support", { toolkit: Toolkit.make() })
 * const slow = ScriptedModel.paced(ScriptedModel.says("Hello."), { latency: "1 hour" })
 * const runner = support.layer.pipe(
 *   Layer.provide(ScriptedModel.layer([slow])),
 *   Layer.provideMerge(Local.layer({ file: ":memory:" }))
 * )
 * const program = Effect.gen(function*() {
 *   const run = yield* support.start({ runId: "run-1", prompt: "Hello!" })
 *   yield* Journal.cancel("run-1")
 *   const error = yield* Effect.flip(run.await)
 *   return error._tag === "DurableError" ? error.reason._tag : error._tag
 * })
 * console.log(await Effect.runPromise(Effect.provide(program, runner))) // => Cancelled
 * ```
 */
export const cancel = (runId: string): Effect.Effect<void, DurableError | StoreError, Reading | WorkflowEngine> =>
  said(runId, Running.cancel(runId))

/**
 * Deletes a run that has ended, and all that is kept of it; gives false if it has not ended, or there is none.
 *
 * @example
 * ```ts
 * import { Toolkit } from "@volley/core"
 * import { Durable, Journal } from "@volley/durable"
 * import * as Local from "@volley/durable/Local"
 * import { ScriptedModel } from "@volley/testing"
 * import { Effect, Layer } from "effect"
 *
 * const support = Durable.agent("support", { toolkit: Toolkit.make() })
 * const model = ScriptedModel.layer([ScriptedModel.says("Hello.")])
 * const runner = support.layer.pipe(Layer.provide(model), Layer.provideMerge(Local.layer({ file: ":memory:" })))
 *
 * const program = Effect.gen(function*() {
 *   const run = yield* support.start({ runId: "run-1", prompt: "Hello!" })
 *   yield* run.await
 *   return [yield* Journal.forget("run-1"), yield* Journal.forget("run-1")]
 * })
 * console.log(await Effect.runPromise(Effect.provide(program, runner))) // => [ true, false ]
 * ```
 */
export const forget = (runId: string): Effect.Effect<boolean, DurableError | StoreError, Reading> =>
  said(
    runId,
    Effect.map(forgetRuns({ runId }), (ids) => ids.length > 0)
  )

/**
 * Deletes all runs that ended longer ago than that, and gives their ids; nothing else is ever deleted.
 *
 * @example
 * ```ts
 * import { Toolkit } from "@volley/core"
 * import { Durable, Journal } from "@volley/durable"
 * import * as Local from "@volley/durable/Local"
 * import { ScriptedModel } from "@volley/testing"
 * import { Effect, Layer } from "effect"
 *
 * const support = Durable.agent("support", { toolkit: Toolkit.make() })
 * const model = ScriptedModel.layer([ScriptedModel.says("Hello.")])
 * const runner = support.layer.pipe(Layer.provide(model), Layer.provideMerge(Local.layer({ file: ":memory:" })))
 *
 * const program = Effect.gen(function*() {
 *   const run = yield* support.start({ runId: "run-1", prompt: "Hello!" })
 *   yield* run.await
 *   yield* Effect.sleep(5)
 *   return yield* Journal.sweep({ olderThan: 1 }) // in a service: "30 days"
 * })
 * console.log(await Effect.runPromise(Effect.provide(program, runner))) // => [ 'run-1' ]
 * ```
 */
export const sweep = (
  { olderThan }: {
    /** How long ago a run ended at least: such as `"30 days"`, or a number of milliseconds. */
    readonly olderThan: Duration.Input
  }
): Effect.Effect<ReadonlyArray<string>, DurableError | StoreError, Reading> =>
  said(
    "runs",
    Effect.gen(function*() {
      const before = (yield* Clock.currentTimeMillis) - Duration.toMillis(olderThan)
      return yield* forgetRuns({ before })
    })
  )

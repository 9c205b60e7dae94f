/**
 * A store in memory that outlives processes, processes on it that die at any statement, and virtual time.
 */
import { Context, Deferred, Effect, Exit, Fiber, Latch, Layer, Schedule, Scope } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import { ConnectionError, SqlError } from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import { TestClock } from "effect/testing"
import * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import { Grace } from "../../src/Grace.ts"
import * as Alone from "../../src/internal/alone.ts"
import { migrate } from "../../src/internal/migrations.ts"
import { make, open } from "../../src/internal/sqlite.ts"
import type { Kind } from "../../src/internal/statements.ts"
import * as Store from "../../src/internal/store.ts"

/** What a store provides. */
export type Stored = Context.Context<SqlClient.SqlClient | Store.Store>

/** What carries the runs of a store: the process that has it alone, or a workflow engine as in a cluster. */
const Carried = Context.Reference<"alone" | "engine">("test/Carried", { defaultValue: () => "alone" })

/** A new store in memory, which is there until the scope ends. */
export const newStore: Effect.Effect<Stored, never, Scope.Scope> = Effect.orDie(
  Layer.build(
    Store.layer(Store.make(":memory:"), Effect.flatMap(open(":memory:"), (db) => make(db, "NORMAL")), migrate)
  )
)

/** One whose runs a workflow engine carries. */
export const newStoreOfEngine: typeof newStore = Effect.map(newStore, Context.add(Carried, "engine"))

/** Runs something while time goes on, for as long as it takes. */
export const inTime = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    for (let steps = 0; fiber.pollUnsafe() === undefined; steps++) {
      if (steps === 100_000) return yield* Effect.die(new Error("it takes more than half an hour"))
      yield* TestClock.adjust("20 millis")
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
    }
    return yield* Fiber.join(fiber)
  })

/** Which statement: the n-th of a process, counted from 1, or the first that has such values. */
export type Which = number | ((values: ReadonlyArray<unknown>) => boolean)

/** Which row is written: of this kind, and ended or not. */
export const rowOf = (kind: Kind, ended: boolean): Which => (values) =>
  values.some((value, at) => value === kind && values[at + 1] === (ended ? 1 : 0))

/**
 * Where a process dies: before or after a statement.
 *
 * - `freezes`: it is still there, and its statements wait for `wake`
 * - `breaks`: it lives on, and its connection breaks alone
 */
export interface Fate {
  readonly at: Which
  readonly when: "before" | "after"
  readonly freezes?: true
  readonly breaks?: true
}

const broken = new SqlError({ reason: new ConnectionError({ cause: new Error("it broke") }) })

/**
 * A process on a store.
 *
 * - `kill`: ends it where it is; `stop`: ends it as a signal does, so that it may still write
 * - `died`: it died, or froze
 */
export interface Process {
  readonly context: Context.Context<SqlClient.SqlClient | Store.Store | WorkflowEngine.WorkflowEngine>
  readonly died: Effect.Effect<void>
  readonly kill: Effect.Effect<void>
  readonly stop: Effect.Effect<void>
  readonly wake: Effect.Effect<void>
  readonly statements: () => number
}

/** Starts a process; its layer may use the store and a workflow engine of its own. */
export const start = Effect.fnUntraced(function*<E>(
  stored: Stored,
  layer: Layer.Layer<never, E, SqlClient.SqlClient | Store.Store | WorkflowEngine.WorkflowEngine>,
  fate?: Fate
): Effect.fn.Return<Process, E, Scope.Scope> {
  const scope = yield* Effect.flatMap(Effect.scope, Scope.fork)
  const died = Deferred.makeUnsafe<void>()
  const awake = Latch.makeUnsafe(true)
  let statements = 0
  let isDead = false
  let isFated = fate !== undefined
  const isFate = (values: ReadonlyArray<unknown>) =>
    typeof fate?.at === "function" ? fate.at(values) : fate?.at === statements
  const dying = <A>(
    values: ReadonlyArray<unknown>,
    statement: Effect.Effect<A, SqlError>
  ): Effect.Effect<A, SqlError> =>
    Effect.suspend(() => {
      if (isDead) return Effect.never
      statements += 1
      if (fate === undefined || !isFated || !isFate(values)) return awake.whenOpen(statement)
      isFated = false
      if (fate.breaks) return Effect.andThen(fate.when === "before" ? Effect.void : statement, Effect.fail(broken))
      if (fate.freezes) {
        awake.closeUnsafe()
        Deferred.doneUnsafe(died, Exit.void)
        return fate.when === "before" ? awake.whenOpen(statement) : Effect.tap(statement, awake.await)
      }
      isDead = true
      const death = Effect.andThen(Deferred.succeed(died, undefined), Effect.never)
      return fate.when === "before" ? death : Effect.andThen(statement, death)
    })
  const gated = (connection: Connection): Connection => ({
    ...connection,
    execute: (sql, params, transform) => dying(params, connection.execute(sql, params, transform)),
    executeUnprepared: (sql, params, transform) => dying(params, connection.executeUnprepared(sql, params, transform))
  })
  // There is one connection; a process that stands still may not hold it.
  const connection = yield* Effect.orDie(Effect.scoped(Context.get(stored, SqlClient.SqlClient).reserve))
  const sql = SqlClient.make({
    acquirer: Effect.succeed(gated(connection)),
    compiler: Statement.makeCompilerSqlite(),
    driver: "node:sqlite",
    spanAttributes: []
  })
  const client = Layer.provide(Layer.effect(SqlClient.SqlClient, sql), Reactivity.layer)
  const all = layer.pipe(
    Layer.provideMerge(
      Layer.merge(WorkflowEngine.layerMemory, Context.get(stored, Carried) === "alone" ? Alone.runner : Layer.empty)
    ),
    // Nobody waits for what a process that is dead had begun.
    Layer.provide(Layer.succeed(Grace, 0)),
    Layer.provideMerge(client),
    Layer.provideMerge(Layer.succeedContext(stored))
  )
  const context = yield* Layer.buildWithScope(all, scope)
  const stop = Scope.close(scope, Exit.void)
  const kill = Effect.suspend(() => {
    isDead = true
    return stop
  })
  return {
    context,
    died: Deferred.await(died),
    kill,
    stop,
    wake: Effect.asVoid(awake.open),
    statements: () => statements
  }
})

/** Runs something in a process while time goes on. */
export const within = <A, E>(
  { context }: Process,
  effect: Effect.Effect<A, E, SqlClient.SqlClient | Store.Store | WorkflowEngine.WorkflowEngine>
): Effect.Effect<A, E> => inTime(Effect.provideContext(effect, context))

/** Looks again and again, while time goes on, until it is so. */
export const until = <A, E>(
  process: Process,
  look: Effect.Effect<A, E, SqlClient.SqlClient | Store.Store | WorkflowEngine.WorkflowEngine>,
  isSo: (a: A) => boolean
): Effect.Effect<A, E> => within(process, Effect.repeat(look, { until: isSo, schedule: Schedule.spaced("20 millis") }))

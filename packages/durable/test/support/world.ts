/**
 * A store in memory that outlives processes, processes on it that die at any statement, and virtual time.
 */
import { Context, Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import * as Statement from "effect/sql/Statement"
import { TestClock } from "effect/testing"
import * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import { Grace } from "../../src/Grace.ts"
import { migrate } from "../../src/internal/migrations.ts"
import { make, open } from "../../src/internal/sqlite.ts"
import * as Store from "../../src/internal/store.ts"

/** What a store provides. */
export type Stored = Context.Context<SqlClient.SqlClient | Store.Store>

/** A new store in memory, which is there until the scope ends. */
export const newStore: Effect.Effect<Stored, never, Scope.Scope> = Effect.orDie(
  Layer.build(
    Store.layer(Store.make(":memory:"), Effect.flatMap(open(":memory:"), (db) => make(db, "NORMAL")), migrate)
  )
)

/** Runs something while time goes on, for as long as it takes. */
export const inTime = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    while (fiber.pollUnsafe() === undefined) {
      yield* TestClock.adjust("20 millis")
      yield* Effect.promise(() => new Promise((resolve) => setImmediate(resolve)))
    }
    return yield* Fiber.join(fiber)
  })

/** Where a process dies: before or after its n-th statement, counted from 1. */
export interface Fate {
  readonly at: number
  readonly when: "before" | "after"
}

/** A process on a store. */
export interface Process<R> {
  readonly context: Context.Context<R | SqlClient.SqlClient | Store.Store | WorkflowEngine.WorkflowEngine>
  readonly died: Effect.Effect<void>
  readonly kill: Effect.Effect<void>
  readonly statements: () => number
}

/** Starts a process; its layer may use the store and a workflow engine of its own. */
export const start = Effect.fnUntraced(function*<E>(
  stored: Stored,
  layer: Layer.Layer<never, E, SqlClient.SqlClient | Store.Store | WorkflowEngine.WorkflowEngine>,
  fate?: Fate
): Effect.fn.Return<Process<never>, E, Scope.Scope> {
  const scope = yield* Effect.flatMap(Effect.scope, Scope.fork)
  const died = Deferred.makeUnsafe<void>()
  let statements = 0
  let isDead = false
  const dying = <A, E>(statement: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.suspend(() => {
      if (isDead) return Effect.never
      statements += 1
      if (fate?.at !== statements) return statement
      isDead = true
      const death = Effect.andThen(Deferred.succeed(died, undefined), Effect.never)
      return fate.when === "before" ? death : Effect.andThen(statement, death)
    })
  const gated = (connection: Connection): Connection => ({
    ...connection,
    execute: (sql, params, transform) => dying(connection.execute(sql, params, transform)),
    executeUnprepared: (sql, params, transform) => dying(connection.executeUnprepared(sql, params, transform))
  })
  const sql = SqlClient.make({
    acquirer: Effect.map(Context.get(stored, SqlClient.SqlClient).reserve, gated),
    compiler: Statement.makeCompilerSqlite(),
    driver: "node:sqlite",
    spanAttributes: []
  })
  const client = Layer.provide(Layer.effect(SqlClient.SqlClient, sql), Reactivity.layer)
  const all = layer.pipe(
    Layer.provideMerge(WorkflowEngine.layerMemory),
    // Nobody waits for what a process that is dead had begun.
    Layer.provide(Layer.succeed(Grace, 0)),
    Layer.provideMerge(client),
    Layer.provideMerge(Layer.succeedContext(stored))
  )
  const context = yield* Layer.buildWithScope(all, scope)
  const kill = Effect.suspend(() => {
    isDead = true
    return Scope.close(scope, Exit.void)
  })
  return { context, died: Deferred.await(died), kill, statements: () => statements }
})

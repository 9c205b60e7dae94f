/**
 * Runs that go on here, and are cancelled elsewhere.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { Cancelled, NotFound } from "../DurableError.ts"
import type { Owned } from "./owned.ts"
import { patiently } from "./patiently.ts"
import * as Statements from "./statements.ts"

/** Runs that this process goes on with, by their ids. */
export type Live = Map<string, Owned>

/** How often it is looked whether somebody started, decided or cancelled elsewhere. */
export const pause = "500 millis"

/** Looks after one run as long as the scope is open. */
export const look = (sql: SqlClient.SqlClient, owned: Owned): Effect.Effect<void, never, Scope.Scope> =>
  Effect.delay(stopCancelled(sql, new Map([[owned.runId, owned]])), pause).pipe(
    Effect.catch((error) => Effect.logError("That a run is cancelled is not seen", error)),
    Effect.forever,
    Effect.forkScoped,
    Effect.asVoid
  )

/** Stops those that were cancelled, and those that are gone: they were cancelled and forgotten. */
export const stopCancelled = (sql: SqlClient.SqlClient, live: Live): Effect.Effect<void, SqlError> =>
  Effect.suspend(() => {
    if (live.size === 0) return Effect.void
    const asked = Array.from(live)
    return Effect.map(patiently(Statements.presentOf(sql, asked.map(([runId]) => runId))), (rows) => {
      const present = new Map(rows.map(({ cancelled, run_id: runId }) => [runId, cancelled]))
      for (const [runId, { lost }] of asked) {
        const cancelled = present.get(runId)
        if (cancelled === undefined) Deferred.doneUnsafe(lost, Effect.fail(new NotFound()))
        else if (cancelled === 1) Deferred.doneUnsafe(lost, Effect.fail(new Cancelled()))
      }
    })
  })

/**
 * The store that a program is on: what it is called, how its failures are said, and how it is opened.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { type Reason, StoreError } from "../StoreError.ts"
import { Awaiting } from "./awaiting.ts"
import { reasonOf } from "./failure.ts"
import type { Share } from "./lock.ts"

/** - `hold`: takes the lock of its runner, until the scope closes; `awaiting`: runs that this process waits for */
export class Store extends Context.Service<Store, {
  readonly name: string
  readonly failed: (error: SqlError | Reason) => StoreError
  readonly hold: (share: Share) => Effect.Effect<void, SqlError | Reason, SqlClient.SqlClient | Scope.Scope>
  readonly awaiting: Awaiting
}>()("@volley/durable/Store") {}

/** A store that is not opened. */
export type Closed = Omit<Store["Service"], "awaiting">

/** Makes the store of a name; the secrets are what the words of its database may not show. One without a lock has no other user. */
export const make = (
  name: string,
  secrets: ReadonlyArray<string> = [],
  hold: Closed["hold"] = () => Effect.void
): Closed => ({
  name,
  hold,
  failed: (error) =>
    new StoreError({ store: name, reason: error._tag === "SqlError" ? reasonOf(error, secrets) : error })
})

/** Provides a store and its client, once that is prepared. */
export const layer = (
  store: Closed,
  connect: Effect.Effect<SqlClient.SqlClient, SqlError | Reason, Scope.Scope | Reactivity.Reactivity>,
  prepare: Effect.Effect<void, SqlError | Reason, SqlClient.SqlClient | Scope.Scope>
): Layer.Layer<SqlClient.SqlClient | Store, StoreError> =>
  Effect.tap(connect, (sql) => Effect.provideService(prepare, SqlClient.SqlClient, sql)).pipe(
    Effect.map((sql) =>
      Context.make(SqlClient.SqlClient, sql).pipe(Context.add(Store, { ...store, awaiting: new Awaiting() }))
    ),
    Effect.mapError(store.failed),
    Layer.effectContext,
    Layer.provide(Reactivity.layer)
  )

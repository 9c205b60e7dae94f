/**
 * What the processes of a cluster have of a store that they share: `@volley/cluster` is built on this.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { sign } from "./internal/lock.ts"
import { check, migrate } from "./internal/migrations.ts"
import { Store } from "./internal/store.ts"
import type { Reason, StoreError } from "./StoreError.ts"

export { provide } from "./internal/messages.ts"

/** What `Postgres.layerShared` and `Local.layerShared` provide. */
export type Shared = SqlClient.SqlClient | Store

const prepared = (
  prepare: (store: Store["Service"]) => Effect.Effect<void, SqlError | Reason, SqlClient.SqlClient | Scope.Scope>
): Layer.Layer<never, StoreError, Shared> =>
  Layer.effectDiscard(Effect.flatMap(Store, (store) => Effect.mapError(prepare(store), store.failed)))

/** Goes on with the runs of a store together with others; fails where a program has it for itself. Makes its tables. */
export const runner = prepared(({ hold }) => Effect.andThen(hold("together"), Effect.andThen(migrate, sign)))

/** Works beside those that do; fails where there are no tables yet. */
export const client = prepared(() => check)

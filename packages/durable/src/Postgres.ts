/**
 * Runs that are kept in a PostgreSQL database: one process that runs them, and others that read.
 */
import { PgClient } from "@effect/sql-pg"
import * as Transport from "@volley/core/Transport"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import type * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import { hostname } from "node:os"
import * as Alone from "./internal/alone.ts"
import * as Engine from "./internal/engine.ts"
import { holdDatabase, type Share, sign } from "./internal/lock.ts"
import { check, migrate } from "./internal/migrations.ts"
import * as Store from "./internal/store.ts"
import { type StoreError, Unusable } from "./StoreError.ts"

/** `url`: as `postgres://user:password@host:port/database`; no message shows its user and password. */
export interface Options {
  readonly url: string | Redacted.Redacted
}

/** What a program with a store has, and what the processes of a cluster share. */
type Provided = Shared | WorkflowEngine.WorkflowEngine
type Shared = SqlClient.SqlClient | Store.Store

/**
 * Runs the runs of a database; makes the tables if there are none.
 *
 * - errors: if another runner has the database, if it cannot be reached or refuses this user, and if a newer version
 *   wrote it
 *
 * @example
 * ```ts
 * import { Durable } from "@volley/durable"
 * import * as Postgres from "@volley/durable/Postgres"
 * import { Effect } from "effect"
 *
 * const store = Postgres.layer({ url: "postgres://volley:secret@127.0.0.1:1/runs" }) // where there is no database
 * const error = await Effect.runPromise(Effect.flip(Effect.provide(Durable.list, store)))
 * console.log(error.reason._tag) // => Unreachable
 * ```
 */
export const layer = (options: Options): Layer.Layer<Provided, StoreError> =>
  Layer.provideMerge(
    Layer.merge(Engine.runner, Alone.runner),
    on(options, (hold) => Effect.andThen(hold("alone"), Effect.andThen(migrate, sign)))
  )

/**
 * The database alone, for the processes of a cluster.
 *
 * @example
 * ```ts
 * import { Runner } from "@volley/cluster"
 * import { Durable } from "@volley/durable"
 * import * as Postgres from "@volley/durable/Postgres"
 * import { Effect } from "effect"
 *
 * const sql = Postgres.layerShared({ url: "postgres://volley:secret@127.0.0.1:1/runs" }) // where there is no database
 * const error = await Effect.runPromise(Effect.flip(Effect.provide(Durable.list, Runner.client({ sql }))))
 * console.log("reason" in error && error.reason._tag) // => Unreachable
 * ```
 */
export const layerShared = (options: Options): Layer.Layer<Shared, StoreError> => on(options, () => Effect.void)

/**
 * Reads, starts, decides and cancels runs of a database beside its runner; runs none itself, and makes no tables.
 *
 * @example
 * ```ts
 * import { Durable } from "@volley/durable"
 * import * as Postgres from "@volley/durable/Postgres"
 * import { Effect } from "effect"
 *
 * const store = Postgres.layerClient({ url: "postgres://volley:secret@127.0.0.1:1/runs" }) // where there is no database
 * const error = await Effect.runPromise(Effect.flip(Effect.provide(Durable.list, store)))
 * console.log(error.reason._tag) // => Unreachable
 * ```
 */
export const layerClient = (options: Options): Layer.Layer<Provided, StoreError> =>
  Layer.provideMerge(Layer.merge(Engine.client, Alone.client), on(options, () => check))

const on = ({ url: given }: Options, prepare: (hold: Store.Closed["hold"]) => Parameters<typeof Store.layer>[2]) => {
  const url = Redacted.isRedacted(given) ? given : Redacted.make(given)
  const text = Redacted.value(url)
  if (!isAddress(text)) return Store.layer(Store.make("PostgreSQL"), Effect.fail(noAddress), Effect.void)
  const client = { url, applicationName: `volley ${process.pid} on ${hostname()}` }
  // To open a connection takes as long as a hundred statements: some share one, behind each other, before there is another.
  const connect = PgClient.make({ ...client, multiplex: true })
  // In Effect 4.1.0, statements that may share connections can wait for ever while one of these is kept for another use: the
  // lock, which is kept as long as the program runs, has a client of its own.
  const hold = (share: Share) =>
    Effect.flatMap(
      Effect.provideServiceEffect(PgClient.make(client), Reactivity.Reactivity, Reactivity.make),
      (sql) => Effect.provideService(holdDatabase(share), SqlClient.SqlClient, sql)
    )
  return Store.layer(Store.make(nameOf(text), Transport.secretsOf(text), hold), connect, prepare(hold))
}

const isAddress = (url: string): boolean => URL.canParse(url) && /^postgres(?:ql)?:/.test(url)

const noAddress = new Unusable({ message: "its url has to be one as postgres://user:password@host:port/database" })

/** Where it is, without who asks: `db.example:5432/runs`. */
const nameOf = (url: string): string => {
  const { host, pathname } = new URL(url)
  return `${host === "" ? "localhost" : host}${pathname}`
}

/**
 * A store by its address: a url of PostgreSQL, or a file.
 */
import { PgClient } from "@effect/sql-pg"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as Redacted from "effect/Redacted"
import * as SqlClient from "effect/sql/SqlClient"
import { make, open } from "../../src/internal/sqlite.ts"
import * as Local from "../../src/Local.ts"
import * as Postgres from "../../src/Postgres.ts"
import * as Shared from "../../src/Shared.ts"

const isUrl = (address: string): boolean => address.startsWith("postgres:")

export const runnerAt = (address: string) =>
  isUrl(address) ? Postgres.layer({ url: address }) : Local.layer({ file: address })

export const clientAt = (address: string) =>
  isUrl(address) ? Postgres.layerClient({ url: address }) : Local.layerClient({ file: address })

/** What a runner of a cluster has of it. */
export const sharedAt = (address: string) =>
  Layer.provideMerge(
    Shared.runner,
    isUrl(address) ? Postgres.layerShared({ url: address }) : Local.layerShared({ file: address })
  )

/** Its client alone: no lock, no tables and no engine. */
export const sqlAt = (address: string) =>
  isUrl(address)
    ? PgClient.layer({ url: Redacted.make(address) })
    : Layer.effect(SqlClient.SqlClient, Effect.flatMap(open(address), (db) => make(db, "NORMAL"))).pipe(
      Layer.provide(Reactivity.layer)
    )

/**
 * The tables of a store, and how those of an earlier version become them.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { Absent, UnknownFormat } from "../StoreError.ts"

/** What makes a store of one format one of the next. */
export type Step = (sql: SqlClient.SqlClient) => Effect.Effect<unknown, SqlError>

/** The type of bytes. */
export const bytesOf = (sql: SqlClient.SqlClient) =>
  sql.onDialectOrElse({ pg: () => sql.literal("BYTEA"), orElse: () => sql.literal("BLOB") })

/** Times are milliseconds since 1970, in a type that both databases give back as a number. */
const first: Step = (sql) =>
  Effect.all([
    sql`CREATE TABLE volley_run (
      run_id TEXT PRIMARY KEY, name TEXT NOT NULL, epoch INTEGER NOT NULL, cancelled INTEGER NOT NULL DEFAULT 0,
      digest TEXT NOT NULL, format INTEGER NOT NULL, payload TEXT NOT NULL, state TEXT NOT NULL,
      started_at DOUBLE PRECISION NOT NULL, ended_at DOUBLE PRECISION, result TEXT
    )`,
    sql`CREATE TABLE volley_journal (
      run_id TEXT NOT NULL, key TEXT NOT NULL, kind TEXT NOT NULL, ended INTEGER NOT NULL, value TEXT,
      segment INTEGER NOT NULL, at DOUBLE PRECISION NOT NULL, PRIMARY KEY (run_id, key)
    )`,
    sql`CREATE INDEX volley_journal_waiting ON volley_journal (run_id) WHERE kind = 'wait' AND ended = 0`,
    sql`CREATE TABLE volley_blob (
      run_id TEXT NOT NULL, hash TEXT NOT NULL, bytes ${bytesOf(sql)} NOT NULL, PRIMARY KEY (run_id, hash)
    )`
  ], { discard: true })

/** A run goes on with few of its rows, which are found without reading all of them. */
const second: Step = (sql) => sql`CREATE INDEX volley_journal_kind ON volley_journal (run_id, kind, segment)`

/** The key of the lock under which a PostgreSQL database is prepared. */
const key = 8655395

/** Whether a process has prepared the database before. */
const isPrepared = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql.onDialectOrElse({
      pg: () => sql`SELECT 1 AS found WHERE to_regclass('volley_meta') IS NOT NULL`,
      orElse: () => sql`SELECT 1 AS found FROM sqlite_master WHERE name = 'volley_meta'`
    }),
    (rows) => rows.length === 1
  )

export const formatOf = (sql: SqlClient.SqlClient) =>
  Effect.map(sql<{ readonly format: number }>`SELECT format FROM volley_meta`, ([row]) => row?.format ?? 0)

/** Fails where a store is not of the format that so many steps make; changes nothing. */
export const checkFor = Effect.fnUntraced(function*(steps: ReadonlyArray<Step>) {
  const sql = yield* SqlClient.SqlClient
  if (!(yield* isPrepared(sql))) return yield* new Absent({})
  const found = yield* formatOf(sql)
  if (found !== steps.length) return yield* new UnknownFormat({ found, known: steps.length })
})

/**
 * Prepares an empty database, and brings an older store up to date; one process does it while others wait. A transaction
 * on SQLite begins with the lock of the file; on PostgreSQL it has to take one.
 */
export const migrateBy = Effect.fnUntraced(
  function*(steps: ReadonlyArray<Step>) {
    const sql = yield* SqlClient.SqlClient
    yield* sql.onDialectOrElse({ pg: () => sql`SELECT pg_advisory_xact_lock(${key})`, orElse: () => Effect.void })
    if (!(yield* isPrepared(sql))) {
      yield* sql`CREATE TABLE volley_meta (format INTEGER NOT NULL, runner TEXT)`
      yield* sql`INSERT INTO volley_meta (format) VALUES (0)`
    }
    const found = yield* formatOf(sql)
    if (found > steps.length) return yield* new UnknownFormat({ found, known: steps.length })
    for (const step of steps.slice(found)) yield* step(sql)
    if (found < steps.length) yield* sql`UPDATE volley_meta SET format = ${steps.length}`
  },
  (migrated) => SqlClient.SqlClient.use((sql) => sql.withTransaction(migrated))
)

/** What makes format 1 of an empty database, 2 of 1, and so on. A step that was released is never changed. */
export const steps: ReadonlyArray<Step> = [first, second]

/** Fails where a store is not of this version's format. */
export const check = checkFor(steps)

/** Makes a store one of this version's format. */
export const migrate = migrateBy(steps)

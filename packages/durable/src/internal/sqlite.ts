/**
 * Effect's SQL client on the SQLite of Node: one connection to one file.
 */
import * as Effect from "effect/Effect"
import { hasProperty } from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import * as Semaphore from "effect/Semaphore"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import { classifySqliteError, SqlError } from "effect/sql/SqlError"
import * as Statement from "effect/sql/Statement"
import * as Stream from "effect/Stream"
import type { DatabaseSync, SQLInputValue, SQLOutputValue, StatementSync } from "node:sqlite"
import { NoSqlite } from "../StoreError.ts"

/** What SQLite waits for before it goes on: `NORMAL` loses nothing when a process is killed, `FULL` nothing when power fails. */
export type Synchronous = "NORMAL" | "FULL"

/** How long a statement waits for another process that writes, in milliseconds. */
const patience = 5000

/** True where another connection has the file, and did not let go of it in time. */
export const isLocked = ({ reason }: SqlError): boolean => reason._tag === "LockTimeoutError"

/** SQLite refuses a change of the journal's mode at once, whatever its patience, where another process writes. */
const untilFree = {
  while: isLocked,
  schedule: Schedule.spaced("20 millis"),
  times: patience / 20
}

/** So many statements are kept prepared; beyond that, all are prepared anew. */
const kept = 500

/** Opens a file; the connection is closed with the scope. */
export const open = Effect.fnUntraced(function*(file: string, timeout = patience) {
  const { DatabaseSync } = yield* Effect.tryPromise({
    try: () => import("node:sqlite"),
    catch: () => new NoSqlite({ node: process.versions.node })
  })
  return yield* Effect.acquireRelease(
    attempt(() => new DatabaseSync(file, { timeout })),
    (db) => Effect.sync(() => db.close())
  )
})

/** Uses a connection at once; what it throws becomes an `SqlError`. */
export const attempt = <A>(use: () => A): Effect.Effect<A, SqlError> =>
  Effect.try({ try: use, catch: (cause) => new SqlError({ reason: reasonOf(cause) }) })

/** Effect reads the number of an error as `errno`, and Node calls it `errcode`. */
const reasonOf = (cause: unknown) => {
  const message = cause instanceof Error ? cause.message : String(cause)
  const errcode = hasProperty(cause, "errcode") ? cause.errcode : undefined
  return classifySqliteError(Object.assign(new Error(message, { cause }), { errno: errcode }), {
    message,
    operation: "execute"
  })
}

/** Makes the client of an open file. */
export const make = Effect.fnUntraced(function*(db: DatabaseSync, synchronous: Synchronous) {
  const prepared = attempt(() => db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}`))
  yield* Effect.retry(prepared, untilFree)
  const semaphore = yield* Semaphore.make(1)
  return yield* SqlClient.make({
    ...SqlClient.makeSqliteAcquirers({
      connection: Effect.succeed(connect(db)),
      semaphore,
      isTransaction: () => db.isTransaction
    }),
    compiler: Statement.makeCompilerSqlite(),
    driver: "node:sqlite",
    // One that begins by reading is refused at once when it wants to write after another process has.
    beginTransaction: "BEGIN IMMEDIATE",
    spanAttributes: [["db.system.name", "sqlite"]]
  })
})

type Row = Record<string, SQLOutputValue>

const connect = (db: DatabaseSync): Connection => {
  const prepare = preparing(db)
  const run = (sql: string, params: ReadonlyArray<unknown>): Effect.Effect<ReadonlyArray<Row>, SqlError> =>
    Effect.flatMap(SqlClient.SafeIntegers, (bigints) =>
      attempt(() => {
        const statement = prepare(sql)
        statement.setReadBigInts(bigints)
        return statement.all(...params.map(bound))
      }))
  const execute: Connection["execute"] = (sql, params, transform) =>
    transform === undefined ? run(sql, params) : Effect.map(run(sql, params), transform)
  const values: Connection["executeValues"] = (sql, params) =>
    Effect.map(run(sql, params), (rows) => rows.map((row) => Object.values(row)))
  return {
    execute,
    executeUnprepared: execute,
    executeRaw: run,
    executeValues: values,
    executeValuesUnprepared: values,
    executeStream: (sql, params, transform) =>
      Stream.unwrap(Effect.map(execute(sql, params, transform), (rows) => Stream.fromIterable(rows)))
  }
}

const preparing = (db: DatabaseSync) => {
  const prepared = new Map<string, StatementSync>()
  return (sql: string): StatementSync => {
    const known = prepared.get(sql)
    if (known !== undefined) return known
    if (prepared.size >= kept) prepared.clear()
    const statement = db.prepare(sql)
    prepared.set(sql, statement)
    return statement
  }
}

/** What stands for a value in SQLite, which has neither booleans nor dates. */
const bound = (value: unknown): SQLInputValue => {
  if (value === undefined || value === null) return null
  if (typeof value === "boolean") return value ? 1 : 0
  if (value instanceof Date) return value.toISOString()
  if (typeof value === "string" || typeof value === "number" || typeof value === "bigint") return value
  if (value instanceof Uint8Array) return value
  throw new TypeError(`SQLite keeps no ${typeof value}`)
}

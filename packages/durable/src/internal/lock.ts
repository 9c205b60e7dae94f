/**
 * The lock of a store's runner: one process goes on with its runs, or those of a cluster do, however many read them. It ends
 * with its process, whatever ends that.
 */
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as SqlClient from "effect/sql/SqlClient"
import type { Connection } from "effect/sql/SqlConnection"
import type { SqlError } from "effect/sql/SqlError"
import { realpathSync } from "node:fs"
import { hostname } from "node:os"
import { Taken } from "../StoreError.ts"
import { reasonOf } from "./failure.ts"
import { backOff } from "./patiently.ts"
import { attempt, isLocked, open } from "./sqlite.ts"

/** Whether there may be no other runner, or none but those of a cluster. */
export type Share = "alone" | "together"

/** Says in the store who runs its runs now. */
export const sign = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const since = DateTime.formatIso(yield* DateTime.now)
  yield* sql`UPDATE volley_meta SET runner = ${`process ${process.pid} on ${hostname()} since ${since}`}`
})

/** Who signed last; unknown where no process could sign. */
const taken = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* Effect.orElseSucceed(
    sql<{ readonly runner: string | null }>`SELECT runner FROM volley_meta`,
    () => []
  )
  return yield* new Taken({ runner: row?.runner ?? undefined })
})

/**
 * Holds the lock of a file until the scope closes: a transaction on an empty database beside it, which no other process can
 * have meanwhile, or one that reads.
 */
export const holdFile = Effect.fnUntraced(function*(file: string, share: Share) {
  if (file === ":memory:") return
  const db = yield* open(`${realpathSync(file)}-runner`, 0)
  yield* Effect.catchIf(attempt(() => db.exec(begin[share])), isLocked, () => taken)
})

const begin = { alone: "BEGIN EXCLUSIVE", together: "BEGIN; SELECT COUNT(*) FROM sqlite_master" }

/** The key of the lock of a PostgreSQL database's runner. */
const key = 8655396

/** A server needs a moment to see that a process is gone. */
const aMoment = { schedule: Schedule.spaced("100 millis"), times: 10 }

/**
 * Holds the lock of a PostgreSQL database until the scope closes, on a connection of its own. Where that breaks, the lock
 * is gone with it and is taken again as soon as can be; if another runner was faster, this one keeps asking, and whatever
 * it still has to write is refused by that one's epochs.
 */
export const holdDatabase = Effect.fnUntraced(function*(share: Share) {
  const sql = yield* SqlClient.SqlClient
  const first = yield* Deferred.make<void, SqlError | Taken>()
  const held = Effect.scoped(Effect.flatMap(sql.reserve, (connection) => holdOn(connection, first, share)))
  const said = Effect.tapError(
    held,
    (error) =>
      Effect.flatMap(Deferred.fail(first, error), (isFirst) => isFirst ? Effect.void : Effect.logWarning(lost(error)))
  )
  yield* Effect.forkScoped(Effect.retry(said, backOff))
  yield* Deferred.await(first)
})

const lost = (error: SqlError | Taken): string => {
  const reason = error._tag === "Taken" ? error : reasonOf(error)
  return `The runner of the runs has lost its lock, and takes it again as soon as it can: ${reason.message}`
}

/** Takes the lock, says so, and watches the connection until it breaks. */
const holdOn = Effect.fnUntraced(function*(
  connection: Connection,
  held: Deferred.Deferred<void, SqlError | Taken>,
  share: Share
) {
  const { release, take } = statements[share]
  yield* connection.execute(keepAlive, [], undefined)
  const lock = Effect.acquireRelease(
    lockOn(connection, take),
    () => Effect.ignore(connection.execute(release, [key], undefined))
  )
  yield* Effect.retry(lock, { ...aMoment, while: ({ _tag }) => _tag === "Taken" })
  yield* Deferred.succeed(held, undefined)
  yield* Effect.repeat(connection.execute("SELECT 1", [], undefined), Schedule.spaced("1 second"))
})

const statements = {
  alone: { take: "SELECT pg_try_advisory_lock($1) AS mine", release: "SELECT pg_advisory_unlock($1)" },
  together: { take: "SELECT pg_try_advisory_lock_shared($1) AS mine", release: "SELECT pg_advisory_unlock_shared($1)" }
}

const lockOn = (connection: Connection, take: string) =>
  Effect.filterOrElse(
    connection.execute(take, [key], undefined),
    ([row]) => row?.mine === true,
    () => taken
  )

/** A machine that lost its power is seen to be gone after half a minute rather than two hours. */
const keepAlive = `SELECT set_config('tcp_keepalives_idle', '15', false),
  set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false)`

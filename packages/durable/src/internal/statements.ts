/**
 * All statements on the tables of runs.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { bytesOf } from "./migrations.ts"
import type { Packed } from "./pack.ts"

type Sql = SqlClient.SqlClient
type Done<A> = Effect.Effect<A, SqlError>

/** How the rows of a run are written; a run of another format is left alone. */
export const format = 1

/** How far a run is; one of another format is parked, whatever its row says. */
export type State = "running" | "unreadable" | "waiting" | "done" | "failed" | "cancelled"

/** A run as its row has it; times are milliseconds since the epoch. */
export interface RunRow {
  readonly run_id: string
  readonly name: string
  readonly epoch: number
  readonly cancelled: number
  readonly digest: string
  readonly format: number
  readonly payload: string
  readonly state: State
  readonly started_at: number
  readonly ended_at: number | null
  readonly result: string | null
}

/** What names the execution of a run: one of the same id that was begun after it was forgotten is another one. */
export type Begun = Pick<RunRow, "run_id" | "name" | "started_at">

/**
 * What is kept of a run.
 *
 * - `turn`, `call`: of a model, of a tool; a call that may not run twice has its row before it runs
 * - `round`: how an agent stands behind a turn whose calls are all answered; `wait`: a decision that is waited for
 */
export type Kind = "turn" | "call" | "round" | "wait"

export interface JournalRow {
  readonly run_id: string
  readonly key: string
  readonly kind: Kind
  readonly ended: number
  readonly value: string
  readonly segment: number
  readonly at: number
}

/** A row that is to be written. */
export interface Entry {
  readonly key: string
  readonly kind: Kind
  readonly ended: boolean
  readonly packed: Packed
  readonly segment: number
  readonly at: number
}

/** Keeps a new run; false where there is one of its id. */
export const insertRun = (
  sql: Sql,
  run: Pick<RunRow, "run_id" | "name" | "digest" | "format" | "payload" | "started_at">
): Done<boolean> =>
  Effect.map(
    sql`INSERT INTO volley_run (run_id, name, epoch, digest, format, payload, state, started_at)
      VALUES (${run.run_id}, ${run.name}, 0, ${run.digest}, ${run.format}, ${run.payload}, 'running', ${run.started_at})
      ON CONFLICT (run_id) DO NOTHING RETURNING run_id`,
    (rows) => rows.length === 1
  )

export const findRun = (sql: Sql, runId: string): Done<RunRow | undefined> =>
  Effect.map(sql<RunRow>`SELECT * FROM volley_run WHERE run_id = ${runId}`, ([row]) => row)

/** Takes over a run that may have ended, to tell it again. */
export const claimAgain = (sql: Sql, runId: string, format: number): Done<RunRow | undefined> =>
  Effect.map(
    sql<RunRow>`UPDATE volley_run SET epoch = epoch + 1, state = 'running', ended_at = NULL, result = NULL
      WHERE run_id = ${runId} AND cancelled = 0 AND format = ${format} RETURNING *`,
    ([row]) => row
  )

/** Takes a run over from the process that had it, unless it waits for decisions that have not all come. */
export const claimRun = (sql: Sql, runId: string, format: number): Done<RunRow | undefined> =>
  Effect.map(
    sql<RunRow>`UPDATE volley_run SET epoch = epoch + 1, state = 'running', result = NULL
      WHERE run_id = ${runId} AND ended_at IS NULL AND format = ${format} AND (state <> 'waiting' OR NOT EXISTS
      (SELECT 1 FROM volley_journal j WHERE j.run_id = ${runId} AND j.kind = 'wait' AND j.ended = 0)) RETURNING *`,
    ([row]) => row
  )

/** What of a row has to be known to go on. */
export type OpenRow = Pick<JournalRow, "key" | "kind" | "ended" | "value" | "at">

/** How the agent of a run stands, and what was decided. */
export const standingRows = (sql: Sql, runId: string): Done<ReadonlyArray<OpenRow>> =>
  sql<OpenRow>`SELECT key, kind, ended, value, at FROM volley_journal
    WHERE run_id = ${runId} AND kind IN ('round', 'wait') ORDER BY kind, segment`

/** What was recorded since then. */
export const openRows = (sql: Sql, runId: string): Done<ReadonlyArray<OpenRow>> =>
  sql<OpenRow>`SELECT key, kind, ended, value, at FROM volley_journal
    WHERE run_id = ${runId} AND kind IN ('turn', 'call') AND segment =
    (SELECT COUNT(*) FROM volley_journal WHERE run_id = ${runId} AND kind = 'round')`

export const roundRows = (sql: Sql, runId: string): Done<ReadonlyArray<JournalRow>> =>
  sql<JournalRow>`SELECT * FROM volley_journal WHERE run_id = ${runId} AND kind = 'round' ORDER BY segment`

const inOrder = (sql: Sql) =>
  sql`ORDER BY segment, at, CASE kind WHEN 'turn' THEN 0 WHEN 'round' THEN 2 ELSE 1 END, key`

export const allRows = (sql: Sql, runId: string): Done<ReadonlyArray<JournalRow>> =>
  sql<JournalRow>`SELECT * FROM volley_journal WHERE run_id = ${runId} ${inOrder(sql)}`

/** Where somebody stands who reads a run while it goes on; `open`: the segments of decisions that were not there yet. */
export interface Place {
  readonly segment: number
  readonly at: number
  readonly open: ReadonlyArray<number>
}

/**
 * What was written since then, and what was written last before. The owner of a run writes one row after another, none with an
 * earlier time or segment; a decision comes from outside, and leaves its row where it is.
 */
export const rowsSince = (sql: Sql, runId: string, { at, open, segment }: Place): Done<ReadonlyArray<JournalRow>> => {
  const oldest = open.reduce((oldest, one) => Math.min(oldest, one), segment)
  const decided = open.length === 0 ? sql`` : sql`OR kind = 'wait' AND ended = 1`
  return sql<JournalRow>`SELECT * FROM volley_journal WHERE run_id = ${runId}
    AND kind IN ('turn', 'call', 'round', 'wait') AND segment >= ${oldest}
    AND (segment >= ${segment} AND at >= ${at} ${decided}) ${inOrder(sql)}`
}

export const blobsOf = (
  sql: Sql,
  runId: string,
  hashes: ReadonlyArray<string>
): Done<ReadonlyArray<{ readonly hash: string; readonly bytes: Uint8Array }>> =>
  sql<
    { readonly hash: string; readonly bytes: Uint8Array }
  >`SELECT hash, bytes FROM volley_blob WHERE run_id = ${runId} AND ${sql.in("hash", hashes)}`

/** Keeps texts of a run that is there: one that was forgotten meanwhile leaves nothing behind. */
export const insertBlobs = (sql: Sql, runId: string, { blobs }: Packed): Done<void> =>
  Effect.forEach(
    blobs,
    ({ bytes, hash }) =>
      sql`INSERT INTO volley_blob (run_id, hash, bytes)
        SELECT r.run_id, CAST(${hash} AS TEXT), CAST(${bytes} AS ${bytesOf(sql)}) FROM volley_run r
        WHERE r.run_id = ${runId} ${locked(sql)} ON CONFLICT DO NOTHING`,
    { discard: true }
  )

/**
 * Writes rows of a run that is still this owner's; false where it is not, and then nothing is written. A wait that is
 * decided stays so where it is written once more.
 *
 * - the check is a part of the statement. On PostgreSQL the run's row is locked besides: else another owner could take the run
 *   over, and read its journal, between the check and the end of the statement
 */
export const insertRows = (
  sql: Sql,
  runId: string,
  epoch: number,
  entries: ReadonlyArray<Entry>
): Done<boolean> => {
  const values = entries.map(({ at, ended, key, kind, packed: { text }, segment }) =>
    sql`SELECT CAST(${key} AS TEXT) AS key, CAST(${kind} AS TEXT) AS kind, CAST(${ended ? 1 : 0} AS INTEGER) AS ended,
      CAST(${text} AS TEXT) AS value, CAST(${segment} AS INTEGER) AS segment, CAST(${at} AS DOUBLE PRECISION) AS at`
  )
  const [first, ...rest] = values
  if (first === undefined) return Effect.succeed(true)
  const rows = rest.reduce((before, one) => sql`${before} UNION ALL ${one}`, first)
  return Effect.map(
    sql`INSERT INTO volley_journal (run_id, key, kind, ended, value, segment, at)
      SELECT r.run_id, v.key, v.kind, v.ended, v.value, v.segment, v.at FROM volley_run r, (${rows}) v
      WHERE r.run_id = ${runId} AND r.epoch = ${epoch} ${locked(sql)}
      ON CONFLICT (run_id, key) DO UPDATE SET ended = excluded.ended, value = excluded.value, segment = excluded.segment,
      at = excluded.at
      WHERE volley_journal.kind <> 'wait' OR volley_journal.ended <= excluded.ended RETURNING key`,
    (written) => written.length > 0
  )
}

const locked = (sql: Sql) =>
  sql.onDialectOrElse({ pg: () => sql.literal("FOR SHARE OF r"), orElse: () => sql.literal("") })

/** Says how far a run is that is still this owner's; false where it is not. */
export const setState = (
  sql: Sql,
  { epoch, runId }: { readonly runId: string; readonly epoch: number },
  state: State,
  end?: { readonly at: number | null; readonly result: string }
): Done<boolean> =>
  Effect.map(
    sql`UPDATE volley_run SET state = ${state}, ended_at = ${end?.at ?? null}, result = ${end?.result ?? null}
      WHERE run_id = ${runId} AND epoch = ${epoch} AND ended_at IS NULL RETURNING run_id`,
    (rows) => rows.length === 1
  )

/** Ends a run for good; the process that has it loses it. False where it had ended. */
export const cancelRun = (sql: Sql, runId: string, at: number): Done<boolean> =>
  Effect.map(
    sql`UPDATE volley_run SET cancelled = 1, state = 'cancelled', epoch = epoch + 1, ended_at = ${at}
      WHERE run_id = ${runId} AND ended_at IS NULL RETURNING run_id`,
    (rows) => rows.length === 1
  )

/** A run that waits for decisions, all of which have come. */
const isDecided = (sql: Sql) =>
  sql`state = 'waiting' AND NOT EXISTS
    (SELECT 1 FROM volley_journal j WHERE j.run_id = r.run_id AND j.kind = 'wait' AND j.ended = 0)`

/** Runs of a name that have not ended and wait for no decision. */
export const unfinished = (sql: Sql, name: string): Done<ReadonlyArray<Begun & Pick<RunRow, "state">>> =>
  sql`SELECT run_id, name, started_at, state FROM volley_run r
    WHERE name = ${name} AND ended_at IS NULL AND (state IN ('running', 'unreadable') OR ${isDecided(sql)})`

/** Those of them that wait for a process: begun before a time by another one, or decided on. */
export const readyRuns = (sql: Sql, name: string, before: number): Done<ReadonlyArray<Begun>> =>
  sql<Begun>`SELECT run_id, name, started_at FROM volley_run r WHERE name = ${name} AND format = ${format} AND
    (state = 'running' AND epoch = 0 AND started_at <= ${before} OR ${isDecided(sql)})`

/** A run that could not be read is to be tried again: it waits, where for no decision, for a process that goes on with it. */
export const tryAgain = (sql: Sql, runId: string): Done<unknown> =>
  sql`UPDATE volley_run SET state = 'waiting', result = NULL WHERE run_id = ${runId} AND state = 'unreadable'`

/** The runs of a name, or one. */
export type Which = { readonly name: string } | { readonly runId: string }

const asked = (sql: Sql, which: Which) => "name" in which ? sql`r.name = ${which.name}` : sql`r.run_id = ${which.runId}`

/** Which of these runs are there, and whether they were cancelled. */
export const presentOf = (
  sql: Sql,
  runIds: ReadonlyArray<string>
): Done<ReadonlyArray<Pick<RunRow, "run_id" | "cancelled">>> =>
  sql`SELECT run_id, cancelled FROM volley_run WHERE ${sql.in("run_id", runIds)}`

/** Calls that wait for a decision, of one run or of all. */
export const waits = (sql: Sql, runId?: string): Done<ReadonlyArray<JournalRow>> =>
  sql<JournalRow>`SELECT j.* FROM volley_journal j JOIN volley_run r ON r.run_id = j.run_id
    WHERE j.kind = 'wait' AND j.ended = 0 AND r.ended_at IS NULL ${
    runId === undefined ? sql.literal("") : sql`AND j.run_id = ${runId}`
  } ORDER BY j.at, j.key`

export const findWaits = (sql: Sql, key: string): Done<ReadonlyArray<JournalRow & Begun>> =>
  sql<
    JournalRow & Begun
  >`SELECT j.*, r.name, r.started_at FROM volley_journal j JOIN volley_run r ON r.run_id = j.run_id
    WHERE j.kind = 'wait' AND j.ended = 0 AND r.ended_at IS NULL AND j.key = ${key}`

/** Calls of the runs of a name, or of one run, that wait since a time or longer. */
export const lateWaits = (
  sql: Sql,
  which: Which,
  before: number
): Done<ReadonlyArray<JournalRow & Pick<RunRow, "epoch">>> =>
  sql`SELECT j.*, r.epoch FROM volley_journal j JOIN volley_run r ON r.run_id = j.run_id
    WHERE j.kind = 'wait' AND j.ended = 0 AND r.ended_at IS NULL AND r.state = 'waiting' AND ${asked(sql, which)}
    AND j.at <= ${before} ORDER BY j.at, j.key`

/** Decides on a call that waits, once. */
export const decideWait = (sql: Sql, { key, run_id }: JournalRow, value: string): Done<boolean> =>
  Effect.map(
    sql`UPDATE volley_journal SET ended = 1, value = ${value} WHERE run_id = ${run_id} AND key = ${key} AND ended = 0
      RETURNING key`,
    (rows) => rows.length === 1
  )

/** All runs; `result` is there for those alone that cannot be read. */
export const listRuns = (sql: Sql): Done<ReadonlyArray<Omit<RunRow, "payload">>> =>
  sql<Omit<RunRow, "payload">>`SELECT run_id, name, epoch, cancelled, digest, format, state, started_at, ended_at,
    CASE WHEN state = 'unreadable' THEN result END AS result FROM volley_run ORDER BY started_at, run_id`

/** Which runs are forgotten, if they have ended: one of them, or all that ended before a time. */
export type Forgotten = { readonly runId: string } | { readonly before: number }

/** Forgets runs that have ended, and gives what they were; their rows are still there. */
export const forgetRuns = (sql: Sql, which: Forgotten): Done<ReadonlyArray<Begun>> =>
  "runId" in which
    ? sql`DELETE FROM volley_run WHERE run_id = ${which.runId} AND ended_at IS NOT NULL RETURNING run_id, name, started_at`
    : sql`DELETE FROM volley_run WHERE ended_at < ${which.before} RETURNING run_id, name, started_at`

/** Forgets the rows of runs. */
export const forgetRows = (sql: Sql, runIds: ReadonlyArray<string>): Done<void> => {
  const some = sql.in("run_id", runIds)
  return Effect.andThen(
    sql`DELETE FROM volley_journal WHERE ${some}`,
    Effect.asVoid(sql`DELETE FROM volley_blob WHERE ${some}`)
  )
}

/** Whether the workflow engine keeps its messages here. */
export const hasEngine = (sql: Sql): Done<boolean> =>
  Effect.map(
    sql.onDialectOrElse({
      pg: () => sql`SELECT 1 AS found WHERE to_regclass('cluster_messages') IS NOT NULL`,
      orElse: () => sql`SELECT 1 AS found FROM sqlite_master WHERE name = 'cluster_messages'`
    }),
    (rows) => rows.length === 1
  )

/** Forgets what the workflow engine keeps of executions: its messages to them, and their answers. */
export const forgetExecutions = (sql: Sql, ids: ReadonlyArray<string>): Done<void> => {
  const some = sql.in("entity_id", ids)
  return Effect.andThen(
    sql`DELETE FROM cluster_replies WHERE request_id IN (SELECT id FROM cluster_messages WHERE ${some})`,
    Effect.asVoid(sql`DELETE FROM cluster_messages WHERE ${some}`)
  )
}

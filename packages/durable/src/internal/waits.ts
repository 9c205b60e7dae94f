/**
 * Calls that wait for a decision, and how one is made on them from outside.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { Unreadable } from "../DurableError.ts"
import { type Decision, Wait } from "./approvals.ts"
import { reader } from "./owned.ts"
import { pack } from "./pack.ts"
import { patiently } from "./patiently.ts"
import * as Statements from "./statements.ts"
import { mark } from "./unreadable.ts"

/** How long calls wait for a decision at most, and what is decided then. */
export interface Deadline {
  /** How long a call waits at most: such as `"3 days"`, or a number of milliseconds. */
  readonly within: Duration.Input
  /** What is decided then. */
  readonly otherwise?: Decision | undefined
}

/** The same, read. */
export interface Late extends Deadline {
  readonly within: Duration.Duration
}

/** Reads how long calls wait at most; what is no duration is a defect of the program. */
export const lateOf = (deadline: Deadline | undefined): Late | undefined =>
  deadline && { ...deadline, within: Duration.fromInputUnsafe(deadline.within) }

const decodeWait = Schema.decodeUnknownEffect(Wait)

/** Reads the row of a call that waits. */
export const waitOf = Effect.fnUntraced(function*(
  sql: SqlClient.SqlClient,
  { key, run_id: runId, value }: Statements.JournalRow
): Effect.fn.Return<Wait, SqlError | Unreadable> {
  const read = yield* reader(sql, runId, [value])
  return yield* Effect.mapError(
    Effect.flatMap(read(key, value), decodeWait),
    (error) => error._tag === "Unreadable" ? error : new Unreadable({ key, issue: error.message })
  )
})

/** Decides on a call; false where somebody else has. */
export const decideOn = Effect.fnUntraced(function*(
  sql: SqlClient.SqlClient,
  row: Statements.JournalRow,
  decision: Decision
): Effect.fn.Return<boolean, SqlError | Unreadable> {
  const packed = pack({ ...(yield* waitOf(sql, row)), decision })
  yield* Statements.insertBlobs(sql, row.run_id, packed)
  return yield* Statements.decideWait(sql, row, packed.text)
})

/** Decides on the calls of an agent's runs, or of one run, that have waited too long. */
export const decideLate = Effect.fnUntraced(function*(
  sql: SqlClient.SqlClient,
  which: Statements.Which,
  { otherwise, within }: Late
): Effect.fn.Return<void, SqlError> {
  const decision = otherwise ?? { denied: `it was not decided within ${Duration.format(within)}` }
  const before = (yield* Clock.currentTimeMillis) - Duration.toMillis(within)
  for (const row of yield* patiently(Statements.lateWaits(sql, which, before))) {
    yield* Effect.catchTag(
      decideOn(sql, row, decision),
      "Unreadable",
      (trouble) => mark(sql, { runId: row.run_id, epoch: row.epoch }, trouble)
    )
  }
})

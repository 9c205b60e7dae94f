/**
 * What can be asked of a run, from any process that reaches its store.
 */
import type { AgentError } from "@volley/core/AgentError"
import type { ChatModelError } from "@volley/core/ChatModelError"
import type { Conversation } from "@volley/core/Conversation"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import { Cancelled, Crashed, type NotFound, type Parked, Unreadable } from "../DurableError.ts"
import type { Awaited } from "./awaiting.ts"
import { find } from "./begin.ts"
import { Carrier } from "./carrier.ts"
import { reader } from "./owned.ts"
import { patiently } from "./patiently.ts"
import { decodeResult, type Ended, type Failure } from "./result.ts"
import { Round, type Tail, withTails } from "./standings.ts"
import * as Statements from "./statements.ts"
import { Store } from "./store.ts"
import { troubleOf } from "./unreadable.ts"
import { decodePayload } from "./workflow.ts"
import { wake } from "./workflows.ts"

/** How a run ended, or that it has not; an error of its own is a value here. */
export type Ending = { readonly answered: Ended } | { readonly failed: AgentError | ChatModelError }

type Needs = SqlClient.SqlClient | Store | WorkflowEngine

type Trouble = SqlError | NotFound | Cancelled | Parked | Unreadable | Crashed

/** Waits until a run ends, or stands still for what cannot be read; and for its store, where that is gone for a while. */
export const awaited = (run: Statements.Begun): Effect.Effect<Ending, Trouble, Needs> =>
  Effect.flatMap(
    Store,
    ({ awaiting }) =>
      awaiting.during(run, (here) =>
        Effect.flatMap(Carrier, ({ goes }) => goes(run) ? over(run, here) : unlessEnded(run, here)))
  )

/** A run that does not go on here may have ended, or another one may have its id by now. */
const unlessEnded = Effect.fnUntraced(function*(
  run: Statements.Begun,
  here: Awaited
): Effect.fn.Return<Ending, Trouble, Needs> {
  const row = yield* patiently(find(run.run_id))
  if (row.ended_at !== null) return yield* patiently(endingOf(row))
  const trouble = troubleOf(row)
  if (trouble !== undefined) return yield* trouble
  return yield* (row.started_at === run.started_at ? over(run, here) : awaited(row))
})

const over = Effect.fnUntraced(function*(
  run: Statements.Begun,
  { ended, told }: Awaited
): Effect.fn.Return<Ending, Trouble, SqlClient.SqlClient | WorkflowEngine> {
  const { finished } = yield* Carrier
  const exit = yield* Effect.raceFirst(Effect.exit(finished(run, told)), seen(run.run_id))
  const answered = ended()
  if (answered !== undefined) return { answered }
  const after = yield* patiently(find(run.run_id))
  if (after.ended_at !== null) return yield* patiently(endingOf(after))
  const found = troubleOf(after)
  if (found !== undefined) return yield* found
  return yield* new Crashed({
    message: `its execution ended without it: ${Exit.isSuccess(exit) ? "done" : exit.cause}`
  })
})

/** How often it is looked whether a run has ended elsewhere, or stands still. */
const pause = "500 millis"

/** Waits until the row of a run says that it has ended, or stands still: its execution may never do. */
const seen = (runId: string) =>
  Effect.repeat(Effect.delay(patiently(find(runId)), pause), {
    until: (row) => row.ended_at !== null || troubleOf(row) !== undefined
  }).pipe(Effect.asVoid, Effect.exit)

/** Reads how a run ended. */
const endingOf = Effect.fnUntraced(function*(
  row: Statements.RunRow
): Effect.fn.Return<Ending, Trouble, SqlClient.SqlClient> {
  const { cancelled, result, run_id: runId } = row
  if (cancelled === 1 || result === null) return yield* new Cancelled()
  const read = yield* reader(yield* SqlClient.SqlClient, runId, [result])
  const ending = yield* unreadable("result", Effect.flatMap(read("result", result), decodeResult))
  if ("crashed" in ending) return yield* new Crashed({ message: ending.crashed })
  if ("failed" in ending) return ending
  const { tail, ...answered } = ending.answered
  return { answered: { ...answered, conversation: yield* conversationOf(row, [tail]) } }
})

/** A run's conversation as far as all of its calls are answered; `tails` come behind that. */
export const conversationOf = Effect.fnUntraced(function*(
  { payload, run_id: runId }: Statements.RunRow,
  tails: ReadonlyArray<Tail> = []
): Effect.fn.Return<Conversation, Trouble, SqlClient.SqlClient> {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* Statements.roundRows(sql, runId)
  const read = yield* reader(sql, runId, [payload, ...rows.map(({ value }) => value)])
  const begun = yield* unreadable("payload", Effect.flatMap(read("payload", payload), decodePayload))
  const rounds = yield* Effect.forEach(
    rows,
    ({ key, value }) => unreadable(key, Effect.flatMap(read(key, value), decodeRound))
  )
  return withTails(begun.conversation, [...rounds, ...tails])
})

const decodeRound = Schema.decodeUnknownEffect(Round)

const unreadable = <A, R>(
  key: string,
  effect: Effect.Effect<A, Schema.SchemaError | Unreadable, R>
): Effect.Effect<A, Unreadable, R> =>
  Effect.mapError(
    effect,
    (error) => error._tag === "Unreadable" ? error : new Unreadable({ key, issue: error.message })
  )

/** A run's conversation as far as it is kept, its end included. */
export const conversation = Effect.fnUntraced(function*(
  runId: string
): Effect.fn.Return<Conversation, Trouble, SqlClient.SqlClient> {
  const row = yield* find(runId)
  if (row.ended_at === null || row.result === null) return yield* conversationOf(row)
  const ending = yield* endingOf(row)
  if ("answered" in ending) return ending.answered.conversation
  return ending.failed.conversation ?? (yield* conversationOf(row))
})

/** Ends a run for good, wherever it goes on; one that has ended stays as it is. */
export const cancel = Effect.fnUntraced(function*(runId: string) {
  const row = yield* find(runId)
  const isNew = yield* Statements.cancelRun(yield* SqlClient.SqlClient, runId, yield* Clock.currentTimeMillis)
  if (isNew) yield* wake(row)
})

/** How far a run is: its state, or `parked` where another version wrote it. */
export type State = Statements.State | "parked"

export const stateOf = (row: Pick<Statements.RunRow, "state" | "format">): State =>
  row.format === Statements.format ? row.state : "parked"

export type { Failure }

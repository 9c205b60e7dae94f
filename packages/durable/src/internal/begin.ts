/**
 * How a run is begun once, and found again.
 */
import * as Json from "@volley/core/Json"
import type * as Toolkit from "@volley/core/Toolkit"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { createHash } from "node:crypto"
import { DurableError, NotFound, type Reason, RunConflict } from "../DurableError.ts"
import type { StoreError } from "../StoreError.ts"
import { pack } from "./pack.ts"
import * as Statements from "./statements.ts"
import { Store } from "./store.ts"

/** Says failures in the words of the store, and of the run or the call that they are about. */
export const said = <A, R>(
  id: string,
  effect: Effect.Effect<A, SqlError | Reason, R>
): Effect.Effect<A, DurableError | StoreError, R | Store> =>
  Effect.flatMap(Store, (store) =>
    Effect.mapError(
      effect,
      (error) => error._tag === "SqlError" ? store.failed(error) : new DurableError({ id, reason: error })
    ))

/** The same where nothing but the store can fail. */
export const stored = <A, R>(effect: Effect.Effect<A, SqlError, R>): Effect.Effect<A, StoreError, R | Store> =>
  Effect.flatMap(Store, (store) => Effect.mapError(effect, store.failed))

/** What a run is asked for. */
export interface Asked {
  readonly runId: string
  readonly name: string
  readonly input: unknown
  readonly toolkit: Pick<Toolkit.Any, "byName">
}

/** Keeps a run that is new; one of its id that was asked for the same is found again. */
export const beginOnce = Effect.fnUntraced(function*(
  { input, name, runId, toolkit }: Asked
): Effect.fn.Return<Statements.RunRow, SqlError | RunConflict | NotFound, SqlClient.SqlClient> {
  const sql = yield* SqlClient.SqlClient
  const digest = `${hashOf(input)}/${hashOf(toolsOf(toolkit))}`
  const payload = pack(input)
  const row = {
    run_id: runId,
    name,
    digest,
    format: Statements.format,
    payload: payload.text,
    started_at: yield* Clock.currentTimeMillis
  }
  const inserted = Effect.tap(
    Statements.insertRun(sql, row),
    (isNew) => isNew ? Statements.insertBlobs(sql, runId, payload) : Effect.void
  )
  yield* payload.blobs.length === 0 ? inserted : sql.withTransaction(inserted)
  const found = yield* find(runId)
  const differs = differenceOf(found, row)
  return differs === undefined ? found : yield* new RunConflict({ differs })
})

/** The run of an id. */
export const find = Effect.fnUntraced(function*(
  runId: string
): Effect.fn.Return<Statements.RunRow, SqlError | NotFound, SqlClient.SqlClient> {
  const row = yield* Statements.findRun(yield* SqlClient.SqlClient, runId)
  return row ?? (yield* new NotFound())
})

type Named = Pick<Statements.RunRow, "name" | "digest">

const differenceOf = (found: Named, asked: Named): RunConflict["differs"] | undefined => {
  if (found.name !== asked.name) return "name"
  if (found.digest === asked.digest) return undefined
  return found.digest.split("/")[0] === asked.digest.split("/")[0] ? "tools" : "input"
}

const hashOf = (json: unknown): string => createHash("sha256").update(Json.canonical(json)).digest("hex")

/** What tools take; what they are said to do may be said in other words. */
const toolsOf = ({ byName }: Asked["toolkit"]): unknown =>
  Object.fromEntries(Array.from(byName.values(), ({ jsonSchema, name }) => [name, jsonSchema]))

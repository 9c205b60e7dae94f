/**
 * How runs are forgotten: what is kept of them, and what the workflow engine keeps of their executions.
 */
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as Statements from "./statements.ts"
import { workflowOf } from "./workflow.ts"

/** So many are forgotten by one statement. */
const most = 500

/** Forgets runs that have ended, all of them or none, and gives their ids. */
export const forget = Effect.fnUntraced(
  function*(which: Statements.Forgotten): Effect.fn.Return<ReadonlyArray<string>, SqlError, SqlClient.SqlClient> {
    const sql = yield* SqlClient.SqlClient
    const runs = yield* Statements.forgetRuns(sql, which)
    const executions = yield* Effect.forEach(runs, executionOf)
    const hasEngine = runs.length > 0 && (yield* Statements.hasEngine(sql))
    for (let at = 0; at < runs.length; at += most) {
      yield* Statements.forgetRows(sql, runs.slice(at, at + most).map(({ run_id: runId }) => runId))
      if (hasEngine) yield* Statements.forgetExecutions(sql, executions.slice(at, at + most))
    }
    return runs.map(({ run_id: runId }) => runId)
  },
  (forgotten) => SqlClient.SqlClient.use((sql) => sql.withTransaction(forgotten))
)

const executionOf = ({ name, run_id: runId, started_at: startedAt }: Statements.Begun): Effect.Effect<string> =>
  workflowOf(name).executionId({ runId, startedAt })

/**
 * What makes runs go on: at the start of a program, and when somebody has decided from outside.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import { Cancelled } from "../DurableError.ts"
import { patiently } from "./patiently.ts"
import * as Statements from "./statements.ts"
import { decideLate, type Late } from "./waits.ts"
import { type AgentOptions, body, type Live, workflowOf } from "./workflow.ts"

/** How often it is looked whether somebody decided or cancelled elsewhere. */
const pause = "1 second"

/** Has an agent's runs go on in this process, those among them that are unfinished, as long as the scope is open. */
export const serve = Effect.fnUntraced(function*(name: string, options: AgentOptions, late: Late | undefined) {
  const sql = yield* SqlClient.SqlClient
  const engine = yield* WorkflowEngine
  const live: Live = new Map()
  const workflow = workflowOf(name)
  yield* engine.register(workflow, ({ runId }) => body(options, live, runId))
  const unfinished = yield* Statements.unfinished(sql, name)
  yield* Effect.forEach(unfinished, beginAgain, { discard: true })
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(pause), look(sql, name, live, late))))
})

/** Begins a run, or has one begin again that stands still. */
export const begin = Effect.fnUntraced(function*(run: Statements.Begun) {
  const { name, run_id: runId, started_at: startedAt } = run
  yield* workflowOf(name).execute({ runId, startedAt }, { discard: true })
  yield* wake(run)
})

/** The same of one that there was before: where it could not be read, that is tried again. */
export const beginAgain = Effect.fnUntraced(function*(run: Statements.Begun & Pick<Statements.RunRow, "state">) {
  if (run.state === "unreadable") yield* Statements.tryAgain(yield* SqlClient.SqlClient, run.run_id)
  yield* begin(run)
})

/** Has a run begin again that stands still. */
export const wake = Effect.fnUntraced(function*({ name, run_id: runId, started_at: startedAt }: Statements.Begun) {
  const workflow = workflowOf(name)
  yield* workflow.resume(yield* workflow.executionId({ runId, startedAt }))
})

/** Waits until the execution of a run is over. */
export const finished = ({ name, run_id: runId, started_at: startedAt }: Statements.Begun) =>
  workflowOf(name).execute({ runId, startedAt })

const look = (
  sql: SqlClient.SqlClient,
  name: string,
  live: Live,
  late: Late | undefined
): Effect.Effect<void, never, WorkflowEngine> =>
  (late === undefined ? Effect.void : decideLate(sql, { name }, late)).pipe(
    Effect.andThen(wakeDecided(sql, name)),
    Effect.andThen(stopCancelled(sql, live)),
    Effect.catch((error: SqlError) => Effect.logError("Decisions on runs are not seen", error))
  )

const wakeDecided = (sql: SqlClient.SqlClient, name: string) =>
  Effect.flatMap(
    patiently(Statements.decidedRuns(sql, { name })),
    Effect.forEach(begin, { discard: true })
  )

const stopCancelled = (sql: SqlClient.SqlClient, live: Live) =>
  Effect.suspend(() =>
    live.size === 0 ? Effect.void : Effect.map(
      patiently(Statements.cancelledOf(sql, Array.from(live.keys()))),
      (rows) =>
        rows.forEach(({ run_id: runId }) => {
          const owned = live.get(runId)
          if (owned !== undefined) Deferred.doneUnsafe(owned.lost, Effect.fail(new Cancelled()))
        })
    )
  )

/**
 * What makes runs go on: at the start of a program, and when somebody has decided from outside.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { WorkflowEngine } from "effect/workflow/WorkflowEngine"
import { type Live, pause, stopCancelled } from "./cancelling.ts"
import { Carrier } from "./carrier.ts"
import { patiently } from "./patiently.ts"
import * as Statements from "./statements.ts"
import { decideLate, type Late } from "./waits.ts"
import { type AgentOptions, body } from "./workflow.ts"

/** Has an agent's runs go on in this process, those among them that are unfinished, as long as the scope is open. */
export const serve = Effect.fnUntraced(function*(name: string, options: AgentOptions, late: Late | undefined) {
  const sql = yield* SqlClient.SqlClient
  const carrier = yield* Carrier
  const services = yield* Effect.context<unknown>()
  const live: Live = new Map()
  // With the services of the layer alone, not those of who starts a run: it may start in a call of another agent.
  yield* carrier.serve(name, (runId) => Effect.updateContext(body(options, live, runId), () => services))
  const unfinished = yield* Statements.unfinished(sql, name)
  yield* Effect.forEach(unfinished, beginAgain, { discard: true })
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(pause), look(sql, name, live, late))))
})

/** Begins a run, or has one begin again that stands still. */
const begin = (run: Statements.Begun) => Effect.flatMap(Carrier, (carrier) => carrier.begin(run))

/** The same of one that there was before: where it could not be read, that is tried again. */
export const beginAgain = Effect.fnUntraced(function*(run: Statements.Begun & Pick<Statements.RunRow, "state">) {
  if (run.state === "unreadable") yield* Statements.tryAgain(yield* SqlClient.SqlClient, run.run_id)
  yield* begin(run)
})

/** Has a run begin again that stands still. */
export const wake = (run: Statements.Begun) => Effect.flatMap(Carrier, (carrier) => carrier.wake(run))

const look = (
  sql: SqlClient.SqlClient,
  name: string,
  live: Live,
  late: Late | undefined
): Effect.Effect<void, never, WorkflowEngine> =>
  (late === undefined ? Effect.void : decideLate(sql, { name }, late)).pipe(
    Effect.andThen(beginReady(sql, name)),
    Effect.andThen(stopCancelled(sql, live)),
    Effect.catch((error: SqlError) => Effect.logError("Decisions on runs are not seen", error))
  )

/** Runs that others have started, and runs that others have decided on. */
const beginReady = Effect.fnUntraced(function*(sql: SqlClient.SqlClient, name: string) {
  const { begin, patience } = yield* Carrier
  const before = (yield* Clock.currentTimeMillis) - patience
  yield* Effect.forEach(yield* patiently(Statements.readyRuns(sql, name, before)), begin, { discard: true })
})

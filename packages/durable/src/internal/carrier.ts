/**
 * What has runs begin and go on. The processes of a cluster leave that to the workflow engine.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Workflow from "effect/workflow/Workflow"
import { WorkflowEngine, WorkflowInstance } from "effect/workflow/WorkflowEngine"
import type { Begun } from "./statements.ts"
import { type Body, workflowOf } from "./workflow.ts"

/**
 * - `serve`: has the runs of a name go on in this process, as long as the scope is open
 * - `begin`, `wake`: has a run begin, or begin again where it stands still; nothing where it goes on
 * - `goes`: whether a run certainly goes on in this process
 * - `patience`: how long a new run is left to who started it, in milliseconds
 * - `finished`: waits until a run is over; `told`: until this process itself has brought it to its end
 */
export interface Carrier {
  readonly serve: (name: string, body: Body) => Effect.Effect<void, never, WorkflowEngine | Scope.Scope>
  readonly begin: (run: Begun) => Effect.Effect<void, never, WorkflowEngine>
  readonly wake: (run: Begun) => Effect.Effect<void, never, WorkflowEngine>
  readonly goes: (run: Begun) => boolean
  readonly patience: number
  readonly finished: (run: Begun, told: Effect.Effect<void>) => Effect.Effect<void, never, WorkflowEngine>
}

const payloadOf = ({ run_id: runId, started_at: startedAt }: Begun) => ({ runId, startedAt })

const wake = Effect.fnUntraced(function*(run: Begun) {
  const workflow = workflowOf(run.name)
  yield* workflow.resume(yield* workflow.executionId(payloadOf(run)))
})

/** A run that stands still has no end there: it begins again once it is resumed. Of one that is gone, the engine keeps nothing. */
export const byEngine: Carrier = {
  serve: (name, body) =>
    WorkflowEngine.use((engine) =>
      engine.register(workflowOf(name), ({ runId }) =>
        Effect.flatMap(body(runId), (standstill) => {
          if (standstill === undefined) return Effect.void
          return standstill === "gone" ? Effect.never : WorkflowInstance.use(Workflow.suspend)
        }))
    ),
  begin: (run) => Effect.andThen(workflowOf(run.name).execute(payloadOf(run), { discard: true }), wake(run)),
  wake,
  goes: () => false,
  patience: 5000,
  finished: (run) => workflowOf(run.name).execute(payloadOf(run))
}

/** That of a client: the process that goes on with runs finds in the store what is to be done. */
export const elsewhere: Carrier = {
  serve: () => Effect.void,
  begin: () => Effect.void,
  wake: () => Effect.void,
  goes: () => false,
  patience: 0,
  finished: () => Effect.never
}

export const Carrier = Context.Reference<Carrier>("@volley/durable/Carrier", { defaultValue: () => byEngine })

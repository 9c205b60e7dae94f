import * as Effect from "effect/Effect"
import { Approver, type Decision } from "../../Approver.ts"
import { Denied, Undecided } from "../../CallError.ts"
import { guarded } from "../guarded.ts"
import { onward } from "./arguments.ts"
import { type Job, pathOf } from "./job.ts"
import { refuse } from "./settle.ts"

/** Only what reads alone, and needs nobody's approval, may start while the turn is still being written. */
export const wholeTurn = (job: Job): boolean => {
  const { run, tool } = job
  if (run.arrival === "whole" || (tool?.readOnly === true && tool.approval === undefined)) return true
  run.forTurn.push(job)
  run.tell({ _tag: "CallWaiting", call: job.call, at: run.now(), why: "turn" })
  return false
}

/** Asks whether a call may run, where its tool wants that asked. */
export const approve = (job: Job): boolean => {
  const { call, parameters, run, tool } = job
  const asks = tool?.approval
  if (asks === undefined || tool === undefined) return true
  const asking = guarded(() => asks(parameters) ? ask(job, tool.name) : Effect.succeed("allowed" as const))
  const passed = onward(job, asking, (decision) => decided(job, decision))
  if (!passed && !job.ended) run.tell({ _tag: "CallWaiting", call, at: run.now(), why: "approval" })
  return passed
}

const decided = (job: Job, decision: Decision): boolean => {
  if (decision === "allowed") return true
  refuse(
    job,
    decision === "undecided"
      ? new Undecided({ after: undefined })
      : new Denied({ why: decision === "denied" ? undefined : decision.denied })
  )
  return false
}

/** An approver that crashes has decided nothing. */
const ask = ({ call, key, parameters, run: { lender } }: Job, tool: string): Effect.Effect<Decision> => {
  const question = { call, key, parameters, tool, ...(lender !== undefined && { path: pathOf(lender) }) }
  return Effect.flatMap(Approver, ({ decide }) => decide(question)).pipe(
    Effect.catchCause((cause) => Effect.as(Effect.logError("An approver crashed", cause), "undecided" as const))
  )
}

import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import { Approver, type Decision } from "../../Approver.ts"
import { Denied, Undecided } from "../../CallError.ts"
import { guarded } from "../guarded.ts"
import type { Any } from "../tool/any.ts"
import { recall } from "./admit.ts"
import { onward } from "./arguments.ts"
import { type Job, moreOf, pathOf } from "./job.ts"
import { waitsFor } from "./observe.ts"
import { claimAnew } from "./place.ts"
import { stop } from "./settle.ts"

/** Only a call that just reads, and needs no approval, may start while the turn is still being written. */
export const wholeTurn = (job: Job): boolean => {
  const { run, tool } = job
  if (!run.isArriving || (tool?.readOnly === true && tool.approval === undefined)) return true
  run.forTurn.push(job)
  waitsFor(job, "turn")
  return false
}

/** Asks whether a call may run, where its tool wants that asked. */
export const approve = (job: Job): boolean => {
  const { parameters, tool } = job
  if (tool?.approval === undefined) return true
  const asks = tool.approval
  const asking = guarded(() => isYes(asks(parameters)) ? ask(job, tool) : Effect.succeed("allowed" as const))
  const passed = onward(job, asking, decided)
  if (!passed && !job.ended) waitsFor(job, "approval")
  return passed
}

/** In plain JavaScript, a promise or an Effect may come in place of an answer, or nothing where `return` is missing. */
const isYes = (answer: unknown): boolean => {
  if (answer === undefined || Predicate.isObjectKeyword(answer)) throw new TypeError(noAnswer)
  return Boolean(answer)
}

const noAnswer =
  "`approval` gives neither true nor false: return one of them at once, without async; an Approver may take its time"

/** Other arguments that a call was allowed with, as they are and as its tool takes them. */
interface Changed {
  readonly args: Schema.Json
  readonly parameters: unknown
}

type Decided = Exclude<Decision, { readonly allowed: Schema.Json }> | Changed

const decided = (job: Job, decision: Decided): boolean => {
  if (decision === "allowed") return true
  if (typeof decision === "object" && "args" in decision) return change(job, decision)
  if (decision === "undecided") return stop(job, new Undecided({ after: undefined }))
  return stop(job, new Denied({ why: decision === "denied" ? undefined : decision.denied }))
}

/** The call has other arguments now: what it touches is found out anew, and its place is behind all that came meanwhile. */
const change = (job: Job, { args, parameters }: Changed): boolean => {
  job.args = args
  job.parameters = parameters
  moreOf(job).changed = args
  if (typeof job.tool?.claims === "function") claimAnew(job)
  return recall(job)
}

/** An approver that crashes has decided nothing, and neither has one whose arguments do not fit. */
const ask = ({ call, key, parameters, run: { lender } }: Job, tool: Any): Effect.Effect<Decided, never, unknown> => {
  const question = { call, key, parameters, tool: tool.name, ...(lender !== undefined && { path: pathOf(lender) }) }
  return Effect.flatMap(Approver, ({ decide }) => guarded(() => decide(question))).pipe(
    Effect.flatMap((decision): Effect.Effect<Decided, unknown, unknown> => {
      if (!isDecision(decision)) return Effect.die(new TypeError(noDecision))
      if (typeof decision !== "object" || !("allowed" in decision)) return Effect.succeed(decision)
      const { allowed: args } = decision
      return Effect.map(tool.decode(args), (parameters) => ({ args, parameters }))
    }),
    Effect.catchCause((cause) => Effect.as(Effect.logError(troubleOf(cause), cause), "undecided" as const))
  )
}

const troubleOf = (cause: Cause.Cause<unknown>): string =>
  Cause.hasFails(cause) ? "An approver changed arguments to what does not fit" : "An approver crashed"

/** Programs without types may give anything, or nothing at all. */
const isDecision = (decision: unknown): boolean =>
  decision === "allowed" || decision === "denied" || decision === "undecided"
  || (typeof decision === "object" && decision !== null && ("allowed" in decision || "denied" in decision))

const noDecision = "This is no decision: give \"allowed\", \"denied\", \"undecided\", { allowed } or { denied }."

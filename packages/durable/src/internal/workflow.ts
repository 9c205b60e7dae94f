/**
 * The workflow that an agent's run is an execution of: it begins, stops and begins again there, and all that is known of it
 * is in the journal.
 */
import * as Agent from "@volley/core/Agent"
import { AgentRecorder } from "@volley/core/AgentRecorder"
import { Approver } from "@volley/core/Approver"
import { Conversation } from "@volley/core/Conversation"
import { Recorder } from "@volley/core/Recorder"
import type * as Tool from "@volley/core/Tool"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as Workflow from "effect/workflow/Workflow"
import { Parked, type Reason, Unreadable } from "../DurableError.ts"
import { approver } from "./approvals.ts"
import type { Live } from "./cancelling.ts"
import { claim, type Owned } from "./owned.ts"
import { agents, calls } from "./recorder.ts"
import { type Answered, encodeResult, type Failure, type Result as Ending } from "./result.ts"
import { type Standings, standingsOf, tailOf, withTails } from "./standings.ts"
import * as Statements from "./statements.ts"
import { Store } from "./store.ts"

const workflowFor = (name: string) =>
  Workflow.make(`volley/agent/${name}`, {
    payload: { runId: Schema.String, startedAt: Schema.Finite },
    idempotencyKey: ({ runId, startedAt }) => `${startedAt}/${runId}`
  })

const workflows = new Map<string, ReturnType<typeof workflowFor>>()

/** The workflow of an agent of this name, made once. All else that a run is given is in its row. */
export const workflowOf = (name: string): ReturnType<typeof workflowFor> => {
  const workflow = workflows.get(name) ?? workflowFor(name)
  workflows.set(name, workflow)
  return workflow
}

/** What a run is begun with. */
export const Payload = Schema.Struct({ conversation: Conversation })
export const decodePayload = Schema.decodeUnknownEffect(Payload)

/** What an agent is asked each time it goes on; its prompt comes from the journal. */
export interface AgentOptions
  extends Omit<Agent.AnyOptions, "prompt" | "startedAt" | "spent" | "onInterrupt" | "output">
{
  readonly output?: Schema.Constraint | undefined
}

/** Why a run does not go on here now; one that is `gone` never will. */
export type Standstill = "waits" | "parked" | "gone"

/** What is done with a run, by its id. */
export type Body = (runId: string) => Effect.Effect<Standstill | undefined>

/** Goes on with a run from what is known of it, until it ends, or waits for somebody. */
export const body = (
  options: AgentOptions,
  live: Live,
  runId: string
): Effect.Effect<Standstill | undefined, never, unknown> =>
  Effect.catch(Effect.scoped(taken(options, live, runId)), (trouble) => troubled(runId, trouble))

const taken = Effect.fnUntraced(function*(
  options: AgentOptions,
  live: Live,
  runId: string
): Effect.fn.Return<Standstill | undefined, Reason | SqlError, unknown> {
  const claimed = yield* claim(yield* SqlClient.SqlClient, runId)
  if (!("runId" in claimed)) {
    if (claimed._tag === "Parked") return yield* new Parked({ format: claimed.format, known: Statements.format })
    return claimed._tag === "Waits" ? "waits" : undefined
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => live.set(runId, claimed)),
    () => Effect.sync(() => live.get(runId) === claimed && live.delete(runId))
  )
  const running = Effect.raceFirst(goneOn(options, claimed), Deferred.await(claimed.lost))
  return yield* claimed.leaving.within(
    Effect.tapErrorTag(running, "Unreadable", (trouble) => claimed.unreadable(trouble))
  )
})

/** A process that lost a run stands still, so that the run has no end here. Other trouble may pass, or needs another version. */
const troubled = (runId: string, trouble: Reason | SqlError): Effect.Effect<Standstill | undefined> => {
  if (trouble._tag === "Cancelled") return Effect.undefined
  if (trouble._tag === "TakenOver") return Effect.never
  if (trouble._tag === "NotFound") return Effect.succeed("gone")
  return Effect.as(Effect.logError(`The run ${runId} does not go on`, trouble), "parked")
}

/** Has the agent go on from where the journal leaves it, and keeps how it ended. */
const goneOn = Effect.fnUntraced(function*(
  options: AgentOptions,
  owned: Owned
): Effect.fn.Return<Standstill | undefined, Unreadable, unknown> {
  const { conversation } = yield* Effect.mapError(
    decodePayload(owned.payload),
    ({ message }) => new Unreadable({ key: "payload", issue: message })
  )
  const standings = yield* standingsOf(owned, conversation)
  const exit = yield* Effect.exit(recorded(owned, standings, asked(options, owned, standings)))
  if (owned.leaving.isLeaving && Exit.isFailure(exit) && Cause.hasInterrupts(exit.cause)) return yield* Effect.interrupt
  const ending = endingOf(exit)
  if (ending === "waits") {
    yield* owned.state("waiting")
    return "waits"
  }
  const json = yield* Effect.orDie(encodeResult(ending))
  yield* owned.end("answered" in ending ? "done" : "failed", json)
  if ("answered" in ending) yield* told(owned, standings, ending.answered)
  return undefined
})

/** Hands over how a run ended to those who wait here. */
const told = ({ runId, startedAt }: Owned, { conversation }: Standings, { tail, ...answered }: Answered) =>
  Effect.map(
    Store,
    ({ awaiting }) =>
      awaiting.tell(runId, startedAt, () => ({ ...answered, conversation: withTails(conversation, [tail]) }))
  )

/** Provides a run's agent with what its journal knows. */
const recorded = <A, E, R>(owned: Owned, standings: Standings, agent: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(Approver, (other) =>
    agent.pipe(
      Effect.provideService(Recorder, calls(owned)),
      Effect.provideService(AgentRecorder, agents(owned, standings)),
      Effect.provideService(Approver, approver(owned, other))
    ))

const asked = Effect.fnUntraced(function*(
  { output, ...options }: AgentOptions,
  { startedAt }: Owned,
  standings: Standings
): Effect.fn.Return<Answered, Failure, unknown> {
  const { conversation: prompt, spent } = standings
  const agent = { ...options, prompt, spent, startedAt }
  const ended: Agent.Ended<Tool.Any, unknown> = yield* output === undefined
    ? Agent.run(agent)
    : Agent.run({ ...agent, output })
  const { answer, conversation, cost, finish, limited, usage } = ended
  return {
    answer,
    finish,
    limited,
    usage,
    ...(cost !== undefined && { cost }),
    ...(output !== undefined && { output: yield* written(output, ended.output) }),
    tail: tailOf(standings.conversation, conversation)
  }
})

const written = (schema: Schema.Constraint, value: unknown): Effect.Effect<Schema.Json, never, unknown> =>
  Effect.orDie(Schema.encodeUnknownEffect(Schema.toCodecJson(schema))(value))

const endingOf = (exit: Exit.Exit<Answered, Failure>): Ending | "waits" => {
  if (Exit.isSuccess(exit)) return { answered: exit.value }
  const defect = Cause.findDefect(exit.cause)
  if (Result.isSuccess(defect)) return { crashed: wordsOf(defect.success) }
  if (Cause.hasInterrupts(exit.cause)) return { crashed: fromInside }
  const failure = Cause.findError(exit.cause)
  if (Result.isFailure(failure)) return { crashed: wordsOf(Cause.squash(exit.cause)) }
  const failed = failure.success
  return failed._tag === "AgentError" && failed.reason._tag === "Undecided" ? "waits" : { failed }
}

/** A process that leaves a run interrupts it, and does not come to see how it ends. */
const fromInside = "it was interrupted from inside, by its model or a hook of the program"

const wordsOf = (defect: unknown): string => defect instanceof Error ? defect.message : String(defect)

import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Limit } from "../../AgentError.ts"
import { AgentObserver, type Follow } from "../../AgentObserver.ts"
import { AgentRecorder } from "../../AgentRecorder.ts"
import * as Batch from "../../Batch.ts"
import * as ChatModel from "../../ChatModel.ts"
import type { Pricing } from "../../Pricing.ts"
import type * as Tool from "../../Tool.ts"
import type * as Toolkit from "../../Toolkit.ts"
import * as Usage from "../../Usage.ts"
import { stopwatch } from "../clock.ts"
import { read as readDuration } from "../duration.ts"
import { observedModel } from "../followed.ts"
import { refuseNoToolkit } from "../refusals.ts"
import { Enclosing } from "../runner/enclosing.ts"
import { type Runner, shared } from "../runner/execute.ts"
import { type Job, nextInside } from "../runner/job.ts"
import { given, millis, safe } from "../runner/options.ts"
import { isInner } from "../runner/place.ts"
import { seen } from "../seen.ts"
import type { Bounds } from "./budget.ts"
import type { Event } from "./event.ts"
import { refuseMisused } from "./misused.ts"
import type { AnyOptions } from "./options.ts"
import * as Output from "./output.ts"
import type { Standing } from "./standing.ts"
import { begin, type Held, type Inner, type State } from "./state.ts"

/** Takes what happens to an agent. */
export type Tell = (event: Event<Tool.Any, unknown>) => Effect.Effect<void>

/**
 * An agent at work: what it was given, and since when it runs.
 *
 * - `maxCalls`, `deadline`, `onCall`: those of its batches
 * - `standing`: what is known of it at any time, for when it is interrupted
 * - `around`: the call inside whose handler it runs
 * - `bounds`: its own; `boundsAt` knows those of the agents that it is inside of
 */
export interface Agent {
  readonly options: AnyOptions
  readonly model: ChatModel.ChatModel["Service"]
  readonly observer: Follow | undefined
  readonly bounds: Bounds
  readonly maxCalls: number
  readonly deadline: number
  readonly now: () => number
  readonly output: Output.Output | undefined
  readonly began: number
  readonly onCall: Batch.Options["onCall"]
  readonly recorder: AgentRecorder | undefined
  readonly tell: Tell
  readonly listener: Tell | undefined
  readonly standing: Standing
  readonly outer: Outer | undefined
  readonly around: Job | undefined
  readonly inner: Inner
  readonly held: Held
}

/** The agent that another one is a call of, and that call. */
export interface Outer {
  readonly agent: Agent
  readonly job: Job
}

/** Reads what an agent is to do; `listener`, where there is one, gets all that happens. */
export const prepare = Effect.fnUntraced(function*(
  asked: AnyOptions,
  listener: Tell | undefined,
  outer?: Outer
): Effect.fn.Return<Agent, never, unknown> {
  refuseMisused(asked)
  const defaults = yield* Batch.Defaults
  const context = yield* Effect.context<unknown>()
  const now = stopwatch(context)
  const around = Context.get(context, Enclosing)?.job
  const batch = { ...ownOf(asked.runner?.[shared], around), ...given(asked.batch ?? {}) }
  const options = { ...asked, batch, pricing: asked.pricing ?? outer?.agent.options.pricing }
  const runId = around?.runIdOf(nextInside(around))
  const toolkit = yield* toolkitOf(options)
  return {
    options,
    model: observedModel(yield* ChatModel.ChatModel, Context.get(context, ChatModel.TurnObserver)),
    observer: Context.get(context, AgentObserver),
    bounds: boundsOf(options),
    maxCalls: amount(batch.maxCalls ?? defaults.maxCalls ?? safe.maxCalls),
    deadline: millis("deadline", batch.deadline ?? defaults.deadline ?? safe.deadline),
    now,
    output: options.output && Output.make(options.output),
    began: options.startedAt ?? now(),
    outer,
    around,
    inner: { usage: Usage.none, cost: 0, calls: 0, held: { calls: 0, tokens: 0, cost: 0 } },
    held: { calls: 0, tokens: 0, cost: 0 },
    standing: { toolkit, state: begin(options, toolkit, runId), heard: undefined, settled: undefined },
    recorder: Context.get(context, AgentRecorder),
    onCall: Batch.both(batch.onCall ?? defaults.onCall, listener),
    listener,
    tell: listener ?? (() => Effect.void)
  }
})

/** The tools as they are now. */
export const toolkitOf = ({ toolkit }: AnyOptions): Effect.Effect<Toolkit.Any> =>
  Effect.map(Effect.isEffect(toolkit) ? toolkit : Effect.succeed(toolkit), (given) => {
    refuseNoToolkit("Agent: `toolkit`", given)
    return given
  })

/** Inside a call of the same runner, its limits are shared alone; run ids are those of conversations. */
const ownOf = (runner: Runner | undefined, lender: Job | undefined): Batch.Options => {
  if (runner === undefined || isInner({ lender, shared: runner })) return {}
  const { runId: _runId, ...own } = runner.own
  return own
}

export const amount = (value: number | "unbounded"): number => value === "unbounded" ? Infinity : value

const boundsOf = ({ maxCost, maxDuration, maxRounds = 5, maxTokens, maxToolCalls, pricing }: AnyOptions): Bounds => ({
  rounds: whole("maxRounds", maxRounds),
  calls: whole("maxToolCalls", maxToolCalls),
  tokens: whole("maxTokens", maxTokens),
  cost: costBound(maxCost, pricing),
  time: maxDuration === undefined ? Infinity : Duration.toMillis(readDuration(maxDuration, "Agent.Options.maxDuration"))
})

const costBound = (maxCost: number | undefined, pricing: Pricing | undefined): number => {
  if (maxCost === undefined) return Infinity
  if (pricing === undefined) throw new RangeError("Agent.Options.maxCost needs `pricing`: say what tokens cost.")
  if (maxCost >= 0) return maxCost
  throw new RangeError(`Agent.Options.maxCost is ${seen(maxCost)}: give a number from 0 on.`)
}

const whole = (name: string, value: number | undefined): number => {
  if (value === undefined) return Infinity
  if (Number.isInteger(value) && value >= 0) return value
  throw new RangeError(`Agent.Options.${name} is ${seen(value)}: give a whole number from 0 on.`)
}

/** Tools are switched off at a limit, so that there is an answer, unless the agent is to fail where it needs more of them. */
export const switchesOff = ({ options }: Agent, limit: Limit | undefined): boolean =>
  limit !== undefined && options.atLimit !== "fail"

/** What the model is asked. */
export const requestOf = (agent: Agent, state: State, limit: Limit | undefined): ChatModel.Request => ({
  conversation: state.conversation,
  toolkit: agent.standing.toolkit,
  toolChoice: switchesOff(agent, limit) ? "none" : state.turns === 0 ? agent.options.toolChoice : undefined,
  parallelToolCalls: agent.options.parallelToolCalls,
  output: agent.output?.request
})

/**
 * How the calls of a turn are bounded.
 *
 * - some providers repeat call ids from turn to turn: the turn's number keeps the idempotency keys apart
 */
export const batchOf = (
  { maxCalls, onCall, options }: Agent,
  state: State,
  turn: number,
  limit: Limit | undefined
): Batch.Options => ({
  ...options.batch,
  runId: turnIdOf(options, state, turn),
  maxCalls: unboundedOr(limit !== undefined ? 0 : maxCalls),
  onCall
})

/** What tells a turn from those of other runs; one that was malformed may have the number of the next. */
export const turnIdOf = ({ batch }: AnyOptions, { conversation }: State, turn: number): string =>
  `${batch?.runId ?? conversation.runId}/${turn}`

/** As options of a batch want it. */
export const unboundedOr = (value: number): number | "unbounded" => value === Infinity ? "unbounded" : value

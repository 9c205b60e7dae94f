import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Limit } from "../../AgentError.ts"
import * as Batch from "../../Batch.ts"
import * as ChatModel from "../../ChatModel.ts"
import type { Pricing } from "../../Pricing.ts"
import { Recorder } from "../../Recorder.ts"
import type * as Tool from "../../Tool.ts"
import { stopwatch } from "../clock.ts"
import { read as readDuration } from "../duration.ts"
import { Enclosing } from "../runner/enclosing.ts"
import { nextInside } from "../runner/job.ts"
import { millis, safe } from "../runner/options.ts"
import type { Bounds } from "./budget.ts"
import type { Event } from "./event.ts"
import type { AnyOptions } from "./options.ts"
import * as Output from "./output.ts"
import type { Standing } from "./standing.ts"
import { begin, type State } from "./state.ts"

/** Takes what happens to an agent. */
export type Tell = (event: Event<Tool.Any, unknown>) => Effect.Effect<void>

/**
 * An agent at work: what it was given, and since when it runs.
 *
 * - `maxCalls`, `deadline`, `onCall`: those of its batches
 * - `standing`: what is known of it at any time, for when it is interrupted
 */
export interface Agent {
  readonly options: AnyOptions
  readonly model: ChatModel.ChatModel["Service"]
  readonly bounds: Bounds
  readonly maxCalls: number
  readonly deadline: number
  readonly now: () => number
  readonly output: Output.Output | undefined
  readonly began: number
  readonly onCall: Batch.Options["onCall"]
  readonly recorder: Recorder | undefined
  readonly tell: Tell
  readonly standing: Standing
}

/** Reads what an agent is to do; `listener` is told of all that happens, where somebody wants to know. */
export const prepare = Effect.fnUntraced(function*(
  options: AnyOptions,
  listener: Tell | undefined
): Effect.fn.Return<Agent, never, unknown> {
  const defaults = yield* Batch.Defaults
  const context = yield* Effect.context<unknown>()
  const now = stopwatch(context)
  const around = Context.get(context, Enclosing)
  const runId = around?.runIdOf(nextInside(around))
  return {
    options,
    model: yield* ChatModel.ChatModel,
    bounds: boundsOf(options),
    maxCalls: amount(options.batch?.maxCalls ?? defaults.maxCalls ?? safe.maxCalls),
    deadline: millis("deadline", options.batch?.deadline ?? defaults.deadline ?? safe.deadline),
    now,
    output: options.output && Output.make(options.output),
    began: now(),
    standing: { state: begin(options, runId), heard: undefined, settled: undefined },
    recorder: Context.get(context, Recorder),
    onCall: both(options.batch?.onCall ?? defaults.onCall, listener),
    tell: listener ?? (() => Effect.void)
  }
})

/** Nothing where nobody listens: then nothing is told. */
const both = (onCall: Batch.Options["onCall"], listener: Tell | undefined): Batch.Options["onCall"] =>
  onCall && listener ? (event) => Effect.andThen(onCall(event), listener(event)) : onCall ?? listener

const amount = (value: number | "unbounded"): number => value === "unbounded" ? Infinity : value

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
  throw new RangeError(`Agent.Options.maxCost is ${maxCost}: give a number from 0 on.`)
}

const whole = (name: string, value: number | undefined): number => {
  if (value === undefined) return Infinity
  if (Number.isInteger(value) && value >= 0) return value
  throw new RangeError(`Agent.Options.${name} is ${value}: give a whole number from 0 on.`)
}

/** Tools are switched off at a limit, so that there is an answer, unless the agent is to fail where it needs more of them. */
export const switchesOff = ({ options }: Agent, limit: Limit | undefined): boolean =>
  limit !== undefined && options.atLimit !== "fail"

/** What the model is asked. */
export const requestOf = (agent: Agent, state: State, limit: Limit | undefined): ChatModel.Request => ({
  conversation: state.conversation,
  toolkit: agent.options.toolkit,
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
  { bounds, maxCalls, onCall, options }: Agent,
  state: State,
  turn: number,
  limit: Limit | undefined
): Batch.Options => ({
  ...options.batch,
  runId: `${options.batch?.runId ?? state.conversation.runId}/${turn}`,
  maxCalls: unboundedOr(limit !== undefined ? 0 : Math.min(maxCalls, bounds.calls - state.calls)),
  onCall
})

/** What is left for the calls of a turn, if as much time as the longest turn took is kept for an answer. */
export const deadlineOf = ({ began, bounds, deadline, now }: Agent, state: State, turnMillis: number): number =>
  Math.max(0, Math.min(deadline, began + bounds.time - now() - Math.max(turnMillis, state.turnMillis)))

/** As options of a batch want it. */
const unboundedOr = (value: number): number | "unbounded" => value === Infinity ? "unbounded" : value

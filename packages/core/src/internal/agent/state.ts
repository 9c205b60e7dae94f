import type * as AgentRecorder from "../../AgentRecorder.ts"
import type * as ChatModel from "../../ChatModel.ts"
import * as Conversation from "../../Conversation.ts"
import * as Pricing from "../../Pricing.ts"
import type * as Tool from "../../Tool.ts"
import type * as Toolkit from "../../Toolkit.ts"
import * as Usage from "../../Usage.ts"
import { isHarmless } from "../runner/record.ts"
import type { Spent } from "./budget.ts"
import type { Round } from "./event.ts"
import type { AnyOptions } from "./options.ts"

/**
 * How far an agent is.
 *
 * - `cost`: of all turns; undefined once one of them has no price
 * - `model`: that wrote the last turn
 * - `said`: the text of turns that were only paused behind it; `paused`, how many those are
 */
export interface State {
  readonly conversation: Conversation.Conversation
  readonly rounds: ReadonlyArray<Round<Tool.Any>>
  readonly usage: Usage.Usage
  readonly cost: number | undefined
  readonly model: string | undefined
  readonly turns: number
  readonly calls: number
  readonly turnTokens: number
  readonly turnMillis: number
  readonly turnCost: number
  readonly said: string
  readonly paused: number
}

/** Nothing is done yet. */
export const begin = (
  { askTogether, prompt, spent, system }: AnyOptions,
  toolkit: Toolkit.Any,
  runId: string | undefined
): State => ({
  conversation: typeof prompt === "object" && "messages" in prompt
    ? Conversation.close(prompt, [], (tool) => isHarmless(toolkit.byName.get(tool)))
    : Conversation.make(prompt, { system: askTogether === true ? withInstruction(system) : system, runId }),
  rounds: [],
  usage: spent?.usage ?? Usage.none,
  cost: spent === undefined ? 0 : spent.cost,
  model: undefined,
  turns: spent?.rounds ?? 0,
  calls: spent?.calls ?? 0,
  turnTokens: spent?.turnTokens ?? 0,
  turnMillis: spent?.turnMillis ?? 0,
  turnCost: spent?.turnCost ?? 0,
  said: "",
  paused: 0
})

const withInstruction = (system: string | undefined): string =>
  system === undefined ? Conversation.askTogether : `${system}\n\n${Conversation.askTogether}`

/** Tokens that are kept for an answer. */
const answerTokens = 1024

/**
 * What agents inside the calls of another one have used.
 *
 * - `cost`: undefined once one of their turns has no price
 * - `held`: what is kept for the agent itself and for those inside it
 */
export interface Inner {
  usage: Usage.Usage
  cost: number | undefined
  calls: number
  readonly held: Held
}

/** What is kept: for calls that are under way, for a turn, and for an answer. */
export interface Held {
  calls: number
  tokens: number
  cost: number
}

/** Tokens and cost of an agent and of those inside it. */
export const totalOf = ({ cost, usage }: State, inner: Inner): Pick<State, "usage" | "cost"> => ({
  usage: Usage.plus(usage, inner.usage),
  cost: cost === undefined || inner.cost === undefined ? undefined : cost + inner.cost
})

/** What an agent has used, for one that goes on from its conversation. */
export const recordOf = (state: State, inner: Inner): AgentRecorder.Spent => {
  const { turnCost, turnMillis, turns, turnTokens } = state
  const { cost, usage } = totalOf(state, inner)
  const calls = state.calls + inner.calls
  return { rounds: turns, calls, usage, ...(cost !== undefined && { cost }), turnTokens, turnMillis, turnCost }
}

/** What limits are held against. */
export const spentOf = (state: State, inner: Inner, millis: number): Spent => {
  const { conversation, turnCost, turnMillis, turns, turnTokens } = state
  const { cost, usage } = totalOf(state, inner)
  const latest = conversation.messages.at(-1)
  const results = latest?.role === "tool" ? latest.results.reduce((sum, { text }) => sum + text.length, 0) : 0
  return {
    rounds: turns,
    calls: state.calls + inner.calls,
    tokens: Usage.total(usage),
    nextTokens: turns === 0 && turnTokens === 0 ? 0 : turnTokens + Math.ceil(results / 4) + answerTokens,
    millis,
    turnMillis,
    cost: cost ?? 0,
    turnCost
  }
}

/** How many turns a model took in a conversation. */
export const turnsOf = ({ messages }: Conversation.Conversation): number =>
  messages.reduce((sum, { role }) => role === "assistant" ? sum + 1 : sum, 0)

/** Puts a turn behind the conversation. */
export const afterTurn = (
  state: State,
  turn: ChatModel.Turn,
  millis: number,
  cost: number | undefined
): State => ({
  ...state,
  conversation: isEmpty(turn) ? state.conversation : Conversation.append(state.conversation, turn.message),
  model: turn.model,
  turns: state.turns + 1,
  usage: Usage.plus(state.usage, turn.usage),
  cost: state.cost === undefined || cost === undefined ? undefined : state.cost + cost,
  turnTokens: Math.max(Usage.total(turn.usage), state.turnTokens),
  turnMillis: Math.max(millis, state.turnMillis),
  turnCost: Math.max(cost ?? 0, state.turnCost)
})

/** What a turn cost, where prices are known. */
export const costOf = (
  pricing: Pricing.Pricing | undefined,
  turn: Pick<ChatModel.Turn, "model" | "usage">
): number | undefined => pricing && Pricing.cost(pricing, turn.model, turn.usage)

/** A turn that could not be read may leave nothing behind. */
const isEmpty = ({ finish, message: { calls, text } }: ChatModel.Turn): boolean =>
  finish === "malformed" && calls.length === 0 && text === ""

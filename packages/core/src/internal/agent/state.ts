import type * as ChatModel from "../../ChatModel.ts"
import * as Conversation from "../../Conversation.ts"
import type * as Tool from "../../Tool.ts"
import type { Spent } from "./budget.ts"
import type { Round } from "./event.ts"
import type { AnyOptions } from "./options.ts"

/**
 * How far an agent is.
 *
 * - `said`: the text of turns that were only paused behind it
 */
export interface State {
  readonly conversation: Conversation.Conversation
  readonly rounds: ReadonlyArray<Round<Tool.Any>>
  readonly usage: ChatModel.Usage
  readonly turns: number
  readonly calls: number
  readonly turnTokens: number
  readonly turnMillis: number
  readonly said: string
}

/** Nothing is done yet. */
export const begin = ({ askTogether, prompt, system }: AnyOptions, runId: string | undefined): State => ({
  conversation: typeof prompt === "string"
    ? Conversation.make(prompt, { system: askTogether === true ? withInstruction(system) : system, runId })
    : prompt,
  rounds: [],
  usage: { input: 0, output: 0 },
  turns: 0,
  calls: 0,
  turnTokens: 0,
  turnMillis: 0,
  said: ""
})

const withInstruction = (system: string | undefined): string =>
  system === undefined ? Conversation.askTogether : `${system}\n\n${Conversation.askTogether}`

/** Tokens that are kept for an answer. */
const answerTokens = 1024

/** What limits are held against. */
export const spentOf = (
  { calls, conversation, turnMillis, turns, turnTokens, usage }: State,
  millis: number
): Spent => {
  const latest = conversation.messages.at(-1)
  const results = latest?.role === "tool" ? latest.results.reduce((sum, { text }) => sum + text.length, 0) : 0
  return {
    rounds: turns,
    calls,
    tokens: total(usage),
    nextTokens: turns === 0 ? 0 : turnTokens + Math.ceil(results / 4) + answerTokens,
    millis,
    turnMillis
  }
}

/** Tokens of both kinds. */
export const total = ({ input, output }: ChatModel.Usage): number => input + output

/** Adds one turn's tokens to others'. */
export const plus = (a: ChatModel.Usage, b: ChatModel.Usage): ChatModel.Usage => ({
  input: a.input + b.input,
  output: a.output + b.output
})

/** How many turns a model took in a conversation. */
export const turnsOf = ({ messages }: Conversation.Conversation): number =>
  messages.reduce((sum, { role }) => role === "assistant" ? sum + 1 : sum, 0)

/** Puts a turn behind the conversation. */
export const afterTurn = (state: State, turn: ChatModel.Turn, millis: number): State => ({
  ...state,
  conversation: Conversation.append(state.conversation, turn.message),
  turns: state.turns + 1,
  usage: plus(state.usage, turn.usage),
  turnTokens: Math.max(total(turn.usage), state.turnTokens),
  turnMillis: Math.max(millis, state.turnMillis)
})

/** Keeps a round, whose answers are in the conversation. */
export const afterRound = (
  state: State,
  round: Round<Tool.Any>,
  ran: number,
  conversation: Conversation.Conversation
): State => ({
  ...state,
  conversation,
  calls: state.calls + ran,
  rounds: [...state.rounds, round]
})

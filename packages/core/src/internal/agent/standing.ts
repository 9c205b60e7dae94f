import * as Result from "effect/Result"
import type * as Batch from "../../Batch.ts"
import type * as ChatModel from "../../ChatModel.ts"
import * as Conversation from "../../Conversation.ts"
import type { Outcome } from "../../Outcome.ts"
import type * as Tool from "../../Tool.ts"
import type * as Toolkit from "../../Toolkit.ts"
import { isHarmless } from "../runner/record.ts"
import type { AnyOptions } from "./options.ts"
import { afterTurn, costOf, type State } from "./state.ts"

/**
 * How an agent stands, written down as it happens, so that an interruption finds it.
 *
 * - `toolkit`: the tools of the present turn
 * - `heard`: what has come of the turn behind the state: all of it, or its text so far
 * - `settled`: what the calls of that turn came to; where there is none, those that were undecided
 */
export interface Standing {
  toolkit: Toolkit.Any
  state: State
  heard: ChatModel.Turn | string | undefined
  settled: Batch.Settled<Tool.Any> | undefined
}

/** Goes on to another state, in which what was heard has its place. */
export const stand = (standing: Standing, state: State): State => {
  standing.state = state
  standing.heard = undefined
  standing.settled = undefined
  return state
}

/** The state that an interruption leaves; what the provider only paused, or could not read, is asked for again. */
export const leftAt = ({ heard, settled, state, toolkit }: Standing, { pricing }: AnyOptions): State => {
  if (typeof heard === "object") return withTurn(state, heard, settled, { pricing, toolkit })
  const before = withoutPaused(state)
  if (settled === undefined) return before
  if (heard === undefined) return { ...before, conversation: decidedIn(before.conversation, settled) }
  const started = settled.outcomes.filter(({ attempts }) => attempts > 0)
  if (started.length === 0) return before
  const calls = started.map(({ call }, index) => ({ ...call, index }))
  const message = { role: "assistant", text: heard, calls } as const
  return { ...before, conversation: Conversation.append(before.conversation, message, Conversation.answers(started)) }
}

const withTurn = (
  state: State,
  turn: ChatModel.Turn,
  settled: Batch.Settled<Tool.Any> | undefined,
  { pricing, toolkit }: Pick<AnyOptions, "pricing"> & Pick<Standing, "toolkit">
): State => {
  const { conversation, ...after } = afterTurn(state, turn, 0, costOf(pricing, turn))
  const isAnswer = turn.finish !== "pause" && turn.finish !== "malformed"
  if (turn.message.calls.length === 0 && !isAnswer) {
    return withoutPaused({ ...after, conversation: state.conversation, paused: state.paused })
  }
  const answered = settled === undefined
    ? conversation
    : Conversation.append(conversation, Conversation.answers(settled.outcomes, settled.pending))
  return { ...after, conversation: Conversation.close(answered, [], (tool) => isHarmless(toolkit.byName.get(tool))) }
}

/** What had not started yet waits on. */
const decidedIn = (conversation: Conversation.Conversation, { outcomes, pending }: Batch.Settled<Tool.Any>) =>
  Conversation.decided(conversation, outcomes.filter((outcome) => !isStopped(outcome)), pending)

const isStopped = ({ attempts, result }: Outcome): boolean =>
  attempts === 0 && Result.isFailure(result) && result.failure._tag === "CallError"
  && result.failure.reason._tag === "Interrupted"

const withoutPaused = ({ conversation, paused, ...state }: State): State => ({
  ...state,
  paused: 0,
  conversation: { ...conversation, messages: conversation.messages.slice(0, conversation.messages.length - paused) }
})

import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import {
  AgentError,
  InvalidOutput,
  type Limit,
  LimitReached,
  type Reason,
  Undecided,
  Unpriced
} from "../../AgentError.ts"
import type * as ChatModel from "../../ChatModel.ts"
import { ChatModelError, UnusableResponse } from "../../ChatModelError.ts"
import * as Conversation from "../../Conversation.ts"
import * as Pricing from "../../Pricing.ts"
import type * as Tool from "../../Tool.ts"
import { type Agent, batchOf, deadlineOf, prepare, type Tell } from "./agent.ts"
import { exceededBy, metBy } from "./budget.ts"
import type { Ended, Round } from "./event.ts"
import type { AnyOptions } from "./options.ts"
import type * as Output from "./output.ts"
import { afterRound, afterTurn, begin, spentOf, type State, turnsOf } from "./state.ts"
import { askedTurn, type Asking, heardTurn, runCalls, runTurn, streamedTurn, type Taken, wholeTurn } from "./turns.ts"

/** Takes turns until there is an answer; `listener` is told of all that happens, where somebody wants to know. */
export const loop = Effect.fnUntraced(function*(
  options: AnyOptions,
  listener?: Tell
): Effect.fn.Return<Ended<Tool.Any, unknown>, ChatModelError | AgentError, unknown> {
  const agent = yield* prepare(options, listener)
  let state = yield* decided(agent, begin(options, agent.runId))
  while (true) {
    const { limit, taken } = yield* nextTurn(agent, state)
    const { finish, message } = taken.turn
    const text = state.said + message.text
    const goesOn = message.calls.length > 0 || finish === "pause"
    state = { ...yield* settled(agent, state, taken), said: finish === "pause" ? text : "" }
    if (limit === undefined && goesOn) continue
    if (finish === "malformed") {
      if (limit !== undefined) return yield* unread(state, taken.turn)
      state = { ...state, conversation: Conversation.append(state.conversation, askAgain(taken.turn)) }
      continue
    }
    const read = yield* Effect.result(agent.output ? agent.output.read(text) : Effect.void)
    if (Result.isSuccess(read)) return end(state, { text, finish, limit, output: read.success })
    const issue = issueOf(taken.turn, read.failure)
    const isLast = limit !== undefined || finish === "refusal"
    if (isLast) return yield* fail(state, new InvalidOutput({ issue, text }))
    state = { ...state, conversation: Conversation.append(state.conversation, mend(issue, agent.output)) }
  }
})

const fail = ({ conversation, cost, usage }: State, reason: Reason) =>
  Effect.fail(new AgentError({ reason, conversation, usage, cost }))

/** The model could not write a turn that its provider reads, within the rounds that it had. */
const unread = (state: State, { message, problem = "malformed" }: ChatModel.Turn) =>
  Effect.fail(keeping(
    state,
    new ChatModelError({
      wire: message.native?.wire ?? "the model",
      reason: new UnusableResponse({ message: `the model's turn could not be read: ${problem}` })
    })
  ))

const askAgain = ({ problem = "malformed" }: ChatModel.Turn): Conversation.Message =>
  Conversation.user(
    `Your last turn could not be read (${problem}). Write it again: call only tools that are listed, with plain JSON.`
  )

/** Runs the calls that nobody had decided on when the conversation was left. */
const decided = Effect.fnUntraced(function*(
  agent: Agent,
  state: State
): Effect.fn.Return<State, AgentError, unknown> {
  const waiting = Conversation.pending(state.conversation)
  const message = state.conversation.messages.findLast(({ role }) => role === "assistant")
  if (waiting.length === 0 || message?.role !== "assistant") return state
  const batch = batchOf(agent, state, turnsOf(state.conversation), false)
  const { ran, settled } = yield* runCalls(agent, waiting, batch, deadlineOf(agent, state, 0))
  const turn: ChatModel.Turn = { message, finish: "tool-calls", usage: state.usage }
  const conversation = Conversation.decided(state.conversation, settled.outcomes, settled.pending)
  return yield* answered(agent, state, { turn, settled }, ran, conversation)
})

/** Keeps a round, whose answers are in the conversation; ends where a call of it is undecided. */
const answered = Effect.fnUntraced(function*(
  { tell }: Agent,
  state: State,
  round: Round<Tool.Any>,
  ran: number,
  conversation: Conversation.Conversation
): Effect.fn.Return<State, AgentError> {
  yield* tell({ _tag: "RoundSettled", round, conversation })
  const { pending } = round.settled
  const after = afterRound(state, round, ran, conversation)
  return pending.length === 0 ? after : yield* fail(after, new Undecided({ callIds: pending.map(({ id }) => id) }))
})

/** The limit for which the next turn has to be an answer. */
const limitOf = Effect.fnUntraced(function*(
  { began, bounds, now, options, tell }: Agent,
  state: State
): Effect.fn.Return<Limit | undefined, AgentError> {
  if (bounds.cost !== Infinity && state.cost === undefined) {
    return yield* fail(state, new Unpriced({ model: state.model }))
  }
  const spent = spentOf(state, now() - began)
  const limit = metBy(bounds, spent)
  const refused = options.atLimit === "fail" ? limit : exceededBy(bounds, spent)
  if (refused !== undefined) return yield* fail(state, new LimitReached({ limit: refused, bound: bounds[refused] }))
  if (limit !== undefined) yield* tell({ _tag: "LimitReached", limit })
  return limit
})

/** Takes a turn, under the limit that is met; a recorder keeps both, and what the model said, as one. */
const nextTurn = Effect.fnUntraced(function*(
  agent: Agent,
  state: State
): Effect.fn.Return<
  { readonly limit: Limit | undefined; readonly taken: Taken },
  ChatModelError | AgentError,
  unknown
> {
  const { options, recorder } = agent
  const isStreamed = options.streaming === true
  if (recorder === undefined) {
    const limit = yield* limitOf(agent, state)
    const asking = { agent, state, toolsOff: limit !== undefined }
    return { limit, taken: yield* asked(asking, isStreamed ? streamedTurn(asking) : wholeTurn(asking)) }
  }
  const { limit, ...said } = yield* recorder.turn(
    state.turns,
    Effect.flatMap(limitOf(agent, state), (limit) => {
      const asking = { agent, state, toolsOff: limit !== undefined }
      return Effect.map(
        asked(asking, isStreamed ? heardTurn(asking) : askedTurn(asking)),
        (said) => ({ ...said, limit })
      )
    })
  )
  return { limit, taken: yield* runTurn({ agent, state, toolsOff: limit !== undefined }, said) }
})

const asked = <A>(
  { agent, state, toolsOff }: Asking,
  ask: Effect.Effect<A, ChatModelError | LimitReached, unknown>
): Effect.Effect<A, ChatModelError | AgentError, unknown> =>
  agent.tell({ _tag: "TurnStarted", at: agent.now(), turn: state.turns + 1, toolsOff }).pipe(
    Effect.andThen(ask),
    Effect.catchTags({
      LimitReached: (reason) => fail(state, reason),
      ChatModelError: (error) => Effect.fail(state.rounds.length === 0 ? error : keeping(state, error))
    })
  )

/** The calls that have run must not be lost with the turn behind them. */
const keeping = ({ conversation }: State, { reason, wire }: ChatModelError) =>
  new ChatModelError({ wire, reason, conversation })

/** Puts a turn and its results behind the conversation. */
const settled = (
  agent: Agent,
  state: State,
  { millis, ran, settled, turn }: Taken
): Effect.Effect<State, AgentError> => {
  const cost = agent.options.pricing && Pricing.cost(agent.options.pricing, turn.model, turn.usage)
  const after = afterTurn(state, turn, millis, cost)
  if (settled === undefined) return Effect.succeed(after)
  const conversation = Conversation.append(after.conversation, Conversation.answers(settled.outcomes, settled.pending))
  return answered(agent, after, { turn, settled }, ran, conversation)
}

/** What is wrong with an answer that does not decode. */
const issueOf = ({ finish }: ChatModel.Turn, issue: string): string => {
  if (finish === "refusal") return "the model refused"
  return finish === "length" ? "it was cut off for its length" : issue
}

/** Not every model keeps to a schema, or is shown it by its server. */
const mend = (issue: string, output: Output.Output | undefined): Conversation.Message => ({
  role: "user",
  text: `This is not the JSON that was asked for: ${issue}. Answer again, with nothing but JSON of this schema: ${
    JSON.stringify(output?.request.jsonSchema)
  }`
})

const end = (
  { conversation, cost, rounds, usage }: State,
  { finish, limit, output, text }: {
    readonly text: string
    readonly finish: ChatModel.Turn["finish"]
    readonly limit: Limit | undefined
    readonly output: unknown
  }
): Ended<Tool.Any, unknown> => ({
  answer: text,
  output,
  finish,
  limited: limit ?? false,
  rounds,
  usage,
  cost,
  conversation
})

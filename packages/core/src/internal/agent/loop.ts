import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import {
  AgentError,
  InvalidConversation,
  InvalidOutput,
  type Limit,
  LimitReached,
  type Reason,
  Undecided,
  Unpriced
} from "../../AgentError.ts"
import type { AgentRecorder } from "../../AgentRecorder.ts"
import type * as ChatModel from "../../ChatModel.ts"
import { ChatModelError, UnusableResponse } from "../../ChatModelError.ts"
import * as Conversation from "../../Conversation.ts"
import type * as Tool from "../../Tool.ts"
import * as Usage from "../../Usage.ts"
import { type Agent, batchOf, type Outer, prepare, switchesOff, type Tell, toolkitOf, turnIdOf } from "./agent.ts"
import { exceededBy, metBy } from "./budget.ts"
import type { Ended, Left, Round } from "./event.ts"
import { boundsAt, deadlineOf, firstTurn, holdTurns, letGo, spentBy } from "./nesting.ts"
import { observed } from "./observed.ts"
import type { AnyOptions } from "./options.ts"
import type * as Output from "./output.ts"
import { leftAt, stand } from "./standing.ts"
import { afterTurn, costOf, recordOf, type State, totalOf, turnsOf } from "./state.ts"
import { saidMeanwhile, steered } from "./steering.ts"
import {
  askedTurn,
  type Asking,
  heardTurn,
  runCalls,
  runTurn,
  streamedTurn,
  type Taken,
  toldAgain,
  wholeTurn
} from "./turns.ts"
import { begun, toldTo, watched, watchOf } from "./watch.ts"

/** How an agent ends. */
type Ending = Effect.Effect<Ended<Tool.Any, unknown>, ChatModelError | AgentError, unknown>

/** Gets all that happens, and takes how it ended, and what time it is; the agent can be interrupted until that is done. */
export interface Listener<A, E> {
  readonly tell: Tell | undefined
  readonly deliver: (ending: Ending, now: () => number) => Effect.Effect<A, E, unknown>
}

/** Takes turns until there is an answer. */
export function loop(options: AnyOptions): Ending
export function loop<A, E>(options: AnyOptions, listener: Listener<A, E>, outer?: Outer): Effect.Effect<A, E, unknown>
export function loop(
  options: AnyOptions,
  listener?: Listener<unknown, unknown>,
  outer?: Outer
): Effect.Effect<unknown, unknown, unknown> {
  return Effect.flatMap(
    watchOf(outer),
    (watch) =>
      Effect.flatMap(begun(watch, prepare(options, toldTo(watch, listener?.tell), outer)), (agent) => {
        const followed = observed(agent, answerOf(agent))
        const ending = watch === undefined ? followed : watched(watch, followed, agent.now)
        const delivering = listener === undefined ? ending : listener.deliver(ending, agent.now)
        const { onInterrupt } = options
        const delivered = Effect.ensuring(delivering, Effect.sync(() => letGo(agent)))
        return onInterrupt === undefined
          ? delivered
          : Effect.onInterrupt(delivered, () => onInterrupt(leftOf(agent, leftAt(agent.standing, agent.options))))
      })
  )
}

const leftOf = ({ inner }: Agent, state: State): Left => ({
  conversation: state.conversation,
  ...totalOf(state, inner)
})

const answerOf = Effect.fnUntraced(function*(
  agent: Agent
): Effect.fn.Return<Ended<Tool.Any, unknown>, ChatModelError | AgentError, unknown> {
  const { outer, standing } = agent
  stand(standing, { ...standing.state, ...firstTurn(outer) })
  const issue = Conversation.problemOf(standing.state.conversation)
  if (issue !== undefined) return yield* fail(agent, standing.state, new InvalidConversation({ issue }))
  const begun = stand(standing, yield* decided(agent, standing.state))
  const answer = answerIn(begun.conversation)
  let judged = answer === undefined ? begun : yield* judge(agent, begun, answer, undefined)
  while (!("answer" in judged)) {
    const { limit, state, taken } = yield* nextTurn(agent, stand(standing, judged))
    judged = yield* judge(agent, yield* settled(agent, state, taken), taken.turn, limit)
  }
  return judged
})

/** The turn of a conversation that is answered already. */
const answerIn = ({ messages }: Conversation.Conversation): ChatModel.Turn | undefined => {
  const message = messages.at(-1)
  const isAnswer = message?.role === "assistant" && message.calls.length === 0
  return isAnswer ? { message, finish: "stop", usage: Usage.none } : undefined
}

/** Ends with a turn, or says from where to go on. */
const judge = Effect.fnUntraced(function*(
  agent: Agent,
  before: State,
  turn: ChatModel.Turn,
  limit: Limit | undefined
): Effect.fn.Return<State | Ended<Tool.Any, unknown>, ChatModelError | AgentError, unknown> {
  const { finish, message } = turn
  const text = before.said + message.text
  const isPaused = finish === "pause"
  const paused = isPaused && message.calls.length === 0 ? before.paused + 1 : 0
  const state = { ...before, said: isPaused ? text : "", paused }
  if (message.calls.length > 0 || isPaused) {
    if (limit === undefined) return state
    if (!switchesOff(agent, limit)) return yield* failAt(agent, state, limit)
  }
  if (finish === "malformed") {
    return limit === undefined ? saying(state, askAgain(turn)) : yield* unread(state, turn)
  }
  const read = yield* Effect.result(agent.output ? agent.output.read(text) : Effect.void)
  const limited = limit !== undefined && switchesOff(agent, limit) ? limit : false
  if (Result.isSuccess(read)) {
    return { answer: text, output: read.success, finish, limited, rounds: state.rounds, ...leftOf(agent, state) }
  }
  const issue = issueOf(turn, read.failure)
  const isLast = limit !== undefined || finish === "refusal"
  return isLast
    ? yield* fail(agent, state, new InvalidOutput({ issue, text }))
    : saying(state, mend(issue, agent.output))
})

const saying = (state: State, message: Conversation.Message): State => ({
  ...state,
  conversation: Conversation.append(state.conversation, message)
})

const failAt = (agent: Agent, state: State, limit: Limit) =>
  fail(agent, state, new LimitReached({ limit, bound: boundsAt(agent, state)[limit] }))

const fail = (agent: Agent, state: State, reason: Reason) =>
  Effect.fail(new AgentError({ reason, ...leftOf(agent, state) }))

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

/** Runs the calls that were undecided when the conversation was left. */
const decided = Effect.fnUntraced(function*(
  agent: Agent,
  state: State
): Effect.fn.Return<State, AgentError, unknown> {
  const waiting = Conversation.pending(state.conversation)
  const message = state.conversation.messages.findLast(({ role }) => role === "assistant")
  if (waiting.length === 0 || message?.role !== "assistant") return state
  const batch = batchOf(agent, state, turnsOf(state.conversation), undefined)
  const { ran, settled } = yield* runCalls(agent, state, waiting, batch, deadlineOf(agent, state, 0))
  const turn: ChatModel.Turn = { message, finish: "tool-calls", usage: state.usage }
  const conversation = Conversation.decided(state.conversation, settled.outcomes, settled.pending)
  return yield* answered(agent, state, { turn, settled }, ran, conversation)
})

/** Keeps a round, whose answers are in the conversation; ends where a call of it is undecided. */
const answered = Effect.fnUntraced(function*(
  agent: Agent,
  state: State,
  round: Round<Tool.Any>,
  ran: number,
  conversation: Conversation.Conversation
): Effect.fn.Return<State, AgentError> {
  const { pending } = round.settled
  const after = { ...state, conversation, calls: state.calls + ran, rounds: [...state.rounds, round] }
  if (agent.recorder !== undefined && round.turn.finish !== "pause") {
    yield* agent.recorder.settled({ conversation, spent: recordOf(after, agent.inner) })
  }
  yield* agent.tell({ _tag: "RoundSettled", at: agent.now(), round, conversation })
  return pending.length === 0
    ? after
    : yield* fail(agent, after, new Undecided({ callIds: pending.map(({ id }) => id) }))
})

/** The limit for which the next turn has to be an answer. */
const limitOf = Effect.fnUntraced(function*(
  agent: Agent,
  state: State
): Effect.fn.Return<Limit | undefined, AgentError> {
  const bounds = boundsAt(agent, state)
  if (bounds.cost !== Infinity && totalOf(state, agent.inner).cost === undefined) {
    return yield* fail(agent, state, new Unpriced({ model: state.model }))
  }
  const spent = spentBy(agent, state)
  const limit = metBy(bounds, spent)
  const refused = exceededBy(bounds, spent)
  if (refused !== undefined) return yield* failAt(agent, state, refused)
  holdTurns(agent, state, limit === undefined ? 2 : 1)
  if (limit !== undefined && switchesOff(agent, limit)) {
    yield* agent.tell({ _tag: "LimitReached", at: agent.now(), limit })
  }
  return limit
})

/** A turn that was taken: behind what, and under which limit. */
interface Next {
  readonly state: State
  readonly limit: Limit | undefined
  readonly taken: Taken
}

/** Hears what is said meanwhile, and takes a turn under the limit that is met. */
const nextTurn = Effect.fnUntraced(function*(
  agent: Agent,
  before: State
): Effect.fn.Return<Next, ChatModelError | AgentError, unknown> {
  const { options, recorder, standing } = agent
  if (before.turns > 0) standing.toolkit = yield* toolkitOf(options)
  if (recorder !== undefined) return yield* recordedTurn(agent, before, recorder)
  const state = yield* steered(agent, before, yield* saidMeanwhile(agent, before))
  const limit = yield* limitOf(agent, state)
  const asking = { agent, state, limit }
  return { state, limit, taken: yield* asked(asking, options.streaming ? streamedTurn(asking) : wholeTurn(asking)) }
})

/** The same where turns are kept: one that is known is told again, and no model is asked. Its calls are run behind it. */
const recordedTurn = Effect.fnUntraced(function*(
  agent: Agent,
  before: State,
  recorder: AgentRecorder
): Effect.fn.Return<Next, ChatModelError | AgentError, unknown> {
  const { options } = agent
  let state = before
  let isNew = false
  const take = Effect.gen(function*() {
    isNew = true
    const said = yield* saidMeanwhile(agent, before)
    state = yield* steered(agent, before, said)
    const limit = yield* limitOf(agent, state)
    const asking = { agent, state, limit }
    const heard = yield* asked(asking, options.streaming ? heardTurn(asking) : askedTurn(asking))
    return { ...heard, ...(limit !== undefined && { limit }), ...(said.length > 0 && { said }) }
  })
  const key = `${turnIdOf(options, before, turnsOf(before.conversation) + 1)}.${before.turns}`
  const { limit, said = [], ...heard } = yield* recorder.turn(key, take)
  if (!isNew) state = yield* steered(agent, before, said)
  const asking = { agent, state, limit }
  if (!isNew) yield* asked(asking, toldAgain(asking, heard))
  return { state, limit, taken: yield* runTurn(asking, heard) }
})

const asked = <A>(
  { agent, limit, state }: Asking,
  ask: Effect.Effect<A, ChatModelError | LimitReached, unknown>
): Effect.Effect<A, ChatModelError | AgentError, unknown> =>
  agent.tell({
    _tag: "TurnStarted",
    at: agent.now(),
    turn: state.turns + 1,
    toolsOff: switchesOff(agent, limit)
  }).pipe(
    Effect.andThen(ask),
    Effect.catchTags({
      LimitReached: (reason) => fail(agent, state, reason),
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
  const after = afterTurn(state, turn, millis, costOf(agent.options.pricing, turn))
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
const mend = (issue: string, output: Output.Output | undefined): Conversation.Message =>
  Conversation.user(
    `This is not the JSON that was asked for: ${issue}. Answer again, with nothing but JSON of this schema: ${
      JSON.stringify(output?.request.jsonSchema)
    }`
  )

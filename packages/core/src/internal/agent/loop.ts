import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import type { AnyOptions, Ended, Event, Round } from "../../Agent.ts"
import { AgentError, InvalidOutput, type Limit, LimitReached, type Reason, Undecided } from "../../AgentError.ts"
import * as Batch from "../../Batch.ts"
import * as ChatModel from "../../ChatModel.ts"
import { ChatModelError } from "../../ChatModelError.ts"
import * as Conversation from "../../Conversation.ts"
import type { Outcome } from "../../Outcome.ts"
import type * as Tool from "../../Tool.ts"
import { stopwatch } from "../clock.ts"
import { read as readDuration } from "../duration.ts"
import { millis, safe } from "../runner/options.ts"
import { type Bounds, exceededBy, metBy, type Spent } from "./budget.ts"
import * as Output from "./output.ts"
import { type Asking, streamedTurn, type Taken, wholeTurn } from "./turns.ts"

type Tell = (event: Event<Tool.Any, unknown>) => Effect.Effect<void>

/**
 * An agent at work: what it was given, and since when it runs.
 *
 * - `maxCalls`, `deadline`: those of its batches
 */
interface Agent {
  readonly options: AnyOptions
  readonly model: ChatModel.ChatModel["Service"]
  readonly bounds: Bounds
  readonly maxCalls: number
  readonly deadline: number
  readonly now: () => number
  readonly output: Output.Output | undefined
  readonly began: number
  readonly tell: Tell
}

/**
 * How far an agent is.
 *
 * - `said`: the text of turns that were only paused behind it
 */
interface State {
  readonly conversation: Conversation.Conversation
  readonly rounds: ReadonlyArray<Round<Tool.Any>>
  readonly usage: ChatModel.Usage
  readonly turns: number
  readonly calls: number
  readonly turnTokens: number
  readonly turnMillis: number
  readonly said: string
}

/** Takes turns until there is an answer. */
export const loop = Effect.fnUntraced(function*(
  options: AnyOptions,
  tell: Tell
): Effect.fn.Return<Ended<Tool.Any, unknown>, ChatModelError | AgentError, unknown> {
  const agent = yield* prepare(options, tell)
  let state = yield* decided(agent, begin(options))
  while (true) {
    const limit = yield* limitOf(agent, state)
    const taken = yield* takeTurn(agent, state, limit !== undefined)
    const { finish, message } = taken.turn
    const text = state.said + message.text
    const goesOn = message.calls.length > 0 || finish === "pause"
    state = { ...yield* settled(agent, state, taken), said: finish === "pause" ? text : "" }
    if (limit === undefined && goesOn) continue
    const read = yield* Effect.result(agent.output ? agent.output.read(text) : Effect.void)
    if (Result.isSuccess(read)) return end(state, { text, finish, limit, output: read.success })
    const issue = issueOf(taken.turn, read.failure)
    const isLast = limit !== undefined || finish === "refusal"
    if (isLast) return yield* fail(state, new InvalidOutput({ issue, text }))
    state = { ...state, conversation: Conversation.append(state.conversation, mend(issue, agent.output)) }
  }
})

const prepare = Effect.fnUntraced(function*(options: AnyOptions, tell: Tell): Effect.fn.Return<Agent, never, unknown> {
  const defaults = yield* Batch.Defaults
  const now = stopwatch(yield* Effect.context<unknown>())
  return {
    options,
    model: yield* ChatModel.ChatModel,
    bounds: boundsOf(options),
    maxCalls: amount(options.batch?.maxCalls ?? defaults.maxCalls ?? safe.maxCalls),
    deadline: millis("deadline", options.batch?.deadline ?? defaults.deadline ?? safe.deadline),
    now,
    output: options.output && Output.make(options.output),
    began: now(),
    tell
  }
})

const amount = (value: number | "unbounded"): number => value === "unbounded" ? Infinity : value

const boundsOf = ({ maxDuration, maxRounds = 5, maxTokens, maxToolCalls }: AnyOptions): Bounds => ({
  rounds: whole("maxRounds", maxRounds),
  calls: whole("maxToolCalls", maxToolCalls),
  tokens: whole("maxTokens", maxTokens),
  time: maxDuration === undefined ? Infinity : Duration.toMillis(readDuration(maxDuration, "Agent.Options.maxDuration"))
})

const whole = (name: string, value: number | undefined): number => {
  if (value === undefined) return Infinity
  if (Number.isInteger(value) && value >= 0) return value
  throw new RangeError(`Agent.Options.${name} is ${value}: give a whole number from 0 on.`)
}

const begin = ({ askTogether, prompt, system }: AnyOptions): State => ({
  conversation: typeof prompt === "string"
    ? Conversation.make(prompt, { system: askTogether === true ? withInstruction(system) : system })
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

const fail = ({ conversation, usage }: State, reason: Reason) =>
  Effect.fail(new AgentError({ reason, conversation, usage }))

/** Runs the calls that nobody had decided on when the conversation was left. */
const decided = Effect.fnUntraced(function*(
  agent: Agent,
  state: State
): Effect.fn.Return<State, AgentError, unknown> {
  const waiting = Conversation.pending(state.conversation)
  const message = state.conversation.messages.findLast(({ role }) => role === "assistant")
  if (waiting.length === 0 || message?.role !== "assistant") return state
  const settled = yield* Batch.run(
    agent.options.toolkit,
    waiting,
    {
      ...batchOf(agent, state, turnsOf(state.conversation), false),
      deadline: unboundedOr(deadlineOf(agent, state, 0))
    }
  )
  const turn: ChatModel.Turn = { message, finish: "tool-calls", usage: state.usage }
  return yield* answered(agent, state, { turn, settled }, Conversation.decided(state.conversation, settled.outcomes))
})

/** Keeps a round, whose answers are in the conversation; ends where a call of it is undecided. */
const answered = Effect.fnUntraced(function*(
  { tell }: Agent,
  state: State,
  round: Round<Tool.Any>,
  conversation: Conversation.Conversation
): Effect.fn.Return<State, AgentError> {
  yield* tell({ _tag: "RoundSettled", round, conversation })
  const { outcomes, pending } = round.settled
  const calls = state.calls + outcomes.filter(wasAdmitted).length
  const after = { ...state, conversation, calls, rounds: [...state.rounds, round] }
  return pending.length === 0 ? after : yield* fail(after, new Undecided({ callIds: pending.map(({ id }) => id) }))
})

const wasAdmitted = ({ result }: Outcome): boolean =>
  Result.isSuccess(result) || result.failure._tag === "ToolFailure" || result.failure.reason._tag !== "LimitExceeded"

/** The limit for which the next turn has to be an answer. */
const limitOf = Effect.fnUntraced(function*(
  { began, bounds, now, options, tell }: Agent,
  state: State
): Effect.fn.Return<Limit | undefined, AgentError> {
  const spent = spentOf(state, now() - began)
  const limit = metBy(bounds, spent)
  const refused = options.atLimit === "fail" ? limit : exceededBy(bounds, spent)
  if (refused !== undefined) return yield* fail(state, new LimitReached({ limit: refused, bound: bounds[refused] }))
  if (limit !== undefined) yield* tell({ _tag: "LimitReached", limit })
  return limit
})

/** Tokens that are kept for an answer. */
const answerTokens = 1024

const spentOf = ({ calls, conversation, turnMillis, turns, turnTokens, usage }: State, millis: number): Spent => {
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

const takeTurn = Effect.fnUntraced(function*(
  agent: Agent,
  state: State,
  toolsOff: boolean
): Effect.fn.Return<Taken, ChatModelError | AgentError, unknown> {
  const { bounds, model, options, tell } = agent
  yield* tell({ _tag: "TurnStarted", at: agent.now(), turn: state.turns + 1, toolsOff })
  const left = agent.began + bounds.time - agent.now()
  const late = Effect.suspend(() => Effect.fail(new LimitReached({ limit: "time", bound: bounds.time })))
  const asking: Asking = {
    model,
    request: requestOf(agent, state, toolsOff),
    now: agent.now,
    toolkit: options.toolkit,
    timeUp: left === Infinity ? undefined : Effect.andThen(Effect.sleep(left), late),
    onText: tell,
    onTurn: (turn) =>
      Effect.andThen(
        tell({ _tag: "TurnEnded", at: agent.now(), turn }),
        tell({ _tag: "Usage", turn: turn.usage, total: plus(state.usage, turn.usage) })
      ),
    batch: batchOf(agent, state, turnsOf(state.conversation) + 1, toolsOff),
    deadline: (turnMillis) => deadlineOf(agent, state, turnMillis)
  }
  return yield* Effect.catchTags(options.streaming === true ? streamedTurn(asking) : wholeTurn(asking), {
    LimitReached: (reason) => fail(state, reason),
    ChatModelError: (error) => Effect.fail(state.rounds.length === 0 ? error : keeping(state, error))
  })
})

/** The calls that have run must not be lost with the turn behind them. */
const keeping = ({ conversation }: State, { reason, wire }: ChatModelError) =>
  new ChatModelError({ wire, reason, conversation })

const requestOf = ({ options, output }: Agent, state: State, toolsOff: boolean): ChatModel.Request => ({
  conversation: state.conversation,
  toolkit: options.toolkit,
  toolChoice: toolsOff ? "none" : state.turns === 0 ? options.toolChoice : undefined,
  parallelToolCalls: options.parallelToolCalls,
  output: output?.request
})

/**
 * How the calls of a turn are bounded.
 *
 * - some providers repeat call ids from turn to turn: the turn's number keeps the idempotency keys apart
 */
const batchOf = (
  { bounds, maxCalls, options, tell }: Agent,
  state: State,
  turn: number,
  toolsOff: boolean
): Batch.Options => ({
  ...options.batch,
  runId: `${options.batch?.runId ?? state.conversation.runId}/${turn}`,
  maxCalls: unboundedOr(toolsOff ? 0 : Math.min(maxCalls, bounds.calls - state.calls)),
  onCall: (event) => Effect.andThen(options.batch?.onCall?.(event) ?? Effect.void, tell(event))
})

/** What is left for the calls of a turn, if as much time as the longest turn took is kept for an answer. */
const deadlineOf = ({ began, bounds, deadline, now }: Agent, state: State, turnMillis: number): number =>
  Math.max(0, Math.min(deadline, began + bounds.time - now() - Math.max(turnMillis, state.turnMillis)))

const unboundedOr = (value: number): number | "unbounded" => value === Infinity ? "unbounded" : value

const turnsOf = ({ messages }: Conversation.Conversation): number =>
  messages.filter(({ role }) => role === "assistant").length

const total = ({ input, output }: ChatModel.Usage): number => input + output

const plus = (a: ChatModel.Usage, b: ChatModel.Usage): ChatModel.Usage => ({
  input: a.input + b.input,
  output: a.output + b.output
})

/** Puts a turn and its results behind the conversation. */
const settled = (
  agent: Agent,
  state: State,
  { millis, settled, turn }: Taken
): Effect.Effect<State, AgentError> => {
  const after = {
    ...state,
    conversation: Conversation.append(state.conversation, turn.message),
    turns: state.turns + 1,
    usage: plus(state.usage, turn.usage),
    turnTokens: Math.max(total(turn.usage), state.turnTokens),
    turnMillis: Math.max(millis, state.turnMillis)
  }
  if (settled === undefined) return Effect.succeed(after)
  const conversation = Conversation.append(after.conversation, Conversation.answers(settled.outcomes))
  return answered(agent, after, { turn, settled }, conversation)
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
  { conversation, rounds, usage }: State,
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
  conversation
})

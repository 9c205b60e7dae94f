/**
 * The loop: a model turn, its batch, the results, until there is an answer or a limit.
 */
import * as Effect from "effect/Effect"
import * as Batch from "./Batch.ts"
import * as ChatModel from "./ChatModel.ts"
import type { ChatModelError } from "./ChatModelError.ts"
import * as Conversation from "./Conversation.ts"
import type * as Tool from "./Tool.ts"
import type * as Toolkit from "./Toolkit.ts"

export interface Options<T extends Tool.Any> {
  readonly toolkit: Toolkit.Toolkit<T>
  /** What to ask; or a conversation to go on with. */
  readonly prompt: string | Conversation.Conversation
  /** What the model is told to be; not used where `prompt` is a conversation. */
  readonly system?: string | undefined
  /** Turns whose calls are run; after them comes one final turn with tools switched off. 5. */
  readonly maxRounds?: number | undefined
  /** How each batch is bounded. */
  readonly batch?: Batch.Options | undefined
  /** Holds for the first turn alone: a model that had to call tools in every turn could never answer. */
  readonly toolChoice?: ChatModel.ToolChoice | undefined
  /** False has the provider ask for one call a turn. */
  readonly parallelToolCalls?: boolean | undefined
}

/** A turn and what became of its calls. */
export interface Round<out T extends Tool.Any> {
  readonly turn: ChatModel.Turn
  readonly settled: Batch.Settled<T>
}

/**
 * How an agent ended.
 *
 * - `answer`: the text of the last turn
 * - `finish`: why the model ended it; anything but `"stop"` may be no whole answer
 * - `limited`: tools were switched off because `maxRounds` was met
 * - `conversation`: all of it, every call of every turn answered
 */
export interface Ended<out T extends Tool.Any> {
  readonly answer: string
  readonly finish: ChatModel.Turn["finish"]
  readonly limited: boolean
  readonly rounds: ReadonlyArray<Round<T>>
  readonly usage: ChatModel.Usage
  readonly conversation: Conversation.Conversation
}

/**
 * Asks, runs the calls of each turn as one batch, and asks again, until the model answers.
 *
 * - at `maxRounds` the model is asked once more with tools listed but switched off, so that there is an answer
 * - calls made in spite of that are answered by `LimitExceeded`
 * - errors: what the model fails with; a tool's failure goes to the model, never here
 */
export const run = Effect.fnUntraced(function*<T extends Tool.Any>(
  options: Options<T>
): Effect.fn.Return<Ended<T>, ChatModelError, ChatModel.ChatModel | Tool.Requirements<T>> {
  const model = yield* ChatModel.ChatModel
  const maxRounds = yield* roundsOf(options)
  let state = begin(options)
  while (true) {
    const toolsOff = state.turns >= maxRounds
    const turn = yield* model.generate(requestOf(options, state, toolsOff))
    state = withTurn(state, turn)
    if (turn.message.calls.length > 0) {
      const settled = yield* Batch.run(options.toolkit, turn.message.calls, batchOf(options, state, toolsOff))
      state = withResults(state, { turn, settled })
    } else if (turn.finish !== "pause") return end(state, turn, toolsOff)
    if (toolsOff) return end(state, turn, toolsOff)
  }
})

const roundsOf = <T extends Tool.Any>({ maxRounds = 5 }: Options<T>): Effect.Effect<number> =>
  Number.isInteger(maxRounds) && maxRounds >= 0
    ? Effect.succeed(maxRounds)
    : Effect.die(new RangeError(`Agent.Options.maxRounds is ${maxRounds}: give a whole number from 0 on.`))

interface State<out T extends Tool.Any> {
  readonly conversation: Conversation.Conversation
  readonly turns: number
  readonly rounds: ReadonlyArray<Round<T>>
  readonly usage: ChatModel.Usage
}

const begin = <T extends Tool.Any>({ prompt, system }: Options<T>): State<T> => ({
  conversation: typeof prompt === "string" ? Conversation.make(prompt, { system }) : prompt,
  turns: 0,
  rounds: [],
  usage: { input: 0, output: 0 }
})

const requestOf = <T extends Tool.Any>(options: Options<T>, state: State<T>, toolsOff: boolean): ChatModel.Request => ({
  conversation: state.conversation,
  toolkit: options.toolkit,
  toolChoice: toolsOff ? "none" : state.turns === 0 ? options.toolChoice : undefined,
  parallelToolCalls: options.parallelToolCalls
})

const batchOf = <T extends Tool.Any>(options: Options<T>, state: State<T>, toolsOff: boolean): Batch.Options => ({
  ...options.batch,
  runId: `${options.batch?.runId ?? state.conversation.runId}/${turnsOf(state.conversation)}`,
  ...(toolsOff ? { maxCalls: 0 } : {})
})

/** Some providers repeat call ids from turn to turn: the turn's number keeps the idempotency keys apart. */
const turnsOf = ({ messages }: Conversation.Conversation): number =>
  messages.filter(({ role }) => role === "assistant").length

const withTurn = <T extends Tool.Any>(state: State<T>, { message, usage }: ChatModel.Turn): State<T> => ({
  ...state,
  conversation: Conversation.append(state.conversation, message),
  turns: state.turns + 1,
  usage: { input: state.usage.input + usage.input, output: state.usage.output + usage.output }
})

const withResults = <T extends Tool.Any>(state: State<T>, round: Round<T>): State<T> => ({
  ...state,
  conversation: Conversation.append(state.conversation, {
    role: "tool",
    results: Conversation.results(round.settled.outcomes)
  }),
  rounds: [...state.rounds, round]
})

const end = <T extends Tool.Any>(state: State<T>, { finish, message }: ChatModel.Turn, limited: boolean): Ended<T> => ({
  answer: message.text,
  finish,
  limited,
  rounds: state.rounds,
  usage: state.usage,
  conversation: state.conversation
})

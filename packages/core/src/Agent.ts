/**
 * The loop: a model turn, its batch, the results, until there is an answer or a limit.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import type * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { AgentError, Limit } from "./AgentError.ts"
import type * as Batch from "./Batch.ts"
import type * as ChatModel from "./ChatModel.ts"
import type { ChatModelError } from "./ChatModelError.ts"
import type { Conversation } from "./Conversation.ts"
import { loop } from "./internal/agent/loop.ts"
import type * as Tool from "./Tool.ts"
import type * as Toolkit from "./Toolkit.ts"

export interface Options<out T extends Tool.Any> {
  readonly toolkit: Toolkit.Toolkit<T>
  /** What to ask; or a conversation to go on with, from its undecided calls on where it has any. */
  readonly prompt: string | Conversation
  /** What the model is told to be; not used where `prompt` is a conversation. */
  readonly system?: string | undefined
  /** Tells the model to ask for calls that do not need each other all at once; false. Not used with a conversation. */
  readonly askTogether?: boolean | undefined
  /** Turns whose calls are run; after them comes one final turn with tools switched off. 5. */
  readonly maxRounds?: number | undefined
  /** Calls of all turns together that run, each further one is answered by `LimitExceeded`. Unbounded. */
  readonly maxToolCalls?: number | undefined
  /** Input and output tokens of all turns together, as the provider counts them; some are kept for the answer. Unbounded. */
  readonly maxTokens?: number | undefined
  /** How long all of it may take; as much as the longest turn took is kept for the answer. Unbounded. */
  readonly maxDuration?: Duration.Input | undefined
  /** What to do at a limit: ask for an answer without tools, or fail with `LimitReached`; `"answer"`. */
  readonly atLimit?: "answer" | "fail" | undefined
  /** Streams the model's turns, and starts read-only calls meanwhile; false for `run`, true for `stream`. */
  readonly streaming?: boolean | undefined
  /** How each batch is bounded. */
  readonly batch?: Batch.Options | undefined
  /** Holds for the first turn alone: a model that had to call tools in every turn could never answer. */
  readonly toolChoice?: ChatModel.ToolChoice | undefined
  /** False has the provider ask for one call a turn. */
  readonly parallelToolCalls?: boolean | undefined
}

/** What the answer has to be: JSON of a schema. An answer that is not goes back to the model within `maxRounds`. */
export interface WithOutput<S extends Schema.Constraint> {
  readonly output: S
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
 * - `output`: the same as a value, where one was asked for
 * - `finish`: why the model ended it; anything but `"stop"` may be no whole answer
 * - `limited`: the limit for which tools were switched off, false where there was none
 * - `rounds`: where the prompt had undecided calls, the first one holds those alone
 * - `conversation`: all of it, every call of every turn answered
 */
export interface Ended<out T extends Tool.Any, out O = undefined> {
  readonly answer: string
  readonly output: O
  readonly finish: ChatModel.Turn["finish"]
  readonly limited: Limit | false
  readonly rounds: ReadonlyArray<Round<T>>
  readonly usage: ChatModel.Usage
  readonly conversation: Conversation
}

/**
 * What happens while an agent runs.
 *
 * - `at`: when, in milliseconds since the epoch
 * - `TurnStarted`: the model is asked; without tools where they are switched off
 * - `Text`: a piece of what it says
 * - `TurnEnded`: all that it said; calls may still run
 * - `Usage`: what that turn cost, and all turns so far
 * - `CallStarted`, `CallProgress`, `CallSettled`: as in `Batch.Options.onCall`
 * - `RoundSettled`: every call of the turn is answered; `conversation` holds the answers
 * - `LimitReached`: tools are switched off from here on
 * - `Answer`: the last event
 */
export type Event<T extends Tool.Any, O = undefined> =
  | { readonly _tag: "TurnStarted"; readonly at: number; readonly turn: number; readonly toolsOff: boolean }
  | ChatModel.Text
  | { readonly _tag: "TurnEnded"; readonly at: number; readonly turn: ChatModel.Turn }
  | { readonly _tag: "Usage"; readonly turn: ChatModel.Usage; readonly total: ChatModel.Usage }
  | Batch.CallEvent
  | { readonly _tag: "RoundSettled"; readonly round: Round<T>; readonly conversation: Conversation }
  | { readonly _tag: "LimitReached"; readonly limit: Limit }
  | { readonly _tag: "Answer"; readonly ended: Ended<T, O> }

type Needs<T extends Tool.Any> = ChatModel.ChatModel | Tool.Requirements<T>

/**
 * Asks, runs the calls of each turn as one batch, and asks again, until the model answers.
 *
 * - at a limit the model is asked once more with tools listed but switched off, so that there is an answer; calls made in
 *   spite of that are answered by `LimitExceeded`
 * - errors: what the model fails with, and `AgentError` where there is no answer; a tool's failure goes to the model, never
 *   here. A streamed turn that breaks off after calls of it have run, for a reason that may pass, is gone on from instead
 * - a call that nobody has decided on ends the agent with `Undecided`; run it with that error's conversation to go on
 */
export function run<T extends Tool.Any, S extends Schema.Constraint>(
  options: Options<T> & WithOutput<S>
): Effect.Effect<Ended<T, S["Type"]>, ChatModelError | AgentError, Needs<T> | S["DecodingServices"]>
export function run<T extends Tool.Any>(
  options: Options<T>
): Effect.Effect<Ended<T>, ChatModelError | AgentError, Needs<T>>
export function run(
  options: AnyOptions
): Effect.Effect<Ended<Tool.Any, unknown>, ChatModelError | AgentError, unknown> {
  return loop(options, () => Effect.void)
}

/**
 * Runs an agent and tells what happens while it happens; the last event is its answer.
 *
 * - the model's turns are streamed unless `streaming` is false, and read-only calls start meanwhile
 * - whoever reads slowly holds nothing up: events are kept until they are read
 * - errors and interruption: as with `run`; who stops reading interrupts the agent
 */
export function stream<T extends Tool.Any, S extends Schema.Constraint>(
  options: Options<T> & WithOutput<S>
): Stream.Stream<Event<T, S["Type"]>, ChatModelError | AgentError, Needs<T> | S["DecodingServices"]>
export function stream<T extends Tool.Any>(
  options: Options<T>
): Stream.Stream<Event<T>, ChatModelError | AgentError, Needs<T>>
export function stream(
  options: AnyOptions
): Stream.Stream<Event<Tool.Any, unknown>, ChatModelError | AgentError, unknown> {
  return Stream.callback((queue) =>
    loop({ ...options, streaming: options.streaming ?? true }, (event) => Effect.asVoid(Queue.offer(queue, event)))
      .pipe(
        Effect.flatMap((ended) => Queue.offer(queue, { _tag: "Answer", ended })),
        Effect.matchCauseEffect({
          onFailure: (cause) => Queue.failCause(queue, cause),
          onSuccess: () => Queue.end(queue)
        })
      )
  )
}

/** Options, whatever their toolkit and output. */
export interface AnyOptions extends Options<Tool.Any>, Partial<WithOutput<Schema.Constraint>> {}

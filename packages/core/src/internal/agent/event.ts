import type { Limit } from "../../AgentError.ts"
import type { Step } from "../../Approver.ts"
import type * as Batch from "../../Batch.ts"
import type * as ChatModel from "../../ChatModel.ts"
import type { Conversation, User } from "../../Conversation.ts"
import type * as Tool from "../../Tool.ts"

/** A turn and what became of its calls. */
export interface Round<out T extends Tool.Any> {
  /** What the model said, and which calls it asked for. */
  readonly turn: ChatModel.Turn
  /** How those calls ended. */
  readonly settled: Batch.Settled<T>
}

/** How an agent ended. */
export interface Ended<out T extends Tool.Any, out O = undefined> {
  /** The text of the last turn. */
  readonly answer: string
  /** The answer as a value, if the option `output` asked for one. */
  readonly output: O
  /** Why the model ended its last turn; anything but `"stop"` may be no whole answer. */
  readonly finish: ChatModel.Turn["finish"]
  /** The limit for which tools were switched off; false if there was none. */
  readonly limited: Limit | false
  /** Its turns, with their calls. If the prompt had undecided calls, the first round has those alone. */
  readonly rounds: ReadonlyArray<Round<T>>
  /** The tokens of all turns. */
  readonly usage: ChatModel.Usage
  /** What the tokens cost, by `pricing`; undefined if that is left out, or has no price of a model that took part. */
  readonly cost: number | undefined
  /** All that was said, with an answer to every call; plain JSON to go on with. */
  readonly conversation: Conversation
}

/** What an agent leaves that was interrupted. */
export interface Left {
  /** Plain JSON to go on with. It has an answer to every call, of what is known; what had run does not run again. */
  readonly conversation: Conversation
  /** The tokens of its turns until then. */
  readonly usage: ChatModel.Usage
  /** What they cost, as in `Ended`. */
  readonly cost: number | undefined
}

/**
 * What happens while an agent runs.
 *
 * - `TurnStarted`: the model is asked; without tools where they are switched off
 * - `Text`: a piece of what it says
 * - `TurnEnded`: all that it said; calls may still run
 * - `Usage`: what that turn cost, and all turns so far
 * - `CallWaiting`, `CallStarted`, `CallProgress`, `CallHedged`, `CallRetried`, `CallSettled`: as in `Batch.Options.onCall`
 * - `RoundSettled`: every call of the turn is answered; `conversation` holds the answers
 * - `Steered`: what `steer` gave, and the conversation with it
 * - `LimitReached`: tools are switched off from here on
 * - `Answer`: the last event
 * - `Nested`: what happens to an agent that is one of its tools, its answer included
 */
export type Event<T extends Tool.Any, O = undefined> = Batch.CallEvent | Of<T, O> | Nested

type Of<T extends Tool.Any, O> =
  & (
    | { readonly _tag: "TurnStarted"; readonly turn: number; readonly toolsOff: boolean }
    | ChatModel.Text
    | { readonly _tag: "TurnEnded"; readonly turn: ChatModel.Turn }
    | { readonly _tag: "Usage"; readonly turn: ChatModel.Usage; readonly total: ChatModel.Usage }
    | { readonly _tag: "RoundSettled"; readonly round: Round<T>; readonly conversation: Conversation }
    | { readonly _tag: "Steered"; readonly said: ReadonlyArray<User>; readonly conversation: Conversation }
    | { readonly _tag: "LimitReached"; readonly limit: Limit }
    | { readonly _tag: "Answer"; readonly ended: Ended<T, O> }
  )
  & {
    /** When, in milliseconds since 1970. */
    readonly at: number
  }

/** What happens to an agent that is a call of another one. */
export interface Nested {
  readonly _tag: "Nested"
  /** The calls that it is inside of, the outermost first. */
  readonly path: ReadonlyArray<Step>
  /** What happened to it. */
  readonly event: Exclude<Event<Tool.Any, unknown>, Nested>
}

import type { Limit } from "../../AgentError.ts"
import type { Step } from "../../Approver.ts"
import type * as Batch from "../../Batch.ts"
import type * as ChatModel from "../../ChatModel.ts"
import type { Conversation, User } from "../../Conversation.ts"
import type * as Tool from "../../Tool.ts"

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
 * - `cost`: by `pricing`; undefined where there is none, or none for a model that took part
 * - `conversation`: all of it, every call of every turn answered
 */
export interface Ended<out T extends Tool.Any, out O = undefined> {
  readonly answer: string
  readonly output: O
  readonly finish: ChatModel.Turn["finish"]
  readonly limited: Limit | false
  readonly rounds: ReadonlyArray<Round<T>>
  readonly usage: ChatModel.Usage
  readonly cost: number | undefined
  readonly conversation: Conversation
}

/**
 * What an agent leaves that was interrupted.
 *
 * - `conversation`: plain JSON to go on with, every call of it answered with what is known; what had run does not run again
 * - `usage`, `cost`: of its turns until then, as in `Ended`
 */
export interface Left {
  readonly conversation: Conversation
  readonly usage: ChatModel.Usage
  readonly cost: number | undefined
}

/**
 * What happens while an agent runs.
 *
 * - `at`: when, in milliseconds since the epoch
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
  & { readonly at: number }

/** What happens to an agent that is a call of another one; `path` are the calls that it is inside of, the outermost first. */
export interface Nested {
  readonly _tag: "Nested"
  readonly path: ReadonlyArray<Step>
  readonly event: Exclude<Event<Tool.Any, unknown>, Nested>
}

/**
 * Keeps the turns of agents, and the state of an agent after each answered turn, so that an agent that begins again
 * goes on from there.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Limit } from "./AgentError.ts"
import * as ChatModel from "./ChatModel.ts"
import { Conversation, User } from "./Conversation.ts"
import { Usage } from "./Usage.ts"

/**
 * A turn of a model.
 *
 * - `millis`: how long the model took; `limit`: the limit because of which its calls do not run
 * - `said`: what `steer` gave before it
 */
export const Turn = Schema.Struct({
  turn: ChatModel.Turn,
  millis: Schema.Finite,
  limit: Schema.optionalKey(Limit),
  said: Schema.optionalKey(Schema.Array(User))
})
export interface Turn extends Schema.Schema.Type<typeof Turn> {}

/**
 * What an agent has used, its inner agents included.
 *
 * - `rounds`: its turns; `cost`: left out if one of them has no price
 * - `turnTokens`, `turnMillis`, `turnCost`: of its largest, longest and dearest turn
 */
export const Spent = Schema.Struct({
  rounds: Schema.Int,
  calls: Schema.Int,
  usage: Usage,
  cost: Schema.optionalKey(Schema.Finite),
  turnTokens: Schema.Finite,
  turnMillis: Schema.Finite,
  turnCost: Schema.Finite
})
export interface Spent extends Schema.Schema.Type<typeof Spent> {}

/** The state of an agent: `Agent.run` goes on from `conversation` and `spent` as if it had never stopped. */
export const Standing = Schema.Struct({ conversation: Conversation, spent: Spent })
export interface Standing extends Schema.Schema.Type<typeof Standing> {}

/**
 * Records the turns of agents; a `Recorder` keeps their calls.
 *
 * - `turn`: takes a turn and records it, or gives the recorded one; `key` is made of the run id and the turn's number,
 *   so that inner agents have other keys
 * - `settled`: gets the state of an agent once every call of a turn is answered; the next turn waits for it
 */
export interface AgentRecorder {
  readonly turn: <E, R>(key: string, take: Effect.Effect<Turn, E, R>) => Effect.Effect<Turn, E, R>
  readonly settled: (standing: Standing) => Effect.Effect<void>
}

/** The recorder of the program's agents; there is none unless the program provides it. A streamed turn's calls start when it is whole then. */
export const AgentRecorder = Context.Reference<AgentRecorder | undefined>("@volley/core/AgentRecorder", {
  defaultValue: () => undefined
})

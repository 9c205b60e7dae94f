/**
 * How a run ended, as it is kept.
 */
import * as AgentError from "@volley/core/AgentError"
import { Turn } from "@volley/core/ChatModel"
import { ChatModelError } from "@volley/core/ChatModelError"
import type { Conversation } from "@volley/core/Conversation"
import { Usage } from "@volley/core/Usage"
import * as Schema from "effect/Schema"
import { Tail } from "./standings.ts"

/** An answer; `output` as its schema writes it. */
export const Answered = Schema.Struct({
  answer: Schema.String,
  output: Schema.optionalKey(Schema.Json),
  finish: Turn.fields.finish,
  limited: Schema.Union([AgentError.Limit, Schema.Literal(false)]),
  usage: Usage,
  cost: Schema.optionalKey(Schema.Finite),
  tail: Tail
})
export interface Answered extends Schema.Schema.Type<typeof Answered> {}

/** How a run ended that gave an answer. */
export interface Ended extends Omit<Answered, "tail"> {
  readonly conversation: Conversation
}

export const Failure = Schema.Union([AgentError.AgentError, ChatModelError])
export type Failure = typeof Failure.Type

/** How a run ended: with an answer, with an error, or by a crash. */
export const Result = Schema.Union([
  Schema.Struct({ answered: Answered }),
  Schema.Struct({ failed: Failure }),
  Schema.Struct({ crashed: Schema.String })
])
export type Result = typeof Result.Type

const codec = Schema.toCodecJson(Result)
export const encodeResult = Schema.encodeEffect(codec)
export const decodeResult = Schema.decodeUnknownEffect(codec)

/**
 * Why an agent ended without an answer.
 */
import * as Schema from "effect/Schema"
import { Conversation } from "./Conversation.ts"
import { Usage } from "./Usage.ts"

/** The limits that an agent may have. */
export const Limit = Schema.Literals(["rounds", "calls", "tokens", "time", "cost"])
export type Limit = typeof Limit.Type

/** A limit was reached, and too little was left for an answer, or `atLimit` is `"fail"`. */
export class LimitReached extends Schema.TaggedError<LimitReached>()("LimitReached", {
  limit: Limit,
  bound: Schema.Finite
}) {
  override get message(): string {
    const what =
      { rounds: "rounds", calls: "calls", tokens: "tokens", time: "milliseconds", cost: "in cost" }[this.limit]
    return `the agent met its limit of ${this.bound} ${what}`
  }
}

/** The model's last answer is not what `output` describes; `text` is what it said. */
export class InvalidOutput extends Schema.TaggedError<InvalidOutput>()("InvalidOutput", {
  issue: Schema.String,
  text: Schema.String
}) {
  override get message(): string {
    return `the model's answer is not the output asked for: ${this.issue}`
  }
}

/** Calls wait for a decision; go on with the conversation once it can be given. */
export class Undecided extends Schema.TaggedError<Undecided>()("Undecided", {
  callIds: Schema.Array(Schema.String)
}) {
  override get message(): string {
    return `it is not yet decided whether these calls may run: ${this.callIds.join(", ")}`
  }
}

/** The agent has a `maxCost`, but the price of this model is not known. */
export class Unpriced extends Schema.TaggedError<Unpriced>()("Unpriced", {
  model: Schema.UndefinedOr(Schema.String)
}) {
  override get message(): string {
    return `maxCost is given, but pricing has no rates for ${
      this.model ?? "a model that does not say its name"
    }; "*" stands for any other`
  }
}

/** No wire would take the conversation that the agent was given, and there is no single way to mend it. */
export class InvalidConversation extends Schema.TaggedError<InvalidConversation>()("InvalidConversation", {
  issue: Schema.String
}) {
  override get message(): string {
    return `nothing can be asked with this conversation: ${this.issue}`
  }
}

/**
 * What an outer agent's model reads if an inner agent gave no answer; nothing of the inner conversation.
 *
 * - `reason`: the name of the reason why it ended; `limit`: which limit it reached
 */
export class Failed extends Schema.TaggedError<Failed>()("AgentFailed", {
  reason: Schema.String,
  limit: Schema.optionalKey(Limit)
}) {
  override get message(): string {
    return `The agent ended without an answer: ${this.reason}${this.limit === undefined ? "" : ` (${this.limit})`}.`
  }
}

/** Why an agent has no answer. */
export const Reason = Schema.Union([LimitReached, InvalidOutput, Undecided, Unpriced, InvalidConversation])
export type Reason = typeof Reason.Type

/**
 * An agent ended without an answer, and why; `Effect.catchReason` works on it.
 *
 * - `conversation`: the whole conversation, with an answer to every call; an agent can go on with it
 * - `usage`: the tokens of its turns until then; `cost`: their cost, if all of them have a price
 */
export class AgentError extends Schema.TaggedError<AgentError>()("AgentError", {
  reason: Reason,
  conversation: Conversation,
  usage: Usage,
  cost: Schema.optional(Schema.Finite)
}) {
  override get message(): string {
    return this.reason.message
  }
}

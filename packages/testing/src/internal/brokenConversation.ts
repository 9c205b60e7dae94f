import type { Conversation, Message } from "@volley/core/Conversation"
import * as Data from "effect/Data"

/** What a conversation has to be for a provider to take it. */
export type Law =
  | "every call is answered"
  | "every answer is for a call of the turn before it"
  | "every id is of one call"
  | "every call is answered once"
  | "answers stand right behind their turn"
  | "answers are in call order"

/**
 * A law that a conversation breaks.
 *
 * - `index`: of the message that breaks it
 * - `id`: of the call that it is about
 */
export class BrokenConversation extends Data.TaggedError("BrokenConversation")<{
  readonly law: Law
  readonly index: number
  readonly id: string | undefined
  readonly why: string
}> {
  override get message(): string {
    return `ScriptedModel: the conversation breaks the law "${this.law}": message ${this.index} ${this.why}.`
  }
}

/**
 * The first law that a conversation breaks; undefined where it breaks none, and a provider would take it.
 *
 * @example
 * ```ts
 * import { Conversation, ToolCall } from "@volley/core"
 * import { ScriptedModel } from "@volley/testing"
 *
 * const unanswered = Conversation.append(Conversation.make("Hello!"), {
 *   role: "assistant",
 *   text: "",
 *   calls: [ToolCall.make({ id: "call_1", name: "ping" })]
 * })
 * console.log(ScriptedModel.violationOf(unanswered)?.law) // => every call is answered
 * ```
 */
export const violationOf = ({ messages }: Pick<Conversation, "messages">): BrokenConversation | undefined => {
  for (const [index, message] of messages.entries()) {
    const broken = message.role === "assistant"
      ? ofTurn(message.calls.map(({ id }) => id), index, messages[index + 1])
      : message.role === "tool"
      ? ofResults(message.results.map(({ callId }) => callId), index, messages[index - 1])
      : undefined
    if (broken !== undefined) return broken
  }
  return undefined
}

const ofTurn = (
  ids: ReadonlyArray<string>,
  index: number,
  next: Message | undefined
): BrokenConversation | undefined => {
  const broken = (law: Law, id: string | undefined, why: string) => new BrokenConversation({ law, index, id, why })
  const twice = firstTwice(ids)
  if (twice !== undefined) return broken("every id is of one call", twice, `has two calls with the id "${twice}"`)
  const [first] = ids
  if (first === undefined || next?.role === "tool") return undefined
  return next === undefined
    ? broken("every call is answered", first, `calls "${first}", and nothing comes after it`)
    : broken(
      "answers stand right behind their turn",
      first,
      `calls "${first}", and a message of the ${next.role} follows`
    )
}

const ofResults = (
  answered: ReadonlyArray<string>,
  index: number,
  before: Message | undefined
): BrokenConversation | undefined => {
  const broken = (law: Law, id: string | undefined, why: string) => new BrokenConversation({ law, index, id, why })
  if (before?.role !== "assistant") {
    const behind = before === undefined ? "stands at the beginning" : `stands behind a message of the ${before.role}`
    return broken("answers stand right behind their turn", answered[0], `answers calls, but ${behind}`)
  }
  const ids = before.calls.map(({ id }) => id)
  const unknown = answered.find((id) => !ids.includes(id))
  if (unknown !== undefined) {
    const law = "every answer is for a call of the turn before it"
    return broken(law, unknown, `answers "${unknown}", which is no call of message ${index - 1}`)
  }
  const twice = firstTwice(answered)
  if (twice !== undefined) return broken("every call is answered once", twice, `answers "${twice}" twice`)
  const missing = ids.find((id) => !answered.includes(id))
  if (missing !== undefined) {
    return broken("every call is answered", missing, `does not answer "${missing}" of message ${index - 1}`)
  }
  const astray = answered.find((id, place) => id !== ids[place])
  if (astray === undefined) return undefined
  return broken(
    "answers are in call order",
    astray,
    `answers "${astray}" at another place than message ${index - 1} calls it`
  )
}

const firstTwice = (ids: ReadonlyArray<string>): string | undefined => ids.find((id, at) => ids.indexOf(id) !== at)

/** A prompt of `effect/ai` as a conversation. */
import * as Content from "@volley/core/Content"
import * as Conversation from "@volley/core/Conversation"
import type * as Prompt from "effect/ai/Prompt"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Carried from "./carried.ts"
import { contentOf } from "./files.ts"

/**
 * Reads a prompt, with every call answered right behind its turn.
 *
 * - of an assistant's message: its texts and calls, and what Volley put there itself; reasoning, files, sources and what a
 *   provider ran of itself are for that provider alone
 */
export const conversationOf = ({ content }: Prompt.Prompt): Conversation.Conversation =>
  Conversation.close({ runId: "effect/ai", messages: content.map(messageOf) })

const messageOf = (message: Prompt.Message): Conversation.Message => {
  switch (message.role) {
    case "system":
      return { role: "system", text: message.content }
    case "user":
      return userOf(message)
    case "assistant":
      return assistantOf(message)
    case "tool":
      return {
        role: "tool",
        results: message.content.flatMap((part) => part.type === "tool-result" ? [resultOf(part)] : [])
      }
  }
}

const userOf = ({ content }: Prompt.UserMessage): Conversation.User => {
  const [first, ...others] = content.map(contentOf)
  return Conversation.user(
    first === undefined ? "" : first.type === "text" && others.length === 0 ? first.text : [first, ...others]
  )
}

const assistantOf = ({ content }: Prompt.AssistantMessage): Conversation.Assistant => {
  const turn: Conversation.Assistant = {
    role: "assistant",
    text: content.flatMap((part) => part.type === "text" ? [part.text] : []).join(""),
    calls: content.flatMap((part) => part.type === "tool-call" && !part.providerExecuted ? [part] : [])
      .map(({ id, name, params }, index) => ({ id, name, arguments: params, index, status: "complete" }))
  }
  const native = Carried.nativeOf(content, turn)
  return native === undefined ? turn : { ...turn, native }
}

const resultOf = (part: Prompt.ToolResultPart): Conversation.ToolResult => {
  const { id: callId, isFailure: isError, modelOutput, name } = part
  const shown = modelOutput?.map(contentOf) ?? []
  const media = Content.mediaOf(shown)
  return { callId, name, isError, text: textOf(part, shown), ...(media.length > 0 && { media }) }
}

const textOf = ({ options, result }: Prompt.ToolResultPart, shown: ReadonlyArray<Content.Content>): string =>
  Option.match(decodeText(options[Carried.key]), {
    onSome: ({ text }) => text,
    onNone: () => shown.length > 0 ? Content.textOf(shown) : JSON.stringify(result) ?? "null"
  })

const decodeText = Schema.decodeUnknownOption(Schema.Struct({ text: Schema.String }))

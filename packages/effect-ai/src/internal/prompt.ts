/** A conversation as a prompt of `effect/ai`. */
import type * as ChatModel from "@volley/core/ChatModel"
import { outputInWords } from "@volley/core/ChatModel"
import * as Content from "@volley/core/Content"
import * as Conversation from "@volley/core/Conversation"
import * as Json from "@volley/core/Json"
import * as Prompt from "effect/ai/Prompt"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Carried from "./carried.ts"
import { partOf } from "./files.ts"

/** What turns of a `LanguageModel` are remembered by. */
export const wire = "effect/ai"

/** Writes what is asked as a prompt; what an answer has to be is said in words. */
export const promptOf = ({ conversation, output }: ChatModel.Request): Prompt.Prompt =>
  Prompt.fromMessages([
    ...(output === undefined ? [] : [Prompt.makeMessage("system", { content: outputInWords(output) })]),
    ...Conversation.respell(conversation, wire, () => true).messages.map(messageOf)
  ])

const messageOf = (message: Conversation.Message): Prompt.Message => {
  switch (message.role) {
    case "system":
      return Prompt.makeMessage("system", { content: message.text })
    case "user":
      return Prompt.makeMessage("user", { content: (message.content ?? [Content.text(message.text)]).map(partOf) })
    case "assistant":
      return Option.getOrElse(decodeTurn(Conversation.nativeOf(message, wire)), () => spelled(message))
    case "tool":
      return Prompt.makeMessage("tool", { content: message.results.map(resultOf) })
  }
}

const decodeTurn = Schema.decodeUnknownOption(Prompt.AssistantMessage)

/** A turn of another wire, from its text and calls; what its own server wants back goes along. */
const spelled = (turn: Conversation.Assistant): Prompt.Message => {
  const carried = Carried.optionsOf(turn)
  return Prompt.makeMessage("assistant", {
    content: [
      ...(turn.text === "" ? [] : [Prompt.makePart("text", { text: turn.text })]),
      ...turn.calls.map(({ arguments: args, id, name }) =>
        Prompt.makePart("tool-call", { id, name, params: Json.objectOf(args), providerExecuted: false })
      ),
      ...(carried === undefined ? [] : [Prompt.makePart("reasoning", { text: "", options: carried })])
    ]
  })
}

/** The text goes along as it is, since JSON that was read and is written again may be spelled another way. */
const resultOf = ({ callId, isError, media = [], name, text }: Conversation.ToolResult): Prompt.ToolResultPart =>
  Prompt.makePart("tool-result", {
    id: callId,
    name,
    isFailure: isError,
    result: Result.getOrElse(Json.parse(text, Json.ofResponse), () => text),
    ...(media.length > 0 && { modelOutput: [Content.text(text), ...media].map(partOf) }),
    providerExecuted: false,
    options: { [Carried.key]: { text } }
  })

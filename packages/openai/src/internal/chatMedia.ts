/**
 * Images and documents as Chat Completions takes them: those of the user among the text, those of results behind them.
 */
import * as Content from "@volley/core/Content"
import type * as Conversation from "@volley/core/Conversation"
import type OpenAI from "openai"
import { dataUrl, fileName, refuseImage } from "./media.ts"

type Part = OpenAI.ChatCompletionContentPart
type ToolMessage = OpenAI.ChatCompletionToolMessageParam
type UserMessage = OpenAI.ChatCompletionUserMessageParam

/** What the person says; what is not taken is said in words at its place. */
export const userMessage = ({ content, text }: Conversation.User): UserMessage => {
  const parts = content?.flatMap(partsOf) ?? []
  return { role: "user", content: parts.length === 0 ? text : parts }
}

const partsOf = (part: Content.Content): ReadonlyArray<Part> => {
  if (part.type === "text") return part.text === "" ? [] : [{ type: "text", text: part.text }]
  const why = refuse(part)
  return why === undefined ? [partOf(part)] : [{ type: "text", text: Content.leftOut(part, why) }]
}

/** One message per result, and one of the user behind them for what is no text. */
export const resultMessages = (
  toolResults: ReadonlyArray<Conversation.ToolResult>
): Array<ToolMessage | UserMessage> => {
  const content: Array<Part> = []
  const messages = toolResults.map((result): ToolMessage | UserMessage => {
    const { callId, name } = result
    const { media, text } = Content.sift(result, refuse)
    if (media.length > 0) content.push({ type: "text", text: Content.heading(name, callId) }, ...media.map(partOf))
    return { role: "tool", tool_call_id: callId, content: text }
  })
  return content.length === 0 ? messages : [...messages, { role: "user", content }]
}

/** The API takes no file but a PDF; what is plain text can be said as such. */
const refuse = (media: Content.Media): string | undefined => {
  if (media.type === "image") return refuseImage(media)
  return media.mediaType === "application/pdf" || Content.plainText(media) !== undefined
    ? undefined
    : "OpenAI's Chat Completions takes documents of application/pdf and plain text"
}

const partOf = (media: Content.Media): Part => {
  if (media.type === "image") return { type: "image_url", image_url: { url: dataUrl(media) } }
  const said = Content.plainText(media)
  return said === undefined
    ? { type: "file", file: { filename: fileName(media), file_data: dataUrl(media) } }
    : { type: "text", text: `${Content.label(media)}:\n${said}` }
}

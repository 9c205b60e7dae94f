/**
 * Images and documents as Responses takes them: those of the user among the text, those of results in their outputs.
 */
import * as Content from "@volley/core/Content"
import type * as Conversation from "@volley/core/Conversation"
import type {
  ResponseCustomToolCallOutput,
  ResponseInputFile,
  ResponseInputImage,
  ResponseInputItem,
  ResponseInputText
} from "openai/resources/responses/responses"
import { dataUrl, fileName, refuseImage } from "./media.ts"

/** The result of one call. */
export type Output = ResponseInputItem.FunctionCallOutput | ResponseCustomToolCallOutput

type Part = ResponseInputText | ResponseInputImage | ResponseInputFile

/** What the person says; what is not taken is said in words at its place. */
export const userItem = ({ content, text }: Conversation.User): ResponseInputItem => {
  const parts = content?.flatMap(partsOf) ?? []
  return { role: "user", content: parts.length === 0 ? text : parts }
}

const partsOf = (part: Content.Content): ReadonlyArray<Part> => {
  if (part.type === "text") return part.text === "" ? [] : [{ type: "input_text", text: part.text }]
  const why = refuse(part)
  return why === undefined ? [partOf(part)] : [{ type: "input_text", text: Content.leftOut(part, why) }]
}

/** The results of a turn; calls of custom tools want outputs of their own kind. */
export const outputs = (
  toolResults: ReadonlyArray<Conversation.ToolResult>,
  turn: ReadonlyArray<ResponseInputItem>
): Array<Output> => {
  const custom = new Set<string>()
  for (const item of turn) if (item.type === "custom_tool_call") custom.add(item.call_id)
  return toolResults.map((result) => ({
    type: custom.has(result.callId) ? "custom_tool_call_output" : "function_call_output",
    call_id: result.callId,
    output: outputOf(result)
  }))
}

/** A text, or a list where there is more than that. */
const outputOf = (result: Conversation.ToolResult): string | Array<Part> => {
  const { media, text } = Content.sift(result, refuse)
  if (media.length === 0) return text
  return [...(text === "" ? [] : [{ type: "input_text", text } as const]), ...media.map(partOf)]
}

const refuse = (media: Content.Media): string | undefined => {
  if (media.type === "image") {
    return dataUrl(media).length > maxUrl ? "OpenAI takes images of up to 15 MB" : refuseImage(media)
  }
  return documents.test(media.mediaType)
    ? undefined
    : "OpenAI takes documents of PDF, text, JSON, RTF and those of office programs"
}

/** Characters of a data URL. */
const maxUrl = 20_971_520

const documents =
  /^(text\/.|application\/(pdf|json|rtf|msword|vnd\.(ms-(excel|powerpoint)|oasis\.opendocument\.text))$|application\/vnd\.openxmlformats-officedocument\..)/

const partOf = (media: Content.Media): Part =>
  media.type === "image"
    ? { type: "input_image", detail: "auto", image_url: dataUrl(media) }
    : { type: "input_file", filename: fileName(media), file_data: dataUrl(media) }

import * as Media from "@volley/core/Content"
import type * as Conversation from "@volley/core/Conversation"
import * as Json from "@volley/core/Json"
import * as ToolCall from "@volley/core/ToolCall"
import * as Result from "effect/Result"
import { idOf } from "./callIds.ts"
import type { Content, Part } from "./read.ts"

/** Models before Gemini 3 sign no calls, and take no media in results. */
export const isOld = (model: string): boolean => /^(models\/)?gemini-[12]/.test(model)

/** The results of a turn, as the model of that name takes them. */
export const resultContents = (toolResults: ReadonlyArray<Conversation.ToolResult>, model: string): Array<Content> => {
  if (toolResults.length === 0) return []
  const apart = isOld(model)
  const shown = toolResults.map((result) => ({
    ...result,
    ...Media.sift(result, refuse),
    name: ToolCall.spelled(result.name)
  }))
  const parts = shown.map(({ media, ...result }): Part => ({
    functionResponse: {
      ...idOf(result.callId),
      name: result.name,
      response: outputOf(result),
      ...(media.length > 0 && !apart && { parts: media.map(blobOf) })
    }
  }))
  const behind = shown.flatMap(({ callId, media, name }): Array<Part> =>
    media.length === 0 ? [] : [{ text: Media.heading(name, idOf(callId).id) }, ...media.map(blobOf)]
  )
  return [{ role: "user", parts }, ...(apart && behind.length > 0 ? [{ role: "user", parts: behind }] : [])]
}

/** What a person says, in its order; the API takes no empty text beside anything else. */
export const userParts = ({ content = [], text }: Conversation.User): Array<Part> => {
  const parts = content.flatMap((part): Array<Part> => {
    if (part.type === "text") return part.text === "" ? [] : [{ text: part.text }]
    const why = refuse(part)
    return [why === undefined ? blobOf(part) : { text: Media.leftOut(part, why) }]
  })
  return parts.length === 0 ? [{ text }] : parts
}

const images: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/webp"])

const refuse = ({ mediaType, type }: Media.Media): string | undefined => {
  if (type === "image") {
    return images.has(mediaType) ? undefined : "Gemini takes images of image/png, image/jpeg and image/webp"
  }
  return mediaType === "application/pdf" || mediaType.startsWith("text/")
    ? undefined
    : "Gemini takes documents of application/pdf and plain text"
}

const blobOf = ({ data, mediaType }: Media.Media) => ({
  inlineData: { mimeType: mediaType.startsWith("text/") ? "text/plain" : mediaType, data }
})

/** The API takes objects, with the result or the error under a key of its own. */
const outputOf = ({ isError, text }: Pick<Conversation.ToolResult, "isError" | "text">): Record<string, unknown> => {
  const value = jsonOf(text)
  if (!isError) return { output: value }
  return Json.isObject(value) && Object.keys(value).join() === "error" ? value : { error: value }
}

/** What was cut for its length is no JSON any more, and stays a text. */
const jsonOf = (text: string): unknown => Result.getOrElse(Json.parse(text, Json.ofResponse), () => text)

import type { CallToolResult, ContentBlock } from "@modelcontextprotocol/server"
import * as Content from "@volley/core/Content"
import * as Outcome from "@volley/core/Outcome"

/**
 * A settled call as a client gets it: the text that a model is shown, images and documents, and the value itself.
 *
 * - `structured`: the tool promises a structure, so that there is one wherever the call did not fail
 */
export const resultOf = (outcome: Outcome.Outcome, structured: boolean): CallToolResult => {
  const { json, media = [] } = outcome
  const text = textOf(outcome)
  const content = [...(text === "" ? [] : [{ type: "text" as const, text }]), ...media.map(blockOf)]
  if (Outcome.isFailure(outcome)) return { content, isError: true }
  return structured || isObject(json) ? { content, structuredContent: json } : { content }
}

/** A text that is all of a result stands as it is; models are shown it as JSON, and so is one that had to be cut. */
const textOf = ({ encoded, json }: Outcome.Outcome): string =>
  typeof json === "string" && JSON.stringify(json) === encoded ? json : encoded

const isObject = (json: unknown): boolean => typeof json === "object" && json !== null && !Array.isArray(json)

const blockOf = (media: Content.Media, index: number): ContentBlock => {
  const { data, mediaType } = media
  if (media.type === "image") return { type: "image", mimeType: mediaType, data }
  const uri = `volley:///${encodeURIComponent(media.name ?? `document-${index + 1}`)}`
  const text = Content.plainText(media)
  return {
    type: "resource",
    resource: text === undefined ? { uri, mimeType: mediaType, blob: data } : { uri, mimeType: mediaType, text }
  }
}

import {
  type BlobResourceContents,
  type CallToolResult,
  type ContentBlock,
  type EmbeddedResource,
  isSpecType
} from "@modelcontextprotocol/client"
import * as Content from "@volley/core/Content"
import * as Json from "@volley/core/Json"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { inPlaceOf } from "./odd.ts"

/**
 * What a call came to.
 *
 * - `value`: what the program gets, the structured content where there is some
 * - `shown`: what the model is shown of it, the blocks where there are some
 */
export class Ran {
  readonly value: Schema.Json
  readonly shown: Schema.Json

  constructor(value: Schema.Json, shown: Schema.Json) {
    this.value = value
    this.shown = shown
  }

  toJSON(): Schema.Json {
    return this.value
  }
}

/**
 * Reads a result.
 *
 * - one block stands for itself, several are a list
 * - images and documents are Volley's, with their data; sound, which models are not shown, is described
 */
export const ranOf = ({ content, structuredContent }: CallToolResult): Ran => {
  const blocks = content.map(blockOf)
  const shown = blocks.length === 1 ? blocks[0] ?? null : blocks
  if (!isJson(structuredContent)) return new Ran(shown, shown)
  return new Ran(structuredContent, blocks.length === 0 ? structuredContent : shown)
}

/** What a model is shown of a value: a text as it is, images and documents in their place, all else as JSON. */
export const contentOf = (value: unknown): ReadonlyArray<Content.Content> => {
  const parts: ReadonlyArray<unknown> = Array.isArray(value) && value.some(isMedia) ? value : [value]
  return parts.map((part) =>
    isMedia(part) ? part : Content.text(typeof part === "string" ? part : JSON.stringify(part))
  )
}

/** What a part of a resource is, which was read. */
export const readOf = (part: unknown): Content.Content => {
  if (isSpecType.TextResourceContents(part)) return Content.text(part.text)
  if (!isSpecType.BlobResourceContents(part)) return Content.text(inPlaceOf(part).text)
  const media = blobOf(part)
  return typeof media === "string" ? Content.text(media) : media
}

/** What a block of a prompt says. */
export const saidOf = (block: unknown): ReadonlyArray<Content.Content> => {
  if (!isSpecType.ContentBlock(block)) return [Content.text(inPlaceOf(block).text)]
  return block.type === "text" ? [Content.text(block.text)] : contentOf(blockOf(block))
}

/** The same value with its images and documents described, for where there is only room for JSON. */
export const described = (value: Schema.Json): Schema.Json => {
  if (isMedia(value)) return labelOf(value)
  return Array.isArray(value) ? value.map(described) : value
}

const isJson = Schema.is(Schema.Json)

const isMedia = Schema.is(Content.Media)

const blockOf = (block: ContentBlock): Schema.Json => {
  switch (block.type) {
    case "text":
      return textOf(block.text)
    case "image":
      return orLabel(Content.image(block.mimeType, block.data))
    case "audio":
      return label(block.type, block.mimeType, block.data)
    case "resource":
      return resourceOf(block.resource)
    case "resource_link": {
      const { description = null, mimeType = null, name, uri } = block
      return { uri, name, description, mimeType }
    }
  }
}

const resourceOf = (resource: EmbeddedResource["resource"]): Schema.Json => {
  const { mimeType = null, uri } = resource
  return "text" in resource ? { uri, mimeType, text: resource.text } : blobOf(resource)
}

const blobOf = ({ blob, mimeType = "application/octet-stream", uri }: BlobResourceContents): Content.Media | string =>
  mimeType.startsWith("image/")
    ? orLabel(Content.image(mimeType, blob))
    : orLabel(Content.document(mimeType, blob, uri.split("/").at(-1)))

/** Some servers send what is no base64, or name no type. */
const orLabel = (media: Content.Media): Content.Media | string => isMedia(media) ? media : labelOf(media)

const labelOf = (media: Content.Media): string =>
  label((media.type === "document" ? media.name : undefined) ?? media.type, media.mediaType, media.data)

const label = (name: string, mediaType: string, data: string): string =>
  `[${name}, ${mediaType}, ${bytesIn(data)} bytes]`

/** How many bytes a text in base64 stands for. */
const bytesIn = (base64: string): number => {
  const padding = base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0
  return Math.floor(((base64.length - padding) * 3) / 4)
}

/** Many servers write an object or a list as text. */
const textOf = (text: string): Schema.Json => {
  if (!/^\s*[{[]/.test(text)) return text
  const json = Result.getOrUndefined(Json.parse(text, Json.ofResponse))
  return isJson(json) ? json : text
}

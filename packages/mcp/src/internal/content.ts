import type { CallToolResult, ContentBlock } from "@modelcontextprotocol/client"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/**
 * What a model is given of a result: its structured content, or else its blocks, as where these are media.
 *
 * - one block stands for itself, several are a list
 * - media are described, not given
 */
export const contentOf = ({ content, structuredContent }: CallToolResult): Schema.Json => {
  if (isJson(structuredContent) && !content.some(isMedia)) return structuredContent
  const blocks = content.map(blockOf)
  return blocks.length === 1 ? blocks[0] ?? null : blocks
}

const isJson = Schema.is(Schema.Json)

const isMedia = (block: ContentBlock): boolean => block.type === "image" || block.type === "audio"

const blockOf = (block: ContentBlock): Schema.Json => {
  switch (block.type) {
    case "text":
      return textOf(block.text)
    case "image":
    case "audio":
      return `[${block.type}, ${block.mimeType}, ${bytesOf(block.data)} bytes]`
    case "resource_link": {
      const { description = null, mimeType = null, name, uri } = block
      return { uri, name, description, mimeType }
    }
    case "resource": {
      const { mimeType = null, uri } = block.resource
      return "text" in block.resource
        ? { uri, mimeType, text: block.resource.text }
        : { uri, mimeType, bytes: bytesOf(block.resource.blob) }
    }
  }
}

const bytesOf = (base64: string): number => Buffer.byteLength(base64, "base64")

/** Many servers write an object or a list as text. */
const textOf = (text: string): Schema.Json => /^\s*[{[]/.test(text) ? Option.getOrElse(parse(text), () => text) : text

const parse = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Json))

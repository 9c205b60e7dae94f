import type Anthropic from "@anthropic-ai/sdk"
import * as Content from "@volley/core/Content"
import type * as Conversation from "@volley/core/Conversation"
import * as Schema from "effect/Schema"

type Media = Anthropic.ImageBlockParam | Anthropic.DocumentBlockParam

/** What a tool gave back: a text, or blocks where there is more than that, which the API does not take of an error. */
export const resultContent = (
  result: Conversation.ToolResult
): NonNullable<Anthropic.ToolResultBlockParam["content"]> => {
  const { media, text } = Content.sift(result, result.isError ? () => "an error is text alone" : refuse)
  return media.length === 0 ? text : [...textBlock(text), ...media.flatMap(mediaBlock)]
}

/** What a person says: a text, or blocks in the same order; the API takes no empty text among those. */
export const userContent = ({ content = [], text }: Conversation.User): Anthropic.MessageParam["content"] => {
  const blocks = content.flatMap((part): ReadonlyArray<Anthropic.TextBlockParam | Media> => {
    if (part.type === "text") return textBlock(part.text)
    const why = refuse(part)
    return why === undefined ? mediaBlock(part) : textBlock(Content.leftOut(part, why))
  })
  return blocks.length === 0 ? text : blocks
}

const textBlock = (text: string): ReadonlyArray<Anthropic.TextBlockParam> => text === "" ? [] : [{ type: "text", text }]

const imageType = Schema.is(Schema.Literals(["image/png", "image/jpeg", "image/gif", "image/webp"]))

/** Characters of base64. */
const maxImage = 5_242_880

const refuse = (media: Content.Media): string | undefined => {
  if (media.type === "document") {
    return media.mediaType === "application/pdf" || Content.plainText(media) !== undefined
      ? undefined
      : "Anthropic takes documents of application/pdf and plain text"
  }
  if (!imageType(media.mediaType)) {
    return "Anthropic takes images of image/png, image/jpeg, image/gif and image/webp"
  }
  return media.data.length > maxImage ? "Anthropic takes images of up to 5 MB in base64" : undefined
}

const mediaBlock = (media: Content.Media): Array<Media> => {
  const { data, mediaType } = media
  if (media.type === "image") {
    return imageType(mediaType) ? [{ type: "image", source: { type: "base64", media_type: mediaType, data } }] : []
  }
  const said = Content.plainText(media)
  return [{
    type: "document",
    source: said === undefined
      ? { type: "base64", media_type: "application/pdf", data }
      : { type: "text", media_type: "text/plain", data: said },
    ...(media.name !== undefined && { title: media.name })
  }]
}

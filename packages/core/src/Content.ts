/**
 * What a model is shown of a result that is more than JSON: texts, images and documents.
 */
import * as Base64 from "effect/encoding/Base64"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

// Pure: a bundle that has no use for these schemas leaves them out, and Effect's own with them.
const Data = /*@__PURE__*/ (() =>
  Schema.NonEmptyString.check(
    Schema.isBase64({ message: "Expected base64 text, without \"data:…,\" before it" })
  ))()

const MediaType = /*@__PURE__*/ (() =>
  Schema.String.check(
    Schema.isPattern(/^[a-z0-9][\w.+-]*\/[\w.+-]+$/, { message: "Expected a media type such as \"image/png\"" })
  ))()

/** A text, shown as it is. */
export const Text = /*@__PURE__*/ (() => Schema.Struct({ type: Schema.Literal("text"), text: Schema.String }))()

/** An image; `data` is base64. */
export const Image =
  /*@__PURE__*/ (() => Schema.Struct({ type: Schema.Literal("image"), mediaType: MediaType, data: Data }))()

/** A document; `data` is base64, also where it is plain text. */
export const Document = /*@__PURE__*/ (() =>
  Schema.Struct({
    type: Schema.Literal("document"),
    mediaType: MediaType,
    data: Data,
    name: Schema.optionalKey(Schema.String)
  }))()

/** What is no text. */
export const Media = /*@__PURE__*/ (() => Schema.Union([Image, Document]))()

export const Content = /*@__PURE__*/ (() => Schema.Union([Text, Image, Document]))()

export type Text = typeof Text.Type
export type Image = typeof Image.Type
export type Document = typeof Document.Type
export type Media = typeof Media.Type
export type Content = typeof Content.Type

/** Makes a text. */
export const text = (text: string): Text => ({ type: "text", text })

/** Makes an image of bytes, or of base64 text. */
export const image = (mediaType: string, data: Uint8Array | string): Image => ({
  type: "image",
  mediaType,
  data: base64(data)
})

/** Makes a document of bytes, or of base64 text; models are shown its name on the wires that take one. */
export const document = (mediaType: string, data: Uint8Array | string, name?: string): Document => ({
  type: "document",
  mediaType,
  data: base64(data),
  ...(name !== undefined && { name })
})

const base64 = (data: Uint8Array | string): string => typeof data === "string" ? data : Base64.encode(data)

/** What content says in words: its texts with a blank line between them, else what it consists of; never empty. */
export const textOf = (content: ReadonlyArray<Content>): string => {
  const texts = content.flatMap((part) => part.type === "text" && part.text !== "" ? [part.text] : [])
  if (texts.length > 0) return texts.join("\n\n")
  const media = mediaOf(content)
  return media.length === 0 ? "[nothing]" : media.map((part) => `[${label(part)}]`).join("\n")
}

/** The images and documents of content, in order. */
export const mediaOf = (content: ReadonlyArray<Content>): ReadonlyArray<Media> =>
  content.filter((part) => part.type !== "text")

/** What media is called where only its name can be said. */
export const label = (media: Media): string =>
  media.type === "document" && media.name !== undefined ? `${media.name}, ${media.mediaType}` : media.mediaType

/** What a document of plain text says; undefined for any other. */
export const plainText = ({ data, mediaType }: Media): string | undefined =>
  mediaType.startsWith("text/") ? Result.getOrUndefined(Base64.decodeString(data)) : undefined

/** Says what media belong to, where a wire has them stand apart from their result. */
export const heading = (tool: string, callId?: string): string =>
  `What ${tool}${callId === undefined ? "" : ` (${callId})`} gave back besides its text:`

/** Says in words what a wire does not take, and why. */
export const leftOut = (media: Media, why: string): string => `[${label(media)} is left out: ${why}]`

/**
 * Parts the media that a wire takes from those that it does not, for codecs; the text says what is left out, and why.
 *
 * - `refuse`: why the wire does not take something; undefined where it does
 */
export const sift = (
  { media = [], text }: { readonly text: string; readonly media?: ReadonlyArray<Media> | undefined },
  refuse: (media: Media) => string | undefined
): { readonly text: string; readonly media: ReadonlyArray<Media> } => {
  if (media.length === 0) return { text, media }
  const taken: Array<Media> = []
  const words = [text]
  for (const one of media) {
    const why = refuse(one)
    if (why === undefined) taken.push(one)
    else words.push(leftOut(one, why))
  }
  return { text: words.join("\n\n"), media: taken }
}

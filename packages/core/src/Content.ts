/**
 * What a model reads of a result that is more than JSON: texts, images and documents.
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

/** An image or a document. */
export const Media = /*@__PURE__*/ (() => Schema.Union([Image, Document]))()

/** A part of what a model reads: a text, an image or a document. */
export const Content = /*@__PURE__*/ (() => Schema.Union([Text, Image, Document]))()

export type Text = typeof Text.Type
export type Image = typeof Image.Type
export type Document = typeof Document.Type
export type Media = typeof Media.Type
export type Content = typeof Content.Type

/**
 * Makes a text.
 *
 * @example
 * ```ts
 * import { Content } from "@volley/core"
 *
 * console.log(Content.text("A picture of the page.")) // => { type: 'text', text: 'A picture of the page.' }
 * ```
 */
export const text = (text: string): Text => ({ type: "text", text })

/**
 * Makes an image of bytes, or of base64 text.
 *
 * @example
 * ```ts
 * import { Content } from "@volley/core"
 *
 * const png = Uint8Array.of(137, 80, 78, 71)
 * console.log(Content.image("image/png", png)) // => { type: 'image', mediaType: 'image/png', data: 'iVBORw==' }
 * ```
 */
export const image = (mediaType: string, data: Uint8Array | ArrayBuffer | string): Image => ({
  type: "image",
  mediaType,
  data: base64(data)
})

/**
 * Makes a document of bytes, or of base64 text; models see its name on the wires that take one.
 *
 * @example
 * ```ts
 * import { Content } from "@volley/core"
 *
 * console.log(Content.document("text/plain", "SGVsbG8=", "hello.txt").name) // => hello.txt
 * ```
 */
export const document = (mediaType: string, data: Uint8Array | ArrayBuffer | string, name?: string): Document => ({
  type: "document",
  mediaType,
  data: base64(data),
  ...(name !== undefined && { name })
})

const base64 = (data: Uint8Array | ArrayBuffer | string): string =>
  typeof data === "string" ? data : Base64.encode(data instanceof ArrayBuffer ? new Uint8Array(data) : data)

/**
 * What content says in words: its texts with a blank line between them, else what it consists of; never empty.
 *
 * @example
 * ```ts
 * import { Content } from "@volley/core"
 *
 * const image = Content.image("image/png", "iVBORw0KGgo=")
 * console.log(Content.textOf([Content.text("Page 1"), image])) // => Page 1
 * console.log(Content.textOf([image])) // => [image/png]
 * ```
 */
export const textOf = (content: ReadonlyArray<Content>): string => {
  const texts = content.flatMap((part) => part.type === "text" && part.text !== "" ? [part.text] : [])
  if (texts.length > 0) return texts.join("\n\n")
  const media = mediaOf(content)
  return media.length === 0 ? "[nothing]" : media.map((part) => `[${label(part)}]`).join("\n")
}

/**
 * The images and documents of content, in order.
 *
 * @example
 * ```ts
 * import { Content } from "@volley/core"
 *
 * const content = [Content.text("Page 1"), Content.image("image/png", "iVBORw0KGgo=")]
 * console.log(Content.mediaOf(content).map(({ mediaType }) => mediaType).join()) // => image/png
 * ```
 */
export const mediaOf = (content: ReadonlyArray<Content>): ReadonlyArray<Media> =>
  content.filter((part) => part.type !== "text")

/**
 * What media is called where only its name can be said.
 *
 * @example
 * ```ts
 * import { Content } from "@volley/core"
 *
 * console.log(Content.label(Content.image("image/png", "iVBORw0KGgo="))) // => image/png
 * console.log(Content.label(Content.document("application/pdf", "JVBERi0=", "bill.pdf")))
 * // => bill.pdf, application/pdf
 * ```
 */
export const label = (media: Media): string =>
  media.type === "document" && media.name !== undefined ? `${media.name}, ${media.mediaType}` : media.mediaType

/**
 * What a document of plain text says; undefined for any other.
 *
 * @example
 * ```ts
 * import { Content } from "@volley/core"
 *
 * console.log(Content.plainText(Content.document("text/plain", "SGVsbG8="))) // => Hello
 * ```
 */
export const plainText = ({ data, mediaType }: Media): string | undefined =>
  mediaType.startsWith("text/") ? Result.getOrUndefined(Base64.decodeString(data)) : undefined

/**
 * Says what media belong to, where a wire has them stand apart from their result.
 *
 * @example
 * ```ts
 * import { Content } from "@volley/core"
 *
 * console.log(Content.heading("screenshot", "call_1")) // => What screenshot (call_1) gave back besides its text:
 * ```
 */
export const heading = (tool: string, callId?: string): string =>
  `What ${tool}${callId === undefined ? "" : ` (${callId})`} gave back besides its text:`

/**
 * Says in words what a wire does not take, and why.
 *
 * @example
 * ```ts
 * import { Content } from "@volley/core"
 *
 * console.log(Content.leftOut(Content.image("image/svg+xml", "PHN2Zy8+"), "it takes no SVG"))
 * // => [image/svg+xml is left out: it takes no SVG]
 * ```
 */
export const leftOut = (media: Media, why: string): string => `[${label(media)} is left out: ${why}]`

/**
 * Parts the media that a wire takes from those that it does not, for codecs; the text says what is left out, and why.
 *
 * - `refuse`: why the wire does not take something; undefined where it does
 *
 * @example
 * ```ts
 * import { Content } from "@volley/core"
 *
 * const media = [Content.image("image/png", "iVBORw0KGgo="), Content.image("image/svg+xml", "PHN2Zy8+")]
 * const refuse = ({ mediaType }: Content.Media) => mediaType === "image/svg+xml" ? "it takes no SVG" : undefined
 * const sifted = Content.sift({ text: "Two pictures.", media }, refuse)
 * console.log(sifted.media.length, JSON.stringify(sifted.text))
 * // => 1 "Two pictures.\n\n[image/svg+xml is left out: it takes no SVG]"
 * ```
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

/** Files of `effect/ai`, and images and documents of Volley. */
import * as Content from "@volley/core/Content"
import * as Prompt from "effect/ai/Prompt"
import * as Base64 from "effect/encoding/Base64"
import * as Schema from "effect/Schema"

type Part = Prompt.TextPart | Prompt.FilePart

/** What a part says; a file that is no base64, such as one at an address, is said in words, since nothing is fetched. */
export const contentOf = (part: Part): Content.Content => {
  if (part.type === "text") return Content.text(part.text)
  const { fileName, mediaType } = part
  const data = dataOf(part)
  if (data === undefined) {
    const what = fileName === undefined ? mediaType : `${fileName}, ${mediaType}`
    return Content.text(`[${what} is left out: its data is not here, and no address is fetched]`)
  }
  const type = mediaType === "image/*" ? imageTypeOf(data) : mediaType
  return type.startsWith("image/") ? Content.image(type, data) : Content.document(type, data, fileName)
}

/** The parts that show the same. */
export const partOf = (content: Content.Content): Part => {
  if (content.type === "text") return Prompt.makePart("text", { text: content.text })
  const { data, mediaType } = content
  const fileName = content.type === "document" ? content.name : undefined
  return Prompt.makePart("file", { mediaType, data, ...(fileName !== undefined && { fileName }) })
}

/** The base64 text of a file; undefined where it is none, or of no media type that content may have. */
const dataOf = ({ data, mediaType }: Prompt.FilePart): string | undefined => {
  const text = data instanceof Uint8Array ? Base64.encode(data) : withoutScheme(String(data))
  const type = mediaType === "image/*" ? "image/png" : mediaType
  return isDocument({ type: "document", mediaType: type, data: text }) ? text : undefined
}

const isDocument = Schema.is(Content.Document)

/** What a `data:` address holds; all else as it is. */
const withoutScheme = (data: string): string =>
  /^data:[^,]*;base64,/.test(data) ? data.slice(data.indexOf(",") + 1) : data

/** What kind of image it is, by how its bytes begin. */
const imageTypeOf = (data: string): string =>
  data.startsWith("/9j/")
    ? "image/jpeg"
    : data.startsWith("R0lGOD")
    ? "image/gif"
    : data.startsWith("UklGR")
    ? "image/webp"
    : "image/png"

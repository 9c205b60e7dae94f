import type * as Content from "@volley/core/Content"

/** Media as both OpenAI wires write it. */
export const dataUrl = ({ data, mediaType }: Content.Media): string => `data:${mediaType};base64,${data}`

const images: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"])

/** Why an image is not taken. */
export const refuseImage = ({ mediaType }: Content.Media): string | undefined =>
  images.has(mediaType) ? undefined : "OpenAI takes images of image/png, image/jpeg, image/gif and image/webp"

const extensions: Readonly<Record<string, string>> = {
  "text/plain": "txt",
  "text/markdown": "md",
  "application/msword": "doc",
  "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
  "application/vnd.openxmlformats-officedocument.presentationml.presentation": "pptx"
}

/** The name of a file, which the API wants for every one, and by which it knows what is in it. */
export const fileName = (media: Content.Media): string => {
  if (media.type === "document" && media.name !== undefined) return media.name
  return `document.${extensions[media.mediaType] ?? media.mediaType.replace(/^.*\//, "")}`
}

import type * as Content from "@volley/core/Content"

/** Media as both OpenAI wires write it. */
export const dataUrl = ({ data, mediaType }: Content.Media): string => `data:${mediaType};base64,${data}`

const images: ReadonlySet<string> = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"])

/** Why an image is not taken. */
export const refuseImage = ({ mediaType }: Content.Media): string | undefined =>
  images.has(mediaType) ? undefined : "OpenAI takes images of image/png, image/jpeg, image/gif and image/webp"

/** The name of a file, which the API wants for every one. */
export const fileName = (media: Content.Media): string =>
  media.type === "document" && media.name !== undefined
    ? media.name
    : `document.${media.mediaType === "text/plain" ? "txt" : media.mediaType.replace(/^.*\//, "")}`

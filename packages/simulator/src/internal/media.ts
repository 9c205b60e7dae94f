import * as Schema from "effect/Schema"

/** Bytes in base64. */
export const Base64 = Schema.NonEmptyString.check(Schema.isBase64())

/** The media type of a data URL with bytes in it; undefined for any other text. */
export const typeOfDataUrl = (url: string): string | undefined => {
  const [, type, data = ""] = /^data:([^;,]+);base64,([\s\S]*)$/.exec(url) ?? []
  return Schema.is(Base64)(data) ? type : undefined
}

const openAiImages: ReadonlyArray<string | undefined> = ["image/png", "image/jpeg", "image/gif", "image/webp"]

/** What OpenAI says of the URL of an image that it does not take. */
export const openAiImageFault = (url: string, param: string) => {
  const type = typeOfDataUrl(url)
  if (/^https?:\/\//.test(url) || openAiImages.includes(type)) return undefined
  return {
    message: `Invalid '${param}'. Expected a base64-encoded data URL with an image MIME type `
      + `(e.g. 'data:image/png;base64,aW1nIGJ5dGVzIGhlcmU='), but got ${
        type === undefined ? "an invalid base64-encoded value" : `unsupported MIME type '${type}'`
      }.`,
    param,
    code: "invalid_value"
  }
}

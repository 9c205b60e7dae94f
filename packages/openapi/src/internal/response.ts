/**
 * What an answer is to a program and to a model.
 */
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Content from "@volley/core/Content"
import * as Json from "@volley/core/Json"
import * as Transport from "@volley/core/Transport"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as HttpClientResponse from "effect/http/HttpClientResponse"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { HttpFailed, Unusable } from "../OpenApiError.ts"

/** An image or a document; all else that an operation gives is JSON, or text. */
export class File {
  readonly type: "image" | "document"
  readonly mediaType: string
  readonly data: string
  readonly name?: string

  constructor(media: Content.Media) {
    this.type = media.type
    this.mediaType = media.mediaType
    this.data = media.data
    if (media.type === "document" && media.name !== undefined) this.name = media.name
  }
}

/** What a model is shown: a text as it is, files as such, all else as JSON. */
export const contentOf = (value: unknown): ReadonlyArray<Content.Content> => {
  if (value instanceof File) {
    return [
      value.type === "image"
        ? Content.image(value.mediaType, value.data)
        : Content.document(value.mediaType, value.data, value.name)
    ]
  }
  return [Content.text(typeof value === "string" ? value : JSON.stringify(value) ?? "null")]
}

type Response = HttpClientResponse.HttpClientResponse

/** Reads a body, at most so many bytes of it. */
export const bytesOf = ({ stream }: Response, maxBytes: number) =>
  Effect.suspend(() => {
    const pieces: Array<Uint8Array> = []
    return Stream.runFoldEffect(stream, () => 0, (size, piece) => {
      pieces.push(piece)
      const all = size + piece.byteLength
      return all > maxBytes ? Effect.fail(new Transport.TooLarge({ maxBytes })) : Effect.succeed(all)
    }).pipe(
      Effect.map((size) => joined(pieces, size)),
      Effect.catchReason("HttpClientError", "EmptyBodyError", () => Effect.succeed(new Uint8Array()))
    )
  })

const joined = (pieces: ReadonlyArray<Uint8Array>, size: number): Uint8Array => {
  const whole = new Uint8Array(size)
  let at = 0
  for (const piece of pieces) {
    whole.set(piece, at)
    at += piece.byteLength
  }
  return whole
}

/**
 * What a body says, by its type: JSON, a text, an image or a document.
 *
 * - `hide`: takes what is secret out of a text
 */
export const valueOf = (
  { headers }: Response,
  bytes: Uint8Array,
  hide: (text: string) => string
): Result.Result<unknown, Unusable> => {
  if (bytes.byteLength === 0) return Result.succeed(null)
  const type = (headers["content-type"] ?? "").split(";")[0]?.trim().toLowerCase() ?? ""
  if (/[/+]json$/.test(type)) return jsonOf(hide(textOf(bytes)))
  if (isText(type)) return Result.succeed(hide(textOf(bytes)))
  const mediaType = isMediaType(type) ? type : "application/octet-stream"
  return Result.succeed(
    new File(
      type.startsWith("image/")
        ? Content.image(mediaType, bytes)
        : Content.document(mediaType, bytes, nameIn(headers["content-disposition"]))
    )
  )
}

const isText = (type: string): boolean =>
  type === "" || type.startsWith("text/") ||
  /[/+](?:xml|yaml|x-yaml|javascript|x-www-form-urlencoded|x-ndjson|jsonl)$/.test(type)

const isMediaType = (type: string): boolean => /^[a-z0-9][\w.+-]*\/[\w.+-]+$/.test(type)

const nameIn = (disposition: string | undefined): string | undefined =>
  /\bfilename="?([^";]+)/i.exec(disposition ?? "")?.[1]?.trim()

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

const jsonOf = (text: string): Result.Result<unknown, Unusable> =>
  Result.mapError(
    Json.parse(text, { ...Json.ofResponse, number: Number.MAX_VALUE }),
    (problem) => new Unusable({ message: `the server answered what it says is JSON, and is not: ${problem}` })
  )

/** The failure that an answer is whose status is no success. */
export const failedOf = (
  { headers, status }: Response,
  bytes: Uint8Array,
  hide: (text: string) => string
): Effect.Effect<HttpFailed> =>
  Effect.map(Clock.currentTimeMillis, (now) => {
    const retryAfterMillis = ChatModelError.retryAfterMillis({ get: (name) => headers[name] ?? null }, now)
    const text = hide(textOf(bytes))
    const json = text.length > 4096 ? Result.fail("") : Json.parse(text)
    const body = Result.getOrElse(json, () => text)
    return new HttpFailed({
      status,
      body: isJson(body) ? body : text,
      ...(retryAfterMillis !== undefined && { retryAfterMillis })
    })
  })

const isJson = Schema.is(Schema.Json)

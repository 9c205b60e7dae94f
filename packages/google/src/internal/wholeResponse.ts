import * as ChatModelError from "@volley/core/ChatModelError"
import * as Json from "@volley/core/Json"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { Content, Response } from "./read.ts"

/** A field that servers leave out, or send as `null`. */
export const maybe = <S extends Schema.Constraint>(schema: S) => Schema.optional(Schema.NullOr(schema))

/** What this codec reads of a model's content. */
export const Turn = Schema.Struct({
  role: maybe(Schema.Literals(["model", ""])),
  parts: maybe(Schema.Array(Schema.Struct({
    text: maybe(Schema.String),
    functionCall: maybe(Schema.Struct({ id: maybe(Schema.String), name: Schema.String }))
  })))
})

/** What this codec reads of a response that has candidates. */
export const WholeResponse = Schema.Struct({
  candidates: Schema.NonEmptyArray(Schema.Union([
    Schema.Struct({ content: Turn, finishReason: maybe(Schema.String) }),
    Schema.Struct({ content: maybe(Turn), finishReason: Schema.String })
  ])),
  modelVersion: maybe(Schema.String)
})

/** A prompt that was blocked has no candidates. */
export const Blocked = Schema.Struct({
  candidates: maybe(Schema.Tuple([])),
  promptFeedback: Schema.Struct({ blockReason: Schema.String })
})

/** Takes JSON of unknown origin for a response, or for a content alone, or says what is wrong with it. */
export const readResponse = (json: unknown): Result.Result<Response, string> => {
  const isContent = typeof json === "object" && json !== null && "parts" in json
  return readWhole(isContent ? { candidates: [{ content: json, finishReason: "STOP" }] } : json)
}

/** The same as the schemas say, for less: every call of every turn comes through here. */
export const isResponse = (json: unknown): json is Response => {
  if (!Json.isObject(json)) return false
  const { modelVersion, promptFeedback } = json
  const candidates = json["candidates"] ?? []
  if (!Array.isArray(candidates)) return false
  return candidates.length === 0
    ? Json.isObject(promptFeedback) && typeof promptFeedback["blockReason"] === "string"
    : candidates.every(isCandidate) && Json.isTextOrNone(modelVersion)
}

const isCandidate = (json: unknown): boolean => {
  if (!Json.isObject(json)) return false
  const { content, finishReason } = json
  if (content === undefined || content === null) return typeof finishReason === "string"
  return isTurn(content) && Json.isTextOrNone(finishReason)
}

/** True for a content of a model, as far as this codec reads it. */
export const isTurn = (json: unknown): json is Content => {
  if (!Json.isObject(json)) return false
  const { role } = json
  const parts = json["parts"] ?? []
  return ["model", "", null, undefined].some((model) => model === role) && Array.isArray(parts) && parts.every(isPart)
}

const isPart = (json: unknown): boolean =>
  Json.isObject(json) && Json.isTextOrNone(json["text"]) && isCallOrNone(json["functionCall"] ?? undefined)

const isCallOrNone = (json: unknown): boolean =>
  json === undefined || (Json.isObject(json) && Json.isTextOrNone(json["id"]) && typeof json["name"] === "string")

const readWhole = ChatModelError.readWith(isResponse, WholeResponse)

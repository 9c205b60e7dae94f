import type { Content, GenerateContentResponse } from "@google/genai"
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Json from "@volley/core/Json"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/** What this codec reads of a response. */
export type Response = Pick<
  GenerateContentResponse,
  "candidates" | "promptFeedback" | "usageMetadata" | "modelVersion"
>

/** What this codec reads of a model's content. */
export const Turn = Schema.Struct({
  role: Schema.optional(Schema.Literal("model")),
  parts: Schema.optional(Schema.Array(Schema.Struct({
    text: Schema.optional(Schema.String),
    functionCall: Schema.optional(Schema.Struct({
      id: Schema.optional(Schema.NullOr(Schema.String)),
      name: Schema.String,
      args: Schema.optional(Schema.NullOr(Schema.Record(Schema.String, Schema.Unknown)))
    }))
  })))
})

/** What this codec reads of a response that has candidates. */
export const WholeResponse = Schema.Struct({
  candidates: Schema.NonEmptyArray(Schema.Union([
    Schema.Struct({ content: Turn, finishReason: Schema.optional(Schema.String) }),
    Schema.Struct({ content: Schema.optional(Turn), finishReason: Schema.String })
  ])),
  modelVersion: Schema.optional(Schema.String)
})

/** A prompt that was blocked has no candidates. */
export const Blocked = Schema.Struct({
  candidates: Schema.optional(Schema.Tuple([])),
  promptFeedback: Schema.Struct({ blockReason: Schema.String })
})

/** Takes JSON of unknown origin for a response, or for a content alone, or says what is wrong with it. */
export const readResponse = (json: unknown): Result.Result<Response, string> => {
  const isContent = typeof json === "object" && json !== null && "parts" in json
  const response: unknown = isContent ? { candidates: [{ content: json, finishReason: "STOP" }] } : json
  return readWhole(response)
}

/** The same as the schemas say, for less: every call of every turn comes through here. */
export const isResponse = (json: unknown): json is Response => {
  if (!Json.isObject(json)) return false
  const { candidates = [], modelVersion, promptFeedback } = json
  if (!Array.isArray(candidates)) return false
  return candidates.length === 0
    ? Json.isObject(promptFeedback) && typeof promptFeedback["blockReason"] === "string"
    : candidates.every(isCandidate) && isTextOrLeftOut(modelVersion)
}

const isTextOrLeftOut = (json: unknown): boolean => json === undefined || typeof json === "string"

const isCandidate = (json: unknown): boolean => {
  if (!Json.isObject(json)) return false
  const { content, finishReason } = json
  return content === undefined ? typeof finishReason === "string" : isTurn(content) && isTextOrLeftOut(finishReason)
}

/** True for a content of a model, as far as this codec reads it. */
export const isTurn = (json: unknown): json is Content => {
  if (!Json.isObject(json)) return false
  const { parts, role } = json
  return (role === undefined || role === "model")
    && (parts === undefined || (Array.isArray(parts) && parts.every(isPart)))
}

const isPart = (json: unknown): boolean =>
  Json.isObject(json) && isTextOrLeftOut(json["text"])
  && (json["functionCall"] === undefined || isCall(json["functionCall"]))

const isCall = (json: unknown): boolean => {
  if (!Json.isObject(json) || !Json.isTextOrNone(json["id"]) || typeof json["name"] !== "string") return false
  const { args } = json
  return args === undefined || args === null || Json.isObject(args)
}

const readWhole = ChatModelError.readWith(isResponse, WholeResponse)

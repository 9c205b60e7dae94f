import type { GenerateContentResponse } from "@google/genai"
import * as ChatModelError from "@volley/core/ChatModelError"
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

const WholeResponse = Schema.Struct({
  candidates: Schema.NonEmptyArray(Schema.Union([
    Schema.Struct({ content: Turn, finishReason: Schema.optional(Schema.String) }),
    Schema.Struct({ content: Schema.optional(Turn), finishReason: Schema.String })
  ])),
  modelVersion: Schema.optional(Schema.String)
})

/** A prompt that was blocked has no candidates. */
const Blocked = Schema.Struct({
  candidates: Schema.optional(Schema.Tuple([])),
  promptFeedback: Schema.Struct({ blockReason: Schema.String })
})

/** Takes JSON of unknown origin for a response, or for a content alone, or says what is wrong with it. */
export const readResponse = (json: unknown): Result.Result<Response, string> => {
  const isContent = typeof json === "object" && json !== null && "parts" in json
  const response: unknown = isContent ? { candidates: [{ content: json, finishReason: "STOP" }] } : json
  return readWhole(response)
}

const isResponse = (json: unknown): json is Response => Schema.is(WholeResponse)(json) || Schema.is(Blocked)(json)

const readWhole = ChatModelError.readWith(isResponse, WholeResponse)

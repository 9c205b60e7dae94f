import * as ChatModelError from "@volley/core/ChatModelError"
import * as Json from "@volley/core/Json"
import * as ToolCall from "@volley/core/ToolCall"
import * as Schema from "effect/Schema"
import type OpenAI from "openai"

const Id = Schema.optional(Schema.NullOr(Schema.String))

const Call = Schema.Union([
  Schema.Struct({
    id: Id,
    type: Schema.optional(Schema.Literal("function")),
    function: Schema.Struct({ name: Schema.String, arguments: Schema.String })
  }),
  Schema.Struct({
    id: Id,
    type: Schema.Literal("custom"),
    custom: Schema.Struct({ name: Schema.String, input: Schema.String })
  })
])

/** What this codec reads of a response. */
export const WholeResponse = Schema.Struct({
  choices: Schema.NonEmptyArray(Schema.Struct({
    message: Schema.Struct({
      role: Schema.Literal("assistant"),
      content: Schema.optional(Schema.NullOr(Schema.String)),
      refusal: Schema.optional(Schema.NullOr(Schema.String)),
      tool_calls: Schema.optional(Schema.NullOr(Schema.Array(Call)))
    }),
    finish_reason: Schema.optional(Schema.NullOr(Schema.String))
  }))
})

/** The same as the schema says, for less: every call of every turn comes through here. */
export const isResponse = (json: unknown): json is OpenAI.ChatCompletion =>
  Json.isObject(json) && Array.isArray(json["choices"]) && json["choices"].length > 0 && json["choices"].every(isChoice)

const isChoice = (json: unknown): boolean =>
  Json.isObject(json) && isTurn(json["message"]) && Json.isTextOrNone(json["finish_reason"])

/** True for a turn as this wire writes it. */
export const isTurn = (json: unknown): json is OpenAI.ChatCompletionAssistantMessageParam => {
  if (!Json.isObject(json) || json["role"] !== "assistant") return false
  const { content, refusal, tool_calls: calls } = json
  return Json.isTextOrNone(content) && Json.isTextOrNone(refusal)
    && (calls === undefined || calls === null || (Array.isArray(calls) && calls.every(isCall)))
}

const isCall = (json: unknown): boolean => {
  if (!Json.isObject(json) || !Json.isTextOrNone(json["id"])) return false
  const { custom, function: named, type } = json
  if (type === "custom") return isNamed(custom) && typeof custom["input"] === "string"
  return (type === undefined || type === "function") && isNamed(named) && typeof named["arguments"] === "string"
}

const isNamed = (json: unknown): json is Readonly<Record<string, unknown>> =>
  Json.isObject(json) && typeof json["name"] === "string"

/** Takes JSON of unknown origin for a whole response, or says what is wrong with it. */
export const readResponse = ChatModelError.readWith(isResponse, WholeResponse)

/** The calls of a turn, in order, each with an id of its own; those that repeat another are left out. */
export const distinctCalls = (message: OpenAI.ChatCompletionMessage | undefined) =>
  ToolCall.distinct(message?.tool_calls ?? [], read)

/** The name and the arguments of a call, and the id that it came with. */
export const read = (call: OpenAI.ChatCompletionMessageToolCall) =>
  call.type === "custom"
    ? { id: call.id, name: call.custom.name, arguments: call.custom.input }
    : { id: call.id, name: call.function.name, arguments: call.function.arguments }

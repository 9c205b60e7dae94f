import * as ChatModelError from "@volley/core/ChatModelError"
import * as Json from "@volley/core/Json"
import * as ToolCall from "@volley/core/ToolCall"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { ResponseInputItemLike } from "openai/lib/responses/ResponseInputItems"
import { toResponseInputItems } from "openai/lib/responses/ResponseInputItems"
import type { Response, ResponseInputItem, ResponseOutputItem } from "openai/resources/responses/responses"

/** A call among the items of a response. */
export type Call = Extract<ResponseOutputItem, { readonly type: "function_call" | "custom_tool_call" }>

const Id = Schema.optional(Schema.NullOr(Schema.String))

const Item = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("function_call"),
    call_id: Id,
    name: Schema.String,
    arguments: Schema.String
  }),
  Schema.Struct({
    type: Schema.Literal("custom_tool_call"),
    call_id: Id,
    name: Schema.String,
    input: Schema.String
  }),
  Schema.Struct({
    type: Schema.Literal("message"),
    content: Schema.Array(Schema.Union([
      Schema.Struct({ type: Schema.Literal("output_text"), text: Schema.String }),
      Schema.Struct({ type: Schema.Literal("refusal"), refusal: Schema.String })
    ]))
  }),
  Schema.Struct({ type: Schema.String.check(Schema.isPattern(/^(?!(function_call|custom_tool_call|message)$)/)) })
])

/** What the codec reads of a response. */
export const WholeResponse = Schema.Struct({
  id: Schema.optional(Schema.NullOr(Schema.String)),
  output: Schema.Array(Item),
  status: Schema.optional(Schema.NullOr(Schema.String)),
  incomplete_details: Schema.optional(
    Schema.NullOr(Schema.Struct({ reason: Schema.optional(Schema.NullOr(Schema.String)) }))
  )
})

/** The same as the schema says, for less: every call of every turn comes through here. */
export const isResponse = (json: unknown): json is Response => {
  if (!Json.isObject(json) || !Json.isTextOrNone(json["id"]) || !Json.isTextOrNone(json["status"])) return false
  const { incomplete_details: details, output } = json
  return (details === undefined || details === null || (Json.isObject(details) && Json.isTextOrNone(details["reason"])))
    && Array.isArray(output) && output.every(isItem)
}

const isItem = (json: unknown): boolean => {
  if (!Json.isObject(json)) return false
  const { arguments: args, call_id: id, content, input, name, type } = json
  switch (type) {
    case "function_call":
      return Json.isTextOrNone(id) && typeof name === "string" && typeof args === "string"
    case "custom_tool_call":
      return Json.isTextOrNone(id) && typeof name === "string" && typeof input === "string"
    case "message":
      return Array.isArray(content) && content.every(isSaid)
    default:
      return typeof type === "string"
  }
}

const isSaid = (json: unknown): boolean => {
  if (!Json.isObject(json)) return false
  const { refusal, text, type } = json
  return type === "output_text" ? typeof text === "string" : type === "refusal" && typeof refusal === "string"
}

/** Takes JSON of unknown origin for a response, or says what is wrong with it. */
export const readResponse = ChatModelError.readWith(isResponse, WholeResponse)

/** True for an item whose call is for the caller to run. */
export const isCall = (item: ResponseOutputItem): item is Call =>
  item.type === "function_call" || item.type === "custom_tool_call"

/** The name and the arguments of a call, and the id that its result goes by. */
export const read = (call: Call) => ({
  id: call.call_id,
  name: call.name,
  arguments: call.type === "custom_tool_call" ? call.input : call.arguments
})

/** True for a call that is not written to its end. */
export const isCutOff = (call: Call): boolean => {
  const status = "status" in call ? call.status : undefined
  return status === "incomplete" || status === "in_progress"
}

/** The calls among the items of a response, in order, each with an id of its own; those that repeat another are left out. */
export const distinctCalls = ({ output }: Pick<Response, "output">) => ToolCall.distinct(output.filter(isCall), read)

/** What `distinctCalls` gives. */
export type Calls = ReturnType<typeof distinctCalls>

/** The calls that are written to their end and whose ids are known before the whole response is: their own, once each. */
export const provenCalls = (output: Array<Call>): ReadonlyArray<ToolCall.ToolCall> =>
  distinctCalls({ output }).flatMap(({ call, id }, index) => {
    const { arguments: args, id: own, name } = read(call)
    return id === own && !isCutOff(call) ? [{ id, name, arguments: args, index, status: "complete" }] : []
  })

/** A call by the id that it came with, empty where there was none and where it is not written to its end. */
export const ownCall = (call: Call, index: number): ToolCall.ToolCall => {
  const { arguments: args, id, name } = read(call)
  return { id: isCutOff(call) ? "" : id ?? "", name, arguments: args, index, status: "complete" }
}

/** True where every call has an id of its own, so that all of them are sent back as they came. */
export const hasOwnIds = ({ output }: Response, calls: Calls): boolean =>
  output.filter(isCall).length === calls.length && calls.every(({ call, id }) => id === call.call_id)

/**
 * The items of a response as they are sent back.
 *
 * - a call whose `call_id` was missing or repeated loses the id of its item as well, which may stand for another
 * - the API takes no reasoning that nothing follows, as a turn that was cut off may end with
 */
export const echo = ({ output }: Response, calls: Calls): Array<ResponseInputItem> => {
  let next = 0
  const items = output.flatMap((item) => {
    if (!isCall(item)) return inputItems(item)
    if (calls[next]?.call !== item) return []
    const { id: callId } = calls[next++]!
    if (callId === item.call_id) return inputItems(item)
    const { id: _, ...rest } = item
    return inputItems({ ...rest, call_id: callId })
  })
  return items.slice(0, items.findLastIndex(({ type }) => type !== "reasoning") + 1)
}

/** The SDK leaves out what only a response has; it throws at items that it does not know, and those stay as they are. */
const inputItems = (item: ResponseInputItemLike): ReadonlyArray<ResponseInputItem> =>
  Result.getOrElse(Result.try(() => toResponseInputItems([item])), () => isInput(item) ? [item] : [])

const isInput = (item: ResponseInputItemLike): item is ResponseInputItem => item.type !== undefined

/**
 * The items of a response: its calls, whatever way they are written, and how it is sent back.
 */
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Json from "@volley/core/Json"
import * as ToolCall from "@volley/core/ToolCall"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { ResponseInputItemLike } from "openai/lib/responses/ResponseInputItems"
import { toResponseInputItems } from "openai/lib/responses/ResponseInputItems"
import type { Response, ResponseInputItem, ResponseOutputItem } from "openai/resources/responses/responses"
import { checked, nullable, textOf } from "./fields.ts"

/** A call among the items of a response. */
export type Call = Extract<ResponseOutputItem, { readonly type: "function_call" | "custom_tool_call" }>

/** What the codec reads of a response. */
export const WholeResponse = Schema.Struct({
  id: nullable(Schema.String),
  output: Schema.Array(checked((json) => problemOf(json))),
  status: nullable(Schema.String),
  incomplete_details: nullable(Schema.Struct({ reason: nullable(Schema.String) }))
})

/** The same as the schema says, for less: every call of every turn comes through here. */
export const isResponse = (json: unknown): json is Response => {
  if (!Json.isObject(json) || !Json.isTextOrNone(json["id"]) || !Json.isTextOrNone(json["status"])) return false
  const { incomplete_details: details, output } = json
  return (details === undefined || details === null || (Json.isObject(details) && Json.isTextOrNone(details["reason"])))
    && Array.isArray(output) && output.every((item) => problemOf(item) === undefined)
}

/** Why an item can't be read: a call without a name stands for nothing, unless it is blank. */
const problemOf = (json: unknown): string | undefined => {
  if (!isItem(json)) return "an item without a type"
  switch (json.type) {
    case "function_call":
    case "custom_tool_call":
      if (!Json.isTextOrNone(json.call_id)) return "a call whose call_id is no text"
      if (typeof json.name !== "string" && !isBlank(json)) return "a call without a name"
      return hasOthers(json) ? `a ${json.type} with the arguments of another kind of call` : undefined
    case "message":
      return isSaid(json.content) ? undefined : "a message whose content is neither a text nor a list of parts"
    default:
      return undefined
  }
}

/** The arguments of functions and the input of custom tools are not the same. */
const hasOthers = (call: Call): boolean =>
  call.type === "custom_tool_call"
    ? "arguments" in call && call.input === undefined
    : "input" in call && call.arguments === undefined

const isItem = (json: unknown): json is ResponseOutputItem => Json.isObject(json) && typeof json["type"] === "string"

const isReadable = (json: unknown): json is ResponseOutputItem =>
  isItem(json) &&
  (!isCall(json) || (Json.isTextOrNone(json.call_id) && (typeof json.name === "string" || isBlank(json))))

const isSaid = (content: unknown): boolean =>
  typeof content === "string" || (Array.isArray(content) && content.every(Json.isObject))

/** Takes JSON of unknown origin for a response, or says what is wrong with it. */
export const readResponse = ChatModelError.readWith(isResponse, WholeResponse)

/** The items of a response, whatever the response is; without calls that cannot be read. */
export const itemsIn = (response: unknown): ReadonlyArray<ResponseOutputItem> => {
  const output = Json.isObject(response) ? response["output"] : undefined
  return Array.isArray(output) ? output.filter(isReadable) : []
}

/** True for an item whose call is for the caller to run. */
const isCall = (item: ResponseOutputItem): item is Call => isOfCall(item)

const isOfCall = ({ type }: { readonly type: string }): boolean =>
  type === "function_call" || type === "custom_tool_call"

/** The name and the arguments of a call, and the id that its result goes by; no arguments are empty ones. */
export const read = (call: Call) => {
  const given: unknown = call.type === "custom_tool_call" ? call.input : call.arguments
  return {
    id: call.call_id,
    name: call.name,
    arguments: call.type === "custom_tool_call" ? textOf(given) : given ?? {}
  }
}

/** True for a call that asks for nothing, without id, name and arguments. */
const isBlank = (call: Call): boolean => {
  if (call.call_id || call.name) return false
  const given: unknown = call.type === "custom_tool_call" ? call.input : call.arguments
  const isNone = given === undefined || given === null || given === ""
  return isNone || ("name" in call && (given === "{}" || (Json.isObject(given) && Object.keys(given).length === 0)))
}

/** True for a call that is not written to its end. */
const isCutOff = (call: Call): boolean => {
  const status = "status" in call ? call.status : undefined
  return status === "incomplete" || status === "in_progress"
}

/**
 * A call of a response.
 *
 * - `item`: as it came, which may stand for several
 * - `isOwn`: it has the id that it came with
 * - `object`: its arguments as JSON, where they are read
 */
export interface Told {
  readonly item: Call
  readonly call: Call
  readonly id: string
  readonly isOwn: boolean
  readonly object?: ReturnType<typeof Json.objectOf>
}

/** What `distinctCalls` gives. */
export type Calls = ReadonlyArray<Told>

/**
 * The calls among the items of a response, in order, each with an id of its own; those that repeat another are left out, and
 * those that ask for nothing. A call that stands for several gives way to them.
 */
export const distinctCalls = (items: ReadonlyArray<ResponseOutputItem>): Calls => {
  const told = ToolCall.distinct(callsAmong(items), read).map(({ call, id }): Told => ({
    item: call,
    call,
    id,
    isOwn: call.call_id === id
  }))
  if (!told.some(({ call }) => insideOf(call))) return told
  const all = told.flatMap(spread)
  return ToolCall.distinct(all, ({ call, id }) => ({ ...read(call), id })).map(({ call: told, id }) => ({
    ...told,
    id,
    isOwn: told.isOwn && told.id === id
  }))
}

/** The same calls with their arguments read. */
export const withObjects = (calls: Calls): Calls =>
  calls.map((told) =>
    told.call.type === "custom_tool_call" ? told : { ...told, object: Json.objectOf(told.call.arguments) }
  )

/** The calls among items that ask for something. */
export const callsAmong = (items: ReadonlyArray<ResponseOutputItem>): ReadonlyArray<Call> =>
  items.filter(isCall).filter((call) => !isBlank(call))

const insideOf = (call: Call) => call.type === "custom_tool_call" ? undefined : ToolCall.inside(read(call))

const spread = (told: Told): ReadonlyArray<Told> =>
  insideOf(told.call)?.map(({ arguments: args, name }, at) => {
    const id = `${told.id.slice(0, 32)}_${at + 1}`
    const call = { type: "function_call", call_id: id, name, arguments: JSON.stringify(args) } as const
    return { ...told, id, call }
  }) ?? [told]

/** A call as the core has it. */
export const callOf = ({ call, id, item }: Told, index: number, isProven: boolean): ToolCall.ToolCall => {
  const { arguments: args, name } = read(call)
  return { id, name, arguments: args, index, status: isProven && !isCutOff(item) ? "complete" : "truncated" }
}

/** The calls that are written to their end and whose ids are known before the whole response is: their own, once each. */
export const provenCalls = (output: ReadonlyArray<Call>): ReadonlyArray<ToolCall.ToolCall> =>
  distinctCalls(output).flatMap((told, index) => told.isOwn && !isCutOff(told.item) ? [callOf(told, index, true)] : [])

/** What an item calls by the id that it came with, empty where there was none and where it is not written to its end. */
export const ownCalls = (item: Call): ReadonlyArray<ToolCall.ToolCall> => {
  const id = isCutOff(item) ? "" : item.call_id ?? ""
  return spread({ item, call: item, id, isOwn: true }).map((told, index) =>
    callOf(id === "" ? { ...told, id } : told, index, true)
  )
}

/** True where every call has an id of its own, so that all of them are sent back as they came. */
export const hasOwnIds = (
  { output }: { readonly output: ReadonlyArray<{ readonly type: string }> },
  calls: Calls
): boolean =>
  output.filter(isOfCall).length === calls.length && calls.every(({ call, isOwn, item }) => isOwn && call === item)

/**
 * The items of a response as they are sent back.
 *
 * - a call whose `call_id` was missing or repeated loses the id of its item as well, which may stand for another
 * - the API takes no reasoning that nothing follows, as a turn that was cut off may end with
 */
export const echo = (output: ReadonlyArray<ResponseOutputItem>, calls: Calls): Array<ResponseInputItem> => {
  const byItem = groupedByItem(calls)
  const items = output.flatMap((item) => {
    if (!isCall(item)) return inputItems(item)
    return (byItem.get(item) ?? []).flatMap((told) => inputItems(spelled(told)))
  })
  return items.slice(0, items.findLastIndex(({ type }) => type !== "reasoning") + 1)
}

/** `Map.groupBy` is newer than Node 20. */
const groupedByItem = (calls: Calls): ReadonlyMap<Call, Calls> => {
  const groups = new Map<Call, Array<Told>>()
  for (const told of calls) {
    const group = groups.get(told.item)
    if (group === undefined) groups.set(told.item, [told])
    else group.push(told)
  }
  return groups
}

const spelled = ({ call, id, object }: Told): Call => {
  const { arguments: args, id: own, name } = read(call)
  const written = call.type === "custom_tool_call"
    ? { ...call, call_id: id, name: ToolCall.spelled(name), input: textOf(args) }
    : { ...call, call_id: id, name: ToolCall.spelled(name), arguments: Json.objectText(args, object) }
  if (id === own) return written
  const { id: _, ...rest } = written
  return rest
}

/** An item where it can be sent back as it is, which one that was stored long ago may not. */
export const mended = (item: ResponseInputItem): ResponseInputItem => {
  const isCall = item.type === "function_call" || item.type === "custom_tool_call"
  if (!isCall || typeof item.name !== "string") return item
  const name = ToolCall.spelled(item.name)
  if (item.type === "custom_tool_call") return name === item.name ? item : { ...item, name }
  const args = Json.objectText(item.arguments)
  return name === item.name && args === item.arguments ? item : { ...item, name, arguments: args }
}

/** A call that came from elsewhere, which has no id but that of the call. */
export const calling = ({ arguments: args, id, name }: ToolCall.ToolCall): ResponseInputItem => ({
  type: "function_call",
  call_id: id,
  name,
  arguments: Json.objectText(args)
})

/** The SDK leaves out what only a response has; it throws at items that it does not know, and those stay as they are. */
const inputItems = (item: ResponseInputItemLike): ReadonlyArray<ResponseInputItem> =>
  Result.getOrElse(Result.try(() => toResponseInputItems([item])), () => isInput(item) ? [item] : [])

const isInput = (item: ResponseInputItemLike): item is ResponseInputItem => item.type !== undefined

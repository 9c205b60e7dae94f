/**
 * The turn of a whole response: its calls, whatever way they are written, and how it is sent back.
 */
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Json from "@volley/core/Json"
import * as ToolCall from "@volley/core/ToolCall"
import { identity } from "effect/Function"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type OpenAI from "openai"
import { isContent } from "./chatContent.ts"
import { checked, type Fields, nullable, textOf } from "./fields.ts"

type AssistantMessage = OpenAI.ChatCompletionAssistantMessageParam

type FunctionCall = Fields & OpenAI.ChatCompletionMessageFunctionToolCall

/** What this codec reads of a response. */
export const WholeResponse = Schema.Struct({
  choices: Schema.NonEmptyArray(Schema.Struct({
    message: Schema.Struct({
      role: nullable(Schema.Literals(["assistant", ""])),
      content: Schema.optional(
        checked((json) => isContent(json) ? undefined : "content that is neither a text nor a list of parts")
      ),
      refusal: nullable(Schema.String),
      function_call: nullable(checked((json) => Json.isObject(json) ? undefined : "a call that is no object")),
      tool_calls: nullable(Schema.Array(checked((json) => problemOf(json))))
    }),
    finish_reason: nullable(Schema.String)
  }))
})

/** The same as the schema says, for less: every call of every turn comes through here. */
export const isResponse = (json: unknown): json is OpenAI.ChatCompletion =>
  Json.isObject(json) && Array.isArray(json["choices"]) && json["choices"].length > 0 && json["choices"].every(isChoice)

const isChoice = (json: unknown): boolean =>
  Json.isObject(json) && isMessage(json["message"]) && Json.isTextOrNone(json["finish_reason"])

const isMessage = (json: unknown): json is AssistantMessage => {
  if (!Json.isObject(json)) return false
  const { content, function_call: legacy, refusal, role, tool_calls: calls } = json
  return (role === undefined || role === null || role === "" || role === "assistant")
    && isContent(content) && Json.isTextOrNone(refusal)
    && (legacy === undefined || legacy === null || Json.isObject(legacy))
    && (calls === undefined || calls === null || (Array.isArray(calls) && calls.every(isCall)))
}

/** True for a turn as this wire writes it. */
const isTurn = (json: unknown): json is AssistantMessage => isMessage(json) && json.role === "assistant"

const isCall = (json: unknown): boolean => problemOf(json) === undefined

/** Why a call can't be read: without a name it stands for nothing, unless it is blank. */
export const problemOf = (json: unknown): string | undefined => {
  if (!Json.isObject(json)) return "a call that is no object"
  if (!Json.isTextOrNone(json["id"])) return "a call whose id is no text"
  return typeof payloadOf(json)["name"] === "string" || isBlank(json) ? undefined : "a call without a name"
}

/** Takes JSON of unknown origin for a whole response, or says what is wrong with it. */
export const readResponse = ChatModelError.readWith(isResponse, WholeResponse)

/** The choice of a response that counts, whatever the response is. */
export const choiceOf = (response: unknown): Fields | undefined => {
  const choices = Json.isObject(response) ? response["choices"] : undefined
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined
  return Json.isObject(first) ? first : undefined
}

/** The message of a choice. */
export const messageOf = (choice: Fields | undefined): Fields | undefined => {
  const message = choice?.["message"]
  return Json.isObject(message) ? message : undefined
}

/**
 * A call as it came, and what it asks for.
 *
 * - `payload`: the part of it that says so, whose form `custom` tells
 * - `id`: the id that it came with
 * - `arguments`: empty where none came; `object`, what they are read as, unless they may be any text
 */
interface Asked {
  readonly call: Fields
  readonly custom: boolean
  readonly payload: Fields
  readonly id: string | undefined
  readonly name: string
  readonly arguments: unknown
  readonly object: Fields | undefined
}

/** What a call asks for, and the id that it goes by in its turn. */
export interface Told {
  readonly call: Asked
  readonly id: string
}

/**
 * The calls of a turn, in order, each with an id of its own; those that repeat another are left out, and those that ask for
 * nothing. A call that stands for several gives way to them.
 */
export const distinctCalls = (message: Fields | undefined): ReadonlyArray<Told> => {
  const calls = ToolCall.distinct(callsIn(message ?? {}).map(read), identity)
  return calls.some(insideOf) ? ToolCall.distinct(calls.flatMap(spread), identity).map(own) : calls
}

const callsIn = ({ function_call: legacy, tool_calls: calls }: Fields): ReadonlyArray<Fields> => {
  if (!Array.isArray(calls) || calls.length === 0) return Json.isObject(legacy) ? asked([{ function: legacy }]) : []
  return asked(calls)
}

const asked = (calls: ReadonlyArray<unknown>): ReadonlyArray<Fields> =>
  calls.filter((call): call is Fields => Json.isObject(call) && !isBlank(call))

const insideOf = ({ call }: Told) => call.custom ? undefined : ToolCall.inside(call)

const spread = (told: Told): ReadonlyArray<Asked> =>
  insideOf(told)?.map(({ arguments: args, name }, at) =>
    read({
      id: `${told.id.slice(0, 32)}_${at + 1}`,
      type: "function",
      function: { name, arguments: JSON.stringify(args) }
    })
  ) ?? [own(told).call]

/** The same call where it came with the id that it goes by. */
const own = ({ call, id }: Told): Told => ({ call: call.id === id ? call : read({ ...call.call, id }), id })

/** What a call asks for, and the id that it came with; no arguments are empty ones. */
export const read = (call: Fields): Asked => {
  const custom = isCustom(call)
  const payload = payloadOf(call, custom)
  const { arguments: args, input, name } = payload
  return {
    call,
    custom,
    payload,
    id: typeof call["id"] === "string" ? call["id"] : undefined,
    name: typeof name === "string" ? name : "",
    arguments: custom ? textOf(input) : args ?? {},
    object: custom ? undefined : Json.objectOf(args)
  }
}

/** True where the arguments of a call, as they came, are JSON to their end. */
export const isWhole = (call: Fields): boolean => {
  const { arguments: args, input } = payloadOf(call)
  const given = isCustom(call) ? input : args
  return typeof given === "string" ? Result.isSuccess(Json.parse(given)) : given !== undefined && given !== null
}

/** Servers may leave the type of a call out, or write another one. */
export const isCustom = ({ custom, function: named, type }: Fields): boolean =>
  type === "custom" || (type !== "function" && !Json.isObject(named) && Json.isObject(custom))

const payloadOf = (call: Fields, custom = isCustom(call)): Fields => {
  const payload = call[custom ? "custom" : "function"]
  return Json.isObject(payload) ? payload : {}
}

/** True for a call that asks for nothing, as some servers send one behind the others: without id, name and arguments. */
export const isBlank = (call: Fields): boolean => {
  if (call["id"]) return false
  const { arguments: args, input, name } = payloadOf(call)
  const given = args ?? input ?? ""
  return !name && (given === "" || (name !== undefined && (given === "{}" || isEmpty(given))))
}

const isEmpty = (args: unknown): boolean => Json.isObject(args) && Object.keys(args).length === 0

/**
 * A turn as it is sent back: as it came, but for what no server takes of it.
 *
 * - the API takes neither an empty list of calls nor a turn of nothing
 */
export const echo = (message: Fields, calls: ReadonlyArray<Told>): AssistantMessage => {
  const { content: said, function_call: _legacy, tool_calls: _calls, ...rest } = message
  const content = isContent(said) ? said : ""
  const echoed: AssistantMessage = calls.length > 0
    ? {
      ...rest,
      ...(content !== undefined && { content }),
      role: "assistant",
      tool_calls: calls.map(({ call, id }) => spelled(call, id))
    }
    : { ...rest, role: "assistant", content: content === null || content?.length === 0 ? "" : content ?? "" }
  echoes.add(echoed)
  return echoed
}

/** Turns that were written here: each request has all of them again, and they are not read anew. */
const echoes = new WeakSet<object>()

/** A turn as this wire writes it and servers take it back; undefined for what is no such turn. */
export const echoOf = (native: unknown): AssistantMessage | undefined =>
  isEchoed(native) ? native : isTurn(native) ? mended(native) : undefined

const isEchoed = (native: unknown): native is AssistantMessage =>
  typeof native === "object" && native !== null && echoes.has(native)

/** The same turn where it can be sent back as it is, which one that was stored long ago may not. */
const mended = (message: AssistantMessage): AssistantMessage => {
  const calls = message.tool_calls ?? []
  return calls.every(isSpelled)
    ? message
    : { ...message, tool_calls: calls.map((call) => spelled(read({ ...call }), call.id)) }
}

const isSpelled = (call: OpenAI.ChatCompletionMessageToolCall): boolean => {
  const { arguments: args, name, object } = read({ ...call })
  return ToolCall.spelled(name) === name
    && (call.type === "custom" ||
      (call.type === "function" && Json.objectText(args, object) === call.function.arguments))
}

/** A call whose type, name and arguments servers take back: those that parse them refuse what is no object for ever. */
const spelled = (
  { arguments: args, call, custom, name: given, object, payload }: Asked,
  id: string
): OpenAI.ChatCompletionMessageToolCall => {
  const name = ToolCall.spelled(given)
  if (custom) return { ...call, id, type: "custom", custom: { ...payload, name, input: textOf(args) } }
  const text = Json.objectText(args, object)
  if (payload["name"] === name && payload["arguments"] === text && isAs(call, id)) return call
  return { ...call, id, type: "function", function: { ...payload, name, arguments: text } }
}

/** True for a call that goes back as it came. */
const isAs = (call: Fields, id: string): call is FunctionCall => call["type"] === "function" && call["id"] === id

import type Anthropic from "@anthropic-ai/sdk"
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Json from "@volley/core/Json"
import * as ToolCall from "@volley/core/ToolCall"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const Block = Schema.Union([
  Schema.Struct({
    type: Schema.Literal("tool_use"),
    id: Schema.optional(Schema.NullOr(Schema.String)),
    name: Schema.String,
    input: Schema.Unknown
  }),
  Schema.Struct({ type: Schema.Literal("text"), text: Schema.String }),
  Schema.Struct({ type: Schema.String.check(Schema.makeFilter((type) => type !== "tool_use" && type !== "text")) })
])

/** What this codec reads of a model's message. */
export const AssistantTurn = Schema.Struct({
  role: Schema.Literal("assistant"),
  content: Schema.Array(Block),
  stop_reason: Schema.optional(Schema.NullOr(Schema.String))
})

/** Takes JSON of unknown origin for a response, or says what is wrong with it. */
export const readMessage = (json: unknown): Result.Result<Anthropic.Message, string> => readTurn(withBlocks(json))

/** A message may have a text in place of its blocks. */
const withBlocks = (json: unknown): unknown =>
  typeof json === "object" && json !== null && "content" in json && typeof json.content === "string"
    ? { ...json, content: [{ type: "text", text: json.content }] }
    : json

/** The same as the schema says, for less: every call of every turn comes through here. */
export const isMessage = (json: unknown): json is Anthropic.Message =>
  Json.isObject(json) && json["role"] === "assistant" && Json.isTextOrNone(json["stop_reason"])
  && Array.isArray(json["content"]) && json["content"].every(isBlock)

const isBlock = (block: unknown): boolean => {
  if (!Json.isObject(block)) return false
  const { id, name, text, type } = block
  if (type === "tool_use") return Json.isTextOrNone(id) && typeof name === "string" && "input" in block
  return type === "text" ? typeof text === "string" : typeof type === "string"
}

const readTurn = ChatModelError.readWith(isMessage, AssistantTurn)

/** The calls among the blocks of a response, in order, each with an id of its own; those that repeat another are left out. */
export const distinctCalls = ({ content }: Pick<Anthropic.Message, "content">) =>
  ToolCall.distinct(
    content.filter((block) => block.type === "tool_use"),
    ({ id, input, name }) => ({ id, name, arguments: input })
  )

/** The calls whose ids are known before the whole response is: their own, once each. */
export const provenCalls = (content: Array<Anthropic.ToolUseBlock>): ReadonlyArray<ToolCall.ToolCall> =>
  distinctCalls({ content }).flatMap(({ call, id }, index) =>
    id === call.id ? [{ id, name: call.name, arguments: call.input, index, status: "complete" }] : []
  )

/** A call by the id that it came with, empty where there was none. */
export const ownCall = ({ id, input, name }: Anthropic.ToolUseBlock, index: number): ToolCall.ToolCall => ({
  id: id ?? "",
  name,
  arguments: input,
  index,
  status: "complete"
})

/** Other wires carry arguments as text, which need not be JSON; this one takes objects alone. */
export const objectOf = (args: unknown): object => {
  const value = typeof args === "string" ? args.trim() === "" ? {} : jsonOf(args) : args
  return Json.isObject(value) ? value : { unreadable: args ?? null }
}

/** What is no JSON stays a text. */
export const jsonOf = (text: string): unknown => Result.getOrElse(Json.parse(text), () => text)

import type Anthropic from "@anthropic-ai/sdk"
import * as ChatModelError from "@volley/core/ChatModelError"
import * as Json from "@volley/core/Json"
import * as ToolCall from "@volley/core/ToolCall"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

type Block = Anthropic.ContentBlock

const Other = Schema.String.check(Schema.makeFilter((type) => type !== "tool_use" && type !== "text"))
const text = Schema.optional(Schema.NullOr(Schema.String))

const Block = Schema.Union([
  Schema.Struct({ type: Schema.Literal("tool_use"), id: text, name: Schema.String }),
  Schema.Struct({ type: Schema.Literal("text"), text }),
  Schema.Struct({ type: Other })
])

/** What this codec reads of a model's message. */
export const AssistantTurn = Schema.Struct({
  role: Schema.optional(Schema.NullOr(Schema.Literal("assistant"))),
  content: Schema.Array(Block),
  stop_reason: text
})

/** Takes JSON of unknown origin for a response, or says what is wrong with it. */
export const readMessage = (json: unknown): Result.Result<Anthropic.Message, string> => readTurn(withBlocks(json))

/** A message may have a text in place of its blocks, and blocks that do not say what they are. */
const withBlocks = (json: unknown): unknown => {
  if (!Json.isObject(json)) return json
  const { content, role } = json
  if (typeof content === "string" && role === "assistant") {
    return { ...json, content: [{ type: "text", text: content }] }
  }
  return Array.isArray(content) && content.some(isUntyped) ? { ...json, content: content.map(typed) } : json
}

const isUntyped = (block: unknown): boolean => Json.isObject(block) && (block["type"] ?? "") === ""

/** Says what a block is that does not say so itself, where what it has leaves no doubt. */
export const typed = (block: unknown): unknown => {
  if (!isUntyped(block) || !Json.isObject(block)) return block
  if (typeof block["name"] === "string" && "input" in block) return { ...block, type: "tool_use" }
  return typeof block["text"] === "string" ? { ...block, type: "text" } : block
}

/** The same as the schema says, for less: every call of every turn comes through here. */
export const isMessage = (json: unknown): json is Anthropic.Message =>
  Json.isObject(json) && (json["role"] ?? "assistant") === "assistant" && Json.isTextOrNone(json["stop_reason"])
  && Array.isArray(json["content"]) && json["content"].every(isBlock)

const isBlock = (block: unknown): boolean => {
  if (!Json.isObject(block)) return false
  const { id, name, text, type } = block
  if (type === "tool_use") return Json.isTextOrNone(id) && typeof name === "string"
  return type === "text" ? Json.isTextOrNone(text) : typeof type === "string"
}

const readTurn = ChatModelError.readWith(isMessage, AssistantTurn)

/**
 * The blocks of a response: the calls inside a call that stands for several are in its place, and one that asks for
 * nothing is left out.
 *
 * - of a body that is no message there are none
 */
export const blocksOf = (response: unknown): ReadonlyArray<Block> => {
  const message = withBlocks(response)
  return isMessage(message) ? blocksIn(message) : []
}

/** The same of a body that was read as a message. */
export const blocksIn = ({ content }: Anthropic.Message): ReadonlyArray<Block> => content.flatMap(callsIn)

const callsIn = (block: Block): Block | ReadonlyArray<Block> => {
  if (block.type !== "tool_use") return block
  const { id, input, name } = block
  if (!id && name === "" && Object.keys(Json.objectOf(input)).length === 0) return []
  const inside = ToolCall.inside({ name, arguments: input })
  if (inside === undefined) return block
  return inside.map((asked, at) => ({
    ...block,
    id: id ? `${id}_${at + 1}` : id,
    name: asked.name,
    input: asked.arguments
  }))
}

/** The calls among the blocks of a response, in order, each with an id of its own; those that repeat another are left out. */
export const distinctCalls = (blocks: ReadonlyArray<Block>) =>
  ToolCall.distinct(
    blocks.filter((block) => block.type === "tool_use"),
    ({ id, input, name }) => ({ id, name, arguments: input ?? {} })
  )

/** The calls whose ids are known before the whole response is: their own, once each. */
export const provenCalls = (blocks: ReadonlyArray<Anthropic.ToolUseBlock>): ReadonlyArray<ToolCall.ToolCall> =>
  distinctCalls(blocks).flatMap(({ call, id }, index) => id === call.id ? [ownCall(call, index)] : [])

/** A call by the id that it came with, empty where there was none. */
export const ownCall = ({ id, input, name }: Anthropic.ToolUseBlock, index: number): ToolCall.ToolCall => ({
  id: id ?? "",
  name,
  arguments: input ?? {},
  index,
  status: "complete"
})

/** What is no JSON stays a text. */
export const jsonOf = (text: string): unknown => Result.getOrElse(Json.parse(text), () => text)

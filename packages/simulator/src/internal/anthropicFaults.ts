import type { ContentBlock, Message } from "@anthropic-ai/sdk/resources/messages"
import type { Fault } from "../Fault.ts"
import type * as Frame from "../Frame.ts"
import { frames, jsonOf } from "./anthropicFrames.ts"
import { half, mapLast, type Spoiled, spoilFrames } from "./spoil.ts"

/**
 * What a fault makes of a body, and of the stream of it.
 *
 * @example
 * ```ts
 * import { AnthropicMessagesWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { model: "claude-sonnet-5", max_tokens: 100, messages: [{ role: "user", content: "Hello!" }] }
 * const headers = { "x-api-key": "key", "anthropic-version": "2023-06-01" }
 * const request = Result.getOrThrow(AnthropicMessagesWire.check(body, headers))
 * const { body: answer } = AnthropicMessagesWire.render(request, { _tag: "Answer", text: "Hello." }, 1)
 * const spoiled = AnthropicMessagesWire.spoil({ _tag: "Truncated" }, answer, {})
 * console.log(Object.keys(spoiled).join()) // => body,frames
 * ```
 */
export const spoil = (fault: Fault, body: Message, options: Frame.Options): Spoiled<Message> => {
  if (fault._tag === "Truncated") return truncated(body, options)
  const spoiled = { ...body, content: spoilContent(fault, body.content) }
  return { body: spoiled, frames: spoilFrames(fault, frames(spoiled, options), error) }
}

/** The input of a call that was cut off is lost where it is not streamed, and half of its text where it is. */
const truncated = (body: Message, options: Frame.Options): Spoiled<Message> => {
  const content = mapLast(
    body.content,
    () => true,
    (block) => block.type === "text" ? { ...block, text: half(block.text) } : block
  )
  const cut: Message = { ...body, stop_reason: "max_tokens", content }
  const last = content.at(-1)
  return {
    body: { ...cut, content: mapLast(content, isCall, (block) => block === last ? { ...block, input: {} } : block) },
    frames: frames(cut, options, (block) => block === last ? half(jsonOf(block)) : jsonOf(block))
  }
}

const isCall = ({ type }: ContentBlock): boolean => type === "tool_use"

const spoilContent = (fault: Fault, content: Array<ContentBlock>): Array<ContentBlock> => {
  switch (fault._tag) {
    case "InventedTool":
      return mapLast(content, isCall, (block) => block.type === "tool_use" ? { ...block, name: fault.name } : block)
    case "TextAfterCalls":
      return content.some(isCall) ? [...content, { type: "text", text: fault.text, citations: null }] : content
    default:
      return content
  }
}

const error: Frame.Frame = {
  event: "error",
  data: { type: "error", error: { type: "overloaded_error", message: "Overloaded" } }
}

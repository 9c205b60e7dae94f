import type { ContentBlock, Message, RawContentBlockDelta, ToolUseBlock } from "@anthropic-ai/sdk/resources/messages"
import * as Frame from "../Frame.ts"

type Cut = (text: string) => ReadonlyArray<string>

/**
 * Cuts a body into named events.
 *
 * - a call is proven complete by the start of the next block, or by the `message_delta` behind the last
 * - `inputText`: what is cut into the fragments of an input
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
 * const frames = AnthropicMessagesWire.frames(answer, { fragment: 3 })
 * console.log(frames.length, frames[0]?.event) // => 8 message_start
 * ```
 */
export const frames = (
  body: Message,
  { fragment }: Frame.Options = {},
  inputText: (block: ToolUseBlock) => string = jsonOf
): ReadonlyArray<Frame.Frame> => {
  const cut = Frame.cutter(fragment)
  const calls = body.content.filter(({ type }) => type === "tool_use")
  return [
    frame({ type: "message_start", message: begun(body) }),
    frame({ type: "ping" }),
    ...body.content.flatMap((block, index) => {
      const deltas = deltasOf(block, cut, inputText).map((delta) =>
        frame({ type: "content_block_delta", index, delta })
      )
      const call = calls.indexOf(block)
      const start = frame({ type: "content_block_start", index, content_block: emptied(block) })
      return [
        ...(call < 0 ? [start, ...deltas] : Frame.ofCall(call, [start, ...deltas])),
        frame({ type: "content_block_stop", index })
      ]
    }),
    frame(messageDelta(body)),
    frame({ type: "message_stop" })
  ]
}

const frame = (data: { readonly type: string; readonly [key: string]: unknown }): Frame.Frame => ({
  event: data.type,
  data
})

const begun = (body: Message): Message => ({
  ...body,
  content: [],
  stop_reason: null,
  stop_sequence: null,
  stop_details: null,
  container: null,
  usage: { ...body.usage, output_tokens: 1, output_tokens_details: { thinking_tokens: 0 } }
})

const emptied = (block: ContentBlock): ContentBlock => {
  switch (block.type) {
    case "text":
      return { ...block, text: "" }
    case "thinking":
      return { ...block, thinking: "", signature: "" }
    case "tool_use":
      return { ...block, input: {} }
    default:
      return block
  }
}

/** An input as text; one without keys is none. */
export const jsonOf = ({ input }: ToolUseBlock): string => {
  const json = JSON.stringify(input)
  return json === "{}" ? "" : json
}

/** The first fragment of an input is empty. */
const deltasOf = (
  block: ContentBlock,
  cut: Cut,
  inputText: (block: ToolUseBlock) => string
): ReadonlyArray<RawContentBlockDelta> => {
  switch (block.type) {
    case "text":
      return cut(block.text).map((text) => ({ type: "text_delta", text }))
    case "thinking":
      return [
        ...cut(block.thinking).map((thinking) => ({ type: "thinking_delta" as const, thinking })),
        { type: "signature_delta", signature: block.signature }
      ]
    case "tool_use":
      return ["", ...cut(inputText(block))].map((json) => ({ type: "input_json_delta", partial_json: json }))
    default:
      return []
  }
}

/** What the whole turn cost, not what was added. */
const messageDelta = ({ container, stop_details, stop_reason, stop_sequence, usage }: Message) => ({
  type: "message_delta",
  delta: { stop_reason, stop_sequence, stop_details, container },
  usage: {
    input_tokens: usage.input_tokens,
    output_tokens: usage.output_tokens,
    cache_creation_input_tokens: usage.cache_creation_input_tokens,
    cache_read_input_tokens: usage.cache_read_input_tokens,
    output_tokens_details: usage.output_tokens_details,
    server_tool_use: usage.server_tool_use
  }
})

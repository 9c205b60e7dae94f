/**
 * The events of streamed messages.
 */
import type Anthropic from "@anthropic-ai/sdk"
import * as AnthropicMessages from "@volley/anthropic/AnthropicMessages"
import { type Choices, cut, eventsOf } from "../../simulator/test/streams.ts"
import { response, unlike } from "./support.ts"

export type Block = Anthropic.ContentBlock

const { usage, ...head } = response([])

export const messageStart = {
  type: "message_start",
  message: { ...head, stop_reason: null, usage: { ...usage, output_tokens: 1 } }
}

export const start = (index: number, block: Block): object => {
  const content_block = block.type === "text"
    ? { ...block, text: "" }
    : block.type === "thinking"
    ? { ...block, thinking: "", signature: "" }
    : "input" in block
    ? { ...block, input: {} }
    : block
  return { type: "content_block_start", index, content_block }
}

export const delta = (index: number, delta: object) => ({ type: "content_block_delta", index, delta })
export const json = (index: number, partial_json: string) => delta(index, { type: "input_json_delta", partial_json })
export const stopped = (index: number) => ({ type: "content_block_stop", index })

const deltas = (block: Block, index: number, sizes: typeof Choices.Type): ReadonlyArray<object> => {
  if (block.type === "text") return cut(block.text, sizes).map((text) => delta(index, { type: "text_delta", text }))
  if (block.type === "thinking") {
    const { signature, thinking } = block
    const pieces = cut(thinking, sizes).map((thinking) => delta(index, { type: "thinking_delta", thinking }))
    return [...pieces, delta(index, { type: "signature_delta", signature })]
  }
  return "input" in block ? cut(JSON.stringify(block.input), sizes).map((text) => json(index, text)) : []
}

export const rest = (block: Block, index: number, sizes: typeof Choices.Type = [0, 5]) => [
  ...deltas(block, index, sizes),
  stopped(index)
]

export const block = (content: Block, index: number) => [start(index, content), ...rest(content, index)]

export const messageDelta = (stop_reason: string | null) => ({
  type: "message_delta",
  delta: { stop_reason, stop_sequence: null, stop_details: null, container: null },
  usage: { input_tokens: null, output_tokens: 60, cache_creation_input_tokens: null }
})

export const messageStop = { type: "message_stop" }

export const ending = (stop_reason: string | null) => [messageDelta(stop_reason), messageStop]

/** All events of a response whose blocks come one behind the other. */
export const eventsFor = ({ content, stop_reason }: Anthropic.Message): ReadonlyArray<object> => [
  messageStart,
  { type: "ping" },
  ...content.flatMap(block),
  ...ending(stop_reason)
]

export const parts = (events: ReadonlyArray<unknown>, error?: unknown, origin?: string) =>
  AnthropicMessages.parts(unlike<AsyncIterable<Anthropic.RawMessageStreamEvent>>(eventsOf(events, error)), { origin })

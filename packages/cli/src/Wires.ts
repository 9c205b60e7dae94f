/**
 * The wires that the command line speaks.
 */
import { AnthropicMessages } from "@volley/anthropic"
import type * as Batch from "@volley/core/Batch"
import type { ChatModel } from "@volley/core/ChatModel"
import type * as Tool from "@volley/core/Tool"
import type { ToolCall } from "@volley/core/ToolCall"
import { OpenAiChat } from "@volley/openai"
import type * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

/**
 * A wire.
 *
 * - `read`: takes JSON for an assistant turn, or says why it is none
 * - `key`: the environment variable with its API key
 * - `server`: which base URL of the simulator it takes
 */
export interface Wire {
  readonly name: "openai-chat" | "anthropic"
  readonly key: string
  readonly model: string
  readonly server: "openai" | "anthropic"
  readonly read: (json: unknown) => Result.Result<Turn, string>
  readonly layer: (options: {
    readonly model: string
    readonly apiKey: Redacted.Redacted<string>
    readonly baseUrl?: string | undefined
    readonly fetch?: typeof globalThis.fetch | undefined
  }) => Layer.Layer<ChatModel>
}

/**
 * An assistant turn of some wire.
 *
 * - `ids`: of its calls, as they arrived
 */
export interface Turn {
  readonly ids: ReadonlyArray<string | null | undefined>
  readonly calls: ReadonlyArray<ToolCall>
  readonly results: (settled: Batch.Settled<Tool.Any>) => ReadonlyArray<object>
  readonly followUp: (settled: Batch.Settled<Tool.Any>) => ReadonlyArray<object>
}

export const all: ReadonlyArray<Wire> = [
  {
    name: OpenAiChat.wire,
    key: "OPENAI_API_KEY",
    model: "gpt-4.1",
    server: "openai",
    read: (json) =>
      Result.map(OpenAiChat.parse(json), (response) => ({
        ids: response.choices[0]?.message.tool_calls?.map(({ id }) => id) ?? [],
        calls: OpenAiChat.toolCalls(response),
        results: OpenAiChat.results,
        followUp: (settled) => OpenAiChat.followUp(response, settled)
      })),
    layer: OpenAiChat.layer
  },
  {
    name: AnthropicMessages.wire,
    key: "ANTHROPIC_API_KEY",
    model: "claude-opus-5-5",
    server: "anthropic",
    read: (json) =>
      Result.map(AnthropicMessages.parse(json), (response) => ({
        ids: response.content.flatMap((block) => block.type === "tool_use" ? [block.id] : []),
        calls: AnthropicMessages.toolCalls(response),
        results: AnthropicMessages.results,
        followUp: (settled) => AnthropicMessages.followUp(response, settled)
      })),
    layer: AnthropicMessages.layer
  }
]

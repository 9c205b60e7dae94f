/**
 * The wires that the command line speaks.
 */
import { AnthropicMessages } from "@volley/anthropic"
import type * as Batch from "@volley/core/Batch"
import type { ChatModel } from "@volley/core/ChatModel"
import type * as Tool from "@volley/core/Tool"
import type { ToolCall } from "@volley/core/ToolCall"
import { GeminiContent } from "@volley/google"
import { OpenAiChat, OpenAiResponses } from "@volley/openai"
import type * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"

/**
 * A wire.
 *
 * - `read`: takes JSON for an assistant turn, or says why it is none
 * - `key`: the environment variable with its API key
 * - `hasParallelSwitch`: whether it can be told to ask for one call a turn; without one there is no serial side
 * - `server`: which base URL of the simulator it takes
 */
export interface Wire {
  readonly name: "openai-chat" | "openai-responses" | "anthropic" | "google"
  readonly key: string
  readonly model: string
  readonly server: "openai" | "anthropic" | "google"
  readonly hasParallelSwitch: boolean
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
    hasParallelSwitch: true,
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
    name: OpenAiResponses.wire,
    key: "OPENAI_API_KEY",
    model: "gpt-4.1",
    server: "openai",
    hasParallelSwitch: true,
    read: (json) =>
      Result.map(OpenAiResponses.parse(json), (response) => ({
        ids: response.output.flatMap((item) => item.type === "function_call" ? [item.call_id] : []),
        calls: OpenAiResponses.toolCalls(response),
        results: OpenAiResponses.results,
        followUp: (settled) => OpenAiResponses.followUp(response, settled)
      })),
    layer: OpenAiResponses.layer
  },
  {
    name: AnthropicMessages.wire,
    key: "ANTHROPIC_API_KEY",
    model: "claude-opus-5-5",
    server: "anthropic",
    hasParallelSwitch: true,
    read: (json) =>
      Result.map(AnthropicMessages.parse(json), (response) => ({
        ids: response.content.flatMap((block) => block.type === "tool_use" ? [block.id] : []),
        calls: AnthropicMessages.toolCalls(response),
        results: AnthropicMessages.results,
        followUp: (settled) => AnthropicMessages.followUp(response, settled)
      })),
    layer: AnthropicMessages.layer
  },
  {
    name: GeminiContent.wire,
    key: "GEMINI_API_KEY",
    model: "gemini-3-pro",
    server: "google",
    hasParallelSwitch: false,
    read: (json) =>
      Result.map(GeminiContent.parse(json), (response) => {
        const calls = GeminiContent.toolCalls(response)
        return {
          ids: calls.map(({ id }) => id),
          calls,
          results: GeminiContent.results,
          followUp: (settled) => GeminiContent.followUp(response, settled)
        }
      }),
    layer: GeminiContent.layer
  }
]

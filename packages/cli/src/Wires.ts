/**
 * The wires that the command line speaks.
 */
import { AnthropicMessages } from "@volley/anthropic"
import type { ChatModel } from "@volley/core/ChatModel"
import { OpenAiChat } from "@volley/openai"
import type * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"

/**
 * A wire.
 *
 * - `key`: the environment variable with its API key
 * - `server`: which base URL of the simulator it takes
 */
export interface Wire {
  readonly name: "openai-chat" | "anthropic"
  readonly key: string
  readonly model: string
  readonly server: "openai" | "anthropic"
  readonly layer: (options: {
    readonly model: string
    readonly apiKey: Redacted.Redacted<string>
    readonly baseUrl?: string | undefined
    readonly fetch?: typeof globalThis.fetch | undefined
  }) => Layer.Layer<ChatModel>
}

export const all: ReadonlyArray<Wire> = [
  {
    name: OpenAiChat.wire,
    key: "OPENAI_API_KEY",
    model: "gpt-4.1",
    server: "openai",
    layer: OpenAiChat.layer
  },
  {
    name: AnthropicMessages.wire,
    key: "ANTHROPIC_API_KEY",
    model: "claude-opus-5-5",
    server: "anthropic",
    layer: AnthropicMessages.layer
  }
]

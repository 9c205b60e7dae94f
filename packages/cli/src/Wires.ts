/**
 * The wires that the command line speaks. A provider's SDK is loaded when its wire is used.
 */
import type { ApiOptions, ChatModel } from "@volley/core/ChatModel"
import type * as Layer from "effect/Layer"
import type * as Result from "effect/Result"
import type { Turn } from "./wires/turn.ts"

export type { Turn } from "./wires/turn.ts"

/**
 * A wire.
 *
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
  readonly load: () => Promise<Codec>
}

/**
 * What a provider's package does for the command line.
 *
 * - `read`: takes JSON for an assistant turn, or says why it is none
 */
export interface Codec {
  readonly read: (json: unknown) => Result.Result<Turn, string>
  readonly layer: (options: ApiOptions) => Layer.Layer<ChatModel>
}

export const all: ReadonlyArray<Wire> = [
  {
    name: "openai-chat",
    key: "OPENAI_API_KEY",
    model: "gpt-4.1",
    server: "openai",
    hasParallelSwitch: true,
    load: () => import("./wires/openAiChat.ts")
  },
  {
    name: "openai-responses",
    key: "OPENAI_API_KEY",
    model: "gpt-4.1",
    server: "openai",
    hasParallelSwitch: true,
    load: () => import("./wires/openAiResponses.ts")
  },
  {
    name: "anthropic",
    key: "ANTHROPIC_API_KEY",
    model: "claude-opus-5-5",
    server: "anthropic",
    hasParallelSwitch: true,
    load: () => import("./wires/anthropicMessages.ts")
  },
  {
    name: "google",
    key: "GEMINI_API_KEY",
    model: "gemini-3-pro",
    server: "google",
    hasParallelSwitch: false,
    load: () => import("./wires/geminiContent.ts")
  }
]

/**
 * The model, as a service that a provider's Layer provides.
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { ChatModelError } from "./ChatModelError.ts"
import type { Assistant, Conversation } from "./Conversation.ts"
import type * as Toolkit from "./Toolkit.ts"

/** Whether the model may, must or must not call tools. */
export type ToolChoice = "auto" | "none" | "required" | { readonly tool: string }

/**
 * What a model is asked.
 *
 * - `toolChoice`, `parallelToolCalls`: the provider's own default when left out; ignored without tools
 */
export interface Request {
  readonly conversation: Conversation
  readonly toolkit?: Toolkit.Any | undefined
  readonly toolChoice?: ToolChoice | undefined
  readonly parallelToolCalls?: boolean | undefined
}

/** Tokens as the provider counts them; `input` includes what came from its cache. */
export interface Usage {
  readonly input: number
  readonly output: number
}

/**
 * A model's turn.
 *
 * - `finish`: `"length"` when it was cut off, `"pause"` when the provider wants the same conversation sent again
 */
export interface Turn {
  readonly message: Assistant
  readonly finish: "stop" | "tool-calls" | "length" | "refusal" | "pause"
  readonly usage: Usage
}

/** Gives the next turn of a conversation. Interrupting it aborts the request. */
export class ChatModel extends Context.Service<ChatModel, {
  readonly generate: (request: Request) => Effect.Effect<Turn, ChatModelError>
}>()("@volley/core/ChatModel") {}

/** Anthropic for Volley. */
export * as AnthropicMessages from "./AnthropicMessages.ts"

import * as AnthropicMessages from "@volley/anthropic/AnthropicMessages"
import * as Result from "effect/Result"
import type { Turn } from "./turn.ts"

export { layer } from "@volley/anthropic/AnthropicMessages"

export const read = (json: unknown): Result.Result<Turn, string> =>
  Result.map(AnthropicMessages.parse(json), (response) => ({
    ids: response.content.flatMap((block) => block.type === "tool_use" ? [block.id] : []),
    calls: AnthropicMessages.toolCalls(response),
    results: AnthropicMessages.results,
    followUp: (settled) => AnthropicMessages.followUp(response, settled)
  }))

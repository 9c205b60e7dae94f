import * as OpenAiChat from "@volley/openai/OpenAiChat"
import * as Result from "effect/Result"
import type { Turn } from "./turn.ts"

export { layer } from "@volley/openai/OpenAiChat"

export const read = (json: unknown): Result.Result<Turn, string> =>
  Result.map(OpenAiChat.parse(json), (response) => ({
    ids: response.choices[0]?.message.tool_calls?.map(({ id }) => id) ?? [],
    calls: OpenAiChat.toolCalls(response),
    results: OpenAiChat.results,
    followUp: (settled) => OpenAiChat.followUp(response, settled)
  }))

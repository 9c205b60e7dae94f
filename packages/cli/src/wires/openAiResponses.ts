import * as OpenAiResponses from "@volley/openai/OpenAiResponses"
import * as Result from "effect/Result"
import type { Turn } from "./turn.ts"

export { layer } from "@volley/openai/OpenAiResponses"

export const read = (json: unknown): Result.Result<Turn, string> =>
  Result.map(OpenAiResponses.parse(json), (response) => ({
    ids: response.output.flatMap((item) => item.type === "function_call" ? [item.call_id] : []),
    calls: OpenAiResponses.toolCalls(response),
    results: OpenAiResponses.results,
    followUp: (settled) => OpenAiResponses.followUp(response, settled)
  }))

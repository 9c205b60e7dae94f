import * as GeminiContent from "@volley/google/GeminiContent"
import * as Result from "effect/Result"
import type { Turn } from "./turn.ts"

export { layer } from "@volley/google/GeminiContent"

export const read = (json: unknown): Result.Result<Turn, string> =>
  Result.map(GeminiContent.parse(json), (response) => ({
    ids: GeminiContent.toolCalls(response).map(({ id }) => id),
    calls: GeminiContent.toolCalls(response),
    results: GeminiContent.results,
    followUp: (settled) => GeminiContent.followUp(response, settled)
  }))

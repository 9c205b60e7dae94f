/**
 * The chunks of streamed turns.
 */
import type { GenerateContentResponse } from "@google/genai"
import * as GeminiContent from "@volley/google/GeminiContent"
import { eventsOf } from "../../simulator/test/streams.ts"
import { response, unlike } from "./support.ts"

export const chunk = (parts?: ReadonlyArray<object>, more: object = {}): object => ({
  candidates: [{ index: 0, ...(parts && { content: { role: "model", parts } }), ...more }],
  usageMetadata: { promptTokenCount: 90, totalTokenCount: 90 },
  modelVersion: "gemini-3.8-flash",
  responseId: "response_1"
})

export const { usageMetadata } = response([])

export const stop = (finishReason = "STOP", parts?: ReadonlyArray<object>) => ({
  ...chunk(parts, { finishReason }),
  usageMetadata
})

export const parts = (events: ReadonlyArray<unknown>, error?: unknown, origin?: string) =>
  GeminiContent.parts(unlike<AsyncIterable<GenerateContentResponse>>(eventsOf(events, error)), { origin })

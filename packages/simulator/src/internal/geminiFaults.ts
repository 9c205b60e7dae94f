import type { Part } from "@google/genai"
import type { Fault } from "../Fault.ts"
import type * as Frame from "../Frame.ts"
import type { Body } from "./geminiBody.ts"
import { frames } from "./geminiFrames.ts"
import { sign } from "./geminiSignature.ts"
import { half, mapLast, type Spoiled, spoilFrames } from "./spoil.ts"

/**
 * What a fault makes of a body, and of the stream of it.
 *
 * @example
 * ```ts
 * import { GeminiContentWire } from "@volley/simulator"
 * import { Result } from "effect"
 *
 * const body = { contents: [{ role: "user", parts: [{ text: "Hello!" }] }] }
 * const path = "/v1beta/models/gemini-3-pro:generateContent"
 * const headers = { "x-goog-api-key": "key" }
 * const request = Result.getOrThrow(GeminiContentWire.check(body, headers, path))
 * const { body: answer } = GeminiContentWire.render(request, { _tag: "Answer", text: "Hello." })
 * const spoiled = GeminiContentWire.spoil({ _tag: "Truncated" }, answer, {})
 * console.log(Object.keys(spoiled).join()) // => body,frames
 * ```
 */
export const spoil = (fault: Fault, body: Body, options: Frame.Options): Spoiled<Body> => {
  const candidates = body.candidates.map((candidate) => ({
    ...candidate,
    ...(fault._tag === "Truncated" && { finishReason: "MAX_TOKENS" as const }),
    content: { ...candidate.content, parts: spoilParts(fault, candidate.content.parts ?? []) }
  }))
  const spoiled = { ...body, candidates }
  return { body: spoiled, frames: spoilFrames(fault, frames(spoiled, options), error) }
}

const spoilParts = (fault: Fault, parts: ReadonlyArray<Part>): Array<Part> => {
  switch (fault._tag) {
    case "Truncated":
      return parts.at(-1)?.functionCall
        ? parts.slice(0, -1)
        : mapLast(parts, () => true, (part) => ({ ...part, text: half(part.text ?? "") }))
    case "InventedTool":
      return mapLast(parts, isCall, (part) => renamed(part, fault.name))
    case "TextAfterCalls":
      return parts.some(isCall) ? [...parts, { text: fault.text }] : [...parts]
    default:
      return [...parts]
  }
}

const isCall = ({ functionCall }: Part): boolean => functionCall !== undefined

/** A call that is signed is so under its new name. */
const renamed = (part: Part, name: string): Part => ({
  ...part,
  functionCall: { ...part.functionCall, name },
  ...(part.thoughtSignature !== undefined && { thoughtSignature: sign({ name, args: part.functionCall?.args ?? {} }) })
})

const error: Frame.Frame = {
  data: { error: { code: 503, message: "The model is overloaded. Please try again later.", status: "UNAVAILABLE" } }
}

import type { Part } from "@google/genai"
import * as Frame from "../Frame.ts"
import type { Body } from "./geminiBody.ts"

/**
 * Cuts a body into whole responses.
 *
 * - a call is whole in one part, which is all the proof that there is; the last chunk has the finish reason and the usage
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
 * const frames = GeminiContentWire.frames(answer, { fragment: 3 })
 * console.log(frames.length, frames[0]?.event) // => 2 undefined
 * ```
 */
export const frames = (body: Body, { fragment }: Frame.Options = {}): ReadonlyArray<Frame.Frame> => {
  const cut = Frame.cutter(fragment)
  const { candidates, usageMetadata, ...facts } = body
  return candidates.flatMap(({ content, finishReason, index }) => {
    const pieces = (content.parts ?? []).flatMap((part) => cutPart(part, cut))
    const chunks = pieces.length === 0 ? [[]] : pieces.map((piece) => [piece])
    const calls = pieces.filter(({ functionCall }) => functionCall)
    return chunks.map((parts, at): Frame.Frame => {
      const isLast = at === chunks.length - 1
      const call = calls.findIndex((piece) => parts.includes(piece))
      const candidate = { index, content: { ...content, parts }, ...(isLast && { finishReason }) }
      const data = { candidates: [candidate], ...(isLast && { usageMetadata }), ...facts }
      return call < 0 ? { data } : { data, call, completes: call }
    })
  })
}

/** A text is cut; the signature that it has goes with the last piece. */
const cutPart = (part: Part, cut: (text: string) => ReadonlyArray<string>): ReadonlyArray<Part> => {
  if (!part.text) return [part]
  const { thoughtSignature, ...rest } = part
  const texts = cut(part.text)
  return texts.map((text, at) => ({
    ...rest,
    text,
    ...(at === texts.length - 1 && thoughtSignature !== undefined && { thoughtSignature })
  }))
}

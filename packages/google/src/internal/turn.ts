import type * as ChatModel from "@volley/core/ChatModel"
import type * as ChatModelError from "@volley/core/ChatModelError"
import * as Json from "@volley/core/Json"
import type * as ToolCall from "@volley/core/ToolCall"
import * as Usage from "@volley/core/Usage"
import * as Result from "effect/Result"
import { distinctCalls, echoed, ownCall, partsOf, signed, unnamed } from "./callIds.ts"
import { finishOf, isProven } from "./finish.ts"
import type { Content, Part, Response } from "./read.ts"
import { errorIn } from "./refusal.ts"
import { isTurn, readResponse } from "./wholeResponse.ts"
import { wire } from "./wire.ts"

type Whole = Omit<ChatModel.Whole<Response>, "_tag">

/** The calls of a response, and the turn as it goes back. */
export const read = (
  response: Response
): { readonly calls: ReadonlyArray<ToolCall.ToolCall>; readonly echo: Array<Content> } => {
  const content = contentIn(response)
  const parts = partsOf(content)
  const distinct = distinctCalls(parts)
  const status = distinct.length > 0 && isProven(response) ? "complete" : "truncated"
  return {
    calls: distinct.map(({ call, id }, index) => ({ ...ownCall(call, index), id, status })),
    echo: content ? echo(content, parts, distinct) : []
  }
}

/** The content that counts, whatever the response is. */
const contentIn = (response: unknown): Content | undefined => {
  const candidates = Json.isObject(response) ? response["candidates"] : undefined
  const first: unknown = Array.isArray(candidates) ? candidates[0] : undefined
  const content = Json.isObject(first) ? first["content"] : undefined
  return isTurn(content) ? content : undefined
}

/** The model that wrote a response, whatever that is. */
export const modelOf = (response: unknown): string | undefined => {
  const model = Json.isObject(response) ? response["modelVersion"] : undefined
  return typeof model === "string" ? model : undefined
}

/** The API takes neither a content without parts nor a part of nothing; a call that is left out may have had the signature. */
const echo = (
  content: Content,
  written: ReadonlyArray<Part>,
  calls: ReturnType<typeof distinctCalls>
): Array<Content> => {
  let next = 0
  const parts = written.flatMap((part): ReadonlyArray<Part> => {
    const call = part.functionCall
    if (!call) return isNothing(part) ? [] : [part]
    return calls[next]?.call === call ? [echoed(part, call, calls[next++]!.id)] : []
  })
  if (parts.length === 0) return []
  const turn = { ...content, role: "model", parts }
  return [content.parts?.find(({ functionCall }) => functionCall)?.thoughtSignature ? signed(turn) : turn]
}

/** A turn where it can be sent back as it is, which one that was stored long ago may not. */
export const mended = (turn: Content): Content => {
  const parts = turn.parts ?? []
  const written = parts.map((part) =>
    part.functionCall ? echoed(part, part.functionCall, part.functionCall.id ?? unnamed) : part
  )
  return written.every((part, at) => part === parts[at]) ? turn : { ...turn, parts: written }
}

/** True for a part without anything in it; a signature is something. */
const isNothing = (part: Part): boolean =>
  Object.entries(part).every(([key, value]) =>
    key === "thought" || value === "" || value === null || value === undefined
  )

/** The turn that a body is, or why it is none. */
export const wholeOf = (body: unknown, origin?: string): Result.Result<Whole, string | ChatModelError.Reason> => {
  const error = errorIn(body)
  if (error !== undefined) return Result.fail(error)
  return Result.flatMap(
    readResponse(body),
    (response) => Result.map(turnOf(response, origin), (turn) => ({ turn, response }))
  )
}

const turnOf = (
  response: Response,
  origin: string | undefined
): Result.Result<ChatModel.Turn, ChatModelError.Reason> => {
  const { calls, echo: message } = read(response)
  const said = partsOf(response.candidates?.[0]?.content).filter(({ thought }) => thought !== true)
  const text = said.map(({ text }) => text ?? "").join("")
  const native = { wire, ...(origin !== undefined && { origin }), message }
  return Result.map(finishOf(response, calls.length, text), (finish) => ({
    message: { role: "assistant", text, calls, native },
    ...finish,
    usage: usageOf(response.usageMetadata),
    model: response.modelVersion ?? undefined
  }))
}

const usageOf = (usage: Response["usageMetadata"]): Usage.Usage =>
  Usage.make({
    input: Usage.count(usage?.promptTokenCount, usage?.toolUsePromptTokenCount),
    output: Usage.count(usage?.candidatesTokenCount, usage?.thoughtsTokenCount),
    cached: usage?.cachedContentTokenCount,
    cacheWrite: undefined,
    reasoning: usage?.thoughtsTokenCount
  })

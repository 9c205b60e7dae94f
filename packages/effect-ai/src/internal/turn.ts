/** The parts of a response of `effect/ai` as a turn. */
import type * as ChatModel from "@volley/core/ChatModel"
import * as ToolCall from "@volley/core/ToolCall"
import * as Usage from "@volley/core/Usage"
import * as Prompt from "effect/ai/Prompt"
import type * as Response from "effect/ai/Response"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Carried from "./carried.ts"
import { wire } from "./prompt.ts"

export type Part = Response.AnyPart
type CallPart = Response.ToolCallPart<string, unknown>

/** Reads a whole turn; every call of it has an id of its own, and what comes twice counts once. */
export const turnOf = (given: ReadonlyArray<Part>): ChatModel.Turn => {
  const parts = distinct(given)
  const finished = parts.findLast((part) => part.type === "finish")
  const ours = Option.getOrElse(decodeOurs(finished?.metadata[Carried.key]), (): Ours => ({}))
  const asked = parts.filter(isCall)
  const { finish, problem } = finishOf(finished?.reason, asked.length)
  const isTruncated = (id: string) => ours.truncated?.includes(id) ?? (finish === "length" || finish === "malformed")
  const calls = asked.map((part, index) => callOf(part, index, isTruncated(part.id)))
  const model = parts.findLast((part) => part.type === "response-metadata")?.modelId
  return {
    message: { role: "assistant", text: textOf(parts), calls, ...nativeOf(parts) },
    finish,
    usage: usageOf(finished?.usage),
    ...(problem !== undefined && { problem: ours.problem ?? problem }),
    ...(model !== undefined && { model })
  }
}

/** True for a call that is not the provider's own affair. */
export const isCall = (part: Part): part is CallPart => part.type === "tool-call" && !part.providerExecuted

export const callOf = ({ id, name, params }: CallPart, index: number, isTruncated = false): ToolCall.ToolCall => ({
  id,
  name,
  arguments: params,
  index,
  status: isTruncated ? "truncated" : "complete"
})

interface Ours extends Schema.Schema.Type<typeof Ours> {}
const Ours = Schema.Struct({
  problem: Schema.optionalKey(Schema.String),
  truncated: Schema.optionalKey(Schema.Array(Schema.String))
})

const decodeOurs = Schema.decodeUnknownOption(Ours)

const distinct = (parts: ReadonlyArray<Part>): ReadonlyArray<Part> => {
  const read = ({ id, name, params }: CallPart) => ({ id, name, arguments: params })
  const ids = new Map<Part, string>(
    ToolCall.distinct(parts.filter(isCall), read).map(({ call, id }) => [call, id] as const)
  )
  return parts.flatMap((part) => {
    if (!isCall(part)) return [part]
    const id = ids.get(part)
    return id === undefined ? [] : [{ ...part, id }]
  })
}

const textOf = (parts: ReadonlyArray<Part>): string =>
  parts.map((part) => part.type === "text" ? part.text : part.type === "text-delta" ? part.delta : "").join("")

/** A reason that is not known proves no call complete. */
const finishOf = (
  reason: Response.FinishReason | undefined,
  calls: number
): Pick<ChatModel.Turn, "finish" | "problem"> => {
  switch (reason) {
    case "length":
    case "pause":
      return { finish: reason }
    case "content-filter":
      return { finish: "refusal" }
    case "error":
      return { finish: "malformed", problem: "the turn ended in an error" }
    case "other":
    case "unknown":
      return calls === 0
        ? { finish: "stop" }
        : { finish: "malformed", problem: `the turn ended for a reason that is not known: ${reason}` }
    case "stop":
    case "tool-calls":
    case undefined:
      return { finish: calls === 0 ? "stop" : "tool-calls" }
  }
}

const usageOf = (usage: Response.Usage | undefined): Usage.Usage =>
  Usage.make({
    input: usage?.inputTokens.total
      ?? Usage.count(usage?.inputTokens.uncached, usage?.inputTokens.cacheRead, usage?.inputTokens.cacheWrite),
    output: usage?.outputTokens.total ?? Usage.count(usage?.outputTokens.text, usage?.outputTokens.reasoning),
    cached: usage?.inputTokens.cacheRead,
    cacheWrite: usage?.inputTokens.cacheWrite,
    reasoning: usage?.outputTokens.reasoning
  })

/** The assistant's message as `effect/ai` makes it of a response, for the next prompt. */
const nativeOf = (parts: ReadonlyArray<Part>): Pick<ChatModel.Turn["message"], "native"> => {
  const said = Prompt.fromResponseParts(parts).content.find(({ role }) => role === "assistant")
  const message = said === undefined ? Option.none() : encodeMessage(said)
  return Option.match(message, { onNone: () => ({}), onSome: (message) => ({ native: { wire, message } }) })
}

const encodeMessage = Schema.encodeUnknownOption(Prompt.Message)

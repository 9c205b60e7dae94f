/** A turn as the parts of a response of `effect/ai`. */
import type * as ChatModel from "@volley/core/ChatModel"
import * as Json from "@volley/core/Json"
import type { ToolCall } from "@volley/core/ToolCall"
import type { Usage } from "@volley/core/Usage"
import type * as Response from "effect/ai/Response"
import * as Result from "effect/Result"
import * as Carried from "./carried.ts"

/** The name that a tool has in `effect/ai`, by that of a call. */
export type NameOf = (name: string) => string

/** The parts of a turn in one piece. */
export const partsOf = (turn: ChatModel.Turn, nameOf: NameOf): Array<Response.PartEncoded> => {
  const { calls, text } = turn.message
  const carried = Carried.optionsOf(turn.message)
  return [
    ...modelOf(turn),
    ...(text === "" ? [] : [{ type: "text" as const, text }]),
    ...calls.map((call) => callPart(call, nameOf)),
    ...(carried === undefined ? [] : [{ type: "reasoning" as const, text: "", metadata: carried }]),
    finishPart(turn)
  ]
}

/**
 * What was told of a streamed turn.
 *
 * - `isOpen`: its text has begun
 * - `calls`: the ids of those that are complete
 */
export interface Told {
  readonly isOpen: boolean
  readonly calls: ReadonlySet<string>
}

export const nothingTold: Told = { isOpen: false, calls: new Set() }

/**
 * The parts that the next part of a streamed turn becomes.
 *
 * - a call that is not complete waits for the end, which comes in one chunk: `effect/ai` starts a call when it sees that the
 *   stream goes on behind it
 */
export const next = (
  told: Told,
  part: ChatModel.Part,
  nameOf: NameOf
): readonly [Told, ReadonlyArray<Response.StreamPartEncoded>] => {
  switch (part._tag) {
    case "Text":
      return [{ ...told, isOpen: true }, [
        ...(told.isOpen ? [] : [{ type: "text-start" as const, id: "text" }]),
        { type: "text-delta", id: "text", delta: part.text }
      ]]
    case "Call":
      if (part.call.status === "truncated") return [told, []]
      return [{ ...told, calls: new Set([...told.calls, part.call.id]) }, [callPart(part.call, nameOf)]]
    case "Turn":
      return [told, endOf(told, part.turn, nameOf)]
  }
}

const endOf = (told: Told, turn: ChatModel.Turn, nameOf: NameOf): ReadonlyArray<Response.StreamPartEncoded> => {
  const carried = Carried.optionsOf(turn.message)
  return [
    ...(told.isOpen ? [{ type: "text-end" as const, id: "text" }] : []),
    ...turn.message.calls.filter(({ id }) => !told.calls.has(id)).map((call) => callPart(call, nameOf)),
    ...(carried === undefined ? [] : [
      { type: "reasoning-start" as const, id: "reasoning", metadata: carried },
      { type: "reasoning-end" as const, id: "reasoning" }
    ]),
    ...modelOf(turn),
    finishPart(turn)
  ]
}

/** Text that is no JSON stays text, which fits no parameters: so it is an error of this call alone. */
const callPart = ({ arguments: args, id, name }: ToolCall, nameOf: NameOf): Response.ToolCallPartEncoded => ({
  type: "tool-call",
  id,
  name: nameOf(name),
  params: typeof args === "string" ? paramsOf(args) : args ?? {},
  providerExecuted: false
})

const paramsOf = (text: string): unknown => text.trim() === "" ? {} : Result.getOrElse(Json.parse(text), () => text)

const modelOf = ({ model }: ChatModel.Turn) =>
  model === undefined ? [] : [{ type: "response-metadata" as const, modelId: model }]

const reasons = {
  stop: "stop",
  "tool-calls": "tool-calls",
  length: "length",
  pause: "pause",
  refusal: "content-filter",
  malformed: "error"
} as const satisfies Record<ChatModel.Turn["finish"], Response.FinishReason>

/** What `effect/ai` has no place for goes along as metadata. */
const finishPart = ({ finish, message, problem, usage }: ChatModel.Turn): Response.FinishPartEncoded => {
  const truncated = message.calls.filter(({ status }) => status === "truncated").map(({ id }) => id)
  const ours = { ...(problem !== undefined && { problem }), ...(truncated.length > 0 && { truncated }) }
  return {
    type: "finish",
    reason: reasons[finish],
    usage: usageOf(usage),
    ...(Object.keys(ours).length > 0 && { metadata: { [Carried.key]: ours } })
  }
}

/** Counts of tokens are whole numbers there. */
const usageOf = ({ cached, cacheWrite, input, output, reasoning }: Usage): Response.FinishPartEncoded["usage"] => {
  const whole = (count: number | undefined) => count === undefined ? undefined : Math.round(count)
  return {
    inputTokens: {
      total: whole(input),
      uncached: whole(input - (cached ?? 0) - (cacheWrite ?? 0)),
      cacheRead: whole(cached),
      cacheWrite: whole(cacheWrite)
    },
    outputTokens: {
      total: whole(output),
      text: reasoning === undefined ? undefined : whole(output - reasoning),
      reasoning: whole(reasoning)
    }
  }
}

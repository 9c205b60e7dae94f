/**
 * Messages that belong to no provider: plain JSON that can be stored, sent, and gone on with on another wire.
 */
import * as Schema from "effect/Schema"
import { Media } from "./Content.ts"
import * as Json from "./Json.ts"
import { isFailure, isUndecided } from "./Outcome.ts"
import type { Outcome } from "./Outcome.ts"
import type { ToolCall } from "./ToolCall.ts"

/** JSON of any shape that can be written out again. */
const Writable = Schema.Unknown.check(Schema.makeFilter((json) => Json.problemOf(json, Json.ofMessage)))

/** What the program tells the model to be. */
export const System = Schema.Struct({ role: Schema.Literal("system"), text: Schema.String })

/** What the person says. */
export const User = Schema.Struct({ role: Schema.Literal("user"), text: Schema.String })

/**
 * What the model said, and the calls it asked for.
 *
 * - `native`: the same turn as its provider wrote it, echoed unchanged to that wire; other wires get `text` and `calls`
 */
export const Assistant = Schema.Struct({
  role: Schema.Literal("assistant"),
  text: Schema.String,
  calls: Schema.Array(Schema.Struct({
    id: Schema.String,
    name: Schema.String,
    arguments: Writable,
    index: Schema.Int,
    status: Schema.Literals(["complete", "truncated"])
  })),
  native: Schema.optionalKey(Schema.Struct({ wire: Schema.String, message: Writable }))
})

/** The answer to one call: `text` is what the model reads, `media` what it looks at besides, where its wire takes that. */
export const ToolResult = Schema.Struct({
  callId: Schema.String,
  name: Schema.String,
  text: Schema.String,
  isError: Schema.Boolean,
  media: Schema.optionalKey(Schema.Array(Media))
})

/**
 * The answers to every call of the assistant turn before it, in call order.
 *
 * - `pending`: ids of calls that nobody has decided on; their answers say so, until an agent goes on with the conversation
 * - `uncertain`: ids of calls that wrote with an unknown outcome, where there are pending ones: it is so for those too
 */
export const ToolResults = Schema.Struct({
  role: Schema.Literal("tool"),
  results: Schema.Array(ToolResult),
  pending: Schema.optionalKey(Schema.Array(Schema.String)),
  uncertain: Schema.optionalKey(Schema.Array(Schema.String))
})

export const Message = Schema.Union([System, User, Assistant, ToolResults])

/**
 * A conversation.
 *
 * - `runId`: minted once; idempotency keys are made from it, since some providers repeat call ids from turn to turn
 */
export const Conversation = Schema.Struct({ runId: Schema.String, messages: Schema.Array(Message) })

export type Assistant = typeof Assistant.Type
export type ToolResult = typeof ToolResult.Type
export type Message = typeof Message.Type
export type Conversation = typeof Conversation.Type

/** Begins a conversation; mints its run id where none is given. */
export const make = (prompt: string, options: {
  readonly system?: string | undefined
  readonly runId?: string | undefined
} = {}): Conversation => ({
  runId: options.runId ?? crypto.randomUUID(),
  messages: [
    ...(options.system === undefined ? [] : [{ role: "system", text: options.system } as const]),
    { role: "user", text: prompt }
  ]
})

/**
 * Asks a model to call tools together where it can, for the system prompt of models that seldom do so of themselves.
 */
export const askTogether =
  "When you need several tool calls, make all calls that do not depend on each other's results "
  + "together, in one turn. Wait for a result only where the next call needs it. Never guess an argument that an earlier "
  + "call would tell you."

/** Adds messages at the end. */
export const append = (self: Conversation, ...messages: ReadonlyArray<Message>): Conversation => ({
  ...self,
  messages: [...self.messages, ...messages]
})

/** What outcomes say to the model: one result per call, in call order. */
export const results = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<ToolResult> =>
  outcomes.map((outcome) => {
    const { call: { id: callId, name }, encoded: text, media } = outcome
    const result = { callId, name, text, isError: isFailure(outcome) }
    return media === undefined ? result : { ...result, media }
  })

/** The message that answers a turn; `waiting` are its pending calls as the batch gave them. */
export const answers = (
  outcomes: ReadonlyArray<Outcome>,
  waiting: ReadonlyArray<ToolCall> = []
): typeof ToolResults.Type => {
  const pending = outcomes.filter(isUndecided).map(({ call }) => call.id)
  const uncertain = Array.from(new Set(waiting.flatMap(({ uncertain = [] }) => uncertain.map(({ id }) => id))))
  return {
    role: "tool",
    results: results(outcomes),
    ...(pending.length > 0 && { pending }),
    ...(uncertain.length > 0 && { uncertain })
  }
}

/** The calls at the end of a conversation that nobody had decided on. */
export const pending = ({ messages }: Conversation): ReadonlyArray<ToolCall> => {
  const [turn, answered] = messages.slice(-2)
  if (turn?.role !== "assistant" || answered?.role !== "tool") return []
  const undecided = new Set(answered.pending)
  const doubtful = turn.calls.filter(({ id }) => answered.uncertain?.includes(id))
  return turn.calls.filter(({ id }) => undecided.has(id)).map((call) => {
    const uncertain = doubtful.filter(({ index }) => index < call.index)
    return uncertain.length === 0 ? call : { ...call, uncertain }
  })
}

/** Puts outcomes in the place of answers that said that nobody had decided. */
export const decided = (
  self: Conversation,
  outcomes: ReadonlyArray<Outcome>,
  waiting: ReadonlyArray<ToolCall> = []
): Conversation => {
  const answered = self.messages.at(-1)
  if (answered?.role !== "tool") return self
  const { pending = [], results: now, uncertain = [] } = answers(outcomes, waiting)
  const byCall = new Map(now.map((result) => [result.callId, result]))
  const { pending: _before, uncertain: _doubtful, ...rest } = answered
  const merged = {
    ...rest,
    results: rest.results.map((before) => byCall.get(before.callId) ?? before),
    ...(pending.length > 0 && { pending }),
    ...(uncertain.length > 0 && { uncertain })
  }
  return { ...self, messages: [...self.messages.slice(0, -1), merged] }
}

/**
 * Makes a conversation fit for a wire that does not take every id: calls of other wires whose ids it refuses, or has seen
 * before in the conversation, get new ones, and so do their results.
 *
 * - deterministic: the same conversation always gets the same ids
 */
export const respell = (self: Conversation, wire: string, accepts: (id: string) => boolean): Conversation => {
  if (!self.messages.some((message) => isForeign(message, wire))) return self
  const taken = new Set(
    self.messages.flatMap((message) =>
      message.role === "assistant" && message.native?.wire === wire ? message.calls.map(({ id }) => id) : []
    )
  )
  let latest = new Map<string, string>()
  const spell = (id: string): string => {
    for (let n = 0;; n++) {
      const spelled = n === 0 ? id : `call_${n}`
      if (taken.has(spelled) || !accepts(spelled)) continue
      taken.add(spelled)
      return spelled
    }
  }
  const messages = self.messages.map((message): Message => {
    if (message.role === "assistant") {
      latest = new Map()
      if (!isForeign(message, wire)) return message
      latest = new Map(message.calls.map(({ id }) => [id, spell(id)]))
      return { ...message, calls: message.calls.map((call) => ({ ...call, id: latest.get(call.id) ?? call.id })) }
    }
    if (message.role !== "tool" || latest.size === 0) return message
    return { ...message, results: message.results.map((r) => ({ ...r, callId: latest.get(r.callId) ?? r.callId })) }
  })
  return { ...self, messages }
}

/** True for a turn whose calls another wire named. */
const isForeign = (message: Message, wire: string): message is Assistant =>
  message.role === "assistant" && message.native?.wire !== wire && message.calls.length > 0

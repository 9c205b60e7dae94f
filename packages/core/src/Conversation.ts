/**
 * Messages that belong to no provider: plain JSON that you can store, send, and go on with on another wire.
 */
import * as Schema from "effect/Schema"
import { CallError, Interrupted, toModel } from "./CallError.ts"
import { Content, Media, textOf } from "./Content.ts"
import {
  refuseNoContent,
  refuseNoConversation,
  refuseNoList,
  refuseNoMessage,
  refuseNoObject,
  refuseNoText
} from "./internal/refusals.ts"
import * as Uuid from "./internal/uuid.ts"
import * as Json from "./Json.ts"
import { isFailure, isUndecided } from "./Outcome.ts"
import type { Outcome } from "./Outcome.ts"
import { spelled, type ToolCall } from "./ToolCall.ts"

/** JSON of any shape that can be written out again. */
const Writable = Schema.Unknown.check(Schema.makeFilter((json) => Json.problemOf(json, Json.ofMessage)))

/** The system prompt. */
export const System = Schema.Struct({ role: Schema.Literal("system"), text: Schema.String })

/** A message of the user; `content` has it if it is more than a text. */
export const User = Schema.Struct({
  role: Schema.Literal("user"),
  text: Schema.String,
  content: Schema.optionalKey(Schema.Array(Content))
})

/**
 * A turn of the model: its text, and the calls it asked for.
 *
 * - `native`: the turn as its provider wrote it, sent back unchanged to that provider; others get `text` and `calls`
 * - `origin`: which server of that wire wrote it; if left out, it counts for all of them
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
  native: Schema.optionalKey(Schema.Struct({
    wire: Schema.String,
    origin: Schema.optionalKey(Schema.String),
    message: Writable
  }))
})

/** The answer to one call: the model reads `text`, and sees `media` if its wire takes them. */
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
 * - `pending`: ids of undecided calls; their answers say so, until an agent goes on with the conversation
 * - `uncertain`: ids of calls that wrote with an unknown outcome, kept while there are pending calls, for which it
 *   matters too
 * - `inside`: the conversations of inner agents whose calls are pending; no model reads them
 */
export const ToolResults = Schema.Struct({
  role: Schema.Literal("tool"),
  results: Schema.Array(ToolResult),
  pending: Schema.optionalKey(Schema.Array(Schema.String)),
  uncertain: Schema.optionalKey(Schema.Array(Schema.String)),
  inside: Schema.optionalKey(Schema.Array(Schema.Struct({ callId: Schema.String, conversation: Writable })))
})

/** A message of a conversation. */
export const Message = Schema.Union([System, User, Assistant, ToolResults])

/**
 * A conversation.
 *
 * - `runId`: made once; idempotency keys are made from it, since some providers repeat call ids from turn to turn
 */
export const Conversation = Schema.Struct({ runId: Schema.String, messages: Schema.Array(Message) })

export type User = typeof User.Type
export type Assistant = typeof Assistant.Type
export type ToolResult = typeof ToolResult.Type
export type ToolResults = typeof ToolResults.Type
export type Message = typeof Message.Type
export type Conversation = typeof Conversation.Type

/**
 * Makes a message of the user, from a text, or from texts, images and documents in their order.
 *
 * @example
 * ```ts
 * import { Content, Conversation } from "@volley/core"
 *
 * console.log(Conversation.user("Hello!")) // => { role: 'user', text: 'Hello!' }
 * console.log(Conversation.user([Content.text("What is this?"), Content.image("image/png", "iVBORw0KGgo=")]).text)
 * // => What is this?
 * ```
 */
export const user = (said: string | ReadonlyArray<Content>): User => {
  if (typeof said === "string") return { role: "user", text: said }
  refuseNoList("Conversation.user: what the user says", said, "texts, images and documents, or a text")
  said.forEach(refuseNoContent)
  return { role: "user", text: textOf(said), content: said }
}

/**
 * Begins a conversation; makes a run id if none is given.
 *
 * @example
 * ```ts
 * import { Conversation } from "@volley/core"
 *
 * const conversation = Conversation.make("Weather in Tokyo?", { system: "Answer in one sentence." })
 * console.log(conversation.messages.map(({ role }) => role).join()) // => system,user
 * ```
 */
export const make = (prompt: string | ReadonlyArray<Content>, options: {
  readonly system?: string | undefined
  readonly runId?: string | undefined
} = {}): Conversation => {
  refuseNoObject("Conversation.make: argument 2", options, "{ system: \"Answer briefly.\" }")
  const { runId = Uuid.random(), system } = options
  if (system !== undefined) refuseNoText("Conversation.make: `system`", system, "\"Answer briefly.\"")
  return {
    runId,
    messages: [...(system === undefined ? [] : [{ role: "system", text: system } as const]), user(prompt)]
  }
}

/**
 * A text for the system prompt that asks a model to call independent tools in one turn, for models that seldom do so.
 */
export const askTogether =
  "When you need several tool calls, make all calls that do not depend on each other's results "
  + "together, in one turn. Wait for a result only where the next call needs it. Never guess an argument that an earlier "
  + "call would tell you."

/**
 * Adds messages at the end.
 *
 * @example
 * ```ts
 * import { Agent, Conversation, Toolkit } from "@volley/core"
 * import { ScriptedModel } from "@volley/testing"
 *
 * const model = ScriptedModel.layer([ScriptedModel.says("Hello."), ScriptedModel.says("I am well.")])
 * const toolkit = Toolkit.make()
 * const first = await Agent.runPromise({ toolkit, model, prompt: "Hello!" })
 * const prompt = Conversation.append(first.conversation, Conversation.user("How are you?"))
 * const second = await Agent.runPromise({ toolkit, model, prompt })
 * console.log(second.conversation.messages.length) // => 4
 * ```
 */
export const append = (self: Conversation, ...messages: ReadonlyArray<Message>): Conversation => {
  refuseNoConversation("Conversation.append: argument 1", self)
  messages.forEach((message, at) => refuseNoMessage(`Conversation.append: argument ${at + 2}`, message))
  return { ...self, messages: [...self.messages, ...messages] }
}

/**
 * Makes the results that the model reads: one per call, in call order.
 *
 * @example
 * ```ts
 * import { Batch, Conversation, ToolCall, Toolkit } from "@volley/core"
 *
 * const call = ToolCall.make({ id: "call_1", name: "no_such_tool" })
 * const { outcomes } = await Batch.runPromise(Toolkit.make(), [call])
 * console.log(Conversation.results(outcomes).map(({ callId, isError }) => [callId, isError].join()))
 * // => [ 'call_1,true' ]
 * ```
 */
export const results = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<ToolResult> => {
  refuseNoList("Conversation: what was settled", outcomes, "outcomes, as `outcomes` of a batch")
  return outcomes.map((outcome) => {
    const { call: { id: callId, name }, encoded: text, media } = outcome
    const result = { callId, name, text, isError: isFailure(outcome) }
    return media === undefined ? result : { ...result, media }
  })
}

/**
 * Makes the message that answers a turn; `waiting` are its pending calls as the batch gave them.
 *
 * @example
 * ```ts
 * import { Batch, Conversation, ToolCall, Toolkit } from "@volley/core"
 *
 * const call = ToolCall.make({ id: "call_1", name: "no_such_tool" })
 * const { outcomes, pending } = await Batch.runPromise(Toolkit.make(), [call])
 * const message = Conversation.answers(outcomes, pending)
 * console.log(message.role, message.results.length) // => tool 1
 * ```
 */
export const answers = (
  outcomes: ReadonlyArray<Outcome>,
  waiting: ReadonlyArray<ToolCall> = []
): ToolResults =>
  answering(results(outcomes), {
    pending: outcomes.filter(isUndecided).map(({ call }) => call.id),
    uncertain: Array.from(new Set(waiting.flatMap(({ uncertain = [] }) => uncertain.map(({ id }) => id)))),
    inside: waiting.flatMap(({ id: callId, inside: conversation }) =>
      conversation === undefined ? [] : [{ callId, conversation }]
    )
  })

/** What is to be known of pending calls. */
type Waiting = Required<Pick<ToolResults, "pending" | "uncertain" | "inside">>

const answering = (results: ReadonlyArray<ToolResult>, { inside, pending, uncertain }: Waiting): ToolResults => ({
  role: "tool",
  results,
  ...(pending.length > 0 && { pending }),
  ...(uncertain.length > 0 && { uncertain }),
  ...(inside.length > 0 && { inside })
})

/**
 * Gives the undecided calls at the end of a conversation.
 *
 * @example
 * ```ts
 * import { Batch, Conversation, Tool, ToolCall, Toolkit } from "@volley/core"
 *
 * const pay = Tool.fromFunction("pay", {
 *   description: "Pays a bill.",
 *   parameters: { type: "object" },
 *   approval: "always", // and no approver decides here
 *   execute: async () => "paid"
 * })
 * const call = ToolCall.make({ id: "call_1", name: "pay" })
 * const { outcomes } = await Batch.runPromise(Toolkit.make(pay), [call])
 * const turn: Conversation.Assistant = { role: "assistant", text: "", calls: [call] }
 * const conversation = Conversation.append(Conversation.make("Pay 5 €."), turn, Conversation.answers(outcomes))
 * console.log(Conversation.pending(conversation).map(({ id }) => id).join()) // => call_1
 * ```
 */
export const pending = (self: Conversation): ReadonlyArray<ToolCall> => {
  refuseNoConversation("Conversation.pending: argument 1", self)
  const [turn, answered] = self.messages.slice(-2)
  if (turn?.role !== "assistant" || answered?.role !== "tool") return []
  const undecided = new Set(answered.pending)
  const doubtful = turn.calls.filter(({ id }) => answered.uncertain?.includes(id))
  return turn.calls.filter(({ id }) => undecided.has(id)).map((call) => {
    const uncertain = doubtful.filter(({ index }) => index < call.index)
    const inside = answered.inside?.find(({ callId }) => callId === call.id)?.conversation
    return { ...call, ...(uncertain.length > 0 && { uncertain }), ...(inside !== undefined && { inside }) }
  })
}

/**
 * Replaces the answers of undecided calls by their outcomes; calls without an outcome stay undecided.
 *
 * @example
 * ```ts
 * import { Batch, Conversation, Tool, ToolCall, Toolkit } from "@volley/core"
 *
 * const pay = Tool.fromFunction("pay", {
 *   description: "Pays a bill.",
 *   parameters: { type: "object" },
 *   approval: "always",
 *   execute: async () => "paid"
 * })
 * const toolkit = Toolkit.make(pay)
 * const call = ToolCall.make({ id: "call_1", name: "pay" })
 * const { outcomes } = await Batch.runPromise(toolkit, [call])
 * const turn: Conversation.Assistant = { role: "assistant", text: "", calls: [call] }
 * const left = Conversation.append(Conversation.make("Pay 5 €."), turn, Conversation.answers(outcomes))
 *
 * // Later, once somebody has allowed it. `Agent.run` does all this itself when it goes on with the conversation.
 * const later = await Batch.runPromise(toolkit, Conversation.pending(left), { approve: async () => "allowed" })
 * console.log(JSON.stringify(Conversation.decided(left, later.outcomes).messages.at(-1)))
 * // => {"role":"tool","results":[{"callId":"call_1","name":"pay","text":"\"paid\"","isError":false}]}
 * ```
 */
export const decided = (
  self: Conversation,
  outcomes: ReadonlyArray<Outcome>,
  waiting: ReadonlyArray<ToolCall> = []
): Conversation => {
  refuseNoConversation("Conversation.decided: argument 1", self)
  const answered = self.messages.at(-1)
  if (answered?.role !== "tool") return self
  return { ...self, messages: [...self.messages.slice(0, -1), updated(answered, answers(outcomes, waiting))] }
}

/** Answers with later ones put over them. */
const updated = (before: ToolResults, later: ToolResults): ToolResults => {
  const byCall = new Map(later.results.map((result) => [result.callId, result]))
  const { inside = [], pending = [], results, uncertain = [] } = before
  const left = pending.filter((id) => !byCall.has(id))
  return answering(results.map((result) => byCall.get(result.callId) ?? result), {
    pending: [...left, ...later.pending ?? []],
    uncertain: Array.from(new Set([...left.length > 0 ? uncertain : [], ...later.uncertain ?? []])),
    inside: [...inside.filter(({ callId }) => left.includes(callId)), ...later.inside ?? []]
  })
}

/**
 * Answers every open call of a conversation, so that it can go on after it stopped in the middle of a turn. Each turn
 * is then followed by one answer per call, in call order, as all wires want it.
 *
 * - `outcomes`: further outcomes of the last turn's calls; they override the conversation's answers
 * - a call without an answer gets `Interrupted`: it may have run, which is harmless if `isHarmless` says so of its tool
 * - results that answer no call are left out, and so are empty messages of the user
 * - if the first message is not the user's, a first message is added which says that the beginning is missing
 *
 * @example
 * ```ts
 * import { Conversation, ToolCall } from "@volley/core"
 *
 * // A program stopped after the model had asked for a call, and before it was answered.
 * const left = Conversation.append(Conversation.make("Weather in Tokyo?"), {
 *   role: "assistant",
 *   text: "",
 *   calls: [ToolCall.make({ id: "call_1", name: "get_weather", arguments: { city: "Tokyo" } })]
 * })
 * const closed = Conversation.close(left, [], (tool) => tool === "get_weather")
 * console.log(closed.messages.map(({ role }) => role).join()) // => user,assistant,tool
 * ```
 */
export const close = (
  self: Conversation,
  outcomes: ReadonlyArray<Outcome> = [],
  isHarmless: (tool: string) => boolean = () => false
): Conversation => {
  refuseNoConversation("Conversation.close: argument 1", self)
  const last = self.messages.findLastIndex(asks)
  const messages = self.messages.flatMap((message, at): ReadonlyArray<Message> => {
    if (message.role === "tool" || saysNothing(message)) return []
    if (!asks(message)) return [message]
    const end = self.messages.findIndex((later, place) => place > at && asks(later))
    const said = self.messages.slice(at + 1, end < 0 ? undefined : end).filter((message) => message.role === "tool")
    return [message, whole(message, said, answers(at === last ? outcomes : []), isHarmless)]
  })
  const first = messages.findIndex(({ role }) => role !== "system")
  if (messages[first]?.role === "assistant") messages.splice(first, 0, beginning)
  return { ...self, messages }
}

const beginning: User = { role: "user", text: "(What was said before is left out.)" }

const asks = (message: Message): message is Assistant => message.role === "assistant" && message.calls.length > 0

const saysNothing = (message: Message): boolean =>
  message.role === "user" && message.text.trim() === "" && (message.content ?? []).every((part) => part.type === "text")

/** The one message that answers a turn, made of what there is; a call that was answered later does not wait for it. */
const whole = (
  { calls }: Assistant,
  said: ReadonlyArray<ToolResults>,
  known: ToolResults,
  isHarmless: (tool: string) => boolean
): ToolResults => {
  const ended = said.flatMap(({ pending, results }) => results.filter(({ callId }) => !pending?.includes(callId)))
  const waits = (id: string) => ended.every(({ callId }) => callId !== id)
  const results = [...ended, ...said.flatMap(({ results }) => results)]
  const before = answering(
    calls.map(({ id, name }) => results.find(({ callId }) => callId === id) ?? interrupted(id, name, isHarmless(name))),
    {
      pending: said.flatMap(({ pending = [] }) => pending.filter(waits)),
      uncertain: said.flatMap(({ uncertain = [] }) => uncertain),
      inside: said.flatMap(({ inside = [] }) => inside.filter(({ callId }) => waits(callId)))
    }
  )
  return updated(before, known)
}

const interrupted = (callId: string, name: string, harmless: boolean): ToolResult => {
  const reason = new Interrupted({ by: "restart", started: true, harmless })
  const text = JSON.stringify(toModel(new CallError({ callId, tool: name, reason })))
  return { callId, name, text, isError: true }
}

/**
 * Says why no wire takes a closed conversation; undefined if wires take it.
 *
 * @example
 * ```ts
 * import { Conversation } from "@volley/core"
 *
 * console.log(Conversation.problemOf({ runId: "1", messages: [] })) // => it has no message but that of the system
 * ```
 */
export const problemOf = ({ messages }: Conversation): string | undefined => {
  if (messages.every(({ role }) => role === "system")) return "it has no message but that of the system"
  const twice = messages.findIndex((message) =>
    message.role === "assistant" && new Set(message.calls.map(({ id }) => id)).size < message.calls.length
  )
  return twice < 0 ? undefined : `its message ${twice} has two calls of one id`
}

/**
 * Makes a conversation fit for a wire that does not take every id: calls of other wires whose ids it refuses, or has seen
 * before in the conversation, get new ones, and so do their results. Names that a model made up are spelled as wires take them.
 *
 * - `origin`: the server of that wire; turns of another one are foreign too
 * - deterministic: the same conversation always gets the same ids, `call_1` and on, or of nine letters and digits
 * - throws a `RangeError` where `accepts` takes neither kind
 *
 * @example
 * ```ts
 * import { Conversation, ToolCall } from "@volley/core"
 *
 * const elsewhere = Conversation.append(Conversation.make("Hello!"), {
 *   role: "assistant",
 *   text: "",
 *   calls: [ToolCall.make({ id: "an id that is too long", name: "ping" })]
 * })
 * const respelled = Conversation.respell(elsewhere, "this-wire", (id) => id.length < 10)
 * const last = respelled.messages.at(-1)
 * if (last?.role === "assistant") console.log(last.calls[0]?.id) // => call_1
 * ```
 */
export const respell = (
  self: Conversation,
  wire: string,
  accepts: (id: string) => boolean,
  origin?: string
): Conversation => {
  refuseNoConversation(`${wire}: what is to be sent`, self)
  const isForeign = (message: Message): boolean => asks(message) && nativeOf(message, wire, origin) === undefined
  if (!self.messages.some(isForeign)) return withNames(self)
  const taken = new Set(
    self.messages.flatMap((message) =>
      message.role === "assistant" && !isForeign(message) ? message.calls.map(({ id }) => id) : []
    )
  )
  let next = 1
  const spell = (id: string): string => {
    const isFree = (id: string) => !taken.has(id) && accepts(id)
    for (const last = next + taken.size; !isFree(id); next++) {
      if (next > last) {
        throw new RangeError(`no call id can be made that ${wire} takes here: "call_1" and "call00001" are refused`)
      }
      id = [`call_${next}`, `call${String(next).padStart(5, "0")}`].find(isFree) ?? id
    }
    taken.add(id)
    return id
  }
  let latest = new Map<string, string>()
  const messages = self.messages.map((message): Message => {
    if (message.role === "assistant") {
      latest = isForeign(message) ? new Map(message.calls.map(({ id }) => [id, spell(id)])) : new Map()
      if (latest.size === 0) return message
      return { ...message, calls: message.calls.map((call) => ({ ...call, id: latest.get(call.id) ?? call.id })) }
    }
    if (message.role !== "tool" || latest.size === 0) return message
    return { ...message, results: message.results.map((r) => ({ ...r, callId: latest.get(r.callId) ?? r.callId })) }
  })
  return withNames({ ...self, messages })
}

/**
 * The turn as a wire wrote it, where it comes from there; undefined where it has to be spelled from its text and calls.
 *
 * @example
 * ```ts
 * import { Conversation } from "@volley/core"
 *
 * const turn: Conversation.Assistant = {
 *   role: "assistant",
 *   text: "Hello.",
 *   calls: [],
 *   native: { wire: "openai-chat", message: { role: "assistant", content: "Hello." } }
 * }
 * console.log(Conversation.nativeOf(turn, "openai-chat")) // => { role: 'assistant', content: 'Hello.' }
 * console.log(Conversation.nativeOf(turn, "anthropic")) // => undefined
 * ```
 */
export const nativeOf = ({ native }: Assistant, wire: string, origin?: string): unknown =>
  native?.wire === wire && (native.origin ?? origin) === (origin ?? native.origin) ? native.message : undefined

/** Spells the names that no wire takes; the same conversation where there are none. */
const withNames = (self: Conversation): Conversation => {
  const named = <A extends { readonly name: string }>(those: ReadonlyArray<A>): ReadonlyArray<A> =>
    those.every(({ name }) => spelled(name) === name)
      ? those
      : those.map((one) => ({ ...one, name: spelled(one.name) }))
  const messages = self.messages.map((message): Message => {
    if (message.role === "assistant") {
      const calls = named(message.calls)
      return calls === message.calls ? message : { ...message, calls }
    }
    if (message.role !== "tool") return message
    const results = named(message.results)
    return results === message.results ? message : { ...message, results }
  })
  return messages.every((message, at) => message === self.messages[at]) ? self : { ...self, messages }
}

/**
 * The events of an agent as JSON, to show them in another program.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { encoder } from "effect/encoding/Sse"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type * as Agent from "./Agent.ts"
import { AgentError, Limit } from "./AgentError.ts"
import { toModel, typeOf } from "./CallError.ts"
import { ChatModelError } from "./ChatModelError.ts"
import { failureOf } from "./internal/exit.ts"
import * as Json from "./Json.ts"
import { isFailure } from "./Outcome.ts"
import type * as Tool from "./Tool.ts"
import type { ToolCall } from "./ToolCall.ts"
import { Usage } from "./Usage.ts"

/** A call as those see it who watch: its arguments are left out where they are no JSON. */
const Call = Schema.Struct({ id: Schema.String, name: Schema.String, arguments: Schema.optionalKey(Schema.Json) })

const At = { at: Schema.Finite }

/** What is said of each event of a call; `parent` is the id of the plan that it is a step of. */
const Of = { ...At, call: Call, parent: Schema.optionalKey(Schema.String) }

const Finish = Schema.Literals(["stop", "tool-calls", "length", "refusal", "pause", "malformed"])

const Step = Schema.Struct({ tool: Schema.String, callId: Schema.String })

const own = [
  Schema.TaggedStruct("TurnStarted", { ...At, turn: Schema.Int, toolsOff: Schema.Boolean }),
  Schema.TaggedStruct("Text", { ...At, text: Schema.String }),
  Schema.TaggedStruct("TurnEnded", {
    ...At,
    text: Schema.String,
    calls: Schema.Array(Call),
    finish: Finish,
    model: Schema.optionalKey(Schema.String)
  }),
  Schema.TaggedStruct("Usage", { ...At, turn: Usage, total: Usage }),
  Schema.TaggedStruct("CallWaiting", {
    ...Of,
    why: Schema.Literals(["slot", "limit", "rate", "access", "approval", "turn"]),
    behind: Schema.optionalKey(Schema.String)
  }),
  Schema.TaggedStruct("CallStarted", Of),
  Schema.TaggedStruct("CallProgress", { ...Of, progress: Schema.Json }),
  Schema.TaggedStruct("CallHedged", Of),
  Schema.TaggedStruct("CallRetried", { ...Of, attempt: Schema.Int, error: Schema.Json }),
  Schema.TaggedStruct("CallSettled", {
    ...Of,
    isError: Schema.Boolean,
    error: Schema.optionalKey(Schema.String),
    text: Schema.String,
    attempts: Schema.Int,
    startedAt: Schema.optionalKey(Schema.Finite),
    sameAs: Schema.optionalKey(Schema.String)
  }),
  Schema.TaggedStruct("RoundSettled", {
    ...At,
    callIds: Schema.Array(Schema.String),
    pending: Schema.Array(Schema.String)
  }),
  Schema.TaggedStruct("Steered", { ...At, texts: Schema.Array(Schema.String) }),
  Schema.TaggedStruct("LimitReached", { ...At, limit: Limit }),
  Schema.TaggedStruct("Answer", {
    ...At,
    text: Schema.String,
    finish: Finish,
    limited: Schema.Union([Limit, Schema.Literal(false)]),
    usage: Usage,
    cost: Schema.optionalKey(Schema.Finite)
  }),
  Schema.TaggedStruct("Failed", { ...At, reason: Schema.String, message: Schema.String, mayPass: Schema.Boolean })
] as const

const Own = Schema.Union(own)

/**
 * An event as JSON.
 *
 * - `at`: when, in milliseconds since the epoch
 * - `CallSettled`: `error` names the failure, such as `"Timeout"` or the tag of the tool's failure; `startedAt` is left
 *   out if the call never started; `sameAs` is an equal call whose outcome it shares
 * - calls have the `text` that the model reads; they have neither the provider's own fields nor the value that the tool
 *   gave the program
 * - `Failed`: the last event if there is no answer; `mayPass` says that asking again may help
 * - no conversation, no system prompt, no cause of a crash, nothing of a provider's response
 */
export const AgentEvent = Schema.Union([
  ...own,
  Schema.TaggedStruct("Nested", { path: Schema.Array(Step), event: Own })
])
export type AgentEvent = typeof AgentEvent.Type
type Own = typeof Own.Type

/**
 * Writes an event as JSON.
 *
 * @example
 * ```ts
 * import { Agent, AgentEvent, Toolkit } from "@volley/core"
 * import { ScriptedModel } from "@volley/testing"
 *
 * const model = ScriptedModel.layer([ScriptedModel.says("Good morning.")]) // stands in for a provider's layer
 * for await (const event of Agent.iterate({ toolkit: Toolkit.make(), prompt: "Good morning!", model })) {
 *   const json = AgentEvent.encode(event)
 *   if (json._tag === "Answer") console.log(JSON.stringify([json.text, json.finish, json.usage]))
 * }
 * // => ["Good morning.","stop",{"input":10,"output":1}]
 * ```
 */
export const encode = (event: Agent.Event<Tool.Any, unknown>): AgentEvent =>
  event._tag === "Nested" ? { _tag: "Nested", path: event.path, event: ownOf(event.event) } : ownOf(event)

type Told = Exclude<Agent.Event<Tool.Any, unknown>, Agent.Nested>

const ownOf = (event: Told): Own => {
  const { at } = event
  switch (event._tag) {
    case "TurnStarted":
    case "Text":
    case "Usage":
    case "LimitReached":
      return event
    case "TurnEnded": {
      const { finish, message: { calls, text }, model } = event.turn
      return { _tag: event._tag, at, text, calls: calls.map(callOf), finish, ...(model !== undefined && { model }) }
    }
    case "CallSettled":
      return settledOf(event)
    case "CallRetried": {
      const { call, reason, ...rest } = event
      return { ...rest, call: callOf(call), error: { ...toModel(reason).error } }
    }
    case "RoundSettled": {
      const { outcomes, pending } = event.round.settled
      const callIds = outcomes.map(({ call }) => call.id)
      return { _tag: event._tag, at, callIds, pending: pending.map(({ id }) => id) }
    }
    case "Steered":
      return { _tag: event._tag, at, texts: event.said.map(({ text }) => text) }
    case "Answer": {
      const { answer: text, cost, finish, limited, usage } = event.ended
      return { _tag: event._tag, at, text, finish, limited, usage, ...(cost !== undefined && { cost }) }
    }
    default:
      return { ...event, call: callOf(event.call) }
  }
}

const settledOf = ({ outcome, ...rest }: Extract<Told, { readonly _tag: "CallSettled" }>): Own => {
  const { attempts, call, encoded: text, result, startedAt } = outcome
  return {
    ...rest,
    call: callOf(call),
    isError: isFailure(outcome),
    ...(Result.isFailure(result) && { error: typeOf(result.failure) }),
    text,
    attempts,
    ...(attempts > 0 && { startedAt })
  }
}

const callOf = ({ arguments: args, id, name }: ToolCall): typeof Call.Type => {
  const isJson = Result.isSuccess(Json.within(args)) && isAnyJson(args)
  return { id, name, ...(isJson && { arguments: args }) }
}

const isAnyJson = Schema.is(Schema.Json)

/**
 * The last event of an agent that ends without an answer; `at` is when, in milliseconds since the epoch.
 *
 * @example
 * ```ts
 * import { AgentEvent } from "@volley/core"
 * import { Cause } from "effect"
 *
 * console.log(JSON.stringify(AgentEvent.failed(Cause.die("a bug"), 1000)))
 * // => {"_tag":"Failed","at":1000,"reason":"Defect","message":"The agent crashed.","mayPass":false}
 * ```
 */
export const failed = (cause: Cause.Cause<AgentError | ChatModelError>, at: number): AgentEvent => {
  if (Cause.hasInterruptsOnly(cause)) {
    return { _tag: "Failed", at, reason: "Interrupted", message: "The agent was stopped.", mayPass: true }
  }
  const found = failureOf(cause)
  if (Option.isNone(found)) {
    return { _tag: "Failed", at, reason: "Defect", message: "The agent crashed.", mayPass: false }
  }
  const error = found.value
  const { _tag: reason } = error.reason
  return error._tag === "AgentError"
    ? { _tag: "Failed", at, reason, message: error.message, mayPass: reason === "Undecided" }
    : { _tag: "Failed", at, reason, message: "The model gave no turn.", mayPass: error.isRetryable }
}

/**
 * The same of what `Agent.iterate` or `Agent.runPromise` throws, for programs without Effect.
 *
 * @example
 * ```ts
 * import { AgentEvent } from "@volley/core"
 *
 * const event = AgentEvent.thrown(new Error("secret"))
 * console.log(event._tag, "message" in event && event.message) // => Failed The agent crashed.
 * ```
 */
export const thrown = (error: unknown): AgentEvent =>
  failed(isKnown(error) ? Cause.fail(error) : Cause.die(error), Date.now())

const isKnown = (error: unknown): error is AgentError | ChatModelError =>
  error instanceof AgentError || error instanceof ChatModelError

/**
 * Writes the events of an agent as server-sent events, each with its tag as `event`, its JSON as `data`, and a number as `id`.
 *
 * - errors: none; an agent that fails, or crashes, ends with `Failed`, and a crash is logged
 * - interruption: if the reader stops, the agent is interrupted
 *
 * @example
 * ```ts
 * import { Agent, AgentEvent, Toolkit } from "@volley/core"
 * import { ScriptedModel } from "@volley/testing"
 * import { Effect, Stream } from "effect"
 *
 * const model = ScriptedModel.layer([ScriptedModel.says("Good morning.")]) // stands in for a provider's layer
 * const events = AgentEvent.toSse(Agent.stream({ toolkit: Toolkit.make(), prompt: "Good morning!" }))
 * const sent = await Effect.runPromise(Effect.provide(Stream.runCollect(events), model))
 * console.log(sent[1]?.split(/,"at"|\n\n/)[0])
 * // => id: 2
 * // => event: Text
 * // => data: {"_tag":"Text","text":"Good morning."
 * ```
 */
export const toSse = <T extends Tool.Any, O, R>(
  events: Stream.Stream<Agent.Event<T, O>, AgentError | ChatModelError, R>
): Stream.Stream<string, never, R> => {
  if (!Stream.isStream(events)) throw new TypeError(noStream)
  return events.pipe(
    Stream.map(encode),
    Stream.catchCause((cause) =>
      Stream.fromEffect(Effect.andThen(
        Cause.hasDies(cause) ? Effect.logError("An agent crashed", cause) : Effect.void,
        Effect.map(Clock.currentTimeMillis, (at) => failed(cause, at))
      ))
    ),
    written
  )
}

const noStream = "AgentEvent.toSse: this is no stream: give Agent.stream(options), or write "
  + "JSON.stringify(AgentEvent.encode(event)) for each event of Agent.iterate."

/**
 * Writes events that are JSON already, such as those of a durable run, as server-sent events.
 *
 * @example
 * ```ts
 * import { AgentEvent } from "@volley/core"
 * import { Effect, Stream } from "effect"
 *
 * const events = Stream.make<[AgentEvent.AgentEvent]>({ _tag: "Text", text: "Good morning.", at: 1000 })
 * const sent = await Effect.runPromise(Stream.runCollect(AgentEvent.written(events)))
 * console.log(sent[0]?.trim())
 * // => id: 1
 * // => event: Text
 * // => data: {"_tag":"Text","text":"Good morning.","at":1000}
 * ```
 */
export const written = <E, R>(events: Stream.Stream<AgentEvent, E, R>): Stream.Stream<string, E, R> =>
  events.pipe(
    Stream.zipWithIndex,
    Stream.map(([event, n]) =>
      encoder.write({ _tag: "Event", event: event._tag, id: String(n + 1), data: JSON.stringify(event) })
    )
  )

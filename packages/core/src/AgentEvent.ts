/**
 * What happens to an agent, as JSON for those who watch it from elsewhere.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import { encoder } from "effect/encoding/Sse"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type * as Agent from "./Agent.ts"
import { type AgentError, Limit } from "./AgentError.ts"
import { toModel, type ToolFailure } from "./CallError.ts"
import type { ChatModelError } from "./ChatModelError.ts"
import * as Json from "./Json.ts"
import { isFailure } from "./Outcome.ts"
import type * as Tool from "./Tool.ts"
import type { ToolCall } from "./ToolCall.ts"
import { Usage } from "./Usage.ts"

/** A call as those see it who watch: its arguments are left out where they are no JSON. */
const Call = Schema.Struct({ id: Schema.String, name: Schema.String, arguments: Schema.optionalKey(Schema.Json) })

const At = { at: Schema.Finite }

const Step = Schema.Struct({ tool: Schema.String, callId: Schema.String })

const own = [
  Schema.TaggedStruct("TurnStarted", { ...At, turn: Schema.Int, toolsOff: Schema.Boolean }),
  Schema.TaggedStruct("Text", { text: Schema.String }),
  Schema.TaggedStruct("TurnEnded", {
    ...At,
    text: Schema.String,
    calls: Schema.Array(Call),
    finish: Schema.Literals(["stop", "tool-calls", "length", "refusal", "pause", "malformed"])
  }),
  Schema.TaggedStruct("Usage", { turn: Usage, total: Usage }),
  Schema.TaggedStruct("CallWaiting", {
    ...At,
    call: Call,
    why: Schema.Literals(["slot", "limit", "rate", "access", "approval", "turn"]),
    behind: Schema.optionalKey(Schema.String)
  }),
  Schema.TaggedStruct("CallStarted", { ...At, call: Call }),
  Schema.TaggedStruct("CallProgress", { ...At, call: Call, progress: Schema.Json }),
  Schema.TaggedStruct("CallRetried", { ...At, call: Call, attempt: Schema.Int, error: Schema.Json }),
  Schema.TaggedStruct("CallSettled", {
    ...At,
    call: Call,
    isError: Schema.Boolean,
    text: Schema.String,
    attempts: Schema.Int
  }),
  Schema.TaggedStruct("RoundSettled", { callIds: Schema.Array(Schema.String), pending: Schema.Array(Schema.String) }),
  Schema.TaggedStruct("Steered", { texts: Schema.Array(Schema.String) }),
  Schema.TaggedStruct("LimitReached", { limit: Limit }),
  Schema.TaggedStruct("Answer", {
    text: Schema.String,
    finish: Schema.Literals(["stop", "tool-calls", "length", "refusal", "pause", "malformed"]),
    limited: Schema.Union([Limit, Schema.Literal(false)]),
    usage: Usage,
    cost: Schema.optionalKey(Schema.Finite)
  }),
  Schema.TaggedStruct("Failed", { reason: Schema.String, message: Schema.String, mayPass: Schema.Boolean })
] as const

const Own = Schema.Union(own)

/**
 * An event as JSON.
 *
 * - calls have neither what their provider wrote around them nor what their tool gave the program: `text` is what the model reads
 * - `Failed`: the last event where there is no answer; `mayPass` says that asking again may help
 * - no conversation, no system prompt, no cause of a crash, nothing of a provider's response
 */
export const AgentEvent = Schema.Union([
  ...own,
  Schema.TaggedStruct("Nested", { path: Schema.Array(Step), event: Own })
])
export type AgentEvent = typeof AgentEvent.Type
type Own = typeof Own.Type

/**
 * Writes an event for those who watch.
 *
 * @example
 * ```ts
 * import { Agent, AgentEvent, Toolkit } from "@volley/core"
 * import { ScriptedModel } from "@volley/testing"
 *
 * const model = ScriptedModel.layer([ScriptedModel.says("Good morning.")]) // stands in for a provider's layer
 * for await (const event of Agent.iterate({ toolkit: Toolkit.make(), prompt: "Good morning!", model })) {
 *   if (event._tag === "Answer") console.log(JSON.stringify(AgentEvent.encode(event)))
 * }
 * // => {"_tag":"Answer","text":"Good morning.","finish":"stop","limited":false,"usage":{"input":10,"output":1}}
 * ```
 */
export const encode = (event: Agent.Event<Tool.Any, unknown>): AgentEvent =>
  event._tag === "Nested" ? { _tag: "Nested", path: event.path, event: ownOf(event.event) } : ownOf(event)

type Told = Exclude<Agent.Event<Tool.Any, unknown>, Agent.Nested>

const ownOf = (event: Told): Own => {
  switch (event._tag) {
    case "TurnStarted":
    case "Text":
    case "Usage":
    case "LimitReached":
      return event
    case "TurnEnded": {
      const { finish, message: { calls, text } } = event.turn
      return { _tag: event._tag, at: event.at, text, calls: calls.map(callOf), finish }
    }
    case "CallSettled": {
      const { attempts, call, encoded: text } = event.outcome
      return { _tag: event._tag, at: event.at, call: callOf(call), isError: isFailure(event.outcome), text, attempts }
    }
    case "CallRetried": {
      const { at, attempt, call, reason } = event
      return { _tag: event._tag, at, call: callOf(call), attempt, error: errorOf(reason) }
    }
    case "RoundSettled": {
      const { outcomes, pending } = event.round.settled
      return { _tag: event._tag, callIds: outcomes.map(({ call }) => call.id), pending: pending.map(({ id }) => id) }
    }
    case "Steered":
      return { _tag: event._tag, texts: event.said.map(({ text }) => text) }
    case "Answer": {
      const { answer: text, cost, finish, limited, usage } = event.ended
      return { _tag: event._tag, text, finish, limited, usage, ...(cost !== undefined && { cost }) }
    }
    default:
      return { ...event, call: callOf(event.call) }
  }
}

const callOf = ({ arguments: args, id, name }: ToolCall): typeof Call.Type => {
  const json = Schema.is(Schema.Json)
  const isJson = Result.isSuccess(Json.within(args)) && json(args)
  return { id, name, ...(isJson && { arguments: args }) }
}

const errorOf = (failure: ToolFailure<unknown>): Schema.Json => ({ ...toModel(failure).error })

/**
 * What those who watch are told of an agent that ends without an answer.
 *
 * @example
 * ```ts
 * import { AgentEvent } from "@volley/core"
 * import { Cause } from "effect"
 *
 * console.log(JSON.stringify(AgentEvent.failed(Cause.die("a bug"))))
 * // => {"_tag":"Failed","reason":"Defect","message":"The agent crashed.","mayPass":false}
 * ```
 */
export const failed = (cause: Cause.Cause<AgentError | ChatModelError>): AgentEvent => {
  const found = Cause.findError(cause)
  if (Result.isFailure(found)) {
    return { _tag: "Failed", reason: "Defect", message: "The agent crashed.", mayPass: false }
  }
  const error = found.success
  return error._tag === "AgentError"
    ? { _tag: "Failed", reason: error.reason._tag, message: error.message, mayPass: error.reason._tag === "Undecided" }
    : { _tag: "Failed", reason: error.reason._tag, message: "The model gave no turn.", mayPass: error.isRetryable }
}

/**
 * Writes the events of an agent as server-sent events, each with its tag as `event`, its JSON as `data`, and a number as `id`.
 *
 * - errors: none; an agent that fails, or crashes, ends with `Failed`, and a crash is logged
 * - interruption: who stops reading interrupts the agent
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
 * console.log(sent[1])
 * // => id: 2
 * // => event: Text
 * // => data: {"_tag":"Text","text":"Good morning."}
 * ```
 */
export const toSse = <T extends Tool.Any, O, R>(
  events: Stream.Stream<Agent.Event<T, O>, AgentError | ChatModelError, R>
): Stream.Stream<string, never, R> =>
  events.pipe(
    Stream.map(encode),
    Stream.catchCause((cause) =>
      Stream.fromEffect(
        Effect.as(Cause.hasDies(cause) ? Effect.logError("An agent crashed", cause) : Effect.void, failed(cause))
      )
    ),
    Stream.zipWithIndex,
    Stream.map(([event, n]) =>
      encoder.write({ _tag: "Event", event: event._tag, id: String(n + 1), data: JSON.stringify(event) })
    )
  )

/**
 * What happens to an agent's run, made of what is kept of it.
 */
import type { AgentError } from "@volley/core/AgentError"
import * as AgentEvent from "@volley/core/AgentEvent"
import * as AgentRecorder from "@volley/core/AgentRecorder"
import { CallError, toModel } from "@volley/core/CallError"
import type { ChatModelError } from "@volley/core/ChatModelError"
import * as Content from "@volley/core/Content"
import type { Outcome } from "@volley/core/Outcome"
import * as Recorder from "@volley/core/Recorder"
import * as ToolCall from "@volley/core/ToolCall"
import * as Usage from "@volley/core/Usage"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import type { DurableError } from "../DurableError.ts"
import type { Entry } from "../Journal.ts"
import { Wait } from "./approvals.ts"
import type { Ended } from "./result.ts"
import { Round } from "./standings.ts"

type Events = ReadonlyArray<AgentEvent.AgentEvent>

/**
 * What has been told of a run.
 *
 * - `calls`: those of the latest turn, by their ids; `started`, `settled`: ids of those of which that is told
 */
export interface Told {
  readonly turns: number
  readonly total: Usage.Usage
  readonly calls: ReadonlyMap<string, ToolCall.ToolCall>
  readonly started: ReadonlySet<string>
  readonly settled: ReadonlySet<string>
}

/** Nothing has been told. */
export const nothing: Told = { turns: 0, total: Usage.none, calls: new Map(), started: new Set(), settled: new Set() }

type Telling = readonly [Told, Events]

/** What an entry of a run tells behind others; nothing where it is of an agent inside a call. */
export const told = (runId: string, before: Told, entry: Entry): Effect.Effect<Telling, never, unknown> =>
  Effect.map(
    Effect.option(tellers[entry.kind](entry, before, runId)),
    Option.getOrElse((): Telling => [before, []])
  )

type Teller = (entry: Entry, before: Told, runId: string) => Effect.Effect<Telling, Schema.SchemaError, unknown>

const decodeTurn = Schema.decodeUnknownEffect(AgentRecorder.Turn)

const turn: Teller = Effect.fnUntraced(function*({ at, key, value }, before, runId) {
  const none: Telling = [before, []]
  if (!key.startsWith(`turn/${runId}/`)) return none
  const { limit, millis, said, turn } = yield* decodeTurn(value)
  const { calls, text } = turn.message
  const total = Usage.plus(before.total, turn.usage)
  const when = { at }
  const number = before.turns + 1
  const events: Events = [
    ...(said === undefined ? [] : [{ _tag: "Steered" as const, ...when, texts: said.map(({ text }) => text) }]),
    { _tag: "TurnStarted", at: at - millis, turn: number, toolsOff: limit !== undefined },
    ...(text === "" ? [] : [{ _tag: "Text" as const, ...when, text }]),
    AgentEvent.encode({ _tag: "TurnEnded", at, turn }),
    { _tag: "Usage", ...when, turn: turn.usage, total }
  ]
  const byId = new Map(calls.map((call) => [call.id, call]))
  return [{ turns: number, total, calls: byId, started: new Set(), settled: new Set() }, events]
})

const About = Schema.Struct({ tool: Schema.String, callId: Schema.String, in: Schema.optionalKey(Schema.String) })
const decodeAbout = Schema.decodeUnknownEffect(About)
const decodeCall = Schema.decodeUnknownEffect(Recorder.Written)

const call: Teller = Effect.fnUntraced(function*({ at, ended, value }, before, runId) {
  const { callId, in: within, tool } = yield* decodeAbout(value)
  const none: Telling = [before, []]
  if (within !== undefined && !within.startsWith(`${runId}/`)) return none
  const seen = callOf(before, callId, tool)
  const start = (at: number): Events =>
    before.started.has(callId) ? [] : [AgentEvent.encode({ _tag: "CallStarted", at, call: seen })]
  const started = new Set(before.started).add(callId)
  if (!ended) return [{ ...before, started }, start(at)]
  const end = yield* Effect.flatMap(decodeCall(value), (written) => Recorder.read(undefined, written))
  const settled = AgentEvent.encode({ _tag: "CallSettled", at: end.endedAt, outcome: outcomeOf(seen, end) })
  return [
    { ...before, started, settled: new Set(before.settled).add(callId) },
    [...start(end.startedAt), settled]
  ]
})

const callOf = ({ calls }: Told, id: string, name: string): ToolCall.ToolCall =>
  calls.get(id) ?? ToolCall.make({ id, name, arguments: undefined })

/** A call's outcome, whose text is what the model reads, uncut. */
const outcomeOf = (call: ToolCall.ToolCall, { attempts, end, endedAt, startedAt }: Recorder.Ended): Outcome => {
  const times = { startedAt, endedAt, attempts }
  if (Result.isSuccess(end)) {
    const { content, json } = end.success
    const encoded = content === undefined ? JSON.stringify(json) : Content.textOf(content)
    return { name: call.name, call, result: Result.succeed(json), encoded, ...times }
  }
  const { failure } = end
  const error = failure._tag === "ToolFailure"
    ? failure
    : new CallError({ callId: call.id, tool: call.name, reason: failure })
  return { name: call.name, call, result: Result.fail(error), encoded: JSON.stringify(toModel(error)), ...times }
}

const decodeWait = Schema.decodeUnknownEffect(Wait)

const wait: Teller = Effect.fnUntraced(function*({ at, ended, value }, before) {
  const { callId, path, tool } = yield* decodeWait(value)
  const none: Telling = [before, []]
  if (ended || path !== undefined) return none
  return [before, [AgentEvent.encode({
    _tag: "CallWaiting",
    at,
    call: callOf(before, callId, tool),
    why: "approval"
  })]]
})

const decodeRound = Schema.decodeUnknownEffect(Round)

/** Calls that were refused have no row of their own: they are told with the round. */
const round: Teller = Effect.fnUntraced(function*({ at, value }, before) {
  const { messages, spent } = yield* decodeRound(value)
  const last = messages.findLast(({ role }) => role === "tool")
  const { pending = [], results } = last?.role === "tool" ? last : { results: [] }
  const when = { at }
  const refused = results.filter(({ callId }) => !before.settled.has(callId) && !pending.includes(callId))
  return [
    { ...before, total: spent.usage, settled: new Set(results.map(({ callId }) => callId)) },
    [
      ...refused.map(({ callId: id, isError, name, text }) => (
        { _tag: "CallSettled" as const, at, call: { id, name }, isError, text, attempts: 0 }
      )),
      { _tag: "RoundSettled", ...when, callIds: results.map(({ callId }) => callId), pending }
    ]
  ]
})

const tellers: Readonly<Record<Entry["kind"], Teller>> = { turn, call, wait, round }

/** The last event of a run that has an answer. */
export const answered = (
  at: number,
  { answer: text, cost, finish, limited, usage }: Omit<Ended, "output">
): AgentEvent.AgentEvent => {
  const when = { at }
  return { _tag: "Answer", ...when, text, finish, limited, usage, ...(cost !== undefined && { cost }) }
}

/** The last event of one that has none. */
export const failed = (at: number, error: AgentError | ChatModelError | DurableError): AgentEvent.AgentEvent => {
  const when = { at }
  const message = error._tag === "ChatModelError" ? "The model gave no turn." : error.message
  return { _tag: "Failed", ...when, reason: error.reason._tag, message, mayPass: false }
}

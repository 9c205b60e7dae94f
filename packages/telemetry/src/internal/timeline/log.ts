/** Events sorted into agents, turns and calls. */
import type { AgentEvent } from "@volley/core/AgentEvent"
import type * as Schema from "effect/Schema"
import type { Why } from "./row.ts"

type Own = Exclude<AgentEvent, { readonly _tag: "Nested" }>
type OfCall = Extract<Own, { readonly call: unknown }>

/** What is known of a call; times are those of the events, `place` is where in the record it started or was settled. */
export interface Call {
  readonly key: string
  readonly id: string
  readonly parent: string | undefined
  readonly seen: number
  readonly steps: Array<Call>
  readonly waits: Array<{ readonly at: number; readonly why: Why; readonly behind?: string }>
  readonly retries: Array<number>
  readonly hedges: Array<number>
  readonly progress: Array<number>
  name: string
  arguments?: Schema.Json
  agent?: Agent
  started?: number
  startPlace: number
  settled?: number
  settlePlace: number
  isError: boolean
  error?: string
  text: string
  attempts: number
  sameAs?: string
}

/** A turn and its calls; `asked` is left out for calls that came without a turn. */
export interface Round {
  readonly key: string
  readonly number: number
  readonly asked?: number
  readonly calls: Map<string, Call>
  ended?: number
  text: string
  model?: string
  finish?: string
  tokens?: { readonly input: number; readonly output: number }
}

export interface Agent {
  readonly key: string
  readonly rounds: Array<Round>
  first: number
  last: number
  end: "answer" | "failed" | "open"
  message: string
  tokens?: { readonly input: number; readonly output: number }
  cost?: number
}

/** Reads events in the order of the record. */
export const read = (events: ReadonlyArray<AgentEvent>): Agent => {
  const root = agent("")
  events.forEach((event, place) => {
    if (event._tag !== "Nested") return add(root, event, place)
    add(inside(root, event.path, event.event.at), event.event, place)
    stretch(root, event.event.at)
  })
  return root
}

const agent = (key: string): Agent => ({ key, rounds: [], first: Infinity, last: -Infinity, end: "open", message: "" })

const stretch = (to: Agent, at: number): void => {
  to.first = Math.min(to.first, at)
  to.last = Math.max(to.last, at)
}

const inside = (
  root: Agent,
  path: ReadonlyArray<{ readonly tool: string; readonly callId: string }>,
  at: number
): Agent =>
  path.reduce((outer, { callId, tool }) => {
    const call = callOf(roundOf(outer, callId), { id: callId, name: tool }, undefined, at)
    return call.agent ??= agent(`${call.key}/`)
  }, root)

/** The last round, or the one before it where that still has the call open. */
const roundOf = (agent: Agent, id?: string): Round => {
  const open = id === undefined ? undefined : agent.rounds.findLast(({ calls }) =>
    calls.get(id)?.settled === undefined
    && calls.has(id)
  )
  const round = open ?? agent.rounds.at(-1)
  if (round !== undefined) return round
  return begin(agent, { number: 0 })
}

const begin = (agent: Agent, round: Pick<Round, "number" | "asked">): Round => {
  const begun: Round = { ...round, key: `${agent.key}${agent.rounds.length + 1}`, calls: new Map(), text: "" }
  agent.rounds.push(begun)
  return begun
}

const callOf = (
  round: Round,
  { id, name }: { readonly id: string; readonly name: string },
  parent: string | undefined,
  at: number
): Call => {
  const known = round.calls.get(id)
  if (known !== undefined) return known
  const call: Call = {
    key: `${round.key}/${id}`,
    id,
    name,
    parent,
    seen: at,
    steps: [],
    waits: [],
    retries: [],
    hedges: [],
    progress: [],
    startPlace: Infinity,
    settlePlace: Infinity,
    isError: false,
    text: "",
    attempts: 0
  }
  round.calls.set(id, call)
  // Whatever a record says of a plan, it has its place before its steps.
  if (parent !== undefined) callOf(round, { id: parent, name: "plan" }, undefined, at).steps.push(call)
  return call
}

const add = (to: Agent, event: Own, place: number): void => {
  stretch(to, event.at)
  if ("call" in event) return addToCall(callOf(roundOf(to), event.call, event.parent, event.at), event, place)
  const round = to.rounds.at(-1)
  switch (event._tag) {
    case "TurnStarted":
      return void begin(to, { number: event.turn, asked: event.at })
    case "TurnEnded":
      if (round === undefined) return
      Object.assign(round, { ended: event.at, text: event.text, finish: event.finish })
      if (event.model !== undefined) round.model = event.model
      return event.calls.forEach((call) => void callOf(round, call, undefined, event.at))
    case "Usage":
      to.tokens = event.total
      if (round !== undefined) round.tokens = event.turn
      return
    case "Answer":
      Object.assign(to, { end: "answer", message: event.text, tokens: event.usage })
      if (event.cost !== undefined) to.cost = event.cost
      return
    case "Failed":
      Object.assign(to, { end: "failed", message: event.message })
  }
}

const addToCall = (call: Call, event: OfCall, place: number): void => {
  call.name = event.call.name
  if (event.call.arguments !== undefined) call.arguments = event.call.arguments
  switch (event._tag) {
    case "CallWaiting":
      return void call.waits.push(event)
    case "CallStarted":
      call.started ??= event.at
      call.startPlace = Math.min(call.startPlace, place)
      return
    case "CallProgress":
      return void call.progress.push(event.at)
    case "CallHedged":
      return void call.hedges.push(event.at)
    case "CallRetried":
      return void call.retries.push(event.at)
    case "CallSettled":
      return settle(call, event, place)
  }
}

const settle = (call: Call, event: Extract<OfCall, { readonly _tag: "CallSettled" }>, place: number): void => {
  const { at, attempts, error, isError, sameAs, startedAt, text } = event
  Object.assign(call, { settled: at, settlePlace: place, isError, text, attempts })
  if (error !== undefined) call.error = error
  if (sameAs !== undefined) call.sameAs = sameAs
  if (startedAt !== undefined && sameAs === undefined) {
    call.started ??= startedAt
    call.startPlace = Math.min(call.startPlace, place)
  }
}

import type { AgentEvent } from "@volley/core/AgentEvent"
import * as Json from "@volley/core/Json"
import type { Usage } from "@volley/core/Usage"
import * as Arr from "effect/Array"
import * as Result from "effect/Result"

/**
 * How a call came out.
 *
 * - `turn`: of the outermost agent, from 1; `millis`: from its start to its answer, where it started
 */
export interface Seen {
  readonly turn: number
  readonly isError: boolean
  readonly error?: string | undefined
  readonly text: string
  readonly attempts: number
  readonly millis: number | undefined
}

/**
 * A call of one run or of both.
 *
 * - `where`: the agents and plans that it is inside of, by the names of their tools, the outermost first
 * - `arguments`: those that came as a text of JSON are what that says
 * - `isSame`: both runs made it, in whatever turn, and it came out the same in both
 */
export interface Change {
  readonly where: ReadonlyArray<string>
  readonly tool: string
  readonly arguments: unknown
  readonly a: Seen | undefined
  readonly b: Seen | undefined
  readonly isSame: boolean
}

/**
 * What a run took.
 *
 * - `end`: the answer, or why there is none, in words; `"no end"` where the run says nothing of it, `"calls alone"` where it
 *   is of no agent
 * - `millis`: from its first event to its last one; `cost` where its answer says it
 */
export interface Totals {
  readonly end: string
  readonly millis: number
  readonly turns: number
  readonly calls: number
  readonly failed: number
  readonly usage: Usage
  readonly cost: number | undefined
}

/**
 * How two runs differ.
 *
 * - `isSame`: the same calls with the same outcomes, and the same end; times, tokens and costs may differ
 */
export interface Difference {
  readonly isSame: boolean
  readonly calls: ReadonlyArray<Change>
  readonly a: Totals
  readonly b: Totals
}

interface Events {
  readonly events: ReadonlyArray<AgentEvent>
}

export const diff = (a: Events, b: Events): Difference => {
  const calls = paired(callsOf(a), callsOf(b))
  const totals = { a: totalsOf(a), b: totalsOf(b) }
  return { isSame: calls.every(({ isSame }) => isSame) && totals.a.end === totals.b.end, calls, ...totals }
}

/** A call with its place; calls of one key are the same call, in the order in which they were answered. */
interface Placed extends Pick<Change, "where" | "tool" | "arguments"> {
  readonly key: string
  readonly seen: Seen
}

const paired = (ofA: ReadonlyArray<Placed>, ofB: ReadonlyArray<Placed>): ReadonlyArray<Change> => {
  const left = Arr.groupBy(ofB, ({ key }) => key)
  const both = ofA.map((one) => changeOf(one, one.seen, left[one.key]?.shift()?.seen))
  const added = Object.values(left).flat().map((one) => changeOf(one, undefined, one.seen))
  return [...both, ...added].toSorted((one, other) => turnOf(one) - turnOf(other))
}

const turnOf = ({ a, b }: Change): number => (a ?? b)?.turn ?? 0

const changeOf = (
  { arguments: args, tool, where }: Placed,
  a: Seen | undefined,
  b: Seen | undefined
): Change => ({ where, tool, arguments: args, a, b, isSame: a !== undefined && b !== undefined && isSame(a, b) })

const isSame = (a: Seen, b: Seen): boolean => a.isError === b.isError && a.error === b.error && a.text === b.text

const callsOf = ({ events }: Events): ReadonlyArray<Placed> => {
  let turn = 0
  const names = new Map<string, string>()
  return events.flatMap((outer) => {
    const path = outer._tag === "Nested" ? outer.path : []
    const event = outer._tag === "Nested" ? outer.event : outer
    const agent = JSON.stringify(path.map(({ callId }) => callId))
    if (outer._tag === "TurnStarted") turn = outer.turn
    if (event._tag === "TurnEnded") { for (const { id, name } of event.calls) names.set(`${agent} ${id}`, name) }
    if (event._tag !== "CallSettled") return []
    const { call, parent } = event
    const plan = parent === undefined ? [] : [names.get(`${agent} ${parent}`) ?? "plan"]
    const place = {
      where: [...path.map(({ tool }) => tool), ...plan],
      tool: call.name,
      arguments: readOf(call.arguments)
    }
    const key = JSON.stringify([place.where, call.name, sorted(place.arguments)])
    return [{ ...place, key, seen: seenOf(event, turn) }]
  })
}

const readOf = (args: unknown): unknown =>
  typeof args === "string" ? Result.getOrElse(Json.parse(args), () => args) : args

const seenOf = (
  { at, attempts, error, isError, startedAt, text }: Extract<AgentEvent, { readonly _tag: "CallSettled" }>,
  turn: number
): Seen => ({ turn, isError, error, text, attempts, millis: startedAt === undefined ? undefined : at - startedAt })

/** The same JSON for the same value, in whatever order its keys were written. */
const sorted = (json: unknown): unknown => {
  if (typeof json !== "object" || json === null) return json
  if (Array.isArray(json)) return json.map(sorted)
  const entries = Object.entries(json).toSorted(([one], [other]) => one < other ? -1 : 1)
  return Object.fromEntries(entries.map(([key, value]) => [key, sorted(value)]))
}

const totalsOf = (run: Events): Totals => {
  const calls = callsOf(run)
  const own = run.events.filter((event) => event._tag !== "Nested")
  const last = own.at(-1)
  return {
    end: endingOf(own),
    millis: (last?.at ?? 0) - (own[0]?.at ?? 0),
    turns: run.events.filter((event) => (event._tag === "Nested" ? event.event : event)._tag === "TurnEnded").length,
    calls: calls.length,
    failed: calls.filter(({ seen }) => seen.isError).length,
    usage: own.findLast((event) => event._tag === "Usage")?.total ?? { input: 0, output: 0 },
    cost: last?._tag === "Answer" ? last.cost : undefined
  }
}

const endingOf = (own: ReadonlyArray<AgentEvent>): string => {
  const last = own.at(-1)
  if (last?._tag === "Answer") return `answer: ${last.text}`
  if (last?._tag === "Failed") return `${last.reason}: ${last.message}`
  return own.some(({ _tag }) => _tag === "TurnStarted") ? "no end" : "calls alone"
}

/**
 * The critical path: what a run waited for at each time, found from its end back to its beginning.
 *
 * A round ends with the call that was settled last. A call that waited started when another one ended: that one is before it
 * on the path. One that did not wait started when its turn, or its plan, did.
 */
import type { Agent, Call, Round } from "./log.ts"
import type { Step } from "./row.ts"

/** How far back the path is known; times are those of the events. */
interface Way {
  readonly steps: Array<Step>
  readonly last: number
  at: number
}

/** The calls of one round, and whether the path has come to the beginning of it. */
interface Within {
  readonly calls: ReadonlyArray<Call>
  readonly seen: Set<Call>
  isOver: boolean
}

type What = Omit<Step, "from" | "to">

/** The path of a run, in order and without gaps. */
export const find = (agent: Agent): ReadonlyArray<Step> => {
  const way: Way = { steps: [], last: agent.last, at: agent.last }
  walkAgent(way, agent)
  back(way, agent.first, other)
  return way.steps.toReversed()
}

const other: What = { kind: "other", name: "", id: "", key: "" }

const whatOf = (kind: "wait" | "run", { id, key, name }: Call): What => ({ kind, name, id, key })

/** The path goes back to a time, during which it was at this. */
const back = (way: Way, to: number, what: What): void => {
  if (to >= way.at) return
  way.steps.push({ ...what, from: to, to: way.at })
  way.at = to
}

const walkAgent = (way: Way, { rounds }: Agent): void => {
  for (const round of rounds.toReversed()) {
    walkRound(way, round)
    const name = round.model ?? "model"
    if (round.asked === undefined) continue
    back(way, round.ended ?? way.last, other)
    back(way, round.asked, { kind: "model", name, id: `turn ${round.number}`, key: round.key })
  }
}

const walkRound = (way: Way, round: Round): void => {
  const calls = Array.from(round.calls.values())
  const last = latest(calls.filter(({ parent }) => parent === undefined), way.last)
  if (last !== undefined) walkCall(way, { calls, seen: new Set(), isOver: false }, last)
}

const endOf = ({ settled }: Call, last: number): number => settled ?? last

const latest = (calls: ReadonlyArray<Call>, last: number): Call | undefined =>
  calls.reduce<Call | undefined>(
    (best, call) =>
      best === undefined || endOf(call, last) > endOf(best, last)
        || (endOf(call, last) === endOf(best, last) && call.settlePlace > best.settlePlace)
        ? call
        : best,
    undefined
  )

/** Goes from call to call, each the one before the last on the path. */
const walkCall = (way: Way, within: Within, last: Call): void => {
  for (let call: Call | undefined = last; call !== undefined;) {
    within.seen.add(call)
    back(way, endOf(call, way.last), other)
    if (call.agent !== undefined) walkAgent(way, call.agent)
    const step = latest(call.steps, way.last)
    if (step !== undefined) walkCall(way, within, step)
    if (within.isOver) return
    back(way, startOf(call), whatOf("run", call))
    call = before(way, within, call)
  }
}

/** What a call waited for last; nothing where it did not wait for another one. */
const before = (way: Way, within: Within, call: Call): Call | undefined => {
  for (const wait of call.waits.toReversed()) {
    if (wait.why === "turn") break
    const isCalls = wait.why !== "approval" && wait.why !== "rate"
    const freed = isCalls ? lastToEnd(within, call, wait.at, wait.behind) : undefined
    back(way, freed === undefined ? wait.at : endOf(freed, way.last), whatOf("wait", call))
    if (freed !== undefined) return freed
  }
  if (call.parent === undefined) within.isOver = true
  return call.parent === undefined ? undefined : needed(within, call)
}

/** The last of the steps of its plan that a step may have needed the result of. */
const needed = (within: Within, call: Call): Call | undefined => {
  const siblings = within.calls.filter(({ parent }) => parent === call.parent)
  return lastToEnd({ ...within, calls: siblings }, call, -Infinity)
}

/**
 * The call that ended last, in a time until another one started.
 *
 * - the order of the record decides, as several may end in one millisecond; `behind` where it is one of those
 */
const lastToEnd = (within: Within, call: Call, since: number, behind?: string): Call | undefined => {
  const ended = within.calls.filter((other) =>
    !within.seen.has(other) && other.id !== call.parent && other.attempts > 0 && other.settlePlace < call.startPlace
    && other.settled !== undefined && other.settled > since
  )
  const last = latest(ended, -Infinity)
  const named = ended.find(({ id }) => id === behind)
  const isAsLate = named !== undefined && last !== undefined && endOf(last, 0) - endOf(named, 0) < 1
  return isAsLate ? named : last
}

const startOf = (call: Call): number => call.started ?? call.settled ?? call.seen

/**
 * When each call of a batch has to start and end, and how, reckoned without running it.
 */
import { type BatchCase, beat, type CallCase, deadlineOf, kinds, millisOf, nameOf, timeoutOf } from "../BatchCase.ts"

/**
 * One call's entry.
 *
 * - `start`, `end`: milliseconds from the start of the batch
 * - `runs`: its tool is started
 * - `tags`: how it may end; several where more than one thing keeps it from running
 */
export interface Entry {
  readonly start: number
  readonly end: number
  readonly runs: boolean
  readonly tags: ReadonlyArray<string>
}

/** Gives each call in turn to the slot that is free first. */
export const timetable = (plan: BatchCase): ReadonlyArray<Entry> => {
  const { calls, concurrency } = plan
  const slots = Array.from({ length: Math.min(concurrency === 0 ? Infinity : concurrency, calls.length) }, () => 0)
  return calls.map((call, index) => {
    const start = Math.min(...slots)
    const entry = enter(plan, call, index, start)
    slots[slots.indexOf(start)] = entry.end
    return entry
  })
}

const enter = (plan: BatchCase, call: CallCase, index: number, start: number): Entry => {
  const { kind } = call
  const refusals = [
    ...(["UnknownTool", "Truncated", "InvalidArguments"].includes(kinds[kind]) ? [kinds[kind]] : []),
    ...(index >= (plan.maxCalls ?? Infinity) ? ["LimitExceeded"] : []),
    ...(start >= deadlineOf(plan) ? ["Timeout"] : [])
  ]
  if (refusals.length > 0) return { start, end: start, runs: false, tags: refusals }
  const limit = Math.min(start + timeoutOf(plan, call), deadlineOf(plan))
  const end = start + millisOf(call)
  return { start, end: Math.min(end, limit), runs: true, tags: [end < limit ? kinds[kind] : "Timeout"] }
}

/** When the plan's batch is interrupted, if it is: short of a beat, apart from everything else. */
export const interruptionOf = (plan: BatchCase): number => {
  const last = Math.max(0, ...timetable(plan).map(({ end }) => end))
  return Math.floor(plan.interruptedAfter * last / beat) * beat + beat - 7
}

/** What is in a plan, for counting. */
export const contentsOf = (plan: BatchCase): ReadonlySet<string> => {
  const { calls } = plan
  const kinds = new Set(calls.map(({ kind }) => kind))
  const instant = interruptionOf(plan)
  const contents = {
    "three kinds": kinds.size >= 3,
    "repeated ids": calls.filter(({ id }) => id === "repeated").length > 1,
    "missing ids": calls.some(({ id }) => id === "missing"),
    deadline: plan.deadline !== undefined,
    "too many calls": calls.length > (plan.maxCalls ?? Infinity),
    "short results": plan.narrow,
    "more than 30 calls": calls.length > 30,
    "interrupted in flight": timetable(plan).some(({ end, start }) => start < instant && instant < end)
  }
  const present = Object.entries(contents).flatMap(([name, isPresent]) => isPresent ? [name] : [])
  return new Set([...kinds, ...present, ...calls.map(nameOf)])
}

/**
 * The laws of `Batch.run`, each as a check of any runner on any batch.
 */
import { assert } from "@effect/vitest"
import { Conversation, type Outcome } from "@volley/core"
import { Cause, Data, Effect, Exit, Result, Schema } from "effect"
import {
  beat,
  type CallPlan,
  cleaning,
  deadlineOf,
  isHarmless,
  millisOf,
  type Plan,
  stubbornness,
  timeoutOf
} from "./batches.ts"
import { play, playAlone, type Played, playUntil, type Runner } from "./play.ts"
import { interruptionOf, timetable } from "./timetable.ts"
import { secret } from "./tools.ts"

/** A law that does not hold, and how one can tell. */
export class Broken extends Data.TaggedError("Broken")<{ readonly message: string }> {}

export type Law = (run: Runner) => (plan: Plan) => Effect.Effect<void, Broken>

const judge = (check: () => void): Effect.Effect<void, Broken> =>
  Effect.try({ try: check, catch: (error) => new Broken({ message: error instanceof Error ? error.message : "" }) })

const settledOf = ({ exit }: Played): ReadonlyArray<Outcome.Outcome> => {
  assert(exit !== undefined, "the batch never ended")
  assert(Exit.isSuccess(exit), "the batch failed")
  return exit.value.outcomes
}

/** How a call ended: `Success`, `ToolFailure` or the name of what the runner found. */
const tagOf = ({ result }: Outcome.Outcome): string =>
  Result.isSuccess(result)
    ? "Success"
    : result.failure._tag === "ToolFailure"
    ? "ToolFailure"
    : result.failure.reason._tag

/** 1. Every call gets exactly one outcome, which says how it ended, and the batch neither fails nor hangs. */
export const total: Law = (run) => (plan) =>
  Effect.flatMap(play(run, plan), (played) =>
    judge(() => {
      const outcomes = settledOf(played)
      assert.strictEqual(new Set(outcomes.map(({ call }) => call)).size, played.calls.length)
      assert.strictEqual(outcomes.length, played.calls.length)
      for (const [index, { tags }] of timetable(plan).entries()) assert.include(tags, tagOf(outcomes[index]!))
    }))

/** 2. Outcomes stand in call order, each at its own call with what that call's tool gave, whatever the ids. */
export const matched: Law = (run) => (plan) =>
  Effect.flatMap(play(run, plan), (played) =>
    judge(() => {
      const outcomes = settledOf(played)
      const ids = played.calls.map(({ id }) => id)
      assert.deepEqual(outcomes.map(({ call }) => call.id), ids)
      assert.deepEqual(Conversation.results(outcomes).map(({ callId }) => callId), ids)
      for (const [index, { call, result }] of outcomes.entries()) {
        assert.strictEqual(call, played.calls[index])
        const answer = Result.isSuccess(result)
          ? result.success
          : result.failure._tag === "ToolFailure"
          ? result.failure.failure
          : { at: index }
        assert.propertyVal(answer, "at", index)
      }
    }))

/** 3. A call ends as it would have ended alone, whatever happens to the others. */
export const isolated: Law = (run) => (plan) => {
  const unshared = { ...plan, deadline: undefined, maxCalls: undefined, narrow: false }
  return Effect.flatMap(
    Effect.all([play(run, unshared), playAlone(run, unshared)]),
    ([together, alone]) =>
      judge(() => {
        const ends = (outcomes: ReadonlyArray<Outcome.Outcome>) => outcomes.map((one) => [tagOf(one), one.encoded])
        assert.deepEqual(ends(settledOf(together)), ends(alone.flatMap(settledOf)))
      })
  )
}

/** When a tool stops that is interrupted at an instant. */
const stopOf = ({ kind }: CallPlan, start: number, instant: number): number =>
  kind === "hangsAndCleansUp" ? instant + cleaning : kind === "ignoresInterruption" ? start + stubbornness : instant

const endOf = (notes: Played["notes"], at: number): number =>
  notes.find((note) => note.what === "end" && note.at === at)?.time ?? Infinity

/** 4. A call settles within its timeout and the batch within its deadline, to the millisecond; its tool is stopped then. */
export const timely: Law = (run) => (plan) =>
  Effect.flatMap(play(run, plan), (played) =>
    judge(() => {
      const outcomes = settledOf(played)
      const deadline = deadlineOf(plan)
      for (const [index, { endedAt, startedAt }] of outcomes.entries()) {
        const call = plan.calls[index]!
        const start = startedAt - played.began
        const end = endedAt - played.began
        assert.isAtMost(end - start, timeoutOf(plan, call))
        assert.isAtMost(end, deadline)
        if (tagOf(outcomes[index]!) !== "Timeout") continue
        assert.strictEqual(end, Math.max(start, Math.min(start + timeoutOf(plan, call), deadline)))
        if (start < deadline) assert.isAbove(start + millisOf(call), end, "it would have ended in time")
      }
      for (const { at, time, what } of played.notes) {
        if (what === "end") continue
        const { endedAt, startedAt } = outcomes[at]!
        assert.strictEqual(time, startedAt - played.began)
        assert.strictEqual(endOf(played.notes, at), stopOf(plan.calls[at]!, time, endedAt - played.began), "its stop")
      }
      assert.strictEqual(played.finished, Math.max(0, ...outcomes.map(({ endedAt }) => endedAt - played.began)))
    }))

/** 5. Never more calls are started and unsettled than the batch may have, and a settled one frees its slot at once. */
export const bounded: Law = (run) => (plan) =>
  Effect.flatMap(play(run, plan), (played) =>
    judge(() => {
      const limit = plan.concurrency === 0 ? Infinity : plan.concurrency
      const open = new Map<number, number>()
      for (const { at, time, what } of played.notes) {
        if (what === "end") open.delete(at)
        else open.set(at, Math.min(time + timeoutOf(plan, plan.calls[at]!), deadlineOf(plan)))
        for (const [other, settled] of open) if (settled <= time) open.delete(other)
        assert.isAtMost(open.size, limit)
      }
      const entries = timetable(plan)
      for (const { at, time, what } of played.notes) {
        if (what === "start") assert.strictEqual(time, entries[at]!.start, "the start of a call that has a slot")
      }
    }))

/** 8. Interrupting a batch interrupts what is in flight, waits for its finalizers, and starts nothing more. */
export const interruptible: Law = (run) => (plan) => {
  const instant = interruptionOf(plan)
  return Effect.flatMap(playUntil(run, plan, instant), (played) =>
    judge(() => {
      const { exit, finished, mark, notes } = played
      assert(exit !== undefined, "the batch never ended")
      if (Exit.isSuccess(exit)) return assert.isBelow(finished, instant)
      assert.isTrue(Exit.hasInterrupts(exit))
      assert.deepEqual(notes.slice(mark).filter(({ what }) => what === "start"), [])
      let last = instant
      for (const { at, time, what } of notes) {
        if (what === "end") continue
        const call = plan.calls[at]!
        const end = endOf(notes, at)
        const settled = Math.min(time + timeoutOf(plan, call), deadlineOf(plan))
        if (end < instant || settled < instant) continue
        assert.strictEqual(end, stopOf(call, time, instant), "the end of a call in flight")
        last = Math.max(last, end)
      }
      assert.strictEqual(finished, last, "the end of the batch")
    }))
}

/** 9. The message depends on calls and outcomes alone: neither on when they ended nor on which ended first. */
export const pure: Law = (run) => (plan) => {
  const one = { ...plan, deadline: undefined }
  const inTime = ({ after, ...call }: Plan["calls"][number]) => after * beat < timeoutOf(plan, { after, ...call })
  const mirrored = (call: Plan["calls"][number]) =>
    inTime(call) ? { ...call, after: timeoutOf(plan, call) / beat - 1 - call.after } : call
  const other = { ...one, calls: plan.calls.map(mirrored), concurrency: plan.concurrency + 1 }
  return Effect.flatMap(Effect.all([play(run, one), play(run, other)]), (both) =>
    judge(() => {
      const [first, second] = both.map((played) => Conversation.results(settledOf(played)))
      assert.deepEqual(second, first)
      assert.deepEqual(
        first!.map(({ callId, name }) => [callId, name]),
        both[0].calls.map(({ id, name }) => [id, name])
      )
    }))
}

/** 10. The model is told of every failure, and of nothing that is not its business; the host is told all, once. */
export const honest: Law = (run) => (plan) =>
  Effect.flatMap(play(run, plan), (played) =>
    judge(() => {
      const outcomes = settledOf(played)
      const entries = timetable(plan)
      const started = new Set(played.notes.map(({ at }) => at))
      const results = Conversation.results(outcomes)
      assert.deepEqual(results.map(({ isError }) => isError), outcomes.map(({ result }) => Result.isFailure(result)))
      for (const [index, { text }] of results.entries()) {
        assert.notInclude(text, secret)
        assert.notMatch(text, trace)
        if (!results[index]!.isError) continue
        const { error } = shown(text)
        const call = plan.calls[index]!
        const mayHaveActed = !isHarmless(call) && (started.has(index) || entries[index]!.runs)
        assert.isFalse(error.retryable && mayHaveActed, "a second attempt could do harm")
      }
      for (const index of started) assert.notStrictEqual(plan.calls[index]!.kind, "truncated")
      const crashes = outcomes.flatMap(crashOf)
      for (const { bug } of crashes) assert(bug instanceof Error && bug.cause instanceof Error, "the whole cause")
      const errors = played.logs.filter(({ level, cause }) => level === "Error" && Cause.hasDies(cause))
      assert.sameDeepMembers(
        errors.map(({ annotations, cause }) => ({ ...annotations, bug: Cause.squash(cause) })),
        crashes
      )
    }))

/** Lines of a stack, and files of a program. */
const trace = / {4}at |node:internal|node_modules|file:\/\/|[\w-]\.[cm]?[jt]s\b/

/** What a model is shown of an error: exactly this. */
const shown = Schema.decodeSync(
  Schema.fromJsonString(Schema.Struct({
    error: Schema.Struct({
      type: Schema.String,
      message: Schema.String,
      retryable: Schema.Boolean,
      data: Schema.Json
    })
  })),
  { onExcessProperty: "error" }
)

const crashOf = ({ call, name, result }: Outcome.Outcome) =>
  Result.isFailure(result) && result.failure._tag === "CallError" && result.failure.reason._tag === "Defect"
    ? [{ tool: name, callId: call.id, bug: Cause.squash(result.failure.reason.cause) }]
    : []

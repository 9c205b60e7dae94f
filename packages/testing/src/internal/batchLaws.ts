/**
 * The laws of `Batch.run`, each as a check of any runner on any batch.
 */
import { Conversation, type Outcome } from "@volley/core"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import {
  type BatchCase,
  beat,
  type CallCase,
  cleaning,
  deadlineOf,
  isHarmless,
  millisOf,
  secret,
  stubbornness,
  timeoutOf
} from "../BatchCase.ts"
import * as Timeline from "../Timeline.ts"
import { play, playAlone, type Played, playUntil } from "./batchPlay.ts"
import { type Broken, equal, judge, ok } from "./broken.ts"
import type { Runner } from "./runner.ts"
import { interruptionOf, timetable } from "./timetable.ts"

type Check = (run: Runner, batch: BatchCase) => Effect.Effect<void, Broken>

/** Runs the batch, and looks at what it came to. */
const afterwards = (look: (played: Played, batch: BatchCase) => void): Check => (run, batch) =>
  Effect.flatMap(play(run, batch), (played) => judge(() => look(played, batch), () => drawing(played)))

const drawing = ({ exit }: Played): string =>
  exit !== undefined && Exit.isSuccess(exit) ? Timeline.render(Timeline.fromOutcomes(exit.value.outcomes)) : ""

const settledOf = ({ exit }: Played): ReadonlyArray<Outcome.Outcome> => {
  ok(exit !== undefined, "The batch never ended.")
  ok(Exit.isSuccess(exit), "The batch failed.")
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
export const total: Check = afterwards((played, batch) => {
  const outcomes = settledOf(played)
  equal(new Set(outcomes.map(({ call }) => call)).size, played.calls.length, "Calls with an outcome")
  equal(outcomes.length, played.calls.length, "Outcomes")
  for (const [index, { tags }] of timetable(batch).entries()) {
    const tag = tagOf(outcomes[index]!)
    ok(tags.includes(tag), `Call ${index} ended with ${tag} instead of ${tags.join(" or ")}.`)
  }
})

/** 2. Outcomes stand in call order, each at its own call with what that call's tool gave, whatever the ids. */
export const matched: Check = afterwards((played) => {
  const outcomes = settledOf(played)
  const ids = played.calls.map(({ id }) => id)
  equal(outcomes.map(({ call }) => call.id), ids, "The ids of the outcomes")
  equal(Conversation.results(outcomes).map(({ callId }) => callId), ids, "The ids of the message")
  for (const [index, { call, result }] of outcomes.entries()) {
    ok(call === played.calls[index], `Outcome ${index} is not that of call ${index}.`)
    const answer = Result.isSuccess(result)
      ? result.success
      : result.failure._tag === "ToolFailure"
      ? result.failure.failure
      : { at: index }
    ok(hasAt(answer) && answer.at === index, `The answer of call ${index} is not its own.`)
  }
})

const hasAt = (answer: unknown): answer is { readonly at: unknown } =>
  typeof answer === "object" && answer !== null && "at" in answer

/** 3. A call ends as it would have ended alone, whatever happens to the others. */
export const isolated: Check = (run, batch) => {
  const unshared = { ...batch, deadline: undefined, maxCalls: undefined, narrow: false }
  return Effect.flatMap(
    Effect.all([play(run, unshared), playAlone(run, unshared)]),
    ([together, alone]) =>
      judge(() => {
        const ends = (outcomes: ReadonlyArray<Outcome.Outcome>) => outcomes.map((one) => [tagOf(one), one.encoded])
        equal(ends(settledOf(together)), ends(alone.flatMap(settledOf)), "What calls come to together")
      })
  )
}

/** When a tool stops that is interrupted at an instant. */
const stopOf = ({ kind }: CallCase, start: number, instant: number): number =>
  kind === "hangsAndCleansUp" ? instant + cleaning : kind === "ignoresInterruption" ? start + stubbornness : instant

const endOf = (notes: Played["notes"], at: number): number =>
  notes.find((note) => note.what === "end" && note.at === at)?.time ?? Infinity

/** 4. A call settles within its timeout and the batch within its deadline, to the millisecond; its tool is stopped then. */
export const timely: Check = afterwards((played, batch) => {
  const outcomes = settledOf(played)
  const deadline = deadlineOf(batch)
  for (const [index, { endedAt, startedAt }] of outcomes.entries()) {
    const call = batch.calls[index]!
    const start = startedAt - played.began
    const end = endedAt - played.began
    ok(end - start <= timeoutOf(batch, call), `Call ${index} took longer than its timeout.`)
    ok(end <= deadline, `Call ${index} ended after the deadline.`)
    if (tagOf(outcomes[index]!) !== "Timeout") continue
    equal(end, Math.max(start, Math.min(start + timeoutOf(batch, call), deadline)), `The end of call ${index}`)
    if (start < deadline) ok(start + millisOf(call) > end, `Call ${index} would have ended in time.`)
  }
  for (const { at, time, what } of played.notes) {
    if (what === "end") continue
    const { endedAt, startedAt } = outcomes[at]!
    equal(time, startedAt - played.began, `The start of call ${at}`)
    equal(endOf(played.notes, at), stopOf(batch.calls[at]!, time, endedAt - played.began), `The stop of call ${at}`)
  }
  equal(played.finished, Math.max(0, ...outcomes.map(({ endedAt }) => endedAt - played.began)), "The end of the batch")
})

/** 5. Never more calls are started and unsettled than the batch may have, and a settled one frees its slot at once. */
export const bounded: Check = afterwards((played, batch) => {
  const limit = batch.concurrency === 0 ? Infinity : batch.concurrency
  const open = new Map<number, number>()
  for (const { at, time, what } of played.notes) {
    if (what === "end") open.delete(at)
    else open.set(at, Math.min(time + timeoutOf(batch, batch.calls[at]!), deadlineOf(batch)))
    for (const [other, settled] of open) if (settled <= time) open.delete(other)
    ok(open.size <= limit, `${open.size} calls run at once; ${limit} may.`)
  }
  const entries = timetable(batch)
  for (const { at, time, what } of played.notes) {
    if (what === "start") equal(time, entries[at]!.start, `The start of call ${at}, for which there is a slot`)
  }
})

/** 8. Interrupting a batch interrupts what is in flight, waits for its finalizers, and starts nothing more. */
export const interruptible: Check = (run, batch) => {
  const instant = interruptionOf(batch)
  return Effect.flatMap(playUntil(run, batch, instant), (played) =>
    judge(() => {
      const { exit, finished, mark, notes } = played
      ok(exit !== undefined, "The batch never ended.")
      if (Exit.isSuccess(exit)) return ok(finished < instant, "The batch was interrupted, and went on to its end.")
      ok(Exit.hasInterrupts(exit), "The batch was interrupted, and failed with something else.")
      ok(!notes.slice(mark).some(({ what }) => what === "start"), "A call started after the interruption.")
      let last = instant
      for (const { at, time, what } of notes) {
        if (what === "end") continue
        const call = batch.calls[at]!
        const end = endOf(notes, at)
        const settled = Math.min(time + timeoutOf(batch, call), deadlineOf(batch))
        if (end < instant || settled < instant) continue
        equal(end, stopOf(call, time, instant), `The end of call ${at}, which was in flight`)
        last = Math.max(last, end)
      }
      equal(finished, last, "The end of the batch")
    }))
}

/** 9. The message depends on calls and outcomes alone: neither on when they ended nor on which ended first. */
export const pure: Check = (run, batch) => {
  const one = { ...batch, deadline: undefined }
  const inTime = ({ after, ...call }: BatchCase["calls"][number]) => after * beat < timeoutOf(batch, { after, ...call })
  const mirrored = (call: BatchCase["calls"][number]) =>
    inTime(call) ? { ...call, after: timeoutOf(batch, call) / beat - 1 - call.after } : call
  const other = { ...one, calls: batch.calls.map(mirrored), concurrency: batch.concurrency + 1 }
  return Effect.flatMap(Effect.all([play(run, one), play(run, other)]), (both) =>
    judge(() => {
      const [first, second] = both.map((played) => Conversation.results(settledOf(played)))
      equal(second, first, "The message when other calls end first")
      equal(
        first!.map(({ callId, name }) => [callId, name]),
        both[0].calls.map(({ id, name }) => [id, name]),
        "The calls that the message answers"
      )
    }))
}

/** 10. The model reads every failure, and no internals; the host gets everything, once. */
export const honest: Check = afterwards((played, batch) => {
  const outcomes = settledOf(played)
  const entries = timetable(batch)
  const started = new Set(played.notes.map(({ at }) => at))
  const results = Conversation.results(outcomes)
  equal(
    results.map(({ isError }) => isError),
    outcomes.map(({ result }) => Result.isFailure(result)),
    "What is marked as an error"
  )
  for (const [index, { text }] of results.entries()) {
    ok(!text.includes(secret), `Call ${index} shows a secret.`)
    ok(!trace.test(text), `Call ${index} shows a stack trace.`)
    if (!results[index]!.isError) continue
    const { error } = shown(text)
    const call = batch.calls[index]!
    const mayHaveActed = !isHarmless(call) && (started.has(index) || entries[index]!.runs)
    ok(!error.safeToRepeat || !mayHaveActed, `A second attempt at call ${index} could do harm.`)
  }
  for (const index of started) ok(batch.calls[index]!.kind !== "truncated", `Call ${index} was truncated, and ran.`)
  const crashes = outcomes.flatMap(crashOf)
  for (const { bug } of crashes) ok(bug instanceof Error && bug.cause instanceof Error, "A crash lost its cause.")
  const errors = played.logs.filter(({ level, cause }) => level === "Error" && Cause.hasDies(cause))
  for (const { bug, ...annotations } of crashes) {
    const at = errors.findIndex((line) =>
      Cause.squash(line.cause) === bug && Equal.equals(line.annotations, annotations)
    )
    ok(at !== -1, `The crash of ${annotations.callId} is not logged.`)
    errors.splice(at, 1)
  }
  equal(errors.length, 0, "Errors that are logged and no crash")
})

/** Lines of a stack, and files of a program. */
const trace = / {4}at |node:internal|node_modules|file:\/\/|[\w-]\.[cm]?[jt]s\b/

/** What a model is shown of an error: exactly this. */
const shown = Schema.decodeSync(
  Schema.fromJsonString(Schema.Struct({
    error: Schema.Struct({
      type: Schema.String,
      message: Schema.String,
      safeToRepeat: Schema.Boolean,
      data: Schema.Json
    })
  })),
  { onExcessProperty: "error" }
)

const crashOf = ({ call, name, result }: Outcome.Outcome) =>
  Result.isFailure(result) && result.failure._tag === "CallError" && result.failure.reason._tag === "Defect"
    ? [{ tool: name, callId: call.id, bug: Cause.squash(result.failure.reason.cause) }]
    : []

/**
 * Runners that break one law each, to show that its check would notice.
 */
import { Batch, type Outcome, type Tool } from "@volley/core"
import type { Laws } from "@volley/testing"
import { Cause, Effect, Fiber, References, Result } from "effect"

type Runner = Laws.Runner

const changing =
  (change: <T extends Tool.Any>(settled: Batch.Settled<T>) => Batch.Settled<T>): Runner => (tools, calls, options) =>
    Effect.map(Batch.run(tools, calls, options), change)

const changingTexts = (change: (outcome: Outcome.Outcome) => string): Runner =>
  changing((settled) => ({
    ...settled,
    outcomes: settled.outcomes.map((outcome) => ({ ...outcome, encoded: change(outcome) }))
  }))

/** Leaves out what failed. */
export const dropsFailures = changing((settled) => ({
  ...settled,
  outcomes: settled.outcomes.filter(({ result }) => Result.isSuccess(result))
}))

/** Gives every call as much time as it likes. */
export const forgetsTheTimeout: Runner = (tools, calls, options) =>
  Batch.run(tools, calls, { ...options, timeout: "unbounded" })

/** Answers in the order in which the calls ended. */
export const ordersByCompletion = changing((settled) => ({
  ...settled,
  outcomes: settled.outcomes.toSorted((a, b) => a.endedAt - b.endedAt)
}))

/** Looks outcomes up by the id of their call, which two calls may share. */
export const matchesByIdAlone = changing((settled) => {
  const byId = new Map(settled.outcomes.map((outcome) => [outcome.call.id, outcome]))
  return { ...settled, outcomes: settled.outcomes.map(({ call }) => byId.get(call.id)!) }
})

/** Stops the other calls when one fails. */
export const failsFast: Runner = (tools, calls, options) => Batch.run(tools, calls, { ...options, failFast: true })

/** Does not end before the last tool has stopped. */
export const waitsForUninterruptible: Runner = (tools, calls, options) =>
  Effect.tap(Batch.run(tools, calls, options), ({ strays }) => Effect.forEach(strays, (stray) => stray.await))

/** Has no deadline. */
export const forgetsTheDeadline: Runner = (tools, calls, options) =>
  Batch.run(tools, calls, { ...options, deadline: "unbounded" })

/** Starts every call at once. */
export const ignoresTheCap: Runner = (tools, calls, options) =>
  Batch.run(tools, calls, { ...options, concurrency: "unbounded" })

/** Has fewer slots than it may have, as if a call that timed out kept its own. */
export const losesASlot: Runner = (tools, calls, options) => {
  const { concurrency } = options
  return Batch.run(tools, calls, {
    ...options,
    concurrency: typeof concurrency === "number" && concurrency > 1 ? concurrency - 1 : concurrency
  })
}

/** Ends when it is interrupted, and its calls go on. */
export const leavesFibersBehind: Runner = (tools, calls, options) =>
  Effect.flatMap(Effect.forkDetach(Batch.run(tools, calls, options)), Fiber.join)

/** Stops its calls when it is interrupted, and does not wait until they have stopped. */
export const waitsForNoFinalizer: Runner = (tools, calls, options) =>
  Effect.flatMap(
    Effect.forkDetach(Batch.run(tools, calls, options)),
    (fiber) => Effect.onInterrupt(Fiber.join(fiber), () => Effect.sync(() => fiber.interruptUnsafe()))
  )

/** Runs to its end when it is interrupted. */
export const cannotBeInterrupted: Runner = (tools, calls, options) =>
  Effect.uninterruptible(Batch.run(tools, calls, options))

/** Tells the model when each call ended. */
export const stampsTheTime = changingTexts(({ encoded, endedAt }) => `${encoded} (at ${endedAt})`)

/** Tells the model what crashed, and where. */
export const showsTheStack = changingTexts(({ encoded, result }) =>
  Result.isFailure(result) && result.failure._tag === "CallError" && result.failure.reason._tag === "Defect"
    ? JSON.stringify({ error: { ...JSON.parse(encoded).error, message: Cause.pretty(result.failure.reason.cause) } })
    : encoded
)

/** Invites the model to try anything again. */
export const callsEverythingRetryable = changingTexts(({ encoded }) =>
  encoded.replace("\"safeToRepeat\":false", "\"safeToRepeat\":true")
)

/** Takes a call that was cut off for a complete one. */
export const runsTruncatedCalls: Runner = (tools, calls, options) =>
  Batch.run(tools, calls.map((call) => ({ ...call, status: "complete" })), options)

/** Keeps crashes to itself. */
export const logsNothing: Runner = (tools, calls, options) =>
  Effect.provideService(Batch.run(tools, calls, options), References.CurrentLoggers, new Set())

import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { CallError, Defect, type Reason, type ToolFailure, UnknownTool } from "../../CallError.ts"
import * as Content from "../../Content.ts"
import type { Of as OutcomeOf, Outcome } from "../../Outcome.ts"
import type * as Tool from "../../Tool.ts"
import type { ToolCall } from "../../ToolCall.ts"
import { cut, errorText } from "../text.ts"
import type { Batch } from "./settle.ts"

/** How a call ended, before it is recorded. */
export type End = Result.Result<Tool.Answer<unknown>, Reason | ToolFailure<unknown>>

/** A second attempt does no harm. */
export const isHarmless = (tool: Tool.Any): boolean => tool.readOnly || tool.idempotent

/** A result that cannot even be written down is a crash of its tool. */
export const record = (
  batch: Batch,
  tool: Tool.Any,
  call: ToolCall,
  startedAt: number,
  attempts: number,
  end: End
): Outcome => {
  const { encoded, media, result } = written(batch, tool, call, end)
  const outcome = { name: tool.name, call, result, encoded, startedAt, endedAt: batch.now(), attempts }
  return media === undefined ? outcome : { ...outcome, media }
}

const written = (batch: Batch, tool: Tool.Any, call: ToolCall, end: End): Written => {
  try {
    return write(batch, call, end)
  } catch (defect) {
    const crash = new Defect({ harmless: isHarmless(tool), cause: Cause.die(defect) })
    return write(batch, call, Result.fail(crash))
  }
}

type Written = Pick<OutcomeOf<Tool.Any>, "result" | "encoded" | "media">

const write = (batch: Batch, call: ToolCall, end: End): Written => {
  if (Result.isSuccess(end)) {
    const { content, json, value } = end.success
    const text = content === undefined ? JSON.stringify(json) : Content.textOf(content)
    const written = { result: Result.succeed(value), encoded: cut(text, batch.maxResultBytes) }
    const media = content === undefined ? [] : Content.mediaOf(content)
    return media.length === 0 ? written : { ...written, media }
  }
  const { failure } = end
  const error = failure._tag === "ToolFailure" ? failure : errorOf(call, failure)
  return { result: Result.fail(error), encoded: errorText(error, batch.maxResultBytes) }
}

/** What a call gets that asks for a tool which is not there. */
export const unknownTool = (batch: Batch, call: ToolCall): Outcome => {
  const now = batch.now()
  const error = errorOf(call, new UnknownTool({ available: Array.from(batch.toolkit.wireNames.values()) }))
  const encoded = errorText(error, batch.maxResultBytes)
  return { name: undefined, call, startedAt: now, endedAt: now, attempts: 0, result: Result.fail(error), encoded }
}

const errorOf = (call: ToolCall, reason: Reason) => new CallError({ callId: call.id, tool: call.name, reason })

/** The outcome of an equal call, under a call's own id. */
export const sameFor = (call: ToolCall, outcome: Outcome): Outcome => {
  const { result } = outcome
  if (outcome.name === undefined || Result.isSuccess(result) || result.failure._tag === "ToolFailure") {
    return { ...outcome, call }
  }
  return { ...outcome, call, result: Result.fail(errorOf(call, result.failure.reason)) }
}

/** Tells the batch of a failure, where it wants to know, and the host of a crash, whole and once. */
export const announced = (batch: Batch, outcome: Outcome): Effect.Effect<Outcome> => {
  const telling = announcement(batch, outcome)
  return telling === undefined ? Effect.succeed(outcome) : Effect.as(telling, outcome)
}

/** Tells the batch; gives what tells the host, where there is anything to tell. */
export const announcement = (batch: Batch, { call, name, result }: Outcome): Effect.Effect<void> | undefined => {
  if (Result.isSuccess(result)) return undefined
  if (batch.failure !== undefined) Deferred.doneUnsafe(batch.failure, Effect.void)
  return logged(result.failure)?.pipe(
    Effect.catchCause(() => Effect.logError("A tool crashed, with an error that cannot be printed")),
    Effect.annotateLogs({ tool: name, callId: call.id }),
    Effect.catchCause(() => Effect.void)
  )
}

/** What a model is not shown of an error, but its host needs to mend the tool. */
const logged = (error: CallError | ToolFailure<unknown>): Effect.Effect<void> | undefined => {
  if (error._tag === "ToolFailure") return undefined
  if (error.reason._tag === "Defect") return Effect.logError("A tool crashed", error.reason.cause)
  if (error.reason._tag === "Unencodable") return Effect.logError("A tool broke its schema", error.reason.issue)
  return undefined
}

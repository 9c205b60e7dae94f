import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import {
  CallError,
  Defect,
  DependencyFailed,
  Interrupted,
  type Reason,
  Timeout,
  type ToolFailure,
  typeOf,
  UnknownTool
} from "../../CallError.ts"
import * as Content from "../../Content.ts"
import type { Outcome } from "../../Outcome.ts"
import type { End, Ended } from "../../Recorder.ts"
import type { ToolCall } from "../../ToolCall.ts"
import { ownFailureOf } from "../exit.ts"
import { nearest } from "../nearest.ts"
import { cut, errorText } from "../text.ts"
import type { Any } from "../tool/any.ts"
import type { Answer } from "../tool/handler.ts"
import type { Settled } from "../tool/settled.ts"
import type { Job } from "./job.ts"

/** A second attempt does no harm. */
export const isHarmless = (tool: Any | undefined): boolean => tool !== undefined && (tool.readOnly || tool.idempotent)

type Times = Pick<Ended, "attempts" | "endedAt" | "startedAt">

/** What a call came to whose end is known; a result that cannot even be written down is a crash of its tool. */
export const record = (job: Job, ended: Times & Pick<Ended, "end">): Outcome => {
  const { end } = ended
  try {
    return Result.isSuccess(end) ? succeeded(job, end.success, ended) : failedAs(job, end.failure, ended)
  } catch (defect) {
    return failedAs(job, new Defect({ harmless: isHarmless(job.tool), cause: Cause.die(defect) }), ended)
  }
}

/** When a call started, or ended where it never did. */
export const startOf = ({ attempts, startedAt }: Job, endedAt: number): number => attempts === 0 ? endedAt : startedAt

/** The model is told before anything else that its call was not run as it asked for. */
const note = ({ more }: Job): string =>
  more?.changed === undefined
    ? ""
    : `The arguments of this call were changed before it ran, to ${
      cut(JSON.stringify(more.changed), 4096)
    }. Its result:\n`

const succeeded = (job: Job, { content, json, value }: Answer<unknown>, ended: Times): Outcome => {
  const { call, run, tool } = job
  const text = content === undefined ? JSON.stringify(json) : Content.textOf(content)
  const encoded = note(job) + cut(text, run.bounds.maxResultBytes)
  const outcome = new Succeeded(tool?.name ?? call.name, call, Result.succeed(value), encoded, json, ended)
  const media = content === undefined ? [] : Content.mediaOf(content)
  return media.length === 0 ? outcome : { ...outcome, media }
}

/**
 * The outcome of a call that has a success.
 *
 * - made by a constructor: V8 puts object literals that mostly live long into its old generation, which is seldom cleared
 */
class Succeeded implements Settled<string, unknown, never> {
  readonly name: string
  readonly call: ToolCall
  readonly result: Result.Result<unknown, never>
  readonly encoded: string
  readonly json: Schema.Json
  readonly startedAt: number
  readonly endedAt: number
  readonly attempts: number

  constructor(
    name: string,
    call: ToolCall,
    result: Result.Result<unknown, never>,
    encoded: string,
    json: Schema.Json,
    { attempts, endedAt, startedAt }: Times
  ) {
    this.name = name
    this.call = call
    this.result = result
    this.encoded = encoded
    this.json = json
    this.startedAt = startedAt
    this.endedAt = endedAt
    this.attempts = attempts
  }
}

const failedAs = (
  job: Job,
  failure: Reason | ToolFailure<unknown>,
  { attempts, endedAt, startedAt }: Times
): Outcome => {
  const { call, run, tool } = job
  const error = failure._tag === "ToolFailure" ? failure : errorOf(call, failure)
  const encoded = note(job) + errorText(error, run.bounds.maxResultBytes)
  return { name: tool?.name ?? call.name, call, result: Result.fail(error), encoded, startedAt, endedAt, attempts }
}

const errorOf = (call: ToolCall, reason: Reason) => new CallError({ callId: call.id, tool: call.name, reason })

/** What a call came to that was not started. */
export const refused = (job: Job, reason: Reason): Outcome => {
  const now = job.run.now()
  const outcome = record(job, {
    end: Result.fail(reason),
    startedAt: now,
    endedAt: now,
    attempts: 0
  })
  const { result } = outcome
  return job.tool === undefined && Result.isFailure(result) && result.failure._tag === "CallError"
    ? { ...outcome, name: undefined, result: Result.fail(result.failure) }
    : outcome
}

/** What a call gets that asks for a tool which is not there. */
export const unknownTool = ({ call, toolkit }: Job): UnknownTool => {
  const names = Array.from(toolkit.wireNames.values())
  return new UnknownTool({ available: nearest(call.name, names), count: names.length })
}

/** The outcome of an equal call, under a call's own id. */
export const sameFor = (call: ToolCall, outcome: Outcome): Outcome => {
  const { result } = outcome
  if (outcome.name === undefined || Result.isSuccess(result) || result.failure._tag === "ToolFailure") {
    return { ...outcome, call }
  }
  return { ...outcome, call, result: Result.fail(errorOf(call, result.failure.reason)) }
}

/** What an attempt came to. */
export const endOf = (tool: Any | undefined, exit: Exit.Exit<Answer<unknown>, Reason | ToolFailure<unknown>>): End => {
  if (Exit.isSuccess(exit)) return Result.succeed(exit.value)
  const { cause } = exit
  const failure = ownFailureOf(cause)
  if (Option.isSome(failure)) return Result.fail(failure.value)
  const harmless = isHarmless(tool)
  return Cause.hasDies(cause) || Cause.hasFails(cause)
    ? Result.fail(new Defect({ harmless, cause }))
    : Result.fail(new Interrupted({ by: "tool", started: true, harmless, cause }))
}

/** Why a call may not go on after something that was done for it failed: arguments that do not fit are its own fault. */
export const reasonOf = (job: Job, cause: Cause.Cause<Reason>): Reason =>
  Option.getOrElse(ownFailureOf(cause), () => crashedBy(job, cause))

/** A crash of a call outside of its handler. */
export const crashOf = (job: Job, defect: unknown): Defect => crashedBy(job, Cause.die(defect))

/** It took no effect where it has not started, unless it may have done so before, which was being found out. */
const crashedBy = ({ hasStarted, more, tool }: Job, cause: Cause.Cause<unknown>): Defect =>
  new Defect({ harmless: isHarmless(tool) || (!hasStarted && more?.isRecalled !== true), cause })

/** What those read of a failed call who need its result: the call that failed first. */
export const dependencyFailed = (
  { call, result }: Pick<Settled<string | undefined, unknown, CallError | ToolFailure<unknown>>, "call" | "result">
): DependencyFailed => {
  const failure = Result.isFailure(result) ? result.failure : undefined
  const reason = failure?._tag === "CallError" ? failure.reason : undefined
  if (reason?._tag === "DependencyFailed") return reason
  return new DependencyFailed({ root: call.id, type: failure ? typeOf(failure) : "Defect" })
}

export const timedOut = (job: Job, limit: Timeout["limit"], started: boolean): Timeout =>
  new Timeout({
    limit,
    millis: limit === "timeout" ? timeoutOf(job) : job.run.deadline,
    started,
    harmless: isHarmless(job.tool)
  })

export const stopped = ({ tool }: Job, started: boolean): Interrupted =>
  new Interrupted({ by: "failFast", started, harmless: isHarmless(tool) })

/** What a call comes to whose run is interrupted before it has settled. */
export const interrupted = (job: Job): Outcome => {
  const { attempts, isRunning, run, tool } = job
  const started = isRunning || job.more?.isRecalled === true || (job.more?.children?.some(hasBegun) ?? false)
  const reason = new Interrupted({ by: "restart", started, harmless: isHarmless(tool) })
  if (!started) return refused(job, reason)
  const endedAt = run.now()
  return record(job, { end: Result.fail(reason), startedAt: startOf(job, endedAt), endedAt, attempts })
}

const hasBegun = ({ isRunning, more, outcome }: Job): boolean =>
  isRunning || (outcome?.attempts ?? 0) > 0 || (more?.children?.some(hasBegun) ?? false)

/** How long a call may take, in milliseconds. */
export const timeoutOf = ({ run, tool }: Job): number =>
  tool?.timeout === undefined ? run.bounds.timeout : Duration.toMillis(tool.timeout)

/** What a model is not shown of an error, but its host needs to mend the tool. */
export const logOf = ({ call, name, result }: Outcome): Effect.Effect<void> | undefined => {
  if (Result.isSuccess(result) || result.failure._tag === "ToolFailure") return undefined
  const { reason } = result.failure
  const logging = reason._tag === "Defect"
    ? Effect.logError("A tool crashed", reason.cause)
    : reason._tag === "Unencodable"
    ? Effect.logError("A tool broke its schema", reason.issue)
    : undefined
  return logging?.pipe(
    Effect.catchCause(() => Effect.logError("A tool crashed, with an error that cannot be printed")),
    Effect.annotateLogs({ tool: name, callId: call.id }),
    Effect.catchCause(() => Effect.void)
  )
}

/**
 * How calls end.
 */
import { CallError } from "@volley/core"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import type { Asked, Tool } from "./asked.ts"
import type { Barrier } from "./world.ts"

/** Why a call has no result. */
export type Failure = CallError.Reason | CallError.ToolFailure<unknown>

/** When a call was started, and how often its tool was. */
export interface Started {
  readonly at: number
  attempts: number
}

/** One call's end. */
export interface End {
  readonly id: string
  readonly tag: string
  readonly encoded: string
  readonly attempts: number
  readonly startedAt: number
  readonly endedAt: number
  readonly isFailure: boolean
}

/**
 * How a call ended.
 *
 * - `barrier`: what that means for later calls
 * - `isStopped`: another one's failure ended it
 * - `log`: tells the host of a crash
 */
export interface Outcome extends End {
  readonly isStopped: boolean
  readonly barrier: Barrier | undefined
  readonly log: Effect.Effect<void>
}

export const isHarmless = (tool: Tool | undefined): boolean => tool !== undefined && (tool.readOnly || tool.idempotent)

/** What a tool's end means. */
export const endOf = <R>(
  { tool }: Asked<R>,
  exit: Exit.Exit<unknown, CallError.ToolFailure<unknown>>
): Result.Result<unknown, Failure> => {
  if (Exit.isSuccess(exit)) {
    return typeof exit.value === "function"
      ? Result.fail(new CallError.Unencodable({ issue: "" }))
      : Result.succeed(exit.value)
  }
  const { cause } = exit
  if (Cause.hasDies(cause)) return Result.fail(new CallError.Defect({ harmless: isHarmless(tool), cause }))
  const failure = Cause.findError(cause)
  return Result.isSuccess(failure)
    ? Result.fail(failure.success)
    : Result.fail(new CallError.Interrupted({ by: "tool", started: true, harmless: isHarmless(tool), cause }))
}

/** Records how a call ended. */
export const outcomeOf = <R>(
  asked: Asked<R>,
  result: Result.Result<unknown, Failure>,
  started: Started | undefined,
  endedAt: number
): Outcome => {
  const { id, tool } = asked
  const failure = Result.isFailure(result) ? result.failure : undefined
  return {
    id,
    tag: failure?._tag ?? "Success",
    encoded: Result.isSuccess(result) ? JSON.stringify(result.success) : textOf(asked, result.failure),
    attempts: started?.attempts ?? 0,
    startedAt: started?.at ?? endedAt,
    endedAt,
    isFailure: failure !== undefined,
    isStopped: failure?._tag === "Interrupted" && failure.by === "failFast",
    barrier: barrierOf(asked, failure),
    log: Effect.annotateLogs(logOf(failure), { tool: tool?.name, callId: id })
  }
}

const textOf = <R>({ id, tool }: Asked<R>, failure: Failure): string =>
  JSON.stringify(CallError.toModel(
    failure._tag === "ToolFailure"
      ? failure
      : new CallError.CallError({ callId: id, tool: tool?.name ?? "", reason: failure })
  ))

/** A write that may or may not have happened, or an undecided call. */
const barrierOf = <R>({ claims, id }: Asked<R>, failure: Failure | undefined): Barrier | undefined => {
  if (failure?._tag === "Undecided") return { kind: "Undecided", after: id }
  const writes = claims.touches.some(({ mode }) => mode !== "read")
  const isUnknown = (failure?._tag === "Timeout" || failure?._tag === "Interrupted") && failure.started
  return writes && isUnknown ? { kind: "Uncertain", after: id } : undefined
}

const logOf = (failure: Failure | undefined): Effect.Effect<void> => {
  if (failure?._tag === "Defect") return Effect.logError("A tool crashed", failure.cause)
  if (failure?._tag === "Unencodable") return Effect.logError("A tool broke its schema", failure.issue)
  return Effect.void
}

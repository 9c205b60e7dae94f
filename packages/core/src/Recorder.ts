/**
 * Keeps how calls ended, so that a run that begins again goes on from there. Also has the form in which that is kept.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { Defect, Interrupted, Reason, ToolFailure, Unencodable } from "./CallError.ts"
import { Content } from "./Content.ts"
import type { Any } from "./internal/tool/any.ts"
import type { Answer } from "./internal/tool/handler.ts"
import type { ToolCall } from "./ToolCall.ts"
import { Usage } from "./Usage.ts"

/** A call whose end may be recorded; `key` is its idempotency key, `args` are its arguments as JSON. */
export interface Asked {
  readonly key: string
  readonly call: ToolCall
  readonly tool: Any | undefined
  readonly args: unknown
}

/** A call that is about to start; `runId` is that of its run: of the calls of a turn, or of a run inside a call. */
export interface Ready {
  readonly key: string
  readonly runId: string
  readonly call: ToolCall
  readonly tool: Any
}

/** How a call ended, before it is written down for the model. */
export type End = Result.Result<Answer<unknown>, Reason | ToolFailure<unknown>>

/** What the agents inside a call have used: how many calls they ran, and the tokens of each model. */
export const Used = /*@__PURE__*/ (() =>
  Schema.Struct({
    calls: Schema.Int,
    turns: Schema.Array(Schema.Struct({ model: Schema.optional(Schema.String), usage: Usage }))
  }))()
export interface Used extends Schema.Schema.Type<typeof Used> {}

/**
 * How and when a call ended.
 *
 * - `strays`: whether its tool still went on
 * - `used`: by agents inside it; it counts for the outer agent when the call is answered from the record
 */
export interface Ended {
  readonly end: End
  readonly startedAt: number
  readonly endedAt: number
  readonly attempts: number
  readonly strays: boolean
  readonly used?: Used | undefined
}

/**
 * What a recorder is asked; an `AgentRecorder` keeps the turns of agents.
 *
 * - `known`: how a call ended, if that is recorded. It is asked before anything else happens with the call, and gives
 *   undefined at once if nothing is known. If it gives an effect and that gives undefined, the call runs
 * - `call`: runs a call and records how it ended; it includes all attempts and the timeout, and the call already has
 *   its slots
 */
export interface Recorder {
  readonly known: (asked: Asked) => Effect.Effect<Ended | undefined, never, unknown> | undefined
  readonly call: (ready: Ready, run: Effect.Effect<Ended>) => Effect.Effect<Ended>
}

/** The recorder of the program; there is none unless the program provides it. */
export const Recorder = Context.Reference<Recorder | undefined>("@volley/core/Recorder", {
  defaultValue: () => undefined
})

/** How a call ended, as plain JSON: what it gave back or failed with is as the schemas of its tool write it. */
export const Written = /*@__PURE__*/ (() =>
  Schema.Struct({
    startedAt: Schema.Finite,
    endedAt: Schema.Finite,
    attempts: Schema.Int,
    strays: Schema.optionalKey(Schema.Boolean),
    used: Schema.optionalKey(Used),
    end: Schema.Union([
      Schema.Struct({ json: Schema.Json, content: Schema.optionalKey(Schema.Array(Content)) }),
      Schema.Struct({
        failure: Schema.Json,
        tool: Schema.String,
        isRetryable: Schema.Boolean,
        isPointless: Schema.optional(Schema.Boolean)
      }),
      Schema.Struct({ reason: Schema.Json })
    ])
  }))()
export type Written = typeof Written.Type

const ReasonJson = /*@__PURE__*/ Schema.toCodecJson(Reason)
const encodeReason = /*@__PURE__*/ Schema.encodeResult(ReasonJson)
const decodeReason = /*@__PURE__*/ Schema.decodeUnknownResult(ReasonJson)

/**
 * Writes an end down. Of the cause of a crash, names and messages are kept, and no stack.
 *
 * @example
 * ```ts
 * import { Recorder } from "@volley/core"
 * import { Result } from "effect"
 *
 * const end = Result.succeed({ value: 18, json: 18 })
 * const written = Recorder.write({ end, startedAt: 0, endedAt: 5, attempts: 1, strays: false })
 * console.log(JSON.stringify(written)) // => {"startedAt":0,"endedAt":5,"attempts":1,"end":{"json":18}}
 * ```
 */
export const write = ({ attempts, end, endedAt, startedAt, strays, used }: Ended): Written => ({
  startedAt,
  endedAt,
  attempts,
  ...(strays && { strays }),
  ...(used !== undefined && { used }),
  end: Result.isSuccess(end) ? ofAnswer(end.success) : ofFailure(end.failure)
})

const ofAnswer = ({ content, json }: Answer<unknown>): Written["end"] => ({
  json,
  ...(content !== undefined && { content })
})

const ofFailure = (failure: Reason | ToolFailure<unknown>): Written["end"] => {
  if (failure._tag === "ToolFailure") {
    const { encoded, isPointless, isRetryable, tool } = failure
    return { failure: encoded, tool, isRetryable, isPointless }
  }
  return {
    reason: Result.getOrElse(encodeReason(failure), () => Result.getOrThrow(encodeReason(withoutCause(failure))))
  }
}

/** A cause may hold what cannot be written. */
const withoutCause = (reason: Reason): Reason => {
  if (reason._tag === "Defect") {
    return new Defect({ harmless: reason.harmless, cause: Cause.die("(cannot be written)") })
  }
  if (reason._tag !== "Interrupted") return reason
  const { by, harmless, started } = reason
  return new Interrupted({ by, harmless, started })
}

/**
 * Reads an end.
 *
 * - `tool`: whose it is; where that is gone, the JSON takes the place of its value
 * - where the tool's schemas do not read it any more, the end is `Unencodable`
 *
 * @example
 * ```ts
 * import { Recorder } from "@volley/core"
 * import { Context, Effect } from "effect"
 *
 * const written: Recorder.Written = { end: { json: 18 }, startedAt: 0, endedAt: 5, attempts: 1 }
 * const ended = await Effect.runPromiseWith(Context.makeUnsafe<unknown>(new Map()))(Recorder.read(undefined, written))
 * console.log(ended.end._tag, ended.attempts) // => Success 1
 * ```
 */
export const read = (tool: Any | undefined, { end, strays = false, ...times }: Written): Effect.Effect<
  Ended,
  never,
  unknown
> => Effect.mapEager(endOf(tool, end), (end) => ({ ...times, strays, end }))

const endOf = (tool: Any | undefined, end: Written["end"]): Effect.Effect<End, never, unknown> => {
  if ("reason" in end) return Effect.succeed(Result.fail(Result.getOrElse(decodeReason(end.reason), unreadable)))
  if ("json" in end) {
    const { content, json } = end
    const answered = (value: unknown) => Result.succeed({ value, json, ...(content && { content }) })
    return valueOf(tool?.success, json, answered)
  }
  const { failure: encoded, ...facts } = end
  const failed = (failure: unknown) => Result.fail(new ToolFailure({ ...facts, failure, encoded }))
  return valueOf(tool?.failure, encoded, failed)
}

/** Has a value read by its schema, where there still is one. */
const valueOf = (
  schema: Schema.Constraint | undefined,
  json: Schema.Json,
  use: (value: unknown) => End
): Effect.Effect<End, never, unknown> =>
  schema === undefined
    ? Effect.succeed(use(json))
    : Effect.matchEager(Schema.decodeUnknownEffect(Schema.toCodecJson(schema))(json), {
      onFailure: (error) => Result.fail(unreadable(error)),
      onSuccess: use
    })

const unreadable = ({ message }: Schema.SchemaError): Unencodable =>
  new Unencodable({ issue: `what was recorded does not fit any more: ${message}` })

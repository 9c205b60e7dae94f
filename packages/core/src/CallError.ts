/**
 * Why a call has no result: what the runner found (`CallError`) or what the tool itself answered (`ToolFailure`).
 */
import type * as Cause from "effect/Cause"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"
import { codec } from "./internal/classCodec.ts"
import { TaggedError } from "./internal/taggedError.ts"
import * as Json from "./Json.ts"
import * as Thrown from "./Thrown.ts"

const unknownOutcome =
  "The outcome is unknown: it may have taken effect, or still do. Check before asking for it again."

/**
 * No tool of the toolkit has this name.
 *
 * - `available`: the names of the tools; if there are many, those most like the name that was asked for
 * - `count`: how many tools there are; left out if `available` names all
 */
export class UnknownTool extends TaggedError("UnknownTool")<{
  readonly available: ReadonlyArray<string>
  readonly count?: number | undefined
}> {
  readonly isRetryable = false
  override get message(): string {
    const { available: { length }, count = length } = this
    if (count === 0) return "There is no tool of this name, and none is available."
    return count > length
      ? `There is no tool of this name. \`available\` names the ${length} most like it, of ${count}.`
      : "There is no tool of this name. `available` names those that there are."
  }
}

/** The arguments are not JSON, or do not fit the tool's parameters; the tool did not run. */
export class InvalidArguments extends TaggedError("InvalidArguments")<{
  readonly issues: ReadonlyArray<{ readonly path: string; readonly message: string }>
}> {
  readonly isRetryable = true
  override get message(): string {
    const issues = this.issues.map(({ path, message }) => path === "" ? message : `${path}: ${message}`)
    return `The arguments do not fit the tool's parameters; it did not run. ${issues.join("; ")}.`
  }
}

/** The model's turn was cut off, or broke off, so the call may be incomplete; the tool did not run. */
export class Truncated extends TaggedError("Truncated") {
  readonly isRetryable = true
  override get message(): string {
    return "The turn was cut off before it was complete; this call did not run. Ask again, with fewer or shorter calls."
  }
}

/** The turn asked for more calls than one batch runs; the tool did not run. */
export class LimitExceeded extends TaggedError("LimitExceeded")<{
  readonly maxCalls: number
}> {
  get isRetryable(): boolean {
    return this.maxCalls > 0
  }
  override get message(): string {
    return this.maxCalls === 0
      ? "Tools are switched off; this call did not run."
      : `Only the first ${this.maxCalls} calls of a turn run; this one did not. Ask for it in the next turn, if tools are still on then.`
  }
}

/**
 * The call did not end in time.
 *
 * - `limit`: which limit it reached, its own `timeout` or the batch's `deadline`
 * - `millis`: how long that limit was
 * - `started`: false if the deadline came before the call started
 * - `harmless`: the tool is read-only or idempotent
 */
export class Timeout extends TaggedError("Timeout")<{
  readonly limit: "timeout" | "deadline"
  readonly millis: number
  readonly started: boolean
  readonly harmless: boolean
}> {
  get isRetryable(): boolean {
    return this.harmless || !this.started
  }
  override get message(): string {
    if (!this.started) {
      return this.limit === "deadline"
        ? `The batch met its deadline of ${this.millis} ms before this call began; it did not run.`
        : `The call could not begin within ${this.millis} ms; it did not run.`
    }
    const late = `No answer within ${this.millis} ms (${this.limit}).`
    return this.harmless
      ? `${late} It may be asked for again.`
      : `${late} ${unknownOutcome}`
  }
}

/** The tool crashed. `cause` says why, for your program alone. */
export class Defect extends TaggedError("Defect")<{
  readonly harmless: boolean
  readonly cause: Cause.Cause<unknown>
}> {
  get isRetryable(): boolean {
    return this.harmless
  }
  override get message(): string {
    return this.harmless ? "The tool crashed." : `The tool crashed. ${unknownOutcome}`
  }
}

/**
 * The call was interrupted.
 *
 * - `by`: `"tool"` when it interrupted itself, `"failFast"` when another call of a batch with `failFast` failed,
 *   `"restart"` when the program stopped, and that was found out later or on the way
 * - `started`: false when that was before this call began
 * - `cause`: what interrupted the tool, for your program alone
 */
export class Interrupted extends TaggedError("Interrupted")<{
  readonly by: "tool" | "failFast" | "restart"
  readonly started: boolean
  readonly harmless: boolean
  readonly cause?: Cause.Cause<unknown> | undefined
}> {
  get isRetryable(): boolean {
    return this.harmless || !this.started
  }
  override get message(): string {
    if (!this.started) {
      return this.by === "restart"
        ? "The program stopped before this call began; it did not run."
        : "Another call of the turn failed before this one began; it did not run."
    }
    const why = {
      tool: "The call was interrupted.",
      failFast: "Another call of the turn failed, which stopped this one.",
      restart: "The program stopped while the call ran."
    }[this.by]
    return this.harmless ? why : `${why} ${unknownOutcome}`
  }
}

/** The tool ran, but its result does not fit its `success` or `failure` schema, or is not JSON. */
export class Unencodable extends TaggedError("Unencodable")<{
  readonly issue: string
}> {
  readonly isRetryable = false
  override get message(): string {
    return "The tool ran, but its result could not be given back: it is not what the tool promises."
  }
}

/** An earlier call of the turn wrote the same thing with an unknown outcome, so this one did not run. */
export class Uncertain extends TaggedError("Uncertain")<{
  readonly after: string
}> {
  readonly isRetryable = true
  override get message(): string {
    return `The outcome of ${this.after} is unknown, and this call touches the same; it did not run. Check, then ask again.`
  }
}

/** The approver denied the call; the tool did not run. */
export class Denied extends TaggedError("Denied")<{
  readonly why?: string | undefined
}> {
  readonly isRetryable = false
  override get message(): string {
    const why = this.why === undefined ? "" : ` Why: ${this.why}`
    return `The call was not allowed; it did not run. Do not ask for the same again.${why}`
  }
}

/**
 * The approver has not decided yet whether the call may run; the tool did not run.
 *
 * - `after`: the earlier call that waits for the decision, if this call only touches the same thing
 */
export class Undecided extends TaggedError("Undecided")<{
  readonly after?: string | undefined
}> {
  readonly isRetryable = true
  override get message(): string {
    return this.after === undefined
      ? "It is not yet decided whether this call may run; it did not run."
      : `It is not yet decided whether ${this.after} may run, and this call touches the same; it did not run.`
  }
}

/** A call whose result this one needs failed, so this one did not run; `root` is the call that failed first. */
export class DependencyFailed extends TaggedError("DependencyFailed")<{
  readonly root: string
  readonly type: string
}> {
  readonly isRetryable = true
  override get message(): string {
    return `It needs the result of ${this.root}, which failed with ${this.type}; it did not run.`
  }
}

/**
 * The service behind the tool has failed too often, and is left alone for a while; the tool did not run.
 *
 * - `retryAfterMillis`: when it is tried again; left out while another call tries it
 */
export class Unavailable extends TaggedError("Unavailable")<{
  readonly retryAfterMillis?: number | undefined
}> {
  readonly isRetryable = true
  override get message(): string {
    const when = this.retryAfterMillis === undefined ? "soon" : `in ${Math.ceil(this.retryAfterMillis / 1000)} s`
    return `The service behind this tool has failed too often; the call did not run. It may be asked for again ${when}.`
  }
}

/** Why the runner has no result of a call. Each reason says whether another attempt is harmless. */
export type Reason =
  | UnknownTool
  | InvalidArguments
  | Truncated
  | LimitExceeded
  | Timeout
  | Defect
  | Interrupted
  | Unencodable
  | Uncertain
  | DependencyFailed
  | Denied
  | Undecided
  | Unavailable

/**
 * A call without a result of its tool, and why; `Effect.catchReason` works on it.
 *
 * - it and its reason have no stack, whose frames would be the runner's; the `cause` of a `Defect` has the tool's
 */
export class CallError extends TaggedError("CallError")<{
  readonly callId: string
  readonly tool: string
  readonly reason: Reason
}> {
  /** True only if a second attempt is harmless. */
  get isRetryable(): boolean {
    return this.reason.isRetryable
  }
  override get message(): string {
    return `${this.tool} (${this.callId}): ${this.reason.message}`
  }
}

const reasons = () => {
  const cause = Schema.Cause(Schema.Unknown, Schema.Defect())
  const flags = { started: Schema.Boolean, harmless: Schema.Boolean }
  return Schema.Union([
    codec(UnknownTool, "UnknownTool", { available: Schema.Array(Schema.String), count: Schema.optional(Schema.Int) }),
    codec(InvalidArguments, "InvalidArguments", {
      issues: Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String }))
    }),
    Schema.TaggedStruct("Truncated", {}).pipe(
      Schema.decodeTo(
        Schema.instanceOf(Truncated),
        SchemaTransformation.transform({ decode: () => new Truncated(), encode: ({ _tag }: Truncated) => ({ _tag }) })
      )
    ),
    codec(LimitExceeded, "LimitExceeded", { maxCalls: Schema.Int }),
    codec(Timeout, "Timeout", { limit: Schema.Literals(["timeout", "deadline"]), millis: Schema.Finite, ...flags }),
    codec(Defect, "Defect", { harmless: Schema.Boolean, cause }),
    codec(Interrupted, "Interrupted", {
      by: Schema.Literals(["tool", "failFast", "restart"]),
      ...flags,
      cause: Schema.optional(cause)
    }),
    codec(Unencodable, "Unencodable", { issue: Schema.String }),
    codec(Uncertain, "Uncertain", { after: Schema.String }),
    codec(DependencyFailed, "DependencyFailed", { root: Schema.String, type: Schema.String }),
    codec(Denied, "Denied", { why: Schema.optional(Schema.String) }),
    codec(Undecided, "Undecided", { after: Schema.optional(Schema.String) }),
    codec(Unavailable, "Unavailable", { retryAfterMillis: Schema.optional(Schema.Finite) })
  ])
}

/**
 * The schema of every reason, for programs that store or send one.
 *
 * - pure: a bundle that has no use for the schemas of this file leaves them out, and Effect's own with them
 * - made when it is used first: a program that has no use for it need not wait for it
 */
export const Reason = /*@__PURE__*/ Schema.suspend(reasons)

/** The schema of a `CallError`, for programs that store or send one. */
export const Codec =
  /*@__PURE__*/ (() => codec(CallError, "CallError", { callId: Schema.String, tool: Schema.String, reason: Reason }))()

class AnyToolFailure extends TaggedError("ToolFailure")<{
  readonly tool: string
  readonly failure: unknown
  readonly encoded: Schema.Json
  readonly isRetryable: boolean
  readonly isPointless?: boolean | undefined
}> {}

/**
 * The typed failure of a tool, wrapped so that neither it nor `CallError` can swallow the other.
 *
 * - `encoded`: the failure, encoded by the tool's `failure` schema; a model reads nothing else of it
 * - `isRetryable`: the tool is read-only or idempotent, so a second attempt is harmless
 * - `isPointless`: the tool says by its `repeat` that a second attempt would fail in the same way
 */
export class ToolFailure<out F> extends AnyToolFailure {
  declare readonly failure: F
  override get message(): string {
    return `${this.tool}: ${describe(this)}`
  }
}

const describe = ({ failure, encoded }: ToolFailure<unknown>): string => {
  if (failure instanceof Error && failure.message !== "") return failure.message
  if (typeof encoded === "string") return encoded
  if (Json.isObject(encoded) && typeof encoded["message"] === "string" && encoded["message"] !== "") {
    return encoded["message"]
  }
  return `The tool failed${failure instanceof Error ? ` with ${Thrown.nameOf(failure)}` : ""}.`
}

/**
 * The one shape in which every wire shows an error to a model.
 *
 * - `safeToRepeat`: a second attempt does no harm; `message` says whether it helps
 */
export interface ModelError {
  readonly error: {
    readonly type: string
    readonly message: string
    readonly safeToRepeat: boolean
    readonly data: Schema.Json
  }
}

/**
 * Gives what a model may see of an error: no stack, no cause, and of a tool's failure only what its schema encodes.
 *
 * @example
 * ```ts
 * import { CallError } from "@volley/core"
 *
 * const reason = new CallError.Timeout({ limit: "timeout", millis: 2000, started: true, harmless: true })
 * const { error } = CallError.toModel(new CallError.CallError({ callId: "call_1", tool: "get_weather", reason }))
 * console.log(error.type, error.safeToRepeat) // => Timeout true
 * console.log(error.message) // => No answer within 2000 ms (timeout). It may be asked for again.
 * ```
 */
export const toModel = (error: CallError | ToolFailure<unknown>): ModelError => ({
  error: error._tag === "ToolFailure" ? ofFailure(error) : ofReason(error.reason)
})

/**
 * The kind of an error, under which a model, a trace and a metric know it.
 *
 * @example
 * ```ts
 * import { CallError } from "@volley/core"
 *
 * const reason = new CallError.Timeout({ limit: "timeout", millis: 2000, started: true, harmless: true })
 * console.log(CallError.typeOf(new CallError.CallError({ callId: "call_1", tool: "get_weather", reason })))
 * // => Timeout
 * ```
 */
export const typeOf = (error: CallError | ToolFailure<unknown>): string =>
  error._tag === "ToolFailure" ? nameOf(error) : error.reason._tag

const nameOf = ({ encoded }: ToolFailure<unknown>): string =>
  Json.isObject(encoded) && typeof encoded["_tag"] === "string" ? encoded["_tag"] : "ToolFailure"

const ofFailure = (failure: ToolFailure<unknown>): ModelError["error"] => {
  const said = describe(failure)
  return {
    type: nameOf(failure),
    message: failure.isPointless === true ? `${said} The same call would come to the same: do not repeat it.` : said,
    safeToRepeat: failure.isRetryable,
    data: fieldsOf(failure, said)
  }
}

const ofReason = (reason: Reason): ModelError["error"] => ({
  type: reason._tag,
  message: reason.message,
  safeToRepeat: reason.isRetryable,
  data: factsOf(reason)
})

/** What `type` and `message` do not say already. */
const fieldsOf = ({ encoded }: ToolFailure<unknown>, said: string): Schema.Json => {
  if (!Json.isObject(encoded)) return encoded
  const { _tag, ...fields } = encoded
  const { message, ...others } = fields
  return message === said ? others : fields
}

const factsOf = (reason: Reason): Schema.Json => {
  switch (reason._tag) {
    case "UnknownTool":
      return { available: reason.available }
    case "InvalidArguments":
      return { issues: reason.issues }
    case "LimitExceeded":
      return { maxCalls: reason.maxCalls }
    case "Timeout":
      return { limit: reason.limit, millis: reason.millis, started: reason.started }
    case "DependencyFailed":
      return { root: reason.root, type: reason.type }
    case "Uncertain":
    case "Undecided":
      return reason.after === undefined ? {} : { after: reason.after }
    case "Unavailable":
      return reason.retryAfterMillis === undefined ? {} : { retryAfterMillis: reason.retryAfterMillis }
    case "Interrupted":
      return { by: reason.by, started: reason.started }
    default:
      return {}
  }
}

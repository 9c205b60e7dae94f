import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as JsonSchema from "effect/JsonSchema"
import type * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import type { CallError, InvalidArguments, Reason, ToolFailure, Unavailable, Unencodable } from "../../CallError.ts"
import type { ToolCall } from "../../ToolCall.ts"
import type { Patterns } from "../schema/patterns.ts"
import type { Claims } from "./claims.ts"
import type { Answer, Answering, Handler } from "./handler.ts"
import type { Settled } from "./settled.ts"

/** A tool, whatever its types. */
export interface Any {
  readonly name: string
  readonly description: string
  readonly parameters: Schema.Constraint
  readonly success: Schema.Constraint
  readonly failure: Schema.Constraint
  readonly readOnly: boolean
  readonly idempotent: boolean
  readonly timeout: Duration.Duration | undefined
  readonly jsonSchema: JsonSchema.JsonSchema
  readonly strict: boolean
  readonly coalesce: boolean
  readonly claims: Claims | ((parameters: unknown) => Claims) | undefined
  readonly approval: ((parameters: unknown) => boolean) | undefined
  readonly provided: ReadonlyArray<Provided>
  readonly decode: (args: unknown) => Effect.Effect<unknown, InvalidArguments, unknown>
  readonly encode: (parameters: unknown) => Effect.Effect<unknown, InvalidArguments, unknown>
  readonly expand: ((parameters: unknown, call: ToolCall) => Effect.Effect<Expansion, Reason, unknown>) | undefined
  readonly raw: JsonSchema.JsonSchema | undefined
  readonly patterns: Patterns | undefined
  readonly recode: ((codec: Schema.Constraint, jsonSchema: JsonSchema.JsonSchema) => Any) | undefined
  readonly answer: (value: unknown) => Answering
  readonly handler: Handler<unknown, unknown, unknown>
  readonly resumes: boolean
  readonly reconcile: Reconcile | undefined
}

/** Asks the world what became of a call whose end is unknown; none where it did not take effect. */
export type Reconcile = (
  parameters: unknown,
  key: string
) => Effect.Effect<Option.Option<Answer<unknown>>, ToolFailure<unknown> | Unavailable | Unencodable, unknown>

/** A layer that tools were provided with together: a run builds it once for all of them. */
export interface Provided {
  readonly layer: Layer.Layer<unknown, never, unknown>
}

/**
 * A call of a run whose calls may need each other.
 *
 * - `needs`: earlier nodes of the same list, by index
 * - `resolve`: makes the arguments from what those gave back, in the order of `needs`; the call has them itself otherwise
 * - `take`: the arguments of the call where they were text and are read already, once
 */
export interface Node {
  readonly call: ToolCall
  readonly needs: ReadonlyArray<number>
  readonly take?: () => unknown
  readonly resolve?:
    | ((answers: ReadonlyArray<Answer<unknown>>) => Effect.Effect<unknown, Reason, unknown>)
    | undefined
}

/**
 * The calls that one call stands for.
 *
 * - `assemble`: makes the answer of that one call from their outcomes, in at most `maxBytes` where it can
 */
export interface Expansion {
  readonly toolkit: {
    readonly byName: ReadonlyMap<string, Any>
    readonly wireNames: ReadonlyMap<string, string>
  }
  readonly nodes: ReadonlyArray<Node>
  readonly assemble: (
    outcomes: ReadonlyArray<Settled<string | undefined, unknown, CallError | ToolFailure<unknown>>>,
    maxBytes: number
  ) => Effect.Effect<Answer<unknown>, Reason, unknown>
}

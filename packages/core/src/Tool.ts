/**
 * A tool: an Effect that a model may ask for, with schemas for what goes in, what comes out and how it fails.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as JsonSchema from "effect/JsonSchema"
import * as Option from "effect/Option"
import type { CircuitBreaker } from "effect/persistence/CircuitBreaker"
import * as Schema from "effect/Schema"
import type { ToolFailure, Unavailable, Unencodable } from "./CallError.ts"
import type { Content } from "./Content.ts"
import { guarded } from "./internal/guarded.ts"
import type { Patterns } from "./internal/schema/patterns.ts"
import * as Standard from "./internal/schema/standardSchema.ts"
import type { Any } from "./internal/tool/any.ts"
import { type Breaking, broken } from "./internal/tool/breaker.ts"
import {
  type AnyFunctionDefinition,
  byJsonSchema,
  checked,
  ofFunction,
  type Unchecked
} from "./internal/tool/checked.ts"
import { compile, serviceKey } from "./internal/tool/compile.ts"
import type { AnyDefinition, Execute, Traits } from "./internal/tool/definition.ts"
import type { Answer, Attempt, Call } from "./internal/tool/handler.ts"
import type * as Handling from "./internal/tool/handler.ts"
import { hedged } from "./internal/tool/hedged.ts"
import type { Failing, FailureOf, FunctionDefinition, FunctionOption } from "./internal/tool/promised.ts"
import type { Complete, Given, Option as ToolOption, SchemaOfEffect, ToolDefinition } from "./internal/tool/written.ts"

export type { Patterns } from "./internal/schema/patterns.ts"
export type { ParametersOf, SuccessOf } from "./internal/schema/standardSchema.ts"
export type { Any, Expansion, Node, Provided } from "./internal/tool/any.ts"
export type { Claims, Declared } from "./internal/tool/claims.ts"
export { invalidArguments } from "./internal/tool/codec.ts"
export type { Approval, Definition, Execute, Repeat, Traits } from "./internal/tool/definition.ts"
export type { Answer, Attempt, Call } from "./internal/tool/handler.ts"

/**
 * A tool with its types; `R` is what its handler and its schemas need.
 *
 * - `jsonSchema`: the JSON Schema of `parameters`, draft 2020-12, as providers are sent it
 * - `strict`: `jsonSchema` follows a provider's strict mode, and is sent as such
 * - `coalesce`: equal calls of one run are one call; `Tool.coalesce` sets it
 * - `claims`: what a call touches and the room it needs, given its parameters; none where the tool says nothing
 * - `approval`: whether an `Approver` has to allow a call with these parameters; none where all may run unasked
 * - `provided`: the layers that everything of the tool is provided with, innermost first; `Toolkit.provide` adds them
 * - `decode`: reads arguments, which are already parsed JSON, as parameters; an `Exit` where that is over at once
 * - `encode`: writes parameters as the arguments that `decode` takes
 * - `expand`: makes several calls of one, given its parameters; only a plan has it
 * - `raw`: the JSON Schema that was given as it is, where one was; `parameters` need not be what it says
 * - `recode`: the same tool with its parameters in another JSON form; none for a plan
 * - `answer`: makes an answer of what a handler gives; `handler`: answers a call, given its parameters
 * - `resumes`: begun again, it goes on from what is recorded inside it; an agent does
 * - `reconcile`: says what became of a call that was begun and whose end nobody knows; `Tool.reconcile` sets it
 */
export interface Tool<
  out Name extends string,
  out Parameters extends Schema.Constraint,
  out Success extends Schema.Constraint,
  out Failure extends Schema.Constraint,
  out R = never,
  out ReadOnly extends boolean = boolean
> extends Any {
  readonly name: Name
  readonly parameters: Parameters
  readonly success: Success
  readonly failure: Failure
  readonly readOnly: ReadOnly
  readonly handler: Handling.Handler<Success["Type"], Failure["Type"], R>
}

/** What a tool's handler and schemas need. */
export type Requirements<T extends Any> = T extends
  Tool<string, Schema.Constraint, Schema.Constraint, Schema.Constraint, infer R> ? R : never

/** The service that answers for a tool made without `execute`; `Toolkit.toLayer` provides it. */
export interface Handler<out Name extends string> {
  readonly "~@volley/core/Handler": Name
}

/**
 * Makes a tool.
 *
 * - without `execute`, the tool needs `Tool.Handler<Name>`, which `Toolkit.toLayer` provides
 * - errors: `execute` fails with what `failure` describes; anything it throws is that call's `Defect`
 */
export function make<
  const Name extends string,
  P extends SchemaOfEffect,
  S extends SchemaOfEffect,
  F extends SchemaOfEffect = typeof Schema.Never,
  X = Effect.Effect<S["Type"], F["Type"]>,
  const ReadOnly extends boolean = false,
  K extends ToolOption = never
>(
  name: Name,
  definition: Complete<K> & ToolDefinition<P, S, F, X, ReadOnly> & Given<K>
): Tool<
  Name,
  P,
  S,
  F,
  | ("execute" extends K ? Effect.Services<X> : Handler<Name>)
  | P["DecodingServices"]
  | S["EncodingServices"]
  | F["EncodingServices"],
  ReadOnly
>
export function make(name: string, definition: Unchecked<AnyDefinition>): Any {
  return compile(name, checked(name, definition))
}

/**
 * Makes a tool whose parameters are a raw JSON Schema (draft 2020-12), which is sent to providers as it is.
 *
 * - the arguments are checked against the schema; a keyword that cannot be checked throws here, unless `validate` is given
 * - the handler gets the arguments as the model sent them; `null` that does not fit is left out where it may be
 */
export function fromJsonSchema<
  const Name extends string,
  F extends Schema.Constraint = typeof Schema.Never,
  R = never,
  const ReadOnly extends boolean = false
>(
  name: Name,
  definition: Traits<Schema.Json, F, ReadOnly> & {
    readonly parameters: JsonSchema.JsonSchema
    /** Says what is wrong with the arguments, `undefined` when nothing is; takes the place of the built-in check. */
    readonly validate?: ((args: Schema.Json) => string | undefined) | undefined
    /**
     * What the patterns of the schema are matched by, such as an engine that takes linear time, where the schema is of
     * somebody who is not trusted; `RegExp` when left out.
     */
    readonly patterns?: Patterns | undefined
    /** What the model is shown of a result in place of its JSON. */
    readonly content?: ((value: unknown) => ReadonlyArray<Content>) | undefined
    readonly execute: Execute<Schema.Codec<Schema.Json>, typeof Schema.Unknown, F, R>
  }
): Tool<Name, Schema.Codec<Schema.Json>, typeof Schema.Unknown, F, R | F["EncodingServices"], ReadOnly> {
  const { parameters, validate, ...rest } = definition
  const schema = byJsonSchema(name, parameters, validate, rest.patterns)
  return make(name, { ...rest, parameters: schema, success: Schema.Unknown, jsonSchema: parameters })
}

/**
 * Makes a tool whose `parameters` or `success` is a schema of another library: zod, valibot, arktype, all that follow
 * Standard Schema. Either may be one of Effect as well.
 *
 * - providers are sent the JSON Schema that `parameters` writes of itself (Standard JSON Schema); where it cannot, this
 *   throws, unless `jsonSchema` is given
 * - validation may be asynchronous; what it throws or rejects with is that call's `Defect`
 * - a result is validated too: the model is shown what `success` gives out, the program gets what `execute` gave
 */
export function fromStandardSchema<
  const Name extends string,
  P extends Standard.AnySchema,
  S extends Standard.AnySchema,
  F extends Schema.Constraint = typeof Schema.Never,
  R = never,
  const ReadOnly extends boolean = false
>(
  name: Name,
  definition: Traits<Standard.ParametersOf<P>["Type"], F, ReadOnly> & {
    readonly parameters: P
    readonly success: S
    /** What providers are sent in place of the JSON Schema that `parameters` gives. */
    readonly jsonSchema?: JsonSchema.JsonSchema | undefined
    /** What the model is shown of a result in place of its JSON. */
    readonly content?: ((value: Standard.SuccessOf<S>["Type"]) => ReadonlyArray<Content>) | undefined
    readonly execute: Execute<Standard.ParametersOf<P>, Standard.SuccessOf<S>, F, R>
  }
): Tool<
  Name,
  Standard.ParametersOf<P>,
  Standard.SuccessOf<S>,
  F,
  | R
  | Standard.ParametersOf<P>["DecodingServices"]
  | Standard.SuccessOf<S>["EncodingServices"]
  | F["EncodingServices"],
  ReadOnly
>
export function fromStandardSchema(
  name: string,
  definition: Omit<AnyDefinition, "parameters" | "success"> & {
    readonly parameters: Standard.AnySchema
    readonly success: Standard.AnySchema
  }
): Any {
  return compile(name, { ...definition, ...Standard.schemasOf(name, definition) })
}

/**
 * Makes a tool of an async function, with schemas of any library: of Effect, zod, valibot, arktype, or JSON Schemas.
 *
 * - without `success`, the result is whatever JSON the function gives
 * - interruption: aborts `signal`; what the function does in spite of that is not waited for, and is a stray
 * - errors: what is thrown is the call's `Defect`, of which the model reads nothing. With `failure: "message"` an `Error` is
 *   a failure, and the model reads its message; bugs, such as a `TypeError`, stay hidden. `catch` makes a failure of anything
 */
export function fromFunction<
  const Name extends string,
  P extends Standard.Described,
  S extends Standard.Described = typeof Schema.Unknown,
  F extends Failing = typeof Schema.Never,
  X = Promise<Standard.SuccessOf<S>["Type"]>,
  const ReadOnly extends boolean = false,
  K extends FunctionOption = never
>(
  name: Name,
  definition:
    & Complete<K, "description" | "parameters" | "execute">
    & FunctionDefinition<P, S, F, X, ReadOnly>
    & Given<K>
): Tool<
  Name,
  Standard.ParametersOf<P>,
  ResultOf<S, X, K>,
  FailureOf<F>,
  | Standard.ParametersOf<P>["DecodingServices"]
  | ResultOf<S, X, K>["EncodingServices"]
  | FailureOf<F>["EncodingServices"],
  ReadOnly
>
export function fromFunction(name: string, definition: Unchecked<AnyFunctionDefinition>): Any {
  return compile(name, ofFunction(name, definition))
}

/** What a function gives: as `success` says, or what it is seen to give. */
type ResultOf<S, X, K> = "success" extends K ? Standard.SuccessOf<S> : Schema.Codec<Awaited<X>, Schema.Json>

/** Has equal calls of one run be one call, each id answered; for tools that read alone. */
export const coalesce = <
  N extends string,
  P extends Schema.Constraint,
  S extends Schema.Constraint,
  F extends Schema.Constraint,
  R
>(tool: Tool<N, P, S, F, R, true>): Tool<N, P, S, F, R, true> => ({
  ...tool,
  coalesce: true,
  recode: coalesced(tool.recode)
})

const coalesced = (recode: Any["recode"]): Any["recode"] =>
  recode && ((...form) => {
    const tool = recode(...form)
    return { ...tool, coalesce: true, recode: coalesced(tool.recode) }
  })

/**
 * Adds behaviour around every attempt at a call that the runner need not know: a cache, a breaker, a hedge, a span.
 *
 * - runs inside the call's timeout; what it fails with or throws is the call's
 * - a promise of the tool that ignores its signal is not seen as a stray
 */
export function around<
  N extends string,
  P extends Schema.Constraint,
  S extends Schema.Constraint,
  F extends Schema.Constraint,
  R,
  RO extends boolean,
  R2
>(
  tool: Tool<N, P, S, F, R, RO>,
  wrap: (
    effect: Effect.Effect<Answer<S["Type"]>, ToolFailure<F["Type"]> | Unencodable | Unavailable, R>,
    call: Call
  ) => Effect.Effect<Answer<S["Type"]>, ToolFailure<F["Type"]> | Unencodable | Unavailable, R2>
): Tool<N, P, S, F, R | R2, RO>
export function around(
  tool: Any,
  wrap: (effect: ReturnType<Attempt<unknown, unknown, unknown>>, call: Call) => typeof effect
): Any {
  const { handler: { attempt, isAwaited }, recode } = tool
  return {
    ...tool,
    handler: { isAwaited, attempt: (parameters, call) => guarded(() => wrap(attempt(parameters, call), call)) },
    recode: recode && ((...form) => around(recode(...form), wrap))
  }
}

/**
 * Has the world asked what became of a call that was begun before the program stopped, in place of telling the model that
 * nobody knows; for tools that write, where calls are recorded.
 *
 * - `ask`: the success that the call came to; none where it did not take effect, and then it is run. `key` is the idempotency
 *   key that the handler was given
 * - where `ask` crashes, the outcome stays unknown
 */
export function reconcile<
  N extends string,
  P extends Schema.Constraint,
  S extends Schema.Constraint,
  F extends Schema.Constraint,
  R,
  RO extends boolean,
  R2
>(
  tool: Tool<N, P, S, F, R, RO>,
  ask: (parameters: P["Type"], key: string) => Effect.Effect<Option.Option<S["Type"]>, never, R2>
): Tool<N, P, S, F, R | R2, RO>
export function reconcile(
  tool: Any,
  ask: (parameters: unknown, key: string) => Effect.Effect<Option.Option<unknown>, never, unknown>
): Any {
  const { answer, recode } = tool
  const answered = Option.match({
    onNone: () => Effect.succeedNone,
    onSome: (value: unknown) => Effect.asSome(answer(value))
  })
  return {
    ...tool,
    reconcile: (parameters, key) => Effect.flatMap(guarded(() => ask(parameters, key)), answered),
    recode: recode && ((...form) => reconcile(recode(...form), ask))
  }
}

/** Asks a second time when there is no answer after a while, and takes whichever comes first; for tools that read alone. */
export const hedge =
  (after: Duration.Input) =>
  <N extends string, P extends Schema.Constraint, S extends Schema.Constraint, F extends Schema.Constraint, R>(
    tool: Tool<N, P, S, F, R, true>
  ): Tool<N, P, S, F, R, true> =>
    around(tool, (effect) => Effect.raceFirst(effect, Effect.delay(Effect.andThen(hedged, effect), after)))

/**
 * Leaves a service alone that has failed too often, by the `CircuitBreaker` of the program: while the circuit is open, calls
 * are answered by `Unavailable` at once, with when it is tried again; then one call tries it.
 *
 * - `key`: whose failures count together, by the parameters; the tool's name when left out
 * - `isOutage`: whether a failure of the tool counts; all do unless said, and so do crashes. What is interrupted counts for nothing
 */
export function breaker<
  N extends string,
  P extends Schema.Constraint,
  S extends Schema.Constraint,
  F extends Schema.Constraint,
  R,
  RO extends boolean
>(
  tool: Tool<N, P, S, F, R, RO>,
  options?: {
    readonly key?: string | ((parameters: P["Type"]) => string) | undefined
    readonly isOutage?: ((failure: F["Type"]) => boolean) | undefined
  }
): Tool<N, P, S, F, R | CircuitBreaker, RO>
export function breaker(tool: Any, options: Breaking = {}): Any {
  return broken(tool, options)
}

/** The context key of the handler of a tool made without `execute`; its types were checked by `Toolkit.toLayer`. */
export const handlerKey = <Name extends string>(name: Name) => serviceKey<Handler<Name>>(name)

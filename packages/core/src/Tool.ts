/**
 * A tool: an Effect that a model may ask for, with schemas for what goes in, what comes out and how it fails.
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { identity } from "effect/Function"
import type * as JsonSchema from "effect/JsonSchema"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as SchemaIssue from "effect/SchemaIssue"
import type { StandardSchemaV1 } from "effect/StandardSchema"
import type { Access } from "./Access.ts"
import { InvalidArguments, ToolFailure, Unencodable } from "./CallError.ts"
import { Content } from "./Content.ts"
import { read as readDuration } from "./internal/duration.ts"
import { isOver } from "./internal/exit.ts"
import type { Expansion } from "./internal/graph/expansion.ts"
import { claim, type Claims } from "./internal/runner/claims.ts"
import * as Parts from "./internal/runner/parts.ts"
import { checkOf, jsonSchemaOf, withObjectRoot } from "./internal/schema/jsonSchema.ts"
import * as Standard from "./internal/schema/standardSchema.ts"
import type { Limit } from "./Limits.ts"
import type { ToolCall } from "./ToolCall.ts"

/**
 * What a handler is told about the call it answers.
 *
 * - `attempt`: 1 at first, then one more with every retry
 * - `idempotencyKey`: a UUID, the same for every attempt at this call in this run, for services that refuse to act twice
 * - `deadline`: when the answer stops counting, in milliseconds since the epoch; `Infinity` when nothing limits it
 * - `progress`: tells whoever follows the batch how far the call is
 */
export interface Call {
  readonly id: string
  readonly attempt: number
  readonly idempotencyKey: string
  readonly deadline: number
  readonly progress: (progress: Schema.Json) => Effect.Effect<void>
}

/** What a tool gave back: the value, the same as its `success` schema writes it, and what its `content` shows of it. */
export interface Answer<out A> {
  readonly value: A
  readonly json: Schema.Json
  readonly content?: ReadonlyArray<Content> | undefined
}

/** Executes a call whose arguments fit; once per attempt. */
export type Attempt<A, F, R> = (call: Call) => Effect.Effect<Answer<A>, ToolFailure<F> | Unencodable, R>

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
  readonly claims: Claims | ((args: unknown) => Effect.Effect<Claims, InvalidArguments, unknown>) | undefined
  readonly approval: ((args: unknown) => Effect.Effect<Option.Option<unknown>, InvalidArguments, unknown>) | undefined
  readonly hold: <A, E>(effect: Effect.Effect<A, E, unknown>) => Effect.Effect<A, E, unknown>
  readonly encode: (parameters: unknown) => Effect.Effect<unknown, InvalidArguments, unknown>
  readonly expand: ((args: unknown, call: ToolCall) => Effect.Effect<Expansion, InvalidArguments, unknown>) | undefined
  readonly recode: ((codec: Schema.Constraint, jsonSchema: JsonSchema.JsonSchema) => Any) | undefined
  readonly call: <B, E, R>(
    args: unknown,
    use: (attempt: Attempt<unknown, unknown, unknown>) => Effect.Effect<B, E, R>
  ) => Effect.Effect<B, E | InvalidArguments, unknown>
}

/**
 * A tool with its types; `R` is what its handler and its schemas need.
 *
 * - `jsonSchema`: the JSON Schema of `parameters`, draft 2020-12, as providers are sent it
 * - `strict`: `jsonSchema` follows a provider's strict mode, and is sent as such
 * - `coalesce`: equal calls of one run are one call; `Tool.coalesce` sets it
 * - `claims`: what a call touches and the room it needs, once its arguments are known; none where the tool says nothing
 * - `approval`: the parameters of a call that an `Approver` has to allow, nothing where it may run unasked
 * - `hold`: keeps what the tool was provided with for as long as an effect takes
 * - `encode`: writes parameters as the arguments that `call` takes
 * - `expand`: makes several calls of one; only a plan has it
 * - `recode`: the same tool with its parameters in another JSON form; none where they were given as raw JSON Schema
 * - `call`: decodes arguments that are already parsed JSON, and gives `use` what executes them
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
  readonly call: <B, E, R2>(
    args: unknown,
    use: (attempt: Attempt<Success["Type"], Failure["Type"], R>) => Effect.Effect<B, E, R2>
  ) => Effect.Effect<B, E | InvalidArguments, R | R2>
}

/** What a tool's handler and schemas need. */
export type Requirements<T extends Any> = T extends
  Tool<string, Schema.Constraint, Schema.Constraint, Schema.Constraint, infer R> ? R : never

/** The service that answers for a tool made without `execute`; `Toolkit.toLayer` provides it. */
export interface Handler<out Name extends string> {
  readonly "~@volley/core/Handler": Name
}

/** What the handler of tool `T` is: its parameters and the call to an Effect. */
export type Execute<
  P extends Schema.Constraint,
  S extends Schema.Constraint,
  F extends Schema.Constraint,
  R
> = (parameters: P["Type"], call: Call) => Effect.Effect<S["Type"], F["Type"], R>

type SchemaServices<P extends Schema.Constraint, S extends Schema.Constraint, F extends Schema.Constraint> =
  | P["DecodingServices"]
  | S["EncodingServices"]
  | F["EncodingServices"]

/** What every tool says of itself. */
export interface Traits<Parameters, F extends Schema.Constraint, ReadOnly extends boolean> {
  /** What it does, which inputs it needs and where they come from: all that a model knows of it. */
  readonly description: string
  /** The schema of the handler's typed error; `Schema.Never` when left out. */
  readonly failure?: F | undefined
  /** Running it changes nothing; false unless said. */
  readonly readOnly?: ReadOnly | undefined
  /** Running it twice is the same as once; false unless said. A tool that is neither is never run a second time. */
  readonly idempotent?: boolean | undefined
  /** How long one call may take, all attempts together; the batch's `timeout` when left out. */
  readonly timeout?: Duration.Input | undefined
  /** What a call touches; a tool that says nothing conflicts with nothing but exclusive calls. */
  readonly access?: Declared<Parameters, Access> | undefined
  /** How many calls may run at once, or start in a while, besides the batch's own `concurrency`. */
  readonly limits?: Declared<Parameters, Limit> | undefined
  /** Which calls somebody has to allow before they run, through the `Approver` of the program; none unless said. */
  readonly approval?: Approval<Parameters> | undefined
}

/** Which calls an `Approver` has to allow: all of them, or those whose parameters ask for it. */
export type Approval<Parameters> = "always" | ((parameters: Parameters) => boolean)

/** The same for all calls, or a pure function of a call's parameters. */
export type Declared<Parameters, A> = ReadonlyArray<A> | ((parameters: Parameters) => ReadonlyArray<A>)

/** What a tool is made of, its handler apart. */
export interface Definition<
  P extends Schema.Constraint,
  S extends Schema.Constraint,
  F extends Schema.Constraint,
  ReadOnly extends boolean
> extends Traits<P["Type"], F, ReadOnly> {
  readonly parameters: P
  readonly success: S
  /** What the model is shown of a result in place of its JSON; texts, and images or documents where its wire takes them. */
  readonly content?: ((value: S["Type"]) => ReadonlyArray<Content>) | undefined
  /** What providers are sent in place of the JSON Schema that `parameters` gives. */
  readonly jsonSchema?: JsonSchema.JsonSchema | undefined
}

/** A definition whatever its types; the overloads of `make` give callers the precise ones. */
interface AnyDefinition
  extends
    Omit<Definition<Schema.Constraint, Schema.Constraint, Schema.Constraint, boolean>, "access" | "limits" | "approval">
{
  readonly access?: Declared<unknown, Access> | undefined
  readonly limits?: Declared<unknown, Limit> | undefined
  readonly approval?: Approval<unknown> | undefined
  readonly execute?: ((parameters: unknown, call: Call) => Effect.Effect<unknown, unknown, unknown>) | undefined
  readonly promise?: Parts.PromiseForm | undefined
}

/**
 * Makes a tool.
 *
 * - without `execute`, the tool needs `Tool.Handler<Name>`, which `Toolkit.toLayer` provides
 * - errors: `execute` fails with what `failure` describes; anything it throws is that call's `Defect`
 */
export function make<
  const Name extends string,
  P extends Schema.Constraint,
  S extends Schema.Constraint,
  F extends Schema.Constraint = typeof Schema.Never,
  const ReadOnly extends boolean = false
>(
  name: Name,
  definition: Definition<P, S, F, ReadOnly> & { readonly execute?: undefined }
): Tool<Name, P, S, F, Handler<Name> | SchemaServices<P, S, F>, ReadOnly>
export function make<
  const Name extends string,
  P extends Schema.Constraint,
  S extends Schema.Constraint,
  F extends Schema.Constraint = typeof Schema.Never,
  R = never,
  const ReadOnly extends boolean = false
>(
  name: Name,
  definition: Definition<P, S, F, ReadOnly> & { readonly execute: Execute<P, S, F, R> }
): Tool<Name, P, S, F, R | SchemaServices<P, S, F>, ReadOnly>
export function make(name: string, definition: AnyDefinition): Any {
  return build(name, definition)
}

const build = (name: string, definition: AnyDefinition): Any => {
  const jsonSchema = withObjectRoot(name, definition.jsonSchema ?? jsonSchemaOf(definition.parameters))
  return compile(name, definition, { codec: Schema.toCodecJson(definition.parameters), jsonSchema, strict: false })
}

/** How parameters are written: the codec that reads them, and the JSON Schema that a provider is sent. */
interface Form {
  readonly codec: Schema.Constraint
  readonly jsonSchema: JsonSchema.JsonSchema
  readonly strict: boolean
}

const compile = (name: string, definition: AnyDefinition, { codec, jsonSchema, strict }: Form): Any => {
  const failure = definition.failure ?? Schema.Never
  const tool = {
    name,
    description: definition.description,
    parameters: definition.parameters,
    success: definition.success,
    failure,
    readOnly: definition.readOnly ?? false,
    idempotent: definition.idempotent ?? false,
    timeout: timeoutOf(name, definition.timeout),
    jsonSchema,
    strict,
    coalesce: false,
    expand: undefined,
    recode: definition.jsonSchema === undefined
      ? (codec: Schema.Constraint, jsonSchema: JsonSchema.JsonSchema) =>
        compile(name, definition, { codec, jsonSchema, strict: true })
      : undefined
  }
  const encode = Schema.encodeUnknownEffect(codec, { errors: "all" })
  const parametersOf = parametersWith(codec)
  const answer = answerWith(definition.success, definition.content)
  const ends = { parametersOf, answer, fail: failWith(tool, failure) }
  return {
    ...tool,
    claims: claimsOf(name, definition, parametersOf),
    approval: approvalOf(definition, parametersOf),
    hold: identity,
    encode: (parameters) => Effect.mapErrorEager(encode(parameters), invalidArguments),
    call: definition.promise
      ? Parts.ofPromise(definition.promise, ends)
      : Parts.ofEffect(definition.execute ?? viaHandler(name), ends)
  }
}

/** Looks for everything that is wrong only where something is: that costs half as much again. */
const parametersWith = (codec: Schema.Constraint) => {
  const decode = Schema.decodeUnknownEffect(codec)
  const decodeAll = Schema.decodeUnknownEffect(codec, { errors: "all" })
  return (args: unknown): Effect.Effect<unknown, InvalidArguments, unknown> => {
    const decoded = decode(args)
    return isOver(decoded) && Exit.isSuccess(decoded)
      ? Exit.succeed(decoded.value)
      : Effect.mapErrorEager(decodeAll(args), invalidArguments)
  }
}

const approvalOf = (
  { approval }: AnyDefinition,
  parametersOf: (args: unknown) => Effect.Effect<unknown, InvalidArguments, unknown>
): Any["approval"] => {
  if (approval === undefined) return undefined
  const asks = approval === "always" ? () => true : approval
  return (args) => Effect.map(parametersOf(args), Option.liftPredicate(asks))
}

const claimsOf = (
  name: string,
  { access = [], limits = [] }: AnyDefinition,
  parametersOf: (args: unknown) => Effect.Effect<unknown, InvalidArguments, unknown>
): Any["claims"] => {
  const declared = <A>(of: Declared<unknown, A>, parameters: unknown) => typeof of === "function" ? of(parameters) : of
  if (typeof access === "function" || typeof limits === "function") {
    return (args) =>
      Effect.map(
        parametersOf(args),
        (parameters) => claim(name, declared(access, parameters), declared(limits, parameters))
      )
  }
  return access.length === 0 && limits.length === 0 ? undefined : claim(name, access, limits)
}

/**
 * Makes a tool whose parameters are a raw JSON Schema (draft 2020-12), which is sent to providers as it is.
 *
 * - the arguments are checked against the schema; a keyword that cannot be checked throws here, unless `validate` is given
 * - the handler gets the arguments as the model sent them
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
    /** What the model is shown of a result in place of its JSON. */
    readonly content?: ((value: unknown) => ReadonlyArray<Content>) | undefined
    readonly execute: Execute<Schema.Codec<Schema.Json>, typeof Schema.Unknown, F, R>
  }
): Tool<Name, Schema.Codec<Schema.Json>, typeof Schema.Unknown, F, R | F["EncodingServices"], ReadOnly> {
  const { parameters, validate, ...rest } = definition
  const schema = Schema.Json.check(Schema.makeFilter(validate ?? checkOf(name, parameters)))
  return make(name, { ...rest, parameters: schema, success: Schema.Unknown, jsonSchema: parameters })
}

/** The parameters that a schema of any library reads: its output, from JSON. */
export type ParametersOf<P> = P extends Schema.Constraint ? P
  : P extends StandardSchemaV1 ? Schema.Codec<StandardSchemaV1.InferOutput<P>, Schema.Json>
  : never

/** The results that a schema of any library writes: its input, as the JSON that it gives out. */
export type SuccessOf<S> = S extends Schema.Constraint ? S
  : S extends StandardSchemaV1 ? Schema.Codec<StandardSchemaV1.InferInput<S>, Schema.Json>
  : never

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
  definition: Traits<ParametersOf<P>["Type"], F, ReadOnly> & {
    readonly parameters: P
    readonly success: S
    /** What providers are sent in place of the JSON Schema that `parameters` gives. */
    readonly jsonSchema?: JsonSchema.JsonSchema | undefined
    /** What the model is shown of a result in place of its JSON. */
    readonly content?: ((value: SuccessOf<S>["Type"]) => ReadonlyArray<Content>) | undefined
    readonly execute: Execute<ParametersOf<P>, SuccessOf<S>, F, R>
  }
): Tool<
  Name,
  ParametersOf<P>,
  SuccessOf<S>,
  F,
  R | SchemaServices<ParametersOf<P>, SuccessOf<S>, F>,
  ReadOnly
>
export function fromStandardSchema(
  name: string,
  definition: Omit<AnyDefinition, "parameters" | "success"> & {
    readonly parameters: Standard.AnySchema
    readonly success: Standard.AnySchema
  }
): Any {
  const { jsonSchema, parameters, success, ...rest } = definition
  const result = Standard.isForeign(success) ? Standard.writing(success) : success
  return Standard.isForeign(parameters)
    ? build(name, {
      ...rest,
      parameters: Standard.reading(parameters),
      success: result,
      jsonSchema: jsonSchema ?? Standard.jsonSchemaOf(name, parameters)
    })
    : build(name, { ...rest, parameters, success: result, jsonSchema })
}

/**
 * Makes a tool of a function that gives a promise.
 *
 * - interruption: aborts `signal`; what the function does in spite of that is not waited for
 * - errors: a rejection is the call's `Defect`, or what `catch` makes of it, as `failure` describes
 */
export function fromFunction<
  const Name extends string,
  P extends Schema.Constraint,
  S extends Schema.Constraint,
  F extends Schema.Constraint = typeof Schema.Never,
  const ReadOnly extends boolean = false
>(
  name: Name,
  definition: Definition<P, S, F, ReadOnly> & {
    readonly catch?: ((error: unknown) => F["Type"]) | undefined
    readonly execute: (parameters: P["Type"], signal: AbortSignal, call: Call) => Promise<S["Type"]>
  }
): Tool<Name, P, S, F, SchemaServices<P, S, F>, ReadOnly>
export function fromFunction(
  name: string,
  { catch: caught, execute, ...definition }: Omit<AnyDefinition, "execute"> & Parts.PromiseForm
): Any {
  return build(name, { ...definition, promise: { execute, catch: caught } })
}

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
    effect: Effect.Effect<Answer<S["Type"]>, ToolFailure<F["Type"]> | Unencodable, R>,
    call: Call
  ) => Effect.Effect<Answer<S["Type"]>, ToolFailure<F["Type"]> | Unencodable, R2>
): Tool<N, P, S, F, R | R2, RO>
export function around(
  tool: Any,
  wrap: (
    effect: ReturnType<Attempt<unknown, unknown, unknown>>,
    call: Call
  ) => ReturnType<Attempt<unknown, unknown, unknown>>
): Any {
  const { recode } = tool
  return {
    ...tool,
    recode: recode && ((...form) => around(recode(...form), wrap)),
    call: (args, use) => tool.call(args, (attempt) => use((call) => wrap(attempt(call), call)))
  }
}

/** Asks a second time when there is no answer after a while, and takes whichever comes first; for tools that read alone. */
export const hedge =
  (after: Duration.Input) =>
  <N extends string, P extends Schema.Constraint, S extends Schema.Constraint, F extends Schema.Constraint, R>(
    tool: Tool<N, P, S, F, R, true>
  ): Tool<N, P, S, F, R, true> => around(tool, (effect) => Effect.raceFirst(effect, Effect.delay(effect, after)))

/** The context key of the handler of a tool made without `execute`; its types were checked by `Toolkit.toLayer`. */
export const handlerKey = <Name extends string>(name: Name) =>
  Context.Service<Handler<Name>, (parameters: unknown, call: Call) => Effect.Effect<unknown, unknown>>(
    `@volley/core/Tool/${name}`
  )

const viaHandler = (name: string) => (parameters: unknown, call: Call) =>
  Effect.contextWith((context: Context.Context<never>) => {
    const handler = Context.getOption(context, handlerKey(name))
    return Option.isSome(handler)
      ? handler.value(parameters, call)
      : Effect.die(new Error(`Tool "${name}" has no handler: give it \`execute\`, or one with Toolkit.toLayer.`))
  })

const answerWith = (schema: Schema.Constraint, show: AnyDefinition["content"]) => {
  const encode = Schema.encodeUnknownEffect(Schema.toCodecJson(schema))
  const plain = (value: unknown) =>
    Effect.mapEager(Effect.mapErrorEager(encode(value), unencodable), (json) => ({ value, json }))
  if (show === undefined) return plain
  return (value: unknown) =>
    Effect.flatMap(plain(value), (answer) =>
      Effect.mapBothEager(checkContent(show(value)), {
        onFailure: unencodable,
        onSuccess: (content) => ({ ...answer, content })
      }))
}

const checkContent = Schema.decodeUnknownEffect(Schema.Array(Content))

const failWith = (tool: Pick<Any, "name" | "readOnly" | "idempotent">, schema: Schema.Constraint) => {
  const encode = Schema.encodeUnknownEffect(Schema.toCodecJson(schema))
  const isRetryable = tool.readOnly || tool.idempotent
  return (failure: unknown) =>
    Effect.matchEffect(encode(failure), {
      onFailure: (error) => Effect.fail(unencodable(error)),
      onSuccess: (encoded) => Effect.fail(new ToolFailure({ tool: tool.name, failure, encoded, isRetryable }))
    })
}

const unencodable = (error: Schema.SchemaError) => new Unencodable({ issue: error.message })

const issuesOf = SchemaIssue.makeFormatterStandardSchemaV1()

/** What is wrong with arguments, part by part. */
export const invalidArguments = (error: Schema.SchemaError) =>
  new InvalidArguments({
    issues: issuesOf(error.issue).issues.map(({ message, path }) => ({ path: (path ?? []).join("."), message }))
  })

const timeoutOf = (name: string, timeout: Duration.Input | undefined): Duration.Duration | undefined =>
  timeout === undefined ? undefined : readDuration(timeout, `Tool "${name}": \`timeout\``)

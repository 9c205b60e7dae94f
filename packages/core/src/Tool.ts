/**
 * A tool: an Effect that a model may ask for, with schemas for what goes in, what comes out and how it fails.
 */
import type * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as JsonSchema from "effect/JsonSchema"
import * as Option from "effect/Option"
import type { CircuitBreaker } from "effect/persistence/CircuitBreaker"
import * as Schema from "effect/Schema"
import type { ToolFailure, Unavailable, Unencodable } from "./CallError.ts"
import type { Content } from "./Content.ts"
import { read as readDuration, type Time } from "./internal/duration.ts"
import { guarded } from "./internal/guarded.ts"
import { isTool, refuseNoFunction, refuseNoReads, refuseNoTool } from "./internal/refusals.ts"
import type { Patterns } from "./internal/schema/patterns.ts"
import * as Standard from "./internal/schema/standardSchema.ts"
import type { Any } from "./internal/tool/any.ts"
import { type Breaking, broken, refuseNoBreaking } from "./internal/tool/breaker.ts"
import { changed } from "./internal/tool/changed.ts"
import {
  type AnyFunctionDefinition,
  byJsonSchema,
  effectForm,
  jsonForm,
  ofFunction,
  refuseMistaken,
  standardForm,
  type Unchecked
} from "./internal/tool/checked.ts"
import { compile, serviceKey } from "./internal/tool/compile.ts"
import type { AnyDefinition, Execute, Traits } from "./internal/tool/definition.ts"
import { type Answer, type Attempt, type Call, tellHedged } from "./internal/tool/handler.ts"
import type * as Handling from "./internal/tool/handler.ts"
import type { Failing, FailureOf, FunctionDefinition, FunctionOption, Made } from "./internal/tool/promised.ts"
import type {
  Complete,
  Given,
  Needs,
  Option as ToolOption,
  SchemaOfEffect,
  ToolDefinition
} from "./internal/tool/written.ts"

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
 * - `jsonSchema`: the JSON Schema of `parameters`, draft 2020-12, in the form that providers get
 * - `strict`: `jsonSchema` follows a provider's strict mode, and is sent as such
 * - `coalesce`: equal calls of one run are one call; `Tool.coalesce` sets it
 * - `claims`: what a call touches and which limits it counts under, given its parameters; none if the tool declares
 *   nothing
 * - `approval`: whether an `Approver` must allow a call with these parameters; none if all calls may run
 * - `provided`: the layers of the tool's handler and schemas, innermost first; `Toolkit.provide` adds them
 * - `decode`: reads arguments, which are already parsed JSON, as parameters; gives an `Exit` if that ends at once
 * - `encode`: writes parameters as the arguments that `decode` takes
 * - `expand`: makes several calls of one, given its parameters
 * - `raw`: the JSON Schema as it was given, if one was; `parameters` need not follow it
 * - `recode`: the same tool with its parameters in another JSON form; none for a plan
 * - `answer`: makes an answer of a handler's result; `handler`: answers a call, given its parameters
 * - `resumes`: if it begins again, it goes on from what is recorded inside it, as an agent does
 * - `reconcile`: says what became of a call that began and whose end is unknown; `Tool.reconcile` sets it
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

/** The services that a tool's handler and schemas need. */
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
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Effect, Schema } from "effect"
 *
 * class CityNotFound extends Schema.TaggedError<CityNotFound>()("CityNotFound", { city: Schema.String }) {}
 *
 * const getWeather = Tool.make("get_weather", {
 *   description: "Current weather of a city. `city` comes from the user.",
 *   parameters: Schema.Struct({ city: Schema.String }),
 *   success: Schema.Struct({ celsius: Schema.Finite }),
 *   failure: CityNotFound,
 *   readOnly: true,
 *   timeout: "2 seconds",
 *   execute: ({ city }) => city === "Atlantis" ? new CityNotFound({ city }) : Effect.succeed({ celsius: 18 })
 * })
 *
 * const call = ToolCall.make({ id: "call_1", name: "get_weather", arguments: { city: "Tokyo" } })
 * const { outcomes } = await Effect.runPromise(Batch.run(Toolkit.make(getWeather), [call]))
 * console.log(outcomes[0]?.encoded) // => {"celsius":18}
 * ```
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
  | ("execute" extends K ? Needs<X> : Handler<Name>)
  | P["DecodingServices"]
  | S["EncodingServices"]
  | F["EncodingServices"],
  ReadOnly
>
export function make(name: string, definition: Unchecked<AnyDefinition>): Any {
  refuseMistaken<AnyDefinition>(name, definition, effectForm)
  return compile(name, { ...definition })
}

/**
 * Makes a tool whose parameters are a raw JSON Schema (draft 2020-12). Providers get this schema as it is.
 *
 * - `nullable: true`, as OpenAPI 3.0 has it, is the exception: it is written as a type that may be `null`
 * - the arguments are checked against the schema; a keyword that cannot be checked throws here, unless `validate` is given
 * - to TypeScript the arguments are any JSON, since it does not read the schema: narrow them, or decode what you need
 * - the handler gets the arguments as the model sent them; a `null` that does not fit is left out if the parameter is
 *   optional
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Effect, Schema } from "effect"
 *
 * const decode = (args: Schema.Json) =>
 *   Effect.orDie(Schema.decodeUnknownEffect(Schema.Struct({ text: Schema.String }))(args))
 * const echo = Tool.fromJsonSchema("echo", {
 *   description: "Says the same. `text` comes from the user.",
 *   parameters: { type: "object", properties: { text: { type: "string" } }, required: ["text"] },
 *   execute: (args) => Effect.map(decode(args), ({ text }) => text)
 * })
 *
 * const call = ToolCall.make({ id: "call_1", name: "echo", arguments: { text: "Hello!" } })
 * const { outcomes } = await Effect.runPromise(Batch.run(Toolkit.make(echo), [call]))
 * console.log(outcomes[0]?.encoded) // => "Hello!"
 * ```
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
    /** Says what is wrong with the arguments, `undefined` if nothing is; replaces the built-in check. */
    readonly validate?: ((args: Schema.Json) => string | undefined) | undefined
    /**
     * Matches the patterns of the schema, for example in linear time if you do not trust the source of the schema;
     * `RegExp` by default.
     */
    readonly patterns?: Patterns | undefined
    /** What the model is shown of a result in place of its JSON. */
    readonly content?: ((value: unknown) => ReadonlyArray<Content>) | undefined
    readonly execute: Execute<Schema.Codec<Schema.Json>, typeof Schema.Unknown, F, R>
  }
): Tool<Name, Schema.Codec<Schema.Json>, typeof Schema.Unknown, F, R | F["EncodingServices"], ReadOnly> {
  refuseMistaken(name, definition, jsonForm)
  const { parameters, validate, ...rest } = definition
  const schema = byJsonSchema(name, parameters, validate, rest.patterns)
  return make(name, { ...rest, parameters: schema, success: Schema.Unknown, jsonSchema: parameters })
}

/**
 * Makes a tool whose `parameters` or `success` is a schema of another library that follows Standard Schema, such as
 * zod, valibot or arktype. One of the two may be a schema of Effect.
 *
 * - providers get the JSON Schema that `parameters` writes itself (Standard JSON Schema); if it cannot, this throws,
 *   unless you give `jsonSchema`
 * - validation may be asynchronous; if it throws or rejects, that call has a `Defect`
 * - a result is validated too: the model reads the output of `success`, the program gets the result of `execute`
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Effect } from "effect"
 * import { z } from "zod"
 *
 * const getWeather = Tool.fromStandardSchema("get_weather", {
 *   description: "Current weather of a city. `city` comes from the user.",
 *   parameters: z.object({ city: z.string().min(1) }),
 *   success: z.object({ celsius: z.number() }),
 *   execute: ({ city }) => Effect.succeed({ celsius: city.length })
 * })
 *
 * const call = ToolCall.make({ id: "call_1", name: "get_weather", arguments: { city: "Tokyo" } })
 * const { outcomes } = await Effect.runPromise(Batch.run(Toolkit.make(getWeather), [call]))
 * console.log(outcomes[0]?.encoded) // => {"celsius":5}
 * ```
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
    /** The JSON Schema for providers, in place of the one that `parameters` gives. */
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
  refuseMistaken(name, definition, standardForm)
  return compile(name, { ...definition, ...Standard.schemasOf(name, definition) })
}

/**
 * Makes a tool of an async function. Its schemas, that of `failure` too, may be of Effect, zod, valibot, arktype, or JSON
 * Schemas.
 *
 * - without `success`, the result is any JSON that the function returns
 * - interruption: aborts `signal`; if the function goes on all the same, the call does not wait for it, and it is a
 *   stray
 * - errors: if the function throws, the call has a `Defect`, and the model reads only that the tool crashed. With
 *   `failure: "message"` an `Error` is a failure, and the model reads its message; bugs, such as a `TypeError`, stay
 *   hidden. Where `failure` is a class of errors, one that is thrown is the failure. `catch` makes a failure of any error
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { z } from "zod"
 *
 * const findUser = Tool.fromFunction("find_user", {
 *   description: "Finds a user. `email` comes from the user.",
 *   parameters: z.object({ email: z.string() }),
 *   failure: "message", // the model reads the message of an error
 *   execute: async ({ email }, signal) => {
 *     signal.throwIfAborted()
 *     if (email === "") throw new Error("An address is needed.")
 *     return { name: "Ada" }
 *   }
 * })
 *
 * const call = ToolCall.make({ id: "call_1", name: "find_user", arguments: { email: "ada@example.org" } })
 * const { outcomes } = await Batch.runPromise(Toolkit.make(findUser), [call])
 * console.log(outcomes[0]?.encoded) // => {"name":"Ada"}
 * ```
 */
export function fromFunction<
  const Name extends string,
  P extends Standard.Described,
  S extends Standard.Described = typeof Schema.Unknown,
  F extends Failing = typeof Schema.Never,
  X = Promise<Standard.SuccessOf<S>["Type"]>,
  const ReadOnly extends boolean = false,
  const C = FailureOf<F>["Type"],
  K extends FunctionOption = never
>(
  name: Name,
  definition:
    & Complete<K, "description" | "parameters" | "execute">
    & Made<F, K>
    & FunctionDefinition<P, S, F, X, ReadOnly, C>
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

/**
 * Runs equal calls of one run once, and answers each of them; for read-only tools.
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 *
 * let asked = 0
 * const getRate = Tool.fromFunction("get_rate", {
 *   description: "The rate of a currency. `currency` comes from the user.",
 *   parameters: { type: "object", properties: { currency: { type: "string" } } },
 *   readOnly: true,
 *   execute: async () => ++asked
 * })
 *
 * const calls = ["call_1", "call_2"].map((id) => ToolCall.make({ id, name: "get_rate", arguments: { currency: "JPY" } }))
 * const { outcomes } = await Batch.runPromise(Toolkit.make(Tool.coalesce(getRate)), calls)
 * console.log(asked, outcomes.map(({ encoded }) => encoded).join()) // => 1 1,1
 * ```
 */
export function coalesce<
  N extends string,
  P extends Schema.Constraint,
  S extends Schema.Constraint,
  F extends Schema.Constraint,
  R
>(tool: Tool<N, P, S, F, R, true>): Tool<N, P, S, F, R, true>
export function coalesce(tool: Any): Any {
  refuseNoTool("Tool.coalesce: what is given", tool)
  refuseNoReads("Tool.coalesce", tool, "run once for several")
  return changed(tool, () => ({ coalesce: true }))
}

/**
 * Wraps every attempt at a call, for example with a cache, a breaker, a hedge or a span.
 *
 * - runs inside the call's timeout; if it fails or throws, the call does
 * - a promise of the tool that ignores its signal is not listed as a stray
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Console, Effect } from "effect"
 *
 * const ping = Tool.fromFunction("ping", {
 *   description: "Answers.",
 *   parameters: { type: "object" },
 *   execute: async () => "pong"
 * })
 *
 * const watched = Tool.around(ping, (effect, { id }) => Effect.tap(effect, Console.log(`${id} is over`)))
 * await Batch.runPromise(Toolkit.make(watched), [ToolCall.make({ id: "call_1", name: "ping" })])
 * // => call_1 is over
 * ```
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
  refuseNoTool("Tool.around: argument 1", tool)
  refuseNoFunction("Tool.around: argument 2", wrap, "takes the attempt at a call and gives another")
  return changed(tool, ({ handler: { attempt, isAwaited } }) => ({
    handler: { isAwaited, attempt: (parameters, call) => guarded(() => wrap(attempt(parameters, call), call)) }
  }))
}

/**
 * Asks a service what became of a call that began before the program stopped, so that its outcome need not stay
 * unknown; for tools that write, if calls are recorded.
 *
 * - `ask`: gives the success of the call, or none if the call had no effect; then the call runs. `key` is the
 *   idempotency key that the handler got
 * - if `ask` crashes, the outcome stays unknown
 *
 * @example
 * ```ts
 * import { Tool } from "@volley/core"
 * import { Effect, Option, Schema } from "effect"
 *
 * const paid = new Map([["key_1", "receipt 7"]]) // what the bank knows, by idempotency key
 * const pay = Tool.make("pay", {
 *   description: "Pays a bill. `euros` comes from the user.",
 *   parameters: Schema.Struct({ euros: Schema.Finite }),
 *   success: Schema.String,
 *   execute: (_, { idempotencyKey }) => Effect.sync(() => paid.get(idempotencyKey) ?? "receipt 8")
 * })
 *
 * // A durable run that was killed during a call of `pay` asks the bank, in place of telling the model "outcome unknown".
 * const safe = Tool.reconcile(pay, (_, key) => Effect.succeed(Option.fromNullishOr(paid.get(key))))
 * console.log(pay.reconcile === undefined, safe.reconcile === undefined) // => true false
 * ```
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
  refuseNoTool("Tool.reconcile: argument 1", tool)
  refuseNoFunction("Tool.reconcile: argument 2", ask, "asks what became of a call")
  const answered = Option.match({
    onNone: () => Effect.succeedNone,
    onSome: (value: unknown) => Effect.asSome(tool.answer(value))
  })
  return changed(tool, () => ({
    reconcile: (parameters, key) => Effect.flatMap(guarded(() => ask(parameters, key)), answered)
  }))
}

/**
 * Starts a second attempt if there is no answer after a while, and takes the first answer; for read-only tools.
 *
 * - `after`: how long that is, such as `"2 seconds"`, or a number of milliseconds
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 *
 * let asked = 0
 * const search = Tool.fromFunction("search", {
 *   description: "Searches the web. `query` is made up by you.",
 *   parameters: { type: "object", properties: { query: { type: "string" } } },
 *   readOnly: true,
 *   execute: () => ++asked === 1 ? new Promise<string>(() => {}) : Promise.resolve("pages about tea")
 * })
 *
 * const call = ToolCall.make({ id: "call_1", name: "search", arguments: { query: "tea" } })
 * const hedged = Tool.hedge("10 millis")(search) // the first attempt hangs, so there is a second one
 * const { outcomes } = await Batch.runPromise(Toolkit.make(hedged), [call])
 * console.log(outcomes[0]?.encoded) // => "pages about tea"
 * ```
 */
export const hedge = (
  after: Duration.Input | Time
): <N extends string, P extends Schema.Constraint, S extends Schema.Constraint, F extends Schema.Constraint, R>(
  tool: Tool<N, P, S, F, R, true>
) => Tool<N, P, S, F, R, true> => {
  if (isTool(after)) throw new TypeError(`Tool.hedge: argument 1 is a tool: write Tool.hedge("1 second")(tool).`)
  const wait = readDuration(after, "Tool.hedge: the time")
  return (tool) => {
    refuseNoTool("Tool.hedge: what is given in the second call", tool)
    refuseNoReads("Tool.hedge", tool, "run twice")
    return around(
      tool,
      (effect, call) => Effect.raceFirst(effect, Effect.delay(Effect.andThen(tellHedged(call), effect), wait))
    )
  }
}

/**
 * Stops calling a service that has failed too often, by the `CircuitBreaker` of the program. While the circuit is open,
 * calls are answered by `Unavailable` at once, which says when the service is tried again. Then one call tries it.
 *
 * - `key`: which calls count together, by the parameters; the tool's name by default
 * - `isOutage`: whether a failure of the tool counts; by default all do, and so do crashes. An interrupted call does
 *   not count
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Effect, Layer, Schema } from "effect"
 * import { CircuitBreaker } from "effect/persistence"
 *
 * const search = Tool.make("search", {
 *   description: "Searches the web. `query` is made up by you.",
 *   parameters: Schema.Struct({ query: Schema.String }),
 *   success: Schema.String,
 *   failure: Schema.String,
 *   execute: () => Effect.fail("the service is down")
 * })
 *
 * const breaker = CircuitBreaker.layer({ tripPolicy: CircuitBreaker.consecutive(1), openDuration: "1 minute" })
 * const calls = [1, 2].map((n) => ToolCall.make({ id: `call_${n}`, name: "search", arguments: { query: "tea" } }))
 * const batch = Batch.run(Toolkit.make(Tool.breaker(search)), calls, { concurrency: 1 })
 * const program = Effect.provide(batch, Layer.provide(breaker, CircuitBreaker.layerStoreMemory()))
 * for (const { encoded } of (await Effect.runPromise(program)).outcomes) console.log(JSON.parse(encoded).error.type)
 * // => ToolFailure
 * // => Unavailable
 * ```
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
  refuseNoTool("Tool.breaker: argument 1", tool)
  refuseNoBreaking(options)
  return broken(tool, options)
}

/**
 * The context key of the handler of a tool made without `execute`; its types were checked by `Toolkit.toLayer`.
 *
 * @example
 * ```ts
 * import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Effect, Schema } from "effect"
 *
 * const ping = Tool.make("ping", { description: "Answers.", parameters: Schema.Struct({}), success: Schema.String })
 *
 * // `Toolkit.toLayer` does this with types; here a test puts a handler in by hand.
 * const batch = Batch.run(Toolkit.make(ping), [ToolCall.make({ id: "call_1", name: "ping" })])
 * const handled = Effect.provideService(batch, Tool.handlerKey("ping"), () => Effect.succeed("pong"))
 * console.log((await Effect.runPromise(handled)).outcomes[0]?.encoded) // => "pong"
 * ```
 */
export const handlerKey = <Name extends string>(
  name: Name
): Context.Service<Handler<Name>, (parameters: unknown, call: Call) => Effect.Effect<unknown, unknown>> =>
  serviceKey<Handler<Name>>(name)

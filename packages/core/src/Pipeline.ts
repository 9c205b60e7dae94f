/**
 * A graph of calls, declared in code: the result of one call goes into another, with types. A cycle cannot be written.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Pipeable from "effect/Pipeable"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import { CallError, Defect, type ToolFailure } from "./CallError.ts"
import { Declarations } from "./internal/graph/declare.ts"
import { composite, type Graph, nodesOf, outcomeOf, unlessFailed } from "./internal/graph/graph.ts"
import { type Base, Reference, rootOf, type Source, valueOf } from "./internal/graph/source.ts"
import { guarded } from "./internal/guarded.ts"
import { refuseNoFunction, refuseNoPipeline, refuseNoTool } from "./internal/refusals.ts"
import { execute, type Stray } from "./internal/runner/execute.ts"
import type { Options } from "./internal/runner/options.ts"
import { pipelineForm, refuseMistaken } from "./internal/tool/checked.ts"
import { answering } from "./internal/tool/codec.ts"
import type { Of, Outcome } from "./Outcome.ts"
import type * as Tool from "./Tool.ts"

/** The value that a step will give; `R` is what that step, and those that it needs, require. */
export interface Ref<out A, out R = unknown> extends Pipeable.Pipeable {
  readonly "~value": A
  readonly "~requirements": R
  readonly "~source": Source
}

/** A call of a pipeline, and a reference to its result. */
export interface Step<out T extends Tool.Any, out R = Tool.Requirements<T>> extends Ref<T["success"]["Type"], R> {
  readonly "~tool": T
}

type Leaf = string | number | boolean | bigint | symbol | null | undefined

/** The keys of what is more than its data, such as a `Date`, an `Option` or a `Map`: no part of it may be a reference. */
type More<A> = Extract<keyof A, symbol> | { [K in keyof A]-?: [Method<A[K]>] extends [never] ? never : K }[keyof A]
type Method<A> = 0 extends 1 & A ? never : Extract<A, (...args: never) => unknown>

/** A value in which any part of a plain object or an array may be a reference. */
export type Input<A> =
  | Ref<A>
  | (A extends Leaf ? A
    : A extends ReadonlyArray<unknown> ? { readonly [K in keyof A]: Input<A[K]> }
    : A extends object ? [More<A>] extends [never] ? { readonly [K in keyof A]: Input<A[K]> } : A
    : A)

/** What the references inside a value need; `Seen` is what the value is inside of. */
export type Behind<I, Seen = never> = I extends Ref<infer _A, infer R> ? R
  : I extends Leaf | Seen ? never
  : I extends ReadonlyArray<infer E> ? Behind<E, Seen | I>
  : I extends object ? [More<I>] extends [never] ? { [K in keyof I]-?: Behind<I[K], Seen | I> }[keyof I] : never
  : never

type Keys<A> = A extends object ? keyof A : never
type Part<A, K> = A extends object ? K extends keyof A ? A[K] : never : never

/** The keys of a value that the parameters do not have, however deep. */
type Excess<I, A, Seen = never> = Schema.Json extends A ? never
  : I extends Ref<unknown> | Leaf | Seen ? never
  : I extends ReadonlyArray<infer E> ? Excess<E, Part<A, number>, Seen | I>
  : I extends object ?
    [More<I>] extends [never]
      ? { [K in keyof I]-?: K extends Keys<A> ? Excess<I[K], Part<A, K>, Seen | I> : K }[keyof I]
    : never
  : never

/** What no arguments are that have keys which the parameters do not. */
type NoExcess<K> = [K] extends [never] ? unknown
  : `there is no parameter called ${K & string}: take it out, or correct its name`

/**
 * Declares a call; its arguments are those of the handler, with references in place of values that do not exist yet.
 */
export type Call = <T extends Tool.Any, const I extends Input<T["parameters"]["Type"]>>(
  tool: T,
  args: NoExcess<Excess<I, T["parameters"]["Type"]>> & I
) => Step<T, Tool.Requirements<T> | EncodingServices<T["parameters"]> | Behind<I>>

type EncodingServices<P extends Schema.Constraint> = P["EncodingServices"]

/** Steps by name. */
export type Steps = Readonly<Record<string, Ref<unknown>>>

/** A graph of calls: its steps, and the calls that they need. */
export interface Pipeline<out S extends Steps> {
  readonly steps: S
  readonly graph: Graph
}

/**
 * Makes a pipeline of the steps that `build` returns; a call that none of them needs does not run.
 *
 * @example
 * ```ts
 * import { Pipeline, Tool } from "@volley/core"
 * import { Effect, Schema } from "effect"
 *
 * const getOrder = Tool.make("get_order", {
 *   description: "Finds an order. `number` comes from the user.",
 *   parameters: Schema.Struct({ number: Schema.String }),
 *   success: Schema.Struct({ id: Schema.Int }),
 *   execute: () => Effect.succeed({ id: 7 })
 * })
 * const getItems = Tool.make("get_items", {
 *   description: "The items of an order. `orderId` comes from get_order.",
 *   parameters: Schema.Struct({ orderId: Schema.Int }),
 *   success: Schema.Array(Schema.String),
 *   execute: ({ orderId }) => Effect.succeed([`lamp ${orderId}`])
 * })
 *
 * const picture = Pipeline.make((call) => {
 *   const order = call(getOrder, { number: "A-17" })
 *   const items = call(getItems, { orderId: order.pipe(Pipeline.map(({ id }) => id)) })
 *   return { order, items }
 * })
 * const { steps } = await Effect.runPromise(Pipeline.run(picture))
 * console.log(steps.items.encoded) // => ["lamp 7"]
 * ```
 */
export const make = <S extends Steps>(build: (call: Call) => S): Pipeline<S> => {
  refuseNoFunction("Pipeline.make: what is given", build, "declares calls and returns them by name")
  const declarations = new Declarations()
  const steps = build(calling(declarations))
  if (Predicate.isPromiseLike(steps)) throw new TypeError(`Pipeline.make: ${noPromise}`)
  const odd = Object.keys(Object(steps)).find((name) => !isReference(steps[name]))
  if (odd !== undefined || !Predicate.isObject(steps)) {
    throw new TypeError(`Pipeline.make: ${odd === undefined ? "what is returned" : `\`${odd}\``} ${returnSteps}`)
  }
  const named = new Map(Object.entries(steps).map(([name, ref]) => [ref["~source"], name] as const).toReversed())
  const calls = declarations.behind(Object.values(steps).map((ref) => rootOf(ref["~source"])))
  return { steps, graph: { ...calls, nodes: nodesOf(calls, idsApart(named)) } }
}

const noPromise = "what is returned is a promise: declare the calls without async and await; none of them runs yet."

const returnSteps = "is no step: return an object of what `call`, `Pipeline.map` or `Pipeline.each` gave."

const calling = (declarations: Declarations): Call => (tool, args) => {
  refuseNoTool("Pipeline: the first argument of `call`", tool)
  return new Reference(declarations.step(tool, args))
}

const isReference = (value: unknown): boolean => value instanceof Reference

/** What a step stands for; throws for what is none. */
const sourceOf = (where: string, step: Ref<unknown>): Source => {
  if (isReference(step)) return step["~source"]
  throw new TypeError(`${where} is no step: give what \`call\`, \`Pipeline.map\` or \`Pipeline.each\` gave.`)
}

/** A step that is returned has its name for an id; the others have ids apart from every name. */
const idsApart = (named: ReadonlyMap<Source, string>): (base: Base) => string => {
  const taken = new Set(named.values())
  return (base) => {
    const name = named.get(base)
    if (name !== undefined) return name
    let id = base.id
    while (taken.has(id)) id += "_"
    taken.add(id)
    return id
  }
}

/**
 * Changes a value by a pure function; if the function throws, the step that needs the value crashes.
 *
 * @example
 * ```ts
 * import { Pipeline, Tool } from "@volley/core"
 * import { Effect, Result, Schema } from "effect"
 *
 * const getPrice = Tool.make("get_price", {
 *   description: "The price of a thing, in euros. `name` comes from the user.",
 *   parameters: Schema.Struct({ name: Schema.String }),
 *   success: Schema.Finite,
 *   execute: () => Effect.succeed(40)
 * })
 *
 * const pipeline = Pipeline.make((call) => {
 *   const price = call(getPrice, { name: "lamp" })
 *   return { withTax: price.pipe(Pipeline.map((euros) => euros * 1.2)) }
 * })
 * const { steps } = await Effect.runPromise(Pipeline.run(pipeline))
 * console.log(Result.getOrUndefined(steps.withTax.result)) // => 48
 * ```
 */
export function map<A, B>(f: (value: A) => B): <R>(self: Ref<A, R>) => Ref<B, R>
export function map(f: (value: unknown) => unknown): (self: Ref<unknown>) => Ref<unknown> {
  refuseNoFunction("Pipeline.map: what is given", f, "makes a value of another")
  return (self) => {
    const from = sourceOf("Pipeline.map: what is to be mapped", self)
    return new Reference({ _tag: "Mapped", root: rootOf(from), from, f })
  }
}

/**
 * Declares calls for every item of a list. Gives the list of the results of the returned calls, in the order of the
 * items.
 *
 * - calls declared inside `call` run once for each item, calls declared outside run once
 *
 * @example
 * ```ts
 * import { Pipeline, Tool } from "@volley/core"
 * import { Effect, Result, Schema } from "effect"
 *
 * const square = Tool.make("square", {
 *   description: "Multiplies a number by itself. `n` comes from the user.",
 *   parameters: Schema.Struct({ n: Schema.Finite }),
 *   success: Schema.Finite,
 *   execute: ({ n }) => Effect.succeed(n * n)
 * })
 *
 * const pipeline = Pipeline.make((call) => {
 *   const list = call(square, { n: 2 }).pipe(Pipeline.map((four) => [four, four + 1]))
 *   return { squares: Pipeline.each(list, (n) => call(square, { n })) }
 * })
 * const { steps } = await Effect.runPromise(Pipeline.run(pipeline))
 * console.log(Result.getOrUndefined(steps.squares.result)) // => [ 16, 25 ]
 * ```
 */
export function each<A, R, T extends Tool.Any, R2>(
  list: Ref<ReadonlyArray<A>, R>,
  call: (item: Ref<A, never>) => Step<T, R2>
): Ref<ReadonlyArray<T["success"]["Type"]>, R | R2>
export function each(ref: Ref<unknown>, call: (item: Ref<never, never>) => Ref<unknown>): Ref<unknown> {
  const list = sourceOf("Pipeline.each: argument 1", ref)
  refuseNoFunction("Pipeline.each: argument 2", call, "declares a call for an item")
  return new Reference(rootOf(list).scope.each(list, call))
}

/** How a step ended: for a call its whole outcome, for a value made of calls its result. */
export type StepOutcome<S> = S extends Step<infer T, infer _R> ? Of<T>
  : S extends Ref<infer A, infer _R> ? { readonly result: Result.Result<A, CallError | ToolFailure<unknown>> }
  : never

/** A settled pipeline. */
export interface Settled<out S extends Steps> {
  /** How each step ended, by its name. */
  readonly steps: { readonly [K in keyof S]: StepOutcome<S[K]> }
  /** How each call ended, in the order in which they were declared. */
  readonly outcomes: ReadonlyArray<Outcome>
  /** The calls whose tools had not stopped when the pipeline was settled. */
  readonly strays: ReadonlyArray<Stray>
}

/**
 * Runs a pipeline: every call starts once the results that it needs are there, under the limits and laws of a batch.
 *
 * - errors: never fails; a call that needs a failed one is answered by `DependencyFailed`, and other calls go on
 * - `maxCalls` is unbounded by default, since no model writes a pipeline
 *
 * @example
 * ```ts
 * import { Pipeline, Tool } from "@volley/core"
 * import { Effect, Schema } from "effect"
 *
 * const getPrice = Tool.make("get_price", {
 *   description: "The price of a thing, in euros. `name` comes from the user.",
 *   parameters: Schema.Struct({ name: Schema.String }),
 *   success: Schema.Finite,
 *   execute: ({ name }) => Effect.succeed(name === "lamp" ? 40 : 90)
 * })
 *
 * const pipeline = Pipeline.make((call) => ({
 *   lamp: call(getPrice, { name: "lamp" }),
 *   desk: call(getPrice, { name: "desk" })
 * }))
 * const { steps } = await Effect.runPromise(Pipeline.run(pipeline, { concurrency: 2, deadline: "5 seconds" }))
 * console.log(steps.lamp.encoded, steps.desk.encoded) // => 40 90
 * ```
 */
export function run<S extends Steps>(
  pipeline: Pipeline<S>,
  options?: Options
): Effect.Effect<Settled<S>, never, S[keyof S]["~requirements"]>
export function run(
  pipeline: Pipeline<Steps>,
  options: Options = {}
): Effect.Effect<{ readonly steps: object; readonly outcomes: ReadonlyArray<Outcome> }, never, unknown> {
  refuseNoPipeline("Pipeline.run: argument 1", pipeline)
  const { graph, steps } = pipeline
  return Effect.flatMap(execute(graph.toolkit, graph.nodes, { maxCalls: "unbounded", ...options }), (settled) => {
    const crashes: Array<readonly [step: string, cause: Cause.Cause<never>]> = []
    const outcomes = Object.entries(steps).map(([name, { "~source": source }]) => {
      const outcome = outcomeOf(graph, source, settled.outcomes)
      if (source._tag === "Step") return [name, outcome]
      const crashed = (defect: unknown) => {
        const cause = Cause.die(defect)
        crashes.push([name, cause])
        return new CallError({ callId: name, tool: "Pipeline.map", reason: new Defect({ harmless: true, cause }) })
      }
      const made = (value: unknown) => Result.try({ try: () => valueOf(source, () => value), catch: crashed })
      return [name, { result: Result.flatMap(outcome.result, made) }]
    })
    return Effect.as(Effect.forEach(crashes, logCrash), { ...settled, steps: Object.fromEntries(outcomes) })
  })
}

const logCrash = ([step, cause]: readonly [step: string, cause: Cause.Cause<never>]): Effect.Effect<void> =>
  Effect.annotateLogs(Effect.logError("A step of a pipeline crashed", cause), { step })

/** The definition of a tool that is a pipeline. */
export interface ToolDefinition<
  P extends Schema.Constraint,
  S extends Schema.Constraint,
  R,
  ReadOnly extends boolean
> extends Omit<Tool.Definition<P, S, typeof Schema.Never, ReadOnly>, "failure" | "access" | "limits"> {
  /** Declares the calls for given parameters; the tool's answer is the value of the returned reference. */
  readonly build: (call: Call, parameters: P["Type"]) => Ref<S["Type"], R>
}

/**
 * Makes a tool of a pipeline. The calls of the pipeline belong to the same run as the tool's call, under the same
 * limits.
 *
 * - the tool itself takes no slot, and has no timeout unless you set one
 * - errors: `DependencyFailed`, which names the call that failed first; if `build` throws, the tool's call has a
 *   `Defect`
 *
 * @example
 * ```ts
 * import { Batch, Pipeline, Tool, ToolCall, Toolkit } from "@volley/core"
 * import { Effect, Schema } from "effect"
 *
 * const add = Tool.make("add", {
 *   description: "Adds two numbers.",
 *   parameters: Schema.Struct({ a: Schema.Finite, b: Schema.Finite }),
 *   success: Schema.Finite,
 *   execute: ({ a, b }) => Effect.succeed(a + b)
 * })
 * const total = Pipeline.tool("total", {
 *   description: "Adds three numbers, which come from the user.",
 *   parameters: Schema.Struct({ a: Schema.Finite, b: Schema.Finite, c: Schema.Finite }),
 *   success: Schema.Finite,
 *   build: (call, { a, b, c }) => call(add, { a: call(add, { a, b }), b: c })
 * })
 * const call = ToolCall.make({ id: "call_1", name: "total", arguments: { a: 1, b: 2, c: 3 } })
 * const { outcomes } = await Effect.runPromise(Batch.run(Toolkit.make(total), [call]))
 * console.log(outcomes[0]?.encoded) // => 6
 * ```
 */
export function tool<
  const Name extends string,
  P extends Schema.Constraint,
  S extends Schema.Constraint,
  R = never,
  const ReadOnly extends boolean = false
>(
  name: Name,
  definition: ToolDefinition<P, S, R, ReadOnly>
): Tool.Tool<Name, P, S, typeof Schema.Never, R | P["DecodingServices"] | S["EncodingServices"], ReadOnly>
export function tool(
  name: string,
  given: ToolDefinition<Schema.Constraint, Schema.Constraint, unknown, boolean>
): Tool.Any {
  refuseMistaken(name, given, pipelineForm)
  const { build, ...definition } = given
  const answer = answering(definition.success, definition.content)
  return composite(name, definition, (parameters, { id }) =>
    guarded(() => {
      const declarations = new Declarations()
      const source = sourceOf("Pipeline.tool: what `build` returned", build(calling(declarations), parameters))
      const calls = declarations.behind([rootOf(source)])
      return Effect.succeed({
        toolkit: calls.toolkit,
        nodes: nodesOf(calls, (base) => `${id}/${base.id}`),
        assemble: unlessFailed((outcomes) => {
          const { result } = outcomeOf(calls, source, outcomes)
          return Effect.catchTag(
            answer(valueOf(source, () => Result.getOrUndefined(result))),
            "ToolFailure",
            Effect.die
          )
        })
      })
    }))
}

/**
 * A graph of calls, declared in code: what one call gives back goes into the next, typed; a cycle cannot be written.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Pipeable from "effect/Pipeable"
import * as Result from "effect/Result"
import type * as Schema from "effect/Schema"
import { CallError, Defect, type ToolFailure } from "./CallError.ts"
import { compile, type Graph, Reference, type Source } from "./internal/graph/graph.ts"
import { execute, type Options, type Stray } from "./internal/runner/execute.ts"
import type { Of, Outcome } from "./Outcome.ts"
import type * as Tool from "./Tool.ts"

/** A value that some step will have given back; `R` is what the steps behind it need. */
export interface Ref<out A, out R = unknown> extends Pipeable.Pipeable {
  readonly "~value": A
  readonly "~requirements": R
  readonly "~source": Source
}

/** A call of a pipeline, and the value that it gives back. */
export interface Step<out T extends Tool.Any, out R = Tool.Requirements<T>> extends Ref<T["success"]["Type"], R> {
  readonly "~tool": T
}

type Leaf = string | number | boolean | bigint | symbol | null | undefined | Date | Uint8Array

/** A value in which any part may be a reference. */
export type Input<A> = Ref<A> | (A extends Leaf ? A : A extends object ? { readonly [K in keyof A]: Input<A[K]> } : A)

/** What the references inside a value need. */
export type Behind<I> = I extends Ref<infer _A, infer R> ? R
  : I extends Leaf ? never
  : I extends ReadonlyArray<infer E> ? Behind<E>
  : I extends object ? { [K in keyof I]-?: Behind<I[K]> }[keyof I]
  : never

/** Keys that the parameters do not have do not compile. */
type NoExcess<I, A> = I extends Ref<unknown> ? unknown
  : { readonly [K in Exclude<keyof I, A extends unknown ? keyof A : never>]: never }

/** Declares a call; its arguments are given as the handler gets them, with references where values are still to come. */
export type Call = <T extends Tool.Any, const I extends Input<T["parameters"]["Type"]>>(
  tool: T,
  args: I & NoExcess<I, T["parameters"]["Type"]>
) => Step<T, Tool.Requirements<T> | EncodingServices<T["parameters"]> | Behind<I>>

type EncodingServices<P extends Schema.Constraint> = P["EncodingServices"]

/** Steps by name. */
export type Steps = Readonly<Record<string, Ref<unknown>>>

/** A graph of calls: those that its steps are, or need. */
export interface Pipeline<out S extends Steps> {
  readonly steps: S
  readonly graph: Graph
}

/** Makes a pipeline of what `build` returns; a call that is neither returned nor needed by one that is does not run. */
export const make = <S extends Steps>(build: (call: Call) => S): Pipeline<S> => {
  let order = 0
  const steps = build((tool, args) => new Reference({ _tag: "Step", order: order++, tool, args }))
  return { steps, graph: compile(Object.entries(steps).map(([name, ref]) => [name, ref["~source"]])) }
}

/** Makes something else of a value, by a pure function; what it throws is a crash of the step that needs it. */
export function map<A, B>(f: (value: A) => B): <R>(self: Ref<A, R>) => Ref<B, R>
export function map(f: (value: unknown) => unknown): (self: Ref<unknown>) => Ref<unknown> {
  return (self) => new Reference({ _tag: "Mapped", from: self["~source"], f })
}

/** Declares one call for every item of a list, and the list of what they give back, in the order of the items. */
export function each<A, R, T extends Tool.Any, R2>(
  list: Ref<ReadonlyArray<A>, R>,
  call: (item: Ref<A, never>) => Step<T, R2>
): Ref<ReadonlyArray<T["success"]["Type"]>, R | R2>
export function each(list: Ref<unknown>, call: (item: Ref<never, never>) => Ref<unknown>): Ref<unknown> {
  const item: Source = { _tag: "Item" }
  const template = call(new Reference(item))["~source"]
  if (template._tag !== "Step") throw new Error("Pipeline.each: return the call itself, not what is made of it.")
  return new Reference({ _tag: "Each", list: list["~source"], item, template })
}

/** How a step ended: a call has its whole outcome, what is made of calls its result. */
export type StepOutcome<S> = S extends Step<infer T, infer _R> ? Of<T>
  : S extends Ref<infer A, infer _R> ? { readonly result: Result.Result<A, CallError | ToolFailure<unknown>> }
  : never

/**
 * A settled pipeline.
 *
 * - `steps`: by name
 * - `outcomes`: of every call that was declared, in the order of declaration
 */
export interface Settled<out S extends Steps> {
  readonly steps: { readonly [K in keyof S]: StepOutcome<S[K]> }
  readonly outcomes: ReadonlyArray<Outcome>
  readonly strays: ReadonlyArray<Stray>
}

/**
 * Runs a pipeline: every call starts once what it needs is there, under the limits and laws of a batch.
 *
 * - errors: never fails; a call whose dependency failed is answered by `DependencyFailed`, and independent ones go on
 * - `maxCalls` is unbounded where it is not given, since no model writes a pipeline
 */
export function run<S extends Steps>(
  pipeline: Pipeline<S>,
  options?: Options
): Effect.Effect<Settled<S>, never, S[keyof S]["~requirements"]>
export function run(
  { graph, steps }: Pipeline<Steps>,
  options: Options = {}
): Effect.Effect<{ readonly steps: object; readonly outcomes: ReadonlyArray<Outcome> }, never, unknown> {
  return Effect.flatMap(execute(graph.toolkit, graph.nodes, { maxCalls: "unbounded", ...options }), (settled) => {
    const crashes: Array<readonly [step: string, cause: Cause.Cause<never>]> = []
    const outcomes = Object.entries(steps).map(([name, { "~source": source }]) => {
      if (source._tag === "Step") return [name, settled.outcomes[graph.indexOf(source)]]
      const crashed = (defect: unknown) => {
        const cause = Cause.die(defect)
        crashes.push([name, cause])
        return new CallError({ callId: name, tool: "Pipeline.map", reason: new Defect({ harmless: true, cause }) })
      }
      return [name, { result: resultOf(graph, source, settled.outcomes, crashed) }]
    })
    return Effect.as(Effect.forEach(crashes, logCrash), { ...settled, steps: Object.fromEntries(outcomes) })
  })
}

type End = Result.Result<unknown, CallError | ToolFailure<unknown>>

const resultOf = (
  graph: Graph,
  source: Source,
  outcomes: ReadonlyArray<Outcome>,
  crashed: (defect: unknown) => CallError
): End =>
  source._tag === "Mapped"
    ? Result.flatMap(resultOf(graph, source.from, outcomes, crashed), (value) =>
      Result.try({ try: () => source.f(value), catch: crashed }))
    : outcomes[graph.indexOf(source)]!.result

const logCrash = ([step, cause]: readonly [step: string, cause: Cause.Cause<never>]): Effect.Effect<void> =>
  Effect.annotateLogs(Effect.logError("A step of a pipeline crashed", cause), { step })

import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { Approver, type Decision, type Question } from "../../Approver.ts"
import type * as Tool from "../../Tool.ts"
import { isSignal } from "../promise.ts"
import { isFunction, misshapen, type Shape } from "../shapes.ts"
import { misspelt } from "../tool/mistakes.ts"
import type { CallEvent } from "./events.ts"
import { known, type Options } from "./options.ts"

/** How a batch is bounded that is run as a promise. */
export interface PromiseOptions extends Omit<Options, "onCall"> {
  /** Decides on the calls that need approval; without it they stay undecided, and so does a call for which it throws. */
  readonly approve?: Approve | undefined
  /** Stops the batch: interrupts the calls in flight, waits for them to stop, and rejects with its reason. */
  readonly signal?: AbortSignal | undefined
  /** Gets what happens to the calls, in order; no call waits for it. */
  readonly onCall?: ((event: CallEvent) => void) | undefined
}

/** Decides whether a call may run. */
export type Approve = (question: Question) => Promise<Decision>

/** What no toolkit is whose tools need services, but for those that are `Given`; nor what is no toolkit. */
export type Needless<T extends Tool.Any, Given = never> = unknown extends Tool.Requirements<T> ?
  Not<typeof unknownTools>
  : [Exclude<Tool.Requirements<T>, Given>] extends [never] ? unknown
  : Not<typeof needs>

/** What nothing is; the compiler shows it with the words that say why. */
export interface Not<_Why extends string> {
  readonly [not]: never
}

declare const not: unique symbol

const unknownTools =
  "this is no toolkit, or something beside it is missing or misspelt; Toolkit.make(...tools) makes a toolkit"

const needs = "these tools need services: give them theirs first, by Toolkit.provide(toolkit, layer)"

/** What is wrong with options that are other than in an Effect; undefined if nothing is seen. */
export const mistakeInHooks = (given: object): string | undefined => misshapen(given, hooks)

const hooks: ReadonlyArray<Shape> = [
  ["approve", isFunction, "`approve` is no function: give one that decides on a question"],
  ["onCall", isFunction, "`onCall` is no function: give one that takes an event"],
  [
    "signal",
    isSignal,
    "`signal` is no AbortSignal: give the `signal` of an AbortController, or AbortSignal.timeout(30_000)"
  ]
]

/** What is wrong with a toolkit and the options of its batches, in the compiler's words; undefined if nothing is seen. */
export const mistakeIn = (toolkit: { readonly tools?: ReadonlyArray<Tool.Any> }, given: PromiseOptions) => {
  if (toolkit?.tools === undefined) return "this is no toolkit: give what Toolkit.make(...tools) makes"
  const isNeedy = toolkit.tools.some(({ handler, provided }) => handler.isAwaited && provided.length === 0)
  return isNeedy ? needs : misspelt(given, known satisfies ReadonlyArray<keyof PromiseOptions>) ?? mistakeInHooks(given)
}

/** The options as `Batch.run` takes them. */
export const effectOptions = ({ approve: _approve, onCall, signal: _signal, ...rest }: PromiseOptions): Options =>
  onCall === undefined ? rest : { ...rest, onCall: (event) => Effect.sync(() => onCall(event)) }

/** Gives tools what they need that need nothing, as the types of a promise have it; any other call ends as a `Defect`. */
export const needless = <A, E>(
  effect: Effect.Effect<A, E, unknown>,
  approve: Approve | undefined
): Effect.Effect<A, E> => Effect.provideContext(effect, contextOf(approve))

/** No services but the one that decides, for tools that need none. */
export const contextOf = (approve: Approve | undefined): Context.Context<unknown> =>
  approve === undefined
    ? nothing
    : Context.add(nothing, Approver, { decide: (question) => Effect.promise(async () => approve(question)) })

const nothing = Context.makeUnsafe<unknown>(new Map())

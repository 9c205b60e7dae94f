import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Pipeable from "effect/Pipeable"
import * as Predicate from "effect/Predicate"
import type * as Tool from "../../Tool.ts"
import type * as Toolkit from "../../Toolkit.ts"

/** Where calls are declared: in a pipeline, or inside it for every item of a list. */
export interface Scope {
  readonly around: Scope | undefined
  readonly each: (list: Source, callsFor: (item: Reference) => { readonly "~source": Source }) => EachSource
}

/**
 * What calls are declared as; it needs what was declared before it.
 *
 * - `id`: what a call is called where it is given no name
 */
interface Declared {
  readonly scope: Scope
  readonly id: string
  readonly order: number
  readonly needs: ReadonlyArray<Root>
}

/** A call, with references inside its arguments. */
export interface StepSource extends Declared {
  readonly _tag: "Step"
  readonly tool: Tool.Any
  readonly args: unknown
}

/** Calls for every item of a list, of which the last gives the item's value. */
export interface EachSource extends Declared {
  readonly _tag: "Each"
  readonly list: Source
  readonly item: Root
  readonly calls: Calls
}

export type Base = StepSource | EachSource

/** What gives a value. */
export type Root = Base | { readonly _tag: "Item"; readonly scope: Scope }

/** What a reference stands for: a value, or what is made of one. */
export type Source =
  | Root
  | { readonly _tag: "Mapped"; readonly root: Root; readonly from: Source; readonly f: (value: unknown) => unknown }

/**
 * Calls of one scope, in the order of declaration.
 *
 * - `position`: where each of them stands
 * - `outside`: what they need from around their scope
 */
export interface Calls {
  readonly toolkit: Toolkit.Any
  readonly bases: ReadonlyArray<Base>
  readonly position: ReadonlyMap<Root, number>
  readonly outside: ReadonlyArray<Root>
}

/** What stands in arguments for a value that is still to come; its types are those of `Pipeline.Ref` and `Step`. */
export class Reference extends Pipeable.Class {
  declare readonly "~value": never
  declare readonly "~requirements": never
  declare readonly "~tool": never
  readonly "~source": Source
  constructor(source: Source) {
    super()
    this["~source"] = source
  }
  [Symbol.toPrimitive](): never {
    throw new Error("A reference is not a value yet: use Pipeline.map to make a text or a number of it.")
  }
  override toString(): never {
    return this[Symbol.toPrimitive]()
  }
  toJSON(): never {
    return this[Symbol.toPrimitive]()
  }
}

export const rootOf = (source: Source): Root => source._tag === "Mapped" ? source.root : source

/** The value of a source, by the values of roots. */
export const valueOf = (source: Source, values: (root: Root) => unknown): unknown => {
  const made: Array<(value: unknown) => unknown> = []
  let from = source
  for (; from._tag === "Mapped"; from = from.from) made.push(from.f)
  return made.reduceRight((value, f) => ready(f(value)), values(from))
}

/** A value that is there; plain JavaScript may make work of it, which no call would wait for. */
const ready = (made: unknown): unknown => {
  if (!Predicate.isPromiseLike(made) && !isWork(made)) return made
  throw new TypeError("Pipeline.map: the function gives a promise or an Effect: make a tool of it, and call that.")
}

/** An Effect that is no value as well: exits and errors of Effect are both. */
const isWork = (made: unknown): boolean => Effect.isEffect(made) && !Exit.isExit(made) && !Predicate.isError(made)

/**
 * Random schemas, as shapes that every library can make a schema of.
 */
import { Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"

export const leaves = [
  "text",
  "long",
  "short",
  "between",
  "pattern",
  "flagged",
  "uuid",
  "odd text",
  "number",
  "int",
  "range",
  "multiple",
  "even",
  "boolean",
  "choice",
  "date",
  "default",
  "null",
  "tree"
] as const

export const wraps = ["list", "long list", "different", "odd list", "record", "odd record", "pair", "nullable"] as const

export type Leaf = typeof leaves[number]

export type Wrap = typeof wraps[number]

export type Shape = Leaf | Wrapped | Struct | Either

interface Wrapped {
  readonly wrap: Wrap
  readonly of: Shape
}

interface Struct {
  readonly a: Shape
  readonly b: Shape
  readonly odd: boolean
}

interface Either {
  readonly left: Shape
  readonly right: Shape
}

const Part = Schema.suspend((): Schema.Codec<Shape> => Shape)

const Shape: Schema.Codec<Shape> = Schema.Union([
  Schema.Literals(leaves),
  Schema.Struct({ wrap: Schema.Literals(wraps), of: Part }),
  Schema.Struct({ a: Part, b: Part, odd: Schema.Boolean }),
  Schema.Struct({ left: Part, right: Part })
])

export const shape: Arbitrary.Arbitrary<Shape> = Arbitrary.schema(Shape)

/** How a library makes schemas; `b` of a struct may be left out, and what is odd is checked by a function. */
export interface Library<S> {
  readonly leaves: Readonly<Record<Leaf, () => S>>
  readonly wraps: Readonly<Record<Wrap, (of: S) => S>>
  readonly struct: (a: S, b: S, odd: boolean) => S
  readonly either: (left: S, right: S) => S
}

export const build = <S>(library: Library<S>, shape: Shape): S => {
  if (typeof shape === "string") return library.leaves[shape]()
  if ("wrap" in shape) return library.wraps[shape.wrap](build(library, shape.of))
  if ("left" in shape) return library.either(build(library, shape.left), build(library, shape.right))
  return library.struct(build(library, shape.a), build(library, shape.b), shape.odd)
}

export const isEven = (n: number): boolean => n % 2 === 0

export const isOddText = (text: string): boolean => text.length % 2 === 1

export const hasOddLength = (list: ReadonlyArray<unknown>): boolean => list.length % 2 === 1

export const hasOddKeys = (record: object): boolean => Object.keys(record).length % 2 === 1

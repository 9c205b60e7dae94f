import * as Predicate from "effect/Predicate"
import { seen } from "./seen.ts"

/** What an option has to be where it is given, and what is said of anything else. */
export type Shape = readonly [name: string, is: (value: unknown) => boolean, mistake: string]

/** What is said of the first option that is not of its shape. */
export const misshapen = (given: object, shapes: ReadonlyArray<Shape>): string | undefined => {
  for (const [name, is, mistake] of shapes) {
    const value: unknown = Reflect.get(given, name)
    if (value !== undefined && !is(value)) return mistake
  }
  return undefined
}

export const isFunction: (value: unknown) => boolean = Predicate.isFunction

/** A text; `such` is one, as it is written. */
export const text = (name: string, such: string): Shape => [
  name,
  Predicate.isString,
  `\`${name}\` is no text: write ${such}`
]

export const callable = (name: string, such: string): Shape => [
  name,
  isFunction,
  `\`${name}\` is no function: write ${such}`
]

export const either = (name: string, one: string | boolean, other: string | boolean): Shape => [
  name,
  (value) => value === one || value === other,
  `\`${name}\` is neither ${seen(one)} nor ${seen(other)}`
]

export const flag = (name: string): Shape => either(name, true, false)

/** An option that belongs elsewhere, whatever it is. */
export const misplaced = (name: string, mistake: string): Shape => [name, () => false, mistake]

/** An option that only promises have. */
export const absent = (name: string): Shape => misplaced(name, `\`${name}\` is for promises: run it as one`)

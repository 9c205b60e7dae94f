/**
 * Reads JSON of unknown origin, and refuses it if code that walks it would crash or never end.
 */
import * as Result from "effect/Result"
import { messageOf } from "./Thrown.ts"

/**
 * The limits of JSON.
 *
 * - `depth`: levels of lists and objects inside each other
 * - `values`: how many there are, at all levels together
 * - `number`: in magnitude; a text such as 1e999 is parsed to `Infinity`, which is no JSON
 */
export interface Most {
  readonly depth: number
  readonly values: number
  readonly number: number
}

/** The limits of the arguments of one call. */
export const ofArguments: Most = { depth: 256, values: 1_000_000, number: Number.MAX_VALUE }

/** What a response may be, which has to be written out again; what is in its calls is their own affair. */
export const ofResponse: Most = { depth: 1024, values: Infinity, number: Infinity }

/** What a part of a stored message may be, with the little that is written around a response there. */
export const ofMessage: Most = { ...ofResponse, depth: 1040 }

/**
 * Parses JSON text, or says what is wrong with it.
 *
 * @example
 * ```ts
 * import { Json } from "@volley/core"
 * import { Result } from "effect"
 *
 * console.log(Result.getOrElse(Json.parse(`{"city":"Tokyo"}`), () => "no JSON")) // => { city: 'Tokyo' }
 * console.log(Result.isFailure(Json.parse("[".repeat(1000) + "]".repeat(1000)))) // => true
 * ```
 */
export const parse = (text: string, most: Most = ofArguments): Result.Result<unknown, string> => {
  try {
    return within(JSON.parse(text), most)
  } catch (error) {
    return Result.fail(messageOf(error))
  }
}

/**
 * Gives a value that was parsed elsewhere back, or says what is wrong with it.
 *
 * @example
 * ```ts
 * import { Json } from "@volley/core"
 * import { Result } from "effect"
 *
 * const read = Json.within([[["deep"]]], { ...Json.ofArguments, depth: 2 })
 * console.log(Result.isFailure(read) && read.failure) // => nested more than 2 levels deep
 * ```
 */
export const within = <A>(json: A, most: Most = ofArguments): Result.Result<A, string> => {
  const problem = problemOf(json, most)
  return problem === undefined ? Result.succeed(json) : Result.fail(problem)
}

/**
 * Says what is wrong with a value; undefined if nothing is.
 *
 * @example
 * ```ts
 * import { Json } from "@volley/core"
 *
 * console.log(Json.problemOf({ n: Infinity })) // => written with a number that is too large
 * console.log(Json.problemOf({ n: 1 })) // => undefined
 * ```
 */
export const problemOf = (json: unknown, most: Most = ofArguments): string | undefined =>
  problemIn(json, most, 0, { values: 0 })

const problemIn = (json: unknown, most: Most, depth: number, seen: { values: number }): string | undefined => {
  if (typeof json === "number") return tooLarge(json, most)
  if (!hasParts(json)) return undefined
  if (depth === most.depth) return `nested more than ${most.depth} levels deep`
  // Every response and every call's arguments come through here: a loop over the keys of a list costs ten times this one.
  if (Array.isArray(json)) {
    if ((seen.values += json.length) > most.values) return tooMany(most)
    for (const part of json) {
      const problem = problemIn(part, most, depth + 1, seen)
      if (problem !== undefined) return problem
    }
    return undefined
  }
  for (const key in json) {
    const problem = ++seen.values > most.values ? tooMany(most) : problemIn(json[key], most, depth + 1, seen)
    if (problem !== undefined) return problem
  }
  return undefined
}

const tooMany = ({ values }: Most): string => `made of more than ${values} values`

/** A list has its parts under numbers. */
const hasParts = (json: unknown): json is Readonly<Record<string, unknown>> => typeof json === "object" && json !== null

const tooLarge = (number: number, most: Most): string | undefined =>
  Math.abs(number) > most.number ? "written with a number that is too large" : undefined

/**
 * True for an object, which no list is.
 *
 * @example
 * ```ts
 * import { Json } from "@volley/core"
 *
 * console.log(Json.isObject({}), Json.isObject([]), Json.isObject(null)) // => true false false
 * ```
 */
export const isObject = (json: unknown): json is Readonly<Record<string, unknown>> =>
  hasParts(json) && !Array.isArray(json)

/**
 * Makes an object of arguments, since providers take back only objects; anything else goes under `unreadable`.
 *
 * - takes text of JSON or a value; none at all, and `null`, are no arguments
 *
 * @example
 * ```ts
 * import { Json } from "@volley/core"
 *
 * console.log(Json.objectOf(`{"city":"Tokyo"}`), Json.objectOf("Tokyo"))
 * // => { city: 'Tokyo' } { unreadable: 'Tokyo' }
 * ```
 */
export const objectOf = (args: unknown): Readonly<Record<string, unknown>> => {
  const value = typeof args === "string"
    ? args.trim() === "" ? {} : Result.getOrElse(parse(args), () => args)
    : args ?? {}
  return isObject(value) ? value : { unreadable: args }
}

/**
 * The same as text, which stays as it came where it is of an object; `object` is what `objectOf` gave, where that is known.
 *
 * @example
 * ```ts
 * import { Json } from "@volley/core"
 *
 * console.log(Json.objectText({ city: "Tokyo" }), Json.objectText("")) // => {"city":"Tokyo"} {}
 * ```
 */
export const objectText = (args: unknown, object = objectOf(args)): string =>
  typeof args === "string" && args.trim() !== "" && !("unreadable" in object) ? args : JSON.stringify(object)

/**
 * True for a text, and where none is given.
 *
 * @example
 * ```ts
 * import { Json } from "@volley/core"
 *
 * console.log(Json.isTextOrNone("a"), Json.isTextOrNone(null), Json.isTextOrNone(1)) // => true true false
 * ```
 */
export const isTextOrNone = (json: unknown): json is string | null | undefined =>
  typeof json === "string" || json === undefined || json === null

/**
 * A value as JSON text, for messages; `otherwise` where it cannot be written.
 *
 * @example
 * ```ts
 * import { Json } from "@volley/core"
 *
 * console.log(Json.textOr({ n: 1 }, "no JSON"), Json.textOr(undefined, "no JSON")) // => {"n":1} no JSON
 * ```
 */
export const textOr = (json: unknown, otherwise: string): string =>
  problemOf(json) === undefined ? JSON.stringify(json) ?? otherwise : otherwise

/**
 * JSON text in which the keys of every object are sorted, so that equal values give equal text.
 *
 * @example
 * ```ts
 * import { Json } from "@volley/core"
 *
 * console.log(Json.canonical({ b: 1, a: 2 }) === Json.canonical({ a: 2, b: 1 })) // => true
 * ```
 */
export const canonical = (json: unknown): string =>
  JSON.stringify(json, (_key, value: unknown) =>
    isObject(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value)

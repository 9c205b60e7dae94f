import * as Json from "@volley/core/Json"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

const isJson = Schema.is(Schema.Json)

/** Parses JSON text; `undefined` when it is none, or nested deeper than any request is. */
export const parse = (text: string): Schema.Json | undefined => {
  const json = Result.getOrUndefined(Json.parse(text, Json.ofResponse))
  return isJson(json) ? json : undefined
}

/** True for a JSON object, which is neither an array nor null. */
export const isObject = (value: unknown): value is Schema.JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Reads a key of what may be no object at all. */
export const get = (value: unknown, key: string): Schema.Json | undefined => isObject(value) ? value[key] : undefined

/** The first value that `f` gives for an item. */
export const firstDefined = <A, B>(
  items: ReadonlyArray<A>,
  f: (item: A, index: number) => B | undefined
): B | undefined => {
  for (const [index, item] of items.entries()) {
    const found = f(item, index)
    if (found !== undefined) return found
  }
  return undefined
}

/** The first value that stands in a list for the second time. */
export const firstDuplicate = <A>(items: ReadonlyArray<A>, key: (item: A) => string): A | undefined => {
  const seen = new Set<string>()
  return items.find((item) => seen.size === seen.add(key(item)).size)
}

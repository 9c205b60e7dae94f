import * as Json from "@volley/core/Json"
import * as JsonPointer from "effect/JsonPointer"
import type * as JsonSchema from "effect/JsonSchema"

/** How large a JSON Schema is with what its references stand for, and whether it contains itself. */
export interface Unfolded {
  readonly size: number
  readonly isRecursive: boolean
}

/** Unfolds a JSON Schema; a reference back to what it stands in is not followed. Takes time in proportion to what is written. */
export const unfold = (root: JsonSchema.JsonSchema): Unfolded => {
  const sizes = new Map<string, number | "open">()
  let isRecursive = false
  const sizeOf = (json: unknown): number => {
    if (typeof json !== "object" || json === null) return 1
    const parts = Object.values(json).reduce<number>((sum, part) => sum + sizeOf(part), 1)
    const ref = "$ref" in json ? json.$ref : undefined
    return typeof ref === "string" ? parts + sizeAt(ref) : parts
  }
  const sizeAt = (ref: string): number => {
    const known = sizes.get(ref)
    if (known === "open") isRecursive = true
    if (known !== undefined) return known === "open" ? 0 : known
    sizes.set(ref, "open")
    const size = sizeOf(find(root, ref))
    sizes.set(ref, size)
    return size
  }
  return { size: sizeOf(root), isRecursive }
}

/** Has each reference of a JSON Schema say that it is one, by this keyword. */
export const marked = (schema: JsonSchema.JsonSchema, keyword: string): JsonSchema.JsonSchema =>
  Object.fromEntries(Object.entries(mark(schema, keyword)))

const mark = (json: object, keyword: string): object => {
  const parts = Object.entries(json).map(([key, part]) =>
    [key, typeof part === "object" && part !== null && !values.has(key) ? markIn(part, keyword) : part] as const
  )
  return Object.fromEntries(references.some((one) => one in json) ? [...parts, [keyword, true]] : parts)
}

const markIn = (part: object, keyword: string): object =>
  Array.isArray(part)
    ? part.map((one: unknown) => typeof one === "object" && one !== null ? markIn(one, keyword) : one)
    : mark(part, keyword)

const references = ["$ref", "$dynamicRef", "$recursiveRef"]

/** Under these stand values, and no schemas. */
const values = new Set(["const", "enum", "default", "examples"])

const find = (root: unknown, ref: string): unknown =>
  ref.startsWith("#") ? ref.slice(1).split("/").slice(1).map(JsonPointer.unescapeToken).reduce(partOf, root) : undefined

const partOf = (json: unknown, key: string): unknown =>
  Json.isObject(json) || Array.isArray(json) ? Object.entries(json).find(([name]) => name === key)?.[1] : undefined

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

/** An object of a JSON Schema. */
export type Node = Readonly<Record<string, unknown>>

/**
 * A JSON Schema with each schema in it changed, those inside first.
 *
 * @example
 * ```ts
 * import { Checks } from "@volley/json-schema"
 *
 * const schema = { type: "object", properties: { city: { type: "string", title: "City" } }, title: "Place" }
 * console.log(JSON.stringify(Checks.rewritten(schema, ({ title: _, ...rest }) => rest)))
 * // => {"type":"object","properties":{"city":{"type":"string"}}}
 * ```
 */
export const rewritten = (schema: JsonSchema.JsonSchema, change: (node: Node) => Node): JsonSchema.JsonSchema => {
  const inside = (json: unknown): unknown =>
    Array.isArray(json) ? json.map(inside) : Json.isObject(json) ? whole(json) : json
  const named = (json: unknown): unknown =>
    Json.isObject(json) ? Object.fromEntries(Object.entries(json).map(([name, part]) => [name, inside(part)])) : json
  const under = (key: string, part: unknown): unknown =>
    values.has(key) ? part : maps.has(key) ? named(part) : inside(part)
  const whole = (node: Node): Node =>
    change(Object.fromEntries(Object.entries(node).map(([key, part]) => [key, under(key, part)])))
  return { ...whole(schema) }
}

/**
 * A JSON Schema without keywords that are `null`, which many programs write for what is not there, and providers refuse.
 *
 * @example
 * ```ts
 * import { Checks } from "@volley/json-schema"
 *
 * const schema = { type: "object", properties: { city: { type: "string", pattern: null, default: null } }, required: null }
 * console.log(JSON.stringify(Checks.withoutNulls(schema)))
 * // => {"type":"object","properties":{"city":{"type":"string","default":null}}}
 * ```
 */
export const withoutNulls = (schema: JsonSchema.JsonSchema): JsonSchema.JsonSchema =>
  rewritten(
    schema,
    (node) => Object.fromEntries(Object.entries(node).filter(([key, part]) => part !== null || canBeNull.has(key)))
  )

const canBeNull = new Set(["const", "default"])

/** A JSON Schema that says `nullable` as OpenAPI 3.0 does, in words that validators know; an enumeration says that by itself. */
export const withNullable = (schema: JsonSchema.JsonSchema): JsonSchema.JsonSchema =>
  rewritten(schema, (node) => {
    const { nullable, ...rest } = node
    if (typeof nullable !== "boolean") return node
    const { enum: values, type } = rest
    if (!nullable || (Array.isArray(values) && !values.includes(null))) return rest
    return type === undefined
      ? { anyOf: [rest, { type: "null" }] }
      : { ...rest, type: Array.from(new Set([type, "null"].flat())) }
  })

/**
 * The draft that a JSON Schema is of: the one that it names, else the latest one, unless it lists its items as older ones do.
 *
 * @example
 * ```ts
 * import { Checks } from "@volley/json-schema"
 *
 * const pair = { type: "array", items: [{ type: "string" }, { type: "number" }] } // as TypeBox writes a tuple
 * console.log(Checks.draftOf(pair)) // => http://json-schema.org/draft-07/schema#
 * console.log(Checks.draftOf({ type: "array" })) // => https://json-schema.org/draft/2020-12/schema
 * ```
 */
export const draftOf = (schema: JsonSchema.JsonSchema): unknown => {
  if (schema["$schema"] !== undefined) return schema["$schema"]
  let isOld = false
  rewritten(schema, (node) => {
    isOld ||= Array.isArray(node["items"])
    return node
  })
  return isOld ? "http://json-schema.org/draft-07/schema#" : "https://json-schema.org/draft/2020-12/schema"
}

/** Under these stand values, and no schemas. */
const values = new Set(["const", "enum", "default", "examples"])

/** Under these stand schemas by name, whatever that is. */
export const maps: ReadonlySet<string> = new Set([
  "$defs",
  "definitions",
  "dependentSchemas",
  "patternProperties",
  "properties"
])

const find = (root: unknown, ref: string): unknown =>
  ref.startsWith("#") ? ref.slice(1).split("/").slice(1).map(JsonPointer.unescapeToken).reduce(partOf, root) : undefined

const partOf = (json: unknown, key: string): unknown =>
  Json.isObject(json) || Array.isArray(json) ? Object.entries(json).find(([name]) => name === key)?.[1] : undefined

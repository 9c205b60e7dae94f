import type * as JsonSchema from "effect/JsonSchema"
import { isNode, listOf, type Node } from "./node.ts"
import { orNull } from "./nulls.ts"
import type { Rules } from "./rules.ts"

/**
 * Writes a JSON Schema of a user by the rules of a strict mode: objects are closed, and where all properties have
 * to be required, those that may be left out take `null` for that.
 *
 * - what the mode has no keyword for is told in words, so arguments still have to be checked by the schema that was given
 * - errors: throws where the mode could not express what the schema takes, such as an object with keys of any name
 *
 * @example
 * ```ts
 * import { StrictSchema } from "@volley/core"
 *
 * const keywords = new Set(["type", "properties", "required", "additionalProperties", "anyOf"])
 * const rules = { keywords, required: true, typed: true, recursive: true }
 * const schema = { type: "object", properties: { city: { type: "string" } } }
 * console.log(JSON.stringify(StrictSchema.closed(schema, rules)))
 * // => {"type":"object","properties":{"city":{"type":["string","null"]}},"required":["city"],"additionalProperties":false}
 * ```
 */
export const closed = (schema: JsonSchema.JsonSchema, rules: Rules): JsonSchema.JsonSchema => {
  const { $defs, definitions, ...root } = schema
  const named = Object.entries({ ...nodeOr(definitions), ...nodeOr($defs) })
  const close = (schema: unknown, path: ReadonlyArray<string>): Node => closedNode(schema, path, rules)
  const written = close(typesOf(root).length === 0 ? { ...root, type: "object" } : root, [])
  if (named.length === 0) return written
  return { ...written, $defs: Object.fromEntries(named.map(([name, one]) => [name, close(one, [name])])) }
}

const nodeOr = (value: unknown): Node => isNode(value) ? value : {}

/** A schema as one keyword after the other; throws where one cannot be written. */
const closedNode = (schema: unknown, path: ReadonlyArray<string>, rules: Rules): Node => {
  if (!isNode(schema)) throw refusal(path, "takes any value")
  const { allOf, oneOf, ...rest } = schema
  const [only, ...others] = listOf(allOf)
  const isTwice = Object.keys(nodeOr(only)).some((key) =>
    key in rest && !["title", "description", "default"].includes(key)
  )
  if (others.length > 0 || isTwice) throw refusal(path, "has `allOf`")
  if (oneOf !== undefined && "anyOf" in rest) throw refusal(path, "has `oneOf` beside `anyOf`")
  if (only !== undefined) {
    return closedNode({ ...nodeOr(only), ...(oneOf === undefined ? rest : { ...rest, oneOf }) }, path, rules)
  }
  const whole = typed(oneOf === undefined ? rest : { ...rest, anyOf: oneOf })
  if (rules.typed && !["type", "$ref", "anyOf", "enum"].some((key) => key in whole)) throw refusal(path, "has no type")
  const parts = { ...objectIn(whole, path, rules), ...partsIn(whole, path, rules) }
  return known({ ...whole, ...parts }, rules)
}

const refusal = (path: ReadonlyArray<string>, what: string): Error => new Error(`"${path.join(".")}" ${what}`)

const typesOf = ({ type }: Node): ReadonlyArray<unknown> =>
  type === undefined ? [] : Array.isArray(type) ? type : [type]

/** Many schemas leave out what the rest of them says. */
const typed = (schema: Node): Node => {
  if (schema["type"] !== undefined || "$ref" in schema || "anyOf" in schema) return schema
  if (isNode(schema["properties"])) return { ...schema, type: "object" }
  if (isNode(schema["items"])) return { ...schema, type: "array" }
  const values = "const" in schema ? [schema["const"]] : listOf(schema["enum"])
  const types = Array.from(new Set(values.map((value) => value === null ? "null" : typeof value)))
  return types.length === 0 || types.includes("object")
    ? schema
    : { ...schema, type: types.length === 1 ? types[0] : types }
}

const objectIn = (schema: Node, path: ReadonlyArray<string>, rules: Rules): Node => {
  if (!typesOf(schema).includes("object")) return {}
  const { additionalProperties = false, patternProperties, properties } = schema
  const isOpen = additionalProperties !== false || patternProperties !== undefined
  if (isOpen || (!isNode(properties) && schema["additionalProperties"] !== false)) {
    throw refusal(path, "may have other keys")
  }
  const required = listOf(schema["required"])
  const entries = Object.entries(isNode(properties) ? properties : {}).map(([key, property]) => {
    const written = closedNode(property, [...path, key], rules)
    return [key, required.includes(key) || !rules.required ? written : orNull(written)] as const
  })
  return {
    properties: Object.fromEntries(entries),
    required: rules.required ? entries.map(([key]) => key) : required,
    additionalProperties: false
  }
}

const partsIn = (schema: Node, path: ReadonlyArray<string>, rules: Rules): Node => {
  const { $ref, anyOf, items } = schema
  if (typeof $ref === "string" && !/^#(?:$|\/(?:\$defs|definitions)\/)/.test($ref)) {
    throw refusal(path, `refers to ${$ref}`)
  }
  if (schema["prefixItems"] !== undefined || Array.isArray(items)) throw refusal(path, "is a tuple")
  if (rules.typed && typesOf(schema).includes("array") && !isNode(items)) throw refusal(path, "may have any items")
  return {
    ...(typeof $ref === "string" && { $ref: $ref.replace("#/definitions/", "#/$defs/") }),
    ...(Array.isArray(anyOf) && { anyOf: anyOf.map((form, at) => closedNode(form, [...path, `${at}`], rules)) }),
    ...(isNode(items) && { items: closedNode(items, [...path, "items"], rules) })
  }
}

/** Keywords that say nothing of a value. */
const silent = /^(?:(?:\$schema|\$id|\$comment|\$anchor|title|deprecated|readOnly|writeOnly)$|x-)/

const known = (schema: Node, { formats, keywords }: Rules): Node => {
  const isKnown = ([key, value]: readonly [string, unknown]): boolean =>
    keywords.has(key) &&
    (key !== "format" || formats === undefined || (typeof value === "string" && formats.has(value)))
  const entries = Object.entries(schema)
  const words = entries.filter((entry) => !isKnown(entry) && !silent.test(entry[0]) && entry[1] !== null)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
  const said = typeof schema["description"] === "string" ? [schema["description"]] : []
  const description = [...said, ...words].join("; ")
  const { $ref, ...kept } = Object.fromEntries(entries.filter(isKnown))
  const told = description === "" ? kept : { ...kept, description }
  if ($ref === undefined) return told
  // OpenAI takes nothing beside a reference.
  return Object.keys(told).length === 0 ? { $ref } : { ...told, anyOf: [{ $ref }] }
}

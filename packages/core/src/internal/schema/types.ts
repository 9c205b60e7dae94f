import { isNode, type Node } from "./node.ts"

/** Says where a schema names a type that JSON Schema does not have, so that it cannot be checked. */
export const oddType = (schema: unknown): string | undefined => {
  const odd = oddIn(schema)
  if (odd === undefined) return undefined
  const where = odd.path.length === 0 ? "its root" : `"${odd.path.join(".")}"`
  const all = Array.from(known).join(", ")
  return `${where} has the type ${JSON.stringify(odd.type)}, and JSON Schema has none but ${all}`
}

const known: ReadonlySet<unknown> = new Set(["string", "number", "integer", "boolean", "object", "array", "null"])

/** A type that there is not, and where. */
interface Odd {
  readonly path: ReadonlyArray<string>
  readonly type: unknown
}

/** Every schema of every tool comes through here: nothing is made for those that are as they should be. */
const oddIn = (schema: unknown): Odd | undefined => {
  if (!isNode(schema)) return undefined
  const { type } = schema
  if (type !== undefined && !known.has(type)) {
    const types = Array.isArray(type) ? type : [type]
    const odd = types.find((one) => !known.has(one))
    if (odd !== undefined || types.length === 0) return { path: [], type: odd ?? type }
  }
  for (const key of Object.keys(schema)) {
    const found = oddUnder(key, schema[key])
    if (found !== undefined) return { ...found, path: [key, ...found.path] }
  }
  return undefined
}

/** The schemas inside of a schema, wherever any draft has them. */
const oddUnder = (key: string, part: unknown): Odd | undefined => {
  if (named.has(key) && isNode(part)) return oddAmong(part)
  if (lists.has(key) && Array.isArray(part)) return oddAmong({ ...part })
  return ones.has(key) ? oddIn(part) : undefined
}

const oddAmong = (parts: Node): Odd | undefined => {
  for (const name of Object.keys(parts)) {
    const found = oddIn(parts[name])
    if (found !== undefined) return { ...found, path: [name, ...found.path] }
  }
  return undefined
}

/** A schema with the schemas inside of it changed; the very same where none is. */
export const changedParts = (schema: Node, change: (part: unknown) => unknown): Node => {
  let changed = schema
  for (const key of Object.keys(schema)) {
    const part = changedUnder(key, schema[key], change)
    if (part !== schema[key]) changed = { ...changed, [key]: part }
  }
  return changed
}

const changedUnder = (key: string, part: unknown, change: (part: unknown) => unknown): unknown => {
  if (lists.has(key) && Array.isArray(part)) {
    const parts = part.map(change)
    return parts.every((one, at) => one === part[at]) ? part : parts
  }
  if (!named.has(key) || !isNode(part)) return ones.has(key) ? change(part) : part
  const parts = Object.keys(part).map((name) => [name, change(part[name])] as const)
  return parts.every(([name, one]) => one === part[name]) ? part : Object.fromEntries(parts)
}

const ones = new Set([
  "items",
  "contains",
  "additionalItems",
  "unevaluatedItems",
  "additionalProperties",
  "unevaluatedProperties",
  "propertyNames",
  "not",
  "if",
  "then",
  "else",
  "contentSchema"
])
const lists = new Set(["items", "prefixItems", "anyOf", "oneOf", "allOf"])
const named = new Set(["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"])

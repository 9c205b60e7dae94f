import { isNode, listOf, type Node } from "./node.ts"

/** Says where a schema names a type that JSON Schema does not have, which nobody could check. */
export const oddType = (schema: unknown): string | undefined => oddTypeIn(schema, [])

const known: ReadonlySet<unknown> = new Set(["string", "number", "integer", "boolean", "object", "array", "null"])

const oddTypeIn = (schema: unknown, path: ReadonlyArray<string>): string | undefined => {
  if (!isNode(schema)) return undefined
  const { type } = schema
  const types = Array.isArray(type) ? type : [type]
  const odd = types.find((one) => !known.has(one))
  if (type !== undefined && (odd !== undefined || types.length === 0)) {
    const where = path.length === 0 ? "its root" : `"${path.join(".")}"`
    return `${where} has the type ${JSON.stringify(odd ?? type)}, and JSON Schema has none but ${
      Array.from(known).join(", ")
    }`
  }
  for (const [key, part] of partsIn(schema)) {
    const found = oddTypeIn(part, [...path, ...key])
    if (found !== undefined) return found
  }
  return undefined
}

const ones = [
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
]
const lists = ["items", "prefixItems", "anyOf", "oneOf", "allOf"]
const named = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"]

type Part = readonly [key: ReadonlyArray<string>, part: unknown]

/** The schemas inside of a schema, wherever any draft has them. */
const partsIn = (schema: Node): ReadonlyArray<Part> => [
  ...ones.map((key): Part => [[key], schema[key]]),
  ...lists.flatMap((key) => listOf(schema[key]).map((part, at): Part => [[key, `${at}`], part])),
  ...named.flatMap((key) => Object.entries(schema[key] ?? {}).map(([name, part]): Part => [[key, name], part]))
]

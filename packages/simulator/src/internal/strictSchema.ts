import type * as Schema from "effect/Schema"
import { isObject } from "./json.ts"

/**
 * A node of a JSON Schema.
 *
 * - `context`: the keys that lead to it from the root
 */
export interface Node {
  readonly context: ReadonlyArray<string>
  readonly schema: Schema.JsonObject
}

/** Every node of a schema, the root first. */
export const nodes = (schema: Schema.JsonObject, context: ReadonlyArray<string> = []): ReadonlyArray<Node> => [
  { context, schema },
  ...children(schema).flatMap((child) => nodes(child.schema, [...context, ...child.context]))
]

const children = (schema: Schema.JsonObject): ReadonlyArray<Node> => [
  ...members("properties", schema["properties"]),
  ...members("$defs", schema["$defs"]),
  ...members("definitions", schema["definitions"]),
  ...members("anyOf", schema["anyOf"]),
  ...(isObject(schema["items"]) ? [{ context: ["items"], schema: schema["items"] }] : [])
]

const members = (key: string, value: Schema.Json | undefined): ReadonlyArray<Node> =>
  typeof value !== "object" || value === null
    ? []
    : Object.entries(value).flatMap(([name, schema]) => isObject(schema) ? [{ context: [key, name], schema }] : [])

/** True for a node that takes objects. */
export const takesObjects = ({ schema }: Node): boolean => {
  const type = schema["type"]
  return type === "object" || (Array.isArray(type) && type.includes("object")) || isObject(schema["properties"])
}

/** True for an object node that does not say `additionalProperties: false`. */
export const isOpen = (node: Node): boolean => takesObjects(node) && node.schema["additionalProperties"] !== false

/** The first property of a node that its `required` leaves out. */
export const optionalKey = ({ schema }: Node): string | undefined => {
  const required = schema["required"]
  const listed = Array.isArray(required) ? required : []
  return Object.keys(isObject(schema["properties"]) ? schema["properties"] : {}).find((key) => !listed.includes(key))
}

/** True for a node that says neither what it takes nor where that is said. */
export const isUntyped = ({ schema }: Node): boolean => ["type", "$ref", "anyOf"].every((key) => !(key in schema))

const unsupported = ["allOf", "not", "dependentRequired", "dependentSchemas", "if", "then", "else"]

/** The first keyword of a node that strict schemas may not have there; `anyOf` is only forbidden at the root. */
export const unsupportedKeyword = ({ context, schema }: Node): string | undefined =>
  (context.length === 0 ? [...unsupported, "anyOf"] : unsupported).find((key) => key in schema)

/**
 * What strict modes of providers do not take of a JSON Schema, and JSON Schemas written as they take them.
 */
import type * as JsonSchema from "effect/JsonSchema"
import { listOf } from "./internal/schema/node.ts"
import type { Rules } from "./internal/schema/rules.ts"

export { closed } from "./internal/schema/closed.ts"
export type { Rules } from "./internal/schema/rules.ts"

/**
 * Says what a strict mode does not take of a schema as it is.
 *
 * @example
 * ```ts
 * import { StrictSchema } from "@volley/core"
 *
 * const rules = { keywords: new Set(["type", "properties"]), required: true, typed: true, recursive: true }
 * console.log(StrictSchema.refusal({ type: "object", patternProperties: {} }, rules))
 * // => "" has `patternProperties`
 * ```
 */
export const refusal = (schema: JsonSchema.JsonSchema, rules: Rules): string | undefined => {
  for (const node of nodes(schema)) {
    const problem = problemOf(node.schema, rules)
    if (problem !== undefined) return `"${node.path.join(".")}" ${problem}`
  }
  return rules.recursive || !isRecursive(schema) ? undefined : "it contains itself"
}

/**
 * How many properties, all objects of a schema together, may be left out.
 *
 * @example
 * ```ts
 * import { StrictSchema } from "@volley/core"
 *
 * const schema = { type: "object", properties: { a: {}, b: {} }, required: ["a"] }
 * console.log(StrictSchema.optionalIn(schema)) // => 1
 * ```
 */
export const optionalIn = (schema: JsonSchema.JsonSchema): number =>
  nodes(schema).reduce((sum, { schema: { properties, required } }) => {
    return sum + entries(properties).filter(([key]) => !listOf(required).includes(key)).length
  }, 0)

const problemOf = (schema: JsonSchema.JsonSchema, { keywords, required, typed }: Rules): string | undefined => {
  if (typed && !["type", "$ref", "anyOf", "enum"].some((key) => key in schema)) return "has no type"
  const unknown = Object.keys(schema).find((key) => !keywords.has(key))
  if (unknown !== undefined) return `has \`${unknown}\``
  const isObject = schema["type"] === "object" || "properties" in schema
  if (isObject && schema["additionalProperties"] !== false) return "may have other keys"
  const listed = listOf(schema["required"])
  const optional = required ? entries(schema["properties"]).find(([key]) => !listed.includes(key)) : undefined
  return optional && `may lack \`${optional[0]}\``
}

interface Node {
  readonly path: ReadonlyArray<string>
  readonly schema: JsonSchema.JsonSchema
}

const nodes = (schema: JsonSchema.JsonSchema, path: ReadonlyArray<string> = []): ReadonlyArray<Node> => [
  { path, schema },
  ...[schema["properties"], schema["$defs"], schema["anyOf"], { items: schema["items"] }]
    .flatMap(entries)
    .flatMap(([key, inner]) => nodes(inner, [...path, key]))
]

const entries = (value: unknown): ReadonlyArray<readonly [string, JsonSchema.JsonSchema]> =>
  Object.entries(value ?? {}).filter((entry): entry is [string, JsonSchema.JsonSchema] =>
    typeof entry[1] === "object" && entry[1] !== null
  )

const isRecursive = ({ $defs, ...root }: JsonSchema.JsonSchema): boolean => {
  const definitions = new Map(entries($defs))
  const reaches = (schema: JsonSchema.JsonSchema, above: ReadonlyArray<unknown>): boolean =>
    nodes(schema).some(({ schema: { $ref: ref } }) => {
      if (typeof ref !== "string") return false
      const definition = definitions.get(ref.replace("#/$defs/", ""))
      return definition === undefined || above.includes(ref) || reaches(definition, [...above, ref])
    })
  return reaches(root, [])
}

import { isNode, listOf, type Node } from "./node.ts"

/**
 * Schemas that each take a part of what a schema takes, so that values drawn from all of them reach every part of it: each
 * form of a union alone, lists that are not empty, objects with all of their properties and no others.
 */
export const narrowed = (schema: Node): ReadonlyArray<Node> => {
  const forms = listOf(schema["anyOf"])
  if (forms.length > 0) return each(forms).map((form) => ({ ...schema, anyOf: [form] }))
  const { items, properties } = schema
  if (isNode(properties)) return objects(schema, properties)
  if (schema["type"] === "array" && isNode(items)) {
    const filled = { ...schema, minItems: typeof schema["minItems"] === "number" ? Math.max(1, schema["minItems"]) : 1 }
    return narrowed(items).map((item) => ({ ...filled, items: item }))
  }
  const { additionalProperties } = schema
  return isNode(additionalProperties)
    ? narrowed(additionalProperties).map((value) => ({ ...schema, additionalProperties: value }))
    : [schema]
}

const each = (schemas: ReadonlyArray<unknown>): ReadonlyArray<unknown> =>
  schemas.flatMap((one): ReadonlyArray<unknown> => isNode(one) ? narrowed(one) : [one])

/** One property is narrowed at a time. */
const objects = (schema: Node, properties: Node): ReadonlyArray<Node> => {
  const whole = { ...schema, required: Object.keys(properties), additionalProperties: false }
  const narrow = Object.entries(properties).flatMap(([key, property]) =>
    (isNode(property) ? narrowed(property) : []).map((one) => ({ ...whole, properties: { ...properties, [key]: one } }))
  )
  return narrow.length === 0 ? [schema] : narrow
}

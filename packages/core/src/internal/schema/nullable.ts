import { isNode, listOf, type Node } from "./node.ts"
import { orNull } from "./nulls.ts"
import { changedParts } from "./types.ts"

/** A JSON Schema that says `nullable` as OpenAPI 3.0 does, in words that JSON Schema has; any other one as it is. */
export const withNullable = (schema: Node): Node => {
  const inside = withNullableInside(schema)
  return schema["nullable"] === true ? mayBeNull(inside) : inside
}

/** The same for a root that is an object, whatever it says of itself. */
export const withNullableInside = (schema: Node): Node => {
  const whole = changedParts(schema, (part) => isNode(part) ? withNullable(part) : part)
  if (typeof whole["nullable"] !== "boolean") return whole
  const { nullable: _, ...rest } = whole
  return rest
}

/** An enumeration says by itself whether `null` is one of its values. */
const mayBeNull = (schema: Node): Node => {
  if (schema["enum"] === undefined) return orNull(schema)
  const values = listOf(schema["enum"])
  return values.includes(null) ? orNull({ ...schema, enum: values.filter((value) => value !== null) }) : schema
}

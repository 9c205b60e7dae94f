import { find, formsOf, isNode, listOf, type Node } from "./node.ts"

/**
 * Leaves `null` out where a model meant nothing by it: where a property may be left out and does not take `null` itself.
 * Gives the very same arguments where there is none.
 */
export const withoutNulls = (root: Node, args: unknown): unknown => without(root, [root], args)

const without = (root: Node, schemas: ReadonlyArray<unknown>, value: unknown): unknown => {
  if (Array.isArray(value)) return withoutIn(formsOf(root, schemas), root, value)
  if (!isNode(value)) return value
  const forms = formsOf(root, schemas)
  const entries = Object.entries(value)
  const rest = entries.flatMap(([key, inner]) => {
    const knowing = forms.filter((form) => schemaAt(form, key) !== undefined)
    const own = knowing.map((form) => schemaAt(form, key))
    if (inner !== null) {
      const others = forms.map((form) => form["additionalProperties"])
      return [[key, without(root, own.length === 0 ? others : own, inner)] as const]
    }
    const isOptional = knowing.some((form) => !listOf(form["required"]).includes(key))
    return isOptional && !own.some((schema) => takesNull(root, schema)) ? [] : [[key, inner] as const]
  })
  const isSame = rest.length === entries.length && rest.every(([, inner], index) => inner === entries[index]?.[1])
  return isSame ? value : Object.fromEntries(rest)
}

const withoutIn = (forms: ReadonlyArray<Node>, root: Node, list: ReadonlyArray<unknown>): ReadonlyArray<unknown> => {
  const rest = list.map((item, index) =>
    without(root, forms.flatMap((form) => [form["items"], listOf(form["prefixItems"])[index]]), item)
  )
  return rest.every((item, index) => item === list[index]) ? list : rest
}

const schemaAt = ({ properties }: Node, key: string): unknown =>
  isNode(properties) && Object.hasOwn(properties, key) ? properties[key] : undefined

const takesNull = (root: Node, schema: unknown, seen: Set<unknown> = new Set()): boolean => {
  if (!isNode(schema)) return schema === true
  if (seen.has(schema)) return false
  seen.add(schema)
  const takes = (other: unknown): boolean => takesNull(root, other, seen)
  const { $ref, allOf, anyOf, oneOf, type } = schema
  return (type === undefined || type === "null" || listOf(type).includes("null"))
    && (schema["enum"] === undefined || listOf(schema["enum"]).includes(null))
    && (schema["const"] === undefined || schema["const"] === null)
    && (typeof $ref !== "string" || takes(find(root, $ref)))
    && [anyOf, oneOf].every((forms) => forms === undefined || listOf(forms).some(takes))
    && listOf(allOf).every(takes)
}

/** A schema that takes `null` besides. */
export const orNull = (schema: Node): Node => {
  const { anyOf, description, ...rest } = schema
  const { type } = rest
  if (takesNull(rest, schema) && type !== undefined) return schema
  if (type !== undefined && anyOf === undefined && rest["const"] === undefined) {
    const values = rest["enum"] === undefined ? {} : { enum: [...listOf(rest["enum"]), null] }
    return { ...schema, type: [...(Array.isArray(type) ? type : [type]), "null"], ...values }
  }
  const isUnion = Array.isArray(anyOf) && Object.keys(rest).length === 0
  const forms: ReadonlyArray<unknown> = isUnion ? anyOf : [anyOf === undefined ? rest : { ...rest, anyOf }]
  const said = description === undefined ? {} : { description }
  return forms.some((form) => isNode(form) && form["type"] === "null")
    ? schema
    : { ...said, anyOf: [...forms, { type: "null" }] }
}

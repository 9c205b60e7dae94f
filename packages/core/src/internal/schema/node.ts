import * as JsonPointer from "effect/JsonPointer"

/** A JSON Schema from any source: its keywords are not known. */
export type Node = { readonly [key: string]: unknown }

export const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const listOf = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : []

/** What a reference stands for. */
export const find = (root: Node, ref: string): unknown =>
  ref.replace(/^#\/?/, "").split("/").filter((token) => token !== "").map(JsonPointer.unescapeToken).reduce<unknown>(
    (value, key) => isNode(value) && Object.hasOwn(value, key) ? value[key] : undefined,
    root
  )

/** What a schema combines. */
export const formsIn = (schema: Node): ReadonlyArray<unknown> =>
  ["anyOf", "oneOf", "allOf"].flatMap((keyword) => listOf(schema[keyword]))

/** Schemas with all that they refer to, or may be. */
export const formsOf = (root: Node, schemas: ReadonlyArray<unknown>): ReadonlyArray<Node> => {
  const forms = new Set<Node>()
  const add = (schema: unknown): void => {
    if (!isNode(schema) || forms.has(schema)) return
    forms.add(schema)
    if (typeof schema["$ref"] === "string") add(find(root, schema["$ref"]))
    formsIn(schema).forEach(add)
  }
  schemas.forEach(add)
  return Array.from(forms)
}

/** The keys of all objects in JSON, however deep. */
export const keysIn = (json: unknown): ReadonlyArray<string> =>
  typeof json !== "object" || json === null
    ? []
    : Object.entries(json).flatMap(([key, part]) => Array.isArray(json) ? keysIn(part) : [key, ...keysIn(part)])

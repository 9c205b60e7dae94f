import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"

/** The annotation by which a schema says that its values never leave. */
export const annotation = "@volley/telemetry/secret"

/** What stands in place of a secret. */
export const mark = "[redacted]"

/**
 * Hides what a schema marks as secret in JSON of it.
 *
 * - marked: the annotation, `writeOnly: true` and `format: "password"`, and `Redacted` values
 * - a struct whose keys are other ones as JSON is hidden whole where anything of it is marked
 */
export const hidden = (ast: SchemaAST.AST, json: unknown): unknown => {
  if (isMarked(ast)) return mark
  const encoded = ast.encoding?.at(-1)?.to
  if (encoded !== undefined) {
    return SchemaAST.isObjects(ast) && hasMarked(ast, new Set()) ? mark : hidden(encoded, json)
  }
  if (SchemaAST.isSuspend(ast)) return hidden(ast.thunk(), json)
  if (SchemaAST.isUnion(ast)) return ast.types.reduce((json: unknown, one) => hidden(one, json), json)
  if (SchemaAST.isObjects(ast)) return hiddenFields(ast, json)
  return SchemaAST.isArrays(ast) ? hiddenItems(ast, json) : json
}

const hiddenFields = (ast: SchemaAST.Objects, json: unknown): unknown => {
  if (!isRecord(json)) return json
  const types = new Map(ast.propertySignatures.map(({ name, type }) => [String(name), type]))
  const others = ast.indexSignatures.map(({ type }) => type)
  return mapRecord(json, (value, key) => {
    const own = types.get(key)
    return (own === undefined ? others : [own]).reduce((json: unknown, type) => hidden(type, json), value)
  })
}

const hiddenItems = (ast: SchemaAST.Arrays, json: unknown): unknown => {
  if (!Array.isArray(json)) return json
  const { elements, rest } = ast
  return json.map((item: unknown, at) => {
    const own = elements[at]
    return (own === undefined ? rest : [own]).reduce((json: unknown, type) => hidden(type, json), item)
  })
}

const isMarked = (ast: SchemaAST.AST): boolean => {
  const annotations = SchemaAST.resolve(ast)
  if (annotations?.[annotation] === true || isMarkedJson({ ...annotations })) return true
  const key = ast.context?.annotations
  if (key?.[annotation] === true) return true
  const representation = annotations?.["representation"]
  return Predicate.isObject(representation) && Reflect.get(representation, "id") === "effect/schema/Redacted"
}

const hasMarked = (ast: SchemaAST.AST, seen: Set<SchemaAST.AST>): boolean => {
  if (seen.has(ast)) return false
  seen.add(ast)
  return isMarked(ast) || partsOf(ast).some((part) => hasMarked(part, seen))
}

const partsOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  if (SchemaAST.isSuspend(ast)) return [ast.thunk()]
  if (SchemaAST.isUnion(ast)) return ast.types
  if (SchemaAST.isArrays(ast)) return [...ast.elements, ...ast.rest]
  if (!SchemaAST.isObjects(ast)) return []
  return [...ast.propertySignatures, ...ast.indexSignatures].map(({ type }) => type)
}

/** True where a schema marks anything. */
export const marksAnything = ({ ast }: Schema.Constraint): boolean => hasMarked(ast, new Set())

/** The same for a JSON Schema, as the tools of others have; one that refers to itself without end hides all. */
export const hiddenBy = (schema: unknown, json: unknown, root: unknown = schema, left = 100): unknown => {
  if (!isRecord(schema)) return json
  if (isMarkedJson(schema) || left === 0) return mark
  const shown = alternativesOf(schema, root).reduce((json: unknown, one) => hiddenBy(one, json, root, left - 1), json)
  const { additionalProperties, items, prefixItems, properties } = schema
  if (Array.isArray(shown)) {
    const first: ReadonlyArray<unknown> = Array.isArray(prefixItems) ? prefixItems : []
    return shown.map((item: unknown, at) => hiddenBy(first[at] ?? items, item, root))
  }
  if (!isRecord(shown)) return shown
  const own = isRecord(properties) ? properties : {}
  return mapRecord(
    shown,
    (value, key) => hiddenBy(Object.hasOwn(own, key) ? own[key] : additionalProperties, value, root)
  )
}

const alternativesOf = (schema: Readonly<Record<string, unknown>>, root: unknown): ReadonlyArray<unknown> => {
  const { $ref, allOf, anyOf, oneOf } = schema
  const many = [allOf, anyOf, oneOf].flatMap((some): ReadonlyArray<unknown> => Array.isArray(some) ? some : [])
  return typeof $ref === "string" ? [targetOf($ref, root), ...many] : many
}

const isMarkedJson = (schema: unknown): boolean =>
  isRecord(schema) && (schema["writeOnly"] === true || schema["format"] === "password")

const targetOf = ($ref: string, root: unknown): unknown =>
  $ref.split("/").slice(1).reduce(
    (at: unknown, key) => isRecord(at) ? at[key.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined,
    root
  )

const isRecord = (json: unknown): json is Readonly<Record<string, unknown>> =>
  typeof json === "object" && json !== null && !Array.isArray(json)

const mapRecord = (
  json: Readonly<Record<string, unknown>>,
  map: (value: unknown, key: string) => unknown
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(json).map(([key, value]) => [key, map(value, key)]))

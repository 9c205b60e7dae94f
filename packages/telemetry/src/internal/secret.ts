import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"

/** The annotation by which a schema says that its values never leave. */
export const annotation = "@volley/telemetry/secret"

/** What stands in place of a secret. */
export const mark = "[redacted]"

/**
 * Hides what a schema marks as secret in JSON of it.
 *
 * - marked: the annotation, `writeOnly: true` and `format: "password"`, and `Redacted` values
 * - what looks otherwise as JSON, such as a struct with other keys, is hidden whole where anything of it is marked
 */
export const hiddenOf = (schema: Schema.Constraint, json: unknown): unknown =>
  hidden(Schema.toCodecJson(schema).ast, json)

const hidden = (ast: SchemaAST.AST, json: unknown): unknown => {
  if (isMarked(ast)) return mark
  const encoded = encodedOf(ast)
  if (encoded !== undefined) return isLostIn(encoded, ast) ? mark : hidden(encoded, json)
  if (SchemaAST.isSuspend(ast)) return hidden(ast.thunk(), json)
  if (SchemaAST.isUnion(ast)) return ast.types.reduce((json: unknown, one) => hidden(one, json), json)
  if (SchemaAST.isObjects(ast)) return hiddenFields(ast, json)
  if (SchemaAST.isArrays(ast)) return hiddenItems(ast, json)
  return hasMarked(ast, new Set()) ? mark : json
}

const encodedOf = (ast: SchemaAST.AST): SchemaAST.AST | undefined => ast.encoding?.at(-1)?.to

/** Whether JSON of another form does not tell where in it the secrets of a schema are. */
const isLostIn = (encoded: SchemaAST.AST, ast: SchemaAST.AST): boolean => {
  const marks = (part: SchemaAST.AST) => hasMarked(part, new Set())
  if (!partsOf(ast).some(marks)) return false
  return SchemaAST.isObjects(ast) || SchemaAST.isArrays(ast) || !marks(encoded)
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
  if (ast.context?.annotations?.[annotation] === true) return true
  return [ast.annotations, ...(ast.checks ?? []).flatMap(annotationsOf)].some(areMarked)
}

type Annotations = Schema.Annotations.Annotations | undefined

/** What is said behind a check is the check's own. */
const annotationsOf = (check: SchemaAST.Check<never>): ReadonlyArray<Annotations> =>
  check._tag === "FilterGroup"
    ? [check.annotations, ...check.checks.flatMap(annotationsOf)]
    : [check.annotations]

const areMarked = (annotations: Annotations): boolean => {
  if (annotations?.[annotation] === true || isMarkedJson({ ...annotations })) return true
  const representation = annotations?.["representation"]
  return Predicate.isObject(representation) && Reflect.get(representation, "id") === "effect/schema/Redacted"
}

const hasMarked = (ast: SchemaAST.AST, seen: Set<SchemaAST.AST>): boolean => {
  if (seen.has(ast)) return false
  seen.add(ast)
  const encoded = encodedOf(ast)
  return isMarked(ast) || partsOf(ast).some((part) => hasMarked(part, seen))
    || encoded !== undefined && hasMarked(encoded, seen)
}

const partsOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  if (SchemaAST.isSuspend(ast)) return [ast.thunk()]
  if (SchemaAST.isUnion(ast)) return ast.types
  if (SchemaAST.isArrays(ast)) return [...ast.elements, ...ast.rest]
  if (SchemaAST.isDeclaration(ast)) return ast.typeParameters
  if (!SchemaAST.isObjects(ast)) return []
  return [...ast.propertySignatures, ...ast.indexSignatures].map(({ type }) => type)
}

/** True where a schema marks anything. */
export const marksAnything = (schema: Schema.Constraint): boolean =>
  hasMarked(Schema.toCodecJson(schema).ast, new Set())

/**
 * The same for a JSON Schema, as the tools of others have; one that refers to itself without end hides all.
 *
 * - a condition counts as met, and a pattern as matching: what others wrote is not run here
 */
export const hiddenBy = (schema: unknown, json: unknown, root: unknown = schema, left = 100): unknown => {
  if (!isRecord(schema)) return json
  if (isMarkedJson(schema) || left === 0) return mark
  const shown = besidesOf(schema, root).reduce((json: unknown, one) => hiddenBy(one, json, root, left - 1), json)
  const byAll = (schemas: ReadonlyArray<unknown>, json: unknown) =>
    schemas.reduce((json: unknown, one) => hiddenBy(one, json, root), json)
  if (Array.isArray(shown)) return shown.map((item: unknown, at) => byAll(itemsOf(schema, at), item))
  return isRecord(shown) ? mapRecord(shown, (value, key) => byAll(fieldsOf(schema, key), value)) : shown
}

type JsonSchema = Readonly<Record<string, unknown>>

/** Schemas that JSON may follow besides. */
const besidesOf = (schema: JsonSchema, root: unknown): ReadonlyArray<unknown> => {
  const { $ref, allOf, anyOf, dependencies, dependentSchemas, else: otherwise, oneOf, then } = schema
  const lists = [allOf, anyOf, oneOf].flatMap(listOf)
  const named = [dependencies, dependentSchemas].flatMap(valuesOf)
  return [...typeof $ref === "string" ? [targetOf($ref, root)] : [], ...lists, ...named, then, otherwise]
}

const itemsOf = ({ contains, items, prefixItems, unevaluatedItems, additionalItems }: JsonSchema, at: number) => {
  const first = [prefixItems, items].flatMap(listOf)
  return at in first ? [first[at], contains] : [items, additionalItems, unevaluatedItems, contains]
}

const fieldsOf = (
  { additionalProperties, patternProperties, properties, unevaluatedProperties }: JsonSchema,
  key: string
): ReadonlyArray<unknown> => {
  const own = isRecord(properties) && Object.hasOwn(properties, key)
    ? [properties[key]]
    : [additionalProperties, unevaluatedProperties]
  return [...own, ...valuesOf(patternProperties)]
}

const listOf = (schemas: unknown): ReadonlyArray<unknown> => Array.isArray(schemas) ? schemas : []

const valuesOf = (schemas: unknown): ReadonlyArray<unknown> => isRecord(schemas) ? Object.values(schemas) : []

const isMarkedJson = (schema: unknown): boolean =>
  isRecord(schema) && (schema["writeOnly"] === true || schema["format"] === "password")

/** What a reference refers to; of one that leads nowhere, all is hidden. */
const targetOf = ($ref: string, root: unknown): unknown => {
  if (!$ref.startsWith("#/") && $ref !== "#") return nowhere
  const found = $ref.split("/").slice(1).map(nameOf).reduce(
    (at: unknown, key): unknown =>
      Predicate.isObjectOrArray(at) && Object.hasOwn(at, key) ? Reflect.get(at, key) : undefined,
    root
  )
  return found === undefined ? nowhere : found
}

const nowhere = { writeOnly: true }

const nameOf = (part: string): string => decoded(part).replaceAll("~1", "/").replaceAll("~0", "~")

const decoded = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

const isRecord = (json: unknown): json is Readonly<Record<string, unknown>> =>
  typeof json === "object" && json !== null && !Array.isArray(json)

const mapRecord = (
  json: Readonly<Record<string, unknown>>,
  map: (value: unknown, key: string) => unknown
): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(json).map(([key, value]) => [key, map(value, key)]))

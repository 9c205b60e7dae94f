/**
 * Schemas of a document as JSON Schemas of the draft 2020-12, without what a model and a check have no use for.
 */
import * as Json from "@volley/core/Json"
import { withoutNulls } from "@volley/json-schema/Checks"
import type * as JsonSchema from "effect/JsonSchema"
import { entriesOf, find, type Node, nodeOf, resolve, textOf, tokensOf } from "./node.ts"

/** Makes JSON Schemas of the schemas of one document. */
export interface Schemas {
  /** The same schema in the other form; what it refers to is in `$defs` of the root that it comes under. */
  readonly of: (schema: unknown) => JsonSchema.JsonSchema | boolean
  /** A root with the `$defs` that it reaches; those that several roots reach are the same objects. */
  readonly closed: (root: JsonSchema.JsonSchema) => JsonSchema.JsonSchema
}

/** A part of the document that schemas refer to, in the other form, and the names of those that it refers to itself. */
interface Definition {
  readonly schema: JsonSchema.JsonSchema | boolean
  readonly names: ReadonlyArray<string>
}

/** Reads each part that is referred to once, however often it is asked for. */
export const schemasOf = (document: Node): Schemas => {
  const isOld = (textOf(document["openapi"]) ?? "").startsWith("3.0")
  const refs = new Map<string, string>()
  const byName = new Map<string, string>()
  const definitions = new Map<string, Definition>()
  const nameOf = (ref: string): string => {
    const known = refs.get(ref)
    if (known !== undefined) return known
    find(document, ref)
    const name = freeName(ref, byName)
    byName.set(name, ref)
    refs.set(ref, name)
    return name
  }
  const translated = translating(document, isOld, (ref) => `#/$defs/${nameOf(ref)}`)
  const of = (schema: unknown) => translated(Json.isObject(schema) ? withoutNulls(schema) : schema)
  const definitionOf = (name: string): Definition => {
    const known = definitions.get(name)
    if (known !== undefined) return known
    const schema = of(find(document, byName.get(name) ?? ""))
    const definition = { schema, names: namesIn(schema) }
    definitions.set(name, definition)
    return definition
  }
  const closed = (root: JsonSchema.JsonSchema): JsonSchema.JsonSchema => {
    const reached = new Map<string, Definition["schema"]>()
    const todo = [...namesIn(root)]
    for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
      if (reached.has(name)) continue
      const { names, schema } = definitionOf(name)
      reached.set(name, schema)
      todo.push(...names)
    }
    return reached.size === 0 ? root : { ...root, $defs: Object.fromEntries(reached) }
  }
  return { of, closed }
}

/** A name that needs no spelling, after the last part of a reference. */
const freeName = (ref: string, taken: ReadonlyMap<string, unknown>): string => {
  const plain = (tokensOf(ref).at(-1) ?? "").replace(/[^A-Za-z0-9._-]/g, "_").slice(0, 64) || "schema"
  let name = plain
  for (let n = 2; taken.has(name); n++) name = `${plain}_${n}`
  return name
}

const namesIn = (root: unknown): ReadonlyArray<string> => {
  const names = new Set<string>()
  const look = (json: unknown): void => {
    if (Array.isArray(json)) return json.forEach(look)
    if (!Json.isObject(json)) return
    const { $ref } = json
    if (typeof $ref === "string") names.add($ref.slice("#/$defs/".length))
    for (const [key, part] of Object.entries(json)) {
      if (maps.has(key)) Object.values(nodeOf(part)).forEach(look)
      else if (!values.has(key)) look(part)
    }
  }
  look(root)
  return [...names]
}

/** Under these stand values, and no schemas. */
const values = new Set(["const", "default", "dependentRequired", "enum", "required", "type"])

/** Under these stand schemas by name. */
const maps = new Set(["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"])

const dropped = new Set([
  "$anchor",
  "$id",
  "$schema",
  "deprecated",
  "discriminator",
  "example",
  "examples",
  "externalDocs",
  "nullable",
  "readOnly",
  "writeOnly",
  "xml"
])

const translating = (document: Node, isOld: boolean, refTo: (ref: string) => string) => {
  const part = (key: string, value: unknown): unknown => {
    if (values.has(key)) return value
    if (maps.has(key)) return Object.fromEntries(entriesOf(value).map(([name, schema]) => [name, of(schema)]))
    if (Array.isArray(value)) return value.map((one) => Json.isObject(one) ? of(one) : one)
    return Json.isObject(value) ? of(value) : value
  }
  const of = (value: unknown): JsonSchema.JsonSchema | boolean => {
    if (typeof value === "boolean") return value
    const source = requested(document, nodeOf(value))
    const { $ref, description, ...rest } = source
    if (typeof $ref === "string" && isOld) {
      return typeof description === "string" ? { $ref: refTo($ref), description } : { $ref: refTo($ref) }
    }
    const schema: JsonSchema.JsonSchema = {}
    if (typeof $ref === "string") schema["$ref"] = refTo($ref)
    if (typeof description === "string") schema["description"] = description
    for (const [key, value] of Object.entries(rest)) {
      if (isSaid(key, value)) schema[key] = part(key, value)
    }
    return isOld ? modern(source, schema) : schema
  }
  return of
}

/** Many documents say of a property itself that it is required, as only parameters do, or have names with nothing behind. */
const isSaid = (key: string, value: unknown): boolean =>
  !dropped.has(key) && !key.startsWith("x-") && (key !== "required" || Array.isArray(value))

/** What a request may not have in it is no part of what a model is asked for. */
const requested = (document: Node, source: Node): Node => {
  const { properties, required } = source
  if (!Json.isObject(properties)) return source
  const isReadOnly = (value: unknown): boolean => {
    const own = nodeOf(value)
    return own["readOnly"] === true || (typeof own["$ref"] === "string" && resolve(document, own)["readOnly"] === true)
  }
  const hidden = Object.keys(properties).filter((name) => isReadOnly(properties[name]))
  if (hidden.length === 0) return source
  return {
    ...source,
    properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !hidden.includes(name))),
    ...(Array.isArray(required) && { required: required.filter((name) => !hidden.includes(name)) })
  }
}

/** What 3.0 says in ways of its own: exclusive bounds as flags, and that something may be `null`. */
const modern = (source: Node, schema: JsonSchema.JsonSchema): JsonSchema.JsonSchema => {
  for (const [flag, bound] of [["exclusiveMinimum", "minimum"], ["exclusiveMaximum", "maximum"]] as const) {
    if (typeof schema[flag] !== "boolean") continue
    delete schema[flag]
    if (source[flag] !== true || schema[bound] === undefined) continue
    schema[flag] = schema[bound]
    delete schema[bound]
  }
  return source["nullable"] === true ? orNull(schema) : schema
}

/** An enumeration says by itself whether `null` is one of its values. */
const orNull = ({ description, ...schema }: JsonSchema.JsonSchema): JsonSchema.JsonSchema => {
  const said = description === undefined ? {} : { description }
  const { type } = schema
  return typeof type === "string"
    ? { ...said, ...schema, type: [type, "null"] }
    : { ...said, anyOf: [schema, { type: "null" }] }
}

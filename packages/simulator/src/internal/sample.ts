/**
 * A value that a JSON Schema allows, the same one each time.
 */
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { isObject } from "./json.ts"

/** Where a value stands: in this schema, under this name, as this item of a list, so many levels down. */
interface Place {
  readonly root: Schema.JsonObject
  readonly name: string
  readonly index: number
  readonly depth: number
}

const maxDepth = 12

/**
 * Gives a value that a schema allows, from what it says in words before what it says in types: constants, defaults,
 * examples, enumerations.
 *
 * - of an object: what it requires; of a list: one item, or as many as it has to have
 * - a text without anything said of it is its own name
 */
export const sampleOf = (schema: Schema.JsonObject): Schema.Json =>
  valueOf(schema, { root: schema, name: "text", index: 0, depth: 0 })

const valueOf = (schema: Schema.Json | undefined, place: Place): Schema.Json => {
  if (!isObject(schema) || place.depth > maxDepth) return null
  const told = toldIn(schema, place.index)
  if (told !== undefined) return told
  const whole = merged(schema, place)
  return whole === schema ? typed(schema, place) : valueOf(whole, { ...place, depth: place.depth + 1 })
}

/** What a schema says in words. */
const toldIn = (schema: Schema.JsonObject, index: number): Schema.Json | undefined => {
  const { const: constant, default: standard, enum: all, example, examples } = schema
  if (constant !== undefined) return constant
  if (Array.isArray(all)) return all[index % all.length]
  if (index > 0) return undefined
  return standard ?? (Array.isArray(examples) ? examples[0] : example)
}

/** A schema with what it refers to, its parts, and the first of its alternatives in it; itself where it has none. */
const merged = (schema: Schema.JsonObject, { root }: Place): Schema.JsonObject => {
  const { $ref, allOf, anyOf, oneOf, ...rest } = schema
  const parts = [
    ...(typeof $ref === "string" ? [resolve(root, $ref)] : []),
    ...(Array.isArray(allOf) ? allOf : []),
    ...[anyOf, oneOf].flatMap((options) => Array.isArray(options) ? [options.find(isNoNull) ?? options[0]] : [])
  ].filter(isObject)
  return parts.length === 0 ? schema : parts.reduce<Schema.JsonObject>(both, rest)
}

const both = (a: Schema.JsonObject, b: Schema.JsonObject): Schema.JsonObject => ({
  ...b,
  ...a,
  ...(isObject(a["properties"]) && isObject(b["properties"])
    && { properties: { ...a["properties"], ...b["properties"] } }),
  ...(Array.isArray(a["required"]) && Array.isArray(b["required"]) &&
    { required: [...a["required"], ...b["required"]] })
})

const isNoNull = (schema: Schema.Json): boolean => !isObject(schema) || schema["type"] !== "null"

/** What a reference inside a schema points to. */
const resolve = (root: Schema.JsonObject, ref: string): Schema.Json | undefined =>
  ref.replace(/^#\/?/, "").split("/").filter((key) => key !== "").reduce<Schema.Json | undefined>((node, key) => {
    const name = decodeURIComponent(key).replaceAll("~1", "/").replaceAll("~0", "~")
    return isObject(node) ? node[name] : undefined
  }, root)

const typed = (schema: Schema.JsonObject, place: Place): Schema.Json => {
  switch (typeOf(schema)) {
    case "object":
      return objectOf(schema, place)
    case "array":
      return listOf(schema, place)
    case "integer":
      return numberOf(schema, place.index, true)
    case "number":
      return numberOf(schema, place.index, false)
    case "boolean":
      return false
    case "null":
      return null
    default:
      return textOf(schema, place)
  }
}

/** The type that a schema says, or lets on; Gemini writes types in capitals. */
const typeOf = ({ items, prefixItems, properties, type }: Schema.JsonObject): string => {
  const said = Array.isArray(type) ? type.find((one) => one !== "null") ?? "null" : type
  if (typeof said === "string") return said.toLowerCase()
  if (isObject(properties)) return "object"
  return items !== undefined || prefixItems !== undefined ? "array" : "string"
}

const objectOf = ({ properties, required }: Schema.JsonObject, place: Place): Schema.Json => {
  const known = isObject(properties) ? properties : {}
  const names = Array.isArray(required) ? required.filter((name) => typeof name === "string") : []
  return Object.fromEntries(
    names.map((name) => [name, valueOf(known[name] ?? {}, { ...place, name, depth: place.depth + 1 })])
  )
}

const listOf = ({ items, maxItems, minItems, prefixItems }: Schema.JsonObject, place: Place): Schema.Json => {
  const first = Array.isArray(prefixItems) ? prefixItems : []
  const least = Math.max(numberIn(minItems) ?? 0, first.length, isObject(items) ? 1 : 0)
  return Array.from(
    { length: Math.min(least, numberIn(maxItems) ?? least) },
    (_, index) => valueOf(first[index] ?? (isObject(items) ? items : {}), { ...place, index, depth: place.depth + 1 })
  )
}

const numberIn = (value: Schema.Json | undefined): number | undefined => typeof value === "number" ? value : undefined

/** The least number that is allowed from 1 on, or the greatest below it. */
const numberOf = (schema: Schema.JsonObject, index: number, whole: boolean): number => {
  const step = numberIn(schema["multipleOf"]) ?? (whole ? 1 : undefined)
  const nudge = step ?? 0.5
  const above = numberIn(schema["exclusiveMinimum"])
  const below = numberIn(schema["exclusiveMaximum"])
  const least = Math.max(numberIn(schema["minimum"]) ?? -Infinity, above === undefined ? -Infinity : above + nudge)
  const most = Math.min(numberIn(schema["maximum"]) ?? Infinity, below === undefined ? Infinity : below - nudge)
  const wanted = Math.max(least, Math.min(1, most)) + index * (step ?? 1)
  if (step === undefined) return Math.min(wanted, most)
  const up = Math.ceil(wanted / step) * step
  return up <= most ? up : Math.floor(most / step) * step
}

const formats: Readonly<Record<string, string>> = {
  date: "2026-01-31",
  "date-time": "2026-01-31T12:00:00Z",
  time: "12:00:00Z",
  duration: "PT1H",
  email: "someone@example.com",
  hostname: "example.com",
  ipv4: "192.0.2.1",
  ipv6: "2001:db8::1",
  uri: "https://example.com/",
  url: "https://example.com/",
  "uri-reference": "/example",
  uuid: "00000000-0000-4000-8000-000000000000"
}

const textOf = (schema: Schema.JsonObject, { index, name }: Place): string => {
  const { format, maxLength, minLength, pattern } = schema
  const least = numberIn(minLength) ?? 0
  const most = numberIn(maxLength) ?? Infinity
  if (typeof pattern === "string") return matching(pattern, least, most) ?? name
  if (typeof format === "string" && formats[format] !== undefined) return formats[format]
  return (index === 0 ? name : `${name} ${index + 1}`).padEnd(least, ".").slice(0, most)
}

/** A text that a pattern matches, where Effect can write one. */
const matching = (pattern: string, least: number, most: number): string | undefined => {
  try {
    const schema = Schema.String.check(
      Schema.isPattern(new RegExp(pattern, "u")),
      Schema.isMinLength(least),
      ...(most === Infinity ? [] : [Schema.isMaxLength(most)])
    )
    return Effect.runSync(Arbitrary.sampleEffect(Arbitrary.schema(schema), { count: 1, seed: 1, size: 1 }))[0]
  } catch {
    return undefined
  }
}

import type * as JsonSchema from "effect/JsonSchema"
import { entriesOf, isThere, listOf, type Node, nodeOf, resolve, textOf } from "./node.ts"
import type { Source } from "./operations.ts"
import type { Schemas } from "./schemas.ts"
import type { Style } from "./style.ts"

/** Where a parameter goes. */
export type Place = "path" | "query" | "header" | "cookie"

/**
 * A parameter of an operation.
 *
 * - `key`: what it is called among the arguments of the tool
 * - `name`: what the server calls it
 * - `isJson`: it is written as JSON, whatever its style
 */
export interface Parameter extends Style {
  readonly key: string
  readonly in: Place
  readonly isJson: boolean
  readonly required: boolean
  readonly schema: JsonSchema.JsonSchema | boolean
}

/** Parameters that are sent anyway, or that only the program may choose. */
export interface Secret {
  readonly in: string
  readonly name: string
}

/** Lists the parameters of an operation, those of its path included; throws where one cannot be sent. */
export const parametersOf = (
  document: Node,
  { item, node, path }: Source,
  schemas: Schemas,
  secrets: ReadonlyArray<Secret>
): ReadonlyArray<Parameter> => {
  const merged = new Map<string, Node>()
  for (const value of [...listOf(item["parameters"]), ...listOf(node["parameters"])]) {
    const parameter = resolve(document, value)
    merged.set(`${textOf(parameter["in"])} ${textOf(parameter["name"])}`, parameter)
  }
  const keys = new Set(isThere(node["requestBody"]) ? ["body"] : [])
  const all = [...merged.values()].filter((one) => !isSet(one, secrets)).map((one) => parameterOf(one, schemas, keys))
  const unsaid = templatesIn(path).filter((name) => !all.some((one) => one.in === "path" && one.name === name))
  if (unsaid.length > 0) throw new Error(`its path has {${unsaid[0]}}, and no parameter says what that is`)
  return all.filter(({ in: place, name }) => place !== "path" || path.includes(`{${name}}`))
}

/** The names in a path that values stand in for. */
const templatesIn = (path: string): ReadonlyArray<string> =>
  Array.from(path.matchAll(/\{([^{}]*)\}/g), ([, name]) => name ?? "")

/** These headers say what else is said elsewhere in the document; and nothing that is secret is a model's to say. */
const isSet = ({ in: place, name }: Node, secrets: ReadonlyArray<Secret>): boolean => {
  const lower = (textOf(name) ?? "").toLowerCase()
  return (place === "header" && ["accept", "authorization", "content-type"].includes(lower)) ||
    secrets.some((one) =>
      one.in === place && (one.name === name || (place === "header" && one.name.toLowerCase() === lower))
    )
}

const parameterOf = (parameter: Node, schemas: Schemas, keys: Set<string>): Parameter => {
  const place = placeOf(parameter)
  const name = textOf(parameter["name"]) ?? ""
  if (place === "header" && !isToken(name)) {
    throw new Error(`its header ${JSON.stringify(name)} has no name that headers have`)
  }
  const [media, content] = entriesOf(parameter["content"])[0] ?? []
  if (media !== undefined && !/[/+]json\b/i.test(media)) throw new Error(`its parameter "${name}" is ${media}`)
  const schema = parameter["schema"] ?? nodeOf(content)["schema"] ?? {}
  const style = textOf(parameter["style"]) ?? (place === "query" || place === "cookie" ? "form" : "simple")
  if (!styles[place].has(style)) throw new Error(`its parameter "${name}" has the style "${style}" in a ${place}`)
  const key = freeKey(name, place, keys)
  keys.add(key)
  return {
    key,
    name,
    in: place,
    style,
    explode: typeof parameter["explode"] === "boolean" ? parameter["explode"] : style === "form",
    reserved: place === "query" && parameter["allowReserved"] === true,
    isJson: media !== undefined,
    required: place === "path" || parameter["required"] === true,
    schema: described(place === "path" ? filled(schemas.of(schema)) : schemas.of(schema), parameter)
  }
}

const isToken = (name: string): boolean => /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)

const styles: Readonly<Record<Place, ReadonlySet<string>>> = {
  path: new Set(["simple", "label", "matrix"]),
  query: new Set(["form", "spaceDelimited", "pipeDelimited", "deepObject"]),
  header: new Set(["simple"]),
  cookie: new Set(["form"])
}

const placeOf = ({ in: place, name }: Node): Place => {
  if (place === "path" || place === "query" || place === "header" || place === "cookie") return place
  throw new Error(`its parameter ${JSON.stringify(name)} is in ${JSON.stringify(place)}, where nothing can be sent`)
}

/** A name that another argument has gets its place before it. */
const freeKey = (name: string, place: Place, taken: ReadonlySet<string>): string => {
  let key = name
  while (taken.has(key)) key = `${place}_${key}`
  return key
}

/** A part of a path that is empty would be none; a model is told so. */
const filled = (schema: JsonSchema.JsonSchema | boolean): JsonSchema.JsonSchema | boolean => {
  if (typeof schema === "boolean" || schema["enum"] !== undefined) return schema
  if (schema["type"] === "string") return { minLength: 1, ...schema }
  if (schema["type"] === "array") return { minItems: 1, ...schema }
  if (schema["type"] === "object") return { minProperties: 1, ...schema }
  const forms = ["anyOf", "oneOf"].flatMap((key) => Array.isArray(schema[key]) ? [[key, schema[key].map(filled)]] : [])
  return { ...schema, ...Object.fromEntries(forms) }
}

/** What a parameter says of itself counts more than what its schema says, which others may share. */
const described = (
  schema: JsonSchema.JsonSchema | boolean,
  { description }: Node
): JsonSchema.JsonSchema | boolean =>
  typeof description !== "string" || description === "" || typeof schema === "boolean"
    ? schema
    : { ...schema, description }

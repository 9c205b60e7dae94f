import type * as JsonSchema from "effect/JsonSchema"
import type * as SchemaAST from "effect/SchemaAST"
import { safely } from "../guarded.ts"
import { chainOf } from "./chain.ts"
import { find, isNode, listOf, type Node } from "./node.ts"

/**
 * A JSON Schema that says what its schema enforces: in words where it could not otherwise.
 *
 * - `untold`: where there are no words either, as paths such as `order.items[].id`
 */
export interface Told {
  readonly jsonSchema: JsonSchema.JsonSchema
  readonly untold: ReadonlyArray<string>
}

/**
 * Tells what a schema, in its JSON form, asks for and the JSON Schema that was written of it does not say.
 *
 * - `inWords`: adds no keywords, which not every provider takes
 */
export const tell = (ast: SchemaAST.AST, written: JsonSchema.JsonSchema, inWords = false): Told => {
  const jsonSchema: Draft = structuredClone(written)
  const untold: Array<string> = []
  const seen = new Set<Draft>()
  const visit = (ast: SchemaAST.AST, node: unknown, path: string): void => {
    const draft = resolve(jsonSchema, node)
    if (draft === undefined || seen.has(draft)) return
    const encoded = chainOf(ast).at(-1) ?? ast
    if (encoded._tag === "Suspend") return visit(encoded.thunk(), draft, path)
    seen.add(draft)
    if (!say(ast, draft, inWords)) untold.push(path)
    for (const [part, inside, key] of partsOf(encoded, draft)) {
      visit(part, inside, path === "" ? key.slice(1) : path + key)
    }
  }
  visit(ast, jsonSchema, "")
  return { jsonSchema, untold }
}

/** The same JSON Schema with those words. */
export const inWords = (ast: SchemaAST.AST, written: JsonSchema.JsonSchema): JsonSchema.JsonSchema =>
  tell(ast, written, true).jsonSchema

/** A part of a copy that is still being written. */
type Draft = { [key: string]: unknown }

const isDraft = (value: unknown): value is Draft => isNode(value)

const resolve = (root: Draft, node: unknown, refs: ReadonlyArray<string> = []): Draft | undefined => {
  if (!isDraft(node)) return undefined
  const ref = node["$ref"]
  if (typeof ref !== "string") return node
  return refs.includes(ref) ? undefined : resolve(root, find(root, ref), [...refs, ref])
}

type Part = readonly [part: SchemaAST.AST, node: unknown, key: string]

const partsOf = (ast: SchemaAST.AST, draft: Node): ReadonlyArray<Part> => {
  switch (ast._tag) {
    case "Objects":
      return [
        ...ast.propertySignatures.map(({ name, type }): Part => {
          const properties = draft["properties"]
          const key = String(name)
          return [type, isNode(properties) && Object.hasOwn(properties, key) ? properties[key] : undefined, `.${key}`]
        }),
        ...ast.indexSignatures.map(({ type }, at): Part => [type, valuesIn(draft, at), ".*"])
      ]
    case "Arrays":
      return [
        ...ast.elements.map((type, at): Part => [type, listOf(draft["prefixItems"])[at], "[]"]),
        ...ast.rest.slice(0, 1).map((type): Part => [type, draft["items"], "[]"])
      ]
    case "Union": {
      const forms = listOf(draft["anyOf"] ?? draft["oneOf"])
      const types = forms.length === ast.types.length ? ast.types : ast.types.flatMap(spliced)
      return forms.length === types.length ? types.map((type, at): Part => [type, forms[at], ""]) : []
    }
    default:
      return []
  }
}

const valuesIn = (draft: Node, at: number): unknown =>
  isNode(draft["patternProperties"]) ? Object.values(draft["patternProperties"])[at] : draft["additionalProperties"]

/** A form that is nothing but several is written as those. */
const spliced = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  const encoded = chainOf(ast).at(-1) ?? ast
  return encoded._tag === "Union" && encoded.checks === undefined ? encoded.types.flatMap(spliced) : [ast]
}

/** Says at a place what is asked for there; false where something has no words. */
const say = (ast: SchemaAST.AST, draft: Draft, inWords: boolean): boolean => {
  const chain = chainOf(ast)
  const encoded = chain[chain.length - 1]!
  const before = chain.slice(0, -1)
  const unsaid = [
    ...before.flatMap(({ checks = [] }) => checks.filter((check) => !isNumber(check, draft))),
    ...(encoded.checks ?? []).filter((check) => !isSaid(check, draft, inWords))
  ]
  const said = [
    ...before.flatMap(({ annotations }) => textOf(annotations?.["description"])),
    ...(before.length === 0 ? [] : textOf(encoded.annotations?.["expected"])),
    ...unsaid.flatMap(wordsOf)
  ]
  const description = said.reduce(
    (all, words) => all.includes(words) ? all : all === "" ? words : `${all.replace(/\.$/, "")}; ${words}`,
    typeof draft["description"] === "string" ? draft["description"] : ""
  )
  if (description !== "") draft["description"] = description
  const hasTail = encoded._tag === "Arrays" && encoded.rest.length > 1
  return !hasTail && unsaid.every((check) => wordsOf(check).length > 0)
}

type AnyCheck = NonNullable<SchemaAST.AST["checks"]>[number]

const textOf = (value: unknown): ReadonlyArray<string> => typeof value === "string" && value !== "" ? [value] : []

/** What an encoded number says of itself already. */
const isNumber = (check: AnyCheck, draft: Draft): boolean =>
  idOf(check) === "effect/schema/isFinite" ||
  (idOf(check) === "effect/schema/isInt" && JSON.stringify(draft).includes("\"integer\""))

const wordsOf = (check: AnyCheck): ReadonlyArray<string> => {
  const { annotations } = check
  const own = [...textOf(annotations?.["description"]), ...textOf(patternOf(check) ?? annotations?.["expected"])]
  return own.length > 0 || check._tag === "Filter" ? own : check.checks.flatMap(wordsOf)
}

/** Flags are part of what a pattern asks for. */
const patternOf = (check: AnyCheck): string | undefined => {
  const { flags, source } = payloadOf(check)
  return typeof flags === "string" && flags !== "" && idOf(check) === "effect/schema/isPattern"
    ? `a string matching the RegExp /${String(source)}/${flags}`
    : undefined
}

const idOf = ({ annotations }: AnyCheck): unknown => {
  const representation: unknown = annotations?.["representation"]
  return isNode(representation) ? representation["id"] : undefined
}

const payloadOf = ({ annotations }: AnyCheck): Node => {
  const representation: unknown = annotations?.["representation"]
  return isNode(representation) && isNode(representation["payload"]) ? representation["payload"] : {}
}

/** True for a check that the JSON Schema has a keyword for, which is written where Effect is too careful for that. */
const isSaid = (check: AnyCheck, draft: Draft, inWords: boolean): boolean => {
  const payload = payloadOf(check)
  if (draft["type"] === "string" && !inWords) {
    switch (idOf(check)) {
      case "effect/schema/isMaxLength":
        return true
      case "effect/schema/isMinLength":
        return atLeast(draft, payload["minLength"])
      case "effect/schema/isBetweenLength":
        return atLeast(draft, payload["minimum"])
      case "effect/schema/isPattern":
        return matches(draft, payload)
    }
  }
  if (check._tag === "FilterGroup" && check.annotations?.["toJsonSchema"] === undefined) {
    return check.checks.every((inner) => isSaid(inner, draft, inWords))
  }
  return isExact(check, draft["type"])
}

const isExact = ({ annotations }: AnyCheck, type: unknown): boolean => {
  const write: unknown = annotations?.["toJsonSchema"]
  // One that throws goes by the schemas of its parts, which have words of their own.
  return typeof write === "function" && (safely(() => !Array.isArray(write({ type, schemas: [] }))) ?? true)
}

/** Effect halves a least length, since JSON Schema counts a character once that JavaScript counts twice. */
const atLeast = (draft: Draft, length: unknown): boolean => {
  if (typeof length !== "number") return false
  if (length > 0) draft["minLength"] = Math.max(length, typeof draft["minLength"] === "number" ? draft["minLength"] : 0)
  return true
}

/** A pattern without flags says the same to JSON Schema, where characters that JavaScript counts twice apart. */
const matches = (draft: Draft, { flags, source }: Node): boolean => {
  if (typeof source !== "string" || typeof flags !== "string") return false
  if (/^[dg]*uy?$/.test(flags)) return true
  if (draft["pattern"] !== undefined || !/^[dg]*$/.test(flags) || !isUnicode(source)) return draft["pattern"] === source
  draft["pattern"] = source
  return true
}

const isUnicode = (source: string): boolean => safely(() => new RegExp(source, "u")) !== undefined

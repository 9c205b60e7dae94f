/**
 * A document as it was parsed: nothing is known of what it says.
 */
import * as Json from "@volley/core/Json"
import * as JsonPointer from "effect/JsonPointer"
import { ExternalReference, OpenApiError } from "../OpenApiError.ts"

/** An object of a document. */
export type Node = Readonly<Record<string, unknown>>

/** The object that something is; an empty one where it is none. */
export const nodeOf = (value: unknown): Node => Json.isObject(value) ? value : {}

/** What stands under names; nothing where it is no object. */
export const entriesOf = (value: unknown): ReadonlyArray<readonly [string, unknown]> => Object.entries(nodeOf(value))

export const listOf = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : []

export const textOf = (value: unknown): string | undefined => typeof value === "string" ? value : undefined

/** What something refers to, and so on; itself where it refers to nothing. Throws where that is not in the document. */
export const resolve = (document: Node, value: unknown): Node => {
  let at = value
  for (let steps = 0; steps < 32; steps++) {
    const { $ref } = nodeOf(at)
    if (typeof $ref !== "string") return nodeOf(at)
    at = find(document, $ref)
  }
  throw new Error("it refers to something that refers to itself")
}

/** False of what is left out, and of a name in YAML with nothing behind it. */
export const isThere = (value: unknown): boolean => value !== undefined && value !== null

/** What a reference stands for; throws where that is not in the document. */
export const find = (document: Node, ref: string): unknown => {
  const found = tokensOf(ref).reduce<unknown>((part, token) => partOf(part, token), document)
  if (found === undefined) throw new Error(`it refers to ${JSON.stringify(ref)}, which is not there`)
  return found
}

/** The way that a reference goes from the root of the document; throws where it leads out of it. */
export const tokensOf = (ref: string): ReadonlyArray<string> => {
  if (!ref.startsWith("#")) throw new OpenApiError({ reason: new ExternalReference({ ref }) })
  return ref.slice(1).split("/").slice(1).map((token) => JsonPointer.unescapeToken(decoded(token)))
}

const partOf = (part: unknown, key: string): unknown =>
  (Json.isObject(part) || Array.isArray(part)) && Object.hasOwn(part, key) ? Reflect.get(part, key) : undefined

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

import * as JsonPointer from "effect/JsonPointer"

/** A JSON Schema from any source: its keywords are not known. */
export type Node = { readonly [key: string]: unknown }

export const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const listOf = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : []

/** What a reference stands for. */
export const find = (root: Node, ref: string): unknown =>
  ref.replace(/^#\/?/, "").split("/").filter((token) => token !== "").reduce<unknown>(
    (value, token) => ownPart(value, JsonPointer.unescapeToken(token)),
    root
  )

const ownPart = (value: unknown, key: string): unknown =>
  isNode(value) && Object.hasOwn(value, key) ? value[key] : undefined

/**
 * The syntax tree of a source.
 */
import { parseAst } from "vitest/node"

/** A node of the tree, with the place of its text. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [property: string]: unknown
}

export const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && "type" in value && "start" in value

const nodesIn = (value: unknown): ReadonlyArray<Node> => {
  if (Array.isArray(value)) return value.flatMap(nodesIn)
  return isNode(value) ? [value, ...Object.values(value).flatMap(nodesIn)] : []
}

/** The nodes that a property has itself: one, those of a list, or none. */
export const childrenOf = (value: unknown): ReadonlyArray<Node> =>
  (Array.isArray(value) ? value : [value]).filter(isNode)

/** All nodes of a source, each before those in it. */
export const nodesOf = (code: string): ReadonlyArray<Node> => nodesIn(parseAst(code, { lang: "ts" }))

/** The statements of a source, in order. */
export const statementsOf = (code: string): ReadonlyArray<Node> => childrenOf(parseAst(code, { lang: "ts" }).body)

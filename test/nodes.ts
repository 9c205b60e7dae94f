import { parseAst } from "vitest/node"

/** A node of the syntax tree, with the place of its text. */
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

/** All nodes of a source, each before those in it. */
export const nodesOf = (code: string): ReadonlyArray<Node> => nodesIn(parseAst(code, { lang: "ts" }))

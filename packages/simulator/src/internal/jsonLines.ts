/**
 * In which lines of a text of JSON things stand, counted from 1.
 */
import { type AnyNode, parse } from "@humanwhocodes/momoa"

type Path = ReadonlyArray<string | number>

/** What makes a text no JSON, and where; nothing where it is some. */
export const syntaxFault = (text: string): { readonly line: number; readonly message: string } | undefined => {
  try {
    parse(text, { mode: "json" })
    return undefined
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { line: lineOf(error), message: message.replace(/\. \(\d+:\d+\)$/, "") }
  }
}

const lineOf = (error: unknown): number =>
  typeof error === "object" && error !== null && "line" in error && typeof error.line === "number" ? error.line : 1

/** The line of what a path leads to, or of the last thing on the way that is there. */
export const lineAt = (text: string, path: Path): number => {
  let node: AnyNode = parse(text, { mode: "json" }).body
  for (const key of path) {
    const next = childOf(node, key)
    if (next === undefined) break
    node = next
  }
  return node.loc.start.line
}

/** A member stands where its name does. */
const childOf = (node: AnyNode, key: string | number): AnyNode | undefined => {
  const value = node.type === "Member" || node.type === "Element" ? node.value : node
  if (value.type === "Array") return typeof key === "number" ? value.elements[key] : undefined
  if (value.type !== "Object") return undefined
  return value.members.find(({ name }) => (name.type === "String" ? name.value : name.name) === key)
}

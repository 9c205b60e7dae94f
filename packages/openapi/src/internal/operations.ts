import type { HttpMethod } from "effect/http/HttpMethod"
import { entriesOf, listOf, type Node, nodeOf, resolve, textOf } from "./node.ts"

/**
 * An operation of a document.
 *
 * - `name`: its `operationId`, or the method and the path where it has none of its own
 */
export interface Operation {
  readonly name: string
  readonly method: HttpMethod
  readonly path: string
  readonly summary: string | undefined
  readonly tags: ReadonlyArray<string>
  readonly deprecated: boolean
}

/** An operation as the document has it: itself, and what its path says for all of its operations. */
export interface Source extends Operation {
  readonly node: Node
  readonly item: Node
}

const methods = ["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "TRACE"] as const

/** Lists the operations in the order of the document. Throws where a path is in another document. */
export const operationsIn = (document: Node): ReadonlyArray<Source> => {
  const names = new Set<string>()
  return entriesOf(document["paths"]).flatMap(([path, value]) => {
    const item = resolve(document, value)
    return methods.filter((method) => method.toLowerCase() in item).map((method): Source => {
      const node = nodeOf(item[method.toLowerCase()])
      const place = `${method} ${path}`
      const id = textOf(node["operationId"]) ?? ""
      const name = id === "" || names.has(id) ? place : id
      names.add(name)
      return {
        name,
        method,
        path,
        summary: textOf(node["summary"]),
        tags: listOf(node["tags"]).filter((tag) => typeof tag === "string"),
        deprecated: node["deprecated"] === true,
        node,
        item
      }
    })
  })
}

/** An operation as callers see it. */
export const told = ({ deprecated, method, name, path, summary, tags }: Source): Operation => ({
  name,
  method,
  path,
  summary,
  tags,
  deprecated
})

/** True where a name of `include` is that of an operation: its name, or its method and path, `*` being anything. */
export const isNamed = (wanted: string, { method, name, path }: Operation): boolean =>
  fits(wanted, name) || fits(wanted, `${method} ${path}`)

const fits = (wanted: string, name: string): boolean => {
  const [first = "", ...rest] = wanted.split("*")
  const last = rest.pop()
  if (last === undefined) return name === wanted
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last)) return false
  let at = first.length
  for (const part of rest) {
    const found = name.indexOf(part, at)
    if (found === -1 || found + part.length > name.length - last.length) return false
    at = found + part.length
  }
  return true
}

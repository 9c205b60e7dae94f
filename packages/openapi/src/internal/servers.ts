import * as Transport from "@volley/core/Transport"
import { entriesOf, listOf, type Node, nodeOf, textOf } from "./node.ts"
import type { Source } from "./operations.ts"

/**
 * Where the requests of a document go, without a slash at the end; or why that is not known.
 *
 * - `url`: where the document is from, and all that it names without a host
 */
export const baseOf = (
  document: Node,
  baseUrl: string | undefined,
  url: string | undefined
): { readonly base: string } | { readonly why: string } => {
  const said = serverIn(document) ?? (url === undefined ? undefined : "/")
  const base = baseUrl ?? (said !== undefined && URL.canParse(said, url) ? new URL(said, url).href : said)
  if (base === undefined) return { why: "it names no server" }
  const problem = Transport.problemOf(base, baseUrl === undefined ? `its server ${JSON.stringify(base)}` : "`baseUrl`")
  return problem === undefined ? { base: trimmed(base) } : { why: problem }
}

/** Where the requests of an operation go. Throws where that is another host, which would see what is meant for this one. */
export const baseFor = ({ item, node }: Source, base: string): string => {
  const own = serverIn(node) ?? serverIn(item)
  if (own === undefined) return base
  if (!URL.canParse(own, base)) throw new Error(`its server ${JSON.stringify(own)} is no URL`)
  const url = new URL(own, base)
  if (url.origin === new URL(base).origin) return trimmed(url.href)
  throw new Error(
    `its server is ${url.origin}, and not that of the others: make a toolkit of its own, with this \`baseUrl\``
  )
}

/** The first server, with the defaults of its variables. */
const serverIn = ({ servers }: Node): string | undefined => {
  const { url, variables } = nodeOf(listOf(servers)[0])
  return entriesOf(variables).reduce<string | undefined>(
    (text, [name, variable]) => text?.replaceAll(`{${name}}`, textOf(nodeOf(variable)["default"]) ?? ""),
    textOf(url)
  )
}

/** Neither a query nor a fragment is a place to put a path behind. */
const trimmed = (base: string): string => {
  const url = new URL(base)
  return `${url.origin}${url.pathname.replace(/\/$/, "")}`
}

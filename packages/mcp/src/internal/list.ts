/**
 * What servers list, which comes in pages.
 */
import type { SpecTypeName } from "@modelcontextprotocol/client"
import * as Json from "@volley/core/Json"
import * as Effect from "effect/Effect"
import { type McpError, of as errorOf, Unusable } from "../McpError.ts"
import { issueOf } from "./odd.ts"
import type { Server } from "./server.ts"

/**
 * A list: how it is asked for, where it is in an answer, and what is in it.
 *
 * - `address`: where an entry says what it is asked for by, if that is not its name; it stands in for a name that is not there
 */
interface Kind<A> {
  readonly method: string
  readonly key: string
  readonly type: SpecTypeName
  readonly is: (entry: unknown) => entry is A
  readonly address?: string
}

/** Lists all pages; what is none of its kind is left out, and what is not as the protocol says is logged. */
export const list = Effect.fnUntraced(function*<A>(
  server: Server,
  { address, is, key, method, type }: Kind<A>
): Effect.fn.Return<ReadonlyArray<A>, McpError> {
  const entries = yield* pages(server, method, key)
  const listed = entries.map((entry) => named(entry, address)).filter(is)
  const odd = entries.filter((entry) => !is(entry))
  if (odd.length > 0) {
    yield* Effect.logWarning("A server lists what is not as the protocol says", {
      server: server.name,
      method,
      entries: odd.length,
      leftOut: entries.length - listed.length,
      first: issueOf(type, odd[0])
    })
  }
  return listed
})

/** What has no name has its title as one, or its address. */
const named = (entry: unknown, address: string | undefined): unknown => {
  if (address === undefined || !Json.isObject(entry) || entry["name"] !== undefined) return entry
  const { [address]: from, title } = entry
  return { ...entry, name: typeof title === "string" && title !== "" ? title : from }
}

const mostPages = 1000

const pages = Effect.fnUntraced(function*(server: Server, method: string, key: string) {
  const all: Array<unknown> = []
  let cursor: string | undefined
  for (let page = 0; page < mostPages; page++) {
    const result = yield* server.ask(method, cursor === undefined ? {} : { cursor }).pipe(
      Effect.catchIf(knowsNone, () => Effect.succeed({ [key]: [] }))
    )
    const { [key]: entries, nextCursor } = Json.isObject(result) ? result : {}
    if (!Array.isArray(entries)) return yield* unusable(server, `there are no ${key} in its answer to ${method}`)
    for (const entry of entries) all.push(entry)
    if (typeof nextCursor !== "string" || nextCursor === "") return all
    cursor = nextCursor
  }
  return yield* unusable(server, `its answers to ${method} have more than ${mostPages} pages`)
})

const unusable = ({ name }: Server, message: string): McpError => errorOf({ name }, new Unusable({ message }))

/** A server that has no such list does not know the method. */
const knowsNone = ({ reason }: McpError): boolean => reason._tag === "Refused" && reason.code === -32601

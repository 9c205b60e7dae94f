import { safely } from "./guarded.ts"

/**
 * An address without its user, password, query and fragment, where gateways have keys; one without any is left as it is.
 *
 * @example
 * ```ts
 * import { Transport } from "@volley/core"
 *
 * console.log(Transport.withoutSecrets("https://me:long-password@example.org/v1?key=0123456789"))
 * // => https://example.org/v1
 * ```
 */
export const withoutSecrets = (address: string): string => {
  const { bare, query, user } = partsOf(address)
  return user === "" && query === "" ? address : bare
}

/**
 * The texts that an address has in these places, as they stand there and decoded; those of a few letters hide nothing.
 *
 * @example
 * ```ts
 * import { Transport } from "@volley/core"
 *
 * console.log(Transport.secretsOf("https://me:long-password@example.org/v1")) // => [ 'long-password' ]
 * ```
 */
export const secretsOf = (address: string): ReadonlyArray<string> => {
  const { query, user } = partsOf(address)
  const at = user.indexOf(":")
  const users = at === -1 ? [user] : [user.slice(0, at), user.slice(at + 1)]
  const values = query.split(/[?&#]/).flatMap((pair) => [pair, pair.slice(pair.indexOf("=") + 1)])
  const raw = [...users, ...values]
  const all = new Set([...raw, ...raw.map(decoded), ...raw.map((text) => decoded(text.replaceAll("+", " ")))])
  return [...all].filter(({ length }) => length >= shortest)
}

/**
 * The texts of headers that are there to be kept secret, each whole and behind its scheme.
 *
 * @example
 * ```ts
 * import { Transport } from "@volley/core"
 *
 * console.log(Transport.secretsOfHeaders({ authorization: "Bearer 0123456789", accept: "text/html" }))
 * // => [ 'Bearer 0123456789', '0123456789' ]
 * ```
 */
export const secretsOfHeaders = (headers: Readonly<Record<string, string>>): ReadonlyArray<string> =>
  Object.entries(headers).filter(([name]) => /auth|cookie|credential|key|pass|secret|token/i.test(name))
    .flatMap(([, value]) => [value, value.slice(value.indexOf(" ") + 1)])
    .filter(({ length }) => length >= shortestKey)

/** How long a text of an address has to be so that it is looked for outside of addresses as well. */
const shortest = 6

/** The same of a key, in whose place people write words such as `invalid`. */
const shortestKey = 8

/** A text whose addresses are `withoutSecrets`. */
export const withoutSecretsIn = (text: string): string => {
  const pieces: Array<string> = []
  let done = 0
  for (let mark = text.indexOf("://"); mark !== -1; mark = text.indexOf("://", done)) {
    const start = Math.max(done, schemeBefore(text, mark))
    const end = endOf(text, mark)
    pieces.push(text.slice(done, start), withoutSecrets(text.slice(start, end)))
    done = end
  }
  return `${pieces.join("")}${text.slice(done)}`
}

/** Where the scheme begins that ends here. */
const schemeBefore = (text: string, end: number): number => {
  let start = end
  while (start > 0 && end - start < longestScheme && /[a-z0-9+.-]/i.test(text.charAt(start - 1))) start--
  return start
}

const longestScheme = 20

/** Where an address ends that is written in a text: at what no address has in it, or where another begins in its path. */
const endOf = (text: string, mark: number): number => {
  let end = mark + 3
  let isPath = true
  for (; end < text.length && !/[\s"`<>]/.test(text.charAt(end)); end++) {
    isPath &&= !/[?#]/.test(text.charAt(end))
    if (isPath && text.startsWith("://", end)) return Math.max(mark + 3, schemeBefore(text, end))
  }
  return end
}

interface Parts {
  readonly bare: string
  readonly user: string
  readonly query: string
}

/** What stands where in an address; of what is no URL, all before the last `@` counts as its user. */
const partsOf = (address: string): Parts => {
  const start = address.includes("://") ? address.indexOf("://") + 3 : 0
  const end = start > 0 && URL.canParse(address) ? firstOf(address, /[/?#\\]/g, start) : address.length
  const at = address.lastIndexOf("@", end - 1)
  const host = at < start ? start : at + 1
  const query = firstOf(address, /[?#]/g, host)
  return {
    bare: `${address.slice(0, start)}${address.slice(host, query)}`,
    user: at < start ? "" : address.slice(start, at),
    query: address.slice(query + 1)
  }
}

const firstOf = (text: string, mark: RegExp, from: number): number => {
  mark.lastIndex = from
  return mark.exec(text)?.index ?? text.length
}

const decoded = (text: string): string => safely(() => decodeURIComponent(text)) ?? text

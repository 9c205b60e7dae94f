/**
 * What was thrown, by its shape alone: an error of another copy of a library, or of another realm, is of another class.
 */

/** The deepest that causes are followed. */
const deepest = 16

/**
 * What was thrown, and what it was thrown because of, down to the root; each once.
 *
 * @example
 * ```ts
 * import { Thrown } from "@volley/core"
 *
 * const thrown = new Error("fetch failed", { cause: new Error("refused") })
 * console.log(Thrown.chainOf(thrown).map(String).join(" <- ")) // => Error: fetch failed <- Error: refused
 * ```
 */
export const chainOf = (thrown: unknown): ReadonlyArray<unknown> => {
  const chain: Array<unknown> = []
  for (let at = thrown; at !== undefined && at !== null && chain.length < deepest; at = causeOf(at)) {
    if (chain.includes(at)) break
    chain.push(at)
  }
  return chain
}

/** One that stands for several, as for all addresses of a host, comes from the first of them. */
const causeOf = (thrown: unknown): unknown => {
  const errors = get(thrown, "errors")
  return get(thrown, "cause") ?? (Array.isArray(errors) ? errors[0] : undefined)
}

/**
 * What a property of something is, where it has properties; undefined where reading it throws.
 *
 * @example
 * ```ts
 * import { Thrown } from "@volley/core"
 *
 * console.log(Thrown.get({ status: 429 }, "status"), Thrown.get(null, "status")) // => 429 undefined
 * ```
 */
export const get = (value: unknown, key: string): unknown => {
  if ((typeof value !== "object" || value === null) && typeof value !== "function") return undefined
  try {
    return Reflect.get(value, key)
  } catch {
    return undefined
  }
}

/**
 * The text of what was thrown, without that of its causes.
 *
 * @example
 * ```ts
 * import { Thrown } from "@volley/core"
 *
 * console.log(Thrown.messageOf(new Error("fetch failed", { cause: new Error("refused") }))) // => fetch failed
 * ```
 */
export const messageOf = (thrown: unknown): string => {
  const message = get(thrown, "message")
  if (typeof message === "string") return message
  return typeof thrown === "object" ? Object.prototype.toString.call(thrown) : String(thrown)
}

/**
 * What went wrong, and underneath, down to codes such as `ECONNREFUSED`.
 *
 * @example
 * ```ts
 * import { Thrown } from "@volley/core"
 *
 * const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" })
 * console.log(Thrown.told(new Error("fetch failed", { cause: refused })))
 * // => fetch failed: refused (ECONNREFUSED)
 * ```
 */
export const told = (thrown: unknown): string => {
  const chain = chainOf(thrown)
  return (chain.length === 0 ? [thrown] : chain).map((at) => {
    const code = codeOf(at)
    return `${messageOf(at)}${code === undefined ? "" : ` (${code})`}`
  }).join(": ")
}

const codeOf = (thrown: unknown): string | undefined => {
  const code = get(thrown, "code")
  return typeof code === "string" ? code : undefined
}

/**
 * The names that something goes by: its own, and those of the classes that it is of.
 *
 * @example
 * ```ts
 * import { Thrown } from "@volley/core"
 *
 * console.log(Thrown.namesOf(new TypeError("no function"))) // => [ 'TypeError', 'TypeError', 'Error', 'Object' ]
 * ```
 */
export const namesOf = (thrown: unknown): ReadonlyArray<string> =>
  [get(thrown, "name"), ...classesOf(thrown)].filter((name) => typeof name === "string")

/** The names of the classes of an object, from its own on; a bundler may have changed them. */
const classesOf = (thrown: unknown): ReadonlyArray<unknown> => {
  const names: Array<unknown> = []
  for (let at = typeof thrown === "object" ? thrown : null; at !== null; at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, "constructor")) names.push(get(get(at, "constructor"), "name"))
  }
  return names
}

/**
 * True for what goes by a name.
 *
 * @example
 * ```ts
 * import { Thrown } from "@volley/core"
 *
 * console.log(Thrown.isNamed(new TypeError("no function"), "TypeError")) // => true
 * ```
 */
export const isNamed = (thrown: unknown, name: string): boolean => namesOf(thrown).includes(name)

/**
 * The name of what was thrown: its own, or that of its class if its own is the `Error` that it was born with.
 *
 * - a class whose name has three letters or fewer, as bundlers leave them, is called `Error`
 *
 * @example
 * ```ts
 * import { Thrown } from "@volley/core"
 *
 * class OutOfStock extends Error {}
 * console.log(Thrown.nameOf(new OutOfStock()), Thrown.nameOf(new TypeError())) // => OutOfStock TypeError
 * ```
 */
export const nameOf = (thrown: unknown): string => {
  const [own = "Error", ofClass = own] = namesOf(thrown)
  return own === "Error" && !isShort(ofClass) ? ofClass : own
}

const isShort = (name: string): boolean => name.length <= 3

/**
 * True for what a bundler has left without the name of its class, and that has nothing but a message, and maybe a cause.
 *
 * @example
 * ```ts
 * import { Thrown } from "@volley/core"
 *
 * class t extends Error {} // what a bundler makes of `class RateLimitError extends Error`
 * console.log(Thrown.isBare(new t("slow down")), Thrown.isBare(new TypeError("no function"))) // => true false
 * ```
 */
export const isBare = (thrown: unknown): boolean => {
  const [own] = classesOf(thrown)
  return typeof own === "string" && isShort(own) && get(thrown, "name") === "Error"
    && typeof thrown === "object" && thrown !== null && Object.keys(thrown).every((key) => key === "cause")
}

/**
 * The HTTP status of an answer that was thrown, wherever a client keeps it.
 *
 * @example
 * ```ts
 * import { Thrown } from "@volley/core"
 *
 * console.log(Thrown.statusOf(Object.assign(new Error("slow down"), { status: 429 }))) // => 429
 * ```
 */
export const statusOf = (thrown: unknown): number | undefined =>
  [
    get(thrown, "status"),
    get(thrown, "statusCode"),
    get(get(thrown, "response"), "status"),
    get(get(thrown, "$metadata"), "httpStatusCode")
  ].find(isStatus)

const isStatus = (status: unknown): status is number =>
  typeof status === "number" && Number.isInteger(status) && status >= 100 && status < 600

/** What headers are read by. */
export type HeadersLike = Pick<Headers, "get">

/**
 * The headers of an answer that was thrown: those of `fetch`, of another implementation of it, or an object of texts.
 *
 * @example
 * ```ts
 * import { Thrown } from "@volley/core"
 *
 * const thrown = Object.assign(new Error("slow down"), { headers: { "retry-after": "3" } })
 * console.log(Thrown.headersOf(thrown)?.get("retry-after")) // => 3
 * ```
 */
export const headersOf = (thrown: unknown): HeadersLike | undefined =>
  asHeaders(get(thrown, "headers")) ?? asHeaders(get(get(thrown, "response"), "headers"))

const asHeaders = (headers: unknown): HeadersLike | undefined => {
  if (typeof headers !== "object" || headers === null) return undefined
  const getter = get(headers, "get")
  const read = (name: string): unknown =>
    typeof getter === "function" ? Reflect.apply(getter, headers, [name]) : get(headers, name)
  return {
    get: (name) => {
      const value = read(name)
      return typeof value === "string" ? value : null
    }
  }
}

/**
 * True where what was thrown, or what it comes from, says that a connection was not there, broke, or took too long.
 *
 * @example
 * ```ts
 * import { Thrown } from "@volley/core"
 *
 * const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" })
 * console.log(Thrown.isBroken(new Error("fetch failed", { cause: refused }))) // => true
 * ```
 */
export const isBroken = (thrown: unknown): boolean =>
  chainOf(thrown).some((at) => namesOf(at).some((name) => breaks.has(name)) || isUnanswered(at) || hasBrokenCode(at))

const breaks: ReadonlySet<string> = new Set([
  "AbortError",
  "TimeoutError",
  "NetworkError",
  "APIConnectionError",
  "APIConnectionTimeoutError",
  "APIUserAbortError",
  "RetryableError"
])

/** An answer that there is not: the error of an API without anything in it, whatever its class is called. */
const isUnanswered = (thrown: unknown): boolean =>
  typeof thrown === "object" && thrown !== null &&
  ["status", "headers", "error"].every((key) => key in thrown && get(thrown, key) === undefined)

const hasBrokenCode = (thrown: unknown): boolean => {
  const code = codeOf(thrown)
  return code !== undefined && /^[A-Z]/.test(code) && !mistaken.test(code)
}

/** Codes of what no second try mends. */
const mistaken =
  /^(ERR_(INVALID|MISSING|UNKNOWN|HTTP_INVALID)_|UND_ERR_(INVALID_ARG|NOT_SUPPORTED)|ENOENT|(ERR_)?MODULE_NOT_FOUND)/

/**
 * True where the program is at fault: what it asked for cannot be written, or its client cannot be used as it is. What a
 * connection may have to do with is none.
 *
 * @example
 * ```ts
 * import { Thrown } from "@volley/core"
 *
 * console.log(Thrown.isMistake(new TypeError("client.chat is undefined"))) // => true
 * ```
 */
export const isMistake = (thrown: unknown): boolean => {
  if (isBroken(thrown)) return false
  const chain = chainOf(thrown)
  const said = chain.map(messageOf)
  return chain.some((at) => mistaken.test(codeOf(at) ?? ""))
    || said.some((text) => /^Could not (resolve authentication method|load .*credentials)/.test(text))
    || (namesOf(thrown).some((name) => mistakes.has(name)) && !said.some((text) => connecting.test(text)))
}

/**
 * True where a client would not send the request: the program is at fault, or what was thrown is an error of the SDK's own.
 *
 * @example
 * ```ts
 * import { Thrown } from "@volley/core"
 *
 * class SdkError extends Error {}
 * console.log(Thrown.isUnsent(new SdkError("there is no API key"), "SdkError")) // => true
 * ```
 */
export const isUnsent = (thrown: unknown, sdkError: string): boolean =>
  isMistake(thrown) || (!isBroken(thrown) && chainOf(thrown).some((at) => isNamed(at, sdkError) || isBare(at)))

const mistakes: ReadonlySet<string> = new Set(["TypeError", "ReferenceError"])

/** What runtimes say where `fetch` or the reading of a body fails, which is a `TypeError` too, often without a code. */
const connecting =
  /(fetch failed|failed to fetch|cannot fetch|load failed|network|socket|connect|terminated|timed? ?out|offline|hang up|aborted|cancell?ed|reset|error (in|reading|decoding|sending))/i

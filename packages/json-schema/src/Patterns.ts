/**
 * Matches patterns of servers in time that is linear in the text: `RegExp` may take for ever, and a server may intend
 * that.
 */
import type { Patterns } from "@volley/core/Tool"
import { RE2JS } from "re2js"

/** What matches by RE2; `size` is how many parts of it may be tried at a character of a text. */
interface Linear extends ReturnType<Patterns> {
  readonly size: number
}

/**
 * Takes the patterns that RE2 takes, and lookaheads right after a `^`; throws for any other pattern.
 *
 * @example
 * ```ts
 * import { Patterns } from "@volley/json-schema"
 *
 * const pattern = Patterns.linear("^[a-z]+$")
 * console.log(pattern.test("lamp"), pattern.test("A-7")) // => true false
 * ```
 */
export const linear = (source: string): Linear => {
  const { heads, rest } = headed(source)
  const tests = heads.map(({ isNot, source }) => ({ isNot, pattern: compiled(`^(?:${source})`) }))
  const whole = compiled(heads.length === 0 ? source : `^(?:${rest})`)
  const size = tests.reduce((sum, { pattern }) => sum + pattern.programSize(), whole.programSize())
  return { size, test: (text) => whole.test(text) && tests.every(({ isNot, pattern }) => pattern.test(text) !== isNot) }
}

const compiled = (source: string): RE2JS => {
  if (/\\[1-9k]/.test(source.replaceAll("\\\\", ""))) throw unfit(source, "it refers to what it matched before")
  try {
    return RE2JS.compile(RE2JS.translateRegExp(inFull(source)))
  } catch (error) {
    throw unfit(source, error instanceof Error ? error.message : String(error))
  }
}

const unfit = (source: string, why: string): Error =>
  new Error(`its pattern ${JSON.stringify(source)} cannot be matched in linear time: ${why}`)

/** What JavaScript means by some letters is more than RE2 does. */
const inFull = (source: string): string => {
  let isInClass = false
  return source.replace(/\\[^]|[[\].]/gu, (part) => {
    if (part === "[" || part === "]") isInClass = part === "["
    if (part === "." && !isInClass) return "[^\\n\\r\\u2028\\u2029]"
    if (part === "\\s") return isInClass ? spaces : `[${spaces}]`
    return part === "\\S" && !isInClass ? `[^${spaces}]` : part
  })
}

const spaces = "\\t\\n\\v\\f\\r \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff"

interface Head {
  readonly isNot: boolean
  readonly source: string
}

/**
 * Takes the lookaheads from the start of a pattern: each of them, and the rest, has to match there by itself.
 *
 * - none where the rest has several forms, since they belong to the first alone
 */
const headed = (source: string): { readonly heads: ReadonlyArray<Head>; readonly rest: string } => {
  const heads: Array<Head> = []
  let rest = source.slice(1)
  while (source.startsWith("^") && /^\(\?[=!]/.test(rest)) {
    const end = endOf(rest, 1, ")")
    heads.push({ isNot: rest[2] === "!", source: rest.slice(3, end) })
    rest = rest.slice(end + 1)
  }
  return endOf(rest, 0, "|") < rest.length ? { heads: [], rest } : { heads, rest }
}

/** Where a sign stands that is in no group but that which is open, and in no class; the length where there is none. */
const endOf = (source: string, start: number, sign: ")" | "|"): number => {
  let depth = 0
  let isInClass = false
  for (let at = start; at < source.length; at++) {
    const letter = source[at]
    if (letter === "\\") at++
    else if (letter === "[" || letter === "]") isInClass = letter === "["
    else if (!isInClass && letter === sign && depth === 0) return at
    else if (!isInClass && letter === "(") depth++
    else if (!isInClass && letter === ")") depth--
  }
  return source.length
}

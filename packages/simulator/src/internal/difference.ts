import { isObject } from "./json.ts"

/** The first place where two values of JSON part, as `body.messages[1].content`, and what stands there in each. */
export interface Difference {
  readonly at: string
  readonly was: string
  readonly is: string
}

/** Compares what was with what is; the order of keys does not count. */
export const differenceOf = (was: unknown, is: unknown, at = ""): Difference | undefined => {
  if (Array.isArray(was) && Array.isArray(is)) {
    return first(
      Array.from(was.length < is.length ? is : was, (_, index) => index),
      (index) => differenceOf(was[index], is[index], `${at}[${index}]`)
    )
  }
  if (isObject(was) && isObject(is)) {
    return first(
      new Set([...Object.keys(was), ...Object.keys(is)]),
      (key) => differenceOf(own(was, key), own(is, key), pathTo(at, key))
    )
  }
  return was === is ? undefined : { at, ...shown(was, is) }
}

const first = <A>(items: Iterable<A>, difference: (item: A) => Difference | undefined): Difference | undefined => {
  for (const item of items) {
    const found = difference(item)
    if (found !== undefined) return found
  }
  return undefined
}

const own = (object: Readonly<Record<string, unknown>>, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined

const pathTo = (at: string, key: string): string =>
  /^[A-Za-z_]\w*$/.test(key) ? (at === "" ? key : `${at}.${key}`) : `${at}[${JSON.stringify(key)}]`

/** Long texts are shown from shortly before the place where they part. */
const shown = (was: unknown, is: unknown): Omit<Difference, "at"> => {
  const [a, b] = [charactersOf(was), charactersOf(is)]
  const parting = a.findIndex((character, index) => character !== b[index])
  const from = Math.max(0, (parting < 0 ? a.length : parting) - 20)
  return { was: excerpt(a, from), is: excerpt(b, from) }
}

const charactersOf = (value: unknown): ReadonlyArray<string> => [...JSON.stringify(value) ?? "absent"]

const width = 80

const excerpt = (characters: ReadonlyArray<string>, from: number): string => {
  if (characters.length <= width) return characters.join("")
  const shown = characters.slice(from, from + width).join("")
  return `${from > 0 ? "…" : ""}${shown}${from + width < characters.length ? "…" : ""}`
}

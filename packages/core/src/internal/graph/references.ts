import * as Redacted from "effect/Redacted"
import { Reference, type Root, rootOf, valueOf } from "./source.ts"

/** A part of arguments; `apart` where it is inside of what references are not looked for in. */
interface Part {
  readonly value: unknown
  readonly path: string
  readonly apart: boolean
}

/** What the references inside arguments stand for, as they are read; throws for one that could not be filled in. */
export const rootsIn = (tool: string, args: unknown): ReadonlySet<Root> => {
  const roots = new Set<Root>()
  const seen = { plain: new Set<unknown>(), apart: new Set<unknown>() }
  const parts: Array<Part> = [{ value: args, path: "", apart: false }]
  for (let next = parts.pop(); next !== undefined; next = parts.pop()) {
    const { apart, path, value } = next
    if (value instanceof Reference) {
      if (apart) throw new Error(astray(tool, path))
      roots.add(rootOf(value["~source"]))
      continue
    }
    if (typeof value !== "object" || value === null) continue
    const within = apart || !isPlain(value)
    const before = within ? seen.apart : seen.plain
    if (before.has(value)) continue
    before.add(value)
    const inside = within ? everythingIn(value) : Object.entries(value)
    for (const [key, part] of inside.toReversed()) {
      parts.push({ value: part, path: path === "" ? key : `${path}.${key}`, apart: within })
    }
  }
  return roots
}

const astray = (tool: string, path: string): string =>
  `Pipeline: the call of "${tool}" has a reference at "${path}", inside of what is neither a plain object nor an array; ` +
  "make the whole of that by Pipeline.map."

const isPlain = (value: object): boolean =>
  Array.isArray(value) || [Object.prototype, null].includes(Object.getPrototypeOf(value))

/** What an object holds, whatever it is; nothing is computed for that. */
const everythingIn = (value: object): ReadonlyArray<readonly [key: string, part: unknown]> => {
  if (ArrayBuffer.isView(value)) return []
  const own = Object.entries(Object.getOwnPropertyDescriptors(value)).map(([key, { value }]) => [key, value] as const)
  if (value instanceof Map) {
    return Array.from(value).flatMap(([key, part]) => [["key", key], [typeof key === "string" ? key : "value", part]])
  }
  if (value instanceof Set) return Array.from(value, (part, n) => [`${n}`, part] as const)
  return Redacted.isRedacted(value) ? [...own, ["value", Redacted.value(value)]] : own
}

/** Puts values in the place of references. */
export const fill = (value: unknown, values: (root: Root) => unknown): unknown => {
  if (value instanceof Reference) return valueOf(value["~source"], values)
  if (typeof value !== "object" || value === null || !isPlain(value)) return value
  if (Array.isArray(value)) return value.map((item) => fill(item, values))
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fill(item, values)]))
}

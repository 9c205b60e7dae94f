import * as Json from "@volley/core/Json"
import { createHash } from "node:crypto"

/** What is longer than that is kept apart from its row, in characters. */
const most = 65_536

/** Text that is kept apart, by its hash. */
export interface Blob {
  readonly hash: string
  readonly bytes: Uint8Array
}

/** JSON as a row has it, and what is kept apart. */
export interface Packed {
  readonly text: string
  readonly blobs: ReadonlyArray<Blob>
}

type Path = ReadonlyArray<string | number>

/** Writes JSON as text; long texts in it, such as images, are kept apart. */
export const pack = (json: unknown): Packed => {
  const text = JSON.stringify(json)
  if (text.length <= most) return { text: `{"v":${text}}`, blobs: [] }
  const blobs: Array<Blob> = []
  const places: Array<readonly [Path, string]> = []
  const without = apart(json, [], (path, long) => {
    const bytes = new TextEncoder().encode(long)
    const hash = createHash("sha256").update(bytes).digest("base64url")
    blobs.push({ hash, bytes })
    places.push([path, hash])
  })
  return { text: JSON.stringify({ v: without, ...(places.length > 0 && { b: places }) }), blobs }
}

const apart = (json: unknown, path: Path, keep: (path: Path, long: string) => void): unknown => {
  // UTF-8 has no half characters; JSON writes them down.
  if (typeof json === "string" && json.length > most && json.isWellFormed()) {
    keep(path, json)
    return null
  }
  if (Array.isArray(json)) return json.map((one: unknown, at) => apart(one, [...path, at], keep))
  if (!Json.isObject(json)) return json
  return Object.fromEntries(Object.entries(json).map(([key, one]) => [key, apart(one, [...path, key], keep)]))
}

/** The hashes of what is kept apart of a row; none of what is no row. */
export const hashesOf = (text: string): ReadonlyArray<string> => {
  if (!text.endsWith("]]}") || !text.includes(",\"b\":[[")) return []
  const hashes: Array<string> = []
  try {
    unpack(text, (hash) => (hashes.push(hash), hash))
  } catch {
    // Who reads the row says what is wrong with it.
  }
  return hashes
}

/** Reads what `pack` wrote; `textOf` gives what is kept apart. Throws where a row is no such text. */
export const unpack = (text: string, textOf: (hash: string) => string): unknown => {
  const row: unknown = JSON.parse(text)
  if (!Json.isObject(row) || !("v" in row)) throw new SyntaxError("it is no row of a journal")
  const { b: places = [], v } = row
  const holder = { v }
  for (const place of Array.isArray(places) ? places : []) restore(holder, place, textOf)
  return holder.v
}

const restore = (holder: object, place: unknown, textOf: (hash: string) => string): void => {
  if (!Array.isArray(place) || !Array.isArray(place[0]) || typeof place[1] !== "string") {
    throw new SyntaxError("it does not say where a text belongs")
  }
  const path: ReadonlyArray<PropertyKey> = ["v", ...place[0]]
  let at: object = holder
  for (const key of path.slice(0, -1)) {
    const next: unknown = Reflect.get(at, key)
    if (typeof next !== "object" || next === null) {
      throw new SyntaxError("it has no place for a text that belongs there")
    }
    at = next
  }
  Object.defineProperty(at, path.at(-1) ?? "v", {
    value: textOf(place[1]),
    enumerable: true,
    configurable: true,
    writable: true
  })
}

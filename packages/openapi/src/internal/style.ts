/**
 * How values stand in addresses, headers and forms, by the styles of OpenAPI.
 */
import * as Json from "@volley/core/Json"

/** How one parameter, or one field of a form, is written. */
export interface Style {
  readonly name: string
  readonly style: string
  readonly explode: boolean
  /** Characters that mean something in a query stay as they are, as far as they do not end the value. */
  readonly reserved: boolean
}

/** Writes a value as a query or a form has it: `name=value` pairs, each ready to go out; none for a value that is not there. */
export const pairsOf = (how: Style, value: unknown): ReadonlyArray<string> => {
  const { explode, name, reserved, style } = how
  const write = reserved ? spared : escaped
  const pair = (key: string, value: unknown): string => `${escaped(key)}=${write(plain(value))}`
  if (value === null || value === undefined) return []
  if (style === "deepObject") return deepPairs(name, value).map(([key, part]) => `${key}=${write(plain(part))}`)
  if (Array.isArray(value)) {
    if (value.length === 0) return []
    if (explode) return value.map((one) => pair(name, one))
    return [`${escaped(name)}=${value.map((one) => write(plain(one))).join(separators.get(style) ?? ",")}`]
  }
  if (!Json.isObject(value)) return [pair(name, value)]
  const entries = Object.entries(value)
  if (entries.length === 0) return []
  if (explode) return entries.map(([key, part]) => pair(key, part))
  const flat = entries.flatMap(([key, part]) => [escaped(key), write(plain(part))])
  return [`${escaped(name)}=${flat.join(separators.get(style) ?? ",")}`]
}

const separators: ReadonlyMap<string, string> = new Map([["spaceDelimited", "%20"], ["pipeDelimited", "%7C"]])

/** Some servers want the lists in an object by number, which is what most readers of such names take. */
const deepPairs = (key: string, value: unknown): ReadonlyArray<readonly [string, unknown]> =>
  partsOf(value)?.flatMap(([name, part]) => deepPairs(`${key}[${name}]`, part)) ??
    [[escaped(key), value]]

const partsOf = (value: unknown): ReadonlyArray<readonly [string, unknown]> | undefined =>
  Array.isArray(value) || Json.isObject(value) ? Object.entries(value) : undefined

/** Writes a value as a part of a path, escaped so that it stays one. */
export const segmentOf = (how: Style, value: unknown): string => {
  const name = escaped(how.name)
  if (how.style === "label") return `.${joined(value, how.explode, how.explode ? "." : ",", escaped)}`
  if (how.style !== "matrix") return joined(value, how.explode, ",", escaped)
  if (Array.isArray(value) && how.explode) return value.map((one) => `;${name}=${escaped(plain(one))}`).join("")
  if (Json.isObject(value) && how.explode) return `;${joined(value, true, ";", escaped)}`
  return `;${name}=${joined(value, false, ",", escaped)}`
}

/** Writes a value as a header has it, where nothing is escaped. */
export const headerOf = ({ explode }: Style, value: unknown): string => joined(value, explode, ",", (text) => text)

const joined = (value: unknown, explode: boolean, separator: string, write: (text: string) => string): string => {
  if (Array.isArray(value)) return value.map((one) => write(plain(one))).join(separator)
  if (!Json.isObject(value)) return write(plain(value))
  return Object.entries(value)
    .map(([key, part]) => `${write(key)}${explode ? "=" : ","}${write(plain(part))}`)
    .join(separator)
}

/** A value as text; what is nested deeper than a style can say is JSON. */
export const plain = (value: unknown): string => typeof value === "object" ? JSON.stringify(value) : String(value)

/** A text of which every character is itself, wherever it stands in an address. */
export const escaped = (text: string): string =>
  encodeURIComponent(wellFormed(text)).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`
  )

/** The same, but for what may stand in the value of a query. */
const spared = (text: string): string => encodeURI(wellFormed(text)).replace(/[#&+[\]]/g, encodeURIComponent)

/** Half of a character cannot be sent. */
const wellFormed = (text: string): string =>
  text.replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]|[\uD800-\uDFFF]/g, (part) => part.length === 2 ? part : "\uFFFD")

/**
 * Puts the pieces of lists of a streamed turn together: parts of the content, and what the model thinks.
 */
import * as Json from "@volley/core/Json"
import { type Fields, present } from "./fields.ts"

/** A list with one more of its pieces, which goes on with what came before it, or stands behind that. */
export const withPiece = (list: ReadonlyArray<unknown>, piece: unknown): ReadonlyArray<unknown> => {
  const at = placeOf(list, piece)
  const joined = together(list[at], piece)
  return joined === undefined ? [...list, piece] : list.with(at, joined)
}

/** The same of a list of anything, where what the model thinks alone comes in pieces. */
export const withThought = (list: ReadonlyArray<unknown>, item: unknown): ReadonlyArray<unknown> =>
  isThought(item) ? withPiece(list, item) : [...list, item]

const isThought = (item: unknown): boolean =>
  Json.isObject(item) && typeof item["type"] === "string" && /^(thinking|reasoning)\b/.test(item["type"])

/** What a piece goes on with, if it begins nothing: the last that has its index, or the last of all. */
const placeOf = (list: ReadonlyArray<unknown>, piece: unknown): number =>
  Json.isObject(piece) && typeof piece["index"] === "number"
    ? list.findLastIndex((before) => Json.isObject(before) && isAlike(before, piece))
    : list.length - 1

const isAlike = (before: Fields, piece: Fields): boolean =>
  before["type"] === piece["type"] && before["index"] === piece["index"]
  && (!before["id"] || !piece["id"] || before["id"] === piece["id"])

/** Both as one; undefined where a piece begins another one, as behind a signature, which is for all that came before it. */
const together = (before: unknown, piece: unknown): Fields | undefined => {
  if (!Json.isObject(before) || !Json.isObject(piece) || !isAlike(before, piece)) return undefined
  const said = ["text", "thinking", "summary"].filter((key) =>
    typeof piece[key] === "string" || Array.isArray(piece[key])
  )
  if (said.length === 0 && !piece["signature"]) return undefined
  if (before["signature"] && (isSigned(piece, before) || said.some((key) => piece[key] !== ""))) return undefined
  const grown = said.map((key) => [key, further(before[key] ?? undefined, piece[key])] as const)
  return grown.some(([, value]) => value === undefined)
    ? undefined
    : { ...before, ...present(piece), ...Object.fromEntries(grown) }
}

/** True of a piece with a signature of its own. */
const isSigned = (piece: Fields, before: Fields): boolean =>
  Boolean(piece["signature"]) && piece["signature"] !== before["signature"]

const further = (before: unknown, more: unknown): unknown => {
  if (before === undefined) return more
  if (typeof before === "string" && typeof more === "string") return before + more
  return Array.isArray(before) && Array.isArray(more)
    ? more.reduce<ReadonlyArray<unknown>>(withPiece, before)
    : undefined
}

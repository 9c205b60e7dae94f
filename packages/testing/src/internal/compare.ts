import * as Equal from "effect/Equal"
import { format } from "effect/Formatter"

/** Stands where two values differ. */
const unsure = Symbol("unsure")

const isRecord = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype

const haveSameKeys = (a: object, b: object): boolean =>
  Equal.equals(Object.keys(a).toSorted(), Object.keys(b).toSorted())

/** What two values have in common: where they differ, nothing can be said of a third one. */
export const common = (a: unknown, b: unknown): unknown => {
  if (Equal.equals(a, b)) return a
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length) return a.map((one, at) => common(one, b[at]))
  if (!isRecord(a) || !isRecord(b) || !haveSameKeys(a, b)) return unsure
  return Object.fromEntries(Object.entries(a).map(([key, value]) => [key, common(value, b[key])]))
}

/** True unless a value differs from one where something can be said of it. */
export const agrees = (value: unknown, known: unknown): boolean => {
  if (known === unsure || Equal.equals(value, known)) return true
  if (Array.isArray(value) && Array.isArray(known)) {
    return value.length === known.length && value.every((one, at) => agrees(one, known[at]))
  }
  return isRecord(value) && isRecord(known) && haveSameKeys(value, known) &&
    Object.entries(value).every(([key, one]) => agrees(one, known[key]))
}

/** How one state differs from another, as text. */
export const difference = (before: unknown, after: unknown): string => {
  if (!isRecord(before) || !isRecord(after)) return `${format(before)} became ${format(after)}.`
  const keys = Array.from(new Set([...Object.keys(before), ...Object.keys(after)]))
  return `${
    keys.filter((key) => !Equal.equals(before[key], after[key]))
      .map((key) => `${key} is ${format(after[key])} instead of ${format(before[key])}`).join(", ")
  }.`
}

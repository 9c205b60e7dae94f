import type { Memory, Turn } from "../Wire.ts"
import { get, isObject } from "./json.ts"

/** The turn of an id. */
export const recall = (memory: Memory, id: string | null | undefined): Turn | undefined =>
  memory.find((turn) => turn.id === id)

/** The list of a body that its conversation stands in. */
export const historyOf = (body: unknown, key: string): ReadonlyArray<unknown> => {
  const list = get(body, key)
  return Array.isArray(list) ? list : []
}

/** A body with what is kept of the turn that it goes on from: what would be sent where nothing is kept. */
export const whole = (
  body: unknown,
  { fields, history }: Turn,
  key: string,
  more: ReadonlyArray<unknown>
): Readonly<Record<string, unknown>> => ({ ...fields, ...(isObject(body) && body), [key]: [...history, ...more] })

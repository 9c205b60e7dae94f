/**
 * One call of an assistant turn, as a codec read it from the provider's response.
 */

/**
 * A call that a model asked for.
 *
 * - `id`: unique in its turn; the codec that made the call sees to it
 * - `arguments`: as they arrived, a JSON string (OpenAI) or a value already parsed (Anthropic)
 * - `index`: place in the turn, from 0
 * - `status`: `"truncated"` when the turn was cut off before the call was proven complete; such a call never runs
 */
export interface ToolCall<out Name extends string = string> {
  readonly id: string
  readonly name: Name
  readonly arguments: unknown
  readonly index: number
  readonly status: "complete" | "truncated"
}

/** Makes a complete call, for loops and tests that have no provider. */
export const make = (call: {
  readonly id: string
  readonly name: string
  readonly arguments?: unknown
  readonly index?: number | undefined
}): ToolCall => ({
  id: call.id,
  name: call.name,
  arguments: call.arguments ?? {},
  index: call.index ?? 0,
  status: "complete"
})

/** A number too large for JSON would be written as `null`, and one call so taken for another. */
const apart = (_key: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? `\u0000${value}` : value

/**
 * Tells the calls of one turn apart, for codecs: the first call keeps an id, a second one with it gets another, and so
 * does a call without one. A call that repeats id, name and arguments is the same call, and left out.
 *
 * - deterministic: the same turn always gets the same ids, at most 40 characters long where they are new
 */
export const distinct = <A>(
  calls: ReadonlyArray<A>,
  read: (call: A) => { readonly id: string | null | undefined; readonly name: string; readonly arguments: unknown }
): ReadonlyArray<{ readonly call: A; readonly id: string }> => {
  const taken = new Set(calls.map((call) => read(call).id))
  const used = new Map<string, ReadonlyArray<string>>()
  const unused = (base: string): string => {
    for (let n = 1;; n++) {
      const id = n === 1 ? base : `${base.slice(0, 32)}_${n}`
      if (!taken.has(id)) return id
    }
  }
  return calls.flatMap((call, index) => {
    const { arguments: args, id, name } = read(call)
    const what = JSON.stringify([name, args], apart)
    const before = id ? used.get(id) : undefined
    if (before?.includes(what)) return []
    const own = !id ? unused(`call_${index + 1}`) : before === undefined ? id : unused(id)
    taken.add(own)
    if (id) used.set(id, [...before ?? [], what])
    return [{ call, id: own }]
  })
}

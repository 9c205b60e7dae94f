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
 * - `uncertain`: earlier calls of its turn that wrote with an unknown outcome; on a call that nobody had decided on, so
 *   that what was uncertain stays so when it is run
 */
export interface ToolCall<out Name extends string = string> {
  readonly id: string
  readonly name: Name
  readonly arguments: unknown
  readonly index: number
  readonly status: "complete" | "truncated"
  readonly uncertain?: ReadonlyArray<ToolCall>
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
  const taken = new Set<string | null | undefined>()
  const repeated = new Set<string | null | undefined>()
  for (const call of calls) {
    const { id } = read(call)
    if (taken.has(id)) repeated.add(id)
    else taken.add(id)
  }
  const next = new Map<string, number>()
  const unused = (base: string): string => {
    if (!taken.has(base)) return base
    const start = base.slice(0, 32)
    let n = next.get(start) ?? 2
    while (taken.has(`${start}_${n}`)) n++
    next.set(start, n + 1)
    return `${start}_${n}`
  }
  const seen = new Map<string, Set<string>>()
  const idOf = (call: A, index: number): string | undefined => {
    const { arguments: args, id, name } = read(call)
    if (!id) return unused(`call_${index + 1}`)
    if (!repeated.has(id)) return id
    const what = JSON.stringify([name, args], apart)
    const before = seen.get(id)
    if (before?.has(what)) return undefined
    seen.set(id, (before ?? new Set()).add(what))
    return before === undefined ? id : unused(id)
  }
  const told: Array<{ readonly call: A; readonly id: string }> = []
  for (const [index, call] of calls.entries()) {
    const id = idOf(call, index)
    if (id === undefined) continue
    taken.add(id)
    told.push({ call, id })
  }
  return told
}

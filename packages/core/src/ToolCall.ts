/**
 * One call of an assistant turn, as a codec read it from the provider's response.
 */

import * as Result from "effect/Result"
import { keep, type Read } from "./internal/readBefore.ts"
import { refuseNoCall } from "./internal/refusals.ts"
import * as Json from "./Json.ts"

/** A call that a model asked for. */
export interface ToolCall<out Name extends string = string> {
  /** Unique in its turn; the codec that made the call sees to it. */
  readonly id: string
  /** The name that the model asked for. */
  readonly name: Name
  /** As they arrived: a JSON string (OpenAI) or a value already parsed (Anthropic). */
  readonly arguments: unknown
  /** Its place in the turn, from 0. */
  readonly index: number
  /** `"truncated"` if the turn was cut off before the call was known to be complete; such a call never runs. */
  readonly status: "complete" | "truncated"
  /** Of a call that was undecided: earlier writes of its turn with an unknown outcome, so that calls stay uncertain. */
  readonly uncertain?: ReadonlyArray<ToolCall>
  /** Of such a call of an inner agent: the conversation with which that agent goes on, as JSON. */
  readonly inside?: unknown
}

/**
 * Makes a complete call, for loops and tests that have no provider.
 *
 * @example
 * ```ts
 * import { ToolCall } from "@volley/core"
 *
 * const call = ToolCall.make({ id: "call_1", name: "get_weather", arguments: { city: "Tokyo" } })
 * console.log(call.status, call.index) // => complete 0
 * ```
 */
export const make = (call: {
  readonly id: string
  readonly name: string
  readonly arguments?: unknown
  readonly index?: number | undefined
}): ToolCall => {
  refuseNoCall("ToolCall.make: what is given", call)
  if (call.arguments === undefined) refuseMisnamed(call)
  const { id, index = 0, name } = call
  return { id, name, arguments: call.arguments ?? {}, index, status: "complete" }
}

/** Other libraries name them so; the tool would run without arguments, or refuse the call. */
const refuseMisnamed = (call: object): void => {
  const given = ["args", "input"].find((name) => name in call)
  if (given !== undefined) {
    throw new TypeError(`ToolCall.make: there is no option \`${given}\`: write \`arguments\`.`)
  }
}

/**
 * Makes a name that every provider takes back, `^[a-zA-Z0-9_-]{1,64}$`: models make up other names, and providers
 * refuse requests that echo them.
 *
 * @example
 * ```ts
 * import { ToolCall } from "@volley/core"
 *
 * console.log(ToolCall.spelled("get weather?")) // => get_weather_
 * ```
 */
export const spelled = (name: string): string =>
  accepted.test(name) ? name : name.replace(/[^a-zA-Z0-9_-]/g, "_").slice(0, 64) || "_"

const accepted = /^[a-zA-Z0-9_-]{1,64}$/

/** A name and arguments, as some wire carries them. */
export interface Asked {
  readonly name: string
  readonly arguments: unknown
}

/**
 * Gives the calls inside a call that stands for several, as some models write it; undefined for an ordinary call.
 *
 * - such a call is named `multi_tool_use.parallel`, or `parallel` with `functions.` before each name inside, and lists
 *   `{ recipient_name, parameters }` under `tool_uses`
 * - `arguments` of those inside are values, never text
 *
 * @example
 * ```ts
 * import { ToolCall } from "@volley/core"
 *
 * const calls = ToolCall.inside({
 *   name: "multi_tool_use.parallel",
 *   arguments: { tool_uses: [{ recipient_name: "functions.ping", parameters: { n: 1 } }] }
 * })
 * console.log(calls) // => [ { name: 'ping', arguments: { n: 1 } } ]
 * ```
 */
export const inside = ({ arguments: args, name }: Asked): ReadonlyArray<Asked> | undefined => {
  if (!several.test(name)) return undefined
  const read = typeof args === "string" ? Result.getOrUndefined(Json.parse(args)) : args
  const uses: unknown = Json.isObject(read) ? read["tool_uses"] : undefined
  if (!Array.isArray(uses) || uses.length === 0) return undefined
  const calls = uses.flatMap((use: unknown): ReadonlyArray<Asked> => {
    if (!Json.isObject(use) || typeof use["recipient_name"] !== "string") return []
    const { parameters, recipient_name: name } = use
    return [{ name: name.replace(/^functions\./, ""), arguments: parameters ?? {} }]
  })
  const isPlain = name === "parallel" && !uses.every((use: unknown) => isOfFunctions(use))
  return calls.length === uses.length && !isPlain ? calls : undefined
}

const several = /^((functions\.)?multi_tool_use[._]parallel|parallel)$/

const isOfFunctions = (use: unknown): boolean =>
  Json.isObject(use) && typeof use["recipient_name"] === "string" && use["recipient_name"].startsWith("functions.")

/** A number too large for JSON would be written as `null`, and one call so taken for another. */
const apart = (_key: string, value: unknown): unknown =>
  typeof value === "number" && !Number.isFinite(value) ? `\u0000${value}` : value

/**
 * Gives each call of one turn its own id, for codecs. The first call keeps its id; a second one with that id gets a new
 * one, and so does a call without an id. A call that repeats id, name and arguments is left out.
 *
 * - deterministic: the same turn always gets the same ids; new ones have at most 40 characters
 *
 * @example
 * ```ts
 * import { ToolCall } from "@volley/core"
 *
 * const calls = [{ id: "a", name: "ping", arguments: 1 }, { id: "a", name: "ping", arguments: 2 }]
 * console.log(ToolCall.distinct(calls, (call) => call).map(({ id }) => id).join()) // => a,a_2
 * ```
 */
export const distinct = <A>(
  calls: ReadonlyArray<A>,
  read: (call: A) => { readonly id: string | null | undefined; readonly name: string; readonly arguments: unknown }
): ReadonlyArray<{ readonly call: A; readonly id: string }> => {
  const asked = calls.map((call) => read(call))
  const taken = new Set<string | null | undefined>()
  const repeated = new Set<string | null | undefined>()
  for (const { id } of asked) {
    // One look into the set, since nearly all calls have ids of their own.
    if (taken.size === taken.add(id).size) repeated.add(id)
  }
  const next = new Map<string, number>()
  const unused = (base: string): string => {
    const start = base.slice(0, 32)
    let id = base
    while (taken.has(id)) {
      const n = next.get(start) ?? 2
      next.set(start, n + 1)
      id = `${start}_${n}`
    }
    taken.add(id)
    return id
  }
  const seen = new Map<string, Set<string>>()
  const idOf = (index: number): string | undefined => {
    const { arguments: args, id, name } = asked[index]!
    if (!id) return unused(`call_${index + 1}`)
    if (!repeated.has(id)) return id
    const what = JSON.stringify([name, args], apart)
    const before = seen.get(id)
    if (before?.has(what)) return undefined
    seen.set(id, (before ?? new Set()).add(what))
    return before === undefined ? id : unused(id)
  }
  const told: Array<{ readonly call: A; readonly id: string }> = []
  calls.forEach((call, index) => {
    const id = idOf(index)
    if (id !== undefined) told.push({ call, id })
  })
  return told
}

/**
 * Keeps what a codec has read of the arguments of a turn's calls, so that the first batch which is made of this list
 * need not read the texts again.
 *
 * - for codecs that read the texts anyway, to see whether servers take the calls back; without it, all stays the same
 * - `objects`: one for each call, as `Json.objectOf` gave it; what it gave for a text that is no object is not kept
 *
 * @example
 * ```ts
 * import { Json, ToolCall } from "@volley/core"
 *
 * const calls = [ToolCall.make({ id: "call_1", name: "ping", arguments: `{"times":2}` })]
 * const objects = calls.map((call) => Json.objectOf(call.arguments))
 * ToolCall.remember(calls, objects) // what `Batch.run(toolkit, calls)` is given next
 * console.log(objects) // => [ { times: 2 } ]
 * ```
 */
export const remember = (
  calls: ReadonlyArray<ToolCall>,
  objects: ReadonlyArray<Readonly<Record<string, unknown>> | undefined>
): void =>
  keep(
    calls,
    calls.map(({ arguments: text }, at): Read | undefined => {
      const value = objects[at]
      return typeof text !== "string" || value === undefined || "unreadable" in value ? undefined : { text, value }
    })
  )

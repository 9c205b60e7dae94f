import type { ToolCall } from "../ToolCall.ts"

/** A call of a turn, once it is known to be complete; or, at the end of the turn, known not to be. */
export interface Call {
  readonly _tag: "Call"
  readonly call: ToolCall
}

/**
 * Which calls of a turn that is still being written were given already.
 *
 * - `ids`: theirs, in order; none once a call came without one, or with that of another
 */
export interface Told {
  readonly count: number
  readonly ids: ReadonlyArray<string> | undefined
}

/** Nothing was told yet. */
export const nothingTold: Told = { count: 0, ids: [] }

/**
 * Tells calls that are proven complete now, so that a turn of n calls is not looked at n times.
 *
 * - `more`: those, by the ids that they came with
 * - `together`: all that can be told so far, which is what counts where an id does not tell a call from the others
 *
 * @example
 * ```ts
 * import { ChatModel, ToolCall } from "@volley/core"
 *
 * const first = ToolCall.make({ id: "call_1", name: "ping" })
 * const second = ToolCall.make({ id: "call_2", name: "ping" })
 * const [told] = ChatModel.tell(ChatModel.nothingTold, [first], () => [first])
 * const [, parts] = ChatModel.tell(told, [second], () => [first, second])
 * console.log(parts.map(({ call }) => `${call.id} at ${call.index}`).join()) // => call_2 at 1
 * ```
 */
export const tell = (
  { count, ids }: Told,
  more: ReadonlyArray<ToolCall>,
  together: () => ReadonlyArray<ToolCall>
): readonly [Told, ReadonlyArray<Call>] => {
  const all = ids && [...ids, ...more.map(({ id }) => id)]
  const own = all && more.every(({ id }, at) => id !== "" && all.indexOf(id) === count + at) ? all : undefined
  const calls = own ? more.map((call, at) => ({ ...call, index: count + at })) : together().slice(count)
  return [{ count: count + calls.length, ids: own }, calls.map((call) => ({ _tag: "Call", call }))]
}

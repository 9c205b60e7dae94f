import * as Stream from "effect/Stream"
import type { ToolCall } from "../../ToolCall.ts"

interface Waiting {
  readonly admitted: number
  readonly held: ReadonlyArray<ToolCall>
}

/**
 * Puts calls that arrive in any order into call order, each with its place.
 *
 * - a call is held back until those of a lower index have come; what is held back at the end comes then
 */
export const inCallOrder = <E, R>(
  calls: Stream.Stream<ToolCall, E, R>
): Stream.Stream<readonly [ToolCall, number], E, R> =>
  Stream.mapAccum(
    calls,
    (): Waiting => ({ admitted: 0, held: [] }),
    ({ admitted, held }, call) => {
      const waiting = [...held, call].sort((a, b) => a.index - b.index)
      let next = 0
      while (next < waiting.length && waiting[next]!.index <= admitted + next) next++
      return [
        { admitted: admitted + next, held: waiting.slice(next) },
        placed(waiting.slice(0, next), admitted)
      ]
    },
    { onHalt: ({ admitted, held }) => placed(held, admitted) }
  )

const placed = (calls: ReadonlyArray<ToolCall>, from: number) =>
  calls.map((call, index) => [call, from + index] as const)

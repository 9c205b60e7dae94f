import * as Result from "effect/Result"
import type { CallError, ToolFailure } from "../../CallError.ts"
import { byteLength, cut, errorText } from "../text.ts"
import type { Settled } from "../tool/settled.ts"

type Cuttable = Settled<string | undefined, unknown, CallError | ToolFailure<unknown>>

/**
 * Cuts the longest texts of a message until all of them together have `maxBytes` of UTF-8, marks not counted.
 *
 * - texts that are shorter than an equal share stay whole; what they leave over goes to the longer ones
 */
export const fit = <O extends Cuttable>(outcomes: ReadonlyArray<O>, maxBytes: number): ReadonlyArray<O> => {
  if (outcomes.reduce((sum, { encoded }) => sum + encoded.length * 3, 0) <= maxBytes) return outcomes
  const sizes = outcomes.map(({ encoded }) => byteLength(encoded))
  const share = fairShare(sizes, maxBytes)
  return outcomes.map((outcome, index) => sizes[index]! <= share ? outcome : shorten(outcome, share))
}

/** The largest share for which the sizes, none counted for more than the share, sum up to `total` at most. */
const fairShare = (sizes: ReadonlyArray<number>, total: number): number => {
  let left = total
  const ascending = [...sizes].sort((a, b) => a - b)
  for (const [index, size] of ascending.entries()) {
    const share = Math.floor(left / (ascending.length - index))
    if (size > share) return share
    left -= size
  }
  return Infinity
}

const shorten = <O extends Cuttable>(outcome: O, maxBytes: number): O => ({
  ...outcome,
  encoded: Result.isFailure(outcome.result)
    ? errorText(outcome.result.failure, maxBytes)
    : cut(outcome.encoded, maxBytes, " to fit the message")
})

import { assert, describe, it } from "@effect/vitest"
import { ToolCall } from "@volley/core"
import { Generate } from "@volley/testing"
import { Arbitrary, Effect, Stream } from "effect"
import { inCallOrder } from "../../src/internal/runner/inCallOrder.ts"

/** Which calls come out, and behind how many that had come in. */
const ordered = (indices: ReadonlyArray<number>) => {
  let came = 0
  const calls = indices.map((index, n) => ToolCall.make({ id: `${n}`, name: "t", index }))
  const counted = Stream.tap(Stream.fromIterable(calls), () => Effect.sync(() => came++))
  return Stream.runCollect(Stream.map(inCallOrder(counted), ({ id }) => `${id} behind ${came}`))
}

describe("calls of a turn that come in any order", () => {
  it.effect.prop("go in call order, each once all of a lower index are there, and as they came where they are equal", {
    indices: Arbitrary.array(Generate.upTo(5), { maxLength: 12 })
  }, ({ indices }) =>
    Effect.gen(function*() {
      const expected: Array<string> = []
      let held: ReadonlyArray<readonly [index: number, n: number]> = []
      let next = 0
      const take = (came: number, upTo: () => number) => {
        for (let [first, ...rest] = held; first !== undefined && first[0] <= upTo(); [first, ...rest] = held) {
          held = rest
          next = Math.max(next, first[0] + 1)
          expected.push(`${first[1]} behind ${came}`)
        }
      }
      for (const [n, index] of indices.entries()) {
        held = [...held, [index, n] as const].toSorted(([a], [b]) => a - b)
        take(n + 1, () => next)
      }
      take(indices.length, () => Infinity)
      assert.deepStrictEqual(yield* ordered(indices), expected)
    }))
})

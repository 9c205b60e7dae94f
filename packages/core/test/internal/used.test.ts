import { assert, describe, it } from "@effect/vitest"
import { usedWith } from "../../src/internal/runner/used.ts"
import type { Used } from "../../src/Recorder.ts"

describe("what agents inside a call have used", () => {
  const first: Used = {
    calls: 2,
    turns: [{ model: "a", usage: { input: 1, output: 2 } }, { usage: { input: 3, output: 4 } }]
  }

  it("is that of the one there is", () => {
    assert.deepStrictEqual(usedWith(undefined, first), first)
  })

  it("adds up: calls, and the tokens of each model, of those too that have no name", () => {
    const second: Used = {
      calls: 3,
      turns: [{ model: "b", usage: { input: 5, output: 6 } }, { usage: { input: 7, output: 8, cached: 1 } }]
    }
    const all = usedWith(usedWith(first, second), {
      calls: 1,
      turns: [{ model: "a", usage: { input: 10, output: 20 } }]
    })
    assert.deepStrictEqual(all, {
      calls: 6,
      turns: [
        { model: "a", usage: { input: 11, output: 22 } },
        { usage: { input: 10, output: 12, cached: 1 } },
        { model: "b", usage: { input: 5, output: 6 } }
      ]
    })
  })
})

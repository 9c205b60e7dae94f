import { assert, describe, it } from "@effect/vitest"
import { change, figure, median, perCall, quantile } from "../src/Statistics.ts"

describe("Statistics", () => {
  it("a quantile lies between its neighbours, whatever the order of the samples", () => {
    assert.strictEqual(quantile([40, 10, 30, 20], 0.5), 25)
    assert.strictEqual(quantile([5, 1, 3], 0.25), 2)
    assert.strictEqual(median([7]), 7)
  })

  it("a figure has the median, half of the distance between the quartiles as a part of it, and the least", () => {
    assert.deepStrictEqual(figure([8, 10, 12, 9, 11]), { median: 10, spread: 0.1, least: 8 })
  })

  it("the cost of a call leaves out what a turn costs whatever its calls", () => {
    assert.strictEqual(perCall(3 + 1000 * 0.002, 3 + 0.002, 1000).toFixed(6), "2.000000")
    assert.strictEqual(perCall(0.005, 0.005, 1), 5)
  })

  it("a change counts only beyond a tenth, and beyond three times the spread of both", () => {
    const quiet = (median: number) => ({ median, spread: 0.01, least: median })
    const loud = (median: number) => ({ median, spread: 0.3, least: median })
    assert.isUndefined(change(quiet(10), quiet(10.9)))
    assert.strictEqual(change(quiet(10), quiet(20)), 2)
    assert.strictEqual(change(quiet(10), quiet(5)), 0.5)
    assert.isUndefined(change(loud(10), quiet(16)))
  })
})

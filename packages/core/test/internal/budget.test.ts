import { assert, describe, it } from "@effect/vitest"
import { exceededBy, metBy } from "../../src/internal/agent/budget.ts"

const bounds = { rounds: 3, calls: 10, tokens: 100, time: 1000, cost: 1 }
const spent = { rounds: 0, calls: 0, tokens: 0, nextTokens: 0, millis: 0, turnMillis: 0, cost: 0, turnCost: 0 }

describe("the limits of an agent", () => {
  it("allow one more round while it and the answer behind it fit, to the last token and millisecond", () => {
    assert.isUndefined(metBy(bounds, spent))
    assert.isUndefined(metBy(bounds, { ...spent, rounds: 2, calls: 9 }))
    assert.isUndefined(metBy(bounds, { ...spent, tokens: 60, nextTokens: 20 }))
    assert.isUndefined(metBy(bounds, { ...spent, millis: 600, turnMillis: 200 }))
    assert.strictEqual(metBy(bounds, { ...spent, rounds: 3 }), "rounds")
    assert.strictEqual(metBy(bounds, { ...spent, calls: 10 }), "calls")
    assert.strictEqual(metBy(bounds, { ...spent, tokens: 61, nextTokens: 20 }), "tokens")
    assert.strictEqual(metBy(bounds, { ...spent, millis: 601, turnMillis: 200 }), "time")
    assert.isUndefined(metBy(bounds, { ...spent, cost: 0.5, turnCost: 0.25 }))
    assert.strictEqual(metBy(bounds, { ...spent, cost: 0.75, turnCost: 0.25 }), "cost")
  })

  it("allow an answer while it fits", () => {
    assert.isUndefined(exceededBy(bounds, { ...spent, rounds: 9, calls: 99 }))
    assert.isUndefined(exceededBy(bounds, { ...spent, tokens: 60, nextTokens: 40, millis: 999, turnMillis: 500 }))
    assert.strictEqual(exceededBy(bounds, { ...spent, tokens: 61, nextTokens: 40 }), "tokens")
    assert.strictEqual(exceededBy(bounds, { ...spent, millis: 1000 }), "time")
    assert.isUndefined(exceededBy(bounds, { ...spent, cost: 0.5, turnCost: 0.5 }))
    assert.strictEqual(exceededBy(bounds, { ...spent, cost: 0.75, turnCost: 0.5 }), "cost")
    assert.strictEqual(exceededBy(bounds, { ...spent, cost: 1 }), "cost")
  })
})

/**
 * A question whose answer takes calls that need each other's results, with a plan and without.
 */
import { assert, describe, it } from "@effect/vitest"
import type { Scenario } from "@volley/simulator/Scenario"
import { questions, questionsPlanned } from "@volley/simulator/scenarios/questions"
import * as Wires from "../src/Wires.ts"
import { playVirtually } from "./support/playVirtually.ts"

const latency = 1000
const answer = "Paris is 3.1 times as dense as Tokyo."

/** How often the model asked for calls, how many, and how long all of it took; as the simulator saw it. */
const figures = async (scenario: Scenario, wire: Wires.Wire, serial = false) => {
  const { played, requests } = await playVirtually(scenario, wire, { serial, latency })
  assert.strictEqual(played.ended.answer, answer)
  for (const { status } of requests) assert.strictEqual(status, 200)
  const turns = requests.filter(({ calls }) => calls.length > 0)
  return {
    requests: requests.length,
    calls: turns.map(({ calls }) => calls.length),
    millis: played.endedAt - played.startedAt,
    tokens: requests.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0)
  }
}

describe.each(Wires.all)("on $name, a question", (wire) => {
  it("takes three turns of tools without a plan, one with it, and comes to the same answer", async () => {
    const { tokens: many, ...plain } = await figures(questions, wire)
    const { tokens: few, ...planned } = await figures(questionsPlanned, wire)
    assert.deepStrictEqual(plain, { requests: 4, calls: [4, 2, 1], millis: 4 * latency + 500 })
    assert.deepStrictEqual(planned, { requests: 2, calls: [1], millis: 2 * latency + 500 })
    assert.isBelow(few, many)
  })

  it.runIf(wire.hasParallelSwitch)("takes seven turns of tools one call a turn", async () => {
    const { calls, requests } = await figures(questions, wire, true)
    assert.deepStrictEqual({ calls, requests }, { calls: [1, 1, 1, 1, 1, 1, 1], requests: 8 })
  })
})

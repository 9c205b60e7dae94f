import { assert, describe, it } from "@effect/vitest"
import type { Scenario } from "@volley/simulator/Scenario"
import * as Scenarios from "@volley/simulator/Scenarios"
import * as Simulator from "@volley/simulator/Simulator"
import * as Report from "../src/Report.ts"
import * as Wires from "../src/Wires.ts"
import { type Expected, facts } from "./support/facts.ts"
import { playVirtually } from "./support/playVirtually.ts"

const latency = 1000

const check = async (
  scenario: Scenario,
  wire: Wires.Wire,
  how: { readonly serial: boolean; readonly streaming: boolean },
  expected: Expected,
  answer: string
) => {
  const { played, requests } = await playVirtually(scenario, wire, { ...how, latency })
  const report = Report.make({ scenario: scenario.name, wire: wire.name, serial: undefined, parallel: played })
  const { calls, maxInFlight, toolMs, trips } = expected
  const tokens = expected.tokens[Wires.all.indexOf(wire)]
  const modelMs = trips * latency
  assert.deepStrictEqual(report.parallel, { trips, wallMs: modelMs + toolMs, modelMs, maxInFlight, calls, tokens })
  assert.strictEqual(report.answer, answer)

  const ids = requests.flatMap((request) => request.calls)
  assert.strictEqual(new Set(ids).size, calls)
  assert.deepStrictEqual(report.ids, { asked: ids, answered: ids })

  const attempts = played.ended.rounds.flatMap(({ settled }) => settled.outcomes.map((outcome) => outcome.attempts))
  assert.strictEqual(attempts.reduce((sum, n) => sum + n, 0), expected.started)

  const totals = Simulator.totals(requests)
  assert.deepStrictEqual(requests.map(({ status }) => status), Array.from({ length: trips }, () => 200))
  assert.strictEqual(totals.inputTokens + totals.outputTokens, tokens)
}

describe.each(Wires.all)("on $name, in virtual time", (wire) => {
  for (const scenario of Scenarios.all) {
    const { answer, parallel, serial } = facts[scenario.name]!
    it.each([false, true])(
      `${scenario.name} comes to its figures in parallel (streaming: %s)`,
      (streaming) => check(scenario, wire, { serial: false, streaming }, parallel, answer)
    )
    if (serial && wire.hasParallelSwitch) {
      it.each([false, true])(
        `${scenario.name} comes to its figures serially (streaming: %s)`,
        (streaming) => check(scenario, wire, { serial: true, streaming }, serial, answer)
      )
    }
  }
})

describe("the scenarios", () => {
  it("are all held to figures, serially where they have a serial side", () => {
    assert.deepStrictEqual(
      Scenarios.all.map(({ hasSerial, name }) => [name, hasSerial]),
      Object.entries(facts).map(([name, { serial }]) => [name, serial !== undefined])
    )
  })

  it("endless asks last with tools listed but switched off", async () => {
    const { requests } = await playVirtually(Scenarios.byName("endless")!, Wires.all[0]!, { serial: false, latency })
    const last = requests.at(-1)?.body
    assert.deepInclude(last, { tool_choice: "none" })
    assert.nestedPropertyVal(last, "tools[0].function.name", "dig")
  })

  it("never cost more tokens in parallel than serially", () => {
    for (const { parallel, serial } of Object.values(facts)) {
      for (const [index, { hasParallelSwitch }] of Wires.all.entries()) {
        if (serial && hasParallelSwitch) assert.isAtMost(parallel.tokens[index]!, serial.tokens[index]!)
      }
    }
  })
})

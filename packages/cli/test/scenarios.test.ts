import { assert, describe, it } from "@effect/vitest"
import type { Scenario } from "@volley/simulator/Scenario"
import * as Scenarios from "@volley/simulator/Scenarios"
import * as Simulator from "@volley/simulator/Simulator"
import * as Report from "../src/Report.ts"
import * as Wires from "../src/Wires.ts"
import { playVirtually } from "./support/playVirtually.ts"

/** What one side of a scenario must come to; `tokens` by wire, in the order of `Wires.all`. */
interface Expected {
  readonly trips: number
  readonly toolMs: number
  readonly maxInFlight: number
  readonly calls: number
  readonly started: number
  readonly tokens: readonly [number, number]
}

const side = (
  trips: number,
  toolMs: number,
  maxInFlight: number,
  calls: number,
  tokens: readonly [number, number],
  started = calls
): Expected => ({ trips, toolMs, maxInFlight, calls, started, tokens })

const facts: Record<
  string,
  { readonly serial?: Expected; readonly parallel: Expected; readonly answer: string }
> = {
  cities: {
    serial: side(4, 900, 1, 3, [1021, 987]),
    parallel: side(2, 300, 3, 3, [523, 517]),
    answer: "Tokyo 18 °C, clear; London 11 °C, rain; New York 9 °C, windy."
  },
  compare: {
    serial: side(5, 400, 1, 4, [1800, 1717]),
    parallel: side(2, 100, 4, 4, [737, 720]),
    answer: "Tokyo 64 °F, clear; Paris 14 °C, cloudy; Tokyo has 13960000 people; Paris has 2102000 people."
  },
  bike: {
    serial: side(4, 600, 1, 3, [1499, 1407]),
    parallel: side(2, 200, 3, 3, [768, 734]),
    answer: "Yes, bike: it is dry at 12 °C, traffic is heavy (45 min by car), \"Quarterly review\" is casual."
  },
  customer: {
    serial: side(4, 1500, 1, 3, [1429, 1338]),
    parallel: side(2, 600, 3, 3, [731, 697]),
    answer: "Ada Byron, customer since 2019; 12 orders worth 1840.5; open tickets: Parcel arrived late."
  },
  "three-seconds": {
    serial: side(4, 3000, 1, 3, [1222, 1140]),
    parallel: side(2, 1000, 3, 3, [614, 586]),
    answer: "temperature 21, pressure 1013, humidity 40."
  },
  ten: {
    serial: side(11, 10_000, 1, 10, [4635, 4616]),
    parallel: side(2, 1000, 10, 10, [895, 930]),
    answer: "10 sensors, sum 385."
  },
  research: {
    serial: side(4, 950, 1, 3, [1513, 1422]),
    parallel: side(2, 500, 3, 3, [779, 744]),
    answer: "Pages on \"fiber latency\" speak of microseconds [search]. " +
      "fiber latency is 42 ms at the median [database]. A fiber starts in about a microsecond [docs]."
  },
  order: {
    serial: side(5, 800, 1, 4, [2235, 2085]),
    parallel: side(3, 400, 3, 4, [1289, 1208]),
    answer: "Order A-17: lamp and desk, on its way, 240 in all."
  },
  mixed: {
    parallel: side(2, 1000, 4, 6, [1417, 1339], 5),
    answer: "the lamp costs 30; the lamp comes in red. " +
      "I could not get: get_stock, get_reviews, get_delivery, get_warranty."
  },
  endless: {
    parallel: side(6, 500, 1, 5, [1579, 1541]),
    answer: "No gold, but earth at 1 m, earth at 2 m, earth at 3 m, earth at 4 m, earth at 5 m."
  }
}

const latency = 1000

const check = async (scenario: Scenario, wire: Wires.Wire, serial: boolean, expected: Expected, answer: string) => {
  const { played, requests } = await playVirtually(scenario, wire, { serial, latency })
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
    it(`${scenario.name} comes to its figures in parallel`, () => check(scenario, wire, false, parallel, answer))
    if (serial) it(`${scenario.name} comes to its figures serially`, () => check(scenario, wire, true, serial, answer))
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
      for (const index of [0, 1]) {
        if (serial) assert.isAtMost(parallel.tokens[index]!, serial.tokens[index]!)
      }
    }
  })
})

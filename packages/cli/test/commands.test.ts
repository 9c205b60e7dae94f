import { assert, describe, it } from "@effect/vitest"
import { Scenario, Scenarios } from "@volley/simulator"
import { Effect } from "effect"
import { once } from "node:events"
import type * as Report from "../src/Report.ts"
import * as Wires from "../src/Wires.ts"
import { playVirtually } from "./support/playVirtually.ts"
import { start, volley, withSimulator } from "./support/spawn.ts"

const reportsOf = (stdout: string): ReadonlyArray<Report.Report> => JSON.parse(stdout)

describe("volley demo", () => {
  it("reports every scenario on both wires over real HTTP", async () => {
    const runs = await Promise.all(
      ["cities", "order", "mixed", "endless"].map((name) =>
        volley(["demo", "--scenario", name, "--json", "--latency", "20 millis"])
      )
    )
    for (const { code, stdout } of runs) {
      assert.strictEqual(code, 0)
      const reports = reportsOf(stdout)
      assert.deepStrictEqual(reports.map(({ wire }) => wire), ["openai-chat", "anthropic"])
      for (const { answer, ids, parallel, scenario, serial } of reports) {
        assert.strictEqual(serial !== null, Scenarios.byName(scenario)?.hasSerial)
        assert.deepStrictEqual(ids.answered, ids.asked)
        assert.isNotEmpty(answer)
        assert.isAtLeast(parallel?.wallMs ?? 0, parallel?.modelMs ?? 1)
      }
    }
    assert.deepInclude(reportsOf(runs[0]!.stdout)[0]?.serial, { trips: 4, calls: 3, maxInFlight: 1 })
    assert.deepInclude(reportsOf(runs[0]!.stdout)[0]?.parallel, { trips: 2, calls: 3, maxInFlight: 3 })
    assert.deepInclude(reportsOf(runs[3]!.stdout)[1]?.parallel, { trips: 6, calls: 5 })
  })

  it("shows a person the exchange, a waterfall of the calls and the figures", async () => {
    const { code, stdout } = await volley(["demo", "--scenario", "compare", "--latency", "20 millis"])
    assert.strictEqual(code, 0)
    for (
      const text of [
        "compare on openai-chat",
        "compare on anthropic",
        "assistant call_1 get_weather",
        "████",
        "times faster"
      ]
    ) {
      assert.include(stdout, text)
    }
  })

  it("leaves the parallel side out with --serial", async () => {
    const { stdout } = await volley(["demo", "--scenario", "cities", "--serial", "--json", "--latency", "0 millis"])
    for (const { parallel, serial } of reportsOf(stdout)) {
      assert.isNull(parallel)
      assert.strictEqual(serial?.trips, 4)
    }
  })

  it.each([["openai-chat", "OPENAI_API_KEY", "openai"], ["anthropic", "ANTHROPIC_API_KEY", "anthropic"]] as const)(
    "asks a server of somebody else's with a key: %s",
    (wire, key, server) =>
      withSimulator([], async (urls) => {
        const args = ["demo", "--scenario", "compare", "--provider", wire, "--base-url", urls[server], "--json"]
        const { code, stdout } = await volley(args, { env: { [key]: "dummy" } })
        assert.strictEqual(code, 0)
        assert.deepInclude(reportsOf(stdout)[0], { scenario: "compare", wire })
        assert.strictEqual(reportsOf(stdout)[0]?.parallel?.trips, 2)
      })
  )

  it("names the variable in one line when --live has no key", async () => {
    const { code, stderr, stdout } = await volley(["demo", "--live", "--provider", "anthropic"])
    assert.strictEqual(code, 2)
    assert.strictEqual(stdout, "")
    assert.include(stderr, "volley demo: ANTHROPIC_API_KEY is not set")
  })

  it("ends with a clear error when the simulator is stopped in the middle", () =>
    withSimulator(["--latency", "1 minute"], async ({ openai }, stop) => {
      const args = ["demo", "--provider", "openai-chat", "--base-url", openai]
      const { child, ended } = start(args, { env: { OPENAI_API_KEY: "dummy" } })
      await once(child.stderr, "data")
      stop()
      const { code, stderr, stdout } = await ended
      assert.strictEqual(code, 1)
      assert.strictEqual(stdout, "")
      assert.include(stderr, `volley demo: openai-chat: no answer from ${openai}`)
    }))

  it.each([
    [["demo", "--scenario", "nope"], "there is no scenario \"nope\"; there are: cities, compare"],
    [["demo", "--base-url", "http://127.0.0.1:1"], "--base-url needs --provider"],
    [["demo", "--scenario", "mixed", "--serial"], "the scenario \"mixed\" is played in parallel alone"]
  ])("says what is wrong with %j", async (args, message) => {
    const { code, stderr, stdout } = await volley(args)
    assert.strictEqual(code, 2)
    assert.strictEqual(stdout, "")
    assert.include(stderr, message)
  })

  it("prints another time when one scripted latency changes", async () => {
    const { script, ...customer } = Scenarios.byName("customer")!
    const slower: Scenario.Scenario = {
      ...customer,
      script,
      toolkit: {
        ...customer.toolkit,
        byName: new Map(
          Array.from(customer.toolkit.byName, ([name, tool]) => [
            name,
            name === "get_tickets" ? { ...tool, call: (args, use) => Effect.delay(tool.call(args, use), 300) } : tool
          ])
        )
      }
    }
    const { played } = await playVirtually(slower, Wires.all[0]!, { serial: false, latency: 1000 })
    assert.strictEqual(played.endedAt - played.startedAt, 2900)
  })
})

describe("volley simulate", () => {
  it("says so when its port is taken", () =>
    withSimulator([], async ({ anthropic }) => {
      const { code, stderr } = await volley(["simulate", "--port", new URL(anthropic).port])
      assert.strictEqual(code, 1)
      assert.match(stderr, /volley simulate: cannot listen on 127\.0\.0\.1:\d+/)
    }))
})

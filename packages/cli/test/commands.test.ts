import { assert, describe, it } from "@effect/vitest"
import { Tool } from "@volley/core"
import { Scenario, Scenarios } from "@volley/simulator"
import { Effect } from "effect"
import { once } from "node:events"
import { bundleOf } from "../../../test/bundles.ts"
import type * as Report from "../src/Report.ts"
import * as Wires from "../src/Wires.ts"
import { type Expected, facts } from "./support/facts.ts"
import { playVirtually } from "./support/playVirtually.ts"
import { start, volley, withSimulator } from "./support/spawn.ts"

const reportsOf = (stdout: string): ReadonlyArray<Report.Report> => JSON.parse(stdout)

const reportScenario = ({ name }: Scenario.Scenario) =>
  Effect.promise(async () => {
    const { code, stdout } = await volley(["demo", "--scenario", name, "--json", "--latency", "0 millis"])
    assert.strictEqual(code, 0, name)
    return reportsOf(stdout)
  })

/** Real time is never less than the tools take; all else is exact. */
const assertSide = (side: Report.Side | null, expected: Expected | undefined, wire: number) => {
  assert.strictEqual(side === null, expected === undefined)
  if (side === null || expected === undefined) return
  const { calls, maxInFlight, tokens, toolMs, trips } = expected
  assert.deepInclude(side, { trips, calls, maxInFlight, tokens: tokens[wire] ?? 0 })
  assert.isAtLeast(side.wallMs - side.modelMs, toolMs - 5 * trips)
}

describe("volley demo", () => {
  // Two at a time: where all start at once on a busy machine, each waits for all others to load.
  it.live(
    "reports every scenario on every wire over real HTTP, with the figures it has in virtual time",
    () =>
      Effect.gen(function*() {
        const runs = yield* Effect.forEach(Scenarios.all, reportScenario, { concurrency: 2 })
        for (const [index, wire] of Wires.all.entries()) {
          for (const report of runs.map((reports) => reports[index]!)) {
            const { answer, parallel, serial } = facts[report.scenario]!
            assert.deepInclude(report, { wire: wire.name, answer })
            assertSide(report.parallel, parallel, index)
            assertSide(report.serial, wire.hasParallelSwitch ? serial : undefined, index)
            assert.deepStrictEqual(report.ids.answered, report.ids.asked)
            assert.strictEqual(new Set(report.ids.asked).size, parallel.calls)
          }
        }
      }),
    120_000
  )

  it("shows a person the exchange, a waterfall of the calls and the figures", async () => {
    const { code, stdout } = await volley(["demo", "--scenario", "compare", "--latency", "20 millis"])
    assert.strictEqual(code, 0)
    for (
      const text of [
        "user      ",
        "model     calls get_weather",
        "serial: ",
        "parallel: ",
        "████",
        "anthropic  ",
        "faster"
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

  it("streams with --stream: the same calls and the same answer on every wire, embedded or from volley simulate", async () => {
    const flags = ["--scenario", "compare", "--stream", "--json", "--latency", "0 millis"]
    const { code, stderr, stdout } = await volley(["demo", ...flags])
    assert.strictEqual(code, 0, stderr)
    for (const [index, { answer, parallel, wire }] of reportsOf(stdout).entries()) {
      const { calls, tokens, trips } = facts["compare"]!.parallel
      assert.deepInclude(parallel, { calls, trips, tokens: tokens[index] ?? 0 }, wire)
      assert.strictEqual(answer, facts["compare"]!.answer)
      // Four calls, a fifth of a second each.
      assert.isAtLeast(parallel?.modelMs ?? 0, 4 * 200 - 20)
    }
    await withSimulator(["--stream"], async ({ openai }) => {
      const remote = ["--provider", "openai-responses", "--base-url", openai]
      const { stdout } = await volley(["demo", ...flags, ...remote], { env: { OPENAI_API_KEY: "dummy" } })
      assert.isAtLeast(reportsOf(stdout)[0]?.parallel?.modelMs ?? 0, 4 * 200 - 20)
    })
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

  it("offers a model the tools of an MCP server, and plays the scenario as without", async () => {
    const server = bundleOf("server")
    const args = [
      "demo",
      "--scenario",
      "cities",
      "--mcp",
      `${process.execPath} "${server}"`,
      "--json",
      "--latency",
      "0 millis"
    ]
    const { code, stderr, stdout } = await volley(args)
    assert.strictEqual(code, 0, stderr)
    assert.include(stderr, "Tools besides those of the scenario: math.add, ")
    for (const { answer } of reportsOf(stdout)) assert.strictEqual(answer, facts["cities"]?.answer)
  })

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
    [["demo", "--mcp", "no-such-program"], "--mcp \"no-such-program\": it cannot be started"],
    [["demo", "--scenario", "mixed", "--serial"], "the scenario \"mixed\" has no serial side: leave --serial out"]
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
            name === "get_tickets" ? Tool.around(tool, Effect.delay(300)) : tool
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
      assert.match(stderr, /volley simulate: 127\.0\.0\.1:\d+ is in use/)
    }))

  it("fails as it is told to, and knows how else it could", () =>
    withSimulator(["--fault", "overloaded"], async ({ openai }) => {
      const messages = [{ role: "user", content: Scenarios.byName("cities")?.prompt }]
      const body = JSON.stringify({ model: "gpt-4.1", messages })
      const headers = { authorization: "Bearer key" }
      assert.strictEqual((await fetch(`${openai}/chat/completions`, { method: "POST", headers, body })).status, 503)
      const { code, stderr } = await volley(["simulate", "--fault", "nope"])
      assert.strictEqual(code, 2)
      assert.include(stderr, "server-error-once")
    }))

  it("speaks as it is told to, and knows how else it could", () =>
    withSimulator(["--dialect", "no-type"], async ({ openai }) => {
      const messages = [{ role: "user", content: Scenarios.byName("cities")?.prompt }]
      const tools = [{ type: "function", function: { name: "get_weather" } }]
      const body = JSON.stringify({ model: "gpt-4.1", messages, tools })
      const headers = { authorization: "Bearer key" }
      const answer = await (await fetch(`${openai}/chat/completions`, { method: "POST", headers, body })).text()
      assert.match(answer, /"tool_calls":\[\{"id":"call_1","function":/)
      const { code, stderr } = await volley(["simulate", "--dialect", "nope"])
      assert.strictEqual(code, 2)
      assert.include(stderr, "nine-letter-ids")
    }))
})

/**
 * Pictures of runs: what they show, and what they never have in them.
 */
import { assert, describe, expect, it } from "@effect/vitest"
import type { AgentEvent } from "@volley/core"
import { Effect, Schema } from "effect"
import { createHash } from "node:crypto"
import { script, scriptHash } from "../src/internal/timeline/script.ts"
import { style, styleHash } from "../src/internal/timeline/style.ts"
import type { Run } from "../src/Run.ts"
import * as Timeline from "../src/Timeline.ts"
import { small, trip } from "./example.ts"

const evil = "</script><script>alert(1)</script>\u202e\u001b[31m\"'&"

const call = { id: evil, name: evil, arguments: { secret: "arg-7" } }

/** What others have written into a run, wherever they can. */
const hostile: Run = {
  head: { volley: "run", version: 1, at: 0, name: evil },
  events: [
    { _tag: "TurnStarted", at: 0, turn: 1, toolsOff: false },
    { _tag: "TurnEnded", at: 10, text: `said-7 ${evil}`, calls: [call], finish: "tool-calls", model: evil },
    { _tag: "CallWaiting", at: 10, call, why: "access", behind: evil },
    { _tag: "CallStarted", at: 20, call },
    {
      _tag: "CallSettled",
      at: 30,
      call,
      isError: true,
      error: evil,
      text: `got-7 ${evil}`,
      attempts: 1,
      startedAt: 20
    },
    { _tag: "Failed", at: 31, reason: "Defect", message: evil, mayPass: false }
  ]
}

describe("what is no run", () => {
  it.each<readonly [string, (given: never) => unknown]>([
    ["make", Timeline.make],
    ["html", Timeline.html],
    ["svg", Timeline.svg],
    ["text", Timeline.text],
    ["chromeTrace", Timeline.chromeTrace]
  ])("is refused in words that say what to do: %s", (_, draw) => {
    const given: ReadonlyArray<unknown> = ["run.jsonl", undefined, 5, { events: "none" }, { head: {} }, [{}]]
    for (const one of given) {
      assert.throws(() => Reflect.apply(draw, undefined, [one]), "Timeline: this is no run: give what Run.decode reads")
    }
  })
})

const hashOf = (text: string) => `sha256-${createHash("sha256").update(text).digest("base64")}`

const rowOf = (timeline: Timeline.Timeline, name: string, nth = 0) => {
  const row = timeline.rows.filter((row) => row.name === name)[nth]
  return row ?? assert.fail(`there is no row ${name}`)
}

describe("Timeline.make", () => {
  it.effect("has a row for each turn and call, plans and agents before what is inside of them", () =>
    Effect.gen(function*() {
      const { rows } = Timeline.make(yield* trip)
      const inside = rows.slice(
        rows.findIndex(({ name }) => name === "plan"),
        rows.findIndex(({ id }) => id === "turn 3")
      )
      assert.deepInclude(inside[0], {
        name: "plan",
        spans: [{ kind: "run", attempt: 1, failed: false, from: 2710, to: 3260 }]
      })
      assert.deepStrictEqual(inside.map(({ depth, id }) => `${depth} ${id}`), [
        "0 call_1",
        "1 call_1/out",
        "1 call_1/back",
        "1 call_1/best",
        "0 call_2",
        "1 turn 1",
        "1 call_1",
        "1 call_2",
        "1 turn 2"
      ])
    }))

  it.effect("says how calls ended, what they waited for, and how often they were tried", () =>
    Effect.gen(function*() {
      const timeline = Timeline.make(yield* trip)
      assert.deepInclude(rowOf(timeline, "search_hotels"), { end: "failed", error: "NoRoom", attempts: 2 })
      assert.deepInclude(rowOf(timeline, "search_hotels", 1), { end: "ok", attempts: 2 })
      assert.deepInclude(rowOf(timeline, "check_visa_rules"), { end: "timeout" })
      assert.deepInclude(rowOf(timeline, "no_such_tool"), { end: "refused", error: "UnknownTool", spans: [] })
      assert.deepStrictEqual(rowOf(timeline, "get_weather").spans.map(({ kind }) => kind), ["wait", "run", "hedge"])
      const [waited] = rowOf(timeline, "reserve_seat", 1).spans
      assert.deepInclude(waited, { kind: "wait", why: "access", behind: "call_1" })
      assert.isTrue(
        rowOf(timeline, "pay_deposit").spans.some((span) => span.kind === "wait" && span.why === "approval")
      )
    }))

  it.effect("adds up what calls took, and would have taken one after the other", () =>
    Effect.gen(function*() {
      const { calls, callsMs, failed, length, modelMs, serialMs, turns } = Timeline.make(yield* small)
      assert.deepStrictEqual(
        { calls, callsMs, failed, length, modelMs, serialMs, turns },
        { calls: 3, callsMs: 410, failed: 0, length: 820 + 410 + 640, modelMs: 820 + 640, serialMs: 970, turns: 2 }
      )
    }))

  it.effect("draws every beginning of a run, and what goes on until the time that is said", () =>
    Effect.gen(function*() {
      const run = yield* trip
      for (const n of run.events.keys()) {
        const begun = { ...run, events: run.events.slice(0, n) }
        const { length, path, rows } = Timeline.make(begun)
        assert.isTrue(rows.every(({ from, to }) => 0 <= from && from <= to && to <= length), String(n))
        assert.strictEqual(path.at(-1)?.to ?? 0, length)
        assert.isNotEmpty(Timeline.html(begun) + Timeline.svg(begun) + Timeline.text(begun))
      }
      const begun = { ...run, events: run.events.slice(0, 1) }
      assert.include(Timeline.text(begun, { until: 1500 }), "1.5 s")
    }))
})

describe("Timeline.text", () => {
  it("is a waterfall as wide as is said", async () => {
    const run = await Effect.runPromise(trip)
    await expect(Timeline.text(run)).toMatchFileSnapshot("pictures/trip.txt")
    for (const width of [50, 80, 120]) {
      const lines = Timeline.text(run, { width }).split("\n")
      assert.isAtMost(Math.max(...lines.map(({ length }) => length)), width)
    }
  })

  it.effect("has no style unless it is asked for, and counts the rows that it leaves out", () =>
    Effect.gen(function*() {
      const run = yield* trip
      assert.notInclude(Timeline.text(run), "\u001b")
      assert.include(Timeline.text(run, { colour: true }), "\u001b[32m█")
      assert.include(Timeline.text([run, run], { rows: 4 }), "… 29 more")
    }))

  it("shows what others called something as text, on its own line", () => {
    assert.notMatch(Timeline.text(hostile), /(?!\n)[\p{Cc}\p{Cf}]/u)
  })
})

describe("Timeline.html", () => {
  it.effect("allows its own style and script alone", () =>
    Effect.gen(function*() {
      assert.strictEqual(styleHash, hashOf(style))
      assert.strictEqual(scriptHash, hashOf(script))
      const page = Timeline.html(yield* trip)
      assert.include(page, `content="default-src 'none'; style-src '${styleHash}'; script-src '${scriptHash}'; `)
      assert.deepStrictEqual(page.match(/ (?:src|href|action|style|on\w+)="/g), null)
    }))

  it("shows what others wrote as text", () => {
    const page = Timeline.html(hostile, { results: true })
    assert.lengthOf(page.match(/<script/g) ?? [], 1)
    assert.notMatch(page, /(?!\n)[\p{Cc}\p{Cf}]/u)
    assert.include(page, "&#60;/script&#62;&#60;script&#62;alert(1)")
  })

  it("has neither arguments nor results nor texts unless they are asked for", () => {
    const secrets = ["arg-7", "got-7", "said-7"]
    for (const secret of secrets) assert.notInclude(Timeline.html(hostile), secret)
    for (const secret of secrets) assert.include(Timeline.html(hostile, { results: true }), secret)
    for (const secret of secrets) assert.notInclude(Timeline.svg(hostile) + Timeline.text(hostile), secret)
    for (const secret of secrets) assert.notInclude(JSON.stringify(Timeline.chromeTrace(hostile)), secret)
  })

  it.effect("has a table with a line for every row", () =>
    Effect.gen(function*() {
      const run = yield* trip
      const lines = Timeline.html(run).match(/<tr><th scope="row">/g) ?? []
      assert.lengthOf(lines, Timeline.make(run).rows.length)
    }))
})

describe("Timeline.svg", () => {
  it("shows what others wrote as text", () => {
    const picture = Timeline.svg(hostile)
    assert.notMatch(picture, /<script|(?!\n)[\p{Cc}\p{Cf}]/u)
  })

  it.effect("draws several runs on one axis", () =>
    Effect.gen(function*() {
      const picture = Timeline.svg([yield* small, yield* trip])
      assert.include(picture, "three calls: 1.87 s · 3 calls in 410 ms instead of 970 ms (2.4×)")
      assert.include(picture, "a trip to Kyoto: ")
      assert.lengthOf(picture.match(/>1 s</g) ?? [], 1)
    }))
})

describe("Timeline.chromeTrace", () => {
  const Trace = Schema.Struct({
    traceEvents: Schema.Array(
      Schema.Struct({ ph: Schema.String, name: Schema.String, dur: Schema.optional(Schema.Int) })
    )
  })

  it.effect("has a whole event for every span", () =>
    Effect.gen(function*() {
      const run = yield* small
      const { traceEvents } = yield* Schema.decodeUnknownEffect(Trace)(Timeline.chromeTrace(run))
      const whole = traceEvents.filter(({ ph }) => ph === "X").map(({ dur, name }) => `${name} ${dur}`)
      assert.deepStrictEqual(whole, [
        "three calls 1870000",
        "gpt-4.1 820000",
        "search_flights 240000",
        "search_flights 410000",
        "compare_offers 320000",
        "gpt-4.1 640000"
      ])
    }))

  it.effect("has calls that never started as points", () =>
    Effect.gen(function*() {
      const { traceEvents } = yield* Schema.decodeUnknownEffect(Trace)(Timeline.chromeTrace(yield* trip))
      assert.deepStrictEqual(traceEvents.filter(({ ph }) => ph === "i").map(({ name }) => name), [
        "no_such_tool never started: UnknownTool"
      ])
    }))
})

describe("runs of calls alone", () => {
  it("have no turns", () => {
    const events = hostile.events.filter((event): event is AgentEvent.AgentEvent => event._tag.startsWith("Call"))
    const { calls, end, turns } = Timeline.make({ ...hostile, events })
    assert.deepStrictEqual({ calls, end, turns }, { calls: 1, end: "open", turns: 0 })
  })
})

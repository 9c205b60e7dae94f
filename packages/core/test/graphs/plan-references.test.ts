/**
 * What references find in the results of a plan's steps, and how much of those a model is shown.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"

const description = "For tests."
const say = Tool.make("say", {
  description,
  parameters: Schema.Struct({ what: Schema.Json, millis: Schema.optionalKey(Schema.Int) }),
  success: Schema.Json,
  execute: ({ millis = 0, what }) => Effect.delay(Effect.succeed(what), millis)
})
const day = Tool.make("day", {
  description,
  parameters: Schema.Struct({ day: Schema.DateFromString }),
  success: Schema.Struct({ next: Schema.Date, nothing: Schema.optionalKey(Schema.String) }),
  execute: ({ day }) => Effect.succeed({ next: new Date(day.getTime() + 86_400_000) })
})
const nothing = Tool.make("nothing", {
  description,
  parameters: Schema.Struct({}),
  success: Schema.Void,
  execute: () => Effect.void
})
const tools = Toolkit.make(say, day, nothing)
const toolkit = Toolkit.merge(tools, Toolkit.make(Plan.tool(tools)))

const run = (steps: unknown, options?: Batch.Options) =>
  Effect.gen(function*() {
    const call = ToolCall.make({ id: "p", name: "plan", arguments: { steps } })
    const fiber = yield* Effect.forkChild(Batch.run(toolkit, [call], options), { startImmediately: true })
    yield* TestClock.adjust("1 hour")
    const { outcomes } = yield* Fiber.join(fiber)
    return outcomes[0]!.encoded
  })

const Shown = Schema.fromJsonString(Schema.Struct({
  steps: Schema.Array(Schema.Struct({
    id: Schema.String,
    ok: Schema.optionalKey(Schema.Json),
    error: Schema.optionalKey(Schema.Struct({ message: Schema.String, type: Schema.String }))
  }))
}))
const stepsOf = (encoded: string) => Schema.decodeSync(Shown)(encoded).steps

const step = (id: string, what: unknown, tool = "say") => ({
  id,
  tool,
  arguments: tool === "nothing" ? {} : tool === "day" ? { day: what } : { what }
})
const ref = (to: string) => ({ $ref: to })

describe("a reference of a plan", () => {
  const value = {
    list: [10, { deep: [[20]] }],
    "a/b": 1,
    "a~b": 2,
    "~1": 3,
    "": { "": 4 },
    $ref: "kept",
    none: null,
    no: false,
    "7": "seven"
  }
  const found: ReadonlyArray<readonly [string, unknown]> = [
    ["x", value],
    ["x/list/0", 10],
    ["x/list/1/deep/0/0", 20],
    ["x/a~1b", 1],
    ["x/a~0b", 2],
    ["x/~01", 3],
    ["x/", { "": 4 }],
    ["x//", 4],
    ["x/$ref", "kept"],
    ["x/none", null],
    ["x/no", false],
    ["x/7", "seven"],
    ["#/x/list/0", 10],
    ["#x/list/0", 10]
  ]
  it.effect.each(found)("%s", ([to, expected]) =>
    Effect.gen(function*() {
      const [, last] = stepsOf(yield* run([step("x", value), step("y", ref(to))]))
      assert.deepStrictEqual(last?.ok, expected)
    }))

  const astray = ["x/list/2", "x/list/-", "x/list/00", "x/list/-1", "x/list/length", "x/no/x", "x/none/x", "x/7/length"]
  it.effect.each([...astray, "x/toString", "x/__proto__", "x/constructor/name"])(
    "%s finds nothing",
    (to) =>
      Effect.gen(function*() {
        const [, last] = stepsOf(yield* run([step("x", value), step("y", ref(to))]))
        assert.include(last?.error?.message ?? JSON.stringify(last), "the result of step \"x\" has nothing at \"/")
      })
  )

  it.effect("may stand anywhere inside arguments, several times, and nothing else is changed", () =>
    Effect.gen(function*() {
      const shape = (x: unknown, y: unknown) => ({
        a: [x, { b: x, c: [null, [y]] }],
        $ref: y,
        twice: { $ref: "x", and: 1 },
        ["__proto__"]: y
      })
      const [, , last] = stepsOf(
        yield* run([step("x", 1), step("y", [2]), step("z", shape(ref("x"), ref("y/0")))])
      )
      assert.strictEqual(JSON.stringify(last?.ok), JSON.stringify(shape(1, 2)))
    }))

  it.effect("takes results as JSON, whatever they are to their tools", () =>
    Effect.gen(function*() {
      const steps = stepsOf(
        yield* run([
          step("x", "2026-01-01T00:00:00.000Z", "day"),
          step("y", ref("x/next"), "day"),
          step("n", null, "nothing"),
          step("z", [ref("y/next"), ref("n")])
        ])
      )
      assert.deepStrictEqual(steps.map(({ ok }) => ok), [
        { next: "2026-01-02T00:00:00.000Z" },
        { next: "2026-01-03T00:00:00.000Z" },
        null,
        ["2026-01-03T00:00:00.000Z", null]
      ])
    }))
})

describe("the answer of a plan", () => {
  it.effect("stands in plan order, whichever step ends first", () =>
    Effect.gen(function*() {
      const steps = [300, 100, 200].map((millis, n) => ({
        id: `s${n}`,
        tool: "say",
        arguments: { what: millis, millis }
      }))
      assert.deepStrictEqual(stepsOf(yield* run(steps)), [{ id: "s0", ok: 300 }, { id: "s1", ok: 100 }, {
        id: "s2",
        ok: 200
      }])
    }))

  const long: ReadonlyArray<readonly [string, unknown]> = [
    ["one long text", "x".repeat(10_000)],
    ["many short texts, whose quotes count twice", Array.from({ length: 2000 }, (_, n) => String(n % 10))],
    ["signs of several bytes", "ä€".repeat(4000)],
    ["signs that JSON escapes", "\u0001\"\\".repeat(3000)]
  ]
  it.effect.each(long)("has every step, cut where results are too long: %s", ([, value]) =>
    Effect.gen(function*() {
      for (const [count, maxResultBytes] of [[3, 2000], [20, 4000]] as const) {
        const ids = Array.from({ length: count }, (_, n) => `s${n}`)
        const encoded = yield* run(ids.map((id, n) => step(id, n === 1 ? "short" : value)), { maxResultBytes })
        const steps = stepsOf(encoded)
        assert.deepStrictEqual(steps.map(({ id }) => id), ids)
        assert.strictEqual(steps[1]?.ok, "short")
        assert.match(String(steps[0]?.ok), /\[cut/)
        assert.isAtMost(Buffer.byteLength(encoded), maxResultBytes + 100)
      }
    }))

  it.effect("gives references the whole of a result that was cut", () =>
    Effect.gen(function*() {
      const encoded = yield* run([step("x", { long: "x".repeat(5000), n: 7 }), step("y", ref("x/n"))], {
        maxResultBytes: 500
      })
      assert.strictEqual(stepsOf(encoded)[1]?.ok, 7)
    }))
})

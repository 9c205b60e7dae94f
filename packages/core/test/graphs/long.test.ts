/**
 * Graphs of many thousand calls: none is too deep, and none takes more than its share of time.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch, Pipeline, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Result, Schema } from "effect"

const count = 10_000
const common = { description: "For tests.", success: Schema.Finite, readOnly: true } as const
const add = Tool.make("add", {
  ...common,
  parameters: Schema.Struct({ a: Schema.Finite, b: Schema.Finite }),
  execute: ({ a, b }) => Effect.succeed(a + b)
})
const sum = Tool.make("sum", {
  ...common,
  parameters: Schema.Struct({ of: Schema.Array(Schema.Finite) }),
  execute: ({ of }) => Effect.succeed(of.reduce((a, b) => a + b, 0))
})
const fail = Tool.make("fail", {
  ...common,
  parameters: Schema.Struct({}),
  failure: Schema.String,
  execute: () => Effect.fail("no")
})
const range = Tool.make("range", {
  ...common,
  parameters: Schema.Struct({ length: Schema.Int }),
  success: Schema.Array(Schema.Int),
  execute: ({ length }) => Effect.succeed(Array.from({ length }, (_, n) => n))
})
const times = <A>(each: (n: number) => A): Array<A> => Array.from({ length: count }, (_, n) => each(n))
type Numbers = Pipeline.Ref<number, never>

const graphs: ReadonlyArray<readonly [string, (call: Pipeline.Call) => Numbers, number]> = [
  [
    "a chain",
    (call) => times((n) => n).reduce<Numbers>((a) => call(add, { a, b: 1 }), call(add, { a: 0, b: 0 })),
    count
  ],
  ["a call that needs all others", (call) => {
    const one = call(add, { a: 0, b: 1 })
    return call(sum, { of: times((n) => call(add, { a: one, b: n % 2 })) })
  }, count * 1.5],
  ["two calls an item", (call) =>
    call(sum, {
      of: Pipeline.each(call(range, { length: count }), (n) => call(add, { a: call(add, { a: n, b: 1 }), b: 1 }))
    }), count * (count - 1) / 2 + 2 * count],
  ["lists of lists", (call) => {
    const items = call(range, { length: 2 })
    const rows = times((b) => Pipeline.each(items, (a) => call(add, { a, b: b % 2 })))
    return call(sum, { of: rows.map(Pipeline.map((row) => row[1] ?? 0)) })
  }, count * 1.5],
  [
    "values made of values",
    (call) => times((n) => n).reduce<Numbers>((ref) => ref.pipe(Pipeline.map((n) => n + 1)), call(add, { a: 0, b: 0 })),
    count
  ],
  ["a chain of values made of calls", (call) =>
    times((n) => n).reduce<Numbers>(
      (ref) => call(add, { a: ref.pipe(Pipeline.map((n) => n + 1)), b: 1 }),
      call(add, { a: 0, b: 0 })
    ), count * 2]
]

describe(`a pipeline of ${count}`, () => {
  it.live.each(graphs)("%s", ([, build, total]) =>
    Effect.gen(function*() {
      const { steps } = yield* Pipeline.run(Pipeline.make((call) => ({ total: build(call) })))
      assert.deepStrictEqual(steps.total.result, Result.succeed(total))
    }))

  it.live("steps in a chain whose first one failed", () =>
    Effect.gen(function*() {
      const { outcomes } = yield* Pipeline.run(Pipeline.make((call) => ({
        last: times((n) => n).reduce<Numbers>((a) => call(add, { a, b: 1 }), call(fail, {}))
      })))
      assert.include(outcomes.at(-1)?.encoded, "It needs the result of fail_0, which failed")
    }))
})

describe(`a plan of ${count}`, () => {
  const tools = Toolkit.make(add, sum)
  const toolkit = Toolkit.make(Plan.tool(tools, { maxSteps: count + 1 }))
  const run = (steps: ReadonlyArray<unknown>) => {
    const call = ToolCall.make({ id: "p", name: "plan", arguments: { steps } })
    const options = { maxCalls: "unbounded", maxResultBytes: "unbounded", maxMessageBytes: "unbounded" } as const
    return Effect.map(Batch.run(toolkit, [call], options), ({ outcomes }) => outcomes[0]?.encoded ?? "")
  }
  const step = (id: string, tool: string, args: object) => ({ id, tool, arguments: args })
  const steps = times((n) => step(`s${n}`, "add", { a: n === 0 ? 0 : { $ref: `s${n - 1}` }, b: 1 }))

  it.live("steps in a chain", () =>
    Effect.gen(function*() {
      assert.isTrue((yield* run(steps)).endsWith(`{"id":"s${count - 1}","ok":${count}}]}`))
    }))

  it.live("steps that one step needs", () =>
    Effect.gen(function*() {
      const apart = times((n) => step(`s${n}`, "add", { a: n % 2, b: 1 }))
      const all = step("all", "sum", { of: times((n) => ({ $ref: `s${n}` })) })
      assert.isTrue((yield* run([...apart, all])).endsWith(`{"id":"all","ok":${count * 1.5}}]}`))
    }))

  it.live("steps that are all wrong", () =>
    Effect.gen(function*() {
      const encoded = yield* run(times((n) => step(`s${n}`, "add", { a: { $ref: "none" }, b: "x" })))
      assert.strictEqual(JSON.parse(encoded).error.data.issues.length, 2 * count)
    }))
})

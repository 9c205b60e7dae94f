/**
 * The depth of the stack does not depend on the number of calls, and no call waits for ever (case 3).
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Batch, Limits, Pipeline, Plan, Tool, Toolkit } from "@volley/core"
import { Effect, Result, Schema } from "effect"
import { aDayOf } from "../order/support.ts"
import { ends } from "../support.ts"
import { asking, boundless, doing, many, reading } from "./support.ts"

const run = <T extends Tool.Any>(toolkit: Toolkit.Toolkit<T>, calls: Parameters<typeof Batch.run>[1], more?: object) =>
  Batch.run(toolkit, calls, { ...boundless, ...more })

/** A tool that answers at once, or in another moment. */
const answers = (isInstant: boolean) => () => isInstant ? Effect.succeed(1) : Effect.as(Effect.sleep(1), 1)

describe.each([["answer at once", true], ["take their time", false]])("calls that %s", (_, isInstant) => {
  const count = 10_000

  it.effect("and are equal, of a coalesced tool, have the answer of the first", () =>
    Effect.gen(function*() {
      let asked = 0
      const look = reading("look", () => Effect.suspend(() => (asked++, answers(isInstant)())))
      const settled = yield* aDayOf(
        run(Toolkit.make(Tool.coalesce(look)), many(count, "look", () => ({})))
      )
      assert.deepStrictEqual([asked, new Set(ends(settled))], [1, new Set([1])])
      assert.strictEqual(settled.outcomes.length, count)
    }))

  it.effect("and write one key, run one after the other", () =>
    Effect.gen(function*() {
      let running = 0
      const order: Array<unknown> = []
      const write = doing("write", ({ n }) =>
        Effect.andThen(
          Effect.sync(() => {
            order.push(n)
            assert.strictEqual(++running, 1)
          }),
          Effect.ensuring(answers(isInstant)(), Effect.sync(() => running--))
        ), { access: [Access.write("k")] })
      const settled = yield* aDayOf(run(Toolkit.make(write), many(count, "write"), { timeout: "unbounded" }))
      assert.deepStrictEqual(order, Array.from({ length: count }, (_, n) => n))
      assert.deepStrictEqual(new Set(ends(settled)), new Set([1]))
    }))

  it.effect.each(
    [
      ["want to be alone", { access: [Access.exclusive] }],
      ["may run one at a time", { limits: [Limits.concurrency(1)] }]
    ] as const
  )("and %s, all run", ([, says]) =>
    Effect.gen(function*() {
      const one = doing("one", answers(isInstant), says)
      const settled = yield* aDayOf(run(Toolkit.make(one), many(count, "one"), { timeout: "unbounded" }))
      assert.deepStrictEqual([settled.outcomes.length, new Set(ends(settled))], [count, new Set([1])])
    }))

  it.effect("are the items of a list, all equal, in a pipeline", () =>
    Effect.gen(function*() {
      let asked = 0
      const list = reading("list", () => Effect.succeed(null))
      const items = Tool.make("items", {
        description: "For tests.",
        parameters: Schema.Struct({}),
        success: Schema.Array(Schema.Int),
        execute: () => Effect.succeed(Array.from({ length: count }, () => 1))
      })
      const look = Tool.coalesce(Tool.make("look", {
        description: "For tests.",
        parameters: Schema.Struct({ n: Schema.Int }),
        success: Schema.Unknown,
        readOnly: true,
        execute: () => Effect.suspend(() => (asked++, answers(isInstant)()))
      }))
      const pipeline = Pipeline.make((call) => ({
        last: Pipeline.each(call(items, {}), (n) => call(look, { n })),
        other: call(list, {})
      }))
      const { steps } = yield* aDayOf(Pipeline.run(pipeline, boundless))
      assert(Result.isSuccess(steps.last.result))
      assert.deepStrictEqual([asked, steps.last.result.success.length], [1, count])
    }))
})

describe("a chain of 10,000 steps whose first one fails", () => {
  it.effect("ends, each step with the name of the first", () =>
    Effect.gen(function*() {
      let ran = 0
      const next = doing("next", () => Effect.suspend(() => (ran++, Effect.fail("no"))))
      const steps = Array.from({ length: 10_000 }, (_, n) => ({
        id: `s${n}`,
        tool: "next",
        arguments: n === 0 ? {} : { after: { $ref: `s${n - 1}` } }
      }))
      const plan = Plan.tool(Toolkit.make(next), { maxSteps: steps.length })
      const { outcomes } = yield* run(Toolkit.make(plan), asking(["plan", { steps }]))
      const shown: ReadonlyArray<{ readonly error: { readonly type: string; readonly data: object } }> =
        JSON.parse(outcomes[0]!.encoded).steps
      assert.deepStrictEqual([ran, shown.length], [1, steps.length])
      assert.deepStrictEqual(shown.at(-1)?.error.data, { root: "s0", type: "ToolFailure" })
    }))
})

describe("10,000 writes behind one that timed out", () => {
  it.effect("are answered that it is not known what is there", () =>
    Effect.gen(function*() {
      let ran = 0
      const access = [Access.write("k")]
      const hangs = doing("hangs", () => Effect.never, { access, timeout: 10 })
      const write = doing("write", () => Effect.sync(() => ran++), { access })
      const calls = asking(["hangs"], ...Array.from({ length: 10_000 }, () => ["write"] as const))
      const settled = yield* aDayOf(run(Toolkit.make(hangs, write), calls))
      const [first, ...others] = ends(settled)
      assert.deepStrictEqual([first, ran, others.length, new Set(others)], [
        "Timeout",
        0,
        10_000,
        new Set(["Uncertain"])
      ])
    }))
})

describe("100,000 calls that answer at once", () => {
  it.effect.each([1, 10, "unbounded"] as const)("all run, %s at a time", (concurrency) =>
    Effect.gen(function*() {
      const one = doing("one", () => Effect.succeed(1))
      const settled = yield* run(Toolkit.make(one), many(100_000, "one"), { concurrency })
      assert.deepStrictEqual([settled.outcomes.length, new Set(ends(settled))], [100_000, new Set([1])])
    }))
})

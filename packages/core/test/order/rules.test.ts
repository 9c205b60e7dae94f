/**
 * Rules 2, 4, 8 and 12: when a call starts, what holds it up, and what ends its waiting.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Batch, Limits, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Fiber, Schedule, Schema } from "effect"
import { TestClock } from "effect/testing"
import { recordingLogger } from "../support.ts"
import { aDayOf, type Asked, asking, lasting, spans, spansOf } from "./support.ts"

const tools = [
  lasting("read", { access: ({ key }) => [Access.read(key)] }),
  lasting("write", { access: ({ key }) => [Access.write(key)] }),
  lasting("alone", { access: [Access.exclusive] }),
  lasting("alone_by_key", { access: () => [Access.exclusive] }),
  lasting("free"),
  lasting("single", { limits: [Limits.concurrency(1)] }),
  lasting("adds", { access: ({ key }) => [Access.read(key), Access.write(`${key}/new`)] })
]

const run = (asked: ReadonlyArray<Asked>, options?: Batch.Options) => spans(tools, asked, options)

describe("starting", () => {
  it.effect("what touches the same thing waits, and the others pass", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* run([
          ["write", "a", 100],
          ["read", "a/b", 50],
          ["read", "a/c", 70],
          ["write", "b", 30],
          ["write", "a/b", 10],
          ["read", "ab", 7],
          ["free", "x", 5]
        ]),
        [[0, 100], [100, 150], [100, 170], [0, 30], [150, 160], [0, 7], [0, 5]]
      )
    }))

  it.effect("a key that ends in a slash lies under the one before that, and over nothing", () =>
    Effect.gen(function*() {
      const { conflicts, write } = Access
      const pairs = [["a/", "a"], ["a/", "a/b"], ["a//b", "a/"], ["/", "a"], ["/", ""]] as const
      for (const [one, other] of pairs) {
        const isApart = conflicts(write(one), write(other))
        const spans = yield* run([["write", one, 10], ["write", other, 5]])
        assert.deepStrictEqual(spans, [[0, 10], isApart ? [10, 15] : [0, 5]], `${one} and ${other}`)
      }
    }))

  it.effect("what reads a key and writes below it keeps readers of the key waiting, and others that do the same", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* run([["adds", "a", 50], ["read", "a", 10], ["adds", "a", 20], ["read", "a/old", 5]]),
        [[0, 50], [50, 60], [60, 80], [0, 5]]
      )
    }))

  it.effect("what a batch touches waits for earlier batches of its runner, also where some of their calls are over", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make()
      const toolkit = Toolkit.make(...tools)
      const first = yield* Effect.forkChild(runner.run(toolkit, asking(["read", "a", 30], ["write", "a", 70])))
      yield* TestClock.adjust(50)
      const second = yield* Effect.forkChild(runner.run(toolkit, asking(["write", "a", 10], ["read", "a", 5])))
      yield* TestClock.adjust("1 day")
      assert.deepStrictEqual(spansOf(yield* Fiber.join(first), 0), [[0, 30], [30, 100]])
      assert.deepStrictEqual(spansOf(yield* Fiber.join(second), 0), [[100, 110], [110, 115]])
    }))

  it.effect("a call that waits for a key holds no slot, even where there is but one", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* run([["write", "a", 50], ["write", "a", 40], ["free", "x", 5], ["free", "y", 5]], { concurrency: 2 }),
        [[0, 50], [50, 90], [0, 5], [5, 10]]
      )
      assert.deepStrictEqual(
        yield* run([["single", "a", 50], ["single", "b", 40], ["free", "x", 5]], { concurrency: 2 }),
        [[0, 50], [50, 90], [0, 5]]
      )
      assert.deepStrictEqual(
        yield* run([["write", "a", 50], ["write", "a", 40], ["free", "x", 5]], { concurrency: 1 }),
        [[0, 50], [50, 90], [90, 95]]
      )
    }))

  it.effect("the lowest in call order starts first, whichever waited longer", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* run([["write", "a", 30], ["free", "x", 30], ["write", "a", 10], ["free", "y", 10], ["free", "z", 10]], {
          concurrency: 1
        }),
        [[0, 30], [30, 60], [60, 70], [70, 80], [80, 90]]
      )
    }))

  it.effect("arguments that do not fit hold nobody up", () =>
    Effect.gen(function*() {
      const calls = asking(["write", "a", 50], ["write", "a", 10], ["read", "a", 20])
        .map((call, index) => index === 0 ? { ...call, arguments: { key: 1 } } : call)
      const settled = yield* aDayOf(Batch.run(Toolkit.make(...tools), calls))
      assert.deepStrictEqual(spansOf(settled, 0), [["InvalidArguments", 0, 0], [0, 10], [10, 30]])
    }))

  it.effect("an access function that throws is the defect of its call alone", () =>
    Effect.gen(function*() {
      const throws = lasting("throws", {
        access: () => {
          throw new Error("bug")
        }
      })
      const { layer, lines } = recordingLogger()
      const settled = spans([...tools, throws], [["throws", "a", 10], ["write", "a", 20], ["alone", "", 5]])
      assert.deepStrictEqual(yield* Effect.provide(settled, layer), [["Defect", 0, 0], [0, 20], [20, 25]])
      assert.deepStrictEqual(lines.map(({ text }) => text), ["A tool crashed"])
    }))
})

describe("an exclusive call", () => {
  it.effect("has the run for itself, whatever the others declare", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* run([["free", "x", 40], ["alone", "x", 10], ["free", "y", 5], ["read", "a", 5], ["alone", "", 3]]),
        [[0, 40], [40, 50], [50, 55], [50, 55], [55, 58]]
      )
    }))

  it.effect("also where that comes from a function of its parameters", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* run([["free", "x", 40], ["alone_by_key", "x", 10], ["free", "y", 5], ["read", "a", 5]]),
        [[0, 40], [40, 50], [50, 55], [50, 55]]
      )
    }))
})

describe("a call that goes on after its timeout", () => {
  it.effect("gives its slots back at once", () =>
    Effect.gen(function*() {
      const stubborn = Tool.make("stubborn", {
        description: "For tests.",
        parameters: Schema.Struct({ key: Schema.String, ms: Schema.Finite }),
        success: Schema.Void,
        limits: ({ key }) => [Limits.concurrency(1), Limits.concurrency(1, key)],
        execute: ({ ms }) => Effect.uninterruptible(Effect.sleep(ms))
      })
      const calls = asking(["stubborn", "a", 500], ["stubborn", "a", 10], ["stubborn", "b", 10])
      const settled = yield* aDayOf(Batch.run(Toolkit.make(stubborn), calls, { timeout: 50, concurrency: 1 }))
      assert.deepStrictEqual(spansOf(settled, 0), [["Timeout", 0, 50], [50, 60], [60, 70]])
    }))
})

describe("time", () => {
  it.effect("attempts are made inside the slot and the timeout of their call, whose waiting does not count", () =>
    Effect.gen(function*() {
      const flaky = lasting("flaky", { idempotent: true, timeout: 50, limits: [Limits.concurrency(1)] })
      const options = { retry: Schedule.upTo(Schedule.spaced(5), { times: 2 }) }
      assert.deepStrictEqual(
        yield* spans([flaky], [["flaky", "fails", 10], ["flaky", "x", 45], ["flaky", "fails", 30]], options),
        [["ToolFailure", 0, 40], [40, 85], ["Timeout", 85, 135]]
      )
    }))

  it.effect("a call that waits is answered at the deadline", () =>
    Effect.gen(function*() {
      const rated = lasting("rated", { limits: [Limits.rate({ limit: 1, window: "1 minute" })] })
      const settled = yield* spans([...tools, rated], [
        ["single", "a", 100],
        ["single", "b", 20],
        ["read", "k", 100],
        ["write", "k", 10],
        ["rated", "", 10],
        ["rated", "", 10]
      ], { deadline: 50 })
      assert.deepStrictEqual(settled, [
        ["Timeout", 0, 50],
        ["Timeout", 50, 50],
        ["Timeout", 0, 50],
        ["Timeout", 50, 50],
        [0, 10],
        ["Timeout", 50, 50]
      ])
    }))

  it.effect("and as soon as another fails, where the batch stops then", () =>
    Effect.gen(function*() {
      const started: Array<string> = []
      const noting = Tool.make("noting", {
        description: "For tests.",
        parameters: Schema.Struct({ key: Schema.String, ms: Schema.Finite }),
        success: Schema.Void,
        limits: [Limits.concurrency(1)],
        execute: ({ key, ms }) => Effect.andThen(Effect.sync(() => started.push(key)), Effect.sleep(ms))
      })
      const calls = asking(["noting", "a", 100], ["noting", "b", 10], ["free", "fails", 30])
      const settled = yield* aDayOf(Batch.run(Toolkit.make(noting, lasting("free")), calls, { failFast: true }))
      assert.deepStrictEqual(spansOf(settled, 0), [["Interrupted", 0, 30], ["Interrupted", 30, 30], [
        "ToolFailure",
        0,
        30
      ]])
      assert.deepStrictEqual(started, ["a"])
    }))
})

describe("an interrupted batch", () => {
  it.effect("starts none of the calls that wait", () =>
    Effect.gen(function*() {
      const started: Array<string> = []
      const noting = Tool.make("noting", {
        description: "For tests.",
        parameters: Schema.Struct({ key: Schema.String, ms: Schema.Finite }),
        success: Schema.Void,
        access: ({ key }) => [Access.write(key)],
        execute: ({ key, ms }) => Effect.andThen(Effect.sync(() => started.push(key)), Effect.sleep(ms))
      })
      const calls = asking(["noting", "a", 100], ["noting", "a/b", 10], ["noting", "c", 10], ["noting", "d", 10])
      const batch = Batch.run(Toolkit.make(noting), calls, { concurrency: 1 })
      const fiber = yield* Effect.forkChild(batch, { startImmediately: true })
      yield* TestClock.adjust(50)
      yield* Fiber.interrupt(fiber)
      yield* TestClock.adjust("1 day")
      assert.deepStrictEqual(started, ["a"])
    }))
})

describe("many calls", () => {
  it.live("ten thousand of a tool that runs two at once come to an end", () =>
    Effect.gen(function*() {
      const quick = Tool.make("quick", {
        description: "For tests.",
        parameters: Schema.Struct({}),
        success: Schema.Void,
        limits: [Limits.concurrency(2)],
        execute: () => Effect.void
      })
      const calls = Array.from(
        { length: 10_000 },
        (_, index) => ToolCall.make({ id: `c${index}`, name: "quick", index })
      )
      const { outcomes } = yield* Batch.run(Toolkit.make(quick), calls, { maxCalls: "unbounded" })
      assert.strictEqual(outcomes.filter(({ result }) => result._tag === "Success").length, 10_000)
    }))
})

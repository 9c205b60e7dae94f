import { assert, describe, it } from "@effect/vitest"
import { Access, Batch, Limits, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Fiber, Layer, Result, Schema } from "effect"
import { TestClock } from "effect/testing"

const parameters = Schema.Struct({ key: Schema.String, ms: Schema.Finite })
const success = Schema.String
const description = "For tests."

const log: Array<string> = []
const work = (name: string) => ({ key, ms }: typeof parameters.Type) =>
  Effect.sync(() => log.push(`+${name} ${key}`)).pipe(
    Effect.andThen(Effect.sleep(ms)),
    Effect.andThen(Effect.sync(() => log.push(`-${name} ${key}`))),
    Effect.as(key)
  )
const tool = <const N extends string>(
  name: N,
  more: {
    readonly access?: Tool.Declared<typeof parameters.Type, Access.Access>
    readonly limits?: Tool.Declared<typeof parameters.Type, Limits.Limit>
  }
) => Tool.make(name, { description, parameters, success, ...more, execute: work(name) })

const toolkit = Toolkit.make(
  tool("read", { access: ({ key }) => [Access.read(key)] }),
  tool("write", { access: ({ key }) => [Access.write(key)] }),
  tool("alone", { access: [Access.exclusive] }),
  tool("free", {}),
  tool("two", { limits: [Limits.concurrency(2)] }),
  tool("host", { limits: ({ key }) => [Limits.concurrency(1, `host/${key}`)] }),
  tool("rated", { limits: [Limits.rate({ limit: 2, window: "1 second" })] })
)

const calls = (...asked: ReadonlyArray<readonly [string, string, number]>) =>
  asked.map(([name, key, ms], index) => ToolCall.make({ id: `c${index}`, name, arguments: { key, ms }, index }))

const run = (asked: ReadonlyArray<readonly [string, string, number]>, options?: Batch.Options) =>
  Effect.gen(function*() {
    log.length = 0
    const fiber = yield* Effect.forkChild(Batch.run(toolkit, calls(...asked), options), { startImmediately: true })
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(fiber)
  })

const spans = (settled: Batch.Settled<Tool.Any>) =>
  settled.outcomes.map(({ endedAt, result, startedAt }) =>
    Result.isSuccess(result)
      ? [startedAt, endedAt]
      : result.failure._tag === "CallError"
      ? result.failure.reason._tag
      : "?"
  )

describe("access", () => {
  it.effect("orders calls that touch the same thing, and lets the others pass", () =>
    Effect.gen(function*() {
      const settled = yield* run([
        ["write", "a", 100],
        ["read", "a/b", 50],
        ["read", "a/c", 70],
        ["write", "b", 30],
        ["write", "a/b", 10],
        ["free", "x", 5]
      ])
      assert.deepStrictEqual(spans(settled), [[0, 100], [100, 150], [100, 170], [0, 30], [150, 160], [0, 5]])
    }))

  it.effect("gives an exclusive call the run for itself", () =>
    Effect.gen(function*() {
      const settled = yield* run([["free", "x", 40], ["alone", "x", 10], ["free", "y", 5]])
      assert.deepStrictEqual(spans(settled), [[0, 40], [40, 50], [50, 55]])
    }))

  it.effect("does not run what touches a write of unknown outcome", () =>
    Effect.gen(function*() {
      const settled = yield* run([["write", "a", 100], ["read", "a", 10], ["read", "b", 10], ["write", "a/x", 1]], {
        timeout: 50
      })
      assert.deepStrictEqual(spans(settled), ["Timeout", "Uncertain", [0, 10], "Uncertain"])
    }))
  it.effect("caps", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        spans(yield* run([["two", "", 10], ["two", "", 20], ["free", "", 1], ["two", "", 10], ["two", "", 5]])),
        [[0, 10], [0, 20], [0, 1], [10, 20], [20, 25]]
      )
    }))
  it.effect("keys", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(spans(yield* run([["host", "a", 10], ["host", "a", 20], ["host", "b", 5]])).length, 3)
      assert.deepStrictEqual(
        spans(
          yield* run([["rated", "a", 10], ["rated", "a", 20], ["rated", "b", 5], ["free", "", 1]], { concurrency: 2 })
        ),
        [[3_600_000, 3_600_010], [3_600_000, 3_600_020], [3_601_000, 3_601_005], [3_600_010, 3_600_011]]
      )
    }))
  it.effect("deadline", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        spans(yield* run([["host", "a", 100], ["host", "a", 20], ["host", "b", 5]], { deadline: 50 })),
        ["Timeout", "Timeout", [0, 5]]
      )
    }))
})
void Layer

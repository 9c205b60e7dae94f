import { assert, describe, it } from "@effect/vitest"
import { Batch, Limits, Tool, ToolCall, Toolkit } from "@volley/core"
import { Cause, Context, Effect, Fiber, Layer, Logger, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import { ends } from "../support.ts"

class Database extends Context.Service<Database, { readonly rows: number }>()("test/Database") {}

class Rows extends Context.Service<Rows, number>()("test/Rows") {}

const definition = { description: "For tests.", parameters: Schema.Struct({}), success: Schema.Finite }
const limits = [Limits.concurrency(1)]
const count = Tool.make("count", { ...definition, limits, execute: () => Database.useSync(({ rows }) => rows) })
const other = Tool.make("other", { ...definition, limits, execute: () => Effect.succeed(1) })

const run = (layer: Layer.Layer<Database>, options?: Batch.Options) =>
  Effect.gen(function*() {
    const toolkit = Toolkit.merge(Toolkit.provide(Toolkit.make(count), layer), Toolkit.make(other))
    const calls = ["count", "other"].map((name, index) => ToolCall.make({ id: `c${index}`, name, index }))
    const fiber = yield* Effect.forkChild(Batch.run(toolkit, calls, options), { startImmediately: true })
    yield* TestClock.adjust("1 minute")
    const { outcomes } = yield* Fiber.join(fiber)
    return outcomes.map(({ endedAt, result }) => {
      if (Result.isSuccess(result)) return result.success
      return result.failure._tag === "CallError" ? `${result.failure.reason._tag} at ${endedAt}` : result.failure._tag
    })
  }).pipe(Effect.provide(Logger.layer([])))

describe("calls that wait in line, with a layer of their own", () => {
  it.effect("have it", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* run(Layer.succeed(Database, { rows: 7 })), [7, 1])
    }))

  it.effect("crash alone where it cannot be built", () =>
    Effect.gen(function*() {
      const broken = Layer.effect(Database, Effect.die(new Error("no database")))
      assert.deepStrictEqual(yield* run(broken), ["Defect at 0", 1])
    }))

  it.effect("have it though it needs another one, and the host is told where that cannot be built", () =>
    Effect.gen(function*() {
      const tools = Toolkit.provide(
        Toolkit.make(count),
        Layer.effect(Database, Rows.useSync((rows) => ({ rows })))
      )
      const play = (rows: Layer.Layer<Rows>) => {
        const calls = [0, 1].map((index) => ToolCall.make({ id: `c${index}`, name: "count", index }))
        return Effect.provide(Batch.run(Toolkit.provide(tools, rows), calls), Logger.layer([]))
      }
      const { outcomes } = yield* play(Layer.succeed(Rows, 7))
      assert.deepStrictEqual(outcomes.map(({ result }) => Result.getOrUndefined(result)), [7, 7])
      const broken = yield* play(Layer.effect(Rows, Effect.die(new Error("no rows"))))
      for (const { result } of broken.outcomes) {
        assert(Result.isFailure(result) && result.failure._tag === "CallError")
        const { reason } = result.failure
        assert(reason._tag === "Defect" && reason.harmless)
        assert.strictEqual(String(Cause.squash(reason.cause)), "Error: no rows")
      }
    }))

  it.effect("are answered once where it fails after their time is over, and the others go on", () =>
    Effect.gen(function*() {
      const late = Layer.effect(Database, Effect.delay(Effect.die(new Error("no database")), 30))
      const slow = Tool.make("slow", { ...definition, timeout: 90, execute: () => Effect.as(Effect.sleep(50), 1) })
      const toolkit = Toolkit.merge(Toolkit.provide(Toolkit.make(count), late), Toolkit.make(slow))
      const calls = ["count", "slow"].map((name, index) => ToolCall.make({ id: `c${index}`, name, index }))
      const told: Array<string> = []
      const onCall = (event: Batch.CallEvent) =>
        Effect.sync(() => void (event._tag === "CallSettled" && told.push(event.outcome.call.id)))
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, calls, { timeout: 10, onCall }))
      yield* TestClock.adjust("1 minute")
      const settled = yield* Fiber.join(fiber)
      assert.deepStrictEqual([ends(settled), told], [["Timeout", 1], ["c0", "c1"]])
    }).pipe(Effect.provide(Logger.layer([]))))

  it.effect("are answered in time where it is never built", () =>
    Effect.gen(function*() {
      const hanging = Layer.effect(Database, Effect.never)
      assert.deepStrictEqual(yield* run(hanging, { timeout: "2 seconds" }), ["Timeout at 2000", 1])
    }))
})

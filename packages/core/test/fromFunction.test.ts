import { assert, describe, it } from "@effect/vitest"
import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Fiber, Logger, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import { expectTypeOf } from "vitest"

class Down extends Schema.TaggedError<Down>()("Down", { why: Schema.String }) {}

const definition = {
  description: "For tests.",
  parameters: Schema.Struct({ n: Schema.Int }),
  success: Schema.Int
}
const call = (name: string) => ToolCall.make({ id: "call_1", name, arguments: { n: 20 } })

const settled = (tool: Tool.Tool<string, Schema.Constraint, Schema.Constraint, Schema.Constraint>) =>
  Effect.map(Batch.run(Toolkit.make(tool), [call(tool.name)]), ({ outcomes }) => outcomes[0]!.result).pipe(
    Effect.provide(Logger.layer([]))
  )

describe("Tool.fromFunction", () => {
  it.effect("gives what the promise gives, and tells the function of its call", () =>
    Effect.gen(function*() {
      const double = Tool.fromFunction("double", {
        ...definition,
        execute: async ({ n }, signal, { id }) => signal.aborted || id !== "call_1" ? 0 : n * 2
      })
      expectTypeOf<Tool.Requirements<typeof double>>().toBeNever()
      assert.deepStrictEqual(yield* settled(double), Result.succeed(40))
    }))

  it.effect("takes a rejection, or a throw, for a crash, and for a failure where it is caught", () =>
    Effect.gen(function*() {
      const rejects = Tool.fromFunction("rejects", {
        ...definition,
        execute: () => {
          throw new Error("thrown before there is a promise")
        }
      })
      const crash = yield* settled(rejects)
      assert.isTrue(
        Result.isFailure(crash) && crash.failure._tag === "CallError" && crash.failure.reason._tag === "Defect"
      )
      const fails = Tool.fromFunction("fails", {
        ...definition,
        failure: Down,
        catch: (error) => new Down({ why: String(error) }),
        execute: () => Promise.reject<number>("closed")
      })
      const failure = yield* settled(fails)
      assert.isTrue(Result.isFailure(failure) && failure.failure._tag === "ToolFailure")
    }))

  it.effect("is answered once, however its promise ends after the call's time is over", () =>
    Effect.gen(function*() {
      const late = (name: string, end: (resolve: (n: number) => void, reject: (error: unknown) => void) => void) =>
        Tool.fromFunction(name, {
          ...definition,
          timeout: "1 second",
          execute: (_, signal) =>
            new Promise<number>((resolve, reject) => signal.addEventListener("abort", () => end(resolve, reject)))
        })
      const slow = Tool.make("slow", { ...definition, execute: () => Effect.as(Effect.sleep("2 seconds"), 1) })
      const toolkit = Toolkit.make(
        late("rejects", (_, reject) => reject("aborted")),
        late("gives", (give) => give(1)),
        slow
      )
      const calls = ["rejects", "gives", "slow"].map((name, index) =>
        ToolCall.make({ id: name, name, arguments: { n: 1 }, index })
      )
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, calls), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      yield* Effect.promise(() => Promise.resolve())
      yield* TestClock.adjust("1 second")
      const { outcomes } = yield* Fiber.join(fiber)
      assert.deepStrictEqual(outcomes.map(({ endedAt, startedAt }) => endedAt - startedAt), [1000, 1000, 2000])
      assert.deepStrictEqual(outcomes.map(({ result }) => Result.isSuccess(result)), [false, false, true])
    }))

  it.effect("aborts the signal when the call's time is over", () =>
    Effect.gen(function*() {
      let aborted = false
      const hangs = Tool.fromFunction("hangs", {
        ...definition,
        timeout: "1 second",
        execute: (_, signal) =>
          new Promise<number>(() => {
            signal.addEventListener("abort", () => {
              aborted = true
            })
          })
      })
      const fiber = yield* Effect.forkChild(settled(hangs), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      const result = yield* Fiber.join(fiber)
      assert.isTrue(Result.isFailure(result) && result.failure._tag === "CallError")
      assert.isTrue(aborted)
    }))
})

import { assert, describe, it } from "@effect/vitest"
import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { Timeline } from "@volley/testing"
import { Effect, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"

const wait = Tool.make("wait", {
  description: "For tests.",
  parameters: Schema.Struct({ ms: Schema.Int }),
  success: Schema.String,
  failure: Schema.String,
  execute: ({ ms }) => Effect.delay(ms === 30 ? Effect.fail("tired") : Effect.succeed("x".repeat(ms)), ms)
})

describe("a timeline", () => {
  it.effect("has a line for each call: when it ran, and how it ended", () =>
    Effect.gen(function*() {
      const calls = [60, 20, 30].map((ms, index) =>
        ToolCall.make({ id: `call_${index + 1}`, name: "wait", arguments: { ms }, index })
      )
      const unknown = ToolCall.make({ id: "x", name: "nobody", arguments: "{", index: 3 })
      const run = Batch.run(Toolkit.make(wait), [...calls, unknown], { concurrency: 2 })
      const fiber = yield* Effect.forkChild(run, { startImmediately: true })
      yield* TestClock.adjust("1 second")
      const { outcomes } = yield* Fiber.join(fiber)
      assert.strictEqual(
        Timeline.render(Timeline.fromOutcomes(outcomes), { width: 12 }),
        `call_1  wait {"ms":60}  [============ ] 0–60 ms, ok "${"x".repeat(46)}…
call_2  wait {"ms":20}  [====         ] 0–20 ms, ok "${"x".repeat(20)}"
call_3  wait {"ms":30}  [    ======   ] 20–50 ms, failed "tired"
x       nobody {        [          |  ] 50–50 ms, UnknownTool`
      )
    }))

  it("of nothing is empty", () => {
    assert.strictEqual(Timeline.render([]), "")
  })
})

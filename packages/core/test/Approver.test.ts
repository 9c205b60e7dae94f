import { assert, describe, it } from "@effect/vitest"
import { Approver, Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Schema } from "effect"

describe("Approver.Question", () => {
  it.effect("has the idempotency key that the call is run with, whenever it is asked", () =>
    Effect.gen(function*() {
      const ran: Array<string> = []
      const asked: Array<Approver.Question> = []
      const pay = Tool.make("pay", {
        description: "Pays.",
        parameters: Schema.Struct({ amount: Schema.FiniteFromString }),
        success: Schema.Void,
        approval: "always",
        execute: (_, { idempotencyKey }) => Effect.sync(() => void ran.push(idempotencyKey))
      })
      const call = ToolCall.make({ id: "1", name: "pay", arguments: { amount: "5" } })
      const deciding = (decision: Approver.Decision) =>
        Approver.layer((question) => Effect.sync(() => (asked.push(question), decision)))
      const batch = Batch.run(Toolkit.make(pay), [call], { runId: "run" })
      yield* Effect.provide(batch, deciding("undecided"))
      yield* Effect.provide(batch, deciding("allowed"))
      assert.deepStrictEqual(ran.length, 1)
      assert.deepStrictEqual(asked, [1, 2].map(() => ({ call, tool: "pay", parameters: { amount: 5 }, key: ran[0]! })))
    }))
})

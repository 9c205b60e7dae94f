/**
 * Tools that become others while an agent is at work.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Effect } from "effect"
import { acting } from "../support.ts"

describe("a toolkit that is asked for before each turn", () => {
  it.effect.each([false, true])(
    "is the one that this turn is told of and called by, streamed: %s",
    (streaming) =>
      Effect.gen(function*() {
        const two = acting("two", () => Effect.succeed("second"))
        const one = acting("one", () =>
          Effect.sync(() => {
            present = Toolkit.make(two)
            return "first"
          }))
        let present: Toolkit.Toolkit<typeof one | typeof two> = Toolkit.make(one)
        const model = ScriptedModel.make([
          ScriptedModel.calls({ name: "one" }),
          ScriptedModel.calls({ name: "two" }, { name: "one" }),
          ScriptedModel.says("Done.")
        ])
        const toolkit = Effect.sync(() => present)
        const { rounds } = yield* Effect.provide(Agent.run({ toolkit, prompt: "Go.", streaming }), model.layer)
        const named = model.requests.map(({ toolkit }) => toolkit?.tools.map(({ name }) => name))
        assert.deepStrictEqual(named, [["one"], ["two"], ["two"]])
        const [second, unknown] = rounds[1]?.settled.outcomes ?? []
        assert.strictEqual(second?.encoded, "\"second\"")
        assert.include(unknown?.encoded, "UnknownTool")
      })
  )
})

/**
 * Runs that end, whatever happens to their process.
 */
import { assert, describe, it } from "@effect/vitest"
import { Tool, Toolkit } from "@volley/core"
import { Durable } from "@volley/durable"
import { ScriptedModel } from "@volley/testing"
import { Effect, Layer, Schema } from "effect"
import { inTime, newStore, start } from "./support/world.ts"

const parameters = Schema.Struct({ n: Schema.Int })

/** Three turns and an answer; what tools do to the world is a line of the ledger. */
const world = () => {
  const ledger: Array<string> = []
  const act = (what: string) => ({ n }: { readonly n: number }) =>
    Effect.as(Effect.andThen(Effect.sleep(10), Effect.sync(() => ledger.push(`${what} ${n}`))), n * n)
  const toolkit = Toolkit.make(
    Tool.make("look", { description: "Looks.", parameters, success: Schema.Int, readOnly: true, execute: act("look") }),
    Tool.make("put", { description: "Puts.", parameters, success: Schema.Int, idempotent: true, execute: act("put") }),
    Tool.make("pay", { description: "Pays.", parameters, success: Schema.Int, execute: act("pay") })
  )
  const turn = (n: number) => ScriptedModel.calls(...["look", "put", "pay"].map((name) => ({ name, arguments: { n } })))
  const model = ScriptedModel.layer(({ conversation: { messages } }) => {
    const asked = messages.filter(({ role }) => role === "assistant").length
    return asked < 3 ? turn(asked) : ScriptedModel.says("done")
  })
  const agent = Durable.agent("support", { toolkit, system: "Help." })
  return { agent, ledger, layer: Layer.provide(agent.layer, model) }
}

describe("a run of an agent", () => {
  it.effect("ends, and is found again", () =>
    Effect.gen(function*() {
      const { agent, layer, ledger } = world()
      const stored = yield* newStore
      const { context, kill } = yield* inTime(start(stored, layer))
      const running = Effect.flatMap(agent.start({ runId: "r1", prompt: "Go." }), (run) => run.await)
      const ended = yield* inTime(Effect.provideContext(running, context))
      assert.strictEqual(ended.answer, "done")
      yield* kill
      const second = yield* inTime(start(stored, layer))
      assert.deepStrictEqual(yield* inTime(Effect.provideContext(running, second.context)), ended)
      assert.strictEqual(ledger.length, 9)
    }))
})

/**
 * Runs of agents that end, and that are found again.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { world } from "./support/life.ts"
import { inTime, newStore, start, within } from "./support/world.ts"

describe("a run of an agent", () => {
  it.effect("ends, and is found again", () =>
    Effect.gen(function*() {
      const { agent, layer, ledger } = world()
      const stored = yield* newStore
      const first = yield* inTime(start(stored, layer))
      const running = Effect.flatMap(agent.start({ runId: "r1", prompt: "Go." }), (run) => run.await)
      const ended = yield* within(first, running)
      assert.strictEqual(ended.answer, "done")
      yield* first.kill
      const second = yield* inTime(start(stored, layer))
      assert.deepStrictEqual(yield* within(second, running), ended)
      assert.strictEqual(ledger.length, 9)
    }))
})

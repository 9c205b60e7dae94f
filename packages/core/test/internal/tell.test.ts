import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import type { CallEvent } from "../../src/internal/runner/events.ts"
import { Teller } from "../../src/internal/runner/tell.ts"

const started: CallEvent = {
  _tag: "CallStarted",
  call: { id: "call_1", name: "ping", arguments: {}, index: 0, status: "complete" },
  at: 0
}

describe("what is told in its turn", () => {
  it.effect("is not waited for any more once the telling is stopped", () =>
    Effect.gen(function*() {
      const teller = new Teller(() => Effect.never, Effect.runFork, () => {})
      const told: Array<string> = []
      teller.tell(started)
      teller.begin()
      const waiting = yield* Effect.forkChild(teller.tellInTurn(Effect.sync(() => void told.push("in turn"))))
      yield* Effect.yieldNow
      teller.stop()
      yield* Fiber.join(waiting)
      assert.deepStrictEqual(told, [])
    }))
})

import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Option, Result, Stream } from "effect"
import { isOver } from "../../src/internal/exit.ts"

const effects: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
  Exit.succeed(1),
  Exit.fail("no"),
  Exit.die("no"),
  Exit.interrupt(1),
  Effect.succeed(1),
  Effect.fail("no"),
  Effect.void,
  Effect.sync(() => Math.random()),
  Effect.suspend(() => Exit.succeed(1)),
  Effect.map(Effect.never, () => 1),
  Effect.fromOption(Option.some(1)),
  Effect.fromResult(Result.fail("no")),
  Stream.runDrain(Stream.empty)
]

describe("an effect that needs no running", () => {
  it("is told by the key by which Effect tells it", () => {
    assert.deepStrictEqual(effects.map(isOver), effects.map((effect) => Exit.isExit(effect)))
    assert.deepStrictEqual(new Set(effects.map(isOver)), new Set([true, false]))
  })
})

/**
 * Long texts, which are kept apart: each comes back as it was, and none outlives its run.
 */
import { assert, describe, it } from "@effect/vitest"
import { Tool, ToolCall, Toolkit } from "@volley/core"
import { Durable } from "@volley/durable"
import { ScriptedModel } from "@volley/testing"
import { Effect, Latch, Layer, Result, Schema } from "effect"
import * as SqlClient from "effect/sql/SqlClient"
import { inTime, newStore, start, within } from "./support/world.ts"

const long = (begin: string, end = "") => begin + "0123456789".repeat(7000) + end
const same = { description: "Reads.", parameters: Schema.Struct({}), success: Schema.String, readOnly: true }

/** How much is kept apart. */
const count = SqlClient.SqlClient.use((sql) => sql<{ readonly n: number }>`SELECT COUNT(*) AS n FROM volley_blob`).pipe(
  Effect.map(([row]) => row?.n),
  Effect.orDie
)

describe("a long text", () => {
  it.effect.each<readonly [string, string]>([
    ["with a byte order mark", long("\ufeff")],
    ["with half a character at its end", long("", "\ud83d")],
    ["with half a character at its beginning", long("\ude00")],
    ["with letters of all lengths", long("aäあ😀\0")]
  ])("%s comes back as it was", ([, text]) =>
    Effect.gen(function*() {
      const read = Tool.make("read", { ...same, execute: () => Effect.succeed(text) })
      const batch = Durable.batch("b1", Toolkit.make(read), [ToolCall.make({ id: "c1", name: "read" })])
      const process = yield* inTime(start(yield* newStore, Layer.empty))
      for (const _ of ["run", "told again"]) {
        const { outcomes } = yield* within(process, batch)
        assert.deepStrictEqual(outcomes.map(({ result }) => Result.getOrThrow(result) === text), [true])
      }
    }))

  it.effect("is not kept of a call that ends when its run is cancelled and forgotten", () =>
    Effect.gen(function*() {
      const begun = Latch.makeUnsafe()
      const end = Latch.makeUnsafe()
      const text = long("")
      const execute = () => Effect.as(Effect.andThen(begun.open, end.await), text)
      const agent = Durable.agent("reader", { toolkit: Toolkit.make(Tool.make("read", { ...same, execute })) })
      const model = ScriptedModel.layer([
        ScriptedModel.calls({ name: "read", arguments: {} }),
        ScriptedModel.says("Done.")
      ])
      const process = yield* inTime(start(yield* newStore, Layer.provide(agent.layer, model)))
      const run = yield* within(process, agent.start({ runId: "r1", prompt: "Read." }))
      yield* inTime(begun.await)
      // No time goes by: the process does not know that the run is gone when its call ends.
      yield* run.cancel
      assert.isTrue(yield* Effect.provideContext(Durable.forget("r1"), process.context))
      yield* end.open
      assert.strictEqual(yield* within(process, Effect.andThen(Effect.sleep("2 seconds"), count)), 0)
    }))

  it.effect("of a prompt is kept with the run that it begins, and not where another one has its id", () =>
    Effect.gen(function*() {
      const agent = Durable.agent("reader", { toolkit: Toolkit.make() })
      const process = yield* inTime(start(yield* newStore, Layer.empty))
      const begin = (text: string) => within(process, Effect.result(agent.start({ runId: "r1", prompt: long(text) })))
      assert.isTrue(Result.isSuccess(yield* begin("a")))
      assert.isTrue(Result.isFailure(yield* begin("b")))
      assert.isTrue(Result.isSuccess(yield* begin("a")))
      assert.strictEqual(yield* within(process, count), 1)
    }))

  it.effect("of a prompt is not kept where the run is not", () =>
    Effect.gen(function*() {
      const agent = Durable.agent("reader", { toolkit: Toolkit.make() })
      const isRun = (values: ReadonlyArray<unknown>) => values.includes("reader")
      const stored = yield* newStore
      const process = yield* inTime(start(stored, Layer.empty, { at: isRun, when: "before", breaks: true }))
      const begun = yield* within(process, Effect.result(agent.start({ runId: "r1", prompt: long("") })))
      assert.isTrue(Result.isFailure(begun))
      assert.strictEqual(yield* within(process, count), 0)
    }))
})

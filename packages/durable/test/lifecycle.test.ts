/**
 * Runs that are cancelled, and those whose program or world is not as it was.
 */
import { assert, describe, it } from "@effect/vitest"
import { Tool, ToolCall, Toolkit } from "@volley/core"
import { Durable, Journal } from "@volley/durable"
import { ScriptedModel } from "@volley/testing"
import { Effect, Fiber, Latch, Layer, Logger, Option, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { inTime, newStore, type Process, rowOf, start, type Which, within } from "./support/world.ts"

const parameters = Schema.Struct({})
const description = "Acts."
const success = Schema.String

/** An agent that calls one tool and answers. */
const calling = (name: string, act: Effect.Effect<string>, traits: { readonly readOnly?: boolean } = {}) => {
  const tool = Tool.make(name, { description, parameters, success, ...traits, execute: () => act })
  return agentOf(name, tool)
}

const agentOf = (
  call: string,
  ...tools: ReadonlyArray<Tool.Tool<string, typeof parameters, typeof success, typeof Schema.Never>>
) => {
  const { layer, requests } = ScriptedModel.make(({ conversation: { messages } }) =>
    messages.some(({ role }) => role === "tool")
      ? ScriptedModel.says("done")
      : ScriptedModel.calls({ name: call, arguments: {} })
  )
  const agent = Durable.agent("actor", { toolkit: Toolkit.make(...tools) })
  return { agent, requests, layer: Layer.provide(agent.layer, layer) }
}

const asked = { runId: "r1", prompt: "Act." }
const quiet = Logger.layer([])

/** A tool that is in the midst of its call, and what stopped it. */
const hanging = () => {
  const begun = Latch.makeUnsafe()
  const stopped = Latch.makeUnsafe()
  const act = Effect.suspend(() => {
    begun.openUnsafe()
    return Effect.onInterrupt(Effect.never, () => Effect.sync(() => stopped.openUnsafe()))
  })
  return { ...calling("hang", act), begun, stopped }
}

const sqlIn = (process: Process, change: (sql: SqlClient.SqlClient) => Effect.Effect<unknown, unknown>) =>
  within(process, Effect.orDie(SqlClient.SqlClient.use(change)))

describe("a run that is cancelled", () => {
  it.effect("stops its calls and ends for good, from its own process or another one", () =>
    Effect.gen(function*() {
      for (const isElsewhere of [false, true]) {
        const { agent, begun, layer, stopped } = hanging()
        const stored = yield* newStore
        const first = yield* inTime(start(stored, layer))
        const other = isElsewhere ? yield* inTime(start(stored, Layer.empty)) : first
        const run = yield* within(first, agent.start(asked))
        yield* inTime(begun.await)
        yield* within(other, Effect.flatMap(agent.find("r1"), ({ cancel }) => cancel))
        yield* inTime(stopped.await)
        const error = yield* inTime(Effect.flip(run.await))
        assert.strictEqual(error.message, "r1: it was cancelled")
        assert.strictEqual((yield* run.poll).state, "cancelled")
        yield* inTime(run.cancel)
        const again = yield* within(first, Effect.flatMap(agent.start(asked), (run) => Effect.flip(run.await)))
        assert.strictEqual(again.message, error.message)
      }
    }))

  it.effect("stops its calls where it is forgotten at once", () =>
    Effect.gen(function*() {
      const { agent, begun, layer, stopped } = hanging()
      const process = yield* inTime(start(yield* newStore, layer))
      const run = yield* within(process, agent.start(asked))
      yield* inTime(begun.await)
      yield* run.cancel
      assert.isTrue(yield* Effect.provideContext(Durable.forget("r1"), process.context))
      const soon = yield* Effect.timeoutOption(inTime(stopped.await), "2 seconds")
      assert.isTrue(Option.isSome(soon))
    }))

  it.effect.each([false, true])(
    "stops the calls of a batch, forgotten at once or not",
    (isForgotten) =>
      Effect.gen(function*() {
        const begun = Latch.makeUnsafe()
        let stopped = 0
        const execute = () =>
          Effect.onInterrupt(Effect.andThen(begun.open, Effect.never), () => Effect.sync(() => stopped += 1))
        const hang = Tool.make("hang", { description, parameters, success, readOnly: true, execute })
        const calls = ["a", "b"].map((id, index) => ToolCall.make({ id, index, name: "hang" }))
        const batch = Durable.batch("b1", Toolkit.make(hang), calls, { concurrency: 1, deadline: "1 hour" })
        const stored = yield* newStore
        const first = yield* inTime(start(stored, Layer.empty))
        const other = yield* inTime(start(stored, Layer.empty))
        const running = yield* Effect.forkChild(Effect.provideContext(Effect.flip(batch), first.context))
        yield* inTime(begun.await)
        yield* Effect.provideContext(Journal.cancel("b1"), other.context)
        if (isForgotten) assert.isTrue(yield* Effect.provideContext(Durable.forget("b1"), other.context))
        const error = yield* Effect.timeout(inTime(Fiber.join(running)), "2 seconds")
        assert.strictEqual(error.reason._tag, isForgotten ? "NotFound" : "Cancelled")
        assert.strictEqual(stopped, 1)
      })
  )

  it.effect("does nothing where nobody has begun with it", () =>
    Effect.gen(function*() {
      const { agent, begun, layer, requests } = hanging()
      const stored = yield* newStore
      const isKept: Which = (values) => values.includes("r1") && values.includes("actor")
      const first = yield* inTime(start(stored, layer, { at: isKept, when: "after" }))
      yield* inTime(Effect.raceFirst(Effect.exit(Effect.provideContext(agent.start(asked), first.context)), first.died))
      yield* first.kill
      const client = yield* inTime(start(stored, Layer.empty))
      yield* within(client, Effect.flatMap(agent.find("r1"), ({ cancel }) => cancel))
      const second = yield* inTime(start(stored, layer))
      const error = yield* within(second, Effect.flatMap(agent.find("r1"), (run) => Effect.flip(run.await)))
      assert.strictEqual(error.message, "r1: it was cancelled")
      assert.deepStrictEqual([requests.length, begun.isOpen()], [0, false])
    }))
})

/** A run whose process died behind its turn, and whose rows were changed before the next one starts. */
const changed = Effect.fnUntraced(function*(
  { agent, layer }: Pick<ReturnType<typeof calling>, "agent" | "layer">,
  change: (sql: SqlClient.SqlClient) => Effect.Effect<unknown, unknown>
) {
  const stored = yield* newStore
  const first = yield* inTime(start(stored, layer, { at: rowOf("turn", true), when: "after" }))
  yield* within(first, agent.start(asked))
  yield* inTime(first.died)
  yield* first.kill
  const reader = yield* inTime(start(stored, Layer.empty))
  yield* sqlIn(reader, change)
  return { reader, stored }
})

describe("a run whose program is another one now", () => {
  it.effect("answers a call whose tool is gone, and goes on", () =>
    Effect.gen(function*() {
      const world = calling("act", Effect.succeed("worked"))
      const { stored } = yield* changed(world, () => Effect.void)
      const without = agentOf("act")
      const second = yield* inTime(start(stored, without.layer))
      const { answer, conversation } = yield* within(
        second,
        Effect.flatMap(without.agent.find("r1"), (run) => run.await)
      )
      assert.strictEqual(answer, "done")
      assert.include(JSON.stringify(conversation.messages.at(-2)), "UnknownTool")
    }))

  it.effect("is kept as crashed where its program crashes", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.layer(() => Effect.die(new Error("a bug")))
      const agent = Durable.agent("actor", { toolkit: Toolkit.make() })
      const stored = yield* newStore
      for (const _ of ["first", "second"]) {
        const process = yield* inTime(start(stored, Layer.provide(agent.layer, model)))
        const error = yield* within(process, Effect.flatMap(agent.start(asked), (run) => Effect.flip(run.await)))
        assert.strictEqual(error.message, "r1: a bug")
        yield* process.kill
      }
    }))
})

describe("a run whose model stops itself", () => {
  it.effect("is kept as crashed, and keeps nobody waiting", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.layer(() => Effect.interrupt)
      const agent = Durable.agent("actor", { toolkit: Toolkit.make() })
      const stored = yield* newStore
      for (const _ of ["first", "second"]) {
        const process = yield* inTime(start(stored, Layer.provide(agent.layer, model)))
        const error = yield* within(process, Effect.flatMap(agent.start(asked), (run) => Effect.flip(run.await)))
        assert.strictEqual(error.message, "r1: it was interrupted from inside, by its model or a hook of the program")
        yield* process.kill
      }
    }))
})

describe("a write that the world is asked about", () => {
  const dying = Effect.fnUntraced(function*(ask: Effect.Effect<Option.Option<string>>) {
    let ran = 0
    const pay = Tool.make("pay", {
      description,
      parameters,
      success,
      execute: () => Effect.sync(() => `paid ${++ran}`)
    })
    const { agent, layer } = agentOf("pay", Tool.reconcile(pay, () => ask))
    const stored = yield* newStore
    const first = yield* inTime(start(stored, layer, { at: rowOf("call", true), when: "before" }))
    yield* within(first, agent.start(asked))
    yield* inTime(first.died)
    yield* first.kill
    const second = yield* inTime(start(stored, Layer.provideMerge(layer, quiet)))
    const { conversation } = yield* within(second, Effect.flatMap(agent.find("r1"), (run) => run.await))
    return { ran, told: JSON.stringify(conversation.messages.at(-2)) }
  })

  it.effect("is told where it was done, run where it was not, and unknown where nobody knows", () =>
    Effect.gen(function*() {
      const done = yield* dying(Effect.succeedSome("seen"))
      assert.deepStrictEqual([done.ran, done.told.includes("seen")], [1, true])
      const open = yield* dying(Effect.succeedNone)
      assert.deepStrictEqual([open.ran, open.told.includes("paid 2")], [2, true])
      for (const ask of [Effect.die(new Error("no answer")), 5 as never]) {
        const unknown = yield* dying(ask)
        assert.deepStrictEqual([unknown.ran, unknown.told.includes("The program stopped while the call ran")], [
          1,
          true
        ])
      }
    }))
})

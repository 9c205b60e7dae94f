/**
 * The laws, checked on pipelines and agents of somebody's own.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Agent, Approver, Pipeline, Tool, Toolkit } from "@volley/core"
import { Effect, Schema } from "effect"
import * as Laws from "../src/Laws.ts"
import * as Store from "../src/Store.ts"

const put = (declares: boolean) =>
  Tool.make("put", {
    description: "Adds a number to a list.",
    parameters: Schema.Struct({ list: Schema.Literals(["a", "b"]), n: Schema.Int }),
    success: Schema.Int,
    ...(declares && { access: ({ list }: { readonly list: string }) => [Access.write(list)] }),
    execute: ({ list, n }) =>
      Effect.gen(function*() {
        const store = yield* Store.Store
        const before = yield* store.get(list)
        const count = typeof before === "number" ? before : 0
        yield* store.set(list, count + n)
        return count
      })
  })

const pipelineOf = (declares: boolean) =>
  Pipeline.make((call) => {
    const tool = put(declares)
    const one = call(tool, { list: "a", n: 1 })
    const two = call(tool, { list: "a", n: 2 })
    const last = call(tool, { list: "b", n: two })
    return { one, last }
  })

const runs = 8

const deposit = Tool.make("deposit", {
  description: "Deposits.",
  parameters: Schema.Struct({ account: Schema.Literals(["a", "b"]) }),
  success: Schema.Int,
  approval: "always",
  execute: ({ account }) =>
    Effect.gen(function*() {
      const store = yield* Store.Store
      const before = Number((yield* store.get(account)) ?? 0)
      yield* store.set(account, before + 1)
      return before + 1
    })
})

describe("tools whose calls need approval", () => {
  it.effect("run in a check, which finds what they break", () =>
    Effect.gen(function*() {
      const violation = yield* Effect.flip(Laws.check(Toolkit.make(deposit), { runs: 40 }))
      assert.instanceOf(violation, Laws.Violation)
      assert.strictEqual(violation.law, "serializable")
    }))

  it.effect("are decided on by the approver of the test, where it has one", () =>
    Effect.gen(function*() {
      let asked = 0
      const approver = Approver.layer(() => Effect.sync(() => (asked++, "denied")))
      yield* Effect.provide(Laws.check(Toolkit.make(deposit), { runs: 5 }), approver)
      const before = asked
      yield* Laws.check(Toolkit.make(deposit), { runs: 5, layer: approver })
      assert.isAbove(before, 0)
      assert.isAbove(asked, before)
    }))
})

describe("Laws.check of a pipeline", () => {
  it.effect("holds where its tools say what they touch", () => Laws.check(pipelineOf(true), { runs }))

  it.effect("finds calls that lose what others wrote", () =>
    Effect.gen(function*() {
      const violation = yield* Effect.flip(Laws.check(pipelineOf(false), { runs }))
      assert.instanceOf(violation, Laws.Violation)
      assert.strictEqual(violation.law, "serializable")
    }))
})

describe("Laws.check of an agent", () => {
  it.effect("holds for its tools under its limits, streamed and not", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(put(true))
      yield* Laws.check({ toolkit }, { runs })
      yield* Laws.check({ toolkit, streaming: true, maxToolCalls: 3, prompt: "Count." }, { runs })
    }))

  it.effect("finds what its tools break", () =>
    Effect.gen(function*() {
      const violation = yield* Effect.flip(Laws.check({ toolkit: Toolkit.make(put(false)) }, { runs: 40 }))
      assert.instanceOf(violation, Laws.Violation)
      assert.strictEqual(violation.law, "serializable")
    }))

  it.effect("takes one that has agents for tools, and one that stops for a decision", () =>
    Effect.gen(function*() {
      const clerk = Agent.asTool("clerk", { description: "Clerk.", toolkit: Toolkit.make(put(true)) })
      yield* Laws.check({ toolkit: Toolkit.make(clerk) }, {
        runs: 5,
        laws: [Laws.total, Laws.matched, Laws.bounded, Laws.interruptible]
      })
      const asking = Tool.make("ask", {
        description: "Asks.",
        parameters: Schema.Struct({}),
        success: Schema.Int,
        approval: "always",
        execute: () => Effect.succeed(1)
      })
      const toolkit = Toolkit.make(asking)
      yield* Laws.check({ toolkit }, { runs: 3 })
      const undecided = Approver.layer(() => Effect.succeed("undecided"))
      yield* Effect.provide(Laws.check({ toolkit }, { runs: 3 }), undecided)
    }))
})

/**
 * What was in doubt stays so when a run is gone on with after a decision (case 9).
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Agent, Approver, Batch, CallError, Conversation, type Tool, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Effect, Result, Schema } from "effect"
import { aDayOf } from "../order/support.ts"
import { ends } from "../support.ts"
import { asking, doing } from "./support.ts"

const writing = () => {
  const ran: Array<string> = []
  const access = ({ key }: { readonly key?: unknown }) => [Access.write(String(key))]
  const note = (_: unknown, { id }: { readonly id: string }) => Effect.sync(() => ran.push(id))
  const toolkit = Toolkit.make(
    doing("hangs", () => Effect.never, { access, timeout: 10 }),
    doing("asks", note, { access, approval: "always" }),
    doing("writes", note, { access })
  )
  return { ran, toolkit }
}

const stored = Schema.fromJsonString(Conversation.Conversation)
const uncertainAfter = ({ outcomes }: Batch.Settled<Tool.Any>) =>
  outcomes.flatMap(({ result }) =>
    Result.isFailure(result) && result.failure instanceof CallError.CallError
      && result.failure.reason._tag === "Uncertain"
      ? [result.failure.reason.after]
      : []
  )

describe("a write that nobody has decided on, behind one of the same key that timed out", () => {
  const calls = asking(
    ["hangs", { key: "k" }],
    ["asks", { key: "k/a" }],
    ["asks", { key: "other" }],
    ["writes", { key: "k" }]
  )

  it.effect("is answered `Uncertain` when it is allowed, as in one run; one of another key runs", () =>
    Effect.gen(function*() {
      const { ran, toolkit } = writing()
      const first = yield* aDayOf(Batch.run(toolkit, calls))
      assert.deepStrictEqual(ends(first).slice(0, 3), ["Timeout", "Undecided", "Undecided"])
      assert.deepStrictEqual(first.pending.map(({ id }) => id), ["c1", "c2"])
      const second = yield* aDayOf(Effect.provide(Batch.run(toolkit, first.pending), Approver.allow))
      assert.deepStrictEqual([ends(second)[0], uncertainAfter(second)], ["Uncertain", ["c0"]])
      assert.deepStrictEqual([ran, second.pending], [["c2"], []])
      const atOnce = yield* aDayOf(Effect.provide(Batch.run(writing().toolkit, calls), Approver.allow))
      assert.deepStrictEqual(ends(atOnce).slice(1, 2), ends(second).slice(0, 1))
    }))

  it.effect("is so after a second resume, and after the calls were stored as JSON", () =>
    Effect.gen(function*() {
      const { ran, toolkit } = writing()
      const first = yield* aDayOf(Batch.run(toolkit, calls))
      const again = yield* aDayOf(Batch.run(toolkit, first.pending))
      assert.deepStrictEqual(again.pending.map(({ id }) => id), ["c1", "c2"])
      const third: typeof again.pending = JSON.parse(JSON.stringify(again.pending))
      const last = yield* aDayOf(Effect.provide(Batch.run(toolkit, third), Approver.allow))
      assert.deepStrictEqual([uncertainAfter(last), ran], [["c0"], ["c2"]])
    }))

  it.effect("is not in doubt because of one that came after it in the turn", () =>
    Effect.gen(function*() {
      const { ran, toolkit } = writing()
      const turn = asking(["asks", { key: "a" }], ["hangs", { key: "b" }], ["asks", { key: "b" }])
      const first = yield* aDayOf(Batch.run(toolkit, turn))
      const second = yield* aDayOf(Effect.provide(Batch.run(toolkit, first.pending), Approver.allow))
      assert.deepStrictEqual([uncertainAfter(second), ran], [["c1"], ["c0"]])
    }))

  it.effect("is so after a resume that left another write in doubt", () =>
    Effect.gen(function*() {
      const { ran, toolkit } = writing()
      const slow = doing("slow", () => Effect.never, { access: [Access.write("x")], timeout: 10, approval: "always" })
      const all = Toolkit.merge(toolkit, Toolkit.make(slow))
      const first = yield* aDayOf(Batch.run(all, asking(["hangs", { key: "k" }], ["slow"], ["asks", { key: "k" }])))
      const one = Approver.layer(({ tool }) => Effect.succeed(tool === "slow" ? "allowed" : "undecided"))
      const again = yield* aDayOf(Effect.provide(Batch.run(all, first.pending), one))
      assert.deepStrictEqual(ends(again), ["Timeout", "Undecided"])
      const last = yield* aDayOf(Effect.provide(Batch.run(all, again.pending), Approver.allow))
      assert.deepStrictEqual([uncertainAfter(last), ran], [["c0"], []])
    }))

  it.effect("is so in an agent that goes on from its stored conversation, the second time too", () =>
    Effect.gen(function*() {
      const { ran, toolkit } = writing()
      const turn = ScriptedModel.calls(...calls.slice(0, 3))
      const stopped = (prompt: string | Conversation.Conversation, turns: ReadonlyArray<ScriptedModel.Step>) =>
        Effect.gen(function*() {
          const agent = Effect.provide(Agent.run({ toolkit, prompt }), ScriptedModel.make(turns).layer)
          const error = yield* Effect.flip(aDayOf(agent))
          assert(error._tag === "AgentError" && error.reason._tag === "Undecided")
          return yield* Schema.decodeEffect(stored)(yield* Schema.encodeEffect(stored)(error.conversation))
        })
      const once = yield* stopped("Go.", [turn])
      const twice = yield* stopped(once, [])
      const model = ScriptedModel.make([ScriptedModel.says("done")])
      const ended = yield* aDayOf(
        Effect.provide(Agent.run({ toolkit, prompt: twice }), [model.layer, Approver.allow])
      )
      assert.deepStrictEqual(ended.rounds.map(({ settled }) => ends(settled)), [["Uncertain", 1]])
      assert.deepStrictEqual([ran, ended.answer], [["c2"], "done"])
      const answers = model.requests[0]!.conversation.messages.at(-1)
      assert(answers?.role === "tool")
      assert.deepStrictEqual(
        answers.results.map(({ isError, text }) => isError ? JSON.parse(text).error.type : text),
        ["Timeout", "Uncertain", "1"]
      )
    }))
})

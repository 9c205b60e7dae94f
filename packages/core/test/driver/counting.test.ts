/**
 * What plans count for (case 8), and the layers that a run builds once (case 15).
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, Batch, Pipeline, Plan, Tool, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Context, Effect, Fiber, Layer, Schema } from "effect"
import { TestClock } from "effect/testing"
import { spaced } from "../dispatch/arriving.ts"
import { aDayOf } from "../order/support.ts"
import { ends, recordingLogger } from "../support.ts"
import { type Asked, asking, doing } from "./support.ts"

const stepsOf = (...tools: ReadonlyArray<string>) => ({
  steps: tools.map((tool, n) => ({ id: `s${n}`, tool, arguments: {} }))
})

const planning = () => {
  const ran: Array<string> = []
  const note = (name: string) => (_: unknown, { id }: { readonly id: string }) => {
    ran.push(id)
    return name === "bad" ? Effect.fail("no") : Effect.as(Effect.sleep(10), 1)
  }
  const steps = Toolkit.make(doing("ok", note("ok")), doing("bad", note("bad")))
  return { ran, toolkit: Toolkit.merge(steps, Toolkit.make(Plan.tool(steps))) }
}

const shownOf = ({ outcomes }: Batch.Settled<Tool.Any>) => outcomes.map(({ encoded }) => JSON.parse(encoded))

describe("steps of plans", () => {
  it.effect("count as calls: 64 plans of 32 steps run 64 tools, those that come first", () =>
    Effect.gen(function*() {
      const { ran, toolkit } = planning()
      const steps = stepsOf(...Array.from({ length: 32 }, () => "ok"))
      const calls = asking(...Array.from({ length: 64 }, (): Asked => ["plan", steps]))
      const settled = yield* aDayOf(Batch.run(toolkit, calls, { maxCalls: 64, maxMessageBytes: "unbounded" }))
      const first = ["c0", "c1"].flatMap((id) => steps.steps.map((step) => `${id}/${step.id}`))
      assert.deepStrictEqual(ran.toSorted(), first.toSorted())
      const last: ReadonlyArray<{ readonly error: { readonly type: string } }> = shownOf(settled).at(-1).steps
      assert.deepStrictEqual(new Set(last.map(({ error }) => error.type)), new Set(["LimitExceeded"]))
    }))

  it.effect("count behind the turn's own calls, which they take nothing from", () =>
    Effect.gen(function*() {
      const { ran, toolkit } = planning()
      const calls = asking(["plan", stepsOf("ok", "ok", "ok")], ["ok"], ["ok"])
      yield* aDayOf(Batch.run(toolkit, calls, { maxCalls: 4 }))
      assert.deepStrictEqual(ran.toSorted(), ["c0/s0", "c0/s1", "c1", "c2"])
    }))

  it.effect("that are pipelines count as the calls that those are made of", () =>
    Effect.gen(function*() {
      const ok = doing("ok", () => Effect.succeed(1))
      const { description, parameters, success } = ok
      const pipe = Pipeline.tool("pipe", { description, parameters, success, build: (call) => call(ok, {}) })
      const calls = asking(["plan", stepsOf("pipe", "ok")])
      const settled = yield* aDayOf(Batch.run(Toolkit.make(Plan.tool(Toolkit.make(ok, pipe))), calls, { maxCalls: 2 }))
      assert.deepStrictEqual(shownOf(settled)[0].steps, [{ id: "s0", ok: 1 }, { id: "s1", ok: 1 }])
    }))

  it.effect("count before the calls that come after them in a turn that is still being written", () =>
    Effect.gen(function*() {
      const ran: Array<string> = []
      const look = Tool.make("look", {
        description: "Looks.",
        parameters: Schema.Struct({ first: Schema.optional(Schema.Finite) }),
        success: Schema.Finite,
        readOnly: true,
        execute: (_, { id }) => Effect.sync(() => ran.push(id))
      })
      const both = Pipeline.tool("both", {
        description: "Looks twice.",
        parameters: Schema.Struct({}),
        success: Schema.Finite,
        readOnly: true,
        build: (call) => call(look, { first: call(look, {}) })
      })
      const calls = asking(["look", {}], ["both", {}], ["look", {}], ["look", {}], ["look", {}])
      const settled = yield* aDayOf(Batch.dispatch(Toolkit.make(look, both), spaced(calls, 5), { maxCalls: 5 }))
      assert.deepStrictEqual([ends(settled).at(-1), ran.length <= 5], ["LimitExceeded", true])
    }))

  it.effect("count for an agent's `maxToolCalls`, over its turns", () =>
    Effect.gen(function*() {
      const { ran, toolkit } = planning()
      const turn = ScriptedModel.calls({ name: "plan", arguments: stepsOf("ok", "ok", "ok") })
      const model = ScriptedModel.make([turn, turn, ScriptedModel.says("done")])
      const agent = Agent.run({ toolkit, prompt: "Go.", maxToolCalls: 5 })
      const ended = yield* aDayOf(Effect.provide(agent, model.layer))
      assert.deepStrictEqual([ran.length, ended.limited, ended.answer], [5, "calls", "done"])
    }))

  it.effect("that fail do not stop a turn that stops at the first failure: its own call, the plan, succeeds", () =>
    Effect.gen(function*() {
      const { toolkit } = planning()
      const calls = asking(["plan", stepsOf("bad", "ok")], ["ok"])
      const settled = yield* aDayOf(Batch.run(toolkit, calls, { failFast: true }))
      const [plan, own] = shownOf(settled)
      assert.deepStrictEqual(plan.steps[0].error.type, "ToolFailure")
      assert.deepStrictEqual([plan.steps[1], own], [{ id: "s1", ok: 1 }, 1])
      const stopped = yield* aDayOf(Batch.run(toolkit, asking(["plan", stepsOf("ok")], ["bad"]), { failFast: true }))
      const [{ steps: [step] }] = shownOf(stopped)
      assert.deepStrictEqual([step.error.type, ends(stopped)[1]], ["Interrupted", { failure: "no" }])
    }))
})

class Log extends Context.Service<Log, { readonly note: (what: string) => number }>()("test/Log") {}

const provided = () => {
  const notes: Array<string> = []
  const note = (what: string) => notes.push(what)
  const layer = Layer.effect(
    Log,
    Effect.acquireRelease(
      Effect.sync(() => {
        note("built")
        return { note }
      }),
      () => Effect.andThen(Effect.sleep(5), Effect.sync(() => note("closed")))
    )
  )
  const uses = doing("uses", ({ n }) => Effect.flatMap(Log, (log) => Effect.sync(() => log.note(`${n}`))))
  const hangs = doing("hangs", () => Effect.flatMap(Log, () => Effect.never))
  return { notes, toolkit: Toolkit.provide(Toolkit.make(uses, hangs), layer) }
}

describe("a layer that tools are provided with", () => {
  const calls = asking(...[0, 1, 2, 3, 4].map((n): Asked => ["uses", { n }]))

  it.effect("is built once a run, and closed when that ends", () =>
    Effect.gen(function*() {
      const { notes, toolkit } = provided()
      yield* aDayOf(Batch.run(toolkit, calls, { concurrency: 1 }))
      const once = ["built", "0", "1", "2", "3", "4", "closed"]
      assert.deepStrictEqual(notes, once)
      yield* aDayOf(Batch.run(toolkit, calls, { concurrency: 1 }))
      assert.deepStrictEqual(notes, [...once, ...once])
    }))

  it.effect("is closed before the run ends, also where all is told meanwhile", () =>
    Effect.gen(function*() {
      const { notes, toolkit } = provided()
      const run = Batch.run(toolkit, asking(["uses", { n: 0 }]), { onCall: () => Effect.sleep(2) })
      yield* aDayOf(Effect.andThen(run, Effect.sync(() => notes.push("ended"))))
      assert.deepStrictEqual(notes, ["built", "0", "closed", "ended"])
    }))

  it.effect("is closed where the run is interrupted, before the interruption is over", () =>
    Effect.gen(function*() {
      const { notes, toolkit } = provided()
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, asking(["uses", { n: 0 }], ["hangs"])), {
        startImmediately: true
      })
      yield* TestClock.adjust(1)
      const stopping = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      yield* TestClock.adjust(4)
      assert.deepStrictEqual([notes, stopping.pollUnsafe()], [["built", "0"], undefined])
      yield* TestClock.adjust(1)
      yield* Fiber.join(stopping)
      assert.deepStrictEqual(notes, ["built", "0", "closed"])
    }))

  it.effect("is built by each run for itself, though another is under way with the same tools", () =>
    Effect.gen(function*() {
      class Tenant extends Context.Service<Tenant, string>()("test/Tenant") {}
      class Account extends Context.Service<Account, { readonly of: string }>()("test/Account") {}
      const account = Layer.effect(Account, Tenant.useSync((of) => ({ of })))
      const reads = doing("reads", () => Effect.delay(Account.useSync(({ of }) => of), 10))
      const toolkit = Toolkit.provide(Toolkit.make(reads), account)
      const both = ["ada", "bob"].map((tenant) =>
        Effect.provideService(Batch.run(toolkit, asking(["reads"])), Tenant, tenant)
      )
      assert.deepStrictEqual((yield* aDayOf(Effect.all(both, { concurrency: 2 }))).flatMap(ends), ["ada", "bob"])
    }))

  /** Builds two things, one after the other, which takes a while. */
  const building = (wait: Effect.Effect<void>) => {
    const notes: Array<string> = []
    const note = (what: string) => Effect.sync(() => void notes.push(what))
    const part = (name: string) => Effect.acquireRelease(note(name), () => note(`-${name}`))
    const make = Effect.andThen(part("a"), Effect.andThen(wait, Effect.as(part("b"), { note: () => 0 })))
    const uses = doing("uses", () => Log.useSync(({ note }) => note("")))
    return { notes, toolkit: Toolkit.provide(Toolkit.make(uses), Layer.effect(Log, make)) }
  }

  it.effect("is built no further once its run is interrupted, or over", () =>
    Effect.gen(function*() {
      for (const deadline of [5, "unbounded"] as const) {
        const { notes, toolkit } = building(Effect.sleep(10))
        const batch = Batch.run(toolkit, asking(["uses"]), { deadline })
        yield* aDayOf(Effect.andThen(Effect.timeoutOption(batch, 6), Effect.sync(() => notes.push("ended"))))
        assert.deepStrictEqual(notes, ["a", "-a", "ended"])
      }
    }))

  it.effect("holds up its run for no longer than its calls may take, where it does not stop to be built", () =>
    Effect.gen(function*() {
      const { notes, toolkit } = building(Effect.uninterruptible(Effect.sleep(10)))
      const batch = Batch.run(toolkit, asking(["uses"]), { timeout: 5 })
      const settled = yield* aDayOf(Effect.tap(batch, () => Effect.sync(() => notes.push("ended"))))
      assert.deepStrictEqual([ends(settled), notes], [["Timeout"], ["a", "ended", "-a"]])
    }))

  it.effect("has it logged where it crashes as it is closed, which harms no call", () =>
    Effect.gen(function*() {
      const crashing = Layer.effectDiscard(Effect.addFinalizer(() => Effect.die(new Error("lost"))))
      const toolkit = Toolkit.provide(Toolkit.make(doing("reads", () => Effect.succeed("done"))), crashing)
      const { layer, lines } = recordingLogger()
      const settled = yield* aDayOf(Effect.provide(Batch.run(toolkit, asking(["reads"])), layer))
      assert.deepStrictEqual(ends(settled), ["done"])
      assert.deepStrictEqual(lines.map(({ level, text }) => [level, text]), [
        ["Error", "A layer of a tool crashed when it was given back"]
      ])
    }))

  it.effect("is closed before an interruption is over, also where its run was about to end", () =>
    Effect.gen(function*() {
      const { notes, toolkit } = provided()
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, asking(["uses", { n: 0 }])), { startImmediately: true })
      yield* aDayOf(Fiber.interrupt(fiber))
      assert.deepStrictEqual(notes, ["built", "0", "closed"])
    }))

  it.effect("is not built for calls that do not come to need it", () =>
    Effect.gen(function*() {
      const { notes, toolkit } = provided()
      yield* aDayOf(Batch.run(toolkit, asking(["uses", "{"], ["nobody"])))
      assert.deepStrictEqual(notes, [])
    }))
})

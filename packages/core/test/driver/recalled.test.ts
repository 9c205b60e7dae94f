/**
 * A call whose end may be recorded: while that is looked for, when it is found, and when it is not.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Agent, Approver, Batch, CallError, CallObserver, Plan, Recorder, Toolkit, Usage } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Effect, Fiber, Result, Stream } from "effect"
import { TestClock } from "effect/testing"
import { aDayOf } from "../order/support.ts"
import { ends, recordingLogger, shown } from "../support.ts"
import { type Asked, asking, doing, reading, recording } from "./support.ts"

const ended = (end: Recorder.End, more: Partial<Recorder.Ended> = {}): Recorder.Ended => ({
  end,
  startedAt: 0,
  endedAt: 0,
  attempts: 1,
  strays: false,
  ...more
})

/** A call that gave this back. */
const gave = (value: string, more?: Partial<Recorder.Ended>) => ended(Result.succeed({ value, json: value }), more)

/** Looks for so long for how these calls ended, at once where that is 0; keeps in mind which it was asked for. */
const finding = (known: Readonly<Record<string, Recorder.Ended | undefined>>, millis = 0) => {
  const asked: Array<string> = []
  const recorder: Recorder.Recorder = {
    known: ({ call: { id } }) => {
      asked.push(id)
      if (!(id in known)) return undefined
      return millis === 0 ? Effect.succeed(known[id]) : Effect.delay(Effect.succeed(known[id]), millis)
    },
    call: (_, run) => run
  }
  return { asked, recorder }
}

const under = <A, E, R>(recorder: Recorder.Recorder, effect: Effect.Effect<A, E, R>) =>
  Effect.provideService(effect, Recorder.Recorder, recorder)

/** Tools, and the calls whose handlers were called. */
const tools = () => {
  const ran: Array<string> = []
  const note = (_: unknown, { id }: { readonly id: string }) => Effect.sync(() => void ran.push(id))
  return {
    ran,
    ok: doing("ok", note),
    fails: doing("fails", () => Effect.andThen(Effect.sleep(1), Effect.fail("no"))),
    asks: doing("asks", note, { approval: "always" })
  }
}

/** A program in which an approver never comes to a decision. */
const undecided = Effect.provide(Approver.layer(() => Effect.never))

describe("while it is looked for how a call ended", () => {
  it.effect("it is answered by that, though the deadline passes meanwhile", () =>
    Effect.gen(function*() {
      const { ok, ran } = tools()
      const { recorder } = finding({ c0: gave("before") }, 5)
      const settled = yield* aDayOf(
        under(recorder, Batch.run(Toolkit.make(ok), asking(["ok"]), { deadline: 3 }))
      )
      assert.deepStrictEqual([ends(settled), ran], [["before"], []])
    }))

  it.effect("it is answered by that, though another fails that stops the batch; one that is not found does not run", () =>
    Effect.gen(function*() {
      const { fails, ok, ran } = tools()
      const { recorder } = finding({ c0: gave("before"), c1: undefined }, 5)
      const batch = Batch.run(Toolkit.make(ok, fails), asking(["ok"], ["ok"], ["fails"]), { failFast: true })
      const settled = yield* aDayOf(under(recorder, batch))
      assert.deepStrictEqual([ends(settled), ran], [["before", "Interrupted", { failure: "no" }], []])
    }))

  it.effect("it is answered by that, though its turn breaks off, or the call comes again truncated; else it does not run", () =>
    Effect.gen(function*() {
      for (const isRepeated of [true, false]) {
        const { ok, ran } = tools()
        const { recorder } = finding({ c0: gave("before"), c1: undefined }, 5)
        const calls = asking(["ok"], ["ok"])
        const again = isRepeated ? calls.map((call) => ({ ...call, status: "truncated" as const })) : []
        const turn = Stream.concat(
          Stream.fromIterable([...calls, ...again]),
          isRepeated ? Stream.empty : Stream.fail("cut")
        )
        const settled = yield* aDayOf(under(recorder, Batch.dispatch(Toolkit.make(ok), turn)))
        assert.deepStrictEqual([ends(settled), ran], [["before", "Truncated"], []])
      }
    }))

  it.effect("and its batch is interrupted, it may have run; where it was not found, it has not", () =>
    Effect.gen(function*() {
      const { asks } = tools()
      for (const [millis, started] of [[50, true], [5, false]] as const) {
        const told: Array<unknown> = []
        const observer: CallObserver.Calls = {
          waiting: () => undefined,
          starts: () => {
            throw new Error("none starts")
          },
          refused: (_, _context, { result }) => {
            const failure = Result.isFailure(result) ? result.failure : undefined
            if (failure?._tag === "CallError") told.push(failure.reason)
          }
        }
        const batch = under(
          finding({ c0: undefined }, millis).recorder,
          Batch.run(Toolkit.make(asks), asking(["asks"]))
        )
        const fiber = yield* Effect.forkChild(
          undecided(Effect.provideService(batch, CallObserver.CallObserver, () => observer)),
          { startImmediately: true }
        )
        yield* TestClock.adjust(20)
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(told, [new CallError.Interrupted({ by: "restart", started, harmless: false })])
      }
    }))
})

describe("a call that was not found", () => {
  it.effect("is answered at the deadline where it still waits", () =>
    Effect.gen(function*() {
      const { asks, ran } = tools()
      for (const millis of [0, 1]) {
        const { recorder } = finding({ c0: undefined }, millis)
        const batch = Batch.run(Toolkit.make(asks), asking(["asks"]), { deadline: 10 })
        const [outcome] = (yield* aDayOf(undecided(under(recorder, batch)))).outcomes
        assert(outcome !== undefined && Result.isFailure(outcome.result) && outcome.result.failure._tag === "CallError")
        assert.deepInclude(outcome.result.failure.reason, { _tag: "Timeout", started: false })
        assert.deepStrictEqual(ran, [])
      }
    }))

  it.effect("has not started while its recorder does not let it: its tool has done nothing then", () =>
    Effect.gen(function*() {
      const says = { access: [Access.write("k")], timeout: 5 }
      const toolkit = Toolkit.make(doing("write", () => Effect.succeed("done"), says))
      const slow = recording(({ call }, run) => call.id === "c0" ? Effect.delay(run, 100) : run)
      const batch = Batch.run(toolkit, asking(["write"], ["write"]), { deadline: 50 })
      const { outcomes } = yield* aDayOf(under(slow, batch))
      assert.deepStrictEqual(
        outcomes.map(({ attempts, encoded }) => [attempts, JSON.parse(encoded).error.data]),
        [0, 1].map(() => [0, { limit: "deadline", millis: 50, started: false }])
      )
    }))
})

describe("a call that cannot be read", () => {
  it.effect("is not looked for, and refused as in a batch that nobody records", () =>
    Effect.gen(function*() {
      const { ok, ran } = tools()
      const { asked, recorder } = finding({})
      const batch = Batch.run(Toolkit.make(ok), asking(["ok", "{"], ["nobody", "{"], ["ok"], ["ok", "["]), {
        maxCalls: 3
      })
      const settled = yield* aDayOf(under(recorder, batch))
      assert.deepStrictEqual(ends(settled).toSpliced(2, 1), ["InvalidArguments", "UnknownTool", "LimitExceeded"])
      assert.deepStrictEqual([asked, ran], [["c2"], ["c2"]])
      const encodedOf = ({ outcomes }: typeof settled) => outcomes.map(({ encoded }) => encoded)
      assert.deepStrictEqual(encodedOf(settled), encodedOf(yield* aDayOf(batch)))
    }))
})

describe("a call whose end is known", () => {
  it.effect("is not asked what it touches where that was a success", () =>
    Effect.gen(function*() {
      let asked = 0
      const access = () => {
        asked += 1
        return [Access.write("k")]
      }
      const toolkit = Toolkit.make(doing("write", () => Effect.succeed(1), { access }))
      const failed = ended(Result.fail(new CallError.Interrupted({ by: "tool", started: true, harmless: false })))
      const run = (end: Recorder.Ended) =>
        aDayOf(under(finding({ c0: end }).recorder, Batch.run(toolkit, asking(["write"]))))
      assert.deepStrictEqual([ends(yield* run(gave("before"))), asked], [["before"], 0])
      assert.deepStrictEqual([ends(yield* run(failed)), asked], [["Interrupted"], 1])
    }))

  it.effect("under the arguments that it is allowed with, has that end, and waits for nothing more", () =>
    Effect.gen(function*() {
      const { asks, ran } = tools()
      const told: Array<string> = []
      const recorder: Recorder.Recorder = {
        known: ({ args }) => JSON.stringify(args) === `{"n":2}` ? Effect.succeed(gave("before")) : undefined,
        call: (_, run) => run
      }
      const batch = Batch.run(Toolkit.make(asks), asking(["asks", { n: 1 }]), {
        onCall: ({ _tag }) => Effect.sync(() => told.push(_tag))
      })
      const settled = yield* aDayOf(under(
        recorder,
        Effect.provide(batch, Approver.layer(() => Effect.succeed({ allowed: { n: 2 } })))
      ))
      assert.deepStrictEqual([ends(settled), ran, told], [["before"], [], ["CallWaiting", "CallSettled"]])
    }))
})

describe("calls whose ends are looked for count for the limits of calls", () => {
  /** An agent that asks for the same twice; how often a tool ran, and whether it came to its limit. */
  const agent = (
    known: Parameters<typeof finding>[0],
    asked: ReadonlyArray<Asked>,
    maxToolCalls: number,
    batch?: Batch.Options
  ) =>
    Effect.gen(function*() {
      const { ok, ran } = tools()
      const steps = Toolkit.make(ok)
      const turns = [0, 1].map((turn) =>
        ScriptedModel.calls(...asked.map(([name, args], n) => ({ id: `t${turn}c${n}`, name, arguments: args ?? {} })))
      )
      const model = ScriptedModel.make([...turns, ScriptedModel.says("done")])
      const run = Agent.run({
        toolkit: Toolkit.merge(steps, Toolkit.make(Plan.tool(steps))),
        prompt: "Go.",
        maxToolCalls,
        batch
      })
      const { limited, usage } = yield* aDayOf(Effect.provide(under(finding(known).recorder, run), model.layer))
      return { ran, limited, usage }
    })
  const before = gave("before")

  it.effect("of an agent: those that are found, and once those that are not", () =>
    Effect.gen(function*() {
      const turn: ReadonlyArray<Asked> = [["ok"], ["ok"]]
      const found = yield* agent({ t0c0: before, t0c1: before }, turn, 3)
      assert.deepStrictEqual([found.ran, found.limited], [["t1c0"], "calls"])
      const none = { t0c0: undefined, t0c1: undefined, t1c0: undefined, t1c1: undefined }
      const not = yield* agent(none, turn, 5)
      assert.deepStrictEqual([not.ran, not.limited], [["t0c0", "t0c1", "t1c0", "t1c1"], false])
    }))

  it.effect("of an agent: a plan does not, only its steps do", () =>
    Effect.gen(function*() {
      const turn: ReadonlyArray<Asked> = [["plan", { steps: [{ id: "s", tool: "ok", arguments: {} }] }]]
      const found = yield* agent({ t0c0: before }, turn, 2)
      assert.deepStrictEqual([found.ran, found.limited], [["t1c0/s"], false])
    }))

  it.effect("of an agent: a plan beyond the limit of its batch does not", () =>
    Effect.gen(function*() {
      const turn: ReadonlyArray<Asked> = [["ok"], ["plan", { steps: [{ id: "s", tool: "ok", arguments: {} }] }]]
      const beyond = yield* agent({}, turn, 2, { maxCalls: 1 })
      assert.deepStrictEqual([beyond.ran, beyond.limited], [["t0c0", "t1c0"], "calls"])
    }))

  it.effect("of an agent: so do the calls and tokens of the agents that were inside them", () =>
    Effect.gen(function*() {
      const inside = { calls: 2, turns: [{ model: "m", usage: { input: 1000, output: 100 } }] }
      const turn: ReadonlyArray<Asked> = [["ok"]]
      const paying = (maxToolCalls: number) => agent({ t0c0: gave("before", { used: inside }) }, turn, maxToolCalls)
      const [plain, limited, paid] = [yield* agent({ t0c0: before }, turn, 4), yield* paying(3), yield* paying(4)]
      assert.deepStrictEqual([limited.ran, limited.limited], [[], "calls"])
      assert.deepStrictEqual([paid.ran, paid.limited], [["t1c0"], "calls"])
      assert.strictEqual(Usage.total(paid.usage), Usage.total(plain.usage) + 1100)
    }))

  it.effect("of a batch, where they are steps of a plan, and as such alone", () =>
    Effect.gen(function*() {
      const { ok, ran } = tools()
      const steps = Toolkit.make(ok)
      const toolkit = Toolkit.merge(steps, Toolkit.make(Plan.tool(steps)))
      const plan = { steps: ["a", "b", "c"].map((id) => ({ id, tool: "ok", arguments: {} })) }
      const run = (known: Parameters<typeof finding>[0], maxCalls: number) => {
        ran.length = 0
        const batch = Batch.run(toolkit, asking(["ok"], ["plan", plan]), { maxCalls })
        return Effect.map(aDayOf(under(finding(known).recorder, batch)), () => ran.toSorted())
      }
      assert.deepStrictEqual(yield* run({ "c1/a": before }, 3), ["c0", "c1/b"])
      assert.deepStrictEqual(yield* run({ "c1/a": undefined }, 3), ["c0", "c1/a", "c1/b"])
      assert.deepStrictEqual(yield* run({ c0: before }, 3), ["c1/a", "c1/b"])
    }))

  it.effect("of a batch: a call that is looked for longer counts before steps that ran meanwhile, as it came before", () =>
    Effect.gen(function*() {
      const { ok, ran } = tools()
      const steps = Toolkit.make(ok)
      const toolkit = Toolkit.merge(steps, Toolkit.make(Plan.tool(steps)))
      const plan = { steps: ["a", "b"].map((id) => ({ id, tool: "ok", arguments: {} })) }
      const batch = Batch.run(toolkit, asking(["plan", plan], ["ok"]), { maxCalls: 3 })
      yield* aDayOf(under(finding({ c1: undefined }, 5).recorder, batch))
      assert.deepStrictEqual(ran, ["c0/a", "c0/b", "c1"])
    }))
})

describe("a crash while it is looked for how a call ended", () => {
  it.effect("leaves unknown what the call did when it was run before, unless that was harmless", () =>
    Effect.gen(function*() {
      const none = (): Effect.Effect<undefined> => 5 as never
      const thrown = () => {
        throw new Error("disk")
      }
      const toolkit = Toolkit.make(tools().ok, reading("looks", () => Effect.void))
      for (const known of [thrown, none, () => Effect.die("disk"), () => Effect.flatMap(Effect.yieldNow, none)]) {
        const batch = under({ ...recording(), known }, Batch.run(toolkit, asking(["ok"], ["looks"])))
        const settled = yield* Effect.provide(batch, recordingLogger().layer)
        assert.deepStrictEqual(ends(settled), ["Defect", "Defect"])
        assert.deepStrictEqual([0, 1].map((index) => shown(settled, index)["safeToRepeat"]), [false, true])
      }
    }))
})

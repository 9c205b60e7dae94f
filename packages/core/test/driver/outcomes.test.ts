/**
 * What an outcome says of its call: its tool, when and how often it was run, and what is in doubt after it.
 */
import { assert, describe, it } from "@effect/vitest"
import {
  Access,
  Approver,
  Batch,
  CallError,
  CallObserver,
  type Outcome,
  Plan,
  Recorder,
  type Tool,
  Toolkit
} from "@volley/core"
import { Effect, Fiber, Result } from "effect"
import { TestClock } from "effect/testing"
import { aDayOf } from "../order/support.ts"
import { ends, recordingLogger, shown } from "../support.ts"
import { asking, doing, notingEnds, promising, sleeping } from "./support.ts"

const slow = () => sleeping(10)
const plan = <T extends Tool.Any>(
  toolkit: Toolkit.Toolkit<T>,
  tools: ReadonlyArray<string>,
  options: { readonly timeout?: number } = {}
) => {
  const steps = tools.map((tool, n) => ({ id: `s${n}`, tool, arguments: {} }))
  return { call: ["plan", { steps }] as const, tool: Plan.tool(toolkit, options) }
}

describe("an outcome", () => {
  it.effect("has the name of its tool, however the model is shown that; none where there is no such tool", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(
        doing("a.fails", () => Effect.fail("no")),
        doing("a.t", () => Effect.succeed(1)),
        doing("a.asks", () => Effect.succeed(1), { approval: "always" })
      )
      const { outcomes } = yield* aDayOf(Batch.run(toolkit, asking(["a_fails"], ["a_t"], ["a_asks"], ["nobody"])))
      assert.deepStrictEqual(outcomes.map(({ name }) => name), ["a.fails", "a.t", "a.asks", undefined])
    }))

  it.effect("of a plan says when it became its steps, and that it was run once", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(doing("t", slow))
      const { call, tool } = plan(toolkit, ["t"])
      const all = Toolkit.merge(toolkit, Toolkit.make(tool))
      const began = yield* Effect.clockWith((clock) => Effect.sync(() => clock.currentTimeMillisUnsafe() + 5))
      yield* TestClock.adjust(5)
      const fiber = yield* Effect.forkChild(Batch.run(all, asking(call)), { startImmediately: true })
      yield* TestClock.adjust(100)
      const { outcomes: [outcome] } = yield* Fiber.join(fiber)
      assert.deepStrictEqual([outcome!.startedAt - began, outcome!.endedAt - began, outcome!.attempts], [0, 10, 1])
    }))

  it.effect("says who interrupted a call, and that one which crashed before its handler was called may be repeated", () =>
    Effect.gen(function*() {
      const crash = () => {
        throw new Error("bug")
      }
      const { layer, lines } = recordingLogger()
      const settled = yield* aDayOf(Effect.provide(
        Batch.run(
          Toolkit.make(
            doing("interrupts", () => Effect.interrupt),
            doing("crashes", () => Effect.succeed(1), { access: crash })
          ),
          asking(["interrupts"], ["crashes"])
        ),
        layer
      ))
      const [interrupted] = settled.outcomes
      assert(interrupted !== undefined && Result.isFailure(interrupted.result))
      assert(interrupted.result.failure instanceof CallError.CallError)
      const { reason } = interrupted.result.failure
      assert.strictEqual(reason._tag === "Interrupted" && reason.by, "tool")
      assert.deepStrictEqual([shown(settled, 0)["safeToRepeat"], shown(settled, 1)["safeToRepeat"]], [false, true])
      assert.deepStrictEqual(lines.map(({ annotations, text }) => [text, annotations]), [
        ["A tool crashed", { tool: "crashes", callId: "c1" }]
      ])
    }))
})

describe("the time of a plan", () => {
  it.effect("is no limit of its own: the timeout of the batch is that of each step", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(doing("t", slow, { access: [Access.write("k")] }))
      const { call, tool } = plan(toolkit, ["t", "t", "t"])
      const run = Batch.run(Toolkit.merge(toolkit, Toolkit.make(tool)), asking(call), { timeout: 15 })
      const settled = yield* aDayOf(run)
      assert.isTrue(settled.outcomes.every(({ result }) => Result.isSuccess(result)))
      assert.notInclude(settled.outcomes[0]!.encoded, "error")
    }))
})

describe("what a write that did not start leaves to later calls", () => {
  it.effect("is nothing, however it was stopped", () =>
    Effect.gen(function*() {
      const writes = (name: string, key: string) => doing(name, () => sleeping(50), { access: [Access.write(key)] })
      const toolkit = Toolkit.make(writes("first", "a"), writes("second", "b"))
      const { call, tool } = plan(toolkit, ["first", "second"], { timeout: 15 })
      const all = Toolkit.merge(toolkit, Toolkit.make(tool))
      const { outcomes } = yield* aDayOf(Batch.run(all, asking(call, ["second"], ["first"]), { concurrency: 1 }))
      assert.deepStrictEqual(outcomes.map(({ result }) => result._tag), ["Success", "Success", "Failure"])
      const types = JSON.parse(outcomes[0]!.encoded).steps.map((
        { error }: { readonly error: { readonly type: string } }
      ) => error.type)
      assert.deepStrictEqual(types, ["Timeout", "Timeout"])
      assert.strictEqual(JSON.parse(outcomes[2]!.encoded).error.type, "Uncertain")
    }))
})

describe("a call that is answered while its tool still works", () => {
  it.effect("is recorded as that, and no other is", () =>
    Effect.gen(function*() {
      const recorded: Array<readonly [id: string, strays: boolean]> = []
      const recorder: Recorder.Recorder = {
        known: () => undefined,
        call: ({ call }, run) => Effect.tap(run, ({ strays }) => Effect.sync(() => recorded.push([call.id, strays])))
      }
      const toolkit = Toolkit.make(
        doing("t", slow),
        doing("stubborn", () => Effect.uninterruptible(sleeping(100))),
        promising("promise", () => new Promise(() => undefined))
      )
      const run = Batch.run(toolkit, asking(["t"], ["stubborn"], ["promise"]), { timeout: 50 })
      yield* aDayOf(Effect.provideService(run, Recorder.Recorder, recorder))
      assert.deepStrictEqual(recorded.toSorted(), [["c0", false], ["c1", true], ["c2", true]])
    }))

  it.effect("is no stray any more once it has ended, though the batch goes on", () =>
    Effect.gen(function*() {
      const lates: Array<(value: unknown) => void> = []
      const toolkit = Toolkit.make(
        promising("promise", () => new Promise((resolve) => lates.push(resolve))),
        doing("stubborn", () => Effect.uninterruptible(sleeping(60))),
        doing("ends", () => Effect.andThen(Effect.sleep(70), Effect.sync(() => lates[0]?.("late"))), { timeout: 200 }),
        doing("waits", () => sleeping(100), { timeout: 200 })
      )
      const calls = asking(["promise"], ["promise"], ["stubborn"], ["ends"], ["waits"])
      const { strays } = yield* aDayOf(Batch.run(toolkit, calls, { timeout: 50 }))
      assert.deepStrictEqual(strays.map(({ call }) => call.id), ["c1"])
    }))
})

describe("a call that is still to be decided on", () => {
  it.effect("is given back as it came, where nothing before it is in doubt", () =>
    Effect.gen(function*() {
      const access = [Access.write("k")]
      const toolkit = Toolkit.make(
        doing("asks", slow, { approval: "always", access }),
        doing("hangs", () => Effect.never, { timeout: 10, access: [Access.write("other")] })
      )
      const [asks, hangs, again] = asking(["asks"], ["hangs"], ["asks"])
      const { pending } = yield* aDayOf(Batch.run(toolkit, [asks!, hangs!, again!]))
      assert.deepStrictEqual(pending, [asks!, { ...again!, uncertain: [hangs!] }])
    }))

  it.effect("is asked about with the tools around it, by their own names", () =>
    Effect.gen(function*() {
      const paths: Array<unknown> = []
      const approver = Approver.layer(({ path }) => Effect.sync(() => (paths.push(path), "allowed" as const)))
      const asks = Toolkit.make(doing("asks", slow, { approval: "always" }))
      const outer = Toolkit.make(doing("an.outer", () => Effect.map(Batch.run(asks, asking(["asks"])), ends)))
      yield* aDayOf(Effect.provide(Batch.run(outer, asking(["an_outer"])), approver))
      assert.deepStrictEqual(paths, [[{ tool: "an.outer", callId: "c0" }]])
    }))
})

describe("a run inside a call", () => {
  it.effect("has the key of the call as its id, and a number where it is not the first", () =>
    Effect.gen(function*() {
      const ids: Array<string> = []
      const recorder: Recorder.Recorder = {
        known: () => undefined,
        call: ({ call, key, runId }, run) =>
          Effect.andThen(Effect.sync(() => ids.push(call.name === "t" ? runId : key)), run)
      }
      const inner = Batch.run(Toolkit.make(doing("t", slow)), asking(["t"]))
      const outer = doing("outer", () => Effect.andThen(inner, Effect.andThen(inner, Effect.asVoid(inner))))
      yield* aDayOf(
        Effect.provideService(Batch.run(Toolkit.make(outer), asking(["outer"])), Recorder.Recorder, recorder)
      )
      const [key] = ids
      assert.deepStrictEqual(ids.slice(1), [key, `${key}/1`, `${key}/2`])
    }))
})

describe("the defaults of a program", () => {
  it.effect("hold for runs inside calls, but for the run id", () =>
    Effect.gen(function*() {
      const keys: Array<string> = []
      const leaf = doing("leaf", (_, { idempotencyKey }) =>
        Effect.andThen(Effect.sync(() => keys.push(idempotencyKey)), Effect.never))
      const outer = doing("outer", () =>
        Effect.map(Batch.run(Toolkit.make(leaf), asking(["leaf"])), ends), { timeout: 500 })
      const run = Batch.run(Toolkit.make(outer, leaf), asking(["leaf"], ["outer"]))
      const settled = yield* aDayOf(Effect.provideService(run, Batch.Defaults, { timeout: 50, runId: "r" }))
      assert.deepStrictEqual(ends(settled), ["Timeout", ["Timeout"]])
      assert.deepStrictEqual([keys.length, new Set(keys).size], [2, 2])
    }))
})

describe("a call whose run is interrupted", () => {
  it.effect.each([false, true])(
    "has begun where its tool has, or that of a step of its; it is known: %s",
    (isKnown) =>
      Effect.gen(function*() {
        const stood = new Map<string, readonly [attempts: number, started: boolean | undefined]>()
        const note = ({ attempts, call, result }: Outcome.Outcome) => {
          const failure = Result.isFailure(result) ? result.failure : undefined
          const reason = failure instanceof CallError.CallError ? failure.reason : undefined
          stood.set(call.id, [attempts, reason?._tag === "Interrupted" ? reason.started : undefined])
        }
        const observer = notingEnds(note)
        const toolkit = Toolkit.make(
          doing("now", () => Effect.succeed(1)),
          doing("hangs", () => Effect.never),
          doing("asks", slow, { approval: "always" })
        )
        const { tool } = plan(toolkit, [])
        const calls = asking(
          plan(toolkit, ["now", "asks"]).call,
          plan(toolkit, ["asks"]).call,
          plan(toolkit, ["hangs"]).call,
          ["hangs"],
          ["asks"]
        )
        const run = Batch.run(Toolkit.merge(toolkit, Toolkit.make(tool)), calls, { timeout: "unbounded" })
        const end = Result.succeed({ value: 1, json: 1 })
        const recorder: Recorder.Recorder = {
          known: ({ call }) =>
            call.name === "now" && isKnown
              ? Effect.succeed({ end, startedAt: 0, endedAt: 0, attempts: 1, strays: false })
              : undefined,
          call: (_, run) => run
        }
        const followed = Effect.provideService(run, CallObserver.CallObserver, () => observer)
        const recorded = Effect.provideService(followed, Recorder.Recorder, recorder)
        const fiber = yield* Effect.forkChild(Effect.provide(recorded, Approver.layer(() => Effect.never)), {
          startImmediately: true
        })
        yield* TestClock.adjust(5)
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(Object.fromEntries(["c0", "c1", "c2", "c3", "c4"].map((id) => [id, stood.get(id)])), {
          c0: [1, true],
          c1: [0, false],
          c2: [1, true],
          c3: [1, true],
          c4: [0, false]
        })
      })
  )
})

/**
 * What is told of the calls of a run that is interrupted, and what goes on in that moment.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Approver, Batch, CallObserver, Pipeline, ToolCall, Toolkit } from "@volley/core"
import { Context, Deferred, Effect, Fiber, Layer, Result, Schedule, Stream } from "effect"
import { TestClock } from "effect/testing"
import { aDayOf } from "../order/support.ts"
import { ends, recordingLogger } from "../support.ts"
import { type Asked, asking, doing, many, notingEnds, reading, sleeping } from "./support.ts"

/** What an observer was told of calls that ended: which, of what tool, known since when, and how. */
const following = () => {
  const told: Array<readonly [id: string, tool: string | undefined, knownAt: number, end: string]> = []
  const waiting = { sum: 0 }
  const note = (
    { call, knownAt, tool }: CallObserver.Call,
    { result }: Parameters<CallObserver.Started["settled"]>[0]
  ) =>
    void told.push([
      call.id,
      tool?.name,
      knownAt,
      Result.isSuccess(result) || result.failure._tag === "ToolFailure" ? result._tag : result.failure.reason._tag
    ])
  const calls: CallObserver.Calls = {
    ...notingEnds((outcome, call) => note(call, outcome)),
    waiting: (_, more) => void (waiting.sum += more)
  }
  return { told, waiting, layer: Layer.succeed(CallObserver.CallObserver, () => calls) }
}

const hangs = doing("hangs", () => Effect.never)

/** Interrupts a run after so many milliseconds, and lets a day pass. */
const interruptedAt = <A, E>(millis: number, run: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(run, { startImmediately: true })
    yield* TestClock.adjust(millis)
    yield* Fiber.interrupt(fiber)
    yield* TestClock.adjust("1 day")
  })

describe("who follows a run that is interrupted", () => {
  it.effect("is told of each call that it has ended, those too that were never looked at", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust(7)
      const { layer, told, waiting } = following()
      const calls = asking(["hangs"], ["hangs"], ["nobody"], ["hangs"])
      yield* interruptedAt(5, Effect.provide(Batch.run(Toolkit.make(hangs), calls, { concurrency: 1 }), layer))
      assert.deepStrictEqual(told, [
        ["c0", "hangs", 7, "Interrupted"],
        ["c1", "hangs", 7, "Interrupted"],
        ["c2", undefined, 7, "Interrupted"],
        ["c3", "hangs", 7, "Interrupted"]
      ])
      assert.strictEqual(waiting.sum, 0)
    }))

  it.effect("is told so too where that is in the first step of the run", () =>
    Effect.gen(function*() {
      const { layer, told } = following()
      const stop = { by: () => {} }
      const stops = doing("stops", () => Effect.suspend(() => (stop.by(), Effect.never)))
      const run = Batch.run(Toolkit.make(stops, hangs), asking(["stops"], ["hangs"], ["hangs"]), { concurrency: 2 })
      const fiber = yield* Effect.forkChild(Effect.provide(run, layer))
      stop.by = () => fiber.interruptUnsafe()
      yield* TestClock.adjust("1 day")
      assert.deepStrictEqual(told.map(([id, tool, , end]) => [id, tool, end]), [
        ["c0", "stops", "Interrupted"],
        ["c1", "hangs", "Interrupted"],
        ["c2", "hangs", "Interrupted"]
      ])
    }))

  it.effect("is told so once, though a layer that a call waited for breaks later", () =>
    Effect.gen(function*() {
      class Service extends Context.Service<Service, string>()("test/Service") {}
      const { layer, told } = following()
      const { layer: logger, lines } = recordingLogger()
      const breaks = Layer.effect(Service, Effect.andThen(Effect.sleep(10), Effect.die("bug")))
      const toolkit = Toolkit.provide(Toolkit.make(doing("uses", () => Service)), breaks)
      yield* interruptedAt(5, Effect.provide(Batch.run(toolkit, asking(["uses"])), [layer, logger]))
      assert.deepStrictEqual([told, lines], [[["c0", "uses", 0, "Interrupted"]], []])
    }))
})

describe("a run that is interrupted while it waits for a slot of its runner", () => {
  it.effect("starts none of its calls when that is free", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({ concurrency: 1 })
      const started: Array<string> = []
      const one = (name: string) =>
        runner.run(
          Toolkit.make(
            doing(name, (_, { id }) => Effect.andThen(Effect.sync(() => started.push(name + id)), sleeping(10)))
          ),
          many(3, name)
        )
      const other = yield* Effect.forkChild(one("a"), { startImmediately: true })
      yield* interruptedAt(5, one("b"))
      yield* Fiber.join(other)
      assert.deepStrictEqual(started, ["ac0", "ac1", "ac2"])
    }))
})

describe("a call whose run is interrupted", () => {
  it.effect("is stopped before another one has its slot", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({ concurrency: 1 })
      const log: Array<string> = []
      const note = (what: string) => Effect.sync(() => log.push(what))
      const first = doing("first", () => Effect.onInterrupt(Effect.never, () => note("stopped")))
      const fiber = yield* Effect.forkChild(runner.run(Toolkit.make(first), asking(["first"])), {
        startImmediately: true
      })
      const next = runner.run(Toolkit.make(doing("next", () => note("started"))), asking(["next"]))
      const other = yield* Effect.forkChild(next, { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      yield* Fiber.join(other)
      assert.deepStrictEqual(log, ["stopped", "started"])
    }))

  it.effect.each([["has started", 2], ["waits for a slot", 1]] as const)(
    "keeps no call of another run waiting that touches the same, where it %s",
    ([, concurrency]) =>
      Effect.gen(function*() {
        const runner = yield* Batch.make({ concurrency: "unbounded" })
        const access = [Access.write("k")]
        const writes = doing("writes", ({ hangs }) => hangs === true ? Effect.never : Effect.succeed(1), { access })
        const run = (...asked: ReadonlyArray<Asked>) =>
          Effect.forkChild(runner.run(Toolkit.make(hangs, writes), asking(...asked), { concurrency }), {
            startImmediately: true
          })
        const first = yield* run(["hangs"], ["writes", { hangs: true }])
        const next = yield* run(["writes"])
        assert.isUndefined(next.pollUnsafe())
        yield* Fiber.interrupt(first)
        assert.deepStrictEqual(ends(yield* aDayOf(Fiber.join(next))), [1])
      })
  )

  it.effect("is not asked about any more, though that is while it is found out what it touches", () =>
    Effect.gen(function*() {
      const stop = { by: () => {} }
      let asked = 0
      const access = () => {
        stop.by()
        return []
      }
      const asks = doing("asks", () => Effect.succeed(1), { access, approval: "always" })
      const slow = doing("slow", () => sleeping(10))
      const pipeline = Pipeline.make((call) => ({
        last: call(asks, { first: call(slow, {}).pipe(Pipeline.map(() => 1)) })
      }))
      const approver = Approver.layer(() => Effect.sync(() => (asked++, "allowed" as const)))
      const run = Effect.provide(Pipeline.run(pipeline), approver)
      yield* aDayOf(run)
      assert.strictEqual(asked, 1)
      const fiber = yield* Effect.forkChild(run, { startImmediately: true })
      stop.by = () => fiber.interruptUnsafe()
      yield* TestClock.adjust("1 day")
      assert.deepStrictEqual([fiber.pollUnsafe()?._tag, asked], ["Failure", 1])
    }))
})

describe("a turn that is interrupted while it is written", () => {
  /** What is told where a call has the stream go on and is interrupted in the same step. */
  const toldOf = (goesOn: Effect.Effect<ToolCall.ToolCall, string>) =>
    Effect.gen(function*() {
      const { layer, told } = following()
      const stop = { by: () => {} }
      const rest = yield* Deferred.make<ToolCall.ToolCall, string>()
      const tools = Toolkit.make(
        reading("first", () => sleeping(10)),
        reading("stops", () =>
          Effect.suspend(() => {
            Deferred.doneUnsafe(rest, goesOn)
            stop.by()
            return Effect.never
          })),
        doing("waits", () => sleeping(10))
      )
      const calls = Stream.concat(
        Stream.fromIterable(asking(["first"], ["stops"], ["waits"])),
        Stream.concat(Stream.fromEffect(Deferred.await(rest)), Stream.never)
      )
      const run = Effect.provide(Batch.dispatch(tools, calls, { concurrency: 1 }), layer)
      const fiber = yield* Effect.forkChild(run, { startImmediately: true })
      stop.by = () => fiber.interruptUnsafe()
      yield* TestClock.adjust("1 day")
      assert.strictEqual(fiber.pollUnsafe()?._tag, "Failure")
      return told.map(([id, , , end]) => [id, end])
    })

  const three = [["c0", "Success"], ["c1", "Interrupted"], ["c2", "Interrupted"]]

  it.effect("takes no call that comes in the same step", () =>
    Effect.gen(function*() {
      const late = ToolCall.make({ id: "late", name: "first", index: 3 })
      assert.deepStrictEqual(yield* toldOf(Effect.succeed(late)), three)
    }))

  it.effect("is not cut off, though its stream breaks off in the same step", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* toldOf(Effect.fail("cut off")), three)
    }))
})

describe("a run that is interrupted in the step in which its deadline is over", () => {
  it.effect("is interrupted, and answers no call", () =>
    Effect.gen(function*() {
      const { layer, told } = following()
      const stop = { by: () => {} }
      const approver = Approver.layer(() => Effect.sync(() => (stop.by(), "undecided" as const)))
      const asks = doing("asks", () => Effect.succeed(1), { approval: "always" })
      const turn = Stream.concat(
        Stream.fromIterable(asking(["asks"])),
        Stream.drain(Stream.fromEffect(Effect.sleep(10)))
      )
      const run = Effect.provide(Batch.dispatch(Toolkit.make(asks), turn, { deadline: 0 }), [layer, approver])
      const fiber = yield* Effect.forkChild(run, { startImmediately: true })
      stop.by = () => fiber.interruptUnsafe()
      yield* TestClock.adjust("1 day")
      assert.deepStrictEqual([fiber.pollUnsafe()?._tag, told], ["Failure", [["c0", "asks", 0, "Interrupted"]]])
    }))
})

describe("a handler that ends in what is no effect", () => {
  it.effect("crashes its own call, and others go on that fail in the same step", () =>
    Effect.gen(function*() {
      const go = yield* Deferred.make<void>()
      const again = reading("again", (_, { attempt }) =>
        attempt === 1 ? Effect.andThen(Deferred.await(go), Effect.fail("no")) : Effect.succeed(attempt))
      const none = (): Effect.Effect<number> =>
        5 as never
      const odd = doing("odd", () =>
        Effect.flatMap(Deferred.await(go), none))
      const lets = doing("lets", () => Effect.andThen(Deferred.succeed(go, undefined), Effect.succeed("gone")))
      const run = Batch.run(Toolkit.make(again, odd, lets), asking(["again"], ["odd"], ["lets"], ["odd"], ["again"]), {
        retry: Schedule.spaced(5)
      })
      const settled = yield* aDayOf(Effect.provide(run, recordingLogger().layer))
      assert.deepStrictEqual(ends(settled), [2, "Defect", "gone", "Defect", 2])
    }))
})

/**
 * A recorder that takes its time, while other things happen to the run.
 */
import { assert, describe, it } from "@effect/vitest"
import { Approver, Batch, CallObserver, Limits, Pipeline, Recorder, Tool, Toolkit } from "@volley/core"
import { Context, Deferred, Effect, Fiber, Layer, Result } from "effect"
import { TestClock } from "effect/testing"
import { aDayOf, spansOf } from "../order/support.ts"
import { ends } from "../support.ts"
import { asking, doing, many, notingEnds, reading, recording } from "./support.ts"

const ended: Recorder.Ended = {
  end: Result.succeed({ value: "kept", json: "kept" }),
  startedAt: 0,
  endedAt: 0,
  attempts: 1,
  strays: false
}

/** Keeps how calls ended, and takes so long to. */
const keeping = (millis: number): Recorder.Recorder => ({
  ...recording(),
  call: (_, run) => Effect.tap(run, () => Effect.sleep(millis))
})

/** Looks so long for how a call ended; of those of a name, it knows. */
const finding = (name: string, millis: number): Recorder.Recorder => ({
  ...recording(),
  known: ({ call }) => Effect.delay(Effect.succeed(call.name === name ? ended : undefined), millis)
})

const under = <A, E>(recorder: Recorder.Recorder, run: Effect.Effect<A, E>) =>
  aDayOf(Effect.provideService(run, Recorder.Recorder, recorder))

const quick = doing("quick", () => Effect.succeed("now"))
const asks = doing("asks", () => Effect.succeed("asked"), { approval: "always" })

describe("a call whose end is being looked for at the deadline of its batch", () => {
  const run = Batch.run(Toolkit.make(quick, asks), asking(["quick"], ["asks"]), { deadline: 3 })

  it.effect("has that end where it is found, and is too late where it is not", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(spansOf(yield* under(finding("quick", 5), run), 0), [[0, 0], ["Timeout", 5, 5]])
    }))

  it.effect("is too late where it was not found and goes on to wait", () =>
    Effect.gen(function*() {
      const settled = yield* under(
        finding("nothing", 1),
        Effect.provide(
          Batch.run(Toolkit.make(asks), asking(["asks"]), { deadline: 3 }),
          Approver.layer(() => Effect.never)
        )
      )
      assert.deepStrictEqual(spansOf(settled, 0), [["Timeout", 3, 3]])
    }))
})

describe("a call that a recorder lets start later", () => {
  const limited = doing("limited", () => Effect.succeed("ran"), { limits: [Limits.rate({ limit: 1, window: 10 })] })
  const after = (...millis: ReadonlyArray<number>): Recorder.Recorder =>
    recording(({ call }, run) => Effect.andThen(Effect.sleep(millis[call.index] ?? 0), run))

  it.effect("counts for a rate from then on, and meanwhile keeps others from starting", () =>
    Effect.gen(function*() {
      const run = Batch.run(Toolkit.make(limited), many(3, "limited"))
      assert.deepStrictEqual(spansOf(yield* under(after(15), run), 0), [[15, 15], [25, 25], [35, 35]])
    }))

  it.effect("counts for nothing where it never starts", () =>
    Effect.gen(function*() {
      const refusing = recording(({ call }, run) =>
        call.index === 0 ? Effect.delay(Effect.succeed({ ...ended, attempts: 0, startedAt: 5, endedAt: 5 }), 5) : run
      )
      const run = Batch.run(Toolkit.make(limited), many(2, "limited"))
      assert.deepStrictEqual(spansOf(yield* under(refusing, run), 0), [[5, 5], [5, 5]])
    }))

  it.effect("counts for a rate beside those that have started, though others give up waiting for that", () =>
    Effect.gen(function*() {
      const limits = [Limits.rate({ limit: 2, window: 100, key: "api" })]
      const starts = doing("starts", () => Effect.succeed("ran"), { limits })
      const asks = doing("asks", () => Effect.succeed("ran"), { approval: "always", limits })
      const calls = asking(["starts"], ["starts"], ["asks", { n: 10 }], ["asks", { n: 20 }])
      const approver = Approver.layer(({ call }) =>
        call.id === "c2" ? Effect.delay(Effect.succeed("denied"), 10) : Effect.delay(Effect.succeed("allowed"), 20)
      )
      const run = Effect.provide(Batch.run(Toolkit.make(starts, asks), calls), approver)
      assert.deepStrictEqual(spansOf(yield* under(after(0, 50), run), 0), [
        [0, 0],
        [50, 50],
        ["Denied", 10, 10],
        [100, 100]
      ])
    }))
})

describe("while it is kept how a call ended", () => {
  it.effect("those that wait for its slot are too late at the deadline, and not only once it is kept", () =>
    Effect.gen(function*() {
      const run = Batch.run(Toolkit.make(quick), asking(["quick"], ["quick"], ["quick"]), {
        concurrency: 1,
        deadline: 3
      })
      assert.deepStrictEqual(spansOf(yield* under(keeping(50), run), 0), [[0, 0], ["Timeout", 3, 3], ["Timeout", 3, 3]])
    }))

  it.effect("a tool that goes on is left behind once, though the deadline comes meanwhile", () =>
    Effect.gen(function*() {
      const stubborn = doing("stubborn", () => Effect.uninterruptible(Effect.sleep(100)), { timeout: 10 })
      const run = Batch.run(Toolkit.make(stubborn), asking(["stubborn"]), { deadline: 30 })
      const fiber = yield* Effect.forkChild(Effect.provideService(run, Recorder.Recorder, keeping(50)), {
        startImmediately: true
      })
      yield* TestClock.adjust(60)
      const settled = yield* Fiber.join(fiber)
      assert.deepStrictEqual([ends(settled), settled.strays.length], [["Timeout"], 1])
    }))

  it.effect("a call is not asked about that needed its answer, and was answered meanwhile", () =>
    Effect.gen(function*() {
      const asked: Array<string> = []
      const approver = Approver.layer(({ call }) => Effect.sync(() => (asked.push(call.id), "allowed")))
      const pipeline = Pipeline.make((call) => {
        const first = call(quick, {}).pipe(Pipeline.map(() => 1))
        return { first, second: call(asks, { first }) }
      })
      const run = (deadline: number) =>
        Effect.map(
          under(keeping(50), Effect.provide(Pipeline.run(pipeline, { deadline }), approver)),
          ({ outcomes }) => outcomes.map(({ result }) => result._tag)
        )
      assert.deepStrictEqual([yield* run(3), asked], [["Success", "Failure"], []])
      assert.deepStrictEqual([yield* run(500), asked], [["Success", "Success"], ["second"]])
    }))
})

describe("a call that has the answer of an equal one, while its own end is still being kept", () => {
  const same = Tool.coalesce(reading("same", () => Effect.as(Effect.sleep(5), 5)))
  const fails = doing("fails", () => Effect.delay(Effect.fail("no"), 10))
  const calls = asking(["asks"], ["same"], ["same"], ["fails"])
  const run = (options: Batch.Options, call: Recorder.Recorder["call"]) => {
    const recorder = recording((ready, run) => ready.call.id === "c2" ? call(ready, run) : run)
    const batch = Batch.run(Toolkit.make(asks, same, fails), calls, options)
    return Effect.map(under(recorder, Effect.provide(batch, Approver.layer(() => Effect.never))), ends)
  }

  it.effect("is too late at the deadline: its recorder is stopped", () =>
    Effect.gen(function*() {
      const stopped: Array<string> = []
      const ended = run({ deadline: 20 }, ({ call: { id } }) =>
        Effect.onInterrupt(Effect.never, () => Effect.sync(() => stopped.push(id))))
      assert.deepStrictEqual([yield* ended, stopped], [["Timeout", 5, "Timeout", { failure: "no" }], ["c2"]])
    }))

  it.effect("is stopped by the failure of another one, though that is kept in the step in which the batch is stopped", () =>
    Effect.gen(function*() {
      const isOver = yield* Deferred.make<void>()
      const observer = notingEnds(({ call: { id } }) => id === "c0" && Deferred.doneUnsafe(isOver, Effect.void))
      const ended = run({ failFast: true }, (_, run) => Effect.andThen(Deferred.await(isOver), run))
      assert.deepStrictEqual(
        yield* Effect.provideService(ended, CallObserver.CallObserver, () => observer),
        ["Interrupted", 5, "Interrupted", { failure: "no" }]
      )
    }))
})

class Service extends Context.Service<Service, string>()("test/Service") {}

describe("a layer that tools are provided with", () => {
  it.effect("is not built for calls whose end is known", () =>
    Effect.gen(function*() {
      let built = 0
      const layer = Layer.effect(Service, Effect.sync(() => `${++built}`))
      const toolkit = Toolkit.provide(
        Toolkit.make(reading("uses", () => Effect.succeed(1)), doing("needs", () => Service)),
        layer
      )
      const run = Batch.run(toolkit, asking(["uses"], ["needs"]))
      const known = (...names: ReadonlyArray<string>): Recorder.Recorder => ({
        ...recording(),
        known: ({ call }) => names.includes(call.name) ? Effect.succeed(ended) : undefined
      })
      assert.deepStrictEqual([ends(yield* under(known("uses", "needs"), run)), built], [["kept", "kept"], 0])
      assert.deepStrictEqual([ends(yield* under(known("uses"), run)), built], [["kept", "1"], 1])
    }))
})

describe("a handler that ends in what is no effect", () => {
  it.effect("is recorded as one that does not go on, though its batch fails in the same step", () =>
    Effect.gen(function*() {
      const strays: Array<readonly [id: string, strays: boolean]> = []
      const recorder: Recorder.Recorder = {
        ...recording(),
        call: ({ call }, run) =>
          Effect.tap(run, (ended) => Effect.sync(() => void strays.push([call.id, ended.strays])))
      }
      const [go, end] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const observer = notingEnds(({ call: { id } }) => id === "c1" && Deferred.doneUnsafe(end, Effect.void))
      const fails = doing("fails", () => Effect.andThen(Deferred.await(go), Effect.fail("no")))
      const none = (): Effect.Effect<number> => 5 as never
      const odd = doing("odd", () => Effect.flatMap(Deferred.await(end), none))
      const lets = doing("lets", () => Effect.as(Deferred.succeed(go, undefined), 1))
      const run = Batch.run(Toolkit.make(fails, odd, lets), asking(["fails"], ["fails"], ["odd"], ["lets"]), {
        failFast: true
      })
      yield* under(recorder, Effect.provideService(run, CallObserver.CallObserver, () => observer))
      assert.deepStrictEqual(strays.toSorted(), [["c0", false], ["c1", false], ["c2", false], ["c3", false]])
    }))
})

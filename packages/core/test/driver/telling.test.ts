/**
 * What is told of calls, and that nobody waits for it (case 7).
 */
// @effect-diagnostics runEffectInsideEffect:off -- what a promise tool tells, it runs by itself
import { assert, describe, it } from "@effect/vitest"
import { Access, Approver, Batch, Limits, Plan, Tool, Toolkit } from "@volley/core"
import { Deferred, Effect, Fiber, Layer, Schedule, Stream } from "effect"
import { TestClock } from "effect/testing"
import { aDayOf } from "../order/support.ts"
import { ends } from "../support.ts"
import { asking, doing, promising, reading, sleeping, stopwatch } from "./support.ts"

const callOf = (event: Batch.CallEvent) => event._tag === "CallSettled" ? event.outcome.call : event.call

const listening = () => {
  const events: Array<Batch.CallEvent> = []
  return { events, onCall: (event: Batch.CallEvent) => Effect.sync(() => void events.push(event)) }
}

describe("a call that runs", () => {
  it.effect("is told of how far it is at once, though nothing else happens", () =>
    Effect.gen(function*() {
      const heard = yield* Deferred.make<void>()
      const tool = doing("waits", (_, { progress }) =>
        Effect.andThen(sleeping(1), Effect.andThen(progress("half"), Deferred.await(heard))))
      const onCall = ({ _tag }: Batch.CallEvent) =>
        _tag === "CallProgress" ? Effect.asVoid(Deferred.succeed(heard, undefined)) : Effect.void
      const fiber = yield* Effect.forkChild(Batch.run(Toolkit.make(tool), asking(["waits"]), { onCall }))
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* Fiber.join(fiber)).outcomes.length, 1)
    }))
})

describe("a call whose tool is asked again", () => {
  it.effect("is told of that at once, though nothing else happens", () =>
    Effect.gen(function*() {
      const now = yield* stopwatch
      const heard = yield* Deferred.make<void>()
      const tool = Tool.hedge("10 millis")(reading("waits", () => Effect.map(Deferred.await(heard), now)))
      const onCall = ({ _tag }: Batch.CallEvent) =>
        _tag === "CallHedged" ? Effect.asVoid(Deferred.succeed(heard, undefined)) : Effect.void
      const settled = yield* aDayOf(Batch.run(Toolkit.make(tool), asking(["waits"]), { onCall }))
      assert.deepStrictEqual(ends(settled), [10])
    }))
})

describe("a call that was answered", () => {
  it.effect("is told nothing more of, though its tool goes on and says how far it is", () =>
    Effect.gen(function*() {
      const late: Array<() => void> = []
      const go = yield* Deferred.make<void>()
      const tools = Toolkit.make(
        doing("effect", (_, { progress }) =>
          Effect.uninterruptible(
            Effect.andThen(progress("first"), Effect.andThen(Deferred.await(go), progress("late")))
          )),
        promising("promise", (_, __, { progress }) =>
          new Promise((resolve) => {
            Effect.runSync(progress("first"))
            late.push(() => {
              Effect.runSync(progress("late"))
              resolve(1)
            })
          }))
      )
      const { events, onCall } = listening()
      const all = Toolkit.merge(tools, Toolkit.make(doing("waits", () => sleeping(100), { timeout: 200 })))
      const calls = asking(["effect"], ["promise"], ["waits"])
      // The batch is not over when the strays of its calls go on.
      const batch = yield* Effect.forkChild(Batch.run(all, calls, { onCall, timeout: 50 }), { startImmediately: true })
      yield* TestClock.adjust(50)
      yield* Deferred.succeed(go, undefined)
      for (const go of late) go()
      yield* TestClock.adjust(100)
      assert.deepStrictEqual(ends(yield* Fiber.join(batch)), ["Timeout", "Timeout", 100])
      const told = events.map((event) => `${event._tag} ${callOf(event).id}`)
      for (const id of ["c0", "c1"]) {
        assert.deepStrictEqual(told.filter((one) => one.endsWith(id)), [
          `CallStarted ${id}`,
          `CallProgress ${id}`,
          `CallSettled ${id}`
        ])
      }
    }))

  it.effect("is not told of as asked again, though its tool goes on to ask again", () =>
    Effect.gen(function*() {
      const hedged = Tool.hedge("10 millis")(reading("waits", () => sleeping(50)))
      const waits = Tool.around(hedged, (effect) => Effect.uninterruptible(effect))
      const { events, onCall } = listening()
      const calls = asking(["waits"], ["long"])
      const long = doing("long", () => sleeping(100), { timeout: 200 })
      yield* aDayOf(Batch.run(Toolkit.make(waits, long), calls, { onCall, timeout: 5 }))
      const told = events.filter((event) => callOf(event).id === "c0").map(({ _tag }) => _tag)
      assert.deepStrictEqual(told, ["CallStarted", "CallSettled"])
    }))
})

describe("who is told of calls and does not come back", () => {
  const access = [Access.write("k")]

  it.effect("holds up no call, and the batch until its deadline", () =>
    Effect.gen(function*() {
      const now = yield* stopwatch
      let [ran, stopped] = [0, 0]
      const quick = doing("quick", () => Effect.sync(() => ++ran))
      const run = Batch.run(Toolkit.make(quick), asking(["quick"], ["quick"], ["quick"]), {
        concurrency: 1,
        deadline: 100,
        onCall: () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => ++stopped))
      })
      const settled = yield* Effect.forkChild(run, { startImmediately: true })
      assert.deepStrictEqual([ran, settled.pollUnsafe()], [3, undefined])
      yield* TestClock.adjust(100)
      assert.deepStrictEqual([ends(yield* Fiber.join(settled)), now(), stopped], [[1, 2, 3], 100, 1])
    }))

  it.effect("holds up no batch beyond its deadline that would stop at the first failure", () =>
    Effect.gen(function*() {
      const hangs = doing("hangs", () => Effect.never)
      const options = { deadline: 50, failFast: true, onCall: () => Effect.never }
      assert.deepStrictEqual(ends(yield* aDayOf(Batch.run(Toolkit.make(hangs), asking(["hangs"]), options))), [
        "Timeout"
      ])
    }))

  it.effect("changes nothing of what is said of a write that never ran", () =>
    Effect.gen(function*() {
      const hangs = doing("hangs", () => Effect.never, { access })
      const write = doing("write", () => Effect.succeed(1), { access })
      const answers = (onCall: NonNullable<Batch.Options["onCall"]>) =>
        Effect.map(
          aDayOf(
            Batch.run(Toolkit.make(hangs, write), asking(["hangs"], ["write"], ["write"]), { deadline: 50, onCall })
          ),
          ({ outcomes }) => outcomes.map(({ attempts, encoded }) => [attempts, JSON.parse(encoded).error.data.started])
        )
      const expected = [[1, true], [0, false], [0, false]]
      assert.deepStrictEqual(yield* answers(() => Effect.never), expected)
      assert.deepStrictEqual(yield* answers(() => Effect.void), expected)
    }))

  it.effect("holds up nobody else who is told, wherever it stands among them", () =>
    Effect.gen(function*() {
      const quick = doing("quick", () => Effect.succeed(1))
      for (const at of [0, 1, 2]) {
        const heard: Array<string> = []
        const listener = (name: string) => (event: Batch.CallEvent) =>
          Effect.sync(() => void heard.push(`${name} ${event._tag} ${callOf(event).id}`))
        const onCall = [listener("one"), listener("other")].toSpliced(at, 0, () => Effect.never).reduce<
          Batch.Options["onCall"]
        >(Batch.both, undefined)
        const run = Batch.run(Toolkit.make(quick), asking(["quick"], ["quick"]), { deadline: 50, onCall })
        const settled = yield* Effect.forkChild(run, { startImmediately: true })
        const all = ["CallStarted c0", "CallSettled c0", "CallStarted c1", "CallSettled c1"]
        assert.deepStrictEqual([heard, settled.pollUnsafe()], [
          all.flatMap((event) => [`one ${event}`, `other ${event}`]),
          undefined
        ])
        yield* TestClock.adjust(50)
        assert.deepStrictEqual(ends(yield* Fiber.join(settled)), [1, 1])
      }
    }))

  it.effect("is waited for at the end of the batch, whoever else is told", () =>
    Effect.gen(function*() {
      const now = yield* stopwatch
      const late: Array<string> = []
      const slow = ({ _tag }: Batch.CallEvent) => Effect.delay(Effect.sync(() => void late.push(_tag)), 10)
      const run = Batch.run(Toolkit.make(doing("quick", () => Effect.succeed(1))), asking(["quick"]), {
        onCall: Batch.both(() => Effect.void, Batch.both(slow, () => Effect.void))
      })
      assert.deepStrictEqual(yield* aDayOf(Effect.map(run, (settled) => [ends(settled), now()])), [[1], 20])
      assert.deepStrictEqual(late, ["CallStarted", "CallSettled"])
    }))

  it.effect("is told all in order where it is slow, and the batch ends when it is", () =>
    Effect.gen(function*() {
      const now = yield* stopwatch
      const told: Array<string> = []
      const onCall = (event: Batch.CallEvent) =>
        Effect.delay(Effect.sync(() => told.push(`${event._tag} ${callOf(event).id}`)), 10)
      const quick = doing("quick", () => Effect.succeed(1))
      const settled = yield* aDayOf(
        Effect.map(
          Batch.run(Toolkit.make(quick), asking(["quick"], ["quick"]), { onCall }),
          (settled) => [ends(settled), now()]
        )
      )
      assert.deepStrictEqual(settled, [[1, 1], 40])
      assert.deepStrictEqual(told.toSorted(), ["CallSettled c0", "CallSettled c1", "CallStarted c0", "CallStarted c1"])
    }))
})

describe("who is told of calls whose batch is interrupted", () => {
  it.effect("is stopped, and its own cleaning up is waited for", () =>
    Effect.gen(function*() {
      const stopped: Array<string> = []
      const tool = doing("hangs", () => Effect.never)
      const cleaning = Effect.andThen(sleeping(5), Effect.sync(() => stopped.push("told")))
      const run = Batch.run(Toolkit.make(tool), asking(["hangs"]), {
        onCall: () => Effect.onInterrupt(Effect.never, () => cleaning)
      })
      const fiber = yield* Effect.forkChild(run, { startImmediately: true })
      const ending = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      yield* TestClock.adjust(4)
      assert.deepStrictEqual([stopped, ending.pollUnsafe()], [[], undefined])
      yield* TestClock.adjust(1)
      yield* Fiber.join(ending)
      assert.deepStrictEqual(stopped, ["told"])
    }))
})

describe("a call that waits", () => {
  /** What is told of waiting: the call, why, and behind which. */
  const waits = (
    run: (onCall: NonNullable<Batch.Options["onCall"]>) => Effect.Effect<unknown>
  ) =>
    Effect.gen(function*() {
      const { events, onCall } = listening()
      yield* aDayOf(run(onCall))
      return events.flatMap((event) =>
        event._tag === "CallWaiting"
          ? [[event.call.id, event.why, ...(event.behind === undefined ? [] : [event.behind])]]
          : []
      )
    })
  const slow = () => sleeping(10)
  const of = (tool: ReturnType<typeof doing<"t">>, options: Batch.Options = {}) =>
    waits((onCall) => Batch.run(Toolkit.make(tool), asking(["t"], ["t"], ["t"]), { ...options, onCall }))

  it.effect("says what for: a slot, a limit, a rate, or an access behind another call", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* of(doing("t", slow), { concurrency: 1 }), [["c1", "slot"], ["c2", "slot"]])
      assert.deepStrictEqual(yield* of(doing("t", slow, { limits: [Limits.concurrency(2)] })), [["c2", "limit"]])
      assert.deepStrictEqual(yield* of(doing("t", slow, { limits: [Limits.rate({ limit: 1, window: 20 })] })), [
        ["c1", "rate"],
        ["c2", "rate"]
      ])
      assert.deepStrictEqual(yield* of(doing("t", slow, { access: [Access.write("k")] })), [
        ["c1", "access", "c0"],
        ["c2", "access", "c1"]
      ])
    }))

  it.effect("is behind one that is to be alone, where it touches nothing and more is not known of those before", () =>
    Effect.gen(function*() {
      const late = doing("late", slow, { access: ({ n }) => [Access.write(`${n}`)] })
      const provided = Toolkit.provide(Toolkit.make(late), Layer.effectDiscard(Effect.sleep(50)))
      const alone = doing("alone", slow, { access: [Access.exclusive] })
      const toolkit = Toolkit.merge(provided, Toolkit.make(alone, doing("free", slow)))
      const calls = asking(["late", { n: 0 }], ["free"], ["alone"], ["free"])
      assert.deepStrictEqual(yield* waits((onCall) => Batch.run(toolkit, calls, { onCall })), [
        ["c2", "access", "c0"],
        ["c3", "access", "c2"]
      ])
    }))

  it.effect("is behind no call that has ended, though another one is still under way with it", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({})
      const access = [Access.read("k")]
      const reads = Toolkit.make(
        reading("long", () => sleeping(50), { access }),
        reading("short", () => sleeping(10), { access })
      )
      const writes = Toolkit.make(doing("t", slow, { access: [Access.write("k")] }))
      const writing = (onCall: NonNullable<Batch.Options["onCall"]>) =>
        Effect.delay(runner.run(writes, asking(["t"]), { onCall }), 20)
      const told = (calls: ReturnType<typeof asking>) =>
        waits((onCall) => Effect.all([runner.run(reads, calls), writing(onCall)], { concurrency: 2 }))
      assert.deepStrictEqual(yield* told(asking(["long"], ["short"])), [["c0", "access"]])
      assert.deepStrictEqual(yield* told(asking(["short"], ["long"])), [["c0", "access", "c1"]])
    }))

  it.effect("says once what for, though it is one limit after the other", () =>
    Effect.gen(function*() {
      const limits = ["a", "b"].map((key) => Limits.concurrency(1, key))
      const one = (name: string, ...own: ReadonlyArray<Limits.Limit>) =>
        doing(name, () => sleeping(10), { limits: own })
      const toolkit = Toolkit.make(one("a", limits[0]!), one("b", limits[1]!), one("both", ...limits))
      const calls = asking(["a"], ["b"], ["both"], ["b"])
      const waits: Array<unknown> = []
      const onCall = (event: Batch.CallEvent) =>
        Effect.sync(() => event._tag === "CallWaiting" && waits.push([event.call.id, event.why]))
      yield* aDayOf(Batch.run(toolkit, calls, { onCall }))
      assert.deepStrictEqual(waits, [["c2", "limit"], ["c3", "limit"]])
    }))

  it.effect("says what for: a slot of the runner", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({ concurrency: 1 })
      const toolkit = Toolkit.make(doing("t", slow))
      const told = yield* waits((onCall) =>
        Effect.all([runner.run(toolkit, asking(["t"])), runner.run(toolkit, asking(["t"]), { onCall })], {
          concurrency: 2
        })
      )
      assert.deepStrictEqual(told, [["c0", "slot"]])
    }))

  it.effect("says what for: a decision, or the rest of the turn", () =>
    Effect.gen(function*() {
      const asks = Toolkit.make(doing("t", slow, { approval: "always" }))
      const deciding = Approver.layer(() => Effect.as(Effect.sleep(10), "allowed"))
      const asked = waits((onCall) => Effect.provide(Batch.run(asks, asking(["t"]), { onCall }), deciding))
      assert.deepStrictEqual(yield* asked, [["c0", "approval"]])
      const toolkit = Toolkit.make(doing("writes", slow), reading("reads", slow))
      const calls = Stream.concat(
        Stream.fromIterable(asking(["writes"], ["reads"])),
        Stream.fromEffectDrain(Effect.sleep(50))
      )
      assert.deepStrictEqual(yield* waits((onCall) => Batch.dispatch(toolkit, calls, { onCall })), [["c0", "turn"]])
    }))
})

describe("every event", () => {
  it.effect("says when it was, in order; of a retry, which attempt begins and why", () =>
    Effect.gen(function*() {
      const now = yield* stopwatch
      const began = yield* Effect.clockWith((clock) => Effect.succeed(clock.currentTimeMillisUnsafe()))
      const { events, onCall } = listening()
      const again = reading("again", (_, { attempt, progress }) =>
        Effect.andThen(
          progress(attempt),
          Effect.andThen(Effect.sleep(10), attempt < 3 ? Effect.fail(`no ${attempt}`) : Effect.succeed(attempt))
        ))
      const toolkit = Toolkit.make(again)
      const calls = asking(["again"], ["nobody"], ["plan", { steps: [{ id: "s", tool: "again", arguments: {} }] }])
      yield* aDayOf(
        Batch.run(Toolkit.merge(toolkit, Toolkit.make(Plan.tool(toolkit))), calls, {
          concurrency: 1,
          onCall,
          retry: Schedule.spaced(5)
        })
      )
      assert.isFalse(events.some((event) => Object.values(event).includes(undefined)))
      const times = events.map(({ at }) => at - began)
      assert.deepStrictEqual(times, times.toSorted((a, b) => a - b))
      assert.isTrue(times.every((at) => at >= 0 && at <= now()))
      const retried = events.flatMap((event) =>
        event._tag === "CallRetried" && event.call.id === "c0"
          ? [[event.at - began, event.attempt, event.reason.failure]]
          : []
      )
      assert.deepStrictEqual(retried, [[15, 2, "no 1"], [30, 3, "no 2"]])
      assert.deepStrictEqual(
        new Set(events.map(callOf).map(({ id }) => id)),
        new Set(["c0", "c1", "c2", "c2/s"])
      )
    }))
})

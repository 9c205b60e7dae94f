/**
 * Calls that run while the turn which asks for them is still being written.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Approver, Batch, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { Cause, Deferred, Effect, Exit, Fiber, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { aDayOf, spansOf } from "../order/support.ts"
import { acting, ends, gauge } from "../support.ts"
import { type Arriving, arriving } from "./arriving.ts"

const lasting = <const Name extends string>(name: Name, readOnly: boolean, access: ReadonlyArray<Access.Access> = []) =>
  Tool.make(name, {
    description: `The tool ${name}.`,
    parameters: Schema.Struct({ ms: Schema.Finite }),
    success: Schema.Finite,
    readOnly,
    access,
    execute: ({ ms }) => Effect.as(Effect.sleep(ms), ms)
  })

const toolkit = Toolkit.make(
  lasting("look", true),
  lasting("change", false),
  lasting("read_account", true, [Access.read("account")]),
  lasting("write_account", false, [Access.write("account")])
)

/** Dispatches calls in virtual time: gives what became of each, in milliseconds from the beginning, and all else. */
const dispatch = <E>(calls: Stream.Stream<ToolCall.ToolCall, E>, options?: Batch.Options) =>
  Effect.clockWith((clock) => {
    const began = clock.currentTimeMillisUnsafe()
    return Effect.map(aDayOf(Batch.dispatch(toolkit, calls, options)), (settled) => ({
      ...settled,
      spans: spansOf(settled, began)
    }))
  })

const looks = (...asked: ReadonlyArray<readonly [at: number, ms: number]>): ReadonlyArray<Arriving> =>
  asked.map(([at, ms]) => ({ at, name: "look", arguments: { ms } }))

describe("a turn of five reads", () => {
  it.effect.each([
    { how: "one by one", at: [200, 400, 600, 800, 1000] },
    { how: "in bursts of two", at: [200, 200, 600, 600, 1000] }
  ])(
    "that arrive $how is settled when the last of them is, as if each had been asked for alone",
    ({ at }) =>
      Effect.gen(function*() {
        const lengths = [1000, 800, 600, 400, 200]
        const calls = arriving(looks(...at.map((at, index) => [at, lengths[index]!] as const)), 1000)
        const { end, outcomes, spans } = yield* dispatch(calls)
        assert.deepStrictEqual(spans, at.map((at, index) => [at, at + lengths[index]!]))
        assert.strictEqual(Math.max(...spans.flat().map(Number)), 1200)
        assert.deepStrictEqual(outcomes.map(({ call }) => call.id), ["c0", "c1", "c2", "c3", "c4"])
        assert.isTrue(Exit.isSuccess(end))
      })
  )
})

describe("what may start before the turn is whole", () => {
  it.effect("tools that are not read-only wait for the end of the stream, and hold nobody up who has nothing to do with them", () =>
    Effect.gen(function*() {
      const calls = arriving([
        { at: 10, name: "change", arguments: { ms: 5 } },
        { at: 20, name: "look", arguments: { ms: 7 } },
        { at: 30, name: "write_account", arguments: { ms: 100 } },
        { at: 40, name: "read_account", arguments: { ms: 1 } },
        { at: 50, name: "look", arguments: { ms: 1 } }
      ], 1000)
      const { spans } = yield* dispatch(calls, { concurrency: 2 })
      assert.deepStrictEqual(spans, [[1000, 1005], [20, 27], [1000, 1100], [1100, 1101], [50, 51]])
    }))

  it.effect("a read that touches what a later call writes starts at once, and the write waits for it", () =>
    Effect.gen(function*() {
      const calls = arriving([
        { at: 10, name: "read_account", arguments: { ms: 500 } },
        { at: 20, name: "write_account", arguments: { ms: 100 } }
      ], 30)
      assert.deepStrictEqual((yield* dispatch(calls)).spans, [[10, 510], [510, 610]])
    }))

  it.effect("a call that comes once more as truncated is revoked, unless it has started", () =>
    Effect.gen(function*() {
      const { outcomes, spans } = yield* dispatch(arriving([
        { at: 10, name: "look", arguments: { ms: 500 } },
        { at: 20, name: "change", arguments: { ms: 5 } },
        { at: 20, name: "write_account", arguments: { ms: 5 } },
        { at: 30, name: "look", arguments: { ms: 500 }, index: 0, id: "c0", status: "truncated" },
        { at: 30, name: "change", arguments: { ms: 5 }, index: 1, id: "c1", status: "truncated" }
      ], 40))
      assert.deepStrictEqual(spans, [[10, 510], ["Truncated", 30, 30], [40, 45]])
      assert.deepStrictEqual(outcomes.map(({ call }) => call.id), ["c0", "c1", "c2"])
    }))

  it.effect("a call that is truncated never runs, nor does one beyond the limit of calls", () =>
    Effect.gen(function*() {
      const calls = arriving([
        { at: 10, name: "look", arguments: { ms: 5 } },
        { at: 20, name: "look", arguments: { ms: 5 } },
        { at: 30, name: "look", arguments: { ms: 5 }, status: "truncated" },
        { at: 30, name: "nobody" }
      ], 30)
      const { spans } = yield* dispatch(calls, { maxCalls: 1 })
      assert.deepStrictEqual(spans, [[10, 15], ["LimitExceeded", 20, 20], ["Truncated", 30, 30], [
        "UnknownTool",
        30,
        30
      ]])
    }))
})

describe("a call that comes again", () => {
  it.effect("under another id revokes nothing, though it stands at the same place", () =>
    Effect.gen(function*() {
      const { outcomes, spans } = yield* dispatch(arriving([
        { at: 10, name: "change", arguments: { ms: 5 } },
        { at: 20, name: "change", arguments: { ms: 5 }, index: 0, status: "truncated" }
      ], 30))
      assert.deepStrictEqual(outcomes.map(({ call }) => call.id), ["c0", "c1"])
      assert.deepStrictEqual(spans, [[30, 35], ["Truncated", 20, 20]])
    }))

  it.effect("whole is answered a second time, as in a batch", () =>
    Effect.gen(function*() {
      const twice = { at: 10, name: "change", arguments: { ms: 5 }, index: 0, id: "c0" }
      assert.deepStrictEqual((yield* dispatch(arriving([twice, twice], 30))).spans, [[30, 35], [30, 35]])
      const call = ToolCall.make({ id: "c0", name: "change", arguments: { ms: 5 } })
      assert.deepStrictEqual(ends(yield* aDayOf(Batch.run(toolkit, [call, call]))), [5, 5])
    }))
})

describe("call order", () => {
  it.effect("is that of the indexes, whichever call arrives first", () =>
    Effect.gen(function*() {
      const calls = arriving([
        { at: 10, index: 2, name: "look", arguments: { ms: 1 } },
        { at: 20, index: 1, name: "look", arguments: { ms: 2 } },
        { at: 30, index: 0, name: "look", arguments: { ms: 3 } },
        { at: 40, index: 3, name: "look", arguments: { ms: 4 } }
      ], 50)
      const { outcomes, spans } = yield* dispatch(calls)
      assert.deepStrictEqual(outcomes.map(({ call }) => call.index), [0, 1, 2, 3])
      assert.deepStrictEqual(spans, [[30, 33], [30, 32], [30, 31], [40, 44]])
    }))

  it.effect("a call whose earlier ones never come is admitted at the end", () =>
    Effect.gen(function*() {
      const calls = arriving([
        { at: 10, index: 5, name: "look", arguments: { ms: 1 } },
        { at: 20, index: 0, name: "look", arguments: { ms: 2 } },
        { at: 30, index: 3, name: "look", arguments: { ms: 3 } }
      ], 50)
      const { outcomes, spans } = yield* dispatch(calls)
      assert.deepStrictEqual(outcomes.map(({ call }) => call.index), [0, 3, 5])
      assert.deepStrictEqual(spans, [[20, 22], [50, 53], [50, 51]])
    }))

  it.effect("calls without indexes of their own stand as they came", () =>
    Effect.gen(function*() {
      const calls = arriving(looks([10, 5], [20, 1], [30, 1]).map((call) => ({ ...call, index: 0 })), 40)
      const { outcomes, spans } = yield* dispatch(calls)
      assert.deepStrictEqual(outcomes.map(({ call }) => call.id), ["c0", "c1", "c2"])
      assert.deepStrictEqual(spans, [[10, 15], [20, 21], [30, 31]])
    }))
})

describe("limits", () => {
  it.effect("reading the stream never waits for tools", () =>
    Effect.gen(function*() {
      const read: Array<number> = []
      const calls = arriving(looks([10, 600], [20, 700], [30, 1]), 40).pipe(
        Stream.tap(({ index }) => Effect.sync(() => read.push(index)))
      )
      const fiber = yield* Effect.forkChild(Batch.dispatch(toolkit, calls, { concurrency: 1 }), {
        startImmediately: true
      })
      yield* TestClock.adjust(40)
      assert.deepStrictEqual(read, [0, 1, 2])
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(ends(yield* Fiber.join(fiber)), [600, 700, 1])
    }))

  it.effect("the deadline begins with the whole turn, for calls that run and for those that wait", () =>
    Effect.gen(function*() {
      const calls = arriving([
        { at: 10, name: "look", arguments: { ms: 5000 } },
        { at: 20, name: "change", arguments: { ms: 5000 } },
        { at: 30, name: "look", arguments: { ms: 1010 } }
      ], 1000)
      const { spans } = yield* dispatch(calls, { deadline: 100 })
      assert.deepStrictEqual(spans, [["Timeout", 10, 1100], ["Timeout", 1000, 1100], [30, 1040]])
    }))

  it.effect("a call that is too late is told the deadline that the turn had", () =>
    Effect.gen(function*() {
      const { outcomes } = yield* dispatch(arriving(looks([10, 5000]), 1000), { deadline: 100 })
      assert.deepInclude(JSON.parse(outcomes[0]!.encoded).error.data, { limit: "deadline", millis: 100 })
    }))

  it.effect("steps of plans count behind the turn's own calls", () =>
    Effect.gen(function*() {
      const steps = ["a", "b", "c"].map((id) => ({ id, tool: "look", arguments: { ms: 1 } }))
      const calls = arriving([
        { at: 10, name: "plan", arguments: { steps } },
        { at: 20, name: "look", arguments: { ms: 1 } },
        { at: 30, name: "look", arguments: { ms: 1 } }
      ], 40)
      const planning = Toolkit.merge(toolkit, Toolkit.make(Plan.tool(toolkit)))
      const { outcomes } = yield* aDayOf(Batch.dispatch(planning, calls, { maxCalls: 4 }))
      const shown: { readonly steps: ReadonlyArray<object> } = JSON.parse(outcomes[0]!.encoded)
      assert.deepStrictEqual(shown.steps.map((step) => "ok" in step), [true, true, false])
    }))

  it.effect("a call's own timeout begins with the call, however long the turn goes on", () =>
    Effect.gen(function*() {
      const calls = arriving(looks([10, 5000]), 1000)
      assert.deepStrictEqual((yield* dispatch(calls, { timeout: 300, deadline: 1 })).spans, [["Timeout", 10, 310]])
      const short = arriving(looks([10, 5000]), 100)
      assert.deepStrictEqual((yield* dispatch(short, { timeout: 300, deadline: 900 })).spans, [["Timeout", 10, 310]])
    }))

  it.effect("a runner's limits hold for what is dispatched and for what is run", () =>
    Effect.gen(function*() {
      const { counts, measured } = gauge()
      const counted = Toolkit.make(acting("look", () => measured(Effect.as(Effect.sleep(10), "x")), { readOnly: true }))
      const runner = yield* Batch.make({ concurrency: 2 })
      const calls = Array.from({ length: 4 }, (_, index) => ToolCall.make({ id: `c${index}`, name: "look", index }))
      yield* aDayOf(
        Effect.all([runner.run(counted, calls), runner.dispatch(counted, Stream.fromIterable(calls))], {
          concurrency: 2
        })
      )
      assert.deepStrictEqual(counts, { started: 8, running: 0, most: 2 })
    }))
})

describe("a turn that breaks off", () => {
  const broken = arriving([
    { at: 10, name: "look", arguments: { ms: 500 } },
    { at: 20, name: "change", arguments: { ms: 5 } },
    { at: 30, name: "write_account", arguments: { ms: 5 } },
    { at: 40, name: "read_account", arguments: { ms: 5 } }
  ], 100).pipe(Stream.concat(Stream.fail("cut off" as const)))

  it.effect("keeps what had started, and answers the others as cut off; how it ended stands beside them", () =>
    Effect.gen(function*() {
      const { end, spans } = yield* dispatch(broken)
      assert.deepStrictEqual(spans, [[10, 510], ...Array.from({ length: 3 }, () => ["Truncated", 100, 100] as const)])
      assert.deepStrictEqual(end, Exit.fail("cut off"))
    }))

  it.effect("asks for no decision on calls that waited for its end", () =>
    Effect.gen(function*() {
      const asked: Array<string> = []
      const approver = Approver.layer(({ call }) => Effect.sync(() => (asked.push(call.id), "allowed")))
      const asks = { ...lasting("look", true), approval: () => true }
      const ended = (end: Stream.Stream<never, string>) => {
        const calls = Stream.concat(arriving(looks([10, 5], [20, 5]), 30), end)
        return Effect.map(aDayOf(Effect.provide(Batch.dispatch(Toolkit.make(asks), calls), approver)), ends)
      }
      assert.deepStrictEqual([yield* ended(Stream.fail("cut off")), asked], [["Truncated", "Truncated"], []])
      assert.deepStrictEqual([yield* ended(Stream.empty), asked], [[5, 5], ["c0", "c1"]])
    }))

  it.effect.each<readonly [what: string, last: Stream.Stream<never>]>([
    ["a crash", Stream.die(new Error("bug"))],
    ["what is no effect", Stream.fromEffect("bug" as never)],
    ["no stream", Stream.unwrap("bug" as never)],
    ["no call", Stream.make(null as never)]
  ])("with %s is settled as well", ([, last]) =>
    Effect.gen(function*() {
      const calls = Stream.concat(arriving(looks([10, 5]), 20), last)
      const { end, spans } = yield* dispatch(calls)
      assert.deepStrictEqual(spans, [[10, 15]])
      assert(Exit.isFailure(end) && Cause.hasDies(end.cause))
    }))

  it.effect("before any call has no outcomes", () =>
    Effect.gen(function*() {
      const { end, outcomes } = yield* dispatch(Stream.fail("nothing"))
      assert.deepStrictEqual([outcomes, end], [[], Exit.fail("nothing")])
    }))
})

describe("interruption", () => {
  it.effect("ends the stream and the calls in flight, waits for their finalizers, and starts nothing more", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const note = (what: string) => Effect.sync(() => void log.push(what))
      const started = yield* Deferred.make<void>()
      const slow = acting(
        "slow",
        () =>
          Effect.andThen(Deferred.succeed(started, undefined), Effect.never).pipe(
            Effect.onInterrupt(() => Effect.andThen(Effect.sleep(100), note("cleaned up")))
          ),
        { readOnly: true }
      )
      const change = acting("change", () => Effect.as(note("changed"), "x"))
      const calls = Stream.concat(
        Stream.make(ToolCall.make({ id: "a", name: "slow" }), ToolCall.make({ id: "b", name: "change", index: 1 })),
        Stream.never
      ).pipe(Stream.ensuring(note("stream closed")))
      const fiber = yield* Effect.forkChild(Batch.dispatch(Toolkit.make(slow, change), calls))
      yield* Deferred.await(started)
      const interrupted = yield* Effect.forkChild(Fiber.interrupt(fiber), { startImmediately: true })
      yield* TestClock.adjust(99)
      assert.isUndefined(interrupted.pollUnsafe())
      yield* TestClock.adjust(1)
      yield* Fiber.join(interrupted)
      assert.deepStrictEqual(log, ["stream closed", "cleaned up"])
    }))
})

/**
 * What goes on after its call was answered, and when a call's time begins (cases 11, 12 and 13).
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Batch, Limits, Recorder, Tool, Toolkit } from "@volley/core"
import { Clock, Effect, Fiber, Result, Schema, SchemaGetter } from "effect"
import { TestClock } from "effect/testing"
import { aDayOf } from "../order/support.ts"
import { ends, recordingLogger } from "../support.ts"
import { asking, doing, promising, recording, stopwatch } from "./support.ts"

describe("a promise whose call timed out", () => {
  const hanging = () => {
    const ends: Array<(value: unknown) => void> = []
    const fails: Array<(error: unknown) => void> = []
    const ignores = promising("ignores", () =>
      new Promise((resolve, reject) => {
        ends.push(resolve)
        fails.push(reject)
      }))
    const honours = promising(
      "honours",
      (_, signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))
    )
    return { ends, fails, toolkit: Toolkit.make(ignores, honours) }
  }

  it.effect.each(["ends", "fails"] as const)(
    "is a stray where it ignores its signal: listed, awaitable, logged once when it %s",
    (how) =>
      Effect.gen(function*() {
        const { layer, lines } = recordingLogger()
        const hangs = hanging()
        const run = Batch.run(hangs.toolkit, asking(["ignores"], ["honours"]), { timeout: 50 })
        const settled = yield* aDayOf(Effect.provide(run, layer))
        assert.deepStrictEqual(ends(settled), ["Timeout", "Timeout"])
        assert.deepStrictEqual(settled.strays.filter(({ call }) => call.name === "ignores").length, 1)
        const waiting = yield* Effect.forkChild(
          Effect.forEach(settled.strays, (stray) => stray.await),
          { startImmediately: true }
        )
        assert.deepStrictEqual([lines, waiting.pollUnsafe()], [[], undefined])
        hangs[how][0]!("late")
        yield* Fiber.join(waiting)
        yield* TestClock.adjust(1)
        assert.deepStrictEqual(lines.map(({ annotations, level }) => [annotations, level]), [
          [{ callId: "c0", tool: "ignores" }, "Warn"]
        ])
      })
  )

  it.effect.each(["ends", "fails"] as const)("is not read any more when it %s", (how) =>
    Effect.gen(function*() {
      const read: Array<unknown> = []
      const late = Promise.withResolvers<number>()
      const tool = Tool.fromFunction("tool", {
        description: "For tests.",
        parameters: Schema.Struct({}),
        success: Schema.Int.pipe(Schema.decodeTo(Schema.Int, {
          decode: SchemaGetter.passthrough(),
          encode: SchemaGetter.transform((n) => (read.push(n), n))
        })),
        failure: Schema.String,
        catch: (error) => `${read.push(error)}`,
        execute: () => late.promise
      })
      const settled = yield* aDayOf(Batch.run(Toolkit.make(tool), asking(["tool"]), { timeout: 50 }))
      assert.deepStrictEqual(ends(settled), ["Timeout"])
      if (how === "ends") late.resolve(7)
      else late.reject("no")
      yield* Effect.forEach(settled.strays, (stray) => stray.await)
      assert.deepStrictEqual(read, [])
    }))

  it.effect("is none where it honours its signal: not logged, and over at once", () =>
    Effect.gen(function*() {
      const { layer, lines } = recordingLogger()
      const { toolkit } = hanging()
      for (const options of [{ timeout: 50 }, { deadline: 50 }]) {
        const settled = yield* aDayOf(Effect.provide(Batch.run(toolkit, asking(["honours"]), options), layer))
        assert.deepStrictEqual(ends(settled), ["Timeout"])
        yield* Effect.forEach(settled.strays, (stray) => stray.await)
      }
      yield* TestClock.adjust(1)
      assert.deepStrictEqual(lines, [])
    }))
})

describe("arguments that throw when they are read", () => {
  const nasty = () =>
    Object.defineProperty({}, "n", {
      enumerable: true,
      get: () => {
        throw new Error("not for you")
      }
    })

  it.effect.each(
    [
      ["waits for nothing", {}],
      ["touches something", { access: [Access.write("k")] }],
      ["touches what they say", { access: ({ n }: { readonly n?: unknown }) => [Access.write(`${n}`)] }],
      ["is limited", { limits: [Limits.concurrency(1)] }]
    ] as const
  )("are that call's outcome alone, of a tool that %s", ([, says]) =>
    Effect.gen(function*() {
      const tool = doing("t", ({ n }) => Effect.succeed(n), says)
      const struct = Tool.make("struct", {
        description: "For tests.",
        parameters: Schema.Struct({ n: Schema.Int }),
        success: Schema.Int,
        ...says,
        execute: ({ n }) => Effect.succeed(n)
      })
      const calls = asking(["t", { n: 1 }], ["t", nasty()], ["struct", nasty()], ["t", { deep: [nasty()] }], [
        "struct",
        { n: 2 }
      ])
      const settled = yield* aDayOf(Batch.run(Toolkit.make(tool, struct), calls))
      assert.deepStrictEqual(ends(settled), [
        1,
        "InvalidArguments",
        "InvalidArguments",
        "InvalidArguments",
        2
      ])
      assert.deepStrictEqual(settled.outcomes.map(({ attempts }) => attempts), [1, 0, 0, 0, 1])
      for (const { encoded } of settled.outcomes.slice(1, 4)) assert.include(encoded, "it cannot be read: not for you")
    }))
})

describe("a call's time", () => {
  /** The clock of the test, and a way to have it go on while code runs. */
  const busyClock = Effect.clockWith((clock) => {
    let busy = 0
    const now = () => clock.currentTimeMillisUnsafe() + busy
    const nanos = () => clock.monotonicTimeNanosUnsafe() + BigInt(busy) * 1_000_000n
    const ahead: Clock.Clock = {
      currentTimeMillisUnsafe: now,
      currentTimeMillis: Effect.sync(now),
      currentTimeNanosUnsafe: () => clock.currentTimeNanosUnsafe() + BigInt(busy) * 1_000_000n,
      currentTimeNanos: Effect.sync(() => clock.currentTimeNanosUnsafe() + BigInt(busy) * 1_000_000n),
      monotonicTimeNanosUnsafe: nanos,
      monotonicTimeNanos: Effect.sync(nanos),
      sleep: (duration) => clock.sleep(duration)
    }
    return Effect.succeed({ clock: ahead, work: (millis: number) => void (busy += millis) })
  })

  it.effect("begins before its handler is called: 90 ms of work without a pause leave 10 of 100", () =>
    Effect.gen(function*() {
      const { clock, work } = yield* busyClock
      const slept = yield* stopwatch
      const tools = Toolkit.make(
        doing("effect", () => {
          work(90)
          return Effect.never
        }),
        doing("begins", () => Effect.andThen(Effect.sync(() => work(90)), Effect.never)),
        promising("promise", () => {
          work(90)
          return new Promise(() => undefined)
        })
      )
      for (const name of ["effect", "begins", "promise"] as const) {
        const began = slept()
        const run = Effect.map(
          Batch.run(tools, asking([name]), { timeout: 100 }),
          ({ outcomes }) => [outcomes[0]!.endedAt - outcomes[0]!.startedAt, slept() - began]
        )
        const fiber = yield* Effect.forkChild(Effect.provideService(run, Clock.Clock, clock), {
          startImmediately: true
        })
        yield* TestClock.adjust(100)
        assert.deepStrictEqual(yield* Fiber.join(fiber), [100, 10], name)
      }
    }))

  it.effect("is over at the deadline, however long code goes on without a pause: none starts then", () =>
    Effect.gen(function*() {
      const { clock, work } = yield* busyClock
      const works = () => Effect.sync(() => work(25))
      const tools = Toolkit.make(doing("works", works), doing("waits", works, { limits: [Limits.concurrency(1)] }))
      for (const name of ["works", "waits"] as const) {
        const run = Batch.run(tools, asking([name], [name], [name]), { concurrency: 1, deadline: 50 })
        const { outcomes } = yield* Effect.provideService(run, Clock.Clock, clock)
        assert.deepStrictEqual(outcomes.map(({ attempts }) => attempts), [1, 1, 0], name)
        const { endedAt, result, startedAt } = outcomes[2]!
        assert(Result.isFailure(result) && result.failure._tag === "CallError")
        assert.deepInclude(result.failure.reason, { _tag: "Timeout", limit: "deadline", started: false })
        assert.strictEqual(startedAt, endedAt)
      }
    }))

  it.effect("is over at the deadline for a call that does not start any more, whose end is recorded all the same", () =>
    Effect.gen(function*() {
      const { clock, work } = yield* busyClock
      const kept: Array<readonly [id: string, attempts: number]> = []
      const keep = (id: string, { attempts }: Recorder.Ended) =>
        Effect.andThen(Effect.sleep(60), Effect.sync(() => void kept.push([id, attempts])))
      const recorder = recording(({ call }, run) => Effect.tap(run, (ended) => keep(call.id, ended)))
      const tools = Toolkit.make(doing("works", () => Effect.sync(() => work(25)), { limits: [Limits.concurrency(3)] }))
      const run = Effect.provideService(
        Batch.run(tools, asking(["works"], ["works"], ["works"]), { deadline: 50 }),
        Clock.Clock,
        clock
      )
      const { outcomes } = yield* aDayOf(Effect.provideService(run, Recorder.Recorder, recorder))
      assert.deepStrictEqual(outcomes.map(({ attempts }) => attempts), [1, 1, 0])
      assert.deepStrictEqual(kept, [["c0", 1], ["c1", 1], ["c2", 0]])
    }))
})

/**
 * What broke once: facts about calls that were stopped, thrown at or left at odd moments.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Approver, Batch, Limits, Pipeline, Recorder, Tool, ToolCall, Toolkit } from "@volley/core"
import { Deferred, Duration, Effect, Fiber, Layer, Logger, Schedule, Schema, Stream, Tracer } from "effect"
import { RateLimiter } from "effect/persistence"
import { TestClock } from "effect/testing"
import { aDayOf } from "./order/support.ts"
import { acting, Anything, callsOf, ends, shown, timesOf } from "./support.ts"

const quiet = Effect.provide(Logger.layer([]))

const slow = acting("slow", () => Effect.as(Effect.sleep(50), "slow"))

const none = (): Effect.Effect<never> => 5 as never

const rated = Tool.make("rated", {
  description: "Has a rate.",
  parameters: Anything,
  success: Schema.String,
  limits: [Limits.rate({ limit: 5, window: "1 second" })],
  execute: () => Effect.succeed("rated")
})

/** What a limiter says that has room. */
const consumed = { delay: Duration.zero, limit: 5, remaining: 4, resetAfter: Duration.zero }

/** A tool without an effect on anything that says of itself what it is given. */
const claiming = (
  name: string,
  claims: Pick<Tool.Any, "claims">,
  execute: () => Effect.Effect<string> = () => Effect.succeed(name)
) => ({
  ...acting(name, execute),
  ...claims
})

describe("a call that is thrown at", () => {
  const beside = (
    effect: Effect.Effect<Batch.Settled<Tool.Any>>
  ): Effect.Effect<ReadonlyArray<unknown>> => Effect.map(Effect.orDie(quiet(aDayOf(effect))), ends)

  it.effect("is the only one that is undecided when the approver says nothing, at once or later", () =>
    Effect.gen(function*() {
      const asking = { ...acting("asking", () => Effect.succeed("ran")), approval: () => true }
      const batch = Batch.run(Toolkit.make(asking, slow), callsOf("asking", "slow"))
      for (const saying of [Effect.void, Effect.sleep(5)]) {
        const decide = Approver.layer(() => saying as never)
        assert.deepStrictEqual(yield* beside(Effect.provide(batch, decide)), ["Undecided", "slow"])
      }
    }))

  it.effect("is undecided when the approver gives no effect", () =>
    Effect.gen(function*() {
      const asking = { ...acting("asking", () => Effect.succeed("ran")), approval: () => true }
      const decide = Approver.layer(() => Promise.resolve("allowed") as never)
      const batch = Batch.run(Toolkit.make(asking, slow), callsOf("asking", "slow"))
      assert.deepStrictEqual(yield* beside(Effect.provide(batch, decide)), ["Undecided", "slow"])
    }))

  it.effect("crashes before it has run when the approver ends in what is no effect, and says so", () =>
    Effect.gen(function*() {
      const asking = { ...acting("asking", () => Effect.succeed("ran")), approval: () => true }
      const decide = Approver.layer(() => Effect.flatMap(Effect.sleep(5), none))
      const batch = Batch.run(Toolkit.make(asking), callsOf("asking"))
      const settled = yield* quiet(aDayOf(Effect.provide(batch, decide)))
      assert.deepInclude(shown(settled), { type: "Defect", safeToRepeat: true })
    }))

  it.effect("crashes alone when what it touches cannot be read", () =>
    Effect.gen(function*() {
      const access = () => ({ access: [{ mode: "read", key: undefined as never }], slots: [], rates: [] } as const)
      const toolkit = Toolkit.make(claiming("odd", { claims: access }), slow)
      assert.deepStrictEqual(yield* beside(Batch.run(toolkit, callsOf("odd", "slow"))), ["Defect", "slow"])
    }))

  it.effect("crashes alone when its limits are none", () =>
    Effect.gen(function*() {
      const odd = Tool.make("odd", {
        description: "Has odd limits.",
        parameters: Anything,
        success: Schema.String,
        limits: () => ["often"] as never,
        execute: () => Effect.succeed("odd")
      })
      assert.deepStrictEqual(yield* beside(Batch.run(Toolkit.make(odd, slow), callsOf("odd", "slow"))), [
        "Defect",
        "slow"
      ])
    }))

  it.effect("crashes when its limiter gives no effect, at once or later, and keeps nobody else from asking", () =>
    Effect.gen(function*() {
      for (const odd of [none, () => Effect.flatMap(Effect.sleep(5), none)]) {
        let asked = 0
        const limiter = Layer.succeed(
          RateLimiter.RateLimiter,
          { consume: () => asked++ === 0 ? odd() : Effect.succeed(consumed) } as never
        )
        const limits = Layer.provide(Layer.effect(Limits.Limits, Limits.make), limiter)
        const batch = Batch.run(Toolkit.make(rated, slow), callsOf("rated", "slow", "rated"))
        assert.deepStrictEqual(yield* beside(Effect.provide(batch, limits)), ["Defect", "slow", "rated"])
      }
    }))

  it.effect("crashes when its recorder throws or gives no effect", () =>
    Effect.gen(function*() {
      const recorder: Recorder.Recorder = {
        known: () => undefined,
        call: (_, run) => run
      }
      const thrown = () => {
        throw new Error("bug")
      }
      const broken = [{ known: thrown }, { call: thrown }, { call: none }, { call: () => Effect.void as never }]
      for (const part of broken) {
        const batch = Batch.run(Toolkit.make(slow), callsOf("slow"))
        const run = Effect.provideService(batch, Recorder.Recorder, { ...recorder, ...part })
        assert.deepStrictEqual(yield* beside(run), ["Defect"])
      }
    }))

  it.effect("crashes when its recorder does so over it alone, though an equal call has an answer", () =>
    Effect.gen(function*() {
      const thrown = () => {
        throw new Error("bug")
      }
      const same = Tool.make("same", {
        description: "Reads.",
        parameters: Anything,
        success: Schema.String,
        readOnly: true,
        execute: () => Effect.succeed("same")
      })
      for (const odd of [none, () => Effect.flatMap(Effect.sleep(5), none), thrown, () => Effect.die("disk")]) {
        const recorder: Recorder.Recorder = {
          known: () => undefined,
          call: ({ call: { id } }, run) => id === "call_2" ? odd() : run
        }
        const batch = Batch.run(Toolkit.make(Tool.coalesce(same)), timesOf(3, "same"))
        const run = Effect.provideService(batch, Recorder.Recorder, recorder)
        assert.deepStrictEqual(yield* beside(run), ["same", "Defect", "same"])
      }
    }))

  it.effect("goes on when the tracer throws, at the beginning or at the end of a span", () =>
    Effect.gen(function*() {
      const thrown = () => {
        throw new Error("bug")
      }
      const atEnd = (options: ConstructorParameters<typeof Tracer.NativeSpan>[0]) =>
        Object.assign(new Tracer.NativeSpan(options), { end: thrown })
      for (const span of [thrown, atEnd]) {
        const batch = Batch.run(Toolkit.make(slow), timesOf(3, "slow"), { concurrency: 1 })
        const run = Effect.provideService(batch, Tracer.Tracer, Tracer.make({ span }))
        assert.deepStrictEqual(yield* beside(run), ["slow", "slow", "slow"])
      }
    }))
})

describe("a batch that its own first call interrupts", () => {
  it.effect.each([["wait for nothing", []], ["wait for each other", [Access.read("k")]]] as const)(
    "starts no other, where calls %s",
    ([, access]) =>
      Effect.gen(function*() {
        const started: Array<string> = []
        const interrupting = (fiber: Fiber.Fiber<unknown, unknown>) => ({
          ...acting("stops", (_, { id }) =>
            Effect.sync(() => {
              started.push(id)
              fiber.interruptUnsafe()
              return id
            })),
          claims: { access, slots: [], rates: [] }
        })
        const batch = Effect.withFiber((fiber) => Batch.run(Toolkit.make(interrupting(fiber)), timesOf(3, "stops")))
        yield* Fiber.await(yield* Effect.forkChild(batch, { startImmediately: true }))
        assert.deepStrictEqual(started, ["call_1"])
      })
  )
})

describe("a call that is stopped", () => {
  it.effect("takes the steps of its steps with it at its timeout", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const step = Tool.make("step", {
        description: "One step.",
        parameters: Schema.Struct({ n: Schema.Int }),
        success: Schema.Int,
        execute: ({ n }) =>
          Effect.onInterrupt(
            Effect.andThen(Effect.sync(() => log.push(`start ${n}`)), Effect.as(Effect.sleep(60), n)),
            () => Effect.sync(() => log.push(`stop ${n}`))
          )
      })
      const list = Tool.make("list", {
        description: "A list.",
        parameters: Schema.Struct({}),
        success: Schema.Array(Schema.Int),
        execute: () => Effect.succeed([1, 2, 3, 4, 5, 6])
      })
      const all = Pipeline.tool("all", {
        description: "All of them.",
        parameters: Schema.Struct({}),
        success: Schema.Array(Schema.Int),
        timeout: 80,
        build: (call) => Pipeline.each(call(list, {}), (n) => call(step, { n }))
      })
      yield* aDayOf(Batch.run(Toolkit.make(all), callsOf("all"), { concurrency: 2 }))
      const expected = ["start 1", "start 2", "start 3", "start 4", "stop 3", "stop 4"]
      assert.deepStrictEqual(log, expected)
      yield* TestClock.adjust("1 day")
      assert.deepStrictEqual(log, expected)
    }))

  it.effect("is no stray where its promise had ended, and it waited for its next attempt", () =>
    Effect.gen(function*() {
      const failing = Tool.fromFunction("failing", {
        description: "Fails.",
        parameters: Anything,
        success: Schema.String,
        failure: Schema.String,
        readOnly: true,
        execute: () => Promise.reject<string>(new Error("no")),
        catch: () => "no"
      })
      const options = { timeout: 50, retry: Schedule.spaced("1 second") }
      const running = yield* Effect.forkChild(Batch.run(Toolkit.make(failing), callsOf("failing"), options))
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 20)))
      yield* TestClock.adjust("1 minute")
      const settled = yield* Fiber.join(running)
      assert.deepStrictEqual([ends(settled), settled.strays.length], [["Timeout"], 0])
    }))

  it.effect("while a limiter is asked, keeps nobody else from asking", () =>
    Effect.gen(function*() {
      let asked = 0
      const consume = () => asked++ === 0 ? Effect.never : Effect.succeed(consumed)
      const limiter = Layer.succeed(RateLimiter.RateLimiter, { consume } as never)
      const limits = Layer.provide(Layer.effect(Limits.Limits, Limits.make), limiter)
      const run = Batch.run(Toolkit.make(rated), callsOf("rated"), { deadline: "1 minute" })
      const both = Effect.zip(run, run)
      const [first, second] = yield* aDayOf(Effect.provide(both, limits))
      assert.deepStrictEqual([ends(first), ends(second)], [["Timeout"], ["rated"]])
    }))
})

describe("a runner of several batches", () => {
  it.effect("gets calls that have what each other lack out of it, also after an inner batch was interrupted", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({ concurrency: 2 })
      const slots = (...keys: ReadonlyArray<string>) => ({
        claims: { access: [], slots: keys.map((key) => ({ key, limit: 1 })), rates: [] }
      })
      const long = claiming("long", slots("long"), () => Effect.as(Effect.sleep(100), "long"))
      const cut = acting(
        "cut",
        () => Effect.as(Effect.timeoutOption(runner.run(Toolkit.make(long), timesOf(2, "long")), 20), "cut")
      )
      yield* aDayOf(runner.run(Toolkit.make(cut), callsOf("cut")))
      const inner = (name: string, key: string) => {
        const leaf = claiming(`leaf_${key}`, slots(key))
        return runner.run(Toolkit.make(leaf), callsOf(leaf.name)).pipe(Effect.delay(10), Effect.as(name))
      }
      const crossed = [["one", "a", "b"], ["two", "b", "a"]].map(([name = "", own = "", other = ""]) =>
        claiming(name, slots(own), () => inner(name, other))
      )
      const batch = runner.run(Toolkit.make(...crossed), callsOf("one", "two"))
      assert.deepStrictEqual(ends(yield* aDayOf(batch)), ["one", "two"])
    }))

  it.effect("starts each call once of a batch that goes on after the batch around it was interrupted", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({ concurrency: 3 })
      const started: Array<string> = []
      const leaf = Tool.make("leaf", {
        description: "A leaf.",
        parameters: Anything,
        success: Schema.String,
        limits: [Limits.concurrency(3, "leaves")],
        execute: (_, { id }) => Effect.andThen(Effect.sync(() => started.push(id)), Effect.as(Effect.sleep(20), "leaf"))
      })
      const inner = Effect.delay(runner.run(Toolkit.make(leaf), timesOf(2, "leaf")), 5)
      const around = acting("around", () => Effect.as(Effect.uninterruptible(inner), "around"))
      yield* aDayOf(Effect.timeoutOption(runner.run(Toolkit.make(around), callsOf("around")), 3))
      yield* TestClock.adjust("1 day")
      assert.deepStrictEqual(started, ["call_1", "call_2"])
    }))
})

describe("calls in order", () => {
  it.effect("come by their index where two have the same", () =>
    Effect.gen(function*() {
      const began: Array<string> = []
      const read = acting("read", (_, { id }) => Effect.sync(() => began.push(id)).pipe(Effect.as("read")), {
        readOnly: true
      })
      const calls = ([["a", 0], ["b", 0], ["d", 2], ["c", 1]] as const).map(([id, index]) =>
        ToolCall.make({ id, name: "read", index })
      )
      yield* Batch.dispatch(Toolkit.make(read), Stream.fromIterable(calls))
      assert.deepStrictEqual(began, ["a", "b", "c", "d"])
    }))

  it.effect("that touch nothing start once nobody before them wants to be alone any more", () =>
    Effect.gen(function*() {
      const opened = yield* Deferred.make<void>()
      const asking = { approval: () => true }
      const alone = {
        ...claiming("alone", { claims: { access: [Access.exclusive], slots: [], rates: [] } }),
        ...asking
      }
      const one = acting("one", () => Effect.succeed("one"))
      const pipeline = Pipeline.tool("pipeline", {
        description: "A pipeline.",
        parameters: Schema.Struct({}),
        success: Schema.String,
        approval: "always",
        build: (call) => call(one, {})
      })
      // The pipeline is allowed only after the last call has started.
      const free = acting("free", () => Effect.as(Deferred.succeed(opened, undefined), "free"))
      const decide = Approver.layer(({ tool }) =>
        tool === "alone" ? Effect.as(Effect.sleep(5), "denied") : Effect.as(Deferred.await(opened), "allowed")
      )
      const batch = Batch.run(Toolkit.make(pipeline, alone, free), callsOf("pipeline", "alone", "free"))
      const settled = yield* aDayOf(Effect.provide(batch, decide))
      assert.deepStrictEqual(ends(settled), ["one", "Denied", "free"])
    }))

  it.effect("are equal only where their tools are the same, not where these have one name", () =>
    Effect.gen(function*() {
      const get = (value: string) =>
        Tool.coalesce(Tool.make("get", {
          description: "Gets.",
          parameters: Schema.Struct({}),
          success: Schema.String,
          readOnly: true,
          execute: () => Effect.succeed(value)
        }))
      const inside = Pipeline.tool("inside", {
        description: "A pipeline.",
        parameters: Schema.Struct({}),
        success: Schema.String,
        build: (call) => call(get("two"), {})
      })
      const batch = Batch.run(Toolkit.make(get("one"), inside), callsOf("get", "inside"))
      assert.deepStrictEqual(ends(yield* batch), ["one", "two"])
    }))
})

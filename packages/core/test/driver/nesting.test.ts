/**
 * Runs inside tools: a call lends what it holds to them, and they share nothing else (cases 4 and 10).
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Agent, Batch, Limits, Pipeline, Plan, Tool, Toolkit } from "@volley/core"
import { Generate, ScriptedModel } from "@volley/testing"
import { Arbitrary, Deferred, Effect, Fiber, Logger, Result, Schedule, Schema } from "effect"
import { TestClock } from "effect/testing"
import { aDayOf } from "../order/support.ts"
import { ends, gauge } from "../support.ts"
import { type Asked, asking, doing, many, sleeping, stopwatch } from "./support.ts"

const kinds = ["batch", "runner", "agent", "plan", "pipeline"] as const
type Kind = typeof kinds[number]

/** What a tool runs inside, level by level; nothing where it does the work itself. */
const Levels = Schema.Struct({
  levels: Schema.Array(Schema.Struct({ kind: Schema.Literals(kinds), width: Schema.Int }))
})
type Levels = typeof Levels.Type
type Nest = Tool.Tool<"nest", typeof Levels, typeof Schema.Int, typeof Schema.Never, never>

/** A tool that runs itself inside batches, agents, plans and pipelines of its own; it counts who does the work. */
const nesting = (runner: Batch.Runner, limits: ReadonlyArray<Limits.Limit> = []) => {
  const { counts, measured } = gauge()
  const nest: Nest = Tool.make("nest", {
    description: "For tests.",
    parameters: Levels,
    success: Schema.Int,
    limits,
    execute: ({ levels: [first, ...rest] }) =>
      first === undefined
        ? measured(Effect.as(Effect.sleep(10), 1))
        : Effect.map(inside[first.kind](first.width, { levels: rest }), (all) => all.reduce((sum, n) => sum + n, 0))
  })
  const toolkit = Toolkit.make(nest)
  const calls = (width: number, args: Levels) => many(width, "nest", () => args)
  const numbers = ({ outcomes }: Batch.Settled<Nest>) =>
    outcomes.map(({ result }) => Result.isSuccess(result) ? result.success : NaN)
  type Run = (width: number, args: Levels) => Effect.Effect<ReadonlyArray<number>>
  const inside: Record<Kind, Run> = {
    batch: (width, args) => Effect.map(Batch.run(toolkit, calls(width, args)), numbers),
    runner: (width, args) => Effect.map(runner.run(toolkit, calls(width, args)), numbers),
    agent: (width, args) => {
      const turn = ScriptedModel.calls(...calls(width, args))
      const agent = Agent.run({ toolkit, prompt: "Go." })
      return Effect.map(
        Effect.orDie(Effect.provide(agent, ScriptedModel.layer([turn, ScriptedModel.says("done")]))),
        ({ rounds }) => rounds.flatMap(({ settled }) => numbers(settled))
      )
    },
    plan: (width, args) => {
      const steps = calls(width, args).map(({ id }) => ({ id, tool: "nest", arguments: args }))
      const planned = Batch.run(Toolkit.make(Plan.tool(toolkit)), asking(["plan", { steps }]))
      return Effect.map(
        planned,
        ({ outcomes }) => JSON.parse(outcomes[0]!.encoded).steps.map(({ ok }: { readonly ok: number }) => ok)
      )
    },
    pipeline: (width, args) => {
      const pipeline = Pipeline.make((call) =>
        Object.fromEntries(calls(width, args).map(({ id }) => [id, call(nest, args)]))
      )
      return Effect.map(
        Pipeline.run(pipeline),
        ({ steps }) => Object.values(steps).map(({ result }) => Result.isSuccess(result) ? result.success : NaN)
      )
    }
  }
  return { counts, inside, toolkit }
}

const leavesOf = ({ levels }: Levels): number => levels.reduce((all, { width }) => all * width, 1)

const level = Arbitrary.all({
  kind: Generate.oneOf(...kinds),
  width: Generate.oneOf(1, 2, 3)
})
const three = Arbitrary.map(Arbitrary.all({ a: level, b: level, c: level }), ({ a, b, c }) => ({ levels: [a, b, c] }))

describe("runs inside tools, three levels deep, on one runner", () => {
  it.effect.prop(
    "end at every limit, and never more are at work than that",
    { limit: Generate.oneOf(1, 2, 3, 4), one: three, other: three },
    ({ limit, one, other }) =>
      Effect.gen(function*() {
        const runner = yield* Batch.make({ concurrency: limit })
        const { counts, inside } = nesting(runner)
        const both = [inside.runner(2, one), inside.runner(1, other)]
        const all = yield* aDayOf(Effect.all(both, { concurrency: 2 }))
        assert.deepStrictEqual(all, [[leavesOf(one), leavesOf(one)], [leavesOf(other)]])
        assert.isAtMost(counts.most, limit)
        assert.strictEqual(counts.started, 2 * leavesOf(one) + leavesOf(other))
      }),
    { arbitrary: { runs: 150 } }
  )

  it.effect.each(kinds)("work at as many at once as the limit allows: %s", (kind) =>
    Effect.gen(function*() {
      for (const limit of [1, 2, 3, 4]) {
        const { counts, inside } = nesting(yield* Batch.make({ concurrency: limit }))
        const levels = [0, 1, 2].map(() => ({ kind, width: 3 }))
        const now = yield* stopwatch
        assert.deepStrictEqual(yield* aDayOf(inside.runner(1, { levels })), [27])
        assert.deepStrictEqual([counts.most, counts.started, now() > 0], [limit, 27, true])
      }
    }))

  it.effect.each(kinds)(
    "share a limit of their tool with the call that they are inside of: %s",
    (kind) =>
      Effect.gen(function*() {
        for (const limit of [1, 2, 3]) {
          const runner = yield* Batch.make({ concurrency: "unbounded" })
          const { counts, inside } = nesting(runner, [Limits.concurrency(limit)])
          const levels = [0, 1, 2].map(() => ({ kind, width: 2 }))
          assert.deepStrictEqual(yield* aDayOf(inside.runner(3, { levels })), [8, 8, 8])
          assert.strictEqual(counts.most, limit)
        }
      })
  )

  it.effect("share a limit of their tool with the call that they are inside of, on another runner of the same limits", () =>
    Effect.gen(function*() {
      for (const limit of [1, 2, 3]) {
        const made = Batch.make({ concurrency: 4 })
        const [outer, inner] = yield* Effect.provide(Effect.all([made, made]), Limits.layer, { local: true })
        const { counts, inside, toolkit } = nesting(inner, [Limits.concurrency(limit)])
        const levels = [0, 1].map(() => ({ kind: "runner" as const, width: 2 }))
        const beside = inside.runner(2, { levels })
        const calls = many(3, "nest", () => ({ levels }))
        const [settled, others] = yield* aDayOf(Effect.all([outer.run(toolkit, calls), beside], { concurrency: 2 }))
        assert.isTrue(settled.outcomes.every(({ encoded }) => encoded === "4"))
        assert.deepStrictEqual(others, [4, 4])
        assert.strictEqual(counts.most, limit)
      }
    }))
})

describe("tools of which one may run at a time, and that call each other", () => {
  it.effect.each([1, 2, 4, "unbounded"] as const)("all end, with %s slots", (concurrency) =>
    Effect.gen(function*() {
      const { counts, measured } = gauge()
      const limits = [Limits.concurrency(1)]
      type Calling = (depth: number) => Effect.Effect<unknown>
      const calling = (other: string): Calling => (depth) =>
        depth === 0
          ? measured(Effect.sleep(10))
          : Effect.map(Batch.run(toolkit(), many(2, other, () => ({ depth: depth - 1 }))), ends)
      const one = (name: string, call: Calling): Tool.Tool<
        string,
        Schema.Constraint,
        Schema.Constraint,
        Schema.Constraint,
        never
      > => doing(name, ({ depth }) => call(Number(depth)), { limits })
      const toolkit = () => Toolkit.make(one("a", calling("b")), one("b", calling("a")))
      const runner = yield* Batch.make({ concurrency, timeout: "unbounded" })
      const calls = asking(["a", { depth: 3 }], ["b", { depth: 3 }], ["a", { depth: 2 }])
      const settled = yield* aDayOf(runner.run(toolkit(), calls))
      assert.isTrue(settled.outcomes.every(({ result }) => Result.isSuccess(result)))
      assert.notInclude(JSON.stringify(ends(settled)), "Timeout")
      assert.strictEqual(counts.started, 8 + 8 + 4)
      assert.isAtMost(counts.most, 2)
    }))
})

const names = ["a", "b", "c"] as const

/** What a call works, then runs inside, level by level, and works again. */
const work = Arbitrary.all({
  name: Generate.oneOf(...names),
  width: Generate.oneOf(1, 2, 3),
  ms: Generate.oneOf(1, 5, 20)
})
type Work = ReadonlyArray<{ readonly name: typeof names[number]; readonly width: number; readonly ms: number }>
const Works = Schema.Struct({
  works: Schema.Array(Schema.Struct({ name: Schema.Literals(names), width: Schema.Int, ms: Schema.Finite }))
})
type Working = Tool.Tool<string, typeof Works, typeof Schema.Int, typeof Schema.Never, never>
const limit = Generate.oneOf(1, 2, 3)

describe("tools under limits of their own that call each other at random", () => {
  it.effect.prop(
    "all end, and never more of one are at work than its limit",
    {
      concurrency: Generate.oneOf(1, 2, 3, 8),
      limits: Arbitrary.all({ a: limit, b: limit, c: limit }),
      roots: Arbitrary.array(Arbitrary.array(work, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 })
    },
    ({ concurrency, limits, roots }) =>
      Effect.gen(function*() {
        const gauges = { a: gauge(), b: gauge(), c: gauge() }
        const toolkit = (): Toolkit.Toolkit<Working> =>
          Toolkit.make(...names.map((name): Working =>
            Tool.make(name, {
              description: "For tests.",
              parameters: Works,
              success: Schema.Int,
              limits: [Limits.concurrency(limits[name])],
              execute: ({ works }) => working(name, works)
            })
          ))
        const working = (name: typeof names[number], [one, ...rest]: Work): Effect.Effect<number> => {
          const works = gauges[name].measured(Effect.sleep(one?.ms ?? 1))
          const next = rest[0]
          if (next === undefined) return Effect.as(works, 1)
          const inside = Batch.run(toolkit(), many(next.width, next.name, () => ({ works: rest })), {
            timeout: "unbounded"
          })
          const added = Effect.map(inside, ({ outcomes }) =>
            outcomes.reduce((sum, { result }) =>
              sum + (Result.isSuccess(result) ? result.success : NaN), 1))
          return Effect.tap(Effect.andThen(works, added), () =>
            works)
        }
        const runner = yield* Batch.make({ concurrency, timeout: "unbounded", maxCalls: "unbounded" })
        const calls = asking(...roots.map((works) => [works[0]?.name ?? "a", { works }] as const))
        const { outcomes } = yield* aDayOf(runner.run(toolkit(), calls))
        const counts = (works: Work): number =>
          1 + (works[1] === undefined ? 0 : works[1].width * counts(works.slice(1)))
        assert.deepStrictEqual<unknown>(
          outcomes.map(({ result }) => Result.isSuccess(result) ? result.success : result.failure),
          roots.map(counts)
        )
        for (const name of names) assert.isAtMost(gauges[name].counts.most, limits[name], name)
      }),
    { arbitrary: { runs: 500 } }
  )
})

describe("runs of a runner inside calls of another one", () => {
  it.effect("are in order with each other", () =>
    Effect.gen(function*() {
      const [outer, other] = [yield* Batch.make(), yield* Batch.make()]
      const { counts, measured } = gauge()
      const write = doing("write", () => measured(Effect.sleep(10)), { access: [Access.write("k")] })
      const inside = doing("inside", () => Effect.map(other.run(Toolkit.make(write), many(2, "write")), ends))
      yield* aDayOf(outer.run(Toolkit.make(inside), many(3, "inside")))
      assert.deepStrictEqual([counts.started, counts.most], [6, 1])
    }))
})

describe("a run that a call begins and does not wait for", () => {
  const left = (fork: (run: Effect.Effect<unknown>) => Effect.Effect<unknown>) =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({ concurrency: 1 })
      const started: Array<string> = []
      const inner = doing("inner", (_, { id }) => Effect.andThen(Effect.sync(() => started.push(id)), sleeping(5)))
      const run = runner.run(Toolkit.make(inner), many(3, "inner"))
      const outer = doing("outer", () => Effect.as(Effect.andThen(fork(run), Effect.sleep(1)), "left"))
      const settled = yield* aDayOf(runner.run(Toolkit.make(outer), asking(["outer"])))
      assert.deepStrictEqual(ends(settled), ["left"])
      yield* TestClock.adjust("1 day")
      return started
    })

  it.effect("starts nothing more where it ends with the call", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* left((run) => Effect.forkChild(run, { startImmediately: true })), ["c0"])
    }))

  it.effect("starts each of its calls once where it goes on", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* left((run) => Effect.forkDetach(run, { startImmediately: true })),
        ["c0", "c1", "c2"]
      )
    }))

  it.effect("starts nothing either where it is stopped a moment after the call, which another has stopped", () =>
    Effect.gen(function*() {
      const started: Array<string> = []
      const limits = [Limits.concurrency(1, "key")]
      const inner = doing("inner", (_, { id }) => Effect.sync(() => void started.push(id)), { limits })
      const run = Batch.run(Toolkit.make(inner), asking(["inner"]))
      const outer = doing(
        "outer",
        () =>
          Effect.flatMap(
            Effect.forkDetach(run),
            (fiber) =>
              Effect.onInterrupt(Fiber.join(fiber), () => Effect.andThen(Effect.yieldNow, Fiber.interrupt(fiber)))
          )
      )
      const holds = doing("holds", () => Effect.never, { limits })
      const fails = doing("fails", () => Effect.delay(Effect.fail("no"), 10))
      const runner = yield* Batch.make()
      const batch = runner.run(Toolkit.make(outer, holds, fails), asking(["holds"], ["outer"], ["fails"]), {
        failFast: true
      })
      assert.deepStrictEqual(ends(yield* aDayOf(batch)), ["Interrupted", "Interrupted", { failure: "no" }])
      assert.deepStrictEqual(started, [])
    }))

  it.effect("neither starts those of its calls that it stops itself just after the call, nor keeps room for them", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make()
      const go = yield* Deferred.make<void>()
      const started: Array<string> = []
      const inKey = { limits: [Limits.concurrency(1, "one")] }
      const inOther = { limits: [Limits.concurrency(1, "other")] }
      const inner = Toolkit.make(
        doing("waits", () => Effect.sync(() => void started.push("waits")), inKey),
        doing("fails", () => Effect.andThen(Deferred.await(go), Effect.fail("no")))
      )
      const run = runner.run(inner, asking(["waits"], ["fails"]), { failFast: true })
      const toolkit = Toolkit.make(
        doing("holds", () => Effect.never, inKey),
        doing("holdsOther", () => Effect.never, inOther),
        doing("outer", () => Effect.andThen(Effect.forkDetach(run, { startImmediately: true }), Effect.never)),
        doing("fails", () => Effect.delay(Effect.fail("no"), 10)),
        doing("lets", () => Deferred.succeed(go, undefined), inOther),
        doing("quick", () => Effect.void)
      )
      const calls = asking(["holds"], ["holdsOther"], ["outer"], ["fails"])
      const second = Effect.delay(runner.run(toolkit, asking(["quick"], ["lets"])), 1)
      yield* aDayOf(Effect.all([runner.run(toolkit, calls, { failFast: true }), second], { concurrency: 2 }))
      assert.deepStrictEqual([yield* Deferred.isDone(go), started], [true, []])
      assert.deepStrictEqual(ends(yield* aDayOf(runner.run(inner, asking(["waits"])))), [undefined])
    }))

  it.effect("keeps the room of the call where it goes on, as long as its own calls use that", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({ concurrency: 1 })
      const { counts, measured } = gauge()
      const work = doing("work", () => measured(sleeping(50)))
      const inner = runner.run(Toolkit.make(work), asking(["work"]))
      const outer = {
        detaches: doing("detaches", () => Effect.as(Effect.forkDetach(inner, { startImmediately: true }), "left")),
        stays: doing("stays", () => Effect.uninterruptible(inner), { timeout: 20 })
      }
      for (const name of ["detaches", "stays"] as const) {
        const settled = yield* aDayOf(runner.run(Toolkit.make(outer[name], work), asking([name], ["work"])))
        assert.deepStrictEqual(ends(settled), [name === "stays" ? "Timeout" : "left", 50])
      }
      assert.deepStrictEqual([counts.started, counts.most], [4, 1])
    }).pipe(Effect.provide(Logger.layer([]))))

  /** Has a call begin a run that goes on after it, in so many milliseconds, on a runner of the test or of its own. */
  const leaving = (run: Effect.Effect<unknown>, millis: number) =>
    doing("leaves", () => Effect.as(Effect.forkDetach(Effect.delay(run, millis)), "left"))

  it.effect("keeps to the limit of its runner, also where it begins once the call has ended", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({ concurrency: 1 })
      const now = yield* stopwatch
      const started: Array<number> = []
      const inner = doing("inner", () => Effect.andThen(Effect.sync(() => started.push(now())), sleeping(5)))
      const leaves = leaving(Batch.run(Toolkit.make(inner), many(2, "inner")), 5)
      assert.deepStrictEqual(ends(yield* runner.run(Toolkit.make(leaves), asking(["leaves"]))), ["left"])
      yield* aDayOf(runner.run(Toolkit.make(doing("long", () => sleeping(20))), asking(["long"])))
      assert.deepStrictEqual(started, [20, 25])
    }))

  it.effect("starts nothing where it is stopped in the step in which it begins, once the call has ended", () =>
    Effect.gen(function*() {
      const started: Array<string> = []
      const left: Array<Fiber.Fiber<unknown>> = []
      const go = yield* Deferred.make<void>()
      const inner = doing("inner", (_, { id }) => Effect.sync(() => started.push(id)))
      const later = Effect.andThen(Deferred.await(go), Batch.run(Toolkit.make(inner), asking(["inner"])))
      const leaves = doing(
        "leaves",
        () => Effect.map(Effect.forkDetach(later, { startImmediately: true }), (fiber) => left.push(fiber))
      )
      yield* Batch.run(Toolkit.make(leaves), asking(["leaves"]))
      Deferred.doneUnsafe(go, Effect.void)
      for (const fiber of left) fiber.interruptUnsafe()
      yield* TestClock.adjust("1 day")
      assert.deepStrictEqual([left.map((fiber) => fiber.pollUnsafe()?._tag), started], [["Failure"], []])
    }))

  it.effect("has no part in the order of the runner then either, whose calls may wait for it", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({ concurrency: 5 })
      const done = yield* Deferred.make<number>()
      const says = { access: [Access.write("k")] }
      const inner = doing("inner", () => Deferred.succeed(done, 2), says)
      const leaves = leaving(Batch.run(Toolkit.make(inner), asking(["inner"])), 5)
      const waits = doing("waits", () => Deferred.await(done), says)
      const run = runner.run(Toolkit.make(leaves, waits), asking(["leaves"], ["waits"]), { timeout: "unbounded" })
      assert.deepStrictEqual(ends(yield* aDayOf(run)), ["left", 2])
    }))

  it.effect("has the same idempotency keys whenever the call is run again, as if the call had waited for it", () =>
    Effect.gen(function*() {
      const keys: Array<string> = []
      const inner = doing("inner", (_, { idempotencyKey }) => Effect.sync(() => void keys.push(idempotencyKey)))
      for (const millis of [0, 5, 5]) {
        const leaves = leaving(Batch.run(Toolkit.make(inner), asking(["inner"])), millis)
        yield* Batch.run(Toolkit.make(leaves), asking(["leaves"]), { runId: "R" })
        yield* TestClock.adjust("1 day")
      }
      assert.lengthOf(keys, 3)
      assert.lengthOf(new Set(keys), 1)
    }))

  it.effect.each(["call", "step", "second"] as const)(
    "has the keys that it has where the call waits for it: of a %s",
    (of) =>
      Effect.gen(function*() {
        const keys: Array<string> = []
        const inner = doing("inner", (_, { idempotencyKey }) => Effect.sync(() => void keys.push(idempotencyKey)))
        const run = Effect.asVoid(Batch.run(Toolkit.make(inner), asking(["inner"])))
        for (const later of [run, Effect.asVoid(Effect.forkDetach(Effect.delay(run, 5)))]) {
          // A model knows it as `outer_tool`.
          const outer = doing("outer.tool", () => Effect.as(of === "second" ? Effect.andThen(run, later) : later, 1))
          const piped = Pipeline.tool("piped", {
            description: "For tests.",
            parameters: Schema.Struct({}),
            success: Schema.Unknown,
            build: (call) => call(outer, { to: "b" })
          })
          const asked = of === "step" ? asking(["piped"]) : asking(["outer_tool", { to: "a" }])
          assert.deepStrictEqual(ends(yield* Batch.run(Toolkit.make(outer, piped), asked, { runId: "R" })), [1])
          yield* TestClock.adjust("1 day")
        }
        const [waited, left] = [keys.slice(0, keys.length / 2), keys.slice(keys.length / 2)]
        assert.lengthOf(new Set(waited), of === "second" ? 2 : 1)
        assert.deepStrictEqual(left, waited)
      })
  )
})

describe("calls that have what those inside each other need", () => {
  it.effect("get out of it once nothing is at work, and each starts once", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make()
      const now = yield* stopwatch
      const started: Array<unknown> = []
      const leaf = (key: string) =>
        doing(`leaf_${key}`, () => Effect.andThen(Effect.sync(() => started.push([key, now()])), sleeping(10)), {
          limits: [Limits.concurrency(1, key)]
        })
      const crossed = (own: string, other: string) =>
        doing(own, () =>
          Effect.map(
            Effect.delay(runner.run(Toolkit.make(leaf(other)), many(2, `leaf_${other}`)), 5),
            ends
          ), { limits: [Limits.concurrency(1, own)] })
      const toolkit = Toolkit.make(crossed("a", "b"), crossed("b", "a"), doing("long", () => sleeping(50)))
      const settled = yield* aDayOf(runner.run(toolkit, asking(["a"], ["b"], ["long"])))
      assert.deepStrictEqual(ends(settled), [[10, 10], [10, 10], 50])
      assert.deepStrictEqual(started, [["b", 50], ["b", 60], ["a", 70], ["a", 80]])
    }))
})

describe("a call that took idle room of another one, and waits for a run inside it", () => {
  /** What starts when: `b` has taken the room of `a`, by `x` inside it, and `x` waits for `y`, which lacks something else. */
  const startsBeside = (lacking: Limits.Limit) =>
    Effect.gen(function*() {
      const runner = yield* Batch.make()
      const now = yield* stopwatch
      const started: Array<unknown> = []
      const holding = (name: string, does: Effect.Effect<unknown>, limit: Limits.Limit = key(name)) =>
        doing(name, () => Effect.andThen(Effect.sync(() => started.push([name, now()])), does), { limits: [limit] })
      const inside = (delay: number, name: string, limit: Limits.Limit, does: Effect.Effect<unknown> = sleeping(10)) =>
        Effect.delay(runner.run(Toolkit.make(holding(name, does, limit)), asking([name])), delay)
      const tools = [
        holding("b", inside(5, "x", key("a"), inside(1, "y", lacking))),
        holding("a", inside(6, "a1", key("b"))),
        holding("r", Effect.void, seldom),
        holding("c", inside(7, "c1", seldom))
      ]
      yield* aDayOf(runner.run(Toolkit.make(...tools), asking(...tools.map(({ name }): Asked => [name]))))
      return started.slice(tools.length)
    })
  const key = (name: string) => Limits.concurrency(1, name)
  const seldom = Limits.rate({ limit: 1, window: 100, key: "seldom" })

  it.effect("goes on before those whose room it has", () =>
    Effect.gen(function*() {
      const starts = yield* startsBeside(key("c"))
      assert.deepStrictEqual(starts, [["x", 7], ["y", 8], ["a1", 18], ["c1", 100]])
    }))

  it.effect("holds them up only while it can go on itself", () =>
    Effect.gen(function*() {
      const starts = yield* startsBeside(seldom)
      assert.deepStrictEqual(starts, [["x", 7], ["a1", 8], ["c1", 100], ["y", 200]])
    }))
})

describe("a run inside a call", () => {
  it.effect("has the same id at each attempt at the call, another than a second one beside it", () =>
    Effect.gen(function*() {
      const keys: Array<string> = []
      const leaf = doing("leaf", (_, { idempotencyKey }) => Effect.sync(() => keys.push(idempotencyKey)))
      const run = Batch.run(Toolkit.make(leaf), asking(["leaf"]))
      const again = doing(
        "again",
        (_, { attempt }) => Effect.andThen(Effect.andThen(run, run), attempt < 2 ? Effect.fail("no") : Effect.void),
        { idempotent: true }
      )
      yield* aDayOf(Batch.run(Toolkit.make(again), asking(["again"]), { retry: Schedule.recurs(1) }))
      assert.deepStrictEqual(keys.slice(2), keys.slice(0, 2))
      assert.deepStrictEqual([keys.length, new Set(keys).size], [4, 2])
    }))

  it.effect("waits for nothing that the call around it touches", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make()
      const access = [Access.write("k")]
      const inner = doing("inner", () => sleeping(5), { access })
      const outer = doing("outer", () => Effect.map(runner.run(Toolkit.make(inner), many(2, "inner")), ends), {
        access
      })
      const settled = yield* aDayOf(runner.run(Toolkit.make(outer), many(2, "outer")))
      assert.deepStrictEqual(ends(settled), [[5, 5], [5, 5]])
    }))
})

describe("what a run inside a call of a runner has of the outer one", () => {
  const inner = (runner: Batch.Runner) => ({
    "Batch.run": Batch.run,
    "the runner's own": runner.run
  })

  it.effect.each(["Batch.run", "the runner's own"] as const)("is no option of it: %s", (by) =>
    Effect.gen(function*() {
      const told = new Set<string>()
      const onCall = (event: Batch.CallEvent) =>
        Effect.sync(() => void told.add(event._tag === "CallSettled" ? event.outcome.call.id : event.call.id))
      const runner = yield* Batch.make({
        maxCalls: 1,
        onCall,
        failFast: true,
        deadline: 1000,
        timeout: 500,
        runId: "r"
      })
      const deadlines: Array<unknown> = []
      const leaf = doing("leaf", ({ n }, { deadline }) =>
        Effect.suspend(() => {
          deadlines.push(deadline)
          return n === 0 ? Effect.fail("no") : Effect.as(Effect.sleep(1), n)
        }))
      const outer = doing("outer", () => {
        const calls = many(4, "leaf").map((call) => ({ ...call, id: `inner ${call.id}` }))
        return Effect.map(inner(runner)[by](Toolkit.make(leaf), calls, { timeout: "unbounded" }), ends)
      })
      const settled = yield* aDayOf(runner.run(Toolkit.make(outer), asking(["outer"])))
      assert.deepStrictEqual(ends(settled), [[{ failure: "no" }, 1, 2, 3]])
      assert.deepStrictEqual([deadlines, Array.from(told)], [[Infinity, Infinity, Infinity, Infinity], ["c0"]])
    }))

  it.effect.each(["Batch.run", "the runner's own"] as const)(
    "is an id of its own, from the call that it is inside of, the same in the next run: %s",
    (by) =>
      Effect.gen(function*() {
        const keysOf = (runId: string) =>
          Effect.gen(function*() {
            const runner = yield* Batch.make({ runId })
            const keys: Array<string> = []
            type Deep = (depth: number, call: Tool.Call) => Effect.Effect<unknown>
            const deeper: Deep = (depth, { idempotencyKey }) =>
              Effect.suspend(() => {
                keys.push(idempotencyKey)
                const calls = asking(["deep", { depth: depth - 1 }], ["deep", { depth: depth - 1 }])
                const inside = inner(runner)[by](toolkit(), calls)
                return depth === 0 ? Effect.void : Effect.andThen(inside, Effect.asVoid(inside))
              })
            const toolkit = (): Toolkit.Toolkit<ReturnType<typeof toolOf>> => Toolkit.make(toolOf())
            const toolOf = () => doing("deep", ({ depth }, call) => deeper(Number(depth), call))
            yield* aDayOf(runner.run(toolkit(), asking(["deep", { depth: 2 }], ["deep", { depth: 2 }])))
            return keys
          })
        const first = yield* keysOf("one")
        assert.deepStrictEqual([first.length, new Set(first).size], [2 + 8 + 32, 2 + 8 + 32])
        assert.deepStrictEqual(yield* keysOf("one"), first)
        const other = new Set(yield* keysOf("another"))
        assert.isFalse(first.some((key) => other.has(key)))
      })
  )
})

/**
 * What is done for a call before it starts, and what is not.
 */
import { assert, describe, it } from "@effect/vitest"
import {
  Access,
  Approver,
  Batch,
  CallObserver,
  Limits,
  type Outcome,
  Pipeline,
  Plan,
  Recorder,
  Tool,
  Toolkit
} from "@volley/core"
import { Clock, Context, Duration, Effect, Fiber, Layer, Result, Schedule, Schema, SchemaGetter } from "effect"
import { TestClock } from "effect/testing"
import { arriving } from "../dispatch/arriving.ts"
import { aDayOf } from "../order/support.ts"
import { ends, recordingLogger, shown } from "../support.ts"
import { type Asked, asking, doing, many, notingEnds, reading, sleeping } from "./support.ts"

class Rows extends Context.Service<Rows, number>()("test/Rows") {}
class Database extends Context.Service<Database, { readonly rows: number }>()("test/Database") {}

const aDay = 86_400_000

const quiet = Effect.provide(recordingLogger().layer)

/** A text that takes so long to be read. */
const late = (millis: number) =>
  Schema.String.pipe(Schema.decodeTo(Schema.String, {
    decode: SchemaGetter.transformEffect((text: string) => Effect.as(Effect.sleep(millis), text)),
    encode: SchemaGetter.passthrough()
  }))

/** A text that is never written. */
const Never = Schema.String.pipe(Schema.decodeTo(Schema.String, {
  decode: SchemaGetter.passthrough(),
  encode: SchemaGetter.transformEffect(() => Effect.never)
}))

/** A tool that takes a number, and what was done for its calls, in order. */
const strict = (says: { readonly access?: boolean } = {}) => {
  const done: Array<string> = []
  const layer = Layer.effect(Rows, Effect.sync(() => done.push("built")))
  const tool = Tool.make("strict", {
    description: "For tests.",
    parameters: Schema.Struct({ n: Schema.Int }),
    success: Schema.Int,
    ...says.access === true && {
      access: ({ n }: { readonly n: number }) => {
        done.push("access")
        return [Access.write(`${n}`)]
      }
    },
    execute: ({ n }) => {
      done.push("ran")
      return Effect.succeed(n)
    }
  })
  return { done, toolkit: Toolkit.provide(Toolkit.make(tool), layer) }
}

describe("for a call that does not begin any more", () => {
  it.effect("nothing is done: its layer is not built, and its arguments and what it touches are not looked at", () =>
    Effect.gen(function*() {
      for (const access of [false, true]) {
        const { done, toolkit } = strict({ access })
        const calls = asking(["strict", { n: 1 }], ["strict", { n: "no number" }])
        const late = yield* aDayOf(Batch.run(toolkit, calls, { deadline: 0 }))
        assert.deepStrictEqual([ends(late), done], [["Timeout", "Timeout"], []])
        const fails = Toolkit.make(doing("fails", () => Effect.fail("no")))
        const batch = Batch.run(
          Toolkit.merge(fails, toolkit),
          asking(["fails"], ["strict", { n: 1 }], ["strict", { n: "no number" }]),
          { failFast: true, concurrency: 1 }
        )
        const failed = ends(yield* aDayOf(batch))
        if (!access) assert.deepStrictEqual([failed, done], [[{ failure: "no" }, "Interrupted", "Interrupted"], []])
      }
    }))

  it.effect("not even where the deadline is less than a hundredth of a millisecond ahead, which nobody sleeps for", () =>
    Effect.gen(function*() {
      const ran: Array<string> = []
      const acts = doing("acts", (_, { id }) => Effect.sync(() => ran.push(id)))
      const batch = Batch.run(Toolkit.make(acts), asking(["acts"], ["acts"]), { concurrency: 1, deadline: "4 micros" })
      assert.deepStrictEqual([ends(yield* aDayOf(batch)), ran], [["Timeout", "Timeout"], []])
    }))
})

describe("the time of a call", () => {
  it.effect("begins anew with its start, whatever was done before it", () =>
    Effect.gen(function*() {
      const tool = Tool.make("t", {
        description: "For tests.",
        parameters: Schema.Struct({ text: late(8) }),
        success: Schema.Int,
        timeout: 10,
        execute: () => sleeping(8)
      })
      const [outcome] = (yield* aDayOf(Batch.run(Toolkit.make(tool), asking(["t", { text: "a" }])))).outcomes
      assert.deepStrictEqual([outcome?.startedAt, outcome?.endedAt, outcome?.encoded], [8, 16, "8"])
      const layer = Layer.effect(Rows, Effect.as(Effect.sleep(8), 1))
      const provided = Toolkit.provide(
        Toolkit.make(doing("uses", () => Effect.andThen(Rows, sleeping(8)), { timeout: 10 })),
        layer
      )
      const [uses] = (yield* aDayOf(Batch.run(provided, asking(["uses"])))).outcomes
      assert.deepStrictEqual([uses?.startedAt, uses?.endedAt, uses?.encoded], [aDay + 8, aDay + 16, "8"])
    }))

  it.effect("is not looked after where a call ends at once: nobody sleeps", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      let sleeps = 0
      const counting: Clock.Clock = Object.assign(Object.create(clock), {
        sleep: (...args: Parameters<Clock.Clock["sleep"]>) => (sleeps += 1, clock.sleep(...args))
      })
      const { done, toolkit } = strict()
      const soon = Schema.String.pipe(Schema.decodeTo(Schema.String, {
        decode: SchemaGetter.transformEffect((text: string) => Effect.suspend(() => Effect.succeed(text))),
        encode: SchemaGetter.passthrough()
      }))
      const others = Toolkit.make(
        reading("slow", () => sleeping(1)),
        Tool.make("reads", {
          description: "For tests.",
          parameters: Schema.Struct({ text: soon }),
          success: Schema.String,
          execute: ({ text }) => Effect.succeed(text)
        })
      )
      const run = (...asked: ReadonlyArray<Asked>) =>
        Effect.provideService(
          aDayOf(Batch.run(Toolkit.merge(toolkit, others), asking(...asked))),
          Clock.Clock,
          counting
        )
      const settled = yield* run(["strict", { n: 1 }], ["strict", { n: "no number" }], ["strict", { n: 3 }])
      assert.deepStrictEqual([ends(settled), done, sleeps], [[1, "InvalidArguments", 3], ["built", "ran", "ran"], 0])
      assert.deepStrictEqual([ends(yield* run(["reads", { text: "a" }])), sleeps], [["a"], 0])
      yield* run(["slow"])
      assert.isAbove(sleeps, 0)
    }))
})

describe("a layer of a step", () => {
  it.effect("may need what its plan was provided with", () =>
    Effect.gen(function*() {
      const count = doing("count", () => Database.useSync(({ rows }) => rows))
      const database = Layer.effect(Database, Rows.useSync((rows) => ({ rows })))
      const steps = Toolkit.provide(Toolkit.make(count), database)
      const toolkit = Toolkit.provide(Toolkit.make(Plan.tool(steps)), Layer.succeed(Rows, 7))
      const plan = { steps: [{ id: "s", tool: "count", arguments: {} }] }
      const [outcome] = (yield* quiet(aDayOf(Batch.run(toolkit, asking(["plan", plan]))))).outcomes
      assert.deepStrictEqual(JSON.parse(outcome!.encoded), { steps: [{ id: "s", ok: 7 }] })
    }))
})

describe("arguments that are made of answers", () => {
  const deep = (levels: number): Schema.Json => levels === 0 ? 1 : [deep(levels - 1)]

  it.effect("are held to the limits of arguments, as those of a model are", () =>
    Effect.gen(function*() {
      const first = doing("first", () => Effect.succeed(1))
      const ran: Array<string> = []
      const takes = doing("takes", (_, { id }) => Effect.sync(() => ran.push(id)))
      const pipeline = Pipeline.make((call) => {
        const levels = (n: number) => call(first, {}).pipe(Pipeline.map(() => deep(n)))
        return { fits: call(takes, { of: levels(250) }), not: call(takes, { of: levels(260) }) }
      })
      const { outcomes } = yield* aDayOf(Pipeline.run(pipeline))
      const [not] = outcomes.filter(({ call: { id } }) => id === "not")
      assert.deepStrictEqual(ran, ["fits"])
      assert.include(not?.encoded, "nested more than 256 levels deep")
    }))

  it.effect("are none as long as they are not made: an observer is not shown what they are to be made of", () =>
    Effect.gen(function*() {
      const seen: Record<string, unknown> = {}
      const observer: CallObserver.Calls = {
        waiting: () => undefined,
        starts: ({ args, call }, context) => {
          seen[call.id] = args
          return { context, retried: () => undefined, hedged: () => undefined, settled: () => undefined }
        },
        refused: ({ args, call }) => void (seen[call.id] = args)
      }
      const steps = Toolkit.make(doing("ok", () => Effect.succeed({ a: 1 })))
      const plan = {
        steps: ["a", "b"].map((part, n) => ({
          id: `s${n}`,
          tool: "ok",
          arguments: { of: n === 0 ? 7 : { $ref: "s0/b" }, part }
        }))
      }
      yield* aDayOf(Effect.provideService(
        Batch.run(Toolkit.make(Plan.tool(steps)), asking(["plan", plan])),
        CallObserver.CallObserver,
        () => observer
      ))
      assert.deepStrictEqual([seen["c0/s0"], seen["c0/s1"]], [{ of: 7, part: "a" }, undefined])
    }))
})

describe("what a call became that is several", () => {
  const look = reading("look", () => sleeping(10))
  const made = <S extends Schema.Codec<string, string>>(success: S, readOnly: boolean) =>
    Pipeline.tool("made", {
      description: "For tests.",
      parameters: Schema.Struct({}),
      success,
      readOnly,
      build: (call) => call(look, {}).pipe(Pipeline.map(() => "done"))
    })

  it.effect("has been done, though its answer is not there at the deadline: to ask again may do it twice", () =>
    Effect.gen(function*() {
      const settled = yield* aDayOf(Batch.run(Toolkit.make(made(Never, false)), asking(["made"]), { deadline: 50 }))
      assert.deepInclude(shown(settled), {
        safeToRepeat: false,
        data: { limit: "deadline", millis: 50, started: true }
      })
      const [outcome] = settled.outcomes
      assert.deepStrictEqual([outcome?.startedAt, outcome?.endedAt, outcome?.attempts], [0, 50, 1])
    }))

  it.effect("leaves nothing else in doubt then: it is known what its steps have come to", () =>
    Effect.gen(function*() {
      const asks = doing("asks", () => Effect.succeed(1), { access: [Access.write("k")], approval: "always" })
      const calls = asking(["made"], ["asks"])
      const batch = Batch.run(Toolkit.make(made(Never, false), asks), calls, { deadline: 50 })
      const recorder: Recorder.Recorder = { known: () => Effect.succeed(undefined), call: (_, run) => run }
      for (const run of [batch, Effect.provideService(batch, Recorder.Recorder, recorder)]) {
        const settled = yield* aDayOf(run)
        assert.deepStrictEqual([ends(settled), settled.pending], [["Timeout", "Undecided"], [calls[1]!]])
      }
    }))

  it.effect("goes on where the call comes once more as truncated: it has started", () =>
    Effect.gen(function*() {
      const events: Array<string> = []
      const calls = arriving([
        { at: 0, name: "made" },
        { at: 5, name: "made", index: 0, id: "c0", status: "truncated" }
      ], 20)
      const settled = yield* aDayOf(Batch.dispatch(Toolkit.make(made(Schema.String, true)), calls, {
        onCall: (event) => Effect.sync(() => event._tag === "CallSettled" && events.push(event.outcome.call.id))
      }))
      assert.deepStrictEqual([ends(settled), events], [["done"], ["c0/look_0", "c0"]])
    }))

  it.effect("has begun where it is interrupted, however deep inside the step is that has", () =>
    Effect.gen(function*() {
      for (const [says, started] of [[{}, true], [{ approval: "always" }, false]] as const) {
        const slow = doing("slow", () => sleeping(10), says)
        const inner = Pipeline.tool("inner", {
          description: "For tests.",
          parameters: Schema.Struct({}),
          success: Schema.Unknown,
          build: (call) => call(slow, {})
        })
        const reasons: Record<string, unknown> = {}
        const keep = ({ call: { id }, result }: Outcome.Outcome) => {
          const failure = Result.isFailure(result) ? result.failure : undefined
          if (failure?._tag === "CallError" && failure.reason._tag === "Interrupted") {
            reasons[id] = failure.reason.started
          }
        }
        const observer = notingEnds(keep)
        const plan = { steps: [{ id: "p", tool: "inner", arguments: {} }] }
        const batch = Batch.run(Toolkit.make(Plan.tool(Toolkit.make(inner))), asking(["plan", plan])).pipe(
          Effect.provideService(CallObserver.CallObserver, () => observer),
          Effect.provide(Approver.layer(() => Effect.never))
        )
        const fiber = yield* Effect.forkChild(batch, { startImmediately: true })
        yield* TestClock.adjust(5)
        yield* Fiber.interrupt(fiber)
        assert.deepInclude(reasons, { c0: started, "c0/p": started, "c0/p/slow_0": started })
      }
    }))

  it.effect("may be nothing, and more calls that are several: they count for no limit of calls", () =>
    Effect.gen(function*() {
      const none = Pipeline.tool("none", {
        description: "For tests.",
        parameters: Schema.Struct({}),
        success: Schema.Int,
        build: (call) => {
          const list = call(reading("list", () => Effect.succeed([])), {}).pipe(Pipeline.map((): Array<number> => []))
          return Pipeline.each(list, (n) => call(look, { n })).pipe(Pipeline.map((all) => all.length))
        }
      })
      const toolkit = Toolkit.make(Plan.tool(Toolkit.make(look, none)))
      const run = (maxCalls: number, ...tools: ReadonlyArray<string>) =>
        Effect.map(
          aDayOf(Batch.run(
            toolkit,
            asking(["plan", { steps: tools.map((tool, n) => ({ id: `s${n}`, tool, arguments: {} })) }]),
            { maxCalls }
          )),
          ({ outcomes }) => JSON.parse(outcomes[0]!.encoded).steps
        )
      assert.deepStrictEqual(yield* run(1, "none"), [{ id: "s0", ok: 0 }])
    }))
})

describe("what is thrown over what something came to", () => {
  const thrown = () => {
    throw new Error("bug")
  }
  const look = reading("look", () => sleeping(10))

  it.effect("is a crash of the call that had started, whose room is free: its tool has done something", () =>
    Effect.gen(function*() {
      const says = { limits: [Limits.backOff({ after: thrown }), Limits.concurrency(1)] }
      const fails = doing("fails", () => Effect.delay(Effect.fail("no"), 1), says)
      const batch = Batch.run(Toolkit.make(fails, look), asking(["fails"], ["look"], ["fails"]), { concurrency: 1 })
      const settled = yield* quiet(aDayOf(batch))
      assert.deepStrictEqual(ends(settled), ["Defect", 10, "Defect"])
      assert.deepInclude(shown(settled), { safeToRepeat: false })
      assert.deepStrictEqual(
        settled.outcomes.map(({ attempts, endedAt, startedAt }) => [attempts, endedAt - startedAt]),
        [[1, 1], [1, 10], [1, 1]]
      )
    }))

  it.effect("is a crash of the call that had not, and nothing has happened", () =>
    Effect.gen(function*() {
      const access = ({ to }: { readonly to?: unknown }) => to === "b" ? thrown() : [Access.write("k")]
      const asks = doing("asks", () => Effect.succeed(1), { access, approval: "always" })
      const batch = Batch.run(Toolkit.make(asks, look), asking(["asks", { to: "a" }], ["look"]))
      const deciding = Approver.layer(() => Effect.as(Effect.sleep(5), { allowed: { to: "b" } }))
      const settled = yield* quiet(Effect.provide(aDayOf(batch), deciding))
      assert.deepStrictEqual(ends(settled), ["Defect", 10])
      const [outcome] = settled.outcomes
      assert.include(outcome?.encoded, `"safeToRepeat":true`)
      assert.deepStrictEqual([outcome?.startedAt, outcome?.endedAt, outcome?.attempts], [5, 5, 0])
    }))
})

describe("a handler that gives no effect", () => {
  const nothing: (context: Context.Context<never>) => Context.Context<never> = () => Context.empty()

  it.effect("crashes in an inner run as well, also where it stands in a context of its own", () =>
    Effect.gen(function*() {
      const broken = doing("broken", () => bad)
      const alone = doing("alone", () => Effect.updateContext(bad, nothing))
      const inner = Batch.run(Toolkit.make(broken, alone), asking(["broken"], ["alone"]), { timeout: "unbounded" })
      const outer = doing("outer", () => Effect.map(inner, ends), { timeout: aDay })
      const settled = yield* quiet(aDayOf(Batch.run(Toolkit.make(outer), asking(["outer"]))))
      assert.deepStrictEqual(ends(settled), [["Defect", "Defect"]])
      assert.strictEqual(settled.outcomes[0]!.endedAt, settled.outcomes[0]!.startedAt)
    }))

  const bad = Effect.flatMap(Effect.yieldNow, (): Effect.Effect<number> => undefined as never)

  it.effect("is found when the run is a second old, and whenever it is twice as old", () =>
    Effect.gen(function*() {
      const late = doing("late", () => Effect.delay(bad, 2100))
      const toolkit = Toolkit.make(doing("broken", () => bad), late)
      const settled = yield* quiet(aDayOf(Batch.run(toolkit, asking(["broken"], ["late"]))))
      assert.deepStrictEqual(ends(settled), ["Defect", "Defect"])
      assert.deepStrictEqual(settled.outcomes.map(({ endedAt, startedAt }) => endedAt - startedAt), [1000, 4000])
      assert.lengthOf(settled.strays, 0)
    }))

  it.effect("is found at once where it had nothing to wait for", () =>
    Effect.gen(function*() {
      const broken = doing("broken", () => Effect.flatMap(Effect.void, (): Effect.Effect<number> => undefined as never))
      const settled = yield* quiet(aDayOf(Batch.run(Toolkit.make(broken), asking(["broken"]))))
      assert.deepStrictEqual(ends(settled), ["Defect"])
      assert.deepStrictEqual(settled.outcomes.map(({ endedAt, startedAt }) => endedAt - startedAt), [0])
    }))

  /** For how long a run has slept, of so many calls one after the other that each take so long. */
  const sleptFor = (count: number, millis: number) =>
    Effect.gen(function*() {
      const slept: Array<number> = []
      const clock = yield* Clock.Clock
      const noting: Clock.Clock = Object.assign(Object.create(clock), {
        sleep: (duration: Duration.Duration) => {
          slept.push(Duration.toMillis(duration))
          return clock.sleep(duration)
        }
      })
      const works = doing("works", () => millis === 0 ? Effect.as(Effect.void, 0) : sleeping(millis))
      const run = Batch.run(Toolkit.make(works), many(count, "works"), { concurrency: 1, timeout: aDay })
      const settled = yield* aDayOf(Effect.provideService(run, Clock.Clock, noting))
      assert.deepStrictEqual(ends(settled), Array.from({ length: count }, () => millis))
      return slept.filter((one) => one !== millis)
    })

  it.effect("is looked for no more often, however many calls a run has, and not where they end at once", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* sleptFor(5, 700), [1000, 1000, 2000])
      assert.deepStrictEqual(yield* sleptFor(2, 0), [aDay])
    }))

  it.effect("has crashed when its time is over before that", () =>
    Effect.gen(function*() {
      const settled = yield* quiet(aDayOf(Batch.run(
        Toolkit.make(doing("broken", () => bad, { timeout: 50 })),
        asking(["broken"])
      )))
      assert.deepStrictEqual(ends(settled), ["Defect"])
      assert.deepStrictEqual(settled.outcomes.map(({ endedAt, startedAt }) => endedAt - startedAt), [50])
      assert.lengthOf(settled.strays, 0)
    }))

  it.effect("is not taken for one that only fails, and is tried again without a time limit", () =>
    Effect.gen(function*() {
      let tries = 0
      const fails = Effect.suspend(() =>
        Effect.andThen(Effect.yieldNow, tries++ === 0 ? Effect.fail("no") : Effect.succeed(1))
      )
      const again = reading("again", () => fails)
      const options = { timeout: "unbounded", retry: Schedule.recurs(1) } as const
      const settled = yield* quiet(aDayOf(Batch.run(Toolkit.make(again), asking(["again"]), options)))
      assert.deepStrictEqual(ends(settled), [1])
    }))

  it.effect("crashes alone: a call beside it that waits for its next attempt has that", () =>
    Effect.gen(function*() {
      const says = { access: [Access.read("k")] }
      const again = reading(
        "again",
        (_, { attempt }) => Effect.suspend(() => attempt === 1 ? Effect.fail("no") : Effect.succeed(attempt)),
        says
      )
      const broken = reading("broken", () => Effect.flatMap(Effect.void, () => undefined as never), says)
      const batch = Batch.run(Toolkit.make(again, broken), asking(["again"], ["broken"]), { retry: Schedule.spaced(5) })
      assert.deepStrictEqual(ends(yield* quiet(aDayOf(batch))), [2, "Defect"])
    }))
})

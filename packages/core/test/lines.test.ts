/**
 * Batches whose calls wait for each other and batches whose calls don't keep the same promises, also in the corners.
 */
import { assert, describe, it } from "@effect/vitest"
import {
  Access,
  Agent,
  Approver,
  Batch,
  CallError,
  ChatModel,
  ChatModelError,
  Conversation,
  Limits,
  Pipeline,
  Plan,
  Tool,
  ToolCall,
  Toolkit
} from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import {
  Cause,
  Clock,
  Context,
  Effect,
  Exit,
  Fiber,
  Layer,
  Logger,
  References,
  Result,
  Schema,
  SchemaGetter,
  Stream
} from "effect"
import { TestClock } from "effect/testing"
import { aDayOf } from "./order/support.ts"
import { acting, callsOf, ends, gauge, namingTracer, recordingLogger, run, shown, timesOf } from "./support.ts"

const { calls: asks, says } = ScriptedModel
const scripted = (...turns: ReadonlyArray<ScriptedModel.Step>) => ScriptedModel.make(turns)

const description = "For tests."
const nothing = Schema.Struct({})

/** The same tool for a batch whose calls wait for nobody, and for one whose calls stand in line. */
const ways = [{ way: "driven", access: [] }, { way: "in line", access: [Access.read("k")] }]

const acts = (
  name: string,
  access: ReadonlyArray<Access.Access>,
  execute: (call: Tool.Call) => Effect.Effect<string, string>,
  more: { readonly timeout?: number; readonly readOnly?: boolean } = {}
) =>
  Tool.make(name, {
    description,
    parameters: nothing,
    success: Schema.String,
    failure: Schema.String,
    access,
    execute: (_, call) => execute(call),
    ...more
  })

/** A call that somebody has to allow. */
const asking = Tool.make("asking", {
  description,
  parameters: nothing,
  success: Schema.Void,
  approval: "always",
  execute: () => Effect.void
})

const timeouts = (settled: Batch.Settled<Tool.Any>) =>
  settled.outcomes.flatMap(({ result }) =>
    Result.isFailure(result) && result.failure._tag === "CallError" && result.failure.reason._tag === "Timeout"
      ? [[result.failure.reason.limit, result.failure.reason.millis, result.failure.reason.started]]
      : []
  )

describe.each(ways)("a batch $way", ({ access }) => {
  const hangs = acts("hangs", access, () => Effect.never, { timeout: 50 })

  it.effect("names the limit that a call met, the shorter one", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(hangs)
      assert.deepStrictEqual(timeouts(yield* aDayOf(Batch.run(toolkit, callsOf("hangs")))), [["timeout", 50, true]])
      assert.deepStrictEqual(timeouts(yield* aDayOf(Batch.run(toolkit, callsOf("hangs"), { deadline: 50 }))), [
        ["timeout", 50, true]
      ])
      assert.deepStrictEqual(timeouts(yield* aDayOf(Batch.run(toolkit, callsOf("hangs"), { deadline: 20 }))), [
        ["deadline", 20, true]
      ])
    }))

  it.effect("tells a handler when its answer stops counting", () =>
    Effect.gen(function*() {
      const deadlines: Array<number> = []
      const tells = acts("tells", access, ({ deadline }) => Effect.sync(() => `${deadlines.push(deadline)}`))
      yield* Batch.run(Toolkit.make(tells), callsOf("tells"), { timeout: 30, deadline: 70 })
      yield* Batch.run(Toolkit.make(tells), callsOf("tells"), { timeout: 70, deadline: 30 })
      yield* Batch.run(Toolkit.make(tells), callsOf("tells"), { timeout: "unbounded" })
      assert.deepStrictEqual(deadlines, [30, 30, Infinity])
    }))

  it.effect("logs nothing of a call that stopped when it was told to", () =>
    Effect.gen(function*() {
      const { layer, lines } = recordingLogger()
      const settled = yield* aDayOf(Effect.provide(Batch.run(Toolkit.make(hangs), callsOf("hangs")), layer))
      assert.deepStrictEqual([lines, settled.strays], [[], []])
    }))

  it.effect("says of arguments that are no JSON that they are none", () =>
    Effect.gen(function*() {
      const call = ToolCall.make({ id: "c", name: "hangs", arguments: "{" })
      assert.match(String(shown(yield* Batch.run(Toolkit.make(hangs), [call]))["message"]), /JSON/)
    }))

  it.effect("that stops at the first failure stops what runs and what waits", () =>
    Effect.gen(function*() {
      const bad = acts("bad", access, () => Effect.delay(Effect.fail("no"), 10))
      const settled = yield* aDayOf(
        Batch.run(Toolkit.make(bad, hangs), callsOf("bad", "hangs", "hangs"), { concurrency: 2, failFast: true })
      )
      assert.deepStrictEqual(ends(settled), [{ failure: "no" }, "Interrupted", "Interrupted"])
      assert.deepStrictEqual(settled.outcomes.map(({ endedAt }) => endedAt), [10, 10, 10])
      assert.deepStrictEqual(settled.outcomes.map(({ attempts }) => attempts), [1, 1, 0])
      assert.deepStrictEqual([1, 2].map((index) => shown(settled, index)["data"]), [
        { by: "failFast", started: true },
        { by: "failFast", started: false }
      ])
    }))

  it.effect("tells of every call's end, with its outcome, and ends when that is told", () =>
    Effect.gen(function*() {
      const told: Array<unknown> = []
      const ok = acts("ok", access, () => Effect.succeed("fine"))
      const settled = yield* aDayOf(
        Batch.run(Toolkit.make(ok), callsOf("ok", "nope"), {
          onCall: (event) =>
            event._tag === "CallSettled"
              ? Effect.andThen(Effect.sleep(100), Effect.sync(() => told.push(event.outcome)))
              : Effect.void
        })
      )
      assert.sameDeepMembers(told, [...settled.outcomes])
    }))

  it.effect("that is interrupted while it tells of a call stops telling", () =>
    Effect.gen(function*() {
      const stopped: Array<string> = []
      const ok = acts("ok", access, () => Effect.succeed("fine"))
      const onCall = ({ _tag }: { readonly _tag: string }) =>
        _tag === "CallSettled"
          ? Effect.onInterrupt(Effect.never, () => Effect.sync(() => stopped.push(_tag)))
          : Effect.void
      const fiber = yield* Effect.forkChild(Batch.run(Toolkit.make(ok), callsOf("ok"), { onCall }), {
        startImmediately: true
      })
      yield* TestClock.adjust(1)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(stopped, ["CallSettled"])
    }))

  it.effect("has logs that a tool writes name it, its call, and what the program says of itself", () =>
    Effect.gen(function*() {
      const { layer, lines } = recordingLogger()
      const logs = acts(
        "logs",
        access,
        () => Effect.as(Effect.sleep(1), "done").pipe(Effect.tap(Effect.logInfo("here")))
      )
      const batch = Batch.run(Toolkit.make(logs), callsOf("logs")).pipe(
        Effect.annotateLogs({ request: "r" }),
        Effect.provide(layer)
      )
      yield* aDayOf(batch)
      assert.deepStrictEqual(lines.map(({ annotations }) => annotations), [
        { request: "r", tool: "logs", callId: "call_1" }
      ])
    }))

  it.effect("takes a failure that cannot be written down for a crash of its tool", () =>
    Effect.gen(function*() {
      class Odd extends Schema.TaggedError<Odd>()("Odd", {}) {
        override get message(): string {
          throw new Error("no words")
        }
      }
      const odd = Tool.make("odd", {
        description,
        parameters: nothing,
        success: Schema.Void,
        failure: Odd,
        access,
        readOnly: true,
        execute: () => Effect.fail(new Odd())
      })
      const settled = yield* Effect.provide(Batch.run(Toolkit.make(odd), callsOf("odd")), recordingLogger().layer)
      const [outcome] = settled.outcomes
      assert(outcome !== undefined && Result.isFailure(outcome.result) && outcome.result.failure._tag === "CallError")
      const { reason } = outcome.result.failure
      assert(reason._tag === "Defect")
      assert.include(Cause.pretty(reason.cause), "no words")
      assert.strictEqual(JSON.parse(outcome.encoded).error.message, "The tool crashed.")
    }))

  it.effect("logs what breaks its schema, with the tool and the call", () =>
    Effect.gen(function*() {
      const { layer, lines } = recordingLogger()
      const breaks = Tool.make("breaks", {
        description,
        parameters: nothing,
        success: Schema.Unknown,
        access,
        execute: () => Effect.succeed(() => {})
      })
      yield* Effect.provide(Batch.run(Toolkit.make(breaks), callsOf("breaks")), layer)
      assert.strictEqual(lines.length, 1)
      assert.match(lines[0]!.text, /^A tool broke its schema/)
      assert.deepStrictEqual(lines[0]!.annotations, { tool: "breaks", callId: "call_1" })
    }))

  it.effect("survives a logger that cannot write of a crash, and says that at least", () =>
    Effect.gen(function*() {
      const crash = acts("crash", access, () => Effect.die("bug"))
      for (const throws of [1, 2]) {
        const texts: Array<unknown> = []
        const logger = Logger.make(({ message }) => {
          texts.push(Array.isArray(message) ? message[0] : message)
          if (texts.length <= throws) throw new Error("no words")
        })
        const run = Effect.provide(Batch.run(Toolkit.make(crash), callsOf("crash")), Logger.layer([logger]))
        assert.deepStrictEqual(ends(yield* run), ["Defect"])
        assert.deepStrictEqual(texts, ["A tool crashed", "A tool crashed, with an error that cannot be printed"])
      }
    }))
})

describe("in line", () => {
  const slow = (access: Access.Access) => acts("slow", [access], () => Effect.never, { timeout: 10 })
  const after = acts("after", [Access.write("k")], () => Effect.succeed("ran"))
  const both = (access: Access.Access) => aDayOf(Batch.run(Toolkit.make(slow(access), after), callsOf("slow", "after")))

  it.effect("a read that timed out frees what it read, a write leaves it uncertain", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(ends(yield* both(Access.read("k"))), ["Timeout", "ran"])
      assert.deepStrictEqual(ends(yield* both(Access.write("k"))), ["Timeout", "Uncertain"])
      assert.deepStrictEqual(ends(yield* both(Access.exclusive)), ["Timeout", "Uncertain"])
    }))

  it.effect("a write that interrupts itself leaves it uncertain too; one that crashes does not", () =>
    Effect.gen(function*() {
      const end = (end: Effect.Effect<string, string>) =>
        Effect.provide(
          Batch.run(Toolkit.make(acts("ends", [Access.write("k")], () => end), after), callsOf("ends", "after")),
          recordingLogger().layer
        )
      assert.deepStrictEqual(ends(yield* end(Effect.interrupt)), ["Interrupted", "Uncertain"])
      assert.deepStrictEqual(ends(yield* end(Effect.die("bug"))), ["Defect", "ran"])
      assert.deepStrictEqual(ends(yield* end(Effect.fail("no"))), [{ failure: "no" }, "ran"])
    }))

  it.effect("a write that met the deadline before it began leaves nothing uncertain", () =>
    Effect.gen(function*() {
      const settled = yield* aDayOf(
        Batch.run(Toolkit.make(slow(Access.read("k")), after), callsOf("slow", "after", "after"), { deadline: 5 })
      )
      assert.deepStrictEqual(timeouts(settled), [["deadline", 5, true], ["deadline", 5, false], ["deadline", 5, false]])
    }))

  it.effect("equal calls of a coalesced tool share the answer, in a pipeline too", () =>
    Effect.gen(function*() {
      let runs = 0
      const look = Tool.coalesce(Tool.make("look", {
        description,
        parameters: nothing,
        success: Schema.Int,
        readOnly: true,
        execute: () => Effect.as(Effect.sleep(10), ++runs)
      }))
      const add = Tool.make("add", {
        description,
        parameters: Schema.Struct({ a: Schema.Int, b: Schema.Int }),
        success: Schema.Int,
        execute: ({ a, b }) => Effect.succeed(a + b)
      })
      const pipeline = Pipeline.make((call) => {
        const [a, b] = [call(look, {}), call(look, {})]
        return { sum: call(add, { a, b }) }
      })
      const { steps } = yield* aDayOf(Pipeline.run(pipeline))
      assert.deepStrictEqual([steps.sum.result, runs], [Result.succeed(2), 1])
    }))

  it.effect("an approver that never answers is waited for until the deadline, and the call never began", () =>
    Effect.gen(function*() {
      const batch = Batch.run(Toolkit.make(asking), callsOf("asking"), { deadline: 5 })
      const settled = yield* aDayOf(Effect.provide(batch, Approver.layer(() => Effect.never)))
      assert.deepStrictEqual(timeouts(settled), [["deadline", 5, false]])
    }))

  it.effect("nor is it waited for where another call fails in a batch that is to stop then", () =>
    Effect.gen(function*() {
      const bad = acts("bad", [], () => Effect.fail("no"))
      const batch = Batch.run(Toolkit.make(asking, bad), callsOf("asking", "bad"), { failFast: true })
      const settled = yield* aDayOf(Effect.provide(batch, Approver.layer(() => Effect.never)))
      assert.deepStrictEqual(ends(settled), ["Interrupted", { failure: "no" }])
      assert.deepStrictEqual<unknown>(shown(settled)["data"], { by: "failFast", started: false })
    }))

  it.effect("an approver that is asked may deny everything", () =>
    Effect.gen(function*() {
      const run = Batch.run(Toolkit.make(asking), callsOf("asking"))
      const settled = yield* Effect.provide(run, Approver.deny)
      const [outcome] = settled.outcomes
      assert(outcome !== undefined && Result.isFailure(outcome.result) && outcome.result.failure._tag === "CallError")
      assert.deepStrictEqual(outcome.result.failure.reason, new CallError.Denied({ why: undefined }))
      assert.deepStrictEqual(ends(yield* run), ["Undecided"])
    }))
})

describe("what a call touches", () => {
  const Never = Schema.String.pipe(Schema.decodeTo(Schema.String, {
    decode: SchemaGetter.transformEffect(() => Effect.never),
    encode: SchemaGetter.passthrough()
  }))

  it.effect("has to be known within the call's timeout, or the call never began", () =>
    Effect.gen(function*() {
      const tool = Tool.make("t", {
        description,
        parameters: Schema.Struct({ key: Never }),
        success: Schema.Void,
        timeout: 10,
        access: ({ key }) => [Access.write(key)],
        execute: () => Effect.void
      })
      const call = ToolCall.make({ id: "c", name: "t", arguments: { key: "k" } })
      assert.deepStrictEqual(timeouts(yield* aDayOf(Batch.run(Toolkit.make(tool), [call]))), [["timeout", 10, false]])
    }))

  it.effect("is asked of a function that may crash: then nothing ran, so that asking again is harmless", () =>
    Effect.gen(function*() {
      const tool = Tool.make("t", {
        description,
        parameters: nothing,
        success: Schema.Void,
        access: () => {
          throw new Error("bug")
        },
        execute: () => Effect.void
      })
      const settled = yield* Effect.provide(Batch.run(Toolkit.make(tool), callsOf("t")), recordingLogger().layer)
      assert.deepStrictEqual([ends(settled), shown(settled)["safeToRepeat"]], [["Defect"], true])
    }))

  it.effect("and is not known yet of a plan keeps later calls behind it", () =>
    Effect.gen(function*() {
      const order: Array<string> = []
      const Later = Schema.String.pipe(Schema.decodeTo(Schema.String, {
        decode: SchemaGetter.transformEffect((text: string) => Effect.as(Effect.sleep(10), text)),
        encode: SchemaGetter.passthrough()
      }))
      const write = Tool.make("write", {
        description,
        parameters: Schema.Struct({ text: Later }),
        success: Schema.Void,
        access: [Access.write("k")],
        execute: ({ text }) => Effect.sync(() => void order.push(text))
      })
      const after = acts("after", [Access.write("k")], () => Effect.sync(() => `${order.push("after")}`))
      const toolkit = Toolkit.make(write, after)
      const steps = [{ id: "s", tool: "write", arguments: { text: "step" } }]
      const calls = [
        ToolCall.make({ id: "p", name: "plan", arguments: { steps } }),
        ToolCall.make({ id: "a", name: "after", index: 1 })
      ]
      yield* aDayOf(Batch.run(Toolkit.merge(toolkit, Toolkit.make(Plan.tool(toolkit))), calls))
      assert.deepStrictEqual(order, ["step", "after"])
    }))
})

describe("a batch that is over", () => {
  it.effect("leaves nobody asleep", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      let asleep = 0
      const counting: Clock.Clock = Object.assign(Object.create(clock), {
        sleep: () =>
          Effect.acquireUseRelease(Effect.sync(() => asleep++), () => Effect.never, () => Effect.sync(() => asleep--))
      })
      const soon = acts("soon", [], () => Effect.as(Effect.yieldNow, "done"), { timeout: 50 })
      const sooner = acts("sooner", [], () => Effect.as(Effect.yieldNow, "done"), { timeout: 20 })
      const reads = acts("reads", [Access.read("k")], () => Effect.as(Effect.yieldNow, "done"))
      for (const names of [["soon", "sooner"], ["reads", "soon"]]) {
        const settled = yield* Batch.run(Toolkit.make(soon, sooner, reads), callsOf(...names)).pipe(
          Effect.provideService(Clock.Clock, counting)
        )
        assert.deepStrictEqual(ends(settled), ["done", "done"])
        yield* Effect.yieldNow
        assert.strictEqual(asleep, 0)
      }
    }))

  it.live("was at the time that the wall clock shows", () =>
    Effect.gen(function*() {
      const before = Date.now()
      const { outcomes } = yield* Batch.run(Toolkit.make(acting("ok", () => Effect.succeed(""))), callsOf("ok"))
      assert.isAtLeast(outcomes[0]!.startedAt, before - 50)
      assert.isAtMost(outcomes[0]!.endedAt, Date.now() + 50)
    }))

  it.effect("was told of as the program's defaults say", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const onCall = ({ _tag }: { readonly _tag: string }) => Effect.sync(() => void told.push(_tag))
      yield* Effect.provideService(
        Batch.run(Toolkit.make(acting("ok", () => Effect.succeed(""))), callsOf("ok")),
        Batch.Defaults,
        { onCall }
      )
      assert.include(told, "CallSettled")
    }))

  it.effect("has told no approver of its own anything, nor logged of one", () =>
    Effect.gen(function*() {
      const { layer, lines } = recordingLogger()
      const settled = yield* Effect.provide(Batch.run(Toolkit.make(asking), callsOf("asking")), layer)
      assert.deepStrictEqual([ends(settled), lines], [["Undecided"], []])
    }))
})

describe("progress", () => {
  it.effect("may be told where nobody follows", () =>
    Effect.gen(function*() {
      const tells = acts("tells", [], ({ progress }) => Effect.as(progress(1), "done"))
      assert.deepStrictEqual(ends(yield* Batch.run(Toolkit.make(tells), callsOf("tells"))), ["done"])
    }))
})

describe("a failure", () => {
  it.effect("of null is shown as it is", () =>
    Effect.gen(function*() {
      const tool = Tool.make("t", {
        description,
        parameters: nothing,
        success: Schema.Void,
        failure: Schema.Null,
        execute: () => Effect.fail(null)
      })
      const { data, type } = shown(yield* Batch.run(Toolkit.make(tool), callsOf("t")))
      assert.deepStrictEqual([type, data], ["ToolFailure", null])
    }))
})

describe("a function of promises", () => {
  /** Reads a number from a text, in its own time. */
  const Later = Schema.String.pipe(Schema.decodeTo(Schema.Int, {
    decode: SchemaGetter.transformEffect((text: string) => Effect.as(Effect.sleep(10), Number(text))),
    encode: SchemaGetter.transform(String)
  }))
  const tool = (execute: (n: number) => Promise<number>, more: object = {}) =>
    Toolkit.make(
      Tool.fromFunction("f", {
        description,
        parameters: Schema.Struct({ n: Later }),
        success: Schema.Int,
        failure: Schema.String,
        execute: ({ n }) => execute(n),
        ...more
      })
    )
  const ask = (toolkit: ReturnType<typeof tool>, n: unknown, options: Batch.Options = {}) =>
    Effect.provide(
      aDayOf(Batch.run(toolkit, [ToolCall.make({ id: "c", name: "f", arguments: { n } })], options)),
      recordingLogger().layer
    )

  it.effect("may have parameters that are read in their own time", () =>
    Effect.gen(function*() {
      const throws = (): Promise<number> => {
        throw "no"
      }
      for (const options of [{}, { onCall: () => Effect.void }]) {
        assert.deepStrictEqual(ends(yield* ask(tool(async (n) => n + 1), "1", options)), [2])
        assert.deepStrictEqual(ends(yield* ask(tool(async (n) => n + 1), "x", options)), ["InvalidArguments"])
        assert.deepStrictEqual(ends(yield* ask(tool(throws), "1", options)), ["Defect"])
        assert.deepStrictEqual(ends(yield* ask(tool(throws, { catch: String }), "1", options)), [{ failure: "no" }])
      }
    }))

  it.effect("that comes to an end after its call's is not heard any more", () =>
    Effect.gen(function*() {
      const late: Array<(value: number) => void> = []
      const slow = Tool.fromFunction("slow", {
        description,
        parameters: nothing,
        success: Schema.Int,
        timeout: 10,
        execute: () => new Promise<number>((resolve) => void late.push(resolve))
      })
      const other = acts("other", [], () =>
        Effect.sleep(20).pipe(
          Effect.tap(() => Effect.sync(() => late.forEach((resolve) => resolve(1)))),
          Effect.andThen(Effect.promise(() => Promise.resolve())),
          Effect.andThen(Effect.sleep(30)),
          Effect.as("done")
        ))
      const settled = yield* aDayOf(Batch.run(Toolkit.make(slow, other), callsOf("slow", "other")))
      assert.deepStrictEqual(ends(settled), ["Timeout", "done"])
      assert.deepStrictEqual(settled.outcomes.map(({ endedAt }) => endedAt), [10, 50])
    }))

  it.effect("that throws before there is a promise fails or crashes like one that rejects, and was tried once", () =>
    Effect.gen(function*() {
      const throws = (): Promise<number> => {
        throw "no"
      }
      const make = (more: object) =>
        Toolkit.make(
          Tool.fromFunction("f", {
            description,
            parameters: nothing,
            success: Schema.Int,
            failure: Schema.String,
            execute: throws,
            ...more
          })
        )
      for (const options of [{}, { onCall: () => Effect.void }]) {
        for (const [more, end] of [[{}, "Defect"], [{ catch: String }, { failure: "no" }]] as const) {
          const { layer } = recordingLogger()
          const settled = yield* Effect.provide(Batch.run(make(more), callsOf("f"), options), layer)
          assert.deepStrictEqual(ends(settled), [end])
          assert.strictEqual(settled.outcomes[0]!.attempts, 1)
        }
      }
    }))
})

describe("a function of promises, like any other tool,", () => {
  const make = (execute: () => Promise<string>) =>
    Toolkit.make(Tool.fromFunction("f", { description, parameters: nothing, success: Schema.String, execute }))

  it.effect("has its beginning and its end told", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      yield* Batch.run(make(async () => "done"), callsOf("f"), {
        onCall: ({ _tag }) => Effect.sync(() => void told.push(_tag))
      })
      assert.deepStrictEqual(told, ["CallStarted", "CallSettled"])
    }))

  it.effect("has a span where there is a tracer", () =>
    Effect.gen(function*() {
      const { names, tracer } = namingTracer()
      yield* Effect.withTracer(Batch.run(make(async () => "done"), callsOf("f")), tracer)
      assert.include(names, "execute_tool f")
    }))

  it.effect("crashes with what it rejected with", () =>
    Effect.gen(function*() {
      for (const options of [{}, { onCall: () => Effect.void }]) {
        const run = Batch.run(make(() => Promise.reject(new Error("original"))), callsOf("f"), options)
        const [outcome] = (yield* Effect.provide(run, recordingLogger().layer)).outcomes
        assert(outcome !== undefined && Result.isFailure(outcome.result) && outcome.result.failure._tag === "CallError")
        const { reason } = outcome.result.failure
        assert(reason._tag === "Defect")
        assert.include(Cause.pretty(reason.cause), "original")
      }
    }))
})

describe("a pipeline", () => {
  const Positive = Schema.Int.check(Schema.isGreaterThan(0))
  const add = Tool.make("add", {
    description,
    parameters: Schema.Struct({ a: Positive, b: Positive }),
    success: Schema.Int,
    execute: ({ a, b }) => Effect.succeed(a + b)
  })

  it.effect("says all that is wrong with the arguments of a call", () =>
    Effect.gen(function*() {
      const { steps } = yield* Pipeline.run(Pipeline.make((call) => ({ sum: call(add, { a: -1, b: -1 }) })))
      const { result } = steps.sum
      assert(Result.isFailure(result) && result.failure._tag === "CallError")
      const { reason } = result.failure
      assert(reason._tag === "InvalidArguments")
      assert.deepStrictEqual(reason.issues.map(({ path }) => path), ["a", "b"])
    }))

  it.effect("takes null and undefined for what they are", () =>
    Effect.gen(function*() {
      const shows = Tool.make("shows", {
        description,
        parameters: Schema.Struct({ a: Schema.NullOr(Schema.Int), b: Schema.optional(Schema.Int) }),
        success: Schema.String,
        execute: (all) => Effect.succeed(JSON.stringify(all))
      })
      const { steps } = yield* Pipeline.run(
        Pipeline.make((call) => ({ shown: call(shows, { a: null, b: undefined }) }))
      )
      assert.deepStrictEqual(steps.shown.result, Result.succeed("{\"a\":null}"))
    }))

  it.effect("looks at each call once, however many need it", () =>
    Effect.gen(function*() {
      const half = Tool.make("half", {
        description,
        parameters: Schema.Struct({ a: Schema.Int, b: Schema.Int }),
        success: Schema.Int,
        execute: ({ a, b }) => Effect.succeed((a + b) / 2)
      })
      const list = Tool.make("list", {
        description,
        parameters: Schema.Struct({ a: Schema.Int, b: Schema.Int }),
        success: Schema.Array(Schema.Int),
        execute: ({ a }) => Effect.succeed([a])
      })
      const pipeline = Pipeline.make((call) => {
        let last: Pipeline.Ref<number, never> = call(half, { a: 2, b: 2 })
        for (let n = 0; n < 15; n++) {
          const items = Pipeline.each(call(list, { a: last, b: last }), (item) => call(half, { a: item, b: item }))
          const [first] = [items.pipe(Pipeline.map((all) => all[0] ?? 0))]
          last = call(half, { a: first, b: first })
        }
        return { last }
      })
      const { steps } = yield* Pipeline.run(pipeline)
      assert.deepStrictEqual(steps.last.result, Result.succeed(2))
    }))

  it.effect("says of what a failed call did not give which call failed first, and how", () =>
    Effect.gen(function*() {
      class Gone extends Schema.TaggedError<Gone>()("Gone", {}) {}
      const bad = Tool.make("bad", {
        description,
        parameters: Schema.Struct({ n: Schema.Int }),
        success: Schema.Int,
        failure: Gone,
        execute: () => Effect.fail(new Gone())
      })
      const { steps } = yield* Pipeline.run(
        Pipeline.make((call) => {
          const first = call(bad, { n: 1 })
          const second = call(bad, { n: first })
          return { second, third: call(bad, { n: second }) }
        })
      )
      for (const { result } of [steps.second, steps.third]) {
        assert(Result.isFailure(result) && result.failure._tag === "CallError")
        const { reason } = result.failure
        assert(reason._tag === "DependencyFailed")
        assert.deepStrictEqual([reason.root, reason.type], ["bad_0", "Gone"])
      }
    }))
})

class Secret extends Context.Service<Secret, string>()("test/Secret") {}

describe("a provided toolkit", () => {
  it.effect("asks for approval by what its tools need, and lends it to what they do", () =>
    Effect.gen(function*() {
      const Known = Schema.Int.pipe(Schema.decodeTo(Schema.Int, {
        decode: SchemaGetter.transformEffect((n: number) => Secret.useSync(() => n)),
        encode: SchemaGetter.passthrough()
      }))
      const open = Tool.make("open", {
        description,
        parameters: Schema.Struct({ n: Known }),
        success: Schema.String,
        approval: ({ n }) => n > 1,
        access: ({ n }) => [Access.write(`${n}`)],
        execute: ({ n }) => Secret.useSync((secret) => `${secret} ${n}`)
      })
      const toolkit = Toolkit.provide(Toolkit.make(open), Layer.succeed(Secret, "sesame"))
      const calls = [1, 2].map((n, index) => ToolCall.make({ id: `${n}`, name: "open", arguments: { n }, index }))
      assert.deepStrictEqual(ends(yield* Batch.run(toolkit, calls)), ["sesame 1", "Undecided"])
      const allowed = yield* Effect.provide(Batch.run(toolkit, calls), Approver.allow)
      assert.deepStrictEqual(ends(allowed), ["sesame 1", "sesame 2"])
    }))

  it.effect("is provided still when it is written for a strict mode", () =>
    Effect.gen(function*() {
      const open = Tool.make("open", {
        description,
        parameters: Schema.Struct({ n: Schema.Int }),
        success: Schema.String,
        execute: ({ n }) => Secret.useSync((secret) => `${secret} ${n}`)
      })
      const strict = Toolkit.strict(Toolkit.provide(Toolkit.make(open), Layer.succeed(Secret, "sesame")), {
        write: (parameters) => ({ codec: Schema.toCodecJson(parameters), jsonSchema: { type: "object" } }),
        refuse: () => undefined
      })
      const calls = [ToolCall.make({ id: "c", name: "open", arguments: { n: 1 } })]
      assert.deepStrictEqual([strict.lax, ends(yield* Batch.run(strict, calls))], [[], ["sesame 1"]])
    }))

  it.effect("has each of its handlers answer for its own tool", () =>
    Effect.gen(function*() {
      const bare = <const N extends string>(name: N) =>
        Tool.make(name, { description, parameters: nothing, success: Schema.String })
      const toolkit = Toolkit.make(bare("one"), bare("two"))
      const layer = Toolkit.toLayer(toolkit, { one: () => Effect.succeed("1"), two: () => Effect.succeed("2") })
      const settled = yield* Batch.run(Toolkit.provide(toolkit, layer), callsOf("one", "two"))
      assert.deepStrictEqual(ends(settled), ["1", "2"])
    }))
})

describe("strict mode", () => {
  const closed = {
    type: "object",
    properties: { n: { type: "integer" } },
    required: ["n"],
    additionalProperties: false
  }
  const write = { codec: Schema.toCodecJson(Schema.Struct({ n: Schema.Int })), jsonSchema: closed }
  const mode: Toolkit.StrictMode = { write: () => write, refuse: () => undefined }
  const raw = Tool.fromJsonSchema("raw", {
    description,
    parameters: { type: "object" },
    readOnly: true,
    execute: (args) => Effect.succeed(args)
  })
  const none = { tool: "raw", why: "its JSON Schema was given as it is" }

  it("leaves a tool of raw JSON Schema as it is, whatever was put around it", () => {
    for (
      const tool of [
        Tool.around(raw, (effect) => effect),
        Tool.coalesce(raw),
        ...Toolkit.provide(Toolkit.make(raw), Layer.empty).tools
      ]
    ) {
      assert.deepStrictEqual(Toolkit.strict(Toolkit.make(tool), mode).lax, [none])
    }
  })

  it.effect("keeps what was put around a tool", () =>
    Effect.gen(function*() {
      let around = 0
      const add = Tool.make("add", {
        description,
        parameters: Schema.Struct({ n: Schema.Int }),
        success: Schema.Int,
        readOnly: true,
        execute: ({ n }) => Effect.succeed(n + 1)
      })
      const counted = Tool.coalesce(Tool.around(add, (effect) => Effect.tap(effect, () => Effect.sync(() => around++))))
      const strict = Toolkit.strict(Toolkit.make(counted), mode)
      assert.deepStrictEqual(strict.tools.map(({ strict }) => strict), [true])
      const calls = [0, 1].map((index) => ToolCall.make({ id: `${index}`, name: "add", arguments: { n: 1 }, index }))
      assert.deepStrictEqual(ends(yield* Batch.run(strict, calls)), [2, 2])
      assert.strictEqual(around, 1)
    }))

  it.effect("writes a tool that takes nothing as an object without properties, and asks only whether that is taken", () =>
    Effect.gen(function*() {
      const ping = acts("ping", [], () => Effect.succeed("pong"))
      const throws: Toolkit.StrictMode = {
        write: () => {
          throw "not asked for"
        },
        refuse: () => undefined
      }
      const strict = Toolkit.strict(Toolkit.make(ping), throws)
      assert.deepStrictEqual(strict.lax, [])
      assert.deepStrictEqual<unknown>(strict.tools[0]!.jsonSchema, {
        type: "object",
        properties: {},
        required: [],
        additionalProperties: false
      })
      assert.deepStrictEqual(ends(yield* Batch.run(strict, callsOf("ping"))), ["pong"])
      assert.deepStrictEqual(Toolkit.strict(Toolkit.make(ping), { ...throws, refuse: () => "no" }).lax, [
        { tool: "ping", why: "no" }
      ])
    }))

  it("says why it could not write a tool, also where that is no error", () => {
    const of = (thrown: unknown) =>
      Toolkit.strict(Toolkit.make(acting("any", () => Effect.succeed(""))), {
        ...mode,
        write: () => {
          throw thrown
        }
      }).lax.map(({ why }) => why)
    assert.deepStrictEqual([of(new Error("too wide")), of("too deep")], [["too wide"], ["too deep"]])
  })

  it("is still said of the tools of toolkits that were merged", () => {
    const [first, second] = [
      Toolkit.strict(Toolkit.make(raw), mode),
      Toolkit.make(acting("b", () => Effect.succeed("")))
    ]
    assert.deepStrictEqual([Toolkit.merge(first, second).lax, Toolkit.merge(second, first).lax], [[none], [none]])
  })
})

describe("the names of tools", () => {
  it("are cut to 64 letters, none sooner, and told apart by a mark", () => {
    const names = ["." + "a".repeat(63), "." + "a".repeat(64), ".b", "_b", "+b", "-b"]
    const { wireNames } = Toolkit.make(...names.map((name): Tool.Any => acting(name, () => Effect.succeed(""))))
    const spelled = names.map((name) => wireNames.get(name)!)
    assert.strictEqual(spelled[0], "_" + "a".repeat(63))
    assert.match(spelled[1]!, /^_a+_[0-9a-z]+$/)
    assert.strictEqual(spelled[1]!.length, 64)
    assert.strictEqual(spelled[3], "_b")
    assert.match(spelled[2]!, /^_b_[0-9a-z]+$/)
    assert.strictEqual(new Set(spelled).size, names.length)
  })
})

describe("the batches of an agent", () => {
  it.effect("tell whoever asked of their calls, count them by the agent's options, and have the run id given", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const keys: Array<string> = []
      const ok = acting("ok", (_, call) => Effect.sync(() => `${keys.push(call.idempotencyKey)}`))
      const model = () => scripted(asks({ name: "ok" }, { name: "ok" }), says("Done."))
      const options = {
        toolkit: Toolkit.make(ok),
        prompt: Conversation.make("Hi", { runId: "one" }),
        batch: { maxCalls: 1, onCall: ({ _tag }: { readonly _tag: string }) => Effect.sync(() => void told.push(_tag)) }
      }
      const ended = yield* run(model(), options)
      assert.deepStrictEqual(ended.rounds.map(({ settled }) => ends(settled)), [["1", "LimitExceeded"]])
      assert.include(told, "CallSettled")
      yield* run(model(), { ...options, prompt: Conversation.make("Hi", { runId: "two" }) })
      yield* run(model(), {
        ...options,
        prompt: Conversation.make("Hi", { runId: "two" }),
        batch: { maxCalls: 1, runId: "one" }
      })
      assert.notStrictEqual(keys[0], keys[1])
      assert.strictEqual(keys[0], keys[2])
    }))

  it.effect("follow the program's defaults where the agent says nothing", () =>
    Effect.gen(function*() {
      const ok = acting("ok", () => Effect.succeed("fine"))
      const model = scripted(asks({ name: "ok" }, { name: "ok" }), says("Done."))
      const agent = Agent.run({ toolkit: Toolkit.make(ok), prompt: "Hi" })
      const ended = yield* agent.pipe(
        Effect.provide(model.layer),
        Effect.provideService(Batch.Defaults, { maxCalls: 1 })
      )
      assert.deepStrictEqual(ended.rounds.map(({ settled }) => ends(settled)), [["fine", "LimitExceeded"]])
    }))
})

describe("an agent whose program has been up for a day", () => {
  const up = TestClock.adjust("1 day")
  const bounded = { toolkit: Toolkit.make(acting("slow", () => Effect.as(Effect.sleep(100), "done"))), prompt: "Hi" }
  const wants = (request: ChatModel.Request) => request.toolChoice === "none" ? says("Well.") : asks({ name: "slow" })

  it.effect.each([true, false])(
    "meets its limit of time when that has passed, streaming or not: %s",
    (streaming) =>
      Effect.gen(function*() {
        yield* up
        const turns = ScriptedModel.layer((request) => Effect.delay(Effect.succeed(wants(request)), 10))
        const agent = Agent.run({ ...bounded, streaming, maxRounds: 99, maxDuration: 1000 })
        const ended = yield* aDayOf(Effect.provide(agent, turns))
        assert.deepStrictEqual([ended.limited, ended.answer], ["time", "Well."])
        assert.isAtLeast(ended.rounds.length, 6)
        assert.isAtMost(ended.rounds.length, 9)
      })
  )

  it.effect.each([true, false])(
    "does not wait longer than that for its model, streaming or not: %s",
    (streaming) =>
      Effect.gen(function*() {
        yield* up
        const agent = Agent.run({ ...bounded, streaming, maxDuration: 1000 })
        const error = yield* aDayOf(Effect.flip(Effect.provide(agent, ScriptedModel.layer(() => Effect.never))))
        assert.include(error.message, "the agent met its limit of 1000 milliseconds")
      })
  )
})

describe("an agent", () => {
  it.effect("runs at most 64 calls of a turn, and within the program's deadline, where nothing else is said", () =>
    Effect.gen(function*() {
      const ok = acting("ok", () => Effect.succeed("fine"))
      const hangs = acting("hangs", () => Effect.never)
      const many = scripted(asks(...Array.from({ length: 65 }, () => ({ name: "ok" }))), says("Done."))
      const counted = yield* run(many, { toolkit: Toolkit.make(ok), prompt: "Hi" })
      assert.deepStrictEqual(ends(counted.rounds[0]!.settled).slice(63), ["fine", "LimitExceeded"])
      const waits = run(scripted(asks({ name: "hangs" }), says("Done.")), {
        toolkit: Toolkit.make(hangs),
        prompt: "Hi"
      })
      const timed = yield* aDayOf(Effect.provideService(waits, Batch.Defaults, { deadline: 20 }))
      assert.deepStrictEqual(timeouts(timed.rounds[0]!.settled), [["deadline", 20, true]])
    }))

  it.effect("that goes on with undecided calls has the turn that asked for them in its first round", () =>
    Effect.gen(function*() {
      const pay = Tool.make("pay", {
        description,
        parameters: nothing,
        success: Schema.String,
        approval: "always",
        execute: () => Effect.succeed("paid")
      })
      const ok = acting("ok", () => Effect.succeed("fine"))
      const toolkit = Toolkit.make(pay, ok)
      const wants = asks({ name: "pay" })
      const error = yield* Effect.flip(run(scripted(asks({ name: "ok" }), wants), { toolkit, prompt: "Hi" }))
      assert(error._tag === "AgentError")
      const ended = yield* run(scripted(says("Done.")), { toolkit, prompt: error.conversation }).pipe(
        Effect.provide(Approver.allow)
      )
      const { settled, turn } = ended.rounds[0]!
      assert.deepStrictEqual([turn.message, turn.finish, ends(settled)], [wants.message, "tool-calls", ["paid"]])
    }))

  it.effect("counts the calls that were admitted, not those that a turn had too many of", () =>
    Effect.gen(function*() {
      const ok = acting("ok", () => Effect.succeed("fine"))
      const model = scripted(asks({ name: "ok" }, { name: "ok" }), asks({ name: "ok" }), says("Done."))
      const ended = yield* run(model, {
        toolkit: Toolkit.make(ok),
        prompt: "Hi",
        batch: { maxCalls: 1 },
        maxToolCalls: 3
      })
      assert.deepStrictEqual([ended.rounds.length, ended.limited], [2, false])
    }))

  it.effect("whose model fails at once has nothing to go on from, later all that had run", () =>
    Effect.gen(function*() {
      const fails = ScriptedModel.fails(new ChatModelError.Unauthorized({ message: "no", status: 401 }))
      const ok = acting("ok", () => Effect.succeed("fine"))
      const ask = (...turns: ReadonlyArray<ScriptedModel.Step>) =>
        Effect.flip(Effect.provide(Agent.run({ toolkit: Toolkit.make(ok), prompt: "Hi" }), scripted(...turns).layer))
      const [first, second] = [yield* ask(fails), yield* ask(asks({ name: "ok" }), fails)]
      assert(first._tag === "ChatModelError" && second._tag === "ChatModelError")
      assert.deepStrictEqual([first.conversation, second.conversation?.messages.length], [undefined, 3])
    }))

  it.effect("dies where its model streams no whole turn", () =>
    Effect.gen(function*() {
      const layer = Layer.succeed(ChatModel.ChatModel, {
        generate: () => Effect.succeed(says("unused")),
        stream: () => Stream.make({ _tag: "Text", text: "Well" } as const)
      })
      const agent = Agent.run({ toolkit: Toolkit.make(), prompt: "Hi", streaming: true })
      const exit = yield* Effect.exit(Effect.provide(agent, layer))
      assert(Exit.isFailure(exit))
      assert.include(Cause.pretty(exit.cause), "ChatModel.stream ended without its whole turn")
    }))

  it.effect("says all that is wrong with an output", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([says("{\"first\":\"x\",\"second\":\"y\"}")], { repeat: true })
      const output = Schema.Struct({ first: Schema.Int, second: Schema.Int })
      const agent = Agent.run({ toolkit: Toolkit.make(), prompt: "Hi", output })
      const error = yield* Effect.flip(Effect.provide(agent, model.layer))
      assert.include(error.message, "first")
      assert.include(error.message, "second")
    }))
})

describe("two runners", () => {
  it.effect("share no limits in a program that has none of its own", () =>
    Effect.gen(function*() {
      const { counts, measured } = gauge()
      const one = Tool.make("one", {
        description,
        parameters: nothing,
        success: Schema.Void,
        limits: [Limits.concurrency(1)],
        execute: () => measured(Effect.sleep(10))
      })
      const program = Effect.gen(function*() {
        const runners = [yield* Batch.make(), yield* Batch.make()]
        yield* Effect.all(runners.map(({ run }) => run(Toolkit.make(one), callsOf("one", "one"))), { concurrency: 2 })
      })
      yield* aDayOf(program)
      assert.strictEqual(counts.most, 2)
    }))
})

describe("many short calls", () => {
  it.effect("that are over at once are started one behind the other, not inside each other", () =>
    Effect.gen(function*() {
      const calls = timesOf(10_000, "nobody")
      const { outcomes } = yield* Batch.run(Toolkit.make(), calls, { maxCalls: "unbounded", concurrency: 1 })
      assert.strictEqual(outcomes.length, calls.length)
    }))

  it.effect("neither lose their log annotations nor take those of others", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const ok = acts("ok", [], () =>
        References.CurrentLogAnnotations.useSync((annotations) =>
          `${seen.push(annotations["callId"])}`
        ))
      yield* Batch.run(Toolkit.make(ok), timesOf(20, "ok"))
      assert.deepStrictEqual(seen, timesOf(20, "ok").map(({ id }) => id))
    }))
})

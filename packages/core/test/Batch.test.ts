import { assert, describe, it } from "@effect/vitest"
import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { Cause, Deferred, Effect, Exit, Fiber, Latch, Result, Schedule, Schema } from "effect"
import { TestClock } from "effect/testing"
import { acting, callsOf, ends, gauge, recordingLogger, shown, timesOf } from "./support.ts"

const ok = acting("ok", () => Effect.succeed("fine"))

/** A tool that answers only when it is told to. */
const held = (options: { readonly timeout?: number } = {}) => {
  const latch = Latch.makeUnsafe(false)
  const { counts, measured } = gauge()
  return { latch, counts, tool: acting("held", () => measured(Effect.as(latch.await, "let go")), options) }
}

/** A tool that goes on, whoever interrupts it, until its gate is opened. */
const stubborn = () => {
  const gate = Latch.makeUnsafe(false)
  return {
    gate,
    tool: acting("stubborn", () => Effect.uninterruptible(Effect.as(gate.await, "late")), { timeout: 1000 })
  }
}

describe("Batch.run", () => {
  it.effect("answers no calls by no outcomes", () =>
    Effect.gen(function*() {
      const settled = yield* Batch.run(Toolkit.make(ok), [])
      assert.deepStrictEqual(settled, { outcomes: [], pending: [], strays: [] })
    }))

  it.effect("answers in call order, whichever call ends first", () =>
    Effect.gen(function*() {
      const second = yield* Deferred.make<void>()
      const toolkit = Toolkit.make(
        acting("first", () => Effect.as(Deferred.await(second), "one")),
        acting("second", () => Effect.as(Deferred.succeed(second, undefined), "two"))
      )
      const { outcomes } = yield* Batch.run(toolkit, callsOf("first", "second"))
      assert.deepStrictEqual(outcomes.map(({ call, encoded, name }) => [call.id, name, encoded]), [
        ["call_1", "first", "\"one\""],
        ["call_2", "second", "\"two\""]
      ])
    }))

  it.effect("takes calls from any iterable", () =>
    Effect.gen(function*() {
      const calls = new Set(callsOf("ok", "ok"))
      assert.deepStrictEqual(ends(yield* Batch.run(Toolkit.make(ok), calls)), ["fine", "fine"])
    }))

  it.effect("says when each call started and ended, and that it took one attempt", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(acting("slow", () => Effect.as(Effect.sleep("2 seconds"), "done")))
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, callsOf("slow", "slow"), { concurrency: 1 }))
      yield* TestClock.adjust("4 seconds")
      const { outcomes } = yield* Fiber.join(fiber)
      assert.deepStrictEqual(outcomes.map(({ attempts, endedAt, startedAt }) => [startedAt, endedAt, attempts]), [
        [0, 2000, 1],
        [2000, 4000, 1]
      ])
    }))

  it.effect("runs twice what is run twice", () =>
    Effect.gen(function*() {
      const { counts, measured } = gauge()
      const batch = Batch.run(Toolkit.make(acting("ok", () => measured(Effect.succeed("fine")))), callsOf("ok"))
      yield* batch
      yield* batch
      assert.strictEqual(counts.started, 2)
    }))

  it.effect("tells a tool its call's id and the name that the model used does not matter", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(acting("weather.today", (_, call) => Effect.succeed(call.id)))
      const { outcomes } = yield* Batch.run(toolkit, callsOf("weather.today", "weather_today"))
      assert.deepStrictEqual(outcomes.map(({ encoded, name }) => [name, encoded]), [
        ["weather.today", "\"call_1\""],
        ["weather.today", "\"call_2\""]
      ])
    }))
})

describe("what one call meets is that call's outcome alone", () => {
  const circular: { self?: unknown } = {}
  circular.self = circular
  const giving = (name: string, value: unknown) =>
    Tool.make(name, {
      description: name,
      parameters: Schema.Struct({}),
      success: Schema.Unknown,
      execute: () => Effect.succeed(value)
    })
  const city = Tool.make("city", {
    description: "Takes a city.",
    parameters: Schema.Struct({ city: Schema.String }),
    success: Schema.String,
    execute: ({ city }) => Effect.succeed(city)
  })
  const complete = (name: string, args: unknown = {}) => ToolCall.make({ id: "odd", name, arguments: args })

  const cases: ReadonlyArray<{
    readonly what: string
    readonly tool: Tool.Tool<string, Schema.Constraint, Schema.Constraint, Schema.Constraint>
    readonly call: ToolCall.ToolCall
    readonly end: unknown
    readonly attempts: number
  }> = [
    {
      what: "a typed failure",
      tool: acting("odd", () => Effect.fail("no such city")),
      call: complete("odd"),
      end: { failure: "no such city" },
      attempts: 1
    },
    {
      what: "a defect",
      tool: acting("odd", () => Effect.die(new Error("bug"))),
      call: complete("odd"),
      end: "Defect",
      attempts: 1
    },
    {
      what: "a handler that throws",
      tool: acting("odd", () => {
        throw new Error("bug")
      }),
      call: complete("odd"),
      end: "Defect",
      attempts: 1
    },
    {
      what: "a promise that rejects",
      tool: acting("odd", () => Effect.promise(() => Promise.reject(new Error("bug")))),
      call: complete("odd"),
      end: "Defect",
      attempts: 1
    },
    {
      what: "a tool that interrupts itself",
      tool: acting("odd", () => Effect.interrupt),
      call: complete("odd"),
      end: "Interrupted",
      attempts: 1
    },
    {
      what: "a tool that interrupts its own fiber",
      tool: acting(
        "odd",
        () => Effect.withFiber((fiber) => Effect.andThen(Effect.sync(() => fiber.interruptUnsafe()), Effect.never))
      ),
      call: complete("odd"),
      end: "Interrupted",
      attempts: 1
    },
    {
      what: "arguments that are not JSON",
      tool: city,
      call: complete("city", "{\"city\": \"Ro"),
      end: "InvalidArguments",
      attempts: 0
    },
    {
      what: "arguments that do not fit",
      tool: city,
      call: complete("city", "{\"city\": 3}"),
      end: "InvalidArguments",
      attempts: 0
    },
    {
      what: "arguments that are no object",
      tool: city,
      call: complete("city", "[]"),
      end: "InvalidArguments",
      attempts: 0
    },
    { what: "a tool that nobody knows", tool: city, call: complete("nope"), end: "UnknownTool", attempts: 0 },
    { what: "a tool called __proto__", tool: city, call: complete("__proto__"), end: "UnknownTool", attempts: 0 },
    { what: "a result of BigInt", tool: giving("odd", 10n), call: complete("odd"), end: "Unencodable", attempts: 1 },
    {
      what: "a circular result",
      tool: giving("odd", circular),
      call: complete("odd"),
      end: "Unencodable",
      attempts: 1
    },
    {
      what: "a result that is a function",
      tool: giving("odd", () => 1),
      call: complete("odd"),
      end: "Unencodable",
      attempts: 1
    },
    {
      what: "a truncated call",
      tool: city,
      call: { ...complete("city", { city: "Rome" }), status: "truncated" },
      end: "Truncated",
      attempts: 0
    },
    {
      what: "a timeout",
      tool: acting("odd", () => Effect.never, { timeout: "1 second" }),
      call: complete("odd"),
      end: "Timeout",
      attempts: 1
    }
  ]

  it.effect.each(cases)("$what", ({ attempts, call, end, tool }) =>
    Effect.gen(function*() {
      const before = acting("before", () => Effect.as(Effect.sleep("2 seconds"), "before"))
      const after = acting("after", () => Effect.as(Effect.sleep("3 seconds"), "after"))
      const calls = [...callsOf("before"), call, ...callsOf("after")]
      const fiber = yield* Effect.forkChild(Batch.run(Toolkit.make(before, tool, after), calls))
      yield* TestClock.adjust("3 seconds")
      const settled = yield* Fiber.join(fiber)
      assert.deepStrictEqual(ends(settled), ["before", end, "after"])
      assert.deepStrictEqual(settled.outcomes.map((outcome) => outcome.attempts), [1, attempts, 1])
      assert.deepStrictEqual(settled.strays, [])
    }).pipe(Effect.provide(recordingLogger().layer)))

  it.effect("a handler that gives no Effect, at once or later, is a defect of its call", () =>
    Effect.gen(function*() {
      // What JavaScript, or a cast, can hand over in spite of the types.
      const none = (): Effect.Effect<string> => JSON.parse("3")
      const odd = (name: string, execute: () => Effect.Effect<string>) =>
        Tool.make(name, { description: "", parameters: Schema.Struct({}), success: Schema.String, execute })
      const gate = Promise.withResolvers<string>()
      const waits = Tool.fromFunction("waits", {
        description: "",
        parameters: Schema.Struct({}),
        success: Schema.String,
        execute: () => gate.promise
      })
      const later = odd("later", () => Effect.flatMap(Effect.sleep(10), none))
      const calls = callsOf("at once", "waits", "later", "ok", "later")
      const toolkit = Toolkit.make(odd("at once", none), later, waits, ok)
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, calls, { timeout: "unbounded" }))
      yield* TestClock.adjust(10)
      gate.resolve("waited")
      assert.deepStrictEqual(ends(yield* Fiber.join(fiber)), ["Defect", "waited", "Defect", "fine", "Defect"])
    }).pipe(Effect.provide(recordingLogger().layer)))

  it.effect("a failure with a crash beside it is a defect, which is logged whole and not tried again", () =>
    Effect.gen(function*() {
      const { layer, lines } = recordingLogger()
      const both = Effect.failCause(Cause.combine(Cause.fail("no"), Cause.die(new Error("bug"))))
      const failing = (name: string, effect: Effect.Effect<never, string>) =>
        acting(name, () => effect, { idempotent: true })
      const tools = [failing("at once", both), failing("later", Effect.andThen(Effect.yieldNow, both))]
      const around = tools.map((tool) => Tool.around({ ...tool, name: `around ${tool.name}` }, (attempt) => attempt))
      const toolkit = Toolkit.make(...tools, ...around)
      const batch = Batch.run(toolkit, callsOf(...toolkit.tools.map(({ name }) => name)), { retry: Schedule.recurs(3) })
      const settled = yield* Effect.provide(batch, layer)
      for (const { attempts, result } of settled.outcomes) {
        assert.strictEqual(attempts, 1)
        assert(Result.isFailure(result) && result.failure._tag === "CallError")
        const { reason } = result.failure
        assert(reason._tag === "Defect")
        assert.include(Cause.pretty(reason.cause), "no")
        assert.include(Cause.pretty(reason.cause), "bug")
      }
      assert.deepStrictEqual(lines.map(({ text }) => text), Array(4).fill("A tool crashed"))
    }))

  it.effect("a failure that does not fit its schema is unencodable", () =>
    Effect.gen(function*() {
      const failure = Schema.Struct({ left: Schema.Int })
      const tool = Tool.make("odd", {
        description: "",
        parameters: Schema.Struct({}),
        success: Schema.String,
        failure,
        execute: () => Effect.fail({ left: 0.5 })
      })
      const settled = yield* Batch.run(Toolkit.make(tool, ok), callsOf("odd", "ok"))
      assert.deepStrictEqual(ends(settled), ["Unencodable", "fine"])
    }))

  it.effect("every kind of end stands in one batch, each at its own place", () =>
    Effect.gen(function*() {
      const named = cases.map((one, index) => ({ ...one, name: `tool_${index}` }))
      const toolkit = Toolkit.make(...named.map(({ name, tool }) => ({ ...tool, name })))
      const calls = named.map(({ call, name, tool }) => call.name === tool.name ? { ...call, name } : call)
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, calls, { concurrency: 3 }))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(ends(yield* Fiber.join(fiber)), cases.map(({ end }) => end))
    }).pipe(Effect.provide(recordingLogger().layer)))

  it.effect("a value that JSON has no word for is answered by null", () =>
    Effect.gen(function*() {
      const tool = Tool.make("nothing", {
        description: "",
        parameters: Schema.Struct({}),
        success: Schema.Void,
        execute: () => Effect.void
      })
      const { outcomes } = yield* Batch.run(Toolkit.make(tool), callsOf("nothing"))
      assert.strictEqual(outcomes[0]?.encoded, "null")
    }))

  it.effect("no arguments at all are an empty object", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(acting("echo", (parameters) => Effect.succeed(JSON.stringify(parameters))))
      const settled = yield* Batch.run(toolkit, [complete("echo", ""), complete("echo", "  "), complete("echo", "{}")])
      assert.deepStrictEqual(ends(settled), ["{}", "{}", "{}"])
    }))
})

describe("a crash", () => {
  it.effect("is logged once and whole for the host, and keeps its cause, whole, in the outcome", () =>
    Effect.gen(function*() {
      const { layer, lines } = recordingLogger()
      const bug = new Error("the password is sk-secret")
      const toolkit = Toolkit.make(acting("odd", () => Effect.die(bug)))
      const settled = yield* Effect.provide(Batch.run(toolkit, callsOf("odd")), layer)
      const result = settled.outcomes[0]!.result
      assert(Result.isFailure(result) && result.failure._tag === "CallError" && result.failure.reason._tag === "Defect")
      assert.strictEqual(Cause.squash(result.failure.reason.cause), bug)
      assert.deepStrictEqual(lines, [{
        level: "Error",
        text: "A tool crashed",
        annotations: { tool: "odd", callId: "call_1" }
      }])
    }))

  it.effect("is not shown to the model: no message, no stack, no path", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(acting("odd", () => Effect.die(new Error("the password is sk-secret"))))
      const { outcomes } = yield* Batch.run(toolkit, callsOf("odd"))
      assert.notMatch(outcomes[0]!.encoded, /sk-secret|stack|\.ts|at /)
    }).pipe(Effect.provide(recordingLogger().layer)))

  it.effect("names its tool and call in what the tool itself logs", () =>
    Effect.gen(function*() {
      const { layer, lines } = recordingLogger()
      const toolkit = Toolkit.make(acting("chatty", () => Effect.as(Effect.logWarning("hm"), "said")))
      yield* Effect.provide(Batch.run(toolkit, callsOf("chatty")), layer)
      assert.deepStrictEqual(lines.map(({ annotations }) => annotations), [{ tool: "chatty", callId: "call_1" }])
    }))
})

describe("without options", () => {
  it.effect("exactly 10 calls are in flight, and the next starts as soon as one ends", () =>
    Effect.gen(function*() {
      const { counts, latch, tool } = held()
      const quick = yield* Deferred.make<void>()
      const toolkit = Toolkit.make(tool, acting("quick", () => Effect.as(Deferred.await(quick), "quick")))
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, [...callsOf("quick"), ...timesOf(24, "held")]))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(counts.started, 9)
      yield* Deferred.succeed(quick, undefined)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(counts.started, 10)
      yield* latch.open
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(counts, { started: 24, running: 0, most: 10 })
    }))

  it.effect("a call has 30 seconds", () =>
    Effect.gen(function*() {
      const { tool } = held()
      const fiber = yield* Effect.forkChild(Batch.run(Toolkit.make(tool), callsOf("held")))
      yield* TestClock.adjust(29_999)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      const settled = yield* Fiber.join(fiber)
      assert.deepStrictEqual(ends(settled), ["Timeout"])
      assert.deepStrictEqual(shown(settled)["data"], { limit: "timeout", millis: 30_000, started: true })
    }))

  it.effect("64 calls run, and each further one is answered by LimitExceeded", () =>
    Effect.gen(function*() {
      const { counts, measured } = gauge()
      const toolkit = Toolkit.make(acting("count", () => measured(Effect.succeed("ran"))))
      const settled = yield* Batch.run(toolkit, timesOf(66, "count"))
      assert.strictEqual(counts.started, 64)
      assert.deepStrictEqual(ends(settled), [
        ...Array.from({ length: 64 }, () => "ran"),
        "LimitExceeded",
        "LimitExceeded"
      ])
      assert.deepStrictEqual(shown(settled, 64)["data"], { maxCalls: 64 })
    }))

  const bytes = (text: string) => new TextEncoder().encode(text).length

  it.effect("a result of 64 KiB is shown whole, and a longer one is cut with a visible mark", () =>
    Effect.gen(function*() {
      const whole = "a".repeat(65_536 - 2)
      const toolkit = Toolkit.make(
        acting("fits", () => Effect.succeed(whole)),
        acting("exceeds", () => Effect.succeed(`${whole}a`))
      )
      const { outcomes } = yield* Batch.run(toolkit, callsOf("fits", "exceeds"))
      assert.strictEqual(outcomes[0]!.encoded, JSON.stringify(whole))
      assert.strictEqual(outcomes[1]!.encoded, `"${whole}a… [cut: the first 65536 of 65537 bytes]`)
      assert.deepStrictEqual(outcomes[1]!.result, Result.succeed(`${whole}a`))
    }))

  it.effect("a result is never cut inside a character", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(acting("long", () => Effect.succeed("😀".repeat(20_000))))
      const { outcomes } = yield* Batch.run(toolkit, callsOf("long"))
      const [head, mark] = outcomes[0]!.encoded.split("…")
      assert.isTrue(head!.isWellFormed())
      assert.isAtMost(bytes(head!), 65_536)
      assert.isAbove(bytes(head!), 65_536 - 4)
      assert.match(mark!, /cut: the first 65536 of 80002 bytes/)
    }))

  it.effect("a long failure stays JSON, with its type", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(acting("long", () => Effect.fail("x".repeat(100_000))))
      const settled = yield* Batch.run(toolkit, callsOf("long"))
      assert.strictEqual(shown(settled)["type"], "ToolFailure")
      assert.isAtMost(bytes(settled.outcomes[0]!.encoded), 65_536)
    }))

  it.effect("nothing is tried again", () =>
    Effect.gen(function*() {
      const { counts, measured } = gauge()
      const toolkit = Toolkit.make(acting("flaky", () => measured(Effect.fail("no")), { readOnly: true }))
      yield* Batch.run(toolkit, callsOf("flaky"))
      assert.strictEqual(counts.started, 1)
    }))

  it.effect("a failure stops no other call", () =>
    Effect.gen(function*() {
      const slow = acting("slow", () => Effect.as(Effect.sleep("1 second"), "done"))
      const toolkit = Toolkit.make(acting("bad", () => Effect.fail("no")), slow)
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, callsOf("bad", "slow")))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(ends(yield* Fiber.join(fiber)), [{ failure: "no" }, "done"])
    }))
})

describe("a limit that is unbounded", () => {
  it.effect("concurrency: all calls are in flight at once", () =>
    Effect.gen(function*() {
      const { counts, latch, tool } = held()
      const batch = Batch.run(Toolkit.make(tool), timesOf(50, "held"), { concurrency: "unbounded" })
      const fiber = yield* Effect.forkChild(batch)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(counts.running, 50)
      yield* latch.open
      yield* Fiber.join(fiber)
    }))

  it.effect("timeout: a call may take a day", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(acting("slow", () => Effect.as(Effect.sleep("1 day"), "done")))
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, callsOf("slow"), { timeout: "unbounded" }))
      yield* TestClock.adjust("1 day")
      assert.deepStrictEqual(ends(yield* Fiber.join(fiber)), ["done"])
    }))

  it.effect("maxCalls: every call runs", () =>
    Effect.gen(function*() {
      const settled = yield* Batch.run(Toolkit.make(ok), timesOf(100, "ok"), { maxCalls: "unbounded" })
      assert.isTrue(ends(settled).every((end) => end === "fine"))
    }))

  it.effect("maxResultBytes: a result is shown whole", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(acting("long", () => Effect.succeed("x".repeat(200_000))))
      const { outcomes } = yield* Batch.run(toolkit, callsOf("long"), { maxResultBytes: "unbounded" })
      assert.strictEqual(outcomes[0]!.encoded.length, 200_002)
    }))

  it.effect("maxMessageBytes: all results are shown whole", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(acting("long", () => Effect.succeed("x".repeat(1_000_000))))
      const unbounded = { maxResultBytes: "unbounded", maxMessageBytes: "unbounded" } as const
      const { outcomes } = yield* Batch.run(toolkit, callsOf("long", "long"), unbounded)
      assert.deepStrictEqual(outcomes.map(({ encoded }) => encoded.length), [1_000_002, 1_000_002])
    }))

  it.effect("deadline: it outweighs a default", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(acting("slow", () => Effect.as(Effect.sleep("2 seconds"), "done")))
      const batch = Batch.run(toolkit, callsOf("slow"), { deadline: "unbounded" })
      const fiber = yield* Effect.forkChild(Effect.provideService(batch, Batch.Defaults, { deadline: "1 second" }))
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(ends(yield* Fiber.join(fiber)), ["done"])
    }))
})

describe("a timeout", () => {
  it.effect("of a tool outweighs that of the batch, in both directions", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(
        acting("short", () => Effect.never, { timeout: "1 second" }),
        acting("long", () => Effect.as(Effect.sleep("9 seconds"), "done"), { timeout: "10 seconds" }),
        acting("plain", () => Effect.never)
      )
      const batch = Batch.run(toolkit, callsOf("short", "long", "plain"), { timeout: "5 seconds" })
      const fiber = yield* Effect.forkChild(batch)
      yield* TestClock.adjust("9 seconds")
      const settled = yield* Fiber.join(fiber)
      assert.deepStrictEqual(ends(settled), ["Timeout", "done", "Timeout"])
      assert.deepStrictEqual(settled.outcomes.map(({ endedAt }) => endedAt), [1000, 9000, 5000])
    }))

  it.effect("counts from the call's own start, not from the batch's", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(acting("slow", () => Effect.as(Effect.sleep("3 seconds"), "done")))
      const batch = Batch.run(toolkit, timesOf(3, "slow"), { concurrency: 1, timeout: "4 seconds" })
      const fiber = yield* Effect.forkChild(batch)
      yield* TestClock.adjust("9 seconds")
      assert.deepStrictEqual(ends(yield* Fiber.join(fiber)), ["done", "done", "done"])
    }))

  it.effect("interrupts the tool", () =>
    Effect.gen(function*() {
      const stopped = yield* Deferred.make<void>()
      const tool = acting("slow", () => Effect.onInterrupt(Effect.never, () => Deferred.succeed(stopped, undefined)))
      const fiber = yield* Effect.forkChild(Batch.run(Toolkit.make(tool), callsOf("slow"), { timeout: "1 second" }))
      yield* TestClock.adjust("1 second")
      yield* Deferred.await(stopped)
      assert.deepStrictEqual((yield* Fiber.join(fiber)).strays, [])
    }))

  it.effect("says whether another attempt is harmless, and of a write that its outcome is unknown", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(
        acting("read", () => Effect.never, { readOnly: true }),
        acting("put", () => Effect.never, { idempotent: true }),
        acting("write", () => Effect.never)
      )
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, callsOf("read", "put", "write")))
      yield* TestClock.adjust("30 seconds")
      const settled = yield* Fiber.join(fiber)
      assert.deepStrictEqual([0, 1, 2].map((index) => shown(settled, index)["safeToRepeat"]), [true, true, false])
      assert.match(String(shown(settled, 2)["message"]), /outcome is unknown/)
    }))

  it.effect("answers in time even if the tool ignores interruption, and its slot is free", () =>
    Effect.gen(function*() {
      const { gate, tool } = stubborn()
      const batch = Batch.run(Toolkit.make(tool, ok), callsOf("stubborn", "ok"), { concurrency: 1 })
      const fiber = yield* Effect.forkChild(batch)
      yield* TestClock.adjust("1 second")
      const settled = yield* Fiber.join(fiber)
      assert.deepStrictEqual(ends(settled), ["Timeout", "fine"])
      assert.deepStrictEqual(settled.outcomes.map(({ endedAt }) => endedAt), [1000, 1000])
      yield* gate.open
    }))

  it.effect("lists what still goes on as a stray, which can be awaited", () =>
    Effect.gen(function*() {
      const { gate, tool } = stubborn()
      const fiber = yield* Effect.forkChild(Batch.run(Toolkit.make(ok, tool), callsOf("ok", "stubborn")))
      yield* TestClock.adjust("1 second")
      const { strays } = yield* Fiber.join(fiber)
      assert.deepStrictEqual(strays.map(({ call }) => call.id), ["call_2"])
      const waiting = yield* Effect.forkChild(strays[0]!.await)
      yield* TestClock.adjust("1 minute")
      assert.isUndefined(waiting.pollUnsafe())
      yield* gate.open
      yield* Fiber.join(waiting)
    }))

  it.effect("drops the late result and logs it, with the call it belonged to", () =>
    Effect.gen(function*() {
      const { layer, lines } = recordingLogger()
      const { gate, tool } = stubborn()
      const batch = Effect.provide(Batch.run(Toolkit.make(tool), callsOf("stubborn")), layer)
      const fiber = yield* Effect.forkChild(batch)
      yield* TestClock.adjust("1 second")
      const settled = yield* Fiber.join(fiber)
      assert.deepStrictEqual(lines, [])
      yield* gate.open
      yield* settled.strays[0]!.await
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(ends(settled), ["Timeout"])
      assert.deepStrictEqual(lines.map(({ annotations, level }) => [level, annotations]), [
        ["Warn", { tool: "stubborn", callId: "call_1" }]
      ])
    }))

  it.effect("does not list a tool that stopped in the meantime", () =>
    Effect.gen(function*() {
      const { gate, tool } = stubborn()
      const slow = acting("slow", () => Effect.as(Effect.sleep("5 seconds"), "done"))
      const fiber = yield* Effect.forkChild(Batch.run(Toolkit.make(tool, slow), callsOf("stubborn", "slow")))
      yield* TestClock.adjust("2 seconds")
      yield* gate.open
      yield* TestClock.adjust("3 seconds")
      const settled = yield* Fiber.join(fiber)
      assert.deepStrictEqual(ends(settled), ["Timeout", "done"])
      assert.deepStrictEqual(settled.strays, [])
    }).pipe(Effect.provide(recordingLogger().layer)))

  it.effect("holds in a batch that cannot be interrupted", () =>
    Effect.gen(function*() {
      const { gate, tool } = stubborn()
      const never = acting("never", () => Effect.never, { timeout: "1 second" })
      const batch = Effect.uninterruptible(Batch.run(Toolkit.make(never, tool), callsOf("never", "stubborn")))
      const fiber = yield* Effect.forkChild(batch)
      yield* TestClock.adjust("1 second")
      const exit = fiber.pollUnsafe()
      yield* gate.open
      assert(exit !== undefined && Exit.isSuccess(exit), "the batch should have ended after one second")
      assert.deepStrictEqual(ends(exit.value), ["Timeout", "Timeout"])
    }))
})

describe("a deadline", () => {
  it.effect("answers what has started and what has not, each by its own word", () =>
    Effect.gen(function*() {
      const { counts, tool } = held()
      const batch = Batch.run(Toolkit.make(ok, tool), callsOf("ok", "held", "held"), {
        concurrency: 1,
        deadline: "5 seconds"
      })
      const fiber = yield* Effect.forkChild(batch)
      yield* TestClock.adjust("5 seconds")
      const settled = yield* Fiber.join(fiber)
      assert.deepStrictEqual(ends(settled), ["fine", "Timeout", "Timeout"])
      assert.deepStrictEqual([shown(settled, 1)["data"], shown(settled, 2)["data"]], [
        { limit: "deadline", millis: 5000, started: true },
        { limit: "deadline", millis: 5000, started: false }
      ])
      assert.deepStrictEqual([shown(settled, 1)["safeToRepeat"], shown(settled, 2)["safeToRepeat"]], [false, true])
      assert.strictEqual(counts.started, 1)
      assert.deepStrictEqual(settled.outcomes.map(({ attempts }) => attempts), [1, 1, 0])
    }))

  it.effect("holds even if every tool ignores interruption", () =>
    Effect.gen(function*() {
      const { gate, tool } = stubborn()
      const batch = Batch.run(Toolkit.make(tool), timesOf(20, "stubborn"), { deadline: "500 millis" })
      const fiber = yield* Effect.forkChild(batch)
      yield* TestClock.adjust("500 millis")
      const settled = yield* Fiber.join(fiber)
      assert.isTrue(ends(settled).every((end) => end === "Timeout"))
      assert.strictEqual(settled.strays.length, 10)
      yield* gate.open
    }).pipe(Effect.provide(recordingLogger().layer)))

  it.effect("of zero runs nothing", () =>
    Effect.gen(function*() {
      const { counts, tool } = held()
      const settled = yield* Batch.run(Toolkit.make(tool), callsOf("held"), { deadline: 0 })
      assert.deepStrictEqual(ends(settled), ["Timeout"])
      assert.strictEqual(counts.started, 0)
    }))

  it.effect("is told to the handler: the earlier of the call's and the batch's, or Infinity", () =>
    Effect.gen(function*() {
      const seen: Array<number> = []
      const toolkit = Toolkit.make(acting("look", (_, call) => Effect.sync(() => `${seen.push(call.deadline)}`)))
      yield* TestClock.adjust("1 minute")
      yield* Batch.run(toolkit, callsOf("look"))
      yield* Batch.run(toolkit, callsOf("look"), { deadline: "5 seconds" })
      yield* Batch.run(toolkit, callsOf("look"), { timeout: "unbounded" })
      assert.deepStrictEqual(seen, [90_000, 65_000, Infinity])
    }))
})

describe("an interrupted batch", () => {
  it.effect("waits for the finalizers of the calls in flight, and starts no other", () =>
    Effect.gen(function*() {
      const started = yield* Latch.make()
      const cleaned: Array<string> = []
      const tool = acting("tidy", (_, call) =>
        Effect.onInterrupt(
          Effect.andThen(started.open, Effect.never),
          () => Effect.andThen(Effect.sleep("1 second"), Effect.sync(() => cleaned.push(call.id)))
        ))
      const batch = yield* Effect.forkChild(Batch.run(Toolkit.make(tool), timesOf(3, "tidy"), { concurrency: 2 }))
      yield* started.await
      const interruption = yield* Effect.forkChild(Fiber.interrupt(batch))
      yield* TestClock.adjust("999 millis")
      assert.isUndefined(batch.pollUnsafe())
      yield* TestClock.adjust("1 millis")
      yield* Fiber.join(interruption)
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(batch)))
      assert.deepStrictEqual(cleaned.toSorted(), ["call_1", "call_2"])
    }))

  it.effect("waits for a tool that ignores interruption, since no timeout has freed it", () =>
    Effect.gen(function*() {
      const { gate, tool } = stubborn()
      const batch = yield* Effect.forkChild(Batch.run(Toolkit.make(tool), callsOf("stubborn")), {
        startImmediately: true
      })
      const interruption = yield* Effect.forkChild(Fiber.interrupt(batch), { startImmediately: true })
      yield* TestClock.adjust("500 millis")
      assert.isUndefined(interruption.pollUnsafe())
      yield* gate.open
      yield* Fiber.join(interruption)
    }))
})

describe("retry", () => {
  const failing = (options: { readonly readOnly?: boolean; readonly idempotent?: boolean }) => {
    const attempts: Array<number> = []
    const tool = acting(
      "flaky",
      (_, call) => Effect.andThen(Effect.sync(() => attempts.push(call.attempt)), Effect.fail("no")),
      options
    )
    return { attempts, toolkit: Toolkit.make(tool) }
  }

  it.effect.each([
    { what: "a read-only tool", options: { readOnly: true }, attempts: [1, 2, 3] },
    { what: "an idempotent tool", options: { idempotent: true }, attempts: [1, 2, 3] },
    { what: "any other tool", options: {}, attempts: [1] }
  ])("$what is tried $attempts", ({ attempts, options }) =>
    Effect.gen(function*() {
      const flaky = failing(options)
      const settled = yield* Batch.run(flaky.toolkit, callsOf("flaky"), { retry: Schedule.recurs(2) })
      assert.deepStrictEqual(flaky.attempts, attempts)
      assert.strictEqual(settled.outcomes[0]!.attempts, attempts.length)
      assert.deepStrictEqual(ends(settled), [{ failure: "no" }])
    }))

  it.effect("ends with the first success", () =>
    Effect.gen(function*() {
      const tool = acting(
        "third",
        (_, { attempt }) => attempt === 3 ? Effect.succeed("at last") : Effect.fail(`no ${attempt}`),
        { readOnly: true }
      )
      const settled = yield* Batch.run(Toolkit.make(tool), callsOf("third"), { retry: Schedule.recurs(5) })
      assert.deepStrictEqual(ends(settled), ["at last"])
      assert.strictEqual(settled.outcomes[0]!.attempts, 3)
    }))

  it.effect("waits as the schedule says, inside the timeout, which covers all attempts", () =>
    Effect.gen(function*() {
      const flaky = failing({ readOnly: true })
      const batch = Batch.run(flaky.toolkit, callsOf("flaky"), {
        retry: Schedule.spaced("2 seconds"),
        timeout: "5 seconds"
      })
      const fiber = yield* Effect.forkChild(batch)
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(flaky.attempts, [1, 2])
      yield* TestClock.adjust("2 seconds")
      const settled = yield* Fiber.join(fiber)
      assert.deepStrictEqual(ends(settled), ["Timeout"])
      assert.strictEqual(settled.outcomes[0]!.attempts, 3)
    }))

  it.effect("never follows a timeout", () =>
    Effect.gen(function*() {
      const { counts, tool } = held()
      const toolkit = Toolkit.make({ ...tool, readOnly: true })
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, callsOf("held"), { retry: Schedule.forever }))
      yield* TestClock.adjust("5 minutes")
      assert.deepStrictEqual(ends(yield* Fiber.join(fiber)), ["Timeout"])
      assert.strictEqual(counts.started, 1)
    }))

  it.effect.each([
    { what: "a crash", execute: () => Effect.die("bug") },
    { what: "an interruption", execute: () => Effect.interrupt }
  ])("never follows $what", ({ execute }) =>
    Effect.gen(function*() {
      const { counts, measured } = gauge()
      const toolkit = Toolkit.make(acting("odd", () => measured(execute()), { readOnly: true }))
      yield* Batch.run(toolkit, callsOf("odd"), { retry: Schedule.recurs(3) })
      assert.strictEqual(counts.started, 1)
    }).pipe(Effect.provide(recordingLogger().layer)))

  it.effect("never follows a result that cannot be encoded", () =>
    Effect.gen(function*() {
      const { counts, measured } = gauge()
      const tool = Tool.make("big", {
        description: "",
        parameters: Schema.Struct({}),
        success: Schema.Unknown,
        readOnly: true,
        execute: () => measured(Effect.succeed(10n))
      })
      yield* Batch.run(Toolkit.make(tool), callsOf("big"), { retry: Schedule.recurs(3) })
      assert.strictEqual(counts.started, 1)
    }))

  it.effect("has a call crash whose schedule does", () =>
    Effect.gen(function*() {
      const flaky = failing({ readOnly: true })
      const retry = Schedule.forever.pipe(Schedule.while(() => Effect.die(new Error("bug"))))
      const settled = yield* Batch.run(flaky.toolkit, callsOf("flaky"), { retry })
      assert.deepStrictEqual([ends(settled), flaky.attempts], [["Defect"], [1]])
    }).pipe(Effect.provide(recordingLogger().layer)))

  it.effect("can look at the failure", () =>
    Effect.gen(function*() {
      const flaky = failing({ readOnly: true })
      const retry = Schedule.forever.pipe(Schedule.while(({ input }) => Effect.succeed(input !== undefined)))
      const fiber = yield* Effect.forkChild(Batch.run(flaky.toolkit, callsOf("flaky"), {
        retry: Schedule.max([retry, Schedule.recurs(1)])
      }))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(flaky.attempts, [1, 2])
    }))
})

describe("the idempotency key", () => {
  const keysOf = Effect.fnUntraced(function*(
    calls: ReadonlyArray<{ readonly id?: string; readonly name?: string; readonly arguments?: unknown }>,
    options?: Batch.Options
  ) {
    const keys: Array<string> = []
    const look = (_: unknown, call: Tool.Call) => Effect.sync(() => `${keys.push(call.idempotencyKey)}`)
    const toolkit = Toolkit.make(acting("a.b", look), acting("other", look))
    yield* Batch.run(toolkit, calls.map((call) => ToolCall.make({ id: "1", name: "a.b", ...call })), options)
    return keys
  })

  it.effect("is a UUID", () =>
    Effect.gen(function*() {
      const [key] = yield* keysOf([{}])
      assert.match(key!, /^[0-9a-f]{8}-[0-9a-f]{4}-3[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    }))

  it.effect("is the same for every attempt", () =>
    Effect.gen(function*() {
      const keys: Array<string> = []
      const tool = acting(
        "flaky",
        (_, call) => Effect.andThen(Effect.sync(() => keys.push(call.idempotencyKey)), Effect.fail("no")),
        { idempotent: true }
      )
      yield* Batch.run(Toolkit.make(tool), callsOf("flaky"), { retry: Schedule.recurs(2) })
      assert.strictEqual(keys.length, 3)
      assert.strictEqual(new Set(keys).size, 1)
    }))

  it.effect("is the same for the same run, call and arguments, however their keys are ordered and they were sent", () =>
    Effect.gen(function*() {
      const keys = yield* keysOf([
        { arguments: { a: 1, b: { c: [1, 2], d: null } } },
        { arguments: { b: { d: null, c: [1, 2] }, a: 1 } },
        { arguments: "{\"b\": {\"d\": null, \"c\": [1, 2]}, \"a\": 1.0}" },
        { name: "a_b", arguments: { a: 1, b: { c: [1, 2], d: null } } }
      ], { runId: "run" })
      assert.strictEqual(new Set(keys).size, 1)
      assert.deepStrictEqual(yield* keysOf([{ arguments: { a: 1, b: { c: [1, 2], d: null } } }], { runId: "run" }), [
        keys[0]!
      ])
    }))

  it.effect("differs by call id, tool, arguments and run", () =>
    Effect.gen(function*() {
      const keys = yield* keysOf([
        { arguments: { a: [1, 2] } },
        { id: "2", arguments: { a: [1, 2] } },
        { name: "other", arguments: { a: [1, 2] } },
        { arguments: { a: [2, 1] } }
      ], { runId: "run" })
      const [elsewhere] = yield* keysOf([{ arguments: { a: [1, 2] } }], { runId: "another" })
      assert.strictEqual(new Set([...keys, elsewhere]).size, 5)
    }))

  it.effect("is another in each batch that is given no run", () =>
    Effect.gen(function*() {
      const [first] = yield* keysOf([{}])
      const [second] = yield* keysOf([{}])
      assert.notStrictEqual(first, second)
    }))
})

describe("failFast", () => {
  it.effect("stops the other calls when one fails, and answers those that ran and those that did not", () =>
    Effect.gen(function*() {
      const { counts, tool } = held()
      const bad = acting("bad", () => Effect.andThen(Effect.sleep("1 second"), Effect.fail("no")))
      const batch = Batch.run(Toolkit.make(bad, tool), callsOf("bad", "held", "held"), {
        concurrency: 2,
        failFast: true
      })
      const fiber = yield* Effect.forkChild(batch)
      yield* TestClock.adjust("1 second")
      const settled = yield* Fiber.join(fiber)
      assert.deepStrictEqual(ends(settled), [{ failure: "no" }, "Interrupted", "Interrupted"])
      assert.deepStrictEqual([shown(settled, 1)["data"], shown(settled, 2)["data"]], [
        { by: "failFast", started: true },
        { by: "failFast", started: false }
      ])
      assert.deepStrictEqual([shown(settled, 1)["safeToRepeat"], shown(settled, 2)["safeToRepeat"]], [false, true])
      assert.strictEqual(counts.started, 1)
    }))

  it.effect("does not wait for a tool that ignores interruption", () =>
    Effect.gen(function*() {
      const { gate, tool } = stubborn()
      const batch = Batch.run(Toolkit.make(tool, acting("bad", () => Effect.fail("no"))), callsOf("stubborn", "bad"), {
        failFast: true
      })
      const settled = yield* batch
      assert.deepStrictEqual(ends(settled), ["Interrupted", { failure: "no" }])
      assert.deepStrictEqual(settled.strays.map(({ call }) => call.id), ["call_1"])
      yield* gate.open
    }).pipe(Effect.provide(recordingLogger().layer)))
})

describe("maxMessageBytes", () => {
  it.effect("cuts the longest results and leaves the short ones whole", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(
        acting("short", () => Effect.succeed("s")),
        acting("long", () => Effect.succeed("l".repeat(500))),
        acting("longest", () => Effect.succeed("x".repeat(5000)))
      )
      const { outcomes } = yield* Batch.run(toolkit, callsOf("longest", "short", "long"), { maxMessageBytes: 1000 })
      assert.deepStrictEqual(outcomes.map(({ call }) => call.name), ["longest", "short", "long"])
      assert.strictEqual(outcomes[1]!.encoded, "\"s\"")
      assert.match(outcomes[0]!.encoded, /^"x{400,}… \[cut to fit the message: the first \d+ of 5002 bytes\]$/)
      const heads = outcomes.map(({ encoded }) => encoded.split("…")[0]!.length)
      assert.isAtMost(heads[0]! + heads[1]! + heads[2]!, 1000)
    }))
})

describe("options that make no sense", () => {
  const dies = Effect.fnUntraced(function*(options: Batch.Options) {
    const exit = yield* Effect.exit(Batch.run(Toolkit.make(ok), timesOf(5, "ok"), options))
    assert(Exit.isFailure(exit) && Cause.hasDies(exit.cause), "the batch should have died")
    return String(Cause.squash(exit.cause))
  })

  it.effect.each([
    { name: "concurrency", value: 0 },
    { name: "concurrency", value: -1 },
    { name: "concurrency", value: Number.NaN },
    { name: "timeout", value: -1 },
    { name: "timeout", value: "-5 seconds" },
    { name: "deadline", value: -1 },
    { name: "maxCalls", value: -1 },
    { name: "maxCalls", value: Number.NaN },
    { name: "maxResultBytes", value: -1 },
    { name: "maxMessageBytes", value: -1 }
  ])("$name: $value dies with a message that names the option", ({ name, value }) =>
    Effect.gen(function*() {
      assert.include(yield* dies({ [name]: value }), `Batch.Options.${name} is `)
    }))

  it.effect("die as well where they stand in the defaults", () =>
    Effect.gen(function*() {
      const message = yield* Effect.provideService(dies({}), Batch.Defaults, { maxCalls: -2 })
      assert.include(message, "Batch.Options.maxCalls is -2")
    }))

  it.effect("a timeout that is not a number dies", () =>
    Effect.gen(function*() {
      assert.include(yield* dies({ timeout: Number.NaN }), "Batch.Options.timeout")
    }))

  it.effect("a timeout that is no duration dies with a message that names the option", () =>
    Effect.gen(function*() {
      const read: Batch.Options = JSON.parse("{ \"timeout\": \"soon\" }")
      assert.include(yield* dies(read), "Batch.Options.timeout")
    }))

  it.effect("half a call dies with a message that names the option", () =>
    Effect.gen(function*() {
      assert.include(yield* dies({ maxCalls: 2.5 }), "Batch.Options.maxCalls")
    }))
})

describe("Batch.Defaults", () => {
  it.effect("holds for every batch that does not say otherwise", () =>
    Effect.gen(function*() {
      const batches = Effect.gen(function*() {
        const byDefault = yield* Batch.run(Toolkit.make(ok), timesOf(3, "ok"))
        const byOption = yield* Batch.run(Toolkit.make(ok), timesOf(3, "ok"), { maxCalls: 2 })
        return [ends(byDefault), ends(byOption)]
      })
      assert.deepStrictEqual(yield* Effect.provideService(batches, Batch.Defaults, { maxCalls: 1 }), [
        ["fine", "LimitExceeded", "LimitExceeded"],
        ["fine", "fine", "LimitExceeded"]
      ])
    }))

  it.effect("leaves at its safe default what it does not name", () =>
    Effect.gen(function*() {
      const { counts, latch, tool } = held()
      const batch = Batch.run(Toolkit.make(tool), timesOf(20, "held"))
      const fiber = yield* Effect.forkChild(Effect.provideService(batch, Batch.Defaults, { maxCalls: 15 }))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(counts.running, 10)
      yield* latch.open
      assert.strictEqual(ends(yield* Fiber.join(fiber)).filter((end) => end === "LimitExceeded").length, 5)
    }))

  it.effect("an option left undefined is one that does not say otherwise", () =>
    Effect.gen(function*() {
      const batch = Batch.run(Toolkit.make(ok), timesOf(2, "ok"), { maxCalls: undefined, concurrency: undefined })
      const settled = yield* Effect.provideService(batch, Batch.Defaults, { maxCalls: 1 })
      assert.deepStrictEqual(ends(settled), ["fine", "LimitExceeded"])
    }))

  it.effect("gives retry, failFast and run id as well", () =>
    Effect.gen(function*() {
      const keys: Array<string> = []
      const tool = acting(
        "flaky",
        (_, call) => Effect.andThen(Effect.sync(() => keys.push(call.idempotencyKey)), Effect.fail("no")),
        { readOnly: true }
      )
      const batch = Batch.run(Toolkit.make(tool, ok), callsOf("flaky", "ok"), { concurrency: 1 })
      const defaults = { retry: Schedule.recurs(1), failFast: true, runId: "run" }
      const settled = yield* Effect.provideService(batch, Batch.Defaults, defaults)
      yield* Effect.provideService(batch, Batch.Defaults, defaults)
      assert.deepStrictEqual(ends(settled), [{ failure: "no" }, "Interrupted"])
      assert.strictEqual(keys.length, 4)
      assert.strictEqual(new Set(keys).size, 1)
    }))
})

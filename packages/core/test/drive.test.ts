/**
 * The module that drives calls which wait for nobody comes to what its plain reading comes to.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { Generate } from "@volley/testing"
import { Arbitrary, Deferred, Effect, Exit, Fiber, Result, Schedule, Schema } from "effect"
import { TestClock } from "effect/testing"
import { aDayOf } from "./order/support.ts"
import { ends } from "./support.ts"

const kinds = ["value", "failure", "crash", "hangs", "unencodable", "misfit", "malformed", "unknown", "cut"] as const

interface Asked {
  readonly kind: typeof kinds[number]
  readonly ms: number
  readonly tool: "plain" | "quick" | "again"
}

interface Plan {
  readonly asked: ReadonlyArray<Asked>
  readonly options: Batch.Options
}

const plans: Arbitrary.Arbitrary<Plan> = Arbitrary.map(
  Arbitrary.all({
    asked: Arbitrary.array(
      Arbitrary.all({
        kind: Generate.oneOf("value", "value", "value", ...kinds),
        ms: Arbitrary.map(Generate.upTo(20), (n) => n * 10),
        tool: Generate.oneOf("plain", "quick", "again")
      }),
      { maxLength: 20 }
    ),
    concurrency: Generate.upTo(5),
    deadline: Generate.upTo(4),
    maxCalls: Generate.upTo(30)
  }),
  ({ asked, concurrency, deadline, maxCalls }) => ({
    asked,
    options: {
      concurrency: concurrency === 0 ? "unbounded" : concurrency,
      // No call ends at such an instant: exact ties are free.
      deadline: deadline === 0 ? "unbounded" : deadline * 105 + 0.5,
      timeout: 155,
      maxCalls: maxCalls === 0 ? "unbounded" : maxCalls,
      runId: "run"
    }
  })
)

const parameters = Schema.Struct({ ms: Schema.Finite, kind: Schema.Literals(kinds) })

const acting = ({ kind, ms }: typeof parameters.Type): Effect.Effect<unknown, string> => {
  const ends: Partial<Record<typeof kind, Effect.Effect<unknown, string>>> = {
    failure: Effect.fail("no"),
    crash: Effect.die("bug"),
    hangs: Effect.never,
    unencodable: Effect.succeed(acting)
  }
  const end = ends[kind] ?? Effect.succeed(`after ${ms}`)
  return ms === 0 ? end : Effect.delay(end, ms)
}

const definition = {
  description: "For tests.",
  parameters,
  success: Schema.Unknown,
  failure: Schema.String,
  execute: acting
}

const toolkit = Toolkit.make(
  Tool.make("plain", definition),
  Tool.make("quick", { ...definition, timeout: 45 }),
  Tool.make("again", { ...definition, readOnly: true })
)

const callsOf = ({ asked }: Plan): ReadonlyArray<ToolCall.ToolCall> =>
  asked.map(({ kind, ms, tool }, index) => ({
    id: `c${index}`,
    name: kind === "unknown" ? "nobody" : tool,
    arguments: kind === "malformed" ? "{" : { ms, kind: kind === "misfit" ? 1 : kind },
    index,
    status: kind === "cut" ? "truncated" : "complete"
  }))

type Runner = (
  calls: ReadonlyArray<ToolCall.ToolCall>,
  options: Batch.Options
) => Effect.Effect<Batch.Settled<Tool.Any>>

const whole: Runner = (calls, options) => Batch.run(toolkit, calls, options)

/** The plain reading: each call settled by itself, so many at a time, within what is left of the deadline. */
const plainly: Runner = (calls, { concurrency = 10, ...options }) =>
  Effect.clockWith((clock) => {
    const now = () => clock.currentTimeMillisUnsafe()
    const began = now()
    const { deadline, maxCalls } = options
    const settle = (call: ToolCall.ToolCall, index: number) =>
      Batch.run(toolkit, [call], {
        ...options,
        deadline: typeof deadline === "number" ? Math.max(0, began + deadline - now()) : deadline,
        maxCalls: typeof maxCalls === "number" && index >= maxCalls ? 0 : "unbounded"
      })
    return Effect.map(
      Effect.forEach(calls, (call, index) => Effect.suspend(() => settle(call, index)), { concurrency }),
      (all) => ({ outcomes: all.flatMap(({ outcomes }) => outcomes), pending: [], strays: [] })
    )
  })

/** How and when each call ended, in milliseconds from the beginning of its batch. */
const seen = (run: Runner, plan: Plan, options: Batch.Options) =>
  Effect.clockWith((clock) => {
    const began = clock.currentTimeMillisUnsafe()
    return Effect.map(aDayOf(run(callsOf(plan), { ...plan.options, ...options })), (settled) => {
      const ended = ends(settled)
      return settled.outcomes.map(({ attempts, endedAt, startedAt }, index) => [
        ended[index],
        startedAt - began,
        endedAt - began,
        attempts
      ])
    })
  })

describe("a batch whose calls wait for nobody", () => {
  it.effect.prop(
    "comes to what its calls come to, each settled by itself",
    { plan: plans },
    ({ plan }) =>
      Effect.gen(function*() {
        for (const options of [{}, { retry: Schedule.recurs(1) }, { onCall: () => Effect.void }]) {
          assert.deepStrictEqual(yield* seen(whole, plan, options), yield* seen(plainly, plan, options))
        }
      }),
    { arbitrary: { runs: 300, size: 20 } }
  )

  it.effect("interrupts a call whose first step ends the one that failFast stops it for", () =>
    Effect.gen(function*() {
      const go = Deferred.makeUnsafe<void>()
      let interrupted = false
      const nothing = { description: "For tests.", parameters: Schema.Struct({}), success: Schema.Void }
      const fails = Tool.make("fails", {
        ...nothing,
        failure: Schema.String,
        execute: () => Effect.andThen(Deferred.await(go), Effect.fail("no"))
      })
      const lets = Tool.make("lets", {
        ...nothing,
        execute: () =>
          Effect.andThen(Deferred.succeed(go, undefined), Effect.never).pipe(
            Effect.onInterrupt(() => Effect.sync(() => void (interrupted = true)))
          )
      })
      const calls = ["fails", "lets"].map((name, index) => ToolCall.make({ id: name, name, index }))
      const settled = yield* Batch.run(Toolkit.make(fails, lets), calls, { failFast: true })
      assert.deepStrictEqual([...ends(settled), interrupted, settled.strays], [
        { failure: "no" },
        "Interrupted",
        true,
        []
      ])
    }))

  it.effect("has one outcome for each call, where a call that is refused at once stops another", () =>
    Effect.gen(function*() {
      const asked = [20, 50, 60].map((ms) => ({ kind: "value", ms, tool: "plain" } as const))
      const options = { concurrency: 2, failFast: true, maxCalls: 2 }
      for (const more of [{}, { onCall: () => Effect.void }]) {
        assert.deepStrictEqual(yield* seen(whole, { asked, options }, more), [
          ["after 20", 0, 20, 1],
          ["Interrupted", 0, 20, 1],
          ["LimitExceeded", 20, 20, 0]
        ])
      }
    }))
})

describe("a function of promises", () => {
  type Handler = (parameters: unknown, signal: AbortSignal, call: Tool.Call) => Promise<unknown>
  const run = (tool: Handler, more: object, options: Batch.Options = {}) =>
    Batch.run(
      Toolkit.make(
        Tool.fromFunction("f", {
          description: "For tests.",
          parameters: Schema.Struct({ n: Schema.Int }),
          success: Schema.Unknown,
          failure: Schema.String,
          execute: tool,
          ...more
        })
      ),
      [
        ToolCall.make({ id: "a", name: "f", arguments: { n: 1 } }),
        ToolCall.make({ id: "b", name: "f", arguments: { n: 2 }, index: 1 })
      ],
      options
    )

  it.effect("that hangs is aborted at its timeout, at the deadline, and when another call fails", () =>
    Effect.gen(function*() {
      const limits: ReadonlyArray<Batch.Options> = [{ timeout: 100 }, { deadline: 100 }, {
        failFast: true,
        timeout: 100
      }]
      for (const options of limits) {
        const signals: Array<AbortSignal> = []
        const hangs = (_: unknown, signal: AbortSignal) => new Promise(() => void signals.push(signal))
        const settled = yield* aDayOf(run(hangs, {}, options))
        const [first, second] = ends(settled)
        assert.deepStrictEqual([first, second], ["Timeout", options.failFast ? "Interrupted" : "Timeout"])
        assert.deepStrictEqual(signals.map(({ aborted }) => aborted), [true, true])
        assert.deepStrictEqual(settled.strays.map(({ call }) => call.id), ["a", "b"])
      }
    }))

  it.effect("is aborted when its batch is interrupted, and what it comes to then is dropped", () =>
    Effect.gen(function*() {
      const signals: Array<AbortSignal> = []
      const late: Array<() => void> = []
      const hangs = (_: unknown, signal: AbortSignal) =>
        new Promise<void>((resolve) => {
          signals.push(signal)
          late.push(resolve)
        })
      const fiber = yield* Effect.forkChild(run(hangs, {}), { startImmediately: true })
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(signals.map(({ aborted }) => aborted), [true, true])
      for (const resolve of late) resolve()
      yield* Effect.promise(() => Promise.resolve())
      const exit = fiber.pollUnsafe()
      assert(exit !== undefined && Exit.hasInterrupts(exit))
    }))

  it.effect("may give a value, throw, or have its rejection caught by what throws: each is its call's own end", () =>
    Effect.gen(function*() {
      const given: ReadonlyArray<readonly [() => unknown, object, unknown]> = [
        [() => 1, {}, 1],
        [
          () => {
            throw "bug"
          },
          {},
          "Defect"
        ],
        [() => Promise.reject("no"), { catch: String }, { failure: "no" }],
        [
          () => {
            throw "no"
          },
          { catch: String },
          { failure: "no" }
        ],
        [() => Promise.reject("no"), {
          catch: () => {
            throw "worse"
          }
        }, "Defect"],
        [() => Promise.resolve(() => 1), {}, "Unencodable"]
      ]
      for (const [act, more, end] of given) {
        for (const options of [{}, { onCall: () => Effect.void }]) {
          const settled = yield* run(async () => Reflect.apply(act, undefined, []), more, options)
          assert.deepStrictEqual(ends(settled)[0], end)
        }
      }
    }))

  it.effect("was never started where the arguments do not fit", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(
        Tool.fromFunction("f", {
          description: "For tests.",
          parameters: Schema.Struct({ n: Schema.Int }),
          success: Schema.Void,
          execute: () => Promise.resolve()
        })
      )
      const { outcomes } = yield* Batch.run(toolkit, [ToolCall.make({ id: "a", name: "f", arguments: {} })])
      assert.deepStrictEqual(outcomes.map(({ attempts }) => attempts), [0])
    }))

  it.effect("is told its attempt and its key, the same on either way", () =>
    Effect.gen(function*() {
      const told: Array<unknown> = []
      const notes = async (_: unknown, __: unknown, call: Tool.Call) =>
        void told.push([call.id, call.attempt, call.idempotencyKey, call.deadline])
      const options = { runId: "run", timeout: "unbounded" } as const
      yield* run(notes, {}, options)
      yield* run(notes, {}, { ...options, onCall: () => Effect.void })
      assert.deepStrictEqual(told.slice(2), told.slice(0, 2))
      assert.deepStrictEqual(told.length, 4)
    }))

  it.effect("is tried again where that is asked for", () =>
    Effect.gen(function*() {
      let attempts = 0
      const flaky = async () => {
        if (++attempts < 3) throw "no"
        return "at last"
      }
      const settled = yield* run(flaky, { catch: String, readOnly: true }, {
        retry: Schedule.recurs(5),
        concurrency: 1
      })
      assert.deepStrictEqual(ends(settled), ["at last", "at last"])
      assert.deepStrictEqual(settled.outcomes.map(({ attempts }) => attempts), [3, 1])
      assert.isTrue(settled.outcomes.every(({ result }) => Result.isSuccess(result)))
    }))

  it.effect("in a long batch is timed by the one alarm that all calls share", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(
        ...[50, 20, 80].map((timeout) =>
          Tool.fromFunction(`t${timeout}`, {
            description: "For tests.",
            parameters: Schema.Struct({}),
            success: Schema.Void,
            timeout,
            execute: () => new Promise<void>(() => {})
          })
        )
      )
      const calls = ["t50", "t20", "t80", "t20", "t50"].map((name, index) =>
        ToolCall.make({ id: `${index}`, name, index })
      )
      const { outcomes } = yield* aDayOf(Batch.run(toolkit, calls, { concurrency: 3 }))
      assert.deepStrictEqual(outcomes.map(({ endedAt, startedAt }) => endedAt - startedAt), [50, 20, 80, 20, 50])
      yield* TestClock.adjust(0)
    }))
})

/**
 * Services that want to be left alone for a while.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, Approver, Batch, Limits, Tool, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Clock, Duration, Effect, Fiber, Layer, Schedule, Schema } from "effect"
import { CircuitBreaker } from "effect/persistence"
import { TestClock } from "effect/testing"
import { ends, pay, shown, timesOf } from "./support.ts"

class Busy extends Schema.TaggedError<Busy>()("Busy", { retryAfter: Schema.Duration }) {}

/** A service that answers after a while, and refuses all that come before a time, from its nth request on. */
const service = (refusesFrom: number, until: number) => {
  const requests: Array<number> = []
  const ask = Effect.gen(function*() {
    const at = yield* Clock.currentTimeMillis
    const n = requests.push(at)
    yield* Effect.sleep(10)
    if (n >= refusesFrom && at < until) return yield* new Busy({ retryAfter: Duration.millis(until - at) })
    return n
  })
  const call = (limits: ReadonlyArray<Limits.Limit>, timeout?: Duration.Input) =>
    Tool.make("call", {
      description: "Calls a service.",
      parameters: Schema.Struct({}),
      success: Schema.Int,
      failure: Busy,
      limits,
      timeout,
      execute: () => ask
    })
  return { requests, call }
}

const settled = Effect.fnUntraced(function*<T extends Tool.Any>(
  toolkit: Toolkit.Toolkit<T>,
  options: Batch.Options = {},
  count = 10
) {
  const fiber = yield* Effect.forkChild(Batch.run(toolkit, timesOf(count, "call"), options))
  yield* TestClock.adjust("1 minute")
  return yield* Fiber.join(fiber)
})

describe("Limits.backOff", () => {
  it.effect("has nobody ask while one is told to wait, and asks once more for that one", () =>
    Effect.gen(function*() {
      const { call, requests } = service(3, 1000)
      const { outcomes } = yield* settled(Toolkit.make(call([Limits.backOff(), Limits.concurrency(1)])))
      assert.deepStrictEqual(outcomes.map(({ result }) => result._tag), outcomes.map(() => "Success"))
      assert.deepStrictEqual([requests.length, requests.filter((at) => at > 10 && at < 1000).length], [11, 1])
    }))

  it.effect("loses none of those that are refused at once", () =>
    Effect.gen(function*() {
      const { call, requests } = service(1, 500)
      const { outcomes } = yield* settled(Toolkit.make(call([Limits.backOff({ key: "api" })])), { concurrency: 4 })
      assert.deepStrictEqual(outcomes.map(({ result }) => result._tag), outcomes.map(() => "Success"))
      assert.deepStrictEqual(requests.filter((at) => at < 500).length, 4)
      assert.strictEqual(requests.length, 14)
    }))

  it.effect("gives the failure where the time of the call is over before", () =>
    Effect.gen(function*() {
      const { call, requests } = service(1, 20_000)
      const result = yield* settled(Toolkit.make(call([Limits.backOff()], "5 seconds")), { deadline: "6 seconds" }, 2)
      assert.deepStrictEqual(ends(result).map((end) => typeof end), ["object", "object"])
      assert.strictEqual(requests.length, 2)
    }))

  it.effect("gives it then though failures are tried again, and tries none again before that time is over", () =>
    Effect.gen(function*() {
      const { call, requests } = service(1, 20_000)
      const retry = { retry: Schedule.recurs(3) }
      const late = { ...call([Limits.backOff()], "5 seconds"), readOnly: true } as const
      assert.deepStrictEqual(ends(yield* settled(Toolkit.make(late), retry, 2)).map((end) => typeof end), [
        "object",
        "object"
      ])
      assert.strictEqual(requests.length, 2)
    }))

  it.effect("asks a service that names no time again in a second, and not at once", () =>
    Effect.gen(function*() {
      const { call, requests } = service(1, 2500)
      const toolkit = Toolkit.make(call([Limits.backOff({ after: () => 0 })]))
      const { outcomes } = yield* settled(toolkit, {}, 1)
      assert.deepStrictEqual(outcomes.map(({ result }) => result._tag), ["Success"])
      assert.strictEqual(requests.length, 4)
    }))

  it.effect("holds for all batches of one runner, and by what `after` reads", () =>
    Effect.gen(function*() {
      const { call, requests } = service(1, 1000)
      const runner = yield* Batch.make({ concurrency: 1 })
      const after = (failure: unknown) =>
        failure instanceof Busy ? Duration.sum(failure.retryAfter, Duration.seconds(1)) : undefined
      const toolkit = Toolkit.make(call([Limits.backOff({ after })]))
      const one = runner.run(toolkit, timesOf(1, "call"))
      const fiber = yield* Effect.forkChild(Effect.all([one, one, one], { concurrency: 3 }))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual((yield* Fiber.join(fiber)).flatMap(ends), [2, 3, 4])
      assert.isTrue(requests.slice(1).every((at) => at >= 2000))
    }))
})

describe("a call that is told to wait", () => {
  /** When each call asked, of a service that tells the nth at first to wait so long, and what was told of it. */
  const asks = Effect.fnUntraced(function*(
    limits: Tool.Declared<{ readonly n: number }, Limits.Limit>,
    waits: ReadonlyArray<number>,
    timeout: number = 10_000,
    options: Batch.Options = {}
  ) {
    const began = yield* Clock.currentTimeMillis
    const requests: Array<readonly [n: number, at: number]> = []
    const told: Array<unknown> = []
    const call = Tool.make("call", {
      description: "Calls a service.",
      parameters: Schema.Struct({ n: Schema.Int }),
      success: Schema.Int,
      failure: Schema.Union([Busy, Schema.String]),
      limits,
      timeout,
      idempotent: true,
      execute: ({ n }, { attempt }) =>
        Effect.gen(function*() {
          yield* Effect.sleep(10 + 40 * n)
          requests.push([n, (yield* Clock.currentTimeMillis) - began])
          const wait = waits[n] ?? -1
          if (wait < 0) return yield* Effect.fail("no")
          return attempt === 1 ? yield* new Busy({ retryAfter: Duration.millis(wait) }) : n
        })
    })
    const onCall = (event: Batch.CallEvent) =>
      Effect.sync(() => event._tag === "CallRetried" && told.push([event.call.id, event.attempt]))
    const calls = timesOf(waits.length, "call").map((call, n) => ({ ...call, arguments: { n } }))
    const fiber = yield* Effect.forkChild(Batch.run(Toolkit.make(call), calls, { ...options, onCall }))
    yield* TestClock.adjust("1 minute")
    const { outcomes } = yield* Fiber.join(fiber)
    return { requests, told, ends: outcomes.map(({ endedAt, result }) => [result._tag, endedAt - began]) }
  })
  const after = (failure: unknown) => failure instanceof Busy ? failure.retryAfter : undefined
  const backOff = (key: string) => Limits.backOff({ key, after })

  it.effect("has no other one tried again meanwhile, whatever that failed with", () =>
    Effect.gen(function*() {
      const { requests } = yield* asks([backOff("a")], [200, -1], 10_000, { retry: Schedule.recurs(1) })
      assert.deepStrictEqual(requests, [[0, 10], [1, 50], [0, 220], [1, 260]])
    }))

  it.effect("waits until all that it counts under are open again", () =>
    Effect.gen(function*() {
      const limits = ({ n }: { readonly n: number }) => n === 0 ? [backOff("a"), backOff("b")] : [backOff("b")]
      const { requests } = yield* asks(limits, [90, 150])
      assert.deepStrictEqual(requests, [[0, 10], [1, 50], [0, 210], [1, 250]])
    }))

  it.effect("waits on where another is told to wait longer, and that it is tried again is told", () =>
    Effect.gen(function*() {
      const { requests, told } = yield* asks([backOff("a")], [90, 150])
      assert.deepStrictEqual(requests, [[0, 10], [1, 50], [0, 210], [1, 250]])
      assert.sameDeepMembers(told, [["call_1", 2], ["call_2", 2]])
    }))

  it.effect("has its failure for an answer once that is longer than it may take", () =>
    Effect.gen(function*() {
      const { ends } = yield* asks([backOff("a")], [90, 150], 300)
      assert.deepStrictEqual(ends, [["Success", 210], ["Success", 250]])
      const inTime = yield* asks([backOff("a")], [90, 150], 190)
      assert.deepStrictEqual(inTime.ends, [["Failure", 100], ["Failure", 50]])
      const tie = yield* asks([backOff("a")], [90], 100)
      assert.deepStrictEqual(tie.ends, [["Failure", 10]])
    }))

  it.effect("waits as long as the longest of several says, beside a rate as well", () =>
    Effect.gen(function*() {
      const longer = Limits.backOff({ key: "b", after: (failure) => failure instanceof Busy ? 300 : undefined })
      const rate = Limits.rate({ limit: 5, window: 10 })
      const { requests } = yield* asks([backOff("a"), longer, rate], [90])
      assert.deepStrictEqual(requests, [[0, 10], [0, 320]])
    }))

  it.effect("is told nothing by a failure of another kind, which is its answer at once", () =>
    Effect.gen(function*() {
      const { ends, requests } = yield* asks([backOff("a")], [-1])
      assert.deepStrictEqual([ends, requests], [[["Failure", 10]], [[0, 10]]])
    }))
})

describe("Tool.breaker", () => {
  const breakers = CircuitBreaker.layer({ tripPolicy: CircuitBreaker.consecutive(3), openDuration: "10 seconds" }).pipe(
    Layer.provide(CircuitBreaker.layerStoreMemory())
  )

  it.effect("answers at once while the circuit is open, says when to ask again, and has one try then", () =>
    Effect.gen(function*() {
      const { call, requests } = service(1, 5000)
      const toolkit = Toolkit.make(Tool.breaker(call([])))
      const one = { concurrency: 1 }
      yield* Effect.gen(function*() {
        const first = yield* settled(toolkit, { concurrency: 1 })
        assert.strictEqual(requests.length, 3)
        const refused = shown(first, 5)
        assert.deepInclude(refused, { type: "Unavailable", safeToRepeat: true })
        assert.deepStrictEqual(Object.keys(Object(refused["data"])), ["retryAfterMillis"])
        assert.include(String(refused["message"]), "in 10 s")
        const again = yield* settled(toolkit, { concurrency: 10 })
        assert.strictEqual(requests.length, 4)
        assert.deepStrictEqual(again.outcomes.filter(({ result }) => result._tag === "Success").length, 1)
        const closed = yield* settled(toolkit, one)
        assert.deepStrictEqual([closed.outcomes.every(({ result }) => result._tag === "Success"), requests.length], [
          true,
          14
        ])
      }).pipe(Effect.provide(breakers))
    }))

  it.effect("counts by key, and only what is an outage", () =>
    Effect.gen(function*() {
      let asked = 0
      const call = Tool.make("call", {
        description: "Calls.",
        parameters: Schema.Struct({ tenant: Schema.optionalKey(Schema.String) }),
        success: Schema.Int,
        failure: Schema.Literals(["down", "not found"]),
        execute: ({ tenant }) => Effect.suspend(() => (asked++, Effect.fail(tenant === "a" ? "down" : "not found")))
      })
      const toolkit = Toolkit.make(Tool.breaker(call, {
        key: ({ tenant = "b" }) => tenant,
        isOutage: (failure) => failure === "down"
      }))
      const calls = timesOf(10, "call").map((call, index) =>
        index % 2 === 0 ? { ...call, arguments: { tenant: "a" } } : call
      )
      const result = yield* Effect.provide(Batch.run(toolkit, calls, { concurrency: 1 }), breakers)
      assert.deepStrictEqual(ends(result).filter((end) => end === "Unavailable").length, 2)
      assert.strictEqual(asked, 8)
    }))

  it.effect("counts no agent that waits for a decision", () =>
    Effect.gen(function*() {
      const agent = Tool.breaker(Agent.asTool("clerk", { description: "Pays.", toolkit: Toolkit.make(pay) }))
      const model = ScriptedModel.layer(({ conversation }) =>
        conversation.messages.at(-1)?.role === "tool"
          ? ScriptedModel.says("Paid.")
          : ScriptedModel.calls({ name: "pay" })
      )
      yield* Effect.gen(function*() {
        const toolkit = Toolkit.make(agent)
        const calls = timesOf(5, "clerk").map((call) => ({ ...call, arguments: { task: "Pay." } }))
        const { pending } = yield* Batch.run(toolkit, calls, { concurrency: 1 })
        const later = yield* Effect.provide(Batch.run(toolkit, pending, { concurrency: 1 }), Approver.allow)
        assert.deepStrictEqual(ends(later), calls.map(() => "Paid."))
      }).pipe(Effect.provide([breakers, model]))
    }))
})

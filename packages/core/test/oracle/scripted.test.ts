/**
 * The oracle itself, on small cases whose times are known.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schedule } from "effect"
import { TestClock } from "effect/testing"
import type { Asked, Attempt, Decision, Options, Tool } from "./asked.ts"
import * as Oracle from "./oracle.ts"
import type { Told } from "./telling.ts"
import type { Claims, Pool, Rate, Touch } from "./world.ts"

/** What a call does and says, where it is not the usual. */
interface Says extends Partial<Tool> {
  readonly touches?: ReadonlyArray<Touch>
  readonly pools?: ReadonlyArray<Pool>
  readonly rates?: ReadonlyArray<Rate>
  readonly same?: string
  readonly decision?: Effect.Effect<Decision>
  readonly fits?: boolean
  readonly attempt?: (now: Attempt) => Effect.Effect<unknown, string>
}

type Calls = ReadonlyArray<readonly [ms: number, says?: Says]>

/** Calls that take so many milliseconds, or do what they say; their ids are `c0`, `c1` and so on. */
const asked = (...calls: Calls): ReadonlyArray<Asked<never>> =>
  calls.map(([ms, says = {}], index) => {
    const { decision, fits = true, pools = [], rates = [], same, touches = [] } = says
    const { idempotent = false, name = "tool", readOnly = false, timeout } = says
    const claims: Claims = { touches, pools, rates }
    return {
      id: `c${index}`,
      tool: { name, idempotent, readOnly, timeout },
      isTruncated: false,
      fits,
      claims,
      same,
      decision,
      attempt: says.attempt ?? (() => Effect.as(Effect.sleep(ms), "done"))
    }
  })

const unbounded: Options = {
  concurrency: Infinity,
  timeout: Infinity,
  deadline: Infinity,
  maxCalls: Infinity,
  failFast: false,
  retry: undefined,
  onCall: undefined
}

const spansOf = ({ outcomes }: Oracle.Settled) =>
  outcomes.map(({ endedAt, startedAt, tag }) => tag === "Success" ? [startedAt, endedAt] : [tag, startedAt, endedAt])

const aDayOf = <A>(effect: Effect.Effect<A>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
    yield* TestClock.adjust("1 day")
    return yield* Fiber.join(fiber)
  })

const spans = (calls: ReadonlyArray<Asked<never>>, options: Partial<Options> = {}) =>
  Effect.map(aDayOf(Oracle.run(calls, { ...unbounded, ...options })), spansOf)

const write = (key: string): Says => ({ touches: [{ mode: "write", key }] })
const read = (key: string): Says => ({ touches: [{ mode: "read", key }] })
const alone: Says = { touches: [{ mode: "exclusive" }] }
const fails: Says = { attempt: () => Effect.andThen(Effect.sleep(20), Effect.fail("no")) }

describe("the oracle", () => {
  it.effect("starts calls in call order while there is room", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* spans(asked([30], [10], [15], [1]), { concurrency: 2 }), [
        [0, 30],
        [0, 10],
        [10, 25],
        [25, 26]
      ])
    }))

  it.effect("has calls wait for earlier ones that touch the same, holding nothing", () =>
    Effect.gen(function*() {
      const calls = asked(
        [100, write("a")],
        [50, read("a/b")],
        [70, read("a/c")],
        [30, write("b")],
        [10, write("a/b")],
        [
          7,
          read("ab")
        ]
      )
      assert.deepStrictEqual(yield* spans(calls, { concurrency: 2 }), [
        [0, 100],
        [100, 150],
        [100, 170],
        [0, 30],
        [150, 160],
        [30, 37]
      ])
    }))

  it.effect("has a call that wants to be alone wait for all others, and they for it", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* spans(asked([40], [10, alone], [5])), [[0, 40], [40, 50], [50, 55]])
    }))

  it.effect("leaves out what touches the same as a write of unknown end", () =>
    Effect.gen(function*() {
      const calls = asked([100, write("a")], [10, read("a/b")], [10, read("b")], [10, alone])
      assert.deepStrictEqual(yield* spans(calls, { timeout: 50 }), [
        ["Timeout", 0, 50],
        ["Uncertain", 50, 50],
        [0, 10],
        ["Uncertain", 50, 50]
      ])
    }))

  it.effect("counts calls under keys", () =>
    Effect.gen(function*() {
      const one = { pools: [{ key: "k", limit: 1 }] }
      assert.deepStrictEqual(yield* spans(asked([50, one], [40, one], [5])), [[0, 50], [50, 90], [0, 5]])
    }))

  it.effect("never has more starts than may be in any window, in call order, and holds nothing meanwhile", () =>
    Effect.gen(function*() {
      const rated = { rates: [{ key: "r", limit: 2, window: 100 }] }
      const calls = asked([30, rated], [10, rated], [1, rated], [1, rated], [1, rated], [5])
      assert.deepStrictEqual(yield* spans(calls, { concurrency: 1 }), [
        [0, 30],
        [30, 40],
        [100, 101],
        [130, 131],
        [200, 201],
        [40, 45]
      ])
    }))

  it.effect("tries again what may be, within the call's time", () =>
    Effect.gen(function*() {
      const retry = Schedule.upTo(Schedule.spaced(5), { times: 2 })
      const settled = yield* aDayOf(
        Oracle.run(
          asked([0, { ...fails, readOnly: true }], [0, fails], [0, { ...fails, idempotent: true, timeout: 41 }]),
          {
            ...unbounded,
            retry
          }
        )
      )
      assert.deepStrictEqual(spansOf(settled), [["ToolFailure", 0, 70], ["ToolFailure", 0, 20], ["Timeout", 0, 41]])
      assert.deepStrictEqual(settled.outcomes.map(({ attempts }) => attempts), [3, 1, 2])
    }))

  it.effect("answers everything at the deadline, and lists what goes on", () =>
    Effect.gen(function*() {
      const stubborn = { attempt: () => Effect.uninterruptible(Effect.sleep(100)) }
      const settled = yield* aDayOf(
        Oracle.run(asked([10], [80], [0, stubborn], [5], [5]), { ...unbounded, deadline: 50, concurrency: 2 })
      )
      assert.deepStrictEqual(spansOf(settled), [
        [0, 10],
        ["Timeout", 0, 50],
        ["Timeout", 10, 50],
        ["Timeout", 50, 50],
        ["Timeout", 50, 50]
      ])
      assert.deepStrictEqual(settled.strays.map(({ id }) => id), ["c2"])
    }))

  it.effect("stops the others at the first failure, where it is asked to", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* spans(asked([50], [0, fails], [5], [5, write("a")]), { concurrency: 2, failFast: true }),
        [
          ["Interrupted", 0, 20],
          ["ToolFailure", 0, 20],
          ["Interrupted", 20, 20],
          ["Interrupted", 20, 20]
        ]
      )
    }))

  it.effect("waits for decisions, holding nothing but a place in the order", () =>
    Effect.gen(function*() {
      const after = (ms: number, decision: Decision) => ({ decision: Effect.as(Effect.sleep(ms), decision) })
      const calls = asked(
        [10, { ...write("a"), ...after(30, "undecided") }],
        [10, write("a")],
        [10, { ...write("b"), ...after(20, "allowed") }],
        [10, read("b")],
        [10, after(5, "denied")]
      )
      assert.deepStrictEqual(yield* spans(calls, { concurrency: 1 }), [
        ["Undecided", 30, 30],
        ["Undecided", 30, 30],
        [20, 30],
        [30, 40],
        ["Denied", 5, 5]
      ])
    }))

  it.effect("has equal calls be one, unless something is written between them", () =>
    Effect.gen(function*() {
      const look = { ...read("a"), same: "look" }
      const calls = asked([10, look], [10, look], [10, write("a/b")], [10, look], [10, look])
      assert.deepStrictEqual(yield* spans(calls, { concurrency: 1 }), [[0, 10], [0, 10], [10, 20], [20, 30], [20, 30]])
    }))

  it.effect("tells in order what happens, and holds nobody up", () =>
    Effect.gen(function*() {
      const told: Array<unknown> = []
      const onCall = ({ at, id, tag }: Told) =>
        Effect.andThen(Effect.sleep(30), Effect.sync(() => told.push([tag, id, at])))
      const finished = yield* aDayOf(Effect.andThen(
        Oracle.run(asked([10], [20]), { ...unbounded, concurrency: 1, onCall }),
        Effect.clockWith((clock) => Effect.sync(() => clock.currentTimeMillisUnsafe()))
      ))
      assert.deepStrictEqual(told, [["Started", "c0", 0], ["Settled", "c0", 10], ["Started", "c1", 10], [
        "Settled",
        "c1",
        30
      ]])
      assert.strictEqual(finished, 120)
    }))

  it.effect("starts nothing once it is interrupted, and waits for what it stops", () =>
    Effect.gen(function*() {
      const noted: Array<unknown> = []
      const attempt = ({ id }: Attempt) =>
        Effect.onInterrupt(
          Effect.andThen(Effect.sync(() => noted.push(id)), Effect.never),
          () => Effect.andThen(Effect.sleep(15), Effect.sync(() => noted.push("cleaned up")))
        )
      const run = Oracle.run(asked([10], [0, { attempt }], [10]), { ...unbounded, concurrency: 1 })
      const fiber = yield* Effect.forkChild(run, { startImmediately: true })
      yield* TestClock.adjust(50)
      fiber.interruptUnsafe()
      yield* TestClock.adjust(14)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      assert.isDefined(fiber.pollUnsafe())
      assert.deepStrictEqual(noted, ["c1", "cleaned up"])
    }))
})

describe("a runner of the oracle", () => {
  const { run } = Oracle.runner(1)
  const inside = (...calls: Calls): Says => ({
    attempt: () => Effect.map(run(asked(...calls), unbounded), spansOf)
  })

  it.effect("lends what a call holds to the runs inside it, three levels deep", () =>
    Effect.gen(function*() {
      const settled = yield* aDayOf(run(asked([0, inside([10], [0, inside([5], [5])])], [1]), unbounded))
      assert.deepStrictEqual(spansOf(settled), [[0, 20], [20, 21]])
      assert.strictEqual(settled.outcomes[0]!.encoded, "[[0,10],[10,20]]")
    }))

  it.effect("goes round between runs, and has their accesses in order", () =>
    Effect.gen(function*() {
      const from = yield* Effect.clockWith((clock) => Effect.sync(() => clock.currentTimeMillisUnsafe()))
      const both = yield* aDayOf(
        Effect.all([
          run(asked([10], [10], [10], [10, write("a")]), unbounded),
          run(asked([3], [3, write("a")]), unbounded)
        ], {
          concurrency: 2
        })
      )
      const relative = both.map(({ outcomes }) =>
        outcomes.map(({ endedAt, startedAt }) => [startedAt - from, endedAt - from])
      )
      assert.deepStrictEqual(relative, [[[0, 10], [10, 20], [23, 33], [33, 43]], [[20, 23], [43, 46]]])
    }))
})

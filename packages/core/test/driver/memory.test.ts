/**
 * A runner may live for months: what it has served leaves nothing behind.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Batch, Limits, Tool, Toolkit } from "@volley/core"
import { Context, Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { Keys } from "../../src/internal/runner/cohorts.ts"
import { makeEngine } from "../../src/internal/runner/drive.ts"
import { execute, nodesOf, shared } from "../../src/internal/runner/execute.ts"
import type { Job } from "../../src/internal/runner/job.ts"
import { Line, type Waiting } from "../../src/internal/runner/line.ts"
import { Order, Place } from "../../src/internal/runner/order.ts"
import { Rates } from "../../src/internal/runner/rates.ts"
import { Pool, Room } from "../../src/internal/runner/room.ts"
import { aDayOf } from "../order/support.ts"
import { held, inUse } from "./held.ts"
import { boundless, doing, many, reading } from "./support.ts"

class Waiter implements Waiting<Waiter> {
  readonly run = {}
  line: Line<Waiter> | undefined
  isBefore(): boolean {
    return true
  }
}

describe("what is forgotten", () => {
  it.effect("are the calls that hold room under a key, and the key with the last of them", () =>
    Effect.gen(function*() {
      const room = new Room<Waiter>()
      const pool = room.of("k")
      const { line } = pool.gate(2)
      const waiter = new Waiter()
      pool.taken = 1
      room.drop(pool)
      assert.strictEqual(room.of("k"), pool)
      pool.taken = 0
      waiter.line = line
      line.push(waiter, false)
      room.drop(pool)
      assert.strictEqual(room.of("k"), pool)
      waiter.line = undefined
      room.drop(pool)
      assert.notStrictEqual(room.of("k"), pool)
      assert.isTrue(line.isEmpty)
    }))

  it.effect("are the starts of a rate that count no more, and the rate with the last of them", () =>
    Effect.gen(function*() {
      const rates = new Rates<Waiter>()
      const window = Duration.millis(100)
      const rate = rates.of("key/k", window)
      rates.take(rate, 0)
      rates.take(rate, 50)
      rates.forget(() => 149)
      assert.deepStrictEqual([rates.of("key/k", window) === rate, rate.starts.size], [true, 1])
      rates.forget(() => 150)
      assert.deepStrictEqual([rates.of("key/k", window) === rate, rate.starts.size], [false, 0])
    }))

  it.effect("is no rate that has come in the place of one that is looked at late", () =>
    Effect.gen(function*() {
      const rates = new Rates<Waiter>()
      const window = Duration.millis(100)
      const old = rates.of("key/k", window)
      rates.drop(old)
      const rate = rates.of("key/k", window)
      rates.take(rate, 0)
      rates.drop(old)
      assert.deepStrictEqual([rates.of("key/k", window) === rate, rates.wait(rate, 1, 50)], [true, 50])
    }))

  it.effect("are places in an order once they have settled, with what they touch", () =>
    Effect.gen(function*() {
      const order = new Order()
      const last = { place: new Place(order, "none", undefined, () => undefined) }
      const refs = Array.from({ length: 10 }, (_, n) => {
        const access = [Access.write(`k/${n}`), Access.read("k"), Access.exclusive].slice(0, 1 + n % 3)
        const place = new Place(order, `c${n}`, { access, inTurn: n % 2 === 0 }, () => undefined)
        order.add(place)
        order.leave(place)
        last.place = place
        return new WeakRef(place)
      })
      last.place = new Place(order, "none", undefined, () => undefined)
      assert.lengthOf(yield* held(refs), 0)
      assert.isDefined(order)
    }))

  it.effect("are places behind one of which nothing was known, which is kept itself", () =>
    Effect.gen(function*() {
      const order = new Order()
      const first = new Place(order, "first", undefined, () => undefined)
      order.add(first)
      const settled = (): WeakRef<object> => {
        const place = new Place(order, "next", { access: [Access.read("k")], inTurn: false }, () => undefined)
        order.add(place)
        order.known(first, { access: [], inTurn: false })
        for (const one of [first, place]) order.leave(one)
        return new WeakRef(place)
      }
      assert.lengthOf(yield* held([settled()]), 0)
      assert.isTrue(first.settled)
    }))

  it.effect.each([["reads and writes", "rwrwrwrwrw"], ["writes, after one that reads", "rwwwwwwwww"]] as const)(
    "are places at a key that is never free, and all that waited there for each other: %s",
    ([, kinds]) =>
      Effect.gen(function*() {
        const order = new Order()
        const last: { place: Place | undefined } = { place: undefined }
        const refs = Array.from(kinds, (kind) => {
          const access = kind === "r" ? Access.read("k") : Access.write("k")
          const place = new Place(order, "call", { access: [access], inTurn: false }, () => undefined)
          order.add(place)
          if (last.place !== undefined) order.leave(last.place)
          last.place = place
          return [new WeakRef<object>(place), new WeakRef<object>(place.cohorts.at(-1)!)] as const
        })
        assert.lengthOf(yield* held(refs.slice(0, -1).map(([place]) => place)), 0)
        // The newest of each kind is kept: the next call may have to wait for it.
        const newest = new Set([kinds.lastIndexOf("r"), kinds.lastIndexOf("w")])
        assert.lengthOf(yield* held(refs.flatMap(([, cohort], n) => newest.has(n) ? [] : [cohort])), 0)
        assert.isDefined(last.place)
      })
  )
})

/** Calls of all that takes a key: an access, a slot, a rate, and an equal call. */
const toolkit = Toolkit.make(
  doing("write", () => Effect.succeed(1), {
    access: ({ n }) => [Access.write(`orders/${n}/state`)],
    limits: ({ n }) => [
      Limits.concurrency(1, `slot of ${n}`),
      Limits.rate({ limit: 5, window: 100, key: `rate of ${n}` })
    ]
  }),
  Tool.coalesce(reading("look", () => Effect.succeed(1), { access: ({ n }) => [Access.read(`orders/${n}`)] })),
  doing("hangs", () => Effect.never, { access: ({ n }) => [Access.write(`orders/${n}`)], timeout: 10 })
)

describe("a runner that has served 100,000 calls with 50,000 different keys and rates", () => {
  it.effect("holds no more than after 1,000", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make(boundless)
      const serve = (from: number, batches: number) =>
        Effect.forEach(Array.from({ length: batches }, (_, batch) => from + batch), (batch) => {
          const keys = (n: number) => ({ n: batch * 500 + n % 500 })
          const calls = many(1000, "write", keys).map((call, n) =>
            n % 10 === 0 ? { ...call, name: "look" } : n === 501 ? { ...call, name: "hangs" } : call
          )
          return Effect.gen(function*() {
            const fiber = yield* Effect.forkChild(runner.run(toolkit, calls), { startImmediately: true })
            yield* TestClock.adjust(200)
            yield* Fiber.join(fiber)
          })
        }, { discard: true })
      yield* serve(0, 1)
      const before = inUse()
      yield* serve(1, 50)
      const half = inUse()
      yield* serve(51, 50)
      yield* aDayOf(runner.run(toolkit, many(1, "look")))
      // What else lives in this process may grow once; 25,000 keys that stay take over 5 each time.
      assert.isBelow(Math.min(half - before, inUse() - half), 1.5)
    }))
})

describe("a runner whose batch is over", () => {
  it.effect("holds nothing of it", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make()
      const look = Tool.coalesce(reading("look", () => Effect.succeed(1), { access: [Access.read("k")] }))
      const over = (name: string) =>
        Effect.gen(function*() {
          const heard = { events: 0 }
          const calls = many(2, name, () => ({}))
          const onCall = () => Effect.sync(() => void heard.events++)
          yield* runner.run(Toolkit.make(look, doing("plain", () => Effect.succeed(1))), calls, { onCall })
          return [new WeakRef(heard), ...calls.map((call) => new WeakRef<object>(call))]
        })
      const refs = [...yield* over("plain"), ...yield* over("look")]
      assert.lengthOf(yield* held(refs), 0)
      assert.isDefined(runner.run)
    }))

  it.effect("holds no key that its calls touched, though equal ones had one answer", () =>
    Effect.gen(function*() {
      const keys = new Keys()
      const own = { engine: makeEngine(), gate: new Pool<Job>().gate(10), order: new Order(keys), own: {} }
      const look = Tool.coalesce(reading("look", () => Effect.sleep(1), { access: [Access.read("k")] }))
      const run = execute(Toolkit.make(look), nodesOf(many(3, "look", () => ({}))), {}, own)
      yield* aDayOf(Effect.provideContext(run, Context.makeUnsafe<unknown>(new Map())))
      assert.deepStrictEqual([keys.root.below?.size, keys.root.met], [0, 0])
    }))

  it.effect("holds no rate of it once that counts no more and another one ends", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make()
      const { rates } = runner[shared].engine
      const rated = doing("rated", () => Effect.succeed(1), {
        limits: [Limits.rate({ limit: 5, window: 100, key: "k" })]
      })
      const run = (name: string) =>
        runner.run(Toolkit.make(rated, doing("plain", () => Effect.succeed(1))), many(1, name))
      yield* run("rated")
      const rate = rates.of("key/k", Duration.millis(100))
      yield* run("plain")
      assert.strictEqual(rates.of("key/k", Duration.millis(100)), rate)
      yield* TestClock.adjust(100)
      yield* run("plain")
      assert.notStrictEqual(rates.of("key/k", Duration.millis(100)), rate)
    }))
})

/**
 * The plain data that the runner decides with: heaps, queues, lines, rooms and rates do what obvious ones do.
 */
import { assert, describe, it } from "@effect/vitest"
import { Generate } from "@volley/testing"
import { Arbitrary, Duration, Effect } from "effect"
import { precision } from "../../src/internal/alarm.ts"
import { Fifo } from "../../src/internal/fifo.ts"
import { Heap } from "../../src/internal/heap.ts"
import { Line, type Waiting } from "../../src/internal/runner/line.ts"
import { Rates } from "../../src/internal/runner/rates.ts"
import { Room } from "../../src/internal/runner/room.ts"
import { inUse } from "../driver/held.ts"

const { upTo } = Generate

describe("a heap", () => {
  const heapOf = (numbers: ReadonlyArray<number>): Heap<number> => {
    const heap = new Heap<number>((a, b) => a < b)
    for (const n of numbers) heap.push(n)
    return heap
  }

  const allOf = (heap: Heap<number>): ReadonlyArray<number | undefined> =>
    Array.from({ length: heap.size }, () => {
      const first = heap.peek()
      heap.pop()
      return first
    })

  const ascending = (numbers: ReadonlyArray<number>) => numbers.toSorted((a, b) => a - b)
  const mixed = Array.from({ length: 40 }, (_, n) => n * 17 % 40)

  it("gives what was put in by its order, and nothing where nothing is left", () => {
    const heap = heapOf(mixed)
    assert.deepStrictEqual(allOf(heap), ascending(mixed))
    heap.pop()
    assert.deepStrictEqual([heap.size, heap.peek()], [0, undefined])
  })

  it("keeps its order where some are forgotten", () => {
    for (const divisor of [1, 2, 3, 5, 40, 99]) {
      const heap = heapOf(mixed)
      heap.keep((n) => n % divisor === 0)
      assert.deepStrictEqual(allOf(heap), ascending(mixed).filter((n) => n % divisor === 0))
    }
  })

  it.effect.prop("is in order whatever is put in, forgotten and taken out meanwhile", {
    first: Arbitrary.array(upTo(99), { maxLength: 30 }),
    more: Arbitrary.array(upTo(99), { maxLength: 30 }),
    divisor: Arbitrary.map(upTo(4), (n) => n + 1)
  }, ({ divisor, first, more }) =>
    Effect.sync(() => {
      const heap = heapOf(first)
      heap.keep((n) => n % divisor !== 1)
      heap.pop()
      for (const n of more) heap.push(n)
      const kept = ascending(first.filter((n) => n % divisor !== 1)).slice(1)
      assert.deepStrictEqual(allOf(heap), ascending([...kept, ...more]))
    }))
})

describe("a queue", () => {
  it("gives what was put in, in order, however much there was", () => {
    const queue = new Fifo<number>()
    const given: Array<number | undefined> = []
    let next = 0
    for (
      const [more, fewer] of [[3, 3], [3000, 1022], [0, 1], [0, 1], [0, 1], [5, 600], [900, 2280], [7, 0]] as const
    ) {
      for (let n = 0; n < more; n++) queue.push(next++)
      assert.deepStrictEqual([queue.peek(), queue.peek(queue.size - 1)], [given.length, next - 1])
      for (let n = 0; n < fewer; n++) given.push(queue.shift())
      assert.strictEqual(queue.size, next - given.length)
    }
    assert.deepStrictEqual(given, Array.from({ length: given.length }, (_, n) => n))
    for (let n = 0; n < 7; n++) queue.shift()
    assert.deepStrictEqual([queue.size, queue.shift(), queue.peek(), queue.size], [0, undefined, undefined, 0])
    assert.isUndefined(queue.last)
  })

  it("forgets what does not pass, and goes on with the rest", () => {
    const queue = new Fifo<number>()
    for (let n = 0; n < 9; n++) queue.push(n)
    for (let n = 0; n < 2; n++) queue.shift()
    queue.keep((n) => n % 3 !== 0)
    assert.deepStrictEqual([queue.size, queue.last], [5, 8])
    queue.push(9)
    const rest = Array.from({ length: 7 }, () => queue.shift())
    assert.deepStrictEqual(rest, [2, 4, 5, 7, 8, 9, undefined])
  })
})

describe("the memory of a queue", () => {
  /** Megabytes that queues take through which so much has gone, as long as so many were in each. */
  const taken = (queues: number, passed: number, within: number): number => {
    const before = inUse()
    const all = Array.from({ length: queues }, () => {
      const queue = new Fifo<number>()
      for (let n = 0; n < within; n++) queue.push(n)
      for (let n = 0; n < passed; n++) {
        queue.push(n)
        queue.shift()
      }
      return queue
    })
    const after = inUse()
    assert.lengthOf(all, queues)
    return after - before
  }

  it("is used again, where it is empty now and then and where it never is", () => {
    taken(1, 2500, 1)
    assert.isBelow(taken(40, 1500, 0), 0.2)
    assert.isBelow(taken(4, 20_000, 1), 0.3)
  })
})

/** Waits for a run, at a place in call order. */
class Waiter implements Waiting<Waiter> {
  readonly run: object
  readonly at: number
  line: Line<Waiter> | undefined

  constructor(run: object, at: number) {
    this.run = run
    this.at = at
  }

  isBefore(other: Waiter): boolean {
    return this.at < other.at
  }
}

describe("a line", () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => ({ name })) as [object, object, object]

  const lineOf = (...waiters: ReadonlyArray<readonly [run: object, at: number]>) => {
    const line = new Line<Waiter>()
    const join = (run: object, at: number) => {
      const waiter = new Waiter(run, at)
      waiter.line = line
      line.push(waiter, false)
    }
    for (const waiter of waiters) join(...waiter)
    return { join, line }
  }

  /** Serves all, one after the other. */
  const served = (line: Line<Waiter>): ReadonlyArray<readonly [object, number]> => {
    const order: Array<readonly [object, number]> = []
    for (let first = line.first(); first !== undefined; first = line.first()) {
      first.line = undefined
      line.took(first.run)
      order.push([first.run, first.at])
    }
    return order
  }

  it("goes round between runs, and serves each by call order", () => {
    const { line } = lineOf([a, 2], [a, 1], [b, 9], [a, 3], [c, 5], [b, 8])
    assert.deepStrictEqual(served(line), [[a, 1], [b, 8], [c, 5], [a, 2], [b, 9], [a, 3]])
    assert.isTrue(line.isEmpty)
  })

  it("has a run that was just served behind those that come after it", () => {
    const { join, line } = lineOf()
    line.took(a)
    join(a, 1)
    join(b, 1)
    assert.isFalse(line.isEmpty)
    assert.deepStrictEqual(served(line), [[b, 1], [a, 1]])
  })

  it("passes those who cannot, and serves a run again where no other can", () => {
    const { line } = lineOf([a, 1], [b, 1], [c, 1])
    line.took(a)
    assert.strictEqual(line.first(({ run }) => run !== b)?.run, c)
    assert.strictEqual(line.first(({ run }) => run === a)?.run, a)
    assert.isUndefined(line.first(() => false))
    assert.isUndefined(new Line<Waiter>().first(({ run }) => run === a))
  })

  it("has a run whose calls left it behind those that came before they came back", () => {
    const { join, line } = lineOf([a, 1])
    line.first()!.line = undefined
    assert.isTrue(line.isEmpty)
    join(b, 1)
    join(a, 2)
    assert.strictEqual(line.first()?.run, b)
  })

  it("has forgotten a run that is over, and that it was served", () => {
    const { join, line } = lineOf([a, 1], [b, 1])
    line.took(b)
    line.forget(a)
    assert.deepStrictEqual(served(line), [[b, 1]])
    line.forget(b)
    join(b, 2)
    join(c, 2)
    assert.strictEqual(line.first()?.run, b)
    line.took(b)
    line.forget(c)
    join(c, 3)
    assert.strictEqual(line.first()?.run, c)
  })
})

describe("room", () => {
  it("has a gate for each number of calls that may be at once under a key", () => {
    const room = new Room<Waiter>()
    const pool = room.of("k")
    assert.strictEqual(pool.gate(2), pool.gate(2))
    assert.strictEqual(pool.gate(2).pool, pool)
    assert.notStrictEqual(pool.gate(1), pool.gate(2))
    assert.deepStrictEqual(pool.gates.map(({ limit }) => limit), [2, 1])
  })

  it("forgets a key once no call runs under it and none waits at any gate", () => {
    const room = new Room<Waiter>()
    const pool = room.of("k")
    const waiter = new Waiter({}, 0)
    pool.gate(1)
    waiter.line = pool.gate(2).line
    waiter.line.push(waiter, false)
    const isKept = () => {
      room.drop(pool)
      return room.of("k") === pool
    }
    assert.isTrue(isKept())
    waiter.line = undefined
    pool.taken = 1
    assert.isTrue(isKept())
    pool.taken = 0
    assert.isFalse(isKept())
    room.drop(pool)
  })
})

describe("rates", () => {
  const second = Duration.seconds(1)

  it("let so many start in any window, and say how long the next one has to wait", () => {
    const rates = new Rates<Waiter>()
    const rate = rates.of("k", second)
    const wait = (now: number) => rates.wait(rate, 2, now)
    assert.strictEqual(wait(0), 0)
    for (const at of [0, 400]) rates.take(rate, at)
    assert.deepStrictEqual([wait(400), wait(999), wait(1000)], [600, 1, 0])
    rates.take(rate, 1000)
    assert.deepStrictEqual([rates.wait(rate, 1, 1000), wait(1000), wait(1399), wait(1400)], [1000, 400, 1, 0])
    assert.strictEqual(rates.wait(rate, 3, 1400), 0)
  })

  it("know a rate by its key and the length of its window", () => {
    const rates = new Rates<Waiter>()
    assert.strictEqual(rates.of("k", second), rates.of("k", Duration.millis(1000)))
    assert.notStrictEqual(rates.of("k", second), rates.of("k", Duration.millis(999)))
    assert.notStrictEqual(rates.of("k", second), rates.of("l", second))
  })

  it("are closed as long as they were paused, the longest time counting, and not forgotten before", () => {
    const rates = new Rates<Waiter>()
    const rate = rates.of("k", second)
    rates.pause(rate, 50)
    rates.pause(rate, 30)
    assert.deepStrictEqual([rates.wait(rate, 1, 10), rates.wait(rate, 1, 49), rates.wait(rate, 1, 50)], [40, 1, 0])
    rates.take(rate, 40)
    assert.strictEqual(rates.wait(rate, 1, 50), 990)
    assert.strictEqual(rates.wait(rate, 1, 1040), 0)
    rates.pause(rate, 1050)
    rates.forget(() => 1049)
    rates.drop(rate)
    assert.strictEqual(rates.of("k", second), rate)
    rates.forget(() => 1050)
    assert.notStrictEqual(rates.of("k", second), rate)
  })

  it("take for open what opens as good as now, since instants since the epoch are not exact", () => {
    const rates = new Rates<Waiter>()
    const [paused, started] = [rates.of("paused", second), rates.of("started", Duration.zero)]
    rates.pause(paused, precision)
    rates.take(started, precision)
    assert.deepStrictEqual([rates.wait(paused, 1, 0), rates.wait(started, 1, 0)], [0, 0])
    rates.pause(paused, precision)
    rates.take(started, precision)
    rates.forget(() => 0)
    assert.notStrictEqual(rates.of("paused", second), paused)
    assert.notStrictEqual(rates.of("started", Duration.zero), started)
  })

  it("do not count what has no window", () => {
    const rates = new Rates<Waiter>()
    const rate = rates.of("k", Duration.zero)
    rates.take(rate, 0)
    assert.strictEqual(rates.wait(rate, 1, 0), 0)
  })

  it("forget starts that count no more, of windows of any length, and rates that nothing is left of", () => {
    const rates = new Rates<Waiter>()
    const [short, long] = [rates.of("k", Duration.millis(100)), rates.of("k", second)]
    for (const at of [0, 50]) for (const rate of [short, long]) rates.take(rate, at)
    const left = (now: number) => {
      rates.forget(() => now)
      return [short.starts.size, long.starts.size]
    }
    assert.deepStrictEqual([left(99), left(100), left(150), left(1000)], [[2, 2], [1, 2], [0, 2], [0, 1]])
    assert.notStrictEqual(rates.of("k", Duration.millis(100)), short)
    assert.strictEqual(rates.of("k", second), long)
    rates.take(long, 1040)
    assert.deepStrictEqual([left(1050), left(2040)], [[0, 1], [0, 0]])
    assert.notStrictEqual(rates.of("k", second), long)
  })

  it("are kept while a call waits for one, or a limiter is asked", () => {
    const rates = new Rates<Waiter>()
    const rate = rates.of("k", second)
    const waiter = new Waiter({}, 0)
    const isKept = () => {
      rates.drop(rate)
      return rates.of("k", second) === rate
    }
    waiter.line = rate.line
    rate.line.push(waiter, false)
    assert.isTrue(isKept())
    waiter.line = undefined
    rate.asking = true
    assert.isTrue(isKept())
    rate.asking = false
    rates.take(rate, 0)
    assert.isTrue(isKept())
    rates.wait(rate, 1, 1000)
    assert.isFalse(isKept())
  })
})

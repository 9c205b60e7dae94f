import * as Duration from "effect/Duration"
import { precision } from "../alarm.ts"
import { Fifo } from "../fifo.ts"
import { Line, type Waiting } from "./line.ts"

/**
 * The starts under a key that still count.
 *
 * - `line`: the calls that wait until one of them counts no more
 * - `closedUntil`: when a limiter outside of the process, or the service itself, said last that it is open; `asking`, whether
 *   a limiter is being asked
 * - `coming`: calls that are to start as soon as a recorder lets them
 */
export class Rate<A extends Waiting<A>> {
  readonly name: string
  readonly window: number
  readonly line = new Line<A>()
  readonly starts = new Fifo<number>()
  closedUntil = 0
  asking = false
  coming = 0

  constructor(name: string, window: number) {
    this.name = name
    this.window = window
  }
}

/**
 * Counts starts by key, each for as long as its window lasts: never are more than `limit` in any window of that length (a
 * sliding log).
 */
export class Rates<A extends Waiting<A>> {
  readonly #rates = new Map<string, Rate<A>>()
  readonly #paused = new Set<Rate<A>>()
  /** By length of the window: every start that may still count, in order. */
  readonly #counting = new Map<number, Fifo<{ readonly rate: Rate<A>; readonly at: number }>>()

  of(key: string, window: Duration.Duration): Rate<A> {
    const millis = Duration.toMillis(window)
    const name = `${millis} ${key}`
    const known = this.#rates.get(name)
    if (known !== undefined) return known
    const rate = new Rate<A>(name, millis)
    this.#rates.set(name, rate)
    return rate
  }

  /** Milliseconds until one more may start; 0 where it may now, and no end of them where others have to start first. */
  wait(rate: Rate<A>, limit: number, now: number): number {
    if (rate.closedUntil > now + precision) return rate.closedUntil - now
    this.#expire(rate, now)
    const { coming, starts } = rate
    const over = starts.size + coming - limit
    return over < 0 ? 0 : (starts.peek(over) ?? Infinity) + rate.window - now
  }

  /** Lets no call start before then. */
  pause(rate: Rate<A>, until: number): void {
    rate.closedUntil = Math.max(rate.closedUntil, until)
    this.#paused.add(rate)
  }

  take(rate: Rate<A>, at: number): void {
    rate.starts.push(at)
    let counting = this.#counting.get(rate.window)
    if (counting === undefined) this.#counting.set(rate.window, counting = new Fifo())
    counting.push({ rate, at })
  }

  /** Forgets the keys under which nothing counts any more and no call waits; what time it is, is asked where there are any. */
  forget(clock: () => number): void {
    for (const rate of this.#paused) {
      if (rate.closedUntil > clock() + precision) continue
      this.#paused.delete(rate)
      this.drop(rate)
    }
    for (const [window, counting] of this.#counting) {
      const now = clock()
      for (let first = counting.peek(); first && first.at + window <= now + precision; first = counting.peek()) {
        counting.shift()
        this.#expire(first.rate, now)
        this.drop(first.rate)
      }
      if (counting.size === 0) this.#counting.delete(window)
    }
  }

  /** Forgets a rate of which nothing is to be remembered. */
  drop(rate: Rate<A>): void {
    // There may be another one under its name by now.
    if (this.#rates.get(rate.name) !== rate) return
    if (rate.starts.size + rate.coming === 0 && rate.line.isEmpty && !rate.asking && !this.#paused.has(rate)) {
      this.#rates.delete(rate.name)
    }
  }

  #expire({ starts, window }: Rate<A>, now: number): void {
    while ((starts.peek() ?? Infinity) + window <= now + precision) starts.shift()
  }
}

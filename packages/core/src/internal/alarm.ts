import type { Sleep } from "./clock.ts"
import { Heap } from "./heap.ts"

/** Something that has until an instant, in milliseconds; `over` when it needs no waking any more. */
export interface Timed {
  readonly expiresAt: number
  readonly over: boolean
  /** Is called in its time. */
  readonly ring: () => void
}

/**
 * Wakes many at their times with one sleep until the next of them.
 *
 * - `last`: what rings after all others of the same instant, if it is due: the deadline of a run
 */
export class Alarm {
  readonly #now: () => number
  readonly #sleep: Sleep
  readonly #waiting = new Heap<Timed>((a, b) => a.expiresAt < b.expiresAt)
  #last: Omit<Timed, "over"> | undefined
  #stopSleep: (() => void) | undefined
  #wakesAt = Infinity
  #most = 64

  constructor(now: () => number, sleep: Sleep) {
    this.#now = now
    this.#sleep = sleep
  }

  add(timed: Timed): void {
    if (timed.expiresAt === Infinity) return
    if (this.#waiting.size >= this.#most) {
      this.#waiting.keep(({ over }) => !over)
      this.#most = 2 * this.#waiting.size + 64
    }
    this.#waiting.push(timed)
    if (timed.expiresAt < this.#wakesAt) this.#sleepUntil(timed.expiresAt)
  }

  setLast(timed: Omit<Timed, "over">): void {
    this.#last = timed
    if (timed.expiresAt < this.#wakesAt) this.#sleepUntil(timed.expiresAt)
  }

  /** Wakes no one any more. */
  stop(): void {
    this.#sleepUntil(Infinity)
    this.#last = undefined
    // An alarm that outlived a young collection would keep alive what it waited for.
    this.#waiting.keep(() => false)
  }

  #sleepUntil(until: number): void {
    this.#stopSleep?.()
    this.#stopSleep = undefined
    this.#wakesAt = until
    if (until === Infinity) return
    const millis = Math.max(0, Math.round((until - this.#now()) / precision) * precision)
    this.#stopSleep = this.#sleep(millis, () => this.#ring())
  }

  #ring(): void {
    const now = this.#now() + precision
    this.#stopSleep = undefined
    this.#wakesAt = Infinity
    for (let next = this.#waiting.peek(); next && (next.over || next.expiresAt <= now); next = this.#waiting.peek()) {
      this.#waiting.pop()
      if (!next.over) next.ring()
    }
    const last = this.#last
    if (last !== undefined && last.expiresAt <= now) {
      this.#last = undefined
      last.ring()
    }
    const until = Math.min(this.#waiting.peek()?.expiresAt ?? Infinity, this.#last?.expiresAt ?? Infinity)
    if (until < this.#wakesAt) this.#sleepUntil(until)
  }
}

/** Milliseconds; instants since the epoch have about a quarter of a microsecond. */
export const precision = 0.01

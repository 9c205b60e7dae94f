import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

/** Something that has until an instant, in milliseconds; `over` when it needs no waking any more. */
export interface Timed {
  readonly expiresAt: number
  over: boolean
}

/**
 * Wakes many at their times with one fiber that sleeps until the next of them.
 *
 * - those that were given equally long expire in the order in which they came, so each length has a queue
 */
export class Alarm<A extends Timed> {
  readonly #now: () => number
  readonly #fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>
  readonly #expire: (timed: A) => void
  readonly #queues = new Map<number, { readonly timed: Array<A>; head: number }>()
  #sleeper: Fiber.Fiber<void> | undefined
  #wakesAt = Infinity

  constructor(
    now: () => number,
    fork: (effect: Effect.Effect<void>) => Fiber.Fiber<void>,
    expire: (timed: A) => void
  ) {
    this.#now = now
    this.#fork = fork
    this.#expire = expire
  }

  /** Wakes it after so many milliseconds, which is when it expires. */
  add(timed: A, millis: number): void {
    if (millis === Infinity) return
    const queue = this.#queues.get(millis)
    if (queue === undefined) this.#queues.set(millis, { timed: [timed], head: 0 })
    else queue.timed.push(timed)
    if (timed.expiresAt < this.#wakesAt) this.#sleep(timed.expiresAt, millis)
  }

  /** Wakes nobody any more. */
  stop(): Fiber.Fiber<void> | undefined {
    this.#sleeper?.interruptUnsafe()
    return this.#sleeper
  }

  #sleep(until: number, millis: number): void {
    this.stop()
    this.#wakesAt = until
    this.#sleeper = this.#fork(Effect.andThen(Effect.sleep(millis), Effect.sync(this.#ring)))
  }

  readonly #ring = (): void => {
    const now = this.#now() + precision
    let next = Infinity
    this.#sleeper = undefined
    this.#wakesAt = Infinity
    for (const queue of this.#queues.values()) {
      for (; queue.head < queue.timed.length; queue.head++) {
        const timed = queue.timed[queue.head]!
        if (!timed.over && timed.expiresAt > now) break
        if (!timed.over) this.#expire(timed)
      }
      next = Math.min(next, queue.timed[queue.head]?.expiresAt ?? Infinity)
    }
    if (next < this.#wakesAt) this.#sleep(next, Math.max(0, Math.round((next - this.#now()) / precision) * precision))
  }
}

/** Milliseconds; instants since the epoch have about a quarter of a microsecond. */
const precision = 0.01

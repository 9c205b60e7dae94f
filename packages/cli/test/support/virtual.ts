/**
 * Virtual time for programs that also wait for promises, sockets and files: time stands still while anything real is
 * under way, and then jumps to the next sleeper.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as FileSystem from "effect/FileSystem"
import * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import { setImmediate } from "node:timers/promises"

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

/** Virtual time, and the count of what is really under way. */
export class VirtualTime {
  #now = 0
  #busy = 0
  #sleepers: ReadonlyArray<Sleeper> = []

  readonly clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => this.#now,
    currentTimeMillis: Effect.sync(() => this.#now),
    currentTimeNanosUnsafe: () => BigInt(this.#now) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => BigInt(this.#now) * 1_000_000n),
    monotonicTimeNanosUnsafe: () => BigInt(this.#now) * 1_000_000n,
    monotonicTimeNanos: Effect.sync(() => BigInt(this.#now) * 1_000_000n),
    sleep: (duration) =>
      Effect.callback<void>((resume) => {
        const sleeper = { at: this.#now + Duration.toMillis(duration), wake: () => resume(Effect.void) }
        this.#sleepers = [...this.#sleepers, sleeper].sort((a, b) => a.at - b.at)
        return Effect.sync(() => {
          this.#sleepers = this.#sleepers.filter((other) => other !== sleeper)
        })
      })
  }

  /** Holds the time while a real effect is under way. */
  readonly hold = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(
      Effect.sync(() => this.#busy++),
      () => effect,
      () => Effect.sync(() => this.#busy--)
    )

  /** Lets the time go on while something real waits for it, such as a server that has got its request. */
  readonly release = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.acquireUseRelease(
      Effect.sync(() => this.#busy--),
      () => effect,
      () => Effect.sync(() => this.#busy++)
    )

  /** Runs an effect to its end by jumping from sleeper to sleeper. */
  async run<A, E>(effect: Effect.Effect<A, E>): Promise<Exit.Exit<A, E>> {
    const fiber = Effect.runFork(Effect.provideService(effect, Clock.Clock, this.clock))
    while (true) {
      await this.#quiet()
      const exit = fiber.pollUnsafe()
      if (exit !== undefined) return exit
      const [next, ...later] = this.#sleepers
      if (next === undefined) continue
      this.#now = next.at
      this.#sleepers = later
      next.wake()
    }
  }

  /** Waits until nothing real is under way, and what it has set off has run. */
  async #quiet() {
    for (let turns = 0; turns < 20; turns++) {
      await setImmediate()
      if (this.#busy > 0) turns = 0
    }
  }
}

/** The real network and disk, with time held while they work. */
export const held = (time: VirtualTime) =>
  Layer.mergeAll(
    Layer.effect(
      HttpClient.HttpClient,
      Effect.map(
        HttpClient.HttpClient,
        HttpClient.transform((effect) => time.hold(Effect.tap(effect, ({ text }) => text)))
      )
    ),
    Layer.effect(
      FileSystem.FileSystem,
      Effect.map(FileSystem.FileSystem, (files) => ({
        ...files,
        readFileString: (path: string, encoding?: string) => time.hold(files.readFileString(path, encoding))
      }))
    )
  )

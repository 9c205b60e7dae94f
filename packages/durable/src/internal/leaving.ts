/**
 * How a run is left: nothing begins any more, and calls that may not run twice have some time to end.
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Latch from "effect/Latch"
import { Grace } from "../Grace.ts"

export class Leaving {
  #isLeaving = false
  #inFlight = 0
  readonly #none = Latch.makeUnsafe(true)

  get isLeaving(): boolean {
    return this.#isLeaving
  }

  /** Begins something, or stands still where the run is being left; it is `awaited` then if it began before. */
  begin<A, E, R>(something: Effect.Effect<A, E, R>, awaited: boolean): Effect.Effect<A, E, R> {
    return Effect.suspend(() => {
      if (this.#isLeaving) return Effect.never
      return awaited ? this.#counted(something) : something
    })
  }

  #counted<A, E, R>(something: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    this.#inFlight += 1
    this.#none.closeUnsafe()
    const over = Effect.sync(() => {
      this.#inFlight -= 1
      if (this.#inFlight === 0) this.#none.openUnsafe()
    })
    return Effect.ensuring(something, over)
  }

  /** Runs a run; an interruption is passed on once the run is left. */
  within<A, E, R>(run: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(Effect.forkChild(restore(run)), (fiber) =>
        Effect.onInterrupt(
          restore(Fiber.join(fiber)),
          () => Effect.andThen(this.#left, Fiber.interrupt(fiber))
        ))
    )
  }

  get #left(): Effect.Effect<void> {
    return Effect.flatMap(Grace, (grace) => {
      this.#isLeaving = true
      return Effect.asVoid(Effect.timeoutOption(Effect.interruptible(this.#none.await), grace))
    })
  }
}

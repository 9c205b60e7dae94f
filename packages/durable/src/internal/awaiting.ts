/**
 * Runs that are awaited in this process: how one ended that ends here is handed over, and need not be read from the store.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { Ended } from "./result.ts"
import type { Begun } from "./statements.ts"

/**
 * - `told`: completes once this process has brought the run to its end, or crashed in it; `ended`: how it ended, where it
 *   gave an answer
 */
export interface Awaited {
  readonly told: Effect.Effect<void>
  readonly ended: () => Ended | undefined
}

/** How a run ended, once it has here; `count` is how many wait. */
interface Place {
  readonly over: Deferred.Deferred<void>
  count: number
  ended: Ended | undefined
}

/** What a run is called among those of this process. */
export const keyOf = ({ run_id, started_at }: Omit<Begun, "name">): string => `${started_at}/${run_id}`

export class Awaiting {
  readonly #places = new Map<string, Place>()

  /** Waits for a run; what waits is given what is told here. */
  during<A, E, R>(run: Begun, wait: (awaited: Awaited) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    const key = keyOf(run)
    return Effect.acquireUseRelease(
      Effect.sync(() => this.#enter(key)),
      (place) => wait({ told: Deferred.await(place.over), ended: () => place.ended }),
      (place) => Effect.sync(() => this.#leave(key, place))
    )
  }

  /** Hands over how a run ended, after that is kept. */
  tell(runId: string, startedAt: number, ended: () => Ended): void {
    const place = this.#places.get(keyOf({ run_id: runId, started_at: startedAt }))
    if (place !== undefined) place.ended = ended()
  }

  /** Says that a run is over here: it has ended, or its program has crashed in it. */
  over(run: Begun, exit: Exit.Exit<void>): void {
    const place = this.#places.get(keyOf(run))
    if (place !== undefined) Deferred.doneUnsafe(place.over, exit)
  }

  #enter(key: string): Place {
    const place = this.#places.get(key) ?? { over: Deferred.makeUnsafe<void>(), count: 0, ended: undefined }
    place.count += 1
    this.#places.set(key, place)
    return place
  }

  #leave(key: string, place: Place): void {
    place.count -= 1
    if (place.count === 0) this.#places.delete(key)
  }
}

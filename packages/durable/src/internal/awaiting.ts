/**
 * Runs that are awaited in this process: how one ended that ends here is handed over, and need not be read from the store.
 */
import * as Effect from "effect/Effect"
import type { Ended } from "./result.ts"
import type { Begun } from "./statements.ts"

/** How a run ended, once it has here; `count` is how many wait. */
interface Place {
  count: number
  ended: Ended | undefined
}

const keyOf = ({ run_id, started_at }: Omit<Begun, "name">): string => `${started_at}/${run_id}`

export class Awaiting {
  readonly #places = new Map<string, Place>()

  /** Waits for a run; what waits is given a look at how the run ended here, if it did. */
  during<A, E, R>(
    run: Begun,
    wait: (ended: () => Ended | undefined) => Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, R> {
    const key = keyOf(run)
    return Effect.acquireUseRelease(
      Effect.sync(() => this.#enter(key)),
      (place) => wait(() => place.ended),
      (place) => Effect.sync(() => this.#leave(key, place))
    )
  }

  /** Hands over how a run ended, after that is kept. */
  tell(runId: string, startedAt: number, ended: () => Ended): void {
    const place = this.#places.get(keyOf({ run_id: runId, started_at: startedAt }))
    if (place !== undefined) place.ended = ended()
  }

  #enter(key: string): Place {
    const place = this.#places.get(key) ?? { count: 0, ended: undefined }
    place.count += 1
    this.#places.set(key, place)
    return place
  }

  #leave(key: string, place: Place): void {
    place.count -= 1
    if (place.count === 0) this.#places.delete(key)
  }
}

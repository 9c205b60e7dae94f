import type { Reason } from "../../CallError.ts"
import { conflicts, type Kind } from "./cohorts.ts"
import type { Place } from "./order.ts"

interface Barrier {
  readonly place: Place
  readonly reason: Reason
}

/** Why later calls of a run may not start that touch what earlier ones left in doubt: the earliest such place, by key. */
export class Barriers {
  readonly #byKey = new Map<string, Map<Kind, Barrier>>()
  #unknown: Barrier | undefined

  /** Holds for the places behind this one; where it is unknown what it touches, for all that touch something. */
  add(place: Place, reason: Reason): void {
    const barrier = { place, reason }
    if (place.touches === undefined) this.#unknown = earlier(this.#unknown, barrier)
    for (const { key, kind } of place.cohorts) {
      const kinds = this.#byKey.get(key.path) ?? new Map<Kind, Barrier>()
      kinds.set(kind, earlier(kinds.get(kind), barrier))
      this.#byKey.set(key.path, kinds)
    }
  }

  /** Why a place may not start. */
  before(place: Place): Reason | undefined {
    // It goes past what is not known yet: all that it meets is who wanted to be alone.
    if (place.number === 0) return this.#byKey.get(everything)?.get("writes")?.reason
    let first = isOfAccess(place) ? this.#unknown : undefined
    for (const { key, kind } of place.cohorts) {
      for (const other of conflicts[kind]) {
        const barrier = this.#byKey.get(key.path)?.get(other)
        if (barrier !== undefined) first = earlier(first, barrier)
      }
    }
    return first !== undefined && first.place.number < place.number ? first.reason : undefined
  }
}

const everything = "/"

const isOfAccess = ({ touches }: Place): boolean => touches !== undefined && touches.access.length > 0

const earlier = (a: Barrier | undefined, b: Barrier): Barrier =>
  a === undefined || b.place.number < a.place.number ? b : a

/** Those of a run, which has none at first. */
export const barriersOf = (run: { barriers: Barriers | undefined }): Barriers => run.barriers ??= new Barriers()

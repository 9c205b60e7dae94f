import * as Effect from "effect/Effect"
import * as Access from "../../Access.ts"
import type { Reason } from "../../CallError.ts"
import type { Claims } from "./claims.ts"
import type { Slot, Slots } from "./slots.ts"

/**
 * A call's place in the order of its run.
 *
 * - `claims`: not known while its parameters are not
 * - `behind`, `ahead`: the earlier places that it waits for, and the later ones that wait for it
 */
export interface Place {
  order: number
  readonly callId: string
  claims: Claims | undefined
  state: "waiting" | "running" | "settled"
  readonly behind: Set<Place>
  readonly ahead: Set<Place>
  wake: ((turn: Turn) => void) | undefined
}

/** A call may start, or it may not, because of how an earlier call ended that touches the same. */
export type Turn = { readonly _tag: "Start" } | { readonly _tag: "Refused"; readonly reason: Reason }

/**
 * Decides when each call of a run may start.
 *
 * No deadlock is possible. A call waits only for earlier calls of the order, so the earliest that has not settled waits for
 * none; and while a call waits, it holds nothing that another could wait for. All that a call needs is taken in one step,
 * when all of it is free.
 */
export class Gate {
  readonly #slots: Slots
  readonly #everyCall: ReadonlyArray<Slot>
  readonly #places: Array<Place> = []
  readonly #barriers: Array<{ readonly place: Place; readonly reason: Reason }> = []
  /** The places that have something to say about others: they touch something, or may. */
  readonly #declaring = new Set<Place>()
  /** The places that wait for nothing but room, in call order. */
  readonly #ready: Array<Place> = []
  #room: number
  #closed = false

  /**
   * - `slots`: where the calls of a tool or a key are counted, `everyCall` what every call takes of them
   * - `room`: how many calls of this run may have started and not settled
   */
  constructor(slots: Slots, everyCall: ReadonlyArray<Slot>, room: number) {
    this.#slots = slots
    this.#everyCall = everyCall
    this.#room = room
  }

  /** Adds a place: behind all others, or right behind one that has become several. */
  add(callId: string, claims: Claims | undefined, after?: Place): Place {
    const order = after === undefined ? this.#places.length : after.order + 1
    const place: Place = {
      order,
      callId,
      claims,
      state: "waiting",
      behind: new Set(),
      ahead: new Set(),
      wake: undefined
    }
    this.#places.splice(order, 0, place)
    for (let index = order + 1; index < this.#places.length; index++) this.#places[index]!.order = index
    this.#line(place)
    return place
  }

  /** Tells what a call claims, now that its parameters are known; who waits for whom follows from it. */
  known(place: Place, claims: Claims): void {
    place.claims = claims
    for (const earlier of place.behind) this.#part(earlier, place)
    for (const later of place.ahead) this.#part(place, later)
    this.#line(place)
    this.#pump()
  }

  /** Waits until the call may start; it then holds its slots until `settled` or `park`. */
  turn(place: Place): Effect.Effect<Turn> {
    return Effect.callback((resume) => {
      place.wake = (turn) => {
        place.wake = undefined
        resume(Effect.succeed(turn))
      }
      this.#queue(place)
      this.#pump()
      return Effect.sync(() => {
        place.wake = undefined
      })
    })
  }

  /** Gives the slots of a started call back, which then waits again. */
  park(place: Place): void {
    if (place.state !== "running") return
    place.state = "waiting"
    this.#leave(place)
  }

  /** Ends a call; later calls that touch the same are refused with `barrier`, where there is one. */
  settled(place: Place, barrier?: Reason): void {
    if (place.state === "settled") return
    const ran = place.state === "running"
    place.state = "settled"
    place.wake = undefined
    this.#declaring.delete(place)
    if (barrier !== undefined) this.#barriers.push({ place, reason: barrier })
    for (const later of place.ahead) this.#part(place, later)
    if (ran) this.#leave(place)
    else this.#pump()
  }

  /** Starts nothing more: the run is being interrupted. */
  close(): void {
    this.#closed = true
  }

  /** True where a call between the two may change what the later one looks at. */
  writesBetween(earlier: Place, later: Place): boolean {
    return this.#places.slice(earlier.order + 1, later.order).some((between) => conflict(between, later))
  }

  /** Has the gate look again whenever a slot is given back elsewhere; gives what ends that. */
  listen(): () => void {
    return this.#slots.listen(this.#pump)
  }

  /** Finds who waits for whom between a place and all others. */
  #line(place: Place): void {
    if (declares(place)) this.#declaring.add(place)
    else this.#declaring.delete(place)
    const others = isAlone(place) ? this.#places : this.#declaring
    for (const other of others) {
      if (other === place || other.state === "settled") continue
      const [earlier, later] = other.order < place.order ? [other, place] : [place, other]
      if (later.state !== "waiting" || !conflict(earlier, later)) continue
      later.behind.add(earlier)
      earlier.ahead.add(later)
    }
  }

  #part(earlier: Place, later: Place): void {
    later.behind.delete(earlier)
    earlier.ahead.delete(later)
    if (later.behind.size === 0) this.#queue(later)
  }

  /** Puts a place among those that wait for room alone, where it belongs there. */
  #queue(place: Place): void {
    if (place.wake === undefined || place.claims === undefined || place.behind.size > 0) return
    let low = 0
    let high = this.#ready.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#ready[middle]!.order < place.order) low = middle + 1
      else high = middle
    }
    if (this.#ready[low] !== place) this.#ready.splice(low, 0, place)
  }

  /** The lowest in call order goes first; one that finds no room lets others pass that do. */
  readonly #pump = (): void => {
    const woken: Array<() => void> = []
    for (let index = 0; index < this.#ready.length && this.#room > 0 && !this.#closed;) {
      const place = this.#ready[index]!
      const { wake } = place
      const turn = wake !== undefined && place.behind.size === 0 ? this.#turnOf(place) : undefined
      if (turn === "No room") {
        index += 1
        continue
      }
      this.#ready.splice(index, 1)
      if (wake !== undefined && turn !== undefined) woken.push(() => wake(turn))
    }
    for (const wake of woken) wake()
  }

  #turnOf(place: Place): Turn | "No room" {
    const barrier = this.#barriers.find((earlier) =>
      earlier.place.order < place.order && conflict(earlier.place, place)
    )
    if (barrier !== undefined) return { _tag: "Refused", reason: barrier.reason }
    if (!this.#slots.take(this.#slotsOf(place))) return "No room"
    this.#room -= 1
    place.state = "running"
    return { _tag: "Start" }
  }

  #slotsOf(place: Place): ReadonlyArray<Slot> {
    const own = place.claims?.slots ?? []
    return this.#everyCall.length === 0 ? own : [...this.#everyCall, ...own]
  }

  #leave(place: Place): void {
    this.#room += 1
    this.#slots.give(this.#slotsOf(place))
    this.#pump()
  }
}

/** It touches something, or nobody knows yet. */
const declares = ({ claims }: Place): boolean => claims === undefined || claims.access.length > 0

const isAlone = ({ claims }: Place): boolean =>
  claims !== undefined && claims.access.some(({ mode }) => mode === "exclusive")

/** A call whose claims are not known counts as exclusive towards later ones that declare access. */
const conflict = (earlier: Place, later: Place): boolean => {
  if (earlier.claims === undefined) return declares(later)
  if (later.claims === undefined) return isAlone(earlier)
  if (isAlone(earlier) || isAlone(later)) return true
  for (const a of earlier.claims.access) {
    for (const b of later.claims.access) if (Access.conflicts(a, b)) return true
  }
  return false
}

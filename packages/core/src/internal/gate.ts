import * as Effect from "effect/Effect"
import * as Access from "../Access.ts"
import type { Claims } from "./claims.ts"
import type { Slot, Slots } from "./slots.ts"

/**
 * A call's place in the order of its run.
 *
 * - `claims`: not known while its parameters are not
 * - `behind`: the earlier places that it has to wait for
 */
export interface Place {
  order: number
  readonly callId: string
  readonly declares: boolean
  claims: Claims | undefined
  state: "waiting" | "running" | "settled"
  readonly behind: Set<Place>
  wake: ((turn: Turn) => void) | undefined
}

/** A call may start, or it may not, because an earlier write to the same thing has an unknown outcome. */
export type Turn = { readonly _tag: "Start" } | { readonly _tag: "Uncertain"; readonly after: string }

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
  readonly #uncertain: Array<Place> = []
  #room: number

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
    const declares = claims === undefined || claims.access.length > 0
    const place: Place = { order, callId, declares, claims, state: "waiting", behind: new Set(), wake: undefined }
    this.#places.splice(order, 0, place)
    for (const [index, other] of this.#places.entries()) {
      if (index < order && blocks(other, place)) place.behind.add(other)
      if (index > order && other.state === "waiting" && blocks(place, other)) other.behind.add(place)
      other.order = index
    }
    return place
  }

  /** Tells what a call claims, now that its parameters are known; what does not conflict with it need not wait for it. */
  known(place: Place, claims: Claims): void {
    place.claims = claims
    for (const earlier of place.behind) if (!blocks(earlier, place)) place.behind.delete(earlier)
    for (const earlier of this.#places.slice(0, place.order)) if (blocks(earlier, place)) place.behind.add(earlier)
    for (const later of this.#places.slice(place.order + 1)) if (!blocks(place, later)) later.behind.delete(place)
    this.#pump()
  }

  /** Waits until the call may start; it then holds its slots until `settled` or `park`. */
  turn(place: Place): Effect.Effect<Turn> {
    return Effect.callback((resume) => {
      place.wake = (turn) => {
        place.wake = undefined
        resume(Effect.succeed(turn))
      }
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

  /** Ends a call; `uncertain` when nobody knows whether what it writes has changed, or still will. */
  settled(place: Place, uncertain: boolean): void {
    if (place.state === "settled") return
    const ran = place.state === "running"
    place.state = "settled"
    if (uncertain && place.claims?.access.some(({ mode }) => mode !== "read")) this.#uncertain.push(place)
    for (const later of this.#places.slice(place.order + 1)) later.behind.delete(place)
    if (ran) this.#leave(place)
    else this.#pump()
  }

  /** True where a call between the two may change what the later one looks at. */
  writesBetween(earlier: Place, later: Place): boolean {
    return this.#places.slice(earlier.order + 1, later.order).some((between) => conflict(between, later))
  }

  /** Has the gate look again whenever a slot is given back elsewhere; gives what ends that. */
  listen(): () => void {
    return this.#slots.listen(this.#pump)
  }

  /** The lowest in call order goes first; one that finds no room lets others pass that do. */
  readonly #pump = (): void => {
    for (const place of this.#places) {
      if (this.#room === 0) return
      if (place.wake === undefined || place.claims === undefined || place.behind.size > 0) continue
      const after = this.#uncertain.find((earlier) => earlier.order < place.order && conflict(earlier, place))
      if (after !== undefined) place.wake({ _tag: "Uncertain", after: after.callId })
      else if (this.#slots.take([...this.#everyCall, ...place.claims.slots])) {
        this.#room -= 1
        place.state = "running"
        place.wake({ _tag: "Start" })
      }
    }
  }

  #leave(place: Place): void {
    this.#room += 1
    this.#slots.give([...this.#everyCall, ...place.claims?.slots ?? []])
    this.#pump()
  }
}

/** An earlier call holds a later one up while they conflict and it has not settled. */
const blocks = (earlier: Place, later: Place): boolean => earlier.state !== "settled" && conflict(earlier, later)

/** A call whose claims are not known counts as exclusive towards later ones that declare access. */
const conflict = (earlier: Place, later: Place): boolean => {
  if (earlier.claims === undefined) return later.declares
  const before = earlier.claims.access
  const after = later.claims?.access ?? []
  if ([...before, ...after].some(({ mode }) => mode === "exclusive")) return true
  return before.some((a) => after.some((b) => Access.conflicts(a, b)))
}

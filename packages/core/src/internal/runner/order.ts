import { type Cohort, isExclusive, Keys, type Member, none, release, type Touches } from "./cohorts.ts"

/**
 * A call's place in the order.
 *
 * - `touches`: not known while its parameters are not
 * - `number`: which it was, counted as they were entered; 0 before
 * - `blocked`: how many cohorts it waits for
 */
export class Place implements Member {
  readonly order: Order
  readonly callId: string
  readonly ready: () => void
  touches: Touches | undefined
  cohorts = none
  number = 0
  blocked = 0
  settled = false
  before: Place | undefined
  after: Place | undefined
  atEnd: (() => void) | undefined

  constructor(order: Order, callId: string, touches: Touches | undefined, ready: () => void) {
    this.order = order
    this.callId = callId
    this.touches = touches
    this.ready = ready
  }

  /** A call that it waits for, where one is known. */
  get behind(): string | undefined {
    return this.order.behind(this)
  }
}

/**
 * Decides who waits for whom, by what calls touch.
 *
 * A call waits for the earlier ones that conflict with it and have not settled. That is kept by key: who reads it, who writes
 * it, and who does so with what lies under it, as in the intention locks of databases (Gray and others, 1976); but no call
 * passes by one that came before and conflicts. So a place costs the length of its keys, however many places there are.
 *
 * A place of which it is not known yet what it touches holds up the later ones that touch something: they are held in order,
 * and entered once it is known. So nothing has ever to be put between places that were entered.
 */
export class Order {
  readonly #keys: Keys
  #first: Place | undefined
  #newest: Place | undefined
  #alone = 0
  #entered = 0

  constructor(keys = new Keys()) {
    this.#keys = keys
  }

  /** Adds a place: behind all others, or right behind one that has become several. */
  add(place: Place, behind?: Place): void {
    if (this.#first === undefined && place.touches !== undefined) return this.#enter(place)
    this.#link(place, behind ?? this.#newest)
    this.#tell(place)
  }

  /** Says what a place touches that had not said so. */
  known(place: Place, touches: Touches): void {
    place.touches = touches
    if (isAlone(place)) this.#alone += 1
    if (place === this.#first) this.#goOn()
    else this.#tell(place)
  }

  /** Ends a place; `atEnd` is called once all that is before it is known. */
  leave(place: Place, atEnd?: () => void): void {
    if (place.settled) return
    place.settled = true
    place.atEnd = atEnd
    if (!this.#isHeld(place)) this.#end(place)
    else if (place === this.#first) this.#goOn()
    else if (atEnd === undefined) this.#drop(place)
  }

  /** True where it may start now; another may still come in between. */
  mayStart(place: Place): boolean {
    if (!this.#isHeld(place)) return place.blocked === 0
    return this.#mayPass(place)
  }

  /** A place starts, maybe past others. */
  start(place: Place): void {
    if (!this.#isHeld(place)) return
    this.#unlink(place)
    this.#enter(place)
  }

  /** A call that a place waits for, where one is known: of those that are held, the first keeps up all that touch something. */
  behind(place: Place): string | undefined {
    if (!this.#isHeld(place)) {
      return place.cohorts.find(({ behind }) => behind?.last !== undefined)?.behind?.last?.callId
    }
    if (!saysNothing(place)) return this.#first?.callId
    for (let other = place.before; other; other = other.before) {
      if (!other.settled && isAlone(other)) return other.callId
    }
    return undefined
  }

  /** True where nothing that conflicts lies between two places that touch the same. */
  isSame({ cohorts: earlier }: Place, { cohorts: later }: Place): boolean {
    return later.length > 0 && later.every((cohort, n) => earlier[n] === cohort)
  }

  /** Keeps in mind where a place stands after it has settled, until the function is called. */
  keep({ cohorts }: Place): () => void {
    for (const { key } of cohorts) key.met += 1
    return () => this.#keys.leave(cohorts)
  }

  #isHeld(place: Place): boolean {
    return place === this.#first || place.before !== undefined
  }

  #link(place: Place, before: Place | undefined): void {
    const after = before?.after
    place.before = before
    place.after = after
    if (before === undefined) this.#first = place
    else before.after = place
    if (after === undefined) this.#newest = place
    else after.before = place
    if (isAlone(place)) this.#alone += 1
  }

  #unlink(place: Place): void {
    const { after, before } = place
    if (before === undefined) this.#first = after
    else before.after = after
    if (after === undefined) this.#newest = before
    else after.before = before
    place.before = undefined
    place.after = undefined
    if (isAlone(place)) this.#alone -= 1
  }

  /** Ends a place that was held; what it alone kept from passing may start. */
  #drop(place: Place): void {
    const { after } = place
    this.#unlink(place)
    if (!isAlone(place)) return
    for (let other = after; other && !isAlone(other); other = other.after) this.#tell(other)
  }

  /** Enters what was held, up to the next place of which nothing is known. */
  #goOn(): void {
    for (let first = this.#first; first && (first.settled || first.touches !== undefined); first = this.#first) {
      this.#unlink(first)
      if (!first.settled || first.atEnd !== undefined) this.#enter(first)
    }
  }

  #tell(place: Place): void {
    if (!place.settled && this.#mayPass(place)) place.ready()
  }

  /** What touches nothing goes past what is not known, unless one before it wants to be alone. */
  #mayPass(place: Place): boolean {
    if (!saysNothing(place)) return false
    if (this.#keys.everything.writes?.isOver === false) return false
    for (let other = place.before; other && this.#alone > 0; other = other.before) if (isAlone(other)) return false
    return true
  }

  #enter(place: Place): void {
    place.number = ++this.#entered
    if (place.touches !== undefined) this.#keys.meet(place, place.touches)
    if (place.settled) this.#end(place)
    else if (place.blocked === 0) place.ready()
  }

  /** Ends a place, and the cohorts that end with it, one after the other. */
  #end(place: Place): void {
    const { atEnd, cohorts } = place
    atEnd?.()
    const ended: Array<Cohort> = []
    for (const cohort of cohorts) {
      cohort.left -= 1
      if (cohort.last === place) cohort.last = undefined
      if (cohort.isOver) ended.push(cohort)
    }
    for (const cohort of ended) {
      for (const blocked of cohort.blocks ?? []) release(blocked)
      cohort.blocks = undefined
      if (cohort === this.#keys.everything.writes) { for (let p = this.#first; p; p = p.after) this.#tell(p) }
      const { next } = cohort
      if (next === undefined) continue
      next.follows = false
      if (next.isOver) ended.push(next)
    }
    this.#keys.leave(cohorts)
  }
}

type Touching = Pick<Place, "touches">

const isAlone = ({ touches }: Touching): boolean => touches !== undefined && touches.access.some(isExclusive)

const saysNothing = ({ touches }: Touching): boolean =>
  touches !== undefined && !touches.inTurn && touches.access.length === 0

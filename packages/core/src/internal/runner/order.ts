import type { Access } from "../../Access.ts"

/** How a call meets a key: it reads it, writes it, or does so with something that lies under it. */
export type Kind = "reads" | "writes" | "readsUnder" | "writesUnder"

/** Which kinds may not run at the same time at one key; what lies under it sorts itself out there. */
export const conflicts: Readonly<Record<Kind, ReadonlyArray<Kind>>> = {
  reads: ["writes", "writesUnder"],
  writes: ["reads", "writes", "readsUnder", "writesUnder"],
  readsUnder: ["writes"],
  writesUnder: ["reads", "writes"]
}

/**
 * Calls that meet a key in the same way, with nothing between them that conflicts.
 *
 * - `left`: how many of them have not settled; `follows` while an earlier cohort of the kind has not ended
 * - `waits`: how many cohorts have to end before these may start; `held`, the places that wait for that
 * - `last`, `behind`: the call that joined last, and the last of those that it waits for
 */
class Cohort {
  readonly key: Key
  readonly kind: Kind
  left = 0
  follows = false
  isOpen = true
  waits = 0
  held: Array<Place> | undefined
  blocks: Array<Cohort> | undefined
  next: Cohort | undefined
  last = ""
  behind: string | undefined

  constructor(key: Key, kind: Kind) {
    this.key = key
    this.kind = kind
  }

  get isOver(): boolean {
    return this.left === 0 && !this.follows
  }
}

/** A key, or a part of one, with the newest cohort of each kind; `met` counts the cohorts that places of it are in. */
class Key {
  readonly path: string
  readonly part: string
  readonly above: Key | undefined
  below: Map<string, Key> | undefined
  met = 0
  reads: Cohort | undefined
  writes: Cohort | undefined
  readsUnder: Cohort | undefined
  writesUnder: Cohort | undefined

  constructor(part: string, above: Key | undefined) {
    this.path = `${above?.path ?? ""}/${part}`
    this.part = part
    this.above = above
  }
}

/** What a call touches; `inTurn` where it says nothing, and is to keep call order among those that say nothing either. */
export interface Touches {
  readonly access: ReadonlyArray<Access>
  readonly inTurn: boolean
}

/**
 * A call's place in the order.
 *
 * - `touches`: not known while its parameters are not
 * - `number`: which it was, counted as they were entered; 0 before
 * - `blocked`: how many cohorts it waits for
 * - `passes`: it was told that it may start, though what is before it is not known yet, since it touches nothing
 */
export class Place {
  readonly callId: string
  readonly ready: () => void
  touches: Touches | undefined
  readonly cohorts: Array<Cohort> = []
  number = 0
  blocked = 0
  settled = false
  passes = false
  before: Place | undefined
  after: Place | undefined
  atEnd: (() => void) | undefined

  constructor(callId: string, touches: Touches | undefined, ready: () => void) {
    this.callId = callId
    this.touches = touches
    this.ready = ready
  }

  /** A call that it waits for. */
  get behind(): string | undefined {
    return this.cohorts.find(({ waits }) => waits > 0)?.behind ?? this.before?.callId
  }
}

/**
 * Decides who waits for whom, by what calls touch.
 *
 * A call waits for the earlier ones that conflict with it and have not settled. That is kept by key: who reads it, who writes
 * it, and who does so with what lies under it, as in the intention locks of databases (Gray and others, 1976); but nobody
 * passes by one that came before and conflicts. So a place costs the length of its keys, however many places there are.
 *
 * A place of which nobody knows yet what it touches holds up the later ones that touch something: they are held in order,
 * and entered once it is known. So nothing has ever to be put between places that were entered.
 */
export class Order {
  readonly #everything = new Key("", undefined)
  readonly #root = new Key("", this.#everything)
  readonly #unsaid = new Key("unsaid", this.#everything)
  #first: Place | undefined
  #newest: Place | undefined
  #alone = 0
  #entered = 0

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
    else if (atEnd === undefined) this.#unlink(place)
  }

  /** True where it may start now; who was told so may find that somebody came in between. */
  mayStart(place: Place): boolean {
    if (!this.#isHeld(place)) return place.blocked === 0
    return place.passes = this.#mayPass(place)
  }

  /** A place starts, maybe past others. */
  start(place: Place): void {
    if (!this.#isHeld(place)) return
    this.#unlink(place)
    this.#enter(place)
  }

  /** True where nothing that conflicts lies between two places that touch the same. */
  isSame({ cohorts: earlier }: Place, { cohorts: later }: Place): boolean {
    return later.length > 0 && later.every((cohort, n) => earlier[n] === cohort)
  }

  /** Keeps in mind where a place stands after it has settled, until the function is called. */
  keep({ cohorts }: Place): () => void {
    for (const { key } of cohorts) key.met += 1
    return () => cohorts.forEach(({ key }) => this.#forget(key))
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

  /** Enters what was held, up to the next place of which nothing is known. */
  #goOn(): void {
    for (let first = this.#first; first && (first.settled || first.touches !== undefined); first = this.#first) {
      this.#unlink(first)
      if (!first.settled || first.atEnd !== undefined) this.#enter(first)
    }
  }

  #tell(place: Place): void {
    if (place.settled || place.passes || !this.#mayPass(place)) return
    place.passes = true
    place.ready()
  }

  /** What touches nothing goes past what is not known, unless somebody before it wants to be alone. */
  #mayPass({ before, touches }: Place): boolean {
    if (touches === undefined || touches.inTurn || touches.access.length > 0) return false
    if (this.#everything.writes?.isOver === false) return false
    for (let other = before; other && this.#alone > 0; other = other.before) if (isAlone(other)) return false
    return true
  }

  #enter(place: Place): void {
    place.number = ++this.#entered
    if (place.touches !== undefined) this.#meet(place, place.touches)
    if (place.settled) this.#end(place)
    else if (place.blocked === 0 && !place.passes) place.ready()
  }

  #meet(place: Place, { access, inTurn }: Touches): void {
    const met: Met = access.length > 1 ? new Map() : undefined
    if (!access.some(({ mode }) => mode === "exclusive")) meet(met, place, this.#everything, "readsUnder")
    if (inTurn) meet(met, place, this.#unsaid, "writes")
    for (const one of access) {
      if (one.mode === "exclusive") meet(met, place, this.#everything, "writes")
      else this.#meetKey(met, place, one.key, one.mode === "write")
    }
    met?.forEach((kinds, key) => joinAll(place, key, kinds))
  }

  #meetKey(met: Met, place: Place, path: string, isWrite: boolean): void {
    let key = this.#root
    for (let from = 0; path !== "" && from <= path.length;) {
      meet(met, place, key, isWrite ? "writesUnder" : "readsUnder")
      const slash = path.indexOf("/", from)
      const to = slash === -1 ? path.length : slash
      key = below(key, path.slice(from, to))
      from = to + 1
    }
    meet(met, place, key, isWrite ? "writes" : "reads")
  }

  /** Ends a place, and the cohorts that end with it, one after the other. */
  #end({ atEnd, cohorts }: Place): void {
    atEnd?.()
    const ended: Array<Cohort> = []
    for (const cohort of cohorts) {
      cohort.left -= 1
      if (cohort.isOver) ended.push(cohort)
    }
    for (const cohort of ended) {
      for (const blocked of cohort.blocks ?? []) this.#release(blocked)
      cohort.blocks = undefined
      if (cohort === this.#everything.writes) { for (let p = this.#first; p; p = p.after) this.#tell(p) }
      const { next } = cohort
      if (next === undefined || !next.follows) continue
      next.follows = false
      if (next.isOver) ended.push(next)
    }
    for (const { key } of cohorts) this.#forget(key)
  }

  #release(cohort: Cohort): void {
    cohort.waits -= 1
    if (cohort.waits > 0) return
    for (const place of cohort.held ?? []) {
      place.blocked -= 1
      if (place.blocked === 0 && !place.settled) place.ready()
    }
    cohort.held = undefined
  }

  /** A key that nobody meets any more is forgotten. */
  #forget(key: Key): void {
    key.met -= 1
    if (key.met === 0) key.above?.below?.delete(key.part)
  }
}

const isAlone = ({ touches }: Place): boolean =>
  touches !== undefined && touches.access.some(({ mode }) => mode === "exclusive")

const below = (key: Key, part: string): Key => {
  key.below ??= new Map()
  const known = key.below.get(part)
  if (known !== undefined) return known
  const made = new Key(part, key)
  key.below.set(part, made)
  return made
}

/** What a call of several accesses meets, found before it joins anything: it must not wait for itself. */
type Met = Map<Key, Set<Kind>> | undefined

const meet = (met: Met, place: Place, key: Key, kind: Kind): void => {
  if (met === undefined) return join(place, cohortOf(key, kind))
  const kinds = met.get(key)
  if (kinds === undefined) met.set(key, new Set([kind]))
  else kinds.add(kind)
}

/** The kinds that say all that the others of a place say; one that reads a key and writes below it is in both at once. */
const joinAll = (place: Place, key: Key, kinds: ReadonlySet<Kind>): void => {
  if (kinds.has("writes")) return join(place, cohortOf(key, "writes"))
  if (!kinds.has("reads")) return join(place, cohortOf(key, kinds.has("writesUnder") ? "writesUnder" : "readsUnder"))
  if (!kinds.has("writesUnder")) return join(place, cohortOf(key, "reads"))
  const both = [fresh(key, "reads"), fresh(key, "writesUnder")]
  for (const cohort of both) join(place, cohort)
  for (const cohort of both) cohort.isOpen = false
}

/** The cohort that the next call of a kind joins. */
const cohortOf = (key: Key, kind: Kind): Cohort => {
  const newest = key[kind]
  return newest?.isOpen === true ? newest : fresh(key, kind)
}

/** A cohort waits for the newest ones that conflict with it. */
const fresh = (key: Key, kind: Kind): Cohort => {
  const cohort = new Cohort(key, kind)
  const newest = key[kind]
  if (newest?.isOver === false) {
    newest.next = cohort
    cohort.follows = true
  }
  for (const other of conflicts[kind]) {
    const earlier = key[other]
    if (earlier === undefined || earlier.isOver) continue
    earlier.blocks ??= []
    earlier.blocks.push(cohort)
    cohort.waits += 1
    cohort.behind = earlier.last
  }
  return cohort
}

const join = (place: Place, cohort: Cohort): void => {
  const { key, kind } = cohort
  key.met += 1
  key[kind] = cohort
  cohort.left += 1
  cohort.last = place.callId
  place.cohorts.push(cohort)
  for (const other of conflicts[kind]) {
    const closed = key[other]
    if (closed !== undefined) closed.isOpen = false
  }
  if (cohort.waits === 0) return
  cohort.held ??= []
  cohort.held.push(place)
  place.blocked += 1
}

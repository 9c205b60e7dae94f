/**
 * How calls meet the keys of what they touch, and whom they wait for there.
 */
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

/** What a call touches; `inTurn` where it says nothing, and is to keep call order among those that say nothing either. */
export interface Touches {
  readonly access: ReadonlyArray<Access>
  readonly inTurn: boolean
}

/**
 * A call that is in cohorts.
 *
 * - `number`: no other call of its order has the same
 * - `cohorts`: `none` before it was entered
 * - `blocked`: how many of them have still to wait
 */
export interface Member {
  readonly callId: string
  readonly number: number
  readonly ready: () => void
  cohorts: Array<Cohort>
  readonly settled: boolean
  blocked: number
}

/** No cohorts, for all members that are in none: V8 makes room for 17 where one is added to an empty list of its own. */
export const none: Array<Cohort> = []

/**
 * Calls that meet a key in the same way, with nothing between them that conflicts.
 *
 * - `left`: how many of them have not settled; `follows` while an earlier cohort of the kind has not ended
 * - `waits`: how many cohorts have to end before these may start; `held`, the calls that wait for that
 * - `last`: the call that joined last, as long as it has not settled; `behind`, the last cohort that this one waits for
 */
export class Cohort {
  readonly key: Key
  readonly kind: Kind
  left = 0
  follows = false
  isOpen = true
  waits = 0
  held: Array<Member> | undefined
  blocks: Array<Cohort> | undefined
  next: Cohort | undefined
  last: Member | undefined
  behind: Cohort | undefined

  constructor(key: Key, kind: Kind) {
    this.key = key
    this.kind = kind
  }

  get isOver(): boolean {
    return this.left === 0 && !this.follows
  }
}

/**
 * A key, or a part of one, with the newest cohort of each kind.
 *
 * - `met`: how many cohorts calls are in there
 * - `metBy`, `kinds`: which call met it last, by its number, and how: see `bits`
 */
export class Key {
  readonly part: string
  readonly above: Key | undefined
  below: Map<string, Key> | undefined
  met = 0
  metBy = 0
  kinds = 0
  reads: Cohort | undefined
  writes: Cohort | undefined
  readsUnder: Cohort | undefined
  writesUnder: Cohort | undefined

  constructor(part: string, above: Key | undefined) {
    this.part = part
    this.above = above
  }

  get path(): string {
    return `${this.above?.path ?? ""}/${this.part}`
  }
}

/** All keys that calls meet, below `root`; `everything` is met by every call that touches something. */
export class Keys {
  readonly everything = new Key("", undefined)
  readonly root = new Key("", this.everything)
  readonly #unsaid = new Key("unsaid", this.everything)
  readonly #forgets: boolean

  /** - `forgets`: drops a key that no call meets any more; not needed for the keys of one run, which all go with it */
  constructor(forgets = true) {
    this.#forgets = forgets
  }

  /** A call meets all that it touches, once. */
  meet(member: Member, { access, inTurn }: Touches): void {
    const met: Met = access.length > 1 ? [] : undefined
    if (!access.some(isExclusive)) meet(met, member, this.everything, "readsUnder")
    if (inTurn) meet(met, member, this.#unsaid, "writes")
    for (const one of access) {
      if (isExclusive(one)) meet(met, member, this.everything, "writes")
      else this.#meetKey(met, member, one.key, one.mode === "write")
    }
    for (const key of met ?? []) joinAll(member, key)
  }

  /** A call does not meet them any more. */
  leave(cohorts: ReadonlyArray<Cohort>): void {
    if (!this.#forgets) return
    for (const { key } of cohorts) {
      key.met -= 1
      if (key.met === 0) key.above?.below?.delete(key.part)
    }
  }

  #meetKey(met: Met, member: Member, path: string, isWrite: boolean): void {
    let key = this.root
    // An empty path has no parts: it is the root itself.
    for (let from = path === "" ? 1 : 0; from <= path.length;) {
      meet(met, member, key, isWrite ? "writesUnder" : "readsUnder")
      const slash = path.indexOf("/", from)
      const to = slash === -1 ? path.length : slash
      key = below(key, path.slice(from, to))
      from = to + 1
    }
    meet(met, member, key, isWrite ? "writes" : "reads")
  }
}

/** True where a call touches everything, and so runs alone. */
export const isExclusive = (access: Access): access is Exclusive => access.mode === "exclusive"

type Exclusive = Extract<Access, { readonly mode: "exclusive" }>

/** A cohort that it waited for has ended; what was held by the last of those may start. */
export const release = (cohort: Cohort): void => {
  cohort.waits -= 1
  if (cohort.waits > 0) return
  for (const member of cohort.held ?? []) {
    member.blocked -= 1
    if (member.blocked === 0 && !member.settled) member.ready()
  }
  cohort.held = undefined
  cohort.behind = undefined
}

const below = (key: Key, part: string): Key => {
  key.below ??= new Map()
  const known = key.below.get(part)
  if (known !== undefined) return known
  const made = new Key(part, key)
  key.below.set(part, made)
  return made
}

/** What a call of several accesses meets, found before it joins anything: it must not wait for itself. */
type Met = Array<Key> | undefined

const meet = (met: Met, member: Member, key: Key, kind: Kind): void => {
  if (met === undefined) return join(member, cohortOf(key, kind))
  if (key.metBy !== member.number) {
    key.metBy = member.number
    key.kinds = 0
    met.push(key)
  }
  key.kinds |= bits[kind]
}

/** Kinds as parts of a number, for which no list has to be made at every key. */
const bits: Readonly<Record<Kind, number>> = { reads: 1, writes: 2, readsUnder: 4, writesUnder: 8 }

const isMet = ({ kinds }: Key, kind: Kind): boolean => (kinds & bits[kind]) !== 0

/** The kinds that say all that the others of a call say; one that reads a key and writes below it is in both at once. */
const joinAll = (member: Member, key: Key): void => {
  const under = isMet(key, "writesUnder")
  if (isMet(key, "writes")) return join(member, cohortOf(key, "writes"))
  if (!isMet(key, "reads")) return join(member, cohortOf(key, under ? "writesUnder" : "readsUnder"))
  if (!under) return join(member, cohortOf(key, "reads"))
  const both = [fresh(key, "reads"), fresh(key, "writesUnder")]
  for (const cohort of both) join(member, cohort)
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
    cohort.behind = earlier
  }
  return cohort
}

const join = (member: Member, cohort: Cohort): void => {
  const { key, kind } = cohort
  key.met += 1
  key[kind] = cohort
  cohort.left += 1
  cohort.last = member
  if (member.cohorts === none) member.cohorts = [cohort]
  else member.cohorts.push(cohort)
  for (const other of conflicts[kind]) {
    const closed = key[other]
    if (closed !== undefined) closed.isOpen = false
  }
  if (cohort.waits === 0) return
  cohort.held ??= []
  cohort.held.push(member)
  member.blocked += 1
}

/**
 * Who may start: all that the calls of some runs wait for, as plain data, looked at anew from the beginning each time.
 *
 * Nothing here is clever. It knows nothing of the runner that it is held against.
 */

/** What a call touches. */
export type Touch =
  | { readonly mode: "read" | "write"; readonly key: string }
  | { readonly mode: "exclusive" }

/** So many calls at once under a key. */
export interface Pool {
  readonly key: string
  readonly limit: number
}

/** So many starts under a key in any window of that length. */
export interface Rate extends Pool {
  readonly window: number
}

export interface Claims {
  readonly touches: ReadonlyArray<Touch>
  readonly pools: ReadonlyArray<Pool>
  readonly rates: ReadonlyArray<Rate>
}

/** What a call that ended badly leaves to later ones that touch the same. */
export interface Barrier {
  readonly kind: "Uncertain" | "Undecided"
  readonly after: string
}

/**
 * A call of a run.
 *
 * - `waiting`: it is not known yet whether it may run
 * - `ready`: it waits for others, for room or for a rate; `parked` is kept by a broken world alone
 * - `isKeyed`: it is counted under keys of its tool, and not only with all calls
 */
export interface Member {
  readonly id: string
  readonly claims: Claims
  readonly isKeyed: boolean
  readonly run: Run
  state: "waiting" | "ready" | "parked" | "running" | "settled"
  startedAt: number
  barrier: Barrier | undefined
}

/**
 * A run: its calls in call order.
 *
 * - `number`: which run it was, counted as they began
 * - `parent`: the call whose tool it is inside
 * - `expiresAt`: nothing of it starts from then on
 * - `isOpen`: calls of it may start
 */
export interface Run {
  readonly number: number
  readonly parent: Member | undefined
  readonly expiresAt: number
  readonly members: Array<Member>
  isOpen: boolean
}

/** What a broken world does wrong. */
export type WorldFault =
  | "keeps its room while it waits for a rate"
  | "a parent keeps its room while its inner run works"
  | "no limits"
  | "no order"
  | "last first"
  | "fixed windows"
  | "nothing is uncertain"
  | "the first run first"

/**
 * Runs that share limits.
 *
 * - `first`: chooses among runs; they take turns where there is none
 * - `ordersRuns`: what touches the same keeps its order across runs beside each other, too
 * - `runs`: in the order in which they began; the one that started a call last stands at the end
 * - `starts`: when calls started under the key of a rate
 */
export interface World {
  readonly fault: WorldFault | undefined
  readonly first: First | undefined
  readonly ordersRuns: boolean
  runs: ReadonlyArray<Run>
  readonly starts: Map<string, Array<number>>
}

/** Chooses one of several calls. */
export type First = (among: ReadonlyArray<Member>) => Member | undefined

export const make = (more: Partial<Pick<World, "fault" | "first" | "ordersRuns">>): World => ({
  fault: undefined,
  first: undefined,
  ordersRuns: false,
  ...more,
  runs: [],
  starts: new Map()
})

/** The call that starts next, if one may: the lowest of its run, and runs take turns. */
export const startable = (world: World, now: number): Member | undefined => {
  const found = world.runs.flatMap((run) => {
    const members = world.fault === "last first" ? run.members.toReversed() : run.members
    const ready = members.filter((member) => mayStart(world, member, now))
    return ready.length === 0 ? [] : [ready]
  })
  const chosen = world.first?.(found.flatMap((ready) => found.length === 1 ? ready.slice(0, 1) : unlessPassed(ready)))
  const lowest = found.flatMap((ready) => ready.slice(0, 1))
  return found.flat().find((member) => member === chosen) ?? lowest[0] ?? borrower(world, now)
}

/** Where it is another run's turn under a key, a call that is counted under it may be passed by those that are not. */
const unlessPassed = (ready: ReadonlyArray<Member>): ReadonlyArray<Member> => {
  const firm = ready.findIndex(({ claims, isKeyed }) => !isKeyed && claims.rates.length === 0)
  return firm === -1 ? ready : ready.slice(0, firm + 1)
}

/** Where all calls that run wait for runs inside them, one of those runs goes on: no nesting is for ever. */
const borrower = (world: World, now: number): Member | undefined => {
  const inner = world.runs.filter(({ members, parent }) =>
    parent !== undefined && members.some(({ state }) => state !== "settled")
  )
  const running = world.runs.flatMap((run) => run.members).filter(({ state }) => state === "running")
  if (!running.every((member) => inner.some(({ parent }) => parent === member))) return undefined
  return inner.flatMap((run) => run.members).find((member) => mayStart(world, member, now, true))
}

/** Starts a call. */
export const start = (world: World, member: Member, now: number): void => {
  member.state = "running"
  member.startedAt = now
  for (const { key } of member.claims.rates) world.starts.set(key, [...world.starts.get(key) ?? [], now])
  if (world.fault === "the first run first") return
  world.runs = [...world.runs.filter((run) => run !== member.run), member.run]
}

/** Ends a run and those inside it, all in one step: nothing of them starts any more, and they have no room. */
export const close = (world: World, run: Run): void => {
  const isWithin = (one: Run): boolean => one === run || (one.parent !== undefined && isWithin(one.parent.run))
  for (const one of world.runs.filter(isWithin)) {
    one.isOpen = false
    for (const member of one.members) member.state = "settled"
  }
  world.runs = world.runs.filter((one) => !isWithin(one))
}

/** Ends a call, and the runs inside it, in one step. */
export const end = (world: World, member: Member): void => {
  member.state = "settled"
  for (const run of world.runs) if (run.parent === member) close(world, run)
}

const mayStart = (world: World, member: Member, now: number, borrows = false): boolean => {
  if (!isNext(world, member, now) || refusal(world, member) !== undefined) return false
  if (member.state !== "parked" && !borrows && !hasRoom(world, member)) return false
  if (member.claims.rates.every((rate) => tokenAt(world, rate, now) <= now)) return true
  if (world.fault === "keeps its room while it waits for a rate") member.state = "parked"
  return false
}

/** A call that nothing keeps from running but room, a rate, or how an earlier call ended. */
const isNext = (world: World, member: Member, now: number): boolean =>
  member.run.isOpen && now < member.run.expiresAt && (member.state === "ready" || member.state === "parked") &&
  behind(world, member).length === 0

/** The first call that may not start because of how an earlier one ended, and why. */
export const refused = (world: World, now: number): readonly [Member, Barrier] | undefined => {
  for (const member of world.runs.flatMap((run) => run.members)) {
    const barrier = isNext(world, member, now) ? refusal(world, member) : undefined
    if (barrier !== undefined) return [member, barrier]
  }
  return undefined
}

const refusal = ({ fault }: World, member: Member): Barrier | undefined => {
  const { members } = member.run
  if (fault === "nothing is uncertain") return undefined
  return members.slice(0, members.indexOf(member)).find((earlier) =>
    earlier.barrier !== undefined && conflict(earlier.claims, member.claims)
  )?.barrier
}

/** The earlier calls that a call waits for: those of its own run, and of runs beside it that began before. */
export const behind = (world: World, member: Member): ReadonlyArray<Member> =>
  earlierThan(world, member).filter((earlier) =>
    earlier.state !== "settled" && world.fault !== "no order" && conflict(earlier.claims, member.claims)
  )

/** Runs inside different calls, and a run and those inside it, do not order one another. */
const earlierThan = (world: World, member: Member): ReadonlyArray<Member> => {
  const own = member.run.members
  const before = own.slice(0, own.indexOf(member))
  const beside = world.runs.filter(({ members, number, parent }) =>
    world.ordersRuns && members !== own && parent === member.run.parent && number < member.run.number
  )
  return [...beside.flatMap(({ members }) => members), ...before]
}

/** True where one of two calls changes what the other looks at or changes, or wants to be alone. */
export const conflict = (a: Claims, b: Claims): boolean => {
  const [one, other] = [a.touches, b.touches]
  if ([...one, ...other].some(({ mode }) => mode === "exclusive")) return true
  return one.some((x) => other.some((y) => collide(x, y)))
}

const collide = (a: Touch, b: Touch): boolean =>
  a.mode === "exclusive" || b.mode === "exclusive" ||
  ((a.mode === "write" || b.mode === "write") && (isUnder(a.key, b.key) || isUnder(b.key, a.key)))

const isUnder = (key: string, over: string): boolean =>
  over === "" || key === over || partsOf(over).every((part, index) => partsOf(key)[index] === part)

const partsOf = (key: string): ReadonlyArray<string> => key.split("/")

/** True where a call between the two changes what the later one looks at. */
export const writesBetween = (earlier: Member, later: Member): boolean => {
  const { members } = later.run
  return members.slice(members.indexOf(earlier) + 1, members.indexOf(later))
    .some(({ claims }) => conflict(claims, later.claims))
}

/** Room for a call under each key that it is counted under: new room, or what an outer call lends. */
export const hasRoom = (world: World, member: Member): boolean =>
  world.fault === "no limits" || member.claims.pools.every(({ key, limit }) => {
    const then = taken(world, key, member)
    return then <= limit || then === taken(world, key)
  })

/** How many calls are at work under a key, were one more started. */
export const taken = (world: World, key: string, more?: Member): number => {
  const working = world.runs.flatMap((run) => run.members)
    .filter((member) => member === more || member.state === "running" || member.state === "parked")
  const within = (member: Member): number => {
    const own = member.claims.pools.some((pool) => pool.key === key) ? 1 : 0
    const inner = sum(working.filter(({ run }) => run.parent === member).map(within))
    // A call lends what it holds to the runs inside it: it counts for itself only while none of theirs does.
    return world.fault === "a parent keeps its room while its inner run works" ? own + inner : Math.max(own, inner)
  }
  const outermost = working.filter(({ run }) => run.parent === undefined || !working.includes(run.parent))
  return sum(outermost.map(within))
}

const sum = (all: ReadonlyArray<number>): number => all.reduce((total, one) => total + one, 0)

/** When one more call may start under a rate; any instant up to now means at once. */
const tokenAt = ({ fault, starts }: World, { key, limit, window }: Rate, now: number): number => {
  const all = starts.get(key) ?? []
  const past = fault === "fixed windows"
    ? all.filter((at) => Math.floor(at / window) === Math.floor(now / window))
    : all
  const first = past.at(-limit)
  if (first === undefined) return now
  return fault === "fixed windows" ? (Math.floor(now / window) + 1) * window : first + window
}

/** The instants at which calls that wait for a rate have to be looked at again. */
export const wakes = (world: World, now: number): ReadonlyArray<number> =>
  world.runs.flatMap(({ members }) => members)
    .filter(({ state }) => state === "ready" || state === "parked")
    .flatMap(({ claims }) => claims.rates.map((rate) => tokenAt(world, rate, now)))
    .filter((at) => at > now)

import * as Exit from "effect/Exit"
import * as Result from "effect/Result"
import { type Reason, Uncertain } from "../../CallError.ts"
import * as Json from "../../Json.ts"
import { isOver } from "../exit.ts"
import type { Any } from "../tool/any.ts"
import type { Claims } from "../tool/claims.ts"
import { parse } from "./arguments.ts"
import { barriersOf } from "./barriers.ts"
import { Keys, type Touches } from "./cohorts.ts"
import { Job, moreOf } from "./job.ts"
import { waitsFor } from "./observe.ts"
import { Order, Place } from "./order.ts"
import type { Run } from "./run.ts"
import { seat } from "./seat.ts"
import { cut, follow, refuse } from "./settle.ts"

/**
 * Looks whether calls of a run may have to wait for more than room: then all are admitted at once, and where they may touch
 * something, they have an order. A run inside a call of the same runner has an order of its own.
 */
export const orders = (run: Run<Job>): void => {
  const { isArriving, nodes, shared, toolkit } = run
  let touches = isArriving
  for (const { call, resolve } of nodes) {
    const tool = toolkit.byName.get(call.name)
    if (tool?.expand === undefined) run.plain += 1
    run.isEager ||= resolve !== undefined || (tool !== undefined && waits(tool))
    touches ||= tool !== undefined && (tool.expand !== undefined || mayTouch(tool, run.bounds.ordered))
  }
  if (shared !== undefined && !isInner(run)) run.order = shared.order
  else if (touches) run.order = new Order(new Keys(false))
  run.isEager ||= touches
}

const waits = ({ approval, claims, coalesce }: Any): boolean =>
  claims !== undefined || coalesce || approval !== undefined

const mayTouch = ({ claims, readOnly }: Any, isOrdered: boolean): boolean =>
  typeof claims === "function" || (claims !== undefined && claims.access.length > 0) || (isOrdered && !readOnly)

/** True for a run inside a call of the same runner. */
export const isInner = ({ lender, shared }: Pick<Run<Job>, "lender" | "shared">): boolean => {
  for (let job = lender; job !== undefined; job = job.run.lender) if (job.run.shared === shared) return true
  return false
}

/** What earlier calls of the same turn left in doubt is still so for calls that were decided on since. */
export const doubt = (run: Run<Job>): void => {
  const { order } = run
  if (order === undefined) return
  const calls = run.nodes.flatMap(({ call }) => call.uncertain ?? [])
  for (const call of new Map(calls.map((call) => [call.id, call])).values()) {
    run.doubtful.push(call)
    const job = new Job(run, undefined, { call, needs: [] }, 0)
    job.tool = run.toolkit.byName.get(call.name)
    job.claims = claimsOf(job)
    const place = new Place(order, call.id, job.claims && touchesOf(job), () => undefined)
    order.add(place)
    order.leave(place, () => barriersOf(run).add(place, new Uncertain({ after: call.id })))
  }
}

/** What an earlier call claims; unknown where that cannot be found out at once. */
const claimsOf = ({ args, node, tool }: Job): Claims | undefined => {
  if (typeof tool?.claims !== "function") return tool?.claims
  try {
    const decoding = tool.decode(args ?? Result.getOrUndefined(parse(node.call.arguments)))
    return isOver(decoding) && Exit.isSuccess(decoding) ? tool.claims(decoding.value) : undefined
  } catch {
    return undefined
  }
}

/**
 * Gives a call its place whose end is known already: it may have left in doubt what it touches, equal calls behind it have its
 * outcome too, and those behind a write have not.
 */
export const standIn = (job: Job): void => {
  const { place } = job
  job.claims = claimsOf(job)
  if (place === undefined) reserve(job)
  else if (place.touches === undefined && job.claims !== undefined) place.order.known(place, touchesOf(job))
  if (job.tool?.coalesce === true) lead(job)
}

/** Finds out what a call touches and the room it needs, now that its parameters are known. */
export const claim = (job: Job): boolean => {
  const { parameters, tool } = job
  if (tool === undefined) return true
  const { claims } = tool
  job.claims = typeof claims === "function" ? claims(parameters) : claims
  const { place } = job
  if (place === undefined) reserve(job)
  else if (place.touches === undefined && tool.expand === undefined) place.order.known(place, touchesOf(job))
  return true
}

/**
 * Finds that out once more for a call that has other parameters now. What needs its answer, or that of a call which it is a
 * step of, comes behind it again: else each would wait for the other.
 */
export const claimAnew = (job: Job): void => {
  leavePlace(job)
  claim(job)
  for (let one: Job | undefined = job; one !== undefined; one = one.parent) {
    const moved = new Set([one.index])
    for (const later of one.siblings) {
      if (later === undefined || !later.node.needs.some((at) => moved.has(at))) continue
      moved.add(later.index)
      if (later.over) continue
      leavePlace(later)
      reserve(later)
    }
  }
}

const leavePlace = (job: Job): void => {
  job.place?.order.leave(job.place)
  job.place = undefined
}

/** Gives a call its place in the order of what calls touch, right behind another one's where it is one of several. */
export const reserve = (job: Job, behind?: Place): Place | undefined => {
  const { call, run, toolkit } = job
  const { order } = run
  if (order === undefined) return undefined
  job.tool ??= toolkit.byName.get(call.name)
  const isKnown = job.claims !== undefined ||
    (job.tool?.expand === undefined && typeof job.tool?.claims !== "function")
  const place = new Place(order, call.id, isKnown ? touchesOf(job) : undefined, () => run.engine.post(() => ready(job)))
  job.place = place
  order.add(place, behind)
  return place
}

const touchesOf = ({ claims, run, tool }: Job): Touches => {
  const known = claims ?? (typeof tool?.claims === "function" ? undefined : tool?.claims)
  const access = known?.access ?? nothing.access
  const inTurn = run.bounds.ordered && access.length === 0 && tool?.readOnly === false
  return access.length === 0 && !inTurn ? nothing : { access, inTurn }
}

// Of all calls of a runner that touch nothing, none makes its own.
const nothing: Touches = { access: [], inTurn: false }

/** Waits in the order of what calls touch, and then for room. */
export const waitInLine = (job: Job): boolean => {
  const { place } = job
  job.isPlaced = true
  if (place?.order.mayStart(place) !== false) ready(job)
  else waitsFor(job, "access", place)
  return false
}

/** Nothing that conflicts is before it any more. */
const ready = (job: Job): void => {
  if (job.ended || !job.isPlaced) return
  const { place, run } = job
  if (place?.order.mayStart(place) === false) return
  const barrier = place && run.barriers?.before(place)
  if (barrier !== undefined) return refuse(job, barrier)
  if (job.tool?.coalesce === true) {
    place?.order.start(place)
    if (joins(job)) return
  }
  seat(job)
}

/** What the model is told of changed arguments is no answer to a call that came with them. */
const whatOf = ({ args, more, tool }: Job): string =>
  `${tool?.name} ${more?.changed === undefined} ${Json.canonical(args)}`

/** Equal calls that come behind it may have its outcome. */
const lead = (job: Job): void => {
  const { place, run } = job
  run.leaders.set(whatOf(job), job)
  if (place !== undefined) run.atEnd.push(place.order.keep(place))
}

/** An equal call that came before answers for it too, where nothing that conflicts lies between them. */
const joins = (job: Job): boolean => {
  const { place, run, tool } = job
  const leader = run.leaders.get(whatOf(job))
  const isSame = leader !== undefined && leader !== job && leader.tool === tool && leader.more?.revoked === undefined
    && (place === undefined || leader.place === undefined || place.order.isSame(leader.place, place))
  if (!isSame) {
    lead(job)
    return false
  }
  job.isPlaced = false
  const more = moreOf(leader)
  more.same ??= []
  if (leader.outcome === undefined) more.same.push(job)
  else follow(job, leader.outcome, more.ended)
  return true
}

/**
 * Stops a call that is not to go on, unless it is being found out how it ended before. What it comes to is no answer to equal
 * calls: of those that wait for it, another one runs, but for those inside of `within`, which are stopped as well.
 */
export const revoke = (job: Job, reason: Reason, within?: Job): void => {
  if (job.ended) return
  const more = moreOf(job)
  more.revoked = reason
  if (more.isRecalled === true) return
  const same = more.same ?? []
  more.same = same.filter((one) => isInside(one, within))
  if (job.hasStarted) cut(job, reason)
  else refuse(job, reason)
  for (const one of same.filter((one) => !isInside(one, within))) {
    one.isPlaced = true
    ready(one)
  }
}

const isInside = (job: Job, other: Job | undefined): boolean => {
  for (let one: Job | undefined = job; one !== undefined; one = one.parent) if (one === other) return true
  return false
}

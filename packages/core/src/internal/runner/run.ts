import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import { type Reason, Uncertain, Undecided } from "../../CallError.ts"
import * as Limits from "../../Limits.ts"
import type { Outcome } from "../../Outcome.ts"
import type { ToolCall } from "../../ToolCall.ts"
import { type Arrival, arrived } from "./arrival.ts"
import type { Claims } from "./claims.ts"
import { drive } from "./drive.ts"
import { Gate, type Place } from "./gate.ts"
import { inCallOrder } from "./inCallOrder.ts"
import type { Line, Member, Node } from "./line.ts"
import { type Batch, settle } from "./settle.ts"

type SharedLimits = Option.Option<Limits.Limits["Service"]>

/** Settles nodes at once where none of them waits for another, and in line where one may. */
export const run = (
  batch: Batch,
  nodes: ReadonlyArray<Node>,
  concurrency: number,
  limits: SharedLimits,
  context: Context.Context<unknown>
): Effect.Effect<ReadonlyArray<Outcome>, never, unknown> => {
  const shared = Option.isSome(limits) && limits.value.everyCall.length > 0
  if (!shared && !nodes.some((node) => waits(batch, node))) {
    return drive(batch, nodes, concurrency, context)
  }
  return gated(
    concurrency,
    limits,
    (entrance) => Effect.map(inLine(batch, entrance, nodes), (ended) => ended.map(([outcome]) => outcome))
  )
}

/**
 * Settles calls as they arrive, in line.
 *
 * - calls are admitted in call order; the order of their arrival does not count
 * - once no more arrive, `arrival` is over, and the calls that wait for the whole turn go on
 */
export const runArriving = <E>(
  batch: Batch,
  arrival: Arrival,
  calls: Stream.Stream<ToolCall, E, unknown>,
  concurrency: number,
  limits: SharedLimits
): Effect.Effect<readonly [ReadonlyArray<Outcome>, Exit.Exit<void, E>], never, unknown> =>
  gated(concurrency, limits, (entrance) =>
    Effect.scoped(Effect.gen(function*() {
      const fibers = yield* FiberSet.make<Outcome>()
      const line = lineOf(entrance)
      const admit = (call: ToolCall, index: number) => {
        const member = join(batch, line, { call, needs: [] })
        return FiberSet.run(fibers, settleMember(batch, line, member, index), { startImmediately: true })
      }
      const end = yield* Effect.exit(Stream.runForEach(inCallOrder(calls), ([call, index]) => admit(call, index)))
      yield* arrived(arrival, Exit.isSuccess(end))
      const outcomes = yield* Effect.forEach(line.members, ({ outcome }) => Deferred.await(outcome))
      return [outcomes, end] as const
    })))

/** What the calls of a run go through: a gate, and the rate limiter. */
interface Entrance {
  readonly gate: Gate
  readonly rateLimiter: Line["rateLimiter"]
}

const gated = <A>(
  concurrency: number,
  limits: SharedLimits,
  use: (entrance: Entrance) => Effect.Effect<A, never, unknown>
): Effect.Effect<A, never, unknown> => {
  const counted = Option.isSome(limits)
    ? Effect.succeed(limits.value)
    : Effect.provide(Limits.Limits, Limits.layer, { local: true })
  return Effect.flatMap(counted, ({ everyCall, rateLimiter, slots }) => {
    const gate = new Gate(slots, everyCall, concurrency)
    return Effect.acquireUseRelease(
      Effect.sync(() => gate.listen()),
      () => use({ gate, rateLimiter }),
      (unlisten) => Effect.sync(unlisten)
    )
  })
}

const waits = ({ toolkit }: Batch, { call, resolve }: Node): boolean => {
  const tool = toolkit.byName.get(call.name)
  if (resolve !== undefined) return true
  return tool !== undefined
    && (tool.claims !== undefined || tool.coalesce || tool.expand !== undefined || tool.approval !== undefined)
}

/**
 * Gives every node a place and settles each in its turn.
 *
 * - behind all others, each once those before it have said what they touch, as most can at once: who waits for whom is then
 *   found once
 * - in the place of the call they stand for, all together, since that place is given up then
 */
const inLine = (
  batch: Batch,
  entrance: Entrance,
  nodes: ReadonlyArray<Node>,
  instead?: Place
): ReturnType<Line["run"]> =>
  Effect.suspend(() => {
    const line = lineOf(entrance)
    if (instead !== undefined) {
      nodes.reduce((last, node) => join(batch, line, node, last).place, instead)
      entrance.gate.settled(instead)
    }
    return Effect.forEach(
      nodes,
      (node, index) => {
        const member = line.members[index] ?? join(batch, line, node)
        return Effect.map(settleMember(batch, line, member, index), (outcome) => [outcome, member.answer] as const)
      },
      { concurrency: "unbounded" }
    )
  })

const lineOf = (entrance: Entrance): Line => ({
  ...entrance,
  members: [],
  run: (batch, nodes, place) => inLine(batch, entrance, nodes, place)
})

const join = (batch: Batch, { gate, members }: Line, node: Node, after?: Place): Member => {
  const place = gate.add(node.call.id, claimsOf(batch, node), after)
  const member: Member = { node, place, outcome: Deferred.makeUnsafe(), same: undefined, answer: undefined }
  members.push(member)
  return member
}

const settleMember = (batch: Batch, line: Line, member: Member, index: number) =>
  Effect.onExit(
    settle(batch, member.node.call, index, { line, member }),
    (exit) => Effect.sync(() => leave(batch, line.gate, member, exit))
  )

const nothing: Claims = { access: [], slots: [], rates: [] }

/** What is known of a call before its parameters are; a call that stands for several is known when it has become them. */
const claimsOf = ({ toolkit }: Batch, { call }: Node): Claims | undefined => {
  const tool = toolkit.byName.get(call.name)
  if (tool === undefined) return nothing
  return typeof tool.claims === "function" || tool.expand !== undefined ? undefined : tool.claims ?? nothing
}

const leave = (batch: Batch, gate: Gate, { outcome, place }: Member, exit: Exit.Exit<Outcome>): void => {
  if (Exit.isFailure(exit)) gate.close()
  Deferred.doneUnsafe(outcome, exit)
  gate.settled(place, Exit.isSuccess(exit) ? barrierAfter(batch, exit.value, place) : undefined)
}

/** Why later calls that touch the same may not run, after a call that ended like this. */
const barrierAfter = ({ isPart }: Batch, { call, result }: Outcome, { claims }: Place): Reason | undefined => {
  if (Result.isSuccess(result) || result.failure._tag === "ToolFailure") return undefined
  const { reason } = result.failure
  // A step that nobody decided on will not be decided on: its plan is answered without it.
  if (reason._tag === "Undecided") return isPart ? undefined : new Undecided({ after: call.id })
  const writes = claims?.access.some(({ mode }) => mode !== "read") ?? false
  const isUncertain = (reason._tag === "Timeout" || reason._tag === "Interrupted") && reason.started
  return writes && isUncertain ? new Uncertain({ after: call.id }) : undefined
}

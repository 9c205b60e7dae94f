import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import * as Limits from "../Limits.ts"
import type { Outcome } from "../Outcome.ts"
import type { Claims } from "./claims.ts"
import { Gate, type Place } from "./gate.ts"
import type { Line, Member, Node } from "./line.ts"
import { type Batch, settle } from "./settle.ts"

/** Settles nodes at once where none of them waits for another, and in line where one may. */
export const run = (
  batch: Batch,
  nodes: ReadonlyArray<Node>,
  concurrency: number,
  limits: Option.Option<Limits.Limits["Service"]>
): Effect.Effect<ReadonlyArray<Outcome>, never, unknown> => {
  const shared = Option.isSome(limits) && limits.value.everyCall.length > 0
  if (!shared && !nodes.some((node) => waits(batch, node))) {
    return Effect.forEach(nodes, ({ call }, index) => settle(batch, call, index), { concurrency })
  }
  const counted = Option.isSome(limits)
    ? Effect.succeed(limits.value)
    : Effect.provide(Limits.Limits, Limits.layer, { local: true })
  return Effect.flatMap(counted, ({ everyCall, rateLimiter, slots }) => {
    const gate = new Gate(slots, everyCall, concurrency)
    return Effect.acquireUseRelease(
      Effect.sync(() => gate.listen()),
      () => Effect.map(inLine(batch, gate, rateLimiter, nodes), (ended) => ended.map(([outcome]) => outcome)),
      (unlisten) => Effect.sync(unlisten)
    )
  })
}

const waits = ({ toolkit }: Batch, { call, resolve }: Node): boolean => {
  const tool = toolkit.byName.get(call.name)
  return resolve !== undefined ||
    (tool !== undefined && (tool.claims !== undefined || tool.coalesce || tool.expand !== undefined))
}

/** Gives every node a place, behind all others or in that of the call they stand for, and settles each in its turn. */
const inLine = (
  batch: Batch,
  gate: Gate,
  rateLimiter: Line["rateLimiter"],
  nodes: ReadonlyArray<Node>,
  instead?: Place
): ReturnType<Line["run"]> =>
  Effect.suspend(() => {
    let last = instead
    const members = nodes.map((node): Member => {
      const place = gate.add(node.call.id, claimsOf(batch, node), last)
      if (instead !== undefined) last = place
      return { node, place, outcome: Deferred.makeUnsafe(), same: undefined, answer: undefined }
    })
    if (instead !== undefined) gate.settled(instead, false)
    const line: Line = {
      gate,
      rateLimiter,
      members,
      run: (batch, nodes, place) => inLine(batch, gate, rateLimiter, nodes, place)
    }
    return Effect.forEach(members, (member, index) =>
      settle(batch, member.node.call, index, { line, member }).pipe(
        Effect.onExit((exit) => Effect.sync(() => leave(gate, member, exit))),
        Effect.map((outcome) => [outcome, member.answer] as const)
      ), { concurrency: "unbounded" })
  })

const nothing: Claims = { access: [], slots: [], rates: [] }

/** What is known of a call before its parameters are; a call that stands for several is known when it has become them. */
const claimsOf = ({ toolkit }: Batch, { call }: Node): Claims | undefined => {
  const tool = toolkit.byName.get(call.name)
  if (tool === undefined) return nothing
  return typeof tool.claims === "function" || tool.expand !== undefined ? undefined : tool.claims ?? nothing
}

const leave = (gate: Gate, { outcome, place }: Member, exit: Exit.Exit<Outcome>): void => {
  if (Exit.isFailure(exit)) gate.close()
  Deferred.doneUnsafe(outcome, exit)
  gate.settled(place, Exit.isSuccess(exit) && isUncertain(exit.value))
}

/** The call had started, and nobody waited for its end. */
const isUncertain = ({ result }: Outcome): boolean => {
  if (Result.isSuccess(result) || result.failure._tag === "ToolFailure") return false
  const { reason } = result.failure
  return (reason._tag === "Timeout" || reason._tag === "Interrupted") && reason.started
}

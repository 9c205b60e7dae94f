import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as RateLimiter from "effect/persistence/RateLimiter"
import * as Result from "effect/Result"
import { Defect, type Reason } from "../../CallError.ts"
import * as Json from "../../Json.ts"
import type { Outcome } from "../../Outcome.ts"
import type * as Tool from "../../Tool.ts"
import type { ToolCall } from "../../ToolCall.ts"
import { dependencyFailed } from "../graph/expansion.ts"
import type { Claims, Rate } from "./claims.ts"
import type { Gate, Place } from "./gate.ts"
import type { Batch } from "./settle.ts"
import { within } from "./within.ts"

/**
 * A call of a run whose calls may need each other.
 *
 * - `needs`: earlier nodes of the same list, by index
 * - `resolve`: makes the arguments from what those gave back, in the order of `needs`; the call has them itself otherwise
 */
export interface Node {
  readonly call: ToolCall
  readonly needs: ReadonlyArray<number>
  readonly resolve?:
    | ((answers: ReadonlyArray<Tool.Answer<unknown>>) => Effect.Effect<unknown, Reason, unknown>)
    | undefined
}

/**
 * The calls of a run that wait for each other or for room.
 *
 * - `members`: one per node, in call order
 * - `run`: settles nodes that a call of this line has become, in its place
 */
export interface Line {
  readonly gate: Gate
  readonly rateLimiter: RateLimiter.RateLimiter
  readonly members: Array<Member>
  readonly run: (
    batch: Batch,
    nodes: ReadonlyArray<Node>,
    place: Place
  ) => Effect.Effect<ReadonlyArray<readonly [Outcome, Tool.Answer<unknown> | undefined]>, never, unknown>
}

/** A call in line: its node and place, what it is a call of once that is known, what it gave back, and its outcome. */
export interface Member {
  readonly node: Node
  readonly place: Place
  readonly outcome: Deferred.Deferred<Outcome>
  same: string | undefined
  answer: Tool.Answer<unknown> | undefined
}

/** Waits for what a call needs, and gives its arguments; the reason where something that it needs failed. */
export const argumentsOf = ({ members }: Line, { node }: Member): Effect.Effect<unknown, Reason, unknown> =>
  Effect.flatMap(
    Effect.forEach(node.needs, (index) => answerOf(members[index]!)),
    (answers) => node.resolve === undefined ? Effect.succeed(node.call.arguments) : node.resolve(answers)
  )

const answerOf = (member: Member): Effect.Effect<Tool.Answer<unknown>, Reason> =>
  Effect.flatMap(
    Deferred.await(member.outcome),
    (outcome) => member.answer === undefined ? Effect.fail(dependencyFailed(outcome)) : Effect.succeed(member.answer)
  )

/** Does what has to be done before a call starts, holding nothing; `stop` ends that with a reason, whatever goes on. */
export const beforehand = <A>(
  effect: Effect.Effect<A, Reason, unknown>,
  stop: Effect.Effect<Reason>
): Effect.Effect<Result.Result<A, Reason>, never, unknown> =>
  Effect.map(within(effect, stop), (ended) => {
    if (ended._tag === "Late") return Result.fail(ended.limit)
    return Exit.isSuccess(ended.exit) ? Result.succeed(ended.exit.value) : Result.fail(reasonOf(ended.exit.cause))
  })

/** Finds out what a call claims; fails where its arguments do not fit, so that it costs others nothing. */
export const claim = (
  { gate }: Line,
  { place }: Member,
  { args, tool }: { readonly tool: Tool.Any; readonly args: unknown }
): Effect.Effect<void, Reason, unknown> => {
  if (typeof tool.claims === "function") return Effect.map(tool.claims(args), (claims) => gate.known(place, claims))
  return tool.claims === undefined ? Effect.void : tool.call(args, () => Effect.void)
}

/** What waiting in line came to: the call may start, or an equal one has its outcome. */
export type Turned = { readonly _tag: "Start" } | { readonly _tag: "Same"; readonly outcome: Outcome }

/** Waits for a call's turn. */
export const turn = Effect.fnUntraced(function*(
  line: Line,
  member: Member,
  { args, tool }: { readonly tool: Tool.Any; readonly args: unknown }
): Effect.fn.Return<Turned, Reason, unknown> {
  const { gate } = line
  const { place } = member
  if (tool.coalesce) {
    member.same = `${tool.name} ${Json.canonical(args)}`
    const earlier = line.members.slice(0, line.members.indexOf(member))
    const leader = earlier.findLast(({ same }) => same === member.same)
    if (leader !== undefined && !gate.writesBetween(leader.place, place)) {
      gate.settled(place)
      const outcome = yield* Deferred.await(leader.outcome)
      member.answer = leader.answer
      return { _tag: "Same", outcome }
    }
  }
  while (true) {
    const turn = yield* gate.turn(place)
    if (turn._tag === "Refused") return yield* turn.reason
    const wait = yield* firstRefusal(line.rateLimiter, place.claims)
    if (wait === undefined) return { _tag: "Start" }
    gate.park(place)
    yield* Effect.sleep(wait)
  }
})

/** Takes one token of every rate, or none; undefined when there was one of each, else how long until there may be. */
const firstRefusal = Effect.fnUntraced(function*(
  rateLimiter: RateLimiter.RateLimiter,
  claims: Claims | undefined
): Effect.fn.Return<Duration.Duration | undefined> {
  const rates = claims?.rates ?? []
  for (const tokens of rates.length > 1 ? [0, 1] : [1]) {
    for (const rate of rates) {
      const wait = yield* refusal(rateLimiter, rate, tokens)
      if (wait !== undefined) return wait
    }
  }
  return undefined
})

/** Asking for no token shows whether there is one. */
const refusal = (rateLimiter: RateLimiter.RateLimiter, rate: Rate, tokens: number) =>
  Effect.matchEffect(rateLimiter.consume({ ...rate, tokens, onExceeded: "fail" }), {
    onSuccess: ({ remaining, resetAfter }) => Effect.succeed(tokens === 0 && remaining < 1 ? resetAfter : undefined),
    onFailure: (error) =>
      error.reason._tag === "RateLimitExceeded" ? Effect.succeed(error.reason.retryAfter) : Effect.die(error)
  })

/** Arguments that do not fit are the call's own fault; all else that goes wrong before its start is a crash of its tool. */
const reasonOf = (cause: Cause.Cause<Reason>): Reason =>
  Result.getOrElse(Cause.findError(cause), () => new Defect({ harmless: true, cause }))

import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { type Fault, isOfWorld } from "./faults.ts"
import * as World from "./world.ts"

/** Whether it is a call's turn, or why it may not start. */
export type Turn = Result.Result<void, World.Barrier>

/** A world, and how the fibers of its calls are told that it is their turn. */
export interface Hall {
  readonly world: World.World
  readonly fault: Fault | undefined
  /** What every call is counted under. */
  readonly everyCall: ReadonlyArray<World.Pool>
  readonly isShared: boolean
  readonly turns: Map<World.Member, Deferred.Deferred<Turn>>
  readonly wakes: Set<number>
  runs: number
}

/** A hall in which nothing runs yet. */
export const hallOf = (
  fault: Fault | undefined,
  more: Partial<Pick<Hall, "everyCall" | "isShared">>,
  first?: World.First
): Hall => {
  const { everyCall = [], isShared = false } = more
  const world = { fault: isOfWorld(fault) ? fault : undefined, first, ordersRuns: everyCall.length > 0 }
  return { world: World.make(world), fault, everyCall, isShared, turns: new Map(), wakes: new Set(), runs: 0 }
}

/** Milliseconds. */
export const now = Effect.clockWith((clock) => Effect.sync(() => clock.currentTimeMillisUnsafe()))

export const sleepUntil = (at: number): Effect.Effect<void> =>
  at === Infinity ? Effect.never : Effect.flatMap(now, (from) => Effect.sleep(Math.max(0, at - from)))

/** Starts whatever may start, and refuses what may not. */
export const lookAgain: (hall: Hall) => Effect.Effect<void> = Effect.fnUntraced(function*(hall: Hall) {
  const { turns, wakes, world } = hall
  const at = yield* now
  for (let refused = World.refused(world, at); refused !== undefined; refused = World.refused(world, at)) {
    const [member, barrier] = refused
    member.state = "waiting"
    Deferred.doneUnsafe(turns.get(member)!, Effect.succeed(Result.fail(barrier)))
  }
  for (let next = World.startable(world, at); next !== undefined; next = World.startable(world, at)) {
    World.start(world, next, at)
    Deferred.doneUnsafe(turns.get(next)!, Effect.succeed(Result.void))
  }
  for (const wake of World.wakes(world, at)) {
    if (wakes.has(wake)) continue
    wakes.add(wake)
    yield* Effect.forkDetach(Effect.andThen(sleepUntil(wake), lookAgain(hall)), { startImmediately: true })
  }
})

/**
 * Runs of a store that one process has alone: they go on there at once, and no message is sent.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import { type Awaiting, keyOf } from "./awaiting.ts"
import { Carrier, elsewhere } from "./carrier.ts"
import type { Begun } from "./statements.ts"
import { Store } from "./store.ts"
import type { Body, Standstill } from "./workflow.ts"

/** A run that goes on; it is `again` to be looked at once it stands still. */
interface Going {
  again: boolean
}

/** Runs of one name. */
interface Served {
  readonly body: Body
  readonly fibers: FiberSet.FiberSet
  readonly going: Map<string, Going>
}

const make = (awaiting: Awaiting): Carrier => {
  const names = new Map<string, Served>()

  const begin = (run: Begun): Effect.Effect<void> =>
    Effect.suspend(() =>
      names.has(run.name) ? wake(run) : Effect.logWarning(
        `The run ${run.run_id} stands still: the layer of the agent "${run.name}" is not in place in this process, which has the store`
      )
    )

  const wake = (run: Begun): Effect.Effect<void> =>
    Effect.suspend(() => {
      const served = names.get(run.name)
      if (served === undefined) return Effect.void
      const going = served.going.get(keyOf(run))
      if (going === undefined) return Effect.asVoid(FiberSet.run(served.fibers, goneOn(served, run)))
      going.again = true
      return Effect.void
    })

  /** Goes on with a run, and again where that was asked for meanwhile: somebody may have decided just before it waited. */
  const goneOn = ({ body, going }: Served, run: Begun): Effect.Effect<void> => {
    const one: Going = { again: false }
    going.set(keyOf(run), one)
    const once: Effect.Effect<Exit.Exit<Standstill | undefined>> = Effect.suspend(() => {
      one.again = false
      return Effect.exit(body(run.run_id))
    })
    const isOver = (exit: Exit.Exit<Standstill | undefined>) => {
      if (one.again && Exit.isSuccess(exit)) return false
      going.delete(keyOf(run))
      return true
    }
    return Effect.flatMap(Effect.repeat(once, { until: isOver }), (exit) => told(run, exit))
  }

  /** One that is interrupted goes on with the next start. */
  const told = (run: Begun, exit: Exit.Exit<Standstill | undefined>): Effect.Effect<void> => {
    if (Exit.isSuccess(exit)) return Effect.sync(() => exit.value === undefined && awaiting.over(run, Exit.void))
    if (Cause.hasInterrupts(exit.cause)) return Effect.void
    awaiting.over(run, Exit.failCause(exit.cause))
    return Effect.logError(`The run ${run.run_id} does not go on`, exit.cause)
  }

  const serve: Carrier["serve"] = Effect.fnUntraced(function*(name, body) {
    const served: Served = { body, fibers: yield* FiberSet.make(), going: new Map() }
    yield* Effect.acquireRelease(
      Effect.sync(() => names.set(name, served)),
      () => Effect.sync(() => names.get(name) === served && names.delete(name))
    )
  })

  const goes = (run: Begun): boolean => names.get(run.name)?.going.has(keyOf(run)) === true

  return { serve, begin, wake, goes, patience: 0, finished: (_, told) => told }
}

/** Runs of this process, which has their store alone. */
export const runner: Layer.Layer<never, never, Store> = Layer.effect(
  Carrier,
  Effect.map(Store, ({ awaiting }) => make(awaiting))
)

/** Those of a process beside it. */
export const client: Layer.Layer<never> = Layer.succeed(Carrier, elsewhere)

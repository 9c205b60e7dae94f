/**
 * How one process that has a store alone goes on with its runs.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Context, Deferred, Effect, Exit, Fiber, Layer, Logger, Queue, Scope } from "effect"
import * as WorkflowEngine from "effect/workflow/WorkflowEngine"
import * as Alone from "../src/internal/alone.ts"
import { Awaiting } from "../src/internal/awaiting.ts"
import { Carrier } from "../src/internal/carrier.ts"
import { make, Store } from "../src/internal/store.ts"
import type { Standstill } from "../src/internal/workflow.ts"

const run = { run_id: "r1", name: "support", started_at: 7 }

/** A carrier whose runs say that they go on, and stand still as they are told to; `waiting` is who waits for one. */
const served = Effect.gen(function*() {
  const awaiting = new Awaiting()
  const store = Layer.succeed(Store, { ...make(":memory:"), awaiting })
  const carrier = Context.get(yield* Layer.build(Layer.provide(Alone.runner, store)), Carrier)
  const ways = yield* Queue.unbounded<Deferred.Deferred<Standstill | undefined>>()
  const body = () =>
    Effect.flatMap(
      Deferred.make<Standstill | undefined>(),
      (end) => Effect.andThen(Queue.offer(ways, end), Deferred.await(end))
    )
  const scope = yield* Effect.flatMap(Effect.scope, Scope.fork)
  yield* Scope.provide(carrier.serve(run.name, body), scope)
  const waiting = Effect.forkChild(
    awaiting.during(run, ({ told }) => carrier.finished(run, told)),
    { startImmediately: true }
  )
  return { carrier, next: Queue.take(ways), size: Queue.size(ways), stop: Scope.close(scope, Exit.void), waiting }
})

const engine = WorkflowEngine.layerMemory

describe("a run of a process that has its store alone", () => {
  it.effect("goes on once, however often it is begun, and again where it is begun while it comes to wait", () =>
    Effect.gen(function*() {
      const { carrier, next, size } = yield* served
      yield* carrier.begin(run)
      const first = yield* next
      yield* carrier.begin(run)
      yield* carrier.wake(run)
      assert.deepStrictEqual([yield* size, carrier.goes(run)], [0, true])
      yield* Deferred.succeed(first, "waits")
      yield* Deferred.succeed(yield* next, "waits")
      yield* Effect.yieldNow
      assert.deepStrictEqual([yield* size, carrier.goes(run)], [0, false])
      yield* carrier.begin(run)
      yield* Deferred.succeed(yield* next, undefined)
    }).pipe(Effect.provide(engine)))

  it.effect("tells those who wait for it once it is over, and not where it waits itself", () =>
    Effect.gen(function*() {
      const { carrier, next, waiting } = yield* served
      yield* carrier.begin(run)
      const fiber = yield* waiting
      yield* Deferred.succeed(yield* next, "waits")
      yield* Effect.yieldNow
      assert.isUndefined(fiber.pollUnsafe())
      yield* carrier.wake(run)
      yield* Deferred.succeed(yield* next, undefined)
      yield* Fiber.join(fiber)
    }).pipe(Effect.provide(engine)))

  it.effect("tells them where its program crashes, and can be begun again", () =>
    Effect.gen(function*() {
      const { carrier, next, waiting } = yield* served
      yield* carrier.begin(run)
      const fiber = yield* waiting
      yield* Deferred.die(yield* next, new Error("a bug"))
      const exit = yield* Fiber.await(fiber)
      assert.include(Exit.isFailure(exit) ? Cause.pretty(exit.cause) : "", "a bug")
      yield* carrier.begin(run)
      yield* Deferred.succeed(yield* next, undefined)
    }).pipe(Effect.provide([engine, Logger.layer([])])))

  it.effect("is stopped with its layer, and then is nobody's", () =>
    Effect.gen(function*() {
      const { carrier, next, size, stop } = yield* served
      yield* carrier.begin(run)
      yield* next
      yield* stop
      assert.isFalse(carrier.goes(run))
      yield* carrier.begin(run)
      assert.strictEqual(yield* size, 0)
    }).pipe(Effect.provide(engine)))
})

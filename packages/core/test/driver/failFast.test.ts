/**
 * A batch that stops at the first failure, whatever it has in flight (case 1).
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Approver, Batch, CallObserver, Toolkit } from "@volley/core"
import { Deferred, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { aDayOf } from "../order/support.ts"
import { ends } from "../support.ts"
import { type Asked, asking, boundless, doing, promising } from "./support.ts"

const touching = { access: ({ n }: { readonly n?: unknown }) => [Access.write(`k/${n}`)] }
const fails = doing("fails", () => Effect.fail("no"))
const failsLater = doing("failsLater", () => Effect.andThen(Effect.sleep(10), Effect.fail("no")))
const hang = () => new Promise<never>(() => undefined)

const inFlight = {
  "that waits for nothing": { hangs: promising("hangs", hang), counts: [2, 7, 10_000] },
  "that touches something": { hangs: promising("hangs", hang, touching), counts: [2, 7, 1000] }
}

const failing: Readonly<Record<string, readonly [Asked, end: unknown]>> = {
  "fails at once": [["fails"], { failure: "no" }],
  "asks for a tool that there is not": [["nobody"], "UnknownTool"],
  "has arguments that are no JSON": [["fails", "{"], "InvalidArguments"],
  "fails later": [["failsLater"], { failure: "no" }]
}

/** So many calls in flight, and then one more. */
const stopped = (count: number, hangs: ReturnType<typeof promising>, last: Asked, isTold: boolean) =>
  Effect.gen(function*() {
    const settled: Array<string> = []
    const onCall = (event: Batch.CallEvent) =>
      Effect.sync(() => void (event._tag === "CallSettled" && settled.push(event.outcome.call.id)))
    const calls = asking(...Array.from({ length: count }, (_, n): Asked => ["hangs", { n }]), last)
    const batch = Batch.run(Toolkit.make(hangs, fails, failsLater), calls, {
      ...boundless,
      failFast: true,
      timeout: "unbounded",
      ...(isTold && { onCall })
    })
    const fiber = yield* Effect.forkChild(batch, { startImmediately: true })
    yield* TestClock.adjust(10)
    return { ids: calls.map(({ id }) => id), result: yield* Fiber.join(fiber), told: settled }
  })

describe.each(Object.entries(inFlight))("a batch with calls in flight of a tool %s", (_, { counts, hangs }) => {
  describe.each(Object.entries(failing))("and one that %s", (_, [last, end]) => {
    it.effect.each(last[0] === "failsLater" ? [7, 1000] : counts)(
      "ends, with %i of them: each is answered, told and listed once",
      (count) =>
        Effect.gen(function*() {
          for (const isTold of count > 7 ? [true] : [true, false]) {
            const { ids, result, told } = yield* stopped(count, hangs, last, isTold)
            assert.deepStrictEqual(ends(result), [...ids.slice(1).map(() => "Interrupted"), end])
            assert.deepStrictEqual(result.outcomes.map(({ call }) => call.id), ids)
            const begun = result.outcomes.slice(0, -1).filter(({ attempts }) => attempts > 0).map(({ call }) => call.id)
            assert.deepStrictEqual(result.strays.map(({ call }) => call.id).toSorted(), begun.toSorted())
            if (isTold) assert.deepStrictEqual(told.toSorted(), ids.toSorted())
          }
        })
    )
  })
})

describe("a batch that stops at the first failure", () => {
  it.effect("does not start what waited, and interrupts once what had started", () =>
    Effect.gen(function*() {
      const stops: Array<unknown> = []
      const waits = doing("waits", ({ n }) =>
        Effect.onInterrupt(Effect.never, () => Effect.sync(() => void stops.push(n))))
      const calls = asking(["waits", { n: 0 }], ["waits", { n: 1 }], ["failsLater"], ["waits", { n: 3 }])
      const settled = yield* aDayOf(
        Batch.run(Toolkit.make(waits, failsLater), calls, { concurrency: 3, failFast: true })
      )
      assert.deepStrictEqual(ends(settled), ["Interrupted", "Interrupted", { failure: "no" }, "Interrupted"])
      assert.deepStrictEqual(
        settled.outcomes.map(({ attempts }) =>
          attempts
        ),
        [1, 1, 1, 0]
      )
      assert.deepStrictEqual(stops, [0, 1])
    }))

  it.effect("has one failure though several calls fail in the same moment", () =>
    Effect.gen(function*() {
      const settled = yield* aDayOf(
        Batch.run(Toolkit.make(failsLater), asking(["failsLater"], ["failsLater"]), { failFast: true })
      )
      assert.deepStrictEqual(ends(settled), [{ failure: "no" }, "Interrupted"])
    }))

  it.effect("answers a call once whose effect meets what is none in the moment in which that is stopped", () =>
    Effect.gen(function*() {
      const isStopped = yield* Deferred.make<void>()
      const observer: CallObserver.Calls = {
        waiting: () => undefined,
        starts: (_, context) => ({
          context,
          retried: () => undefined,
          hedged: () => undefined,
          settled: () => undefined
        }),
        refused: () => Deferred.doneUnsafe(isStopped, Effect.void)
      }
      const odd = doing("odd", () => Effect.flatMap(Deferred.await(isStopped), (): Effect.Effect<void> => 5 as never))
      const asks = doing("asks", () => Effect.void, { approval: "always" })
      const calls = asking(["asks"], ["odd"], ["failsLater"])
      const batch = Batch.run(Toolkit.make(asks, odd, failsLater), calls, { failFast: true, timeout: "unbounded" })
      const settled = yield* aDayOf(batch.pipe(
        Effect.provideService(CallObserver.CallObserver, () => observer),
        Effect.provide(Approver.layer(() => Effect.never))
      ))
      assert.deepStrictEqual(ends(settled), ["Interrupted", "Interrupted", { failure: "no" }])
    }))

  it.effect("leaves another one beside it alone, on one runner", () =>
    Effect.gen(function*() {
      const runner = yield* Batch.make({ concurrency: 2 })
      const slow = doing("slow", () => Effect.as(Effect.sleep(50), "done"))
      const toolkit = Toolkit.make(slow, failsLater)
      const other = yield* Effect.forkChild(runner.run(toolkit, asking(["slow"], ["slow"])), {
        startImmediately: true
      })
      const first = yield* aDayOf(runner.run(toolkit, asking(["failsLater"], ["slow"]), { failFast: true }))
      assert.deepStrictEqual(ends(first), [{ failure: "no" }, "Interrupted"])
      assert.deepStrictEqual(ends(yield* Fiber.join(other)), ["done", "done"])
    }))
})

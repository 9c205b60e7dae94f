/**
 * A batch that stops at the first failure, whatever it has in flight (case 1).
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Batch, CallObserver, Toolkit } from "@volley/core"
import { Deferred, Effect, Fiber, Logger, Schedule } from "effect"
import { TestClock } from "effect/testing"
import { aDayOf } from "../order/support.ts"
import { ends } from "../support.ts"
import { type Asked, asking, boundless, doing, notingEnds, promising, reading } from "./support.ts"

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

  it.effect.each(
    [
      ["fails", {}, "Interrupted"],
      ["meets what is no effect", {}, "Defect"],
      ["meets what is no effect", { timeout: "unbounded" }, "Defect"]
    ] as const
  )(
    "answers a call that %s in the same step by what counts for more, under %s",
    ([how, options, end]) =>
      Effect.gen(function*() {
        const [go, last] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        const fails = doing("fails", () => Effect.andThen(Deferred.await(go), Effect.fail("no")))
        const late = doing(
          "late",
          () => Effect.flatMap(Deferred.await(last), () => how === "fails" ? Effect.fail("no") : 5 as never)
        )
        const lets = doing("lets", () => Effect.as(Deferred.succeed(go, undefined), 1))
        // The second failure is told after the first one has stopped the batch, and before anything is stopped.
        const observer = notingEnds(({ call: { id } }) => id === "c1" && Deferred.doneUnsafe(last, Effect.void))
        const calls = asking(["fails"], ["fails"], ["late"], ["lets"])
        const run = Batch.run(Toolkit.make(fails, late, lets), calls, { failFast: true, ...options })
        const followed = Effect.provideService(run, CallObserver.CallObserver, () => observer)
        const settled = yield* aDayOf(Effect.provide(followed, Logger.layer([])))
        assert.deepStrictEqual(ends(settled), [{ failure: "no" }, { failure: "no" }, end, 1])
        assert.lengthOf(settled.strays, 0)
      })
  )

  it.effect("does not try a call again that failed in the same step", () =>
    Effect.gen(function*() {
      const go = yield* Deferred.make<void>()
      const tried: Array<number> = []
      const fails = doing("fails", () => Effect.andThen(Deferred.await(go), Effect.fail("no")))
      const again = reading("again", (_, { attempt }) => {
        tried.push(attempt)
        return Effect.andThen(Deferred.await(go), Effect.fail("no"))
      })
      const lets = doing("lets", () => Effect.as(Deferred.succeed(go, undefined), 1))
      const run = Batch.run(Toolkit.make(fails, again, lets), asking(["fails"], ["again"], ["lets"]), {
        failFast: true,
        retry: Schedule.recurs(3)
      })
      assert.deepStrictEqual(ends(yield* aDayOf(run)), [{ failure: "no" }, "Interrupted", 1])
      assert.deepStrictEqual(tried, [1])
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

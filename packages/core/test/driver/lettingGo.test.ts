/**
 * What a call was made of is let go of when the call is over, though its batch goes on, or what it has left behind.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Approver, Batch, Limits, Tool, Toolkit } from "@volley/core"
import { type Context, Deferred, Effect, Fiber, Schedule } from "effect"
import { TestClock } from "effect/testing"
import { Enclosing } from "../../src/internal/runner/enclosing.ts"
import { ends } from "../support.ts"
import { held } from "./held.ts"
import { type Asked, asking, doing, promising, reading, type Says } from "./support.ts"

/** Notes objects without holding them. */
const noting = () => {
  const refs: Array<WeakRef<object>> = []
  return {
    refs,
    note: <A extends object>(one: A): A => {
      refs.push(new WeakRef(one))
      return one
    }
  }
}

/** Notes the call inside whose handler it is, as the runner has it. */
const noteCall = (note: (one: object) => unknown) =>
  Effect.map(Enclosing, (inside) => inside === undefined ? assert.fail("no call is around") : note(inside.job))

/** A tool that ends when it is let. */
const waiting = (says: Says = {}) =>
  Effect.map(Deferred.make<void>(), (go) => ({
    go: Deferred.succeed(go, undefined),
    waits: reading("waits", () => Effect.as(Deferred.await(go), "went"), says)
  }))

const touching: Says = { access: [Access.read("k")] }
const slot: Says = { limits: [Limits.concurrency(9)] }

describe("while a batch goes on", () => {
  it.effect.each([["that waits for a slot alone", {}], ["that touches something", touching]] as const)(
    "nothing holds the parameters of a call at work, of one %s",
    ([, says]) =>
      Effect.gen(function*() {
        const { note, refs } = noting()
        const go = yield* Deferred.make<void>()
        const kept = Promise.withResolvers<void>()
        const waits = doing("waits", (parameters) => {
          note(parameters)
          return Deferred.await(go)
        }, says)
        const promised = promising("promised", (parameters) => {
          note(parameters)
          return kept.promise
        }, says)
        const run = Batch.run(Toolkit.make(waits, promised), asking(["waits", { n: 1 }], ["promised", { n: 2 }]))
        const fiber = yield* Effect.forkChild(run, { startImmediately: true })
        yield* TestClock.adjust(1)
        assert.lengthOf(refs, 2)
        assert.lengthOf(yield* held(refs), 0)
        kept.resolve()
        yield* Deferred.succeed(go, undefined)
        yield* Fiber.join(fiber)
      })
  )

  it.effect.each([["that hold a slot", slot], ["that touch something", touching]] as const)(
    "nothing holds the fibers, promises, signals and parameters of calls that are over, %s",
    ([, says]) =>
      Effect.gen(function*() {
        const { note, refs } = noting()
        const { go, waits } = yield* waiting(says)
        const works = reading("works", (parameters) =>
          Effect.withFiber((fiber) => {
            note(fiber)
            note(parameters)
            return Effect.as(Effect.yieldNow, 1)
          }), says)
        const promised = promising("promised", (parameters, signal) => {
          note(parameters)
          note(signal)
          return note(Promise.resolve(1))
        }, says)
        const calls = asking(["works", { n: 1 }], ["promised", { n: 2 }], ["waits"])
        const run = Batch.run(Toolkit.make(works, promised, waits), calls, { retry: Schedule.recurs(1) })
        const fiber = yield* Effect.forkChild(run, { startImmediately: true })
        yield* TestClock.adjust(1)
        assert.lengthOf(refs, 5)
        assert.lengthOf(yield* held(refs), 0)
        yield* go
        assert.deepStrictEqual(ends(yield* Fiber.join(fiber)), [1, 1, "went"])
      })
  )

  it.effect("nothing holds a call that is over, where no other may need its answer", () =>
    Effect.gen(function*() {
      const { note, refs } = noting()
      const { go, waits } = yield* waiting()
      const works = doing("works", () => Effect.as(noteCall(note), 1))
      const run = Batch.run(Toolkit.make(works, waits), asking(["works"], ["waits"]), { timeout: "unbounded" })
      const fiber = yield* Effect.forkChild(run, { startImmediately: true })
      assert.lengthOf(refs, 1)
      assert.lengthOf(yield* held(refs), 0)
      yield* go
      assert.deepStrictEqual(ends(yield* Fiber.join(fiber)), [1, "went"])
    }))
})

/** Tools that keep their context for later, and note their call and their answer. */
const keeping = () => {
  const contexts: Array<Context.Context<never>> = []
  const { note, refs } = noting()
  const keep = Effect.contextWith((context: Context.Context<never>) => {
    contexts.push(context)
    return Effect.andThen(noteCall(note), Effect.sync(() => note({ n: 1 })))
  })
  return { contexts, keep, note, refs }
}

/** Runs in a fiber of its own, of which nothing is kept. */
const overIn = (run: Effect.Effect<object>) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(run, { startImmediately: true })
    yield* TestClock.adjust("1 day")
    assert.strictEqual(fiber.pollUnsafe()?._tag, "Success")
  })

describe("what a call has left behind, once its batch is over", () => {
  const cases: ReadonlyArray<readonly [what: string, asked: Asked, options: Batch.Options]> = [
    ["a plain call", ["plain"], {}],
    ["a call that touches something", ["touches"], {}],
    ["a call of which there was no other like it", ["shares"], {}],
    ["a call that timed out", ["hangs"], { timeout: 10 }],
    ["a call that is told of, and waits for a slot", ["late"], { concurrency: 1, onCall: () => Effect.void }],
    ["a call that touches something and waits for a slot", ["slow"], { concurrency: 1 }],
    ["a call that was decided on", ["asks"], {}]
  ]
  const nothing = Toolkit.make(doing("nothing", () => Effect.succeed(0)))

  it.effect.each(cases)("holds neither the call nor its answer, of %s", ([, asked, options]) =>
    Effect.gen(function*() {
      const { contexts, keep, note, refs } = keeping()
      const tools = Toolkit.make(
        doing("plain", () => keep),
        doing("touches", () => keep, touching),
        Tool.coalesce(reading("shares", () => keep, touching)),
        doing("late", () => Effect.delay(keep, 1)),
        doing("slow", () => Effect.delay(keep, 1), touching),
        doing("asks", () => keep, { approval: "always" }),
        doing("hangs", () => Effect.andThen(keep, Effect.never))
      )
      const other: Asked = [asked[0], { other: true }]
      const run = Effect.provide(Batch.run(tools, asking(asked, other), options), Approver.allow)
      yield* overIn(Effect.map(run, note))
      assert.deepStrictEqual([contexts.length, refs.length], [2, 5])
      assert.lengthOf(yield* held(refs), 0)
    }))

  it.effect("holds no answer of a call either that had a run inside it, and so is known for good", () =>
    Effect.gen(function*() {
      const contexts: Array<Context.Context<never>> = []
      const { note, refs } = noting()
      const nests = doing("nests", () =>
        Effect.gen(function*() {
          contexts.push(yield* Effect.context<never>())
          yield* Batch.run(nothing, asking(["nothing"]))
          return note({ n: 1 })
        }))
      yield* overIn(Batch.run(Toolkit.make(nests), asking(["nests"])))
      assert.deepStrictEqual([contexts.length, refs.length], [1, 1])
      assert.lengthOf(yield* held(refs), 0)
    }))
})

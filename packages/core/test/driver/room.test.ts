/**
 * Who starts where there is room again: behind whom calls go, and what becomes of those that cannot start after all.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Approver, Batch, Limits, Toolkit } from "@volley/core"
import { Deferred, Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { aDayOf } from "../order/support.ts"
import { type Asked, asking, doing, sleeping, stopwatch } from "./support.ts"

/** Calls of one runner that say which they are, how long they take, and how long a decision about them does. */
const starting = (options: Batch.Options) =>
  Effect.gen(function*() {
    const now = yield* stopwatch
    const runner = yield* Batch.make(options)
    const starts: Array<readonly [id: unknown, at: number]> = []
    const act = ({ id, takes }: { readonly id?: unknown; readonly takes?: unknown }) =>
      Effect.andThen(Effect.sync(() => starts.push([id, now()])), sleeping(Number(takes)))
    const key = Limits.concurrency(2, "key")
    const one = Limits.concurrency(1, "one")
    const rate = Limits.rate({ limit: 1, window: 100, key: "rate" })
    const toolkit = Toolkit.make(
      doing("free", act),
      doing("light", act, { limits: [Limits.concurrency(99, "light")] }),
      doing("asks", act, { approval: "always" }),
      doing("keyed", act, { limits: [key] }),
      doing("one", act, { limits: [one] }),
      doing("one_asks", act, { limits: [one], approval: "always" }),
      doing("rated", act, { limits: [rate] }),
      doing("rated_one", act, { limits: [rate, one] })
    )
    const approver = Approver.layer(({ parameters }) =>
      Effect.as(Effect.sleep(Number(Object(parameters)["decided"])), "allowed" as const)
    )
    /** Begins a batch at a time, and may interrupt it at another one. */
    const batch = (at: number, calls: ReadonlyArray<Asked>, until = Infinity): Effect.Effect<unknown> => {
      const run = Effect.asVoid(runner.run(toolkit, asking(...calls)))
      return Effect.delay(until === Infinity ? run : Effect.timeoutOption(run, until - at), at)
    }
    const play = (...batches: ReadonlyArray<Effect.Effect<unknown>>) =>
      Effect.map(
        aDayOf(Effect.provide(Effect.all(batches, { concurrency: "unbounded" }), approver)),
        () => starts
      )
    return { batch, play }
  })

describe("a call of which there is room under its key again", () => {
  it.effect("goes behind those of other batches once at each place where they wait", () =>
    Effect.gen(function*() {
      const { batch, play } = yield* starting({ concurrency: 4 })
      const hangs = { takes: 1e6 }
      const starts = yield* play(
        batch(0, [["keyed", { id: "h0", ...hangs }], ["keyed", { id: "h1", ...hangs }]], 5),
        batch(1, [["keyed", { id: "a", takes: 9 }]]),
        batch(2, [["free", { id: "b0", takes: 99 }], ["keyed", { id: "b1", takes: 9 }]]),
        batch(3, [["light", { id: "c0", takes: 99 }], ["light", { id: "c1", takes: 9 }], ["light", {
          id: "c2",
          takes: 9
        }]])
      )
      assert.deepStrictEqual(starts.slice(4), [["a", 5], ["c1", 5], ["b1", 14], ["c2", 14]])
    }))

  it.effect("goes behind them anew once it had to wait for its key again", () =>
    Effect.gen(function*() {
      const { batch, play } = yield* starting({ concurrency: 2 })
      const starts = yield* play(
        batch(0, [["one", { id: "h", takes: 1e6 }]], 8),
        batch(1, [["one", { id: "a", takes: 9 }]]),
        batch(2, [
          ["free", { id: "b0", takes: 1 }],
          ["one_asks", { id: "b1", takes: 30, decided: 5 }],
          ["asks", { id: "b2", takes: 5, decided: 20 }]
        ]),
        batch(4, [["free", { id: "c", takes: 16 }]]),
        batch(21, [["free", { id: "d", takes: 39 }]])
      )
      assert.deepStrictEqual(starts, [["h", 0], ["b0", 2], ["c", 4], ["b1", 8], ["d", 21], ["b2", 38], ["a", 43]])
    }))
})

describe("a call whose turn it is under a rate", () => {
  it.effect("starts when it may, though who was first before would have to wait for longer", () =>
    Effect.gen(function*() {
      const now = yield* stopwatch
      const starts: Array<readonly [id: string, at: number]> = []
      const of = (limit: number) =>
        doing(`of_${limit}`, (_, { id }) => Effect.sync(() => starts.push([id, now()])), {
          approval: "always",
          limits: [Limits.rate({ limit, window: 1000, key: "rate" })]
        })
      const approver = Approver.layer(({ parameters }) =>
        Effect.as(Effect.sleep(Number(Object(parameters)["decided"])), "allowed" as const)
      )
      const calls = asking(...[["of_1", 0], ["of_2", 300], ["of_2", 400], ["of_1", 350]].map(
        ([name, decided]): Asked => [String(name), { decided }]
      ))
      yield* aDayOf(Effect.provide(Batch.run(Toolkit.make(of(1), of(2)), calls), approver))
      assert.deepStrictEqual(starts, [["c0", 0], ["c1", 300], ["c2", 1000], ["c3", 2000]])
    }))

  it.effect("leaves it to the next of its batch where it has no room", () =>
    Effect.gen(function*() {
      const { batch, play } = yield* starting({})
      const starts = yield* play(
        batch(0, [["rated", { id: "first", takes: 1 }]]),
        batch(1, [["rated_one", { id: "a0", takes: 1 }], ["rated", { id: "a1", takes: 1 }]]),
        batch(2, [["rated", { id: "b", takes: 1 }]]),
        batch(50, [["one", { id: "holds", takes: 100 }]])
      )
      assert.deepStrictEqual(starts, [["first", 0], ["holds", 50], ["a1", 100], ["b", 200], ["a0", 300]])
    }))
})

/** Tools whose calls may begin runs of their own on one runner, and when each began. */
const nesting = (concurrency: number) =>
  Effect.gen(function*() {
    const now = yield* stopwatch
    const runner = yield* Batch.make({ concurrency })
    const starts: Array<readonly [name: string, at: number]> = []
    const tool = (name: string, does: Effect.Effect<unknown>, says: Parameters<typeof doing>[2] = {}) =>
      doing(name, () => Effect.andThen(Effect.sync(() => starts.push([name, now()])), does), says)
    type Named = ReturnType<typeof tool>
    const run = (tools: ReadonlyArray<Named>, by = runner, delay = 0) =>
      Effect.delay(by.run(Toolkit.make(...tools), asking(...tools.map(({ name }): Asked => [name]))), delay)
    /** Decides on each call as long after it was asked as its tool is named for. */
    const approver = Approver.layer(({ tool }) =>
      Effect.as(Effect.sleep(Number(tool.split("_")[1])), "allowed" as const)
    )
    const play = (tools: ReadonlyArray<Named>) => Effect.map(aDayOf(Effect.provide(run(tools), approver)), () => starts)
    return { play, run, starts, tool }
  })

const key = (name: string) => ({ limits: [Limits.concurrency(1, name)] })

describe("a call of an inner run that lacks what an idle call has", () => {
  it.effect("starts as soon as that one waits for a run of another runner", () =>
    Effect.gen(function*() {
      const { play, run, tool } = yield* nesting(9)
      const other = yield* Batch.make()
      const a = tool("a", run([tool("inside_a", sleeping(5), key("b"))], undefined, 1), key("a"))
      const b = tool("b", Effect.delay(run([tool("elsewhere", sleeping(100))], other), 20), key("b"))
      assert.deepStrictEqual(yield* play([a, b]), [["a", 0], ["b", 0], ["inside_a", 20], ["elsewhere", 20]])
    }))

  it.effect("starts though a call was answered before, inside of which a run goes on that does no work", () =>
    Effect.gen(function*() {
      const { play, run, tool } = yield* nesting(9)
      const crossed = (own: string, other: string) =>
        tool(own, run([tool(`inside_${own}`, sleeping(5), key(other))], undefined, 10), key(own))
      const left = run([tool("decided_1000", Effect.void, { approval: "always" })])
      const cut = tool("cut", Effect.uninterruptible(left), { timeout: 5 })
      assert.deepStrictEqual((yield* play([cut, crossed("a", "b"), crossed("b", "a")])).slice(3, 5), [
        ["inside_a", 10],
        ["inside_b", 15]
      ])
    }))

  it.effect("is in no way of later ones of its run, wherever it has to wait on the way", () =>
    Effect.gen(function*() {
      const { play, run, tool } = yield* nesting(3)
      const waits = (millis: number, does: Effect.Effect<unknown> = Effect.void) =>
        tool(`decided_${millis}`, does, { approval: "always" })
      const outer = [
        tool(
          "o",
          run([tool("q", run([waits(60)])), tool("p0", sleeping(1)), tool("p1", sleeping(1))], undefined, 6),
          key("o")
        ),
        tool("n", run([tool("m", sleeping(30), key("o"))], undefined, 5)),
        tool("v", run([tool("u", sleeping(10)), waits(20, sleeping(5))]))
      ]
      const starts = yield* play(outer)
      assert.deepStrictEqual(starts.slice(3), [
        ["u", 0],
        ["q", 6],
        ["m", 10],
        ["decided_20", 20],
        ["p0", 40],
        ["p1", 40],
        ["decided_60", 66]
      ])
    }))
})

describe("a call of an inner run that may not start after all", () => {
  it.effect("since one before it turned out to be alone, waits for that", () =>
    Effect.gen(function*() {
      const now = yield* stopwatch
      const runner = yield* Batch.make()
      const starts: Array<readonly [unknown, number]> = []
      const act = ({ id, takes }: { readonly id?: unknown; readonly takes?: unknown }) =>
        Effect.andThen(Effect.sync(() => starts.push([id, now()])), sleeping(Number(takes)))
      const limits = [Limits.rate({ limit: 1, window: 300, key: "rate" })]
      const free = doing("free", act)
      const alone = doing("alone", act, { access: () => [Access.exclusive], limits })
      const late = Toolkit.provide(Toolkit.make(alone), Layer.effectDiscard(Effect.sleep(20)))
      const calls: ReadonlyArray<Asked> = [
        ["free", { id: "long", takes: 100 }],
        ["alone", { id: "alone", takes: 5 }],
        ["free", { id: "short", takes: 30 }],
        ["free", { id: "last", takes: 5 }]
      ]
      const inside = runner.run(Toolkit.merge(late, Toolkit.make(free)), asking(...calls), { concurrency: 2 })
      const outer = Toolkit.make(doing("rated", act, { limits }), doing("outer", () => Effect.asVoid(inside)))
      yield* aDayOf(runner.run(outer, asking(["rated", { id: "rated", takes: 1 }], ["outer"])))
      assert.deepStrictEqual(starts, [["rated", 0], ["long", 0], ["short", 0], ["alone", 300], ["last", 305]])
    }))
})

describe("a call that begins a run of another runner in the step in which its own is interrupted", () => {
  it.effect("has nothing of it start", () =>
    Effect.gen(function*() {
      const other = yield* Batch.make()
      const isOpen = yield* Deferred.make<void>()
      const ran: Array<string> = []
      const inner = doing("inner", () => Effect.sync(() => ran.push("inner")))
      const begins = doing(
        "begins",
        () => Effect.andThen(Deferred.await(isOpen), other.run(Toolkit.make(inner), asking(["inner"])))
      )
      let stop = (): void => undefined
      const stops = doing("stops", () => {
        ran.push("stops")
        stop()
        Deferred.doneUnsafe(isOpen, Effect.void)
        return Effect.never
      }, { approval: "always" })
      const batch = Batch.run(Toolkit.make(begins, stops), asking(["begins"], ["stops"]))
      const allowing = Approver.layer(() => Effect.as(Effect.sleep(5), "allowed" as const))
      const fiber = yield* Effect.forkChild(Effect.provide(batch, allowing))
      stop = () => fiber.interruptUnsafe()
      yield* TestClock.adjust("1 minute")
      assert.isDefined(fiber.pollUnsafe())
      assert.deepStrictEqual(ran, ["stops"])
    }))
})

/** What `effect/ai` does with a turn of tools of which one misbehaves, and what Volley does with the same toolkit. */
import { assert, describe, it } from "@effect/vitest"
import { EffectAi } from "@volley/effect-ai"
import { Cause, type Duration, Effect, Exit, Latch, Layer, Schema } from "effect"
import { LanguageModel, Tool, Toolkit } from "effect/ai"
import { TestClock } from "effect/testing"
import { asks, finish, read, saying, type Wanted } from "./support.ts"

const kit = Toolkit.make(
  Tool.make("wait", {
    description: "Waits. `millis` comes from the user.",
    parameters: Schema.Struct({ millis: Schema.Int }),
    success: Schema.Int,
    failureMode: "return"
  }),
  Tool.make("crash", { description: "Crashes.", success: Schema.String, failureMode: "return" }),
  Tool.make("hang", { description: "Never ends.", success: Schema.String, failureMode: "return" }),
  Tool.make("strict", {
    description: "Takes a number. `n` comes from the user.",
    parameters: Schema.Struct({ n: Schema.Int }),
    success: Schema.Int
  })
)

/** The handlers, how many of them were at work at once at most, and what waits until so many are. */
const watched = (expected = 0) => {
  const seen = { now: 0, most: 0 }
  const started = Latch.makeUnsafe()
  const busy = <A>(effect: Effect.Effect<A>): Effect.Effect<A> =>
    Effect.acquireUseRelease(
      Effect.suspend(() => {
        seen.most = Math.max(seen.most, ++seen.now)
        return seen.now === expected ? started.open : Effect.void
      }),
      () => effect,
      () => Effect.sync(() => seen.now--)
    )
  const layer: Layer.Layer<Tool.HandlersFor<Toolkit.Tools<typeof kit>>> = kit.toLayer({
    wait: ({ millis }) => busy(Effect.as(Effect.sleep(millis), millis)),
    crash: () => Effect.die(new Error("a bug")),
    hang: () => busy(Effect.never),
    strict: ({ n }) => Effect.succeed(n)
  })
  return { layer, seen, started: started.await }
}

/** The turn under `effect/ai`. */
const there = (wanted: ReadonlyArray<Wanted>, { layer }: Watched = watched()) => {
  const turn = LanguageModel.generateText({ prompt: "Go.", toolkit: kit }).pipe(
    Effect.map(({ toolResults }) => toolResults.map(({ id, result }): readonly [string, unknown] => [id, result]))
  )
  return Effect.provide(turn, Layer.merge(layer, saying([...asks(...wanted), finish("tool-calls")]).layer))
}

/** The same turn under Volley. */
const here = Effect.fnUntraced(function*(wanted: ReadonlyArray<Wanted>, { layer }: Watched = watched()) {
  const { toolkit } = yield* Effect.provide(EffectAi.fromToolkit(kit), layer)
  return yield* read(toolkit, wanted)
})

/** How a turn has ended so long after so many of its calls were at work. */
const after = Effect.fnUntraced(
  function*<A, E>(time: Duration.Input, calls: number, turn: (seen: Watched) => Effect.Effect<A, E>) {
    const handlers = watched(calls)
    const fiber = yield* Effect.forkChild(turn(handlers))
    yield* handlers.started
    yield* TestClock.adjust(time)
    const exit = fiber.pollUnsafe()
    return { most: handlers.seen.most, answers: exit === undefined ? undefined : yield* exit }
  }
)

type Watched = ReturnType<typeof watched>

const typeOf = (answer: unknown) =>
  Schema.decodeUnknownSync(Schema.Struct({ error: Schema.Struct({ type: Schema.String }) }))(answer).error.type

describe("a turn in which one tool crashes", () => {
  it.effect("is lost in effect/ai, with what the others had found", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(there([["crash"], ["wait", { millis: 0 }]]))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
    }))

  it.effect("has an error in place of that one answer in Volley", () =>
    Effect.gen(function*() {
      const [crash, wait] = yield* here([["crash"], ["wait", { millis: 0 }]])
      assert.strictEqual(typeOf(crash?.[1]), "Defect")
      assert.deepStrictEqual(wait, ["call_2", 0])
    }))
})

describe("the results of a turn", () => {
  const wanted: ReadonlyArray<Wanted> = [["wait", { millis: 300 }], ["wait", { millis: 100 }]]

  it.effect("are in order of completion in effect/ai", () =>
    Effect.gen(function*() {
      const { answers } = yield* after("1 second", 2, (seen) => there(wanted, seen))
      assert.deepStrictEqual(answers, [["call_2", 100], ["call_1", 300]])
    }))

  it.effect("are in order of the calls in Volley", () =>
    Effect.gen(function*() {
      const { answers } = yield* after("1 second", 2, (seen) => here(wanted, seen))
      assert.deepStrictEqual(answers, [["call_1", 300], ["call_2", 100]])
    }))
})

describe("a turn in which one call is malformed", () => {
  const wanted: ReadonlyArray<Wanted> = [["strict", { n: "three" }], ["strict", { n: 4 }]]

  it.effect("fails in effect/ai, where its tool does not say otherwise", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(there(wanted))
      assert.strictEqual(error.reason._tag, "ToolParameterValidationError")
    }))

  it.effect("has an error in place of that one answer in Volley", () =>
    Effect.gen(function*() {
      const [wrong, right] = yield* here(wanted)
      assert.strictEqual(typeOf(wrong?.[1]), "InvalidArguments")
      assert.deepStrictEqual(right, ["call_2", 4])
    }))
})

describe("a turn that asks for a tool that is not there", () => {
  const wanted: ReadonlyArray<Wanted> = [["strickt", { n: 3 }], ["strict", { n: 4 }]]

  it.effect("fails in effect/ai, before any tool runs", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(there(wanted))
      assert.strictEqual(error.reason._tag, "InvalidOutputError")
    }))

  it.effect("has an error in place of that one answer in Volley", () =>
    Effect.gen(function*() {
      const [wrong, right] = yield* here(wanted)
      assert.strictEqual(typeOf(wrong?.[1]), "UnknownTool")
      assert.deepStrictEqual(right, ["call_2", 4])
    }))
})

describe("a turn in which one tool hangs", () => {
  const wanted: ReadonlyArray<Wanted> = [["hang"], ["wait", { millis: 1 }]]

  it.effect("does not end in effect/ai", () =>
    Effect.gen(function*() {
      const { answers } = yield* after("1 day", 2, (seen) => there(wanted, seen))
      assert.isUndefined(answers)
    }))

  it.effect("ends after 30 seconds in Volley, where nobody says otherwise", () =>
    Effect.gen(function*() {
      const { answers } = yield* after("30 seconds", 2, (seen) => here(wanted, seen))
      const [hung, wait] = answers ?? []
      assert.strictEqual(typeOf(hung?.[1]), "Timeout")
      assert.deepStrictEqual(wait, ["call_2", 1])
    }))
})

describe("a turn of a hundred calls, where nobody says how many may run at once", () => {
  const wanted = Array.from({ length: 100 }, (): Wanted => ["wait", { millis: 1000 }])

  it.effect("has a hundred at work in effect/ai", () =>
    Effect.gen(function*() {
      const { answers, most } = yield* after("1 second", 100, (seen) => there(wanted, seen))
      assert.deepStrictEqual([most, answers?.length], [100, 100])
    }))

  it.effect("has ten at work in Volley, and 64 that run at all", () =>
    Effect.gen(function*() {
      const { answers = [], most } = yield* after("7 seconds", 10, (seen) => here(wanted, seen))
      assert.deepStrictEqual([most, answers.length], [10, 100])
      assert.strictEqual(answers.findIndex(([, answer]) => answer !== 1000), 64)
      assert.strictEqual(typeOf(answers[64]?.[1]), "LimitExceeded")
    }))
})

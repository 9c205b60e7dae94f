/** What `effect/ai` does with a turn of tools of which one misbehaves, and what Volley does with the same toolkit. */
import { assert, describe, it } from "@effect/vitest"
import { Batch } from "@volley/core"
import { EffectAi } from "@volley/effect-ai"
import { Cause, Effect, Exit, Fiber, Layer, Schema } from "effect"
import { LanguageModel, Tool, Toolkit } from "effect/ai"
import { TestClock } from "effect/testing"
import { asks, callsOf, finish, read, saying, type Wanted } from "./support.ts"

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

/** The handlers, and how many of them were at work at once at most. */
const watched = () => {
  const seen = { now: 0, most: 0 }
  const busy = <A>(effect: Effect.Effect<A>): Effect.Effect<A> =>
    Effect.acquireUseRelease(
      Effect.sync(() => {
        seen.most = Math.max(seen.most, ++seen.now)
      }),
      () => effect,
      () => Effect.sync(() => seen.now--)
    )
  const layer = kit.toLayer({
    wait: ({ millis }) => busy(Effect.as(Effect.sleep(millis), millis)),
    crash: () => Effect.die(new Error("a bug")),
    hang: () => Effect.never,
    strict: ({ n }) => Effect.succeed(n)
  })
  return { layer, seen }
}

/** The turn under `effect/ai`. */
const there = (...wanted: ReadonlyArray<Wanted>) => {
  const turn = LanguageModel.generateText({ prompt: "Go.", toolkit: kit }).pipe(
    Effect.map(({ toolResults }) => toolResults.map(({ id, result }): readonly [string, unknown] => [id, result]))
  )
  return Effect.provide(turn, Layer.merge(watched().layer, saying([...asks(...wanted), finish("tool-calls")]).layer))
}

/** The same turn under Volley. */
const here = Effect.fnUntraced(function*(...wanted: ReadonlyArray<Wanted>) {
  const { toolkit } = yield* EffectAi.fromToolkit(kit).pipe(Effect.provide(watched().layer))
  return yield* read(toolkit, wanted)
})

const typeOf = (answer: unknown) =>
  Schema.decodeUnknownSync(Schema.Struct({ error: Schema.Struct({ type: Schema.String }) }))(answer).error.type

const later = <A, E>(effect: Effect.Effect<A, E>, time: Parameters<typeof TestClock.adjust>[0]) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(Effect.exit(effect))
    yield* TestClock.adjust(time)
    return fiber.pollUnsafe()
  })

describe("a turn in which one tool crashes", () => {
  it.effect("is lost in effect/ai, with what the others had found", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(there(["crash"], ["wait", { millis: 0 }]))
      assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
    }))

  it.effect("has an error in place of that one answer in Volley", () =>
    Effect.gen(function*() {
      const [crash, wait] = yield* here(["crash"], ["wait", { millis: 0 }])
      assert.strictEqual(typeOf(crash?.[1]), "Defect")
      assert.deepStrictEqual(wait, ["call_2", 0])
    }))
})

describe("the results of a turn", () => {
  const wanted: ReadonlyArray<Wanted> = [["wait", { millis: 300 }], ["wait", { millis: 100 }]]

  it.effect("are in order of completion in effect/ai", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(there(...wanted))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(fiber), [["call_2", 100], ["call_1", 300]])
    }))

  it.effect("are in order of the calls in Volley", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(here(...wanted))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* Fiber.join(fiber), [["call_1", 300], ["call_2", 100]])
    }))
})

describe("a turn in which one call is malformed", () => {
  const wanted: ReadonlyArray<Wanted> = [["strict", { n: "three" }], ["strict", { n: 4 }]]

  it.effect("fails in effect/ai, where its tool does not say otherwise", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(there(...wanted))
      assert.strictEqual(error.reason._tag, "ToolParameterValidationError")
    }))

  it.effect("has an error in place of that one answer in Volley", () =>
    Effect.gen(function*() {
      const [wrong, right] = yield* here(...wanted)
      assert.strictEqual(typeOf(wrong?.[1]), "InvalidArguments")
      assert.deepStrictEqual(right, ["call_2", 4])
    }))
})

describe("a turn that asks for a tool that is not there", () => {
  const wanted: ReadonlyArray<Wanted> = [["strickt", { n: 3 }], ["strict", { n: 4 }]]

  it.effect("fails in effect/ai, before any tool runs", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(there(...wanted))
      assert.strictEqual(error.reason._tag, "InvalidOutputError")
    }))

  it.effect("has an error in place of that one answer in Volley", () =>
    Effect.gen(function*() {
      const [wrong, right] = yield* here(...wanted)
      assert.strictEqual(typeOf(wrong?.[1]), "UnknownTool")
      assert.deepStrictEqual(right, ["call_2", 4])
    }))
})

describe("a turn in which one tool hangs", () => {
  it.effect("never ends in effect/ai", () =>
    Effect.gen(function*() {
      assert.isUndefined(yield* later(there(["hang"], ["wait", { millis: 1 }]), "1 day"))
    }))

  it.effect("ends after 30 seconds in Volley, where nobody says otherwise", () =>
    Effect.gen(function*() {
      const exit = yield* later(here(["hang"], ["wait", { millis: 1 }]), "30 seconds")
      assert(exit !== undefined && Exit.isSuccess(exit) && Exit.isSuccess(exit.value))
      const [hung, wait] = exit.value.value
      assert.strictEqual(typeOf(hung?.[1]), "Timeout")
      assert.deepStrictEqual(wait, ["call_2", 1])
    }))
})

describe("a turn of a thousand calls, where nobody says how many may run at once", () => {
  const wanted = Array.from({ length: 1000 }, (): Wanted => ["wait", { millis: 1000 }])

  it.effect("has a thousand at work in effect/ai", () =>
    Effect.gen(function*() {
      const { layer, seen } = watched()
      const turn = LanguageModel.generateText({ prompt: "Go.", toolkit: kit })
      const fiber = yield* Effect.forkChild(
        Effect.provide(turn, Layer.merge(layer, saying([...asks(...wanted), finish("tool-calls")]).layer))
      )
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      assert.strictEqual(seen.most, 1000)
    }))

  it.effect("has ten at work in Volley, and 64 that run at all", () =>
    Effect.gen(function*() {
      const { layer, seen } = watched()
      const { toolkit } = yield* Effect.provide(EffectAi.fromToolkit(kit), layer)
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, callsOf(...wanted)))
      yield* TestClock.adjust("7 seconds")
      const { outcomes } = yield* Fiber.join(fiber)
      assert.strictEqual(seen.most, 10)
      assert.strictEqual(outcomes.filter(({ attempts }) => attempts > 0).length, 64)
      assert.strictEqual(typeOf(JSON.parse(outcomes[64]?.encoded ?? "")), "LimitExceeded")
    }))
})

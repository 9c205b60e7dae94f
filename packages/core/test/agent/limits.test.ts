/**
 * What an agent may use, and what it does when that is used up.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, AgentError, type ChatModel, type Tool, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Clock, Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { acting, ends, run } from "../support.ts"

const ok = acting("ok", () => Effect.succeed("fine"))
const toolkit = Toolkit.make(ok)
const prompt = "Go on."

const costing = (turn: ChatModel.Turn, input: number, output: number): ChatModel.Turn => ({
  ...turn,
  usage: { input, output }
})

const toolChoices = (model: ScriptedModel.ScriptedModel) => model.requests.map(({ toolChoice }) => toolChoice ?? "-")

/** Gives why an agent ended without an answer; its conversation has every call answered all the same. */
const refusalOf = Effect.fnUntraced(function*<T extends Tool.Any>(
  model: ScriptedModel.ScriptedModel,
  options: Agent.Options<T>
) {
  const error = yield* Effect.flip(Effect.provide(Agent.run(options), model.layer))
  assert.instanceOf(error, AgentError.AgentError)
  assert.isUndefined(ScriptedModel.violationOf(error.conversation))
  return error
})

describe("a limit of calls", () => {
  it.effect("runs no more of them, answers the others, and then asks for an answer", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([
        ScriptedModel.calls({ name: "ok" }, { name: "ok" }),
        ScriptedModel.calls({ name: "ok" }, { name: "ok" }),
        ScriptedModel.says("Done.")
      ])
      const ended = yield* run(model, { toolkit, prompt, maxToolCalls: 3 })
      assert.deepStrictEqual(ended.rounds.map(({ settled }) => ends(settled)), [
        ["fine", "fine"],
        ["fine", "LimitExceeded"]
      ])
      assert.deepStrictEqual([ended.limited, ended.answer], ["calls", "Done."])
      assert.deepStrictEqual(toolChoices(model), ["-", "-", "none"])
    }))

  it.effect("counts what did not fit its tool, and not what was refused for the limit", () =>
    Effect.gen(function*() {
      const three = ScriptedModel.calls({ name: "ok", arguments: "{" }, { name: "nobody" }, { name: "ok" })
      const ended = yield* run(
        ScriptedModel.make([three, ScriptedModel.calls({ name: "ok" }), ScriptedModel.says("Done.")]),
        {
          toolkit,
          prompt,
          maxToolCalls: 4,
          batch: { maxCalls: 2 }
        }
      )
      assert.deepStrictEqual(ended.rounds.map(({ settled }) => ends(settled)), [
        ["InvalidArguments", "UnknownTool", "LimitExceeded"],
        ["fine"]
      ])
    }))
})

describe("a limit of tokens", () => {
  it.effect("keeps enough for an answer, as much as the last turn, its results and a thousand more", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([
        costing(ScriptedModel.calls({ name: "ok" }), 900, 75),
        costing(ScriptedModel.says("Done."), 1000, 10)
      ])
      const spent = 975
      const next = 975 + 2 + 1024
      const ended = yield* run(model, { toolkit, prompt, maxTokens: spent + 2 * next - 1 })
      assert.deepStrictEqual([ended.limited, toolChoices(model)], ["tokens", ["-", "none"]])
      const roomy = yield* run(
        ScriptedModel.make([costing(ScriptedModel.calls({ name: "ok" }), 900, 75), ScriptedModel.says("Done.")]),
        {
          toolkit,
          prompt,
          maxTokens: spent + 2 * next
        }
      )
      assert.isFalse(roomy.limited)
    }))

  it.effect("of none asks nobody", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([ScriptedModel.says("Done.")])
      const error = yield* refusalOf(model, { toolkit, prompt, maxTokens: 0 })
      assert.deepInclude(error.reason, { _tag: "LimitReached", limit: "tokens", bound: 0 })
      assert.deepStrictEqual(model.requests, [])
    }))

  it.effect("that leaves no room for an answer ends in a typed error", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([
        costing(ScriptedModel.calls({ name: "ok" }), 900, 75),
        ScriptedModel.says("Done.")
      ])
      const error = yield* refusalOf(model, { toolkit, prompt, maxTokens: 2000 })
      assert.deepInclude(error.reason, { _tag: "LimitReached", limit: "tokens", bound: 2000 })
      assert.deepStrictEqual(error.usage, { input: 900, output: 75 })
      assert.strictEqual(error.message, "the agent met its limit of 2000 tokens")
      assert.strictEqual(model.requests.length, 1)
    }))
})

describe("a limit of time", () => {
  const slow = Toolkit.make(acting("slow", () => Effect.never))

  /** A model that takes a second for each turn. */
  const model = (...turns: ReadonlyArray<ScriptedModel.Turn>) =>
    ScriptedModel.make(turns.map((turn) => ScriptedModel.paced(turn, { latency: "1 second" })))

  const inVirtualTime = Effect.fnUntraced(function*<A, E>(effect: Effect.Effect<A, E>) {
    const fiber = yield* Effect.forkChild(
      Effect.clockWith((clock) => {
        const began = clock.currentTimeMillisUnsafe()
        return Effect.map(
          Effect.result(effect),
          (result) => ({ result, millis: clock.currentTimeMillisUnsafe() - began })
        )
      })
    )
    yield* TestClock.adjust("1 hour")
    return yield* Fiber.join(fiber)
  })

  it.effect.each([false, true])(
    "stops the calls early enough for an answer (streaming: %s)",
    (streaming) =>
      Effect.gen(function*() {
        const { layer, requests } = model(ScriptedModel.calls({ name: "slow" }), ScriptedModel.says("Done."))
        const { millis, result } = yield* inVirtualTime(
          Effect.provide(Agent.run({ toolkit: slow, prompt, maxDuration: "10 seconds", streaming }), layer)
        )
        assert(result._tag === "Success")
        assert.deepStrictEqual(result.success.rounds.map(({ settled }) => ends(settled)), [["Timeout"]])
        assert.deepStrictEqual([result.success.limited, result.success.answer], ["time", "Done."])
        assert.strictEqual(millis, 10_000)
        assert.deepStrictEqual(requests.map(({ toolChoice }) => toolChoice ?? "-"), ["-", "none"])
      })
  )

  it.effect.each([false, true])(
    "that a turn goes beyond ends in a typed error (streaming: %s)",
    (streaming) =>
      Effect.gen(function*() {
        const { layer } = model(ScriptedModel.says("Too late."))
        const { millis, result } = yield* inVirtualTime(
          Effect.provide(Agent.run({ toolkit, prompt, maxDuration: 400, streaming }), layer)
        )
        assert(result._tag === "Failure" && result.failure._tag === "AgentError")
        assert.deepInclude(result.failure.reason, { _tag: "LimitReached", limit: "time" })
        assert.strictEqual(millis, 400)
      })
  )
})

describe("an agent without options", () => {
  it.effect("has five rounds, however long they take and whatever they use", () =>
    Effect.gen(function*() {
      const once = Effect.delay(Effect.succeed(costing(ScriptedModel.calls({ name: "ok" }), 1e9, 1e9)), "2 days")
      const agent = Agent.run({ toolkit, prompt }).pipe(
        Effect.provide(
          ScriptedModel.layer(({ toolChoice }) => toolChoice === "none" ? ScriptedModel.says("Done.") : once)
        )
      )
      const fiber = yield* Effect.forkChild(agent, { startImmediately: true })
      yield* TestClock.adjust("10 days")
      const { answer, limited, rounds } = yield* Fiber.join(fiber)
      assert.deepStrictEqual([answer, limited, rounds.length], ["Done.", "rounds", 5])
    }))
})

describe("a limit of time, while somebody sets the wall clock", () => {
  it.effect("holds for the time that really goes by", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      let ahead = 0
      const wall: Clock.Clock = Object.create(clock, {
        currentTimeMillisUnsafe: { value: () => clock.currentTimeMillisUnsafe() + ahead }
      })
      const model = ScriptedModel.layer((_request, number) => {
        ahead = Duration.toMillis("1 day")
        return number === 1 ? ScriptedModel.calls({ name: "ok" }) : ScriptedModel.says("Done.")
      })
      const agent = Agent.run({ toolkit, prompt, maxDuration: "1 hour" })
      const ended = yield* agent.pipe(Effect.provide(model), Effect.provideService(Clock.Clock, wall))
      assert.deepStrictEqual([ended.answer, ended.limited], ["Done.", false])
    }))
})

describe("atLimit: fail", () => {
  const limits = [
    { limit: "rounds", options: { maxRounds: 1 } },
    { limit: "calls", options: { maxToolCalls: 1 } },
    { limit: "tokens", options: { maxTokens: 1500 } }
  ] as const

  it.effect.each(limits)(
    "ends in a typed error at a limit of $limit where the model wants to go on",
    ({ limit, options }) =>
      Effect.gen(function*() {
        const model = ScriptedModel.make([ScriptedModel.calls({ name: "ok" })], { repeat: true })
        const error = yield* refusalOf(model, { toolkit, prompt, atLimit: "fail", ...options })
        assert.deepInclude(error.reason, { _tag: "LimitReached", limit })
        assert.deepStrictEqual(toolChoices(model), ["-", "-"])
        assert.include(JSON.stringify(error.conversation.messages.at(-1)), "LimitExceeded")
      })
  )

  it.effect.each(limits)("takes an answer that comes at a limit of $limit", ({ options }) =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([ScriptedModel.calls({ name: "ok" }), ScriptedModel.says("Done.")])
      const ended = yield* run(model, { toolkit, prompt, atLimit: "fail", ...options })
      assert.deepStrictEqual([ended.answer, ended.limited, toolChoices(model)], ["Done.", false, ["-", "-"]])
    }))

  it.effect("ends in a typed error where the model only paused at the limit", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([ScriptedModel.pauses("Hm."), ScriptedModel.pauses("Hm.")])
      const error = yield* refusalOf(model, { toolkit, prompt, atLimit: "fail", maxRounds: 1 })
      assert.strictEqual(error.reason._tag, "LimitReached")
    }))

  it.effect("asks for no turn that is beyond the limit itself", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([costing(ScriptedModel.calls({ name: "ok" }), 900, 75)])
      const error = yield* refusalOf(model, { toolkit, prompt, atLimit: "fail", maxTokens: 1000 })
      assert.deepInclude(error.reason, { _tag: "LimitReached", limit: "tokens" })
      assert.strictEqual(model.requests.length, 1)
    }))
})

describe("limits that make no sense", () => {
  const number = "give a whole number from 0 on"
  const duration = "give a duration such as \"2 seconds\""

  it.effect.each(
    [
      { options: { maxRounds: -1 }, problem: `Agent.Options.maxRounds is -1: ${number}.` },
      { options: { maxToolCalls: 1.5 }, problem: `Agent.Options.maxToolCalls is 1.5: ${number}.` },
      { options: { maxTokens: Number.NaN }, problem: `Agent.Options.maxTokens is NaN: ${number}.` },
      { options: { maxDuration: Number.NaN }, problem: `Agent.Options.maxDuration is NaN: ${duration}.` },
      { options: { maxDuration: -5 }, problem: `Agent.Options.maxDuration is -5: ${duration}.` },
      { options: { batch: { deadline: -1 } }, problem: `Batch.Options.deadline is -1: ${duration}, or "unbounded".` }
    ] as const
  )("die before any model is asked: $problem", ({ options, problem }) =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([ScriptedModel.calls({ name: "ok" }), ScriptedModel.says("")])
      const exit = yield* Effect.exit(Effect.provide(Agent.run({ toolkit, prompt, ...options }), model.layer))
      assert.include(String(exit), problem)
      assert.deepStrictEqual(model.requests, [])
    }))
})

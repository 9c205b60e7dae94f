/**
 * What an agent's tokens are and cost.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, AgentError, type ChatModel, Pricing, Toolkit, Usage } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Effect } from "effect"
import { acting, run } from "../support.ts"

const toolkit = Toolkit.make(acting("ok", () => Effect.succeed("fine")))
const options = { toolkit, prompt: "Go on." }
const usage: Usage.Usage = { input: 1000, output: 100, cached: 600, cacheWrite: 100, reasoning: 40 }
const pricing: Pricing.Pricing = { "m-1": { input: 10, output: 100, cached: 1, cacheWrite: 20, reasoning: 50 } }
/** 300 read, 600 of the cache, 100 into it, 60 written, 40 thought. */
const price = (300 * 10 + 600 * 1 + 100 * 20 + 60 * 100 + 40 * 50) / 1_000_000

const of = (turn: ChatModel.Turn, model?: string): ScriptedModel.Turn => ({ ...turn, usage, model })

describe("usage", () => {
  it("adds up kind by kind; what nobody says stays unsaid", () => {
    assert.deepStrictEqual(Usage.plus(usage, { input: 1, output: 2 }), { ...usage, input: 1001, output: 102 })
    assert.deepStrictEqual(Usage.plus(Usage.none, { input: 1, output: 2 }), { input: 1, output: 2 })
    assert.deepStrictEqual(Usage.plus(usage, usage), {
      input: 2000,
      output: 200,
      cached: 1200,
      cacheWrite: 200,
      reasoning: 80
    })
  })

  it("takes what a provider says for a count only where it is one", () => {
    assert.deepStrictEqual(
      Usage.make({ input: "3", output: null, cached: Number.NaN, cacheWrite: undefined, reasoning: 0 }),
      { input: 0, output: 0, reasoning: 0 }
    )
  })
})

describe("Pricing.cost", () => {
  it("counts every kind of token once, by its own rate", () => {
    assert.approximately(Pricing.cost(pricing, "m-1", usage) ?? 0, price, 1e-12)
    const plain = { "m-1": { input: 10, output: 100 } }
    assert.approximately(Pricing.cost(plain, "m-1", usage) ?? 0, 0.02, 1e-12)
  })

  it.each([
    ["m-1", true],
    ["m-1-2026-08-01", true],
    ["m-1-20260801", true],
    ["m-1-002", true],
    ["m-1-latest", true],
    ["m-1-mini", false],
    ["m-10", false],
    ["constructor", false],
    [undefined, false]
  ])("knows the model %s by its name without date or version: %s", (model, isKnown) => {
    assert.strictEqual(Pricing.cost(pricing, model, usage) !== undefined, isKnown)
    assert.isDefined(Pricing.cost({ ...pricing, "*": { input: 1, output: 1 } }, model, usage))
  })
})

describe("the cost of an agent", () => {
  it.effect("is that of all its turns, whichever models wrote them", () =>
    Effect.gen(function*() {
      const script = [of(ScriptedModel.calls({ name: "ok" }), "m-1"), of(ScriptedModel.says("Done."), "m-2")]
      const rates = { ...pricing, "m-2": { input: 0, output: 1000 } }
      const ended = yield* run(ScriptedModel.make(script), { ...options, pricing: rates })
      assert.approximately(ended.cost ?? 0, price + 0.1, 1e-12)
      assert.deepStrictEqual(ended.usage, Usage.plus(usage, usage))
      assert.isUndefined((yield* run(ScriptedModel.make(script), { ...options, pricing })).cost)
      assert.isUndefined((yield* run(ScriptedModel.make(script), options)).cost)
    }))

  it.effect("is bounded: a turn's cost is kept for the answer, and more than that fails", () =>
    Effect.gen(function*() {
      const script = [of(ScriptedModel.calls({ name: "ok" }), "m-1"), of(ScriptedModel.says("Done."), "m-1")]
      const at = (maxCost: number) => run(ScriptedModel.make(script), { ...options, pricing, maxCost })
      assert.strictEqual((yield* at(3.01 * price)).limited, false)
      assert.strictEqual((yield* at(2.99 * price)).limited, "cost")
      const failure = Effect.provide(
        Agent.run({ ...options, pricing, maxCost: 1.5 * price }),
        ScriptedModel.make(script).layer
      )
      const error = yield* Effect.flip(failure)
      assert.instanceOf(error, AgentError.AgentError)
      assert.deepStrictEqual([error.reason._tag, error.reason._tag === "LimitReached" && error.reason.limit], [
        "LimitReached",
        "cost"
      ])
      assert.approximately(error.cost ?? 0, price, 1e-12)
    }))

  it.effect("cannot be bounded where a model has no price, nor without prices at all", () =>
    Effect.gen(function*() {
      const script = [of(ScriptedModel.calls({ name: "ok" }), "m-9"), of(ScriptedModel.says("Done."), "m-9")]
      const asking = Agent.run({ ...options, pricing, maxCost: 1 })
      const error = yield* Effect.flip(Effect.provide(asking, ScriptedModel.make(script).layer))
      assert.instanceOf(error, AgentError.AgentError)
      assert.strictEqual(error.reason._tag, "Unpriced")
      assert.include(error.message, "m-9")
      const dies = yield* Effect.exit(
        Effect.provide(Agent.run({ ...options, maxCost: 1 }), ScriptedModel.layer(script))
      )
      assert.include(String(dies), "pricing")
    }))
})

describe("a prompt of images and documents", () => {
  it.effect("reaches the model as it was given", () =>
    Effect.gen(function*() {
      const prompt = [{ type: "text", text: "What is this?" }, {
        type: "image",
        mediaType: "image/png",
        data: "AAAA"
      }] as const
      const model = ScriptedModel.make([ScriptedModel.says("A dot.")])
      yield* run(model, { toolkit, prompt })
      assert.deepStrictEqual(model.requests[0]?.conversation.messages, [
        { role: "user", text: "What is this?", content: prompt }
      ])
    }))
})

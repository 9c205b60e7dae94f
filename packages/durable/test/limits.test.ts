/**
 * Limits that count over restarts, and what a run costs in statements.
 */
import { assert, describe, it } from "@effect/vitest"
import { Tool, ToolCall, Toolkit } from "@volley/core"
import { Durable } from "@volley/durable"
import { ScriptedModel } from "@volley/testing"
import { Effect, Layer, Schema } from "effect"
import { lifeOf } from "./support/lives.ts"
import { inTime, newStore, start } from "./support/world.ts"

type Limits = Pick<
  Durable.Options<Tool.Any>,
  "maxRounds" | "maxToolCalls" | "maxTokens" | "maxDuration" | "atLimit"
>

/** An agent whose model asks for two calls as often as it may, or so many times. */
const world = (limits: Limits, rounds = Infinity, millis = 0) => {
  const same = { parameters: Schema.Struct({ n: Schema.Int }), success: Schema.Int }
  const act = ({ n }: { readonly n: number }) =>
    millis > 0 ? Effect.delay(Effect.succeed(n), millis) : Effect.succeed(n)
  const toolkit = Toolkit.make(
    Tool.make("look", { ...same, description: "Looks.", readOnly: true, execute: act }),
    Tool.make("put", { ...same, description: "Puts.", idempotent: true, execute: act })
  )
  const model = ScriptedModel.make(({ conversation: { messages }, toolChoice }) => {
    const n = messages.filter(({ role }) => role === "assistant").length
    return n >= rounds || toolChoice === "none"
      ? ScriptedModel.says("done")
      : ScriptedModel.calls(...["look", "put"].map((name) => ({ name, arguments: { n } })))
  })
  const agent = Durable.agent("support", { toolkit, ...limits })
  const running = Effect.flatMap(agent.start({ runId: "r1", prompt: "Go." }), (run) => run.await)
  return { agent, layer: Layer.provide(agent.layer, model.layer), model, running }
}

describe("a run with limits", () => {
  const limits = [
    ["rounds", { maxRounds: 4 }],
    ["calls", { maxToolCalls: 5 }],
    ["tokens", { maxTokens: 2100 }]
  ] as const
  for (const [limit, options] of limits) {
    it.effect(`meets that of its ${limit} where it would have, wherever its process dies`, () =>
      Effect.gen(function*() {
        const whole = yield* throughDeath(options, undefined)
        assert.strictEqual(whole.ended?.limited, limit)
        for (let at = 1; at <= whole.statements; at++) {
          const { ended } = yield* throughDeath(options, at)
          assert.deepStrictEqual(
            [ended?.limited, ended?.usage, ended?.conversation.messages.map(({ role }) => role)],
            [limit, whole.ended?.usage, whole.ended?.conversation.messages.map(({ role }) => role)],
            `after statement ${at}`
          )
        }
      }))
  }

  it.effect("meets that of its time by when it was begun, though nothing ran meanwhile", () =>
    Effect.gen(function*() {
      const { agent, layer, model, running } = world({ maxDuration: "10 seconds" }, Infinity, 3000)
      const stored = yield* newStore
      const { context, kill } = yield* inTime(start(stored, layer))
      yield* inTime(Effect.provideContext(agent.start({ runId: "r1", prompt: "Go." }), context))
      yield* inTime(Effect.sleep("4 seconds"))
      yield* kill
      const before = model.requests.length
      yield* inTime(Effect.sleep("20 seconds"))
      const { ended } = yield* lifeOf(stored, Effect.flip(running), { layer })
      assert.include(ended?.message, "limit of 10000 milliseconds")
      assert.strictEqual(model.requests.length, before)
    }))
})

const throughDeath = Effect.fnUntraced(function*(limits: Limits, at: number | undefined) {
  const { layer, running } = world(limits)
  const stored = yield* newStore
  if (at !== undefined) yield* lifeOf(stored, running, { layer, fate: { at, when: "after" } })
  return yield* lifeOf(stored, running, { layer })
}, Effect.scoped)

describe("what a run costs", () => {
  it.effect("is one statement for a read and two for a write, and fewer for those of one moment", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(...["look", "pay"].map((name) =>
        Tool.make(name, {
          description: "Acts.",
          parameters: Schema.Struct({ n: Schema.Int }),
          success: Schema.Int,
          readOnly: name === "look",
          execute: ({ n }) => Effect.succeed(n)
        })
      ))
      const cost = (name: string, count: number, concurrency: number) => {
        const calls = Array.from({ length: count }, (_, n) => ToolCall.make({ id: `c${n}`, name, arguments: { n } }))
        const running = Durable.batch("r1", toolkit, calls, { concurrency })
        return Effect.flatMap(newStore, (stored) => Effect.map(lifeOf(stored, running), ({ statements }) => statements))
      }
      const none = yield* cost("look", 0, 1)
      assert.deepStrictEqual(yield* cost("look", 8, 1), none + 8)
      assert.deepStrictEqual(yield* cost("pay", 8, 1), none + 16)
      assert.deepStrictEqual(yield* cost("look", 8, 8), none + 1)
      assert.deepStrictEqual(yield* cost("pay", 8, 8), none + 2)
    }))

  it.effect("is the same to go on behind few rounds as behind many", () =>
    Effect.gen(function*() {
      const goingOn = Effect.fnUntraced(function*(rounds: number) {
        const limits = { maxRounds: rounds + 1 }
        const { layer, model, running } = world(limits, rounds)
        const stored = yield* newStore
        yield* lifeOf(stored, running, { layer, fate: { at: ([state]) => state === "done", when: "before" } })
        const { ended, statements } = yield* lifeOf(stored, running, { layer })
        assert.deepStrictEqual([ended?.answer, model.requests.length], ["done", rounds + 1])
        assert.strictEqual(ended?.conversation.messages.length, 2 * rounds + 2)
        return statements
      })
      assert.strictEqual(yield* goingOn(250), yield* goingOn(5))
    }))
})

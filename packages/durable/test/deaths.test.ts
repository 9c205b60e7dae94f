/**
 * Runs whose process dies twice, or inside an agent that is a tool, and what shows that these tests would notice a fault.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, Tool, Toolkit } from "@volley/core"
import { Durable } from "@volley/durable"
import { ScriptedModel } from "@volley/testing"
import { Effect, Layer, Random, Schema } from "effect"
import { lifeOf } from "./support/lives.ts"
import { type Fate, newStore, newStoreOfEngine } from "./support/world.ts"

const parameters = Schema.Struct({ n: Schema.Int })
const pricing = { "*": { input: 3, output: 15 } }

/** A line of the ledger: what a tool did to the world, under which key. */
interface Line {
  readonly tool: string
  readonly n: number
  readonly key: string
}

/**
 * Two turns of calls and an answer, by an agent, or by one inside it.
 *
 * - `stored`: makes its store
 * - `isControl`: the write claims to be idempotent, so that nothing is kept before it begins
 */
const world = ({ isControl = false, isInner = false, stored = newStore } = {}) => {
  const ledger: Array<Line> = []
  const act = (tool: string) => ({ n }: { readonly n: number }, { idempotencyKey: key }: Tool.Call) =>
    Effect.as(Effect.andThen(Effect.sleep(10), Effect.sync(() => ledger.push({ tool, n, key }))), n * n)
  const same = { parameters, success: Schema.Int }
  const tools = Toolkit.make(
    Tool.make("look", { ...same, description: "Looks.", readOnly: true, execute: act("look") }),
    Tool.make("put", { ...same, description: "Puts.", idempotent: true, execute: act("put") }),
    Tool.make("pay", { ...same, description: "Pays.", idempotent: isControl, execute: act("pay") })
  )
  const clerk = Agent.asTool("clerk", { description: "Does it.", toolkit: tools, system: "clerk" })
  const model = ScriptedModel.make(({ conversation: { messages } }) => {
    const asked = messages.filter(({ role }) => role === "assistant").length
    const isBoss = messages.some((message) => message.role === "system" && message.text === "boss")
    if (isBoss) {
      return asked === 0
        ? ScriptedModel.calls({ name: "clerk", arguments: { task: "Do it." } })
        : ScriptedModel.says("done")
    }
    return asked < 2
      ? ScriptedModel.calls(...["look", "put", "pay"].map((name) => ({ name, arguments: { n: asked } })))
      : ScriptedModel.says("done")
  })
  const agent = isInner
    ? Durable.agent("support", { toolkit: Toolkit.make(clerk), system: "boss", pricing })
    : Durable.agent("support", { toolkit: tools, system: "clerk" })
  const running = Effect.flatMap(agent.start({ runId: "r1", prompt: "Go." }), (run) => run.await)
  return { ledger, layer: Layer.provide(agent.layer, model.layer), model, running, stored }
}

/** A run through some deaths: what it came to, and what was done twice that may not be, or under another key. */
const throughDeaths = Effect.fnUntraced(function*(fates: ReadonlyArray<Fate>, options?: Parameters<typeof world>[0]) {
  const { layer, ledger, model, running, stored: newStored } = world(options)
  const stored = yield* newStored
  for (const fate of fates) yield* lifeOf(stored, running, { layer, fate })
  const { ended, statements } = yield* lifeOf(stored, running, { layer })
  const pays = ledger.filter(({ tool }) => tool === "pay")
  const twice = pays.filter(({ n }, index) => pays.some((other, at) => at < index && other.n === n))
  const keys = new Set(ledger.map(({ key }) => key)).size
  const lost = [0, 1].filter((n) => !pays.some((pay) => pay.n === n))
  const done = new Set(ledger.map(({ n, tool }) => `${tool} ${n}`)).size
  return { ended, twice, keys, done, lost, statements, requests: model.requests.length }
}, Effect.scoped)

const points = (statements: number): ReadonlyArray<Fate> =>
  Array.from({ length: statements }, (_, index) => index + 1).flatMap((at) => [
    { at, when: "before" as const },
    { at, when: "after" as const }
  ])

describe("a run whose process dies", () => {
  it.effect.each([newStore, newStoreOfEngine])(
    "twice, at any of its statements and then at some other one, does no write twice",
    (stored) =>
      Effect.gen(function*() {
        const { statements } = yield* throughDeaths([], { stored })
        for (const fate of points(statements)) {
          const at = yield* Random.nextIntBetween(1, statements)
          const fates = [fate, { at, when: (yield* Random.nextBoolean) ? "before" as const : "after" as const }]
          const { done, ended, keys, lost, twice } = yield* throughDeaths(fates, { stored })
          const told = JSON.stringify(fates)
          assert.strictEqual(ended?.answer, "done", told)
          assert.deepStrictEqual([twice, keys], [[], done], told)
          const uncertain = JSON.stringify(ended?.conversation).split("outcome is unknown").length - 1
          assert.isAtLeast(uncertain, lost.length, told)
        }
      }).pipe(Random.withSeed(7))
  )

  it.effect("in the middle of an agent inside it, goes on inside, with no write twice", () =>
    Effect.gen(function*() {
      const whole = yield* throughDeaths([], { isInner: true })
      assert.deepStrictEqual([whole.lost, whole.requests], [[], 5])
      for (const fate of points(whole.statements)) {
        const { done, ended, keys, requests, twice } = yield* throughDeaths([fate], { isInner: true })
        const told = JSON.stringify(fate)
        assert.strictEqual(ended?.answer, "done", told)
        assert.deepStrictEqual([twice, keys], [[], done], told)
        assert.isAtMost(requests, 6, told)
        assert.deepStrictEqual(ended?.usage, whole.ended?.usage, told)
        assert.closeTo(ended?.cost ?? NaN, whole.ended?.cost ?? 0, 1e-12, told)
      }
    }))

  it.effect("does writes twice where nothing is kept before they begin", () =>
    Effect.gen(function*() {
      const { statements } = yield* throughDeaths([], { isControl: true })
      const fates = points(statements).filter(({ when }) => when === "before")
      const lives = yield* Effect.forEach(fates, (fate) => throughDeaths([fate], { isControl: true }))
      assert.isAbove(lives.filter(({ twice }) => twice.length > 0).length, 0)
    }))
})

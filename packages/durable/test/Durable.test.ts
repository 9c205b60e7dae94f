/**
 * Runs that end, whatever happens to their process.
 */
import { assert, describe, it } from "@effect/vitest"
import { Toolkit } from "@volley/core"
import { Durable } from "@volley/durable"
import { Effect } from "effect"
import { lifeOf } from "./support/lives.ts"
import { world } from "./support/threeTurns.ts"
import { type Fate, inTime, newStore, start } from "./support/world.ts"

describe("a run of an agent", () => {
  it.effect("ends, and is found again", () =>
    Effect.gen(function*() {
      const { agent, layer, ledger } = world()
      const stored = yield* newStore
      const { context, kill } = yield* inTime(start(stored, layer))
      const running = Effect.flatMap(agent.start({ runId: "r1", prompt: "Go." }), (run) => run.await)
      const ended = yield* inTime(Effect.provideContext(running, context))
      assert.strictEqual(ended.answer, "done")
      yield* kill
      const second = yield* inTime(start(stored, layer))
      assert.deepStrictEqual(yield* inTime(Effect.provideContext(running, second.context)), ended)
      assert.strictEqual(ledger.length, 9)
    }))

  it.effect("ends after a death before or after any of its statements, and never writes twice", () =>
    Effect.gen(function*() {
      const whole = yield* throughDeath(undefined)
      assert.deepStrictEqual(whole.uncertain, [])
      for (let at = 1; at <= whole.statements; at++) {
        for (const when of ["before", "after"] as const) {
          const { answer, answered, ledger, uncertain } = yield* throughDeath({ at, when })
          assert.deepStrictEqual([answer, answered], ["done", 9], `${when} statement ${at}`)
          const pays = ledger.filter((line) => line.startsWith("pay"))
          assert.strictEqual(new Set(pays).size, pays.length, `${when} statement ${at}: ${ledger.join(", ")}`)
          const lost = [0, 1, 2].filter((n) => !pays.includes(`pay ${n}`))
          assert.includeMembers(uncertain, lost, `${when} statement ${at}`)
        }
      }
    }))

  it.effect("runs each write once where the world can say what became of it", () =>
    Effect.gen(function*() {
      const { statements } = yield* throughDeath(undefined)
      for (let at = 1; at <= statements; at++) {
        for (const when of ["before", "after"] as const) {
          const { ledger, uncertain } = yield* throughDeath({ at, when }, true)
          const pays = ledger.filter((line) => line.startsWith("pay"))
          assert.deepStrictEqual([pays, uncertain], [["pay 0", "pay 1", "pay 2"], []], `${when} statement ${at}`)
        }
      }
    }))
})

describe("a run of another agent", () => {
  it.effect("is not found by this one", () =>
    Effect.gen(function*() {
      const { agent, layer } = world()
      const { context } = yield* inTime(start(yield* newStore, layer))
      yield* inTime(Effect.provideContext(agent.start({ runId: "r1", prompt: "Go." }), context))
      const other = Durable.agent("other", { toolkit: Toolkit.make() })
      const error = yield* Effect.flip(Effect.provideContext(other.find("r1"), context))
      assert.strictEqual(error.message, "r1: it does not exist; look for its id with `Durable.list`")
    }))
})

describe("a run whose calls need somebody's decision", () => {
  it.effect("is ended for good by whoever cancels it", () =>
    Effect.gen(function*() {
      const { agent, layer } = world({ approval: "always" })
      const stored = yield* newStore
      const { context } = yield* inTime(start(stored, layer))
      const run = yield* inTime(Effect.provideContext(agent.start({ runId: "r1", prompt: "Go." }), context))
      yield* inTime(Effect.sleep("5 seconds"))
      yield* inTime(run.cancel)
      const error = yield* inTime(Effect.flip(run.await))
      assert.strictEqual(error.message, "r1: it was cancelled")
      assert.deepStrictEqual(yield* Effect.provideContext(Durable.waiting(), context), [])
      const other = yield* Effect.flip(
        Effect.provideContext(agent.start({ runId: "r1", prompt: "Other." }), context)
      )
      assert.include(other.message, "other input")
    }))
})

/** A run whose process dies where it is said, and that another one goes on with: what it came to, and what it did. */
const throughDeath = Effect.fnUntraced(function*(fate: Fate | undefined, canAsk = false) {
  const { agent, layer, ledger } = world({ canAsk })
  const stored = yield* newStore
  const running = Effect.flatMap(agent.start({ runId: "r1", prompt: "Go." }), (run) => run.await)
  const { statements } = yield* lifeOf(stored, running, { layer, fate })
  const { ended } = yield* lifeOf(stored, running, { layer })
  const messages = ended?.conversation.messages ?? []
  const results = messages.flatMap((message) => message.role === "tool" ? [message.results] : [])
  const uncertain = results.flatMap((round, n) =>
    round.some(({ name, text }) => name === "pay" && text.includes("unknown")) ? [n] : []
  )
  const done = ledger.map(({ what }) => what)
  return { answer: ended?.answer, answered: results.flat().length, ledger: done, uncertain, statements }
})

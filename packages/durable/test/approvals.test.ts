/**
 * Runs whose calls wait for somebody's decision.
 */
import { assert, describe, it } from "@effect/vitest"
import { Approver, Pipeline, Tool, ToolCall, Toolkit } from "@volley/core"
import { Durable, DurableError } from "@volley/durable"
import { ScriptedModel } from "@volley/testing"
import { Effect, Layer, Schema } from "effect"
import { TestClock } from "effect/testing"
import { world } from "./support/threeTurns.ts"
import { inTime, newStore, newStoreOfEngine, type Process, start, until, within } from "./support/world.ts"

const parameters = Schema.Struct({ n: Schema.Int })

/** Pays, once it may, and writes down what it paid. */
const payingInto = (paid: Array<number>) =>
  Tool.make("pay", {
    description: "Pays.",
    parameters,
    success: Schema.Int,
    approval: "always",
    execute: ({ n }) => Effect.sync(() => (paid.push(n), n * n))
  })

/** One turn of as many payments as there are numbers, and an answer. */
const paying = (numbers: ReadonlyArray<number>, approvals?: Durable.Deadline) => {
  const paid: Array<number> = []
  const pay = payingInto(paid)
  const model = ScriptedModel.make([
    ScriptedModel.calls(...numbers.map((n) => ({ name: "pay", arguments: { n } }))),
    ScriptedModel.says("done")
  ])
  const agent = Durable.agent("payer", { toolkit: Toolkit.make(pay), approvals })
  return { agent, paid, requests: model.requests, layer: Layer.provide(agent.layer, model.layer) }
}

/** A run that waits, whose process is gone. */
const waitingFor = Effect.fnUntraced(function*(numbers: ReadonlyArray<number>, approvals?: Durable.Deadline) {
  const { agent, layer, paid, requests } = paying(numbers, approvals)
  const stored = yield* newStore
  const first = yield* inTime(start(stored, layer))
  const run = yield* within(first, agent.start({ runId: "r1", prompt: "Pay." }))
  yield* until(first, run.poll, ({ state }) => state === "waiting")
  yield* first.kill
  return { agent, layer, paid, requests, stored }
})

/** What the model was told of the calls of the first turn. */
const told = (requests: ScriptedModel.ScriptedModel["requests"]) =>
  requests.flatMap(({ conversation: { messages } }) =>
    messages.flatMap((message) => message.role === "tool" ? message.results.map(({ text }) => text) : [])
  )

const decideFrom = (process: Process, key: string, decision: Durable.Decision) =>
  within(process, Durable.decide(key, decision))

describe("a run whose calls need somebody's decision", () => {
  it.effect.each([newStore, newStoreOfEngine])(
    "waits without a process, and goes on once all are decided elsewhere",
    (newStored) =>
      Effect.gen(function*() {
        const { agent, layer, ledger } = world({ approval: "always" })
        const stored = yield* newStored
        const first = yield* inTime(start(stored, layer))
        const run = yield* within(first, agent.start({ runId: "r1", prompt: "Go." }))
        yield* until(first, run.poll, ({ state }) => state === "waiting")
        yield* first.kill
        const second = yield* inTime(start(stored, layer))
        const decideAll = (decision: Durable.Decision) =>
          Effect.gen(function*() {
            const waiting = yield* until(second, Durable.waiting("r1"), ({ length }) => length > 0)
            yield* Effect.forEach(waiting, ({ key }) => decideFrom(second, key, decision))
            return waiting.map(({ parameters, tool }) => [tool, parameters])
          })
        assert.deepStrictEqual(yield* decideAll("allowed"), [["pay", { n: 0 }]])
        assert.deepStrictEqual(yield* decideAll({ denied: "Too much." }), [["pay", { n: 1 }]])
        assert.deepStrictEqual(yield* decideAll("allowed"), [["pay", { n: 2 }]])
        const { answer, conversation } = yield* within(second, Effect.flatMap(agent.find("r1"), (run) => run.await))
        assert.strictEqual(answer, "done")
        assert.include(JSON.stringify(conversation), "Too much.")
        assert.deepStrictEqual(ledger.flatMap(({ what }) => what.startsWith("pay") ? [what] : []), ["pay 0", "pay 2"])
        assert.strictEqual(ledger.length, 8)
      })
  )

  it.effect("asks an approver that crashes once, and then waits for a decision from elsewhere", () =>
    Effect.gen(function*() {
      const { agent, layer, paid } = paying([7])
      let asked = 0
      const crashing = Approver.layer(() => Effect.sync(() => assert.fail(`asked ${++asked} times`)))
      const process = yield* inTime(start(yield* newStore, Layer.provide(layer, crashing)))
      const run = yield* within(process, agent.start({ runId: "r1", prompt: "Pay." }))
      const [waiting] = yield* until(process, Durable.waiting("r1"), ({ length }) => length > 0)
      yield* inTime(Effect.sleep("10 seconds"))
      assert.strictEqual(asked, 1)
      yield* decideFrom(process, waiting?.key ?? "", "allowed")
      assert.strictEqual((yield* within(process, run.await)).answer, "done")
      assert.deepStrictEqual([paid, asked], [[7], 1])
    }))

  it.effect("asks about all calls of a turn at once, and goes on when the last one is decided", () =>
    Effect.gen(function*() {
      const { agent, layer, paid, requests, stored } = yield* waitingFor([1, 2, 3])
      const reader = yield* inTime(start(stored, Layer.empty))
      const waiting = yield* within(reader, Durable.waiting())
      assert.deepStrictEqual(
        waiting.map(({ callId, parameters, runId, tool }) => [callId, parameters, runId, tool]).sort(),
        [1, 2, 3].map((n) => [`call_${n}`, { n }, "r1", "pay"])
      )
      const keys = waiting.toSorted((a, b) => a.callId < b.callId ? -1 : 1).map(({ key }) => key)
      const decisions: ReadonlyArray<Durable.Decision> = ["allowed", { denied: "Not that." }, { allowed: { n: 30 } }]
      const second = yield* inTime(start(stored, layer))
      for (const [at, decision] of decisions.entries()) {
        assert.deepStrictEqual(paid, [])
        assert.lengthOf(yield* within(reader, Durable.waiting("r1")), 3 - at)
        yield* decideFrom(reader, keys[at] ?? "", decision)
        yield* inTime(Effect.sleep("2 seconds"))
      }
      const { answer } = yield* within(second, Effect.flatMap(agent.find("r1"), (run) => run.await))
      assert.strictEqual(answer, "done")
      assert.deepStrictEqual(paid.toSorted(), [1, 30])
      assert.lengthOf(requests, 2)
      const [one, two, three] = told(requests.slice(1))
      assert.include(one, "1")
      assert.include(two, "Not that.")
      assert.include(three, "900")
    }))

  it.effect("goes on at the next start of its process where all was decided without one", () =>
    Effect.gen(function*() {
      const { agent, layer, paid, stored } = yield* waitingFor([1, 2])
      const decider = yield* inTime(start(stored, Layer.empty))
      const waiting = yield* within(decider, Durable.waiting())
      for (const { key } of waiting) yield* decideFrom(decider, key, "allowed")
      yield* decider.kill
      const second = yield* inTime(start(stored, layer))
      const ended = yield* within(second, Effect.flatMap(agent.find("r1"), (run) => run.await))
      assert.strictEqual(ended.answer, "done")
      assert.deepStrictEqual(paid.toSorted(), [1, 2])
    }))

  it.effect("runs nothing while one of two calls is undecided, however often its process starts", () =>
    Effect.gen(function*() {
      const { layer, paid, requests, stored } = yield* waitingFor([1, 2])
      const decider = yield* inTime(start(stored, Layer.empty))
      const [first] = yield* within(decider, Durable.waiting())
      yield* decideFrom(decider, first?.key ?? "", "allowed")
      for (let starts = 0; starts < 3; starts++) {
        const process = yield* inTime(start(stored, layer))
        yield* inTime(Effect.sleep("2 seconds"))
        assert.lengthOf(yield* within(process, Durable.waiting()), 1)
        yield* process.kill
      }
      assert.deepStrictEqual([paid, requests.length], [[], 1])
    }))

  it.effect("takes the first decision on a call, and says of another that nobody waits for it", () =>
    Effect.gen(function*() {
      const { agent, layer, paid, stored } = yield* waitingFor([1])
      const process = yield* inTime(start(stored, layer))
      const [waits] = yield* within(process, Durable.waiting())
      const key = waits?.key ?? ""
      yield* decideFrom(process, key, "denied")
      for (const again of [key, "no such key"]) {
        const error = yield* Effect.flip(decideFrom(process, again, "allowed"))
        assert.strictEqual(error.reason._tag, "NotWaiting")
        assert.strictEqual(error.message, `${again}: ${new DurableError.NotWaiting().message}`)
      }
      yield* within(process, Effect.flatMap(agent.find("r1"), (run) => run.await))
      assert.deepStrictEqual(paid, [])
    }))

  it.effect("waits for nobody any more once it is cancelled", () =>
    Effect.gen(function*() {
      const { agent, layer, stored } = yield* waitingFor([1])
      const process = yield* inTime(start(stored, layer))
      const [waits] = yield* within(process, Durable.waiting())
      const run = yield* within(process, agent.find("r1"))
      yield* inTime(run.cancel)
      assert.deepStrictEqual(yield* within(process, Durable.waiting()), [])
      const error = yield* Effect.flip(decideFrom(process, waits?.key ?? "", "allowed"))
      assert.strictEqual(error.reason._tag, "NotWaiting")
      assert.strictEqual((yield* inTime(Effect.flip(run.await))).message, "r1: it was cancelled")
    }))

  it.effect("is decided once it has waited too long, also where no process was there then", () =>
    Effect.gen(function*() {
      for (const otherwise of [undefined, { denied: "Not today." }, "allowed"] as const) {
        const { agent, layer, paid, requests, stored } = yield* waitingFor([1, 2], { within: "2 days", otherwise })
        yield* TestClock.adjust("47 hours")
        const early = yield* inTime(start(stored, layer))
        const waiting = yield* within(early, Durable.waiting())
        const one = waiting.find(({ parameters }) => JSON.stringify(parameters) === "{\"n\":1}")
        yield* decideFrom(early, one?.key ?? "", "allowed")
        yield* inTime(Effect.sleep("3 seconds"))
        assert.strictEqual((yield* within(early, Durable.waiting())).length, 1)
        yield* early.kill
        yield* TestClock.adjust("1 hour")
        const late = yield* inTime(start(stored, layer))
        yield* within(late, Effect.flatMap(agent.find("r1"), (run) => run.await))
        yield* late.kill
        assert.sameMembers(paid, otherwise === "allowed" ? [1, 2] : [1])
        const words = told(requests).join()
        assert.strictEqual(words.includes("it was not decided within 2d"), otherwise === undefined)
        assert.strictEqual(words.includes("Not today."), typeof otherwise === "object")
      }
    }))
})

describe("a batch or a pipeline whose call needs somebody's decision", () => {
  it.effect("is decided once it has waited too long, when it is asked for again", () =>
    Effect.gen(function*() {
      const paid: Array<number> = []
      const pay = payingInto(paid)
      const call = ToolCall.make({ id: "call_1", name: "pay", arguments: { n: 3 } })
      const pipeline = Pipeline.make((call) => ({ paid: call(pay, { n: 4 }) }))
      const process = yield* inTime(start(yield* newStore, Layer.empty))
      const both = (approvals: Durable.Deadline) =>
        within(
          process,
          Effect.all([
            Effect.map(Durable.batch("b", Toolkit.make(pay), [call], { approvals }), ({ outcomes }) => outcomes),
            Effect.map(Durable.pipeline("p", pipeline, { approvals }), ({ outcomes }) => outcomes)
          ])
        )
      const waiting = Effect.map(within(process, Durable.waiting()), (waits) => waits.map(({ runId }) => runId))
      yield* both({ within: "2 days" })
      yield* TestClock.adjust("47 hours")
      yield* both({ within: "2 days" })
      assert.deepStrictEqual(yield* waiting, ["b", "p"])
      yield* within(process, Durable.batch("other", Toolkit.make(pay), [call]))
      yield* TestClock.adjust("1 hour")
      const denied = yield* both({ within: "2 days" })
      for (const [outcome] of denied) assert.include(outcome?.encoded, "it was not decided within 2d")
      assert.deepStrictEqual([yield* waiting, paid], [["other"], []])
      const approvals = { within: "1 hour", otherwise: "allowed" } as const
      yield* within(process, Durable.batch("other", Toolkit.make(pay), [call], { approvals }))
      assert.deepStrictEqual([yield* waiting, paid], [[], [3]])
    }))
})

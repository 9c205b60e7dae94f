/**
 * What ended is never run again: batches, plans and pipelines that are asked for a second time, and those that die between.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, type Outcome, Pipeline, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { Durable } from "@volley/durable"
import { Effect, Random, Result, Schema } from "effect"
import { lifeOf } from "./support/lives.ts"
import { newStore, rowOf } from "./support/world.ts"

class Odd extends Schema.TaggedError<Odd>()("Odd", { n: Schema.Int }) {}

const parameters = Schema.Struct({ n: Schema.Int, millis: Schema.Int })

const repeatable: ReadonlyArray<string> = ["look", "put"]

/** Tools that end in every way there is; each start is a line of the ledger, with the key of its call. */
const world = () => {
  const ledger: Array<string> = []
  const begin = (name: string, { idempotencyKey }: Tool.Call) =>
    Effect.sync(() => ledger.push(`${name} ${idempotencyKey}`))
  const of =
    <E>(name: string, end: (n: number) => Effect.Effect<number, E>) =>
    ({ millis, n }: typeof parameters.Type, call: Tool.Call) =>
      Effect.andThen(begin(name, call), Effect.andThen(Effect.sleep(millis), end(n)))
  const squared = (n: number) => Effect.succeed(n * n)
  const same = { parameters, success: Schema.Int }
  const steps = Toolkit.make(
    Tool.coalesce(
      Tool.make("look", { ...same, description: "Looks.", readOnly: true, execute: of("look", squared) })
    ),
    Tool.make("put", { ...same, description: "Puts.", idempotent: true, execute: of("put", squared) }),
    Tool.make("pay", { ...same, description: "Pays.", execute: of("pay", squared) }),
    Tool.make("odd", {
      ...same,
      description: "Fails.",
      failure: Odd,
      execute: of("odd", (n) => Effect.fail(new Odd({ n })))
    }),
    Tool.make("boom", { ...same, description: "Crashes.", execute: of("boom", () => Effect.die(new Error("boom"))) }),
    Tool.make("late", {
      ...same,
      description: "Never ends.",
      timeout: "30 millis",
      execute: of("late", () => Effect.never)
    }),
    Tool.make("unfit", { ...same, description: "Gives no integer.", execute: of("unfit", () => Effect.succeed(0.5)) })
  )
  return { ledger, steps, toolkit: Toolkit.merge(steps, Toolkit.make(Plan.tool(steps))) }
}

const kinds = ["look", "look", "put", "pay", "pay", "odd", "boom", "late", "unfit"] as const

const argumentsOf = Effect.gen(function*() {
  const n = yield* Random.nextIntBetween(0, 5)
  return { n, millis: 20 * (yield* Random.nextIntBetween(0, 4)) }
})

const oneOf = Effect.map(Random.nextIntBetween(0, kinds.length - 1), (at) => kinds[at] ?? "look")

const step = (index: number) =>
  Effect.gen(function*() {
    const tool = yield* oneOf
    const args = yield* argumentsOf
    const needs = index > 0 && (yield* Random.nextBoolean)
    return { id: `s${index}`, tool, arguments: needs ? { ...args, n: { $ref: `s${index - 1}` } } : args }
  })

const call = (index: number): Effect.Effect<ToolCall.ToolCall> =>
  Effect.gen(function*() {
    const id = `call_${index}`
    const kind = yield* Random.nextIntBetween(0, 9)
    if (kind === 0) return ToolCall.make({ id, index, name: "gone", arguments: {} })
    if (kind === 1) return ToolCall.make({ id, index, name: "pay", arguments: { n: "none" } })
    if (kind < 4) {
      const steps = yield* Effect.forEach([0, 1, 2], step)
      return ToolCall.make({ id, index, name: "plan", arguments: { steps } })
    }
    return ToolCall.make({ id, index, name: yield* oneOf, arguments: yield* argumentsOf })
  })

const callsOf = (seed: number) =>
  Random.withSeed(
    Effect.flatMap(
      Random.nextIntBetween(1, 8),
      (count) => Effect.forEach(Array.from({ length: count }, (_, index) => index), call)
    ),
    seed
  )

const composites = ["plan", "Pipeline.each"]

/** All that does not depend on when the run was asked for again; what has parts is put together anew from them. */
const shown = ({ attempts, call, encoded, endedAt, name, result, startedAt }: Outcome.Outcome) => ({
  id: call.id,
  name,
  encoded,
  attempts,
  value: Result.isSuccess(result) ? result.success : result.failure._tag,
  times: attempts > 0 && !composites.includes(name ?? "") ? [startedAt, endedAt] : []
})

const seeds = Array.from({ length: 20 }, (_, index) => index + 1)

/** The row of a call that has ended, where this is so. */
const endOfCall = (isIt: () => boolean) => (values: ReadonlyArray<unknown>) => {
  const isEnd = rowOf("call", true)
  return typeof isEnd === "function" && isEnd(values) && isIt()
}

describe("a batch that is kept", () => {
  it.effect("gives equal calls of a coalesced tool what is kept of the first, unless a write lies between them", () =>
    Effect.gen(function*() {
      let value = 0
      const ran: Array<string> = []
      const look = Tool.coalesce(Tool.make("look", {
        description: "Looks.",
        parameters: Schema.Struct({ n: Schema.Int }),
        success: Schema.Int,
        readOnly: true,
        access: [Access.read("it")],
        execute: () => Effect.sync(() => (ran.push("look"), value))
      }))
      const put = Tool.make("put", {
        description: "Puts.",
        parameters: Schema.Struct({ n: Schema.Int }),
        success: Schema.Void,
        access: [Access.write("it")],
        execute: ({ n }) => Effect.sync(() => void (ran.push("put"), value = n))
      })
      const calls = ["look", "look", "put", "look"].map((name, index) =>
        ToolCall.make({ id: `call_${index}`, index, name, arguments: { n: 7 } })
      )
      for (const [at, kept] of [[1, ["look"]], [3, ["look", "put"]]] as const) {
        ran.length = 0
        value = 0
        const stored = yield* newStore
        const running = Durable.batch("r1", Toolkit.make(look, put), calls)
        let ends = 0
        const fate = { at: endOfCall(() => (ends += 1) === at), when: "after" } as const
        yield* lifeOf(stored, running, { fate })
        assert.deepStrictEqual<ReadonlyArray<string>>(ran, kept, "the process did not die where it should")
        value += 100
        const { ended } = yield* lifeOf(stored, running)
        const read = ended?.outcomes.map(({ encoded }) => encoded)
        assert.deepStrictEqual(read, ["0", "0", "null", at === 1 ? "7" : "107"])
        assert.deepStrictEqual(ran, ["look", "put", "look"])
      }
    }).pipe(Effect.scoped))

  it.effect("comes to the same when it is asked for again, and runs no tool", () =>
    Effect.forEach(seeds, (seed) =>
      Effect.gen(function*() {
        const calls = yield* callsOf(seed)
        const { ledger, toolkit } = world()
        const stored = yield* newStore
        const running = Durable.batch("r1", toolkit, calls, { concurrency: 3 })
        const first = yield* lifeOf(stored, running)
        const ran = ledger.splice(0)
        const second = yield* lifeOf(stored, running)
        assert.strictEqual(first.ended?.outcomes.length, calls.length)
        assert.deepStrictEqual(second.ended?.outcomes.map(shown), first.ended?.outcomes.map(shown), `seed ${seed}`)
        assert.deepStrictEqual(ledger, [], `seed ${seed}, where ${ran.join(", ")} had run`)
      }).pipe(Effect.scoped), { discard: true }))

  it.effect("answers what ended from its rows where no room, time or call is left", () =>
    Effect.gen(function*() {
      const calls = yield* callsOf(2)
      const { ledger, toolkit } = world()
      const stored = yield* newStore
      const first = yield* lifeOf(stored, Durable.batch("r1", toolkit, calls))
      ledger.splice(0)
      const strict = { maxCalls: 0, deadline: "1 milli", timeout: "1 milli" } as const
      const second = yield* lifeOf(stored, Durable.batch("r1", toolkit, calls, strict))
      const ended = (outcomes: ReadonlyArray<Outcome.Outcome> = []) =>
        outcomes.filter(({ attempts, name }) => attempts > 0 && !composites.includes(name ?? "")).map(shown)
      assert.isAbove(ended(first.ended?.outcomes).length, 2)
      assert.includeDeepMembers(ended(second.ended?.outcomes), ended(first.ended?.outcomes))
      assert.deepStrictEqual(ledger, [])
    }))

  it.effect("counts the steps of a plan that ran before for its limit of calls", () =>
    Effect.gen(function*() {
      const { ledger, toolkit } = world()
      const steps = [0, 1, 2, 3].map((n) => ({ id: `s${n}`, tool: "put", arguments: { n, millis: 0 } }))
      const calls = [ToolCall.make({ id: "c", name: "plan", arguments: { steps } })]
      const stored = yield* newStore
      const running = Durable.batch("r1", toolkit, calls, { maxCalls: 2 })
      const first = yield* lifeOf(stored, running)
      assert.strictEqual(ledger.splice(0).length, 2)
      const second = yield* lifeOf(stored, running)
      assert.deepStrictEqual(second.ended?.outcomes.map(shown), first.ended?.outcomes.map(shown))
      assert.deepStrictEqual(ledger, [])
    }))

  it.effect("ends after two deaths at any of its statements, and begins no write twice", () =>
    Effect.forEach(seeds, (seed) =>
      Effect.gen(function*() {
        const calls = yield* callsOf(seed)
        const whole = yield* lifeOf(yield* newStore, Durable.batch("r1", world().toolkit, calls, { concurrency: 3 }))
        const fate = Effect.gen(function*() {
          const at = yield* Random.nextIntBetween(1, whole.statements)
          return { at, when: (yield* Random.nextBoolean) ? "before" : "after" } as const
        })
        const { ledger, toolkit } = world()
        const stored = yield* newStore
        const running = Durable.batch("r1", toolkit, calls, { concurrency: 3 })
        const fates = yield* Random.withSeed(Effect.all([fate, fate]), seed)
        for (const one of fates) yield* lifeOf(stored, running, { fate: one })
        const last = yield* lifeOf(stored, running)
        const told = `seed ${seed}, ${JSON.stringify(fates)}: ${ledger.join(", ")}`
        assert.strictEqual(last.ended?.outcomes.length, calls.length, told)
        const writes = ledger.filter((line) => !repeatable.some((name) => line.startsWith(name)))
        assert.strictEqual(new Set(writes).size, writes.length, told)
      }).pipe(Effect.scoped), { discard: true }))
})

const add = (ledger: Array<string>) =>
  Tool.make("add", {
    description: "Adds.",
    parameters: Schema.Struct({ a: Schema.Int, b: Schema.Int }),
    success: Schema.Int,
    failure: Odd,
    execute: ({ a, b }, { idempotencyKey }) =>
      Effect.gen(function*() {
        ledger.push(idempotencyKey)
        yield* Effect.sleep(20 * (b % 3))
        return (a + b) % 7 === 0 ? yield* new Odd({ n: a }) : a + b
      })
  })

/** Steps that need each other at random, and one for each element of a list that a step gives. */
const pipelineOf = (ledger: Array<string>, wanted: ReadonlyArray<{ readonly b: number; readonly back: number }>) => {
  const tool = add(ledger)
  return Pipeline.make((call) => {
    const steps: Array<Pipeline.Step<typeof tool>> = []
    for (const { b, back } of wanted) {
      const before = steps[steps.length - back]
      steps.push(call(tool, { a: before ?? 1, b }))
    }
    const [first = call(tool, { a: 1, b: 1 })] = steps
    const list = first.pipe(Pipeline.map((n) => [n, n + 1]))
    return {
      ...Object.fromEntries(steps.map((step, index) => [`s${index}`, step])),
      each: Pipeline.each(list, (n) => call(tool, { a: n, b: 2 }))
    }
  })
}

describe("a pipeline that is kept", () => {
  it.effect("comes to the same when it is asked for again, and runs no tool, after a death too", () =>
    Effect.forEach(seeds, (seed) =>
      Effect.gen(function*() {
        const one = Effect.all({ b: Random.nextIntBetween(1, 9), back: Random.nextIntBetween(1, 4) })
        const wanted = yield* Random.withSeed(Effect.all(Array.from({ length: 5 }, () => one)), seed)
        const ledger: Array<string> = []
        const running = Durable.pipeline("r1", pipelineOf(ledger, wanted))
        const stored = yield* newStore
        const first = yield* lifeOf(stored, running)
        assert.strictEqual(new Set(ledger).size, ledger.length)
        ledger.splice(0)
        const second = yield* lifeOf(stored, running)
        assert.deepStrictEqual(second.ended?.outcomes.map(shown), first.ended?.outcomes.map(shown), `seed ${seed}`)
        assert.deepStrictEqual(ledger, [], `seed ${seed}`)
        const other = yield* newStore
        const at = yield* Random.withSeed(Random.nextIntBetween(1, first.statements), seed)
        yield* lifeOf(other, running, { fate: { at, when: "after" } })
        const last = yield* lifeOf(other, running)
        assert.isAbove(last.ended?.outcomes.length ?? 0, 5)
        assert.strictEqual(new Set(ledger).size, ledger.length, `seed ${seed}`)
      }).pipe(Effect.scoped), { discard: true }))
})

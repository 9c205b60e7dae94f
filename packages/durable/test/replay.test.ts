/**
 * Batches, plans and pipelines that are told again.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, type Outcome, Pipeline, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { Durable } from "@volley/durable"
import { Generate } from "@volley/testing"
import { Arbitrary, Effect, Layer, Result, Schema } from "effect"
import { inTime, newStore, start, within } from "./support/world.ts"

const parameters = Schema.Struct({ n: Schema.Int })
const ends = ["works", "fails", "crashes", "hangs", "writes"] as const

/** Tools that come to all kinds of ends, and how often they ran. */
const tools = () => {
  const counts = { ran: 0 }
  const tool = <N extends (typeof ends)[number]>(name: N, act: (n: number) => Effect.Effect<number, string>) =>
    Tool.make(name, {
      description: "Acts.",
      parameters,
      success: Schema.Int,
      failure: Schema.String,
      timeout: 50,
      access: name === "writes" ? () => [Access.write("k")] : undefined,
      execute: ({ n }) => Effect.suspend(() => (counts.ran++, act(n)))
    })
  const works = tool("works", (n) => Effect.as(Effect.sleep(n), n))
  const all = Toolkit.make(
    works,
    tool("fails", (n) => Effect.fail(`no ${n}`)),
    tool("crashes", (n) => Effect.die(new Error(`bug ${n}`))),
    tool("hangs", () => Effect.never),
    tool("writes", (n) => Effect.as(Effect.sleep(n), n + 1))
  )
  return { counts, works, toolkit: Toolkit.merge(all, Toolkit.make(Plan.tool(all))) }
}

/** What became of calls, in plain words. */
const plain = (outcomes: ReadonlyArray<Outcome.Outcome>) =>
  outcomes.map(({ call, result }) => [
    call.id,
    Result.isSuccess(result) ? result.success : [result.failure._tag, result.failure.message]
  ])

interface One {
  readonly name: string
  readonly n: number
}

interface Case {
  readonly calls: ReadonlyArray<One>
  readonly steps: ReadonlyArray<One>
  readonly concurrency: number
}

const one: Arbitrary.Arbitrary<One> = Arbitrary.all({ name: Generate.oneOf(...ends, "nobody"), n: Generate.upTo(9) })
const cases: Arbitrary.Arbitrary<Case> = Arbitrary.all({
  calls: Arbitrary.array(one, { maxLength: 8 }),
  steps: Arbitrary.array(one, { maxLength: 5 }),
  concurrency: Generate.oneOf(1, 2, 8)
})

const callsOf = ({ calls, steps }: Case) =>
  [
    ...calls.map(({ n, name }) => ({ name, arguments: { n } })),
    {
      name: "plan",
      arguments: { steps: steps.map(({ n, name }, at) => ({ id: `s${at}`, tool: name, arguments: { n } })) }
    }
  ].map((call, index) => ({
    ...ToolCall.make({ id: `call_${index}`, name: call.name, index }),
    arguments: call.arguments
  }))

describe("what has ended", () => {
  it.effect("is told again in another process, where nothing runs: batches and plans", () =>
    Effect.gen(function*() {
      let ran = 0
      const isTold = Effect.fnUntraced(function*(batch: Case) {
        const { counts, toolkit } = tools()
        const stored = yield* newStore
        const settle = Durable.batch("b1", toolkit, callsOf(batch), { concurrency: batch.concurrency })
        const first = yield* inTime(start(stored, Layer.empty))
        const settled = yield* within(first, settle)
        yield* first.kill
        ran += counts.ran
        counts.ran = 0
        const second = yield* inTime(start(stored, Layer.empty))
        const again = yield* within(second, settle)
        assert.deepStrictEqual(plain(again.outcomes), plain(settled.outcomes))
        assert.strictEqual(counts.ran, 0)
        return true
      }, Effect.scoped)
      const checked = yield* Arbitrary.checkEffect(cases, isTold, { runs: 60, size: 20, seed: 1 })
      assert.notStrictEqual(checked._tag, "Falsified")
      assert.isAbove(ran, 100)
    }))

  it.effect("is told again in another process, where nothing runs: pipelines", () =>
    Effect.gen(function*() {
      const { counts, works } = tools()
      const stored = yield* newStore
      for (let length = 1; length <= 5; length++) {
        const chain = Pipeline.make((call) => {
          let last = call(works, { n: length })
          for (let at = 1; at < length; at++) last = call(works, { n: last })
          return { last }
        })
        const settle = Durable.pipeline(`p${length}`, chain)
        const first = yield* inTime(start(stored, Layer.empty))
        const settled = yield* within(first, settle)
        assert.strictEqual(counts.ran, length)
        const second = yield* inTime(start(stored, Layer.empty))
        const again = yield* within(second, settle)
        assert.deepStrictEqual(plain(again.outcomes), plain(settled.outcomes))
        assert.strictEqual(counts.ran, length)
        counts.ran = 0
      }
    }))
})

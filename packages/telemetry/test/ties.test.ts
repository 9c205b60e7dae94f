/**
 * The critical path where many calls end at the same time: of what calls touch it follows on its own who waits for whom, and
 * the path has to be one of the longest chains of that.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, AgentEvent, Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { Generate } from "@volley/testing"
import { Arbitrary, Effect, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import type { Run } from "../src/Run.ts"
import * as Timeline from "../src/Timeline.ts"

const parameters = Schema.Struct({
  reads: Schema.Array(Schema.String),
  writes: Schema.Array(Schema.String),
  ms: Schema.Int
})

type Touching = typeof parameters.Type

const keys = (most: number) => Arbitrary.array(Generate.oneOf("a", "b", "c", "d"), { maxLength: most })

const cases: Arbitrary.Arbitrary<{ readonly calls: ReadonlyArray<Touching> }> = Arbitrary.all({
  calls: Arbitrary.array(
    Arbitrary.all({ reads: keys(2), writes: keys(2), ms: Arbitrary.map(Generate.upTo(3), (n) => n + 1) }),
    { maxLength: 15 }
  )
})

/** Those that only read may hang, and are timed out: behind a write that was, nothing would run. */
const limit = 4
const hangs = ({ ms, writes }: Touching): boolean => ms === limit && writes.length === 0
const took = (call: Touching): number => hangs(call) ? limit : Math.min(call.ms, limit - 1)

const tool = Tool.make("touch", {
  description: "Touches.",
  parameters,
  success: Schema.Int,
  readOnly: true,
  timeout: limit,
  access: ({ reads, writes }) => [...reads.map(Access.read), ...writes.map(Access.write)],
  execute: (call) => Effect.as(Effect.sleep(hangs(call) ? "1 hour" : took(call)), call.ms)
})

const runOf = (calls: ReadonlyArray<Touching>): Effect.Effect<Run> =>
  Effect.gen(function*() {
    const events: Array<AgentEvent.AgentEvent> = []
    const settled = Batch.run(
      Toolkit.make(tool),
      calls.map((call, index) => ToolCall.make({ id: `c${index}`, name: "touch", arguments: { ...call }, index })),
      {
        concurrency: "unbounded",
        onCall: (event) => Effect.sync(() => void events.push(AgentEvent.encode(event)))
      }
    )
    const fiber = yield* Effect.forkChild(settled, { startImmediately: true })
    yield* TestClock.adjust("1 day")
    yield* Fiber.join(fiber)
    return { head: { volley: "run" as const, version: 1 as const, at: 0 }, events }
  }).pipe(Effect.provide(TestClock.layer()))

const meet = (a: Touching, b: Touching): boolean =>
  a.writes.some((key) => b.writes.includes(key) || b.reads.includes(key)) ||
  b.writes.some((key) => a.reads.includes(key))

/** When calls start and end: each when all before it have ended that it meets. */
const times = (calls: ReadonlyArray<Touching>): ReadonlyArray<readonly [start: number, end: number]> =>
  calls.reduce<ReadonlyArray<readonly [number, number]>>((known, call) => {
    const start = Math.max(0, ...known.flatMap(([, end], n) => meet(calls[n]!, call) ? [end] : []))
    return [...known, [start, start + took(call)]]
  }, [])

describe("the critical path of calls that end together", () => {
  it.effect("is a chain of calls each of which waited for the one before it", () =>
    Effect.gen(function*() {
      const isRight = ({ calls }: { readonly calls: ReadonlyArray<Touching> }) =>
        Effect.map(runOf(calls), (run) => {
          const { length, path } = Timeline.make(run)
          const known = times(calls)
          assert.strictEqual(length, Math.max(0, ...known.map(([, end]) => end)))
          const places = path.map(({ id, kind }) => kind === "run" ? Number(id.slice(1)) : NaN)
          assert.deepStrictEqual(path.map(({ from, to }) => [from, to]), places.map((n) => [...known[n] ?? []]))
          for (const [nth, n] of places.entries()) {
            const before = places[nth - 1]
            assert.isTrue(before === undefined || (before < n && meet(calls[before]!, calls[n]!)), `${before} ${n}`)
          }
          return true
        })
      const checked = yield* Arbitrary.checkEffect(cases, isRight, { runs: 150, size: 40, seed: 18 })
      assert.strictEqual(checked._tag, "Passed", JSON.stringify(checked))
    }))
})

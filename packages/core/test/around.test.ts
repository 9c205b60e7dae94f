/**
 * Behaviour around a tool that the runner need not know: `Tool.around` and `Tool.hedge`.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Cause, Context, Effect, Layer, Schedule, Schema } from "effect"
import { CircuitBreaker } from "effect/persistence"
import { expectTypeOf } from "vitest"
import { aDayOf, spansOf } from "./order/support.ts"
import { acting, callsOf, ends, pay, recordingLogger } from "./support.ts"

class Cache extends Context.Service<Cache, { readonly name: string }>()("test/Cache") {}

describe("Tool.around", () => {
  it.effect("the behaviour added last is the outermost", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const tool = Tool.make("echo", {
        description: "For tests.",
        parameters: Schema.Struct({}),
        success: Schema.String,
        execute: () => Effect.sync(() => log.push("run")).pipe(Effect.as("done"))
      })
      const noting = (name: string) => (inner: typeof tool) =>
        Tool.around(inner, (effect) =>
          Effect.acquireUseRelease(
            Effect.sync(() => log.push(`+${name}`)),
            () => effect,
            () => Effect.sync(() => log.push(`-${name}`))
          ))
      const settled = yield* Batch.run(Toolkit.make(noting("outer")(noting("inner")(tool))), callsOf("echo"))
      assert.deepStrictEqual(ends(settled), ["done"])
      assert.deepStrictEqual(log, ["+outer", "+inner", "run", "-inner", "-outer"])
    }))

  it.effect("sees every attempt and its call", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const flaky = acting("flaky", (_, { attempt }) => attempt < 3 ? Effect.fail("not yet") : Effect.succeed("done"), {
        idempotent: true
      })
      const around = Tool.around(flaky, (effect, { attempt, id, idempotencyKey }) => {
        seen.push([id, attempt, idempotencyKey.length])
        return effect
      })
      const settled = yield* Batch.run(Toolkit.make(around), callsOf("flaky"), { retry: Schedule.recurs(5) })
      assert.deepStrictEqual(ends(settled), ["done"])
      assert.deepStrictEqual(seen, [["call_1", 1, 36], ["call_1", 2, 36], ["call_1", 3, 36]])
    }))

  it.effect("has a call that failed end as a crash where it crashes over that, which is not tried again", () =>
    Effect.gen(function*() {
      let ran = 0
      const fails = acting("fails", () => Effect.suspend(() => (ran++, Effect.fail("no"))), { readOnly: true })
      const around = Tool.around(
        fails,
        Effect.catchCause((cause) => Effect.failCause(Cause.combine(cause, Cause.die(new Error("bug")))))
      )
      const batch = Batch.run(Toolkit.make(around), callsOf("fails"), { retry: Schedule.recurs(3) })
      const settled = yield* Effect.provide(batch, recordingLogger().layer)
      assert.deepStrictEqual([ends(settled), ran], [["Defect"], 1])
    }))

  /** An agent that is a tool, whose model wants what has to be decided first. */
  const clerk = () => {
    const calls = callsOf("clerk", "long").map((call) => ({ ...call, arguments: { task: "Pay." } }))
    const tool = Agent.asTool("clerk", { description: "Pays.", toolkit: Toolkit.make(pay) })
    return { calls, model: ScriptedModel.layer([ScriptedModel.calls({ name: "pay" })]), tool }
  }
  const long = acting("long", () => Effect.as(Effect.sleep(50), "done"))

  it.effect("may answer in the place of an agent that waits for a decision", () =>
    Effect.gen(function*() {
      const { calls, model, tool } = clerk()
      const answer = { value: "not today", json: "not today" }
      const around = Tool.around(tool, (effect) => Effect.catch(effect, () => Effect.succeed(answer)))
      const settled = yield* aDayOf(Effect.provide(Batch.run(Toolkit.make(around, long), calls), model))
      assert.deepStrictEqual([ends(settled), settled.pending], [["not today", "done"], []])
    }))

  it.effect("has nothing told of an agent any more that waits for a decision", () =>
    Effect.gen(function*() {
      const { calls, model, tool } = clerk()
      const told: Array<string> = []
      const onCall = (event: Batch.CallEvent) =>
        Effect.sync(() => void (event._tag === "CallProgress" && told.push(event.call.id)))
      const around = Tool.around(
        tool,
        (effect, { progress }) => Effect.andThen(Effect.forkDetach(Effect.delay(progress("late"), 20)), effect)
      )
      const settled = yield* aDayOf(Effect.provide(Batch.run(Toolkit.make(around, long), calls, { onCall }), model))
      assert.deepStrictEqual([ends(settled), told], [["Undecided", "done"], []])
    }))

  it.effect("may answer in the tool's place", () =>
    Effect.gen(function*() {
      const never = acting("never", () => Effect.never)
      const cached = Tool.around(never, () => Effect.succeed({ value: "cached", json: "cached" }))
      const { outcomes } = yield* Batch.run(Toolkit.make(cached), callsOf("never"))
      assert.strictEqual(outcomes[0]?.encoded, "\"cached\"")
    }))

  it.effect("what it fails with, throws or waits for is the call's alone", () =>
    Effect.gen(function*() {
      const done = () => Effect.succeed("done")
      const toolkit = Toolkit.make(
        Tool.around(acting("throws", done), (effect, { attempt }) => {
          if (attempt === 1) throw new Error("bug")
          return effect
        }),
        Tool.around(acting("dies", done), (effect) => Effect.andThen(effect, Effect.die("bug"))),
        Tool.around(acting("fails", () => Effect.fail("no")), (effect) => effect),
        Tool.around(acting("hangs", done), (effect) => Effect.andThen(effect, Effect.never)),
        acting("plain", done)
      )
      const settled = yield* aDayOf(Batch.run(toolkit, callsOf("throws", "dies", "fails", "hangs", "plain")))
      assert.deepStrictEqual(ends(settled), ["Defect", "Defect", { failure: "no" }, "Timeout", "done"])
    }))

  it.effect.each(["a text", new Error("lost"), Object.assign(new Error("lost"), { isRetryable: true }), null, {
    _tag: "Timeout"
  }])(
    "has a call crash that it fails with what is no error of Volley's, in plain JavaScript: %s",
    (error) =>
      Effect.gen(function*() {
        const wrongly = () => Effect.fail(error as never)
        const flaky = acting("flaky", () => Effect.succeed("done"), { readOnly: true })
        const toolkit = Toolkit.make(
          Tool.around(flaky, wrongly),
          Tool.breaker(Tool.around(acting("broken", () => Effect.succeed("done")), wrongly)),
          { ...acting("read", () => Effect.succeed("done")), decode: wrongly }
        )
        const { layer, lines } = recordingLogger()
        const breaker = CircuitBreaker.layer({ tripPolicy: CircuitBreaker.consecutive(1), openDuration: "1 minute" })
          .pipe(
            Layer.provide(CircuitBreaker.layerStoreMemory())
          )
        const batch = Batch.run(toolkit, callsOf("flaky", "broken", "broken", "read"), {
          concurrency: 1,
          retry: Schedule.recurs(3)
        })
        const settled = yield* Effect.provide(batch, [layer, breaker])
        assert.deepStrictEqual(ends(settled), ["Defect", "Defect", "Unavailable", "Defect"])
        assert.lengthOf(lines.filter(({ text }) => text === "A tool crashed"), 3)
      })
  )

  it.effect("adds what it needs to the requirements of the tool, and may provide some", () =>
    Effect.gen(function*() {
      const plain = acting("plain", () => Effect.succeed("plain"))
      const named = Tool.around(plain, (effect) =>
        Effect.flatMap(Cache, ({ name }) => Effect.map(effect, () => ({ value: name, json: name }))))
      expectTypeOf<Tool.Requirements<typeof plain>>().toEqualTypeOf<never>()
      expectTypeOf<Tool.Requirements<typeof named>>().toEqualTypeOf<Cache>()
      const batch = Batch.run(Toolkit.make(named), callsOf("plain"))
      expectTypeOf<Effect.Services<typeof batch>>().toEqualTypeOf<Cache>()
      assert.deepStrictEqual(ends(yield* Effect.provideService(batch, Cache, { name: "shelf" })), ["shelf"])
    }))
})

/** A read-only tool whose requests last so long, one after the other, and fail where they are negative. */
const lookup = (...durations: ReadonlyArray<number>) => {
  const log: Array<string> = []
  let requests = 0
  const tool = Tool.make("lookup", {
    description: "For tests.",
    parameters: Schema.Struct({}),
    success: Schema.Int,
    failure: Schema.String,
    readOnly: true,
    execute: () =>
      Effect.suspend(() => {
        const request = ++requests
        const millis = durations[request - 1] ?? 0
        log.push(`+${request}`)
        return Effect.sleep(Math.abs(millis)).pipe(
          Effect.andThen(millis < 0 ? Effect.fail("refused") : Effect.succeed(request)),
          Effect.onInterrupt(() => Effect.sync(() => log.push(`!${request}`)))
        )
      })
  })
  return { log, tool }
}

const hedged = (...durations: ReadonlyArray<number>) => {
  const { log, tool } = lookup(...durations)
  const calls = [ToolCall.make({ id: "c", name: "lookup" })]
  return Effect.map(
    aDayOf(Batch.run(Toolkit.make(Tool.hedge("100 millis")(tool)), calls)),
    (settled) => ({ log, ends: ends(settled), spans: spansOf(settled, 0) })
  )
}

describe("Tool.hedge", () => {
  it.effect("asks once where the answer comes soon", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* hedged(50, 10), { log: ["+1"], ends: [1], spans: [[0, 50]] })
    }))

  it.effect("asks a second time after a while, takes the first answer and stops the other", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* hedged(500, 10), { log: ["+1", "+2", "!1"], ends: [2], spans: [[0, 110]] })
    }))

  it.effect("which may be the first's", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* hedged(150, 500), { log: ["+1", "+2", "!2"], ends: [1], spans: [[0, 150]] })
    }))

  it.effect("takes a failure for the answer that it is: a call that failed is not asked for again", () =>
    Effect.gen(function*() {
      const { ends, log, spans } = yield* hedged(-50, 10)
      assert.deepStrictEqual(ends, [{ failure: "refused" }])
      assert.deepStrictEqual(log, ["+1"])
      assert.deepStrictEqual(spans, [["ToolFailure", 0, 50]])
    }))

  it.effect("the second attempt is told, where one begins", () =>
    Effect.gen(function*() {
      const toldOf = (...durations: ReadonlyArray<number>) => {
        const told: Array<unknown> = []
        const toolkit = Toolkit.make(Tool.hedge("100 millis")(lookup(...durations).tool))
        const onCall = ({ _tag, at }: Batch.CallEvent) => Effect.sync(() => void told.push([_tag, at]))
        const run = Batch.run(toolkit, [ToolCall.make({ id: "c", name: "lookup" })], { onCall })
        return Effect.as(aDayOf(run), told)
      }
      const late = [["CallStarted", 0], ["CallHedged", 100], ["CallSettled", 110]]
      assert.deepStrictEqual(yield* toldOf(500, 10), late)
    }))

  it.effect("and only there", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const toolkit = Toolkit.make(Tool.hedge("100 millis")(lookup(50, 10).tool))
      const onCall = ({ _tag }: Batch.CallEvent) => Effect.sync(() => void told.push(_tag))
      yield* aDayOf(Batch.run(toolkit, [ToolCall.make({ id: "c", name: "lookup" })], { onCall }))
      assert.deepStrictEqual(told, ["CallStarted", "CallSettled"])
    }))

  it("takes tools that read alone", () => {
    const writer = acting("writer", () => Effect.succeed("done"))
    // @ts-expect-error it is not `readOnly`
    assert.throws(() => Tool.hedge("1 second")(writer), "Tool.hedge: \"writer\" is not `readOnly`")
    const { tool } = lookup()
    expectTypeOf(Tool.hedge("1 second")(tool)).toEqualTypeOf(tool)
  })
})

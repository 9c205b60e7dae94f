/**
 * What agents cost is counted once, however often they go on, and wherever they end.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, Approver, ChatModelError, Tool, Toolkit } from "@volley/core"
import { Telemetry } from "@volley/telemetry"
import { ScriptedModel } from "@volley/testing"
import { Effect, Exit, Fiber, Layer, Metric, Schema, Tracer } from "effect"
import { recordingTracer } from "./spans.ts"

const same = { description: "For tests.", parameters: Schema.Struct({}), success: Schema.String }
const pay = Tool.make("pay", { ...same, approval: "always", execute: () => Effect.succeed("paid") })
const hang = Tool.make("hang", { ...same, execute: () => Effect.never })
const pricing = { "*": { input: 1_000_000, output: 1_000_000 } }

/** Two calls that need a decision, one behind the other, and an answer; a turn costs 11. */
const paying = ScriptedModel.layer(({ conversation: { messages } }) =>
  messages.filter(({ role }) => role === "assistant").length < 2
    ? ScriptedModel.calls({ name: "pay" })
    : ScriptedModel.says("Done.")
)
const allowed = Layer.succeed(Approver.Approver, { decide: () => Effect.succeed("allowed") })

/** Runs a program under a telemetry of its own, and gives what its metric and its outermost spans say of cost. */
const measured = Effect.fnUntraced(function*<E>(program: Effect.Effect<unknown, E>) {
  const { ended, tracer } = recordingTracer()
  const registry: typeof Metric.MetricRegistry["Service"] = new Map()
  yield* program.pipe(
    Effect.provide(Telemetry.layer()),
    Effect.provideService(Tracer.Tracer, tracer),
    Effect.provideService(Metric.MetricRegistry, registry)
  )
  const snapshot = yield* Effect.provideService(Metric.snapshot, Metric.MetricRegistry, registry)
  const counted = snapshot.filter(({ id }) => id === "volley.cost").map(({ attributes, state }) => [
    attributes?.["gen_ai.agent.name"],
    "count" in state ? Number(state.count) : NaN
  ])
  const said = ended.filter(({ span: { name, parent } }) => name.startsWith("invoke_agent") && parent._tag === "None")
    .map(({ span }) => span.attributes.get("volley.cost"))
  return { counted, said }
})

describe("what an agent costs", () => {
  it.effect("is counted once where it goes on behind decisions", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(pay)
      const options = { name: "clerk", toolkit, pricing }
      const { counted, said } = yield* measured(
        Effect.gen(function*() {
          const first = yield* Effect.flip(Agent.run({ ...options, prompt: "Pay." }))
          assert.strictEqual(first._tag, "AgentError")
          if (first._tag !== "AgentError") return
          const { conversation, cost, usage } = first
          const spent = { rounds: 1, calls: 0, usage, cost: cost ?? NaN, turnTokens: 11, turnMillis: 0, turnCost: 11 }
          const { cost: all } = yield* Effect.provide(Agent.run({ ...options, prompt: conversation, spent }), allowed)
          assert.strictEqual(all, 33)
        }).pipe(Effect.provide(paying))
      )
      assert.deepStrictEqual(counted, [["clerk", 33]])
      assert.deepStrictEqual(said, [11, 22])
    }))

  it.effect("is counted where it is stopped, and where its model fails", () =>
    Effect.gen(function*() {
      const options = { name: "clerk", toolkit: Toolkit.make(hang, pay), prompt: "Go.", pricing }
      const reason = new ChatModelError.UnusableResponse({ message: "no" })
      const failing = ScriptedModel.layer([
        ScriptedModel.calls({ name: "pay" }),
        ScriptedModel.fails(reason)
      ])
      const { counted, said } = yield* measured(
        Effect.gen(function*() {
          const hanging = Agent.run(options).pipe(
            Effect.provide(ScriptedModel.layer([ScriptedModel.calls({ name: "hang" })]))
          )
          const fiber = yield* Effect.forkChild(hanging, { startImmediately: true })
          yield* Effect.yieldNow
          yield* Fiber.interrupt(fiber)
          const exit = yield* Effect.exit(Effect.provide(Agent.run(options), [failing, allowed]))
          assert.isTrue(Exit.isFailure(exit))
        })
      )
      assert.deepStrictEqual(counted, [["clerk", 22]])
      assert.deepStrictEqual(said, [11, 11])
    }))

  it.effect("has that of the agents inside it, under its own name, and nothing of a turn without a price", () =>
    Effect.gen(function*() {
      const inner = Agent.asTool("inner", { description: "Helps.", toolkit: Toolkit.make(), system: "inner" })
      const model = ScriptedModel.layer(({ conversation: { messages } }) => {
        const isInner = messages.some((message) => message.role === "system")
        return isInner || messages.length > 1
          ? ScriptedModel.says("Done.")
          : ScriptedModel.calls({ name: "inner", arguments: { task: "Help." } })
      })
      const outer = { name: "outer", toolkit: Toolkit.make(inner), prompt: "Go." }
      const running = Effect.gen(function*() {
        const { cost } = yield* Agent.run({ ...outer, pricing })
        assert.strictEqual(cost, 33)
        yield* Agent.run({ ...outer, pricing: {} })
        yield* Agent.run(outer)
      })
      const { counted, said } = yield* measured(Effect.provide(running, model))
      assert.deepStrictEqual(counted, [["outer", 33]])
      assert.deepStrictEqual(said, [33, undefined, undefined])
    }))
})

import { assert, describe, it } from "@effect/vitest"
import { Agent, AgentWatcher, type Tool, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Effect, Exit, Fiber, Layer, Stream } from "effect"
import { TestClock } from "effect/testing"
import { acting, recordingLogger } from "../support.ts"

const toolkit = Toolkit.make(acting("change", () => Effect.succeed("changed")))
const script = [ScriptedModel.calls({ name: "change" }), ScriptedModel.says("Done.")]
const options = { toolkit, prompt: "Go on." }

/** Watches agents, and keeps what it sees, each agent for itself. */
const watching = () => {
  const seen: Array<Array<string>> = []
  const begin = Effect.sync((): AgentWatcher.Watch => {
    const tags: Array<string> = []
    seen.push(tags)
    return {
      tell: (event) => Effect.sync(() => void tags.push(event._tag)),
      end: (exit) => Effect.sync(() => void tags.push(exit._tag))
    }
  })
  return { seen, layer: Layer.succeed(AgentWatcher.AgentWatcher, { watch: begin }) }
}

const whole = [
  "TurnStarted",
  "TurnEnded",
  "Usage",
  "CallStarted",
  "CallSettled",
  "RoundSettled",
  "TurnStarted",
  "TurnEnded"
]
const all = [...whole, "Usage", "Answer", "Success"]

describe("AgentWatcher", () => {
  it.effect("sees what happens to an agent that is run, and how it ends", () =>
    Effect.gen(function*() {
      const { layer, seen } = watching()
      yield* Effect.provide(Agent.run(options), [ScriptedModel.layer(script), layer])
      assert.deepStrictEqual(seen, [all])
    }))

  it.effect("sees the same as a reader of the stream, each agent for itself", () =>
    Effect.gen(function*() {
      const { layer, seen } = watching()
      const agent = Stream.runCollect(Agent.stream(options))
      const model = ScriptedModel.layer([...script, ...script])
      const told = yield* Effect.provide(Effect.all([agent, agent]), [model, layer])
      assert.deepStrictEqual(seen, told.map((events) => [...events.map(({ _tag }) => _tag), "Success"]))
    }))

  it.effect("sees agents inside of others as nested, and no agent of theirs", () =>
    Effect.gen(function*() {
      const { layer, seen } = watching()
      const inner = Agent.asTool("inner", { description: "Inner.", toolkit })
      const model = ScriptedModel.layer([
        ScriptedModel.calls({ name: "inner", arguments: { task: "Change." } }),
        ...script,
        ScriptedModel.says("All.")
      ])
      yield* Effect.provide(Agent.run({ toolkit: Toolkit.make(inner), prompt: "Go on." }), [model, layer])
      assert.strictEqual(seen.length, 1)
      assert.strictEqual(seen[0]?.filter((tag) => tag === "Nested").length, all.length - 1)
    }))

  it.effect("is told once of an agent that never began, that failed or that was stopped", () =>
    Effect.gen(function*() {
      const { layer, seen } = watching()
      const agents = [
        Agent.run({ ...options, maxRounds: -1 }),
        Agent.run({ ...options, maxRounds: 0, atLimit: "fail" }),
        Effect.provide(Agent.run(options), ScriptedModel.layer(() => Effect.interrupt))
      ]
      for (const agent of agents) yield* Effect.exit(Effect.provide(agent, [ScriptedModel.layer(script), layer]))
      assert.deepStrictEqual(seen.map((tags) => tags.filter((tag) => tag === "Failure").length), [1, 1, 1])
    }))

  it.effect("cannot harm an agent by a crash", () => {
    const { layer, lines } = recordingLogger()
    return Effect.gen(function*() {
      const thrown = () => {
        throw new Error("bug")
      }
      const noEffect = (): Effect.Effect<never> => undefined as never
      const late = () => Effect.flatMap(Effect.yieldNow, noEffect)
      const watches = [() => Effect.die("bug"), thrown, noEffect, late].flatMap((crash) => [
        Effect.succeed({ tell: crash, end: crash }),
        Effect.suspend(crash)
      ])
      for (const watch of watches) {
        const watcher = Layer.succeed(AgentWatcher.AgentWatcher, { watch })
        const exit = yield* Effect.exit(Effect.provide(Agent.run(options), [ScriptedModel.layer(script), watcher]))
        assert.isTrue(Exit.isSuccess(exit))
        const texts = new Set(lines.splice(0).map(({ text }) => text))
        assert.deepStrictEqual(Array.from(texts), ["A watcher of agents crashed"])
      }
    }).pipe(Effect.provide(layer))
  })

  it.effect("sees what happens inside of a call behind the start of it, and before its end, however slow it is", () =>
    Effect.gen(function*() {
      const told: Array<string> = []
      const tell = (event: Agent.Event<Tool.Any, unknown>) => {
        const tag = event._tag === "Nested" ? `in ${event.event._tag}` : event._tag
        return Effect.delay(Effect.sync(() => void told.push(tag)), 10)
      }
      const watch = Effect.succeed({ tell, end: () => Effect.void })
      const manager = Agent.asTool("manager", { description: "Manages.", toolkit })
      const model = ScriptedModel.layer([
        ScriptedModel.calls({ name: "manager", arguments: { task: "Change it." } }),
        ScriptedModel.calls({ name: "change" }),
        ScriptedModel.says("I did."),
        ScriptedModel.says("Done.")
      ])
      const agent = Agent.run({ toolkit: Toolkit.make(manager), prompt: "Go on." }).pipe(
        Effect.provide([model, Layer.succeed(AgentWatcher.AgentWatcher, { watch })])
      )
      const fiber = yield* Effect.forkChild(agent, { startImmediately: true })
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      const inside = [...whole, "Usage", "Answer"].map((tag) => `in ${tag}`)
      assert.deepStrictEqual(told.slice(3, -4), ["CallStarted", ...inside, "CallSettled", "RoundSettled"])
    }))
})

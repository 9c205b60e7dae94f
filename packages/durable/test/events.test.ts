/**
 * What those are told who watch a run.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, AgentEvent, Tool, Toolkit } from "@volley/core"
import { Durable, Journal } from "@volley/durable"
import { ScriptedModel } from "@volley/testing"
import { Effect, Fiber, Layer, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { inTime, newStore, rowOf, start, until, within } from "./support/world.ts"

class Odd extends Schema.TaggedError<Odd>()("Odd", { n: Schema.Int }) {}

const parameters = Schema.Struct({ n: Schema.Int })

/** Three turns: reads and a write, one that fails and two that are refused, and an agent; then an answer. */
const world = (approval?: "always") => {
  const act = ({ n }: { readonly n: number }) => Effect.delay(n % 2 === 1 ? new Odd({ n }) : Effect.succeed(n), 50)
  const same = { parameters, success: Schema.Int, failure: Odd, execute: act }
  const look = Tool.make("look", { ...same, description: "Looks.", readOnly: true })
  const toolkit = Toolkit.make(
    look,
    Tool.make("pay", { ...same, description: "Pays.", approval }),
    Agent.asTool("clerk", { description: "Does it.", toolkit: Toolkit.make(look), system: "clerk" })
  )
  const call = (name: string, n: unknown) => ({ name, arguments: { n } })
  const turns = [
    [call("look", 0), call("look", 1), call("pay", 2)],
    [call("gone", 0), call("look", "none"), call("pay", 3)],
    [{ name: "clerk", arguments: { task: "Look." } }]
  ]
  const model = ScriptedModel.layer(({ conversation: { messages } }) => {
    const asked = messages.filter(({ role }) => role === "assistant").length
    const isClerk = messages.some((message) => message.role === "system" && message.text === "clerk")
    if (isClerk) return asked === 0 ? ScriptedModel.calls(call("look", 4)) : ScriptedModel.says("looked")
    return asked < turns.length ? ScriptedModel.calls(...turns[asked] ?? []) : ScriptedModel.says("done")
  })
  const agent = Durable.agent("support", { toolkit })
  return { agent, toolkit, model, layer: Layer.provide(agent.layer, model) }
}

const asked = { runId: "r1", prompt: "Go." }

/** All of an event that does not depend on when it was; the words of a tool's failure are its program's. */
const shown = (event: AgentEvent.AgentEvent): unknown => {
  switch (event._tag) {
    case "CallStarted":
      return [event._tag, event.call.id]
    case "CallSettled":
      return [event._tag, event.call.id, event.isError, event.text.replace(" with Odd", ""), event.attempts]
    case "Usage":
      return [event._tag, event.turn, event.total]
    case "TurnEnded":
      return [event._tag, event.text, event.calls, event.finish]
    case "RoundSettled":
      return [event._tag, event.callIds, event.pending]
    case "Answer":
      return [event._tag, event.text, event.finish, event.limited, event.usage]
    case "TurnStarted":
      return [event._tag, event.turn, event.toolsOff]
    default:
      return event._tag
  }
}

/** Calls of a turn come as they end. */
const byRound = (events: ReadonlyArray<AgentEvent.AgentEvent>): ReadonlyArray<string> => {
  let round = 0
  return events.map((event) => {
    if (event._tag === "RoundSettled") round += 1
    return `${round} ${JSON.stringify(shown(event))}`
  })
}

describe("the events of a run", () => {
  it.effect("are those of the same agent that nobody keeps, but for waiting and what happens inside of calls", () =>
    Effect.gen(function*() {
      const { agent, layer, model, toolkit } = world()
      const { context } = yield* inTime(start(yield* newStore, layer))
      const run = yield* inTime(Effect.provideContext(agent.start(asked), context))
      const live = yield* inTime(Stream.runCollect(run.events))
      const again = yield* inTime(Stream.runCollect(run.events))
      const plain = Stream.map(Agent.stream({ toolkit, prompt: "Go." }), AgentEvent.encode)
      const bare = yield* inTime(Stream.runCollect(Stream.provide(plain, model)))
      const isApart = ({ _tag }: AgentEvent.AgentEvent) => ["Text", "Nested", "CallWaiting"].includes(_tag)
      const linesOf = (events: ReadonlyArray<AgentEvent.AgentEvent>) =>
        byRound(events.filter((event) => !isApart(event))).toSorted()
      assert.deepStrictEqual(linesOf(live), linesOf(bare))
      assert.deepStrictEqual(byRound(again).toSorted(), byRound(live).toSorted())
      assert.deepStrictEqual(live.filter(({ _tag }) => _tag === "Text"), live.slice(-4, -3))
    }))

  it.effect("come in the order in which they happened where the clock is set back meanwhile", () =>
    Effect.gen(function*() {
      const act = ({ n }: { readonly n: number }) => Effect.as(TestClock.setTime(1000 - n), n)
      const look = Tool.make("look", {
        description: "L.",
        parameters,
        success: Schema.Int,
        readOnly: true,
        execute: act
      })
      const agent = Durable.agent("support", { toolkit: Toolkit.make(look) })
      const model = ScriptedModel.layer(({ conversation: { messages } }) =>
        messages.length < 5
          ? ScriptedModel.calls({ name: "look", arguments: { n: 100 * messages.length } })
          : ScriptedModel.says("done")
      )
      const stored = yield* newStore
      yield* TestClock.setTime(10_000)
      const process = yield* inTime(
        start(stored, Layer.provide(agent.layer, model), { at: rowOf("call", true), when: "after" })
      )
      const run = yield* within(process, agent.start(asked))
      yield* inTime(process.died)
      yield* process.kill
      const next = yield* inTime(start(stored, Layer.provide(agent.layer, model)))
      const events = yield* within(next, Effect.flatMap(agent.find("r1"), (run) => Stream.runCollect(run.events)))
      const round = ["TurnStarted", "TurnEnded", "Usage", "CallStarted", "CallSettled", "RoundSettled"]
      assert.deepStrictEqual(events.map(({ _tag }) => _tag).filter((tag) => tag !== "Text"), [
        ...round,
        ...round,
        "TurnStarted",
        "TurnEnded",
        "Usage",
        "Answer"
      ])
      const kept = (yield* within(next, Journal.entries(run.id))).map(({ at }) => at)
      assert.deepStrictEqual(kept, kept.toSorted((a, b) => a - b))
    }))

  it.effect("go on over a death and a wait, and say at last why there is no answer", () =>
    Effect.gen(function*() {
      const { agent, layer } = world("always")
      const stored = yield* newStore
      const watcher = yield* inTime(start(stored, Layer.empty))
      const first = yield* inTime(start(stored, layer, { at: rowOf("call", true), when: "before" }))
      yield* within(first, agent.start(asked))
      yield* inTime(first.died)
      yield* first.kill
      const run = yield* within(watcher, agent.find("r1"))
      const watching = yield* Effect.forkChild(Stream.runCollect(run.events))
      const second = yield* inTime(start(stored, layer))
      yield* until(second, run.poll, ({ state }) => state === "waiting")
      yield* within(second, Journal.cancel("r1"))
      const told = yield* inTime(Fiber.join(watching))
      const last = told.at(-1)
      assert.deepStrictEqual(last?._tag === "Failed" && [last.reason, last.message], [
        "Cancelled",
        "r1: it was cancelled"
      ])
      const waiting = told.flatMap((event) => event._tag === "CallWaiting" ? [event] : [])
      assert.deepStrictEqual(waiting.map(({ call, why }) => [call.name, call.arguments, why]), [[
        "pay",
        { n: 2 },
        "approval"
      ]])
      const lines = yield* Stream.runCollect(AgentEvent.written(Stream.fromIterable(told)))
      assert.match(lines[0] ?? "", /^id: 1\nevent: TurnStarted\ndata: \{.*\}\n\n$/)
    }))
})

/**
 * What events say for a picture of a run: when, inside which plan, for which equal call, with which error.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, AgentEvent, Batch, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Effect, Logger, Schema, Stream } from "effect"
import { aDayOf } from "./order/support.ts"

const parameters = Schema.Struct({ ms: Schema.Finite })
const look = Tool.coalesce(Tool.make("look", {
  description: "Looks.",
  parameters,
  success: Schema.String,
  failure: Schema.String,
  readOnly: true,
  execute: ({ ms }) => ms < 0 ? Effect.fail("blind") : Effect.as(Effect.sleep(ms), "seen")
}))
const tools = Toolkit.make(look)
const toolkit = Toolkit.merge(tools, Toolkit.make(Plan.tool(tools)))

const toldOf = (calls: ReadonlyArray<ToolCall.ToolCall>, options?: Batch.Options) =>
  Effect.gen(function*() {
    const events: Array<AgentEvent.AgentEvent> = []
    const onCall = (event: Batch.CallEvent) => Effect.sync(() => void events.push(AgentEvent.encode(event)))
    yield* aDayOf(Batch.run(toolkit, calls, { ...options, onCall }))
    return events
  })

const asking = (id: string, name: string, args: Schema.Json) => ToolCall.make({ id, name, arguments: args })
const settledOf = (events: ReadonlyArray<AgentEvent.AgentEvent>) =>
  events.flatMap((event) => event._tag === "CallSettled" ? [event] : [])

describe("events", () => {
  it.effect("name the plan that a call is a step of", () =>
    Effect.gen(function*() {
      const steps = [{ id: "a", tool: "look", arguments: { ms: 5 } }]
      const events = yield* toldOf([asking("p", "plan", { steps })])
      const parents = events.map((event) => ["parent" in event ? event.parent : undefined, event._tag])
      assert.deepStrictEqual(parents, [
        [undefined, "CallStarted"],
        ["p", "CallStarted"],
        ["p", "CallSettled"],
        [undefined, "CallSettled"]
      ])
    }))

  it.effect("name the equal call that ran for one", () =>
    Effect.gen(function*() {
      const events = yield* toldOf([asking("a", "look", { ms: 5 }), asking("b", "look", { ms: 5 })])
      assert.deepStrictEqual(settledOf(events).map(({ call, sameAs }) => [call.id, sameAs]), [["a", undefined], [
        "b",
        "a"
      ]])
    }))

  it.effect("name the error, and when the call started, where it did", () =>
    Effect.gen(function*() {
      const calls = [
        asking("late", "look", { ms: 500 }),
        asking("blind", "look", { ms: -1 }),
        asking("wrong", "look", {}),
        asking("odd", "hear", {}),
        asking("fine", "look", { ms: 5 })
      ]
      const events = settledOf(yield* toldOf(calls, { timeout: 100 }))
      const facts = events.map(({ at, call, error, startedAt }) => [call.id, error, startedAt, at])
      assert.sameDeepMembers(facts, [
        ["late", "Timeout", 0, 100],
        ["blind", "ToolFailure", 0, 0],
        ["wrong", "InvalidArguments", undefined, 0],
        ["odd", "UnknownTool", undefined, 0],
        ["fine", undefined, 0, 5]
      ])
    }))

  it.effect("of an agent all say when, one after the other, and which model spoke", () =>
    Effect.gen(function*() {
      const calls = ScriptedModel.calls({ name: "look", arguments: { ms: 20 } })
      const model = ScriptedModel.layer([{ ...calls, model: "scripted-1" }, ScriptedModel.says("Done.")])
      const agent = Agent.stream({ toolkit, prompt: "Go on." })
      const events = yield* aDayOf(Stream.runCollect(Stream.map(Stream.provide(agent, model), AgentEvent.encode)))
      const times = events.map((event) => "at" in event ? event.at : Number.NaN)
      assert.deepStrictEqual(times, times.toSorted((a, b) => a - b))
      assert.deepStrictEqual([times[0], times.at(-1)], [0, 20])
      const models = events.flatMap((event) => event._tag === "TurnEnded" ? [event.model] : [])
      assert.deepStrictEqual(models, ["scripted-1", undefined])
    }).pipe(Effect.provide(Logger.layer([]))))
})

/**
 * `ScriptedModel.fromRun`: a recorded run, said again to the tools of today.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, AgentEvent, Tool, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Effect, Schema, Stream } from "effect"

const looking = (seen: string) =>
  Tool.make("look", {
    description: "Looks.",
    parameters: Schema.Struct({ where: Schema.String }),
    success: Schema.String,
    readOnly: true,
    execute: ({ where }) => Effect.succeed(`${seen} ${where}`)
  })
const asking = (where: string) => ({ name: "look", arguments: { where } })

const toolkitOf = (seen: string) => {
  const look = looking(seen)
  const inner = Agent.asTool("inner", { description: "Inner.", toolkit: Toolkit.make(look) })
  return Toolkit.make(look, inner)
}

const runOf = (model: ScriptedModel.ScriptedModel, seen: string, streaming = true) =>
  Agent.stream({ toolkit: toolkitOf(seen), prompt: "Go on.", streaming }).pipe(
    Stream.map(AgentEvent.encode),
    Stream.runCollect,
    Effect.provide(model.layer)
  )

/** Two agents at once, each with a turn that has a call, inside of one that has a call too. */
const model = () =>
  ScriptedModel.make(({ conversation: { messages } }) => {
    const text = JSON.stringify(messages)
    const turns = messages.filter(({ role }) => role === "assistant").length
    const task = ["sea", "sky"].find((task) => text.includes(`"text":"${task}"`))
    if (task !== undefined) return turns === 0 ? ScriptedModel.calls(asking(task)) : ScriptedModel.says(`The ${task}.`)
    if (turns > 0) return ScriptedModel.says("All.")
    return ScriptedModel.calls(
      asking("land"),
      { name: "inner", arguments: { task: "sea" } },
      { name: "inner", arguments: { task: "sky" } }
    )
  })

const callsOf = (events: ReadonlyArray<AgentEvent.AgentEvent>) =>
  events.flatMap((outer) => {
    const event = outer._tag === "Nested" ? outer.event : outer
    const path = outer._tag === "Nested" ? outer.path.map(({ callId }) => callId) : []
    return event._tag === "CallSettled" ? [{ path, call: event.call, error: event.error, text: event.text }] : []
  })

const withoutTimes = (events: ReadonlyArray<AgentEvent.AgentEvent>) =>
  events.filter(({ _tag }) => _tag !== "Text" && _tag !== "CallWaiting").map((event) =>
    JSON.stringify(event, (key, value) => ["at", "startedAt"].includes(key) ? undefined : value)
  )

describe("ScriptedModel.fromRun", () => {
  it.effect("has the same tools give the same run, inner agents and usage included", () =>
    Effect.gen(function*() {
      const events = yield* runOf(model(), "saw")
      const again = yield* runOf(ScriptedModel.fromRun({ events }), "saw")
      assert.sameMembers(withoutTimes(again), withoutTimes(events))
      assert.strictEqual(callsOf(again).length, 5)
    }))

  it.effect("plays it to an agent that does not stream", () =>
    Effect.gen(function*() {
      const events = yield* runOf(model(), "saw")
      const again = yield* runOf(ScriptedModel.fromRun({ events }), "saw", false)
      assert.sameMembers(withoutTimes(again), withoutTimes(events))
    }))

  it.effect("shows where a tool has changed", () =>
    Effect.gen(function*() {
      const events = yield* runOf(model(), "saw")
      const again = yield* runOf(ScriptedModel.fromRun({ events }), "heard")
      const texts = callsOf(again).flatMap(({ call, text }) => call.name === "look" ? [text] : [])
      assert.sameMembers(texts, [`"heard land"`, `"heard sea"`, `"heard sky"`])
    }))

  it.effect("ends a turn where the recorded one was cut off", () =>
    Effect.gen(function*() {
      const cut = ScriptedModel.cutOff(ScriptedModel.calls(asking("land"), asking("air")))
      const events = yield* runOf(ScriptedModel.make([cut, ScriptedModel.says("All.")]), "saw")
      const again = yield* runOf(ScriptedModel.fromRun({ events }), "saw")
      assert.deepStrictEqual(callsOf(again).map(({ error }) => error), callsOf(events).map(({ error }) => error))
      assert.include(callsOf(again).map(({ error }) => error), "Truncated")
    }))

  it.effect("dies where it is asked for a turn that was not recorded", () =>
    Effect.gen(function*() {
      const events = yield* runOf(model(), "saw")
      const exit = yield* Effect.exit(runOf(ScriptedModel.fromRun({ events: events.slice(0, 1) }), "saw"))
      assert.include(String(exit), "all 0 turns")
    }))
})

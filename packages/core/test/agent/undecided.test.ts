/**
 * Agents that stop where somebody has to decide, and go on when that was done.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, AgentError, Approver, Conversation, Tool, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Effect, Schema, Stream } from "effect"
import { acting, ends } from "../support.ts"

const prompt = "Go on."

const bank = () => {
  const keys: Array<string> = []
  const pay = Tool.make("pay", {
    description: "Pays.",
    parameters: Schema.Struct({ to: Schema.String }),
    success: Schema.String,
    approval: "always",
    execute: ({ to }, call) => Effect.sync(() => `paid ${to} ${keys.push(call.idempotencyKey)}`)
  })
  const looks: Array<string> = []
  const look = acting("look", () => Effect.sync(() => `${looks.push("look")}`))
  return { keys, looks, toolkit: Toolkit.make(pay, look) }
}

const turn = ScriptedModel.calls({ name: "look" }, { name: "pay", arguments: { to: "Ann" } }, {
  name: "pay",
  arguments: { to: "Bob" }
})

const stored = Schema.fromJsonString(Schema.toCodecJson(Conversation.Conversation))

/** Runs an agent until it stops because nobody has decided, and gives its conversation as it was stored. */
const stopped = Effect.fnUntraced(
  function*(toolkit: ReturnType<typeof bank>["toolkit"], from: Agent.Options<never>["prompt"] = prompt) {
    const model = ScriptedModel.make([turn, ScriptedModel.says("Paid.")])
    const error = yield* Effect.flip(Effect.provide(Agent.run({ toolkit, prompt: from }), model.layer))
    assert.instanceOf(error, AgentError.AgentError)
    assert.isUndefined(ScriptedModel.violationOf(error.conversation))
    const text = yield* Schema.encodeEffect(stored)(error.conversation)
    return { error, model, conversation: yield* Schema.decodeEffect(stored)(text) }
  }
)

describe("an agent whose model wants what nobody has decided on", () => {
  it.effect("stops with a conversation in plain JSON, in which every call is answered", () =>
    Effect.gen(function*() {
      const { looks, toolkit } = bank()
      const { conversation, error, model } = yield* stopped(toolkit)
      assert.deepInclude(error.reason, { _tag: "Undecided", callIds: ["call_2", "call_3"] })
      assert.include(error.message, "call_2, call_3")
      assert.strictEqual(model.requests.length, 1)
      assert.deepStrictEqual(Conversation.pending(conversation).map(({ id }) => id), ["call_2", "call_3"])
      assert.deepStrictEqual(looks, ["look"])
    }))

  it.effect("goes on from there when it is decided: what had run does not run again, and the model reads all results", () =>
    Effect.gen(function*() {
      const { keys, looks, toolkit } = bank()
      const { conversation } = yield* stopped(toolkit)
      const model = ScriptedModel.make([ScriptedModel.says("Paid.")])
      const approver = Approver.layer(({ parameters }) =>
        Effect.succeed(JSON.stringify(parameters).includes("Bob") ? "denied" : "allowed")
      )
      const ended = yield* Effect.provide(Agent.run({ toolkit, prompt: conversation }), [model.layer, approver])
      assert.strictEqual(ended.answer, "Paid.")
      assert.deepStrictEqual([keys.length, looks.length], [1, 1])
      const answers = model.requests[0]!.conversation.messages.at(-1)
      assert(answers?.role === "tool")
      assert.deepStrictEqual(answers.results.map(({ isError, text }) => [isError, text.slice(0, 26)]), [
        [false, "\"1\""],
        [false, "\"paid Ann 1\""],
        [true, "{\"error\":{\"type\":\"Denied\","]
      ])
      assert.notProperty(answers, "pending")
    }))

  it.effect("tells of that as of a round, before it asks a model, which may fail", () =>
    Effect.gen(function*() {
      const { toolkit } = bank()
      const { conversation } = yield* stopped(toolkit)
      const model = ScriptedModel.layer([])
      const settled: Array<unknown> = []
      const agent = Agent.stream({ toolkit, prompt: conversation }).pipe(
        Stream.runForEach((event) =>
          Effect.sync(() => {
            if (event._tag !== "RoundSettled") return
            settled.push([ends(event.round.settled), Conversation.pending(event.conversation)])
          })
        )
      )
      yield* Effect.exit(Effect.provide(agent, [model, Approver.allow]))
      assert.deepStrictEqual(settled, [[["paid Ann 1", "paid Bob 2"], []]])
    }))

  it.effect("counts the calls that it goes on with as its own, where they are limited", () =>
    Effect.gen(function*() {
      const { keys, toolkit } = bank()
      const { conversation } = yield* stopped(toolkit)
      const model = ScriptedModel.make([turn, ScriptedModel.says("Paid.")])
      const agent = Agent.run({ toolkit, prompt: conversation, maxToolCalls: 3 })
      const ended = yield* Effect.provide(agent, [model.layer, Approver.allow])
      assert.deepStrictEqual(ended.rounds.map(({ settled }) => ends(settled)), [
        ["paid Ann 1", "paid Bob 2"],
        ["2", "LimitExceeded", "LimitExceeded"]
      ])
      assert.deepStrictEqual([keys.length, ended.limited], [2, "calls"])
    }))

  it.effect("stops again while nobody has decided, and asks no model", () =>
    Effect.gen(function*() {
      const { keys, toolkit } = bank()
      const first = yield* stopped(toolkit)
      const { conversation, error, model } = yield* stopped(toolkit, first.conversation)
      assert.strictEqual(error.reason._tag, "Undecided")
      assert.deepStrictEqual(conversation, first.conversation)
      assert.deepStrictEqual([keys, model.requests], [[], []])
    }))

  it.effect("gives a call the key that it would have had at once", () =>
    Effect.gen(function*() {
      const { keys, toolkit } = bank()
      const { conversation } = yield* stopped(toolkit)
      const before = Conversation.append({ ...conversation, messages: [] }, conversation.messages[0]!)
      yield* Effect.provide(Agent.run({ toolkit, prompt: conversation }), [
        ScriptedModel.make([ScriptedModel.says("")]).layer,
        Approver.allow
      ])
      yield* Effect.provide(Agent.run({ toolkit, prompt: before }), [
        ScriptedModel.make([turn, ScriptedModel.says("")]).layer,
        Approver.allow
      ])
      assert.strictEqual(keys.length, 4)
      assert.deepStrictEqual(keys.slice(2), keys.slice(0, 2))
    }))

  it.effect("never stops where a denial is at hand", () =>
    Effect.gen(function*() {
      const { keys, toolkit } = bank()
      const agent = Agent.run({ toolkit, prompt })
      const ended = yield* Effect.provide(agent, [
        ScriptedModel.make([turn, ScriptedModel.says("Well.")]).layer,
        Approver.deny
      ])
      assert.deepStrictEqual(ended.rounds.map(({ settled }) => ends(settled)), [["1", "Denied", "Denied"]])
      assert.deepStrictEqual(keys, [])
    }))
})

/**
 * Agents that are given what was left in the middle, and those that leave something.
 */
import { assert, describe, it } from "@effect/vitest"
import { Access, Agent, AgentError, Approver, Batch, Conversation, Tool, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Effect, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import { doing } from "../driver/support.ts"
import { acting, callsOf } from "../support.ts"

const user: Conversation.Message = { role: "user", text: "Go on." }

const turn = (...names: ReadonlyArray<string>): Conversation.Message => ({
  role: "assistant",
  text: "",
  calls: callsOf(...names)
})

const answer = (callId: string, name: string, text = "fine"): Conversation.ToolResult => ({
  callId,
  name,
  text,
  isError: false
})

const conversation = (...messages: ReadonlyArray<Conversation.Message>): Conversation.Conversation => ({
  runId: "run",
  messages
})

const look = acting("look", () => Effect.succeed("seen"), { readOnly: true })
const pay = acting("pay", () => Effect.succeed("paid"))
const toolkit = Toolkit.make(look, pay)

/** How each result reads: its text, or the type of its error and whether it says that the call may have run. */
const read = ({ messages }: Conversation.Conversation) =>
  messages.flatMap((message) =>
    message.role !== "tool" ?
      [] :
      message.results.map(({ isError, text }) =>
        isError
          ? [JSON.parse(text).error.type, text.includes("outcome is unknown"), JSON.parse(text).error.data.started]
          : text
      )
  )

describe("Conversation.close", () => {
  it("leaves alone what is whole", () => {
    const whole = conversation(user, turn("look", "pay"), {
      role: "tool",
      results: [answer("call_1", "look"), answer("call_2", "pay")],
      pending: ["call_2"],
      uncertain: ["call_1"]
    })
    assert.deepStrictEqual(Conversation.close(whole), whole)
  })

  it("says of a call without an answer that it may have run, unless that is harmless", () => {
    const left = conversation(user, turn("look", "pay"), user)
    const closed = Conversation.close(left, [], (tool) => tool === "look")
    assert.deepStrictEqual(closed.messages.map(({ role }) => role), ["user", "assistant", "tool", "user"])
    assert.deepStrictEqual(read(closed), [["Interrupted", false, true], ["Interrupted", true, true]])
  })

  it("puts the answers of a turn into one message, once each and in call order, and leaves out those to nothing", () => {
    const closed = Conversation.close(conversation(
      user,
      turn("look", "pay"),
      { role: "tool", results: [answer("call_2", "pay", "two"), answer("call_9", "look")] },
      { role: "tool", results: [answer("call_1", "look", "one"), answer("call_2", "pay", "again")] },
      user
    ))
    assert.deepStrictEqual(read(closed), ["one", "two"])
    assert.isUndefined(ScriptedModel.violationOf(closed))
  })

  it("takes a call that was answered after all for decided, and finds its answer behind a text of the model", () => {
    const closed = Conversation.close(conversation(
      user,
      turn("look", "pay"),
      {
        role: "tool",
        results: [answer("call_1", "look", "one"), answer("call_2", "pay", "undecided")],
        pending: ["call_2"],
        inside: [{ callId: "call_2", conversation: {} }]
      },
      { role: "assistant", text: "I wait.", calls: [] },
      { role: "tool", results: [answer("call_2", "pay", "two")] }
    ))
    assert.deepStrictEqual(closed.messages.slice(2), [
      { role: "tool", results: [answer("call_1", "look", "one"), answer("call_2", "pay", "two")] },
      { role: "assistant", text: "I wait.", calls: [] }
    ])
  })

  it.effect("takes the outcomes that are known of the last turn, undecided ones too", () =>
    Effect.gen(function*() {
      const asking = Tool.make("ask", {
        description: "Asks.",
        parameters: Schema.Struct({}),
        success: Schema.String,
        approval: "always",
        execute: () => Effect.succeed("asked")
      })
      const { outcomes } = yield* Batch.run(Toolkit.make(look, asking), callsOf("look", "ask"))
      const closed = Conversation.close(
        conversation(user, turn("pay"), user, turn("look", "ask", "pay")),
        outcomes
      )
      assert.deepStrictEqual(read(closed).map((one) => Array.isArray(one) ? one[0] : one), [
        "Interrupted",
        "\"seen\"",
        "Undecided",
        "Interrupted"
      ])
      assert.deepStrictEqual(Conversation.pending(closed).map(({ name }) => name), ["ask"])
    }))
})

describe("an agent that is given a conversation", () => {
  it.effect("closes what was left in the middle, and runs nothing of it again", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([ScriptedModel.says("Done.")])
      const prompt = conversation(
        user,
        turn("look", "pay"),
        { role: "tool", results: [answer("call_1", "look")] },
        user
      )
      const ended = yield* Effect.provide(Agent.run({ toolkit, prompt }), model.layer)
      assert.deepStrictEqual([ended.answer, ended.rounds], ["Done.", []])
      assert.deepStrictEqual(read(ended.conversation), ["fine", ["Interrupted", true, true]])
    }))

  it.effect("asks nobody where that is answered already", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([])
      const prompt = conversation(user, { role: "assistant", text: "{\"answer\":7}", calls: [] })
      const ended = yield* Effect.provide(Agent.run({ toolkit, prompt, output: Schema.Int }), model.layer)
      assert.deepStrictEqual([ended.output, ended.usage, model.requests], [7, { input: 0, output: 0 }, []])
    }))

  it.effect.each(
    [
      [conversation(), "it has no message but that of the system"],
      [
        conversation(user, { role: "assistant", text: "", calls: [...callsOf("look"), ...callsOf("pay")] }),
        "its message 1 has two calls of one id"
      ]
    ] as const
  )("says why nothing can be asked with it", ([prompt, issue]) =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.provide(Agent.run({ toolkit, prompt }), ScriptedModel.layer([])))
      assert.instanceOf(error, AgentError.AgentError)
      assert.deepInclude(error.reason, { _tag: "InvalidConversation", issue })
    }))
})

describe("an agent that is interrupted", () => {
  const slow = acting("slow", () => Effect.as(Effect.sleep("1 minute"), "late"))
  const asking = Tool.make("ask", {
    description: "Asks.",
    parameters: Schema.Struct({}),
    success: Schema.String,
    approval: "always",
    execute: () => Effect.succeed("asked")
  })
  const everything = Toolkit.make(look, slow, asking)

  const left = Effect.fnUntraced(
    function*(
      options: Partial<Agent.Options<Toolkit.Tools<typeof everything>>>,
      millis: number,
      model: ScriptedModel.ScriptedModel
    ) {
      const all: Array<Agent.Left> = []
      const agent = Agent.run({
        toolkit: everything,
        prompt: "Go on.",
        onInterrupt: (left) => Effect.sync(() => void all.push(left)),
        ...options
      })
      const fiber = yield* Effect.forkChild(Effect.provide(agent, [model.layer, Approver.layer(() => Effect.never)]))
      yield* TestClock.adjust(millis)
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(all.length, 1)
      assert.isUndefined(ScriptedModel.violationOf(all[0]!.conversation))
      return all[0]!
    }
  )

  it.effect("hands back what had ended, what may have run, what did not begin, and what nobody has decided on", () =>
    Effect.gen(function*() {
      const calls = ScriptedModel.calls({ name: "look" }, { name: "ask" }, { name: "slow" }, { name: "slow" })
      const { conversation, usage } = yield* left({ batch: { concurrency: 1 } }, 1000, ScriptedModel.make([calls]))
      assert.deepStrictEqual(read(conversation), [
        "\"seen\"",
        ["Undecided", false, undefined],
        ["Interrupted", true, true],
        ["Interrupted", false, false]
      ])
      assert.deepStrictEqual(Conversation.pending(conversation).map(({ name }) => name), ["ask"])
      assert.deepStrictEqual(usage, ScriptedModel.usage)
    }))

  it.effect("leaves waiting what it had not begun of what was decided on since", () =>
    Effect.gen(function*() {
      const first = yield* left({}, 1000, ScriptedModel.make([ScriptedModel.calls({ name: "ask" })]))
      const second = yield* left({ prompt: first.conversation }, 1000, ScriptedModel.make([]))
      assert.deepStrictEqual(second.conversation, first.conversation)
    }))

  it.effect("has what it was given, where the model did not answer yet, or only paused", () =>
    Effect.gen(function*() {
      const prompt = conversation(user)
      const never = ScriptedModel.paced(ScriptedModel.says("Late."), { latency: "1 minute" })
      for (const script of [[never], [ScriptedModel.pauses("Hm."), never]]) {
        const { conversation } = yield* left({ prompt }, 1000, ScriptedModel.make(script))
        assert.deepStrictEqual(conversation, prompt)
      }
    }))

  it.effect("keeps what had run of a turn that was not whole", () =>
    Effect.gen(function*() {
      const turn = ScriptedModel.paced(ScriptedModel.calls({ name: "look" }, { name: "look", arguments: { n: 2 } }), {
        pause: "1 second"
      })
      const { conversation } = yield* left({ streaming: true }, 500, ScriptedModel.make([turn]))
      assert.deepStrictEqual(read(conversation), ["\"seen\""])
    }))

  it.effect("keeps that an agent inside was stopped by another call, though that could go on", () =>
    Effect.gen(function*() {
      const change = doing("change", () => Effect.never, { access: [Access.write("k")] })
      const fails = doing("fails", () => Effect.andThen(Effect.sleep(5), Effect.fail("no")))
      const clerk = Agent.asTool("clerk", {
        description: "Clerk.",
        system: "clerk",
        toolkit: Toolkit.make(change)
      })
      const model = ScriptedModel.make(({ conversation: { messages } }) =>
        messages[0]?.role === "system"
          ? ScriptedModel.calls({ name: "change" })
          : ScriptedModel.calls({ name: "clerk", arguments: { task: "Go." } }, { name: "fails" }, { name: "change" })
      )
      let left: Conversation.Conversation | undefined
      const agent = Agent.run({
        toolkit: Toolkit.make(clerk, fails, change),
        prompt: "Go on.",
        batch: { failFast: true, onCall: () => Effect.sleep("1 minute") },
        onInterrupt: ({ conversation }) => Effect.sync(() => void (left = conversation))
      })
      const fiber = yield* Effect.forkChild(Effect.provide(agent, model.layer))
      yield* TestClock.adjust(1000)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(read(left!), [
        ["Interrupted", true, true],
        ["ToolFailure", false, undefined],
        ["Interrupted", true, true]
      ])
      assert.deepStrictEqual(Conversation.pending(left!), [])
    }))

  it.effect("is not handed back where it ends by itself", () =>
    Effect.gen(function*() {
      let count = 0
      const onInterrupt = () => Effect.sync(() => void count++)
      yield* Effect.provide(
        Agent.run({ toolkit, prompt: "Go on.", onInterrupt }),
        ScriptedModel.layer([ScriptedModel.says("")])
      )
      assert.strictEqual(count, 0)
    }))
})

import { assert, describe, it } from "@effect/vitest"
import { Agent, ChatModel, ChatModelError, Conversation, Tool, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Cause, Clock, Effect, Exit, Fiber, Result, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"

const question = Conversation.make("How warm is Oslo?", { runId: "run" })

const weather = Tool.make("weather", {
  description: "Current temperature of a city.",
  parameters: Schema.Struct({ city: Schema.String }),
  success: Schema.Finite,
  execute: () => Effect.succeed(3)
})

const overloaded = new ChatModelError.ProviderFailed({ message: "overloaded", status: 529 })

/** What is told of a turn, each part with the time at which it is. */
const told = (model: ScriptedModel.ScriptedModel, conversation = question) =>
  ChatModel.ChatModel.use((model) =>
    Effect.gen(function*() {
      const parts: Array<string> = []
      const end = yield* model.stream({ conversation }).pipe(
        Stream.runForEach((part) =>
          Effect.map(Clock.currentTimeMillis, (now) => {
            const what = part._tag === "Text" ? part.text : part._tag === "Call" ? part.call.id : part.turn.finish
            parts.push(`${now} ${what}`)
          })
        ),
        Effect.result
      )
      return {
        parts,
        end: Result.isFailure(end) ? end.failure.reason : undefined,
        ended: yield* Clock.currentTimeMillis
      }
    })
  ).pipe(Effect.provide(model.layer))

/** What a virtual hour brings. */
const inTime = Effect.fnUntraced(function*<A, E>(effect: Effect.Effect<A, E>) {
  const fiber = yield* Effect.forkChild(effect)
  yield* TestClock.adjust("1 hour")
  return yield* Fiber.join(fiber)
})

const generated = (model: ScriptedModel.ScriptedModel, conversation = question) =>
  ChatModel.ChatModel.use((model) => model.generate({ conversation })).pipe(Effect.provide(model.layer))

describe("ScriptedModel", () => {
  it.effect("takes one turn after the other, and remembers what it was asked", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([
        ScriptedModel.calls({ name: "weather", arguments: { city: "Oslo" } }),
        ScriptedModel.says("3 °C.")
      ])
      const { answer, usage } = yield* Effect.provide(
        Agent.run({ toolkit: Toolkit.make(weather), prompt: question }),
        model.layer
      )
      assert.deepStrictEqual([answer, usage], ["3 °C.", { input: 20, output: 2 }])
      assert.deepStrictEqual(model.requests.map(({ conversation }) => conversation.messages.length), [1, 3])
    }))

  it.effect("answers what stands in the conversation where its script is a function", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make(({ conversation }, number) =>
        number === 1
          ? ScriptedModel.calls({ name: "weather", arguments: { city: "Oslo" } })
          : ScriptedModel.says(JSON.stringify(conversation.messages.at(-1)))
      )
      const agent = Agent.run({ toolkit: Toolkit.make(weather), prompt: question })
      const { answer } = yield* Effect.provide(agent, model.layer)
      assert.include(answer, "\"text\":\"3\"")
    }))

  it.effect("tells a turn in pieces, in its time, and takes as long for the whole of it", () =>
    Effect.gen(function*() {
      const turn = ScriptedModel.paced(
        ScriptedModel.turn({ text: "Let me see.", calls: [{ name: "weather" }, { name: "weather", id: "own" }] }),
        { latency: "1 second", pause: 100, fragment: 4 }
      )
      const model = ScriptedModel.make([turn], { repeat: true })
      const { parts } = yield* inTime(told(model))
      assert.deepStrictEqual(parts, [
        "1000 Let ",
        "1100 me s",
        "1200 ee.",
        "1300 call_1",
        "1400 own",
        "1500 tool-calls"
      ])
      const began = yield* Clock.currentTimeMillis
      const whole = Effect.andThen(generated(model), Clock.currentTimeMillis)
      assert.strictEqual((yield* inTime(whole)) - began, 1500)
    }))

  it.effect("fails before a turn, and in the middle of one", () =>
    Effect.gen(function*() {
      const turn = ScriptedModel.paced(ScriptedModel.turn({ text: "Well.", calls: [{ name: "weather" }] }), {
        pause: 10
      })
      const model = ScriptedModel.make([
        ScriptedModel.paced(ScriptedModel.fails(overloaded), { latency: 5 }),
        ScriptedModel.breaksOff(turn, { after: 1, reason: overloaded }),
        ScriptedModel.breaksOff(turn, { after: 99, reason: overloaded }),
        ScriptedModel.breaksOff(turn, { after: 1, reason: overloaded })
      ])
      const asked = Effect.all([told(model), told(model), told(model), Effect.flip(generated(model))])
      const [first, second, third, fourth] = yield* inTime(asked)
      assert.deepStrictEqual(first, { parts: [], end: overloaded, ended: 5 })
      assert.deepStrictEqual(second, { parts: ["5 Well."], end: overloaded, ended: 15 })
      assert.deepStrictEqual(third, { parts: ["15 Well.", "25 call_1"], end: overloaded, ended: 35 })
      assert.strictEqual(fourth.reason, overloaded)
    }))

  it("refuses arguments of a call under the name that others use", () => {
    const call = { name: "ping", args: {} }
    assert.throws(() => ScriptedModel.calls(call), "ToolCall.make: there is no option `args`: write `arguments`.")
  })

  it("has words for turns that are no answer", () => {
    const cut = ScriptedModel.cutOff(ScriptedModel.calls({ name: "weather" }, { name: "weather" }))
    assert.deepStrictEqual(cut.message.calls.map(({ status }) => status), ["complete", "truncated"])
    const turns = [cut, ScriptedModel.refuses("No."), ScriptedModel.pauses(), ScriptedModel.says("I", "length")]
    assert.deepStrictEqual(turns.map(({ finish }) => finish), ["length", "refusal", "pause", "length"])
  })

  it.effect("says that its script is used up", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([ScriptedModel.says("One.")])
      yield* generated(model)
      const exit = yield* Effect.exit(generated(model))
      assert(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      assert.include(Cause.pretty(exit.cause), "all 1 turns of the script are taken")
    }))
})

describe("a conversation that no provider would take", () => {
  const turn = (...ids: ReadonlyArray<string>) =>
    ScriptedModel.calls(...ids.map((id) => ({ id, name: "weather" }))).message
  const answers = (...ids: ReadonlyArray<string>): Conversation.Message => ({
    role: "tool",
    results: ids.map((callId) => ({ callId, name: "weather", text: "3", isError: false }))
  })
  const user: Conversation.Message = { role: "user", text: "And now?" }

  const cases: ReadonlyArray<readonly [law: ScriptedModel.Law, says: string, ...Array<Conversation.Message>]> = [
    ["every call is answered", "message 1 calls \"a\", and nothing comes after it", turn("a", "b")],
    ["every call is answered", "message 2 does not answer \"b\" of message 1", turn("a", "b"), answers("a")],
    ["every answer is for a call of the turn before it", "message 2 answers \"c\"", turn("a"), answers("a", "c")],
    ["every answer is for a call of the turn before it", "\"a\"", turn("a"), answers("a"), turn("b"), answers("a")],
    ["every id is of one call", "message 1 has two calls with the id \"a\"", turn("a", "a"), answers("a", "a")],
    ["every call is answered once", "message 2 answers \"a\" twice", turn("a"), answers("a", "a")],
    ["answers stand right behind their turn", "a message of the user follows", turn("a"), user, answers("a")],
    ["answers stand right behind their turn", "stands behind a message of the user", answers("a")],
    ["answers stand right behind their turn", "message 3", turn("a"), answers("a"), answers("a")],
    ["answers are in call order", "message 2 answers \"b\" at another place", turn("a", "b"), answers("b", "a")]
  ]

  it.effect.each(cases)("is a defect that says so: %s, %s", ([law, says, ...messages]) =>
    Effect.gen(function*() {
      const conversation = Conversation.append(question, ...messages)
      const { layer, requests } = ScriptedModel.make([ScriptedModel.says("Fine.")], { repeat: true })
      const asked = ChatModel.ChatModel.use((model) =>
        Effect.all([
          Effect.exit(Effect.asVoid(model.generate({ conversation }))),
          Effect.exit(Stream.runDrain(model.stream({ conversation })))
        ])
      )
      for (const exit of yield* Effect.provide(asked, layer)) {
        assert(Exit.isFailure(exit))
        const broken = Cause.squash(exit.cause)
        assert.instanceOf(broken, ScriptedModel.BrokenConversation)
        assert.strictEqual(broken.law, law)
        assert.include(broken.message, says)
      }
      assert.strictEqual(requests.length, 2)
    }))

  it("is none that a provider takes", () => {
    const messages = [turn("a", "b"), answers("a", "b"), turn("a"), answers("a"), ScriptedModel.says("3").message, user]
    assert.isUndefined(ScriptedModel.violationOf(Conversation.append(question, ...messages)))
  })
})

import { assert, describe, it } from "@effect/vitest"
import { Agent, Batch, ChatModelError, Conversation, Tool, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Context, Deferred, Effect, Exit, Fiber, Latch, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { acting, ends, gauge, recordingLogger, run } from "./support.ts"

const ok = acting("ok", () => Effect.succeed("fine"))
const toolkit = Toolkit.make(ok)
const prompt = "Go on."

const resultsOf = ({ messages }: Conversation.Conversation) =>
  messages.flatMap((message) => message.role === "tool" ? message.results : [])

describe("Agent.run", () => {
  it.effect("answers", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([ScriptedModel.says("Hello.")])
      const ended = yield* run(model, { toolkit, prompt, system: "Be brief." })
      assert.deepStrictEqual([ended.answer, ended.finish, ended.limited, ended.rounds], ["Hello.", "stop", false, []])
      assert.deepStrictEqual(ended.conversation.messages, [
        { role: "system", text: "Be brief." },
        { role: "user", text: prompt },
        { role: "assistant", text: "Hello.", calls: [] }
      ])
      assert.strictEqual(model.requests[0]!.toolkit, toolkit)
    }))

  it.effect.each([
    { system: undefined, told: Conversation.askTogether },
    { system: "Be brief.", told: `Be brief.\n\n${Conversation.askTogether}` }
  ])(
    "tells the model to ask for calls together where that is wanted, behind all else: %j",
    ({ system, told }) =>
      Effect.gen(function*() {
        const model = ScriptedModel.make([ScriptedModel.says("Hello.")])
        yield* run(model, { toolkit, prompt, system, askTogether: true })
        assert.deepStrictEqual(model.requests[0]!.conversation.messages[0], { role: "system", text: told })
      })
  )

  it.effect("runs the calls of a turn at once and gives their results in call order", () =>
    Effect.gen(function*() {
      const second = yield* Deferred.make<void>()
      const pair = Toolkit.make(
        acting("first", () => Effect.as(Deferred.await(second), "one")),
        acting("second", () => Effect.as(Deferred.succeed(second, undefined), "two"))
      )
      const model = ScriptedModel.make([
        ScriptedModel.calls({ name: "first" }, { name: "second" }),
        ScriptedModel.says("Both.")
      ])
      const ended = yield* run(model, { toolkit: pair, prompt })
      assert.strictEqual(ended.answer, "Both.")
      assert.deepStrictEqual(model.requests[1]!.conversation.messages.slice(1), [
        ScriptedModel.calls({ name: "first" }, { name: "second" }).message,
        {
          role: "tool",
          results: [
            { callId: "call_1", name: "first", text: "\"one\"", isError: false },
            { callId: "call_2", name: "second", text: "\"two\"", isError: false }
          ]
        }
      ])
      assert.deepStrictEqual(ended.rounds.map(({ settled }) => ends(settled)), [["one", "two"]])
    }))

  it.effect("gives a failure to the model, beside the successes", () =>
    Effect.gen(function*() {
      const mixed = Toolkit.make(ok, acting("bad", () => Effect.fail("no")), acting("odd", () => Effect.die("bug")))
      const model = ScriptedModel.make([
        ScriptedModel.calls({ name: "ok" }, { name: "bad" }, { name: "odd" }, { name: "nope" }, {
          name: "ok",
          arguments: "{"
        }),
        ScriptedModel.says("Well.")
      ])
      const ended = yield* run(model, { toolkit: mixed, prompt })
      assert.deepStrictEqual(resultsOf(ended.conversation).map(({ isError }) => isError), [
        false,
        true,
        true,
        true,
        true
      ])
    }).pipe(Effect.provide(recordingLogger().layer)))

  it.effect("sums up what the turns used", () =>
    Effect.gen(function*() {
      const ended = yield* run(
        ScriptedModel.make([
          ScriptedModel.calls({ name: "ok" }),
          ScriptedModel.calls({ name: "ok" }),
          ScriptedModel.says("Done.")
        ]),
        { toolkit, prompt }
      )
      assert.deepStrictEqual(ended.usage, { input: 30, output: 3 })
    }))

  it.effect("goes on with a conversation, of which it changes nothing", () =>
    Effect.gen(function*() {
      const first = yield* run(ScriptedModel.make([ScriptedModel.calls({ name: "ok" }), ScriptedModel.says("One.")]), {
        toolkit,
        prompt
      })
      const asked = Conversation.append(first.conversation, { role: "user", text: "And now?" })
      const second = yield* run(ScriptedModel.make([ScriptedModel.says("Two.")]), {
        toolkit,
        prompt: asked,
        system: "Not used."
      })
      assert.deepStrictEqual(second.conversation.messages.slice(0, -1), asked.messages)
      assert.strictEqual(second.conversation.runId, first.conversation.runId)
    }))

  it.effect("fails with what the model fails with", () =>
    Effect.gen(function*() {
      const reason = new ChatModelError.Unauthorized({ message: "no", status: 401 })
      const layer = ScriptedModel.layer([ScriptedModel.fails(reason)])
      const failure = yield* Effect.flip(Effect.provide(Agent.run({ toolkit, prompt }), layer))
      assert.strictEqual(failure.reason, reason)
    }))

  it.effect("says how the last turn ended: a refusal and a cut-off answer are no whole answers", () =>
    Effect.gen(function*() {
      for (const finish of ["refusal", "length"] as const) {
        const ended = yield* run(ScriptedModel.make([ScriptedModel.says("I", finish)]), { toolkit, prompt })
        assert.deepStrictEqual([ended.answer, ended.finish, ended.rounds.length], ["I", finish, 0])
      }
    }))

  it.effect("asks a paused model to go on", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([ScriptedModel.says("Let me ", "pause"), ScriptedModel.says("see.")])
      const ended = yield* run(model, { toolkit, prompt })
      assert.deepStrictEqual([ended.answer, model.requests.length], ["Let me see.", 2])
      assert.deepStrictEqual(model.requests[1]!.conversation.messages.at(-1), ScriptedModel.says("Let me ").message)
    }))

  it.effect("does not run truncated calls, and answers them", () =>
    Effect.gen(function*() {
      const { counts, measured } = gauge()
      const counted = Toolkit.make(acting("ok", () => measured(Effect.succeed("fine"))))
      const cut = ScriptedModel.calls({ name: "ok" }, { name: "ok", status: "truncated", arguments: "{\"a" })
      const ended = yield* run(ScriptedModel.make([{ ...cut, finish: "length" }, ScriptedModel.says("Again.")]), {
        toolkit: counted,
        prompt
      })
      assert.deepStrictEqual(ended.rounds.map(({ settled }) => ends(settled)), [["fine", "Truncated"]])
      assert.strictEqual(counts.started, 1)
    }))

  it.effect("bounds each batch as it is told", () =>
    Effect.gen(function*() {
      const slow = Toolkit.make(acting("slow", () => Effect.never))
      const model = ScriptedModel.make([
        ScriptedModel.calls({ name: "slow" }, { name: "slow" }),
        ScriptedModel.says("Too slow.")
      ])
      const options = { toolkit: slow, prompt, batch: { timeout: "1 second", maxCalls: 1 } } as const
      const fiber = yield* Effect.forkChild(run(model, options))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual((yield* Fiber.join(fiber)).rounds.map(({ settled }) => ends(settled)), [[
        "Timeout",
        "LimitExceeded"
      ]])
    }))

  it.effect("gives tools the services that they need", () =>
    Effect.gen(function*() {
      class Name extends Context.Service<Name, string>()("test/Name") {}
      const tool = Tool.make("name", {
        description: "",
        parameters: Schema.Struct({}),
        success: Schema.String,
        execute: () => Effect.map(Name, (name) => name)
      })
      const running = run(ScriptedModel.make([ScriptedModel.calls({ name: "name" }), ScriptedModel.says("Done.")]), {
        toolkit: Toolkit.make(tool),
        prompt
      })
      const ended = yield* Effect.provideService(running, Name, "Ada")
      assert.deepStrictEqual(resultsOf(ended.conversation).map(({ text }) => text), ["\"Ada\""])
    }))

  it.effect("interrupted, it waits for the finalizers of the tools in flight", () =>
    Effect.gen(function*() {
      const started = yield* Latch.make()
      let cleaned = false
      const work = Effect.andThen(started.open, Effect.never)
      const tidy = acting("tidy", () => Effect.onInterrupt(work, () => Effect.sync(() => cleaned = true)))
      const model = ScriptedModel.make([ScriptedModel.calls({ name: "tidy" })])
      const fiber = yield* Effect.forkChild(run(model, { toolkit: Toolkit.make(tidy), prompt }))
      yield* started.await
      yield* Fiber.interrupt(fiber)
      assert.isTrue(cleaned)
    }))
})

describe("toolChoice", () => {
  it.effect("holds for the first turn alone", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([
        ScriptedModel.calls({ name: "ok" }),
        ScriptedModel.calls({ name: "ok" }),
        ScriptedModel.says("Done.")
      ])
      yield* run(model, { toolkit, prompt, toolChoice: "required", parallelToolCalls: false })
      assert.deepStrictEqual(model.requests.map(({ toolChoice }) => toolChoice), ["required", undefined, undefined])
      assert.deepStrictEqual(model.requests.map(({ parallelToolCalls }) => parallelToolCalls), [false, false, false])
    }))

  it.effect("is the provider's own unless said", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([ScriptedModel.says("Hello.")])
      yield* run(model, { toolkit, prompt })
      assert.isUndefined(model.requests[0]!.toolChoice)
    }))
})

describe("a model that fails after calls have run", () => {
  const reason = new ChatModelError.RateLimited({ message: "later" })

  it.effect.each([false, true])(
    "gives the conversation with their results back (streaming: %s)",
    (streaming) =>
      Effect.gen(function*() {
        const layer = ScriptedModel.layer([ScriptedModel.calls({ name: "ok" }), ScriptedModel.fails(reason)])
        const error = yield* Effect.flip(Effect.provide(Agent.run({ toolkit, prompt, streaming }), layer))
        assert(error._tag === "ChatModelError" && error.conversation !== undefined)
        assert.deepStrictEqual(error.reason, reason)
        const ended = yield* run(ScriptedModel.make([ScriptedModel.says("Done.")]), {
          toolkit,
          prompt: error.conversation
        })
        assert.deepStrictEqual(resultsOf(ended.conversation).map(({ text }) => text), ["\"fine\""])
      })
  )
})

it.effect("what was said before calls is no part of the answer behind them", () =>
  Effect.gen(function*() {
    const model = ScriptedModel.make([
      ScriptedModel.says("One, ", "pause"),
      ScriptedModel.calls({ name: "ok" }),
      ScriptedModel.says("two.")
    ])
    assert.strictEqual((yield* run(model, { toolkit, prompt })).answer, "two.")
  }))

describe("at the limit of rounds", () => {
  it.effect("after 5 rounds, tools are listed but switched off, for a final answer", () =>
    Effect.gen(function*() {
      const five = Array.from({ length: 5 }, () => ScriptedModel.calls({ name: "ok" }))
      const model = ScriptedModel.make([...five, ScriptedModel.says("That is all.")])
      const ended = yield* run(model, { toolkit, prompt })
      assert.deepStrictEqual([ended.answer, ended.limited, ended.rounds.length], ["That is all.", "rounds", 5])
      assert.deepStrictEqual(model.requests.map(({ toolChoice }) => toolChoice ?? "-"), [
        "-",
        "-",
        "-",
        "-",
        "-",
        "none"
      ])
      assert.isTrue(model.requests.every((request) => request.toolkit === toolkit))
    }))

  it.effect("an answer before it is not limited", () =>
    Effect.gen(function*() {
      const four = Array.from({ length: 4 }, () => ScriptedModel.calls({ name: "ok" }))
      const ended = yield* run(ScriptedModel.make([...four, ScriptedModel.says("Done.")]), { toolkit, prompt })
      assert.deepStrictEqual([ended.limited, ended.rounds.length], [false, 4])
    }))

  it.effect("calls made in spite of that are not run, and answered by LimitExceeded", () =>
    Effect.gen(function*() {
      const { counts, measured } = gauge()
      const counted = Toolkit.make(acting("ok", () => measured(Effect.succeed("fine"))))
      const model = ScriptedModel.make([ScriptedModel.calls({ name: "ok" }, { name: "ok" })], { repeat: true })
      const ended = yield* run(model, { toolkit: counted, prompt, maxRounds: 2, batch: { maxCalls: "unbounded" } })
      assert.strictEqual(counts.started, 4)
      assert.strictEqual(model.requests.length, 3)
      assert.strictEqual(ended.limited, "rounds")
      assert.deepStrictEqual(ends(ended.rounds.at(-1)!.settled), ["LimitExceeded", "LimitExceeded"])
      assert.deepStrictEqual(resultsOf(ended.conversation).map(({ isError }) => isError), [
        false,
        false,
        false,
        false,
        true,
        true
      ])
    }))

  it.effect("of none, tools are switched off from the beginning", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([ScriptedModel.says("Hello.")])
      yield* run(model, { toolkit, prompt, maxRounds: 0, toolChoice: "required" })
      assert.deepStrictEqual(model.requests.map(({ toolChoice }) => toolChoice), ["none"])
    }))

  it.effect("a model that only ever pauses comes to an end as well", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([ScriptedModel.pauses()], { repeat: true })
      const ended = yield* run(model, { toolkit, prompt, maxRounds: 3 })
      assert.deepStrictEqual([model.requests.length, ended.finish, ended.limited], [4, "pause", "rounds"])
    }))
})

describe("idempotency keys", () => {
  const remembering = () => {
    const keys: Array<string> = []
    const tool = acting("pay", (_, call) => Effect.sync(() => `${keys.push(call.idempotencyKey)}`))
    return { keys, toolkit: Toolkit.make(tool) }
  }
  const pay = { name: "pay", arguments: { to: "Bob", amount: 5 } }
  const conversation = Conversation.make(prompt, { runId: "run" })

  it.effect("are the same where the same conversation is run again, as after a crash", () =>
    Effect.gen(function*() {
      const { keys, toolkit } = remembering()
      yield* run(ScriptedModel.make([ScriptedModel.calls(pay), ScriptedModel.says("Paid.")]), {
        toolkit,
        prompt: conversation
      })
      yield* run(ScriptedModel.make([ScriptedModel.calls(pay), ScriptedModel.says("Paid.")]), {
        toolkit,
        prompt: conversation
      })
      assert.strictEqual(keys.length, 2)
      assert.strictEqual(keys[0], keys[1])
    }))

  it.effect("differ between conversations", () =>
    Effect.gen(function*() {
      const { keys, toolkit } = remembering()
      yield* run(ScriptedModel.make([ScriptedModel.calls(pay), ScriptedModel.says("Paid.")]), { toolkit, prompt })
      yield* run(ScriptedModel.make([ScriptedModel.calls(pay), ScriptedModel.says("Paid.")]), { toolkit, prompt })
      assert.notStrictEqual(keys[0], keys[1])
    }))

  it.effect("stay the conversation's where the batch's run id is left undefined", () =>
    Effect.gen(function*() {
      const { keys, toolkit } = remembering()
      const options = { toolkit, prompt: conversation, batch: { runId: undefined } }
      yield* run(ScriptedModel.make([ScriptedModel.calls(pay), ScriptedModel.says("Paid.")]), options)
      yield* run(ScriptedModel.make([ScriptedModel.calls(pay), ScriptedModel.says("Paid.")]), options)
      assert.strictEqual(keys[0], keys[1])
    }))

  it.effect("differ between turns that repeat id, tool and arguments: a second payment is a second payment", () =>
    Effect.gen(function*() {
      const { keys, toolkit } = remembering()
      yield* run(
        ScriptedModel.make([ScriptedModel.calls(pay), ScriptedModel.calls(pay), ScriptedModel.says("Paid twice.")]),
        { toolkit, prompt: conversation }
      )
      assert.strictEqual(keys.length, 2)
      assert.notStrictEqual(keys[0], keys[1])
    }))
})

describe("Agent.stream", () => {
  /** What `onInterrupt` is given of an agent whose events are read until one has the tag. */
  const leftBy = (last: string) =>
    Effect.gen(function*() {
      const left: Array<Agent.Left> = []
      const onInterrupt = (what: Agent.Left) => Effect.sync(() => void left.push(what))
      const model = ScriptedModel.layer([ScriptedModel.calls({ name: "ok" }), ScriptedModel.says("Done.")])
      const events = Stream.takeUntil(Agent.stream({ toolkit, prompt, onInterrupt }), ({ _tag }) => _tag === last)
      yield* Effect.provide(Stream.runDrain(events), model)
      return left
    })

  it.effect("gives what it leaves to onInterrupt, unless its answer was read", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* leftBy("RoundSettled")).length, 1)
      assert.deepStrictEqual(yield* leftBy("Answer"), [])
      assert.deepStrictEqual(yield* leftBy("none: all are read"), [])
    }))

  it.effect("has left nothing where it failed", () =>
    Effect.gen(function*() {
      const left: Array<Agent.Left> = []
      const onInterrupt = (what: Agent.Left) => Effect.sync(() => void left.push(what))
      const model = ScriptedModel.layer([ScriptedModel.fails(new ChatModelError.RateLimited({ message: "busy" }))])
      const exit = yield* Effect.exit(
        Effect.provide(Stream.runDrain(Agent.stream({ toolkit, prompt, onInterrupt })), model)
      )
      assert.isTrue(Exit.hasFails(exit))
      assert.deepStrictEqual(left, [])
    }))
})

describe("maxRounds", () => {
  it.effect("that is not a number dies, rather than go on for ever", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([
        ...Array.from({ length: 20 }, () => ScriptedModel.calls({ name: "ok" })),
        ScriptedModel.says("Done.")
      ])
      const exit = yield* Effect.exit(run(model, { toolkit, prompt, maxRounds: Number.NaN }))
      assert.isTrue(Exit.hasDies(exit))
    }))
})

describe("Batch.Defaults", () => {
  it.effect("holds for the batches of an agent", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.make([
        ScriptedModel.calls({ name: "ok" }, { name: "ok" }),
        ScriptedModel.says("Done.")
      ])
      const ended = yield* Effect.provideService(run(model, { toolkit, prompt }), Batch.Defaults, { maxCalls: 1 })
      assert.deepStrictEqual(ends(ended.rounds[0]!.settled), ["fine", "LimitExceeded"])
    }))
})

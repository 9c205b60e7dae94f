/**
 * What an agent tells while it runs, and what it makes of turns that break off.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, Batch, ChatModel, ChatModelError, Tool, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Deferred, Effect, Exit, Fiber, References, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { aDayOf } from "../order/support.ts"
import { acting, ends } from "../support.ts"

const look = Tool.make("look", {
  description: "Looks.",
  parameters: Schema.Struct({ ms: Schema.Finite }),
  success: Schema.String,
  readOnly: true,
  execute: ({ ms }, call) => Effect.andThen(call.progress("looking"), Effect.as(Effect.sleep(ms), "seen"))
})
const change = acting("change", () => Effect.succeed("changed"))
const toolkit = Toolkit.make(look, change)
const prompt = "Go on."

const lookAt = (ms: number) => ({ name: "look", arguments: { ms } })

const said = (event: Agent.Event<Tool.Any, unknown>): string => {
  switch (event._tag) {
    case "TurnStarted":
      return `TurnStarted ${event.turn}${event.toolsOff ? " without tools" : ""}`
    case "Text":
      return `Text ${event.text}`
    case "TurnEnded":
      return `TurnEnded ${event.turn.finish}`
    case "Usage":
      return `Usage ${event.turn.input} of ${event.total.input}`
    case "CallWaiting":
      return `CallWaiting ${event.call.id} ${event.why}`
    case "CallRetried":
      return `CallRetried ${event.call.id} ${event.attempt}`
    case "CallHedged":
      return `CallHedged ${event.call.id}`
    case "CallStarted":
      return `CallStarted ${event.call.id}`
    case "CallProgress":
      return `CallProgress ${event.call.id} ${String(event.progress)}`
    case "CallSettled":
      return `CallSettled ${event.outcome.call.id} ${event.outcome.encoded}`
    case "RoundSettled":
      return `RoundSettled ${event.conversation.messages.length}`
    case "Steered":
      return `Steered ${event.said.length}`
    case "LimitReached":
      return `LimitReached ${event.limit}`
    case "Answer":
      return `Answer ${event.ended.answer}`
    case "Nested":
      return `Nested ${said(event.event)}`
  }
}

const failure = (reason: ChatModelError.Reason) => new ChatModelError.ChatModelError({ wire: "scripted", reason })
const overloaded = failure(new ChatModelError.ProviderFailed({ message: "overloaded", status: 529 }))
const misread = failure(new ChatModelError.UnusableResponse({ message: "not a response" }))

describe("onCall of an agent's batches", () => {
  const told = (told: Array<string>, name: string): Batch.Options => ({
    onCall: ({ _tag }) => Effect.sync(() => void (_tag !== "CallWaiting" && told.push(`${name} ${_tag}`)))
  })

  it.effect.each([false, true])(
    "is told of calls, else the default one; beside the events of a stream: %s",
    (streams) =>
      Effect.gen(function*() {
        const heard: Array<string> = []
        const ask = (batch: Batch.Options) => {
          const { layer } = ScriptedModel.make([ScriptedModel.calls({ name: "change" }), ScriptedModel.says("Done.")])
          const options = { toolkit, prompt, batch }
          const run = streams ? Stream.runDrain(Agent.stream(options)) : Effect.asVoid(Agent.run(options))
          return run.pipe(Effect.provide(layer), Effect.provideService(Batch.Defaults, told(heard, "default")))
        }
        yield* ask({})
        yield* ask(told(heard, "own"))
        assert.deepStrictEqual(heard, [
          "default CallStarted",
          "default CallSettled",
          "own CallStarted",
          "own CallSettled"
        ])
      })
  )

  it.effect.each<readonly [string, () => Effect.Effect<void>]>([
    ["dies", () => Effect.die(new Error("no room"))],
    ["throws", () => {
      throw new Error("no room")
    }],
    ["interrupts itself", () => Effect.interrupt],
    ["gives no effect", () => JSON.parse("null")]
  ])("keeps no event from the stream where it %s", ([, onCall]) =>
    Effect.gen(function*() {
      const events = (batch: Batch.Options) => {
        const { layer } = ScriptedModel.make([ScriptedModel.calls({ name: "change" }), ScriptedModel.says("Done.")])
        return Agent.stream({ toolkit, prompt, batch }).pipe(
          Stream.map(said),
          Stream.runCollect,
          Effect.provide(layer),
          Effect.provideService(References.CurrentLoggers, new Set())
        )
      }
      const told = yield* events({})
      assert.include(told.join(), "CallSettled")
      assert.deepStrictEqual(yield* events({ onCall }), told)
    }))
})

describe("Agent.stream", () => {
  it.effect("tells turns, text, calls, rounds, usage, limits and the answer, in the order in which they happen", () =>
    Effect.gen(function*() {
      const first = ScriptedModel.turn({ text: "Let me see.", calls: [lookAt(10)] })
      const { layer } = ScriptedModel.make([first, ScriptedModel.says("That is all.")])
      const events = Agent.stream({ toolkit, prompt, maxRounds: 1 }).pipe(Stream.map(said), Stream.runCollect)
      const fiber = yield* Effect.forkChild(Effect.provide(events, layer))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(Array.from(yield* Fiber.join(fiber)), [
        "TurnStarted 1",
        "Text Let me see.",
        "CallStarted call_1",
        "CallProgress call_1 looking",
        "TurnEnded tool-calls",
        "Usage 10 of 10",
        "CallSettled call_1 \"seen\"",
        "RoundSettled 3",
        "LimitReached rounds",
        "TurnStarted 2 without tools",
        "Text That is all.",
        "TurnEnded stop",
        "Usage 10 of 20",
        "Answer That is all."
      ])
    }))

  it.effect("starts read-only calls while the turn is still being written, and comes to what run comes to", () =>
    Effect.gen(function*() {
      const lengths = [1000, 800, 600, 400, 200]
      const whole = ScriptedModel.calls(...lengths.map(lookAt))
      const written = ScriptedModel.paced(whole, { latency: 200, pause: 200 })
      const { layer } = ScriptedModel.make([written, ScriptedModel.says("Done.")])
      const fiber = yield* Effect.forkChild(Effect.provide(Agent.run({ toolkit, prompt, streaming: true }), layer))
      yield* TestClock.adjust(1199)
      assert.isUndefined(fiber.pollUnsafe())
      yield* TestClock.adjust(1)
      const ended = yield* Fiber.join(fiber)
      const plain = yield* Effect.forkChild(
        Effect.provide(Agent.run({ toolkit, prompt }), ScriptedModel.make([whole, ScriptedModel.says("Done.")]).layer)
      )
      yield* TestClock.adjust("1 minute")
      const { conversation } = yield* Fiber.join(plain)
      assert.deepStrictEqual(ended.conversation.messages, conversation.messages)
    }))

  it.effect("fails with what the model fails with, after all that was told before", () =>
    Effect.gen(function*() {
      const { reason } = misread
      const { layer } = ScriptedModel.make([
        ScriptedModel.breaksOff(ScriptedModel.says("We are here."), { after: 1, reason })
      ])
      const heard: Array<string> = []
      const exit = yield* Agent.stream({ toolkit, prompt }).pipe(
        Stream.runForEach((event) => Effect.sync(() => heard.push(said(event)))),
        Effect.provide(layer),
        Effect.exit
      )
      assert.deepStrictEqual([heard, exit], [["TurnStarted 1", "Text We are here."], Exit.fail(misread)])
    }))

  it.effect("fails where the agent meets what is no effect, after all that was told before", () =>
    Effect.gen(function*() {
      const noEffect = Effect.flatMap(Effect.yieldNow, (): Effect.Effect<never> => undefined as never)
      const model = { generate: () => noEffect, stream: () => Stream.fromEffect(noEffect) }
      for (const streaming of [true, false]) {
        const heard: Array<string> = []
        const exit = yield* Agent.stream({ toolkit, prompt, streaming }).pipe(
          Stream.runForEach((event) => Effect.sync(() => heard.push(said(event)))),
          Effect.provideService(ChatModel.ChatModel, model),
          Effect.timeoutOption("1 minute"),
          aDayOf,
          Effect.exit
        )
        assert.deepStrictEqual([heard, Exit.isFailure(exit)], [["TurnStarted 1"], true])
      }
    }))

  it.effect("a reader who stops interrupts the agent and its calls", () =>
    Effect.gen(function*() {
      const stopped = yield* Deferred.make<void>()
      const slow = acting("slow", () => Effect.onInterrupt(Effect.never, () => Deferred.succeed(stopped, undefined)))
      const { layer } = ScriptedModel.make([ScriptedModel.calls({ name: "slow" })])
      const first = Agent.stream({ toolkit: Toolkit.make(slow), prompt }).pipe(
        Stream.filter((event) => event._tag === "CallStarted"),
        Stream.take(1),
        Stream.runDrain
      )
      yield* Effect.provide(first, layer)
      yield* Deferred.await(stopped)
    }))

  it.effect("a reader who is slow holds no call up", () =>
    Effect.gen(function*() {
      const { layer } = ScriptedModel.make([ScriptedModel.calls(lookAt(10), lookAt(20)), ScriptedModel.says("Done.")])
      const spans: Array<number> = []
      const reading = Agent.stream({ toolkit, prompt }).pipe(
        Stream.runForEach((event) =>
          Effect.andThen(
            Effect.sleep("1 minute"),
            Effect.sync(() => {
              if (event._tag === "CallSettled") spans.push(event.outcome.endedAt - event.outcome.startedAt)
            })
          )
        )
      )
      const fiber = yield* Effect.forkChild(Effect.provide(reading, layer))
      yield* TestClock.adjust("1 hour")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(spans, [10, 20])
    }))
})

describe("a streamed turn that breaks off", () => {
  const broken = ({ reason }: ChatModelError.ChatModelError, turn: ScriptedModel.Turn) =>
    ScriptedModel.breaksOff(ScriptedModel.paced(turn, { pause: 50 }), { after: Infinity, reason })

  const runWith = Effect.fnUntraced(function*(
    options: Partial<Agent.Options<never>>,
    ...turns: ReadonlyArray<ScriptedModel.Turn>
  ) {
    const model = ScriptedModel.make(turns, { repeat: true })
    const fiber = yield* Effect.forkChild(
      Effect.exit(Effect.provide(Agent.run({ toolkit, prompt, streaming: true, ...options }), model.layer))
    )
    yield* TestClock.adjust("1 hour")
    return { exit: yield* Fiber.join(fiber), requests: model.requests }
  })
  const run = (...turns: ReadonlyArray<ScriptedModel.Turn>) => runWith({}, ...turns)

  it.effect("for a reason that may pass is gone on from where calls of it have run: their results are kept", () =>
    Effect.gen(function*() {
      const turn = broken(
        overloaded,
        ScriptedModel.turn({ text: "Let me see.", calls: [lookAt(100), { name: "change" }] })
      )
      const { exit, requests } = yield* run(turn, ScriptedModel.says("Done."))
      assert(Exit.isSuccess(exit))
      const { answer, conversation, rounds } = exit.value
      assert.isUndefined(ScriptedModel.violationOf(conversation))
      assert.deepStrictEqual([answer, requests.length], ["Done.", 2])
      assert.deepStrictEqual(rounds.map(({ settled }) => ends(settled)), [["seen", "Truncated"]])
      assert.deepInclude(conversation.messages[1], { role: "assistant", text: "Let me see." })
      assert.strictEqual(rounds[0]!.turn.finish, "length")
      assert.deepStrictEqual(exit.value.usage, ScriptedModel.usage)
    }))

  it.effect("does not lessen what is kept of the tokens for an answer, though nobody knows what it cost", () =>
    Effect.gen(function*() {
      const first = ScriptedModel.turn({ calls: [lookAt(1)], usage: { input: 900, output: 75 } })
      const turns = [first, broken(overloaded, ScriptedModel.calls(lookAt(1), lookAt(1))), ScriptedModel.says("Done.")]
      const { exit } = yield* runWith({ maxTokens: 975 + 2 * (975 + 2 + 1024) }, ...turns)
      assert(Exit.isSuccess(exit))
      assert.deepStrictEqual([exit.value.rounds.length, exit.value.limited], [2, "tokens"])
    }))

  it.effect.each([
    { why: "for a reason that does not pass", turn: broken(misread, ScriptedModel.calls(lookAt(1))), error: misread },
    {
      why: "before any call of it ran",
      turn: broken(overloaded, ScriptedModel.calls({ name: "change" })),
      error: overloaded
    }
  ])("$why is the agent's failure", ({ error, turn }) =>
    Effect.gen(function*() {
      for (const maxDuration of [undefined, "1 day"] as const) {
        const { exit, requests } = yield* runWith({ maxDuration }, turn)
        assert.deepStrictEqual([exit, requests.length], [Exit.fail(error), 1])
      }
    }))

  it.effect("for a reason that does not pass fails at once, and starts nothing more of it", () =>
    Effect.gen(function*() {
      const started: Array<string> = []
      const slow = acting("slow", () => Effect.andThen(Effect.sync(() => started.push("slow")), Effect.never), {
        readOnly: true
      })
      const { layer } = ScriptedModel.make([broken(misread, ScriptedModel.calls({ name: "slow" }, { name: "slow" }))])
      const agent = Agent.run({ toolkit: Toolkit.make(slow), prompt, streaming: true, batch: { concurrency: 1 } })
      const fiber = yield* Effect.forkChild(Effect.exit(Effect.provide(agent, layer)))
      yield* TestClock.adjust(100)
      assert.deepStrictEqual([fiber.pollUnsafe(), started], [Exit.succeed(Exit.fail(misread)), ["slow"]])
    }))

  it.effect("each time is gone on from no more often than there are rounds", () =>
    Effect.gen(function*() {
      const { exit, requests } = yield* run(broken(overloaded, ScriptedModel.calls(lookAt(1))))
      assert.deepStrictEqual([exit, requests.length], [Exit.fail(overloaded), 6])
    }))
})

/**
 * Agents that are tools of other agents.
 */
import { assert, describe, it } from "@effect/vitest"
import { Agent, type AgentError, Approver, Batch, ChatModel, Conversation, Tool, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Effect, Fiber, Layer, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { aDayOf } from "../order/support.ts"
import { acting, ends, gauge } from "../support.ts"

const stored = Schema.fromJsonString(Schema.toCodecJson(Conversation.Conversation))

const restored = (conversation: Conversation.Conversation) =>
  Effect.flatMap(Schema.encodeEffect(stored)(conversation), Schema.decodeEffect(stored))

/** A model that plays a script of its own for each system prompt, by how many turns it has taken in the conversation. */
const cast = (scripts: Readonly<Record<string, ReadonlyArray<ScriptedModel.Step>>>) =>
  ScriptedModel.make(({ conversation: { messages } }) => {
    const system = messages.find(({ role }) => role === "system")
    const turns = messages.filter(({ role }) => role === "assistant").length
    return scripts[system?.role === "system" ? system.text : ""]![turns]!
  })

const { calls, says } = ScriptedModel

const asks = (name: string, task = "Do it.") => ({ name, arguments: { task } })

const pay = Tool.make("pay", {
  description: "Pays.",
  parameters: Schema.Struct({ to: Schema.String }),
  success: Schema.String,
  approval: "always",
  execute: ({ to }) => Effect.succeed(`paid ${to}`)
})

const ok = acting("ok", () => Effect.succeed("fine"))

/** Agents three levels deep, each with a tool of its own; `deep` has the innermost. */
const company = <T extends Tool.Any>(deep: Toolkit.Toolkit<T>) => {
  const clerk = Agent.asTool("clerk", { description: "Clerk.", toolkit: deep, system: "clerk" })
  const manager = Agent.asTool("manager", { description: "Manager.", toolkit: Toolkit.make(clerk), system: "manager" })
  return Toolkit.make(manager)
}

describe("an agent as a tool", () => {
  it.effect("gives its answer up, and nothing of what was said inside", () =>
    Effect.gen(function*() {
      const model = cast({
        boss: [calls(asks("manager")), says("Done.")],
        manager: [calls(asks("clerk")), says("The clerk did.")],
        clerk: [calls({ name: "ok" }), says("I did.")]
      })
      const ended = yield* Effect.provide(
        Agent.run({ toolkit: company(Toolkit.make(ok)), prompt: "Go on.", system: "boss" }),
        model.layer
      )
      assert.deepStrictEqual(ended.rounds.map(({ settled }) => ends(settled)), [["The clerk did."]])
      assert.notInclude(JSON.stringify(ended.conversation), "I did.")
      assert.deepStrictEqual(ended.usage, { input: 60, output: 6 })
      const asked = model.requests.map(({ conversation }) =>
        conversation.messages.filter(({ role }) => role === "user")
      )
      assert.deepStrictEqual(asked[1], [{ role: "user", text: "Do it." }])
    }))

  it.effect("gives a short error up where it has no answer", () =>
    Effect.gen(function*() {
      const lost = Agent.asTool("lost", {
        description: "Lost.",
        toolkit: Toolkit.make(ok),
        system: "lost",
        maxRounds: 1,
        atLimit: "fail"
      })
      const model = cast({
        "": [calls(asks("lost")), says("Well.")],
        lost: [calls({ name: "ok" }), calls({ name: "ok", arguments: { secret: true } })]
      })
      const { rounds, usage } = yield* Effect.provide(
        Agent.run({ toolkit: Toolkit.make(lost), prompt: "Go on." }),
        model.layer
      )
      const outcome = rounds[0]!.settled.outcomes[0]!
      assert.deepStrictEqual(JSON.parse(outcome.encoded).error, {
        type: "AgentFailed",
        message: "The agent ended without an answer: LimitReached (rounds).",
        safeToRepeat: false,
        data: { reason: "LimitReached", limit: "rounds" }
      })
      assert.strictEqual(usage.input, 40)
    }))

  it.effect("takes parameters of its own, and gives back what its answer is read as", () =>
    Effect.gen(function*() {
      const adder = Agent.asTool("adder", {
        description: "Adds.",
        toolkit: Toolkit.make(ok),
        system: "adder",
        parameters: Schema.Struct({ a: Schema.Int, b: Schema.Int }),
        prompt: ({ a, b }) => `What is ${a} + ${b}?`,
        output: Schema.Struct({ sum: Schema.Int })
      })
      const model = cast({
        "": [calls({ name: "adder", arguments: { a: 1, b: 2 } }), says("3")],
        adder: [says("{\"sum\":3}")]
      })
      const { rounds } = yield* Effect.provide(Agent.run({ toolkit: Toolkit.make(adder), prompt: "?" }), model.layer)
      assert.deepStrictEqual(rounds.map(({ settled }) => ends(settled)), [[{ sum: 3 }]])
      assert.include(JSON.stringify(model.requests[1]!.conversation), "What is 1 + 2?")
    }))

  it.effect("tells of none of its events where it begins when its call is over", () =>
    Effect.gen(function*() {
      const model = cast({
        boss: [calls(asks("clerk"), { name: "slow" }), says("Done.")],
        clerk: [says("I did.")]
      })
      const traits = { description: "Clerk.", toolkit: Toolkit.make(ok), system: "clerk" }
      const clerk = Agent.asTool("clerk", { ...traits, readOnly: true })
      const later = Tool.around(clerk, (effect) =>
        Effect.as(Effect.forkDetach(Effect.delay(effect, 5)), { value: "left", json: "left" }))
      const slow = acting("slow", () =>
        Effect.as(Effect.sleep(10), "done"))
      const told: Array<string> = []
      const agent = Agent.stream({ toolkit: Toolkit.make(later, slow), prompt: "Go on.", system: "boss" }).pipe(
        Stream.runForEach(({ _tag }) => Effect.sync(() => void told.push(_tag)))
      )
      yield* aDayOf(Effect.provide(agent, model.layer))
      assert.lengthOf(model.requests, 3)
      assert.include(told, "Answer")
      assert.notInclude(told, "Nested")
    }))

  it.effect("tells of its events, with the calls that it is inside of", () =>
    Effect.gen(function*() {
      const model = cast({
        boss: [calls(asks("manager")), says("Done.")],
        manager: [calls(asks("clerk")), says("The clerk did.")],
        clerk: [calls({ name: "ok" }), says("I did.")]
      })
      const told: Array<string> = []
      yield* Agent.stream({ toolkit: company(Toolkit.make(ok)), prompt: "Go on.", system: "boss" }).pipe(
        Stream.runForEach((event) =>
          Effect.sync(() => {
            const path = event._tag === "Nested"
              ? event.path.map(({ callId, tool }) => `${tool} ${callId}`).join("/")
              : ""
            const { _tag } = event._tag === "Nested" ? event.event : event
            if (["TurnStarted", "CallStarted", "CallSettled", "Answer"].includes(_tag)) told.push(`${path} ${_tag}`)
          })
        ),
        Effect.provide(model.layer)
      )
      assert.deepStrictEqual(told, [
        " TurnStarted",
        " CallStarted",
        "manager call_1 TurnStarted",
        "manager call_1 CallStarted",
        "manager call_1/clerk call_1 TurnStarted",
        "manager call_1/clerk call_1 CallStarted",
        "manager call_1/clerk call_1 CallSettled",
        "manager call_1/clerk call_1 TurnStarted",
        "manager call_1/clerk call_1 Answer",
        "manager call_1 CallSettled",
        "manager call_1 TurnStarted",
        "manager call_1 Answer",
        " CallSettled",
        " TurnStarted",
        " Answer"
      ])
    }))

  it.effect("neither waits for who is told of its call and hangs, nor keeps its events from others", () =>
    Effect.gen(function*() {
      const model = cast({ boss: [calls(asks("clerk")), says("Done.")], clerk: [calls({ name: "ok" }), says("Fine.")] })
      const clerk = Agent.asTool("clerk", { description: "Clerk.", toolkit: Toolkit.make(ok), system: "clerk" })
      const batch = { deadline: 100, onCall: () => Effect.never }
      const told: Array<string> = []
      const agent = Agent.stream({ toolkit: Toolkit.make(clerk), prompt: "Go!", system: "boss", batch }).pipe(
        Stream.runForEach((event) =>
          Effect.sync(() => void told.push(event._tag === "Nested" ? `- ${event.event._tag}` : event._tag))
        ),
        Effect.provide(model.layer)
      )
      yield* aDayOf(agent)
      const inner = ["TurnStarted", "TurnEnded", "Usage", "CallStarted", "CallSettled", "RoundSettled"]
      const last = ["TurnStarted", "TurnEnded", "Usage", "Answer"]
      assert.deepStrictEqual(told.slice(told.indexOf("CallStarted"), told.lastIndexOf("RoundSettled")), [
        "CallStarted",
        ...[...inner, ...last].map((event) => `- ${event}`),
        "CallSettled"
      ])
    }))

  it.effect("is undecided where a call inside is, and goes on inside", () =>
    Effect.gen(function*() {
      const scripts = {
        boss: [calls(asks("manager"), { name: "ok" }), says("Done.")],
        manager: [calls(asks("clerk")), says("The clerk paid.")],
        clerk: [calls({ name: "ok" }, { name: "pay", arguments: { to: "Ann" } }), says("I paid.")]
      }
      let looks = 0
      const look = acting("ok", () => Effect.sync(() => `${++looks}`))
      const toolkit = Toolkit.merge(company(Toolkit.make(look, pay)), Toolkit.make(look))
      const questions: Array<Approver.Question> = []
      const asking = Approver.layer((question) => Effect.sync(() => (questions.push(question), "undecided")))
      const run = (prompt: Agent.Options<never>["prompt"]) => Agent.run({ toolkit, prompt, system: "boss" })
      const error: unknown = yield* Effect.flip(Effect.provide(run("Go on."), [cast(scripts).layer, asking]))
      assert.deepInclude((error as AgentError.AgentError).reason, { _tag: "Undecided", callIds: ["call_1"] })
      assert.deepStrictEqual(questions.map(({ path, tool }) => [tool, path]), [["pay", [
        { tool: "manager", callId: "call_1" },
        { tool: "clerk", callId: "call_1" }
      ]]])
      const left = yield* restored((error as AgentError.AgentError).conversation)
      assert.isUndefined(ScriptedModel.violationOf(left))
      const model = cast(scripts)
      const ended = yield* Effect.provide(run(left), [model.layer, Approver.allow])
      assert.strictEqual(ended.answer, "Done.")
      assert.deepStrictEqual(ended.rounds.map(({ settled }) => ends(settled)), [["The clerk paid."]])
      assert.deepStrictEqual([looks, model.requests.length], [2, 3])
    }))

  it.effect("goes on inside where the run was interrupted", () =>
    Effect.gen(function*() {
      const scripts = {
        boss: [calls(asks("manager")), says("Done.")],
        manager: [calls(asks("clerk")), says("The clerk did.")],
        clerk: [calls({ name: "ok" }), calls({ name: "slow" }), says("I did.")]
      }
      let looks = 0
      const look = acting("ok", () => Effect.sync(() => `${++looks}`))
      const slow = acting("slow", () => Effect.as(Effect.sleep("1 minute"), "late"))
      let prompt: Agent.Options<never>["prompt"] = "Go on."
      const run = Effect.suspend(() =>
        Agent.run({
          toolkit: company(Toolkit.make(look, slow)),
          prompt,
          system: "boss",
          onInterrupt: ({ conversation }) => Effect.sync(() => void (prompt = conversation))
        })
      )
      const fiber = yield* Effect.forkChild(Effect.provide(run, cast(scripts).layer))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(fiber)
      const model = cast(scripts)
      const ended = yield* Effect.provide(run, model.layer)
      assert.deepStrictEqual([ended.answer, looks, model.requests.length], ["Done.", 1, 3])
      assert.include(JSON.stringify(model.requests[0]!.conversation), "The program stopped while the call ran.")
    }))
})

describe("limits of an agent", () => {
  const team = (maxTokens?: number) =>
    Toolkit.make(Agent.asTool("clerk", {
      description: "Clerk.",
      toolkit: Toolkit.make(ok),
      system: "clerk",
      maxRounds: 50,
      maxTokens
    }))

  const endless = ScriptedModel.make(({ conversation, toolChoice }) => {
    const system = conversation.messages[0]!
    const isClerk = system.role === "system" && system.text === "clerk"
    if (toolChoice === "none") return says("Enough.")
    if (isClerk) return calls({ name: "ok" }, { name: "ok" })
    return conversation.messages.some(({ role }) => role === "tool")
      ? says("Done.")
      : calls(asks("clerk"), asks("clerk"))
  })

  it.effect.each(
    [
      { options: { maxToolCalls: 9 }, within: (_: Agent.Ended<Tool.Any>, ran: number) => ran === 7 },
      {
        options: { maxTokens: 20_000 },
        within: ({ usage }: Agent.Ended<Tool.Any>) => usage.input + usage.output <= 20_000
      },
      {
        options: { maxCost: 1, pricing: { "*": { input: 10_000, output: 0 } } },
        within: ({ cost }: Agent.Ended<Tool.Any>) => cost! <= 1 && cost! > 0.5
      }
    ]
  )("hold for agents inside it as well: $options", ({ options, within }) =>
    Effect.gen(function*() {
      let ran = 0
      const agent = Agent.stream({ toolkit: team(), prompt: "Go on.", ...options }).pipe(
        Stream.tap((event) =>
          Effect.sync(() => void (event._tag === "Nested" && event.event._tag === "CallStarted" && ran++))
        ),
        Stream.runLast
      )
      const last = yield* Effect.provide(agent, endless.layer)
      assert(last._tag === "Some" && last.value._tag === "Answer")
      assert.isTrue(within(last.value.ended, ran), JSON.stringify([last.value.ended.usage, last.value.ended.cost, ran]))
      assert.deepStrictEqual(last.value.ended.rounds.map(({ settled }) => ends(settled)[0]), ["Enough."])
    }))

  it.effect.each(
    [
      ["is too late for the deadline of its turn", Effect.never, { deadline: 5, onCall: () => Effect.void }, "Slow."],
      ["was told when the agent is stopped", Effect.succeed("fine"), { onCall: () => Effect.sleep(50) }, "Interrupted"]
    ] as const
  )("count a call inside it once that %s", ([, end, batch, answer]) =>
    Effect.gen(function*() {
      const description = "Clerk."
      const toolkit = Toolkit.make(acting("work", () => end))
      const clerk = Agent.asTool("clerk", { description, toolkit, system: "clerk", batch })
      const fails = acting("fails", () => Effect.andThen(Effect.sleep(10), Effect.fail("no")))
      const model = cast({
        clerk: [calls({ name: "work" }), says("Slow.")],
        boss: [calls(asks("clerk"), { name: "fails" }), calls({ name: "ok" }, { name: "ok" }), says("Done.")]
      })
      const agent = Agent.run({
        toolkit: Toolkit.make(clerk, fails, ok),
        prompt: "Go on.",
        system: "boss",
        maxToolCalls: 5,
        batch: { failFast: true }
      })
      const ended = yield* aDayOf(Effect.provide(agent, model.layer))
      assert.deepStrictEqual(ended.rounds.map(({ settled }) => ends(settled)), [
        [answer, { failure: "no" }],
        ["fine", "fine"]
      ])
    }))

  it.effect("of time leave it what an answer takes", () =>
    Effect.gen(function*() {
      const slowly = { latency: "1 second" } as const
      const model = ScriptedModel.make(({ conversation, toolChoice }) => {
        const system = conversation.messages[0]!
        if (toolChoice === "none") return ScriptedModel.paced(says("Enough."), slowly)
        return ScriptedModel.paced(
          system.role === "system" && system.text === "clerk" ? calls({ name: "ok" }) : calls(asks("clerk")),
          slowly
        )
      })
      const fiber = yield* Effect.forkChild(Effect.provide(
        Agent.run({ toolkit: team(), prompt: "Go on.", maxDuration: "10500 millis" }),
        model.layer
      ))
      yield* TestClock.adjust("11 seconds")
      const ended = yield* Fiber.join(fiber)
      assert.deepStrictEqual([ended.answer, ended.limited, ends(ended.rounds[0]!.settled)], ["Enough.", "time", [
        "Enough."
      ]])
    }))
})

describe("agents three levels deep on one runner with room for two", () => {
  it.effect("end, and never have more than two calls at work", () =>
    Effect.gen(function*() {
      const { counts, measured } = gauge()
      const work = acting("ok", () => measured(Effect.as(Effect.sleep(10), "fine")))
      const twice = (name: string) => [calls(asks(name), asks(name), asks(name)), says(`${name} did.`)]
      const model = cast({
        boss: twice("manager"),
        manager: twice("clerk"),
        clerk: [calls({ name: "ok" }, { name: "ok" }), says("fine")]
      })
      const runner = yield* Batch.make({ concurrency: 2 })
      const agent = Agent.run({ toolkit: company(Toolkit.make(work)), prompt: "Go on.", system: "boss", runner })
      const fiber = yield* Effect.forkChild(Effect.provide(Effect.all([agent, agent], { concurrency: 2 }), model.layer))
      yield* TestClock.adjust("5 seconds")
      const ended = yield* Fiber.join(fiber)
      assert.deepStrictEqual(ended.map(({ answer }) => answer), ["manager did.", "manager did."])
      assert.deepStrictEqual([counts.started, counts.most], [36, 2])
    }))
})

describe("agents on one runner", () => {
  it.effect("share its limits, and take its options where they do not say otherwise", () =>
    Effect.gen(function*() {
      const { counts, measured } = gauge()
      const work = acting("work", () => measured(Effect.as(Effect.sleep(10), "fine")))
      const three = calls({ name: "work" }, { name: "work" }, { name: "work" })
      const script: ScriptedModel.Script = ({ conversation }) =>
        conversation.messages.length > 1 ? says("Done.") : three
      const runner = yield* Batch.make({ concurrency: 3, maxCalls: 2 })
      const agent = (streaming: boolean) =>
        Effect.provide(
          Agent.run({ toolkit: Toolkit.make(work), prompt: "Go on.", runner, streaming }),
          Layer.fresh(ScriptedModel.layer(script))
        )
      const fiber = yield* Effect.forkChild(Effect.all([agent(false), agent(true)], { concurrency: 2 }))
      yield* TestClock.adjust(100)
      const all = yield* Fiber.join(fiber)
      assert.deepStrictEqual(all.map(({ rounds }) => ends(rounds[0]!.settled)), [
        ["fine", "fine", "LimitExceeded"],
        ["fine", "fine", "LimitExceeded"]
      ])
      assert.deepStrictEqual([counts.started, counts.most], [4, 3])
    }))
})

// The model is needed by whoever runs the tool.
export const needs: Effect.Effect<unknown, never, ChatModel.ChatModel> = Batch.run(company(Toolkit.make(ok)), [])

import { assert, describe, it } from "@effect/vitest"
import {
  Agent,
  AgentError,
  Batch,
  ChatModel,
  ChatModelError,
  Conversation,
  Plan,
  Tool,
  ToolCall,
  Toolkit
} from "@volley/core"
import { Faults, ScriptedModel } from "@volley/testing"
import { Effect, Exit, Fiber, Layer, Logger, Result, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"

class NoSuchCity extends Schema.TaggedError<NoSuchCity>()("NoSuchCity", { city: Schema.String }) {}

const weather = Tool.make("weather", {
  description: "Current temperature of a city.",
  parameters: Schema.Struct({ city: Schema.String }),
  success: Schema.Finite,
  failure: NoSuchCity,
  readOnly: true,
  execute: ({ city }) => Effect.as(Effect.sleep(10), city.length)
})
const note = Tool.make("note", {
  description: "Notes anything.",
  parameters: Schema.Struct({ city: Schema.String }),
  success: Schema.Unknown,
  execute: ({ city }) => Effect.succeed({ noted: city })
})
const toolkit = Toolkit.make(weather, note)

const timeout = 30_000

/** What a virtual day brings, and nothing that the tools log. */
const inTime = Effect.fnUntraced(function*<A, E, R>(effect: Effect.Effect<A, E, R>) {
  const fiber = yield* Effect.forkChild(Effect.provide(effect, Logger.layer([])))
  yield* TestClock.adjust("1 day")
  return yield* Fiber.join(fiber)
})

const callsOf = (cities: ReadonlyArray<string>, name = "weather") =>
  cities.map((city, index) => ToolCall.make({ id: `call_${index}`, name, arguments: { city }, index }))

/** Settles calls of the toolkit under faults. */
const run = (options: Faults.Options<Faults.ToolFault>, calls: ReadonlyArray<ToolCall.ToolCall>) =>
  inTime(Batch.run(Faults.toolkit(toolkit, options), calls, { timeout, concurrency: "unbounded" }))

/** How each call ended: the type of its error, "ok" where there is none. */
const endsOf = ({ outcomes }: Batch.Settled<Tool.Any>): ReadonlyArray<unknown> =>
  outcomes.map(({ encoded, result }) => Result.isSuccess(result) ? "ok" : JSON.parse(encoded).error.type)

const Seeds = { seed: Schema.Int, cities: Schema.Array(Schema.String) }

describe("Faults", () => {
  it("have no weight of a fault that there is not, which would never come", () => {
    const tools = { none: 1, errors: 1 }
    const said = "there is no fault `errors`: take some of none, latency,"
    assert.throws(() => Faults.toolkit(toolkit, { seed: 1, weights: tools }), `Faults.toolkit: ${said} failure,`)
    assert.throws(() => Faults.model({ seed: 1, weights: tools }), `Faults.model: ${said} rateLimited,`)
    assert.throws(
      () => Faults.ofCall({ seed: 1, weights: tools }, { id: "1", name: "a", arguments: {} }),
      `Faults.ofCall: ${said} failure,`
    )
  })
})

describe("Faults.toolkit", () => {
  it.effect.each<readonly [fault: Faults.ToolFault, weather: string, note: string]>([
    ["none", "ok", "ok"],
    ["latency", "ok", "ok"],
    ["failure", "NoSuchCity", "Defect"],
    ["defect", "Defect", "Defect"],
    ["hang", "Timeout", "Timeout"],
    ["slowInterruption", "Timeout", "Timeout"],
    ["malformed", "Unencodable", "Unencodable"]
  ])(
    "%s comes to %s, and to %s where a tool has no failure and promises nothing",
    ([fault, ofWeather, ofNote]) =>
      Effect.gen(function*() {
        const options = { seed: 1, weights: { [fault]: 1 }, latency: "20 seconds" } as const
        const settled = yield* run(options, [...callsOf(["Oslo"]), ...callsOf(["Rome"], "note")])
        assert.deepStrictEqual(endsOf(settled), [ofWeather, ofNote])
        assert.strictEqual(settled.strays.length, fault === "slowInterruption" ? 2 : 0)
      })
  )

  it.effect.prop(
    "a call meets the same fault, whatever runs beside it and before it",
    Seeds,
    ({ cities, seed }) =>
      Effect.gen(function*() {
        const calls = callsOf(cities)
        const all = yield* run({ seed }, calls)
        const reversed = yield* run({ seed }, calls.toReversed())
        for (const call of calls) {
          const alone = yield* run({ seed }, [call])
          const same = [all, reversed].map(({ outcomes }) => outcomes.find((outcome) => outcome.call.id === call.id))
          for (const outcome of same) assert.strictEqual(outcome?.encoded, alone.outcomes[0]?.encoded)
        }
      }),
    { arbitrary: { runs: 20 } }
  )

  it.effect.prop(
    "every call is answered, in call order and within its time",
    Seeds,
    ({ cities, seed }) =>
      Effect.gen(function*() {
        const calls = callsOf(cities)
        const { outcomes } = yield* run({ seed }, calls)
        assert.deepStrictEqual(outcomes.map(({ call }) => call), calls)
        for (const { endedAt, startedAt } of outcomes) assert.isAtMost(endedAt - startedAt, timeout)
      }),
    { arbitrary: { runs: 50 } }
  )

  it.effect.prop(
    "a call that meets none ends as it does without faults",
    Seeds,
    ({ cities, seed }) =>
      Effect.gen(function*() {
        const calls = callsOf(cities)
        const [faulty, plain] = [yield* run({ seed }, calls), yield* run({ seed, weights: { none: 1 } }, calls)]
        for (const [index, call] of calls.entries()) {
          const { fault } = yield* Faults.ofCall({ seed }, call)
          const same = faulty.outcomes[index]?.encoded === plain.outcomes[index]?.encoded
          if (fault === "none") assert.isTrue(same)
          if (fault !== "none" && fault !== "latency") assert.isFalse(same)
        }
      }),
    { arbitrary: { runs: 50 } }
  )

  it.effect("another seed gives other faults, each about as often as its weight says", () =>
    Effect.gen(function*() {
      const calls = callsOf(Array.from({ length: 600 }, (_, n) => `city ${n}`))
      const faultsOf = (seed: string) =>
        Effect.forEach(calls, (call) => Effect.map(Faults.ofCall({ seed }, call), ({ fault }) => fault))
      const [first, second] = [yield* faultsOf("first"), yield* faultsOf("second")]
      assert.notDeepEqual(first, second)
      assert.strictEqual(new Set(first).size, 7)
      const alone = first.filter((fault) => fault === "none").length
      assert.isTrue(alone > 200 && alone < 400, `${alone} of 600 calls are left alone`)
    }))

  it.effect("the next attempt at a call may meet another, and steps of a plan meet their own", () =>
    Effect.gen(function*() {
      const seeds = Array.from({ length: 20 }, (_, seed) => seed)
      const call = { id: "a", name: "weather", arguments: { city: "Oslo" } }
      const other = yield* Effect.filter(seeds, (seed) =>
        Effect.gen(function*() {
          const first = yield* Faults.ofCall({ seed }, call)
          return first.fault !== (yield* Faults.ofCall({ seed }, { ...call, attempt: 2 })).fault
        }))
      assert.isAbove(other.length, 0)
      const kit = Faults.toolkit(Toolkit.make(Plan.tool(toolkit)), { seed: 1, weights: { defect: 1 } })
      const steps = [{ id: "a", tool: "weather", arguments: { city: "Oslo" } }]
      const planned = Batch.run(kit, [ToolCall.make({ id: "plan", name: "plan", arguments: { steps } })])
      assert.include((yield* inTime(planned)).outcomes[0]?.encoded, "\"type\":\"Defect\"")
    }))
})

const asked = Conversation.make("How warm are Oslo and Rome?", { runId: "run" })

const script: ScriptedModel.Script = ({ conversation, toolChoice }) => {
  const turns = conversation.messages.filter(({ role }) => role === "assistant").length
  const of = (city: string) => [{ name: "weather", arguments: { city } }, { name: "note", arguments: { city } }]
  const turn = turns >= 3 || toolChoice === "none"
    ? ScriptedModel.says("Warm enough.")
    : ScriptedModel.turn({ text: "Let me see.", calls: [...of("Oslo"), ...of("Rome")] })
  return ScriptedModel.paced(turn, { latency: 500, pause: 20, fragment: 5 })
}

/** A scripted model under faults. */
const faulty = (options: Faults.Options<Faults.ModelFault>) => {
  const model = ScriptedModel.make(script)
  return { ...model, layer: Faults.model(options).pipe(Layer.provide(model.layer)) }
}

describe("Faults.model", () => {
  const generated = ChatModel.ChatModel.use((model) => model.generate({ conversation: asked }))
  const streamed = ChatModel.ChatModel.use((model) => Stream.runCollect(model.stream({ conversation: asked })))
  const endOf = <A>(exit: Exit.Exit<A, ChatModelError.ChatModelError>) =>
    Exit.isSuccess(exit) ? "ok" : Result.getOrThrow(Exit.findError(exit)).reason._tag

  it.effect.each<readonly [fault: Faults.ModelFault, end: string]>([
    ["none", "ok"],
    ["latency", "ok"],
    ["rateLimited", "RateLimited"],
    ["providerFailed", "ProviderFailed"],
    ["brokenOff", "Unreachable"],
    ["truncated", "ok"],
    ["repeatedIds", "ok"]
  ])("%s comes to %s, whole and streamed", ([fault, end]) =>
    Effect.gen(function*() {
      const { layer } = faulty({ seed: 1, weights: { [fault]: 1 } })
      const exits = yield* inTime(
        Effect.provide(Effect.all([Effect.exit(Effect.asVoid(generated)), Effect.exit(Effect.asVoid(streamed))]), layer)
      )
      assert.deepStrictEqual(exits.map(endOf), [end, end])
    }))

  it.effect("a turn that is cut off is so in its parts as well, and ids are those of earlier turns", () =>
    Effect.gen(function*() {
      const cut = yield* inTime(Effect.provide(streamed, faulty({ seed: 1, weights: { truncated: 1 } }).layer))
      const told = cut.flatMap((part) => part._tag === "Call" ? [part.call.status] : [])
      assert.deepStrictEqual(told, ["complete", "complete", "complete", "truncated"])
      const agent = Agent.run({ toolkit, prompt: asked })
      const { layer } = faulty({ seed: 1, weights: { repeatedIds: 1 } })
      const { conversation } = yield* inTime(Effect.provide(agent, layer))
      const ids = conversation.messages.flatMap((message) =>
        message.role === "assistant" && message.calls.length > 0 ? [message.calls.map(({ id }) => id).join()] : []
      )
      assert.strictEqual(new Set(ids).size, 1)
    }))

  it.effect("a request that is sent again may meet another", () =>
    Effect.gen(function*() {
      const { layer } = faulty({ seed: 3, weights: { none: 1, rateLimited: 1 } })
      const exits = Effect.all(Array.from({ length: 20 }, () => Effect.exit(generated)))
      const once = (yield* inTime(Effect.provide(exits, layer))).map(endOf)
      const again =
        (yield* inTime(Effect.provide(exits, faulty({ seed: 3, weights: { none: 1, rateLimited: 1 } }).layer)))
          .map(endOf)
      assert.strictEqual(new Set(once).size, 2)
      assert.deepStrictEqual(again, once)
    }))
})

describe("an agent", () => {
  it.effect.prop(
    "ends well under faults of its model and its tools: with an answer or a typed error, every call answered",
    { seed: Schema.Int, streaming: Schema.Boolean },
    ({ seed, streaming }) =>
      Effect.gen(function*() {
        const { layer } = faulty({ seed })
        const agent = Agent.run({
          toolkit: Faults.toolkit(toolkit, { seed }),
          prompt: asked,
          streaming,
          maxDuration: "10 minutes",
          batch: { timeout }
        })
        const exit = yield* inTime(Effect.exit(Effect.provide(agent, layer)))
        const end = Exit.isSuccess(exit) ? exit.value : Result.getOrThrow(Exit.findError(exit))
        if ("answer" in end) assert.isTrue(end.answer !== "" || end.finish !== "stop")
        if (!(end instanceof ChatModelError.ChatModelError)) {
          assert.isUndefined(ScriptedModel.violationOf(end.conversation))
          assert.isTrue("answer" in end || end instanceof AgentError.AgentError)
        }
      }),
    { arbitrary: { runs: 100, size: 1000 } }
  )
})

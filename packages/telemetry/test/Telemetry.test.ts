import { assert, describe, it } from "@effect/vitest"
import { Access, Agent, Approver, Batch, ChatModelError, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { Telemetry } from "@volley/telemetry"
import { ScriptedModel } from "@volley/testing"
import { Cause, Effect, Exit, Fiber, Layer, Logger, Metric, Redacted, Schedule, Schema, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { pathOf, recordingTracer, type Seen } from "./spans.ts"

class NoCity extends Schema.TaggedError<NoCity>()("NoCity", { city: Schema.String }) {}

const city = Schema.Struct({ city: Schema.String })
const definition = { description: "For tests.", parameters: city, success: Schema.String }
const look = Tool.make("look", {
  ...definition,
  failure: NoCity,
  readOnly: true,
  execute: ({ city }) => city === "Atlantis" ? new NoCity({ city }) : Effect.succeed(`${city} it is`)
})
const slow = Tool.make("slow", {
  ...definition,
  timeout: "1 second",
  execute: () => Effect.never
})
const crash = Tool.make("crash", {
  ...definition,
  execute: () => Effect.die(new Error("the key is sk-123"))
})
const asked = Tool.make("asked", {
  ...definition,
  approval: "always",
  execute: () => Effect.succeed("done")
})
const toolkit = Toolkit.make(look, slow, crash, asked)

const call = (id: string, name: string, args: unknown = { city: "Tokyo" }, index = 0) =>
  ToolCall.make({ id, name, arguments: args, index })

const quiet = Logger.layer([])

/** Runs a program with spans, and gives them. */
const traced = <A, E>(program: Effect.Effect<A, E>, options: Telemetry.Options = {}) =>
  Effect.gen(function*() {
    const { ended, tracer } = recordingTracer()
    const exit = yield* Effect.exit(program.pipe(
      Effect.withSpan("app"),
      Effect.provideService(Tracer.Tracer, tracer),
      Effect.provide(Layer.merge(Telemetry.layer(options), quiet))
    ))
    return { ended, exit }
  })

const attributesOf = ({ span }: Seen) => Object.fromEntries(span.attributes)
const named = (ended: ReadonlyArray<Seen>, name: string): Seen => {
  const found = ended.find(({ span }) => span.name === name)
  assert.isDefined(found)
  return found
}
const durationOf = ({ span: { status } }: Seen) =>
  status._tag === "Ended" ? Number(status.endTime - status.startTime) / 1e6 : NaN
const messageOf = ({ exit }: Seen) => Exit.isSuccess(exit) ? undefined : Cause.prettyErrors(exit.cause)[0]?.message

describe("spans", () => {
  it.effect("of an agent hold its turns and calls, under the span of whoever runs it", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.layer([
        {
          ...ScriptedModel.calls({ name: "look", arguments: { city: "Tokyo" } }),
          usage: { input: 9, output: 4, cached: 3, reasoning: 2 }
        },
        ScriptedModel.says("It is.")
      ])
      const agent = Agent.run({ name: "guide", toolkit: Toolkit.make(look), prompt: "Where?" })
      const { ended } = yield* traced(Effect.provide(agent, model))
      assert.deepStrictEqual(ended.map(({ span }) => pathOf(span)), [
        "app > invoke_agent guide > chat scripted",
        "app > invoke_agent guide > execute_tool look",
        "app > invoke_agent guide > chat scripted",
        "app > invoke_agent guide",
        "app"
      ])
      const { "gen_ai.conversation.id": id, ...chat } = attributesOf(ended[0]!)
      assert.deepStrictEqual(chat, {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "scripted",
        "gen_ai.request.model": "scripted",
        "gen_ai.agent.name": "guide",
        "gen_ai.response.finish_reasons": ["tool_call"],
        "gen_ai.usage.input_tokens": 9,
        "gen_ai.usage.output_tokens": 4,
        "gen_ai.usage.cache_read.input_tokens": 3,
        "gen_ai.usage.reasoning.output_tokens": 2
      })
      assert.isString(id)
      for (const one of ended.slice(0, 4)) assert.strictEqual(attributesOf(one)["gen_ai.conversation.id"], id)
      assert.strictEqual(ended[0]!.span.kind, "client")
    }))

  it.effect("of agents in agents nest in their calls", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.layer([
        ScriptedModel.calls({ name: "helper", arguments: { task: "Look." } }),
        ScriptedModel.calls({ name: "look", arguments: { city: "Tokyo" } }),
        ScriptedModel.says("Tokyo it is."),
        ScriptedModel.says("Done.")
      ])
      const helper = Agent.asTool("helper", { description: "Helps.", toolkit: Toolkit.make(look) })
      const agent = Agent.run({ toolkit: Toolkit.make(helper), prompt: "Where?" })
      const { ended } = yield* traced(Effect.provide(agent, model))
      assert.includeMembers(ended.map(({ span }) => pathOf(span)), [
        "app > invoke_agent > execute_tool helper > invoke_agent helper > execute_tool look",
        "app > invoke_agent > execute_tool helper > invoke_agent helper > chat scripted"
      ])
    }))

  it.effect("of a streamed turn hold the same, and when its first piece came", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.layer([
        ScriptedModel.calls({ name: "look", arguments: { city: "Tokyo" } }),
        ScriptedModel.says("It is.")
      ])
      const agent = Agent.run({ toolkit: Toolkit.make(look), prompt: "Where?", streaming: true })
      const { ended } = yield* traced(Effect.provide(agent, model))
      const chat = attributesOf(named(ended, "chat scripted"))
      assert.strictEqual(chat["gen_ai.request.stream"], true)
      assert.strictEqual(chat["gen_ai.response.time_to_first_chunk"], 0)
      assert.deepStrictEqual(chat["gen_ai.response.finish_reasons"], ["tool_call"])
    }))

  it.effect("of a model that fails, and of its agent, say why", () =>
    Effect.gen(function*() {
      const reason = new ChatModelError.RateLimited({ message: "key sk-123 is over its quota" })
      const model = ScriptedModel.layer([ScriptedModel.fails(reason)])
      const agent = Agent.run({ toolkit: Toolkit.make(look), prompt: "Where?" })
      const { ended } = yield* traced(Effect.provide(agent, model))
      for (const name of ["chat scripted", "invoke_agent"]) {
        assert.strictEqual(attributesOf(named(ended, name))["error.type"], "RateLimited")
        assert.strictEqual(messageOf(named(ended, name)), "RateLimited")
      }
    }))

  it.effect("are there for every call, with its error, and without its words", () =>
    Effect.gen(function*() {
      const calls = [
        call("ok", "look"),
        call("failed", "look", { city: "Atlantis" }, 1),
        call("wrong", "look", { town: "Tokyo" }, 2),
        call("unknown", "loook", {}, 3),
        call("crashed", "crash", { city: "Tokyo" }, 4),
        call("denied", "asked", { city: "Tokyo" }, 5),
        call("over", "look", { city: "Tokyo" }, 6)
      ]
      const { ended } = yield* traced(Effect.provide(Batch.run(toolkit, calls, { maxCalls: 6 }), Approver.deny))
      const types = Object.fromEntries(
        ended.slice(0, -1).map((one) => [attributesOf(one)["gen_ai.tool.call.id"], [
          one.span.name,
          attributesOf(one)["error.type"],
          messageOf(one)
        ]])
      )
      assert.deepStrictEqual(types, {
        ok: ["execute_tool look", undefined, undefined],
        failed: ["execute_tool look", "NoCity", "NoCity"],
        wrong: ["execute_tool look", "InvalidArguments", "InvalidArguments"],
        unknown: ["execute_tool", "UnknownTool", "UnknownTool"],
        crashed: ["execute_tool crash", "Defect", "Defect"],
        denied: ["execute_tool asked", "Denied", "Denied"],
        over: ["execute_tool look", "LimitExceeded", "LimitExceeded"]
      })
    }))

  it.effect("end with the outcome of their call, not with its fiber", () =>
    Effect.gen(function*() {
      const stubborn = Tool.make("stubborn", {
        ...definition,
        timeout: "1 second",
        execute: () => Effect.as(Effect.uninterruptible(Effect.sleep("1 minute")), "late")
      })
      const fiber = yield* Effect.forkChild(traced(Batch.run(Toolkit.make(stubborn), [call("late", "stubborn")])), {
        startImmediately: true
      })
      yield* TestClock.adjust("1 second")
      const { ended } = yield* Fiber.join(fiber)
      const one = named(ended, "execute_tool stubborn")
      assert.strictEqual(attributesOf(one)["error.type"], "Timeout")
      assert.strictEqual(durationOf(one), 1000)
      yield* TestClock.adjust("1 minute")
    }))

  it.effect("of calls that are interrupted end too, those of calls that never began included", () =>
    Effect.gen(function*() {
      const { ended, tracer } = recordingTracer()
      const hangs = Tool.make("hangs", { ...definition, execute: () => Effect.never })
      const calls = [call("a", "hangs"), call("b", "hangs", { city: "Rome" }, 1)]
      const fiber = yield* Batch.run(Toolkit.make(hangs), calls, { concurrency: 1 }).pipe(
        Effect.provideService(Tracer.Tracer, tracer),
        Effect.provide(Telemetry.layer()),
        Effect.forkChild({ startImmediately: true })
      )
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(
        ended.map((one) => [attributesOf(one)["gen_ai.tool.call.id"], attributesOf(one)["error.type"]]),
        [["a", "Interrupted"], ["b", "Interrupted"]]
      )
    }))

  it.effect("say how long their call waited, for what and behind which", () =>
    Effect.gen(function*() {
      const write = Tool.make("write", {
        ...definition,
        access: () => [Access.write("page")],
        execute: () => Effect.as(Effect.sleep("1 second"), "done")
      })
      const calls = [call("first", "write"), call("second", "write", { city: "Rome" }, 1)]
      const fiber = yield* Effect.forkChild(traced(Batch.run(Toolkit.make(write), calls)), { startImmediately: true })
      yield* TestClock.adjust("2 seconds")
      const { ended } = yield* Fiber.join(fiber)
      const [first, second] = ended
      assert.notProperty(attributesOf(first!), "volley.wait.ms")
      assert.deepInclude(attributesOf(second!), { "volley.wait.ms": 1000, "volley.wait.reason": "access" })
      assert.deepStrictEqual(second!.span.events.map(([name, , attributes]) => [name, attributes]), [
        ["volley.wait", { "volley.wait.reason": "access", "volley.wait.ms": 1000, "volley.wait.behind": "first" }]
      ])
      assert.strictEqual(durationOf(second!), 1000)
    }))

  it.effect("say that their call waited for a slot", () =>
    Effect.gen(function*() {
      const sleeps = Tool.make("sleeps", { ...definition, execute: () => Effect.as(Effect.sleep("1 second"), "done") })
      const calls = [call("first", "sleeps"), call("second", "sleeps", { city: "Rome" }, 1)]
      const batch = Batch.run(Toolkit.make(sleeps), calls, { concurrency: 1 })
      const fiber = yield* Effect.forkChild(traced(batch), { startImmediately: true })
      yield* TestClock.adjust("2 seconds")
      const { ended } = yield* Fiber.join(fiber)
      assert.deepInclude(attributesOf(ended[1]!), { "volley.wait.ms": 1000, "volley.wait.reason": "slot" })
    }))

  it.effect("have an event for each further attempt, and for a hedge", () =>
    Effect.gen(function*() {
      let tries = 0
      const flaky = Tool.make("flaky", {
        ...definition,
        readOnly: true,
        failure: NoCity,
        execute: ({ city }) => ++tries < 3 ? new NoCity({ city }) : Effect.succeed("there")
      })
      const late = Tool.hedge("1 second")(Tool.make("late", {
        ...definition,
        readOnly: true,
        execute: () => Effect.as(Effect.sleep("3 seconds"), "late")
      }))
      const calls = [call("a", "flaky"), call("b", "late", { city: "Rome" }, 1)]
      const batch = Batch.run(Toolkit.make(flaky, late), calls, { retry: Schedule.recurs(2) })
      const fiber = yield* Effect.forkChild(traced(batch), { startImmediately: true })
      yield* TestClock.adjust("3 seconds")
      const { ended } = yield* Fiber.join(fiber)
      const eventsOf = (name: string) =>
        named(ended, name).span.events.map(([name, , attributes]) => [name, attributes])
      assert.deepStrictEqual(eventsOf("execute_tool flaky"), [
        ["volley.retry", { "volley.attempts": 2, "error.type": "NoCity" }],
        ["volley.retry", { "volley.attempts": 3, "error.type": "NoCity" }]
      ])
      assert.strictEqual(attributesOf(named(ended, "execute_tool flaky"))["volley.attempts"], 3)
      assert.deepStrictEqual(eventsOf("execute_tool late"), [["volley.hedge", {}]])
    }))

  it.effect("of a plan hold those of its steps; equal calls name the one whose outcome they have", () =>
    Effect.gen(function*() {
      const plan = Plan.tool(Toolkit.make(look))
      const shared = Tool.coalesce(look)
      const steps = [{ id: "one", tool: "look", arguments: { city: "Rome" } }]
      const calls = [
        call("p", "plan", { steps }),
        call("a", "look", { city: "Oslo" }, 1),
        call("b", "look", { city: "Oslo" }, 2)
      ]
      const { ended } = yield* traced(Batch.run(Toolkit.make(plan, shared), calls))
      assert.include(ended.map(({ span }) => pathOf(span)), "app > plan > execute_tool look")
      const same = ended.map(attributesOf).find((attributes) => attributes["gen_ai.tool.call.id"] === "b")
      assert.strictEqual(same?.["volley.shared_with"], "a")
    }))

  it.effect("are not there without a tracer, and harm nothing where a tracer throws", () =>
    Effect.gen(function*() {
      const run = Effect.provide(Batch.run(toolkit, [call("ok", "look")]), Telemetry.layer())
      const throwing = Tracer.make({
        span: () => {
          throw new Error("no span for you")
        }
      })
      for (const program of [run, Effect.provideService(run, Tracer.Tracer, throwing)]) {
        const { outcomes } = yield* program
        assert.strictEqual(outcomes[0]?.encoded, "\"Tokyo it is\"")
      }
      const agent = Agent.run({ toolkit: Toolkit.make(look), prompt: "Where?" }).pipe(
        Effect.provide(Layer.merge(ScriptedModel.layer([ScriptedModel.says("Here.")]), Telemetry.layer())),
        Effect.provideService(Tracer.Tracer, throwing)
      )
      assert.strictEqual((yield* agent).answer, "Here.")
    }))
})

describe("contents", () => {
  const secrets = Schema.Struct({
    city: Schema.String,
    token: Schema.RedactedFromValue(Schema.String),
    pin: Schema.String.annotate(Telemetry.secret),
    nested: Schema.Array(Schema.Struct({ password: Schema.String.annotate({ format: "password" }) }))
  })
  const args = { city: "Tokyo", token: "t-1", pin: "1234", nested: [{ password: "p-1" }] }
  const login = Tool.make("login", {
    description: "For tests.",
    parameters: secrets,
    success: Schema.Struct({ session: Schema.String.annotate(Telemetry.secret), user: Schema.String }),
    execute: ({ token }) => Effect.succeed({ session: `s-${Redacted.value(token)}`, user: "ada" })
  })

  it.effect("stay at home unless they are asked for", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.layer([
        ScriptedModel.calls({ name: "look", arguments: { city: "Tokyo" } }, {
          name: "crash",
          arguments: { city: "x" }
        }),
        ScriptedModel.says("It is.")
      ])
      const agent = Agent.run({ toolkit, prompt: "Where?", system: "You are a guide." })
      const { ended } = yield* traced(Effect.provide(agent, model))
      const all = JSON.stringify(ended.map((one) => [attributesOf(one), one.span.events, messageOf(one)]))
      for (const word of ["Tokyo", "Where", "guide", "It is", "sk-123"]) assert.notInclude(all, word)
    }))

  it.effect("never show what a schema marks, in no place", () =>
    Effect.gen(function*() {
      const model = ScriptedModel.layer([
        ScriptedModel.calls({ name: "login", arguments: args }),
        ScriptedModel.says("Hello.")
      ])
      const agent = Agent.run({ toolkit: Toolkit.make(login), prompt: "Log in.", system: "Be short." })
      const { ended } = yield* traced(Effect.provide(agent, model), { content: Telemetry.everything })
      const tool = attributesOf(named(ended, "execute_tool login"))
      assert.deepStrictEqual(JSON.parse(String(tool["gen_ai.tool.call.arguments"])), {
        city: "Tokyo",
        token: "[redacted]",
        pin: "[redacted]",
        nested: [{ password: "[redacted]" }]
      })
      assert.deepStrictEqual(JSON.parse(String(tool["gen_ai.tool.call.result"])), {
        session: "[redacted]",
        user: "ada"
      })
      const last = attributesOf(ended.filter(({ span }) => span.name === "chat scripted")[1]!)
      assert.strictEqual(last["gen_ai.system_instructions"], "[{\"type\":\"text\",\"content\":\"Be short.\"}]")
      assert.include(String(last["gen_ai.input.messages"]), "Log in.")
      assert.include(String(last["gen_ai.input.messages"]), "ada")
      assert.include(String(last["gen_ai.output.messages"]), "Hello.")
      const all = JSON.stringify(ended.map(attributesOf))
      for (const secret of ["t-1", "1234", "p-1"]) assert.notInclude(all, secret)
    }))

  it.effect("never show what the JSON Schema of somebody else marks", () =>
    Effect.gen(function*() {
      const parameters = {
        type: "object",
        properties: {
          user: { type: "string" },
          pin: { $ref: "#/$defs/pin" },
          more: { type: "array", items: { anyOf: [{ type: "object", properties: { key: { writeOnly: true } } }] } }
        },
        required: ["user"],
        $defs: { pin: { type: "string", format: "password" } }
      }
      const theirs = Tool.fromFunction("theirs", { description: "For tests.", parameters, execute: async () => "done" })
      const args = { user: "ada", pin: "1234", more: [{ key: "k-1", id: 7 }] }
      const { ended } = yield* traced(Batch.run(Toolkit.make(theirs), [call("a", "theirs", args)]), {
        content: Telemetry.everything
      })
      const shown = attributesOf(named(ended, "execute_tool theirs"))["gen_ai.tool.call.arguments"]
      assert.deepStrictEqual(JSON.parse(String(shown)), {
        user: "ada",
        pin: "[redacted]",
        more: [{ key: "[redacted]", id: 7 }]
      })
    }))

  it.effect("go through the function that is given; what it drops, or throws over, does not leave", () =>
    Effect.gen(function*() {
      const batch = Batch.run(toolkit, [call("ok", "look"), call("boom", "crash", { city: "Rome" }, 1)])
      const { ended } = yield* traced(batch, {
        content: (where, json, { tool }) => {
          if (where === "arguments") throw new Error("not this")
          return where === "crash" ? String(json).replace(/sk-\d+/, "…") : tool === "look" ? "shown" : undefined
        }
      })
      const look = attributesOf(named(ended, "execute_tool look"))
      assert.notProperty(look, "gen_ai.tool.call.arguments")
      assert.strictEqual(look["gen_ai.tool.call.result"], "shown")
      const crashed = attributesOf(named(ended, "execute_tool crash"))
      assert.notProperty(crashed, "gen_ai.tool.call.result")
      assert.include(String(crashed["volley.crash"]), "the key is …")
    }))
})

/** What the metrics of a snapshot counted, series of the same attributes together. */
const countIn =
  (snapshot: ReadonlyArray<Metric.Metric.Snapshot>) => (id: string, attributes: Record<string, string> = {}): number =>
    snapshot.filter((one) =>
      one.id === id && Object.entries(attributes).every(([key, value]) => one.attributes?.[key] === value)
    ).reduce((sum, { state }) => sum + ("count" in state ? Number(state.count) : NaN), 0)

describe("metrics", () => {
  it.effect("say how many calls are at work, and how many wait for what", () =>
    Effect.gen(function*() {
      const sleeps = Tool.make("sleeps", { ...definition, execute: () => Effect.as(Effect.sleep("1 second"), "done") })
      const calls = ["a", "b", "c"].map((id, index) => call(id, "sleeps", { city: id }, index))
      const fiber = yield* Effect.forkChild(Batch.run(Toolkit.make(sleeps), calls, { concurrency: 1 }), {
        startImmediately: true
      })
      const now = Effect.map(Metric.snapshot, countIn)
      const during = yield* now
      assert.deepStrictEqual([during("volley.calls.in_flight"), during("volley.calls.waiting")], [1, 2])
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* now)("volley.calls.waiting", { "volley.wait.reason": "slot" }), 1)
      yield* TestClock.adjust("2 seconds")
      yield* Fiber.join(fiber)
      const after = yield* now
      assert.deepStrictEqual([after("volley.calls.in_flight"), after("volley.calls.waiting")], [0, 0])
      assert.strictEqual(after("volley.call.wait.duration", { "volley.wait.reason": "slot" }), 2)
    }).pipe(
      Effect.provide(Telemetry.layer()),
      Effect.provideService(Metric.MetricRegistry, new Map())
    ))

  it.effect("count calls, waits, attempts, tokens and cost", () =>
    Effect.gen(function*() {
      let tries = 0
      const flaky = Tool.make("flaky", {
        ...definition,
        readOnly: true,
        failure: NoCity,
        execute: ({ city }) => ++tries < 2 ? new NoCity({ city }) : Effect.succeed("there")
      })
      const wanted = { name: "look", arguments: { city: "Oslo" } }
      const model = ScriptedModel.layer([
        ScriptedModel.calls(wanted, wanted, { name: "flaky", arguments: { city: "Rome" } }, {
          name: "none",
          arguments: {}
        }),
        ScriptedModel.says("Done.")
      ])
      const snapshot = yield* Effect.gen(function*() {
        yield* Effect.provide(
          Agent.run({
            name: "guide",
            toolkit: Toolkit.make(Tool.coalesce(look), flaky),
            prompt: "Where?",
            pricing: { "*": { input: 1_000_000, output: 1_000_000 } },
            batch: { retry: Schedule.recurs(1), concurrency: 1 }
          }),
          model
        )
        return yield* Metric.snapshot
      }).pipe(
        Effect.provide(Telemetry.layer()),
        Effect.provideService(Metric.MetricRegistry, new Map())
      )
      const valueOf = countIn(snapshot)
      assert.strictEqual(valueOf("volley.calls", { "gen_ai.tool.name": "look" }), 2)
      assert.strictEqual(valueOf("volley.calls", { "gen_ai.tool.name": "_OTHER", "error.type": "UnknownTool" }), 1)
      assert.strictEqual(valueOf("volley.calls.coalesced"), 1)
      assert.strictEqual(valueOf("volley.calls.retried", { "error.type": "NoCity" }), 1)
      assert.strictEqual(valueOf("volley.calls.in_flight"), 0)
      assert.strictEqual(valueOf("volley.calls.waiting"), 0)
      assert.strictEqual(valueOf("gen_ai.execute_tool.duration"), 2)
      assert.strictEqual(valueOf("gen_ai.client.operation.duration", { "gen_ai.provider.name": "scripted" }), 2)
      assert.strictEqual(valueOf("gen_ai.client.token.usage", { "gen_ai.token.type": "input" }), 2)
      assert.strictEqual(valueOf("volley.tokens", { "gen_ai.token.type": "input" }), 20)
      assert.strictEqual(valueOf("gen_ai.invoke_agent.duration", { "gen_ai.agent.name": "guide" }), 1)
      assert.strictEqual(valueOf("volley.cost"), 22)
    }))
})

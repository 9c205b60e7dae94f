/**
 * Batches and agents for programs that are not written with Effect: nothing of it is imported here but to look at a failure.
 */
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import { Agent, type AgentError, Batch, type Outcome, Tool, ToolCall, Toolkit } from "@volley/core"
import { ScriptedModel } from "@volley/testing"
import { Cause, Context, Effect, Schema } from "effect"
import { setImmediate as nextTick } from "node:timers/promises"
import { z } from "zod"

/** A tool whose calls never end by themselves, and that says when one has begun and when one was stopped. */
const hanging = () => {
  const begun = Promise.withResolvers<void>()
  const log: Array<string> = []
  const tool = Tool.fromFunction("hang", {
    description: "Never ends. It takes nothing.",
    parameters: z.object({}),
    readOnly: true,
    execute: (_, signal) =>
      new Promise<string>((_, reject) => {
        signal.addEventListener("abort", () => {
          log.push("stopped")
          reject(new Error("stopped"))
        })
        begun.resolve()
      })
  })
  return { begun: begun.promise, log, toolkit: Toolkit.make(tool) }
}

const double = Tool.fromFunction("double", {
  description: "Doubles `n`, which comes from the user.",
  parameters: z.object({ n: z.number() }),
  failure: "message",
  execute: async ({ n }) => {
    if (n < 0) throw new Error("too small")
    // The first calls end last.
    for (let turn = 0; turn < 5 - n; turn++) await nextTick()
    return n * 2
  }
})
const doubling = Toolkit.make(double)
const callOf = (name: string, args: unknown, index = 0) =>
  ToolCall.make({ id: `call_${index}`, name, arguments: args, index })

const rejectionOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(() => assert.fail("it did not reject"), (error) => error)

describe("Tool.make", () => {
  it("says where a schema of another library goes, in plain JavaScript", () => {
    const definition = {
      description: "Says hello. It needs nothing.",
      parameters: z.object({}),
      success: Schema.String,
      execute: () => Effect.succeed("hello")
    }
    assert.throws(
      () => Reflect.apply(Tool.make, undefined, ["hello", definition]),
      "`parameters` is a schema of zod: make this tool with Tool.fromFunction, or Tool.fromStandardSchema"
    )
  })
})

describe("Tool.fromJsonSchema", () => {
  it("takes what zod writes, which is a schema of zod as well", () => {
    const { jsonSchema } = Tool.fromJsonSchema("hello", {
      description: "Says hello. `name` comes from the user.",
      parameters: z.toJSONSchema(z.object({ name: z.string() })),
      execute: () => Effect.succeed("hello")
    })
    assert.deepStrictEqual<unknown>(jsonSchema.properties, { name: { type: "string" } })
    const own = { description: "Says hello.", parameters: z.object({}), execute: () => Effect.succeed("hello") }
    assert.throws(
      () => Reflect.apply(Tool.fromJsonSchema, undefined, ["hello", own]),
      "`parameters` is a schema of zod: make this tool with Tool.fromFunction, or Tool.fromStandardSchema"
    )
  })
})

describe("Tool.fromFunction", () => {
  it("takes a JSON Schema with parts that zod has written", () => {
    const names = z.toJSONSchema(z.array(z.string()))
    const { jsonSchema } = Tool.fromFunction("hello", {
      description: "Says hello. The names come from the user.",
      parameters: { type: "object", additionalProperties: names },
      success: { type: "array", items: z.toJSONSchema(z.string()) },
      execute: async () => ["hello"]
    })
    assert.deepStrictEqual<unknown>(jsonSchema["additionalProperties"], names)
  })
})

describe("Batch.runPromise", () => {
  it("gives one outcome for each call, in call order, whatever becomes of it", async () => {
    const calls = [1, 2, -3, "x", 4].map((n, index) => callOf("double", { n }, index))
    const events: Array<string> = []
    const settled = await Batch.runPromise(doubling, [...calls, callOf("treble", {}, 5)], {
      concurrency: 3,
      onCall: (event) => void events.push(event._tag)
    })
    assert.deepStrictEqual(settled.outcomes.map(({ call }) => call.index), [0, 1, 2, 3, 4, 5])
    assert.deepStrictEqual(
      settled.outcomes.map(({ encoded }) => JSON.parse(encoded).error?.type ?? JSON.parse(encoded)),
      [2, 4, "Error", "InvalidArguments", 8, "UnknownTool"]
    )
    assert.strictEqual(events.filter((event) => event === "CallSettled").length, 6)
    expectTypeOf(settled).toEqualTypeOf<Batch.Settled<typeof double>>()
    expectTypeOf<Extract<Outcome.Outcome<typeof double>, { readonly name: "double" }>["result"]>().toHaveProperty(
      "_tag"
    )
  })

  it("rejects with the reason of an abort, once the calls in flight have stopped", async () => {
    const { begun, log, toolkit } = hanging()
    const controller = new AbortController()
    const running = rejectionOf(Batch.runPromise(toolkit, [callOf("hang", {})], { signal: controller.signal }))
    await begun
    const reason = new Error("the user has left")
    controller.abort(reason)
    assert.strictEqual(await running, reason)
    assert.deepStrictEqual(log, ["stopped"])
  })

  it("starts nothing where it was aborted before", async () => {
    const { log, toolkit } = hanging()
    const signal = AbortSignal.abort("gone")
    assert.strictEqual(await rejectionOf(Batch.runPromise(toolkit, [callOf("hang", {})], { signal })), "gone")
    assert.deepStrictEqual(log, [])
  })

  it("sees an abort from inside its own first step", async () => {
    const controller = new AbortController()
    const aborting = Toolkit.make(Tool.make("abort", {
      description: "Aborts its own batch.",
      parameters: Schema.Struct({}),
      success: Schema.Void,
      execute: () => Effect.sync(() => controller.abort("from inside"))
    }))
    const running = Batch.runPromise(aborting, [callOf("abort", {})], { signal: controller.signal })
    assert.strictEqual(await rejectionOf(running), "from inside")
  })

  it("leaves no listener on a signal that outlives it", async () => {
    const { signal } = new AbortController()
    let listeners = 0
    const watched = new Proxy(signal, {
      get: (target, key) => {
        if (key === "addEventListener") listeners++
        if (key === "removeEventListener") listeners--
        const value: unknown = Reflect.get(target, key)
        return typeof value === "function" ? value.bind(target) : value
      }
    })
    await Batch.runPromise(doubling, [callOf("double", { n: 1 })], { signal: watched })
    assert.strictEqual(listeners, 0)
  })

  it("rejects where options make no sense", async () => {
    const running = Batch.runPromise(doubling, [callOf("double", { n: 1 })], { concurrency: 0 })
    assert.match(String(await rejectionOf(running)), /Batch\.Options\.concurrency is 0: give a whole number/)
  })

  it("says what a handler gives that gives no Effect, to the program alone", async () => {
    for (const [given, why] of [[Promise.resolve(1), /gives a promise/], [1, /gives no Effect/]] as const) {
      const odd = Tool.make("odd", {
        description: "For tests.",
        parameters: Schema.Struct({}),
        success: Schema.Number,
        // @ts-expect-error as plain JavaScript may have it
        execute: () => given
      })
      const { outcomes } = await Batch.runPromise(Toolkit.make(odd), [callOf("odd", {})])
      const result = outcomes[0]?.result
      assert(result?._tag === "Failure" && result.failure._tag === "CallError")
      assert(result.failure.reason._tag === "Defect")
      assert.match(String(Cause.squash(result.failure.reason.cause)), why)
      assert.notMatch(outcomes[0]?.encoded ?? "", why)
    }
  })

  it("takes no toolkit whose tools need services", () => {
    class Db extends Context.Service<Db, number>()("test/Db") {}
    const needs = Tool.make("needs", {
      description: "",
      parameters: Schema.Struct({}),
      success: Schema.Number,
      execute: () => Db
    })
    // @ts-expect-error these tools need services
    const run = () => Batch.runPromise(Toolkit.make(needs), [])
    assert.isFunction(run)
  })
})

describe("Agent.runPromise", () => {
  it("takes an agent as a tool, which asks the same model", async () => {
    const helper = Agent.asTool("helper", { description: "Helps. `task` comes from you.", toolkit: Toolkit.make() })
    const model = ScriptedModel.layer(({ conversation: { messages } }) => {
      if (messages.some(({ role }) => role === "tool")) return ScriptedModel.says("It is done.")
      return messages.some((message) => message.role === "user" && message.text === "Go.")
        ? ScriptedModel.calls({ name: "helper", arguments: { task: "Look." } })
        : ScriptedModel.says("I looked.")
    })
    const { answer, rounds } = await Agent.runPromise({ toolkit: Toolkit.make(helper), prompt: "Go.", model })
    assert.deepStrictEqual([answer, rounds[0]?.settled.outcomes[0]?.encoded], ["It is done.", "\"I looked.\""])
  })

  const model = () =>
    ScriptedModel.layer([
      ScriptedModel.calls({ name: "double", arguments: { n: 4 } }),
      ScriptedModel.says("It is 8.")
    ])

  it("gives how the agent ended", async () => {
    const ended = await Agent.runPromise({ toolkit: doubling, prompt: "Double 4.", model: model() })
    assert.strictEqual(ended.answer, "It is 8.")
    assert.deepStrictEqual(ended.rounds[0]?.settled.outcomes.map(({ encoded }) => encoded), ["8"])
    expectTypeOf(ended).toEqualTypeOf<Agent.Ended<typeof double>>()
  })

  it("gives the answer as a value, where it is asked for", async () => {
    const { output } = await Agent.runPromise({
      toolkit: doubling,
      prompt: "Double 4.",
      output: Schema.Struct({ result: Schema.Finite }),
      model: ScriptedModel.layer([ScriptedModel.says("{\"result\":8}")])
    })
    expectTypeOf(output).toEqualTypeOf<{ readonly result: number }>()
    assert.deepStrictEqual(output, { result: 8 })
  })

  it("rejects with the reason of an abort, and has given what is left to `onInterrupt` by then", async () => {
    const { begun, log, toolkit } = hanging()
    const controller = new AbortController()
    const running = rejectionOf(Agent.runPromise({
      toolkit,
      prompt: "Hang.",
      model: ScriptedModel.layer([ScriptedModel.calls({ name: "hang", arguments: {} })]),
      signal: controller.signal,
      onInterrupt: ({ conversation }) => void log.push(`left ${conversation.messages.length} messages`)
    }))
    await begun
    controller.abort("enough")
    assert.strictEqual(await running, "enough")
    assert.deepStrictEqual(log, ["stopped", "left 3 messages"])
  })

  it("rejects with the error of an agent that has no answer, and with that of a model that is not there", async () => {
    const endless = ScriptedModel.layer(() => ScriptedModel.calls({ name: "double", arguments: { n: 4 } }))
    const error = await rejectionOf(
      Agent.runPromise({ toolkit: doubling, prompt: "", model: endless, maxRounds: 1, atLimit: "fail" })
    )
    assert.deepInclude(error, { _tag: "AgentError" satisfies AgentError.AgentError["_tag"] })
  })

  it("hears what the person says meanwhile", async () => {
    const said = [["Treble it!"]]
    const { conversation } = await Agent.runPromise({
      toolkit: doubling,
      prompt: "Double 4.",
      model: model(),
      steer: async () => said.shift() ?? []
    })
    assert.strictEqual(conversation.messages.filter(({ role }) => role === "user").length, 2)
  })
})

describe("Agent.iterate", () => {
  it("gives the events in order, the answer last", async () => {
    const tags: Array<string> = []
    const model = ScriptedModel.layer([
      ScriptedModel.calls({ name: "double", arguments: { n: 4 } }),
      ScriptedModel.says("It is 8.")
    ])
    for await (const event of Agent.iterate({ toolkit: doubling, prompt: "Double 4.", model })) {
      expectTypeOf(event).toEqualTypeOf<Agent.Event<typeof double>>()
      tags.push(event._tag)
    }
    assert.strictEqual(tags[0], "TurnStarted")
    assert.strictEqual(tags.at(-1), "Answer")
    assert.isBelow(tags.indexOf("CallStarted"), tags.indexOf("CallSettled"))
  })

  const hangs = () => ScriptedModel.layer([ScriptedModel.calls({ name: "hang", arguments: {} })])

  it("interrupts the agent where its reader leaves, and waits for its calls", async () => {
    const { log, toolkit } = hanging()
    for await (const { _tag } of Agent.iterate({ toolkit, prompt: "Hang.", model: hangs() })) {
      if (_tag === "CallStarted") break
    }
    assert.deepStrictEqual(log, ["stopped"])
  })

  it("throws the reason of an abort, once its calls have stopped", async () => {
    const { begun, log, toolkit } = hanging()
    const controller = new AbortController()
    const read = async () => {
      const events = Agent.iterate({ toolkit, prompt: "Hang.", model: hangs(), signal: controller.signal })
      for await (const event of events) assert.notStrictEqual(event._tag, "Answer")
    }
    const reading = rejectionOf(read())
    await begun
    controller.abort("enough")
    assert.strictEqual(await reading, "enough")
    assert.deepStrictEqual(log, ["stopped"])
  })

  it("asks no model for a reader who comes after the abort", async () => {
    const { layer, requests } = ScriptedModel.make(() => ScriptedModel.says("Too late."))
    const controller = new AbortController()
    const agent = { toolkit: doubling, prompt: "Double 4.", model: layer, signal: controller.signal }
    const events = Agent.iterate(agent)[Symbol.asyncIterator]()
    controller.abort("enough")
    assert.strictEqual(await rejectionOf(events.next()), "enough")
    assert.deepStrictEqual(requests, [])
  })
})

describe("`approve`", () => {
  const pay = Tool.fromFunction("pay", {
    description: "Pays a bill. `euros` comes from the user.",
    parameters: z.object({ euros: z.number() }),
    approval: ({ euros }) => euros > 100,
    execute: async ({ euros }) => `paid ${euros}`
  })
  const toolkit = Toolkit.make(pay)

  it.each<[string, Batch.Approve | undefined, string]>([
    ["allows", async () => "allowed", "\"paid 500\""],
    ["changes", async ({ parameters }) => ({ allowed: { euros: Object(parameters).euros / 10 } }), "paid 50"],
    ["denies", async () => ({ denied: "That is too much." }), "That is too much."],
    ["throws", () => assert.fail("no decision"), "Undecided"],
    ["rejects", () => Promise.reject(new Error("no decision")), "Undecided"],
    ["is left out", undefined, "Undecided"]
  ])("%s", async (_, approve, shown) => {
    const calls = [callOf("pay", { euros: 5 }), callOf("pay", { euros: 500 }, 1)]
    const { outcomes: [small, large] } = await Batch.runPromise(toolkit, calls, approve && { approve })
    assert.strictEqual(small?.encoded, "\"paid 5\"")
    assert.include(large?.encoded, shown)
  })

  it("decides for an agent, and for agents inside it", async () => {
    const model = ScriptedModel.layer([
      ScriptedModel.calls({ name: "buyer", arguments: { task: "Buy." } }),
      ScriptedModel.calls({ name: "pay", arguments: { euros: 500 } }),
      ScriptedModel.says("I have paid."),
      ScriptedModel.says("It is bought.")
    ])
    const buyer = Agent.asTool("buyer", { description: "Buys. `task` comes from the user.", toolkit })
    const asked: Array<unknown> = []
    const { answer } = await Agent.runPromise({
      toolkit: Toolkit.make(buyer),
      prompt: "Buy it.",
      model,
      approve: async ({ parameters, path }) => {
        asked.push([parameters, path?.map(({ tool }) => tool)])
        return "allowed"
      }
    })
    assert.strictEqual(answer, "It is bought.")
    assert.deepStrictEqual(asked, [[{ euros: 500 }, ["buyer"]]])
  })
})

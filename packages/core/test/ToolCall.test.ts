import { assert, describe, it } from "@effect/vitest"
import { Access, Approver, Batch, Json, Recorder, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import { recording } from "./driver/support.ts"

const Wire = Schema.Struct({
  id: Schema.NullOr(Schema.Literals(["", "a", "b", "a_2", "call_1", "call_2", "x".repeat(40), "y".repeat(64)])),
  name: Schema.Literals(["one", "two"]),
  arguments: Schema.Literals(["{}", "{\"a\":1}"])
})
type Wire = typeof Wire.Type

const distinct = (calls: ReadonlyArray<Wire>) => ToolCall.distinct(calls, (call) => call)

const wire = (id: Wire["id"], args: Wire["arguments"] = "{}", name: Wire["name"] = "one"): Wire => ({
  id,
  name,
  arguments: args
})

const idsOf = (...calls: ReadonlyArray<Wire>) => distinct(calls).map(({ id }) => id)

describe("ToolCall.make", () => {
  it("makes a complete call, without arguments and at the first place unless said", () => {
    assert.deepStrictEqual(ToolCall.make({ id: "1", name: "now" }), {
      id: "1",
      name: "now",
      arguments: {},
      index: 0,
      status: "complete"
    })
  })

  it.each(["args", "input"])("refuses arguments under the name that others use: %s", (name) => {
    const others = { [name]: { at: 1 } }
    assert.throws(
      () => ToolCall.make({ id: "1", name: "now", ...others }),
      `ToolCall.make: there is no option \`${name}\`: write \`arguments\`.`
    )
    assert.deepStrictEqual(ToolCall.make({ id: "1", name: "now", arguments: 7, ...others }).arguments, 7)
  })

  it("keeps arguments as they arrived", () => {
    assert.strictEqual(ToolCall.make({ id: "1", name: "now", arguments: "{\"a\":" }).arguments, "{\"a\":")
  })
})

describe("ToolCall.uncertain", () => {
  it.effect("goes with a call that nobody decided on: what was uncertain in its turn stays so when it is run", () =>
    Effect.gen(function*() {
      const definition = {
        description: "Writes.",
        parameters: Schema.Struct({}),
        success: Schema.Void,
        access: [Access.write("money")]
      }
      const slow = Tool.make("slow", { ...definition, timeout: 1000, execute: () => Effect.never })
      const pay = Tool.make("pay", { ...definition, approval: "always", execute: () => Effect.void })
      const toolkit = Toolkit.make(slow, pay)
      const calls = ["slow", "pay"].map((name, index) => ToolCall.make({ id: name, name, index }))
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, calls))
      yield* TestClock.adjust("1 minute")
      const { pending } = yield* Fiber.join(fiber)
      assert.deepStrictEqual(pending, [{ ...calls[1]!, uncertain: [calls[0]!] }])
      const { outcomes } = yield* Effect.provide(Batch.run(toolkit, pending), Approver.allow)
      assert.include(outcomes[0]?.encoded, "The outcome of slow is unknown")
    }))
})

describe("ToolCall.distinct", () => {
  it("leaves a turn alone whose ids differ", () => {
    const calls = [wire("a"), wire("b"), wire("call_1")]
    assert.deepStrictEqual(distinct(calls), calls.map((call) => ({ call, id: call.id! })))
  })

  it("lets the first call keep its id, and gives another to the next", () => {
    assert.deepStrictEqual(idsOf(wire("a"), wire("a", "{\"a\":1}"), wire("a", "{}", "two")), ["a", "a_2", "a_3"])
  })

  it("drops a call that repeats id, name and arguments, however often", () => {
    const calls = [wire("a"), wire("a"), wire("a", "{\"a\":1}"), wire("a"), wire("a", "{\"a\":1}")]
    assert.deepStrictEqual(distinct(calls), [{ call: calls[0]!, id: "a" }, { call: calls[2]!, id: "a_2" }])
  })

  it("keeps equal calls with ids of their own, and equal calls without any", () => {
    assert.deepStrictEqual(idsOf(wire("a"), wire("b"), wire(null), wire("")), ["a", "b", "call_3", "call_4"])
  })

  it("gives a missing id none that stands later in the turn", () => {
    assert.deepStrictEqual(idsOf(wire(null), wire("call_1")), ["call_1_2", "call_1"])
  })

  it("gives a repeated id none that stands later in the turn", () => {
    assert.deepStrictEqual(idsOf(wire("a"), wire("a", "{\"a\":1}"), wire("a_2")), ["a", "a_3", "a_2"])
  })

  it("looks at no arguments where all ids differ", () => {
    const calls = ["a", null, "b", ""].map((id) => ({
      id,
      name: "f",
      get arguments(): unknown {
        return {
          toJSON: () => {
            throw new Error("looked at")
          }
        }
      }
    }))
    assert.deepStrictEqual(ToolCall.distinct(calls, (call) => call).map(({ id }) => id), ["a", "call_2", "b", "call_4"])
  })

  it("tells very many calls of one id apart as soon as others", () => {
    const calls = Array.from({ length: 100_000 }, (_, n) => ({ id: "a", name: "f", arguments: { n } }))
    const ids = ToolCall.distinct(calls, (call) => call).map(({ id }) => id)
    assert.strictEqual(new Set(ids).size, calls.length)
    assert.strictEqual(ids.at(-1), "a_100000")
  })

  it("tells a number that JSON does not have from null", () => {
    const args = [{ n: Infinity }, { n: null }, { n: -Infinity }]
    const calls = args.map((arguments_) => ({ id: "a", name: "f", arguments: arguments_ }))
    assert.deepStrictEqual(ToolCall.distinct(calls, (call) => call).map(({ id }) => id), ["a", "a_2", "a_3"])
  })

  it("tells calls apart whose arguments are values", () => {
    const calls = [{ city: "Rome" }, { city: "Oslo" }, { city: "Rome" }]
    const told = ToolCall.distinct(calls, (args) => ({ id: "a", name: "weather", arguments: args }))
    assert.deepStrictEqual(told, [{ call: calls[0]!, id: "a" }, { call: calls[1]!, id: "a_2" }])
  })

  it.prop(
    "gives unique ids, the same each time, short where they are new",
    { calls: Schema.Array(Wire) },
    ({ calls }) => {
      const told = distinct(calls)
      const ids = told.map(({ id }) => id)
      assert.strictEqual(new Set(ids).size, ids.length)
      assert.isFalse(ids.includes(""))
      assert.deepStrictEqual(distinct(calls), told)
      const sent = new Set(calls.map(({ id }) => id))
      assert.isTrue(ids.every((id) => sent.has(id) || id.length <= 40))
    },
    { arbitrary: { runs: 300 } }
  )

  it.prop(
    "keeps order, the first of every id, and drops exact repeats alone",
    { calls: Schema.Array(Wire) },
    ({ calls }) => {
      const told = distinct(calls)
      const places = told.map(({ call }) => calls.indexOf(call))
      assert.deepStrictEqual(places, places.toSorted((a, b) => a - b))
      for (const [index, call] of calls.entries()) {
        const same = (other: Wire) =>
          other.id === call.id && other.name === call.name && other.arguments === call.arguments
        const isRepeat = Boolean(call.id) && calls.slice(0, index).some(same)
        assert.strictEqual(told.some((one) => one.call === call), !isRepeat)
        const isFirst = Boolean(call.id) && calls.findIndex(({ id }) => id === call.id) === index
        if (isFirst) assert.strictEqual(told.find((one) => one.call === call)?.id, call.id)
      }
    },
    { arbitrary: { runs: 300 } }
  )
})

describe("ToolCall.remember", () => {
  /** A batch of calls of a tool that takes anything, and what that was given. */
  const taking = (calls: ReadonlyArray<ToolCall.ToolCall>) => {
    const given: Array<unknown> = []
    const take = Tool.fromJsonSchema("take", {
      description: "Takes anything.",
      parameters: { type: "object" },
      execute: (args) => Effect.sync(() => void given.push(args))
    })
    return { given, run: Batch.run(Toolkit.make(take), calls) }
  }
  const givenBy = Effect.fnUntraced(function*(calls: ReadonlyArray<ToolCall.ToolCall>) {
    const { given, run } = taking(calls)
    yield* run
    return given
  })
  const call = ToolCall.make({ id: "call_1", name: "take", arguments: `{"n":1}` })

  it.effect("spares the first run of calls the reading of their arguments; each run has a value of its own", () =>
    Effect.gen(function*() {
      const calls = [call]
      const read = { n: 1 }
      ToolCall.remember(calls, [read])
      const [first] = yield* givenBy(calls)
      const [second] = yield* givenBy(calls)
      assert.strictEqual(first, read)
      assert.deepStrictEqual(second, read)
      assert.notStrictEqual(second, read)
    }))

  it.effect("does so too where ends are recorded, for which they are read first", () =>
    Effect.gen(function*() {
      const calls = [call]
      const read = { n: 1 }
      ToolCall.remember(calls, [read])
      const [first] = yield* Effect.provideService(givenBy(calls), Recorder.Recorder, recording())
      assert.strictEqual(first, read)
    }))

  it.effect("does so too where one batch is run twice", () =>
    Effect.gen(function*() {
      const calls = [call]
      ToolCall.remember(calls, [{ n: 1 }])
      const { given, run } = taking(calls)
      yield* run
      yield* run
      assert.deepStrictEqual(given, [{ n: 1 }, { n: 1 }])
      assert.notStrictEqual(given[0], given[1])
    }))

  it.effect("counts for these arguments alone, and not for those that are no object", () =>
    Effect.gen(function*() {
      const changed = [call]
      ToolCall.remember(changed, [{ n: 1 }])
      changed[0] = { ...call, arguments: `{"n":2}` }
      assert.deepStrictEqual(yield* givenBy(changed), [{ n: 2 }])
      const text = [{ ...call, arguments: "no JSON" }]
      ToolCall.remember(text, text.map((call) => Json.objectOf(call.arguments)))
      assert.deepStrictEqual(yield* givenBy(text), [])
      const unknown = [call]
      ToolCall.remember(unknown, [undefined])
      assert.deepStrictEqual(yield* givenBy(unknown), [{ n: 1 }])
    }))
})

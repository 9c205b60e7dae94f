import { assert, describe, it } from "@effect/vitest"
import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import { Context, Effect, Fiber, Latch, Layer, Schema } from "effect"
import { TestClock } from "effect/testing"
import { acting, callsOf, ends, recordingLogger, timesOf } from "./support.ts"

const named = (...names: ReadonlyArray<string>) =>
  Toolkit.make(...names.map((name) => acting(name, () => Effect.succeed(name))))

describe("Toolkit.make", () => {
  it("keeps the tools in the order given", () => {
    assert.deepStrictEqual(named("b", "a", "c").tools.map(({ name }) => name), ["b", "a", "c"])
  })

  it("may be empty", () => {
    assert.deepStrictEqual(Toolkit.make().tools, [])
  })

  it("throws where two tools have one name, and says which", () => {
    assert.throws(() => named("a", "b", "a"), /two tools are called "a"/)
  })
})

describe("wireNames", () => {
  const wireNames = (...names: ReadonlyArray<string>) => [...named(...names).wireNames.values()]
  const accepted = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/

  it("leaves names alone that providers accept", () => {
    const names = ["get_weather", "get-weather", "_x", "A1", "x".repeat(64)]
    assert.deepStrictEqual(wireNames(...names), names)
  })

  it("spells the others as they would be accepted", () => {
    assert.deepStrictEqual(wireNames("weather.today", "1st", "größe", "a b/c"), [
      "weather_today",
      "_1st",
      "gr__e",
      "a_b_c"
    ])
  })

  it("keeps names apart that would be spelled alike, whichever comes first", () => {
    for (const names of [["a.b", "a_b", "a/b"], ["a_b", "a/b", "a.b"]]) {
      const spelled = wireNames(...names)
      assert.strictEqual(new Set(spelled).size, 3)
      assert.strictEqual(spelled[names.indexOf("a_b")], "a_b")
      assert.isTrue(spelled.every((name) => accepted.test(name)))
    }
  })

  it("cuts long names, and keeps those apart that begin alike", () => {
    const spelled = wireNames(`${"x".repeat(80)}1`, `${"x".repeat(80)}2`)
    assert.strictEqual(new Set(spelled).size, 2)
    assert.isTrue(spelled.every((name) => accepted.test(name)))
  })

  it.prop(
    "are accepted by every provider, apart from each other, the same each time, and find their tool",
    { names: Schema.Array(Schema.NonEmptyString) },
    ({ names }) => {
      const toolkit = named(...new Set([...names, "a.b", "a_b", "__proto__"]))
      const spelled = [...toolkit.wireNames.values()]
      assert.isTrue(spelled.every((name) => accepted.test(name)))
      assert.strictEqual(new Set(spelled).size, toolkit.tools.length)
      assert.deepStrictEqual([...named(...toolkit.wireNames.keys()).wireNames.values()], spelled)
      for (const tool of toolkit.tools) {
        assert.strictEqual(toolkit.byName.get(tool.name), tool)
        assert.strictEqual(toolkit.byName.get(toolkit.wireNames.get(tool.name)!), tool)
      }
    }
  )
})

describe("byName", () => {
  it("finds a tool by either of its names", () => {
    const toolkit = named("weather.today", "now")
    assert.strictEqual(toolkit.byName.get("weather.today"), toolkit.tools[0])
    assert.strictEqual(toolkit.byName.get("weather_today"), toolkit.tools[0])
    assert.strictEqual(toolkit.byName.get("now"), toolkit.tools[1])
  })

  it.each(["__proto__", "constructor", "toString", "hasOwnProperty", ""])("finds nothing called “%s”", (name) => {
    assert.isUndefined(named("now").byName.get(name))
  })

  it.each(["__proto__", "constructor", "toString"])("finds a tool that is called %s", (name) => {
    const toolkit = named(name)
    assert.strictEqual(toolkit.byName.get(name), toolkit.tools[0])
  })
})

describe("Toolkit.merge", () => {
  it.effect("has the tools of both, in order", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.merge(named("a", "b"), named("c"))
      assert.deepStrictEqual(toolkit.tools.map(({ name }) => name), ["a", "b", "c"])
      assert.deepStrictEqual(ends(yield* Batch.run(toolkit, callsOf("c", "a"))), ["c", "a"])
    }))

  it("throws where both have a tool of one name", () => {
    assert.throws(() => Toolkit.merge(named("a", "b"), named("b")), /two tools are called "b"/)
  })

  it("spells the names of both apart", () => {
    const { wireNames } = Toolkit.merge(named("a.b"), named("a/b"))
    assert.strictEqual(new Set(wireNames.values()).size, 2)
  })
})

class Greeting extends Context.Service<Greeting, { readonly greet: (name: string) => string }>()("test/Greeting") {
  static readonly hello = Layer.succeed(this, { greet: (name) => `Hello ${name}` })
}

const greet = Tool.make("greet", {
  description: "Greets.",
  parameters: Schema.Struct({ name: Schema.String }),
  success: Schema.String,
  failure: Schema.String
})

const call = (name: string, args: unknown) => ToolCall.make({ id: "1", name, arguments: args })

describe("Toolkit.toLayer", () => {
  it.effect("answers for tools made without execute", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(greet, acting("other", () => Effect.succeed("here")))
      const handlers = Toolkit.toLayer(toolkit, { greet: ({ name }, { id }) => Effect.succeed(`${id}: ${name}`) })
      const batch = Batch.run(toolkit, [call("greet", { name: "Ada" }), call("other", {})])
      assert.deepStrictEqual(ends(yield* Effect.provide(batch, handlers)), ["1: Ada", "here"])
    }))

  it.effect("takes the handlers' own services when the layer is built", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(greet)
      const handlers = Toolkit.toLayer(toolkit, {
        greet: Effect.fn("greet")(function*({ name }) {
          return (yield* Greeting).greet(name)
        })
      })
      const batch = Batch.run(toolkit, [call("greet", { name: "Ada" })])
      const settled = yield* Effect.provide(batch, Layer.provide(handlers, Greeting.hello))
      assert.deepStrictEqual(ends(settled), ["Hello Ada"])
    }))

  it.effect("keeps failures typed and a throwing handler to its own call", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(greet)
      const handlers = Toolkit.toLayer(toolkit, {
        greet: ({ name }) => {
          if (name === "") throw new Error("bug")
          return Effect.fail(`not ${name}`)
        }
      })
      const batch = Batch.run(toolkit, [call("greet", { name: "" }), call("greet", { name: "Ada" }), call("greet", {})])
      const settled = yield* Effect.provide(batch, handlers)
      assert.deepStrictEqual(ends(settled), ["Defect", { failure: "not Ada" }, "InvalidArguments"])
    }).pipe(Effect.provide(recordingLogger().layer)))
})

/** A service that counts how often it is built and released. */
class Connection extends Context.Service<Connection, number>()("test/Connection") {}

const counted = (build: Effect.Effect<void> = Effect.void) => {
  const counts = { built: 0, released: 0 }
  const acquire = Effect.andThen(build, Effect.sync(() => ++counts.built))
  const layer = Layer.effect(Connection, Effect.acquireRelease(acquire, () => Effect.sync(() => counts.released++)))
  return { counts, layer }
}

const connected = <const Name extends string>(
  name: Name,
  after: Effect.Effect<unknown> = Effect.void,
  timeout = 60_000
) =>
  Tool.make(name, {
    description: name,
    parameters: Schema.Struct({}),
    success: Schema.Number,
    timeout,
    execute: () => Effect.tap(Connection, () => after)
  })

describe("Toolkit.provide", () => {
  it.effect("gives the tools what they need", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.provide(Toolkit.make(connected("query")), Layer.succeed(Connection, 7))
      assert.deepStrictEqual(ends(yield* Batch.run(toolkit, callsOf("query"))), [7])
    }))

  it.effect("keeps names, schemas and declarations", () =>
    Effect.gen(function*() {
      const tool = { ...connected("a.query"), readOnly: true }
      const toolkit = Toolkit.provide(Toolkit.make(tool), Layer.succeed(Connection, 7))
      const { provided: _p, recode: _r, ...before } = tool
      const { provided: _p2, recode: _r2, ...after } = toolkit.tools[0]!
      assert.deepStrictEqual<object>(after, before)
      assert.deepStrictEqual([...toolkit.wireNames], [["a.query", "a_query"]])
    }))

  it.effect("builds the layer once for all calls of a run, one at a time as they are", () =>
    Effect.gen(function*() {
      const { counts, layer } = counted()
      const toolkit = Toolkit.provide(Toolkit.make(connected("query"), connected("other")), layer)
      const settled = yield* Batch.run(toolkit, callsOf("query", "other", "query"), { concurrency: 1 })
      assert.deepStrictEqual(ends(settled), [1, 1, 1])
      assert.deepStrictEqual(counts, { built: 1, released: 1 })
    }))

  it.effect("builds no layer where no call needs it", () =>
    Effect.gen(function*() {
      const { counts, layer } = counted()
      const kept = Toolkit.provide(Toolkit.make(connected("query")), layer)
      const toolkit = Toolkit.merge(kept, Toolkit.make(acting("other", () => Effect.succeed("here"))))
      yield* Batch.run(toolkit, callsOf("other"))
      assert.deepStrictEqual(counts, { built: 0, released: 0 })
    }))

  it("keeps its layers in the order in which they were provided, in strict form too", () => {
    const [inner, outer] = [counted().layer, counted().layer]
    const toolkit = Toolkit.provide(Toolkit.provide(Toolkit.make(connected("query")), inner), outer)
    const strict = Toolkit.strict(toolkit, {
      write: (parameters) => ({ codec: Schema.toCodecJson(parameters), jsonSchema: { type: "object" } }),
      refuse: () => undefined
    })
    assert.isTrue(strict.tools[0]?.strict)
    for (const { tools } of [toolkit, strict]) {
      assert.deepStrictEqual<unknown>(tools[0]?.provided.map(({ layer }) => layer), [inner, outer])
    }
  })

  it.effect("shares the layer between the calls in flight, and releases it after the run", () =>
    Effect.gen(function*() {
      const latch = yield* Latch.make()
      const { counts, layer } = counted()
      const toolkit = Toolkit.provide(Toolkit.make(connected("query", latch.await)), layer)
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, timesOf(3, "query")))
      yield* TestClock.adjust("1 second")
      assert.strictEqual(counts.built - counts.released, 1)
      yield* latch.open
      assert.strictEqual(new Set(ends(yield* Fiber.join(fiber))).size, 1)
      assert.strictEqual(counts.built, counts.released)
    }))

  it.effect("builds the layer again for the next batch", () =>
    Effect.gen(function*() {
      const { counts, layer } = counted()
      const toolkit = Toolkit.provide(Toolkit.make(connected("query")), layer)
      const [first] = ends(yield* Batch.run(toolkit, callsOf("query")))
      const built = counts.built
      const [second] = ends(yield* Batch.run(toolkit, callsOf("query")))
      assert.notStrictEqual(first, second)
      assert.isAbove(counts.built, built)
      assert.strictEqual(counts.built, counts.released)
    }))

  it.effect("shares what the program has built already where the layer is provided to it", () =>
    Effect.gen(function*() {
      const { counts, layer } = counted()
      const toolkit = Toolkit.make(connected("query"))
      const twice = Effect.andThen(Batch.run(toolkit, callsOf("query")), Batch.run(toolkit, callsOf("query")))
      yield* Effect.provide(twice, layer)
      assert.deepStrictEqual(counts, { built: 1, released: 1 })
    }))

  it.effect("releases the layer where the call is interrupted", () =>
    Effect.gen(function*() {
      const { counts, layer } = counted()
      const toolkit = Toolkit.provide(Toolkit.make(connected("query", Effect.never, 1000)), layer)
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, callsOf("query")))
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(fiber)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(counts.built, counts.released)
    }))

  it.effect("a layer that crashes is a crash of each call, and is tried again by the next", () =>
    Effect.gen(function*() {
      let broken = true
      const layer = Layer.effect(
        Connection,
        Effect.suspend(() => broken ? Effect.die("no connection") : Effect.succeed(1))
      )
      const toolkit = Toolkit.provide(Toolkit.make(connected("query")), layer)
      assert.deepStrictEqual(ends(yield* Batch.run(toolkit, timesOf(2, "query"))), ["Defect", "Defect"])
      broken = false
      assert.deepStrictEqual(ends(yield* Batch.run(toolkit, callsOf("query"))), [1])
    }).pipe(Effect.provide(recordingLogger().layer)))

  it.effect("a call that gives up while the layer is built takes no other call with it", () =>
    Effect.gen(function*() {
      const { layer } = counted(Effect.sleep("2 seconds"))
      const toolkit = Toolkit.provide(
        Toolkit.make(connected("hasty", Effect.void, 1000), connected("patient", Effect.void, 60_000)),
        layer
      )
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, callsOf("hasty", "patient")))
      yield* TestClock.adjust("10 seconds")
      const [hasty, patient] = ends(yield* Fiber.join(fiber))
      assert.strictEqual(hasty, "Timeout")
      assert.isNumber(patient)
    }))

  it.effect("gives handlers that are given later", () =>
    Effect.gen(function*() {
      const toolkit = Toolkit.make(greet)
      const handlers = Toolkit.toLayer(toolkit, { greet: ({ name }) => Effect.succeed(`Hi ${name}`) })
      const settled = yield* Batch.run(Toolkit.provide(toolkit, handlers), [call("greet", { name: "Ada" })])
      assert.deepStrictEqual(ends(settled), ["Hi Ada"])
    }))
})

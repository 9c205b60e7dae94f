import { assert, describe, it } from "@effect/vitest"
import { Access, Batch, Plan, Tool, Toolkit } from "@volley/core"
import { GraphRunner, Laws, Store } from "@volley/testing"
import { Context, Effect, Layer, Ref, Result, Schema, SchemaGetter } from "effect"
import { broken } from "./broken.ts"

const description = "For tests."
const Key = Schema.Struct({ key: Schema.Literals(["a", "b"]) })
const numberAt = (key: string) => Store.Store.use((store) => Effect.map(store.get(key), (value) => Number(value ?? 0)))
const setTo = (key: string, value: number) => Store.Store.use((store) => store.set(key, value))
const count = (key: string) =>
  Effect.gen(function*() {
    const n = yield* numberAt(key)
    yield* setTo(key, n + 1)
    return n + 1
  })

class Missing extends Schema.TaggedError<Missing>()("Missing", { key: Schema.String }) {}

/** Tools about which nothing untrue is said. */
const peek = Tool.make("peek", {
  description,
  parameters: Key,
  success: Schema.Int,
  failure: Missing,
  readOnly: true,
  access: ({ key }) => [Access.read(key)],
  execute: ({ key }) =>
    Effect.flatMap(numberAt(key), (n) => n === 0 ? Effect.fail(new Missing({ key })) : Effect.succeed(n))
})
const add = Tool.make("add", {
  description,
  parameters: Key,
  success: Schema.Int,
  access: ({ key }) => [Access.write(key)],
  execute: ({ key }) => count(key)
})
const put = Tool.make("put", {
  description,
  parameters: Schema.Struct({ ...Key.fields, value: Schema.Int }),
  success: Schema.Void,
  idempotent: true,
  access: ({ key }) => [Access.write(key)],
  execute: ({ key, value }) => setTo(key, value)
})
const addOnce = Tool.make("add_once", {
  description,
  parameters: Key,
  success: Schema.Struct({ order: Schema.String, at: Schema.Date }),
  idempotent: true,
  access: [Access.exclusive],
  execute: ({ key }, { idempotencyKey }) =>
    Effect.gen(function*() {
      if ((yield* numberAt(`done ${idempotencyKey}`)) === 0) yield* count(key)
      yield* setTo(`done ${idempotencyKey}`, 1)
      return { order: crypto.randomUUID(), at: new Date(yield* Effect.clockWith((clock) => clock.currentTimeMillis)) }
    })
})

const slow = Tool.make("slow", {
  description,
  parameters: Schema.Struct({ seconds: Schema.Literals([1, 2, 60]) }),
  success: Schema.Void,
  failure: Schema.String,
  execute: ({ seconds }) => Effect.delay(seconds === 2 ? Effect.fail("no") : Effect.void, `${seconds} seconds`)
})

/** Writes quarters as whole numbers. */
const lossy = Schema.Finite.pipe(
  Schema.decodeTo(Schema.Finite, {
    decode: SchemaGetter.transform((n) => n),
    encode: SchemaGetter.transform((n) => Math.round(n))
  })
)

const lyingAdd = Tool.make("add", {
  description,
  parameters: Schema.Struct({}),
  success: Schema.Int,
  execute: () =>
    Effect.gen(function*() {
      const n = yield* numberAt("n")
      yield* Effect.sleep("10 millis")
      yield* setTo("n", n + 1)
      return n + 1
    })
})

const seed = 1

describe("tools about which nothing untrue is said", () => {
  it.effect("keep all laws", () => Laws.check(Toolkit.make(peek, add, put, addOnce, slow), { seed }))
})

const violation = <T extends Tool.Any>(toolkit: Toolkit.Toolkit<T>, options: Laws.Options = {}) =>
  Effect.map(Effect.result(Laws.check(toolkit, { seed, ...options })), (result) => {
    assert(Result.isFailure(result), "no law is broken")
    assert(result.failure._tag === "Violation")
    return result.failure
  })

describe("a law finds a tool that breaks it", () => {
  const lying = {
    "readOnly: it writes": Tool.make("peek", {
      description,
      parameters: Key,
      success: Schema.Int,
      readOnly: true,
      execute: ({ key }) => count(key)
    }),
    "idempotent: it counts twice": Tool.make("put", {
      description,
      parameters: Key,
      success: Schema.Int,
      idempotent: true,
      access: ({ key }) => [Access.write(key)],
      execute: ({ key }) => count(key)
    }),
    "declared: it touches another key": Tool.make("add", {
      description,
      parameters: Key,
      success: Schema.Int,
      access: ({ key }) => [Access.write(key)],
      execute: () => count("a")
    }),
    "declared: it says that it reads and writes": Tool.make("add", {
      description,
      parameters: Key,
      success: Schema.Int,
      access: ({ key }) => [Access.read(key)],
      execute: ({ key }) => count(key)
    }),
    "serializable: it reads, waits and writes, and says nothing of it": Tool.make("add", {
      description,
      parameters: Key,
      success: Schema.Int,
      execute: ({ key }) =>
        Effect.gen(function*() {
          const n = yield* numberAt(key)
          yield* Effect.sleep("1 second")
          yield* setTo(key, n + 1)
          return n + 1
        })
    }),
    "serializable: it reads and writes at once, and says nothing of it": Tool.make("add", {
      description,
      parameters: Key,
      success: Schema.Int,
      execute: ({ key }) => count(key)
    }),
    "serializable: it writes whatever comes last": Tool.make("put", {
      description,
      parameters: Schema.Struct({ value: Schema.Int }),
      success: Schema.Void,
      execute: ({ value }) => setTo("last", value)
    }),
    "sound: it crashes on some arguments": Tool.make("root", {
      description,
      parameters: Schema.Struct({ n: Schema.Int }),
      success: Schema.Finite,
      execute: ({ n }) => n < 0 ? Effect.die(new Error(`no root of ${n}`)) : Effect.succeed(Math.sqrt(n))
    }),
    "encodes: it gives what its schema does not have": Tool.make("half", {
      description,
      parameters: Schema.Struct({ n: Schema.Int }),
      success: Schema.Int,
      execute: ({ n }) => Effect.succeed(n / 2)
    }),
    "encodes: it fails with what its schema cannot read again": Tool.make("fails", {
      description,
      parameters: Schema.Struct({}),
      success: Schema.Void,
      failure: Schema.Struct({ at: lossy }),
      execute: () => Effect.fail({ at: 0.25 })
    }),
    "interruptible: it leaves a fiber behind": Tool.make("later", {
      description,
      parameters: Key,
      success: Schema.Void,
      execute: ({ key }) =>
        Effect.andThen(Effect.forkDetach(Effect.delay(setTo(key, 1), "1 hour")), Effect.sleep("1 second"))
    }),
    "honest: it shows a stack": Tool.make("fails", {
      description,
      parameters: Schema.Struct({}),
      success: Schema.Void,
      failure: Schema.Struct({ stack: Schema.String }),
      execute: () => Effect.fail({ stack: "Error: no\n    at node:internal/main" })
    })
  }

  it.effect.each(Object.entries(lying))("%s", ([name, tool]) =>
    Effect.gen(function*() {
      const { law } = yield* violation(Toolkit.make(tool))
      assert.strictEqual(law, name.replace(/:.*/, ""))
    }))
})

describe("a law finds a runner that breaks it", () => {
  it.effect.each(Object.entries(broken))("%s", ([, { law, run }]) =>
    Effect.gen(function*() {
      const { law: found } = yield* violation(Toolkit.make(peek, add, slow), { run, laws: [law] })
      assert.strictEqual(found, law.name)
    }))
})

describe("a violation", () => {
  const racy = Toolkit.make(lyingAdd)

  it.effect("says which law, why, what happened and how to see it again", () =>
    Effect.gen(function*() {
      const { message, runs } = yield* violation(racy, { seed: 7 })
      assert.strictEqual(
        message,
        `The law "serializable" does not hold. Calls that run at once come to the same as one after the other, in call order.
call_2 comes to 1; one call after the other it comes to 2. Calls that touch the same thing all have to say so, with \`access\`: those that read it too.

  call_1  add {}  [======================== ] 0–10 ms, ok 1
  call_2  add {}  [======================== ] 0–10 ms, ok 1

Found in case ${runs}; replay it with { seed: 7 }.`
      )
    }))

  it.effect("is found again by its seed", () =>
    Effect.gen(function*() {
      const { seed, ...first } = yield* violation(racy, { seed: undefined })
      assert.deepStrictEqual({ ...yield* violation(racy, { seed }) }, { ...first, seed })
    }))
})

describe("state that is not in the store", () => {
  class Counter extends Context.Service<Counter, Ref.Ref<number>>()("test/Counter") {}
  const layer = Layer.effect(Counter, Ref.make(0))
  const state = { snapshot: Counter.use(Ref.get) }
  const increment = (access: ReadonlyArray<Access.Access>) =>
    Tool.make("increment", {
      description,
      parameters: Schema.Struct({}),
      success: Schema.Int,
      access,
      execute: () => Counter.use((ref) => Effect.delay(Ref.updateAndGet(ref, (n) => n + 1), "1 second"))
    })
  const look = Tool.make("look", {
    description,
    parameters: Schema.Struct({}),
    success: Schema.Int,
    readOnly: true,
    execute: () => Counter.use(Ref.updateAndGet((n) => n + 1))
  })

  it.effect("may come from a layer that gives handlers too", () => {
    const toolkit = Toolkit.make(Tool.make("later", {
      description,
      parameters: Schema.Struct({}),
      success: Schema.Int,
      access: [Access.exclusive]
    }))
    const handlers = Toolkit.toLayer(toolkit, { later: () => Counter.use(Ref.updateAndGet((n) => n + 1)) })
    return Laws.check(toolkit, { layer: handlers.pipe(Layer.provideMerge(layer)), state, seed })
  })

  it.effect("is begun anew for every run", () =>
    Laws.check(Toolkit.make(increment([Access.exclusive])), { layer, state, seed }))

  it.effect("is looked at before and after a read-only tool", () =>
    Effect.gen(function*() {
      const found = yield* Effect.flip(Laws.check(Toolkit.make(look), { layer, state, seed }))
      assert.propertyVal(found, "law", "readOnly")
    }))

  it.effect("is reset where it outlives the layer", () => {
    let total = 0
    const toolkit = Toolkit.make(
      Tool.make("add", {
        description,
        parameters: Schema.Struct({}),
        success: Schema.Int,
        access: [Access.write("total")],
        execute: () => Effect.sync(() => ++total)
      })
    )
    return Laws.check(toolkit, {
      seed,
      state: { snapshot: Effect.sync(() => total), reset: Effect.sync(() => void (total = 0)) }
    })
  })
})

describe("tools of every making", () => {
  const definition = { description, success: Schema.Unknown, execute: () => Effect.succeed("fine") }

  class Greeting extends Context.Service<Greeting, string>()("test/Greeting") {}
  const greets = Tool.make("greets", { ...definition, parameters: Key, execute: () => Effect.map(Greeting, String) })

  it.effect("are checked: of functions that give promises, of raw JSON Schema, of a layer, beside a plan", () => {
    const waits = Tool.fromFunction("waits", {
      ...definition,
      parameters: Schema.Struct({ name: Schema.String }),
      execute: async () => new Promise((resolve) => setTimeout(resolve, 1, "fine"))
    })
    const raw = Tool.fromJsonSchema("raw", {
      ...definition,
      parameters: { type: "object", properties: { id: { type: "string", minLength: 2 } }, required: ["id"] }
    })
    const tools = Toolkit.provide(Toolkit.make(waits, raw, greets), Layer.succeed(Greeting, "hello"))
    return Laws.check(Toolkit.merge(tools, Toolkit.make(Plan.tool(tools))), { seed, runs: 20 })
  })

  it.effect("are checked where their schema has to be waited for", () => {
    const slowly = Schema.String.pipe(Schema.decode({
      decode: SchemaGetter.transformEffect((text) => Effect.as(Effect.yieldNow, text)),
      encode: SchemaGetter.transform((text) => text)
    }))
    const tool = Tool.make("slowly", { ...definition, parameters: Schema.Struct({ name: slowly }) })
    return Laws.check(Toolkit.make(tool), { seed, runs: 20 })
  })
})

describe("tools that cannot be checked", () => {
  it.effect("are told so where no valid call can be drawn", () =>
    Effect.gen(function*() {
      const picky = Tool.make("picky", {
        description,
        parameters: Schema.Struct({ n: Schema.Int.check(Schema.makeFilter(() => "never")) }),
        success: Schema.Void,
        execute: () => Effect.void
      })
      assert.propertyVal(yield* Effect.flip(Laws.check(Toolkit.make(picky), { seed })), "_tag", "NoCases")
    }))
})

describe("a law of runners", () => {
  const drops: Laws.Runner = (toolkit, calls, options) =>
    Effect.map(Batch.run(toolkit, calls, options), ({ outcomes }) => ({ outcomes: outcomes.slice(1) }))

  it.effect("is told with the smallest batch that breaks it", () =>
    Effect.gen(function*() {
      const { law, seed, why } = yield* Effect.flip(Laws.checkRunner(Laws.total, drops, { seed: 1 }))
      assert.deepStrictEqual([law, seed, why], ["total", 1, "Calls with an outcome: 0 instead of 1"])
    }))

  it.effect("holds for pipelines and plans", () =>
    Effect.andThen(
      Laws.checkGraphs(Laws.total, GraphRunner.asPipeline, { runs: 20 }),
      Laws.checkGraphs(Laws.total, GraphRunner.asPlan, { runs: 20 })
    ))
})

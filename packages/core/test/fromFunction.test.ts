import { assert, describe, it } from "@effect/vitest"
import { toStandardJsonSchema } from "@valibot/to-json-schema"
import { Batch, CallError, Tool, ToolCall, Toolkit } from "@volley/core"
import { type } from "arktype"
import { Effect, Fiber, Logger, Result, Schema } from "effect"
import { TestClock } from "effect/testing"
import { runInNewContext } from "node:vm"
import * as v from "valibot"
import { expectTypeOf } from "vitest"
import { z } from "zod"
import { ends, shown } from "./support.ts"

class Down extends Schema.TaggedError<Down>()("Down", { why: Schema.String }) {}

const definition = {
  description: "For tests.",
  parameters: Schema.Struct({ n: Schema.Int }),
  success: Schema.Int
}
const call = (name: string) => ToolCall.make({ id: "call_1", name, arguments: { n: 20 } })

const settled = (tool: Tool.Tool<string, Schema.Constraint, Schema.Constraint, Schema.Constraint>) =>
  Effect.map(Batch.run(Toolkit.make(tool), [call(tool.name)]), ({ outcomes }) => outcomes[0]!.result).pipe(
    Effect.provide(Logger.layer([]))
  )

describe("Tool.fromFunction", () => {
  it.effect("gives what the promise gives, and tells the function of its call", () =>
    Effect.gen(function*() {
      const double = Tool.fromFunction("double", {
        ...definition,
        execute: async ({ n }, signal, { id }) => signal.aborted || id !== "call_1" ? 0 : n * 2
      })
      expectTypeOf<Tool.Requirements<typeof double>>().toBeNever()
      assert.deepStrictEqual(yield* settled(double), Result.succeed(40))
    }))

  it.effect("takes a definition that is made by a class, whose function is a method", () =>
    Effect.gen(function*() {
      class Double {
        get description() {
          return "For tests."
        }
        readonly parameters = definition.parameters
        async execute({ n }: { readonly n: number }) {
          return n * 2
        }
      }
      const double = Tool.fromFunction("double", new Double())
      assert.strictEqual(double.description, "For tests.")
      const { outcomes } = yield* Batch.run(Toolkit.make(double), [call("double")])
      assert.deepStrictEqual(outcomes[0]?.result, Result.succeed(40))
    }))

  it.effect("takes a rejection, or a throw, for a crash, and for a failure where it is caught", () =>
    Effect.gen(function*() {
      const rejects = Tool.fromFunction("rejects", {
        ...definition,
        execute: () => {
          throw new Error("thrown before there is a promise")
        }
      })
      const crash = yield* settled(rejects)
      assert.isTrue(
        Result.isFailure(crash) && crash.failure._tag === "CallError" && crash.failure.reason._tag === "Defect"
      )
      const fails = Tool.fromFunction("fails", {
        ...definition,
        failure: Down,
        catch: (error) => new Down({ why: String(error) }),
        execute: () => Promise.reject<number>("closed")
      })
      const failure = yield* settled(fails)
      assert.isTrue(Result.isFailure(failure) && failure.failure._tag === "ToolFailure")
    }))

  it.effect("is answered once, however its promise ends after the call's time is over", () =>
    Effect.gen(function*() {
      const late = (name: string, end: (resolve: (n: number) => void, reject: (error: unknown) => void) => void) =>
        Tool.fromFunction(name, {
          ...definition,
          timeout: "1 second",
          execute: (_, signal) =>
            new Promise<number>((resolve, reject) => signal.addEventListener("abort", () => end(resolve, reject)))
        })
      const slow = Tool.make("slow", { ...definition, execute: () => Effect.as(Effect.sleep("2 seconds"), 1) })
      const toolkit = Toolkit.make(
        late("rejects", (_, reject) => reject("aborted")),
        late("gives", (give) => give(1)),
        slow
      )
      const calls = ["rejects", "gives", "slow"].map((name, index) =>
        ToolCall.make({ id: name, name, arguments: { n: 1 }, index })
      )
      const fiber = yield* Effect.forkChild(Batch.run(toolkit, calls), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      yield* Effect.promise(() => Promise.resolve())
      yield* TestClock.adjust("1 second")
      const { outcomes } = yield* Fiber.join(fiber)
      assert.deepStrictEqual(outcomes.map(({ endedAt, startedAt }) => endedAt - startedAt), [1000, 1000, 2000])
      assert.deepStrictEqual(outcomes.map(({ result }) => Result.isSuccess(result)), [false, false, true])
    }))

  it.effect("aborts the signal when the call's time is over", () =>
    Effect.gen(function*() {
      let aborted = false
      const hangs = Tool.fromFunction("hangs", {
        ...definition,
        timeout: "1 second",
        execute: (_, signal) =>
          new Promise<number>(() => {
            signal.addEventListener("abort", () => {
              aborted = true
            })
          })
      })
      const fiber = yield* Effect.forkChild(settled(hangs), { startImmediately: true })
      yield* TestClock.adjust("1 second")
      const result = yield* Fiber.join(fiber)
      assert.isTrue(Result.isFailure(result) && result.failure._tag === "CallError")
      assert.isTrue(aborted)
    }))
})

describe("Tool.fromFunction with schemas of other libraries", () => {
  const asked = (
    tool: Tool.Tool<string, Schema.Constraint, Schema.Constraint, Schema.Constraint>,
    args: unknown
  ) =>
    Effect.map(
      Batch.run(Toolkit.make(tool), [ToolCall.make({ id: "call_1", name: tool.name, arguments: args })]),
      ends
    )
  const description = "Greets somebody. `name` comes from the user."

  it.effect("takes zod, valibot, arktype, Effect and JSON Schema for what goes in and comes out", () =>
    Effect.gen(function*() {
      const jsonSchema = { type: "object", properties: { name: { type: "string" } }, required: ["name"] }
      const tools = [
        Tool.fromFunction("zod", {
          description,
          parameters: z.object({ name: z.string() }),
          success: z.string(),
          execute: async ({ name }) => `Hello, ${name}!`
        }),
        Tool.fromFunction("valibot", {
          description,
          parameters: toStandardJsonSchema(v.object({ name: v.string() })),
          success: v.string(),
          execute: async ({ name }) => `Hello, ${name}!`
        }),
        Tool.fromFunction("arktype", {
          description,
          parameters: type({ name: "string" }),
          success: type("string"),
          execute: async ({ name }) => `Hello, ${name}!`
        }),
        Tool.fromFunction("json", {
          description,
          parameters: jsonSchema,
          success: { type: "string" },
          execute: async ({ name }) => `Hello, ${String(name)}!`
        }),
        Tool.fromFunction("effect", {
          description,
          parameters: Schema.Struct({ name: Schema.String }),
          execute: async ({ name }) => `Hello, ${name}!`
        })
      ]
      for (const tool of tools) {
        assert.deepStrictEqual(yield* asked(tool, { name: "Ada" }), ["Hello, Ada!"], tool.name)
        assert.deepStrictEqual(yield* asked(tool, { name: 1 }), ["InvalidArguments"], tool.name)
        assert.deepStrictEqual(Object.keys(Object(tool.jsonSchema["properties"])), ["name"], tool.name)
      }
    }))

  it.effect("takes any JSON for a result without `success`, and knows the type that the function gives", () =>
    Effect.gen(function*() {
      const tool = Tool.fromFunction("count", {
        description,
        parameters: z.object({ name: z.string() }),
        execute: async ({ name }) => ({ letters: name.length })
      })
      expectTypeOf(tool.success.Type).toEqualTypeOf<{ letters: number }>()
      expectTypeOf(tool.parameters.Type).toEqualTypeOf<{ name: string }>()
      assert.deepStrictEqual<unknown>(yield* asked(tool, { name: "Ada" }), [{ letters: 3 }])
      const broken = Tool.fromFunction("broken", {
        description,
        parameters: z.object({}),
        success: { type: "string" },
        execute: async () => 5
      })
      assert.deepStrictEqual(yield* asked(broken, {}), ["Unencodable"])
    }))

  it.each<readonly [string, unknown, string]>([
    ["an Effect", Effect.succeed(1), "an Effect is no JSON: make this tool with Tool.make, or run the Effect"],
    ["an Effect inside", { found: Effect.succeed(1) }, "an Effect is no JSON"],
    ["a response", new Response("x"), "nothing of a Response can be written as JSON"],
    ["a map", new Map([[1, 2]]), "nothing of a Map can be written as JSON"]
  ])("says to its host why there is no result: %s", async (_, value, why) => {
    const tool = Tool.fromFunction("odd", { description, parameters: z.object({}), execute: async () => value })
    const { outcomes } = await Batch.runPromise(Toolkit.make(tool), [ToolCall.make({ id: "c", name: "odd" })])
    const result = outcomes[0]?.result
    assert(result && Result.isFailure(result) && result.failure._tag === "CallError")
    assert.include(result.failure.reason._tag === "Unencodable" && result.failure.reason.issue, why)
  })
})

describe("Tool.fromFunction with `failure: \"message\"`", () => {
  class NoSuchCity extends Error {
    override name = "NoSuchCity"
  }
  const throwing = (thrown: unknown) =>
    Tool.fromFunction("find", {
      description: "Finds a city.",
      parameters: Schema.Struct({}),
      failure: "message",
      execute: async () => {
        throw thrown
      }
    })
  const told = (thrown: unknown) =>
    Effect.map(
      Batch.run(Toolkit.make(throwing(thrown)), [ToolCall.make({ id: "call_1", name: "find", arguments: {} })]),
      (settled) => ({ result: settled.outcomes[0]?.result, shown: shown(settled) })
    ).pipe(Effect.provide(Logger.layer([])))

  it.effect("shows the model the message of an error, and its name, and gives the program the error itself", () =>
    Effect.gen(function*() {
      const error = new NoSuchCity("There is no city of that name.")
      const { result, shown } = yield* told(error)
      assert(result !== undefined && Result.isFailure(result) && result.failure._tag === "ToolFailure")
      assert.strictEqual(result.failure.failure, error)
      expectTypeOf(throwing(error).failure.Type).toEqualTypeOf<Error>()
      assert.deepInclude(shown, { type: "NoSuchCity", message: error.message, data: {} })
      const elsewhere = runInNewContext("new Error('from another realm')")
      assert.deepInclude((yield* told(elsewhere)).shown, { type: "Error", message: "from another realm" })
    }))

  class OutOfStock extends Error {}
  class t extends Error {} // what a bundler makes of it
  class Renamed extends Error {
    override name = "Sold"
  }

  it.effect.each([
    ["its own name", new Renamed("gone"), "Sold"],
    ["the name of its class", new OutOfStock("gone"), "OutOfStock"],
    ["no name that a bundler left", new t("gone"), "Error"],
    ["the name of every error", new Error("gone"), "Error"]
  ])("tells the model and the program an error by %s", ([, thrown, type]) =>
    Effect.gen(function*() {
      const { result, shown } = yield* told(thrown)
      assert(result !== undefined && Result.isFailure(result))
      assert.deepStrictEqual([shown["type"], CallError.typeOf(result.failure)], [type, type])
      assert.strictEqual((yield* told(new OutOfStock())).shown["message"], "The tool failed with OutOfStock.")
    }))

  it.effect("hides what is a bug of the program, and what is no error", () =>
    Effect.gen(function*() {
      for (const thrown of [new TypeError("secret is undefined"), new RangeError("secret"), "secret", undefined]) {
        const { shown } = yield* told(thrown)
        assert.strictEqual(shown["type"], "Defect")
        assert.notInclude(JSON.stringify(shown), "secret")
      }
    }))

  it("writes an error so that it can be read again", () => {
    const { failure } = throwing(undefined)
    const codec = Schema.toCodecJson(failure)
    const again = Schema.decodeUnknownSync(codec)(Schema.encodeUnknownSync(codec)(new NoSuchCity("gone")))
    assert.deepStrictEqual([again.name, again.message], ["NoSuchCity", "gone"])
  })
})

describe("Tool.fromFunction with a schema of failures", () => {
  const outOfStock = { code: "out_of_stock", sku: "none" } as const
  const json = { type: "object", properties: { code: { const: "out_of_stock" } }, required: ["code"] } as const
  const schemas = {
    zod: z.object({ code: z.literal("out_of_stock"), sku: z.string() }),
    valibot: v.object({ code: v.literal("out_of_stock"), sku: v.string() }),
    arktype: type({ code: "'out_of_stock'", sku: "string" }),
    json
  }

  it.each(Object.entries(schemas))("of %s gives the model what `catch` made", async (_, failure) => {
    const buy = Tool.fromFunction("buy", {
      description: "",
      parameters: { type: "object" },
      failure,
      catch: () => outOfStock,
      execute: async () => Promise.reject(new Error("secret"))
    })
    const { outcomes: [outcome] } = await Batch.runPromise(Toolkit.make(buy), [call("buy")])
    assert(outcome?.name === "buy" && Result.isFailure(outcome.result) && outcome.result.failure._tag === "ToolFailure")
    assert.deepStrictEqual(outcome.result.failure.encoded, outOfStock)
    assert.notInclude(outcome.encoded, "secret")
  })

  it("has the type of what `catch` makes", () => {
    const make = (caught: () => z.infer<typeof schemas.zod>) =>
      Tool.fromFunction("buy", {
        description: "",
        parameters: z.object({}),
        failure: schemas.zod,
        catch: caught,
        execute: async () => 1
      })
    expectTypeOf(make(() => outOfStock).failure.Type).toEqualTypeOf<{ code: "out_of_stock"; sku: string }>()
    Tool.fromFunction("buy", {
      description: "",
      parameters: z.object({}),
      failure: schemas.zod,
      // @ts-expect-error the schema has another code
      catch: () => ({ code: "sold", sku: "" }),
      execute: async () => 1
    })
  })

  class NoSuchCity extends Schema.TaggedError<NoSuchCity>()("NoSuchCity", { city: Schema.String }) {}
  class Closed extends Schema.TaggedError<Closed>()("Closed", {}) {}

  it.each([
    ["the class", NoSuchCity, new NoSuchCity({ city: "Atlantis" }), "ToolFailure"],
    ["one of two classes", Schema.Union([NoSuchCity, Closed]), new Closed({}), "ToolFailure"],
    ["another class", NoSuchCity, new Closed({}), "CallError"],
    ["no class", Schema.Struct({ message: Schema.String }), new Error("secret"), "CallError"]
  ])("takes what is thrown of %s for a failure or a crash", async (_, failure, thrown, tag) => {
    const look = Tool.fromFunction("look", {
      description: "",
      parameters: { type: "object" },
      failure,
      execute: async () => Promise.reject(thrown)
    })
    const { outcomes: [outcome] } = await Batch.runPromise(Toolkit.make(look), [call("look")])
    assert(outcome !== undefined && Result.isFailure(outcome.result))
    assert.strictEqual(outcome.result.failure._tag, tag)
    assert.strictEqual(
      outcome.result.failure._tag === "ToolFailure" && outcome.result.failure.failure === thrown,
      tag === "ToolFailure"
    )
    assert.notInclude(outcome.encoded, "secret")
  })
})

import { assert, describe, it } from "@effect/vitest"
import { Batch, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, type JsonSchema, Schedule, Schema } from "effect"
import { shown } from "../support.ts"

const description = "Does a thing; all inputs come from the user."

const tool = (name: string, more: Partial<Tool.Traits<{}, typeof Schema.String, boolean>> = {}) =>
  Tool.make(name, {
    description,
    parameters: Schema.Struct({}),
    success: Schema.Null,
    failure: Schema.String,
    readOnly: true,
    ...more,
    execute: () => Effect.fail("no such city")
  })

const call = (name: string, args: unknown = {}) => ToolCall.make({ id: "c", name, arguments: args })

describe("a JSON Schema with a type that there is not", () => {
  it.each<[string, JsonSchema.JsonSchema]>([
    ["\"properties.a\" has the type \"float\"", { properties: { a: { type: "float" } } }],
    ["\"properties.a.items\" has the type \"dict\"", { properties: { a: { type: "array", items: { type: "dict" } } } }],
    ["\"$defs.A.anyOf.1\" has the type \"any\"", { $defs: { A: { anyOf: [{ type: "null" }, { type: "any" }] } } }],
    ["\"additionalProperties\" has the type \"int\"", { additionalProperties: { type: ["null", "int"] } }],
    ["\"patternProperties.a\" has the type []", { patternProperties: { a: { type: [] } } }],
    ["\"not\" has the type 7", { not: { type: 7 } }]
  ])("throws when the tool is made: %s", (why, more) => {
    const parameters = { type: "object", ...more }
    const make = (validate?: () => undefined) => () =>
      Tool.fromJsonSchema("find", { description, parameters, validate, execute: () => Effect.succeed(1) })
    assert.throws(make(), `Tool "find": ${why}, and JSON Schema has none but string, number`)
    assert.throws(make(() => undefined), why)
  })

  it("is not one with a property called type", () => {
    const parameters = { type: "object", properties: { type: { type: "string", enum: ["float"] } } }
    Tool.fromJsonSchema("find", { description, parameters, execute: () => Effect.succeed(1) })
  })
})

describe("an integer that is too large to be exact", () => {
  const typed = Tool.make("get", {
    description,
    parameters: Schema.Struct({ id: Schema.Int, in: Schema.Array(Schema.Int) }),
    success: Schema.Null,
    execute: () => Effect.succeed(null)
  })
  const raw = Tool.fromJsonSchema("get", {
    description,
    parameters: { type: "object", properties: { id: { type: "integer" }, in: { items: { type: "integer" } } } },
    execute: () => Effect.succeed(null)
  })

  it.effect("is named as such, wherever it stands", () =>
    Effect.gen(function*() {
      const asked = [call("get", "{\"id\":9007199254740993,\"in\":[1,1e300,0.5]}")]
      const runs = [yield* Batch.run(Toolkit.make(typed), asked), yield* Batch.run(Toolkit.make(raw), asked)]
      for (const settled of runs) {
        const { data } = shown(settled)
        const too = "Expected an integer: too large to be exact: send it as a string, if the tool takes one"
        assert.deepStrictEqual(data, {
          issues: [
            { path: "id", message: too },
            { path: "in.1", message: too },
            { path: "in.2", message: "Expected an integer" }
          ]
        })
      }
    }))
})

describe("a tool that there is not", () => {
  const many = Array.from({ length: 600 }, (_, n) => tool(`server_${n}_does_something_with_records_of_some_kind`))
  const toolkit = Toolkit.make(...many, tool("github_create_issue"), tool("get_weather"))

  it.effect.each<[string, string]>([
    ["create_issue", "github_create_issue"],
    ["getWeather", "get_weather"],
    ["get_wether", "get_weather"],
    ["functions.get_weather", "get_weather"]
  ])("is answered by those most like it: %s", ([asked, meant]) =>
    Effect.gen(function*() {
      const settled = yield* Batch.run(toolkit, [call(asked)])
      const { data, message } = shown(settled)
      const available: ReadonlyArray<string> = Object(data).available
      assert.strictEqual(available[0], meant)
      assert.lengthOf(available, 8)
      assert.strictEqual(message, "There is no tool of this name. `available` names the 8 most like it, of 602.")
      assert.isBelow(settled.outcomes[0]!.encoded.length, 1000)
      assert.lengthOf(settled.outcomes[0]!.encoded.split(meant), 2)
    }))

  it.effect("is answered alike inside a plan", () =>
    Effect.gen(function*() {
      const tools = ["find", "get_order", "get_orders", "list", "pay", "send", "sum", "take", "undo"].map((name) =>
        tool(name)
      )
      const settled = yield* Batch.run(Toolkit.make(Plan.tool(Toolkit.make(...tools))), [
        call("plan", { steps: [{ id: "a", tool: "get_ordr", arguments: {} }] })
      ])
      assert.include(
        JSON.stringify(shown(settled)["data"]),
        "there is no tool \\\"get_ordr\\\"; of the 9 that there are, these are most like it: get_order, get_orders"
      )
    }))
})

describe("`repeat` of a tool", () => {
  const attempts = (repeat: Tool.Repeat<string> | undefined) =>
    Effect.map(
      Batch.run(Toolkit.make(tool("find", { repeat })), [call("find")], { retry: Schedule.recurs(2) }),
      (settled) => [settled.outcomes[0]?.attempts, shown(settled)["message"], shown(settled)["safeToRepeat"]]
    )

  const pointless = "no such city The same call would come to the same: do not repeat it."

  it.effect.each<[string, Tool.Repeat<string> | undefined, number, string]>([
    ["nothing", undefined, 3, "no such city"],
    ["that it may help", true, 3, "no such city"],
    ["that it may help, by the failure", (failure) => failure === "no such city", 3, "no such city"],
    ["that it is pointless", false, 1, pointless],
    ["that it is pointless, by the failure", (failure) => failure !== "no such city", 1, pointless]
  ])(
    "says %s to the model and to retries, and not that repeating does harm",
    ([, repeat, count, message]) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* attempts(repeat), [count, message, true])
      })
  )
})

describe("a step of a plan", () => {
  it.effect("is called as the model wrote it where it keeps another from running", () =>
    Effect.gen(function*() {
      const take = Tool.make("take", {
        description,
        parameters: Schema.Struct({ it: Schema.Json }),
        success: Schema.Json,
        execute: ({ it }) => Effect.succeed(it)
      })
      const steps = [
        { id: "find_1", tool: "find", arguments: {} },
        { id: "take_1", tool: "take", arguments: { it: { $ref: "find_1" } } },
        { id: "take_2", tool: "take", arguments: { it: { $ref: "take_1" } } }
      ]
      const plan = Plan.tool(Toolkit.make(tool("find"), take))
      const { outcomes } = yield* Batch.run(Toolkit.make(plan), [call("plan", { steps })])
      const errors = JSON.parse(outcomes[0]!.encoded).steps.map(({ error }: { error: unknown }) => error).slice(1)
      for (const error of errors) {
        assert.deepStrictEqual(error, {
          type: "DependencyFailed",
          message: "It needs the result of find_1, which failed with ToolFailure; it did not run.",
          safeToRepeat: true,
          data: { root: "find_1", type: "ToolFailure" }
        })
      }
      assert.lengthOf(errors, 2)
    }))
})

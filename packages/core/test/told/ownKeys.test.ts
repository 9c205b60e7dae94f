import { assert, describe, it } from "@effect/vitest"
import { Batch, Plan, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Schema } from "effect"
import * as v from "valibot"
import { z } from "zod"

const inherited = ["constructor", "toString", "valueOf", "hasOwnProperty", "__proto__"]

const description = "Tries odd names; all inputs come from the user."

type AnyTool = Tool.Tool<string, Schema.Constraint, Schema.Constraint, Schema.Constraint>

const answer = (tool: AnyTool, args: unknown) =>
  Effect.map(
    Batch.run(Toolkit.make(tool), [ToolCall.make({ id: "a", name: tool.name, arguments: args })]),
    ({ outcomes }): unknown => JSON.parse(outcomes[0]!.encoded)
  )

const keys = (args: unknown): ReadonlyArray<string> => Object.keys(args instanceof Object || args ? Object(args) : {})

const effect = (name: string) =>
  Tool.make("odd", {
    description,
    parameters: Schema.Struct({ [name]: Schema.optionalKey(Schema.String), in: Schema.Struct({}) }),
    success: Schema.Struct({ keys: Schema.Array(Schema.String), [name]: Schema.optionalKey(Schema.Int) }),
    execute: (args) => Effect.succeed({ keys: keys(args) })
  })

const raw = (name: string) =>
  Tool.fromJsonSchema("odd", {
    description,
    parameters: {
      type: "object",
      properties: Object.fromEntries([[name, { type: "string" }], ["in", { type: "object" }]]),
      required: ["in"]
    },
    execute: (args) => Effect.succeed({ keys: keys(args) })
  })

describe("a parameter that every object inherits", () => {
  it.effect.each(inherited)("called %s can be left out, in and out", (name) =>
    Effect.gen(function*() {
      const tools: ReadonlyArray<AnyTool> = [effect(name), raw(name)]
      for (const tool of tools) {
        assert.deepStrictEqual(yield* answer(tool, "{\"in\":{}}"), { keys: ["in"] })
        assert.deepStrictEqual(yield* answer(tool, `{"${name}":null,"in":{}}`), { keys: ["in"] })
      }
    }))

  it.effect.each(inherited)("called %s is checked where it is given", (name) =>
    Effect.gen(function*() {
      const tools: ReadonlyArray<AnyTool> = [effect(name), raw(name)]
      for (const tool of tools) {
        const given = yield* answer(tool, `{"${name}":"x","in":{}}`)
        assert.sameMembers(Object.values(Object(given)).flat(), [name, "in"])
        const { error } = Object(yield* answer(tool, `{"${name}":7,"in":{}}`))
        assert.deepStrictEqual(error.data.issues.map(({ path }: { path: string }) => path), [name])
      }
    }))

  it.effect("can be left out of schemas of other libraries", () =>
    Effect.gen(function*() {
      const entries = { constructor: { type: "string" } }
      const tools = [
        z.object({ constructor: z.string().optional() }),
        v.object({ constructor: v.optional(v.string()) })
      ]
        .map((parameters) =>
          Tool.fromStandardSchema("odd", {
            description,
            parameters,
            jsonSchema: { type: "object", properties: entries },
            success: z.int(),
            execute: () => Effect.succeed(1)
          })
        )
      for (const tool of tools) assert.deepStrictEqual(yield* answer(tool, "{}"), 1)
    }))

  it.effect("is not there for the references of a plan either", () =>
    Effect.gen(function*() {
      const tool = effect("constructor")
      const taken: Schema.Json = { in: {}, constructor: { $ref: "a/constructor" } }
      const steps = [{ id: "a", tool: "odd", arguments: { in: {} } }, { id: "b", tool: "odd", arguments: taken }]
      const { steps: [first, second] } = Object(yield* answer(Plan.tool(Toolkit.make(tool)), { steps }))
      assert.deepStrictEqual(first, { id: "a", ok: { keys: ["in"] } })
      assert.include(second.error.message, "the result of step \"a\" has nothing at \"/constructor\"")
    }))
})

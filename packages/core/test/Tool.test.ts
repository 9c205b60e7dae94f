import { assert, describe, it } from "@effect/vitest"
import { Batch, Tool, ToolCall, Toolkit } from "@volley/core"
import type { JsonSchema } from "effect"
import { Duration, Effect, Schema } from "effect"
import { ends, shown } from "./support.ts"

/** Settles one call of a tool. */
const asked = <T extends Tool.Tool<string, Schema.Constraint, Schema.Constraint, Schema.Constraint>>(
  tool: T,
  args: unknown
) => Batch.run(Toolkit.make(tool), [ToolCall.make({ id: "1", name: tool.name, arguments: args })])

const echo = <P extends Schema.Constraint>(parameters: P) =>
  Tool.make("echo", {
    description: "Echoes.",
    parameters,
    success: parameters,
    execute: (given) => Effect.succeed(given)
  })

describe("Tool.make", () => {
  it("is neither read-only nor idempotent and has no timeout and no failure unless said", () => {
    const tool = echo(Schema.Struct({ city: Schema.String }))
    assert.isFalse(tool.readOnly)
    assert.isFalse(tool.idempotent)
    assert.isUndefined(tool.timeout)
    assert.strictEqual(tool.failure, Schema.Never)
  })

  it("keeps what is said", () => {
    const tool = Tool.make("wait", {
      description: "Waits.",
      parameters: Schema.Struct({}),
      success: Schema.Void,
      failure: Schema.String,
      readOnly: true,
      idempotent: true,
      timeout: "2 seconds",
      execute: () => Effect.void
    })
    assert.deepStrictEqual([tool.name, tool.description, tool.readOnly, tool.idempotent], [
      "wait",
      "Waits.",
      true,
      true
    ])
    assert.strictEqual(Duration.toMillis(tool.timeout!), 2000)
    assert.strictEqual(tool.failure, Schema.String)
  })

  it("gives the JSON Schema of its parameters, with descriptions", () => {
    const tool = echo(Schema.Struct({ city: Schema.String.annotate({ description: "As the user spelled it." }) }))
    assert.deepStrictEqual(tool.jsonSchema, {
      type: "object",
      properties: { city: { type: "string", description: "As the user spelled it." } },
      required: ["city"],
      additionalProperties: false
    })
  })

  it("gives an object at the root, with definitions inside it, where its parameters are recursive", () => {
    interface Tree {
      readonly children: ReadonlyArray<Tree>
    }
    const Tree = Schema.Struct({
      children: Schema.Array(Schema.suspend((): Schema.Codec<Tree> => Tree))
    }).annotate({ identifier: "Tree" })
    const { jsonSchema } = echo(Schema.Struct({ root: Tree }))
    assert.strictEqual(jsonSchema["type"], "object")
    assert.property(jsonSchema, "$defs")
  })

  it.effect("decodes what JSON has no word for, and encodes it back", () =>
    Effect.gen(function*() {
      const seen: Array<unknown> = []
      const parameters = Schema.Struct({
        when: Schema.Date,
        big: Schema.BigInt,
        tags: Schema.ReadonlySet(Schema.String)
      })
      const tool = Tool.make("echo", {
        description: "",
        parameters,
        success: parameters,
        execute: (given) => Effect.sync(() => (seen.push(given), given))
      })
      const args = { when: "2026-01-02T03:04:05.000Z", big: "12", tags: ["a"] }
      const settled = yield* asked(tool, JSON.stringify(args))
      assert.deepStrictEqual(seen, [{ when: new Date(args.when), big: 12n, tags: new Set(["a"]) }])
      assert.deepStrictEqual(JSON.parse(settled.outcomes[0]!.encoded), args)
    }))

  it.effect("fills in defaults", () =>
    Effect.gen(function*() {
      const limit = Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(10)))
      const settled = yield* asked(echo(Schema.Struct({ limit })), {})
      assert.deepStrictEqual(ends(settled), [{ limit: 10 }])
    }))

  it.effect("lists all that is wrong with the arguments, each with its path", () =>
    Effect.gen(function*() {
      const parameters = Schema.Struct({ city: Schema.String, at: Schema.Struct({ days: Schema.Array(Schema.Int) }) })
      const settled = yield* asked(echo(parameters), { at: { days: [1, "x"] } })
      assert.deepStrictEqual(shown(settled)["data"], {
        issues: [{ path: "city", message: "Missing key" }, { path: "at.days.1", message: "Expected number" }]
      })
    }))
})

describe("Tool.fromJsonSchema", () => {
  const parameters = {
    type: "object",
    properties: { city: { type: "string", minLength: 2, description: "Where." }, days: { type: "integer" } },
    required: ["city"]
  }
  const given = (
    definition: {
      readonly parameters?: JsonSchema.JsonSchema
      readonly validate?: (args: Schema.Json) => string | undefined
    } = {}
  ) =>
    Tool.fromJsonSchema("search", {
      description: "Searches.",
      parameters,
      ...definition,
      execute: (args) => Effect.succeed(args)
    })

  it("sends the schema as it is", () => {
    assert.strictEqual(given().jsonSchema, parameters)
    const custom = { ...parameters, not: { required: ["x"] }, "x-own": true }
    assert.strictEqual(given({ parameters: custom, validate: () => undefined }).jsonSchema, custom)
  })

  it("is neither read-only nor idempotent unless said", () => {
    assert.deepStrictEqual([given().readOnly, given().idempotent], [false, false])
  })

  it.effect("gives the handler the arguments as the model sent them", () =>
    Effect.gen(function*() {
      const args = { city: "Rome", more: { deep: [1, null] } }
      assert.deepStrictEqual(ends(yield* asked(given(), args)), [args])
    }))

  it.effect("checks the arguments", () =>
    Effect.gen(function*() {
      const settled = yield* asked(given(), { city: "R", days: 1.5 })
      assert.deepStrictEqual(ends(settled), ["InvalidArguments"])
      const { issues } = shown(settled)["data"] as { readonly issues: ReadonlyArray<{ readonly path: string }> }
      assert.deepStrictEqual(issues.map(({ path }) => path), ["city", "days"])
    }))

  it.effect("does not let a closed schema's unknown key pass, nor take it away", () =>
    Effect.gen(function*() {
      const closed = given({ parameters: { ...parameters, additionalProperties: false } })
      assert.deepStrictEqual(ends(yield* asked(closed, { city: "Rome", country: "IT" })), ["InvalidArguments"])
    }))

  it.effect("follows references inside the schema", () =>
    Effect.gen(function*() {
      const node = { type: "object", properties: { next: { $ref: "#/$defs/Node" } } }
      const list = given({
        parameters: { type: "object", properties: { head: { $ref: "#/$defs/Node" } }, $defs: { Node: node } }
      })
      assert.deepStrictEqual(ends(yield* asked(list, { head: { next: { next: {} } } })), [{
        head: { next: { next: {} } }
      }])
      assert.deepStrictEqual(ends(yield* asked(list, { head: { next: { next: 3 } } })), ["InvalidArguments"])
    }))

  it.each([
    ["dependentRequired", { type: "object", dependentRequired: { a: ["b"] } }],
    ["not", { type: "object", properties: { a: { not: { type: "string" } } } }],
    ["unevaluatedProperties", { type: "object", unevaluatedProperties: false }]
  ])("throws where it cannot check %s, and says what to do", (keyword, parameters) => {
    assert.throws(() => given({ parameters }), new RegExp(`Tool.fromJsonSchema\\("search"\\).*${keyword}`, "s"))
    assert.throws(() => given({ parameters }), /Pass `validate` to check the arguments yourself/)
  })

  it.effect("lets `validate` take the place of the check", () =>
    Effect.gen(function*() {
      const tool = given({
        parameters: { type: "object", not: { required: ["x"] } },
        validate: (args) => typeof args === "object" && args !== null && "x" in args ? "x is forbidden" : undefined
      })
      assert.deepStrictEqual(ends(yield* asked(tool, { y: 1 })), [{ y: 1 }])
      const settled = yield* asked(tool, { x: 1 })
      assert.deepStrictEqual(ends(settled), ["InvalidArguments"])
      assert.include(settled.outcomes[0]!.encoded, "x is forbidden")
    }))

  it.effect("a `validate` that throws is a crash of that call alone", () =>
    Effect.gen(function*() {
      const tool = given({
        validate: () => {
          throw new Error("bug")
        }
      })
      assert.deepStrictEqual(ends(yield* asked(tool, {})), ["Defect"])
    }))

  it.effect("keeps the declared failure", () =>
    Effect.gen(function*() {
      const tool = Tool.fromJsonSchema("search", {
        description: "Searches.",
        parameters,
        failure: Schema.Struct({ code: Schema.Int }),
        execute: () => Effect.fail({ code: 7 })
      })
      assert.deepStrictEqual(ends(yield* asked(tool, { city: "Rome" })), [{ failure: { code: 7 } }])
    }))
})

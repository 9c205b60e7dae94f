/**
 * Schemas of other libraries, written by hand so that every form of an issue is seen; and what a lint or a strict mode
 * makes of schemas that are seldom written.
 */
import { assert, describe, it } from "@effect/vitest"
import { Batch, StrictSchema, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, Result, Schema } from "effect"
import type { StandardJSONSchemaV1, StandardSchemaV1 } from "effect/StandardSchema"
import { ends, shown } from "./support.ts"

type Foreign = StandardSchemaV1 & StandardJSONSchemaV1

const foreign = (
  validate: (value: unknown) => StandardSchemaV1.Result<unknown>,
  input: () => Record<string, unknown> = () => ({ type: "object", additionalProperties: false })
): Foreign => ({ "~standard": { version: 1, vendor: "hand", validate, jsonSchema: { input, output: input } } })

const any = foreign((value) => ({ value }))

const made = (parameters: Foreign, success: Foreign = any, give: (parameters: unknown) => unknown = (all) => all) =>
  Tool.fromStandardSchema("t", {
    description: "For tests.",
    parameters,
    success,
    execute: (parameters) => Effect.succeed(give(parameters))
  })

const ask = (tool: ReturnType<typeof made>, args: unknown = {}) =>
  Batch.run(Toolkit.make(tool), [ToolCall.make({ id: "c", name: "t", arguments: args })])

describe("a Standard Schema", () => {
  it.effect("says where something is wrong in the words of a path, of keys as well as of parts", () =>
    Effect.gen(function*() {
      const issues = [{ message: "one", path: [{ key: "a" }, 0] }, { message: "two", path: ["b"] }, { message: "all" }]
      const settled = yield* ask(made(foreign(() => ({ issues }))))
      assert.deepStrictEqual(Reflect.get(Object(shown(settled)["data"]), "issues"), [
        { path: "a.0", message: "one" },
        { path: "b", message: "two" },
        { path: "", message: "all" }
      ])
    }))

  it.effect("refuses also where it does not say why", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(ends(yield* ask(made(foreign(() => ({ issues: [] }))))), ["InvalidArguments"])
    }))

  it.effect("may give what is no JSON for parameters, and has to give JSON for a result", () =>
    Effect.gen(function*() {
      const date = foreign(() => ({ value: new Date(0) }))
      const year = (value: unknown) => value instanceof Date ? value.getUTCFullYear() : "?"
      assert.deepStrictEqual(ends(yield* ask(made(date, any, year))), [1970])
      assert.deepStrictEqual(ends(yield* ask(made(any, foreign(() => ({ value: () => 1 }))))), ["Unencodable"])
    }))

  it("that cannot be written as JSON Schema throws, with what it threw", () => {
    for (const [thrown, why] of [[new Error("too odd."), "too odd"], ["too odd", "too odd"]] as const) {
      const odd = foreign((value) => ({ value }), () => {
        throw thrown
      })
      const attempt = Result.try({ try: () => made(odd), catch: (error) => error })
      assert(Result.isFailure(attempt) && attempt.failure instanceof Error)
      assert.strictEqual(
        attempt.failure.message,
        `Tool "t": \`parameters\` of hand cannot be written as JSON Schema: ${why}; give it as \`jsonSchema\`.`
      )
      assert.strictEqual(attempt.failure.cause, thrown)
    }
  })

  it.effect("of Effect's own is read by Effect, on either side", () =>
    Effect.gen(function*() {
      const tool = Tool.fromStandardSchema("t", {
        description: "For tests.",
        parameters: Schema.Struct({ at: Schema.DateFromString }),
        success: Schema.DateFromString,
        execute: ({ at }) => Effect.succeed(at)
      })
      const call = ToolCall.make({ id: "c", name: "t", arguments: { at: "1970-01-01T00:00:00.000Z" } })
      const { outcomes } = yield* Batch.run(Toolkit.make(tool), [call])
      assert.deepStrictEqual(outcomes.map(({ encoded }) => encoded), ["\"1970-01-01T00:00:00.000Z\""])
    }))
})

describe("StrictSchema.refusal", () => {
  const rules: StrictSchema.Rules = {
    keywords: new Set(["type", "properties", "required", "additionalProperties", "enum", "$ref", "$defs"]),
    required: true,
    typed: true,
    recursive: false
  }
  const text = { type: "string" }
  const object = (properties: object, more: object = {}) => ({
    type: "object",
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
    ...more
  })

  it("takes a list of values for a type", () => {
    assert.isUndefined(StrictSchema.refusal(object({ one: { enum: ["a"] } }), rules))
  })

  it("takes what has properties for an object, whether it says so or not", () => {
    const { additionalProperties: _, ...open } = object({ text })
    const { type: __, ...untyped } = open
    assert.strictEqual(StrictSchema.refusal(open, rules), "\"\" may have other keys")
    assert.strictEqual(StrictSchema.refusal(untyped, { ...rules, typed: false }), "\"\" may have other keys")
  })

  it("names the first property that may be absent, also where nothing says which may not", () => {
    const both = object({ a: text, b: text })
    assert.strictEqual(StrictSchema.refusal({ ...both, required: [] }, rules), "\"\" may lack `a`")
    assert.strictEqual(StrictSchema.refusal({ ...both, required: ["a"] }, rules), "\"\" may lack `b`")
    for (const required of [undefined, "a, b", { a: true }]) {
      assert.strictEqual(StrictSchema.refusal({ ...both, required }, rules), "\"\" may lack `a`")
    }
  })

  it("takes a definition that is used twice, and refuses one that is not there", () => {
    const defined = { $defs: { A: text } }
    const twice = object({ a: { $ref: "#/$defs/A" }, b: { $ref: "#/$defs/A" } }, defined)
    assert.isUndefined(StrictSchema.refusal(twice, rules))
    assert.strictEqual(StrictSchema.refusal(object({ a: { $ref: "#/$defs/B" } }, defined), rules), "it contains itself")
  })
})

describe("Toolkit.lint", () => {
  const warnings = (description: string, properties: object, more: object = {}) =>
    Toolkit.lint(Toolkit.make(
      Tool.fromJsonSchema("t", {
        description,
        parameters: { type: "object", properties, ...more },
        validate: () => undefined,
        readOnly: true,
        execute: (args) => Effect.succeed(args)
      })
    )).map(({ message, parameter }) => [parameter, message.slice(0, 32)])
  const silent = "Nothing says what "

  it("wants a description of three words, spaces apart", () => {
    assert.deepStrictEqual(warnings("Does it all", {}), [])
    assert.deepStrictEqual(warnings("  Does it  ", {}), [[undefined, "The description, \"  Does it  \", "]])
    assert.deepStrictEqual(warnings("  ", {}), [[undefined, "There is no description: say wha"]])
  })

  it("takes an empty description of an input for none", () => {
    assert.deepStrictEqual(
      warnings("Does what it does.", { odd: { type: "string", description: " " } }).map(([, text]) =>
        text?.startsWith(silent)
      ),
      [true]
    )
  })

  it("looks into all forms of a schema", () => {
    const inside = { type: "object", properties: { odd: { type: "string" } } }
    for (const key of ["anyOf", "oneOf", "allOf"]) {
      assert.deepStrictEqual(warnings("Does what it does.", { a: { [key]: [inside] } }).map(([path]) => path), [
        "a.odd"
      ])
      const told = { [key]: [{ type: "string", description: "Given by the user." }] }
      assert.deepStrictEqual(warnings("Does what it does.", { odd: told }), [])
      const chosen = { description: "The colour.", [key]: [{ enum: ["red"] }, { const: "blue" }] }
      assert.deepStrictEqual(warnings("Does what it does.", { colour: chosen }), [])
      const half = { description: "The colour.", [key]: [{ enum: ["red"] }, { type: "string" }] }
      assert.deepStrictEqual(warnings("Does what it does.", { colour: half }).map(([path]) => path), ["colour"])
    }
    const items = { type: "array", items: { type: "string", description: "Given by the user." } }
    assert.deepStrictEqual(warnings("Does what it does.", { names: items }), [])
  })

  it("takes an input for explained where any of the names that lead to it is", () => {
    const order = { type: "object", properties: { id: { type: "string", description: "The number." } } }
    assert.deepStrictEqual(warnings("Cancels. The order comes from get_orders.", { order }), [])
    assert.deepStrictEqual(warnings("Cancels it now.", { order }).map(([path]) => path), ["order.id"])
  })

  it("makes nothing of references that lead nowhere", () => {
    for (const $ref of ["#/$defs/Gone", "#/type/deeper", "#/required/0/x"]) {
      const found = warnings("Does what it does.", { odd: { $ref } }, { required: [] })
      assert.deepStrictEqual(found.map(([path]) => path), ["odd"])
    }
  })
})

import { assert, describe, it } from "@effect/vitest"
import { Batch, StrictSchema, Tool, ToolCall, Toolkit } from "@volley/core"
import { Effect, type JsonSchema, Result, Schema } from "effect"
import { z } from "zod"
import { ends } from "../support.ts"

const text = { type: "string" }

const keywords = ["type", "description", "enum", "const", "anyOf", "$ref", "$defs", "properties", "required"]

const rules: StrictSchema.Rules = {
  keywords: new Set([...keywords, "additionalProperties", "items", "pattern", "format"]),
  formats: new Set(["date"]),
  required: true,
  typed: true,
  recursive: true
}

const mode: Toolkit.StrictMode = {
  write: () => {
    throw new Error("not asked")
  },
  close: (jsonSchema) => StrictSchema.closed(jsonSchema, rules),
  refuse: (jsonSchema) => StrictSchema.refusal(jsonSchema, rules)
}

const object = (properties: object, more: object = {}): JsonSchema.JsonSchema => ({
  type: "object",
  properties,
  ...more
})

const written = (property: unknown, rest: Partial<StrictSchema.Rules> = {}): unknown => {
  const { properties } = StrictSchema.closed(object({ it: property }, { required: ["it"] }), { ...rules, ...rest })
  return Reflect.get(Object(properties), "it")
}

describe("StrictSchema.closed", () => {
  it("closes objects, and requires what may be left out, as null", () => {
    const schema = object({ id: text, kind: { enum: ["a", "b"] }, in: object({ n: { type: "integer" } }) }, {
      required: ["id"],
      $schema: "http://json-schema.org/draft-07/schema#"
    })
    const strict = StrictSchema.closed(schema, rules)
    assert.deepStrictEqual(strict, {
      type: "object",
      properties: {
        id: text,
        kind: { type: ["string", "null"], enum: ["a", "b", null] },
        in: {
          type: ["object", "null"],
          properties: { n: { type: ["integer", "null"] } },
          required: ["n"],
          additionalProperties: false
        }
      },
      required: ["id", "kind", "in"],
      additionalProperties: false
    })
    assert.isUndefined(StrictSchema.refusal(strict, rules))
  })

  it("leaves what may be left out as it is where a mode allows that", () => {
    assert.deepStrictEqual(StrictSchema.closed(object({ id: text }), { ...rules, required: false }), {
      ...object({ id: text }),
      required: [],
      additionalProperties: false
    })
  })

  it.each<[string, unknown, unknown]>([
    ["a length", { ...text, minLength: 2 }, { ...text, description: "minLength: 2" }],
    ["a default", { ...text, description: "A name", default: "x" }, { ...text, description: "A name; default: \"x\"" }],
    ["a format", { ...text, format: "uri" }, { ...text, description: "format: \"uri\"" }],
    ["a title", { ...text, title: "Name" }, text],
    ["a condition", { ...text, not: { const: "" } }, { ...text, description: "not: {\"const\":\"\"}" }]
  ])("tells %s that the mode does not know in words, if it says anything", (_, given, expected) => {
    assert.deepStrictEqual(written(given), expected)
  })

  it.each<[string, unknown, unknown]>([
    ["one form of all", { allOf: [text], description: "A name" }, { ...text, description: "A name" }],
    ["one of several forms", { oneOf: [text, { type: "null" }] }, { anyOf: [text, { type: "null" }] }],
    ["constants without a type", { const: 7 }, { const: 7, type: "number" }],
    ["an old reference", { $ref: "#/definitions/A" }, { $ref: "#/$defs/A" }],
    ["a reference with words", { $ref: "#/$defs/A", description: "A name" }, {
      description: "A name",
      anyOf: [{ $ref: "#/$defs/A" }]
    }],
    ["a format that it knows", { ...text, format: "date" }, { ...text, format: "date" }]
  ])("writes %s", (_, given, expected) => {
    assert.deepStrictEqual(written(given), expected)
  })

  it.each<[string, unknown, unknown]>([
    ["a form", { anyOf: [text], description: "A name" }, { description: "A name", anyOf: [text, { type: "null" }] }],
    ["a reference", { $ref: "#/$defs/A" }, { anyOf: [{ $ref: "#/$defs/A" }, { type: "null" }] }],
    ["a constant", { type: "string", const: "a" }, { anyOf: [{ type: "string", const: "a" }, { type: "null" }] }],
    ["null already", { type: ["string", "null"] }, { type: ["string", "null"] }],
    ["a form of null", { anyOf: [text, { type: "null" }] }, { anyOf: [text, { type: "null" }] }]
  ])("lets null stand for %s that may be left out", (_, given, expected) => {
    const { properties } = StrictSchema.closed(object({ it: given }), rules)
    assert.deepStrictEqual<unknown>(properties, { it: expected })
  })

  it.each<[string, unknown, string]>([
    ["an object of any keys", { type: "object" }, "\"it\" may have other keys"],
    ["an open object", object({}, { additionalProperties: true }), "\"it\" may have other keys"],
    ["a record", object({}, { additionalProperties: text }), "\"it\" may have other keys"],
    ["keys by pattern", object({}, { patternProperties: { a: text } }), "\"it\" may have other keys"],
    ["a list of anything", { type: "array" }, "\"it\" may have any items"],
    ["a tuple", { type: "array", prefixItems: [text] }, "\"it\" is a tuple"],
    ["a schema that says a thing twice", { ...text, allOf: [{ type: "string", minLength: 2 }] }, "\"it\" has `allOf`"],
    ["several schemas at once", { allOf: [text, text] }, "\"it\" has `allOf`"],
    ["another document", { $ref: "a.json" }, "\"it\" refers to a.json"],
    ["any value", true, "\"it\" takes any value"]
  ])("throws where it cannot express %s", (_, given, expected) => {
    assert.throws(() => written(given), expected)
  })
})

const raw = Tool.fromJsonSchema("find", {
  description: "Finds orders; all inputs come from the user.",
  parameters: object({ id: { ...text, minLength: 2 }, page: { type: "integer" }, note: { type: ["string", "null"] } }, {
    required: ["id"]
  }),
  execute: (args) => Effect.succeed(args)
})

const zod = Tool.fromStandardSchema("find_by", {
  description: "Finds orders; all inputs come from the user.",
  parameters: z.object({ id: z.string(), page: z.int().optional() }),
  success: z.unknown(),
  execute: (args) => Effect.succeed(args)
})

const run = (name: string, args: Schema.Json) =>
  Batch.run(Toolkit.strict(Toolkit.make(raw, zod), mode), [ToolCall.make({ id: "a", name, arguments: args })])

describe("Toolkit.strict", () => {
  it("makes tools strict whose JSON Schema was given as it is", () => {
    const { lax, tools } = Toolkit.strict(Toolkit.make(raw, zod), mode)
    assert.deepStrictEqual(lax, [])
    assert.deepStrictEqual(tools.map(({ strict }) => strict), [true, true])
  })

  it.effect.each<[string, Schema.Json, Schema.Json]>([
    ["find", { id: "ORD-1", page: null, note: null }, { id: "ORD-1", note: null }],
    ["find", { id: "ORD-1", page: 2, note: "x" }, { id: "ORD-1", page: 2, note: "x" }],
    ["find", { id: "ORD-1" }, { id: "ORD-1" }],
    ["find_by", { id: "ORD-1", page: null }, { id: "ORD-1" }]
  ])("has %s take null for left out, where it is nothing else: %j", ([name, args, expected]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual((yield* run(name, args)).outcomes[0]?.result, Result.succeed(expected))
    }))

  it.effect("still checks what the mode could not express", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(ends(yield* run("find", { id: "O", page: null, note: null })), ["InvalidArguments"])
      assert.deepStrictEqual(ends(yield* run("find", { id: null, page: null, note: null })), ["InvalidArguments"])
    }))

  it("says of the others why they stay as they are", () => {
    const open = Tool.fromJsonSchema("set", {
      description: "Sets all that it is given.",
      parameters: object({ values: { type: "object" } }),
      execute: () => Effect.succeed(1)
    })
    assert.deepStrictEqual(Toolkit.strict(Toolkit.make(open), mode).lax, [{
      tool: "set",
      why: "\"values\" may have other keys"
    }])
  })
})

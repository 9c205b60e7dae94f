/**
 * Patterns of a JSON Schema, matched by an engine of somebody's own.
 */
import { assert, describe, it } from "@effect/vitest"
import { Tool, Toolkit } from "@volley/core"
import { Context, Effect, type Schema } from "effect"

const schema = {
  type: "object",
  properties: {
    text: { type: "string", pattern: "^a", minLength: 2, maxLength: 4 },
    wide: { type: "string", minLength: 1 },
    number: { type: "number", minimum: 1, maximum: 5, multipleOf: 0.5 },
    open: { type: "number", exclusiveMinimum: 1, exclusiveMaximum: 5 },
    whole: { type: "integer" },
    list: { type: "array", minItems: 1, maxItems: 2, uniqueItems: true, items: { enum: ["x", "y", 1, null] } },
    tuple: { type: "array", prefixItems: [{ const: 1 }, { type: "boolean" }], items: false },
    map: {
      type: "object",
      propertyNames: { pattern: "^b" },
      additionalProperties: {},
      minProperties: 1,
      maxProperties: 2
    },
    form: { anyOf: [{ type: "string", pattern: "^c" }, { type: "object", properties: { d: {} }, required: ["d"] }] },
    tree: { $ref: "#/$defs/tree" }
  },
  additionalProperties: false,
  $defs: {
    tree: { type: "object", properties: { name: { type: "string", pattern: "^t" }, next: { $ref: "#/$defs/tree" } } }
  }
}

const cases: ReadonlyArray<Schema.JsonObject> = [
  ...["ab", "a", "abcde", "bb", 1].map((text) => ({ text })),
  ...["", "x"].map((wide) => ({ wide })),
  ...[0, 1, 1.5, 1.2, 5, 6, "1"].map((number) => ({ number })),
  ...[1, 2, 5].map((open) => ({ open })),
  ...[1, 1.5].map((whole) => ({ whole })),
  ...[[], ["x"], ["x", "x"], ["x", "y"], ["x", "y", 1], ["z"]].map((list) => ({ list })),
  ...[[1], [1, true], [1, 1], [1, true, 2]].map((tuple) => ({ tuple })),
  ...[{}, { b: 1 }, { c: 1 }, { b: 1, ba: [{}] }, { b: 1, ba: 2, bc: 3 }].map((map) => ({ map })),
  ...["c", "d", { d: 1 }, {}].map((form) => ({ form })),
  ...[{}, { name: "t" }, { next: { next: { name: "u" } } }].map((tree) => ({ tree })),
  { other: 1 }
]

const tool = (patterns?: Tool.Patterns, parameters: object = schema) =>
  Tool.fromJsonSchema("any", {
    description: "Does nothing. The `text` comes from the user.",
    parameters: { ...parameters },
    patterns,
    readOnly: true,
    execute: () => Effect.void
  })

const noServices = Context.makeUnsafe<unknown>(new Map())

const issuesOf = (made: Tool.Any, args: Schema.Json) =>
  Effect.match(made.decode(args), { onFailure: ({ issues }) => issues, onSuccess: () => [] }).pipe(
    Effect.provideContext(noServices)
  )

describe("Tool.fromJsonSchema with an engine for patterns", () => {
  it.effect("refuses what it refuses without, in the same words", () =>
    Effect.gen(function*() {
      const own = tool((source) => new RegExp(source, "u"))
      const plain = tool()
      let refused = 0
      for (const args of cases) {
        const issues = yield* issuesOf(own, args)
        assert.deepStrictEqual(issues, yield* issuesOf(plain, args), JSON.stringify(args))
        if (issues.length > 0) refused++
      }
      assert.deepStrictEqual([cases.length, refused], [42, 25])
    }))

  it.effect("asks it about every pattern, and no other", () =>
    Effect.gen(function*() {
      const sources = new Set<string>()
      const asked: Array<string> = []
      const own = tool((source) => {
        sources.add(source)
        return { test: (text) => asked.push(text) === 0 }
      })
      assert.deepStrictEqual(Array.from(sources).sort(), ["^a", "^b", "^c", "^t"])
      yield* issuesOf(own, { text: "ab", map: { b: 1 }, form: "c", tree: { next: { name: "t" } } })
      assert.deepStrictEqual(Array.from(new Set(asked)).sort(), ["ab", "b", "c", "t"])
    }))

  it("is not made with a pattern that the engine does not take, nor with patterns of properties", () => {
    const refusing = () => {
      throw new Error("no such pattern")
    }
    assert.throws(() => tool(refusing), "Tool.fromJsonSchema(\"any\"): no such pattern. Pass `validate`")
    const parameters = {
      type: "object",
      properties: { a: { type: "object", patternProperties: { "^a": {} }, additionalProperties: false } }
    }
    assert.throws(
      () => tool((source) => new RegExp(source), parameters),
      "`patternProperties` are matched by `RegExp` alone"
    )
    assert.strictEqual(tool(undefined, parameters).name, "any")
  })

  it("is looked at by the lint without the engine of the language", () => {
    const parameters = {
      type: "object",
      properties: { text: { type: "string", pattern: "^a+b$" } },
      required: ["text"]
    }
    let asked = 0
    const own = tool(() => ({ test: () => ++asked > 0 }), parameters)
    assert.deepStrictEqual(Toolkit.lint(Toolkit.make(own)), [])
    assert.isAbove(asked, 0)
  })
})

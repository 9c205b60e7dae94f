/**
 * JSON Schemas of servers that want to do harm.
 */
import { assert, describe, it } from "@effect/vitest"
import type { CallToolResult, Tool as Definition } from "@modelcontextprotocol/client"
import { Batch, CallError, Toolkit } from "@volley/core"
import { linear } from "@volley/json-schema/Patterns"
import { Effect, Result, Schema } from "effect"
import { vi } from "vitest"
import * as Tools from "../src/internal/tools.ts"
import { call } from "./support.ts"

/** Tools as a server lists them; what is called answers this. */
const listed = (tools: ReadonlyArray<Omit<Definition, "name">>, answer: CallToolResult = { content: [] }, more = {}) =>
  Tools.make(
    () => Effect.succeed(answer),
    { tools: tools.map((tool, at) => ({ ...tool, name: `tool_${at}` })), leftOut: [] },
    { name: "evil", prefix: "", url: "http://localhost", ...more }
  )

const withPattern = (pattern: string, more: object = {}): Omit<Definition, "name"> => ({
  inputSchema: { type: "object", properties: { text: { type: "string", pattern } }, ...more }
})

const patterns = ["^(ab)+$", "^[a-c]+$", "[^d]$", "^(?!d).*$", "^(?=b)b"]

/** Effect cannot say `not`, so that the other engine of checks has the schema. */
const forms = [{}, { not: { required: ["other"] } }]

/** The sources of all expressions that `RegExp` matches from now on. */
const matchedByLanguage = Effect.acquireRelease(
  Effect.sync(() => {
    const sources = new Set<string>()
    const { exec, test } = RegExp.prototype
    const noted = <A>(match: (this: RegExp, text: string) => A) =>
      function(this: RegExp, text: string): A {
        sources.add(this.source)
        return match.call(this, text)
      }
    const spies = [
      vi.spyOn(RegExp.prototype, "exec").mockImplementation(noted(exec)),
      vi.spyOn(RegExp.prototype, "test").mockImplementation(noted(test))
    ]
    return { sources, end: () => spies.forEach((spy) => spy.mockRestore()) }
  }),
  ({ end }) => Effect.sync(end)
)

describe("a pattern of a server", () => {
  it.effect("is never matched by the engine of the language, whoever checks, in arguments and in results", () =>
    Effect.gen(function*() {
      const text = "abab"
      const tools = patterns.flatMap((pattern) => [
        ...forms.map((more) => withPattern(pattern, more)),
        { inputSchema: { type: "object" as const, patternProperties: { [pattern]: false } } },
        { inputSchema: { type: "object" as const }, outputSchema: withPattern(pattern).inputSchema }
      ])
      const { sources: matched } = yield* matchedByLanguage
      const made = listed(tools, { content: [], structuredContent: { text } })
      assert.deepStrictEqual(made.leftOut, [])
      const calls = tools.map((_, at) => call(`tool_${at}`, { text, [text]: 1 }, at))
      const { outcomes } = yield* Batch.run(Toolkit.make(...made.tools), calls)
      const ok = outcomes.map(({ result }) => Result.isSuccess(result))
      const matches = patterns.map((pattern) => linear(pattern).test(text))
      assert.deepStrictEqual(matches, [true, true, true, true, false])
      assert.deepStrictEqual(ok, matches.flatMap((is) => [is, is, !is, is]))
      assert.isAbove(matched.size, 0)
      assert.deepStrictEqual(patterns.filter((pattern) => matched.has(pattern)), [])
    }))

  it("leaves a tool out that has one which cannot be, unless that is trusted", () => {
    for (const pattern of ["^(a|(?=b))*$", "(?<!a)b", "(a)\\1", "(?<n>a)\\k<n>", "^(?!a)b|c", "(?<=a|^)b{1,9999}"]) {
      for (const tool of forms.map((more) => withPattern(pattern, more))) {
        const { leftOut, tools } = listed([tool])
        assert.strictEqual(tools.length, 0)
        assert.include(leftOut[0]?.why, `its pattern ${JSON.stringify(pattern)} cannot be matched in linear time: `)
        assert.deepStrictEqual(listed([tool], { content: [] }, { trustPatterns: true }).leftOut, [])
      }
    }
  })

  it.effect("that does not match is told by its path", () =>
    Effect.gen(function*() {
      const trusted = listed([withPattern("^(?!a)[A-Z]+$|b", forms[1])], undefined, {
        name: "good",
        trustPatterns: true
      })
      const calls = ["a", "b"].map((text, at) => call("tool_0", { text }, at))
      const [refused, taken] = (yield* Batch.run(Toolkit.make(...trusted.tools), calls)).outcomes
      assert.include(refused?.encoded, "data/text must match pattern")
      assert.strictEqual(taken?.encoded, "[]")
      const { tools } = listed(forms.map((more) => withPattern("^[A-Z]+$", more)))
      const { outcomes } = yield* Batch.run(
        Toolkit.make(...tools),
        tools.map(({ name }, at) => call(name, { text: "a" }, at))
      )
      const reasons = outcomes.map(({ result }) =>
        Result.isFailure(result) && result.failure instanceof CallError.CallError ? result.failure.message : "none"
      )
      assert.include(reasons[0], "Expected a string matching the RegExp ^[A-Z]+$")
      assert.include(reasons[1], "data/text must match pattern \"^[A-Z]+$\"")
    }))
})

describe("linear patterns", () => {
  const common = [
    "^[a-z]+$",
    "^\\S+@\\S+\\.\\S+$",
    "\\s",
    "[\\s\\S]",
    "[^\\s]",
    "^.$",
    "^.*$",
    "a.b",
    "^(?!\\.)(?!.*\\.\\.)([A-Za-z0-9_'+\\-\\.]*)[A-Za-z0-9_+-]@([A-Za-z0-9][A-Za-z0-9\\-]*\\.)+[A-Za-z]{2,}$",
    "^(?=.*[0-9])(?=.*[a-z]).{2,}$",
    "^(?![.)(])[^)]",
    "^(?=a|b)",
    "^$|^(?:[0-9a-zA-Z+/]{4})*(?:(?:[0-9a-zA-Z+/]{2}==)|(?:[0-9a-zA-Z+/]{3}=))?$",
    "\\u0061|\\x62",
    "[a\\]b]",
    "\\bab\\b",
    "\\p{Lu}",
    "(?<word>\\w+)-\\d",
    "^[^]$",
    "\\.\\[",
    "\\\\s"
  ]
  const letters = [
    "a",
    "b",
    "B",
    "1",
    ".",
    "..",
    "@",
    "-",
    " ",
    "\n",
    "\r",
    "\u2028",
    "\u00a0",
    "é",
    "\\",
    "s",
    "[",
    ")",
    "😀"
  ]

  it.prop(
    "match what those of the language match",
    [Schema.Literals(common), Schema.Array(Schema.Literals(letters))],
    ([pattern, parts]) => {
      const text = parts.join("")
      assert.strictEqual(
        linear(pattern).test(text),
        new RegExp(pattern, "u").test(text),
        JSON.stringify({ pattern, text })
      )
    },
    { arbitrary: { runs: 3000 } }
  )
})

describe("patterns and parts that are many", () => {
  it.effect("are not matched with texts where that takes long", () =>
    Effect.gen(function*() {
      const pattern = "(a[ab]{200}){4}c"
      const items = { type: "string", pattern }
      const outputSchema = { type: "object" as const, properties: { list: { type: "array", items } } }
      const of = function*(list: ReadonlyArray<string>) {
        const made = listed([{ inputSchema: { type: "object" }, outputSchema }], {
          content: [],
          structuredContent: { list }
        })
        return (yield* Batch.run(Toolkit.make(...made.tools), [call("tool_0")])).outcomes[0]?.encoded
      }
      assert.include(yield* of(["abc"]), "data/list/0 must match pattern")
      assert.include(yield* of(["b".repeat(10_000_000)]), "its patterns are too large for texts of this length")
    }))

  it("leave a tool out where they stand side by side, and not where they are values", () => {
    const of = (number: number, part: (at: number) => [string, unknown]) =>
      Object.fromEntries(Array.from({ length: number }, (_, at) => part(at)))
    const object = { type: "object" as const }
    const many = (number: number) => [
      { ...object, properties: of(number, (at) => [`p${at}`, { type: "string" }]) },
      { ...object, patternProperties: of(number, (at) => [`^p${at}$`, { type: "string" }]) },
      { ...object, anyOf: Array.from({ length: number }, (_, at) => ({ required: [`p${at}`] })) }
    ]
    const madeOf = (number: number) =>
      listed(many(number).map((outputSchema) => ({ inputSchema: object, outputSchema })))
    assert.deepStrictEqual(madeOf(200).leftOut, [])
    const { leftOut } = madeOf(2000)
    assert.lengthOf(leftOut, 3)
    for (const { why } of leftOut) assert.include(why, "more parts side by side than can be compiled")
    const values = { ...object, properties: { p: { enum: Array.from({ length: 5000 }, (_, at) => ({ at })) } } }
    assert.deepStrictEqual(listed([{ inputSchema: object, outputSchema: values }]).leftOut, [])
  })
})

describe("items that have to be different", () => {
  it.effect("are compared in time that grows with their number", () =>
    Effect.gen(function*() {
      const list = Array.from({ length: 100_000 }, (_, at) => ({ at }))
      const outputSchema = { type: "object" as const, properties: { list: { type: "array", uniqueItems: true } } }
      const tools = [{ inputSchema: { type: "object" as const }, outputSchema }]
      for (const [items, isFine] of [[list, true], [[...list, { at: 3 }], false]] as const) {
        const made = listed(tools, { content: [], structuredContent: { list: items } })
        const { outcomes } = yield* Batch.run(Toolkit.make(...made.tools), made.tools.map(({ name }) => call(name)))
        for (const { result } of outcomes) assert.strictEqual(Result.isSuccess(result), isFine)
      }
    }))
})

describe("a JSON Schema that grows when it is read", () => {
  const chain = (forms: string, length: number) =>
    Object.fromEntries(
      Array.from({ length }, (_, at) => [`d${at}`, { [forms]: [0, 1].map(() => ({ $ref: `#/$defs/d${at + 1}` })) }])
    )

  it("is left out where its references stand for more than anybody reads", () => {
    for (const forms of ["allOf", "anyOf", "oneOf"]) {
      const $defs = { ...chain(forms, 17), d17: { type: "string" } }
      const schema = { type: "object" as const, properties: { text: { $ref: "#/$defs/d0" } }, $defs }
      const { leftOut, tools } = listed([
        { inputSchema: schema },
        { inputSchema: { type: "object" }, outputSchema: schema }
      ])
      assert.strictEqual(tools.length, 0)
      for (const { why } of leftOut) {
        assert.include(why, "has more than 100,000 parts, with what its references stand for")
      }
    }
  })

  it.effect("with the depth of a value is given up, in arguments and in results", () =>
    Effect.gen(function*() {
      const next = { properties: { next: { $ref: "#/$defs/node" }, end: false } }
      const dynamic = { properties: { next: { $dynamicRef: "#node" }, end: false } }
      const named = { type: "object" as const, $dynamicAnchor: "node", anyOf: [dynamic, dynamic] }
      const nodes = ["oneOf"].map((forms) => ({
        type: "object" as const,
        properties: { next: { $ref: "#/$defs/node" } },
        $defs: { node: { [forms]: [next, next] } }
      }))
      const deep = Array.from({ length: 17 }).reduce<Schema.JsonObject>((next) => ({ next }), { end: true })
      const made = listed(
        [...nodes, named].flatMap((
          node
        ) => [{ inputSchema: node }, { inputSchema: { type: "object" }, outputSchema: node }]),
        { content: [], structuredContent: deep }
      )
      assert.deepStrictEqual(made.leftOut, [])
      const { outcomes } = yield* Batch.run(
        Toolkit.make(...made.tools),
        made.tools.map(({ name }, at) => call(name, deep, at))
      )
      for (const { encoded } of outcomes) assert.include(encoded, "more than 50000 references are followed")
    }))
})

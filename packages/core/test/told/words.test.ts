import { assert, describe, it } from "@effect/vitest"
import { Json, Tool, Toolkit } from "@volley/core"
import { Effect, Schema, SchemaGetter } from "effect"

const tool = <S extends Schema.Constraint>(value: S) =>
  Tool.make("order", {
    description: "Orders a thing; `value` comes from the user.",
    parameters: Schema.Struct({ value }),
    success: Schema.Null,
    readOnly: true,
    execute: () => Effect.succeed(null)
  })

const sent = (value: Schema.Constraint): unknown => {
  const { properties } = tool(value).jsonSchema
  return typeof properties === "object" && properties !== null ? Reflect.get(properties, "value") : undefined
}

const untold = (value: Schema.Constraint): ReadonlyArray<string | undefined> =>
  Toolkit.lint(Toolkit.make(tool(value))).filter(({ message }) => message.startsWith("Nothing says what else"))
    .map(({ parameter }) => parameter)

const text = { type: "string" }
const even = (n: number) => n % 2 === 0

class Range extends Schema.Class<Range>("Range")(
  Schema.Struct({ from: Schema.Int, to: Schema.Int }).check(
    Schema.makeFilter(({ from, to }) => from <= to, { expected: "`from` before `to`" })
  )
) {}

interface Tree {
  readonly name: string
  readonly left?: Tree
}

const Tree = Schema.Struct({
  name: Schema.String.check(Schema.isPattern(/^a$/i)),
  left: Schema.optionalKey(Schema.suspend((): Schema.Codec<Tree> => Tree))
})

describe("the JSON Schema of a tool", () => {
  it.each<[string, Schema.Constraint, unknown]>([
    ["a pattern without flags", Schema.String.check(Schema.isPattern(/^ORD-\d+$/)), { ...text, pattern: "^ORD-\\d+$" }],
    ["a least length", Schema.String.check(Schema.isMinLength(5)), { ...text, minLength: 5 }],
    ["two lengths", Schema.String.check(Schema.isBetweenLength(3, 9)), { ...text, minLength: 3, maxLength: 9 }],
    ["a brand", Schema.String.check(Schema.isMinLength(2)).pipe(Schema.brand("Id")), { ...text, minLength: 2 }],
    ["values that are all different", Schema.Array(Schema.Int).check(Schema.isUnique()), {
      type: "array",
      items: { type: "integer" },
      uniqueItems: true
    }],
    ["a range", Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 7 })), {
      type: "integer",
      minimum: 1,
      maximum: 7
    }]
  ])("has a keyword for %s", (_, schema, expected) => {
    assert.deepStrictEqual(sent(schema), expected)
  })

  it.each<[string, Schema.Constraint, unknown]>([
    ["a pattern with flags", Schema.String.check(Schema.isPattern(/^ord$/i)), {
      ...text,
      description: "a string matching the RegExp /^ord$/i"
    }],
    ["a filter of one's own", Schema.Int.check(Schema.makeFilter(even, { expected: "an even number" })), {
      type: "integer",
      description: "an even number"
    }],
    ["a date", Schema.DateFromString.check(Schema.isGreaterThanDate(new Date(0))), {
      ...text,
      description: "a string that will be decoded as a Date; a value greater than 1970-01-01T00:00:00.000Z"
    }],
    ["what a transformation makes", Schema.NumberFromString.check(Schema.isBetween({ minimum: 1, maximum: 7 })), {
      ...text,
      description: "a string that will be decoded as a number; a value between 1 and 7"
    }],
    ["a bigint", Schema.BigInt.check(Schema.isGreaterThanBigInt(3n)), {
      ...text,
      pattern: "^-?\\d+$",
      description: "a value greater than 3n"
    }],
    ["a form of a union", Schema.optional(Schema.String.check(Schema.isPattern(/x/i))), {
      anyOf: [{ ...text, description: "a string matching the RegExp /x/i" }, { type: "null" }]
    }]
  ])("has words for %s", (_, schema, expected) => {
    assert.deepStrictEqual(sent(schema), expected)
  })

  it("keeps what a schema says itself, wherever it says so", () => {
    const check = Schema.isPattern(/^ord$/i)
    const words = "Given by the user; a string matching the RegExp /^ord$/i"
    assert.deepStrictEqual(sent(Schema.String.annotate({ description: "Given by the user." }).check(check)), {
      ...text,
      description: words
    })
    assert.deepStrictEqual(sent(Schema.String.check(check).annotate({ description: "Given by the user." })), {
      ...text,
      description: words
    })
    assert.deepStrictEqual(sent(Schema.DateFromString.annotate({ description: "When it starts." })), {
      ...text,
      description: "When it starts; a string that will be decoded as a Date"
    })
  })

  it("tells of classes, and of schemas that contain themselves", () => {
    assert.include(JSON.stringify(tool(Range).jsonSchema), "\"description\":\"`from` before `to`\"")
    assert.include(JSON.stringify(tool(Tree).jsonSchema), "\"description\":\"a string matching the RegExp /^a$/i\"")
  })
})

describe("Toolkit.lint", () => {
  it("names the parts of which neither the JSON Schema nor words tell what they have to be", () => {
    const silent = Schema.Int.check(Schema.makeFilter(even))
    assert.deepStrictEqual(untold(silent), ["value"])
    assert.deepStrictEqual(untold(Schema.Array(Schema.Struct({ n: silent }))), ["value[].n"])
    assert.deepStrictEqual(untold(Schema.Record(Schema.String, silent)), ["value.*"])
    const tail = Schema.TupleWithRest(Schema.Tuple([Schema.Int]), [Schema.String, Schema.Boolean])
    assert.deepStrictEqual(untold(tail), ["value", "value[]"])
    const both = Schema.Struct({ a: Schema.Int, b: Schema.Int }).check(Schema.makeFilter(({ a, b }) => a < b))
    assert.deepStrictEqual(untold(both), ["value"])
  })

  it("finds by trying what no schema says of itself, and says what it met", () => {
    const named = Schema.String.pipe(Schema.decodeTo(Schema.Literals(["a", "b"]), {
      decode: SchemaGetter.transform((name: string) => name === "A" ? "a" : "b"),
      encode: SchemaGetter.transform((name: string) => name)
    }))
    assert.deepStrictEqual(untold(named), [])
    const refusing = Tool.fromJsonSchema("find", {
      description: "Finds a thing; `id` comes from the user.",
      parameters: { type: "object", properties: { id: { type: "string" } }, required: ["id"] },
      validate: (args) => JSON.stringify(args).includes("ORD") ? undefined : "no order",
      readOnly: true,
      execute: () => Effect.succeed(1)
    })
    assert.deepStrictEqual(Toolkit.lint(Toolkit.make(refusing)), [{
      tool: "find",
      message:
        "Nothing says what else the parameters together have to be: there is a check that the JSON Schema does not "
        + "tell, which refuses some that are sent by it: no order. Describe it, as in `description` or `expected` of the "
        + "check."
    }])
  })

  it("finds by trying that pairs of a list have to be different", () => {
    const pair = { type: "array", prefixItems: [{ type: "string" }, { type: "string" }], items: false, minItems: 2 }
    const different = Tool.fromJsonSchema("send", {
      description: "Sends pairs; `pairs` comes from the user.",
      parameters: { type: "object", properties: { pairs: { type: "array", items: pair } }, required: ["pairs"] },
      validate: (args) => {
        const { pairs } = Json.objectOf(args)
        const texts = Array.isArray(pairs) ? pairs.map((one) => JSON.stringify(one)) : []
        return new Set(texts).size < texts.length ? "twice the same" : undefined
      },
      readOnly: true,
      execute: () => Effect.succeed(1)
    })
    assert.include(Toolkit.lint(Toolkit.make(different))[0]?.message, "twice the same")
  })

  it.each<[string, Schema.Constraint]>([
    ["keywords", Schema.String.check(Schema.isMinLength(2), Schema.isPattern(/^[a-z]+$/))],
    ["words", Schema.Int.check(Schema.makeFilter(even, { expected: "an even number" }))],
    ["words of the schema around", Schema.Struct({ at: Schema.DateFromString })],
    ["words of a union", Schema.Union([Schema.Date, Schema.Int.check(Schema.isGreaterThan(3))])]
  ])("has nothing to say of what is told by %s", (_, schema) => {
    assert.deepStrictEqual(untold(schema), [])
  })
})

import { assert, describe, it } from "@effect/vitest"
import { Access, Conversation, Limits, Plan, Tool, Toolkit } from "@volley/core"
import { Arbitrary, Effect, Schema } from "effect"
import type { JsonSchema } from "effect"

const said = "Finds an order for somebody."

const tool = (jsonSchema: JsonSchema.JsonSchema, description = said) =>
  Tool.make("find", {
    description,
    parameters: Schema.Struct({}),
    success: Schema.Null,
    jsonSchema: { type: "object", ...jsonSchema },
    readOnly: true,
    execute: () => Effect.succeed(null)
  })

const properties = (properties: { readonly [name: string]: unknown }) => ({ properties })

/** Which parameters are warned of, and whether nothing says what they are or only where they come from. */
const warned = (jsonSchema: JsonSchema.JsonSchema, description = said) =>
  Toolkit.lint(Toolkit.make(tool(jsonSchema, description))).map(({ message, parameter }) => [
    parameter,
    /^Nothing says (what|where) "/.exec(message)?.[1]
  ])

const text = { type: "string" }
const fromUser = { type: "string", description: "Given by the user." }

describe("Toolkit.lint", () => {
  it("finds nothing wrong with tools that say of every input what it is and where it comes from", () => {
    const good = properties({ orderId: text, note: fromUser, kind: { enum: ["a", "b"] } })
    assert.deepStrictEqual(warned(good, "Finds an order. `orderId` comes from list_orders; `kind` is one of two."), [])
    assert.deepStrictEqual(warned(properties({}), "What the station measures now. Needs nothing."), [])
  })

  it("says what to write", () => {
    assert.deepStrictEqual(
      Toolkit.lint(Toolkit.make(tool(properties({ id: text, at: { ...text, description: "An hour." } }), ""))),
      [
        {
          tool: "find",
          message: "There is no description: say what the tool does, which inputs it needs and where they come from."
        },
        {
          tool: "find",
          parameter: "id",
          message:
            "Nothing says what \"id\" is: describe it in its schema, or name it in the tool's description, as in "
            + "\"`id` comes from the user\"."
        },
        {
          tool: "find",
          parameter: "at",
          message:
            "Nothing says where \"at\" comes from: add it, as in \"given by the user\", \"returned by get_order\" or "
            + "\"your choice\"."
        }
      ]
    )
  })

  it.each(["", "  ", "Finds.", "Order finder"])("takes a description for too short: %j", (description) => {
    assert.strictEqual(warned(properties({}), description).length, 1)
  })

  it.each([
    ["orderId", "Finds an order by its order id, from the user."],
    ["orderId", "Finds an order. order_id comes from the user."],
    ["order_id", "Finds an order. `orderId` comes from the user."],
    ["ORDER", "Finds an order that the user names."],
    ["a", "Finds an order. `a` comes from the user."],
    ["id", "Finds an order by its id. All inputs come from the user."]
  ])("takes %s for named and sourced in: %s", (name, description) => {
    assert.deepStrictEqual(warned(properties({ [name]: text }), description), [])
  })

  it.each([
    ["id", "Finds orders that are hidden from the user."],
    ["a", "Finds a thing from the user."],
    ["or", "Finds orders from the user."]
  ])("does not take %s for named in: %s", (name, description) => {
    assert.deepStrictEqual(warned(properties({ [name]: text }), description), [[name, "what"]])
  })

  it("wants a source in a sentence about the input, not in any other", () => {
    assert.deepStrictEqual(
      warned(properties({ id: text }), "Finds an order by its id. Results come from the archive."),
      [
        ["id", "where"]
      ]
    )
  })

  it.each([
    ["an enum", { enum: ["a"] }],
    ["a constant", { const: 1 }],
    ["a boolean", { type: "boolean" }],
    ["a default", { type: "string", default: "x" }],
    ["an enum or null", { anyOf: [{ enum: ["a"] }, { type: "null" }] }],
    ["a list of an enum", { type: "array", items: { enum: ["a"] } }],
    ["an enum by reference", { $ref: "#/$defs/Kind" }]
  ])("wants no source of %s", (_, schema) => {
    const jsonSchema = { ...properties({ kind: schema }), $defs: { Kind: { enum: ["a"] } } }
    assert.deepStrictEqual(warned(jsonSchema, "Finds an order of a kind."), [])
    assert.deepStrictEqual(warned(jsonSchema), [["kind", "what"]])
  })

  it("walks nested objects, lists, records, forms and references", () => {
    const inner = { type: "object", ...properties({ id: text, good: fromUser }) }
    assert.deepStrictEqual(
      warned({
        ...properties({
          one: inner,
          list: { type: "array", items: inner },
          pair: { type: "array", prefixItems: [inner] },
          record: { type: "object", additionalProperties: inner },
          form: { anyOf: [inner, { type: "null" }] },
          all: { allOf: [inner] },
          named: { $ref: "#/$defs/In~1ner" }
        }),
        $defs: { "In/ner": inner }
      }),
      ["one.id", "list[].id", "pair[].id", "record.*.id", "form.id", "all.id", "named.id"].map((path) => [path, "what"])
    )
  })

  it("names a property once that several forms of a union have", () => {
    const form = (schema: object) => ({ type: "object", ...properties({ id: schema }) })
    assert.deepStrictEqual(warned({ anyOf: [form(fromUser), form(text), form(text)] }), [["id", "what"]])
  })

  it("takes what is said of an object for said of what is in it", () => {
    const address = (description: string) =>
      properties({ to: { type: "object", description, ...properties({ zip: text }) } })
    assert.deepStrictEqual(warned(address("Street and zip, from the user.")), [])
    assert.deepStrictEqual(warned(address("Street and zip.")), [["to.zip", "where"]])
    assert.deepStrictEqual(warned(address("Where to, given by the user.")), [["to.zip", "what"]])
  })

  it("comes to an end where a schema contains itself", () => {
    const tree = { type: "object", ...properties({ value: fromUser, left: { $ref: "#/$defs/Tree" } }) }
    const jsonSchema = {
      ...properties({ tree: { $ref: "#/$defs/Tree" }, loop: { $ref: "#/$defs/Loop" } }),
      $defs: { Tree: tree, Loop: { $ref: "#/$defs/Loop" } }
    }
    assert.deepStrictEqual(warned(jsonSchema), [["tree.left", "what"], ["loop", "what"]])
  })

  it.prop(
    "takes any JSON for a schema",
    [Schema.Record(Schema.Literals(["properties", "items", "anyOf", "$ref", "description", "enum"]), Schema.Json)],
    ([jsonSchema]) => {
      for (const warning of Toolkit.lint(Toolkit.make(tool(jsonSchema)))) {
        assert.strictEqual(warning.tool, "find")
        assert.match(warning.message, /[\w"]\.$/)
      }
    }
  )

  const Names = Schema.Array(Schema.String.check(Schema.isPattern(/^[a-z]{3,8}$/))).check(Schema.isMinLength(1))

  it.prop("warns of exactly the inputs of which nothing is said", {
    names: Arbitrary.schema(Names),
    silent: Schema.Array(Schema.Boolean)
  }, ({ names, silent }) => {
    const unique = Array.from(new Set(names)).filter((name) => !new RegExp(`\\b${name}\\b`, "i").test(said))
    const isSilent = (at: number) => silent[at] === true
    const schema = properties(Object.fromEntries(unique.map((name, at) => [name, isSilent(at) ? text : fromUser])))
    assert.deepStrictEqual(warned(schema).map(([path]) => path), unique.filter((_, at) => isSilent(at)))
  })

  const writing = (says: {
    readonly access?: Tool.Declared<{}, Access.Access>
    readonly limits?: Tool.Declared<{}, Limits.Limit>
    readonly idempotent?: boolean
  }) =>
    Tool.make("write", {
      description: "Writes what it is told.",
      parameters: Schema.Struct({}),
      success: Schema.Null,
      execute: () => Effect.succeed(null),
      ...says
    })

  it.each([
    ["nothing", {}],
    ["that it is idempotent alone", { idempotent: true }],
    ["that it touches nothing, for all calls alike", { access: [] }],
    ["how many may run alone", { limits: [Limits.concurrency(1)] }]
  ])("warns of a tool that may write and says %s", (_, says) => {
    assert.deepStrictEqual(Toolkit.lint(Toolkit.make(writing(says))), [{
      tool: "write",
      message: "Nothing says what its calls touch: declare `access`, as in `access: ({ id }) => [Access.write(id)]` or "
        + "`access: [Access.exclusive]`, or `readOnly: true` where it changes nothing; calls of it run at once otherwise."
    }])
  })

  it.each([
    ["what it touches", { access: [Access.exclusive] }],
    ["what it touches, by a function", { access: () => [] }],
    ["how many may run, by a function", { limits: () => [] }]
  ])("takes a tool that says %s for one that said it", (_, says) => {
    assert.deepStrictEqual(Toolkit.lint(Toolkit.make(writing(says))), [])
  })

  it("has nothing to say of a plan", () => {
    assert.deepStrictEqual(Toolkit.lint(Toolkit.make(Plan.tool(Toolkit.make(tool(properties({})))))), [])
  })
})

describe("Conversation.askTogether", () => {
  it("is a text of two to four sentences", () => {
    const sentences = Conversation.askTogether.split(/\.\s+|\.$/).filter((sentence) => sentence !== "")
    assert.isAtLeast(sentences.length, 2)
    assert.isAtMost(sentences.length, 4)
  })
})

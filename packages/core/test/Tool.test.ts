import { assert, describe, it } from "@effect/vitest"
import { Access, Batch, Limits, Tool, ToolCall, Toolkit } from "@volley/core"
import type { JsonSchema } from "effect"
import { Context, Duration, Effect, Exit, Schema } from "effect"
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

/** Reads arguments as a tool does that needs nothing for it. */
const decodeWith = ({ decode }: Tool.Any) => (args: unknown) =>
  Effect.provideContext(decode(args), Context.makeUnsafe<unknown>(new Map()))

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

  it("finds out once what a schema says, for all tools that are made of it", () => {
    const parameters = Schema.Struct({ city: Schema.String })
    assert.strictEqual(echo(parameters).jsonSchema, echo(parameters).jsonSchema)
    assert.notStrictEqual(
      echo(parameters.annotate({ description: "A place." })).jsonSchema,
      echo(parameters).jsonSchema
    )
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

  it.effect("reads null as absent where a parameter may be left out and does not take null itself", () =>
    Effect.gen(function*() {
      const Inner = Schema.Struct({
        some: Schema.optionalKey(Schema.String),
        either: Schema.optionalKey(Schema.NullOr(Schema.String))
      })
      const parameters = Schema.Struct({
        city: Schema.String,
        limit: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(10))),
        either: Schema.optionalKey(Schema.NullOr(Schema.Int)),
        inner: Schema.optionalKey(Inner),
        list: Schema.optionalKey(Schema.Array(Inner)),
        byName: Schema.optionalKey(Schema.Record(Schema.String, Inner)),
        form: Schema.optionalKey(Schema.Union([
          Schema.Struct({ kind: Schema.Literal("a"), note: Schema.optionalKey(Schema.String) }),
          Schema.Struct({ kind: Schema.Literal("b"), note: Schema.String })
        ]))
      })
      const decode = decodeWith(echo(parameters))
      const [inner, read] = [{ some: null, either: null }, { either: null }]
      assert.deepStrictEqual(yield* decode({ city: "Oslo", limit: null, inner: null }), { city: "Oslo", limit: 10 })
      assert.deepStrictEqual(
        yield* decode({ city: "Oslo", either: null, inner, list: [inner, {}, inner], byName: { Rome: inner } }),
        { city: "Oslo", limit: 10, either: null, inner: read, list: [read, {}, read], byName: { Rome: read } }
      )
      const form = { kind: "a", note: null }
      assert.deepStrictEqual(yield* decode({ city: "Oslo", form }), { city: "Oslo", limit: 10, form: { kind: "a" } })
      assert.isTrue(Exit.isFailure(yield* Effect.exit(decode({ city: "Oslo", form: { ...form, kind: "b" } }))))
    }))

  it.effect("says what is wrong with the arguments as they came, nulls included", () =>
    Effect.gen(function*() {
      const decode = decodeWith(echo(Schema.Struct({ city: Schema.String, days: Schema.optionalKey(Schema.Int) })))
      const error = yield* Effect.flip(decode({ city: null, days: null }))
      assert.deepStrictEqual(error.issues.map(({ path }) => path), ["city", "days"])
    }))

  it.effect("runs on what is left without nulls, and shows the call as it arrived", () =>
    Effect.gen(function*() {
      const tool = echo(Schema.Struct({ city: Schema.optionalKey(Schema.String) }))
      const settled = yield* asked(tool, { city: null })
      assert.deepStrictEqual(ends(settled), [{}])
      assert.deepStrictEqual(settled.outcomes[0]?.call.arguments, { city: null })
    }))

  it("reads arguments at once where their schema takes no time", () => {
    const { decode } = echo(Schema.Struct({ city: Schema.optionalKey(Schema.String) }))
    for (const args of [{ city: "Oslo" }, { city: null }, { city: 7 }]) assert.isTrue(Exit.isExit(decode(args)))
  })

  it.effect("asks what a call claims once, of its parameters", () =>
    Effect.gen(function*() {
      const asked: Array<unknown> = []
      const of = <A>(...all: ReadonlyArray<A>) => (parameters: unknown) => (asked.push(parameters), all)
      const rate = Limits.rate({ limit: 3, window: "1 second", key: "shop" })
      const tool = Tool.make("pay", {
        description: "Pays.",
        parameters: Schema.Struct({ at: Schema.Date }),
        success: Schema.Void,
        access: of(Access.write("money")),
        limits: of(rate, Limits.concurrency(2), Limits.concurrency(1, "shop")),
        execute: () => Effect.void
      })
      const parameters = yield* decodeWith(tool)({ at: "2026-01-02" })
      assert.deepStrictEqual(typeof tool.claims === "function" && tool.claims(parameters), {
        access: [{ mode: "write", key: "money" }],
        slots: [{ key: "tool/pay", limit: 2 }, { key: "key/shop", limit: 1 }],
        rates: [{ key: "key/shop", limit: 3, window: Duration.seconds(1) }]
      })
      assert.deepStrictEqual(asked, [parameters, parameters])
      assert.deepStrictEqual(parameters, { at: new Date("2026-01-02") })
    }))

  it("keeps limits that are the same for all calls beside accesses that are not, and the other way round", () => {
    const claimed = (says: Pick<Tool.Traits<{}, Schema.Never, false>, "access" | "limits">, parameters = {}) => {
      const { claims } = Tool.make("pay", {
        description: "Pays.",
        parameters: Schema.Struct({}),
        success: Schema.Void,
        ...says,
        execute: () => Effect.void
      })
      return typeof claims === "function" ? claims(parameters) : claims
    }
    const access = [Access.write("money")]
    const limits = [Limits.concurrency(2)]
    const slots = [{ key: "tool/pay", limit: 2 }]
    assert.deepStrictEqual(claimed({ access: () => access, limits }), { access, slots, rates: [] })
    assert.deepStrictEqual(claimed({ access, limits: () => limits }), { access, slots, rates: [] })
    assert.deepStrictEqual(claimed({ limits: () => limits }), { access: [], slots, rates: [] })
    assert.deepStrictEqual(claimed({ access, limits }), { access, slots, rates: [] })
    assert.deepStrictEqual(claimed({ access: () => access }), { access, slots: [], rates: [] })
    assert.isUndefined(claimed({ access: [], limits: [] }))
  })

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
  it.effect("reads `nullable` as OpenAPI 3.0 writes it, and tells the model so in words of JSON Schema", () =>
    Effect.gen(function*() {
      const properties = {
        plain: { type: "string", nullable: true },
        inside: { type: "array", items: { type: "string", nullable: true } },
        referred: { $ref: "#/$defs/id", nullable: true },
        never: { type: "string", nullable: false },
        kind: { type: "string", enum: ["a"], nullable: true },
        maybe: { type: "string", enum: ["a", null], nullable: true },
        nullable: { type: "integer" }
      }
      const parameters = {
        type: "object",
        properties,
        required: Object.keys(properties),
        $defs: { id: { type: "integer" } },
        nullable: true
      }
      const tool = Tool.fromJsonSchema("save", { description: "Saves.", parameters, execute: Effect.succeed })
      assert.deepStrictEqual<unknown>(tool.jsonSchema, {
        type: "object",
        properties: {
          plain: { type: ["string", "null"] },
          inside: { type: "array", items: { type: ["string", "null"] } },
          referred: { anyOf: [{ $ref: "#/$defs/id" }, { type: "null" }] },
          never: { type: "string" },
          kind: { type: "string", enum: ["a"] },
          maybe: { type: ["string", "null"], enum: ["a", null] },
          nullable: { type: "integer" }
        },
        required: Object.keys(properties),
        $defs: { id: { type: "integer" } }
      })
      const all = { plain: "a", inside: ["a"], referred: 1, never: "a", kind: "a", maybe: "a", nullable: 1 }
      const tags = yield* Effect.forEach(
        [{}, { plain: null }, { inside: [null] }, { referred: null }, { maybe: null }],
        (over) => Effect.map(asked(tool, { ...all, ...over }), ({ outcomes }) => outcomes[0]?.result._tag)
      )
      assert.deepStrictEqual(tags, Array.from({ length: 5 }, () => "Success"))
      const refused = yield* Effect.forEach(
        [{ never: null }, { kind: null }, { nullable: null }],
        (over) => Effect.map(asked(tool, { ...all, ...over }), ({ outcomes }) => outcomes[0]?.result._tag)
      )
      assert.deepStrictEqual(refused, ["Failure", "Failure", "Failure"])
    }))

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

  it.effect("leaves null out of what does not take it and may be left out, through references too", () =>
    Effect.gen(function*() {
      const decode = decodeWith(given({
        parameters: {
          type: "object",
          properties: {
            head: { $ref: "#/$defs/Node" },
            pair: { prefixItems: [{ type: "string" }, { $ref: "#/$defs/Node" }] }
          },
          $defs: {
            Node: {
              type: "object",
              properties: {
                next: { $ref: "#/$defs/Node" },
                any: {},
                kind: { enum: ["a", null] },
                text: { type: ["string", "null"] },
                word: { allOf: [{ $ref: "#/$defs/Word" }] }
              }
            },
            Word: { type: "string", enum: ["null"] }
          }
        },
        validate: (args) => JSON.stringify(args).includes("\"word\":null") ? "a word" : undefined
      }))
      const kept = { any: null, kind: null, text: null }
      assert.deepStrictEqual(yield* decode({ head: { next: { ...kept, next: null, word: null } }, other: null }), {
        head: { next: kept },
        other: null
      })
      assert.deepStrictEqual(yield* decode({ pair: ["a", { word: null }] }), { pair: ["a", {}] })
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

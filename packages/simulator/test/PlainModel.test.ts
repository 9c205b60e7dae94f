import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { sampleOf } from "../src/internal/sample.ts"
import * as PlainModel from "../src/PlainModel.ts"
import type { Offered, View } from "../src/Script.ts"
import { names, send, simulated } from "./requests.ts"

const object = (properties: Schema.JsonObject, required: ReadonlyArray<string> = Object.keys(properties)) => ({
  type: "object",
  properties,
  required
})

const weather: Offered = { name: "get_weather", parameters: object({ city: { type: "string" } }) }

const view = (more: Partial<View>): View => ({
  model: "any",
  prompt: "Hello?",
  users: ["Hello?"],
  tools: [],
  offered: [],
  format: undefined,
  toolsOff: false,
  parallel: true,
  calls: [],
  ...more
})

const seen = { id: "call_1", name: "get_weather", arguments: { city: "city" }, result: "3 degrees" }

const called = (reply: ReturnType<typeof PlainModel.reply>) =>
  reply._tag === "Calls" ? reply.calls.map(({ name }) => name) : reply.text

describe("PlainModel.reply", () => {
  it("calls each tool once with arguments of its schema, then says what it saw", () => {
    const offered = [weather, { name: "now", parameters: object({}) }]
    assert.deepStrictEqual(PlainModel.reply(view({ offered })), {
      _tag: "Calls",
      calls: [{ name: "get_weather", arguments: { city: "city" } }, { name: "now", arguments: {} }]
    })
    const now = { id: "call_2", name: "now", arguments: {}, result: "noon" }
    const answer = "No script fits \"Hello?\".\nget_weather {\"city\":\"city\"} said: 3 degrees\nnow {} said: noon"
    assert.deepStrictEqual(PlainModel.reply(view({ offered, calls: [seen, now] })), { _tag: "Answer", text: answer })
  })

  it("calls one at a time where the parallel switch is off, and none where tools are", () => {
    const offered = [weather, { name: "now" }]
    assert.deepStrictEqual(called(PlainModel.reply(view({ offered, parallel: false }))), ["get_weather"])
    assert.deepStrictEqual(called(PlainModel.reply(view({ offered, parallel: false, calls: [seen] }))), ["now"])
    assert.include(called(PlainModel.reply(view({ offered, toolsOff: true }))), "I called no tool.")
  })

  it("calls them again when the user says something more, and quotes the new results alone", () => {
    const more = { offered: [weather], users: ["Hello?", "And now?"], calls: [seen] }
    assert.deepStrictEqual(called(PlainModel.reply(view(more))), ["get_weather"])
    const again = { ...seen, result: "4 degrees" }
    assert.strictEqual(
      called(PlainModel.reply(view({ ...more, calls: [seen, again] }))),
      "No script fits \"And now?\".\nget_weather {\"city\":\"city\"} said: 4 degrees"
    )
  })

  it.each(
    [
      ["delete_file", "", "its name says \"delete\""],
      ["mcp__github__createIssue", "", "its name says \"create\""],
      ["cache.clear", "", "its name says \"clear\""],
      ["add_user", "", "its name says \"add\""],
      ["mail", "Sends a mail.", "its description begins with \"sends\""]
    ] as const
  )("leaves %s alone and says so: %s", (name, description, why) => {
    const reply = PlainModel.reply(view({ offered: [{ name, description }] }))
    assert.include(called(reply), `I did not call ${name}, which may change something: ${why}.`)
  })

  it.each(["get_update_status", "add", "list_open_orders", "settings", "weather"])(
    "takes %s for one that reads",
    (name) => {
      assert.deepStrictEqual(called(PlainModel.reply(view({ offered: [{ name }] }))), [name])
    }
  )

  it("answers with a value of the schema that the answer has to keep to", () => {
    const format = object({ degrees: { type: "integer", minimum: 7 } })
    assert.deepStrictEqual(PlainModel.reply(view({ format })), { _tag: "Answer", text: "{\"degrees\":7}" })
  })

  it.effect.each(names)("is what plays on %s where no script fits", (wire) =>
    Effect.gen(function*() {
      const { fetch, requests } = yield* simulated({ script: () => undefined, fallback: PlainModel.reply })
      const response = yield* Effect.promise(() => send(fetch, wire))
      assert.strictEqual(response.status, 200)
      assert.include(yield* Effect.promise(() => response.text()), "weather")
      assert.strictEqual((yield* requests)[0]?.status, 200)
    }))
})

describe("An argument", () => {
  it.each([
    [{ const: 3 }, 3],
    [{ type: "string", default: "here" }, "here"],
    [{ type: "string", examples: ["Oslo", "Rome"] }, "Oslo"],
    [{ enum: ["a", "b"] }, "a"],
    [{ type: "integer", minimum: 5 }, 5],
    [{ type: "integer", exclusiveMinimum: 5 }, 6],
    [{ type: "integer", maximum: -3 }, -3],
    [{ type: "number", exclusiveMinimum: 0, maximum: 0.75 }, 0.75],
    [{ type: "integer", minimum: 5, multipleOf: 4 }, 8],
    [{ type: "string", minLength: 6 }, "text.."],
    [{ type: "string", maxLength: 2 }, "te"],
    [{ type: "string", format: "date" }, "2026-01-31"],
    [{ type: ["null", "boolean"] }, false],
    [{ anyOf: [{ type: "null" }, { type: "integer" }] }, 1],
    [{ allOf: [{ type: "integer" }, { minimum: 2 }] }, 2],
    [{ type: "array", items: { type: "integer" }, minItems: 2 }, [1, 2]],
    [{ type: "array", items: { enum: ["a", "b"] }, minItems: 3 }, ["a", "b", "a"]],
    [{ type: "array", prefixItems: [{ type: "integer" }, { type: "boolean" }] }, [1, false]],
    [{ type: "OBJECT", properties: { n: { type: "NUMBER" } }, required: ["n"] }, { n: 1 }],
    [object({ a: { type: "string" }, b: { type: "string" } }, ["a"]), { a: "a" }],
    [{ $ref: "#/$defs/City", $defs: { City: object({ name: { type: "string" } }) } }, { name: "name" }],
    [{}, "text"]
  ])("that %j allows is %j", (schema: Schema.JsonObject, value) => {
    assert.deepStrictEqual<unknown>(sampleOf(schema), value)
  })

  it.each([
    Schema.Struct({ code: Schema.String.check(Schema.isPattern(/^ORD-\d{4}$/u)), count: Schema.Int }),
    Schema.Struct({ when: Schema.DateFromString, tags: Schema.NonEmptyArray(Schema.String) }),
    Schema.Struct({ kind: Schema.Literals(["a", "b"]), near: Schema.Tuple([Schema.Finite, Schema.Finite]) }),
    Schema.Struct({
      what: Schema.Union([Schema.Struct({ n: Schema.Int }), Schema.String]),
      map: Schema.Record(Schema.String, Schema.Int)
    }),
    Schema.Struct({ share: Schema.Finite.check(Schema.isBetween({ minimum: 0.25, maximum: 0.5 })) }),
    Schema.Struct({ page: Schema.Int.check(Schema.isGreaterThan(9)), each: Schema.optionalKey(Schema.Boolean) })
  ])("is one that a Schema accepts: %#", (schema) => {
    const { definitions, schema: root } = Schema.toJsonSchemaDocument(Schema.toEncoded(schema))
    const value = sampleOf(JSON.parse(JSON.stringify({ ...root, $defs: definitions })))
    assert.deepStrictEqual(
      Schema.decodeUnknownExit(Schema.toEncoded(schema))(value)._tag,
      "Success",
      JSON.stringify(value)
    )
  })
})

import { assert, describe, it } from "@effect/vitest"
import { StrictSchema } from "@volley/core"

const text = { type: "string" }
const object = (properties: object, more: object = {}) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
  ...more
})

const rules: StrictSchema.Rules = {
  keywords: new Set(["type", "properties", "required", "additionalProperties", "items", "anyOf", "$ref", "$defs"]),
  required: true,
  typed: true,
  recursive: false
}

const tree = object({ tree: { $ref: "#/$defs/Tree" } }, { $defs: { Tree: object({ left: { $ref: "#/$defs/Tree" } }) } })
const twice = object({ a: { $ref: "#/$defs/A" }, b: { $ref: "#/$defs/A" } }, { $defs: { A: object({ text }) } })

describe("StrictSchema.refusal", () => {
  it("takes closed objects of values that have a type", () => {
    const schema = object({
      text,
      list: { type: "array", items: object({}) },
      either: { anyOf: [text, { type: "null" }] }
    })
    assert.isUndefined(StrictSchema.refusal(schema, rules))
    assert.isUndefined(StrictSchema.refusal(twice, rules))
  })

  it.each([
    ["an open object", "\"\" may have other keys", object({ text }, { additionalProperties: true })],
    [
      "one inside",
      "\"list.items\" may have other keys",
      object({ list: { type: "array", items: { type: "object" } } })
    ],
    ["one in a union", "\"either.0\" may have other keys", object({ either: { anyOf: [{ type: "object" }] } })],
    ["a property that may be absent", "\"\" may lack `text`", object({ text }, { required: [] })],
    ["a value of any type", "\"any\" has no type", object({ any: {} })],
    ["another keyword", "\"text\" has `minLength`", object({ text: { ...text, minLength: 1 } })],
    ["a definition like these", "\"A\" has no type", object({}, { $defs: { A: {} } })],
    ["what contains itself", "it contains itself", tree]
  ])("says what is wrong with %s", (_, expected, schema) => {
    assert.strictEqual(StrictSchema.refusal(schema, rules), expected)
  })

  it("takes what a strict mode allows", () => {
    assert.isUndefined(StrictSchema.refusal(tree, { ...rules, recursive: true }))
    assert.isUndefined(StrictSchema.refusal(object({ text }, { required: [] }), { ...rules, required: false }))
    assert.isUndefined(StrictSchema.refusal(object({ any: {} }), { ...rules, typed: false }))
  })
})

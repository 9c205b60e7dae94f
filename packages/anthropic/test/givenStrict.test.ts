import { assert, describe, it } from "@effect/vitest"
import { AnthropicMessages } from "@volley/anthropic"
import { Tool, Toolkit } from "@volley/core"
import { Effect, type JsonSchema } from "effect"

const text = { type: "string" }

const raw = (name: string, properties: object, more: object = {}) => {
  const parameters: JsonSchema.JsonSchema = { type: "object", properties, ...more }
  return Tool.fromJsonSchema(name, { description: name, parameters, execute: (args) => Effect.succeed(args) })
}

const optional = (name: string) => raw(name, Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`p${n}`, text])))

describe("AnthropicMessages.strict of JSON Schemas that were given", () => {
  it("closes their objects, leaves out what may be left out, and tells in words what the mode does not know", () => {
    const { lax, tools } = AnthropicMessages.strict(Toolkit.make(
      raw("list", { page: { type: "integer", minimum: 1 }, state: { enum: ["open", "closed"] } }),
      raw("get", { id: { ...text, minLength: 2 } }, { required: ["id"] })
    ))
    assert.deepStrictEqual(lax, [])
    assert.deepStrictEqual(tools.map(({ jsonSchema }) => jsonSchema), [
      {
        type: "object",
        properties: {
          page: { type: "integer", description: "minimum: 1" },
          state: { type: "string", enum: ["open", "closed"] }
        },
        required: [],
        additionalProperties: false
      },
      {
        type: "object",
        properties: { id: { ...text, description: "minLength: 2" } },
        required: ["id"],
        additionalProperties: false
      }
    ])
  })

  it("keeps to what a request takes: 24 optional parameters, 16 unions, no recursion", () => {
    const tree = raw("tree", { left: { $ref: "#/$defs/Tree" } }, {
      $defs: { Tree: { type: "object", properties: { left: { $ref: "#/$defs/Tree" } } } }
    })
    const unions = raw(
      "unions",
      Object.fromEntries(Array.from({ length: 17 }, (_, n) => [`p${n}`, { type: ["string", "null"] }])),
      { required: Array.from({ length: 17 }, (_, n) => `p${n}`) }
    )
    const toolkit = Toolkit.make(tree, unions, optional("a"), optional("b"), optional("c"))
    assert.deepStrictEqual(AnthropicMessages.strict(toolkit).lax, [
      { tool: "tree", why: "it contains itself" },
      { tool: "unions", why: "a request takes 16 unions and optional parameters" },
      { tool: "c", why: "a request takes 24 optional parameters" }
    ])
  })
})

import { assert, describe, it } from "@effect/vitest"
import { Tool, Toolkit } from "@volley/core"
import { Context, Effect, Layer, Schema } from "effect"
import { contextOf, effectOptions, mistakeIn } from "../../src/internal/runner/promised.ts"

class Service extends Context.Service<Service, string>()("test/Service") {}

const definition = { description: "For tests.", parameters: Schema.Struct({}), success: Schema.String }
const free = Tool.make("free", { ...definition, execute: () => Effect.succeed("") })
const needy = Tool.make("needy", definition)

describe("what is run as a promise", () => {
  it("is a toolkit", () => {
    for (const given of [{}, JSON.parse("null"), JSON.parse("7")]) {
      assert.strictEqual(mistakeIn(given, {}), "this is no toolkit: give what Toolkit.make(...tools) makes")
    }
    assert.isUndefined(mistakeIn(Toolkit.make(free), {}))
  })

  it("has tools that need nothing, or were provided with it", () => {
    assert.include(mistakeIn(Toolkit.make(free, needy), {}), "these tools need services")
    assert.isUndefined(mistakeIn(Toolkit.provide(Toolkit.make(free, needy), Layer.succeed(Service, "")), {}))
  })

  it("has no option but its own, and says nothing where nobody listens or decides", () => {
    assert.include(mistakeIn(Toolkit.make(free), JSON.parse("{\"concurency\":1}")), "concurency")
    assert.deepStrictEqual(effectOptions({ timeout: 5 }), { timeout: 5 })
    assert.strictEqual(contextOf(undefined).mapUnsafe.size, 0)
  })
})
